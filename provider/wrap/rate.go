package wrap

import (
	"context"
	"iter"
	"sync"
	"time"

	"tandem"
	"tandem/provider"
)

// Rate is how much may be asked of a place.
type Rate struct {
	PerSecond float64 // calls, or, for Fetch, Apply and Digest, records; 0: no limit
	Burst     int     // how many may come at once after a pause; 0: one second's worth
}

// RateLimit makes callers wait so that a place is not asked more than it allows. Fetch and Apply count each record, and
// are cut into pieces so that one call does not run far ahead of the limit.
func RateLimit(o *provider.Opened, rate Rate, clock Clock) *provider.Opened {
	if rate.PerSecond <= 0 {
		return o
	}
	if rate.Burst <= 0 {
		rate.Burst = max(1, int(rate.PerSecond))
	}
	l := &limiter{rate: rate, clock: clock, tokens: float64(rate.Burst), at: clock.Now()}
	features := o.Features
	if features.Batch == 0 || features.Batch > rate.Burst {
		features.Batch = rate.Burst
	}
	w := &wrapped{Replica: &limited{o.Replica, rate.Burst, l}, around: l}
	return expose(o, w, features)
}

type limiter struct {
	rate  Rate
	clock Clock

	mu     sync.Mutex // guards what follows
	tokens float64    // may be negative: taken in advance
	at     time.Time  // when tokens was right
}

// take waits until n more may be asked.
func (l *limiter) take(ctx context.Context, n int) error {
	l.mu.Lock()
	now := l.clock.Now()
	l.tokens = min(float64(l.rate.Burst), l.tokens+now.Sub(l.at).Seconds()*l.rate.PerSecond) - float64(n)
	l.at = now
	var wait time.Duration
	if l.tokens < 0 {
		wait = time.Duration(-l.tokens / l.rate.PerSecond * float64(time.Second))
	}
	l.mu.Unlock()
	if wait == 0 {
		return ctx.Err()
	}
	if err := l.clock.Sleep(ctx, wait); err != nil {
		l.mu.Lock()
		l.tokens += float64(n) // not used after all
		l.mu.Unlock()
		return err
	}
	return nil
}

func (l *limiter) begin(ctx context.Context, method string, n int) (func(error, int), error) {
	switch method {
	case "fetch", "apply": // counted piece by piece
		return func(error, int) {}, ctx.Err()
	}
	return func(error, int) {}, l.take(ctx, max(1, n))
}

// limited passes fetches and writes on in pieces.
type limited struct {
	provider.Replica
	piece int
	l     *limiter
}

func (r *limited) Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return func(yield func(tandem.Record, error) bool) {
		for len(ids) > 0 {
			n := min(len(ids), r.piece)
			if err := r.l.take(ctx, n); err != nil {
				yield(tandem.Record{}, err)
				return
			}
			for rec, err := range r.Replica.Fetch(ctx, ids[:n]) {
				if !yield(rec, err) {
					return
				}
			}
			ids = ids[n:]
		}
	}
}

func (r *limited) Apply(ctx context.Context, writes []tandem.Write) ([]tandem.Outcome, error) {
	out := make([]tandem.Outcome, 0, len(writes))
	for len(out) < len(writes) {
		n := min(len(writes)-len(out), r.piece)
		piece := writes[len(out) : len(out)+n]
		err := r.l.take(ctx, n)
		var got []tandem.Outcome
		if err == nil {
			got, err = r.Replica.Apply(ctx, piece)
		} else {
			got = undone(piece, tandem.RetryAfter, err)
		}
		out = append(out, got...)
		if err != nil {
			return append(out, undone(writes[len(out):], tandem.RetryAfter, err)...), err
		}
	}
	return out, nil
}
