package imap

import (
	"context"
	"io"
	"math"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tandem"
	"tandem/kind/mail"
)

// Find implements provider.Replica. A message is not marked, for then it would be another: one that nobody was told of yet and that holds the same is the one.
func (r *replica) Find(ctx context.Context, x tandem.Write) (tandem.Outcome, bool, error) {
	var out tandem.Outcome
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return out, false, err
	}
	defer done()
	found := false
	err = r.with(ctx, false, nil, func(l *link, b *box) error {
		w := &writer{r: r, l: l, b: b}
		m, err := w.find(ctx, &x)
		if m != nil {
			found, out = true, tandem.Outcome{Status: tandem.Applied, ID: idOf(m.uid), Meta: m.meta()}
		}
		return err
	})
	return out, found, err
}

func (w *writer) find(ctx context.Context, x *tandem.Write) (*message, error) {
	w.r.mu.Lock()
	u, made := w.r.made[x.Marker]
	w.r.mu.Unlock()
	if made {
		now, err := w.l.states(ctx, uids{{u, u}}, false)
		if err != nil {
			return nil, err
		}
		if m := now[u]; m != nil && !m.deleted() {
			return m, nil
		}
		return nil, nil
	}
	if x.Record.Body == nil {
		return nil, nil
	}
	letter, err := measure(x.Record.Body)
	if err != nil {
		return nil, err
	}
	m, err := w.known(ctx, letter, x.Marker)
	if m != nil {
		w.r.own(m.uid, x.Marker) // another that holds the same is not found in it, too
	}
	return m, err
}

// known finds a message that holds the same as a letter among those that came into the mailbox since the last listing, and were not made on this
// connection's behalf. Those before are known to the session, which pairs them by itself. Where there was no listing, only what came since the create was first sent counts,
// or since the mailbox was opened: an older message that happens to hold the same is another.
func (w *writer) known(ctx context.Context, p *letter, marker tandem.Marker) (*message, error) {
	if err := w.look(ctx); err != nil {
		return nil, err
	}
	from := w.r.since(marker)
	for _, m := range w.strangers {
		if m.uid < from {
			continue
		}
		w.r.mu.Lock()
		mine := w.r.mine.has(m.uid)
		w.r.mu.Unlock()
		if mine || m.deleted() != w.hide || m.id != p.id || p.id == "" && m.size != p.size {
			continue
		}
		sum, err := w.digest(ctx, m.uid)
		if err != nil {
			return nil, err
		}
		if sum == p.digest {
			return m, nil
		}
	}
	return nil, nil
}

// maxGaps bounds how many ranges of messages one question names.
const maxGaps = 100

// notMine are the messages from one on, but for those that were made here, of which there may be thousands. In its last range, which has no end, are those that are still to come.
func (r *replica) notMine(from imap.UID) uids {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := uids{{from, math.MaxUint32}}
	if others := all.minus(r.mine); len(others) > 0 && len(others) <= maxGaps {
		return others
	}
	return all
}

// onwards is a set for a command whose last range has no end.
func onwards(of uids) imap.UIDSet {
	set := of.set()
	set[len(set)-1].Stop = 0
	return set
}

// look reads what the messages since the last listing say of themselves, once, but for those that were made here.
func (w *writer) look(ctx context.Context) error {
	if w.looked {
		return nil
	}
	ask := w.r.notMine(max(1, w.r.earliest()))
	w.strangers = nil
	section := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Message-ID"}, Peek: true}
	opt := plain()
	opt.BodySection = []*imap.FetchItemBodySection{section}
	var torn uids
	err := w.l.do(ctx, func() error {
		cmd := w.l.Client.Fetch(onwards(ask), opt)
		defer cmd.Close()
		for data := cmd.Next(); data != nil; data = cmd.Next() {
			m, read := &message{}, false
			for item := data.Next(); item != nil; item = data.Next() {
				m.take(item)
				if x, ok := item.(imapclient.FetchItemDataBodySection); ok && x.Literal != nil {
					head, err := io.ReadAll(io.LimitReader(x.Literal, 64<<10))
					if err == nil && int64(len(head)) < min(64<<10, x.Literal.Size()) {
						err = io.ErrUnexpectedEOF
					}
					if err != nil {
						return w.l.broke(err)
					}
					m.id, read = messageID(head), true
				}
			}
			switch {
			case !ask.has(m.uid): // "n:*" always has the last message. RFC 9051 9
			case m.whole() && read:
				w.strangers = append(w.strangers, m)
			case m.uid != 0:
				torn.add(m.uid)
			}
		}
		return cmd.Close()
	})
	if refusal(err) != nil { // some servers refuse numbers beyond the last, which means that there is nothing
		err = nil
	}
	if err != nil {
		return err
	}
	if len(torn) > 0 {
		return &tandem.Error{Kind: tandem.Transient, Op: "look at", Thing: w.r.name}
	}
	slices.SortFunc(w.strangers, func(a, b *message) int { return int(a.uid) - int(b.uid) })
	w.looked = true
	return nil
}

// digest reads what a message holds.
func (w *writer) digest(ctx context.Context, u imap.UID) (sum tandem.Digest, err error) {
	err = w.l.do(ctx, func() error {
		cmd := w.l.Client.Fetch(uids{{u, u}}.set(), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
		defer cmd.Close()
		for data := cmd.Next(); data != nil; data = cmd.Next() {
			for item := data.Next(); item != nil; item = data.Next() {
				if x, ok := item.(imapclient.FetchItemDataBodySection); ok && x.Literal != nil {
					src := &counted{r: x.Literal}
					if sum, err = (mail.Handler{}).DigestReader(src); src.err != nil {
						return w.l.broke(src.err)
					}
					if err == nil && src.n < x.Literal.Size() {
						return w.l.broke(io.ErrUnexpectedEOF)
					}
					if err != nil {
						return err
					}
				}
			}
		}
		return cmd.Close()
	})
	return sum, err
}
