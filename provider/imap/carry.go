package imap

import (
	"context"
	"errors"

	"github.com/emersion/go-imap/v2"

	"tandem"
	"tandem/provider"
)

// carry implements provider.Provider.Carry: by MOVE (RFC 6851), or by COPY where the server has only that. Both keep flags and INTERNALDATE. The server says under which numbers the
// messages are now (COPYUID, RFC 4315 3); one that would not say so is not asked.
func (s *accounts) carry(ctx context.Context, secure bool, from, to provider.Place, env provider.Env, what provider.Carried) ([]tandem.Outcome, []tandem.ID, error) {
	out := make([]tandem.Outcome, len(what.IDs))
	src, err := s.openCarried(ctx, secure, from, env, what.From)
	if err != nil {
		return undone(out, err), nil, err
	}
	defer src.Close()
	dst, err := s.openCarried(ctx, secure, to, env, what.To)
	if err != nil {
		return undone(out, err), nil, err
	}
	defer dst.Close()
	switch {
	case src.a != dst.a:
		err = cannotCarry(to, "it is not of the account that the messages are in")
	case src.name == dst.name:
		err = cannotCarry(to, "the messages are in it")
	case src.readOnly || dst.readOnly:
		err = cannotCarry(to, "the place is read-only")
	case !src.plus:
		err = cannotCarry(to, "the server would not say what became of the messages (UIDPLUS)")
	}
	if err != nil {
		return undone(out, err), nil, err
	}
	since, ok := parseCursor(what.Since)
	if !ok || since.validity != dst.uidValidity() {
		err = cannotCarry(to, "it is not known what was in it")
		return undone(out, err), nil, err
	}
	c := &carrier{since: since.next, src: src, dst: dst, out: out, at: map[imap.UID]int{}, was: map[imap.UID]*message{}, now: map[imap.UID]imap.UID{}}
	if err := c.all(ctx, what.IDs); err != nil {
		return undone(out, err), c.left, err
	}
	return out, c.left, nil
}

func cannotCarry(to provider.Place, why string) error {
	return &tandem.Error{Kind: tandem.Denied, Op: "move messages to", Thing: to.Text, Err: errors.New(why)}
}

// openCarried opens a mailbox that must be the one it was.
func (s *accounts) openCarried(ctx context.Context, secure bool, place provider.Place, env provider.Env, must tandem.Identity) (*replica, error) {
	o, err := s.openMailbox(ctx, secure, place, env)
	if err != nil {
		return nil, err
	}
	r := o.Replica.(*replica) // it is what was opened
	is, err := r.Identity(ctx)
	if err == nil && is != must {
		err = &tandem.Error{Kind: tandem.Gone, Op: "move messages of", Thing: place.Text, Err: errors.New("it is not the mailbox that it was")}
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// carrier takes messages from one mailbox to another.
type carrier struct {
	src, dst *replica
	since    imap.UID // from here on, what is in dst is in no listing that was recorded
	out      []tandem.Outcome
	at       map[imap.UID]int      // of out, by the number in src
	was      map[imap.UID]*message // as they were in src
	now      map[imap.UID]imap.UID // numbers in dst → those in src
	left     []tandem.ID           // what the server took away from src
}

func (c *carrier) all(ctx context.Context, ids []tandem.ID) error {
	var of uids
	for i, id := range ids {
		c.out[i].ID = id
		u, ok := number(id)
		if _, twice := c.at[u]; !ok || twice {
			fail(&c.out[i], tandem.PreconditionFailed, gone(id))
			continue
		}
		c.at[u] = i
		of.add(u)
	}
	if len(of) == 0 {
		return nil
	}
	var news map[int64]bool
	err := c.dst.with(ctx, true, nil, func(l *link, _ *box) (err error) {
		news, err = c.sizes(ctx, l)
		return err
	})
	if err != nil {
		return err
	}
	if err := c.src.with(ctx, false, nil, func(l *link, _ *box) error { return c.send(ctx, l, of, news) }); err != nil {
		return err
	}
	validity := c.dst.uidValidity()
	return c.dst.with(ctx, true, nil, func(l *link, b *box) error {
		if b.validity != validity { // the numbers say nothing any more
			return nil
		}
		return c.arrived(ctx, l)
	})
}

// sizes are those of the messages that came into the other mailbox since the last listing.
func (c *carrier) sizes(ctx context.Context, l *link) (map[int64]bool, error) {
	out := map[int64]bool{}
	err := l.do(ctx, func() error {
		cmd := l.Client.Fetch(imap.UIDSet{imap.UIDRange{Start: max(1, c.since), Stop: 0}}, &imap.FetchOptions{UID: true, RFC822Size: true})
		defer cmd.Close()
		for data := cmd.Next(); data != nil; data = cmd.Next() {
			m := &message{}
			for item := data.Next(); item != nil; item = data.Next() {
				m.take(item)
			}
			if m.uid >= c.since { // "n:*" always has the last message. RFC 9051 9
				out[m.size] = true
			}
		}
		return cmd.Close()
	})
	if refusal(err) != nil { // some servers refuse numbers beyond the last, which means that there is nothing
		err = nil
	}
	return out, err
}

// send has the server take the messages that are there to the other mailbox. One that has the size of a message that is news there may be that very message.
func (c *carrier) send(ctx context.Context, l *link, of uids, news map[int64]bool) (err error) {
	if c.was, err = l.states(ctx, of, false); err != nil {
		return err
	}
	var there uids
	for u := range of.each() {
		if m := c.was[u]; m == nil || m.deleted() {
			fail(&c.out[c.at[u]], tandem.PreconditionFailed, gone(idOf(u)))
			continue
		} else if news[m.size] {
			fail(&c.out[c.at[u]], tandem.RetryAfter, cannotCarry(c.dst.place, "it may be there already"))
			continue
		}
		there.add(u)
	}
	if len(there) == 0 {
		return nil
	}
	for u := range there.each() {
		c.out[c.at[u]].Err = errUnanswered
	}
	var told copied
	err = l.do(ctx, func() (err error) {
		told, err = carryTo(l, there.set(), c.dst.name)
		return err
	})
	if no := refusal(err); no != nil {
		err = explain("move messages to", c.dst.name, err)
		for u := range there.each() {
			fail(&c.out[c.at[u]], refused(err), err)
		}
		return nil
	}
	if err == nil && told.validity == c.dst.uidValidity() {
		c.now = told.pairs(there)
	}
	if told.away {
		for _, u := range c.now {
			c.left = append(c.left, idOf(u))
		}
	}
	return err
}

// copied is what COPYUID says. RFC 4315 3
type copied struct {
	validity uint32
	from, to imap.NumSet
	away     bool // they are no longer where they were
}

func carryTo(l *link, set imap.UIDSet, name string) (copied, error) {
	if l.caps.Has(imap.CapMove) {
		data, err := l.Client.Move(set, name).Wait()
		if err != nil {
			return copied{}, err
		}
		return copied{data.UIDValidity, data.SourceUIDs, data.DestUIDs, true}, nil
	}
	data, err := l.Client.Copy(set, name).Wait()
	if err != nil {
		return copied{}, err
	}
	return copied{data.UIDValidity, data.SourceUIDs, data.DestUIDs, false}, nil
}

// pairs reads which number became which: the first of one set the first of the other, and so on. An answer about other messages than those that were asked for says nothing.
func (c copied) pairs(asked uids) map[imap.UID]imap.UID {
	out := map[imap.UID]imap.UID{}
	from, err := fromSet(c.from)
	to, terr := fromSet(c.to)
	if err != nil || terr != nil || from.size() != to.size() || len(from.minus(asked)) > 0 {
		return out
	}
	a, b := inOrder(c.from), inOrder(c.to)
	if int64(len(a)) != from.size() || len(a) != len(b) {
		return out
	}
	for i, u := range a {
		out[b[i]] = u
	}
	return out
}

// inOrder are the numbers of a set as they were written. It is known to be no larger than what was asked for.
func inOrder(set imap.NumSet) (out []imap.UID) {
	l, _ := set.(imap.UIDSet)
	for _, r := range l {
		for u := min(r.Start, r.Stop); ; u++ { // a range goes up, whichever end comes first. RFC 9051 9
			out = append(out, u)
			if u == max(r.Start, r.Stop) {
				break
			}
		}
	}
	return out
}

// arrived looks what the server made of the messages. One that is not as it was is not the one: what became of that is told by the next listings.
func (c *carrier) arrived(ctx context.Context, l *link) error {
	var made uids
	for u := range c.now {
		made.add(u)
	}
	if len(made) == 0 {
		return nil
	}
	now, err := l.states(ctx, made, false)
	if err != nil {
		return err
	}
	for u, old := range c.now {
		m, was := now[u], c.was[old]
		if m == nil || m.deleted() || m.size != was.size || m.date != was.date {
			continue
		}
		c.out[c.at[old]] = tandem.Outcome{Status: tandem.Applied, ID: idOf(u), Meta: m.meta()}
	}
	return nil
}

// uidValidity is that of the mailbox as it was opened.
func (r *replica) uidValidity() uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.validity
}
