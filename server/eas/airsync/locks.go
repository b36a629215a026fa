package airsync

import (
	"context"
	"sync"
)

// locks lets one request of a device work at a time.
type locks struct {
	mu   sync.Mutex
	held map[int64]*lock // guarded by mu, as is what is in it
}

type lock struct {
	free  chan struct{} // holds a value while nobody has the lock
	users int
}

// take waits for a device's lock.
func (l *locks) take(ctx context.Context, device int64) (release func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[int64]*lock{}
	}
	one := l.held[device]
	if one == nil {
		one = &lock{free: make(chan struct{}, 1)}
		one.free <- struct{}{}
		l.held[device] = one
	}
	one.users++
	l.mu.Unlock()
	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if one.users--; one.users == 0 {
			delete(l.held, device)
		}
	}
	select {
	case <-one.free:
		return func() { one.free <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, context.Cause(ctx)
	}
}
