// Package certs gives the front doors their TLS certificates: one that was given as files, one that an ACME authority issues, or one
// of an own authority that is made on first run.
package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem"
	"tandem/internal/atomicfile"
)

const (
	authorityYears = 10
	leafDays       = 397 // what phones accept at most from authorities of the public web; they bear more of one's own, today
	renewDays      = 60  // a leaf is made anew when fewer are left
)

// Own is an authority of one's own, and the certificate it issued for this server. It is safe for concurrent use.
type Own struct {
	dir string
	now func() time.Time

	mu        sync.Mutex
	authority tls.Certificate // the authority's certificate and key
	leaf      *tls.Certificate
	names     []string // what leaf is for, sorted
}

// OpenOwn opens the authority kept in dir, making it on first run. now is the clock, nil for the system's.
func OpenOwn(dir string, now func() time.Time) (*Own, error) {
	if now == nil {
		now = time.Now
	}
	o := &Own{dir: dir, now: now}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, o.fault("make folder", dir, err)
	}
	pair, err := load(filepath.Join(dir, "ca.pem"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if pair, err = o.makeAuthority(); err != nil {
			return nil, err
		}
	case err != nil:
		// Never made anew over one that is there: every phone that trusts it would be cut off.
		return nil, o.fault("read certificate authority", filepath.Join(dir, "ca.pem"), err)
	}
	if !now().Before(pair.Leaf.NotAfter) {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read certificate authority", Thing: filepath.Join(dir, "ca.pem"),
			Err: fmt.Errorf("it expired on %s", pair.Leaf.NotAfter.Format(time.DateOnly)), Remedy: "move the file away; a new authority is made, which phones must be given again"}
	}
	o.authority = pair
	return o, nil
}

func (o *Own) fault(op, thing string, err error) error {
	kind := tandem.Unreadable
	if errors.Is(err, fs.ErrPermission) {
		kind = tandem.Denied
	}
	return &tandem.Error{Kind: kind, Op: op, Thing: thing, Err: err, Remedy: "make the folder readable to this user, or put the files back from a backup"}
}

// load reads a certificate and its key from one PEM file.
func load(path string) (tls.Certificate, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(data, data)
}

// save writes a certificate and its key as one PEM file, readable to the owner only.
func save(path string, der []byte, key crypto.PrivateKey) (tls.Certificate, error) {
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	data = append(data, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})...)
	if err := atomicfile.Write(path, data, 0o600); err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(data, data)
}

func serial() (*big.Int, error) { return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) }

func (o *Own) makeAuthority() (tls.Certificate, error) {
	fail := func(err error) (tls.Certificate, error) {
		return tls.Certificate{}, &tandem.Error{Op: "make certificate authority", Thing: o.dir, Err: err}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fail(err)
	}
	n, err := serial()
	if err != nil {
		return fail(err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this computer"
	}
	t := &x509.Certificate{SerialNumber: n, Subject: pkix.Name{CommonName: "Tandem on " + host, Organization: []string{"Tandem"}},
		NotBefore: o.now().Add(-24 * time.Hour), NotAfter: o.now().AddDate(authorityYears, 0, 0), IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return fail(err)
	}
	pair, err := save(filepath.Join(o.dir, "ca.pem"), der, key)
	if err != nil {
		return fail(err)
	}
	return pair, nil
}

// Authority is the authority's certificate in DER, to be given to phones and browsers.
func (o *Own) Authority() []byte { return o.authority.Certificate[0] }

// Fingerprint is the SHA-256 of the authority's certificate as people compare it: pairs of digits with colons.
func (o *Own) Fingerprint() string {
	sum := sha256.Sum256(o.Authority())
	text := strings.ToUpper(hex.EncodeToString(sum[:]))
	parts := make([]string, 0, len(sum))
	for i := 0; i < len(text); i += 2 {
		parts = append(parts, text[i:i+2])
	}
	return strings.Join(parts, ":")
}

// Use makes the certificate hold for these host names and addresses, besides this computer's own. It is issued anew only where needed.
func (o *Own) Use(names ...string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	want := slices.Clone(names)
	for i, n := range want {
		want[i] = strings.ToLower(strings.Trim(n, "[]."))
	}
	want = slices.DeleteFunc(want, func(n string) bool { return n == "" })
	slices.Sort(want)
	o.names = slices.Compact(want)
	return o.ready()
}

// ready makes sure that there is a leaf that holds; o.mu is held.
func (o *Own) ready() error {
	path := filepath.Join(o.dir, "server.pem")
	if o.leaf == nil {
		if pair, err := load(path); err == nil {
			o.leaf = &pair
		}
	}
	if o.leaf != nil && o.holds(o.leaf.Leaf) {
		return nil
	}
	leaf, err := o.issue(path)
	if err != nil {
		return &tandem.Error{Op: "issue certificate", Thing: path, Err: err}
	}
	o.leaf = leaf
	return nil
}

func (o *Own) holds(c *x509.Certificate) bool {
	if c.CheckSignatureFrom(o.authority.Leaf) != nil || c.NotAfter.Sub(o.now()) < renewDays*24*time.Hour || o.now().Before(c.NotBefore) {
		return false
	}
	for _, n := range o.names {
		if c.VerifyHostname(n) != nil {
			return false
		}
	}
	return true
}

func (o *Own) issue(path string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	n, err := serial()
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{SerialNumber: n, Subject: pkix.Name{CommonName: "Tandem"}, NotBefore: o.now().Add(-24 * time.Hour),
		NotAfter: o.now().AddDate(0, 0, leafDays-1), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true}
	if t.NotAfter.After(o.authority.Leaf.NotAfter) {
		t.NotAfter = o.authority.Leaf.NotAfter
	}
	for _, n := range o.names {
		if ip := net.ParseIP(n); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, n)
		}
	}
	if len(t.DNSNames) > 0 {
		t.Subject.CommonName = t.DNSNames[0]
	}
	der, err := x509.CreateCertificate(rand.Reader, t, o.authority.Leaf, key.Public(), o.authority.PrivateKey)
	if err != nil {
		return nil, err
	}
	pair, err := save(path, der, key)
	if err != nil {
		return nil, err
	}
	return &pair, nil
}

// Config is a TLS configuration with the certificate, which is renewed by itself in time.
func (o *Own) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if err := o.ready(); err != nil {
			return nil, err
		}
		return o.leaf, nil
	}}
}

// Names are the names and addresses under which this computer can be reached in its own network.
func Names() []string {
	names := []string{"localhost", "127.0.0.1", "::1"}
	if host, err := os.Hostname(); err == nil && host != "" {
		names = append(names, host)
		if !strings.Contains(host, ".") {
			names = append(names, host+".local")
		}
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return names
	}
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLoopback() && !ip.IP.IsLinkLocalUnicast() {
			names = append(names, ip.IP.String())
		}
	}
	return names
}
