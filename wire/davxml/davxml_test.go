package davxml

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	doc := `<?xml version="1.0"?><D:propfind xmlns:D="DAV:" xmlns="urn:x">
  <D:prop><D:getetag/><thing at="1">a &amp; b<b/>c</thing></D:prop></D:propfind>`
	e, err := Parse(strings.NewReader(doc), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	prop := e.Child(D("prop"))
	thing := prop.Child(Name{Space: "urn:x", Local: "thing"})
	if !e.Is(D("propfind")) || !prop.Has(D("getetag")) || thing.Chars() != "a & bc" || thing.Attr("at") != "1" || len(prop.Children) != 2 {
		t.Errorf("read as %s", e)
	}
	again, err := Parse(strings.NewReader(e.String()), Limits{})
	if err != nil || again.String() != e.String() {
		t.Errorf("written and read again: %v\n%s\n%s", err, e, again)
	}
}

func TestRefused(t *testing.T) {
	for name, doc := range map[string]string{
		"doctype":      `<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>`,
		"prefix":       `<D:propfind/>`,
		"empty prefix": `<D:propfind xmlns:D="DAV:"><x:a xmlns:x=""/></D:propfind>`,
		"torn":         `<a><b></b>`,
		"nesting":      `<a><b></a></b>`,
		"two roots":    `<a/><b/>`,
		"text":         `hello`,
		"deep":         strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100),
		"entity":       `<a>&nope;</a>`,
	} {
		_, err := Parse(strings.NewReader(doc), Limits{})
		var s *SyntaxError
		if !errors.As(err, &s) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Parse(strings.NewReader(""), Limits{}); err != io.EOF {
		t.Errorf("nothing: %v", err)
	}
	if _, err := Parse(strings.NewReader("<a>"+strings.Repeat("b", 100)+"</a>"), Limits{Bytes: 50}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("long: %v", err)
	}
}

func TestMultistatus(t *testing.T) {
	var b strings.Builder
	m := NewMultistatus(&b)
	m.Response(Response{Href: "/a%20b", Propstats: []Propstat{{Status: 200, Props: []*Element{NewText(C("calendar-data"), "BEGIN:VCALENDAR\r\nX:<&>\r\n")}}, {Status: 404, Props: []*Element{New(Name{Local: "bare"}), New(Name{Space: "urn:y", Local: "odd"})}}}})
	m.Response(Response{Href: "/gone", Status: 404})
	m.Element(NewText(D("sync-token"), "t"))
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	seq, tail := ReadMultistatus(strings.NewReader(b.String()), Limits{})
	var got []*Response
	for r, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if len(got) != 2 || got[0].Prop(C("calendar-data")).Chars() != "BEGIN:VCALENDAR\r\nX:<&>\r\n" || got[1].Status != 404 || tail().Get(D("sync-token")) != "t" {
		t.Errorf("read %+v from %s", got, b.String())
	}
	if p := got[0].Propstats[1].Props; p[0].Name != (Name{Local: "bare"}) || p[1].Name != (Name{Space: "urn:y", Local: "odd"}) {
		t.Errorf("other namespaces: %v", p)
	}
}

func TestStatus(t *testing.T) {
	for line, want := range map[string]int{"HTTP/1.1 200 OK": 200, " HTTP/1.1  404 Not Found\n": 404, "HTTP/2 207": 207, "HTTP/1.1": 0, "": 0, "200 OK": 0, "HTTP/1.1 OK": 0, "HTTP/1.1 99": 0, "HTTP/1.1 600": 0, "HTTP/1.1 -200": 0} {
		if got := ParseStatus(line); got != want {
			t.Errorf("%q: %d", line, got)
		}
	}
	if got := ParseStatus(StatusLine(507)); got != 507 {
		t.Errorf("507: %d", got)
	}
}
