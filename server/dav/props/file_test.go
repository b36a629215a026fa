package props_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

// TestFileAttributes sets what is known of a file beside its content, as davfs2, cadaver and Windows do.
func TestFileAttributes(t *testing.T) {
	k := davkit.New(t)
	const base = "/dav/files/ann/files/"
	c := k.Collection("ann", tandem.File)
	attrs := func(id string) tandem.Attrs {
		t.Helper()
		for rec, err := range k.Store.Home.Get(t.Context(), c.ID, []tandem.ID{tandem.ID(id)}) {
			k.Must(err)
			return rec.Attrs
		}
		t.Fatalf("there is no %s", id)
		return ""
	}
	patch := func(path, what string) *davxml.Response {
		t.Helper()
		return k.Do("ann", "PROPPATCH", base+path, `<D:propertyupdate xmlns:D="DAV:" xmlns:A="http://apache.org/dav/props/" xmlns:M="urn:schemas-microsoft-com:"><D:set><D:prop>`+
			what+`</D:prop></D:set></D:propertyupdate>`).Of(base + path)
	}
	find := func(path string, name davxml.Name) string {
		t.Helper()
		return k.Do("ann", "PROPFIND", base+path, `<propfind xmlns="DAV:"><prop><x xmlns="`+name.Space+`"/><`+name.Local+` xmlns="`+name.Space+`"/></prop></propfind>`,
			"Depth", "0").Of(base + path).Prop(name).Value()
	}
	executable := davxml.Name{Space: "http://apache.org/dav/props/", Local: "executable"}
	modified := davxml.Name{Space: "urn:schemas-microsoft-com:", Local: "Win32LastModifiedTime"}
	tag := k.Do("ann", "PUT", base+"f", "f").Is(201).Header.Get("ETag")
	k.Do("ann", "MKCOL", base+"d", "").Is(201)
	for i, step := range []struct{ set, mode, shown string }{
		{"<A:executable>F</A:executable>", "", ""},
		{"<A:executable>T</A:executable>", "755", "T"},
		{"<A:executable>F</A:executable>", "644", "F"},
		{"<A:executable>T</A:executable>", "755", "T"},
	} {
		if r := patch("f", step.set); r.Propstats[0].Status != 200 {
			t.Errorf("%d: %+v", i, r.Propstats)
		}
		if got := attrs("f").Get("mode"); got != step.mode || find("f", executable) != step.shown {
			t.Errorf("%d: mode %q, shown as %q", i, got, find("f", executable))
		}
	}
	if now := k.Do("ann", "GET", base+"f", "").Header.Get("ETag"); now == tag {
		t.Error("the tag of a file is as before its mode changed")
	}
	when := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	if r := patch("f", "<M:Win32LastModifiedTime>Thu, 02 Jan 2020 03:04:05 GMT</M:Win32LastModifiedTime><M:Win32FileAttributes>20</M:Win32FileAttributes>"); r.Propstats[0].Status != 200 {
		t.Errorf("%+v", r.Propstats)
	}
	if got := attrs("f").Get("mtime"); got != fmt.Sprint(when.UnixNano()) || find("f", modified) != "Thu, 02 Jan 2020 03:04:05 GMT" || find("f", davxml.D("getlastmodified")) != find("f", modified) {
		t.Errorf("mtime %s, shown as %q", got, find("f", modified))
	}
	for path, what := range map[string]string{"f": "<A:executable>maybe</A:executable>", "d/": "<A:executable>T</A:executable>"} {
		if r := patch(path, what); r.Propstats[0].Status/100 != 4 {
			t.Errorf("%s %s: %+v", path, what, r.Propstats)
		}
	}
	if r := patch("f", "<M:Win32LastModifiedTime>yesterday</M:Win32LastModifiedTime>"); r.Propstats[0].Status != 409 || attrs("f").Get("mtime") != fmt.Sprint(when.UnixNano()) {
		t.Errorf("%+v", r.Propstats)
	}
}

// refusing is a store of collections or shares that takes no changes once it is told so.
type refusing struct {
	store.Home
	now atomic.Bool
}

func (r *refusing) PutCollection(ctx context.Context, c tandem.Collection) (tandem.Collection, error) {
	if r.now.CompareAndSwap(true, false) {
		return c, tandem.Errorf(tandem.Full, "the disk is full")
	}
	return r.Home.PutCollection(ctx, c)
}

func (r *refusing) Write(ctx context.Context, c int64, who store.Author, w []store.HomeWrite) ([]tandem.Outcome, error) {
	if r.now.CompareAndSwap(true, false) {
		return nil, tandem.Errorf(tandem.Full, "the disk is full")
	}
	return r.Home.Write(ctx, c, who, w)
}

// TestAllOrNothing: what a PROPPATCH changed before it failed is as it was. RFC 4918 9.2
func TestAllOrNothing(t *testing.T) {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	home := &refusing{Home: st.Home}
	st.Home = home
	k := davkit.On(t, st)
	const file = "/dav/files/ann/files/f"
	calendar := "/dav/calendars/ann/" + fmt.Sprint(k.Collection("ann", tandem.Event).ID) + "/"
	k.Do("ann", "PUT", file, "f").Is(201)
	for at, live := range map[string]string{calendar: "<D:displayname>NAME</D:displayname>", file: "<A:executable>T</A:executable>"} {
		patch := func(text string) *davkit.Answer {
			return k.Do("ann", "PROPPATCH", at, `<D:propertyupdate xmlns:D="DAV:" xmlns:A="http://apache.org/dav/props/" xmlns:x="x:"><D:set><D:prop><x:a>`+text+`</x:a><x:b>`+text+`</x:b>`+
				strings.Replace(live, "NAME", text, 1)+`</D:prop></D:set></D:propertyupdate>`)
		}
		shown := func() string {
			r := k.Do("ann", "PROPFIND", at, `<propfind xmlns="DAV:" xmlns:A="http://apache.org/dav/props/" xmlns:x="x:"><prop><displayname/><A:executable/><x:a/><x:b/></prop></propfind>`, "Depth", "0").Of(at)
			return r.Prop(davxml.D("displayname")).Value() + " " + r.Prop(davxml.Name{Space: "x:", Local: "a"}).Value() + " " + r.Prop(davxml.Name{Space: "x:", Local: "b"}).Value()
		}
		k.Do("ann", "PROPPATCH", at, `<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x:a xmlns:x="x:">before</x:a></D:prop></D:set></D:propertyupdate>`).Is(207)
		was := shown()
		home.now.Store(true)
		patch("after").Is(507)
		if got := shown(); got != was {
			t.Errorf("%s: after the failure %q, before it %q", at, got, was)
		}
		patch("after").Is(207)
		if got := shown(); !strings.HasSuffix(got, " after after") {
			t.Errorf("%s: %q", at, got)
		}
	}
}

// TestPatchedAtOnce: clients that set different properties of one collection at the same moment all get theirs.
func TestPatchedAtOnce(t *testing.T) {
	k := davkit.New(t)
	at := "/dav/calendars/ann/" + fmt.Sprint(k.Collection("ann", tandem.Event).ID) + "/"
	sets := []string{"<D:displayname>Work</D:displayname>", "<I:calendar-color>#ff0000ff</I:calendar-color>", "<I:calendar-order>7</I:calendar-order>", "<C:calendar-description>Much</C:calendar-description>",
		"<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>"}
	var wg sync.WaitGroup
	for _, set := range sets {
		wg.Go(func() {
			a := k.Do("ann", "PROPPATCH", at, `<D:propertyupdate xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:I="http://apple.com/ns/ical/"><D:set><D:prop>`+set+`</D:prop></D:set></D:propertyupdate>`)
			if !strings.Contains(a.Body, " 200 ") {
				t.Errorf("%s: %s", set, a.Body)
			}
		})
	}
	wg.Wait()
	got := k.Do("ann", "PROPFIND", at, `<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:I="http://apple.com/ns/ical/"><prop><displayname/><I:calendar-color/><I:calendar-order/>`+
		`<C:calendar-description/><C:schedule-calendar-transp/></prop></propfind>`, "Depth", "0").Is(207).Body
	for _, want := range []string{"Work", "#ff0000ff", ">7<", "Much", "transparent"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is lost:\n%s", want, got)
		}
	}
}
