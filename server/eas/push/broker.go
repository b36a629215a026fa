// Package push lets requests wait for changes, and answers Ping. A waiting request costs its goroutine and an entry in a map; nothing polls.
package push

import (
	"context"
	"errors"
	"sync"

	"tandem/store"
)

// ErrSuperseded is the cause with which a waiting request ends when a newer one of the same device takes its place.
var ErrSuperseded = errors.New("superseded by a newer request of the device")

// Broker passes the store's wake-ups to waiting requests.
type Broker struct {
	mu    sync.Mutex
	users map[string]map[*Watch]struct{} // guarded by mu
	turns map[int64]*turn                // guarded by mu: the request that waits, by device number
}

type turn struct{ end func() }

// NewBroker makes a broker. Nobody is woken before Run.
func NewBroker() *Broker {
	return &Broker{users: map[string]map[*Watch]struct{}{}, turns: map[int64]*turn{}}
}

// Run passes on wake-ups (store.Home.Subscribe) until their channel is closed.
func (b *Broker) Run(wakeups <-chan store.Wakeup) {
	for w := range wakeups {
		b.pass(w)
	}
}

func (b *Broker) pass(w store.Wakeup) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for watch := range b.users[w.User] {
		if w.Listed || watch.wants(w.Collection) {
			watch.wake()
		}
	}
}

// Watch is somebody's wait for changes of a user's collections. C holds a value when something may have changed since the last one was
// taken; look, then wait again.
type Watch struct {
	C <-chan struct{}

	wake        func()
	collections []int64
	broker      *Broker
	user        string
}

// Watch begins to watch collections of a user, and the user's list of them. What changed before must be looked at after the call: then
// nothing is missed. Close it when done.
func (b *Broker) Watch(user string, collections []int64) *Watch {
	ready := make(chan struct{}, 1)
	w := b.watchBy(user, collections, func() {
		select {
		case ready <- struct{}{}:
		default:
		}
	})
	w.C = ready
	return w
}

// watchBy is Watch where wake is called instead of a channel filled. It must not block, nor call the broker.
func (b *Broker) watchBy(user string, collections []int64, wake func()) *Watch {
	w := &Watch{wake: wake, collections: collections, broker: b, user: user}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.users[user] == nil {
		b.users[user] = map[*Watch]struct{}{}
	}
	b.users[user][w] = struct{}{}
	return w
}

// Close ends the watch. C is not closed.
func (w *Watch) Close() {
	w.broker.mu.Lock()
	defer w.broker.mu.Unlock()
	list := w.broker.users[w.user]
	delete(list, w)
	if len(list) == 0 {
		delete(w.broker.users, w.user)
	}
}

func (w *Watch) wants(collection int64) bool {
	for _, c := range w.collections { // a handful
		if c == collection {
			return true
		}
	}
	return false
}

// Enter makes the caller the one request of the device that waits; the one before it ends, its context's cause being ErrSuperseded. leave must
// be called when the wait is over.
func (b *Broker) Enter(ctx context.Context, device int64) (waiting context.Context, leave func()) {
	waiting, end := context.WithCancelCause(ctx)
	out := b.turn(device, func() { end(ErrSuperseded) })
	return waiting, func() {
		out()
		end(nil)
	}
}

// turn makes the caller the one request of the device that waits, and ends the one before it. end, which must not block, is called when a newer
// one comes before leave is.
func (b *Broker) turn(device int64, end func()) (leave func()) {
	mine := &turn{end}
	b.mu.Lock()
	before := b.turns[device]
	b.turns[device] = mine
	b.mu.Unlock()
	if before != nil {
		before.end()
	}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.turns[device] == mine {
			delete(b.turns, device)
		}
	}
}

// Waiting is how many requests wait now.
func (b *Broker) Waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.turns)
}
