package sieve

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"tandem"
	"tandem/partner/away"
	"tandem/partner/outgoing"
	"tandem/store"
)

// Account is the server at which a user's scripts are.
type Account struct {
	Host string `json:"host"`
	Port int    `json:"port"`
	TLS  string `json:"tls"` // as Server.TLS
	User string `json:"user"`

	// Guarded says that it was named by somebody who does not administer the hub: it is reached by Service.Guard. Who asks does not set it.
	Guarded bool `json:"guarded,omitempty" readOnly:"true" doc:"set by the hub: not by an administrator, so that it must be a server on the internet"`
}

// The properties of a user: where the Account is kept, and which settings the server has.
const (
	accountProp = "sieve"
	doneProp    = "sieve-done"
)

func secretName(user string) string { return "sieve/" + user }

// AccountOf is a user's server; ok is false if none was named.
func AccountOf(u store.User) (a Account, ok bool) {
	text := u.Props.Get(accountProp)
	return a, text != "" && json.Unmarshal([]byte(text), &a) == nil
}

// Service keeps servers in step with what users set. Everything without a remark must be set.
type Service struct {
	Accounts store.Accounts
	Secrets  outgoing.Secrets
	Domains  []string                                                          // whose people are internal
	Roots    *tls.Config                                                       // nil: the system's
	Dial     func(ctx context.Context, address string) (net.Conn, error)       // nil: the network
	Guard    func(ctx context.Context, user, address string) (net.Conn, error) // connects a user to servers of accounts that are Guarded; nil: those are refused
	Log      *slog.Logger                                                      // nil: nowhere

	wake chan struct{}
	one  *sync.Mutex // held by who tells a server, so that one does it at a time
}

// New makes a service of what is set in s.
func New(s Service) *Service {
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	s.wake, s.one = make(chan struct{}, 1), &sync.Mutex{}
	return &s
}

func (a Account) check() error {
	ip := net.ParseIP(a.Host)
	switch {
	case a.Host == "", a.User == "":
		return errors.New("it has no host or no login")
	case len(a.Host) > 255: // RFC 1035 2.3.4
		return errors.New("the name of the server is too long")
	case strings.ContainsAny(a.Host, " \t\"<>/@\\"):
		return fmt.Errorf("%q is no name or number of a computer", a.Host)
	case a.Port < 1 || a.Port > 65535:
		return fmt.Errorf("%d is no port", a.Port)
	case a.TLS != "tls" && a.TLS != "starttls" && a.TLS != "none":
		return fmt.Errorf("tls is %q and not tls, starttls or none", a.TLS)
	case a.TLS == "none" && a.Host != "localhost" && (ip == nil || !ip.IsLoopback()):
		return errors.New("without encryption, passwords go to servers on this computer only")
	}
	return nil
}

// SetAccount names a user's server, after it was reached with the password; an empty password leaves the one that is kept. Invalid, Denied, NotFound.
func (s *Service) SetAccount(ctx context.Context, user string, a Account, password string) error {
	if err := a.check(); err != nil {
		return &tandem.Error{Kind: tandem.Invalid, Op: "set filter server of", Thing: user, Err: err, Remedy: "give host, port, login and tls|starttls"}
	}
	if _, err := s.Accounts.User(ctx, user); err != nil {
		return err
	}
	if password == "" {
		var err error
		if password, err = s.Secrets.Get(ctx, secretName(user)); err != nil {
			return err
		}
		u, err := s.Accounts.User(ctx, user)
		if err != nil {
			return err
		}
		if old, ok := AccountOf(u); ok && !strings.EqualFold(old.Host, a.Host) { // who names servers need not be who knows the password
			return &tandem.Error{Kind: tandem.Invalid, Op: "set filter server of", Thing: user, Err: errors.New("the password that is kept is for another server"), Remedy: "give the password, too"}
		}
	}
	c, err := Dial(ctx, s.server(user, a, password))
	if err != nil {
		return err
	}
	can := c.Can("vacation")
	if err := errors.Join(c.Close()); err != nil || !can {
		return &tandem.Error{Kind: tandem.Invalid, Op: "set filter server of", Thing: user, Err: errors.Join(err, errors.New("the server's filters answer nobody"))}
	}
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if err := s.Secrets.Put(ctx, secretName(user), password); err != nil {
		return err
	}
	if err := s.Accounts.SetProps(ctx, user, map[string]string{accountProp: string(text), doneProp: ""}); err != nil {
		return err
	}
	s.Changed()
	return nil
}

// RemoveAccount takes our script from a user's server, and forgets the server.
func (s *Service) RemoveAccount(ctx context.Context, user string) error {
	u, err := s.Accounts.User(ctx, user)
	if err != nil {
		return err
	}
	a, ok := AccountOf(u)
	if !ok {
		return nil
	}
	s.one.Lock()
	defer s.one.Unlock()
	if err := s.turn(ctx, u, a, away.Settings{}); err != nil {
		return err
	}
	if err := s.Accounts.SetProps(ctx, user, map[string]string{accountProp: "", doneProp: ""}); err != nil {
		return err
	}
	return s.Forget(ctx, user)
}

// Forget removes the password that is kept for a user who is no more.
func (s *Service) Forget(ctx context.Context, user string) error {
	return s.Secrets.Put(ctx, secretName(user), "")
}

// waiting is how long a person waits for a server.
const waiting = 20 * time.Second

// Tell brings a user's server to what was just set, at once. Where that fails the person hears of it; Run goes on trying.
func (s *Service) Tell(ctx context.Context, user string) error {
	s.Changed()
	u, err := s.Accounts.User(ctx, user)
	if err != nil {
		return err
	}
	a, ok := AccountOf(u)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, waiting)
	defer cancel()
	if err := s.push(ctx, u); err != nil {
		return &tandem.Error{Kind: tandem.Transient, Op: "tell the mail server of", Thing: user, Err: fmt.Errorf("what was set is kept, and %s does not know of it yet: %w", a.Host, err),
			Remedy: "a hub that is served tries again every five minutes; what the server answered before it goes on to answer until then"}
	}
	return nil
}

// Leave takes our script from the server of a user who is about to be removed. The error tells what stays there.
func (s *Service) Leave(ctx context.Context, user string) error {
	u, err := s.Accounts.User(ctx, user)
	if err != nil {
		return nil // who is not there left nothing
	}
	a, ok := AccountOf(u)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, waiting)
	defer cancel()
	s.one.Lock()
	defer s.one.Unlock()
	err = s.turn(ctx, u, a, away.Settings{})
	if err == nil || u.Props.Get(doneProp) == "" { // it was never told anything
		return nil
	}
	return &tandem.Error{Kind: tandem.Transient, Op: "take the answer away from the mail server of", Thing: user, Err: fmt.Errorf("the script %s stays at %s, for %s: %w", Name, a.Host, a.User, err),
		Remedy: "delete that script there, among the account's filters; otherwise the server may go on answering"}
}

// Stay takes Leave back: the user was not removed.
func (s *Service) Stay(ctx context.Context, user string) error {
	u, err := s.Accounts.User(ctx, user)
	if _, ok := AccountOf(u); err != nil || !ok {
		return nil // there is nobody whose server is to be told
	}
	defer s.Changed()
	return s.Accounts.SetProps(ctx, user, map[string]string{doneProp: ""})
}

// Changed tells that somebody's settings changed.
func (s *Service) Changed() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// again is how long Run waits before it tries servers again that could not be reached.
const again = 5 * time.Minute

// Run keeps servers in step until ctx is done.
func (s *Service) Run(ctx context.Context) {
	for ctx.Err() == nil {
		var retry <-chan time.Time
		if s.Once(ctx) {
			t := time.NewTimer(again)
			defer t.Stop()
			retry = t.C
		}
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-retry:
		}
	}
}

// Once brings the servers to what is set, and reports whether one could not be.
func (s *Service) Once(ctx context.Context) (failed bool) {
	users, err := s.Accounts.Users(ctx)
	if err != nil {
		s.Log.Error("users not listed", "err", err)
		return true
	}
	for _, u := range users {
		if err := s.push(ctx, u); err != nil && ctx.Err() == nil {
			failed = true
			s.Log.Error("mail server not told that somebody is away", "user", u.Name, "err", err)
		}
	}
	return failed
}

// push brings a user's server to what is set. What the server cannot do is not tried again until it is set otherwise.
func (s *Service) push(ctx context.Context, u store.User) error {
	s.one.Lock()
	defer s.one.Unlock()
	u, err := s.Accounts.User(ctx, u.Name) // another may have done it meanwhile
	if err != nil {
		return err
	}
	a, ok := AccountOf(u)
	want := s.mark(u)
	if done := u.Props.Get(doneProp); !ok || done == want || done == cannotMark+want {
		return nil
	}
	switch err := s.turn(ctx, u, a, away.Of(u)); {
	case cannot(err):
		s.Log.Warn("the mail server cannot answer while somebody is away; the hub does", "user", u.Name, "err", err)
		want = cannotMark + want
	case err != nil:
		return err
	}
	return s.Accounts.SetProps(ctx, u.Name, map[string]string{doneProp: want})
}

const cannotMark = "cannot "

// turn tells a server.
func (s *Service) turn(ctx context.Context, u store.User, a Account, set away.Settings) error {
	password, err := s.Secrets.Get(ctx, secretName(u.Name))
	if err != nil {
		return err
	}
	c, err := Dial(ctx, s.server(u.Name, a, password))
	if err != nil {
		return err
	}
	defer c.Close()
	return Turn(c, set, addresses(u), s.Domains)
}

func (s *Service) server(user string, a Account, password string) Server {
	dial := s.Dial
	if a.Guarded {
		dial = s.guard(user)
	}
	return Server{Host: a.Host, Port: a.Port, TLS: a.TLS, User: a.User, Password: password, Roots: s.Roots, Dial: dial}
}

// mark names what a user's server must have.
func (s *Service) mark(u store.User) string {
	h := sha256.New()
	fmt.Fprintf(h, "1\x00%s\x00%q\x00%q", u.Props.Get(away.Prop), addresses(u), s.Domains)
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// Answers reports whether a user's server answers while the user is away, as it is set now, so that the hub must not.
func (s *Service) Answers(_ context.Context, u store.User, _ int64) bool {
	_, ok := AccountOf(u)
	return ok && u.Props.Get(doneProp) == s.mark(u)
}

// addresses are a user's addresses, the one to be written from first.
func addresses(u store.User) []string {
	var out []string
	for _, a := range []string{outgoing.Address(u), u.Address} {
		if a = strings.ToLower(a); strings.Contains(a, "@") && (len(out) == 0 || out[0] != a) {
			out = append(out, a)
		}
	}
	return out
}

// guard connects for a user who does not administer the hub.
func (s *Service) guard(user string) func(ctx context.Context, address string) (net.Conn, error) {
	return func(ctx context.Context, address string) (net.Conn, error) {
		if s.Guard == nil {
			return nil, &tandem.Error{Kind: tandem.Denied, Op: "connect to", Thing: address, Err: errors.New("only administrators name filter servers here"), Remedy: "ask one to set it"}
		}
		return s.Guard(ctx, user, address)
	}
}
