// Package outside makes HTTP clients for addresses that people name who may not reach into the network that the hub stands in: its loopback interface, its private
// networks, the services of a cloud beside it. What a name resolves to is looked at when the connection is made, so that a name that resolves anew in between leads
// nowhere else.
package outside

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// ErrPrivate is why a connection was not made.
var ErrPrivate = errors.New("the address is not on the public Internet")

// special are networks that are not for everybody, beside those that package netip knows. IANA, IPv4 and IPv6 Special-Purpose Address Registries
func special() []netip.Prefix {
	var out []netip.Prefix
	for _, s := range []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10"} {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// Public reports whether an address is for everybody on the Internet.
func Public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsValid() || !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range special() {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// Client makes a client that follows no redirects and gives up after some time. private tells, for each request, whether it may reach addresses that are not public.
func Client(private func(ctx context.Context) bool, limit time.Duration) *http.Client {
	control := func(ctx context.Context, _, address string, _ syscall.RawConn) error {
		if private(ctx) {
			return nil
		}
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%q: %w", address, err)
		}
		if !Public(at.Addr()) {
			return fmt.Errorf("%s: %w", at.Addr(), ErrPrivate)
		}
		return nil
	}
	t := &http.Transport{DialContext: (&net.Dialer{Timeout: 10 * time.Second, ControlContext: control}).DialContext, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: limit,
		DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10} // kept connections would serve requests that may reach less
	return &http.Client{Transport: t, Timeout: limit, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
