package center

import (
	"context"
	"errors"
	"sync"
	"time"

	"tandem"
	"tandem/center/when"
)

// dialed are the connections that were brought up for runs, each once, however many runs use it.
type dialed struct {
	mu sync.Mutex // guards by and what is in it, but for the channel
	by map[string]*dial
}

// dial is a connection that some runs need.
type dial struct {
	users int
	quit  context.CancelFunc // ends the attempt to bring it up
	up    chan struct{}      // closed when it is known whether it came up
	letGo func(context.Context) error
	err   error
}

// dialLimit is how long a connection may take to come up.
const dialLimit = time.Minute

// connect brings up what a job's runs need (inventory SM-13), unless another run did. The returned function must be called when the run is over.
func (h *Hub) connect(ctx context.Context, j job) (hangUp func(), err error) {
	if j.connect == "" {
		return func() {}, nil
	}
	if h.cfg.Connect == nil {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "bring up connection", Thing: j.connect, Err: errors.New("this hub cannot bring up any"), Remedy: "leave connect out of when the item runs"}
	}
	d, begin := h.dialed.join(j.connect)
	if begin != nil {
		go func() { // ends when the last run that waits for it does, at the latest
			defer close(d.up)
			d.letGo, d.err = h.cfg.Connect(begin, j.connect)
		}()
	}
	hangUp = func() { h.hangUp(ctx, j.connect, d) }
	select {
	case <-ctx.Done():
		hangUp()
		return nil, ctx.Err()
	case <-d.up:
	}
	if d.err != nil {
		hangUp()
		return nil, d.err
	}
	return hangUp, nil
}

// join counts another run that needs a connection. begin is not nil for the one that is to have it brought up.
func (l *dialed) join(name string) (d *dial, begin context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d = l.by[name]
	if d == nil || d.over() {
		if l.by == nil {
			l.by = map[string]*dial{}
		}
		d = &dial{up: make(chan struct{})}
		begin, d.quit = context.WithTimeout(context.Background(), dialLimit)
		l.by[name] = d
	}
	d.users++
	return d, begin
}

// over reports whether a connection did not come up, so that whoever comes now tries again.
func (d *dial) over() bool {
	select {
	case <-d.up:
		return d.err != nil
	default:
		return false
	}
}

// hangUp lets a connection go after the last run that used it.
func (h *Hub) hangUp(ctx context.Context, name string, d *dial) {
	h.dialed.mu.Lock()
	d.users--
	last := d.users == 0
	if last && h.dialed.by[name] == d {
		delete(h.dialed.by, name)
	}
	h.dialed.mu.Unlock()
	if !last {
		return
	}
	d.quit()
	if <-d.up; d.letGo == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dialLimit)
	defer cancel()
	if err := d.letGo(ctx); err != nil {
		h.cfg.Log.Warn("cannot take a connection down", "connection", name, "error", err)
	}
}

// Connects is the connection of the computer that a text of when an item runs, or its schedule, has brought up; "" for none, or a text that cannot be read.
func Connects(text string) string {
	p, err := when.Parse(text)
	if err != nil {
		return ""
	}
	return p.Connect
}
