package dav

import (
	"net/http"
	"strings"
	"testing"

	"tandem"
)

// FuzzListing: whatever a server answers to the question what is in a collection, the listing is whole or an error, each id is told once, and asking for each leads to
// the collection and nowhere else.
func FuzzListing(f *testing.F) {
	const open = `<multistatus xmlns="DAV:"><response><href>` + fakeBook + `</href><propstat><prop/><status>HTTP/1.1 200 OK</status></propstat></response>`
	one := func(href string) string {
		return `<response><href>` + href + `</href><propstat><prop><getetag>"1"</getetag></prop><status>HTTP/1.1 200 OK</status></propstat></response>`
	}
	const end = `<sync-token>x</sync-token></multistatus>`
	for _, href := range []string{fakeBook + "a.vcf", fakeBook + "%2e%2e%2fetc", "http://evil.example.org" + fakeBook + "b", "../book/c", fakeBook + "d/e", "//x/y", fakeBook + "%00", fakeBook + "%", ":f", "?g", "#h",
		fakeBook + "&lt;", strings.Repeat("/i", 500), fakeBook + ".", fakeBook + "..", "%0d%0aX: y"} {
		f.Add(open+one(href)+end, false)
		f.Add(open+one(href)+one(href)+end, true)
	}
	f.Add(open+`<response><href>`+fakeBook+`</href><status>HTTP/1.1 507 x</status></response>`+end, true)
	f.Add(`<multistatus xmlns="DAV:"/>`, false)
	f.Fuzz(func(t *testing.T, answer string, sync bool) {
		server := newFake(t)
		if !sync {
			server.token = ""
		}
		o := server.open()
		asked := 0
		server.set(func() {
			server.before = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasPrefix(r.URL.Path, strings.TrimSuffix(fakeBook, "/")) || strings.Contains(r.URL.EscapedPath(), "/../") {
					t.Errorf("%s %s", r.Method, r.URL)
				}
				if asked++; asked > 200 {
					t.Error("it goes on asking")
					return false
				}
				if r.Method == "PROPFIND" || r.Method == "REPORT" {
					w.WriteHeader(http.StatusMultiStatus)
					_, _ = w.Write([]byte(answer))
					return true
				}
				return false
			}
		})
		seq, listing := o.Changes(t.Context(), "")
		seen := map[tandem.ID]bool{}
		for c, err := range seq {
			if err != nil {
				if l := listing(); l.Complete {
					t.Errorf("complete in spite of %v", err)
				}
				return
			}
			if seen[c.ID] || c.ID == "" {
				t.Errorf("%q is told twice, or is none", c.ID)
			}
			seen[c.ID] = true
		}
		var ids []tandem.ID
		for id := range seen {
			ids = append(ids, id)
		}
		for rec := range o.Fetch(t.Context(), ids) {
			if !seen[rec.ID] {
				t.Errorf("%q was not asked for", rec.ID)
			}
		}
	})
}
