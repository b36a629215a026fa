package imap

import (
	"context"
	"net"
	"strings"
	"sync"
	"time"

	"tandem"
)

// accounts are those whose connections are open. Replicas of one account share them, because servers bear few.
type accounts struct {
	now  func() time.Time
	poll time.Duration // how often a mailbox is looked at of which the server does not tell

	mu   sync.Mutex // guards what follows
	open map[string]*account
	seen map[string]*glances
	sent []attempt // the last creates that were sent, each once
}

// account is one account with its connections. It lives as long as somebody uses it.
type account struct {
	*spot
	all    *accounts
	tokens tokens
	turn   chan struct{} // holds as many as may have a connection at the same time
	tuning chan struct{} // holds as many as may begin to wait for news at the same time
	lone   chan struct{} // held by who keeps all others from beginning

	mu       sync.Mutex // guards what follows
	users    int
	idle     []*link
	listens  int // connections that wait for news, or are about to
	inboxes  int // those of them that do so in the inbox
	ears     ears
	password string
	asked    bool
	plain    bool // the server cannot compress after all
	crier    *crier
}

// use is the account of a place; release ends the use.
func (s *accounts) use(p *spot) (*account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.open[p.key()]
	if a == nil {
		tok, err := p.tokens()
		if err != nil {
			return nil, err
		}
		a = &account{spot: p, all: s, tokens: tok, turn: make(chan struct{}, max(1, int(p.place.Int("connections")))),
			tuning: make(chan struct{}, maxListens), lone: make(chan struct{}, 1)}
		s.open[p.key()] = a
	}
	a.mu.Lock()
	a.users++
	a.mu.Unlock()
	return a, nil
}

func (a *account) release() {
	a.all.mu.Lock()
	a.mu.Lock()
	a.users--
	var left []*link
	if a.users == 0 {
		left, a.idle = a.idle, nil
		if a.all.open[a.key()] == a {
			delete(a.all.open, a.key())
		}
	}
	a.mu.Unlock()
	a.all.mu.Unlock()
	for _, l := range left {
		l.logout()
	}
}

// quick is how long a connection may take to say that it is alive.
const quick = 10 * time.Second

// take gets a connection, if there is one on which the mailbox is open already, that one. sure: it is alive; else one that was used before may have ended without a
// word (link.old). done gives it back.
func (a *account) take(ctx context.Context, mailbox string, sure bool) (*link, error) {
	select {
	case a.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	l, err := a.draw(ctx, mailbox, sure)
	if err != nil {
		<-a.turn
	}
	return l, err
}

// draw is take for who has a turn.
func (a *account) draw(ctx context.Context, mailbox string, sure bool) (*link, error) {
	for {
		l := a.pick(mailbox)
		if l == nil {
			break
		}
		if l.old = true; !sure || l.alive(ctx) {
			return l, nil
		}
		l.close()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return a.dial(ctx, nil)
}

func (a *account) pick(mailbox string) *link {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.idle) == 0 {
		return nil
	}
	at := len(a.idle) - 1
	for i, l := range a.idle {
		if l.box != nil && l.box.name == mailbox {
			at = i
		}
	}
	l := a.idle[at]
	a.idle = append(a.idle[:at], a.idle[at+1:]...)
	return l
}

// done gives a connection back. One that broke is closed.
func (a *account) done(l *link) {
	defer func() { <-a.turn }()
	if l.broken() {
		l.close()
		return
	}
	a.mu.Lock()
	if a.users > 0 {
		a.idle = append(a.idle, l)
		l = nil
	}
	a.mu.Unlock()
	if l != nil {
		l.logout()
	}
}

// maxListens is how many connections of an account wait for news; further mailboxes are looked at from time to time.
const maxListens = 4

// listen asks for a place among those who wait for news. The last one is for the inbox, whenever it comes: of mail that arrives people want to hear at once.
func (a *account) listen(inbox bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.listens >= maxListens || !inbox && a.listens-a.inboxes >= maxListens-1 {
		return false
	}
	if inbox {
		a.inboxes++
	}
	a.listens++
	return true
}

func (a *account) unlisten(inbox bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.leave(inbox)
}

// leave is unlisten for who holds the lock.
func (a *account) leave(inbox bool) {
	a.listens--
	if inbox {
		a.inboxes--
	}
}

// isInbox tells whether a mailbox is the one that mail arrives in, however its name is written. RFC 9051 5.1
func isInbox(name string) bool { return strings.EqualFold(name, "INBOX") }

// credentials is the password, asked for once.
func (a *account) credentials(ctx context.Context) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asked {
		return a.password, nil
	}
	p, err := a.secret(ctx, "password")
	if err != nil {
		return "", err
	}
	a.password, a.asked = p, true
	return p, nil
}

// refused forgets a password that the server did not take.
func (a *account) refused(why error) error {
	a.mu.Lock()
	a.password, a.asked = "", false
	a.mu.Unlock()
	return &tandem.Error{Kind: tandem.Denied, Op: "log in at", Thing: a.host, Err: why, Remedy: a.relogin()}
}

// squeezes tells whether a connection is to be compressed where the server can. Within this machine and its own network that costs more than it gives: servers compress at a few megabytes to some ten
// megabytes in a second.
func (a *account) squeezes(to net.Addr) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch a.place.Options["compress"] {
	case "yes":
		return !a.plain
	case "no":
		return false
	}
	return !a.plain && !a.loopback() && !near(to)
}

// near tells whether an address is of this machine or of a network that it is part of.
func near(to net.Addr) bool {
	x, ok := to.(*net.TCPAddr)
	return ok && (x.IP.IsLoopback() || x.IP.IsPrivate() || x.IP.IsLinkLocalUnicast())
}

// plainly has no further connection compressed.
func (a *account) plainly() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.plain = true
}
