package webcal

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tandem"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/provider"
	"tandem/provider/providertest"
)

// server publishes a calendar.
type server struct {
	*httptest.Server
	mu      sync.Mutex
	feed    string                      // guarded by mu
	answer  func(w http.ResponseWriter) // guarded by mu; nil: the feed
	asked   []string                    // guarded by mu: methods, with a star where something was sent to compare
	headers http.Header                 // guarded by mu: of the last request
	tags    bool                        // guarded by mu: it gives entity tags
	times   string                      // guarded by mu: Last-Modified
	paths   map[string]http.HandlerFunc // guarded by mu: beside the feed
}

func newServer(t testing.TB) *server {
	t.Helper()
	s := &server{tags: true, paths: map[string]http.HandlerFunc{}}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.paths[r.URL.Path]; h != nil {
		h(w, r)
		return
	}
	method := r.Method
	if r.Header.Get("If-None-Match")+r.Header.Get("If-Modified-Since") != "" {
		method += "*"
	}
	s.asked, s.headers = append(s.asked, method), r.Header.Clone()
	if s.answer != nil {
		s.answer(w)
		return
	}
	sum := sha256.Sum256([]byte(s.feed))
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	if s.tags {
		w.Header().Set("ETag", tag)
	}
	if s.times != "" {
		w.Header().Set("Last-Modified", s.times)
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	if s.tags && r.Header.Get("If-None-Match") == tag || s.times != "" && r.Header.Get("If-Modified-Since") == s.times {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = io.WriteString(w, s.feed)
}

func (s *server) set(feed string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.feed, s.answer = feed, nil
}

func (s *server) answers(f func(w http.ResponseWriter)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

// wasAsked is what the server was asked since the last call.
func (s *server) wasAsked() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := strings.Join(s.asked, " ")
	s.asked = nil
	return out
}

func handlers() provider.Env {
	all := kinds.Kinds()
	return provider.Env{Kind: func(k tandem.Kind) (kind.Handler, bool) { h, ok := all[k]; return picky{h}, ok }}
}

// picky is a kind that does not understand everything.
type picky struct{ kind.Handler }

func (p picky) Inspect(body []byte) (kind.Info, error) {
	if bytes.Contains(body, []byte("POISON")) {
		return kind.Info{}, tandem.Errorf(tandem.Invalid, "poison")
	}
	return p.Handler.Inspect(body)
}

// openAt opens a place of the provider, as written by a person.
func openAt(ctx context.Context, text string) (*provider.Opened, error) {
	return provider.NewRegistry(Providers()...).Open(ctx, text, handlers())
}

func mustOpen(t *testing.T, text string) *provider.Opened {
	t.Helper()
	o, err := openAt(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	return o
}

func event(uid, summary string, more ...string) string {
	return "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260601T100000Z\r\nDTEND:20260601T110000Z\r\nSUMMARY:" + summary + "\r\n" + strings.Join(append(more, ""), "\r\n") + "END:VEVENT\r\n"
}

func calendar(parts ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n" + strings.Join(parts, "") + "END:VCALENDAR\r\n"
}

// seen is a listing: "uid presence" of each, then what it says of itself.
func seen(t *testing.T, o *provider.Opened, since tandem.Cursor) (string, tandem.Listing) {
	t.Helper()
	var out []string
	seq, end := o.Changes(t.Context(), since)
	for c, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s %s", c.ID, c.Presence))
	}
	slices.Sort(out)
	return strings.Join(out, ", "), end()
}

// fails is the error of a listing.
func fails(t *testing.T, o *provider.Opened, since tandem.Cursor) error {
	t.Helper()
	seq, end := o.Changes(t.Context(), since)
	var failed error
	for c, err := range seq {
		if err == nil {
			t.Errorf("listed %s", c.ID)
		}
		failed = err
	}
	if end().Complete {
		t.Error("a listing that failed is complete")
	}
	return failed
}

func TestReplica(t *testing.T) {
	body := func(n, v, size int) []byte {
		text := fmt.Sprintf("sample %d version %d ", n, v)
		return []byte(calendar(event(fmt.Sprint("sample-", n), text+strings.Repeat("x", max(0, size-len(text))))))
	}
	providertest.Run(t, providertest.Factory{
		Kind: tandem.Event,
		Body: body,
		ID:   func(n int) tandem.ID { return tandem.ID(fmt.Sprint("sample-", n)) },
		New: func(t *testing.T) *providertest.Place {
			s := newServer(t)
			records := map[tandem.ID]string{}
			s.set(calendar())
			return &providertest.Place{
				Open: func(ctx context.Context) (*provider.Opened, error) {
					return openAt(ctx, "webcal:"+s.URL+"/feed.ics?kind=event")
				},
				Edit: func(id tandem.ID, body []byte) error {
					if body == nil {
						delete(records, id)
					} else {
						records[id] = string(body)
					}
					if len(records) == 1 { // one record alone is the feed
						for _, one := range records {
							s.set(one)
						}
						return nil
					}
					var parts []string
					for _, one := range records {
						parts = append(parts, one[strings.Index(one, "BEGIN:VEVENT"):strings.Index(one, "END:VCALENDAR")])
					}
					slices.Sort(parts)
					s.set(calendar(parts...))
					return nil
				},
				Vanish: func() (func(), error) {
					s.answers(func(w http.ResponseWriter) { panic(http.ErrAbortHandler) })
					return func() { s.answers(nil) }, nil
				},
			}
		},
	})
}

// TestConditional: an unchanged feed is not sent again, and one GET is all that a look takes.
func TestConditional(t *testing.T) {
	for _, c := range []struct {
		name, times string
		tags        bool
		again       string // what the second look asks
	}{
		{"entity tags", "", true, "GET*"},
		{"times", "Mon, 01 Jun 2020 10:00:00 GMT", false, "GET*"},
		{"a time that proves nothing", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), false, "GET"},
		{"neither", "", false, "GET"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t)
			s.tags, s.times = c.tags, c.times
			s.set(calendar(event("a", "Anna"), event("b", "Ben")))
			place := "webcal:" + s.URL + "/feed.ics?kind=event"
			o := mustOpen(t, place)
			got, l := seen(t, o, "")
			if got != "a present, b present" || !l.Complete || !l.Full || l.Next == "" || s.wasAsked() != "GET" {
				t.Fatalf("%s, %+v", got, l)
			}
			o = mustOpen(t, place) // another day
			got, again := seen(t, o, l.Next)
			if asked := s.wasAsked(); got != "" || !again.Complete || again.Full || again.Next != l.Next || asked != c.again {
				t.Fatalf("unchanged: %s, %+v, asked %s", got, again, asked)
			}
			// What was not listed can be fetched all the same.
			for rec, err := range o.Fetch(t.Context(), []tandem.ID{"b", "none"}) {
				if (rec.ID == "none") != tandem.IsKind(err, tandem.NotFound) {
					t.Errorf("%s: %v", rec.ID, err)
				}
			}
			s.times = strings.Replace(c.times, "10:00", "11:00", 1)
			s.set(calendar(event("b", "Ben"), event("c", "Carl")))
			got, l = seen(t, o, l.Next)
			if got != "b present, c present" || !l.Full {
				t.Fatalf("changed: %s, %+v", got, l)
			}
			// A cursor for another kind, or of another place, is none.
			for _, strange := range []tandem.Cursor{"nonsense", `{"s":"x"}`, tandem.Cursor(strings.Replace(string(l.Next), `"event"`, `"task"`, 1))} {
				if got, l := seen(t, o, strange); got != "b present, c present" || !l.Full {
					t.Errorf("since %s: %s, %+v", strange, got, l)
				}
			}
		})
	}
}

// TestSameMeaning: what a publisher writes anew each time makes no new version.
func TestSameMeaning(t *testing.T) {
	s := newServer(t)
	s.set(calendar("X-WR-CALNAME:One\r\n", event("a", "Anna"), event("b", "Ben")))
	o := mustOpen(t, "webcal:"+s.URL+"/feed.ics")
	versions := func() map[tandem.ID]tandem.Version {
		t.Helper()
		out := map[tandem.ID]tandem.Version{}
		seq, _ := o.Changes(t.Context(), "")
		for c, err := range seq {
			if err != nil {
				t.Fatal(err)
			}
			if c.Digest.IsZero() || c.UID != string(c.ID) {
				t.Errorf("%+v", c)
			}
			out[c.ID] = c.Version
		}
		return out
	}
	was := versions()
	s.set(calendar("X-WR-CALNAME:Two\r\n", strings.Replace(event("b", "Ben"), "20260101", "20260202", 1), event("a", "Annabella")))
	now := versions()
	if now["b"] != was["b"] || now["a"] == was["a"] || len(now) != 2 {
		t.Errorf("%v, then %v", was, now)
	}
}

// TestRecords: what is of a record and what is of the publication; kinds; series; records without a UID, torn ones, and twins.
func TestRecords(t *testing.T) {
	zone := "BEGIN:VTIMEZONE\r\nTZID:Here\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
	task := "BEGIN:VTODO\r\nUID:t\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Do it\r\nEND:VTODO\r\n"
	s := newServer(t)
	s.set(calendar("METHOD:PUBLISH\r\nX-WR-CALNAME:Fixtures\r\n", zone, strings.Replace(event("a", "Series", "RRULE:FREQ=WEEKLY"), "DTSTART:20260601T100000Z", "DTSTART;TZID=Here:20260601T100000", 1),
		event("a", "Moved", "RECURRENCE-ID:20260608T090000Z"), task, event("", "Nameless"), event("", "Nameless"), event("torn", "POISON"), "BEGIN:VJOURNAL\r\nUID:j\r\nEND:VJOURNAL\r\n"))
	place := "webcal:" + s.URL + "/feed.ics"
	o := mustOpen(t, place)
	if o.Kind != tandem.Event || !o.Features.ReadOnly {
		t.Errorf("opened as %s, %+v", o.Kind, o.Features)
	}
	got, _ := seen(t, o, "")
	if s.wasAsked() != "GET" {
		t.Error("opening and listing take more than one GET")
	}
	if !strings.Contains(got, "a present, torn problem, without-uid-") || strings.Count(got, ",") != 2 {
		t.Errorf("events: %s", got)
	}
	for rec, err := range o.Fetch(t.Context(), []tandem.ID{"a"}) {
		if err != nil {
			t.Fatal(err)
		}
		body, err := tandem.ReadBody(rec.Body, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]bool{"Series": true, "Moved": true, "TZID:Here": true, "METHOD": false, "CALNAME": false, "Nameless": false, "Do it": false} {
			if strings.Contains(string(body), text) != want {
				t.Errorf("%q in the record: %v\n%s", text, !want, body)
			}
		}
	}
	for _, err := range o.Fetch(t.Context(), []tandem.ID{"torn"}) {
		if err == nil || tandem.IsKind(err, tandem.NotFound) {
			t.Errorf("a torn record is fetched with %v", err)
		}
	}
	if got, _ := seen(t, mustOpen(t, place+"?kind=task"), ""); got != "t present" {
		t.Errorf("tasks: %s", got)
	}
	s.set(calendar("METHOD:PUBLISH\r\n", task))
	o = mustOpen(t, place)
	if o.Kind != tandem.Task {
		t.Errorf("a feed of tasks is opened as %s", o.Kind)
	}
	for rec, err := range o.Fetch(t.Context(), []tandem.ID{"t"}) {
		if body, _ := tandem.ReadBody(rec.Body, 1<<20); err != nil || strings.Contains(string(body), "METHOD") {
			t.Errorf("%s, %v", body, err)
		}
	}
}

// TestTrouble: whatever is not a whole calendar is trouble with the place, and nothing is listed.
func TestTrouble(t *testing.T) {
	text := func(contentType, body string) func(w http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", contentType)
			_, _ = io.WriteString(w, body)
		}
	}
	code := func(n int, header ...string) func(w http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(n)
		}
	}
	whole := calendar(event("a", "Anna"), event("b", "Ben"))
	for _, c := range []struct {
		name   string
		answer func(w http.ResponseWriter)
		kind   tandem.ErrorKind
		says   string
	}{
		{"a web page", text("text/html", "<!DOCTYPE html><html>log in</html>"), tandem.Unreadable, "web page"},
		{"a web page that says it is a calendar", text("text/calendar", "\ufeff <html>"), tandem.Unreadable, "web page"},
		{"empty", text("text/calendar", "\r\n"), tandem.Unreadable, "empty"},
		{"an address book", text("text/plain", "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nEND:VCARD\r\n"), tandem.Unreadable, "no VCALENDAR"},
		{"half a calendar", text("text/calendar", whole[:len(whole)-40]), tandem.Unreadable, ""},
		{"cut on the way", func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
			_, _ = io.WriteString(w, whole[:100])
		}, tandem.Unreadable, "unexpected EOF"},
		{"too large", func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write([]byte("BEGIN:VCALENDAR\r\n"))
			line := bytes.Repeat([]byte("X-FILL:xxxxxxxxxxxxxxxxxxxxxxx\r\n"), 1<<15)
			for range 80 {
				_, _ = z.Write(line)
			}
			z.Close()
		}, tandem.TooLarge, "64 MiB"},
		{"gone", code(410), tandem.Unreadable, "410"},
		{"not there", code(404), tandem.Unreadable, "no longer published"},
		{"log in", code(401), tandem.Denied, "secret address"},
		{"forbidden", code(403), tandem.Denied, "403"},
		{"overloaded", code(503, "Retry-After", "30"), tandem.Transient, "503"},
		{"too often", code(429), tandem.Transient, "429"},
		{"nothing new, unasked", code(304), tandem.Unreadable, "304"},
		{"no content", code(204), tandem.Unreadable, "204"},
		{"in circles", code(302, "Location", "/feed.ics"), tandem.Unreadable, "more than 5 times"},
		{"elsewhere", code(302, "Location", "ftp://127.0.0.1/x"), tandem.Unreadable, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t)
			s.set(whole)
			o := mustOpen(t, "webcal:"+s.URL+"/feed.ics?key=topsecret&kind=event")
			_, l := seen(t, o, "")
			s.answers(c.answer)
			since := l.Next
			if c.name == "nothing new, unasked" {
				since = ""
			}
			err := fails(t, o, since)
			if !tandem.IsKind(err, c.kind) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "topsecret") || !strings.Contains(err.Error(), s.URL) {
				t.Errorf("%v, want kind %q saying %q and where", err, c.kind, c.says)
			}
			if c.name == "overloaded" {
				if e := err.(*tandem.Error); e.Wait != 30 {
					t.Errorf("wait %d", e.Wait)
				}
			}
			// What is the matter shows when it is added, too.
			if _, err := openAt(t.Context(), "webcal:"+s.URL+"/feed.ics"); !tandem.IsKind(err, c.kind) {
				t.Errorf("opened with %v", err)
			}
			s.answers(nil)
			if got, _ := seen(t, o, ""); got != "a present, b present" {
				t.Errorf("afterwards: %s", got)
			}
		})
	}
}

// TestWay: compressed answers, redirects, names.
func TestWay(t *testing.T) {
	s := newServer(t)
	s.answers(func(w http.ResponseWriter) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, "\ufeff"+calendar(event("a", "Anna")))
		z.Close()
	})
	s.paths["/old"] = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/feed.ics?"+r.URL.RawQuery, http.StatusMovedPermanently)
	}
	o := mustOpen(t, "webcals:"+s.URL+"/old?id=7&x=a%26b&kind=event")
	if got, _ := seen(t, o, ""); got != "a present" {
		t.Error(got)
	}
	if s.headers.Get("User-Agent") == "" || s.headers.Get("Accept") == "" {
		t.Errorf("asked with %v", s.headers)
	}
	id, err := o.Identity(t.Context())
	if err != nil || !strings.HasSuffix(id.Store, "/old?id=7&x=a%26b") {
		t.Errorf("identity %+v, %v", id, err)
	}
	// An encrypted address does not lead to one that is not.
	secure := httptest.NewTLSServer(http.RedirectHandler(s.URL+"/feed.ics", http.StatusFound))
	defer secure.Close()
	r := o.Replica.(*replica)
	r.client.Transport = secure.Client().Transport
	r.at.Scheme, r.at.Host = "https", strings.TrimPrefix(secure.URL, "https://")
	if err := fails(t, o, ""); err == nil || !strings.Contains(err.Error(), "without encryption") {
		t.Errorf("led on to HTTP: %v", err)
	}
}

// TestUnreachable: nobody is there, or nobody answers.
func TestUnreachable(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) }) // after all that is closed
	s := newServer(t)
	s.set(calendar())
	o := mustOpen(t, "webcal:"+s.URL+"/feed.ics")
	seen(t, o, "")
	s.Server.Close()
	if err := fails(t, o, ""); !tandem.IsKind(err, tandem.Unreadable) {
		t.Errorf("nobody there: %v", err)
	}
	hangs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer hangs.Close()
	o = mustOpen(t, "webcal:"+hangs.URL+"/x?kind=event")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	seq, end := o.Changes(ctx, "")
	for _, err := range seq {
		if err == nil || end().Complete {
			t.Errorf("%v, %+v", err, end())
		}
	}
	// Closing ends what is under way.
	done := make(chan error)
	go func() {
		_, err := o.Identity(context.Background())
		done <- err
	}()
	time.AfterFunc(50*time.Millisecond, func() { o.Close() })
	if err := <-done; err == nil {
		t.Error("a closed replica has an identity")
	}
}

func TestPlaces(t *testing.T) {
	for text, want := range map[string]string{
		"webcal://example.org/h.ics":                 "https://example.org/h.ics",
		"webcals://example.org/h.ics?id=7":           "https://example.org/h.ics?id=7",
		"webcal:https://example.org/h.ics?a=b&c=%26": "https://example.org/h.ics?a=b&c=%26",
		"webcal:http://127.0.0.1:8080/h.ics#part":    "http://127.0.0.1:8080/h.ics",
		"webcal://example.org/a%20b.ics?kind=task&k": "https://example.org/a%20b.ics?k",
		"webcal://anna@example.org/h.ics":            "",
		"webcal://anna:pw@example.org/h.ics":         "",
		"webcal:example.org/h.ics":                   "",
		"webcal:ftp://example.org/h.ics":             "",
		"webcal:https:///h.ics":                      "",
		"webcal://exa mple.org/h.ics":                "",
		"webcal:":                                    "",
		"webcal://example.org/h.ics?kind=contact":    "",
	} {
		reg := provider.NewRegistry(Providers()...)
		p, err := reg.ParsePlace(text)
		if err == nil {
			var again provider.Place
			if again, err = reg.ParsePlace(p.Text); err == nil && (again.Path != p.Path || again.Text != p.Text) {
				t.Errorf("%s is written %s, which is read as %s", text, p.Text, again.Text)
			}
		}
		got := ""
		if err == nil {
			u, e := address(p)
			if err = e; err == nil {
				got = u.String()
			}
		}
		if got != want || want == "" && !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s leads to %q (%v), want %q", text, got, err, want)
		}
	}
}

func TestDeclaration(t *testing.T) {
	if err := provider.NewRegistry(Providers()...).Check(); err != nil {
		t.Error(err)
	}
}

// FuzzCut: whatever a server sends is cut into records that are whole calendars, or refused.
func FuzzCut(f *testing.F) {
	f.Add([]byte(calendar(event("a", "x"), event("", "y"))))
	f.Add([]byte(calendar("METHOD:PUBLISH\r\n", event("a", "x"))))
	f.Add([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\nBEGIN:VCALENDAR\nBEGIN:VTODO\nUID:a\nEND:VTODO\nEND:VCALENDAR"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &replica{handlers: handlers().Kind}
		got, err := r.cut(data)
		if err != nil {
			return
		}
		for k, list := range got.records {
			ids := map[tandem.ID]bool{}
			for _, rec := range list {
				if rec.ID == "" || ids[rec.ID] {
					t.Fatalf("id %q of %s is empty or there twice", rec.ID, k)
				}
				ids[rec.ID] = true
				if rec.Presence == tandem.Present && (rec.Version == "" || len(rec.body) == 0) {
					t.Fatalf("%+v", rec)
				}
			}
		}
	})
}
