package account

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"sync"
	"time"
)

// The back-off. After so many different wrong passwords, each further one doubles the time that the sender has to wait. What is
// older than forgetAfter does not count.
const (
	freePerAccount = 5
	freePerAddress = 30
	maxWaitAccount = 15 * time.Minute
	maxWaitAddress = 5 * time.Minute
	forgetAfter    = time.Hour
	maxGuessers    = 20_000 // how many senders are remembered; beyond, those that guessed least recently are forgotten
	maxWrong       = 8      // how many wrong passwords of one sender are remembered
)

// guesser names a sender: an address alone, or together with an account.
type guesser struct {
	user    string // "": the address, whatever the account
	address string
}

// tally is what is known of a sender.
type tally struct {
	who   guesser
	gate  chan bool // one password at a time
	count int
	last  time.Time // of the last wrong one
	until time.Time // nothing is looked at before
	wrong []mac     // the last ones
}

// guard counts wrong passwords.
type guard struct {
	now  func() time.Time
	mu   sync.Mutex
	by   map[guesser]*list.Element // guarded by mu; values are *tally
	used list.List                 // guarded by mu: most recently used first
}

func newGuard(now func() time.Time) *guard { return &guard{now: now, by: map[guesser]*list.Element{}} }

// network is what counts as one address: an IPv4 address, or the 64 bits of IPv6 that one household has.
func network(remote string) string {
	ip, err := netip.ParseAddr(host(remote))
	if err != nil {
		return remote
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	p, err := ip.Prefix(64)
	if err != nil {
		return remote
	}
	return p.String()
}

// host is a network address without the port.
func host(remote string) string {
	if ap, err := netip.ParseAddrPort(remote); err == nil {
		return ap.Addr().String()
	}
	return remote
}

// short bounds what is remembered of a name that a client made up.
func short(name string) string {
	if len(name) <= 256 {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return "#" + hex.EncodeToString(sum[:])
}

// find returns the tally of a sender, fresh if what is known is too old. The caller holds mu.
func (g *guard) find(who guesser) *tally {
	who = guesser{short(who.user), short(who.address)}
	if e := g.by[who]; e != nil {
		g.used.MoveToFront(e)
		t := e.Value.(*tally)
		if g.now().Sub(t.last) > forgetAfter {
			t.count, t.until, t.wrong = 0, time.Time{}, nil
		}
		return t
	}
	t := &tally{who: who, gate: make(chan bool, 1)}
	g.by[who] = g.used.PushFront(t)
	for g.used.Len() > maxGuessers {
		last := g.used.Back()
		delete(g.by, last.Value.(*tally).who)
		g.used.Remove(last)
	}
	return t
}

// enter waits until no other password of this sender for this user is being looked at. The caller calls leave.
func (g *guard) enter(ctx context.Context, user, address string) (leave func(), err error) {
	g.mu.Lock()
	gate := g.find(guesser{user, address}).gate
	g.mu.Unlock()
	select {
	case gate <- true:
		return func() { <-gate }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// wait is how long the sender has to wait before another password of the user is looked at.
func (g *guard) wait(user, address string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	return max(0, g.find(guesser{user, address}).until.Sub(now), g.find(guesser{"", address}).until.Sub(now))
}

// repeated reports whether the sender has sent this wrong password before.
func (g *guard) repeated(user, address string, m mac) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, w := range g.find(guesser{user, address}).wrong {
		if w == m {
			return true
		}
	}
	return false
}

// failed counts a wrong password.
func (g *guard) failed(user, address string, m mac) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	t := g.find(guesser{user, address})
	t.add(now, freePerAccount, maxWaitAccount)
	if t.wrong = append(t.wrong, m); len(t.wrong) > maxWrong {
		t.wrong = t.wrong[1:]
	}
	g.find(guesser{"", address}).add(now, freePerAddress, maxWaitAddress)
}

func (t *tally) add(now time.Time, free int, limit time.Duration) {
	t.count++
	t.last = now
	if n := t.count - free; n >= 0 {
		t.until = now.Add(min(limit, time.Second<<min(n, 20)))
	}
}

// passed forgets the wrong passwords of a sender who then had the right one. What is known of the address stays, or a guesser
// with an account of their own could go on for ever.
func (g *guard) passed(user, address string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.find(guesser{user, address})
	t.count, t.until, t.wrong = 0, time.Time{}, nil
}

// Codes are short. Who types them has the password, so that wrong ones may be counted for the account alone, too.
const (
	freeCodes    = 10
	maxWaitCodes = 5 * time.Minute
)

// anywhere stands for all addresses from which codes of a user are typed. It is none.
const anywhere = "codes"

// waitCode is how long the sender has to wait before another code of the user is looked at.
func (s *Service) waitCode(user, address string) time.Duration {
	return max(s.guard.wait(user, address), s.codes.wait(user, anywhere))
}

// failedCode counts a wrong code as a wrong password, and for the user alone. The latter is in a guard of its own, from which strangers push nothing out.
func (s *Service) failedCode(user, address string) {
	for _, g := range []*guard{s.guard, s.codes} {
		g.mu.Lock()
		defer g.mu.Unlock()
	}
	now := s.guard.now()
	s.guard.find(guesser{user, address}).add(now, freePerAccount, maxWaitAccount)
	s.guard.find(guesser{"", address}).add(now, freePerAddress, maxWaitAddress)
	s.codes.find(guesser{user, anywhere}).add(now, freeCodes, maxWaitCodes)
}

// passedCode forgets the wrong codes and passwords of a sender who then had the right ones.
func (s *Service) passedCode(user, address string) {
	s.guard.passed(user, address)
	s.codes.passed(user, anywhere)
}
