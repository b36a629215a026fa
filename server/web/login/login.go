// Package login lets people into the web page and the API: by a cookie that stands for a visit, or by name and password with each request. Who it is, and
// with which rights, is in the context of the request for everything behind it (From).
//
// # Visits
//
// A visit is a browser that is logged in. It shows a random token in a cookie that scripts cannot read; the store has the token's hash only. A visit ends
// when it is not used for a week, a month after it began, when its user ends it from anywhere, and when the password it was begun with is changed, whoever
// changed it and however: it is bound to the hash of that password. Every log-in makes a new token.
//
// Who wants codes asked for gives one in a second step. Between the two nobody is logged in: the page carries a ticket (account.Enter).
//
// # Passkeys
//
// A passkey (WebAuthn) stands for both: the device checks who uses it. It is asked for without a name. Browsers have them only for names of hubs, under TLS or of this
// computer.
//
// # Requests that change something
//
// They must come from the page itself. Browsers say where a request comes from (Sec-Fetch-Site, Origin), and what comes from elsewhere is refused; besides,
// requests under a cookie must repeat a second token that only the page can read, in a header or a field of the form.
//
// # Name and password
//
// Programs send a name and a password with each request (RFC 7617), where nobody can read it on the way. With an app password they may look and sync, but
// change neither log-ins nor people. The own password of somebody who wants codes asked for opens nothing there.
package login

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"tandem"
	"tandem/center"
	"tandem/partner/account"
	"tandem/store"
)

// Config is what a Service stands on. Everything without a remark must be set.
type Config struct {
	Accounts *account.Service
	Hub      center.Users
	Store    *store.Store
	Remote   func(r *http.Request) string // the network address of a client
	Secure   func(r *http.Request) bool   // nobody can listen: TLS, or within this computer
	TLS      func(r *http.Request) bool   // the browser speaks TLS, to the hub or to a proxy before it
	Base     func(r *http.Request) string // the public address without a path: "https://sync.example.org:8443"
	Show     func(w http.ResponseWriter, r *http.Request, status int, v View)
	Fail     func(w http.ResponseWriter, r *http.Request, err error) // answers scripts
	Now      func() time.Time                                        // nil: time.Now
	Random   io.Reader                                               // nil: crypto/rand
	Log      *slog.Logger
	Idle     time.Duration // after which an unused visit is over; 0: a week
	Life     time.Duration // after which any is; 0: 30 days
	Again    time.Duration // how often it is looked whether somebody who follows a stream is still let in; 0: 15 s
}

// View is what a page of this package shows.
type View struct {
	First    bool   // the first administrator is made
	Problem  string // what was wrong with the last attempt
	Refused  error  // the same of what was typed to make the first administrator
	Name     string // as typed
	Fixed    bool   // the name is given
	Next     string // where to go afterwards, a path of this hub
	Insecure bool   // a password is not asked for here: others could read it
	Ticket   string // not empty: the password was right, and a code is asked for
	Passkeys bool   // a passkey can be used here
}

// Service lets people in. Its methods may be called concurrently.
type Service struct {
	cfg     Config
	cross   *http.CrossOriginProtection
	refused refusals
	ends    ends
	asked   *ceremonies

	mu    sync.Mutex // guards what follows
	first string     // the code of the set-up link, "": none
}

// New makes a service.
func New(cfg Config) (*Service, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	if cfg.Idle == 0 {
		cfg.Idle = 7 * 24 * time.Hour
	}
	if cfg.Life == 0 {
		cfg.Life = 30 * 24 * time.Hour
	}
	if cfg.Again == 0 {
		cfg.Again = again
	}
	s := &Service{cfg: cfg, cross: http.NewCrossOriginProtection(), asked: &ceremonies{key: make([]byte, 32), done: map[string]time.Time{}}}
	if _, err := io.ReadFull(cfg.Random, s.asked.key); err != nil {
		return nil, &tandem.Error{Op: "draw random key", Err: err}
	}
	return s, nil
}

// Person is who asks.
type Person struct {
	User  store.User
	Admin bool
	App   bool        // an app password let them in
	Visit store.Visit // zero for a request with name and password
	csrf  string
	proof tandem.Digest // stands for the password that let them in; zero for an app password
	login int64         // of a request with name and password
}

// CSRF is what a form or script of the page repeats with a request that changes something: the field "csrf", or the header X-CSRF-Token.
func (p Person) CSRF() string { return p.csrf }

type key struct{}

// From is who asks, false if nobody is logged in.
func From(ctx context.Context) (Person, bool) {
	p, ok := ctx.Value(key{}).(Person)
	return p, ok
}

// With is a context in which a person asks.
func With(ctx context.Context, p Person) context.Context { return context.WithValue(ctx, key{}, p) }

// The names of the cookie. The prefix makes browsers insist on TLS, the whole host and no other path. RFC 6265bis 4.1.3.2
const (
	secureCookie = "__Host-tandem"
	plainCookie  = "tandem"
)

func (s *Service) cookieName(r *http.Request) string {
	if s.cfg.TLS(r) {
		return secureCookie
	}
	return plainCookie
}

func (s *Service) cookie(r *http.Request, token string, age time.Duration) *http.Cookie {
	c := &http.Cookie{Name: s.cookieName(r), Value: token, Path: "/", HttpOnly: true, Secure: s.cfg.TLS(r), SameSite: http.SameSiteLaxMode, MaxAge: int(age / time.Second)}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}

func (s *Service) random() (string, error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(s.cfg.Random, raw); err != nil {
		return "", &tandem.Error{Op: "draw random token", Err: err}
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

func hashOf(token string) tandem.Digest { return sha256.Sum256([]byte(token)) }

// csrfOf is the second token of a visit. The page may know it; the first one does not follow from it.
func csrfOf(token string) string {
	m := hmac.New(sha256.New, []byte(token))
	m.Write([]byte("tandem csrf"))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// visitor finds out who asks by cookie. A visit that is over is none.
func (s *Service) visitor(r *http.Request) (Person, error) {
	c, err := r.Cookie(s.cookieName(r))
	if err != nil || len(c.Value) != 43 {
		return Person{}, errNobody
	}
	ctx := r.Context()
	v, err := s.cfg.Store.Visits.Visit(ctx, hashOf(c.Value))
	if err != nil {
		return Person{}, nobody(err)
	}
	now := s.cfg.Now().Unix()
	if v.Until <= now || now-v.Used >= int64(s.cfg.Idle/time.Second) {
		return Person{}, errNobody
	}
	proof, err := s.cfg.Accounts.Proof(ctx, v.User)
	if err != nil {
		return Person{}, nobody(err)
	}
	if proof != v.Proof {
		return Person{}, errNobody
	}
	u, err := s.cfg.Store.Accounts.User(ctx, v.User)
	if err != nil {
		return Person{}, nobody(err)
	}
	if remote := s.cfg.Remote(r); now-v.Used >= 60 || v.From != remote {
		v.Used, v.From = now, remote
		// A use that could not be noted only brings the end nearer.
		_ = s.cfg.Store.Visits.UseVisit(ctx, v.ID, now, remote)
	}
	return Person{User: u, Admin: account.IsAdmin(u), Visit: v, csrf: csrfOf(c.Value), proof: proof}, nil
}

var errNobody = errors.New("nobody is logged in")

// nobody is errNobody for what is simply not there.
func nobody(err error) error {
	if tandem.IsKind(err, tandem.NotFound) {
		return errNobody
	}
	return err
}

// basic finds out who asks by name and password.
func (s *Service) basic(r *http.Request, header string) (Person, error) {
	if !s.cfg.Secure(r) {
		return Person{}, &tandem.Error{Kind: tandem.Denied, Op: "log in", Err: errors.New("others could read the password on the way"), Remedy: "use https"}
	}
	remote := s.cfg.Remote(r)
	u, l, err := s.cfg.Accounts.AdmitBasic(r.Context(), header, remote, account.Use{Doors: []account.Door{account.API}, Writes: !safe(r.Method)})
	if account.Beyond(err) {
		s.refuse(r.Context(), nameOf(err), "api", remote)
		return Person{}, err
	}
	if err != nil {
		if tandem.IsKind(err, tandem.Denied) || tandem.IsKind(err, tandem.Busy) {
			s.refuse(r.Context(), "", "api", remote)
		}
		return Person{}, err
	}
	p := Person{User: u, Admin: account.IsAdmin(u) && l.Label == "", App: l.Label != "", login: l.ID}
	if !p.App {
		p.proof, err = s.cfg.Accounts.Proof(r.Context(), u.Name)
	}
	return p, err
}

// nameOf is of whom an error of a log-in is.
func nameOf(err error) string {
	var e *tandem.Error
	if errors.As(err, &e) {
		return e.Thing
	}
	return ""
}

// Identify finds out who asks, and passes the request on with or without. fail answers where that cannot be found out.
func (s *Service) Identify(next http.Handler, fail func(w http.ResponseWriter, r *http.Request, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.cross.Check(r); err != nil {
			fail(w, r, &tandem.Error{Kind: tandem.Denied, Op: "answer", Thing: r.Method + " " + r.URL.Path, Err: errors.New("the request comes from another site")})
			return
		}
		var p Person
		var err error
		header := r.Header.Get("Authorization")
		if program := strings.HasPrefix(r.URL.Path, "/api/") || r.URL.Path == "/metrics"; program && header != "" {
			p, err = s.basic(r, header)
		} else {
			p, err = s.visitor(r)
		}
		switch {
		case errors.Is(err, errNobody):
		case err != nil:
			fail(w, r, err)
			return
		default:
			r = r.WithContext(With(r.Context(), p))
		}
		if err == nil && p.Visit.ID != 0 && !safe(r.Method) {
			if !hmac.Equal([]byte(s.repeated(w, r)), []byte(p.csrf)) {
				fail(w, r, &tandem.Error{Kind: tandem.Denied, Op: "answer", Thing: r.Method + " " + r.URL.Path, Err: errors.New("the request does not come from a page of this hub, or from one that is too old"),
					Remedy: "load the page again"})
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// safe methods change nothing. RFC 9110 9.2.1
func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// maxForm bounds a form in bytes.
const maxForm = 1 << 20

// repeated is the second token of a request, from its header or its form.
func (s *Service) repeated(w http.ResponseWriter, r *http.Request) string {
	if t := r.Header.Get("X-CSRF-Token"); t != "" {
		return t
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return ""
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	return r.PostFormValue("csrf")
}
