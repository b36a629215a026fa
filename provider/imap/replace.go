package imap

import (
	"context"
	"errors"

	"github.com/emersion/go-imap/v2"

	"tandem"
)

// update puts a new message in the place of one: mail does not change, drafts do. The new one is added marked as deleted, so that it is in no listing; then the old one is
// marked, then the mark of the new one is taken away. So there are never two to be seen, wherever this breaks off: before the old one is marked, all is as it was; after, the session
// finds the old one gone, and makes the new one again or, if it is to be seen, knows it by what it holds. A server that removes at once what is marked gets the new one plainly, before the
// old one goes.
func (w *writer) update(ctx context.Context, i int) error {
	ok, _, err := w.at(ctx, []int{i})
	if err != nil || len(ok) == 0 {
		return err
	}
	if w.b.keeps(imap.FlagDeleted) {
		if done, err := w.replace(ctx, i, true); done || err != nil {
			return err
		}
	}
	_, err = w.replace(ctx, i, false)
	return err
}

// replace does what update says. false: the server does not keep what is marked, and nothing was done.
func (w *writer) replace(ctx context.Context, i int, hide bool) (bool, error) {
	old := w.writes[i]
	inner := &writer{r: w.r, l: w.l, b: w.b, hide: hide, writes: []tandem.Write{{Op: tandem.Create, Record: old.Record, Progress: old.Progress}, {Op: tandem.Delete, ID: old.ID, If: old.If}},
		out: make([]tandem.Outcome, 2)}
	if err := inner.create(ctx, []int{0}); err != nil {
		if inner.out[0].Status == tandem.Maybe && inner.out[0].Err != nil {
			w.out[i].Err = errUnanswered
		}
		return true, err
	}
	if inner.out[0].Status != tandem.Applied {
		w.out[i] = inner.out[0]
		w.out[i].ID = old.ID
		return true, nil
	}
	u, _ := number(inner.out[0].ID) // it was made from a number
	if hide {
		if now, err := w.l.states(ctx, uids{{u, u}}, false); err != nil || now[u] == nil {
			return err != nil, err
		}
	}
	w.out[i].Err = errUnanswered
	if err := inner.delete(ctx, []int{1}, false); err != nil {
		return true, err
	}
	if inner.out[1].Status != tandem.Applied { // the old one changed meanwhile: what was made is taken back
		if err := w.mark(ctx, u); err != nil {
			return true, err
		}
		w.out[i] = inner.out[1]
		return true, w.expunge(ctx, uids{{u, u}})
	}
	was, _ := number(old.ID) // it was looked at
	if hide {
		if err := inner.show(ctx, u); err != nil {
			return true, err
		}
	}
	w.out[i] = inner.out[0]
	if w.out[i].Status != tandem.Applied {
		w.out[i].ID = old.ID
	}
	return true, w.expunge(ctx, uids{{was, was}})
}

// mark marks a message that was made here as deleted.
func (w *writer) mark(ctx context.Context, u imap.UID) error {
	return w.l.do(ctx, func() error {
		return w.l.Client.Store(uids{{u, u}}.set(), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close()
	})
}

// show gives a new message the flags it is to have, without the mark, and completes the outcome of its create.
func (w *writer) show(ctx context.Context, u imap.UID) error {
	set := &imap.StoreFlags{Op: imap.StoreFlagsSet, Silent: true, Flags: w.b.flagsFor(w.writes[0].Record.Attrs)}
	if err := w.l.do(ctx, func() error { return w.l.Client.Store(uids{{u, u}}.set(), set, nil).Close() }); err != nil && refusal(err) == nil {
		return err
	}
	now, err := w.l.states(ctx, uids{{u, u}}, false)
	if err != nil {
		return err
	}
	if m := now[u]; m == nil || m.deleted() { // the session makes it again, for what it replaces is gone
		fail(&w.out[0], tandem.RetryAfter, &tandem.Error{Kind: tandem.Transient, Op: "replace message in", Thing: w.r.name, Err: errors.New("the server did not keep the new one")})
	} else {
		w.out[0].Meta = m.meta()
	}
	return nil
}

// leftover finds what an update that broke off left behind: a message that is marked as deleted and holds the same as a letter.
func (w *writer) leftover(ctx context.Context, p *letter, _ tandem.Marker) (*message, error) {
	if p.id == "" {
		return nil, nil
	}
	there, err := w.l.search(ctx, &imap.SearchCriteria{Flag: []imap.Flag{imap.FlagDeleted}, Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: p.id}}})
	if refusal(err) != nil { // one that cannot look for that makes it anew
		return nil, nil
	}
	if err != nil || len(there) == 0 {
		return nil, err
	}
	now, err := w.l.states(ctx, there, false)
	if err != nil {
		return nil, err
	}
	for u := range there.each() {
		if m := now[u]; m == nil || !m.deleted() || m.size != p.size {
			continue
		}
		sum, err := w.digest(ctx, u)
		if err != nil {
			return nil, err
		}
		if sum == p.digest {
			return now[u], nil
		}
	}
	return nil, nil
}
