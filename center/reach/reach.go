// Package reach tells whether the hosts of partners can be reached, and how good the way to them is: a TCP connection is opened and closed again, to the very
// host and port that syncing uses, and nothing is sent (inventory SE-03, SE-04).
package reach

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"tandem/provider"
)

// Target is the host and port that a place is reached at; false for one that is not across a network by address.
func Target(p provider.Place) (string, bool) {
	if !strings.HasPrefix(p.Path, "//") {
		return "", false
	}
	u, err := url.Parse("x:" + p.Path)
	if err != nil || u.Hostname() == "" {
		return "", false
	}
	port := u.Port()
	if port == "" {
		port = "443" // of everything that is spoken over HTTP
		if p.Provider == "imap" {
			port = "993"
		}
	}
	return net.JoinHostPort(u.Hostname(), port), true
}

// Local reports whether a target is on this computer, where networks do not matter.
func Local(target string) bool {
	host, _, err := net.SplitHostPort(target)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.IsLoopback()
}

// Quality is what a probe found.
type Quality struct {
	RTT time.Duration // time to connect, smoothed over probes
	Err error         // nil: it was reached
	At  time.Time
}

// Book keeps what is known of targets. It may be used concurrently; the zero value is empty and dials for real.
type Book struct {
	Dial func(ctx context.Context, network, address string) (net.Conn, error) // nil: the system's
	Now  func() time.Time                                                     // nil: time.Now

	mu    sync.Mutex
	known map[string]Quality
}

// patience is how long a probe waits for a connection.
const patience = 5 * time.Second

// Probe opens a connection to a target and closes it again. What is younger than fresh is answered from memory.
func (b *Book) Probe(ctx context.Context, target string, fresh time.Duration) Quality {
	now := time.Now
	if b.Now != nil {
		now = b.Now
	}
	old, ok := b.Known(target)
	if ok && now().Sub(old.At) < fresh {
		return old
	}
	dial := b.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := now()
	conn, err := dial(ctx, "tcp", target)
	q := Quality{Err: err, At: now(), RTT: old.RTT}
	if err == nil {
		conn.Close()
		q.RTT = max(q.At.Sub(began), time.Microsecond)
		if ok && old.Err == nil { // one slow answer makes no slow link
			q.RTT = (old.RTT + q.RTT) / 2
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known == nil {
		b.known = map[string]Quality{}
	}
	b.known[target] = q
	return q
}

// Known is what the last probe of a target found.
func (b *Book) Known(target string) (Quality, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	q, ok := b.known[target]
	return q, ok
}
