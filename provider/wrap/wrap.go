// Package wrap puts behaviour around opened replicas that is the same for all providers: trying again, keeping a rate,
// tracing, and refusing to write. Each wrapper takes an opened replica and returns another; they can be stacked. What a
// replica can do beside the contract (provider.Digester, Parker, Flusher, Advancer, Resumer, Arbiter) its wrapper can do as well, and nothing more.
package wrap

import (
	"context"
	"iter"
	"time"

	"tandem"
	"tandem/provider"
)

// Clock waits. It is a parameter so that tests need not.
type Clock interface {
	Now() time.Time
	// Sleep waits for d or until ctx is done, whose error it then returns.
	Sleep(ctx context.Context, d time.Duration) error
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now implements Clock.
func (SystemClock) Now() time.Time { return time.Now() }

// Sleep implements Clock.
func (SystemClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// around is what a wrapper does at the methods of a replica. begin is called before each and may refuse; end, if begin
// returns one, afterwards with the error and how many records went through.
type around interface {
	begin(ctx context.Context, method string, n int) (end func(err error, n int), err error)
}

// wrapped is a replica inside an around. The optional interfaces are added by expose.
type wrapped struct {
	provider.Replica
	around around
	inner  provider.Replica // with its optional interfaces; set by expose
}

var (
	_ provider.Advancer = (*wrapped)(nil)
	_ provider.Resumer  = (*wrapped)(nil)
	_ provider.Arbiter  = (*wrapped)(nil)
)

// Judge implements provider.Arbiter. A replica that judges nothing has no verdict, which is what not having the method means.
func (w *wrapped) Judge(ctx context.Context, d provider.Dispute) (v provider.Verdict, err error) {
	x, ok := w.inner.(provider.Arbiter)
	if !ok {
		return provider.NoVerdict, nil
	}
	err = w.call(ctx, "judge", 1, func() (int, error) {
		v, err = x.Judge(ctx, d)
		return 1, err
	})
	return v, err
}

// Resume implements provider.Resumer. A replica that cannot resume says no, which is what not having the method means.
func (w *wrapped) Resume(was tandem.Identity, since tandem.Cursor) bool {
	x, ok := w.inner.(provider.Resumer)
	return ok && x.Resume(was, since)
}

// Advance implements provider.Advancer. For a replica that cannot advance cursors they stay what they are, which is what
// not having the method means.
func (w *wrapped) Advance(next tandem.Cursor) tandem.Cursor {
	if a, ok := w.inner.(provider.Advancer); ok {
		return a.Advance(next)
	}
	return next
}

func (w *wrapped) call(ctx context.Context, method string, n int, f func() (int, error)) error {
	end, err := w.around.begin(ctx, method, n)
	if err != nil {
		return err
	}
	done, err := f()
	end(err, done)
	return err
}

func (w *wrapped) Identity(ctx context.Context) (id tandem.Identity, err error) {
	err = w.call(ctx, "identity", 0, func() (int, error) {
		id, err = w.Replica.Identity(ctx)
		return 0, err
	})
	return id, err
}

func (w *wrapped) Changes(ctx context.Context, since tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	var listing func() tandem.Listing
	seq := func(yield func(tandem.Change, error) bool) {
		listing = nil
		end, err := w.around.begin(ctx, "changes", 0)
		if err != nil {
			yield(tandem.Change{}, err)
			return
		}
		inner, l := w.Replica.Changes(ctx, since)
		n := 0
		var failed error
		defer func() { end(failed, n) }()
		for c, err := range inner {
			n++
			failed = err
			if !yield(c, err) {
				return
			}
		}
		listing = l
	}
	return seq, func() tandem.Listing {
		if listing == nil {
			return tandem.Listing{}
		}
		return listing()
	}
}

func (w *wrapped) Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return func(yield func(tandem.Record, error) bool) {
		end, err := w.around.begin(ctx, "fetch", len(ids))
		if err != nil {
			yield(tandem.Record{}, err)
			return
		}
		n := 0
		var failed error
		defer func() { end(failed, n) }()
		for rec, err := range w.Replica.Fetch(ctx, ids) {
			n++
			if rec.ID == "" {
				failed = err
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}

func (w *wrapped) Apply(ctx context.Context, writes []tandem.Write) (out []tandem.Outcome, err error) {
	called := false
	err = w.call(ctx, "apply", len(writes), func() (int, error) {
		called = true
		out, err = w.Replica.Apply(ctx, writes)
		return len(out), err
	})
	if !called {
		out = undone(writes, tandem.RetryAfter, err)
	}
	return out, err
}

// undone answers writes that were not even tried.
func undone(writes []tandem.Write, status tandem.Status, err error) []tandem.Outcome {
	out := make([]tandem.Outcome, len(writes))
	for i := range out {
		out[i] = tandem.Outcome{Status: status, ID: writes[i].ID, Err: err}
	}
	return out
}

func (w *wrapped) Find(ctx context.Context, write tandem.Write) (o tandem.Outcome, found bool, err error) {
	err = w.call(ctx, "find", 1, func() (int, error) {
		o, found, err = w.Replica.Find(ctx, write)
		return 1, err
	})
	return o, found, err
}

func (w *wrapped) Watch(ctx context.Context) (ch <-chan tandem.Hint, err error) {
	err = w.call(ctx, "watch", 0, func() (int, error) {
		ch, err = w.Replica.Watch(ctx)
		return 0, err
	})
	return ch, err
}

// digest, unpark, purge and flush are the optional methods; expose gives them to those who may have them.

func (w *wrapped) digest(ctx context.Context, d provider.Digester, ids []tandem.ID) iter.Seq[tandem.Change] {
	return func(yield func(tandem.Change) bool) {
		end, err := w.around.begin(ctx, "digest", len(ids))
		if err != nil {
			for _, id := range ids {
				if !yield(tandem.Change{ID: id, Err: err}) {
					return
				}
			}
			return
		}
		n := 0
		defer func() { end(nil, n) }()
		for c := range d.Digest(ctx, ids) {
			n++
			if !yield(c) {
				return
			}
		}
	}
}

func (w *wrapped) unpark(ctx context.Context, p provider.Parker, parked string) (rec tandem.Record, err error) {
	err = w.call(ctx, "unpark", 1, func() (int, error) {
		rec, err = p.Unpark(ctx, parked)
		return 1, err
	})
	return rec, err
}

func (w *wrapped) purge(ctx context.Context, p provider.Parker, before int64) (freed int64, err error) {
	err = w.call(ctx, "purge", 0, func() (int, error) {
		freed, err = p.Purge(ctx, before)
		return 0, err
	})
	return freed, err
}

func (w *wrapped) flush(ctx context.Context, f provider.Flusher) error {
	return w.call(ctx, "flush", 0, func() (int, error) { return 0, f.Flush(ctx) })
}
