package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem"
	"tandem/center"
	"tandem/center/notify"
	"tandem/center/webhook"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/kind/object"
	"tandem/partner/account"
	"tandem/partner/away/sieve"
	"tandem/partner/device"
	"tandem/partner/outgoing"
	"tandem/partner/seal"
	"tandem/partner/trace"
	"tandem/provider"
	allproviders "tandem/provider/all"
	"tandem/provider/home"
	"tandem/provider/maildir"
	"tandem/provider/memory"
	"tandem/server/web"
	"tandem/session"
	"tandem/store"
	"tandem/store/sqlite"
)

// kit is a hub with its web door, served with TLS, and two users: anna administers it, ben does not.
type kit struct {
	*testing.T
	dir      string
	st       *store.Store
	hub      *center.Hub
	accounts *account.Service
	devices  *device.Service
	traces   *trace.Book
	door     *web.Door
	srv      *httptest.Server
	ends     sync.Map // by address of a browser: a channel that is closed when the door has ended its connection
	places   map[string]*memory.Store
	registry *provider.Registry
	clock    func() time.Time // nil: the real one
	opened   time.Time        // when the door was

	slowest, again time.Duration // of the door; 0: its own

	tells bool // people and webhooks are told, of nothing, since nothing goes out
	every bool // all providers that come with the program are there

	filters func(ctx context.Context, address string) (net.Conn, error) // reaches the servers that answer while people are away; nil: the network
}

const password = "correct horse"

// nowhere is a network on which nobody answers.
type nowhere struct{}

func (nowhere) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Err: errors.New("nobody answers at " + r.URL.Host)}
}

func newKit(t *testing.T, places ...string) *kit {
	t.Helper()
	return (&kit{T: t, dir: t.TempDir()}).furnished(places...)
}

// furnished opens a kit, with these places and its users.
func (k *kit) furnished(places ...string) *kit {
	k.Helper()
	t := k.T
	k.places = map[string]*memory.Store{}
	for _, p := range places {
		k.places[p] = memory.New(p, memory.Knobs{})
	}
	k.open()
	for _, name := range []string{"anna", "ben"} {
		if _, err := k.hub.AddUser(k.Context(), store.User{Name: name, Title: strings.ToUpper(name)}, password); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// open opens the hub of the kit's folder, as a start of the program does.
func (k *kit) open() {
	k.Helper()
	st, err := sqlite.Open(k.dir, sqlite.Options{})
	k.must(err)
	k.st = st
	keeper, err := seal.Open(st.Secrets, k.dir)
	k.must(err)
	k.accounts, err = account.New(account.Config{Accounts: st.Accounts, Logins: st.Logins, Home: st.Home, Settings: st.Settings, Factors: st.Factors, Secrets: keeper, Now: k.clock, Cost: account.Cost{Memory: 16, Time: 1, Lanes: 1}})
	k.must(err)
	k.devices = device.New(device.Config{Devices: st.Devices, Settings: st.Settings, Events: st.Events, Secrets: keeper, Seen: func(d store.Device) { k.hub.DeviceSeen(d) }})
	known := kinds.Kinds()
	handler := func(x tandem.Kind) (kind.Handler, bool) {
		if h, ok := known[x]; ok {
			return h, true
		}
		return object.For(x)
	}
	opener := home.Opener{Store: st, Kinds: known}
	registry := provider.NewRegistry(k.provider(), k.network(), maildir.Provider(), home.Provider())
	if k.every {
		registry = allproviders.Registry()
	}
	k.registry = registry
	log := slog.New(slog.NewTextHandler(k.Output(), nil))
	k.traces = trace.New(nil)
	cfg := center.Config{
		Traces: k.traces,
		Store:  st, Places: registry, Kind: handler, Env: provider.Env{Home: opener, Keep: keeper, Kind: handler}, Accounts: k.accounts, Devices: k.devices, Secrets: keeper, Filters: sieve.New(sieve.Service{Accounts: st.Accounts, Secrets: keeper, Log: log, Dial: func(ctx context.Context, address string) (net.Conn, error) {
			if k.filters == nil {
				return (&net.Dialer{}).DialContext(ctx, "tcp", address)
			}
			return k.filters(ctx, address)
		}}),
		Outgoing: outgoing.New(outgoing.Service{Accounts: st.Accounts, Queue: st.Queue, Blobs: st.Blobs, Secrets: keeper, Log: log}), Log: log,
		OpenHome: func(c tandem.Collection) (*provider.Opened, error) {
			mine := opener
			mine.User = c.User
			return mine.Open(c)
		},
		Run: func(ctx context.Context, p session.Pair, o session.Options) (*session.Report, error) {
			return session.Run(ctx, session.Deps{Store: st}, p, o)
		},
	}
	if k.tells {
		cfg.Notify = notify.New(notify.Config{Accounts: st.Accounts, Notices: st.Notices, Log: log})
		cfg.Push = &notify.Push{Notices: st.Notices, Secrets: keeper}
		cfg.Hooks = webhook.New(webhook.Config{Hooks: st.Hooks, Accounts: st.Accounts, Settings: st.Settings, Events: st.Events, Secrets: keeper, Client: &http.Client{Transport: nowhere{}}, Log: log})
	}
	k.hub = center.New(cfg)
	k.must(k.hub.Start(context.Background()))
	hub := k.hub
	k.Cleanup(func() {
		hub.Close()
		st.Close()
	})
	k.openDoor()
}

// openDoor opens the door of the hub that is open.
func (k *kit) openDoor() {
	k.Helper()
	var err error
	k.door, err = web.New(web.Config{Hub: k.hub, Store: k.st, Accounts: k.accounts, Places: k.registry, Kind: func(x tandem.Kind) (kind.Handler, bool) { h, ok := kinds.Kinds()[x]; return h, ok }, Version: "test", Log: slog.New(slog.NewTextHandler(k.Output(), nil)), Now: k.clock,
		Slowest: k.slowest, Again: k.again,
		Base: func(r *http.Request) string {
			if r.TLS != nil {
				return "https://" + r.Host
			}
			return "http://" + r.Host
		}})
	k.must(err)
	k.srv = httptest.NewUnstartedServer(k.door)
	k.srv.Config.ConnState = func(c net.Conn, s http.ConnState) {
		if end, ok := k.ends.Load(c.RemoteAddr().String()); ok && s == http.StateClosed {
			close(end.(chan struct{}))
		}
	}
	k.srv.StartTLS()
	k.opened = time.Now()
	if k.clock != nil {
		k.opened = k.clock()
	}
	srv := k.srv
	k.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
}

// reopenDoor opens the door anew, with the clock that was set.
func (k *kit) reopenDoor() {
	k.srv.CloseClientConnections()
	k.srv.Close()
	k.openDoor()
}

// moved is a browser that comes to where the hub is now, after it was at an older address.
func (k *kit) moved(old string, b *browser) *browser {
	k.Helper()
	from, err := url.Parse(old)
	k.must(err)
	to, err := url.Parse(k.srv.URL)
	k.must(err)
	out := k.browser()
	out.client.Jar.SetCookies(to, b.client.Jar.Cookies(from))
	out.csrf = b.csrf
	return out
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// restart ends the hub and opens it anew.
func (k *kit) restart() {
	k.srv.CloseClientConnections()
	k.srv.Close()
	k.must(k.hub.Close())
	k.must(k.st.Close())
	k.open()
}

func (k *kit) provider() *provider.Provider {
	return &provider.Provider{Name: "mem", Title: "Memory", Help: "For tests.", Kinds: []tandem.Kind{tandem.Contact}, Features: provider.Features{Parks: true},
		Open: func(_ context.Context, p provider.Place, _ provider.Env) (*provider.Opened, error) {
			s := k.places[p.Path]
			if s == nil {
				return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "open place", Thing: p.Text, Remedy: "make it"}
			}
			return s.Open(), nil
		}}
}

// network is a provider of places that everybody may name. Its password is "right".
func (k *kit) network() *provider.Provider {
	return &provider.Provider{Name: "net", Title: "Server of a test", Help: "For tests.", Kinds: []tandem.Kind{tandem.Contact}, Network: true, Features: provider.Features{Parks: true},
		Options: []provider.Option{{Name: "password", Type: "string", Help: "password", Secret: true}, {Name: "password-from", Type: "string", Help: "a file", Machine: true}, provider.BehalfOption()},
		Open: func(ctx context.Context, p provider.Place, env provider.Env) (*provider.Opened, error) {
			if secret, err := env.Secret(ctx, "password of "+p.Path); err != nil {
				return nil, err
			} else if secret != "right" {
				return nil, &tandem.Error{Kind: tandem.Denied, Op: "log in to", Thing: p.Path, Err: errors.New("the password is wrong")}
			}
			s := k.places[p.Path]
			if s == nil {
				return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "open place", Thing: p.Text, Remedy: "make it"}
			}
			return s.Open(), nil
		}}
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

// browser is a browser of somebody, or of nobody.
type browser struct {
	k      *kit
	client *http.Client
	csrf   string
}

func (k *kit) browser() *browser {
	k.Helper()
	jar, err := cookiejar.New(nil)
	k.must(err)
	c := *k.srv.Client()
	c.Jar = jar
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{k: k, client: &c}
}

// in is a browser in which somebody is logged in.
func (k *kit) in(user string) *browser {
	k.Helper()
	b := k.browser()
	b.logIn(user)
	return b
}

func (b *browser) logIn(user string) {
	b.k.Helper()
	resp := b.form("/login", url.Values{"name": {user}, "password": {password}})
	if resp.status != http.StatusSeeOther {
		b.k.Fatalf("log in as %s: %d %s", user, resp.status, resp.body)
	}
	var me struct{ CSRF string }
	b.get("/api/me").json(&me)
	b.csrf = me.CSRF
}

// answer is what a request was answered with.
type answer struct {
	k      *kit
	status int
	head   http.Header
	body   string
}

func (a answer) json(v any) {
	a.k.Helper()
	if a.status >= 300 {
		a.k.Fatalf("status %d: %s", a.status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		a.k.Fatalf("%v in %s", err, a.body)
	}
}

func (b *browser) send(req *http.Request) answer {
	b.k.Helper()
	resp, err := b.client.Do(req)
	b.k.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	b.k.must(err)
	return answer{b.k, resp.StatusCode, resp.Header, string(body)}
}

func (b *browser) request(method, path string, body io.Reader) *http.Request {
	b.k.Helper()
	req, err := http.NewRequestWithContext(b.k.Context(), method, b.k.srv.URL+path, body)
	b.k.must(err)
	return req
}

func (b *browser) get(path string) answer {
	b.k.Helper()
	return b.send(b.request("GET", path, nil))
}

func (b *browser) form(path string, v url.Values) answer {
	b.k.Helper()
	req := b.request("POST", path, strings.NewReader(v.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(req)
}

// call sends JSON to the API, with the token that pages repeat.
func (b *browser) call(method, path string, v any) answer {
	b.k.Helper()
	req := b.jsonRequest(method, path, v)
	req.Header.Set("X-CSRF-Token", b.csrf)
	return b.send(req)
}

func (b *browser) jsonRequest(method, path string, v any) *http.Request {
	b.k.Helper()
	var body io.Reader
	if v != nil {
		text, err := json.Marshal(v)
		b.k.must(err)
		body = bytes.NewReader(text)
	}
	req := b.request(method, path, body)
	if v != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

func card(uid, name string) []byte {
	return []byte(strings.Join([]string{"BEGIN:VCARD", "VERSION:3.0", "UID:" + uid, "FN:" + name, "N:" + name + ";;;;", "END:VCARD", ""}, "\r\n"))
}

var inline = regexp.MustCompile(`(?i)<script[^>]*>[^<]|\son\w+\s*=|\sstyle\s*=|javascript:`)

// clash makes a conflict over each card: another name here than there.
func (k *kit) clash(item string, uids ...string) {
	k.Helper()
	items, err := k.hub.ListItems(k.Context())
	k.must(err)
	for _, it := range items {
		if it.Name != item {
			continue
		}
		o, err := home.Opener{Store: k.st, Kinds: kinds.Kinds(), User: it.User}.Open(tandem.Collection{ID: it.Collection, User: it.User, Kind: tandem.Contact, Name: "contacts"})
		k.must(err)
		defer o.Close()
		recs, _, err := k.st.Home.Since(k.Context(), it.Collection, 0, 0)
		k.must(err)
		for _, r := range recs {
			if uid := r.Index.UID; slices.Contains(uids, uid) {
				out, err := o.Apply(k.Context(), []tandem.Write{{Op: tandem.Update, ID: r.ID, If: r.Version, Record: tandem.Record{ID: r.ID, Body: tandem.Bytes(card(uid, "Here"))}}})
				k.must(err)
				if out[0].Status != tandem.Applied {
					k.Fatalf("write: %+v", out[0])
				}
			}
		}
	}
	for _, p := range k.places {
		for _, r := range p.List() {
			text, err := tandem.ReadBody(r.Body, 1<<20)
			k.must(err)
			for _, uid := range uids {
				if strings.Contains(string(text), "UID:"+uid+"\r\n") {
					k.must(p.Put(r.ID, card(uid, "There"), ""))
				}
			}
		}
	}
	k.sync(item)
}
