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

	"tandem/internal/netguard"
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
	rates map[string]Rate
}

// Rate is how fast bodies came and went at a target.
type Rate struct {
	Bits int64 // per second, smoothed over transfers
	At   time.Time
}

// MinMoved is how many bytes must have moved for a transfer to say something of the link; below, setting up and waiting is most of it.
const MinMoved = 128 << 10

// Moved notes that so many bytes went over the way to a target in a time, and returns what is known then. What is too little to say anything is not noted.
func (b *Book) Moved(target string, bytes int64, took time.Duration, at time.Time) (r Rate, noted bool) {
	if target == "" || bytes < MinMoved || took <= 0 {
		return Rate{}, false
	}
	bits := int64(float64(bytes) * 8 / took.Seconds())
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rates == nil {
		b.rates = map[string]Rate{}
	}
	if old, ok := b.rates[target]; ok && at.Sub(old.At) < RateFresh {
		bits = (old.Bits + bits) / 2
	}
	r = Rate{Bits: max(bits, 1), At: at}
	b.rates[target] = r
	return r, true
}

// Recall takes in a throughput that was noted earlier, unless a newer one is known.
func (b *Book) Recall(target string, r Rate) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rates == nil {
		b.rates = map[string]Rate{}
	}
	if b.rates[target].At.Before(r.At) {
		b.rates[target] = r
	}
}

// RateFresh is for how long a throughput holds: links change, and nothing is moved over one that is taken for slow.
const RateFresh = time.Hour

// Throughput is what Moved last noted of a target, false if that is nothing or long ago.
func (b *Book) Throughput(target string, now time.Time) (Rate, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, ok := b.rates[target]
	return r, ok && now.Sub(r.At) < RateFresh
}

// Forget drops what throughputs are known: another network is used now.
func (b *Book) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.rates)
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
	dial := netguard.Or(b.Dial)
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
