package sqlite

import (
	"context"
	"sync"

	"tandem/store"
)

// hub passes wake-ups from commits to subscribers.
type hub struct {
	mu     sync.Mutex
	subs   map[*subscription]bool // guarded by mu
	closed chan struct{}
	shut   bool // guarded by mu
	wait   sync.WaitGroup
}

// subscription is one subscriber. What it has not taken yet is kept once per user and collection, so that a slow one costs no
// more than a fast one and never holds up a commit.
type subscription struct {
	mu      sync.Mutex
	pending map[pendingKey]store.Wakeup // guarded by mu
	order   []pendingKey                // guarded by mu: keys of pending, oldest first
	ready   chan struct{}               // capacity 1
}

// pendingKey names what is coalesced. A collection that is shared is told of to several users.
type pendingKey struct {
	user       string
	collection int64
}

func newHub() *hub { return &hub{subs: map[*subscription]bool{}, closed: make(chan struct{})} }

// Subscribe implements store.Home. Closing the store closes the channel, too.
func (h home) Subscribe(ctx context.Context) <-chan store.Wakeup {
	out := make(chan store.Wakeup)
	s := &subscription{pending: map[pendingKey]store.Wakeup{}, ready: make(chan struct{}, 1)}
	u := h.wake
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.shut {
		close(out)
		return out
	}
	u.subs[s] = true
	u.wait.Go(func() {
		defer close(out)
		defer u.drop(s)
		s.deliver(ctx, u.closed, out)
	})
	return out
}

func (u *hub) drop(s *subscription) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.subs, s)
}

func (s *subscription) deliver(ctx context.Context, closed <-chan struct{}, out chan<- store.Wakeup) {
	for {
		select {
		case <-s.ready:
		case <-ctx.Done():
			return
		case <-closed:
			return
		}
		for w, ok := s.take(); ok; w, ok = s.take() {
			select {
			case out <- w:
			case <-ctx.Done():
				return
			case <-closed:
				return
			}
		}
	}
}

func (s *subscription) take() (w store.Wakeup, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.order) == 0 {
		return w, false
	}
	w = s.pending[s.order[0]]
	delete(s.pending, s.order[0])
	s.order = s.order[1:]
	return w, true
}

// tell wakes all subscribers. It never blocks.
func (u *hub) tell(w store.Wakeup) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for s := range u.subs {
		s.add(w)
	}
}

func (s *subscription) add(w store.Wakeup) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := pendingKey{w.User, w.Collection}
	old, ok := s.pending[key]
	if !ok {
		s.order = append(s.order, key)
	}
	w.Listed = w.Listed || old.Listed
	w.Seq = max(w.Seq, old.Seq)
	s.pending[key] = w
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

func (u *hub) close() {
	u.mu.Lock()
	if !u.shut {
		u.shut = true
		close(u.closed)
	}
	u.mu.Unlock()
	u.wait.Wait()
}
