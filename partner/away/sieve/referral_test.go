package sieve

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem"
)

// fleet are servers that send users to one another.
type fleet struct {
	config *tls.Config
	roots  *x509.CertPool
	says   map[string]string // by address: the answer to the greeting where it begins with "BYE", else to AUTHENTICATE
	mu     sync.Mutex
	knows  []string // the addresses that were told a password
	done   sync.WaitGroup
}

func newFleet(t *testing.T, says map[string]string) *fleet {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"*.example.org", "*.evil.test"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{says: says, roots: x509.NewCertPool(), config: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}}
	f.roots.AddCert(cert)
	return f
}

func (f *fleet) dial(_ context.Context, address string) (net.Conn, error) {
	says, ok := f.says[address]
	if !ok {
		return nil, errors.New("no server at " + address)
	}
	near, far := net.Pipe()
	f.done.Go(func() { f.serve(far, address, says) })
	return near, nil
}

func (f *fleet) serve(conn net.Conn, address, says string) {
	defer conn.Close()
	if strings.HasPrefix(says, "BYE") {
		fmt.Fprint(conn, says, "\r\n")
		return
	}
	const can = "\"SASL\" \"PLAIN\"\r\n\"STARTTLS\"\r\nOK\r\n"
	fmt.Fprint(conn, can)
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		switch {
		case err != nil:
			return
		case strings.HasPrefix(line, "STARTTLS"):
			fmt.Fprint(conn, "OK\r\n")
			secure := tls.Server(conn, f.config)
			conn, r = secure, bufio.NewReader(secure)
			fmt.Fprint(conn, can)
		case strings.HasPrefix(line, "AUTHENTICATE"):
			f.mu.Lock()
			f.knows = append(f.knows, address)
			f.mu.Unlock()
			fmt.Fprint(conn, says, "\r\n")
		}
	}
}

// TestReferral: a server that sends its users to another one of its owner's is followed, and no other; nowhere goes a password in clear, and in circles it ends. RFC 5804 1.8, 1.3
func TestReferral(t *testing.T) {
	to := func(word, address string) string { return word + " (REFERRAL \"" + address + "\") \"ask there\"" }
	for name, c := range map[string]struct {
		tls   string
		says  map[string]string
		knows string // whom the password was told
		kind  tandem.ErrorKind
		fails string
	}{
		"at the greeting":    {"starttls", map[string]string{"a.example.org:4190": to("BYE", "sieve://b.example.org"), "b.example.org:4190": "OK"}, "b.example.org:4190", 0, ""},
		"after the login":    {"starttls", map[string]string{"a.example.org:4190": to("NO", "sieve://other@B.example.org:2000/script"), "B.example.org:2000": "OK"}, "a.example.org:4190 B.example.org:2000", 0, ""},
		"twice":              {"starttls", map[string]string{"a.example.org:4190": to("BYE", "sieve://b.example.org"), "b.example.org:4190": to("BYE", "SIEVE://c.example.org"), "c.example.org:4190": "OK"}, "c.example.org:4190", 0, ""},
		"in circles":         {"starttls", map[string]string{"a.example.org:4190": to("BYE", "sieve://b.example.org"), "b.example.org:4190": to("BYE", "sieve://a.example.org")}, "", tandem.Invalid, "on and on"},
		"to somebody else":   {"starttls", map[string]string{"a.example.org:4190": to("BYE", "sieve://b.evil.test"), "b.evil.test:4190": "OK"}, "", tandem.Denied, "somebody else"},
		"to an address":      {"starttls", map[string]string{"a.example.org:4190": to("BYE", "sieve://192.0.2.1"), "192.0.2.1:4190": "OK"}, "", tandem.Denied, "somebody else"},
		"in clear":           {"none", map[string]string{"a.example.org:4190": to("BYE", "sieve://b.example.org"), "b.example.org:4190": "OK"}, "", tandem.Denied, "somebody else"},
		"to the web":         {"starttls", map[string]string{"a.example.org:4190": to("BYE", "https://b.example.org")}, "", tandem.Denied, "no server for filters"},
		"to nowhere":         {"starttls", map[string]string{"a.example.org:4190": to("BYE", "sieve://")}, "", tandem.Denied, "no server for filters"},
		"to an odd port":     {"starttls", map[string]string{"a.example.org:4190": to("BYE", "sieve://b.example.org:0")}, "", tandem.Denied, "no server for filters"},
		"to nobody":          {"starttls", map[string]string{"a.example.org:4190": to("BYE", "sieve://b.example.org")}, "", tandem.Transient, "no server at"},
		"no referral":        {"starttls", map[string]string{"a.example.org:4190": "NO (AUTH-TOO-WEAK) \"wrong\""}, "a.example.org:4190", tandem.Denied, "wrong"},
		"without an address": {"starttls", map[string]string{"a.example.org:4190": "BYE (REFERRAL) \"where\""}, "", tandem.Invalid, "where"},
	} {
		f := newFleet(t, c.says)
		client, err := Dial(t.Context(), Server{Host: "a.example.org", Port: 4190, TLS: c.tls, User: "anna", Password: "geheim", Roots: &tls.Config{RootCAs: f.roots}, Dial: f.dial})
		switch {
		case c.fails == "" && err != nil, c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails) || !tandem.IsKind(err, c.kind)):
			t.Errorf("%s: %v", name, err)
		}
		if client != nil {
			client.Close()
		}
		f.done.Wait()
		if got := strings.Join(f.knows, " "); got != c.knows {
			t.Errorf("%s: the password was told to %q, want %q", name, got, c.knows)
		}
	}
}
