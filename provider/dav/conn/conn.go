// Package conn is the way to a WebDAV server: one HTTP client with its connections, its trust and its credentials. It follows redirects only to where the
// credentials may go, bounds and times what it reads, and tells a request that was never sent from one whose answer was lost.
package conn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"tandem"
	"tandem/internal/netguard"
	"tandem/internal/tlstrust"
)

// Config is what a client needs to know. Zero fields mean the defaults.
type Config struct {
	User     string
	Password func(ctx context.Context) (string, error) // asked when a server first wants it; nil: there is none
	Token    Tokens                                    // for Login "bearer" and "oauth"
	Login    string                                    // auto, basic, digest, bearer, oauth; "": auto
	CA       []byte                                    // PEM, trusted beside the system's
	Pin      string                                    // SHA-256 of the server's certificate in hexadecimal; then nothing else is asked of it
	Proxy    string                                    // URL; "": as the environment says, "none": no proxy
	Home     *url.URL                                  // where the credentials belong
	Idle     time.Duration                             // how long a server may say nothing; default 3 min, for some read a whole collection before they answer
	Relogin  string                                    // remedy for refused credentials
	// Manner tells how Home wanted credentials in an earlier run, as Learned was told then; "": not known. With them the first request need not be refused before the
	// credentials go along. nil: nothing is remembered.
	Manner  func(ctx context.Context) string
	Learned func(ctx context.Context, manner string)
	// Dial connects; nil: as the system does. Set, no proxy is used.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Tokens hands out bearer tokens.
type Tokens interface {
	// Token is a token that is not stale, the one that a server just refused ("": none was).
	Token(ctx context.Context, stale string) (string, error)
}

// Client speaks to one account. It is safe for concurrent use.
type Client struct {
	cfg     Config
	http    *http.Client
	base    *http.Transport
	oneShot atomic.Bool // the server wants a connection for each request

	mu       sync.Mutex // guards what follows
	password string
	asked    bool
	scheme   string     // how the server wants credentials; "": not known yet
	digest   *challenge // for scheme "digest"
	token    string
	recalled bool            // Manner was asked
	manner   string          // what is remembered
	offered  bool            // Home asked for Basic in this run
	hosts    map[string]bool // hosts beside Home's that the credentials may go to
}

// New makes a client. Nothing is connected yet.
func New(cfg Config) (*Client, error) {
	if cfg.Idle == 0 {
		cfg.Idle = 3 * time.Minute
	}
	if cfg.Login == "" {
		cfg.Login = "auto"
	}
	t := netguard.Transport(cfg.Dial)
	t.ForceAttemptHTTP2, t.MaxIdleConnsPerHost, t.MaxConnsPerHost, t.IdleConnTimeout = true, 16, 16, 90*time.Second
	t.TLSHandshakeTimeout, t.MaxResponseHeaderBytes = 20*time.Second, 256<<10
	var err error
	if t.TLSClientConfig, err = tlstrust.Config(cfg.Pin, cfg.CA); err != nil {
		return nil, err
	}
	switch {
	case cfg.Dial != nil || cfg.Proxy == "none": // a proxy would connect where it likes
		t.Proxy = nil
	case cfg.Proxy != "":
		u, err := url.Parse(cfg.Proxy)
		if err != nil || u.Host == "" {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read option", Thing: "proxy", Err: errors.New("it is no address"), Remedy: "write it like http://proxy.example.org:3128"}
		}
		t.Proxy = http.ProxyURL(u)
	}
	c := &Client{cfg: cfg, base: t, hosts: map[string]bool{}}
	c.http = &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if cfg.Login != "auto" && cfg.Login != "digest" {
		c.scheme = map[string]string{"basic": "basic", "bearer": "bearer", "oauth": "bearer"}[cfg.Login]
	}
	return c, nil
}

// Close ends idle connections.
func (c *Client) Close() { c.base.CloseIdleConnections() }

// Request is one request. Body may be sent several times, since a server may ask for credentials or redirect.
type Request struct {
	Method string
	URL    *url.URL
	Header map[string]string
	Body   tandem.Body // nil: none
	Sent   func(n int) // told of bytes of the body as they go out; nil: nobody
}

// Response is an answer. Its body must be closed.
type Response struct {
	*http.Response
	URL *url.URL // where the answer came from, redirects followed
}

// LostError is the failure of a request. Sent says that the server may have acted on it.
type LostError struct {
	Sent bool
	Err  error
}

func (e *LostError) Error() string { return e.Err.Error() }
func (e *LostError) Unwrap() error { return e.Err }

const maxRedirects = 6

// Do sends a request and returns the answer, whatever its status, after credentials and redirects. A failure is a *LostError, or an error of ours before
// anything was sent.
func (c *Client) Do(ctx context.Context, r *Request) (*Response, error) {
	at, hops, logins := r.URL, 0, 0
	for {
		auth, used, err := c.credentials(ctx, r.Method, at)
		if err != nil {
			return nil, err
		}
		resp, err := c.once(ctx, r, at, auth)
		for again := 0; again < 2 && harmless(r.Method) && reset(err) && ctx.Err() == nil; again++ {
			resp, err = c.once(ctx, r, at, auth)
		}
		if err != nil {
			return nil, err
		}
		c.learn(ctx, at, used, resp.StatusCode)
		switch {
		case resp.StatusCode == http.StatusUnauthorized && logins < 2:
			logins++
			again, err := c.challenged(ctx, resp, at, used)
			if err != nil {
				resp.Body.Close()
				return nil, err
			}
			if !again {
				return &Response{resp, at}, nil
			}
			resp.Body.Close()
		case redirects(r.Method, resp.StatusCode) && hops < maxRedirects:
			hops++
			next, err := at.Parse(resp.Header.Get("Location"))
			if err != nil || resp.Header.Get("Location") == "" {
				return &Response{resp, at}, nil
			}
			if err := c.mayFollow(at, next); err != nil {
				resp.Body.Close()
				return nil, err
			}
			resp.Body.Close()
			at = next
		default:
			return &Response{resp, at}, nil
		}
	}
}

// harmless tells the methods that only look, and so may be sent again when an answer was lost.
func harmless(method string) bool {
	switch method {
	case "PROPFIND", "REPORT", "GET", "HEAD", "OPTIONS":
		return true
	}
	return false
}

// reset tells whether a connection was cut before an answer came, which may be one that the server was just about to close.
func reset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}

// redirects tells whether a status sends a request of this method elsewhere. What changes something is only sent again where the server says that the method
// stays. RFC 9110 15.4
func redirects(method string, status int) bool {
	switch status {
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		return harmless(method)
	}
	return false
}

func (c *Client) once(ctx context.Context, r *Request, at *url.URL, auth string) (*http.Response, error) {
	ctx, w := watch(ctx, c.cfg.Idle)
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }, GotFirstResponseByte: w.stir})
	req, err := http.NewRequestWithContext(ctx, r.Method, at.String(), nil)
	if err != nil {
		w.stop()
		return nil, err
	}
	for k, v := range r.Header {
		req.Header.Set(k, v)
	}
	req.Header.Set("User-Agent", "Tandem")
	req.Close = c.oneShot.Load()
	if auth != "" {
		req.Header.Set("Authorization", auth)
	}
	if r.Body != nil {
		if err := attach(req, r, w); err != nil {
			w.stop()
			return nil, err
		}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		err = w.cause(err)
		w.stop()
		return nil, &LostError{sent.Load(), err}
	}
	resp.Body = &watchedBody{ReadCloser: resp.Body, w: w}
	if strings.HasPrefix(resp.Header.Get("Server"), "SOPE") { // SOGo without a proxy before it: it resets connections that are to be kept
		c.oneShot.Store(true)
	}
	return resp, nil
}

// ErrRedirect is the cause of the error of a redirect that is not followed.
var ErrRedirect = errors.New("it leads")

// mayFollow refuses redirects that would give away what belongs to this account.
func (c *Client) mayFollow(from, to *url.URL) error {
	if to.Scheme != "https" && to.Scheme != "http" || from.Scheme == "https" && to.Scheme == "http" {
		return &tandem.Error{Kind: tandem.Denied, Op: "follow redirect", Thing: to.Redacted(), Err: fmt.Errorf("%w away from an encrypted connection", ErrRedirect),
			Remedy: "if the server is right, name this address in the place"}
	}
	if !c.Trusts(to) {
		return &tandem.Error{Kind: tandem.Denied, Op: "follow redirect", Thing: to.Redacted(), Err: fmt.Errorf("%w to another owner's server", ErrRedirect),
			Remedy: "if the server is right, name this address in the place"}
	}
	return nil
}

// RetryAfter is how many seconds an answer asks to wait, 0 where it does not say. RFC 9110 10.2.3
func RetryAfter(h http.Header, now time.Time) int64 {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		return max(0, n)
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, int64(t.Sub(now).Seconds()+0.5))
	}
	return 0
}

// Protocol is what the last handshake agreed on, for diagnosis.
func Protocol(r *http.Response) string {
	if r.TLS == nil {
		return r.Proto
	}
	return r.Proto + " " + tls.VersionName(r.TLS.Version)
}
