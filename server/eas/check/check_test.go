package check_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tandem"
	kinds "tandem/kind/all"
	"tandem/partner/account"
	"tandem/partner/device"
	"tandem/server/certs"
	"tandem/server/eas"
	phones "tandem/server/eas/all"
	"tandem/server/eas/autodiscover"
	"tandem/server/eas/check"
	"tandem/server/eas/push"
	"tandem/store"
	"tandem/store/sqlite"
)

const password = "correct horse battery"

// fakeDNS is a small world of names.
type fakeDNS struct {
	hosts map[string][]string
	srv   map[string]*net.SRV
}

func (d fakeDNS) LookupHost(_ context.Context, host string) ([]string, error) {
	if a, ok := d.hosts[host]; ok {
		return a, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func (d fakeDNS) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	full := "_" + service + "._" + proto + "." + name
	if s, ok := d.srv[full]; ok {
		return full, []*net.SRV{s}, nil
	}
	return "", nil, &net.DNSError{Err: "no such host", Name: full, IsNotFound: true}
}

// world is a hub with the user anna, under the name sync.example.org.
type world struct {
	testing.TB
	cfg   check.Config
	dns   fakeDNS
	own   *certs.Own
	st    *store.Store
	front func(http.Handler) http.Handler // a reverse proxy; nil: none
	base  string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	acc, err := account.New(account.Config{Accounts: st.Accounts, Logins: st.Logins, Home: st.Home, Settings: st.Settings, Cost: account.Cost{Memory: 16, Time: 1, Lanes: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := acc.Add(t.Context(), store.User{Name: "anna", Address: "anna@example.org"}, password); err != nil {
		t.Fatal(err)
	}
	own, err := certs.OpenOwn(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := own.Use("sync.example.org"); err != nil {
		t.Fatal(err)
	}
	ca, err := x509.ParseCertificate(own.Authority())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{TB: t, own: own, st: st, base: "https://sync.example.org"}
	door := phones.New(phones.Config{Store: st, Kinds: kinds.Kinds(), Views: kinds.Views(), Accounts: acc,
		Devices: device.New(device.Config{Devices: st.Devices, Settings: st.Settings, Events: st.Events}), Pings: push.Limits{Min: time.Millisecond}})
	find := autodiscover.New(autodiscover.Config{Accounts: acc, Remote: door.Remote, Base: func(*http.Request) string { return w.base }})
	hub := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var h http.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == eas.Path:
				door.ServeHTTP(rw, r)
			case autodiscover.Is(r.URL.Path):
				find.ServeHTTP(rw, r)
			default:
				http.NotFound(rw, r)
			}
		})
		if w.front != nil {
			h = w.front(h)
		}
		h.ServeHTTP(rw, r)
	})
	srv := httptest.NewUnstartedServer(hub)
	srv.TLS = own.Config()
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	w.dns = fakeDNS{hosts: map[string][]string{"sync.example.org": {"198.51.100.7"}}, srv: map[string]*net.SRV{"_autodiscover._tcp.example.org": {Target: "Sync.Example.org.", Port: 443}}}
	w.cfg = check.Config{Address: &url.URL{Scheme: "https", Host: "sync.example.org"}, User: "anna", Password: password, Mail: "anna@example.org",
		Roots: x509.NewCertPool(), Resolver: w.dns, Hold: time.Second,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address != "sync.example.org:443" {
				return nil, fmt.Errorf("a stranger is called: %s", address)
			}
			return (&net.Dialer{}).DialContext(ctx, network, srv.Listener.Addr().String())
		}}
	w.cfg.Roots.AddCert(ca)
	return w
}

// lines are what a check-up said, by name; the last of a name counts.
type lines map[string]check.Line

func (w *world) run() lines {
	w.Helper()
	out := lines{}
	check.Run(w.Context(), w.cfg, func(l check.Line) {
		if l.Text == "" || l.Level != "ok" && l.Remedy == "" {
			w.Errorf("%+v", l)
		}
		out[l.Name] = l
	})
	return out
}

func TestFine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.run()
	for _, name := range []string{"address", "autodiscover names", "certificate", "door", "clock", "log-in", "autodiscover 1", "autodiscover 2", "folders", "compression", "push"} {
		if got[name].Level != "ok" {
			t.Errorf("%s: %+v", name, got[name])
		}
	}
	if devices, err := w.st.Devices.Devices(t.Context(), "anna"); err != nil || len(devices) != 0 {
		t.Errorf("a check-up is remembered as a phone: %v, %v", devices, err)
	}
	// Without a user what can be seen is looked at, and nothing is asked of the account.
	w.cfg.User = ""
	got = w.run()
	if got["door"].Level != "ok" || got["autodiscover 2"].Level != "ok" || got["log-in"].Level != "" || got["folders"].Level != "" {
		t.Errorf("%v", got)
	}
}

// TestDesktops: the doors of desktops are looked at where that is asked for, and what keeps programs from them is named.
func TestDesktops(t *testing.T) {
	t.Parallel()
	type answer struct {
		code int
		head map[string]string
	}
	well := map[string]answer{
		"PROPFIND /.well-known/caldav":  {301, map[string]string{"Location": "/dav/"}},
		"PROPFIND /.well-known/carddav": {301, map[string]string{"Location": "https://sync.example.org/dav/"}},
		"OPTIONS /dav/":                 {200, map[string]string{"DAV": "1, 3, calendar-access, addressbook"}},
		"PROPFIND /dav/":                {401, map[string]string{"WWW-Authenticate": "Basic"}},
	}
	for name, test := range map[string]struct {
		spoil             map[string]answer
		line, level, text string
	}{
		"fine":               {nil, "desktops", "ok", "/dav/"},
		"not passed on":      {map[string]answer{"PROPFIND /.well-known/carddav": {404, nil}}, "well-known", "warn", "leads nowhere"},
		"leads elsewhere":    {map[string]answer{"PROPFIND /.well-known/caldav": {301, map[string]string{"Location": "http://10.0.0.1/dav/"}}}, "well-known", "warn", "10.0.0.1"},
		"a file server":      {map[string]answer{"OPTIONS /dav/": {200, map[string]string{"DAV": "1, 2"}}}, "desktops", "warn", "does not speak"},
		"methods are cut":    {map[string]answer{"PROPFIND /dav/": {405, nil}}, "desktops", "warn", "405"},
		"asks for no log-in": {map[string]answer{"PROPFIND /dav/": {207, nil}}, "desktops", "warn", "207"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.cfg.Desktops, w.cfg.User = true, ""
			w.front = func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					key := r.Method + " " + r.URL.Path
					a, ok := test.spoil[key]
					if !ok {
						if a, ok = well[key]; !ok {
							h.ServeHTTP(rw, r)
							return
						}
					}
					for k, v := range a.head {
						rw.Header().Set(k, v)
					}
					rw.WriteHeader(a.code)
				})
			}
			got := w.run()
			if l := got[test.line]; l.Level != test.level || !strings.Contains(l.Text, test.text) {
				t.Errorf("%s: %+v", test.line, l)
			}
			if got["autodiscover 1"].Level != "ok" {
				t.Errorf("Autodiscover without a log-in: %+v", got["autodiscover 1"])
			}
		})
	}
}

// TestTrouble: each trouble is named, with what helps, and what cannot be tried any more is not.
func TestTrouble(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil  func(*world)
		line   string
		level  string
		text   string
		remedy string
		last   bool // nothing is tried after it
	}{
		"no address":       {func(w *world) { delete(w.dns.hosts, "sync.example.org") }, "address", "fail", "no address in DNS", "A or AAAA", true},
		"a home network":   {func(w *world) { w.dns.hosts["sync.example.org"] = []string{"192.168.1.4"} }, "address", "warn", "own network only", "public address", false},
		"this computer":    {func(w *world) { w.dns.hosts["sync.example.org"] = []string{"127.0.0.1", "::1"} }, "address", "warn", "only this computer", "as phones do", false},
		"no SRV":           {func(w *world) { clear(w.dns.srv) }, "autodiscover names", "warn", "does not find", "_autodiscover._tcp.example.org. SRV 0 0 443 sync.example.org.", false},
		"SRV elsewhere":    {func(w *world) { w.dns.srv["_autodiscover._tcp.example.org"].Port = 8443 }, "autodiscover names", "warn", "does not find", "CNAME", false},
		"name elsewhere":   {func(w *world) { clear(w.dns.srv); w.dns.hosts["autodiscover.example.org"] = []string{"203.0.113.1"} }, "autodiscover names", "warn", "leads elsewhere", "SRV", false},
		"name here":        {func(w *world) { clear(w.dns.srv); w.dns.hosts["autodiscover.example.org"] = []string{"198.51.100.7"} }, "autodiscover names", "ok", "leads to the hub", "", false},
		"port closed":      {closed, "connection", "fail", "refused", "router and firewall", true},
		"no TLS":           {func(w *world) { talk(w, "HTTP/1.1 400 Bad Request\r\n\r\n") }, "certificate", "fail", "no TLS", "https address", true},
		"unknown CA":       {func(w *world) { w.cfg.Roots = nil }, "certificate", "fail", "nobody known vouches", "--ca", true},
		"another name":     {func(w *world) { use(w, "box.local", "192.0.2.9") }, "certificate", "fail", "does not hold for sync.example.org but for box.local, 192.0.2.9", "--public", true},
		"expired":          {func(w *world) { later(w, 400) }, "certificate", "fail", "it ended on", "renew", true},
		"expires":          {func(w *world) { later(w, 390) }, "certificate", "warn", "ends soon", "renew", false},
		"not begun":        {func(w *world) { later(w, -30) }, "certificate", "fail", "yet to come", "clock", true},
		"clock":            {func(w *world) { later(w, 1) }, "clock", "warn", "24h0m", "NTP", false},
		"a web server":     {func(w *world) { w.front = func(http.Handler) http.Handler { return http.NotFoundHandler() } }, "door", "fail", "404", "OPTIONS", true},
		"wrong password":   {func(w *world) { w.cfg.Password = "wrong password" }, "log-in", "fail", "wrong", "tandem user password", true},
		"no autodiscover":  {func(w *world) { refuse(w, "/autodiscover/", 404) }, "autodiscover 1", "warn", "404", "/autodiscover/", false},
		"none in JSON":     {func(w *world) { refuse(w, "/autodiscover/autodiscover.json", 502) }, "autodiscover 2", "warn", "502", "/autodiscover/", false},
		"leads elsewhere":  {func(w *world) { w.base = "http://10.0.0.1:8080" }, "autodiscover 1", "warn", "10.0.0.1", "--public https://sync.example.org", false},
		"no gzip":          {func(w *world) { header(w, "Accept-Encoding", "") }, "compression", "warn", "uncompressed", "Accept-Encoding", false},
		"no Authorization": {func(w *world) { header(w, "Authorization", "") }, "autodiscover 1", "warn", "401", "Authorization", false},
		"cut":              {cut, "push", "fail", "was cut", "proxy_read_timeout", true},
		"gateway timeout":  {func(w *world) { onPing(w, 504) }, "push", "fail", "504", "proxy_read_timeout", true},
		"policy":           {policy, "folders", "ok", "policy", "", true},
		"blocked":          {blocked, "folders", "fail", "no new device", "device rule", true},
		"moved": {func(w *world) {
			w.front = func(http.Handler) http.Handler {
				return http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
					rw.Header().Set("X-MS-Location", "https://new.example.org"+eas.Path)
					rw.WriteHeader(451)
				})
			}
		}, "door", "fail", "has moved to https://new.example.org", "give that address", true},
		"nonsense": {func(w *world) { nonsense(w) }, "folders", "fail", "makes no sense", "bodies", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			test.spoil(w)
			var got []check.Line
			check.Run(t.Context(), w.cfg, func(l check.Line) { got = append(got, l) })
			for i, l := range got {
				if l.Name == test.line {
					if l.Level != test.level || !strings.Contains(l.Text, test.text) || !strings.Contains(l.Remedy, test.remedy) {
						t.Errorf("%+v", l)
					}
					if test.last != (i == len(got)-1) && test.line != "push" {
						t.Errorf("what came after: %+v", got[i:])
					}
					return
				}
			}
			t.Errorf("no line %s: %+v", test.line, got)
		})
	}
}

func closed(w *world) {
	w.cfg.Dial = func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	}
}

// talk lets something answer that knows no TLS.
func talk(w *world, text string) {
	w.cfg.Dial = func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go func() {
			defer there.Close()
			if _, err := there.Read(make([]byte, 4096)); err == nil {
				_, _ = io.WriteString(there, text) // the client may be gone by now
			}
		}()
		return here, nil
	}
}

func use(w *world, names ...string) {
	if err := w.own.Use(names...); err != nil {
		w.Fatal(err)
	}
}

// later lets the client's clock be ahead.
func later(w *world, days int) {
	w.cfg.Now = func() time.Time { return time.Now().AddDate(0, 0, days) }
	if days > 100 || days < 0 { // TLS looks at the clock of the system, which is as it is
		w.cfg.User = ""
	}
}

func refuse(w *world, path string, code int) {
	w.front = func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, path) {
				http.Error(rw, "proxy", code)
				return
			}
			h.ServeHTTP(rw, r)
		})
	}
}

// header lets the proxy set a header for all but the door's own requests without a body.
func header(w *world, name, value string) {
	w.front = func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if name != "Authorization" || autodiscover.Is(r.URL.Path) {
				r.Header.Set(name, value)
			}
			h.ServeHTTP(rw, r)
		})
	}
}

func onPing(w *world, code int) {
	w.front = func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("Cmd") != "Ping" {
				h.ServeHTTP(rw, r)
				return
			}
			if code == 0 {
				panic(http.ErrAbortHandler)
			}
			http.Error(rw, "proxy", code)
		})
	}
}

func cut(w *world) { onPing(w, 0) }

func nonsense(w *world) {
	w.front = func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || autodiscover.Is(r.URL.Path) {
				h.ServeHTTP(rw, r)
				return
			}
			rw.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(rw, "<html>welcome") // the client may be gone by now
		})
	}
}

func policy(w *world) {
	w.front = func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("Cmd") == "FolderSync" {
				rw.WriteHeader(449)
				return
			}
			h.ServeHTTP(rw, r)
		})
	}
}

func blocked(w *world) {
	w.front = func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("Cmd") == "FolderSync" {
				rw.WriteHeader(403)
				return
			}
			h.ServeHTTP(rw, r)
		})
	}
}

// TestNoPasswordToStrangers: where nobody vouches for the certificate, the password is not sent, unless that is what is wanted.
func TestNoPasswordToStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cfg.Roots = nil
	asked := false
	w.front = func(h http.Handler) http.Handler { asked = true; return h }
	if got := w.run(); asked || got["log-in"].Level != "" {
		t.Errorf("asked %v: %v", asked, got)
	}
	w.cfg.Insecure = true
	if got := w.run(); got["certificate"].Level != "warn" || got["folders"].Level != "ok" {
		t.Errorf("%v", got)
	}
}

// TestNoRedirects: a password goes to the address that was given, and nowhere else.
func TestNoRedirects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.front = func(http.Handler) http.Handler {
		return http.RedirectHandler("https://evil.example/", http.StatusTemporaryRedirect)
	}
	if got := w.run(); got["door"].Level != "fail" || !strings.Contains(got["door"].Text, "307") {
		t.Errorf("%v", got)
	}
}

// A certificate of Let's Encrypt is not proposed for a name that none is issued for.
func TestRemedyOfUnknownAuthority(t *testing.T) {
	t.Parallel()
	for host, acme := range map[string]bool{"sync.example.org": true, "box.local": false, "localhost": false, "192.0.2.9": false, "box": false} {
		w := newWorld(t)
		use(w, host)
		dial := w.cfg.Dial
		w.cfg.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dial(ctx, network, "sync.example.org:443")
		}
		w.cfg.Roots, w.cfg.Resolver, w.cfg.Address.Host = nil, nil, host
		said := false
		check.Run(t.Context(), w.cfg, func(l check.Line) {
			said = said || l.Name == "certificate"
			if l.Name == "certificate" && (l.Level != "fail" || strings.Contains(l.Remedy, "--acme") != acme) {
				t.Errorf("%s: %+v", host, l)
			}
		})
		if !said {
			t.Errorf("%s: nothing is said of the certificate", host)
		}
	}
}

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"sync.example.org": "https://sync.example.org", " https://sync.example.org:8443/setup ": "https://sync.example.org:8443", "http://[::1]:80": "http://[::1]:80",
	} {
		if u, err := check.ParseAddress(in); err != nil || u.String() != want {
			t.Errorf("%s: %v, %v", in, u, err)
		}
	}
	for _, bad := range []string{"", "ftp://x", "https://", "https://a:b@c", "https://x:y"} {
		if u, err := check.ParseAddress(bad); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%q: %v, %v", bad, u, err)
		}
	}
}

// TestPlain: an address without TLS is warned of.
func TestPlain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cfg.Address = &url.URL{Scheme: "http", Host: "sync.example.org"}
	w.cfg.Dial = func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		there.Close()
		return here, nil
	}
	if got := w.run(); got["certificate"].Level != "warn" || got["door"].Level != "fail" {
		t.Errorf("%v", got)
	}
}
