package webcal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/internal/netguard"
	"tandem/provider"
)

// Bounds of one look.
const (
	maxFeed      = 64 << 20 // bytes, unpacked
	maxRedirects = 5
	headerTime   = 30 * time.Second
	wholeTime    = 5 * time.Minute
)

// agent is how we introduce ourselves; some servers refuse programs that do not.
const agent = "Tandem (calendar subscription)"

func newClient(env provider.Env) *http.Client {
	t := netguard.Transport(env.Dial)
	t.ResponseHeaderTimeout, t.ForceAttemptHTTP2, t.MaxIdleConns, t.IdleConnTimeout = headerTime, true, 2, time.Minute
	return &http.Client{Transport: t, Timeout: wholeTime, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		switch {
		case len(via) > maxRedirects:
			return fmt.Errorf("it leads on more than %d times", maxRedirects)
		case req.URL.Scheme != "https" && via[len(via)-1].URL.Scheme == "https":
			return errors.New("it leads on to an address without encryption")
		case req.URL.Scheme != "https" && req.URL.Scheme != "http":
			return errors.New("it leads on to something that is no web address")
		}
		return nil
	}}
}

// cursor is what is remembered of a look, for the next one.
type cursor struct {
	Tag   string `json:"e,omitempty"` // ETag
	Time  string `json:"t,omitempty"` // Last-Modified
	Sum   string `json:"s,omitempty"` // of what was read
	Kind  string `json:"k,omitempty"`
	Taste int    `json:"v,omitempty"` // how records are cut and told apart
}

// taste changes when what a feed is made into does: then the same feed is listed anew.
const taste = 1

func readCursor(c tandem.Cursor) (out cursor) {
	if json.Unmarshal([]byte(c), &out) != nil {
		return cursor{} // of another place, or of nobody
	}
	return out
}

func (c cursor) text() tandem.Cursor {
	b, err := json.Marshal(c)
	if err != nil {
		return ""
	}
	return tandem.Cursor(b)
}

// get reads the feed, or returns nil if it did not change since the cursor.
func (r *replica) get(ctx context.Context, since cursor) (*feed, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.at.String(), nil)
	if err != nil {
		return nil, r.trouble(tandem.Invalid, err, "")
	}
	req.Header.Set("User-Agent", agent)
	req.Header.Set("Accept", "text/calendar, */*;q=0.5")
	if since.Tag != "" {
		req.Header.Set("If-None-Match", since.Tag)
	}
	if since.Tag == "" && since.Time != "" { // RFC 9110 13.1.3: beside a tag it would not be looked at
		req.Header.Set("If-Modified-Since", since.Time)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, r.unreachable(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotModified && (since.Tag != "" || since.Time != "") {
		return nil, nil
	}
	if resp.StatusCode != http.StatusOK {
		return nil, r.refused(resp)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxFeed+1))
	switch {
	case err != nil:
		return nil, r.unreachable(ctx, err)
	case len(body) > maxFeed:
		return nil, r.trouble(tandem.TooLarge, fmt.Errorf("it is larger than %d MiB", maxFeed>>20), "")
	case len(bytes.TrimSpace(body)) == 0:
		return nil, r.trouble(tandem.Unreadable, errors.New("the answer is empty"), "tell whoever publishes it; until it can be read, nothing is changed here")
	case isPage(resp.Header.Get("Content-Type"), body):
		return nil, r.trouble(tandem.Unreadable, errors.New("the address leads to a web page and not to a calendar"),
			"copy the address of the calendar itself, which often ends in .ics; a page to log in at means that the calendar is not public")
	}
	sum := sha256.Sum256(body)
	c := cursor{Tag: resp.Header.Get("ETag"), Time: settled(resp.Header), Sum: fmt.Sprintf("%x", sum[:16]), Taste: taste}
	f, err := r.cut(body)
	if err != nil {
		return nil, r.trouble(tandem.Unreadable, err, "tell whoever publishes it; until it can be read, nothing is changed here")
	}
	f.next = c
	return f, nil
}

// settled is the Last-Modified of an answer, where it can tell whether the feed changes again: one that was written to within the same second could be written
// to once more, and keep its time. RFC 9110 8.8.2.2
func settled(h http.Header) string {
	text := h.Get("Last-Modified")
	modified, err := http.ParseTime(text)
	sent, err2 := http.ParseTime(h.Get("Date"))
	if err != nil || err2 != nil || sent.Sub(modified) < 2*time.Second {
		return ""
	}
	return text
}

// trouble is an error of the place.
func (r *replica) trouble(kind tandem.ErrorKind, err error, remedy string) error {
	return &tandem.Error{Kind: kind, Op: "read calendar", Thing: redacted(r.at), Err: err, Remedy: remedy}
}

// redacted is an address for messages: its parameters may be secret.
func redacted(u *url.URL) string {
	short := *u
	if short.RawQuery != "" {
		short.RawQuery = "…"
	}
	return short.String()
}

// unreachable tells why no answer came, without the address, which the error of the library repeats in full.
func (r *replica) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	return r.trouble(tandem.Unreadable, err, "check the address and the line; it is tried again")
}

// refused tells what an answer other than success means.
func (r *replica) refused(resp *http.Response) error {
	err := errors.New("the server answers " + resp.Status)
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return r.trouble(tandem.Denied, err, "use an address that needs no log-in: publish the calendar, or take its secret address")
	case code == http.StatusNotFound, code == http.StatusGone:
		return r.trouble(tandem.Unreadable, err, "check the address; if the calendar is no longer published, remove the sync item, and what it brought stays")
	case code == http.StatusTooManyRequests, code >= 500:
		e := &tandem.Error{Kind: tandem.Transient, Op: "read calendar", Thing: redacted(r.at), Err: err, Remedy: "it is tried again later"}
		if n, err := strconv.ParseInt(resp.Header.Get("Retry-After"), 10, 64); err == nil && n > 0 {
			e.Wait = n
		}
		return e
	}
	return r.trouble(tandem.Unreadable, err, "check the address")
}

// isPage reports whether an answer is a web page. Many servers send calendars as text/plain, or as nothing at all; so the body counts.
func isPage(contentType string, body []byte) bool {
	head := bytes.TrimSpace(bytes.TrimPrefix(body[:min(len(body), 1024)], []byte("\ufeff")))
	if bytes.HasPrefix(bytes.ToUpper(head), []byte("BEGIN:VCALENDAR")) {
		return false
	}
	return bytes.HasPrefix(head, []byte("<")) || strings.Contains(strings.ToLower(contentType), "html")
}
