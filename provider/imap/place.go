package imap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"tandem"
	"tandem/internal/oauth"
	"tandem/internal/tlstrust"
	"tandem/provider"
)

// spot is a place taken apart: an account at a server, and a mailbox of it.
type spot struct {
	place  provider.Place
	env    provider.Env
	secure bool // TLS from the first byte
	user   string
	host   string   // without port
	addr   string   // with port
	path   []string // names of the mailbox and those above it; empty: the account
}

func parse(secure bool, place provider.Place, env provider.Env) (*spot, error) {
	s := &spot{place: place, env: env, secure: secure}
	fail := func(why string) error {
		return &tandem.Error{Kind: tandem.Invalid, Op: "read place", Thing: place.Text, Err: errors.New(why), Remedy: "write it like imaps://anna@mail.example.org/INBOX"}
	}
	u, err := url.Parse("imap:" + place.Path)
	if err != nil || u.Hostname() == "" {
		return nil, fail("it names no server")
	}
	s.user, s.host = u.User.Username(), strings.ToLower(u.Hostname())
	if o := place.Options["user"]; o != "" {
		s.user = o
	}
	port := u.Port()
	if port == "" {
		port = map[bool]string{true: "993", false: "143"}[secure]
	}
	s.addr = net.JoinHostPort(s.host, port)
	for part := range strings.SplitSeq(strings.Trim(u.EscapedPath(), "/"), "/") {
		name, err := url.PathUnescape(part)
		if err != nil || strings.ContainsAny(name, "\x00\r\n") {
			return nil, fail("the name of the folder is malformed")
		}
		if part != "" {
			s.path = append(s.path, name)
		}
	}
	return s, nil
}

// text is a mailbox of the account as a place.
func (s *spot) text(path []string) string {
	user := ""
	if s.user != "" && s.place.Options["user"] == "" {
		user = url.User(s.user).String() + "@"
	}
	scheme, usual := "imap", ":143"
	if s.secure {
		scheme, usual = "imaps", ":993"
	}
	out := scheme + "://" + user + strings.TrimSuffix(s.addr, usual)
	for _, p := range path {
		out += "/" + url.PathEscape(p)
	}
	q := url.Values{}
	for _, o := range options() {
		if v := s.place.Options[o.Name]; v != "" && v != o.Default && !o.Secret {
			q.Set(o.Name, v)
		}
	}
	if len(q) > 0 {
		out += "?" + q.Encode()
	}
	return out
}

// key is the same for places that can share connections.
func (s *spot) key() string {
	out := fmt.Sprint(s.secure, " ", s.user, " ", s.addr)
	for _, o := range []string{"login", "password-from", "client-id", "oauth-token", "ca", "pin", "connections", "compress", provider.OnBehalf} {
		out += "\x00" + s.place.Options[o]
	}
	return out
}

// loopback tells whether the server is this machine, so that nobody listens on the way.
func (s *spot) loopback() bool {
	ip := net.ParseIP(s.host)
	return s.host == "localhost" || ip != nil && ip.IsLoopback()
}

func (s *spot) relogin() string {
	return fmt.Sprintf("log in again with `tandem partner login '%s'`", s.place.Text)
}

// secretName is what an account's secret is kept under: it does not hang on the mailbox.
func (s *spot) secretName(what string) string {
	return fmt.Sprintf("%s of %s at %s", what, s.user, s.host)
}

func (s *spot) secret(ctx context.Context, what string) (string, error) {
	return provider.AccountSecret(ctx, s.place, s.env, what, s.host, s.secretName(what))
}

func (s *spot) trust() (*tls.Config, error) {
	var ca []byte
	if path := s.place.Options["ca"]; path != "" {
		var err error
		if ca, err = provider.ReadSmall(path); err != nil {
			return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "read certificates", Thing: path, Err: err}
		}
	}
	cfg, err := tlstrust.Config(s.place.Options["pin"], ca)
	if err != nil {
		return nil, err
	}
	cfg.ServerName = s.host
	return cfg, nil
}

// tokens is where an account's bearer tokens come from.
type tokens interface {
	Token(ctx context.Context, stale string) (string, error)
}

// password is a token that never changes.
type password struct{ *spot }

// Token implements tokens.
func (p password) Token(ctx context.Context, stale string) (string, error) {
	if stale != "" {
		return "", &tandem.Error{Kind: tandem.Denied, Op: "log in at", Thing: p.host, Err: errors.New("the server does not accept the token"), Remedy: p.relogin()}
	}
	return p.secret(ctx, "password")
}

func (s *spot) tokens() (tokens, error) {
	o := s.place.Options
	switch o["login"] {
	case "bearer":
		return password{s}, nil
	case "oauth":
	default:
		return nil, nil
	}
	invalid := func(remedy, format string, args ...any) error {
		return &tandem.Error{Kind: tandem.Invalid, Op: "read place", Thing: s.place.Text, Err: fmt.Errorf(format, args...), Remedy: remedy}
	}
	if o["client-id"] == "" {
		return nil, invalid("register a client with your provider and give its id, see doc/accounts.md", "login=oauth needs the option client-id")
	}
	at, known := oauth.For(s.host, "imap")
	if o["oauth-token"] != "" && (o["oauth-device"] != "" || o["oauth-authorize"] != "") {
		at, known = oauth.Endpoints{Device: o["oauth-device"], Auth: o["oauth-authorize"], Token: o["oauth-token"], Scope: o["oauth-scope"]}, true
	}
	for _, where := range []string{at.Device, at.Auth, at.Token} {
		if u, err := url.Parse(where); err != nil || where != "" && u.Scheme != "https" {
			return nil, invalid("a login goes over encrypted connections only", "%q is no https address", where)
		}
	}
	if !known {
		return nil, invalid("give the options oauth-token, oauth-scope and oauth-device or oauth-authorize, or use a password made for this program", "how to log in with OAuth at %s is not known", s.host)
	}
	if s.env.Keep == nil {
		return nil, invalid("", "there is no data folder to keep the login in")
	}
	secret := func(ctx context.Context) (string, error) { return s.secret(ctx, "client-secret") }
	return oauth.New(oauth.Config{Endpoints: at, ClientID: o["client-id"], ClientSecret: secret, Keep: s.env.Keep, Name: s.secretName("login"), Tell: s.env.Tell, Dial: s.env.Dial}), nil
}
