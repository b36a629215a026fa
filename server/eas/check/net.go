package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// host looks whether the address has one in DNS.
func (r *run) host(ctx context.Context) bool {
	const name = "address"
	host := r.Address.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return r.warn(name, host+" is a number: no public certificate holds for it, and it changes when the network does", "give the hub a name in DNS")
	}
	addrs, err := r.Resolver.LookupHost(ctx, host)
	if err != nil || len(addrs) == 0 {
		return r.fail(name, host+" has no address in DNS", "give it an A or AAAA record that leads to the hub, and wait until it is known")
	}
	some := func(f func(netip.Addr) bool) bool {
		return slices.ContainsFunc(addrs, func(a string) bool { ip, err := netip.ParseAddr(a); return err == nil && f(ip) })
	}
	text := host + " is " + strings.Join(addrs, ", ")
	switch {
	case !some(func(ip netip.Addr) bool { return !ip.IsLoopback() }):
		return r.warn(name, text+": only this computer finds it", "name the hub as phones do")
	case !some(func(ip netip.Addr) bool { return !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() }):
		return r.warn(name, text+": phones find it in your own network only", "let its DNS record lead to your public address, and the router pass the port on, if phones shall find it from everywhere")
	}
	return r.ok(name, text)
}

// Names looks whether a client that knows a mail address of a domain finds the hub: by the record _autodiscover._tcp, or the well-known name
// autodiscover.DOMAIN. The remedy holds the records that are missing. MS-OXDISCO 3.1.5
func Names(ctx context.Context, res Resolver, hub *url.URL, domain string) Line {
	host := strings.ToLower(hub.Hostname())
	l := Line{Name: "autodiscover names", Level: "ok"}
	if domain == "" || strings.EqualFold(domain, host) {
		l.Text = "clients look at " + host + " itself"
		return l
	}
	if _, records, err := res.LookupSRV(ctx, "autodiscover", "tcp", domain); err == nil {
		for _, s := range records {
			if target := strings.ToLower(strings.TrimSuffix(s.Target, ".")); target == host && fmt.Sprint(s.Port) == port(hub) {
				l.Text = fmt.Sprintf("_autodiscover._tcp.%s leads to %s, port %d", domain, target, s.Port)
				return l
			}
		}
	}
	known := "autodiscover." + domain
	if known == host {
		l.Text = "clients look at " + host + " itself"
		return l
	}
	l.Level = "warn"
	srv := fmt.Sprintf("_autodiscover._tcp.%s. SRV 0 0 %s %s.", domain, port(hub), host)
	l.Remedy = "add to DNS: " + srv
	if port(hub) == "443" {
		l.Remedy += "  or: " + known + ". CNAME " + host + ". (with a certificate that holds for " + known + ")"
	}
	l.Text = "a client that is given only a mail address of " + domain + " does not find the hub; its user must type the server"
	theirs, err := res.LookupHost(ctx, known)
	if err != nil {
		return l
	}
	ours, err := res.LookupHost(ctx, host)
	if err == nil && slices.ContainsFunc(theirs, func(a string) bool { return slices.Contains(ours, a) }) && port(hub) == "443" {
		return Line{Name: l.Name, Level: "ok", Text: known + " leads to the hub; its certificate must hold for that name, too"}
	}
	l.Text = known + " leads elsewhere, to " + strings.Join(theirs, ", ")
	return l
}

// expiresSoon is when a certificate that was not renewed is worth a warning.
const expiresSoon = 14 * 24 * time.Hour

// connect looks at the way to the address and its certificate, and returns which authorities vouch for it: nil for the system's.
func (r *run) connect(ctx context.Context) (*x509.CertPool, bool) {
	const name = "connection"
	host := r.Address.Hostname()
	conn, err := r.Dial(ctx, "tcp", net.JoinHostPort(host, port(r.Address)))
	if err != nil {
		return nil, r.fail(name, "port "+port(r.Address)+" of "+host+" does not answer: "+short(err),
			"see that the hub runs and listens there, and that the router and firewall pass TCP port "+port(r.Address)+" on to it")
	}
	defer conn.Close()
	if r.Address.Scheme == "http" {
		return nil, r.warn("certificate", "the address is not encrypted: passwords can be read on the way", "use https, by --listen https:// or a reverse proxy")
	}
	c := tls.Client(conn, &tls.Config{ServerName: host, InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, NextProtos: []string{"http/1.1"}}) // verified below, where the reasons can be told
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, r.fail("certificate", "no TLS connection comes about: "+short(err), "see that port "+port(r.Address)+" is an https address of the hub, and has a certificate for "+host)
	}
	state := c.ConnectionState()
	if state.Version < tls.VersionTLS12 {
		r.warn("certificate", "the connection is in "+tls.VersionName(state.Version)+", which phones refuse by now", "let the reverse proxy offer TLS 1.2 and 1.3")
	}
	return r.vouched(state.PeerCertificates)
}

// vouched says who vouches for a chain.
func (r *run) vouched(chain []*x509.Certificate) (*x509.CertPool, bool) {
	const name = "certificate"
	host, leaf := r.Address.Hostname(), chain[0]
	opts := x509.VerifyOptions{DNSName: host, Intermediates: x509.NewCertPool(), CurrentTime: r.Now()}
	for _, c := range chain[1:] {
		opts.Intermediates.AddCert(c)
	}
	_, err := leaf.Verify(opts)
	own := false
	if err != nil && r.Roots != nil {
		opts.Roots = r.Roots
		_, err = leaf.Verify(opts)
		own = err == nil
	}
	left := leaf.NotAfter.Sub(r.Now())
	until := "good until " + leaf.NotAfter.Format(time.DateOnly)
	setup := r.Address.String() + "/setup"
	bad := r.fail
	if r.Insecure { // it was said that this is fine
		bad = r.warn
	}
	var wrongName x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil && left < expiresSoon:
		r.warn(name, fmt.Sprintf("it ends soon: %s", until), "renew it; a hub with --acme or its own authority does so by itself")
	case own:
		r.ok(name, until+", from an authority of your own, which phones must be given: "+setup)
	case err == nil:
		r.ok(name, until+", from "+leaf.Issuer.String())
	case errors.As(err, &wrongName):
		bad(name, "it does not hold for "+host+" but for "+strings.Join(append(leaf.DNSNames, addresses(leaf)...), ", "),
			"use a name it holds for"+authority(host, ", or get one for this name: ")+"; a hub with its own authority is told by --public "+r.Address.String())
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && left < 0:
		bad(name, "it ended on "+leaf.NotAfter.Format(time.DateOnly), "renew it; a hub with --acme or its own authority does so by itself")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		bad(name, "it begins on "+leaf.NotBefore.Format(time.DateTime)+", which is yet to come", "set the clock of the hub, and of this computer")
	case len(chain) == 1 && len(leaf.IssuingCertificateURL) > 0: // what public authorities issue says where their own is, which nobody fetches
		bad(name, "nobody known vouches for it, and the chain was not sent with it: "+leaf.Issuer.String(), "give the hub or the reverse proxy the full chain (fullchain.pem)")
	default:
		bad(name, "nobody known vouches for it: "+leaf.Issuer.String(),
			"for a hub with its own authority, fetch "+setup+"/tandem-ca.pem, compare its fingerprint, and name it with --ca"+authority(host, "; or get one that phones trust: "))
	}
	return opts.Roots, err == nil || r.Insecure
}

// authority says how to get a certificate for a host from a public authority; "" if none issues one: it has no name, or one of a home network alone.
func authority(host, before string) string {
	if net.ParseIP(host) != nil || !strings.Contains(strings.Trim(host, "."), ".") || strings.HasSuffix(strings.ToLower(host), ".local") {
		return ""
	}
	return before + "--acme " + host
}

func addresses(c *x509.Certificate) (out []string) {
	for _, ip := range c.IPAddresses {
		out = append(out, ip.String())
	}
	return out
}

// short is the reason of an error of the network without what was tried, which the line says already.
func short(err error) string {
	var op *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.As(err, &op) && op.Err != nil:
		return op.Err.Error()
	}
	return err.Error()
}
