package dav

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"tandem"
	"tandem/internal/oauth"
	"tandem/provider"
	"tandem/provider/dav/conn"
)

// acct is a place taken apart: an account at a server, and what of it is meant.
type acct struct {
	service
	place provider.Place
	env   provider.Env
	user  string
	base  *url.URL // https://host:port/path
	mail  bool     // only a mail address was given: the domain must say where its server is
	link  *link
}

// parse reads the address of a place.
func (s service) parse(place provider.Place, env provider.Env) (*acct, error) {
	a := &acct{service: s, place: place, env: env}
	scheme := "http"
	if s.secure {
		scheme = "https"
	}
	fail := func(why string) error {
		return &tandem.Error{Kind: tandem.Invalid, Op: "read place", Thing: place.Text, Err: errors.New(why), Remedy: "write it like " + s.examples()[0]}
	}
	if !strings.HasPrefix(place.Path, "//") {
		user, domain, ok := cutLast(place.Path, "@")
		if !ok || user == "" || domain == "" || strings.ContainsAny(domain, "/ ") {
			return nil, fail("it names no server")
		}
		a.user, a.mail, a.base = place.Path, true, &url.URL{Scheme: scheme, Host: domain, Path: "/"}
	} else {
		u, err := url.Parse(scheme + ":" + place.Path)
		if err != nil || u.Host == "" || u.Hostname() == "" {
			return nil, fail("it names no server")
		}
		a.user = u.User.Username()
		u.User, u.Fragment = nil, ""
		if u.Path == "" {
			u.Path = "/"
		}
		a.base = u
	}
	if o := place.Options["user"]; o != "" {
		a.user = o
	}
	return a, nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// SecretName is the name under which an account's password is kept: it does not hang on the collection or the protocol.
func (a *acct) secretName(what string) string {
	host := a.base.Host
	return fmt.Sprintf("%s of %s at %s", what, a.user, host)
}

// connect makes the account's client. Nothing is asked yet.
func (a *acct) connect() error {
	relogin := fmt.Sprintf("log in again with `tandem partner login '%s'`", a.place.Text)
	o := a.place.Options
	cfg := conn.Config{User: a.user, Login: o["login"], Pin: o["pin"], Proxy: o["proxy"], Home: a.base, Relogin: relogin, Dial: a.env.Dial,
		Password: func(ctx context.Context) (string, error) { return a.secret(ctx, "password") }}
	a.remember(&cfg)
	if o["ca"] != "" {
		ca, err := provider.ReadSmall(o["ca"])
		if err != nil {
			return &tandem.Error{Kind: tandem.Unreadable, Op: "read certificates", Thing: o["ca"], Err: err}
		}
		cfg.CA = ca
	}
	switch o["login"] {
	case "bearer":
		cfg.Token = fixedToken(func(ctx context.Context) (string, error) { return a.secret(ctx, "password") })
	case "oauth":
		src, err := a.oauth()
		if err != nil {
			return err
		}
		cfg.Token = src
	}
	c, err := conn.New(cfg)
	if err != nil {
		return err
	}
	a.link = &link{Client: c, relogin: relogin}
	return nil
}

// remember keeps how the server wants to be logged in to, beside the password where that is kept.
func (a *acct) remember(cfg *conn.Config) {
	if a.env.Keep == nil || a.place.Options["password-from"] != "" {
		return
	}
	name := fmt.Sprintf("way to log in of %s at %s://%s", a.user, a.base.Scheme, a.base.Host)
	cfg.Manner = func(ctx context.Context) string {
		manner, err := a.env.Keep.Get(ctx, name)
		if err != nil {
			return "" // the server tells
		}
		return manner
	}
	cfg.Learned = func(ctx context.Context, manner string) {
		if err := a.env.Keep.Put(ctx, name, manner); err != nil && a.env.Log != nil {
			a.env.Log.Warn("how to log in could not be kept", "server", a.base.Host, "error", err)
		}
	}
}

// oauth is the source of tokens for an account.
func (a *acct) oauth() (conn.Tokens, error) {
	id := a.place.Options["client-id"]
	if id == "" {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read place", Thing: a.place.Text, Err: errors.New("login=oauth needs the option client-id"),
			Remedy: "register a client with your provider and give its id, see doc/accounts.md"}
	}
	o := a.place.Options
	endpoints, ok := oauth.For(a.base.Hostname(), a.name)
	if o["oauth-token"] != "" && (o["oauth-device"] != "" || o["oauth-authorize"] != "") {
		endpoints, ok = oauth.Endpoints{Device: o["oauth-device"], Auth: o["oauth-authorize"], Token: o["oauth-token"], Scope: o["oauth-scope"]}, true
	}
	for _, at := range []string{endpoints.Device, endpoints.Auth, endpoints.Token} {
		if u, err := url.Parse(at); err != nil || at != "" && u.Scheme != "https" {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read place", Thing: a.place.Text, Err: fmt.Errorf("%q is no https address", at), Remedy: "a login goes over encrypted connections only"}
		}
	}
	if !ok {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read place", Thing: a.place.Text, Err: fmt.Errorf("how to log in with OAuth at %s is not known", a.base.Hostname()),
			Remedy: "give the options oauth-token, oauth-scope and oauth-device or oauth-authorize, or use login=auto with a password made for this program"}
	}
	if a.env.Keep == nil {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "log in", Thing: a.base.Host, Err: errors.New("there is no data folder to keep the login in")}
	}
	secret := func(ctx context.Context) (string, error) { return a.secret(ctx, "client-secret") }
	return oauth.New(oauth.Config{Endpoints: endpoints, ClientID: id, ClientSecret: secret, Keep: a.env.Keep, Name: a.secretName("login"), Tell: a.env.Tell, Dial: a.env.Dial}), nil
}

type fixedToken func(ctx context.Context) (string, error)

func (f fixedToken) Token(ctx context.Context, stale string) (string, error) {
	if stale != "" {
		return "", &tandem.Error{Kind: tandem.Denied, Op: "log in", Err: errors.New("the server does not accept the token"), Remedy: "make a new one and log in again"}
	}
	return f(ctx)
}

// secret reads one of the account's secrets from where the place says it is.
func (a *acct) secret(ctx context.Context, what string) (string, error) {
	return provider.AccountSecret(ctx, a.place, a.env, what, a.base.Host, a.secretName(what))
}
