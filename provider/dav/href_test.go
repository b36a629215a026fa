package dav

import (
	"net/url"
	"testing"

	"tandem"
)

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestMembers(t *testing.T) {
	base := mustURL(t, "https://example.org/dav/anna%40x/my%20book/")
	for href, want := range map[string]string{
		"/dav/anna%40x/my%20book/a.vcf":                    "a.vcf",
		"/dav/anna@x/my%20book/a.vcf":                      "a.vcf",
		"https://other.example.org/dav/anna@x/my%20book/b": "b",
		"a%2Fb.vcf":                       ":a%2Fb.vcf",
		"/dav/anna@x/my%20book/%3Ac.vcf":  ":%3Ac.vcf",
		"/dav/anna@x/my%20book/%ff":       ":%ff",
		"/dav/anna@x/my%20book/gr%C3%B6n": "grön",
		"/dav/anna@x/my%20book/sub/":      "sub",
		"/dav/anna@x/my%20book/":          "self",
		"/dav/anna@x/my%20book":           "self",
		" /dav/anna@x/my%20book/a.vcf\n":  "a.vcf",
		"/dav/anna@x/my%20book/sub/a.vcf": "elsewhere",
		"/dav/anna@x/a.vcf":               "elsewhere",
		"/dav/anna@x/my%20book/../a.vcf":  "elsewhere",
		"/dav/anna@x/my%20bookcase/a.vcf": "elsewhere",
		"%zz":                             "elsewhere",
	} {
		segment, self := member(base, href)
		got := "elsewhere"
		if self {
			got = "self"
		} else if segment != "" {
			got = string(idOf(segment))
		}
		if got != want {
			t.Errorf("%q is %q, want %q", href, got, want)
		}
	}
}

// Every name makes an address that names it again.
func FuzzSegments(f *testing.F) {
	for _, s := range []string{"a.vcf", "a b", "..", ".", "größer", "a/b", ":x", "%41", "a?b#c", "\xff", "+", "@"} {
		f.Add(s)
	}
	base := mustURL(f, "https://example.org/dav/")
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" {
			return
		}
		u := below(base, escapeSegment(name))
		segment, self := member(base, u.EscapedPath())
		if (name == "." || name == "..") && (self || segment == "") {
			return // net/url takes even escaped dots for steps; such names are no ids
		}
		id := idOf(segment)
		if back := segmentOf(id); back != segment && segmentOf(idOf(back)) != back {
			t.Errorf("%q: segment %q, id %q, back %q", name, segment, id, back)
		}
		if string(id) != name && id[0] != rawMark[0] {
			t.Errorf("%q became %q", name, id)
		}
	})
}

func TestSoundPaths(t *testing.T) {
	for id, want := range map[tandem.ID]bool{"a": true, "a/b c/ü": true, "..": false, "../a": false, "/a": false, "a//b": false, "a/../b": false, "a/": false, "": false, ".": false,
		"a\x00b": false, "a\\b": false, "\xff": false, ".tandem": false, ".tandem/dav": false, "x/.tandem": true, "x/.tandem-upload-1": false, "...": true} {
		if got := sound(id); got != want {
			t.Errorf("%q: %v, want %v", id, got, want)
		}
	}
}

func TestVersions(t *testing.T) {
	for tag, want := range map[string]string{`"a"`: `a|"a"`, `W/"a"`: `a|"a"`, `a`: `=a|a`, ` "a b" `: `a b|"a b"`, ``: `|`, `""`: `|`} {
		v := tagVersion(tag)
		cond := ""
		if v != "" {
			cond = ifMatch(v)
		}
		if got := string(v) + "|" + cond; got != want {
			t.Errorf("%s: %s, want %s", tag, got, want)
		}
	}
	for v, want := range map[tandem.Version]bool{"a": true, "": false, "a\"b": false, "a\r\nX: y": false, "body:12": false} {
		if got := fits(v); got != want {
			t.Errorf("%q: %v, want %v", v, got, want)
		}
	}
}
