package contact

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/kind"
	"tandem/wire/contentline"
	"tandem/wire/vcard"

	"pgregory.net/rapid"
)

func TestMerge(t *testing.T) {
	long := "NOTE:" + strings.Repeat("a long line of text that was folded by hand ", 3)
	tests := []struct {
		name             string
		base, a, b, want []string
		clashes          []string
	}{
		{"different properties",
			[]string{"FN:x", "TITLE:t"}, []string{"FN:y", "TITLE:t"}, []string{"FN:x", "TITLE:u"}, []string{"FN:y", "TITLE:u"}, nil},
		{"two phones",
			[]string{"TEL;TYPE=home:1", "TEL;TYPE=work:2"}, []string{"TEL;TYPE=home:3", "TEL;TYPE=work:2"}, []string{"TEL;TYPE=work:4", "TEL;TYPE=home:1"},
			[]string{"TEL;TYPE=home:3", "TEL;TYPE=work:4"}, nil},
		{"one phone",
			[]string{"TEL;TYPE=work:1"}, []string{"TEL;TYPE=work:2"}, []string{"TEL;TYPE=work:3"}, []string{"TEL;TYPE=work:2"}, []string{"phone (work)"}},
		{"number and type of one phone",
			[]string{"TEL;TYPE=work:12345"}, []string{"TEL;TYPE=work:55555"}, []string{"TEL;TYPE=work,fax:12345"}, []string{"TEL;TYPE=work,fax:55555"}, nil},
		{"the same number in another spelling is the same phone",
			[]string{"TEL;TYPE=work:+49 30 12345"}, []string{"TEL;TYPE=home:+49 30 12345"}, []string{"TEL;TYPE=work:+493012345"}, []string{"TEL;TYPE=home:+493012345"}, nil},
		{"both spell the number anew", []string{"TEL:+493012345"}, []string{"TEL:+49 30 12345"}, []string{"TEL:+49-30-12345"}, []string{"TEL:+49 30 12345"}, nil},
		{"both add", []string{"FN:x"}, []string{"FN:x", "TEL;TYPE=work:1"}, []string{"FN:x", "TEL;TYPE=work:2", "EMAIL:e"},
			[]string{"FN:x", "TEL;TYPE=work:1", "TEL;TYPE=work:2", "EMAIL:e"}, nil},
		{"label and number", []string{"item1.TEL:1", "item1.X-ABLabel:a"}, []string{"item1.TEL:2", "item1.X-ABLabel:a"}, []string{"item1.TEL:1", "item1.X-ABLabel:b"},
			[]string{"item1.TEL:2", "item1.X-ABLabel:b"}, nil},
		{"label added", []string{"TEL:1"}, []string{"TEL:2"}, []string{"item5.TEL:1", "item5.X-ABLabel:b"}, []string{"item1.TEL:2", "item1.X-ABLabel:b"}, nil},
		{"labels keep to their own", []string{"FN:x"}, []string{"FN:x", "item1.TEL:1", "item1.X-ABLabel:a"}, []string{"FN:x", "item1.URL:2", "item1.X-ABLabel:b"},
			[]string{"FN:x", "item1.TEL:1", "item1.X-ABLabel:a", "item2.URL:2", "item2.X-ABLabel:b"}, nil},
		{"label goes with its property", []string{"item1.TEL:1", "item1.X-ABLabel:a", "FN:x"}, []string{"item1.TEL:1", "item1.X-ABLabel:a", "FN:y"}, []string{"FN:x"},
			[]string{"FN:y"}, nil},
		{"categories", []string{"CATEGORIES:a,b"}, []string{"CATEGORIES:b,c"}, []string{"CATEGORIES:a", "CATEGORIES:b,d\\,e"}, []string{"CATEGORIES:b,c,d\\,e"}, nil},
		{"note by lines", []string{`NOTE:one\ntwo\nthree`}, []string{`NOTE:ONE\ntwo\nthree`}, []string{`NOTE:one\ntwo\nthree\nfour`}, []string{`NOTE:ONE\ntwo\nthree\nfour`}, nil},
		{"same line of a note", []string{`NOTE:one`}, []string{`NOTE:two`}, []string{`NOTE:three`}, []string{`NOTE:two`}, []string{"note"}},
		{"name in parts", []string{"N:a;b;;;"}, []string{"N:A;b;;;"}, []string{"N:a;B\\,C"}, []string{"N:A;B\\,C;;;"}, nil},
		{"unknown properties", []string{"X-A:1", "X-B;P=1:1"}, []string{"X-A:2", "X-B;P=1:1"}, []string{"X-A:1", "X-B;P=2:1", "X-C:3"}, []string{"X-A:2", "X-B;P=2:1", "X-C:3"}, nil},
		{"deleted and edited", []string{"FN:x", "TITLE:t"}, []string{"FN:x"}, []string{"FN:x", "TITLE:u"}, []string{"FN:x"}, []string{"title"}},
		{"edited and deleted", []string{"FN:x", "TITLE:t"}, []string{"FN:x", "TITLE:u"}, []string{"FN:x"}, []string{"FN:x", "TITLE:u"}, []string{"title"}},
		{"both delete", []string{"FN:x", "TITLE:t", "ROLE:r"}, []string{"FN:x", "ROLE:q"}, []string{"FN:y"}, []string{"FN:y", "ROLE:q"}, []string{"role"}},
		{"an empty value makes room", []string{"FN:x", "TITLE:"}, []string{"FN:y", "TITLE:"}, []string{"FN:x", "TITLE:t"}, []string{"FN:y", "TITLE:t"}, nil},
		{"PRODID and REV are a's", []string{"PRODID:p", "FN:x", "TITLE:t"}, []string{"PRODID:q", "FN:y", "TITLE:t", "REV:1"}, []string{"PRODID:r", "FN:x", "TITLE:u", "REV:2"},
			[]string{"PRODID:q", "FN:y", "TITLE:u", "REV:1"}, nil},
		{"bytes of a are kept", []string{"FN:x", long, "TITLE:t"}, []string{"fn:x", long[:40] + "\r\n\t" + long[40:], "TITLE:u"}, []string{"FN:y", long, "TITLE:t"},
			[]string{"FN:y", long[:40] + "\r\n\t" + long[40:], "TITLE:u"}, nil},
		{"opaque lines", []string{"FN:x", "junk"}, []string{"FN:y", "junk"}, []string{"FN:x", "junk", "more junk"}, []string{"FN:y", "junk", "more junk"}, nil},
		{"preference", []string{"TEL;TYPE=a:11111"}, []string{"TEL;TYPE=a,pref:11111"}, []string{"TEL;TYPE=a:22222"}, []string{"TEL;TYPE=a,pref:22222"}, nil},
		{"photo", []string{"FN:x", "PHOTO;ENCODING=b:AAAA"}, []string{"FN:y", "PHOTO;ENCODING=b:AAAA"}, []string{"FN:x", "PHOTO;ENCODING=b:BBBB"}, []string{"FN:y", "PHOTO;ENCODING=b:BBBB"}, nil},
		{"agent", []string{"FN:x", "AGENT:", "BEGIN:VCARD", "FN:i", "END:VCARD"}, []string{"FN:y", "AGENT:", "BEGIN:VCARD", "FN:i", "END:VCARD"},
			[]string{"AGENT:", "BEGIN:VCARD", "FN:j", "END:VCARD", "FN:x"}, []string{"FN:y", "AGENT:", "BEGIN:VCARD", "FN:j", "END:VCARD"}, nil},
		{"both change the agent", []string{"AGENT:", "BEGIN:VCARD", "FN:i", "END:VCARD"}, []string{"AGENT:", "BEGIN:VCARD", "FN:j", "END:VCARD"},
			[]string{"AGENT:", "BEGIN:VCARD", "FN:k", "END:VCARD"}, []string{"AGENT:", "BEGIN:VCARD", "FN:j", "END:VCARD"}, []string{"agent"}},
		{"a card within without a word", []string{"FN:x"}, []string{"FN:y"}, []string{"FN:x", "BEGIN:VCARD", "FN:k", "END:VCARD"}, []string{"FN:y", "BEGIN:VCARD", "FN:k", "END:VCARD"}, nil},
		{"named group", []string{"home.TEL:1", "work.TEL:2"}, []string{"home.TEL:1", "work.TEL;TYPE=x:2"}, []string{"TEL:1", "other.TEL:2"}, []string{"TEL:1", "other.TEL;TYPE=x:2"}, nil},
		{"first names and notes", nil, []string{"N:a;b", "ORG:o", "NOTE:one", "TITLE:t"}, []string{"N:a;b;;Dr.", "ORG:o;p", "NOTE:zero\\none", "ROLE:r"},
			[]string{"N:a;b;;Dr.", "ORG:o;p", "NOTE:zero\\none", "TITLE:t", "ROLE:r"}, nil},
		{"first names that differ", nil, []string{"N:a;b", "NOTE:one\\ntwo"}, []string{"N:a;c;d", "NOTE:two"}, []string{"N:a;b", "NOTE:one\\ntwo"}, []string{"name in parts"}},
		{"other parameters", []string{"NOTE;LANGUAGE=en;X-P=1:n"}, []string{"NOTE;LANGUAGE=de;X-P=1:n"}, []string{"NOTE;LANGUAGE=en;X-P=2;X-Q=3:m"},
			[]string{"NOTE;LANGUAGE=de;X-P=2;X-Q=3:m"}, nil},
		{"one parameter", []string{"NOTE;LANGUAGE=en:n"}, []string{"NOTE;LANGUAGE=de:n"}, []string{"NOTE;LANGUAGE=fr:n"}, []string{"NOTE;LANGUAGE=de:n"}, []string{"note"}},
		{"one type", []string{"TEL;TYPE=home:12345"}, []string{"TEL;TYPE=work:12345"}, []string{"TEL;TYPE=cell:12345"}, []string{"TEL;TYPE=work:12345"}, []string{"phone (home)"}},
		{"preference clashes", []string{"TEL;PREF=1:12345"}, []string{"TEL;PREF=2:12345"}, []string{"TEL;PREF=3:12345"}, []string{"TEL;PREF=2:12345"}, []string{"phone"}},
		{"several labels", []string{"item1.ADR:;;s", "item1.X-ABADR:us", "item1.X-ABLABEL:l"}, []string{"item1.ADR:;;t", "item1.X-ABADR:us", "item1.X-ABLABEL:l"},
			[]string{"item2.X-ABLABEL:l", "item2.ADR:;;s", "item2.X-ABADR:de"}, []string{"item1.ADR:;;t", "item1.X-ABLABEL:l", "item1.X-ABADR:de"}, nil},
		{"label clashes", []string{"item1.URL:u", "item1.X-ABLABEL:l"}, []string{"item1.URL:u", "item1.X-ABLABEL:m"}, []string{"item1.URL:u", "item1.X-ABLABEL:n"},
			[]string{"item1.URL:u", "item1.X-ABLABEL:m"}, []string{"web page (l)"}},
		{"group of several", []string{"FN:x", "H.TEL:1", "H.ADR:;;s"}, []string{"FN:x", "H.TEL:2", "H.ADR:;;s"}, []string{"FN:x", "H.TEL:1", "H.ADR:;;t"}, []string{"FN:x", "H.TEL:2", "H.ADR:;;t"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var base []byte
			if tt.base != nil {
				base = body("3.0", tt.base...)
			}
			m, err := Handler{}.Merge(base, body("3.0", tt.a...), body("3.0", tt.b...))
			if err != nil {
				t.Fatal(err)
			}
			if want := body("3.0", tt.want...); !bytes.Equal(m.Body, want) {
				t.Errorf("got\n%s\nwant\n%s", m.Body, want)
			}
			if got := fields(m.Clashes); !slices.Equal(got, tt.clashes) {
				t.Errorf("clashes %v, want %v", m.Clashes, tt.clashes)
			}
		})
	}
}

func fields(clashes []kind.Clash) []string {
	var out []string
	for _, c := range clashes {
		out = append(out, c.Field)
	}
	slices.Sort(out)
	return out
}

func TestClashTells(t *testing.T) {
	m, err := Handler{}.Merge(body("3.0", "item1.TEL:1", "item1.X-ABLabel:_$!<Assistant>!$_", "PHOTO;ENCODING=b:AAAA", "N:a;b"), body("3.0", "item1.TEL:2", "item1.X-ABLabel:_$!<Assistant>!$_",
		"PHOTO;ENCODING=b;TYPE=PNG:AAAABBBB", "N:c;b"), body("3.0", "item1.TEL:3", "item1.X-ABLabel:_$!<Assistant>!$_", "N:d;b"))
	if err != nil {
		t.Fatal(err)
	}
	want := []kind.Clash{{Field: "phone (Assistant)", Base: "1", A: "2", B: "3"}, {Field: "photo", Base: "3 bytes", A: "image/png 6 bytes"}, {Field: "name in parts", Base: "b a", A: "b c", B: "b d"}}
	if !slices.Equal(m.Clashes, want) {
		t.Errorf("got %+v, want %+v", m.Clashes, want)
	}
}

func TestFirstMerge(t *testing.T) {
	a := body("3.0", "UID:1", "FN:Anna", "TEL;TYPE=home:11111", "EMAIL;TYPE=work:a@b.c", "CATEGORIES:x", "X-A:1")
	b := body("4.0", "UID:1", "FN:Anna", "TEL;TYPE=cell:22222", "EMAIL;TYPE=home:A@B.C", "CATEGORIES:y", "X-B:2", "NOTE:n")
	m, err := Handler{}.Merge(nil, a, b)
	if err != nil {
		t.Fatal(err)
	}
	want := body("3.0", "UID:1", "FN:Anna", "TEL;TYPE=home:11111", "TEL;TYPE=cell:22222", "EMAIL;TYPE=work,home:A@B.C", "CATEGORIES:x,y", "X-A:1", "X-B:2", "NOTE:n")
	if !bytes.Equal(m.Body, want) || m.Clashes != nil {
		t.Errorf("got\n%s%v\nwant\n%s", m.Body, m.Clashes, want)
	}
	m, err = Handler{}.Merge(nil, a, bytes.Replace(b, []byte("FN:Anna"), []byte("FN:Anna M."), 1))
	if err != nil || !bytes.Equal(m.Body, want) || !slices.Equal(m.Clashes, []kind.Clash{{Field: "name", A: "Anna", B: "Anna M."}}) {
		t.Errorf("got\n%s%v, %v\nwant\n%s", m.Body, m.Clashes, err, want)
	}
}

// TestMergeReturnsAnInput: where the outcome means what one side has already, its bytes are returned.
func TestMergeReturnsAnInput(t *testing.T) {
	base := body("3.0", "FN:x", "TEL:1")
	rich := body("3.0", "TEL:2", "fn:y", "PRODID:z")
	for _, tt := range []struct{ name, base, a, b, want string }{
		{"b has all", string(base), string(body("3.0", "FN:x", "TEL:2")), string(rich), string(rich)},
		{"a has all", string(base), string(rich), string(body("2.1", "FN:x", "TEL:2")), string(rich)},
		{"the same meaning", string(base), string(rich), string(body("2.1", "FN:y", "TEL:2")), string(rich)},
		{"b only writes differently", string(base), string(base), string(body("2.1", "TEL;VOICE:1", "FN:x")), string(body("2.1", "TEL;VOICE:1", "FN:x"))},
		{"a only writes differently", string(base), string(body("2.1", "TEL;VOICE:1", "FN:x")), string(rich), string(rich)},
	} {
		m, err := Handler{}.Merge([]byte(tt.base), []byte(tt.a), []byte(tt.b))
		if err != nil || string(m.Body) != tt.want || m.Clashes != nil {
			t.Errorf("%s: got %q, %v, %v", tt.name, m.Body, m.Clashes, err)
		}
	}
}

func TestMergeAcrossVersions(t *testing.T) {
	base := body("2.1", "N;CHARSET=UTF-8;QUOTED-PRINTABLE:M=C3=BCller;Anna", "TEL;HOME:1", "TITLE:t")
	a := body("2.1", "N;CHARSET=UTF-8;QUOTED-PRINTABLE:M=C3=BCller;Anna", "TEL;HOME:2", "TITLE:t")
	b := body("4.0", "N:Meier;Anna;;;", "TEL;TYPE=home:1", "TITLE:t", "NOTE:two\\nlines", "TEL;TYPE=cell;PREF=1:3")
	m, err := Handler{}.Merge(base, a, b)
	want := body("2.1", "N:Meier;Anna;;;", "TEL;HOME:2", "TEL;CELL;PREF:3", "TITLE:t", "NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:two=0D=0Alines")
	if err != nil || m.Clashes != nil || inspect(t, m.Body) != inspect(t, want) {
		t.Errorf("got\n%s%v, %v\nwant\n%s", m.Body, m.Clashes, err, want)
	}
	back, err := Handler{}.Merge(base, b, a)
	if err != nil || back.Clashes != nil || inspect(t, back.Body) != inspect(t, want) || !bytes.Contains(back.Body, []byte("VERSION:4.0")) {
		t.Errorf("other way round: got\n%s%v, %v", back.Body, back.Clashes, err)
	}
}

// raw merges without the short cuts for sides that are equal.
func raw(t *rapid.T, base, a, b []byte) ([]byte, []kind.Clash) {
	fa, ca, err := parse(a)
	if err != nil {
		t.Fatalf("%v", err)
	}
	_, cb, err := parse(b)
	if err != nil {
		t.Fatalf("%v", err)
	}
	_, cbase, err := parse(base)
	if err != nil {
		t.Fatalf("%v", err)
	}
	clashes := mergeCards(fa.Doc, cbase, ca, cb)
	return fa.Bytes(), clashes
}

func TestMergeLaws(t *testing.T) {
	cards := corpusCards(t)
	sum := func(t *rapid.T, b []byte) string {
		info, err := Handler{}.Inspect(b)
		if err != nil {
			t.Fatalf("%v in\n%s", err, b)
		}
		return info.Digest.String()
	}
	rapid.Check(t, func(t *rapid.T) {
		base := cards[rapid.IntRange(0, len(cards)-1).Draw(t, "card")].data
		a, b := edited(t, base, "a"), edited(t, base, "b")
		for name, c := range map[string]struct{ base, a, b, want []byte }{"a alone": {base, a, base, a}, "b alone": {base, base, b, b}, "both alike": {base, a, a, a}} {
			got, clashes := raw(t, c.base, c.a, c.b)
			if sum(t, got) != sum(t, c.want) || len(clashes) > 0 {
				t.Fatalf("%s: %v, got\n%s\nwant\n%s\nbase\n%s", name, clashes, got, c.want, base)
			}
			m, err := Handler{}.Merge(c.base, c.a, c.b)
			if err != nil || !bytes.Equal(m.Body, c.want) && sum(t, c.a) != sum(t, c.b) || m.Clashes != nil {
				t.Fatalf("%s: %v, got\n%s\nwant\n%s", name, err, m.Body, c.want)
			}
		}
		ab, c1 := raw(t, base, a, b)
		ba, c2 := raw(t, base, b, a)
		if !slices.Equal(fields(c1), fields(c2)) {
			t.Fatalf("clashes depend on the side: %v and %v", c1, c2)
		}
		if len(c1) == 0 && sum(t, ab) != sum(t, ba) {
			t.Fatalf("not symmetric:\n%s\n%s\nbase\n%s\na\n%s\nb\n%s", ab, ba, base, a, b)
		}
		if len(c1) == 0 {
			checkChanges(t, base, a, b, ab)
		}
		ab, c1 = rawUnion(t, a, b)
		ba, c2 = rawUnion(t, b, a)
		if !slices.Equal(fields(c1), fields(c2)) || len(c1) == 0 && sum(t, ab) != sum(t, ba) {
			t.Fatalf("union is not symmetric: %v, %v\n%s\n%s\na\n%s\nb\n%s", c1, c2, ab, ba, a, b)
		}
	})
}

func rawUnion(t *rapid.T, a, b []byte) ([]byte, []kind.Clash) {
	return raw(t, []byte("BEGIN:VCARD\nEND:VCARD\n"), a, b)
}

// checkChanges checks that unknown properties, which merge as they stand, have all the changes of both sides.
func checkChanges(t *rapid.T, base, a, b, merged []byte) {
	of := func(text []byte) map[string]bool {
		_, c, err := parse(text)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]bool{}
		for p := range c.Each("X-MARK") {
			out[lineBreaks.Replace(p.Plain())] = true
		}
		return out
	}
	was, inA, inB, got := of(base), of(a), of(b), of(merged)
	for _, side := range []map[string]bool{inA, inB} {
		for v := range side {
			if !was[v] && !got[v] {
				t.Fatalf("addition %q is lost", v)
			}
		}
		for v := range was {
			if !side[v] && got[v] {
				t.Fatalf("deleted %q is back", v)
			}
		}
	}
}

// edited returns a card with a few edits as programs and people make them.
func edited(t *rapid.T, base []byte, side string) []byte {
	f, c, err := parse(base)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rapid.IntRange(0, 4).Draw(t, side+" edits") {
		edit(t, f, c, fmt.Sprintf("%s%d", side, i))
	}
	return f.Bytes()
}

func edit(t *rapid.T, f *vcard.File, c *vcard.Card, at string) {
	var lines []*contentline.Line
	for l := range c.Lines() {
		if !l.Is("VERSION") {
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 {
		return
	}
	l := rapid.SampledFrom(lines).Draw(t, at+" line")
	p := c.Property(l)
	word := rapid.SampledFrom([]string{"one", "two", "three, four", "fünf\nsechs", "+49 30 11111", "+49 30 22222"}).Draw(t, at+" word")
	switch rapid.IntRange(0, 12).Draw(t, at+" edit") {
	case 0:
		c.Remove(contentline.Item{Line: l})
	case 1, 2:
		switch vcard.ClassOf(l.Name()) {
		case vcard.Structured:
			p.SetComponents(append(p.Components(), word))
		case vcard.List:
			p.SetList(append(p.List(), word))
		case vcard.Media:
			p.SetBlob(vcard.Blob{Type: "image/png", Data: []byte(word)})
		default:
			p.SetText(word)
		}
	case 3:
		p.SetTypes(rapid.SampledFrom([][]string{nil, {"home"}, {"work"}, {"home", "cell"}}).Draw(t, at+" types")...)
	case 4:
		c.New(rapid.SampledFrom([]string{"TEL", "EMAIL", "NOTE", "X-MARK", "X-MARK", "CATEGORIES", "TITLE"}).Draw(t, at+" name")).SetText(word)
	case 5: // a property with a label of its own
		n := rapid.IntRange(1, 3).Draw(t, at+" group")
		group := fmt.Sprintf("item%d", n)
		for slices.ContainsFunc(lines, func(l *contentline.Line) bool { return strings.EqualFold(l.Group(), group) }) {
			n++
			group = fmt.Sprintf("item%d", n)
		}
		for _, name := range []string{"URL", "X-ABLabel"} {
			n := c.New(name)
			n.SetGroup(group)
			n.SetText(word)
		}
	case 6: // a program that gives its own order
		slices.SortStableFunc(c.Items, func(a, b contentline.Item) int {
			if a.Line == nil || b.Line == nil || a.Line.Is("AGENT") || b.Line.Is("AGENT") {
				return 0
			}
			return strings.Compare(a.Line.Name(), b.Line.Name())
		})
	case 7:
		c.Convert(rapid.SampledFrom([]vcard.Version{vcard.V21, vcard.V30, vcard.V40}).Draw(t, at+" version"))
	case 8:
		p.SetPref(rapid.IntRange(0, 1).Draw(t, at+" pref"))
	case 11, 12:
		c.Add(contentline.Item{Line: oddLine(t, c, at)})
	case 10:
		if !numbered(l.Group()) {
			l.SetGroup(rapid.SampledFrom([]string{"", "home", "work"}).Draw(t, at+" named group"))
		}
	case 9:
		c.Set("X-MARK", strings.ReplaceAll(word, "\n", " "))
	}
}

// TestLargeCards would take minutes if looking at or merging a card took more than linear time.
func TestLargeCards(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds of merging large cards")
	}
	t.Parallel()
	const n = 40_000
	many := func(format string) []byte {
		var b strings.Builder
		b.WriteString("BEGIN:VCARD\n")
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		b.WriteString("\nEND:VCARD\n")
		return []byte(b.String())
	}
	list := func(head, format string) []byte {
		return bytes.Replace(many(format), []byte("VCARD\n"), []byte("VCARD\n"+head), 1)
	}
	params := func(format string) []byte {
		return bytes.Replace(list("TEL", ";"+format), []byte("\nEND"), []byte(":12345\nEND"), 1)
	}
	for name, c := range map[string]struct{ base, a, b []byte }{
		"phones":     {many("TEL:1%d\n"), many("TEL:2%d\n"), many("TEL:1%d\n")},
		"phones add": {body("3.0", "FN:x"), many("TEL:2%d\n"), many("TEL:1%d\n")},
		"groups":     {body("3.0", "FN:x"), many("item%d.TEL:1\n"), many("item%[1]d.TEL:2%[1]d\nitem%[1]d.X-ABLABEL:a\n")},
		"types":      {body("3.0", "TEL:12345"), params("TYPE=a%d"), params("b%d")},
		"pref":       {body("3.0", "TEL:12345"), params("PREF=%d"), params("X=%d;PREF=1")},
		"categories": {list("CATEGORIES:a", ",a%d"), list("CATEGORIES:a", ",b%d"), list("CATEGORIES:a", ",a%[1]d,c%[1]d")},
		"opaque":     {many("%d\n"), many("x%d\n"), many("%[1]d\ny%[1]d\n")},
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			m, err := Handler{}.Merge(c.base, c.a, c.b)
			if err != nil {
				t.Fatal(err)
			}
			inspect(t, m.Body)
			if took := time.Since(begin); took > 30*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// oddLine is a line as some program might write it.
func oddLine(t *rapid.T, c *vcard.Card, at string) *contentline.Line {
	pick := func(what string, from ...string) string { return rapid.SampledFrom(from).Draw(t, at+" odd "+what) }
	text := pick("name", "TEL", "EMAIL", "ADR", "N", "NOTE", "CATEGORIES", "PHOTO", "GEO", "X-MARK", "BDAY", "URL", "ORG", "TITLE", "UID", "home.TEL", "LABEL")
	for i := range rapid.IntRange(0, 3).Draw(t, at+" odd params") {
		text += ";" + pick(fmt.Sprint("param", i), "HOME", "PREF", "TYPE=work,pref", "type=VOICE", `TYPE="a,b"`, "PREF=1", "PREF=30", "X-A=b", "X-A=c;X-A=d", "BASE64", "ENCODING=b",
			"QUOTED-PRINTABLE", "ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8", "CHARSET=ISO-8859-1", "VALUE=uri", "LANGUAGE=de", "MEDIATYPE=image/x", "X-APPLE-OMIT-YEAR=1604", "")
	}
	text += ":" + pick("value", "", "a", `a\,b;c\;d,e`, `one\ntwo`, "=C3=BC=0D=0Ax", "M\xfc", "ü", "QUJD", "data:image/png;base64,QUJD", `data:x\;base64\,QUJD`, "tel:+49-30-12345", "+49 30 12345",
		"geo:1.5,2.5", "1.5;2.5", "1604-04-12", "20200101", "http://x/y", `http\://x`, "a,,b", ";;;", " padded ", `back\\slash\`, "urn:uuid:5", "A@B.c", "mailto:a@b.c")
	f, err := contentline.Parse([]byte("BEGIN:A\n"+text+"\nEND:A\n"), contentline.Limits{})
	if err != nil {
		t.Fatalf("%v", err)
	}
	for a := range f.Components() {
		l := a.Items[0].Line
		l.SetNoFold(c.Version == vcard.V21)
		return l
	}
	return nil
}

func TestConvertKeepsDigest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.SampledFrom([]string{"2.1", "3.0", "4.0"}).Draw(t, "from")
		f, c, err := parse(body(from, "FN:x"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			c.Add(contentline.Item{Line: oddLine(t, c, fmt.Sprint(i))})
		}
		text := f.Bytes()
		for _, to := range []vcard.Version{vcard.V21, vcard.V30, vcard.V40} {
			f, c, err := parse(text)
			if err != nil {
				t.Fatal(err)
			}
			want, before := digest(c), show(c)
			if c.Convert(to); digest(c) != want {
				t.Fatalf("%s as %s means something else\n%s\n%s\n%s", text, to, f.Bytes(), before, show(c))
			}
			_, c, err = parse(f.Bytes())
			if err != nil || digest(c) != want {
				t.Fatalf("%s as %s reads back as something else: %v\n%s\n%s\n%s", text, to, err, f.Bytes(), before, show(c))
			}
		}
	})
}
