// Package netguard is how the hub connects to servers that people name.
//
// Who does not administer the hub must not reach what only this computer reaches: itself, the network around it, the services of a cloud beside it. What a name leads
// to is looked at when the connection is made, address by address, so that neither a name server that answers differently the second time nor a server that leads on
// elsewhere gets around it.
package netguard

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"

	"tandem"
)

// special are the parts of the address space that are not of the public internet. IANA IPv4 and IPv6 Special-Purpose Address Registries, RFC 6890.
func special() []netip.Prefix {
	var out []netip.Prefix
	for _, text := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
		"192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20", "5f00::/16",
	} {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

// within are prefixes whose addresses carry one of IPv4, and at which byte: NAT64 (RFC 6052) and 6to4 (RFC 3056).
func within(ip netip.Addr) (netip.Addr, bool) {
	raw := ip.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(ip):
		return netip.AddrFrom4([4]byte(raw[12:16])), true
	case netip.MustParsePrefix("2002::/16").Contains(ip):
		return netip.AddrFrom4([4]byte(raw[2:6])), true
	}
	return netip.Addr{}, false
}

// Public reports whether an address is one of the public internet. Of IPv6 those are within 2000::/3, and those that stand for one of IPv4.
func Public(ip netip.Addr) bool {
	if !ip.IsValid() || ip.Zone() != "" {
		return false
	}
	ip = ip.Unmap()
	if ip.Is6() {
		if four, ok := within(ip); ok {
			return Public(four)
		}
		if !netip.MustParsePrefix("2000::/3").Contains(ip) {
			return false
		}
	}
	for _, p := range special() {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// Dialer connects to public addresses that are not this computer's own. Its zero value is ready.
type Dialer struct {
	Timeout time.Duration                 // for a connection; 0: 30 s
	Own     func() ([]netip.Addr, error)  // this computer's addresses; nil: as the system says
	Allow   func(address netip.Addr) bool // what else may be reached, but for Own; nil: nothing
}

// DialContext connects over TCP. Denied: the address is not for everybody.
func (d Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return nil, refused(network + " " + address)
	}
	timeout := d.Timeout
	if timeout == 0 {
		timeout = 30 * time.Second
	}
	own, err := d.own()
	if err != nil {
		return nil, &tandem.Error{Op: "connect to", Thing: address, Err: err}
	}
	dialer := net.Dialer{Timeout: timeout, ControlContext: func(_ context.Context, _, at string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(at)
		if err != nil {
			return refused(at)
		}
		ip := ap.Addr().Unmap()
		if own[ip] || !Public(ip) && (d.Allow == nil || !d.Allow(ip)) {
			return refused(address)
		}
		return nil
	}}
	conn, err := dialer.DialContext(ctx, network, address)
	var e *tandem.Error
	if errors.As(err, &e) {
		return nil, e
	}
	return conn, err
}

// ErrPrivate is why a connection was not made.
var ErrPrivate = errors.New("this address is on the hub's own network")

func refused(address string) error {
	return &tandem.Error{Kind: tandem.Denied, Op: "connect to", Thing: address, Err: ErrPrivate,
		Remedy: "name a server on the internet, or ask an administrator to add this one"}
}

func (d Dialer) own() (map[netip.Addr]bool, error) {
	list := d.Own
	if list == nil {
		list = system
	}
	all, err := list()
	own := map[netip.Addr]bool{}
	for _, ip := range all {
		own[ip.Unmap()] = true
	}
	return own, err
}

// system are the addresses of this computer's interfaces.
func system() (out []netip.Addr, err error) {
	list, err := net.InterfaceAddrs()
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			out = append(out, p.Addr().WithZone(""))
		}
	}
	return out, err
}
