package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/server/certs"
	"tandem/test/peer"
)

var (
	discard = slog.New(slog.DiscardHandler)
	quiet   = log.New(io.Discard, "", 0)
)

func listenLocal(t *testing.T) (net.Listener, int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, l.Addr().(*net.TCPAddr).Port
}

// shown is the certificate that a client which knows the authority is shown for a name.
func (p *pebble) shown(t *testing.T, address, name string) *x509.Certificate {
	t.Helper()
	c, err := tls.Dial("tcp", address, &tls.Config{RootCAs: p.issued, ServerName: name})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0]
}

// TestACME: a certificate for each name is obtained by the TLS challenge, is used, and outlives a restart without the authority.
func TestACME(t *testing.T) {
	t.Parallel()
	l, port := listenLocal(t)
	p := startPebble(t, port, peer.FreePorts(t, 1)[0], 0)
	dir := filepath.Join(t.TempDir(), "acme")
	cfg := certs.ACMEConfig{Dir: dir, Names: []string{"acme.example.org", "Mail.Example.org."}, Email: "admin@example.org", Directory: p.directory, Roots: p.roots}
	h := startHub(t, l, false, cfg)
	for range 2 {
		if c := h.next(t); c.err != nil {
			t.Fatalf("%s: %v", c.name, c.err)
		}
	}
	first := p.shown(t, l.Addr().String(), "acme.example.org")
	p.shown(t, l.Addr().String(), "mail.example.org")
	if h.Problem("acme.example.org") != nil {
		t.Fatal(h.Problem("acme.example.org"))
	}
	// A client that asks by address, or by another name, is shown something, and can say what is wrong.
	if c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true, ServerName: "other.example"}); err != nil {
		t.Error(err)
	} else {
		c.Close()
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".key") {
			info, err := d.Info()
			if err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: %v, %v: the key must be the owner's alone", path, info.Mode(), err)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.stop()

	l, _ = listenLocal(t)
	cfg.Directory = p.directory // the same folder; nobody answers the challenges there any longer
	again := startHub(t, l, false, cfg)
	for range 2 {
		if c := again.next(t); c.err != nil {
			t.Fatalf("%s: %v", c.name, c.err)
		}
	}
	if !p.shown(t, l.Addr().String(), "acme.example.org").Equal(first) {
		t.Error("a restart asked for another certificate")
	}
}

// TestACMERenew: a certificate that grows old is replaced while the hub runs.
func TestACMERenew(t *testing.T) {
	t.Parallel()
	l, port := listenLocal(t)
	p := startPebble(t, port, peer.FreePorts(t, 1)[0], 12)
	h := startHub(t, l, false, certs.ACMEConfig{Dir: t.TempDir(), Names: []string{"acmerenew.example.org"}, Directory: p.directory, Roots: p.roots, Every: 50 * time.Millisecond})
	if c := h.next(t); c.err != nil {
		t.Fatal(c.err)
	}
	first := p.shown(t, l.Addr().String(), "acmerenew.example.org")
	if c := h.next(t); c.err != nil {
		t.Fatal(c.err)
	}
	for start := time.Now(); p.shown(t, l.Addr().String(), "acmerenew.example.org").Equal(first); {
		if time.Since(start) > time.Minute {
			t.Fatal("the old certificate is still shown")
		}
	}
}

// TestACMEPlain: the HTTP challenge is answered where only a plain address is listened on, and other requests go past it.
func TestACMEPlain(t *testing.T) {
	t.Parallel()
	l, port := listenLocal(t)
	p := startPebble(t, peer.FreePorts(t, 1)[0], port, 0)
	h := startHub(t, l, true, certs.ACMEConfig{Dir: t.TempDir(), Names: []string{"acmeplain.example.org"}, Directory: p.directory, Roots: p.roots})
	if c := h.next(t); c.err != nil {
		t.Fatal(c.err)
	}
	resp, err := http.Get("http://" + l.Addr().String() + "/setup")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if h.hits.Load() != 1 {
		t.Errorf("%d requests were passed on", h.hits.Load())
	}
	secure, _ := listenLocal(t)
	srv := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: quiet}
	defer srv.Close()
	go srv.Serve(tls.NewListener(secure, h.Config()))
	p.shown(t, secure.Addr().String(), "acmeplain.example.org")
}

// TestACMERefused: what is wrong is told with what to do about it.
func TestACMERefused(t *testing.T) {
	t.Parallel()
	unreachable := startPebble(t, peer.FreePorts(t, 1)[0], peer.FreePorts(t, 1)[0], 0)
	p := startPebble(t, peer.FreePorts(t, 1)[0], peer.FreePorts(t, 1)[0], 0)
	for name, test := range map[string]struct {
		name, directory string
		roots           *x509.CertPool
		want            string
	}{
		"port closed":         {"acmerefused.example.org", unreachable.directory, unreachable.roots, "TCP port 443 to port"},
		"no address":          {"hub.nowhere.example", p.directory, p.roots, "A or AAAA record"},
		"no authority":        {"acmerefused.example.org", "https://127.0.0.1:1/dir", p.roots, "https://127.0.0.1:1/dir"},
		"untrusted authority": {"acmerefused.example.org", p.directory, nil, p.directory},
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := listenLocal(t)
			h := startHub(t, l, false, certs.ACMEConfig{Dir: t.TempDir(), Names: []string{test.name}, Directory: test.directory, Roots: test.roots})
			c := h.next(t)
			if e, ok := errors.AsType[*tandem.Error](c.err); !ok || c.name != test.name || !strings.Contains(e.Remedy, test.want) || e.Thing != test.name {
				t.Fatalf("%v", c.err)
			}
			if h.Problem(test.name) == nil {
				t.Error("the problem is forgotten")
			}
			if c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true, ServerName: test.name}); err == nil {
				c.Close()
				t.Error("a certificate is shown that is not there")
			}
		})
	}
}

func TestACMEConfig(t *testing.T) {
	t.Parallel()
	good := certs.ACMEConfig{Dir: filepath.Join(t.TempDir(), "x"), Names: []string{"acmeconfig.example.org"}, TLS: "0.0.0.0:8443", Log: discard}
	if _, err := certs.OpenACME(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*certs.ACMEConfig){
		"no name":          func(c *certs.ACMEConfig) { c.Names = nil },
		"an address":       func(c *certs.ACMEConfig) { c.Names = []string{"192.0.2.1"} },
		"IPv6":             func(c *certs.ACMEConfig) { c.Names = []string{"2001:db8::1"} },
		"a short name":     func(c *certs.ACMEConfig) { c.Names = []string{"localhost"} },
		"a local name":     func(c *certs.ACMEConfig) { c.Names = []string{"box.local"} },
		"a wildcard":       func(c *certs.ACMEConfig) { c.Names = []string{"*.example.org"} },
		"a URL":            func(c *certs.ACMEConfig) { c.Names = []string{"https://acmeconfig.example.org"} },
		"a plain address":  func(c *certs.ACMEConfig) { c.Directory = "http://acme.example/dir" },
		"no mail address":  func(c *certs.ACMEConfig) { c.Email = "admin" },
		"nothing listened": func(c *certs.ACMEConfig) { c.TLS = "" },
	} {
		cfg := good
		change(&cfg)
		_, err := certs.OpenACME(cfg)
		if e, ok := errors.AsType[*tandem.Error](err); !ok || e.Kind != tandem.Invalid || e.Remedy == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
