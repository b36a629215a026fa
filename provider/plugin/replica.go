package plugin

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"tandem"
	"tandem/provider"
)

func placeOf(p provider.Place) *place { return &place{Path: p.Path, Options: p.Options, Text: p.Text} }

// open opens a place: a program of its own, until the replica is closed.
func (r Registered) open(ctx context.Context, at provider.Place, env provider.Env) (*provider.Opened, error) {
	p, err := r.start(env)
	if err != nil {
		return nil, err
	}
	a, err := p.one(ctx, request{Do: "open", Place: placeOf(at)})
	switch {
	case err != nil:
	case a.Opened == nil:
		err = r.wrong(errors.New("it opened nothing"))
	case !slices.Contains(r.Declaration.Kinds, a.Opened.Kind):
		err = r.wrong(fmt.Errorf("it opened a place of kind %q, which it did not declare", a.Opened.Kind))
	}
	if err != nil {
		p.stop()
		return nil, err
	}
	return &provider.Opened{Replica: &replica{p: p, features: a.Opened.Features}, Features: a.Opened.Features.whole(), Kind: a.Opened.Kind, Place: at.Text, Rate: max(0, a.Opened.Rate)}, nil
}

func (r Registered) list(ctx context.Context, at provider.Place, env provider.Env) (out []provider.Found, err error) {
	err = r.once(ctx, env, request{Do: "list", Place: placeOf(at)}, func(a answer) error {
		out = append(out, a.Found...)
		return nil
	})
	return out, err
}

func (r Registered) ask(ctx context.Context, at provider.Place, env provider.Env, task string) error {
	return r.once(ctx, env, request{Do: "ask", Place: placeOf(at), Task: task}, func(answer) error { return nil })
}

// replica is a place that a program has open.
type replica struct {
	p        *process
	features Features

	closing sync.Once
	watches sync.WaitGroup
}

var (
	_ provider.Replica = (*replica)(nil)
	_ provider.Arbiter = (*replica)(nil)
)

// Identity implements provider.Replica.
func (r *replica) Identity(ctx context.Context) (tandem.Identity, error) {
	a, err := r.p.one(ctx, request{Do: "identity"})
	if err == nil && a.Identity == nil {
		err = r.wrong("it does not say who it is")
	}
	if err != nil {
		return tandem.Identity{}, err
	}
	return tandem.Identity{Store: a.Identity.Store, Epoch: a.Identity.Epoch}, nil
}

func (r *replica) wrong(what string) error {
	return &tandem.Error{Kind: tandem.Unreadable, Op: "ask provider", Thing: r.p.name, Err: errors.New(what), Remedy: "its program has to follow doc/plugins.md; try it with `tandem provider check`"}
}

// errStop ends a sequence of which nobody wants more.
var errStop = errors.New("enough")

// Changes implements provider.Replica.
func (r *replica) Changes(ctx context.Context, since tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	var end tandem.Listing
	seq := func(yield func(tandem.Change, error) bool) {
		closed := false
		err := r.p.each(ctx, request{Do: "changes", Since: since}, func(a answer) error {
			for _, c := range a.Changes {
				one, err := c.whole()
				if err != nil {
					return r.wrong(err.Error())
				}
				if !yield(one, nil) {
					return errStop
				}
			}
			if a.Listing != nil {
				closed = true
				end = tandem.Listing{Complete: a.Listing.Complete, Full: a.Listing.Full, Next: a.Listing.Next}
			}
			return nil
		})
		if err == nil && !closed {
			err = r.wrong("its listing has no end")
		}
		if err != nil {
			end = tandem.Listing{}
		}
		if err != nil && !errors.Is(err, errStop) {
			yield(tandem.Change{}, err)
		}
	}
	return seq, func() tandem.Listing { return end }
}

// Fetch implements provider.Replica.
func (r *replica) Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return func(yield func(tandem.Record, error) bool) {
		if len(ids) == 0 {
			return
		}
		owed := map[tandem.ID]bool{}
		for _, id := range ids {
			owed[id] = true
		}
		err := r.p.each(ctx, request{Do: "fetch", IDs: ids}, func(a answer) error {
			if a.Record == nil {
				return nil
			}
			if !owed[a.Record.ID] {
				return r.wrong(fmt.Sprintf("it sends %q, which was not asked for, or was sent", a.Record.ID))
			}
			delete(owed, a.Record.ID)
			rec, err := a.Record.whole()
			if !yield(rec, err) {
				return errStop
			}
			return nil
		})
		for _, id := range ids { // what it is silent about is not known to be gone
			if err == nil && owed[id] && !yield(tandem.Record{ID: id}, r.wrong("it does not say what became of the record")) {
				return
			}
			delete(owed, id)
		}
		if err != nil && !errors.Is(err, errStop) {
			yield(tandem.Record{}, err)
		}
	}
}

// Apply implements provider.Replica.
func (r *replica) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	out := make([]tandem.Outcome, len(writes))
	req := request{Do: "apply"}
	var sent []int
	for i, w := range writes {
		one, err := writeOf(w, r.features.whole().MaxSize)
		if err != nil {
			out[i] = tandem.Outcome{Status: tandem.RetryAfter, ID: w.ID, Err: err} // the source's trouble
			if tandem.IsKind(err, tandem.Invalid) || tandem.IsKind(err, tandem.TooLarge) {
				out[i].Status = tandem.Rejected
			}
			continue
		}
		req.Writes, sent = append(req.Writes, one), append(sent, i)
	}
	if len(sent) == 0 {
		return out, nil
	}
	got := 0
	err := r.p.each(ctx, req, func(a answer) error {
		for _, o := range a.Outcomes {
			one, err := o.whole()
			if err == nil && got >= len(sent) {
				err = errors.New("more outcomes than writes")
			}
			if err == nil && one.Status == tandem.Applied && one.ID == "" && writes[sent[got]].ID == "" {
				err = errors.New("it does not say under which id it made a record")
			}
			if err != nil {
				return r.wrong(err.Error())
			}
			i := sent[got]
			out[i], got = one, got+1
			if w := writes[i]; one.Status == tandem.Applied && w.Progress != nil && w.Record.Body != nil {
				w.Progress(w.Record.Body.Size())
			}
		}
		return nil
	})
	if err == nil && got < len(sent) {
		err = r.wrong("it does not say what became of each write")
	}
	for _, i := range sent[got:] {
		out[i] = tandem.Outcome{Status: tandem.Maybe, ID: writes[i].ID, Err: err}
	}
	return out, err
}

// Find implements provider.Replica.
func (r *replica) Find(ctx context.Context, w tandem.Write) (tandem.Outcome, bool, error) {
	one, err := writeOf(w, MaxBody)
	if err != nil {
		return tandem.Outcome{}, false, nil // it was never sent
	}
	a, err := r.p.one(ctx, request{Do: "find", Writes: []write{one}})
	if err != nil || !a.Arrived {
		return tandem.Outcome{}, false, err
	}
	if len(a.Outcomes) != 1 {
		return tandem.Outcome{}, false, r.wrong("it does not say what arrived")
	}
	o, err := a.Outcomes[0].whole()
	if err != nil {
		return o, false, r.wrong(err.Error())
	}
	return o, true, nil
}

// Watch implements provider.Replica.
func (r *replica) Watch(ctx context.Context) (<-chan tandem.Hint, error) {
	if !r.features.Watch {
		return nil, r.p.gone()
	}
	out := make(chan tandem.Hint, 16)
	ready := make(chan error, 1) // the first answer says that it watches from now on
	r.watches.Go(func() {
		defer close(out)
		first := true
		err := r.p.each(ctx, request{Do: "watch"}, func(a answer) error {
			if first {
				first = false
				ready <- nil
			}
			if a.Hint == nil {
				return nil
			}
			select {
			case out <- tandem.Hint{ID: a.Hint.ID}:
			default: // nobody took those before it, which have all of the place looked at
			}
			return nil
		})
		if first {
			ready <- err
		}
	})
	if err := <-ready; err != nil {
		return nil, err
	}
	return out, nil
}

// Judge implements provider.Arbiter.
func (r *replica) Judge(ctx context.Context, d provider.Dispute) (provider.Verdict, error) {
	if !r.features.Judges {
		return provider.NoVerdict, nil
	}
	req := request{Do: "judge", IDs: []tandem.ID{d.ID}, Writes: []write{{Record: &record{Body: d.Mine}}, {Record: &record{Body: d.Other}}}}
	a, err := r.p.one(ctx, req)
	return provider.Verdict(a.Verdict), err
}

// Close implements provider.Replica.
func (r *replica) Close() error {
	r.closing.Do(r.p.stop)
	r.watches.Wait()
	return nil
}
