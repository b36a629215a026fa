package dav

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tandem"
)

func filled(t *testing.T) *fake {
	f := newFake(t)
	for i, n := range []string{"a.vcf", "b.vcf", "c.vcf"} {
		f.put(n, card(i, 1, 0))
	}
	return f
}

// cut hangs up without an answer.
func cut(w http.ResponseWriter) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		c.Close()
	}
}

// A listing that is not whole is no listing, whatever is wrong with it: nothing of it is shown, and nothing is concluded from its silence.
func TestTornListings(t *testing.T) {
	for name, after := range map[string]func(method string, body []byte) []byte{
		"half":               func(_ string, b []byte) []byte { return b[:len(b)/2] },
		"all but the end":    func(_ string, b []byte) []byte { return b[:len(b)-3] },
		"nothing":            func(string, []byte) []byte { return nil },
		"a page for people":  func(string, []byte) []byte { return []byte("<!DOCTYPE html><html><body>Please log in</body></html>") },
		"another document":   func(string, []byte) []byte { return []byte(`<?xml version="1.0"?><d:error xmlns:d="DAV:"/>`) },
		"without the folder": func(string, []byte) []byte { return []byte(`<?xml version="1.0"?><d:multistatus xmlns:d="DAV:"/>`) },
		"elsewhere": func(_ string, b []byte) []byte {
			return []byte(strings.ReplaceAll(string(b), "/dav/anna@x/book/a.vcf", "/other/a.vcf"))
		},
	} {
		for _, token := range []string{"http://sabre.io/ns/sync/", ""} {
			t.Run(name+" "+map[bool]string{true: "by tags", false: "by report"}[token == ""], func(t *testing.T) {
				f := filled(t)
				f.token = token
				o := f.open()
				if _, l, err := listed(t, o, ""); err != nil || !l.Complete {
					t.Fatal(err)
				}
				f.set(func() { f.after = after })
				got, l, err := listed(t, o, "")
				if err == nil || l.Complete || len(got) != 0 {
					t.Errorf("%d listed, %+v, %v; want an error and nothing", len(got), l, err)
				}
				if tandem.IsKind(err, tandem.NotFound) {
					t.Errorf("the place as a whole is not found: %v", err)
				}
			})
		}
	}
}

// A member that cannot be told of is a problem, and the others are listed.
func TestProblemOfOne(t *testing.T) {
	f := filled(t)
	f.after = func(_ string, b []byte) []byte {
		s := string(b)
		i := strings.Index(s, "/dav/anna@x/book/b.vcf</d:href>")
		if i < 0 {
			return b
		}
		j := i + strings.Index(s[i:], "<d:propstat>")
		k := j + strings.Index(s[j:], "</d:response>")
		return []byte(s[:j] + "<d:status>HTTP/1.1 403 Forbidden</d:status>" + s[k:])
	}
	o := f.open()
	got, l, err := listed(t, o, "")
	if err != nil || !l.Complete {
		t.Fatal(err)
	}
	for id, want := range map[tandem.ID]tandem.Presence{"a.vcf": tandem.Present, "b.vcf": tandem.Problem, "c.vcf": tandem.Present} {
		if got[id].Presence != want {
			t.Errorf("%s is %s (%v), want %s", id, got[id].Presence, got[id].Err, want)
		}
	}
}

// A record with a character that XML cannot hold, which some servers hand out all the same, does not hide the others, and comes as it is.
func TestControlCharacter(t *testing.T) {
	f := filled(t)
	body := strings.Replace(string(f.members["b.vcf"].body), "END:VCARD", "NOTE:a\x0bb\r\nEND:VCARD", 1)
	f.put("b.vcf", []byte(body))
	f.after = func(method string, b []byte) []byte {
		if method == "REPORT" {
			return []byte(strings.ReplaceAll(string(b), "a\ufffdb", "a\x0bb"))
		}
		return b
	}
	o := f.open()
	n := 0
	for rec, err := range o.Replica.Fetch(t.Context(), []tandem.ID{"a.vcf", "b.vcf", "c.vcf"}) {
		if err != nil {
			t.Fatal(err)
		}
		data, err := tandem.ReadBody(rec.Body, 1<<20)
		if err != nil || rec.ID == "b.vcf" && string(data) != body {
			t.Errorf("%s: %v\n%q", rec.ID, err, data)
		}
		n++
	}
	if n != 3 || f.count("GET") != 1 {
		t.Errorf("%d records, %d of them asked for by themselves", n, f.count("GET"))
	}
}

// What a server refuses says what may be done about it.
func TestRefusals(t *testing.T) {
	const davError = `<?xml version="1.0"?><d:error xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:a="urn:ietf:params:xml:ns:carddav">%</d:error>`
	for name, c := range map[string]struct {
		status int
		body   string
		want   tandem.Status
		kind   tandem.ErrorKind
		wait   int64
		whole  bool // trouble with the place as a whole
	}{
		"busy":                  {503, "", tandem.RetryAfter, tandem.Transient, 7, false},
		"too many requests":     {429, "", tandem.RetryAfter, tandem.Transient, 7, false},
		"broken":                {500, "", tandem.RetryAfter, tandem.Unreadable, 7, false},
		"locked":                {423, "", tandem.RetryAfter, tandem.Transient, 7, false},
		"too large":             {413, "", tandem.Rejected, tandem.TooLarge, 0, false},
		"max-resource-size":     {403, strings.Replace(davError, "%", "<a:max-resource-size/>", 1), tandem.Rejected, tandem.TooLarge, 0, false},
		"quota":                 {507, "", tandem.Rejected, tandem.Full, 0, false},
		"valid-address-data":    {403, strings.Replace(davError, "%", "<a:valid-address-data/>", 1), tandem.Rejected, tandem.Invalid, 0, false},
		"validation in words":   {415, "Validation error in vCard: REV MUST NOT appear more than once", tandem.Rejected, tandem.Invalid, 0, false},
		"no right":              {403, "", tandem.Rejected, tandem.Denied, 0, false},
		"no-uid-conflict":       {409, strings.Replace(davError, "%", "<a:no-uid-conflict/>", 1), tandem.PreconditionFailed, tandem.Exists, 0, false},
		"no-uid-conflict 403":   {403, strings.Replace(davError, "%", "<c:no-uid-conflict/>", 1), tandem.PreconditionFailed, tandem.Exists, 0, false},
		"nextcloud trash":       {400, `<?xml version="1.0"?><d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:message>VCard object with uid already exists in this addressbook collection.</s:message></d:error>`, tandem.PreconditionFailed, tandem.Exists, 0, false},
		"google conflict":       {409, "", tandem.PreconditionFailed, tandem.Changed, 0, false},
		"taken":                 {412, "", tandem.PreconditionFailed, tandem.Exists, 0, false},
		"login forgotten":       {401, "", tandem.RetryAfter, tandem.Denied, 0, true},
		"an answer of no sense": {207, "", tandem.Maybe, tandem.Internal, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			o := f.open()
			f.before = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != "PUT" || strings.Contains(r.URL.Path, "c2") {
					return false
				}
				w.Header().Set("Retry-After", "7")
				if strings.HasPrefix(c.body, "<?xml") {
					w.Header().Set("Content-Type", "application/xml")
				} else {
					w.Header().Set("Content-Type", "text/plain")
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
				return true
			}
			out, err := o.Apply(t.Context(), []tandem.Write{create(1), create(2)})
			if (err != nil) != c.whole {
				t.Errorf("error %v", err)
			}
			got := out[0]
			if got.Status != c.want || c.kind != tandem.Internal && tandem.KindOf(got.Err) != c.kind || c.wait != 0 && got.Wait != c.wait {
				t.Errorf("%s, %v (%v), wait %d; want %s, %v, wait %d", got.Status, got.Err, tandem.KindOf(got.Err), got.Wait, c.want, c.kind, c.wait)
			}
			if c.status == 415 && !strings.Contains(got.Err.Error(), "REV MUST NOT") {
				t.Errorf("the server's reason is not told: %v", got.Err)
			}
			if c.whole && !strings.Contains(err.Error(), "partner login") {
				t.Errorf("no remedy: %v", err)
			}
			if want := map[bool]tandem.Status{false: tandem.Applied, true: tandem.RetryAfter}[c.whole]; out[1].Status != want {
				t.Errorf("the next write: %s (%v), want %s", out[1].Status, out[1].Err, want)
			}
		})
	}
}

// An answer that is lost leaves a Maybe, which Find settles; a request that was never sent leaves none.
func TestLostAnswers(t *testing.T) {
	for name, done := range map[string]bool{"the write was done": true, "the write was not done": false} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			o := f.open()
			f.before = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != "PUT" {
					return false
				}
				if done {
					f.store("c1.vcf", card(1, 1, 0))
				}
				cut(w)
				return true
			}
			w := create(1)
			if got := apply(t, o, w)[0]; got.Status != tandem.Maybe || got.Err == nil {
				t.Fatalf("%s (%v), want maybe", got.Status, got.Err)
			}
			found, ok, err := o.Find(t.Context(), w)
			if err != nil || ok != done || ok && (found.ID != "c1.vcf" || found.Version == "" || found.Digest.IsZero()) {
				t.Errorf("found %+v, %v, %v; want %v", found, ok, err, done)
			}
		})
	}
	f := newFake(t)
	o := f.open()
	f.CloseClientConnections()
	f.Close()
	out, err := o.Apply(t.Context(), []tandem.Write{create(1), create(2)})
	if !tandem.IsKind(err, tandem.Unreadable) || out[0].Status == tandem.Applied || out[1].Status != tandem.RetryAfter {
		t.Errorf("a server that is not there: %v, %v, %v", err, out[0].Status, out[1].Status)
	}
}

// Answers of reading requests that are lost are asked for again.
func TestCutConnections(t *testing.T) {
	f := filled(t)
	o := f.open()
	n := 0
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		if n++; n%2 == 1 {
			cut(w)
			return true
		}
		return false
	}
	if got, l, err := listed(t, o, ""); err != nil || !l.Complete || len(got) != 3 {
		t.Errorf("%d listed, %v", len(got), err)
	}
}

// A server that takes the request and says nothing is left within two seconds of being told to.
func TestSilentServer(t *testing.T) {
	f := filled(t)
	o := f.open()
	if _, err := o.Identity(t.Context()); err != nil { // the first is answered from what opening saw
		t.Fatal(err)
	}
	hold := make(chan struct{})
	t.Cleanup(func() { close(hold) })
	asked := make(chan struct{}, 10)
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice that the client is gone
		asked <- struct{}{}
		select {
		case <-hold:
		case <-r.Context().Done():
		}
		return true
	}
	for name, call := range map[string]func(context.Context) error{
		"listing": func(ctx context.Context) (failed error) {
			seq, _ := o.Changes(ctx, "")
			for _, err := range seq {
				failed = err
			}
			return failed
		},
		"writing": func(ctx context.Context) error { _, err := o.Apply(ctx, []tandem.Write{create(1)}); return err },
		"identity": func(ctx context.Context) error {
			if _, err := o.Identity(ctx); err != nil { // what opening saw may do once
				return err
			}
			_, err := o.Identity(ctx)
			return err
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- call(ctx) }()
		<-asked
		cancel()
		select {
		case err := <-done:
			if err == nil {
				t.Errorf("%s ended without an error", name)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s goes on after it was cancelled", name)
		}
	}
}

// A run that has no news costs four requests: what the place is, which state it is in, what has changed, and the challenge for the password.
func TestRequestsOfAQuietRun(t *testing.T) {
	f := filled(t)
	o := f.open()
	_, l, err := listed(t, o, "")
	if err != nil {
		t.Fatal(err)
	}
	f.set(func() { f.asked = nil })
	o = f.open()
	if _, err := o.Identity(t.Context()); err != nil {
		t.Fatal(err)
	}
	if news, l, err := listed(t, o, l.Next); err != nil || len(news) != 0 || l.Full {
		t.Errorf("%v, %+v, %v", news, l, err)
	}
	if all := f.count(""); all != 3 { // this server asks for no password
		t.Errorf("%d requests: %v", all, f.asked)
	}
	if _, err := o.Identity(t.Context()); err != nil || f.count("PROPFIND") != 3 {
		t.Errorf("a second look at who it is: %v, %v", err, f.asked)
	}
}
