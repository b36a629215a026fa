package conn

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
)

// The examples of RFC 7616 3.9.1 and of RFC 2617 3.5.
func TestDigestExamples(t *testing.T) {
	rfc7616 := `realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`
	for name, c := range map[string]struct {
		header, user, password, uri, cnonce, want string
	}{
		"SHA-256": {`Digest algorithm=SHA-256, ` + rfc7616, "Mufasa", "Circle of Life", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
			"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		"MD5": {`Digest algorithm=MD5, ` + rfc7616, "Mufasa", "Circle of Life", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "8ca523f5e9506fed4657c9700eebdbec"},
		"RFC 2617": {`Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`,
			"Mufasa", "Circle Of Life", "/dir/index.html", "0a4f113b", "6629fae49393a05397450978507c4ef1"},
		"RFC 2069": {`Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"`, "Mufasa", "CircleOfLife", "/dir/index.html", "x", "1949323746fe6a43ef61f9606e7febea"},
	} {
		d := best(parseChallenges([]string{c.header}))
		if d == nil {
			t.Errorf("%s: the challenge is not understood", name)
			continue
		}
		d.count = 1
		if got := d.answerWith("GET", c.uri, c.user, c.password, c.cnonce); !strings.Contains(got, `response="`+c.want+`"`) {
			t.Errorf("%s: %s, want response %s", name, got, c.want)
		}
	}
}

func TestChallenges(t *testing.T) {
	for header, want := range map[string]string{
		`Basic realm="a, b"`: "basic",
		`Digest realm="x", nonce="n", qop="auth", algorithm=MD5, Basic realm="y"`:                                "digest MD5, basic",
		`Digest realm="x", nonce="n", algorithm=MD5, Digest realm="x", nonce="m", algorithm=SHA-256, qop="auth"`: "digest MD5, digest SHA-256",
		`Bearer`:                      "bearer",
		`Bearer realm="x", Negotiate`: "bearer, negotiate",
		``:                            "",
		`Digest realm="a \"quoted\" word", nonce=n`: "digest",
	} {
		var got []string
		for _, c := range parseChallenges([]string{header}) {
			if s := strings.TrimSpace(c.scheme + " " + c.algorithm); s != "" {
				got = append(got, s)
			}
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %v, want %s", header, got, want)
		}
	}
	if d := best(parseChallenges([]string{`Digest realm="x", nonce="n", algorithm=MD5, Digest realm="x", nonce="m", algorithm=SHA-256, qop="auth"`})); d == nil || d.nonce != "m" {
		t.Errorf("the stronger of two is not taken: %+v", d)
	}
	for _, h := range []string{`Digest realm="x", nonce="n", algorithm=TOKEN-9`, `Digest realm="x", nonce="n", qop="auth-int"`, `Digest realm="x"`} {
		if d := best(parseChallenges([]string{h})); d != nil {
			t.Errorf("%s is taken to be answerable", h)
		}
	}
}

func FuzzChallenges(f *testing.F) {
	f.Add(`Digest realm="x", nonce="n", qop="auth", algorithm=MD5, Basic realm="y"`)
	f.Add(`,,=",`)
	f.Fuzz(func(t *testing.T, h string) {
		if d := best(parseChallenges([]string{h})); d != nil && strings.ContainsAny(d.answer("GET", "/", "u", "p"), "\r\n") && !strings.ContainsAny(h, "\r\n") {
			t.Errorf("%q makes an answer of several lines", h)
		}
	})
}

func client(t *testing.T, at string, cfg Config) *Client {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Home = u
	if cfg.User == "" {
		cfg.User = "anna"
	}
	if cfg.Password == nil {
		cfg.Password = func(context.Context) (string, error) { return "secret", nil }
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func do(t *testing.T, c *Client, method, at string, body tandem.Body) (int, string, error) {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(t.Context(), &Request{Method: method, URL: u, Body: body})
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// guarded asks for credentials in one way and counts refusals.
type guarded struct {
	mu      sync.Mutex
	offer   []string
	accept  func(auth string, r *http.Request) bool
	refused int
}

func (g *guarded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	if !g.accept(r.Header.Get("Authorization"), r) {
		g.refused++
		for _, o := range g.offer {
			w.Header().Add("WWW-Authenticate", o)
		}
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	fmt.Fprintf(w, "%s %s", r.Method, body)
}

// digestServer checks answers as RFC 7616 says, with a nonce that it changes after some uses.
func digestServer(password, algorithm string, uses int) *guarded {
	g := &guarded{}
	n, used := 0, 0
	offer := func(stale bool) {
		g.offer = []string{fmt.Sprintf(`Digest realm="r", nonce="n%d", qop="auth", algorithm=%s, stale=%v`, n, algorithm, stale), `Basic realm="r"`}
	}
	offer(false)
	g.accept = func(auth string, r *http.Request) bool {
		rest, ok := strings.CutPrefix(auth, "Digest ")
		if !ok {
			return false
		}
		p := map[string]string{}
		for _, item := range splitQuoted(rest) {
			k, v, _ := strings.Cut(strings.TrimSpace(item), "=")
			p[k] = unquote(v)
		}
		c := &challenge{realm: "r", nonce: p["nonce"], qop: p["qop"], algorithm: algorithm}
		fmt.Sscanf(p["nc"], "%x", &c.count)
		if !strings.Contains(c.answerWith(r.Method, r.URL.RequestURI(), "anna", password, p["cnonce"]), `response="`+p["response"]+`"`) {
			return false
		}
		if p["nonce"] != fmt.Sprintf("n%d", n) || used >= uses {
			n, used = n+1, 0
			offer(true)
			return false
		}
		used++
		return c.count == used
	}
	return g
}

func TestLogins(t *testing.T) {
	basic := func(auth string, _ *http.Request) bool { return auth == "Basic YW5uYTpzZWNyZXQ=" }
	bearer := func(auth string, _ *http.Request) bool { return auth == "Bearer token-2" }
	for name, c := range map[string]struct {
		server  *guarded
		cfg     Config
		status  int
		refused int // of three requests
	}{
		"basic, asked for":     {&guarded{offer: []string{`Basic realm="x"`}, accept: basic}, Config{}, 200, 1},
		"basic, at once":       {&guarded{offer: []string{`Basic realm="x"`}, accept: basic}, Config{Login: "basic"}, 200, 0},
		"basic, wrong":         {&guarded{offer: []string{`Basic realm="x"`}, accept: basic}, Config{User: "bert"}, 401, 4},
		"digest MD5":           {digestServer("secret", "MD5", 100), Config{}, 200, 1},
		"digest SHA-256":       {digestServer("secret", "SHA-256", 100), Config{Login: "digest"}, 200, 1},
		"digest SHA-256-sess":  {digestServer("secret", "SHA-256-sess", 100), Config{}, 200, 1},
		"digest, new nonces":   {digestServer("secret", "MD5", 1), Config{}, 200, 3},
		"digest, wrong":        {digestServer("other", "MD5", 100), Config{}, 401, 6},
		"basic is not offered": {&guarded{offer: []string{`Negotiate`}, accept: basic}, Config{}, 401, 3},
		"bearer, renewed":      {&guarded{offer: []string{`Bearer`}, accept: bearer}, Config{Login: "oauth", Token: &tokens{}}, 200, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.server)
			defer s.Close()
			cl := client(t, s.URL+"/", c.cfg)
			for i := range 3 {
				status, text, err := do(t, cl, "PUT", s.URL+"/a b?x=1", tandem.Bytes("body"))
				if err != nil || status != c.status || status == 200 && text != "PUT body" {
					t.Errorf("request %d: %d %q, %v; want %d", i, status, text, err, c.status)
				}
			}
			if c.server.refused > c.refused {
				t.Errorf("%d refusals, want at most %d", c.server.refused, c.refused)
			}
		})
	}
}

type tokens struct{ n int }

func (k *tokens) Token(_ context.Context, stale string) (string, error) {
	if k.n == 0 || stale == fmt.Sprintf("token-%d", k.n) {
		k.n++
	}
	return fmt.Sprintf("token-%d", k.n), nil
}

// Credentials and redirects stay with the account's owner.
func TestTrusts(t *testing.T) {
	for home, cases := range map[string]map[string]bool{
		"https://caldav.icloud.com/": {"https://p52-caldav.icloud.com/x": true, "https://p52-caldav.icloud.com:8443/x": true, "http://p52-caldav.icloud.com/": false, "https://icloud.com.example.org/": false, "https://notcloud.com/": false},
		"https://anna.github.io/":    {"https://bert.github.io/": false, "https://anna.github.io:8443/": true},
		"http://127.0.0.1:5232/":     {"http://127.0.0.1:5232/x": true, "http://127.0.0.2:5232/": false, "http://127.0.0.1:99/": false},
		"http://dav.example.org/":    {"https://dav.example.org/": true, "http://other.example.org/": false, "https://other.example.org/": true},
		"https://dav.example.org/":   {"http://dav.example.org/": false, "https://named.net/": true, "http://named.net/": false},
	} {
		c := client(t, home, Config{})
		c.Allow("named.net")
		for at, want := range cases {
			u, _ := url.Parse(at)
			if got := c.Trusts(u); got != want {
				t.Errorf("%s and %s: %v, want %v", home, at, got, want)
			}
		}
	}
}

func TestRedirects(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/to/"):
			status := 0
			fmt.Sscanf(r.URL.Path, "/to/%d", &status)
			w.Header().Set("Location", "/here")
			w.WriteHeader(status)
		case r.URL.Path == "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case r.URL.Path == "/away":
			http.Redirect(w, r, "http://example.org/", http.StatusFound)
		default:
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %s", r.Method, body)
		}
	}))
	defer s.Close()
	c := client(t, s.URL, Config{})
	for _, x := range []struct {
		method, path string
		status       int
	}{
		{"PROPFIND", "/to/301", 200}, {"PROPFIND", "/to/302", 200}, {"REPORT", "/to/308", 200}, {"PUT", "/to/307", 200}, {"PUT", "/to/308", 200}, {"PUT", "/to/301", 301}, {"DELETE", "/to/302", 302},
		{"PROPFIND", "/round", 302},
	} {
		status, text, err := do(t, c, x.method, s.URL+x.path, tandem.Bytes("body"))
		if err != nil || status != x.status || status == 200 && text != x.method+" body" {
			t.Errorf("%s %s: %d %q, %v; want %d", x.method, x.path, status, text, err, x.status)
		}
	}
	if _, _, err := do(t, c, "PROPFIND", s.URL+"/away", nil); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("a redirect to a stranger: %v", err)
	}
}

// What is encrypted stays so: a redirect to a place without TLS is not followed, also not to the same server, and the password does not go there. RFC 6764 8
func TestDowngrade(t *testing.T) {
	asked := 0
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer plain.Close()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.URL+"/dav/", http.StatusMovedPermanently)
	}))
	defer s.Close()
	sum := sha256.Sum256(s.Certificate().Raw)
	_, _, err := do(t, client(t, s.URL, Config{Pin: hex.EncodeToString(sum[:])}), "PROPFIND", s.URL, nil)
	if !tandem.IsKind(err, tandem.Denied) || !errors.Is(err, ErrRedirect) || asked != 0 {
		t.Errorf("%v, asked %d times", err, asked)
	}
}

// Requests go by the proxy that is named, and by none where none is wanted.
func TestProxy(t *testing.T) {
	var seen []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.URL.String())
		fmt.Fprint(w, "by proxy")
	}))
	defer proxy.Close()
	direct := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "directly") }))
	defer direct.Close()
	for _, c := range []struct{ proxy, at, want string }{
		{proxy.URL, "http://dav.example.invalid/cards/", "by proxy"}, {"none", direct.URL, "directly"},
	} {
		if _, text, err := do(t, client(t, c.at, Config{Proxy: c.proxy}), "PROPFIND", c.at, nil); err != nil || text != c.want {
			t.Errorf("%s by %s: %q, %v", c.at, c.proxy, text, err)
		}
	}
	if len(seen) != 1 || seen[0] != "http://dav.example.invalid/cards/" {
		t.Errorf("the proxy was asked for %v", seen)
	}
}

// A pinned certificate is trusted without an authority, and no other is; a file of authorities is trusted beside the system's.
func TestCertificates(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }))
	defer s.Close()
	sum := sha256.Sum256(s.Certificate().Raw)
	pin := hex.EncodeToString(sum[:])
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	var colons []string
	for i := 0; i < len(pin); i += 2 {
		colons = append(colons, strings.ToUpper(pin[i:i+2]))
	}
	for name, c := range map[string]struct {
		cfg Config
		ok  bool
	}{
		"unknown": {Config{}, false}, "pin": {Config{Pin: pin}, true}, "pin with colons": {Config{Pin: "SHA256:" + strings.Join(colons, ":")}, true},
		"another pin": {Config{Pin: strings.Repeat("0", 64)}, false}, "authority": {Config{CA: ca}, true},
	} {
		if _, text, err := do(t, client(t, s.URL, c.cfg), "GET", s.URL, nil); (err == nil && text == "ok") != c.ok {
			t.Errorf("%s: %q, %v; want %v", name, text, err, c.ok)
		}
	}
	for _, cfg := range []Config{{Pin: "12"}, {CA: []byte("none")}, {Proxy: "nonsense"}} {
		cfg.Home = &url.URL{Scheme: "https", Host: "x"}
		if _, err := New(cfg); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

// A server that goes silent in the middle of an answer is given up; one that is slow and goes on is not.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const idle = 3 * time.Minute
		hold := make(chan struct{})
		l := pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "half")
			w.(http.Flusher).Flush()
			if r.URL.Path == "/slow" {
				for range 5 {
					time.Sleep(idle / 2)
					fmt.Fprint(w, ".")
					w.(http.Flusher).Flush()
				}
				return
			}
			<-hold
		})}
		var done sync.WaitGroup
		done.Go(func() { _ = s.Serve(l) })
		const at = "http://server.example"
		c := client(t, at, Config{Idle: idle, Dial: l.dial})
		if _, text, err := do(t, c, "GET", at+"/slow", nil); err != nil || text != "half....." {
			t.Errorf("slow: %q, %v", text, err)
		}
		if _, text, err := do(t, c, "GET", at+"/silent", nil); err == nil || text != "half" || !strings.Contains(err.Error(), "in time") {
			t.Errorf("silent: %q, %v", text, err)
		}
		u, _ := url.Parse(at + "/silent")
		resp, err := c.Do(t.Context(), &Request{Method: "GET", URL: u})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if resp.Body.Close(); time.Since(start) != restTime {
			t.Errorf("a rest that does not come was waited for %v", time.Since(start))
		}
		close(hold)
		c.Close()
		s.Close()
		done.Wait()
	})
}

// pipes is a network of one server in memory, whose waits a bubble sees.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	for v, want := range map[string]int64{"120": 120, "": 0, "soon": 0, "-5": 0, "Fri, 01 May 2026 10:01:30 GMT": 90, "Fri, 01 May 2026 09:00:00 GMT": 0} {
		if got := RetryAfter(http.Header{"Retry-After": {v}}, now); got != want {
			t.Errorf("%q: %d, want %d", v, got, want)
		}
	}
}
