package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/server/certs"
)

// clock is a settable time.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func open(t *testing.T, dir string, now func() time.Time) *certs.Own {
	t.Helper()
	o, err := certs.OpenOwn(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// leaf is the certificate that a client would be shown.
func leaf(t *testing.T, cfg *tls.Config) *x509.Certificate {
	t.Helper()
	pair, err := cfg.GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestOwn: a client that trusts the authority, and it alone, gets through by every name.
func TestOwn(t *testing.T) {
	o := open(t, filepath.Join(t.TempDir(), "tls"), nil)
	if err := o.Use("sync.example.org", "Box.Local.", "127.0.0.1", "::1", ""); err != nil {
		t.Fatal(err)
	}
	ca, err := x509.ParseCertificate(o.Authority())
	if err != nil {
		t.Fatal(err)
	}
	if !ca.IsCA || len(strings.Split(o.Fingerprint(), ":")) != 32 {
		t.Fatalf("authority %v, fingerprint %s", ca.IsCA, o.Fingerprint())
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.TLS.ServerName) })}
	defer srv.Close()
	go srv.Serve(tls.NewListener(l, o.Config()))
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	for _, name := range []string{"sync.example.org", "box.local", "127.0.0.1"} {
		tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: name}}
		resp, err := (&http.Client{Transport: tr}).Get("https://" + l.Addr().String())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		resp.Body.Close()
		tr.CloseIdleConnections()
	}
	if resp, err := http.Get("https://" + l.Addr().String()); err == nil {
		resp.Body.Close()
		t.Fatal("a client that does not know the authority trusts it")
	}
}

// TestOwnStays: restarts keep authority and certificate; new names, or age, renew the certificate only.
func TestOwnStays(t *testing.T) {
	c := &clock{time.Now()}
	dir := t.TempDir()
	o := open(t, dir, c.now)
	if err := o.Use("a.example"); err != nil {
		t.Fatal(err)
	}
	first := leaf(t, o.Config())
	for _, name := range []string{"ca.pem", "server.pem"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Fatalf("%s: %v, %v: the key must be the owner's alone", name, info.Mode(), err)
		}
	}
	again := open(t, dir, c.now)
	if err := again.Use("A.EXAMPLE"); err != nil {
		t.Fatal(err)
	}
	if again.Fingerprint() != o.Fingerprint() || !leaf(t, again.Config()).Equal(first) {
		t.Fatal("a restart made another authority or certificate")
	}
	if err := again.Use("a.example", "b.example"); err != nil {
		t.Fatal(err)
	}
	second := leaf(t, again.Config())
	if second.Equal(first) || !slices.Equal(second.DNSNames, []string{"a.example", "b.example"}) {
		t.Fatalf("for %v", second.DNSNames)
	}
	c.t = c.t.AddDate(0, 0, 396-59)
	third := leaf(t, again.Config())
	if third.Equal(second) || !third.NotAfter.After(c.t.AddDate(1, 0, 0)) {
		t.Fatalf("not renewed: good until %v", third.NotAfter)
	}
	c.t = c.t.AddDate(11, 0, 0)
	if _, err := certs.OpenOwn(dir, c.now); !tandem.IsKind(err, tandem.Invalid) {
		t.Fatalf("an expired authority: %v", err)
	}
}

// TestOwnDamaged: an authority that cannot be read is never replaced by a new one.
func TestOwnDamaged(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(path, []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := certs.OpenOwn(dir, nil); !tandem.IsKind(err, tandem.Unreadable) {
		t.Fatalf("%v", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "torn" {
		t.Fatalf("%q, %v", got, err)
	}
}

// TestGiven: a pair of files; nonsense is refused by name.
func TestGiven(t *testing.T) {
	dir := t.TempDir()
	o := open(t, filepath.Join(dir, "own"), nil)
	if err := o.Use("given.example"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "own", "server.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode(data)
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, b := range map[string][]byte{cert: pem.EncodeToMemory(block), key: rest} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g, err := certs.OpenGiven(cert, key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if c := leaf(t, g.Config()); c.DNSNames[0] != "given.example" {
		t.Fatalf("%v", c.DNSNames)
	}
	if _, err := certs.OpenGiven(key, key, slog.New(slog.DiscardHandler)); !tandem.IsKind(err, tandem.Unreadable) || !strings.Contains(err.Error(), key) {
		t.Fatalf("%v", err)
	}
}

func TestNames(t *testing.T) {
	names := certs.Names()
	for _, want := range []string{"localhost", "127.0.0.1"} {
		if !slices.Contains(names, want) {
			t.Errorf("%v lacks %s", names, want)
		}
	}
}
