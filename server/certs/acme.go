package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/mail"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/mholt/acmez/v3"
	"go.uber.org/zap"

	"tandem"
)

// LetsEncrypt is the directory of the authority that is asked unless another is given.
const LetsEncrypt = certmagic.LetsEncryptProductionCA

// ACMEConfig says which certificates are wanted from whom. Everything without a remark must be set.
type ACMEConfig struct {
	Dir       string         // where account, keys and certificates are kept
	Names     []string       // host names; each gets a certificate
	Email     string         // where the authority may write to; may be empty
	Directory string         // URL of the authority's directory, empty: LetsEncrypt
	Roots     *x509.CertPool // who vouches for the directory; nil: the system's
	// TLS and HTTP are the addresses that are listened on, "host:port", with Config and behind Challenge; at least one is set. The authority itself asks
	// at the ports 443 and 80, which must lead there.
	TLS, HTTP string
	Every     time.Duration                // how often it is looked whether a certificate must be renewed, 0: every 10 minutes
	Changed   func(name string, err error) // told when a certificate is ready for use or renewed, or was not obtained; nil: nobody
	Log       *slog.Logger
}

// ACME keeps certificates that an authority issues over the network. RFC 8555. It is safe for concurrent use.
type ACME struct {
	cfg    ACMEConfig
	magic  *certmagic.Config
	issuer *certmagic.ACMEIssuer
	cache  *certmagic.Cache

	mu    sync.Mutex
	state map[string]error // the last failure of a name that has no good certificate since
}

// OpenACME readies the certificates of a hub; nothing is sent yet. To ask for a certificate is to agree to the authority's terms of service.
func OpenACME(cfg ACMEConfig) (*ACME, error) {
	cfg.Names = slices.Clone(cfg.Names)
	for i, n := range cfg.Names {
		cfg.Names[i] = strings.ToLower(strings.Trim(strings.TrimSpace(n), "."))
	}
	if cfg.Directory == "" {
		cfg.Directory = LetsEncrypt
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "make folder", Thing: cfg.Dir, Err: err, Remedy: "make the data folder writable to this user"}
	}
	a := &ACME{cfg: cfg, state: map[string]error{}}
	log := zap.New(&bridge{log: cfg.Log})
	a.cache = certmagic.NewCache(certmagic.CacheOptions{RenewCheckInterval: cfg.Every, Logger: log,
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return a.magic, nil }})
	a.magic = certmagic.New(a.cache, certmagic.Config{Storage: &certmagic.FileStorage{Path: cfg.Dir}, Logger: log, OnEvent: a.hear,
		DefaultServerName: cfg.Names[0], FallbackServerName: cfg.Names[0]})
	template := certmagic.ACMEIssuer{CA: cfg.Directory, Email: cfg.Email, Agreed: true, TrustedRoots: cfg.Roots, Logger: log,
		DisableTLSALPNChallenge: cfg.TLS == "", DisableHTTPChallenge: cfg.HTTP == "", DisableDistributedSolvers: true}
	// The ports are named so that certmagic finds them taken and leaves the answers to Config and Challenge.
	template.ListenHost, template.AltTLSALPNPort = split(cfg.TLS)
	if host, port := split(cfg.HTTP); port != 0 {
		template.AltHTTPPort = port
		if cfg.TLS == "" {
			template.ListenHost = host
		}
	}
	a.issuer = certmagic.NewACMEIssuer(a.magic, template)
	a.magic.Issuers = []certmagic.Issuer{a.issuer}
	return a, nil
}

func split(address string) (host string, port int) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0
	}
	if port, err = strconv.Atoi(text); err != nil {
		return "", 0
	}
	return host, port
}

// check says what is wrong with a configuration.
func (cfg ACMEConfig) check() error {
	bad := func(thing, why, remedy string) error {
		return &tandem.Error{Kind: tandem.Invalid, Op: "use ACME for", Thing: thing, Err: errors.New(why), Remedy: remedy}
	}
	if len(cfg.Names) == 0 {
		return bad("no name", "no host name is given", "give the name that phones use: --acme sync.example.org")
	}
	for _, n := range cfg.Names {
		switch {
		case net.ParseIP(n) != nil:
			return bad(n, "certificates are issued for names, not for addresses of the network", "give the name that phones use, such as sync.example.org")
		case strings.Contains(n, "*"):
			return bad(n, "a wildcard needs changes in DNS, which are not made here", "give every name by itself, or the certificate with --tls-cert")
		case !strings.Contains(n, ".") || strings.ContainsAny(n, "/:@ ") || strings.HasSuffix(n, ".local") || len(n) > 253:
			return bad(n, "this is no host name of the public internet", "give a name such as sync.example.org; without one, the hub's own authority does: leave --acme out")
		}
	}
	if u, err := url.Parse(cfg.Directory); err != nil || u.Scheme != "https" || u.Host == "" {
		return bad(cfg.Directory, "an ACME directory has an address that begins with https://", "look it up at the authority; "+LetsEncrypt+" is the default")
	}
	if a, err := mail.ParseAddress(cfg.Email); cfg.Email != "" && (err != nil || a.Address != cfg.Email) {
		return bad(cfg.Email, "this is no mail address", "give one such as admin@example.org, or none")
	}
	if cfg.TLS == "" && cfg.HTTP == "" {
		return bad(cfg.Names[0], "no address is listened on", "listen on https://:443")
	}
	return nil
}

// Config is a TLS configuration with the certificates, which answers the authority's challenges (RFC 8737), too. A client that asks for no name, or
// for one that is not ours, is shown the first. Until there is a certificate handshakes fail.
func (a *ACME) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1", acmez.ACMETLS1Protocol}, GetCertificate: a.magic.GetCertificate}
}

// Challenge answers the authority's challenges on a plain HTTP address (RFC 8555 8.3) and leaves the rest to next.
func (a *ACME) Challenge(next http.Handler) http.Handler { return a.issuer.HTTPChallengeHandler(next) }

// Run obtains what is missing and renews what grows old until ctx is done. The addresses must be listened on. A failure is logged, told to Changed, and
// tried again, later each time.
func (a *ACME) Run(ctx context.Context) error {
	defer a.cache.Stop()
	if err := a.magic.ManageAsync(ctx, a.cfg.Names); err != nil {
		return &tandem.Error{Kind: tandem.Transient, Op: "obtain certificate", Thing: strings.Join(a.cfg.Names, ", "), Err: err}
	}
	<-ctx.Done()
	return nil
}

// Problem is why a name has no certificate, or could not renew it; nil if all is well or nothing was tried.
func (a *ACME) Problem(name string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state[strings.ToLower(name)]
}

// hear takes what certmagic tells.
func (a *ACME) hear(_ context.Context, event string, data map[string]any) error {
	switch event {
	case "cached_managed_cert":
		names, _ := data["sans"].([]string)
		for _, n := range names {
			a.note(n, nil)
		}
	case "cert_obtained": // a first one is told when it is ready for use; one renewed takes the old one's place at once
		if name, _ := data["identifier"].(string); data["renewal"] == true {
			a.note(name, nil)
		}
	case "cert_failed":
		name, _ := data["identifier"].(string)
		cause, _ := data["error"].(error)
		if errors.Is(cause, context.Canceled) {
			return nil
		}
		err := a.explain(name, cause)
		a.cfg.Log.Warn("no certificate was obtained; it is tried again", "name", name, "err", err)
		a.note(name, err)
	}
	return nil
}

func (a *ACME) note(name string, err error) {
	a.mu.Lock()
	a.state[name] = err
	a.mu.Unlock()
	if a.cfg.Changed != nil {
		a.cfg.Changed(name, err)
	}
}

// explain makes an authority's refusal into what can be done about it. RFC 8555 6.7
func (a *ACME) explain(name string, cause error) error {
	e := &tandem.Error{Kind: tandem.Transient, Op: "obtain certificate", Thing: name, Err: cause}
	ports := a.ports()
	typ, detail := problem(cause)
	if detail != "" {
		e.Err = fmt.Errorf("%s: %s", strings.TrimPrefix(typ, "urn:ietf:params:acme:error:"), detail)
	}
	short := strings.TrimPrefix(typ, "urn:ietf:params:acme:error:")
	if strings.Contains(detail, "resolv") || strings.Contains(detail, "NXDOMAIN") {
		short = "dns" // authorities file what went wrong on the way under several types
	} else if strings.Contains(detail, "connect") {
		short = "connection"
	}
	switch short {
	case "connection", "tls":
		e.Remedy = "the authority must reach this hub: let the router and firewall pass " + ports + ", and let the DNS name lead here"
	case "dns":
		e.Remedy = "give the name an A or AAAA record in DNS that leads to this hub, and wait until it is known"
	case "unauthorized", "incorrectResponse":
		e.Remedy = "something else answers for the name: let DNS lead to this hub, and the router pass " + ports
	case "rateLimited":
		e.Remedy = "the authority issues no more of these for now; it is tried again by itself"
	case "caa":
		e.Remedy = "the name's CAA record in DNS forbids this authority: add it there, or ask another with --acme-directory"
	case "rejectedIdentifier", "unsupportedIdentifier":
		e.Kind, e.Remedy = tandem.Invalid, "the authority issues nothing for this name: give the public name of the hub"
	case "invalidContact", "unsupportedContact":
		e.Kind, e.Remedy = tandem.Invalid, "give another mail address with --acme-email"
	case "externalAccountRequired", "userActionRequired":
		e.Kind, e.Remedy = tandem.Denied, "this authority wants an account beforehand: ask another, such as "+LetsEncrypt
	case "":
		e.Remedy = "see that this computer reaches " + a.cfg.Directory
	default:
		e.Remedy = "it is tried again by itself; the authority said why not"
	}
	return e
}

// ports says which ports must lead where.
func (a *ACME) ports() string {
	var out []string
	if _, port := split(a.cfg.TLS); port != 0 {
		out = append(out, "TCP port 443 to port "+strconv.Itoa(port)+" of this computer")
	}
	if _, port := split(a.cfg.HTTP); port != 0 {
		out = append(out, "TCP port 80 to port "+strconv.Itoa(port)+" of this computer")
	}
	return strings.Join(out, ", or ")
}
