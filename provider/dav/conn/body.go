package conn

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// errSilent says that a server kept the line open and said nothing.
var errSilent = errors.New("the server did not answer in time")

// watchdog ends a request when nothing moves for a while. There is no limit on how long something that moves may take.
type watchdog struct {
	idle   time.Duration
	timer  *time.Timer
	ctx    context.Context
	cancel context.CancelCauseFunc
	once   sync.Once
}

func watch(ctx context.Context, idle time.Duration) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watchdog{idle: idle, ctx: ctx, cancel: cancel}
	w.timer = time.AfterFunc(idle, func() { cancel(errSilent) })
	return ctx, w
}

// stir tells that something moved.
func (w *watchdog) stir() { w.timer.Reset(w.idle) }

func (w *watchdog) stop() {
	w.once.Do(func() {
		w.timer.Stop()
		w.cancel(nil)
	})
}

// cause is the error behind an error.
func (w *watchdog) cause(err error) error {
	if errors.Is(context.Cause(w.ctx), errSilent) {
		return errSilent
	}
	return err
}

// watchedBody is the body of an answer that may not stall.
type watchedBody struct {
	io.ReadCloser
	w    *watchdog
	over bool // its end was read, or it failed
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.w.stir()
	}
	b.over = b.over || err != nil
	if err != nil && err != io.EOF {
		err = &LostError{true, b.w.cause(err)}
	}
	return n, err
}

const (
	maxRest  = 64 << 10    // bytes of an answer that are read though nobody wants them
	restTime = time.Second // how long that may take
)

// Close reads what little may be left first, so that the connection can be used again.
func (b *watchedBody) Close() error {
	if !b.over {
		b.over = true
		b.w.timer.Reset(restTime)
		_, _ = io.CopyN(io.Discard, b.ReadCloser, maxRest) // if this fails, the connection is not used again
	}
	err := b.ReadCloser.Close()
	b.w.stop()
	return err
}

// BodyError is the failure of the body that was to be sent, which is not the server's fault.
type BodyError struct{ Err error }

func (e *BodyError) Error() string { return e.Err.Error() }
func (e *BodyError) Unwrap() error { return e.Err }

// sending is the body of a request on its way.
type sending struct {
	io.ReadCloser
	w    *watchdog
	sent func(int)
}

func (s *sending) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.w.stir()
	if n > 0 && s.sent != nil {
		s.sent(n)
	}
	if err != nil && err != io.EOF {
		err = &BodyError{err}
	}
	return n, err
}

// attach gives a request its body.
func attach(req *http.Request, r *Request, w *watchdog) error {
	open := func() (io.ReadCloser, error) {
		f, err := r.Body.Open()
		if err != nil {
			return nil, &BodyError{err}
		}
		return &sending{f, w, r.Sent}, nil
	}
	body, err := open()
	if err != nil {
		return err
	}
	req.Body, req.GetBody, req.ContentLength = body, open, r.Body.Size()
	if req.ContentLength == 0 {
		body.Close()
		req.Body, req.GetBody = http.NoBody, func() (io.ReadCloser, error) { return http.NoBody, nil }
	}
	return nil
}
