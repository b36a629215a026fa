package imap

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tandem"
)

// many is how many messages one question carries. The next question must not be on its way while an answer is read: a server may tell of both in turn, and the library then waits for a reader of the
// second before it hears the end of the first.
const many = 500

// Fetch implements provider.Replica. Bodies come one after the other as the server sends them.
func (r *replica) Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return func(yield func(tandem.Record, error) bool) {
		ctx, done, err := r.begin(ctx)
		if err != nil {
			yield(tandem.Record{}, err)
			return
		}
		defer done()
		var want []imap.UID
		for _, id := range ids {
			if u, ok := number(id); ok {
				want = append(want, u)
			} else if !yield(tandem.Record{ID: id}, gone(id)) {
				return
			}
		}
		if len(want) == 0 {
			return
		}
		err = r.with(ctx, false, func(*box) bool { return len(want) >= manyRead }, func(l *link, _ *box) error {
			f := &fetcher{r: r, l: l, yield: yield, answered: map[imap.UID]bool{}}
			return f.all(ctx, want)
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(tandem.Record{}, err)
		}
	}
}

func gone(id tandem.ID) error {
	return &tandem.Error{Kind: tandem.NotFound, Op: "read", Thing: string(id)}
}

// fetcher reads messages for one caller.
type fetcher struct {
	r        *replica
	l        *link
	yield    func(tandem.Record, error) bool
	answered map[imap.UID]bool
}

func (f *fetcher) all(ctx context.Context, want []imap.UID) error {
	if err := f.l.do(ctx, func() error { return f.stream(want) }); err != nil {
		return err
	}
	// What was not answered is gone, or its answer was taken for another.
	for try := 0; try < 2; try++ {
		var left uids
		for _, u := range want {
			if !f.answered[u] {
				left.add(u)
			}
		}
		if len(left) == 0 {
			return nil
		}
		there, err := f.l.search(ctx, &imap.SearchCriteria{UID: []imap.UIDSet{left.set()}, NotFlag: []imap.Flag{imap.FlagDeleted}})
		if err != nil {
			return err
		}
		var again []imap.UID
		for u := range left.each() {
			switch id := idOf(u); {
			case !there.has(u):
				if !f.give(u, tandem.Record{ID: id}, gone(id)) {
					return errStopped
				}
			case try == 0:
				again = append(again, u)
			default:
				why := &tandem.Error{Kind: tandem.Unreadable, Op: "read", Thing: fmt.Sprintf("message %d of %s", u, f.r.name), Err: errors.New("the server has it and does not give it out")}
				if !f.give(u, tandem.Record{ID: id}, why) {
					return errStopped
				}
			}
		}
		if err := f.l.do(ctx, func() error { return f.stream(again) }); err != nil {
			return err
		}
	}
	return nil
}

// stream asks for messages.
func (f *fetcher) stream(want []imap.UID) error {
	for len(want) > 0 {
		n := min(many, len(want))
		var set uids
		for _, u := range want[:n] {
			set.add(u)
		}
		want = want[n:]
		opt := plain()
		opt.BodySection = []*imap.FetchItemBodySection{{Peek: true}}
		cmd := f.l.Client.Fetch(set.set(), opt)
		err := f.read(cmd)
		if err != nil {
			f.l.wire.fail(err) // what else was asked for is not waited for
		}
		if cerr := cmd.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// read hands on what one command answers. A server's refusal of it is told by the command itself.
func (f *fetcher) read(cmd *imapclient.FetchCommand) error {
	for data := cmd.Next(); data != nil; data = cmd.Next() {
		m := &message{}
		var body tandem.Body
		var failed error
		for item := data.Next(); item != nil; item = data.Next() {
			m.take(item)
			x, ok := item.(imapclient.FetchItemDataBodySection)
			if !ok || x.Literal == nil {
				continue
			}
			if n := x.Literal.Size(); n > maxBody {
				return &tandem.Error{Kind: tandem.TooLarge, Op: "read", Thing: fmt.Sprintf("message %d of %s", m.uid, f.r.name), Err: fmt.Errorf("it has %d bytes", n)}
			}
			var err error
			if body, failed, err = f.r.spool.body(x.Literal, x.Literal.Size()); err != nil {
				return f.l.broke(err)
			}
		}
		if m.uid == 0 || f.answered[m.uid] {
			continue
		}
		id := idOf(m.uid)
		switch {
		case m.has.flags && m.deleted():
			if !f.give(m.uid, tandem.Record{ID: id}, gone(id)) {
				return errStopped
			}
		case failed != nil:
			if !f.give(m.uid, tandem.Record{ID: id}, failed) {
				return errStopped
			}
		case !m.whole() || body == nil:
			// not an answer to this question
		case !f.give(m.uid, tandem.Record{ID: id, Meta: m.meta(), Body: body}, nil):
			return errStopped
		}
	}
	return nil
}

func (f *fetcher) give(u imap.UID, rec tandem.Record, err error) bool {
	f.answered[u] = true
	defer f.l.wire.pause()()
	return f.yield(rec, err)
}
