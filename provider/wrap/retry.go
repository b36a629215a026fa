package wrap

import (
	"context"
	"errors"
	"iter"
	"time"

	"tandem"
	"tandem/provider"
)

// Patience is how often and how long a place is asked again. Waits double from First up to Longest; a place that names
// a wait gets that instead, unless it is above Longest: then the answer is passed on, for a later run. Zero fields
// mean the defaults.
type Patience struct {
	Tries   int           // in all; default 4
	First   time.Duration // default 500 ms
	Longest time.Duration // default 30 s
}

// Retry tries again what failed for a passing reason: errors of kind Transient, or Busy with a wait, and writes
// answered RetryAfter. A write is repeated only after an answer that says that nothing was done; a Maybe never is.
func Retry(o *provider.Opened, p Patience, clock Clock) *provider.Opened {
	if p.Tries <= 0 {
		p.Tries = 4
	}
	if p.First <= 0 {
		p.First = 500 * time.Millisecond
	}
	if p.Longest <= 0 {
		p.Longest = 30 * time.Second
	}
	r := &retrier{Replica: o.Replica, p: p, clock: clock}
	return expose(o, &wrapped{Replica: r, around: free{}}, o.Features)
}

// free lets everything pass.
type free struct{}

func (free) begin(context.Context, string, int) (func(error, int), error) {
	return func(error, int) {}, nil
}

type retrier struct {
	provider.Replica
	p     Patience
	clock Clock
}

// passing tells whether an error may go away by waiting, and how long the place said to wait.
func passing(err error) (time.Duration, bool) {
	var e *tandem.Error
	if !errors.As(err, &e) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return 0, false
	}
	wait := time.Duration(e.Wait) * time.Second
	return wait, e.Kind == tandem.Transient || e.Kind == tandem.Busy && wait > 0
}

// pause waits before try number n (from 1) is repeated. False: there is no use in trying again.
func (r *retrier) pause(ctx context.Context, n int, said time.Duration) bool {
	if n >= r.p.Tries || said > r.p.Longest {
		return false
	}
	wait := min(r.p.First<<(n-1), r.p.Longest)
	if wait <= 0 { // doubled beyond all bounds
		wait = r.p.Longest
	}
	return r.clock.Sleep(ctx, max(wait, said)) == nil
}

// again calls f until it works, fails for good, or patience ends.
func (r *retrier) again(ctx context.Context, f func() error) error {
	for n := 1; ; n++ {
		err := f()
		if err == nil {
			return nil
		}
		said, may := passing(err)
		if !may || !r.pause(ctx, n, said) {
			return err
		}
	}
}

func (r *retrier) Identity(ctx context.Context) (id tandem.Identity, err error) {
	err = r.again(ctx, func() error {
		id, err = r.Replica.Identity(ctx)
		return err
	})
	return id, err
}

func (r *retrier) Find(ctx context.Context, w tandem.Write) (o tandem.Outcome, found bool, err error) {
	err = r.again(ctx, func() error {
		o, found, err = r.Replica.Find(ctx, w)
		return err
	})
	return o, found, err
}

func (r *retrier) Watch(ctx context.Context) (ch <-chan tandem.Hint, err error) {
	err = r.again(ctx, func() error {
		ch, err = r.Replica.Watch(ctx)
		return err
	})
	return ch, err
}

// Changes tries again only as long as nothing was listed: the same id must not be yielded twice.
func (r *retrier) Changes(ctx context.Context, since tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	var listing func() tandem.Listing
	seq := func(yield func(tandem.Change, error) bool) {
		for n := 1; ; n++ {
			inner, l := r.Replica.Changes(ctx, since)
			listing = l
			listed, failed := false, error(nil)
			for c, err := range inner {
				if failed = err; err != nil {
					break
				}
				listed = true
				if !yield(c, nil) {
					return
				}
			}
			said, may := passing(failed)
			if failed == nil {
				return
			}
			if listed || !may || !r.pause(ctx, n, said) {
				yield(tandem.Change{}, failed)
				return
			}
		}
	}
	return seq, func() tandem.Listing {
		if listing == nil {
			return tandem.Listing{}
		}
		return listing()
	}
}

// Fetch asks again for the records that failed for a passing reason, and for those not reached.
func (r *retrier) Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return func(yield func(tandem.Record, error) bool) {
		for n := 1; len(ids) > 0; n++ {
			open := make(map[tandem.ID]error, len(ids)) // asked for and not answered for good
			for _, id := range ids {
				open[id] = nil
			}
			var broken error
			var said time.Duration
			for rec, err := range r.Replica.Fetch(ctx, ids) {
				wait, may := passing(err)
				said = max(said, wait)
				switch {
				case err != nil && may && rec.ID != "":
					open[rec.ID] = err
				case err != nil && rec.ID == "":
					broken = err
				default:
					delete(open, rec.ID)
					if !yield(rec, err) {
						return
					}
				}
			}
			if _, may := passing(broken); len(open) == 0 || broken != nil && !may || !r.pause(ctx, n, said) {
				r.giveUp(ids, open, broken, yield)
				return
			}
			ids = remaining(ids, open)
		}
	}
}

func remaining(ids []tandem.ID, open map[tandem.ID]error) []tandem.ID {
	left := make([]tandem.ID, 0, len(open))
	for _, id := range ids {
		if _, is := open[id]; is {
			left = append(left, id)
		}
	}
	return left
}

// giveUp yields what the last try said of the records that are still open.
func (r *retrier) giveUp(ids []tandem.ID, open map[tandem.ID]error, broken error, yield func(tandem.Record, error) bool) {
	for _, id := range ids {
		if err := open[id]; err != nil && !yield(tandem.Record{ID: id}, err) {
			return
		}
	}
	if broken != nil {
		yield(tandem.Record{}, broken)
	}
}

// Apply repeats the writes that were answered RetryAfter, in their order. What failed because such a write before it had
// not been done yet stays failed, and is for the next run.
func (r *retrier) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	out, err := r.Replica.Apply(ctx, writes)
	for n := 1; ; n++ {
		var left []int
		var said time.Duration
		for i, o := range out {
			if o.Status == tandem.RetryAfter {
				left = append(left, i)
				said = max(said, time.Duration(o.Wait)*time.Second)
			}
		}
		if err != nil {
			wait, may := passing(err)
			if !may {
				return out, err
			}
			said = max(said, wait)
		}
		if len(left) == 0 || !r.pause(ctx, n, said) {
			return out, err
		}
		again := make([]tandem.Write, len(left))
		for k, i := range left {
			again[k] = writes[i]
		}
		var redone []tandem.Outcome
		redone, err = r.Replica.Apply(ctx, again)
		for k, o := range redone {
			out[left[k]] = o
		}
	}
}
