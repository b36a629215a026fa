package locks

import (
	"context"
	"errors"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"tandem/partner/access"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

func TestParseIf(t *testing.T) {
	for _, c := range []struct {
		text string
		want If // nil: refused
	}{
		{"", If{}},
		{"  ", If{}},
		{"(<urn:x>)", If{{"", []Condition{{Token: "urn:x"}}}}},
		{`(["a b"])`, If{{"", []Condition{{ETag: `"a b"`}}}}},
		{`([W/"a"])`, If{{"", []Condition{{ETag: `W/"a"`}}}}},
		// RFC 4918 10.4.6
		{`(<urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2> ["I am an ETag"]) (["I am another ETag"])`,
			If{{"", []Condition{{Token: "urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2"}, {ETag: `"I am an ETag"`}}}, {"", []Condition{{ETag: `"I am another ETag"`}}}}},
		// 10.4.7
		{"(Not <urn:uuid:1> <urn:uuid:2>)", If{{"", []Condition{{Not: true, Token: "urn:uuid:1"}, {Token: "urn:uuid:2"}}}}},
		// 10.4.8
		{"(<urn:uuid:1>) (Not <DAV:no-lock>)", If{{"", []Condition{{Token: "urn:uuid:1"}}}, {"", []Condition{{Not: true, Token: "DAV:no-lock"}}}}},
		// 10.4.9
		{`</resource1> (<urn:uuid:1> [W/"A weak ETag"]) (["strong ETag"])`,
			If{{"/resource1", []Condition{{Token: "urn:uuid:1"}, {ETag: `W/"A weak ETag"`}}}, {"/resource1", []Condition{{ETag: `"strong ETag"`}}}}},
		{"<http://h/a>(<urn:1>)<http://h/b>(not[\"t\"])", If{{"http://h/a", []Condition{{Token: "urn:1"}}}, {"http://h/b", []Condition{{Not: true, ETag: `"t"`}}}}},
		{"\t( \tNOT\t<urn:1>\t)\t", If{{"", []Condition{{Not: true, Token: "urn:1"}}}}},
		{`([ "a)]<" ])`, If{{"", []Condition{{ETag: `"a)]<"`}}}}},
		{"()", nil},
		{"( )", nil},
		{"(", nil},
		{")", nil},
		{"(<urn:1>", nil},
		{"(<urn:1)", nil},
		{"(<>)", nil},
		{"(< >)", nil},
		{"(<a b>)", nil},
		{"(<a<b>)", nil},
		{"(Not)", nil},
		{"(Not Not <urn:1>)", nil},
		{"(no)", nil},
		{`("a")`, nil},
		{`(["a)`, nil},
		{`(["a"`, nil},
		{"([a])", nil},
		{"([])", nil},
		{"urn:1", nil},
		{"</a>", nil},
		{"</a></b>(<urn:1>)", nil},
		{"(<urn:1>) </a> (<urn:1>)", nil},
	} {
		got, err := ParseIf(c.text)
		if (err != nil) != (c.want == nil) || err == nil && len(got)+len(c.want) > 0 && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %+v, %v; want %+v", c.text, got, err, c.want)
		}
	}
}

func TestTokens(t *testing.T) {
	h, err := ParseIf(`</a> (<urn:1> ["t"]) (Not <urn:2>) </b> (<urn:3>)`)
	if got := h.Tokens(); err != nil || !reflect.DeepEqual(got, map[string]bool{"urn:1": true, "urn:2": true, "urn:3": true}) {
		t.Errorf("%v, %v", got, err)
	}
}

// write is a header as ParseIf reads it.
func write(h If) string {
	var b strings.Builder
	for _, l := range h {
		if l.Resource != "" {
			b.WriteString("<" + l.Resource + ">")
		}
		b.WriteString("(")
		for _, c := range l.Conditions {
			if c.Not {
				b.WriteString("Not ")
			}
			if c.Token != "" {
				b.WriteString("<" + c.Token + ">")
			} else {
				b.WriteString("[" + c.ETag + "]")
			}
		}
		b.WriteString(")")
	}
	return b.String()
}

// many is a collection with as many locks as there may be.
type many struct{ lockStore }

type lockStore interface{ store.Locks }

func (many) Locks(context.Context, int64, int64) ([]store.Lock, error) {
	return make([]store.Lock, maxLocks), nil
}

func TestTooManyLocks(t *testing.T) {
	info := davxml.New(davxml.D("lockinfo"), davxml.New(davxml.D("lockscope"), davxml.New(davxml.D("shared"))), davxml.New(davxml.D("locktype"), davxml.New(davxml.D("write"))))
	res := &proto.Resource{Sort: proto.Member, Branch: proto.Files, ID: "f", Record: &store.HomeRecord{}, Reach: access.Reach{Right: access.Write}}
	r := &proto.Request{Request: httptest.NewRequest("LOCK", "/dav/files/ann/files/f", nil), Target: res, XML: info}
	s := &Service{Locks: many{}, Now: func() int64 { return 0 }}
	var c *davxml.Condition
	if err := s.Lock(t.Context(), httptest.NewRecorder(), r); !errors.As(err, &c) || c.Status != 507 {
		t.Errorf("one lock more than may be: %v", err)
	}
}

// FuzzParseIf: whatever is understood is understood in the same way when it is written down again.
func FuzzParseIf(f *testing.F) {
	for _, s := range []string{"", "(<urn:1>)", `</a> (Not <urn:1> ["x"]) ([W/"y"])`, `(["a)]<"])`, "(Not <DAV:no-lock>)", "<", "([\"", "(not"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := ParseIf(s)
		if err != nil {
			return
		}
		for _, l := range h {
			if len(l.Conditions) == 0 {
				t.Fatalf("%q has an empty list", s)
			}
			for _, c := range l.Conditions {
				if (c.Token == "") == (c.ETag == "") {
					t.Fatalf("%q has the condition %+v", s, c)
				}
			}
		}
		again, err := ParseIf(write(h))
		if err != nil || len(h) > 0 && !reflect.DeepEqual(again, h) {
			t.Fatalf("%q is %+v, and written as %q is %+v (%v)", s, h, write(h), again, err)
		}
	})
}

func TestTimeout(t *testing.T) {
	for _, c := range []struct {
		text string
		want int64
	}{
		{"", 77}, {"Second-30", 30}, {"second-30", 30}, {"Infinite", maxTimeout}, {"Infinite, Second-4100000000", maxTimeout}, {"Second-4100000000", maxTimeout},
		{"Second-99999999999999999999", maxTimeout}, {"Extend, Second-20", 20}, {"Second-0", 77}, {"Second--5", 77}, {"Second-x", 77}, {"Second-3600", 3600}, {"Second-3601", 3600},
	} {
		if got := timeout(map[string][]string{"Timeout": {c.text}}, 77); got != c.want {
			t.Errorf("%q: %d, want %d", c.text, got, c.want)
		}
	}
}
