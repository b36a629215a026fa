package dav

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"tandem"
	"tandem/provider"
)

// whoIs asks a place who it is.
func whoIs(t *testing.T, o *provider.Opened) tandem.Identity {
	t.Helper()
	id, err := o.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestResume: a run that goes on from a sync token asks a server once who it is and once what changed. Some read the whole collection for a token, so it is not asked for
// beside the report that brings the next.
func TestResume(t *testing.T) {
	f := newFake(t)
	f.put("a.vcf", card(1, 1, 0))
	f.put("b.vcf", card(2, 1, 0))
	tokens := 0 // how often the collection's token or tag was asked for
	f.set(func() {
		f.before = func(_ http.ResponseWriter, r *http.Request) bool {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			if r.Method == "PROPFIND" && (bytes.Contains(body, []byte("sync-token")) || bytes.Contains(body, []byte("getctag"))) {
				tokens++
			}
			return false
		}
	})
	o := f.open()
	was := whoIs(t, o)
	_, l, err := listed(t, o, "")
	if err != nil || tokens != 1 || !o.Features.Cursor {
		t.Fatalf("the first time: %v, the token was asked for %d times, cursors: %v", err, tokens, o.Features.Cursor)
	}
	f.put("c.vcf", card(3, 1, 0))
	f.remove("a.vcf")
	before := f.count("PROPFIND")
	o = f.open()
	if !o.Replica.(provider.Resumer).Resume(was, l.Next) {
		t.Fatal("it does not go on")
	}
	if id := whoIs(t, o); id != was {
		t.Errorf("resumed it is %+v, was %+v", id, was)
	}
	all, next, err := listed(t, o, l.Next)
	if err != nil || next.Full || !next.Complete || len(all) != 2 || all["c.vcf"].Presence != tandem.Present || all["a.vcf"].Presence != tandem.Absent {
		t.Errorf("resumed it lists %v, %+v, %v", all, next, err)
	}
	if n := f.count("PROPFIND") - before; n != 1 || tokens != 1 {
		t.Errorf("resumed it asked for properties %d times, for the token %d times", n, tokens-1)
	}
	if id := whoIs(t, o); id != was || tokens != 2 { // asked again, it looks
		t.Errorf("asked again it is %+v, with %d looks", id, tokens-1)
	}
}

// TestResumeRefused: what was said before is not repeated where it would not be true, or where nothing bears it out.
func TestResumeRefused(t *testing.T) {
	f := newFake(t)
	f.put("a.vcf", card(1, 1, 0))
	o := f.open()
	was := whoIs(t, o)
	_, l, err := listed(t, o, "")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, another := was, was
	elsewhere.Store += "x"
	another.Epoch = "sync http://other.example/ns"
	for name, c := range map[string]struct {
		was   tandem.Identity
		since tandem.Cursor
	}{
		"another store": {elsewhere, l.Next}, "another software": {another, l.Next}, "no cursor": {was, ""}, "an empty one": {was, syncCursor}, "another sort of cursor": {was, "ctag:1"},
		"a token of another software": {was, syncCursor + "http://other.example/ns/1"}, "never seen": {tandem.Identity{}, l.Next},
	} {
		o := f.open()
		if o.Replica.(provider.Resumer).Resume(c.was, c.since) {
			t.Errorf("%s: it goes on", name)
		}
		if id := whoIs(t, o); id != was {
			t.Errorf("%s: it is %+v", name, id)
		}
	}

	// Another software at the address refuses the token; asked again, it is another.
	o = f.open()
	f.set(func() {
		f.token = "http://other.example/ns/"
		f.forget = func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`<?xml version="1.0"?><error xmlns="DAV:"><valid-sync-token/></error>`))
		}
	})
	if !o.Replica.(provider.Resumer).Resume(was, l.Next) || whoIs(t, o) != was {
		t.Error("it does not go on")
	}
	if _, _, err := listed(t, o, l.Next); !tandem.IsKind(err, tandem.Gone) {
		t.Errorf("the token of another: %v", err)
	}
	if id := whoIs(t, o); id == was || id.Store != was.Store {
		t.Errorf("it is %+v still", id)
	}
}

// TestReadOnce: a record that changed is read once for what it means and for carrying it over, and anew after that.
func TestReadOnce(t *testing.T) {
	f := newFake(t)
	for _, n := range []string{"a.vcf", "b.vcf", "c.vcf"} {
		f.put(n, card(1, 1, 0))
	}
	o := f.open()
	_, l, err := listed(t, o, "")
	if err != nil {
		t.Fatal(err)
	}
	reports := func() int { return f.count("REPORT") + f.count("GET") }
	read := func(what string, requests int, ids ...tandem.ID) (last tandem.Record) {
		t.Helper()
		before := reports()
		for rec, err := range o.Fetch(t.Context(), ids) {
			if err != nil {
				t.Errorf("%s: %s: %v", what, rec.ID, err)
			}
			last = rec
		}
		if n := reports() - before; n != requests {
			t.Errorf("%s: %d requests, want %d", what, n, requests)
		}
		return last
	}
	read("a record that did not change", 1, "b.vcf", "c.vcf")
	read("again", 1, "b.vcf", "c.vcf")
	f.put("a.vcf", card(1, 2, 0))
	f.put("b.vcf", card(2, 2, 0))
	if _, l, err = listed(t, o, l.Next); err != nil {
		t.Fatal(err)
	}
	first := read("what changed", 1, "a.vcf", "b.vcf")
	f.put("b.vcf", card(2, 3, 0))
	if rec := read("to carry it over", 0, "a.vcf", "b.vcf"); rec.Version != first.Version {
		t.Errorf("version %s, was %s", rec.Version, first.Version)
	}
	if rec := read("once more", 1, "b.vcf", "a.vcf"); rec.ID != "a.vcf" {
		t.Errorf("the last is %s", rec.ID)
	}
	if rec := read("b as it is now", 1, "b.vcf"); rec.Version == first.Version {
		t.Error("the old version is told still")
	}

	// What is written is not told as it was before.
	if _, _, err = listed(t, o, l.Next); err != nil {
		t.Fatal(err)
	}
	rec := read("news", 1, "b.vcf")
	out := apply(t, o, tandem.Write{Op: tandem.Update, ID: "b.vcf", If: rec.Version, Record: tandem.Record{Body: tandem.Bytes(card(2, 4, 0))}})
	if now := read("after a write", 1, "b.vcf"); out[0].Status != tandem.Applied || now.Version != out[0].Version {
		t.Errorf("%+v, then %s", out[0], now.Version)
	}
	read("and again", 1, "b.vcf")
}
