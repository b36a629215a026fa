package imap

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"tandem"
)

// capNotify is what a server says that can tell of all mailboxes on one connection. RFC 5465 3
const capNotify imap.Cap = "NOTIFY"

// notify asks for news of all mailboxes of the person, and of their names. Flags count only together with the first two. RFC 5465 5.2, 5.4
const notify = "NOTIFY SET (personal (MessageNew MessageExpunge FlagChange MailboxName))"

// crier is one connection on which a server tells that something happened in any mailbox of an account. What it was is looked up by all who wait in one question (glance), so that nothing of what is said has to
// be understood.
type crier struct {
	a    *account
	stop context.CancelFunc
	done chan struct{}

	mu   sync.Mutex // guards what follows
	ears map[chan struct{}]bool
}

// hark has news of the account told: something happened in it. What is returned ends that. Servers that do not tell leave the channel silent.
func (a *account) hark() (news <-chan struct{}, end func()) {
	ear := make(chan struct{}, 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.crier
	if c == nil {
		ctx, stop := context.WithCancel(context.Background())
		c = &crier{a: a, stop: stop, done: make(chan struct{}), ears: map[chan struct{}]bool{}}
		a.crier = c
		go func() {
			defer close(c.done)
			c.run(ctx)
		}()
	}
	c.mu.Lock()
	c.ears[ear] = true
	c.mu.Unlock()
	return ear, func() {
		a.mu.Lock()
		c.mu.Lock()
		delete(c.ears, ear)
		last := len(c.ears) == 0
		c.mu.Unlock()
		if last && a.crier == c {
			a.crier = nil
		}
		a.mu.Unlock()
		if last {
			c.stop()
			<-c.done
		}
	}
}

// cry tells all who wait.
func (c *crier) cry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ear := range c.ears {
		select {
		case ear <- struct{}{}:
		default: // one that waits says as much
		}
	}
}

// run keeps the connection up until the last one who waits is gone, or the server turns out not to tell.
func (c *crier) run(ctx context.Context) {
	for wait := again; ; wait = min(2*wait, longest) {
		began := time.Now()
		if !c.hear(ctx) {
			return
		}
		if time.Since(began) > longest {
			wait = again
		}
		if !sleep(ctx, wait) {
			return
		}
	}
}

// awake is how often a connection on which nothing is asked is used, before a server thinks that nobody is there. RFC 9051 5.4
const awake = 25 * time.Minute

// hear passes news on until the connection ends. false: it is of no use to make another one.
func (c *crier) hear(ctx context.Context) (more bool) {
	l, err := c.a.dial(ctx, nil)
	if err != nil { // a password that is refused again and again may close the account
		return ctx.Err() == nil && !tandem.IsKind(err, tandem.Denied)
	}
	defer l.close()
	if !l.caps.Has(capNotify) || !l.glances() {
		return false
	}
	// Of flags a server tells who showed that the numbers of changes are of use. RFC 5465 5.3, RFC 7162 3.1
	if err := l.do(ctx, func() error {
		_, err := l.Status("INBOX", &imap.StatusOptions{HighestModSeq: true}).Wait()
		return err
	}); err != nil {
		return refusal(err) == nil && ctx.Err() == nil
	}
	l.wire.tell(c.cry)
	if err := l.do(ctx, func() error { return l.deflater.ask(notify, false) }); err != nil {
		return refusal(err) == nil && ctx.Err() == nil
	}
	c.cry() // what happened before nobody told
	end := context.AfterFunc(ctx, func() { l.wire.fail(context.Canceled) })
	defer end()
	t := time.NewTicker(awake)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if !l.alive(ctx) {
				return ctx.Err() == nil
			}
		case <-l.Closed():
			return ctx.Err() == nil
		}
	}
}

// sleep waits, and tells whether it was for the whole time.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// WatchFolders implements provider.FolderWatcher, where the server tells of folders. Elsewhere nothing comes, and a list from time to time finds what changed.
func (f *folders) WatchFolders(ctx context.Context) (<-chan tandem.Hint, error) {
	news, end := f.a.hark()
	out := make(chan tandem.Hint, 1)
	go func() {
		defer close(out)
		defer end()
		was := ""
		for {
			select {
			case <-ctx.Done():
				return
			case <-news:
			}
			g, err := f.a.glance(ctx, time.Now())
			if err != nil || g == nil { // what went wrong is found by the list
				continue
			}
			if now := g.names(); now != was {
				was = now
				select {
				case out <- tandem.Hint{}:
				default: // one that waits says as much
				}
			}
		}
	}()
	return out, nil
}

// names tells the mailboxes of an account from those of another moment.
func (g *glance) names() string {
	var all []string
	for name, b := range g.boxes {
		all = append(all, fmt.Sprintf("%q %d", name, b.validity))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}
