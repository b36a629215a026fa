package airsync

import (
	"context"
	"sync"

	"tandem/store"
)

// ahead lists and shows what devices that catch up will ask for next, while the answer before is on its way to them.
type ahead struct {
	mu    sync.Mutex
	queue chan *prepared       // guarded by mu; nil: nobody works
	last  map[reader]*prepared // guarded by mu: what was made, or is to be made, for each device and collection
}

// reader is a device that catches up with a collection.
type reader struct{ device, collection int64 }

// prepared is a listing made ahead: of what follows after, the collection standing at seq.
type prepared struct {
	p          *part // knows what is shown, and how; not the request, which may be large
	after, seq int64
	limit      int
	begun      bool // guarded by ahead.mu: somebody makes it, or nobody is to
	done       chan struct{}
	recs       []store.HomeRecord // these two are there when done is closed
	more       bool
	err        error
}

const (
	maxQueue = 8  // batches that wait for their turn; further ones are left to the requests themselves
	maxAhead = 64 // batches that wait for their device
)

// Ahead works until ctx is done. Without it, each answer is made when it is asked for.
func (s *Service) Ahead(ctx context.Context) {
	queue := make(chan *prepared, maxQueue)
	s.ahead.serve(queue)
	defer s.ahead.serve(nil)
	for {
		select {
		case <-ctx.Done():
			return
		case b := <-queue:
			if s.ahead.begin(b) {
				b.make(ctx)
			}
		}
	}
}

func (a *ahead) serve(queue chan *prepared) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.queue, a.last = queue, map[reader]*prepared{}
}

// begin reports whether a batch is still to be made, by who asks.
func (a *ahead) begin(b *prepared) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	was := b.begun
	b.begun = true
	return !was
}

// order asks for what follows the answer that a part has made.
func (a *ahead) order(p *part, limit int) {
	who := reader{p.r.Device.Number, p.col.ID}
	b := &prepared{p: &part{s: p.s, col: p.col, view: p.view, show: p.show, to: p.to}, after: p.g.Cursor, seq: p.col.Seq, limit: limit, done: make(chan struct{})}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.queue == nil {
		return
	}
	if len(a.last) >= maxAhead {
		for one := range a.last {
			delete(a.last, one)
			break
		}
	}
	select {
	case a.queue <- b:
		a.last[who] = b
	default:
	}
}

// take returns what was made for a part that wants what follows its cursor, waiting for what is being made. It returns nil if there is nothing, or
// if the collection was written to since.
func (a *ahead) take(ctx context.Context, p *part) *prepared {
	who := reader{p.r.Device.Number, p.col.ID}
	a.mu.Lock()
	b := a.last[who]
	delete(a.last, who)
	a.mu.Unlock()
	if b == nil || a.begin(b) || b.after != p.g.Cursor || b.seq != p.col.Seq {
		return nil
	}
	select {
	case <-b.done:
	case <-ctx.Done():
		return nil
	}
	if b.err != nil {
		return nil
	}
	return b
}

// make lists and shows. Bodies of what is on the shelf then are not kept.
func (b *prepared) make(ctx context.Context) {
	defer close(b.done)
	p := b.p
	if b.recs, b.more, b.err = p.s.Listing.Filled(ctx, p.col.ID, b.after, b.limit); b.err != nil {
		return
	}
	for i := range b.recs {
		r := &b.recs[i]
		if r.Body == nil || ctx.Err() != nil {
			continue
		}
		if _, err := p.frozen(*r); err == nil { // an error comes again when the device is told
			r.Body = nil
		}
	}
}
