// Package push lets requests wait for changes, and answers Ping. A waiting request costs its goroutine and an entry in a map; nothing polls.
package push

import (
	"sync"
	"time"

	"tandem/store"
)

// Broker passes the store's wake-ups to waiting requests.
type Broker struct {
	mu    sync.Mutex
	users map[string]map[*watch]struct{} // guarded by mu
	// shared are the watches of collections by others than their owners, for the store names the owner when it tells of a write.
	shared map[int64]map[*watch]struct{} // guarded by mu
	turns  map[int64]*turn               // guarded by mu: the request that waits, by device number
	due    map[int64]time.Time           // guarded by mu: when a device is told of what was new while it was not to be, by its number

	// Hold tells the first instant from now on at which a device may be told of news, now for at once, zero for never. Set before the first wait; nil: at once.
	Hold func(user string, device int64, now time.Time) time.Time
}

// turn is a request that waits.
type turn struct {
	user string
	sort string
	end  func(same bool)
}

// NewBroker makes a broker. Nobody is woken before Run.
func NewBroker() *Broker {
	return &Broker{users: map[string]map[*watch]struct{}{}, shared: map[int64]map[*watch]struct{}{}, turns: map[int64]*turn{}, due: map[int64]time.Time{}}
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
	for one := range b.users[w.User] {
		if w.Listed || one.wants(w.Collection) {
			one.wake()
		}
	}
	if w.Listed { // those it is shared with are told by name
		return
	}
	for one := range b.shared[w.Collection] {
		one.wake()
	}
}

// watch is somebody's wait for changes of a user's collections.
type watch struct {
	wake        func()
	collections []int64
	shared      []int64
	broker      *Broker
	user        string
}

// watch begins to watch collections of a user, others that are shared with the user, and the user's list of them: wake is called when something may have changed. It must not block, nor call
// the broker. What changed before must be looked at after the call: then nothing is missed.
func (b *Broker) watch(user string, collections, shared []int64, wake func()) *watch {
	w := &watch{wake: wake, collections: collections, shared: shared, broker: b, user: user}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.users[user] == nil {
		b.users[user] = map[*watch]struct{}{}
	}
	b.users[user][w] = struct{}{}
	for _, c := range shared {
		if b.shared[c] == nil {
			b.shared[c] = map[*watch]struct{}{}
		}
		b.shared[c][w] = struct{}{}
	}
	return w
}

// close ends the watch.
func (w *watch) close() {
	w.broker.mu.Lock()
	defer w.broker.mu.Unlock()
	list := w.broker.users[w.user]
	delete(list, w)
	if len(list) == 0 {
		delete(w.broker.users, w.user)
	}
	for _, c := range w.shared {
		list := w.broker.shared[c]
		delete(list, w)
		if len(list) == 0 {
			delete(w.broker.shared, c)
		}
	}
}

func (w *watch) wants(collection int64) bool {
	for _, c := range w.collections { // a handful
		if c == collection {
			return true
		}
	}
	return false
}

// Supersede ends the request of the device that waits, if one does: a newer one of this sort takes its place, and does not wait itself.
func (b *Broker) Supersede(device int64, sort string) {
	b.mu.Lock()
	before := b.turns[device]
	delete(b.turns, device)
	b.mu.Unlock()
	if before != nil {
		before.end(before.sort == sort)
	}
}

// Recall ends what waits for a user's device, or for all of the user's if it is 0, as if its time were over: the device asks again, and is looked at anew. So
// whoever is locked out, or is to be told something, hears of it now and not in an hour.
func (b *Broker) Recall(user string, device int64) {
	var ended []*turn
	b.mu.Lock()
	for number, t := range b.turns {
		if t.user == user && (device == 0 || device == number) {
			ended = append(ended, t)
			delete(b.turns, number)
			delete(b.due, number) // when it is to be told of news may have changed
		}
	}
	delete(b.due, device)
	b.mu.Unlock()
	for _, t := range ended {
		t.end(false)
	}
}

// turn makes the caller the one request of the device that waits, and ends the one before it. end, which must not block, is called when a newer
// one comes before leave is; same tells that that is of the same sort.
func (b *Broker) turn(user string, device int64, sort string, end func(same bool)) (leave func()) {
	mine := &turn{user, sort, end}
	b.mu.Lock()
	before := b.turns[device]
	b.turns[device] = mine
	b.mu.Unlock()
	if before != nil {
		before.end(before.sort == sort)
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

// held tells for how long a device is not to be told of what may be new, and false where it never is before it asks by itself. What was held once is told when its
// time has come, whatever request waits then.
func (b *Broker) held(user string, device int64, now time.Time) (time.Duration, bool) {
	if b.Hold == nil || device == 0 {
		return 0, true
	}
	at := b.Hold(user, device, now)
	b.mu.Lock()
	defer b.mu.Unlock()
	if due, ok := b.due[device]; ok && !due.After(now) || !at.IsZero() && !at.After(now) {
		delete(b.due, device)
		return 0, true
	}
	if at.IsZero() {
		delete(b.due, device)
		return 0, false
	}
	if due, ok := b.due[device]; !ok || at.Before(due) { // what was set may be another by now
		b.due[device] = at
	}
	return b.due[device].Sub(now), true
}

// Holds reports whether a device is not to be told now of what may be new, so that a request that begins to wait is not answered with it either.
func (b *Broker) Holds(user string, device int64) bool {
	wait, ever := b.held(user, device, time.Now())
	return wait > 0 || !ever
}
