package sqlite

import (
	"context"
	"sync"
)

// bell tells listeners that there is something new, not what. A listener who has not heard the last ring yet hears one for
// both.
type bell struct {
	mu     sync.Mutex
	subs   map[chan struct{}]bool // guarded by mu
	shut   bool                   // guarded by mu
	closed chan struct{}
	wait   sync.WaitGroup
}

func newBell() *bell { return &bell{subs: map[chan struct{}]bool{}, closed: make(chan struct{})} }

// listen returns a channel that gets a value after each ring, until ctx is done or the bell is closed.
func (b *bell) listen(ctx context.Context) <-chan struct{} {
	out := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shut {
		close(out)
		return out
	}
	b.subs[out] = true
	b.wait.Go(func() {
		select {
		case <-ctx.Done():
		case <-b.closed:
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs, out)
		close(out)
	})
	return out
}

// ring never blocks.
func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for out := range b.subs {
		select {
		case out <- struct{}{}:
		default:
		}
	}
}

func (b *bell) close() {
	b.mu.Lock()
	if !b.shut {
		b.shut = true
		close(b.closed)
	}
	b.mu.Unlock()
	b.wait.Wait()
}
