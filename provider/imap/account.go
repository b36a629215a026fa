package imap

import (
	"context"
	"sync"
	"time"

	"tandem"
)

// accounts are those whose connections are open. Replicas of one account share them, because servers bear few.
type accounts struct {
	now func() time.Time

	mu   sync.Mutex // guards what follows
	open map[string]*account
	sent []attempt // the last creates that were sent, each once
}

// account is one account with its connections. It lives as long as somebody uses it.
type account struct {
	*spot
	all    *accounts
	tokens tokens
	turn   chan struct{} // holds as many as may have a connection at the same time

	mu       sync.Mutex // guards what follows
	users    int
	idle     []*link
	listens  int // connections that wait for news
	password string
	asked    bool
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
		a = &account{spot: p, all: s, tokens: tok, turn: make(chan struct{}, max(1, int(p.place.Int("connections"))))}
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
			<-a.turn
			return nil, err
		}
	}
	l, err := a.dial(ctx, nil)
	if err != nil {
		<-a.turn
		return nil, err
	}
	return l, nil
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

// listen asks for a place among those who wait for news.
func (a *account) listen() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.listens >= maxListens {
		return false
	}
	a.listens++
	return true
}

func (a *account) unlisten() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.listens--
}

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
