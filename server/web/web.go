// Package web is the front door for people: the Sync Center as pages in a browser, and as an API over HTTP. It stands beside the doors of phones and desktops
// at the same addresses. Whatever a request asks of the hub goes through the view of the person who sent it (package center/scope).
package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tandem"
	"tandem/center"
	"tandem/center/notify"
	"tandem/center/scope"
	"tandem/kind"
	"tandem/partner/account"
	"tandem/provider"
	"tandem/server/listen"
	"tandem/server/metrics"
	"tandem/server/web/api"
	"tandem/server/web/asset"
	"tandem/server/web/login"
	"tandem/server/web/page"
	"tandem/server/web/streams"
	"tandem/store"
)

// Config is what the door stands on. Everything without a remark must be set.
type Config struct {
	Hub       center.Service
	Store     *store.Store
	Accounts  *account.Service
	Places    *provider.Registry
	Kind      func(tandem.Kind) (kind.Handler, bool) // what bodies mean; nil: not known
	Base      func(r *http.Request) string           // the public address without a path: "https://sync.example.org:8443"
	Trust     func(remote string) bool               // whether a reverse proxy at this address is believed; nil: none is
	Public    string                                 // the path below which links to collections lead; "": their secrets are shown alone
	Authority string                                 // fingerprint of the hub's own authority; "": a public one vouches for the hub
	Version   string
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger
	Slowest   time.Duration // who takes longer for a message of a stream is cut off; 0: 30 s
	Metrics   http.Handler  // answers administrators at metrics.Path; nil: nobody
	Again     time.Duration // how often it is looked whether somebody who follows a stream is still let in; 0: 15 s
}

// Door is the door. It implements http.Handler.
type Door struct {
	cfg   Config
	Login *login.Service
	Open  *streams.Count // the streams that are open
	http  http.Handler
}

// New makes the door.
func New(cfg Config) (*Door, error) {
	if cfg.Kind == nil {
		cfg.Kind = func(tandem.Kind) (kind.Handler, bool) { return nil, false }
	}
	if cfg.Slowest == 0 {
		cfg.Slowest = 30 * time.Second
	}
	open := &streams.Count{}
	d := &Door{cfg: cfg, Open: open}
	pages, err := page.New(page.Config{Service: d.Service, Streams: open, Slowest: cfg.Slowest, Person: person, Places: cfg.Places, Kind: cfg.Kind, Visits: d.visits, EndVisit: d.endVisit,
		Password: d.password, Check: d.check, Renew: d.renew, Reads: d.reads, PasskeysWork: func(r *http.Request) bool { return d.Login.PasskeysWork(r) }, Link: d.link, Base: cfg.Base, Fingerprint: cfg.Authority, Version: cfg.Version, Now: cfg.Now, Log: cfg.Log})
	if err != nil {
		return nil, err
	}
	show := func(w http.ResponseWriter, r *http.Request, status int, v login.View) {
		pages.Login(w, r, status, page.LoginView(v))
	}
	fail := func(w http.ResponseWriter, _ *http.Request, err error) { api.Fail(w, err, cfg.Log) }
	d.Login, err = login.New(login.Config{Accounts: cfg.Accounts, Hub: cfg.Hub, Store: cfg.Store, Remote: d.remote, Secure: d.secure, TLS: d.tls, Base: cfg.Base, Show: show, Fail: fail,
		Now: cfg.Now, Log: cfg.Log, Again: cfg.Again})
	if err != nil {
		return nil, err
	}
	service, err := api.New(api.Config{Service: d.Service, Streams: open, Slowest: cfg.Slowest, Login: d.Login, Places: cfg.Places, Version: cfg.Version, Log: cfg.Log})
	if err != nil {
		return nil, err
	}
	outside := http.NewServeMux() // for everybody
	d.Login.Register(outside)
	outside.Handle("GET "+asset.Path, pages.Assets)
	outside.HandleFunc("GET "+page.WorkerPath, pages.Worker)
	inside := http.NewServeMux() // for those who are logged in
	pages.Register(inside)
	d.Login.RegisterInside(inside)
	outside.Handle(api.Path, service)
	outside.Handle("GET "+api.Events, d.Login.While(service))
	outside.Handle("GET "+page.Live, d.Login.While(d.guarded(inside)))
	if cfg.Metrics != nil {
		outside.Handle("GET "+metrics.Path, admins(cfg.Metrics, cfg.Log))
	}
	outside.Handle("/", d.guarded(inside))
	d.http = headers(d.Login.Identify(outside, d.fail))
	return d, nil
}

// ServeHTTP implements http.Handler.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.http.ServeHTTP(w, r) }

// Service is the hub as the person sees it who sent the request of a context. Nobody sees nothing.
func (d *Door) Service(ctx context.Context) center.Service {
	p, _ := login.From(ctx)
	from := "web"
	if p.Visit.ID == 0 {
		from = "api"
	}
	return scope.New(scope.Config{Hub: d.cfg.Hub, Store: d.cfg.Store, Places: d.cfg.Places, Now: d.cfg.Now}, scope.Who{User: p.User.Name, Admin: p.Admin, App: p.App, From: from})
}

// person is who asks, as the pages know them.
func person(ctx context.Context) (page.Person, bool) {
	p, ok := login.From(ctx)
	return page.Person{User: p.User, Admin: p.Admin, CSRF: p.CSRF(), Visit: p.Visit.ID}, ok
}

// reads notes the language in which a person sees the pages, so that they can be told in it while no browser asks.
func (d *Door) reads(ctx context.Context, lang string) error {
	p, ok := login.From(ctx)
	if !ok || p.User.Props.Get(notify.PagesProp) == lang {
		return nil
	}
	return d.cfg.Store.Accounts.SetProps(ctx, p.User.Name, map[string]string{notify.PagesProp: lang})
}

func (d *Door) visits(ctx context.Context) ([]store.Visit, error) {
	p, _ := login.From(ctx)
	return d.Login.Visits(ctx, p)
}

func (d *Door) endVisit(ctx context.Context, id int64) error {
	p, _ := login.From(ctx)
	return d.Login.EndVisit(ctx, p, id)
}

// password changes a person's own password. Whoever finds a browser open must not be able to take the account over with it.
func (d *Door) password(w http.ResponseWriter, r *http.Request, old, password string) error {
	p, _ := login.From(r.Context())
	if err := d.Login.Check(r, p, old); err != nil {
		return err
	}
	if err := d.Service(r.Context()).SetPassword(r.Context(), p.User.Name, password); err != nil {
		return err
	}
	return d.Login.Renew(w, r)
}

// check reports whether a password is the person's own.
func (d *Door) check(r *http.Request, password string) error {
	p, _ := login.From(r.Context())
	return d.Login.Check(r, p, password)
}

func (d *Door) renew(w http.ResponseWriter, r *http.Request) error { return d.Login.Renew(w, r) }

// link is the address of a link to a collection.
func (d *Door) link(r *http.Request, secret string) string {
	if d.cfg.Public == "" {
		return secret
	}
	return d.cfg.Base(r) + d.cfg.Public + secret + "/"
}

// guarded lets in who is logged in, and shows others where to do that.
func (d *Door) guarded(next *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, pattern := next.Handler(r)
		if _, ok := login.From(r.Context()); ok || pattern == "" { // that there is nothing may be known to everybody
			next.ServeHTTP(w, r)
			return
		}
		to := login.Path
		if r.Method == http.MethodGet && r.URL.Path != "/" {
			to += "?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	})
}

// admins lets administrators in. App passwords never are one's.
func admins(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch p, ok := login.From(r.Context()); {
		case !ok:
			api.Unauthorized(w, r, "nobody is logged in")
		case !p.Admin:
			api.Fail(w, &tandem.Error{Kind: tandem.Denied, Op: "answer", Thing: r.URL.Path, Err: errors.New("this is for administrators of the hub")}, log)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// headers sets what every answer of the door has.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; "+
			"form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// fail answers where a request is refused before anything looks at it.
func (d *Door) fail(w http.ResponseWriter, r *http.Request, err error) {
	if account.Beyond(err) {
		d.cfg.Log.Warn("an app password was used for what it is not for", "method", r.Method, "path", r.URL.Path, "err", err)
		api.Fail(w, err, d.cfg.Log)
		return
	}
	if e := (*tandem.Error)(nil); errors.As(err, &e) && e.Kind == tandem.Denied && e.Op == "log in" && d.secure(r) {
		api.Unauthorized(w, r, e.Err.Error())
		return
	}
	api.Fail(w, err, d.cfg.Log)
}

func (d *Door) remote(r *http.Request) string { return listen.Remote(r, d.cfg.Trust) }

// tls reports whether the browser speaks TLS, to the hub or to a proxy before it.
func (d *Door) tls(r *http.Request) bool { return strings.HasPrefix(d.cfg.Base(r), "https://") }

// secure reports whether nobody can listen.
func (d *Door) secure(r *http.Request) bool { return d.tls(r) || loopback(r) }

// loopback reports whether a request comes from this computer and speaks of it as such. A name that somebody else's server resolves to here is none.
func loopback(r *http.Request) bool {
	remote, _, err := net.SplitHostPort(r.RemoteAddr)
	if ip := net.ParseIP(remote); err != nil || ip == nil || !ip.IsLoopback() {
		return false
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
