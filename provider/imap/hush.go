package imap

import (
	"context"
	"slices"
	"strings"
	"time"
)

// ears are the connections of an account that wait for news, and the mailbox that each has open.
type ears map[*listening]string

// hush ends what other connections of the account do with a mailbox and with those within it, before it is renamed or removed: there are servers that refuse it while the mailbox is open, and others
// that break off whoever has it open. Who listened there comes back after a while, and looks at what happened.
func (a *account) hush(n *naming, mailbox string) {
	within := func(name string) bool {
		return name == mailbox || n.delim != 0 && strings.HasPrefix(name, mailbox+string(n.delim))
	}
	var listening []*listening
	var open []*link
	a.mu.Lock()
	for x, name := range a.ears {
		if within(name) {
			listening = append(listening, x)
		}
	}
	a.idle = slices.DeleteFunc(a.idle, func(l *link) bool {
		if l.box == nil || !within(l.box.name) {
			return false
		}
		open = append(open, l)
		return true
	})
	a.mu.Unlock()
	for _, x := range listening {
		x.leave()
	}
	for _, l := range open {
		l.logout()
	}
}

// settle is how long one waits until nobody else works at an account. Most that is asked there takes less.
const settle = 5 * time.Second

// takeAlone gets a connection while nobody else of this program works at the account, and keeps others from beginning until done is called: a mailbox that is renamed while it is read or written elsewhere may keep
// a lock that nobody takes away (Dovecot). Where others take long, it goes ahead beside them.
func (a *account) takeAlone(ctx context.Context) (l *link, done func(), err error) {
	held := map[chan struct{}]int{}
	give := func(turns int) { // but for so many turns
		for ch, n := range held {
			keep := 0
			if ch == a.turn {
				keep = turns
			}
			for ; n > keep; n-- {
				<-ch
			}
			held[ch] = n
		}
	}
	for _, ch := range []chan struct{}{a.lone, a.turn} {
		select {
		case ch <- struct{}{}:
			held[ch]++
		case <-ctx.Done():
			give(0)
			return nil, nil, ctx.Err()
		}
	}
	late := time.NewTimer(settle)
	defer late.Stop()
wait:
	for _, ch := range []chan struct{}{a.tuning, a.turn} {
		for held[ch] < cap(ch) {
			select {
			case ch <- struct{}{}:
				held[ch]++
			case <-late.C:
				give(1) // they may wait for one another
				break wait
			case <-ctx.Done():
				give(0)
				return nil, nil, ctx.Err()
			}
		}
	}
	if l, err = a.draw(ctx, "", true); err != nil {
		give(0)
		return nil, nil, err
	}
	return l, func() {
		give(1)
		a.done(l)
	}, nil
}

// leave ends the wait politely, so that the server has let go of the mailbox when it returns; it does not wait long for that.
func (x *listening) leave() {
	x.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		err := x.do(ctx, func() error {
			if err := x.idle.Close(); err != nil {
				return err
			}
			return x.idle.Wait()
		})
		cancel()
		if err == nil {
			x.logout()
		}
		x.link.close()
		x.end()
	})
}

// hears notes that a connection listens to a mailbox, until the returned function is called.
func (a *account) hears(x *listening, mailbox string) (end func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ears == nil {
		a.ears = ears{}
	}
	a.ears[x] = mailbox
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.ears, x)
		a.leave(isInbox(mailbox))
	}
}
