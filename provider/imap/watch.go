package imap

import (
	"context"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tandem"
)

const (
	pollEvery = time.Minute      // where a server does not tell of news
	again     = 5 * time.Second  // after a connection that waited for news broke, the first time
	longest   = 10 * time.Minute // after it broke often
)

// Watch implements provider.Replica: with IDLE (RFC 2177), which the library asks for anew every 28 minutes, else by looking from time to time.
func (r *replica) Watch(ctx context.Context) (<-chan tandem.Hint, error) {
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return nil, err
	}
	wa := &watcher{r: r, out: make(chan tandem.Hint, 1), news: make(chan struct{}, 1)}
	first, err := wa.connect(ctx)
	if err != nil {
		done()
		return nil, err
	}
	go func() {
		defer close(wa.out)
		defer done()
		defer func() {
			if wa.unhear != nil {
				wa.unhear()
			}
		}()
		wa.run(ctx, first)
	}()
	return wa.out, nil
}

type watcher struct {
	r    *replica
	out  chan tandem.Hint
	news chan struct{} // the server said something

	heard  <-chan struct{} // something happened in the account; nil: nobody was asked to tell
	unhear func()
	since  time.Time // what was said then is new enough for the next look
	at     struct {
		next  imap.UID
		count uint32
		mod   uint64
	}
}

// listening is a connection that waits for news.
type listening struct {
	*link
	idle *imapclient.IdleCommand
	once sync.Once
	end  func()
}

func (x *listening) stop() {
	x.once.Do(func() {
		x.wire.fail(context.Canceled) // nothing is lost with it
		_ = x.idle.Close()            // it may have ended already
		x.link.close()
		x.end()
	})
}

// connect begins to wait for news. nil: the server does not tell, or tells enough others.
func (wa *watcher) connect(ctx context.Context) (*listening, error) {
	inbox := isInbox(wa.r.name)
	if !wa.r.a.listen(inbox) {
		return nil, nil
	}
	ok := false
	defer func() {
		if !ok {
			wa.r.a.unlisten(inbox)
		}
	}()
	stir := func() {
		select {
		case wa.news <- struct{}{}:
		default:
		}
	}
	select {
	case wa.r.a.tuning <- struct{}{}:
		defer func() { <-wa.r.a.tuning }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	l, err := wa.r.a.dial(ctx, &imapclient.UnilateralDataHandler{
		Expunge: func(uint32) { stir() },
		Mailbox: func(*imapclient.UnilateralDataMailbox) { stir() },
		Fetch: func(m *imapclient.FetchMessageData) {
			for m.Next() != nil { // what it says is asked for later
			}
			stir()
		},
	})
	if err != nil {
		return nil, err
	}
	if !l.caps.Has(imap.CapIdle) {
		l.logout()
		return nil, nil
	}
	b, err := l.open(ctx, wa.r.name)
	if err != nil {
		l.close()
		return nil, err
	}
	wa.moved(b)
	x := &listening{link: l}
	if err := l.do(ctx, func() (err error) { x.idle, err = l.Idle(); return err }); err != nil {
		l.close()
		return nil, explain("watch", wa.r.place.Text, err)
	}
	x.end, ok = wa.r.a.hears(x, wa.r.name), true
	return x, nil
}

// moved tells whether the mailbox is not as it was when it was last looked at.
func (wa *watcher) moved(b *box) bool {
	now := wa.at
	now.next, now.count, now.mod = b.next, b.count, b.modseq
	is := now != wa.at
	wa.at = now
	return is
}

func (wa *watcher) run(ctx context.Context, x *listening) {
	wait := again
	for ctx.Err() == nil {
		if x != nil {
			began := time.Now()
			wa.hear(ctx, x)
			x.stop()
			if time.Since(began) > longest {
				wait = again
			}
		} else {
			wa.look(ctx)
		}
		var err error
		if x == nil && !wa.await(ctx) || x != nil && !sleep(ctx, wait) {
			return
		}
		if x, err = wa.connect(ctx); err != nil {
			wait = min(2*wait, longest)
			x = nil
			continue
		}
		if x != nil {
			wa.hint() // what happened meanwhile nobody told
		}
	}
}

// hear passes news on until the connection ends.
func (wa *watcher) hear(ctx context.Context, x *listening) {
	for {
		select {
		case <-wa.news:
			wa.hint()
		case <-x.Closed():
			return
		case <-ctx.Done():
			return
		}
	}
}

// look asks whether there is news. What fails is asked again next time.
func (wa *watcher) look(ctx context.Context) {
	g, err := wa.r.a.glance(ctx, wa.since)
	if err != nil {
		return
	}
	if b := g.box(wa.r.name); b != nil {
		if wa.moved(b) {
			wa.hint()
		}
		return
	}
	_ = wa.r.with(ctx, true, nil, func(_ *link, b *box) error {
		if wa.moved(b) {
			wa.hint()
		}
		return nil
	})
}

func (wa *watcher) hint() {
	select {
	case wa.out <- tandem.Hint{}:
	default: // one that waits says as much
	}
}

// await waits for the next look: until the server says that something happened in the account, but no longer than a while.
func (wa *watcher) await(ctx context.Context) bool {
	if wa.heard == nil {
		wa.heard, wa.unhear = wa.r.a.hark()
	}
	t := time.NewTimer(wa.r.a.all.poll)
	defer t.Stop()
	select {
	case <-t.C:
		wa.since = time.Now().Add(-wa.r.a.all.poll / 4) // all mailboxes that are looked at share one question
	case <-wa.heard:
		wa.since = time.Now()
	case <-ctx.Done():
		return false
	}
	return true
}
