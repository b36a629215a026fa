package conn

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// memory keeps what is learned, as an account's data folder does.
type memory struct{ manner string }

func (m *memory) of(cfg Config) Config {
	cfg.Manner = func(context.Context) string { return m.manner }
	cfg.Learned = func(_ context.Context, manner string) { m.manner = manner }
	return cfg
}

// heard notes with which scheme each request came.
func heard(offer []string, accept func(*http.Request) bool, schemes *[]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		*schemes = append(*schemes, scheme)
		if !accept(r) {
			for _, o := range offer {
				w.Header().Add("WWW-Authenticate", o)
			}
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
}

func byPassword(pw *string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		_, got, ok := r.BasicAuth()
		return ok && got == *pw
	}
}

// TestManner: what asked for Basic in one run gets it with the first request of the next, as long as it takes it.
func TestManner(t *testing.T) {
	password := "secret"
	var schemes []string
	s := httptest.NewServer(heard([]string{`Basic realm="x"`}, byPassword(&password), &schemes))
	defer s.Close()
	var m memory
	run := func(what, at string, cfg Config, want ...string) {
		t.Helper()
		schemes = nil
		c := client(t, at, m.of(cfg))
		for range 2 {
			if _, _, err := do(t, c, "PROPFIND", at, nil); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		if !slices.Equal(schemes, want) {
			t.Errorf("%s: requests came with %q, want %q", what, schemes, want)
		}
	}
	run("the first run", s.URL, Config{}, "", "Basic", "Basic")
	run("the second", s.URL, Config{}, "Basic", "Basic")
	run("digest alone is wanted here", s.URL, Config{Login: "digest"}, "", "")
	password = "another"
	run("refused", s.URL, Config{}, "Basic", "Basic")
	if m.manner != "" {
		t.Errorf("%q is remembered of a server that refuses", m.manner)
	}
	password = "secret"
	run("after that", s.URL, Config{}, "", "Basic", "Basic")

	// A server that has learned something better gets that, and no password in clear after that.
	d := digestServer("secret", "SHA-256", 100)
	better := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		schemes = append(schemes, scheme)
		d.ServeHTTP(w, r)
	}))
	defer better.Close()
	run("it wants digest now", better.URL, Config{}, "Basic", "Digest", "Digest")
	run("and is remembered for it", better.URL, Config{}, "", "Digest", "Digest")
}

// TestMannerForStrangers: the password goes along unasked only to the account's own address, and only where nobody can read it on the way.
func TestMannerForStrangers(t *testing.T) {
	for home, cases := range map[string]map[string]bool{
		"https://dav.example.org/":  {"https://dav.example.org/x": true, "https://dav.example.org:443/": true, "https://DAV.example.org/": true, "https://dav.example.org:8443/": false, "https://www.example.org/": false, "http://dav.example.org/": false},
		"http://dav.example.org/":   {"http://dav.example.org/": false, "https://dav.example.org/": false},
		"http://192.168.1.2:5232/":  {"http://192.168.1.2:5232/": false},
		"http://127.0.0.1:5232/":    {"http://127.0.0.1:5232/": true, "http://127.0.0.1:5233/": false, "http://127.0.0.2:5232/": false},
		"http://[::1]:5232/":        {"http://[::1]:5232/": true},
		"http://localhost:5232/":    {"http://localhost:5232/": true},
		"http://localhost.evil.ex/": {"http://localhost.evil.ex/": false},
	} {
		for at, want := range cases {
			u, err := url.Parse(at)
			if err != nil {
				t.Fatal(err)
			}
			m := memory{basic}
			c := client(t, home, m.of(Config{}))
			auth, _, err := c.credentials(t.Context(), "PROPFIND", u)
			if got := auth != ""; err != nil || got != want {
				t.Errorf("%s of an account at %s: credentials %v, want %v (%v)", at, home, got, want, err)
			}
			plain := u.Scheme == "http"
			c = client(t, home, m.of(Config{Proxy: "http://proxy.example.org:3128"}))
			if auth, _, _ = c.credentials(t.Context(), "PROPFIND", u); (auth != "") != (want && !plain) {
				t.Errorf("%s through a proxy: credentials %v", at, auth != "")
			}
		}
	}

	// What an unencrypted server elsewhere asked for is not remembered.
	var m memory
	var schemes []string
	password := "secret"
	s := httptest.NewServer(heard([]string{`Basic realm="x"`}, byPassword(&password), &schemes))
	defer s.Close()
	at := "http://dav.example.invalid/"
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.Listener.Addr().String())
	}
	if status, _, err := do(t, client(t, at, m.of(Config{Dial: dial})), "PROPFIND", at, nil); err != nil || status != http.StatusOK || m.manner != "" {
		t.Errorf("%d, %v, remembered: %q", status, err, m.manner)
	}
}

// TestMannerOfRedirect: a challenge by another server, to which the account's own leads, is not remembered as its own.
func TestMannerOfRedirect(t *testing.T) {
	password := "secret"
	var schemes []string
	there := httptest.NewServer(heard([]string{`Basic realm="x"`}, byPassword(&password), &schemes))
	defer there.Close()
	var first []string
	here := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first = append(first, r.Header.Get("Authorization"))
		http.Redirect(w, r, there.URL+"/dav/", http.StatusMovedPermanently)
	}))
	defer here.Close()
	var m memory
	for range 2 {
		c := client(t, here.URL, m.of(Config{}))
		c.Allow(strings.TrimPrefix(there.URL, "http://"))
		if status, _, err := do(t, c, "PROPFIND", here.URL, nil); err != nil || status != http.StatusOK {
			t.Errorf("%d, %v", status, err)
		}
	}
	if m.manner != "" || !slices.Equal(first, []string{"", ""}) {
		t.Errorf("remembered %q, sent %q", m.manner, first)
	}
}
