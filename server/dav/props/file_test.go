package props_test

import (
	"fmt"
	"testing"
	"time"

	"tandem"
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
