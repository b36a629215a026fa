package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"tandem/partner/account"
	"tandem/partner/schedule"
	"tandem/server/certs"
	"tandem/server/dav/proto"
	"tandem/server/eas"
	phones "tandem/server/eas/all"
	"tandem/server/eas/autodiscover"
	"tandem/server/eas/runs"
	"tandem/server/listen"
	"tandem/server/setup"
	"tandem/server/web"
)

// doorFlags say where the front doors of a hub are.
type doorFlags struct {
	listen    []string
	cert, key string
	public    string
	moved     []string
	proxies   []string
	agents    string
	acme      acmeFlags
}

func (f *doorFlags) add(c *cobra.Command) {
	fl := c.Flags()
	fl.StringSliceVar(&f.listen, "listen", []string{listen.Default}, "where phones and browsers find the hub: https://:8443, http://127.0.0.1:8080, or none")
	fl.StringVar(&f.cert, "tls-cert", "", "a certificate with its chain, PEM (default: an authority of the hub's own, made on first run)")
	fl.StringVar(&f.key, "tls-key", "", "the key of --tls-cert, PEM")
	fl.StringVar(&f.public, "public", "", "the address that phones use, where it is another: https://sync.example.org")
	fl.StringSliceVar(&f.moved, "moved-from", nil, "a name that the hub had before: phones that use it are told the address of --public, and use that from then on")
	f.acme.add(fl)
	fl.StringVar(&f.agents, "agent-limit", "", "block phones that change their User-Agent too often: 2/24h/14h blocks one for 14 hours that does so more than twice in 24 (default: none)")
	fl.StringSliceVar(&f.proxies, "trust-proxy", nil, "networks of reverse proxies whose X-Forwarded-For is believed: 127.0.0.1,10.0.0.0/8")
}

// doorPlan is what the flags mean.
type doorPlan struct {
	addresses []listen.Address
	cert, key string
	public    *url.URL // nil: what requests say
	moved     []string // names the hub had before; in lower case
	proxies   []netip.Prefix
	agents    eas.AgentRule
	acme      acmeFlags
}

func (f *doorFlags) parse() (p doorPlan, err error) {
	for _, s := range f.listen {
		if s == "none" {
			if len(f.listen) > 1 {
				return p, errUsage{errors.New("--listen none goes with no other address")}
			}
			return p, nil
		}
		a, err := listen.Parse(s)
		if err != nil {
			return p, errUsage{err}
		}
		p.addresses = append(p.addresses, a)
	}
	if p.cert, p.key = f.cert, f.key; (p.cert == "") != (p.key == "") {
		return p, errUsage{errors.New("--tls-cert and --tls-key go together")}
	}
	if p.acme, err = f.acme.parse(p); err != nil {
		return p, err
	}
	if f.public != "" {
		u, err := url.Parse(f.public)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
			return p, errUsage{fmt.Errorf("--public takes an address without a path, such as https://sync.example.org, not %s", f.public)}
		}
		p.public = &url.URL{Scheme: u.Scheme, Host: u.Host}
	}
	if p.moved, err = f.movedFrom(p.outside()); err != nil {
		return p, err
	}
	if p.agents, err = eas.ParseAgentRule(f.agents); err != nil {
		return p, errUsage{fmt.Errorf("--agent-limit %s: %w", f.agents, err)}
	}
	for _, s := range f.proxies {
		net, err := netip.ParsePrefix(s)
		if err != nil {
			ip, err2 := netip.ParseAddr(s)
			if err2 != nil {
				return p, errUsage{fmt.Errorf("--trust-proxy takes addresses and networks, such as 127.0.0.1 or 10.0.0.0/8, not %s", s)}
			}
			net = netip.PrefixFrom(ip, ip.BitLen())
		}
		p.proxies = append(p.proxies, net)
	}
	return p, nil
}

// movedFrom are the names the hub had before; now is its public address.
func (f *doorFlags) movedFrom(now *url.URL) (names []string, err error) {
	for _, s := range f.moved {
		name := strings.ToLower(s)
		switch {
		case now == nil:
			return nil, errUsage{errors.New("--moved-from needs --public: the address that phones are to use now")}
		case strings.ContainsAny(name, "/: ") || name == "":
			return nil, errUsage{fmt.Errorf("--moved-from takes a name, such as old.example.org, not %s", s)}
		case name == strings.ToLower(now.Hostname()):
			return nil, errUsage{fmt.Errorf("--moved-from %s is the name of --public: phones would be sent round in a circle", s)}
		}
		names = append(names, name)
	}
	return names, nil
}

// elsewhere is the hub's public address for a phone that uses a name the hub had before, "" for others.
func (p doorPlan) elsewhere(r *http.Request) string {
	if len(p.moved) == 0 {
		return ""
	}
	host := p.host(r)
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if !slices.Contains(p.moved, strings.ToLower(strings.TrimSuffix(host, "."))) {
		return ""
	}
	return p.outside().String()
}

func (p doorPlan) trusts(remote string) bool {
	ip, err := netip.ParseAddr(remote)
	return err == nil && slices.ContainsFunc(p.proxies, func(n netip.Prefix) bool { return n.Contains(ip.Unmap()) })
}

// base is the address under which the client of a request knows the hub.
func (p doorPlan) base(r *http.Request) string {
	if p.public != nil {
		return p.public.String()
	}
	scheme, host := "http", p.host(r)
	if r.TLS != nil {
		scheme = "https"
	}
	if proto := r.Header.Get("X-Forwarded-Proto"); p.proxied(r) && (proto == "https" || proto == "http") {
		scheme = proto
	}
	if strings.ContainsAny(host, "/\\\"'<>?#@ ") || host == "" {
		host = "localhost"
	}
	return scheme + "://" + host
}

// proxied reports whether a request came by a reverse proxy that is trusted.
func (p doorPlan) proxied(r *http.Request) bool {
	remote, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && p.trusts(remote)
}

// host is the name, and mostly the port, that the client of a request used.
func (p doorPlan) host(r *http.Request) string {
	if h := r.Header.Get("X-Forwarded-Host"); h != "" && p.proxied(r) {
		return h
	}
	return r.Host
}

// doors are the open front doors of a hub.
type doors struct {
	plan doorPlan
	srv  *listen.Server
	http http.Handler
	cert *tls.Config // nil: no address needs one
	own  *certs.Own  // nil: another vouches for the hub
	acme *certs.ACME // nil: no authority is asked over the network
	log  *slog.Logger
	door *phones.Door
	runs *runs.Book // of phones
	web  *web.Door

	meetings *schedule.Service
	accounts *account.Service
}

// openDoors opens the addresses of a plan; nobody is served yet. Without any address it returns nil.
func (h *hub) openDoors(p doorPlan, log *slog.Logger) (*doors, error) {
	if len(p.addresses) == 0 {
		return nil, nil
	}
	synced := h.newRuns(log)
	d := &doors{plan: p, log: log, door: h.newPhones(p, synced, log), runs: synced, meetings: h.meetings, accounts: h.accounts}
	set := setup.Config{Base: p.base, Check: h.checkAsPhone, Log: log}
	secure, err := d.tls(h.dir, p)
	if err != nil {
		return nil, err
	}
	d.cert = secure
	if d.own != nil {
		set.Authority, set.Fingerprint = d.own.Authority(), d.own.Fingerprint()
	}
	page, err := setup.New(set)
	if err != nil {
		return nil, err
	}
	var counts http.Handler
	if h.watch != nil {
		counts = h.watch.metrics.Handler()
	}
	d.web, err = web.New(web.Config{Metrics: counts, Hub: h, Store: h.store, Accounts: h.accounts, Places: h.places, Kind: h.env.Kind, Public: proto.PublicPath, Base: p.base, Trust: p.trusts, Authority: set.Fingerprint, Version: version(), Log: log})
	if err != nil {
		return nil, err
	}
	find := autodiscover.New(autodiscover.Config{Accounts: h.accounts, Remote: d.door.Remote, Base: p.base, Log: log})
	d.http = h.watch.beside(route(h.watch.counted("eas", d.door), h.watch.counted("autodiscover", find), rootLeads(h.watch.counted("dav", h.newDesktops(p, log))), h.watch.counted("setup", page),
		h.watch.counted("web", d.web)))
	if d.acme != nil {
		d.http = d.acme.Challenge(d.http)
	}
	if d.srv, err = listen.Open(p.addresses, secure); err != nil {
		return nil, err
	}
	h.doors = d
	return d, nil
}

// route sends requests to the doors. Clients spell the paths in many ways.
func route(door, find, desktops, page, web http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.ToLower(r.URL.Path)
		switch {
		case strings.TrimSuffix(strings.TrimSuffix(path, "/default.eas"), "/") == strings.ToLower(eas.Path):
			door.ServeHTTP(w, r)
		case autodiscover.Is(path):
			find.ServeHTTP(w, r)
		case forDesktops(r):
			desktops.ServeHTTP(w, r)
		case path == setup.Path || strings.HasPrefix(path, setup.Path+"/"):
			page.ServeHTTP(w, r)
		default:
			web.ServeHTTP(w, r)
		}
	})
}

// serve answers until ctx is done. Without doors it only waits.
func (d *doors) serve(ctx context.Context) error {
	if d == nil {
		<-ctx.Done()
		return nil
	}
	stop := d.door.Start(ctx)
	defer stop()
	renewing, end := context.WithCancel(ctx)
	wait := d.renew(renewing)
	defer wait()
	var carrying sync.WaitGroup
	d.resume(ctx, true) // before the first write
	carrying.Go(func() { d.carryMeetings(renewing) })
	carrying.Go(func() { d.runs.Run(renewing) }) // ends after the last request, which may be part of one
	defer carrying.Wait()
	defer end()
	return d.srv.Serve(ctx, d.http, d.log)
}

// close gives the addresses back without having served.
func (d *doors) close() error {
	if d == nil {
		return nil
	}
	return d.srv.Close()
}

// addresses says where phones and desktops find the hub.
func (a *app) addresses(d *doors) error {
	if d == nil {
		return nil
	}
	tell := func(base string) error {
		_, err := fmt.Fprintf(a.out, "Sync Center: %s/\nPhones: %s%s\nCalDAV, CardDAV and WebDAV: %s%s\n", base, base, setup.Path, base, proto.Path)
		return err
	}
	public := d.plan.outside()
	if public != nil {
		if err := tell(public.String()); err != nil {
			return err
		}
	}
	for _, at := range d.srv.Addresses() {
		var err error
		if public == nil {
			err = tell(named(at).String())
		} else {
			_, err = fmt.Fprintln(a.out, "It listens on "+at.String())
		}
		if err != nil {
			return err
		}
	}
	if d.own == nil {
		return nil
	}
	_, err := fmt.Fprintf(a.out, "Its own certificate authority has the fingerprint (SHA-256)\n  %s\n", d.own.Fingerprint())
	return err
}

// named is an address with this computer's name where it stands for all.
func named(a listen.Address) listen.Address {
	if a.Host == "" || net.ParseIP(a.Host).IsUnspecified() {
		a.Host = hostName()
	}
	return a
}

// hostName is this computer's name, as others in its network may know it.
func hostName() string {
	if host, err := os.Hostname(); err == nil && host != "" {
		return host
	}
	return "localhost"
}

// names are what the hub's own certificate must hold for.
func (p doorPlan) names() []string {
	names := certs.Names()
	if p.public != nil {
		names = append(names, p.public.Hostname())
	}
	names = append(names, p.moved...)
	for _, a := range p.addresses {
		if ip := net.ParseIP(a.Host); a.Host != "" && (ip == nil || !ip.IsUnspecified()) {
			names = append(names, a.Host)
		}
	}
	return names
}

// tlsDir is where the hub's own authority is kept, within the data folder.
func tlsDir(data string) string { return filepath.Join(data, "tls") }
