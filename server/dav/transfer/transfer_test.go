package transfer_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"tandem"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const base = "/dav/files/ann/files/"

// hub is a hub in which ann has a second tree, "more".
type hub struct {
	*davkit.Kit
	files, more tandem.Collection
}

func newHub(t *testing.T) *hub {
	k := davkit.New(t)
	h := &hub{Kit: k, files: k.Collection("ann", tandem.File)}
	var err error
	h.more, err = k.Store.Home.PutCollection(t.Context(), tandem.Collection{User: "ann", Kind: tandem.File, Name: "more"})
	k.Must(err)
	for _, dir := range []string{"d", "d/e", "d/empty", "o"} {
		k.Do("ann", "MKCOL", base+dir, "").Is(201)
	}
	for _, name := range []string{"a", "d/x", "d/e/y", "d.txt", "o/z"} {
		k.Do("ann", "PUT", base+name, "body of "+name, "X-OC-Mtime", "1700000000").Is(201)
	}
	for _, path := range []string{"a", "d", "d/e/y"} {
		h.setProp(base+path, "prop of "+path)
	}
	return h
}

func (h *hub) setProp(path, value string) {
	h.Helper()
	h.Do("ann", "PROPPATCH", path, `<propertyupdate xmlns="DAV:"><set><prop><mine xmlns="urn:x">`+value+`</mine></prop></set></propertyupdate>`).Is(207)
}

// prop is the dead property of a path, "" for none.
func (h *hub) prop(path string) string {
	h.Helper()
	list, _ := h.Do("ann", "PROPFIND", path, `<propfind xmlns="DAV:"><prop><mine xmlns="urn:x"/></prop></propfind>`, "Depth", "0").Multi()
	return list[0].Prop(davxml.Name{Space: "urn:x", Local: "mine"}).Value()
}

// tree lists a collection: "d/" for a directory, "a=body" for a file.
func (h *hub) tree(c tandem.Collection) (list []string) {
	h.Helper()
	for rec, err := range h.Store.Lookup.Below(h.Context(), c.ID, "", true) {
		h.Must(err)
		if rec.Attrs.Get("type") == "dir" {
			list = append(list, string(rec.ID)+"/")
		} else {
			list = append(list, string(rec.ID)+"="+strings.TrimPrefix(h.Body(c, string(rec.ID)), "body of "))
		}
	}
	return list
}

func (h *hub) is(c tandem.Collection, want string) {
	h.Helper()
	if got := strings.Join(h.tree(c), " "); got != want {
		h.Fatalf("%s holds\n%s, want\n%s", c.Name, got, want)
	}
}

const whole = "a=a d/ d.txt=d.txt d/e/ d/e/y=d/e/y d/empty/ d/x=d/x o/ o/z=o/z"

func TestTransfers(t *testing.T) {
	const other = "/dav/files/ann/more/"
	unchanged := newHub(t)
	for _, c := range []struct {
		what        string // "COPY a b"
		headers     []string
		status      int
		files, more string // "": as before, and nothing
	}{
		{"COPY a b", nil, 201, "a=a b=a " + whole[4:], ""},
		{"COPY a o/b", nil, 201, strings.Replace(whole, "o/ ", "o/ o/b=a ", 1), ""},
		{"COPY a o/z", nil, 204, strings.Replace(whole, "o/z=o/z", "o/z=a", 1), ""},
		{"COPY a o/z", []string{"Overwrite", "F"}, 412, "", ""},
		{"COPY a o/z", []string{"Overwrite", "x"}, 400, "", ""},
		{"COPY a b", []string{"Overwrite", "f"}, 201, "a=a b=a " + whole[4:], ""},
		{"COPY a o", nil, 204, "a=a d/ d.txt=d.txt d/e/ d/e/y=d/e/y d/empty/ d/x=d/x o=a", ""},
		{"COPY o a", nil, 204, "a/ a/z=o/z " + whole[4:], ""},
		{"COPY a a", nil, 403, "", ""},
		{"COPY a none/b", nil, 409, "", ""},
		{"COPY a d.txt/b", nil, 409, "", ""},
		{"COPY none b", nil, 404, "", ""},
		{"COPY d n", nil, 201, "a=a d/ d.txt=d.txt d/e/ d/e/y=d/e/y d/empty/ d/x=d/x n/ n/e/ n/e/y=d/e/y n/empty/ n/x=d/x o/ o/z=o/z", ""},
		{"COPY d n", []string{"Depth", "0"}, 201, "a=a d/ d.txt=d.txt d/e/ d/e/y=d/e/y d/empty/ d/x=d/x n/ o/ o/z=o/z", ""},
		{"COPY d n", []string{"Depth", "1"}, 400, "", ""},
		{"COPY d o", nil, 204, "a=a d/ d.txt=d.txt d/e/ d/e/y=d/e/y d/empty/ d/x=d/x o/ o/e/ o/e/y=d/e/y o/empty/ o/x=d/x", ""},
		{"COPY d d/e/n", nil, 403, "", ""},
		{"COPY d d/e/n", []string{"Depth", "0"}, 201, "a=a d/ d.txt=d.txt d/e/ d/e/n/ d/e/y=d/e/y d/empty/ d/x=d/x o/ o/z=o/z", ""},
		{"COPY d/e d", nil, 403, "", ""},
		{"COPY a " + other + "b", nil, 201, "", "b=a"},
		{"COPY d " + other + "n", nil, 201, "", "n/ n/e/ n/e/y=d/e/y n/empty/ n/x=d/x"},
		{"MOVE a b", nil, 201, "b=a " + whole[4:], ""},
		{"MOVE a o/z", nil, 204, "d/ d.txt=d.txt d/e/ d/e/y=d/e/y d/empty/ d/x=d/x o/ o/z=a", ""},
		{"MOVE a o/z", []string{"Overwrite", "F"}, 412, "", ""},
		{"MOVE a a", nil, 403, "", ""},
		{"MOVE d n", nil, 201, "a=a d.txt=d.txt n/ n/e/ n/e/y=d/e/y n/empty/ n/x=d/x o/ o/z=o/z", ""},
		{"MOVE d o", nil, 204, "a=a d.txt=d.txt o/ o/e/ o/e/y=d/e/y o/empty/ o/x=d/x", ""},
		{"MOVE d a", nil, 204, "a/ a/e/ a/e/y=d/e/y a/empty/ a/x=d/x d.txt=d.txt o/ o/z=o/z", ""},
		{"MOVE d n", []string{"Depth", "0"}, 400, "", ""},
		{"MOVE d d/e/n", nil, 403, "", ""},
		{"MOVE d/e d", nil, 403, "", ""},
		{"MOVE d/x none/x", nil, 409, "", ""},
		{"MOVE a " + other + "b", nil, 201, "d/ d.txt=d.txt d/e/ d/e/y=d/e/y d/empty/ d/x=d/x o/ o/z=o/z", "b=a"},
		{"MOVE d " + other + "n", nil, 201, "a=a d.txt=d.txt o/ o/z=o/z", "n/ n/e/ n/e/y=d/e/y n/empty/ n/x=d/x"},
		{"DELETE a", nil, 204, whole[4:], ""},
		{"DELETE d", nil, 204, "a=a d.txt=d.txt o/ o/z=o/z", ""},
		{"DELETE d", []string{"Depth", "0"}, 400, "", ""},
		{"DELETE d", []string{"Depth", "infinity"}, 204, "a=a d.txt=d.txt o/ o/z=o/z", ""},
		{"DELETE none", nil, 404, "", ""},
		{"DELETE a", []string{"If-Match", `"other"`}, 412, "", ""},
		{"MOVE a b", []string{"If-Match", `"other"`}, 412, "", ""},
		{"MOVE a o/z", []string{"If", "<" + base + `o/z> (["other"])`}, 412, "", ""},
		{"COPY a http://elsewhere.example" + base + "b", nil, 502, "", ""},
		{"COPY a $" + base + "b", nil, 201, "a=a b=a " + whole[4:], ""},
		{"COPY a /dav/files/bob/files/b", nil, 403, "", ""},
		{"COPY a /dav/files/ann/none/b", nil, 409, "", ""},
		{"COPY a /dav/files/ann/files/../../bob/files/x", nil, 403, "", ""},
		{"COPY a " + base + "%2e%2e/x", nil, 409, "", ""},
		{"COPY a " + base + "x%2fy", nil, 409, "", ""},
		{"COPY a " + base + "%00", nil, 409, "", ""},
		{"COPY a " + base + strings.Repeat("n", 256), nil, 414, "", ""},
		{"COPY a /etc/passwd", nil, 403, "", ""},
		{"COPY a relative", []string{"Destination", "relative"}, 400, "", ""},
		{"COPY a b", []string{"Destination", base + "b?x=y"}, 400, "", ""},
		{"COPY a b", []string{"Destination", ""}, 400, "", ""},
		{"COPY a /dav/files/ann/", nil, 403, "", ""},
		{"COPY a /dav/files/ann/new", nil, 403, "", ""},
		{"COPY a /dav/files/ann/more", nil, 403, "", ""},
		{"MOVE a /dav/", nil, 403, "", ""},
	} {
		t.Run(fmt.Sprint(c.what, c.headers), func(t *testing.T) {
			h := unchanged // what is refused changes nothing, which the next one sees
			if c.files != "" || c.more != "" {
				t.Parallel()
				h = newHub(t)
			}
			f := strings.Fields(c.what)
			headers := slices.Clone(c.headers)
			if len(f) == 3 && !slices.Contains(headers, "Destination") {
				dst := f[2]
				switch {
				case strings.HasPrefix(dst, "$"):
					dst = h.Server.URL + dst[1:]
				case !strings.Contains(dst, "/dav") && dst[0] != '/':
					dst = base + dst
				}
				headers = append(headers, "Destination", dst)
			}
			req := h.do(f[0], base+f[1], headers)
			if req.Status != c.status {
				t.Errorf("status %d, want %d\n%s", req.Status, c.status, req.Body)
			}
			want := c.files
			if want == "" {
				want = whole
			}
			for c, want := range map[*tandem.Collection]string{&h.files: want, &h.more: c.more} {
				if got := strings.Join(h.tree(*c), " "); got != want {
					t.Errorf("%s holds\n%s, want\n%s", c.Name, got, want)
				}
			}
		})
	}
}

// do is Do for statuses that are no faults here.
func (h *hub) do(method, path string, headers []string) *davkit.Answer {
	h.Helper()
	if slices.ContainsFunc(headers, func(s string) bool { return strings.Contains(s, "elsewhere.example") }) {
		quiet := *h.Kit
		quiet.TB = silent{h.TB}
		return quiet.Do("ann", method, path, "", headers...)
	}
	return h.Do("ann", method, path, "", headers...)
}

// silent is for answers in the five hundreds that are meant.
type silent struct{ testing.TB }

func (silent) Errorf(string, ...any) {}

// TestWhatGoesAlong: a move keeps what is known of a record, a copy gets it, and what is overwritten is in history.
func TestWhatGoesAlong(t *testing.T) {
	h := newHub(t)
	rec := func(c tandem.Collection, id tandem.ID) store.HomeRecord {
		t.Helper()
		for rec, err := range h.Store.Home.Get(t.Context(), c.ID, []tandem.ID{id}) {
			h.Must(err)
			return rec
		}
		t.Fatalf("there is no %s", id)
		return store.HomeRecord{}
	}
	a := rec(h.files, "a")
	h.setProp(base+"o/z", "of the one that goes")
	h.Do("ann", "COPY", base+"a", "", "Destination", base+"b").Is(201)
	b := rec(h.files, "b")
	if h.prop(base+"b") != "prop of a" || b.Attrs.Get("mtime") != "1700000000000000000" || b.Digest != a.Digest || b.Number == a.Number || b.Title != "b" {
		t.Errorf("the copy is %+v with %q", b, h.prop(base+"b"))
	}
	old := rec(h.files, "o/z")
	h.Do("ann", "COPY", base+"a", "", "Destination", base+"o/z").Is(204)
	if z := rec(h.files, "o/z"); z.Number != old.Number || z.Version == old.Version || h.prop(base+"o/z") != "prop of a" {
		t.Errorf("what was copied over is %+v with %q", z, h.prop(base+"o/z"))
	}
	h.Do("ann", "COPY", base+"d.txt", "", "Destination", base+"o/z").Is(204)
	if p := h.prop(base + "o/z"); p != "" {
		t.Errorf("a copy of what has no property has %q", p)
	}
	h.Do("ann", "MOVE", base+"a", "", "Destination", base+"moved").Is(201)
	if m := rec(h.files, "moved"); m.Number != a.Number || m.Attrs != a.Attrs || h.prop(base+"moved") != "prop of a" {
		t.Errorf("what was moved is %+v with %q", m, h.prop(base+"moved"))
	}
	for _, step := range [][3]string{{"COPY", base + "d", base + "n"}, {"MOVE", base + "n", "/dav/files/ann/more/n"}} {
		h.Do("ann", step[0], step[1], "", "Destination", step[2]).Is(201)
		if h.prop(step[2]) != "prop of d" || h.prop(step[2]+"/e/y") != "prop of d/e/y" || h.prop(step[2]+"/x") != "" {
			t.Errorf("after %v: %q %q %q", step, h.prop(step[2]), h.prop(step[2]+"/e/y"), h.prop(step[2]+"/x"))
		}
	}
	h.Do("ann", "PUT", base+"n", "x").Is(201) // under the name that was moved away, and without its property
	if p := h.prop(base + "n"); p != "" {
		t.Errorf("a new file has the property %q", p)
	}
	h.Do("ann", "DELETE", base+"d", "").Is(204)
	past, err := h.Store.History.List(t.Context(), store.PastFilter{Record: "d/e/y"})
	if err != nil || len(past) == 0 || past[0].Op != tandem.Delete || past[0].Who != "ann" || !strings.HasPrefix(past[0].From, "dav:") {
		t.Errorf("history of a deleted file: %+v, %v", past, err)
	}
}

func TestRecords(t *testing.T) {
	h := newHub(t)
	cards := h.Collection("ann", tandem.Contact)
	second, err := h.Store.Home.PutCollection(t.Context(), tandem.Collection{User: "ann", Kind: tandem.Contact, Name: "second"})
	h.Must(err)
	path := func(c tandem.Collection, name string) string {
		return proto.HomeHref(proto.BranchOf(c.Kind), "ann") + fmt.Sprint(c.ID) + "/" + name
	}
	do := func(method, from, to string) *davkit.Answer {
		return h.Do("ann", method, from, "", "Destination", to)
	}
	noConflict := davxml.A("no-uid-conflict")
	h.Put(cards, map[string]string{"1.vcf": davkit.Card("u1", "One"), "2.vcf": davkit.Card("u2", "Two")})
	a := do("COPY", path(cards, "1.vcf"), path(cards, "3.vcf")).Fails(409, noConflict)
	if href := a.XML().First().Get(davxml.D("href")); href != path(cards, "1.vcf") {
		t.Errorf("the other one is said to be %q", href)
	}
	h.Do("ann", "MOVE", path(cards, "1.vcf"), "", "Destination", path(cards, "2.vcf"), "Overwrite", "F").Is(412)
	do("MOVE", path(cards, "1.vcf"), path(cards, "3.vcf")).Is(201)
	do("COPY", path(cards, "3.vcf"), path(second, "copy.vcf")).Is(201)
	do("COPY", path(cards, "3.vcf"), path(second, "other.vcf")).Fails(409, noConflict)
	do("COPY", path(cards, "3.vcf"), path(second, "copy.vcf")).Is(204)
	do("MOVE", path(cards, "3.vcf"), path(second, "other.vcf")).Fails(409, noConflict)
	do("MOVE", path(cards, "2.vcf"), path(second, "2.vcf")).Is(201)
	do("MOVE", path(cards, "3.vcf"), path(second, "copy.vcf")).Is(204)
	if h.Body(second, "copy.vcf") != davkit.Card("u1", "One") || h.Body(second, "2.vcf") != davkit.Card("u2", "Two") || h.Body(cards, "3.vcf") != "" {
		t.Error("the cards are not where they should be")
	}
	n := 0
	for rec, err := range h.Store.Lookup.ByUID(t.Context(), "ann", tandem.Contact, "u2") {
		if h.Must(err); rec.Title == "Two" && rec.Index.Name != "" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d cards are found by UID", n)
	}
	events, tasks := h.Collection("ann", tandem.Event), h.Collection("ann", tandem.Task)
	h.Put(events, map[string]string{"e.ics": davkit.Event("e1", "Lunch", "20260520T100000Z", "20260520T110000Z")})
	do("COPY", path(events, "e.ics"), path(tasks, "e.ics")).Fails(403, davxml.C("supported-calendar-component"))
	do("COPY", path(second, "2.vcf"), path(events, "2.ics")).Fails(403, davxml.C("supported-calendar-data"))
	do("COPY", path(events, "e.ics"), path(cards, "e.vcf")).Fails(403, davxml.A("supported-address-data"))
	do("COPY", path(events, "e.ics"), base+"e.ics").Is(403)
	do("MOVE", path(events, "e.ics"), path(events, "a%2fb.ics")).Is(403)
	h.Do("ann", "DELETE", path(events, "e.ics"), "").Is(204)
	h.Do("ann", "DELETE", path(events, "e.ics"), "").Is(404)
}

func TestCollections(t *testing.T) {
	h := newHub(t)
	do := func(method, from, to string, headers ...string) *davkit.Answer {
		return h.Do("ann", method, from, "", append(headers, "Destination", to)...)
	}
	h.setProp(base, "of the collection")
	do("MOVE", base, "/dav/files/ann/more/").Is(403)
	do("MOVE", base, "/dav/files/ann/more/", "Overwrite", "F").Is(412)
	do("COPY", base, base).Is(403)
	do("MOVE", base, "/dav/files/ann/more/x").Is(403)
	do("MOVE", base, "/dav/contacts/ann/x").Is(403)
	do("MOVE", base, "/dav/files/ann/renamed").Is(201)
	h.Do("ann", "GET", base+"a", "").Is(404)
	h.Do("ann", "GET", "/dav/files/ann/renamed/d/x", "").Is(200)
	if c := h.Collection("ann", tandem.File); c.ID != h.more.ID && c.ID != h.files.ID {
		t.Errorf("a renamed collection is %+v", c)
	}
	do("COPY", "/dav/files/ann/renamed/", "/dav/files/ann/copy/").Is(201)
	do("COPY", "/dav/files/ann/renamed/", "/dav/files/ann/bare/", "Depth", "0").Is(201)
	byName := map[string]tandem.Collection{}
	list, err := h.Store.Home.Collections(t.Context(), "ann")
	h.Must(err)
	for _, c := range list {
		byName[c.Name] = c
	}
	h.is(byName["copy"], whole)
	h.is(byName["bare"], "")
	if h.prop("/dav/files/ann/copy/") != "of the collection" || h.prop("/dav/files/ann/copy/d") != "prop of d" {
		t.Error("the copy of the collection lacks its properties")
	}
	h.Do("ann", "DELETE", "/dav/files/ann/copy/", "", "Depth", "0").Is(400)
	h.Do("ann", "DELETE", "/dav/files/ann/copy/", "").Is(204)
	h.Do("ann", "DELETE", "/dav/files/ann/copy/", "").Is(404)
	past, err := h.Store.History.List(t.Context(), store.PastFilter{Record: "d/e/y"})
	if err != nil || len(past) != 1 || past[0].Collection != byName["copy"].ID {
		t.Errorf("history of what was in a deleted collection: %+v, %v", past, err)
	}
	cards := proto.HomeHref(proto.Contacts, "ann")
	h.Put(h.Collection("ann", tandem.Contact), map[string]string{"1.vcf": davkit.Card("u1", "One")})
	do("COPY", cards+fmt.Sprint(h.Collection("ann", tandem.Contact).ID), cards+"friends").Is(201)
	do("MOVE", cards+"friends", cards+"pals/").Is(201)
	h.Do("ann", "GET", cards+"pals/1.vcf", "").Is(200)
	h.Do("ann", "GET", cards+"friends/1.vcf", "").Is(404)
	h.Do("ann", "PROPFIND", "/dav/calendars/ann/inbox/", "", "Depth", "0").Is(207)
	for _, path := range []string{"/dav/calendars/ann/inbox/", "/dav/", "/dav/files/", "/dav/files/ann/", "/dav/principals/ann/", "/dav/calendars/ann/outbox/"} {
		h.Do("ann", "DELETE", path, "").Is(403)
		do("MOVE", path, "/dav/files/ann/renamed/new").Is(403)
		do("MOVE", path, "/dav/calendars/ann/new").Is(403)
	}
}

// TestSharedCollections may be written to by those they are shared with, but not removed or renamed.
func TestSharedCollections(t *testing.T) {
	h := newHub(t)
	_, err := h.Store.Shares.PutShare(t.Context(), store.Share{Collection: h.files.ID, With: "bob", Write: true, Props: map[string]string{"name": "anns"}})
	h.Must(err)
	bobs := ""
	for _, href := range h.Do("bob", "PROPFIND", "/dav/files/bob/", "", "Depth", "1").Hrefs() {
		if href != "/dav/files/bob/" && href != "/dav/files/bob/files/" {
			bobs = href
		}
	}
	h.Do("bob", "MOVE", bobs, "", "Destination", "/dav/files/bob/mine").Is(403)
	h.Do("bob", "DELETE", bobs, "").Fails(403, davxml.D("need-privileges"))
	h.Do("bob", "COPY", bobs, "", "Destination", "/dav/files/bob/mine").Is(201)
	h.Do("bob", "GET", "/dav/files/bob/mine/d/x", "").Is(200)
	h.Do("bob", "MOVE", bobs+"a", "", "Destination", "/dav/files/bob/files/a").Is(201)
	h.Do("ann", "GET", base+"a", "").Is(404)
	h.Do("bob", "MOVE", "/dav/files/bob/files/a", "", "Destination", bobs+"a").Is(201)
	h.Do("ann", "GET", base+"a", "").Is(200)
	h.is(h.files, whole)
}

// TestInUse: a collection that a sync item uses is not removed.
func TestInUse(t *testing.T) {
	h := newHub(t)
	h.Must(h.Store.Settings.PutPartner(t.Context(), store.Partner{Name: "folder", Provider: "files"}))
	h.Must(h.Store.Settings.PutItem(t.Context(), store.Item{Name: "files-folder", User: "ann", Collection: h.files.ID, Partner: "folder"}))
	if a := h.Do("ann", "DELETE", base, "").Is(409); !strings.Contains(a.Body, "files-folder") {
		t.Errorf("the answer does not say what uses it: %s", a.Body)
	}
	h.is(h.files, whole)
}

// TestWritersMeet moves, copies and deletes a directory while others write into it: each request is done whole or not at all.
func TestWritersMeet(t *testing.T) {
	h := newHub(t)
	busy := &hub{Kit: &davkit.Kit{}}
	*busy.Kit = *h.Kit
	busy.TB = silent{t} // who never gets through is told to try again
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				if a := busy.Do("ann", "PUT", base+"d/x", fmt.Sprint("body of ", i)); a.Status/100 != 2 && a.Status != 409 && a.Status != 503 {
					t.Errorf("PUT: %d %s", a.Status, a.Body)
				}
			}
		}
	})
	for i := range 24 {
		var a *davkit.Answer
		switch i % 4 {
		case 0:
			a = busy.Do("ann", "MOVE", base+"d", "", "Destination", base+"n")
		case 1:
			a = busy.Do("ann", "COPY", base+"n", "", "Destination", base+"d")
		case 2:
			a = busy.Do("ann", "DELETE", base+"n", "")
		case 3:
			a = busy.Do("ann", "MOVE", base+"d", "", "Destination", "/dav/files/ann/more/d")
			if a.Status/100 == 2 {
				a = busy.Do("ann", "MOVE", "/dav/files/ann/more/d", "", "Destination", base+"d")
			}
		}
		if a.Status/100 != 2 && a.Status != 503 {
			t.Errorf("%d: %d %s", i, a.Status, a.Body)
		}
		for _, list := range [][]string{h.tree(h.files), h.tree(h.more)} {
			if got := strings.Join(list, " "); strings.Count(got, "/e/y=") != strings.Count(got, "/e/ ") {
				t.Fatalf("a torn tree: %s", got)
			}
		}
	}
	close(stop)
	wg.Wait()
}
