// Package dav is the desktops' front door: CalDAV (RFC 4791), CardDAV (RFC 6352) and WebDAV (RFC 4918) over the home collections. It lets users in,
// finds what a path leads to, and passes requests to the packages below it; package all puts it together.
//
// The door keeps no state that matters: what a client has is in its own entity tags and sync-tokens, which are the store's sequence numbers.
package dav

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"

	"tandem"
	"tandem/partner/account"
	"tandem/server/dav/proto"
	"tandem/server/listen"
	"tandem/store"
	"tandem/wire/davxml"
)

// Accounts let users in.
type Accounts interface {
	// VerifyBasic checks an Authorization header that came from a network address. Denied: wrong or missing, or right and not for the use (account.Beyond); Busy: too many attempts, with Wait.
	VerifyBasic(ctx context.Context, header, remote string, use account.Use) (store.User, error)
}

// Config is what a door stands on. Everything without a remark must be set.
type Config struct {
	Accounts Accounts
	Tree     proto.Tree
	Methods  map[string]proto.Method // what is served, by name; OPTIONS is the door's own
	Base     func(*http.Request) string
	Log      *slog.Logger             // nil: nowhere
	Trust    func(remote string) bool // a reverse proxy whose X-Forwarded-For is believed; nil: none is
}

// Door is the front door: an http.Handler for proto.Path and what is below.
type Door struct {
	cfg       Config
	squeezers sync.Pool // of *gzip.Writer
}

// New makes a door.
func New(cfg Config) *Door {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	d := &Door{cfg: cfg}
	d.squeezers.New = func() any {
		gz, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // error: there is such a level
		return gz
	}
	return d
}

// Classes is the header DAV: what the door can do. RFC 4918 10.1, 18
const Classes = "1, 2, 3, access-control, calendar-access, calendar-auto-schedule, calendar-availability, calendar-managed-attachments, addressbook, extended-mkcol, sync-collection"

// fileProps says that files have Apache's property executable, which some clients set only where this is said. RFC 4918 10.1
const fileProps = "<http://apache.org/dav/propset/fs/1>"

// Is reports whether a path is the door's.
func Is(path string) bool {
	return strings.HasPrefix(path, proto.Path) || path+"/" == proto.Path || WellKnown(path)
}

// WellKnown reports whether a path is one under which clients look for the door. RFC 6764 5
func WellKnown(path string) bool {
	path = strings.TrimSuffix(path, "/")
	return path == "/.well-known/caldav" || path == "/.well-known/carddav"
}

// ServeHTTP implements http.Handler.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("DAV", Classes)
	if strings.HasPrefix(r.URL.Path, proto.Path+string(proto.Files)+"/") {
		w.Header().Add("DAV", fileProps)
	}
	if WellKnown(r.URL.Path) {
		http.Redirect(w, r, proto.Path, http.StatusMovedPermanently)
		return
	}
	if r.Method == http.MethodOptions && r.Header.Get("Authorization") == "" { // what it says is no secret, and some clients ask before they log in
		w.Header().Set("Allow", d.methods())
		w.WriteHeader(http.StatusOK)
		return
	}
	var user store.User
	var err error
	if public := strings.HasPrefix(r.URL.Path, proto.PublicPath); !public {
		user, err = d.cfg.Accounts.VerifyBasic(r.Context(), r.Header.Get("Authorization"), d.Remote(r), useOf(r))
	} else if !looks(r.Method) {
		w.Header().Set("Allow", "GET, HEAD, OPTIONS, PROPFIND, REPORT")
		http.Error(w, "a link is for looking only", http.StatusMethodNotAllowed)
		return
	} else {
		w.Header().Set("Referrer-Policy", "no-referrer") // the path is a secret
		w.Header().Set("X-Robots-Tag", "noindex")
	}
	switch {
	case err == nil:
	case account.Beyond(err):
		d.cfg.Log.Warn("an app password was used for what it is not for", "method", r.Method, "path", r.URL.Path, "remote", d.Remote(r), "err", err)
		http.Error(w, "this password is not for that", http.StatusForbidden)
		return
	case tandem.IsKind(err, tandem.Denied), tandem.IsKind(err, tandem.NotFound), tandem.IsKind(err, tandem.Invalid):
		w.Header().Set("WWW-Authenticate", `Basic realm="Tandem", charset="UTF-8"`)
		http.Error(w, "unauthorized", http.StatusUnauthorized)
		return
	default:
		d.fail(w, r, err)
		return
	}
	small := &squeezed{ResponseWriter: w, accepts: acceptsGzip(r.Header) && !here(d.Remote(r)), pool: &d.squeezers}
	out := &tracked{ResponseWriter: small}
	err = d.serve(out, r, user)
	if err == nil {
		err = small.end()
	}
	if err != nil {
		if out.begun {
			d.cfg.Log.Error("answer broken off", "method", r.Method, "path", r.URL.Path, "err", err)
			panic(http.ErrAbortHandler) // a torn answer must not look whole
		}
		d.fail(out, r, err)
	}
}

// useOf is what a request is about to do. What leads to collections, such as principals, is for programs of both sorts; what is taken somewhere else is for those of there, too.
func useOf(r *http.Request) account.Use {
	use := account.Use{Doors: []account.Door{account.Calendars, account.Files}, Writes: !looks(r.Method)}
	paths := []string{r.URL.Path}
	if to, err := url.Parse(r.Header.Get("Destination")); err == nil && to.Path != "" {
		paths = append(paths, to.Path)
	}
	for _, p := range paths {
		rest := strings.TrimPrefix(path.Clean("/"+p), strings.TrimSuffix(proto.Path, "/"))
		branch, _, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
		switch {
		case branch == string(proto.Files):
			use.Doors = slices.DeleteFunc(use.Doors, func(d account.Door) bool { return d != account.Files })
		case branch != "" && branch != "principals":
			use.Doors = slices.DeleteFunc(use.Doors, func(d account.Door) bool { return d != account.Calendars })
		}
	}
	return use
}

// looks reports whether a method changes nothing.
func looks(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, "PROPFIND", "REPORT":
		return true
	}
	return false
}

// tracked knows whether an answer was begun.
type tracked struct {
	http.ResponseWriter
	begun bool
}

func (t *tracked) WriteHeader(code int) {
	t.begun = true
	t.ResponseWriter.WriteHeader(code)
}

func (t *tracked) Write(p []byte) (int, error) {
	t.begun = true
	return t.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController find the server's own writer.
func (t *tracked) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// serve answers one request of a user.
func (d *Door) serve(w *tracked, hr *http.Request, user store.User) (err error) {
	ctx := hr.Context()
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p)
		default:
			err = tandem.Errorf(tandem.Internal, "panic: %v\n%s", p, debug.Stack())
		}
	}()
	target, err := d.cfg.Tree.Resolve(ctx, user, hr.URL.EscapedPath())
	if tandem.IsKind(err, tandem.NotFound) && makes(hr.Method) { // RFC 4918 9.3.1, 9.7.1
		return davxml.Failf(http.StatusConflict, "there is no collection that could hold it")
	}
	if err != nil {
		return err
	}
	r := &proto.Request{Request: hr, User: user, Target: target, Prefer: proto.ParsePrefer(hr.Header), Base: d.cfg.Base(hr),
		Author: store.Author{User: user.Name, Via: "dav:" + agent(hr.UserAgent())}}
	if hr.Method == http.MethodOptions {
		w.Header().Set("Allow", d.methods())
		w.WriteHeader(http.StatusOK)
		return nil
	}
	run := d.cfg.Methods[hr.Method]
	if run == nil {
		w.Header().Set("Allow", d.methods())
		return davxml.Failf(http.StatusMethodNotAllowed, "the method %s is not served", hr.Method)
	}
	if r.Depth, err = depth(hr); err != nil {
		return err
	}
	if takesXML(hr.Method) {
		if r.XML, err = document(w, hr); err != nil {
			return err
		}
	}
	return run(ctx, w, r)
}

// makes reports whether a method makes what is not there.
func makes(method string) bool {
	return method == http.MethodPut || method == "MKCOL" || method == "MKCALENDAR"
}

func (d *Door) methods() string {
	names := []string{http.MethodOptions}
	for name := range d.cfg.Methods {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// agent is the first word of a User-Agent, for history.
func agent(s string) string {
	s, _, _ = strings.Cut(s, " ")
	return s[:min(len(s), 64)]
}

// depth reads the header Depth; its defaults are those of RFC 4918 9.1, 9.6.1, 9.8.3, 9.9.2, 9.10.3 and RFC 3253 3.6.
func depth(r *http.Request) (int, error) {
	switch strings.ToLower(strings.TrimSpace(r.Header.Get("Depth"))) {
	case "0":
		return 0, nil
	case "1", "1,noroot":
		return 1, nil
	case "infinity", "infinity,noroot":
		return proto.Infinity, nil
	case "":
		if r.Method == "REPORT" {
			return 0, nil
		}
		return proto.Infinity, nil
	}
	return 0, davxml.Failf(http.StatusBadRequest, "Depth: %s makes no sense", r.Header.Get("Depth"))
}

// takesXML reports whether the body of a method is XML.
func takesXML(method string) bool {
	switch method {
	case "PROPFIND", "PROPPATCH", "REPORT", "MKCOL", "MKCALENDAR", "LOCK", "ACL":
		return true
	}
	return false
}

// maxXML is the size in bytes of the largest XML of a request: a multiget of some ten thousand paths.
const maxXML = 10 << 20

// document reads the XML of a request, nil for none.
func document(w http.ResponseWriter, r *http.Request) (*davxml.Element, error) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxXML))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, davxml.Failf(http.StatusRequestEntityTooLarge, "the request is larger than %d bytes", maxXML)
	case err != nil:
		return nil, davxml.Failf(http.StatusBadRequest, "the request is cut short")
	case len(bytes.TrimSpace(data)) == 0:
		return nil, nil
	}
	root, err := davxml.Parse(bytes.NewReader(data), davxml.Limits{Bytes: maxXML})
	switch {
	case errors.Is(err, davxml.ErrTooLarge):
		return nil, davxml.Failf(http.StatusRequestEntityTooLarge, "%v", err)
	case err != nil:
		if r.Method == "MKCOL" { // RFC 4918 9.3.1: a body that is not understood
			return nil, davxml.Failf(http.StatusUnsupportedMediaType, "%v", err)
		}
		return nil, davxml.Failf(http.StatusBadRequest, "%v", err)
	}
	return root, nil
}

// Remote is the network address of the client, without port; behind a trusted proxy, what that saw.
func (d *Door) Remote(r *http.Request) string { return listen.Remote(r, d.cfg.Trust) }

// here reports whether an address is of this computer, to which bytes cost less than pressing them together.
func here(remote string) bool {
	ip := net.ParseIP(remote)
	return ip != nil && ip.IsLoopback()
}

// Condition is how an error is answered: the one table from kinds of errors to statuses. Strangers see no causes of the server's own.
func Condition(err error) *davxml.Condition {
	var c *davxml.Condition
	if errors.As(err, &c) {
		return c
	}
	switch tandem.KindOf(err) {
	case tandem.NotFound:
		return &davxml.Condition{Status: http.StatusNotFound}
	case tandem.Exists:
		return davxml.Failf(http.StatusConflict, "%v", err)
	case tandem.Changed:
		return &davxml.Condition{Status: http.StatusPreconditionFailed}
	case tandem.Denied:
		return &davxml.Condition{Status: http.StatusForbidden}
	case tandem.Invalid:
		return davxml.Failf(http.StatusBadRequest, "%v", err)
	case tandem.TooLarge:
		return davxml.Failf(http.StatusRequestEntityTooLarge, "%v", err)
	case tandem.Full:
		return davxml.Fail(http.StatusInsufficientStorage, davxml.D("sufficient-disk-space"))
	case tandem.Gone:
		return &davxml.Condition{Status: http.StatusGone}
	case tandem.Busy, tandem.Transient, tandem.Unreadable:
		return &davxml.Condition{Status: http.StatusServiceUnavailable}
	}
	return &davxml.Condition{Status: http.StatusInternalServerError}
}

// fail answers a request that was not served.
func (d *Door) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil { // nobody is there to hear; whoever is, after all, must not take an empty answer for success
		panic(http.ErrAbortHandler)
	}
	c := Condition(err)
	switch c.Status {
	case http.StatusInternalServerError:
		d.cfg.Log.Error("request failed", "method", r.Method, "path", r.URL.Path, "agent", r.UserAgent(), "err", err)
	case http.StatusServiceUnavailable:
		var e *tandem.Error
		wait := int64(5)
		if errors.As(err, &e) {
			wait = max(wait, e.Wait)
		}
		w.Header().Set("Retry-After", strconv.FormatInt(wait, 10))
	}
	body := c.Element()
	if body == nil {
		text := c.Text
		if text == "" {
			text = http.StatusText(c.Status)
		}
		http.Error(w, text, c.Status)
		return
	}
	w.Header().Set("Content-Type", davxml.ContentType)
	w.WriteHeader(c.Status)
	_ = davxml.Write(w, body) // error: nobody is there to hear
}
