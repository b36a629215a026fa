package dav

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"tandem"
	"tandem/provider/dav/conn"
	"tandem/wire/davxml"
)

const (
	maxListing = 1 << 30  // bytes of one multistatus
	maxSmall   = 4 << 20  // of one about a few resources
	maxReason  = 64 << 10 // of the body of a refusal
)

// link is an account's connection with what was learned about its server.
type link struct {
	*conn.Client
	relogin string                      // remedy for refused credentials
	ways    atomic.Pointer[quirks]      // nil: not known yet
	header  atomic.Pointer[http.Header] // of the last multistatus: it tells which server this is
}

// quirks is how the server differs, as far as it is known.
func (l *link) quirks() *quirks {
	if q := l.ways.Load(); q != nil {
		return q
	}
	return &quirks{}
}

// document writes an XML body.
func document(root *davxml.Element) tandem.Bytes {
	var b bytes.Buffer
	w := davxml.NewWriter(&b)
	w.Element(root)
	_ = w.Close() // memory does not fail
	return b.Bytes()
}

// ask sends a request with an XML body.
func (l *link) ask(ctx context.Context, method string, at *url.URL, depth string, root *davxml.Element) (*conn.Response, error) {
	r := &conn.Request{Method: method, URL: at, Header: map[string]string{}}
	if depth != "" {
		r.Header["Depth"] = depth
	}
	if root != nil {
		r.Body, r.Header["Content-Type"] = document(root), davxml.ContentType
	}
	resp, err := l.Do(ctx, r)
	if err != nil {
		return nil, broken(ctx, strings.ToLower(method), at, err)
	}
	return resp, nil
}

// listing yields the responses of a multistatus and, at its end, what stands beside them. Anything but a whole multistatus is an error: an error page, an
// empty body or one that breaks off is never an empty listing.
func (l *link) listing(ctx context.Context, method string, at *url.URL, depth string, root *davxml.Element, limit int64) (iter.Seq2[*davxml.Response, error], func() *davxml.Element) {
	tail := func() *davxml.Element { return nil }
	return func(yield func(*davxml.Response, error) bool) {
		resp, err := l.ask(ctx, method, at, depth, root)
		if err != nil {
			yield(nil, err)
			return
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusMultiStatus {
			yield(nil, l.refusal(resp, strings.ToLower(method)))
			return
		}
		l.header.Store(&resp.Header)
		seq, end := davxml.ReadMultistatus(resp.Body, davxml.Limits{Bytes: limit, Mend: true})
		tail = end
		for r, err := range seq {
			if err != nil {
				yield(nil, l.badAnswer(ctx, method, resp.URL, err))
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}, func() *davxml.Element { return tail() }
}

func (l *link) badAnswer(ctx context.Context, method string, at *url.URL, err error) error {
	var lost *conn.LostError
	if errors.As(err, &lost) {
		return broken(ctx, strings.ToLower(method), at, err)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &tandem.Error{Kind: tandem.Transient, Op: "read the answer of", Thing: at.Redacted(), Err: err, Remedy: "if this lasts, the server or something before it is broken"}
}

// propfind asks for properties of one resource.
func (l *link) propfind(ctx context.Context, at *url.URL, props ...davxml.Name) (*davxml.Response, error) {
	seq, _ := l.listing(ctx, "PROPFIND", at, "0", propfindBody(props), maxSmall)
	var first, exact *davxml.Response
	for r, err := range seq {
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = r
		}
		if u, err := at.Parse(r.Href); err == nil && samePath(u, at) {
			exact = r
		}
	}
	switch {
	case exact != nil:
		return exact, nil
	case first != nil:
		return first, nil
	}
	return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "propfind", Thing: at.Redacted(), Err: errors.New("the answer is empty"), Remedy: "check the address"}
}

func propfindBody(props []davxml.Name) *davxml.Element {
	return davxml.New(davxml.D("propfind"), propElement(props))
}

func propElement(props []davxml.Name) *davxml.Element {
	p := davxml.New(davxml.D("prop"))
	for _, n := range props {
		p.Add(davxml.New(n))
	}
	return p
}

// broken is the error of a request without an answer.
func broken(ctx context.Context, op string, at *url.URL, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var ours *tandem.Error
	if errors.As(err, &ours) {
		return err
	}
	var lost *conn.LostError
	if errors.As(err, &lost) && lost.Sent {
		return &tandem.Error{Kind: tandem.Transient, Op: op, Thing: at.Redacted(), Err: err}
	}
	return &tandem.Error{Kind: tandem.Unreadable, Op: op, Thing: at.Redacted(), Err: bareCause(err), Remedy: "check the address and that the server runs"}
}

// bareCause leaves out what net/http puts around a failure.
func bareCause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// condition reads why a server refused.
func condition(resp *conn.Response) *davxml.Condition {
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxReason))
	c := &davxml.Condition{Status: resp.StatusCode}
	if err != nil {
		return c
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if strings.HasSuffix(media, "xml") || bytes.HasPrefix(bytes.TrimSpace(data), []byte("<?xml")) {
		if root, err := davxml.Parse(bytes.NewReader(data), davxml.Limits{}); err == nil {
			c = davxml.ParseCondition(resp.StatusCode, root)
			if c.Text == "" {
				c.Text = root.Get(davxml.Name{Space: "http://sabredav.org/ns", Local: "message"}) // Nextcloud, Baïkal
			}
		}
		return c
	}
	if text := strings.TrimSpace(string(data)); media == "text/plain" && len(text) < 300 {
		c.Text = text
	}
	return c
}

// refusal is the error of an answer that is not the one asked for.
func (l *link) refusal(resp *conn.Response, op string) error {
	c := condition(resp)
	return l.refused(c, op, resp.URL.Redacted(), conn.RetryAfter(resp.Header, time.Now()), resp.URL.Host)
}

func (l *link) refused(c *davxml.Condition, op, thing string, wait int64, host string) error {
	e := &tandem.Error{Kind: tandem.Unreadable, Op: op, Thing: thing, Err: c, Wait: wait}
	switch c.Status {
	case http.StatusUnauthorized:
		e.Kind, e.Op, e.Thing, e.Remedy = tandem.Denied, "log in to", host, l.relogin
		e.Err = errLogin
	case http.StatusForbidden, http.StatusMethodNotAllowed:
		e.Kind, e.Remedy = tandem.Denied, "ask the server's owner for the right to do this"
	case http.StatusNotFound, http.StatusGone:
		e.Remedy = "check the address; list what there is with `tandem partner show`"
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		e.Kind = tandem.Transient
	case http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusRequestTimeout, http.StatusLocked:
		e.Kind = tandem.Transient
	case http.StatusInsufficientStorage:
		e.Kind, e.Remedy = tandem.Full, "make room in the account"
	case http.StatusRequestEntityTooLarge:
		e.Kind = tandem.TooLarge
	case http.StatusOK:
		e.Err, e.Remedy = errors.New("the server answers with a page for people"), "check the address: it names no WebDAV resource"
	}
	return e
}

var errLogin = errors.New("the server does not accept the name or password")

// isCondition tells whether an error is a refusal for a named precondition.
func isCondition(err error, names ...davxml.Name) bool {
	var c *davxml.Condition
	if !errors.As(err, &c) {
		return false
	}
	for _, n := range names {
		if c.Name == n {
			return true
		}
	}
	return false
}

// statusOf is the HTTP status behind an error, 0 for none.
func statusOf(err error) int {
	var c *davxml.Condition
	if errors.As(err, &c) {
		return c.Status
	}
	return 0
}

func unexpected(status int) error {
	return fmt.Errorf("the server answers %d %s", status, http.StatusText(status))
}
