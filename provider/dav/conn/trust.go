package conn

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"

	"tandem"
)

// trust is whom the client believes.
func trust(cfg Config) (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.Pin != "" {
		want, err := hex.DecodeString(strings.ReplaceAll(strings.TrimPrefix(strings.ToLower(cfg.Pin), "sha256:"), ":", ""))
		if err != nil || len(want) != sha256.Size {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read option", Thing: "pin", Err: errors.New("it is no fingerprint"),
				Remedy: "give the SHA-256 fingerprint of the server's certificate, 64 hexadecimal digits"}
		}
		t.InsecureSkipVerify = true // the very certificate is named, which says more than any authority could
		t.VerifyConnection = func(s tls.ConnectionState) error {
			if got := sha256.Sum256(s.PeerCertificates[0].Raw); string(got[:]) != string(want) {
				return &tandem.Error{Kind: tandem.Denied, Op: "connect", Thing: s.ServerName, Err: fmt.Errorf("the server shows another certificate, %x", got),
					Remedy: "if the server's owner changed it, set the option pin to the new fingerprint"}
			}
			return nil
		}
		return t, nil
	}
	if len(cfg.CA) > 0 {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(cfg.CA) {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read option", Thing: "ca", Err: errors.New("the file holds no certificate"), Remedy: "name a file of certificates in PEM form"}
		}
		t.RootCAs = pool
	}
	return t, nil
}

// Trusts tells whether credentials may go to a server: the account's own, one that was named by it (Allow), or one of the same registered domain to which
// the connection is encrypted. A big provider keeps the door and the rooms on different hosts, such as caldav.icloud.com and p52-caldav.icloud.com.
func (c *Client) Trusts(u *url.URL) bool {
	home := c.cfg.Home
	if sameHost(home, u) {
		return u.Scheme == home.Scheme || u.Scheme == "https"
	}
	c.mu.Lock()
	named := c.hosts[strings.ToLower(u.Host)]
	c.mu.Unlock()
	if named {
		return u.Scheme == home.Scheme || u.Scheme == "https"
	}
	return u.Scheme == "https" && SameOwner(home.Hostname(), u.Hostname())
}

// Allow lets the credentials go to a further host.
func (c *Client) Allow(host string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hosts[strings.ToLower(host)] = true
}

func sameHost(a, b *url.URL) bool {
	return strings.EqualFold(a.Hostname(), b.Hostname()) && (port(a) == port(b) || a.Scheme == "http" && port(a) == "80" && b.Scheme == "https" && port(b) == "443")
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// SameOwner tells whether two names belong to one registered domain.
func SameOwner(a, b string) bool {
	if strings.EqualFold(a, b) {
		return true
	}
	if net.ParseIP(a) != nil || net.ParseIP(b) != nil {
		return false
	}
	da, errA := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(strings.TrimSuffix(a, ".")))
	db, errB := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(strings.TrimSuffix(b, ".")))
	return errA == nil && errB == nil && da == db
}
