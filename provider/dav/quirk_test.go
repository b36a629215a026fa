package dav

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tandem"
)

// Each behaviour that is known by name is told from the server's address, headers or tokens, and has a reason and a public reference.
func TestKnownServers(t *testing.T) {
	for _, c := range []struct {
		server, at, token, header string
		want                      string
	}{
		{"Radicale", "https://dav.example.org/anna/book/", "http://radicale.org/ns/sync/123", "", "radicale rewrites, radicale forgets tokens"},
		{"Nextcloud", "https://cloud.example.org/remote.php/dav/addressbooks/users/anna/contacts/", "http://sabre.io/ns/sync/7", "",
			"sabre repairs, sabre forgets tokens, nextcloud teapot, nextcloud trash"},
		{"SOGo", "https://mail.example.org/SOGo/dav/anna/Contacts/personal/", "1795357740", "", "sogo status, sogo blind"},
		{"Xandikos", "http://localhost:8080/user/contacts/addressbook/", "abc", "Python/3.11 aiohttp/3.8.4", "xandikos status, xandikos sorts"},
		{"iCloud", "https://p52-contacts.icloud.com/123/carddavhome/card/", "HwoQ", "", "icloud empty properties, icloud drops tokens"},
		{"Google contacts", "https://www.googleapis.com/carddav/v1/principals/a@gmail.com/lists/default/", "x", "", "google renames"},
		{"Google calendar", "https://apidata.googleusercontent.com/caldav/v2/a@gmail.com/events/", "x", "", "google renames, google conflict"},
		{"Fastmail", "https://carddav.fastmail.com/dav/addressbooks/user/a@fastmail.com/Default/", "x", "", "fastmail scheduling, fastmail escapes"},
		{"Zimbra", "https://mail.example.org/dav/anna@example.org/Contacts/", "", "", "zimbra omits"},
		{"GroupOffice", "https://example.org/carddav/addressbooks/anna/1/", "", "", "groupoffice unquoted"},
		{"unknown", "https://example.org/x/", "", "", ""},
		{"not Google", "https://notgoogle.com/x/", "", "", ""},
	} {
		u, err := url.Parse(c.at)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, q := range learn(u, http.Header{"Server": {c.header}}, c.token).names {
			names = append(names, q.name)
			if q.why == "" || !strings.HasPrefix(q.issue, "https://") {
				t.Errorf("%s: no reason or no reference", q.name)
			}
		}
		if got := strings.Join(names, ", "); got != c.want {
			t.Errorf("%s: %s, want %s", c.server, got, c.want)
		}
	}
}

// What was written is read back where the server does not promise to have stored it as it was sent, so that the next listing is no news.
func TestReadBack(t *testing.T) {
	upper := func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("NOTE:version"), []byte("NOTE:VERSION")) }
	for name, c := range map[string]struct {
		set   func(*fake)
		reads int // multigets it takes for three writes
	}{
		"as sent, strong tag":              {func(*fake) {}, 0},
		"sabre repairs: no tag":            {func(f *fake) { f.putTag, f.edits = "none", upper }, 1},
		"fastmail scheduling: no tag":      {func(f *fake) { f.putTag = "none" }, 1},
		"weak tag":                         {func(f *fake) { f.putTag = "weak" }, 1},
		"groupoffice unquoted":             {func(f *fake) { f.bare = true }, 0},
		"zimbra omits":                     {func(f *fake) { f.putTag, f.omits = "none", true }, 1},
		"no multiget":                      {func(f *fake) { f.putTag, f.noMultiget = "none", true }, 1},
		"no entity tags at all":            {func(f *fake) { f.putTag, f.noTag = "none", true }, 1},
		"icloud empty properties":          {func(f *fake) { f.emptyProps = true }, 0},
		"no sync reports":                  {func(f *fake) { f.token = "" }, 0},
		"no sync reports, but a tag":       {func(f *fake) { f.token, f.ctag = "", true }, 0},
		"sogo status":                      {func(f *fake) { f.statused = true }, 0},
		"a report in pages":                {func(f *fake) { f.page = 2 }, 0},
		"sync reports that do not work":    {func(f *fake) { f.before = noReports(f) }, 0},
		"google renames, told in Location": {func(f *fake) { f.renames, f.putTag = true, "none" }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			c.set(f)
			o := f.open()
			outs := apply(t, o, create(1), create(2), create(3))
			if got := f.count("REPORT"); got != c.reads {
				t.Errorf("%d reports for three writes, want %d", got, c.reads)
			}
			all, l, err := listed(t, o, "")
			if err != nil || !l.Complete || !l.Full || len(all) != 3 {
				t.Fatalf("%d listed, %+v, %v", len(all), l, err)
			}
			for i, out := range outs {
				if out.Status != tandem.Applied || out.Version == "" || all[out.ID].Version != out.Version {
					t.Errorf("write %d: %s at %q (%v), listed at %q", i, out.Status, out.Version, out.Err, all[out.ID].Version)
				}
			}
			if f.edits != nil && outs[0].Digest.IsZero() {
				t.Error("what the server made of it is not told")
			}
			// An update and a deletion at these versions are taken, at others not.
			up := tandem.Write{Op: tandem.Update, ID: outs[0].ID, If: outs[0].Version, Record: tandem.Record{Body: tandem.Bytes(card(1, 2, 0))}}
			stale := tandem.Write{Op: tandem.Delete, ID: outs[1].ID, If: "other"}
			got := apply(t, o, up, stale, tandem.Write{Op: tandem.Delete, ID: outs[2].ID, If: outs[2].Version})
			for i, want := range []tandem.Status{tandem.Applied, tandem.PreconditionFailed, tandem.Applied} {
				if got[i].Status != want {
					t.Errorf("write %d: %s (%v), want %s", i, got[i].Status, got[i].Err, want)
				}
			}
		})
	}
}

// noReports makes a server refuse what it says it can do.
func noReports(*fake) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != "REPORT" {
			return false
		}
		http.Error(w, "no such thing", http.StatusInternalServerError)
		return true
	}
}

// Google gives what is created a name of its own. Where it does not say which, the UID tells.
func TestRenamed(t *testing.T) {
	f := newFake(t)
	f.renames, f.putTag = true, "none"
	f.before = func(w http.ResponseWriter, r *http.Request) bool { return false }
	o := as(f.open(), func(q *quirks) { q.renames, q.byUID = true, true })
	w := create(1)
	out := apply(t, o, w)[0]
	if out.Status != tandem.Applied || out.ID != "own0" {
		t.Errorf("%s as %q (%v), want own0", out.Status, out.ID, out.Err)
	}
	// The answer was lost: it is found by its UID.
	found, ok, err := o.Find(t.Context(), w)
	if err != nil || !ok || found.ID != "own0" {
		t.Errorf("found %q, %v, %v; want own0", found.ID, ok, err)
	}
	if _, ok, err := o.Find(t.Context(), create(2)); ok || err != nil {
		t.Errorf("found what was never made: %v, %v", ok, err)
	}
}

// A token of the past leads to a full listing, in whatever words the server says so.
func TestForgottenTokens(t *testing.T) {
	answer := func(status int, body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	const sabre = `<?xml version="1.0"?><d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:exception>Sabre\DAV\Exception\BadRequest</s:exception><s:message>Invalid or unknown sync token</s:message></d:error>`
	for name, c := range map[string]struct {
		forget func(http.ResponseWriter)
		gone   bool
	}{
		"RFC 6578, Radicale":    {answer(403, `<?xml version="1.0"?><error xmlns="DAV:"><valid-sync-token/></error>`), true},
		"RFC 6578 with 409":     {answer(409, `<?xml version="1.0"?><error xmlns="DAV:"><valid-sync-token/></error>`), true},
		"sabre forgets tokens":  {answer(400, sabre), true},
		"gone":                  {answer(410, ""), true},
		"precondition":          {answer(412, ""), true},
		"a server in trouble":   {answer(503, ""), false},
		"a page for people":     {answer(200, "<html><body>Welcome</body></html>"), false},
		"another refusal":       {answer(403, `<?xml version="1.0"?><error xmlns="DAV:"><need-privileges/></error>`), false},
		"nothing with a status": {answer(207, ""), false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.put("a.vcf", card(1, 1, 0))
			o := f.open()
			_, l, err := listed(t, o, "")
			if err != nil {
				t.Fatal(err)
			}
			f.set(func() { f.forget = c.forget })
			_, again, err := listed(t, o, l.Next)
			if err == nil || again.Complete {
				t.Fatalf("an answer that is none gave %+v, %v", again, err)
			}
			if tandem.IsKind(err, tandem.Gone) != c.gone {
				t.Errorf("error %v, of kind gone: %v, want %v", err, !c.gone, c.gone)
			}
		})
	}
}

// Only a sync report's own word for one member is evidence that it is gone.
func TestDeletions(t *testing.T) {
	for name, set := range map[string]func(*fake){
		"by the book": func(*fake) {}, "nextcloud teapot": func(f *fake) { f.teapot = true }, "in pages": func(f *fake) { f.page = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			set(f)
			for _, n := range []string{"a.vcf", "b.vcf", "c.vcf"} {
				f.put(n, card(int(n[0]), 1, 0))
			}
			o := f.open()
			_, l, err := listed(t, o, "")
			if err != nil {
				t.Fatal(err)
			}
			f.remove("b.vcf")
			f.put("c.vcf", card(3, 2, 0))
			f.put("d.vcf", card(4, 2, 0))
			f.remove("d.vcf")
			news, l, err := listed(t, o, l.Next)
			if err != nil || l.Full || !l.Complete {
				t.Fatalf("%+v, %v", l, err)
			}
			for id, want := range map[tandem.ID]tandem.Presence{"b.vcf": tandem.Absent, "c.vcf": tandem.Present, "d.vcf": tandem.Absent, "a.vcf": tandem.Unknown} {
				if got := news[id].Presence; got != want {
					t.Errorf("%s is %s, want %s", id, got, want)
				}
			}
		})
	}
}

// icloud drops tokens: everything is listed for an old token, which is no reason to take anything for changed.
func TestEverythingForAnOldToken(t *testing.T) {
	f := newFake(t)
	f.put("a.vcf", card(1, 1, 0))
	o := f.open()
	first, l, err := listed(t, o, "")
	if err != nil {
		t.Fatal(err)
	}
	f.set(func() { f.drops = true })
	again, l, err := listed(t, o, l.Next)
	if err != nil || !l.Complete || again["a.vcf"].Version != first["a.vcf"].Version {
		t.Errorf("%+v, %+v, %v", again, l, err)
	}
}

// Another way of counting changes at the same address is another epoch; another server or collection is another store.
func TestIdentities(t *testing.T) {
	identity := func(f *fake) tandem.Identity {
		t.Helper()
		id, err := f.open().Identity(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	f := newFake(t)
	first := identity(f)
	f.put("a.vcf", card(1, 1, 0))
	if again := identity(f); again != first {
		t.Errorf("%+v after a change, want %+v", again, first)
	}
	seen := map[string]bool{first.Epoch: true}
	for _, token := range []string{"http://radicale.org/ns/sync/", ""} {
		f.set(func() { f.token = token })
		again := identity(f)
		if again.Store != first.Store || seen[again.Epoch] {
			t.Errorf("tokens like %q: %+v, first it was %+v", token, again, first)
		}
		seen[again.Epoch] = true
	}
	if other := identity(newFake(t)); other.Store == first.Store {
		t.Errorf("two servers are one store: %+v", other)
	}
}
