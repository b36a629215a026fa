package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tandem/center"
	"tandem/provider/plugin"
	"tandem/server/eas/check"
	"tandem/server/listen"
)

// lookAtDoors says whether the hub is ready, and whether phones and desktops find it. What is not open is not looked at.
func (h *hub) lookAtDoors(ctx context.Context) []center.Check {
	var out []center.Check
	if h.watch != nil { // what programs are told at /readyz
		list, _ := h.watch.health.Look(ctx)
		for _, c := range list {
			c.Name = "ready: " + c.Name
			out = append(out, c)
		}
	}
	if _, err := plugin.Load(h.dir); err != nil {
		for _, e := range strings.Split(err.Error(), "\n") {
			out = append(out, center.Check{Name: "registered providers", Level: "fail", Text: e, Remedy: "register the program again with `tandem provider add`, or remove the file"})
		}
	}
	if h.doors == nil {
		return out
	}
	for _, l := range h.checkDoors(ctx) {
		out = append(out, center.Check{Name: l.Name, Level: l.Level, Text: l.Text, Remedy: l.Remedy})
	}
	return out
}

// checkDoors looks at the addresses of a hub from within and from without.
func (h *hub) checkDoors(ctx context.Context) []check.Line {
	d := h.doors
	var out []check.Line
	for _, a := range d.srv.Addresses() {
		out = append(out, checkListener(ctx, a))
	}
	if d.acme != nil {
		for _, n := range d.plan.acme.names {
			if err := d.acme.Problem(n); err != nil {
				f := center.FailureOf(err)
				l := check.Line{Name: "certificate for " + n, Level: "fail", Remedy: f.Remedy}
				f.Remedy = ""
				l.Text = f.Err().Error()
				out = append(out, l)
			}
		}
	}
	public := d.plan.outside()
	if public == nil {
		return append(d.asClient(ctx, out), check.Line{Name: "public address", Level: "ok", Text: "none is given; `tandem serve --public https://NAME` says how phones find the hub from everywhere"})
	}
	check.Run(ctx, check.Config{Address: public, Roots: d.authority(), Desktops: true}, func(l check.Line) {
		l.Name = "public " + l.Name
		out = append(out, l)
	})
	return append(out, h.checkNames(ctx, public)...)
}

// asClient goes the way of phones and desktops to the first address that the hub listens on, by this computer's name: the hub's own certificate is looked at as they do.
func (d *doors) asClient(ctx context.Context, out []check.Line) []check.Line {
	list := d.srv.Addresses()
	if len(list) == 0 || !list[0].TLS || d.own == nil { // what another vouches for is for another name, and what is not secure is for a proxy in front
		return out
	}
	own, at := list[0], named(list[0])
	address, err := url.Parse(at.String())
	if err != nil {
		return append(out, check.Line{Name: "own address", Level: "fail", Text: err.Error()})
	}
	check.Run(ctx, check.Config{Address: &url.URL{Scheme: address.Scheme, Host: address.Host}, Roots: d.authority(), Desktops: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, within(own))
	}}, func(l check.Line) {
		l.Name = "own " + l.Name
		out = append(out, l)
	})
	return out
}

// maxDomains bounds how many domains are asked for in DNS.
const maxDomains = 10

// checkNames looks whether clients find the hub by the users' mail addresses.
func (h *hub) checkNames(ctx context.Context, public *url.URL) (out []check.Line) {
	users, err := h.accounts.Users(ctx)
	if err != nil {
		return []check.Line{{Name: "autodiscover names", Level: "fail", Text: err.Error()}}
	}
	var domains []string
	for _, u := range users {
		mail := u.Address
		if mail == "" {
			mail = u.Name
		}
		if d := check.Domain(mail); d != "" && !slices.Contains(domains, d) && len(domains) < maxDomains {
			domains = append(domains, d)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, d := range domains {
		out = append(out, check.Names(ctx, net.DefaultResolver, public, d), desktopNames(ctx, net.DefaultResolver, public, d))
	}
	return out
}

// checkListener looks whether an address of this computer answers, and with which certificate.
func checkListener(ctx context.Context, a listen.Address) check.Line {
	l := check.Line{Name: "address " + a.String(), Level: "fail", Remedy: "restart `tandem serve`"}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", within(a))
	if err != nil {
		l.Text = "does not answer: " + err.Error()
		return l
	}
	defer conn.Close()
	ok := check.Line{Name: l.Name, Level: "ok", Text: "answers"}
	if !a.TLS {
		return ok
	}
	c := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) // it is ours; whether others trust it is seen from without
	if err := c.HandshakeContext(ctx); err != nil {
		l.Text, l.Remedy = "has no certificate to show: "+err.Error(), "see the log of `tandem serve`"
		return l
	}
	leaf := c.ConnectionState().PeerCertificates[0]
	ok.Text += " with a certificate for " + strings.Join(append(slices.Clone(leaf.DNSNames), ipNames(leaf)...), ", ") + ", good until " + leaf.NotAfter.Format(time.DateOnly)
	if left := leaf.NotAfter.Sub(now()); left < 14*24*time.Hour {
		ok.Level, ok.Remedy = "warn", "renew it; a hub with --acme or its own authority does so by itself"
	}
	return ok
}

func ipNames(c *x509.Certificate) (out []string) {
	for _, ip := range c.IPAddresses {
		out = append(out, ip.String())
	}
	return out
}

// within is the address at which this computer reaches one of its own.
func within(a listen.Address) string {
	host := a.Host
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, a.Port)
}

// outside is the address by which phones find the hub from everywhere, nil if none was given.
func (p doorPlan) outside() *url.URL {
	if p.public != nil {
		return p.public
	}
	if len(p.acme.names) > 0 { // the authority itself comes by this port
		return &url.URL{Scheme: "https", Host: p.acme.names[0]}
	}
	return nil
}

// authority is the hub's own, nil if it has none.
func (d *doors) authority() *x509.CertPool {
	if d.own == nil {
		return nil
	}
	c, err := x509.ParseCertificate(d.own.Authority())
	if err != nil {
		return nil
	}
	pool := x509.NewCertPool()
	pool.AddCert(c)
	return pool
}

// checkAsPhone plays a phone of a user who asks for it in a browser. Whatever the request says, nothing but the hub's own address is called: the
// public one that was given, else one that this process listens on.
func (h *hub) checkAsPhone(ctx context.Context, r *http.Request, user, password string) ([]check.Line, error) {
	d := h.doors
	u, err := h.accounts.Verify(ctx, user, password, d.door.Remote(r)) // first, so that guesses count against who makes them
	if err != nil {
		return nil, err
	}
	cfg := check.Config{Address: d.plan.outside(), User: u.Name, Password: password, Mail: u.Address, Roots: d.authority(), Desktops: true}
	if cfg.Address == nil {
		if cfg.Address, err = url.Parse(d.plan.base(r)); err != nil {
			return nil, err
		}
		secure := cfg.Address.Scheme == "https"
		i := slices.IndexFunc(d.srv.Addresses(), func(a listen.Address) bool { return a.TLS == secure })
		if i < 0 {
			return nil, errors.New("the hub does not know its own address; tell it by `tandem serve --public`")
		}
		cfg.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, within(d.srv.Addresses()[i]))
		}
	}
	var out []check.Line
	check.Run(ctx, cfg, func(l check.Line) { out = append(out, l) })
	return out, nil
}
