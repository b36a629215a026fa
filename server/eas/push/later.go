package push

import (
	"context"
	"sync"
	"time"

	"tandem/server/eas/proto"
)

// later is a wait that costs no goroutine: it is looked at when something happens.
type later struct {
	ctx  context.Context
	w    *proto.Waiting
	done func(*proto.Response, error)
	b    *Broker

	mu      sync.Mutex  // nothing of the broker is called under it, since the broker calls wake
	stop    func()      // guarded by mu; nil before it is watched
	timer   *time.Timer // guarded by mu
	over    bool        // guarded by mu: answered, or nobody is there any longer
	held    *time.Timer // guarded by mu; wakes when a device that is not to be told yet is
	looking bool        // guarded by mu
	again   bool        // guarded by mu: something happened while it was looked
}

// Later waits, and calls done with the answer from another goroutine, once; not after cancel, which may be called at any time. ctx is passed to Look, and
// must outlive the wait.
func (b *Broker) Later(ctx context.Context, w *proto.Waiting, done func(*proto.Response, error)) (cancel func()) {
	l := &later{ctx: ctx, w: w, done: done, b: b, looking: true} // the first look, below, is for what happened before it was watched
	watch := b.watch(w.User, w.Collections, w.Shared, l.wake)
	leave := func() {}
	if w.Device != 0 { // one that only tries the account takes nobody's place
		leave = b.turn(w.User, w.Device, w.Sort, func(same bool) {
			go func() { l.answer(w.Superseded(ctx, same)) }()
		})
	}
	l.mu.Lock()
	l.stop = func() {
		watch.close()
		leave()
	}
	over := l.over // superseded already
	if !over {
		l.timer = time.AfterFunc(w.For, func() { l.answer(w.Expired(ctx)) })
	}
	l.mu.Unlock()
	if over {
		l.stop()
		return func() {}
	}
	go l.look()
	return func() { l.end() }
}

// wake has it looked whether there is something to tell.
func (l *later) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.over:
	case l.looking:
		l.again = true
	default:
		l.looking = true
		go l.look()
	}
}

func (l *later) look() {
	for {
		if wait, ever := l.b.held(l.w.User, l.w.Device, time.Now()); wait > 0 || !ever {
			l.hold(wait)
			return
		}
		resp, err := l.w.Look(l.ctx)
		if resp != nil || err != nil {
			l.answer(resp, err)
			return
		}
		l.mu.Lock()
		if l.over || !l.again {
			l.looking = false
			l.mu.Unlock()
			return
		}
		l.again = false
		l.mu.Unlock()
	}
}

// hold has it looked again when the device may be told; wait 0: never, but for the end of the wait.
func (l *later) hold(wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looking, l.again = false, false
	if l.over || wait <= 0 || l.held != nil {
		return
	}
	l.held = time.AfterFunc(wait, func() {
		l.mu.Lock()
		l.held = nil
		l.mu.Unlock()
		l.wake()
	})
}

// answer ends the wait with an answer, unless it is over.
func (l *later) answer(resp *proto.Response, err error) {
	if l.end() {
		l.done(resp, err)
	}
}

// end ends the wait, and reports whether this call did.
func (l *later) end() bool {
	l.mu.Lock()
	if l.over {
		l.mu.Unlock()
		return false
	}
	l.over = true
	stop := l.stop
	if l.timer != nil {
		l.timer.Stop()
	}
	if l.held != nil {
		l.held.Stop()
	}
	l.mu.Unlock()
	if stop != nil {
		stop()
	}
	return true
}

// Await is Later for a caller who waits: it returns the answer, or why ctx is done.
func (b *Broker) Await(ctx context.Context, w *proto.Waiting) (resp *proto.Response, err error) {
	ready := make(chan struct{})
	cancel := b.Later(ctx, w, func(r *proto.Response, e error) {
		resp, err = r, e
		close(ready)
	})
	select {
	case <-ready:
		return resp, err
	case <-ctx.Done():
		cancel()
		return nil, context.Cause(ctx)
	}
}
