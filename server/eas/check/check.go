// Package check plays a phone or mail program against a hub's public address and says, step by step, what works and what helps where something
// does not: names, certificate, door, log-in, Autodiscover, folders, clock, and whether something on the way cuts long requests.
package check

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/test/easclient"
)

// Line is one line of a check-up. Its form is that of the other check-ups of a hub.
type Line struct {
	Name   string `json:"name"`
	Level  string `json:"level"` // "ok", "warn" or "fail"
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
}

// Resolver asks DNS.
type Resolver interface {
	LookupHost(ctx context.Context, host string) ([]string, error)
	LookupSRV(ctx context.Context, service, proto, name string) (cname string, records []*net.SRV, err error)
}

// Config says what is checked. Everything without a remark must be set.
type Config struct {
	Address  *url.URL       // what phones use: https://sync.example.org
	User     string         // who logs in; "": what can be seen without
	Password string         // the user's
	Mail     string         // the user's mail address, whose domain clients begin with; may be empty
	Roots    *x509.CertPool // authorities that are trusted besides the system's; may be nil
	Insecure bool           // go on with a certificate that nobody vouches for, and give it the password
	Desktops bool           // look at the doors of desktops, too: well-known addresses, CalDAV, CardDAV and WebDAV
	Hold     time.Duration  // how long a waiting request is tried; 0: it is not
	Resolver Resolver       // nil: the system's, unless Dial is set: then names are not looked at
	// Dial connects, whatever the address; nil: by the address.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	Now  func() time.Time // nil: time.Now
}

// patience is how long one step may take.
const patience = 20 * time.Second

// ParseAddress reads the address of a hub as people write it: "sync.example.org:8443", "https://sync.example.org/".
func ParseAddress(s string) (*url.URL, error) {
	text := strings.TrimSpace(s)
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || !goodPort(u.Port()) {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "check", Thing: s, Err: errors.New("this is no address of a hub"), Remedy: "write it like https://sync.example.org or sync.example.org:8443"}
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// goodPort reports whether there can be a port of this number; "" is the usual one.
func goodPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && n > 0
}

// run is a check-up under way.
type run struct {
	Config
	tell   func(Line)
	client *easclient.Client
	plain  *http.Client
	folder string // one that was told of
}

// Run checks an address and tells each line as soon as it is known. A step on which others stand ends the check-up if it fails.
func Run(ctx context.Context, cfg Config, tell func(Line)) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Resolver == nil && cfg.Dial == nil {
		cfg.Resolver = net.DefaultResolver
	}
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{}).DialContext
	}
	r := &run{Config: cfg, tell: tell}
	if r.Resolver != nil {
		if !r.step(ctx, r.host) {
			return
		}
		if r.Mail != "" {
			r.step(ctx, func(ctx context.Context) bool { return r.say(Names(ctx, r.Resolver, r.Address, Domain(r.Mail))) })
		}
	}
	roots, secure := r.Roots, true
	if !r.step(ctx, func(ctx context.Context) bool { roots, secure = r.connect(ctx); return secure }) {
		return
	}
	r.plain = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: r.Dial, TLSClientConfig: &tls.Config{RootCAs: roots, InsecureSkipVerify: r.Insecure, MinVersion: tls.VersionTLS10}}}
	defer r.plain.CloseIdleConnections()
	r.client = &easclient.Client{HTTP: r.plain, Base: r.Address.String(), User: r.User, Password: r.Password, DeviceID: "validate", DeviceType: "TandemCheck", Agent: "Tandem-Check/1.0"}
	if !r.step(ctx, r.door) {
		return
	}
	r.step(ctx, r.version2)
	if r.Desktops {
		r.step(ctx, r.desktops)
	}
	if r.User == "" {
		r.step(ctx, r.asksForPassword)
		return
	}
	if !r.step(ctx, r.login) {
		return
	}
	r.step(ctx, r.version1)
	if r.step(ctx, r.folders) && r.step(ctx, r.compression) && r.Hold > 0 {
		r.hold(ctx)
	}
}

// step takes one step within its time.
func (r *run) step(ctx context.Context, f func(context.Context) bool) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return f(ctx)
}

// say tells a line and reports whether it is no failure.
func (r *run) say(l Line) bool {
	r.tell(l)
	return l.Level != "fail"
}

func (r *run) ok(name, text string) bool { return r.say(Line{Name: name, Level: "ok", Text: text}) }

func (r *run) warn(name, text, remedy string) bool {
	return r.say(Line{Name: name, Level: "warn", Text: text, Remedy: remedy})
}

func (r *run) fail(name, text, remedy string) bool {
	return r.say(Line{Name: name, Level: "fail", Text: text, Remedy: remedy})
}

// port is the port of an address.
func port(u *url.URL) string {
	if u.Scheme == "http" {
		return cmp.Or(u.Port(), "80")
	}
	return cmp.Or(u.Port(), "443")
}

// Domain is the part of a mail address behind the @, "" if there is none.
func Domain(mail string) string {
	at := strings.LastIndexByte(mail, '@')
	if at < 0 {
		return ""
	}
	return strings.ToLower(strings.TrimSuffix(mail[at+1:], "."))
}
