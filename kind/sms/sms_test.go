package sms_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem"
	"tandem/kind/sms"
)

func bodyOf(t testing.TB, m sms.Message) []byte {
	t.Helper()
	b := m.Body()
	data, err := tandem.ReadBody(b, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	if n := b.Size(); n >= 0 && n != int64(len(data)) {
		t.Errorf("a body of %d bytes says that it has %d", len(data), n)
	}
	for line := range bytes.SplitSeq(data, []byte("\r\n")) { // RFC 5322 2.1.1
		if len(line) > 998 || bytes.ContainsAny(line, "\r\n") {
			t.Errorf("a line of %d bytes: %.80q", len(line), line)
		}
	}
	return data
}

func hello() sms.Message {
	return sms.Message{From: []sms.Party{{Name: "Anna Müller", Number: "+49 170/12345"}}, Date: 1_700_000_000_123, Element: "sms", Text: "Hello 😀\r\nyou",
		Attrs: []sms.Attr{{Name: "protocol", Value: "0"}, {Name: "readable_date", Value: "today & now"}}}
}

func TestInspect(t *testing.T) {
	info, err := sms.Handler{}.Inspect(bodyOf(t, hello()))
	if err != nil {
		t.Fatal(err)
	}
	if s := info.Summary; s.Who != "Anna Müller" || !strings.HasPrefix(s.Title, "Hello 😀") || s.When != "2023-11-14 22:13" {
		t.Errorf("summary %+v", s)
	}
	if ix := info.Index; ix.Start != 1_700_000_000 || !slices.Equal(ix.Keys, []string{"+4917012345"}) || !strings.Contains(ix.Text, "Hello 😀") || !strings.Contains(ix.Text, "+4917012345") {
		t.Errorf("index %+v", ix)
	}
}

// What makes two messages the same, and what does not.
func TestDigest(t *testing.T) {
	same := map[string]func(*sms.Message){
		"nothing":                 func(*sms.Message) {},
		"the name in the book":    func(m *sms.Message) { m.From[0].Name = "Anna" },
		"how a number is written": func(m *sms.Message) { m.From[0].Number = "+49 (170) 123-45" },
		"the language of a date":  func(m *sms.Message) { m.Attrs[1].Value = "heute" },
		"order of attributes":     func(m *sms.Message) { slices.Reverse(m.Attrs) },
	}
	other := map[string]func(*sms.Message){
		"text":         func(m *sms.Message) { m.Text += "." },
		"number":       func(m *sms.Message) { m.From[0].Number = "+4917012346" },
		"direction":    func(m *sms.Message) { m.From, m.To = nil, m.From },
		"milliseconds": func(m *sms.Message) { m.Date++ },
		"an attribute": func(m *sms.Message) { m.Attrs[0].Value = "1" },
		"subject":      func(m *sms.Message) { m.Subject = "s" },
		"a picture":    func(m *sms.Message) { m.Parts = []sms.Part{{Type: "image/png", Content: tandem.Bytes("x")}} },
	}
	digest := func(f func(*sms.Message)) tandem.Digest {
		m := hello()
		f(&m)
		info, err := sms.Handler{}.Inspect(bodyOf(t, m))
		if err != nil {
			t.Fatal(err)
		}
		return info.Digest
	}
	want := digest(same["nothing"])
	for name, f := range same {
		if digest(f) != want {
			t.Errorf("%s makes a difference", name)
		}
	}
	for name, f := range other {
		if digest(f) == want {
			t.Errorf("%s makes no difference", name)
		}
	}
	body := bodyOf(t, hello())
	for _, b := range [][]byte{body, bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))} {
		if got, err := (sms.Handler{}).DigestReader(bytes.NewReader(b)); got != want || err != nil {
			t.Errorf("read as a stream: %v, %v", got, err)
		}
	}
}

// One message that came by two ways has one UID, though one knows milliseconds and the own number and the other does not.
func TestUID(t *testing.T) {
	uid := func(f func(*sms.Message)) string {
		m := hello()
		f(&m)
		info, err := sms.Handler{}.Inspect(bodyOf(t, m))
		if err != nil {
			t.Fatal(err)
		}
		return info.Index.UID
	}
	want := uid(func(*sms.Message) {})
	if got := uid(func(m *sms.Message) { m.Date, m.Element, m.Attrs = 1_700_000_000_000, "", nil }); got != want {
		t.Errorf("by another way: %q, %q", got, want)
	}
	if got := uid(func(m *sms.Message) { m.Text = "other" }); got == want {
		t.Error("another text has the same UID")
	}
}

func TestMerge(t *testing.T) {
	h := sms.Handler{}
	edit := func(f func(*sms.Message)) []byte {
		m := hello()
		f(&m)
		return bodyOf(t, m)
	}
	b, a := edit(func(*sms.Message) {}), edit(func(m *sms.Message) { m.Attrs = append(m.Attrs, sms.Attr{Name: "locked", Value: "1"}) })
	c := edit(func(m *sms.Message) { m.Attrs[0].Value = "7"; m.To = []sms.Party{{Number: "+1"}} })
	for _, law := range []struct{ base, a, b, want []byte }{{b, a, b, a}, {b, b, c, c}, {b, a, a, a}} {
		if m, err := h.Merge(law.base, law.a, law.b); err != nil || !bytes.Equal(m.Body, law.want) || len(m.Clashes) > 0 {
			t.Errorf("%v, %v", m.Clashes, err)
		}
	}
	for _, sides := range [][2][]byte{{a, c}, {c, a}} {
		m, err := h.Merge(b, sides[0], sides[1])
		if err != nil || len(m.Clashes) > 0 {
			t.Fatal(m.Clashes, err)
		}
		got, err := sms.Parse(tandem.Bytes(m.Body))
		if err != nil {
			t.Fatal(err)
		}
		p, _ := got.Get("protocol")
		l, _ := got.Get("locked")
		if p != "7" || l != "1" || len(got.To) != 1 || got.Text != hello().Text {
			t.Errorf("merged to %+v", got)
		}
	}
	second := edit(func(m *sms.Message) { m.Date, m.Element, m.Attrs = 1_700_000_000_000, "", nil })
	if m, err := h.Merge(nil, second, b); err != nil || len(m.Clashes) > 0 || !bytes.Contains(m.Body, []byte("1700000000123")) || !bytes.Contains(m.Body, []byte("protocol=0")) {
		t.Errorf("a message by two ways: %s, %v, %v", m.Body, m.Clashes, err)
	}
	if m, err := h.Merge(b, edit(func(m *sms.Message) { m.Text = "x" }), edit(func(m *sms.Message) { m.Text = "y" })); err != nil || len(m.Clashes) != 1 {
		t.Errorf("two texts: %v, %v", m.Clashes, err)
	}
}

func TestMergeAttrs(t *testing.T) {
	for _, c := range []struct{ base, a, b, want tandem.Attrs }{
		{"", "seen=1", "", "seen=1"},
		{"box=outbox", "box=sent", "box=outbox", "box=sent"},
		{"box=outbox", "box=outbox", "box=sent&seen=1", "box=sent&seen=1"},
		{"box=outbox", "box=sent", "box=failed", "box=sent"},
		{"box=draft", "", "box=outbox", ""},
	} {
		for _, swap := range []bool{false, true} {
			a, b := c.a, c.b
			if swap {
				a, b = b, a
			}
			got := sms.Handler{}.MergeAttrs(c.base, a, b)
			if c.want != "" && got != c.want || got != (sms.Handler{}).MergeAttrs(c.base, b, a) {
				t.Errorf("%q, %q and %q gave %q, want %q", c.base, a, b, got, c.want)
			}
		}
	}
}

// Whatever a phone wrote comes back.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("aä😀\r\n\t \"&<=?_%,;:@.\\~")), 0, 2000, -1))
		line := rapid.Map(text, func(s string) string { return strings.Join(strings.Fields(s), " ") })
		var m sms.Message
		for range rapid.IntRange(0, 3).Draw(r, "from") {
			m.To = append(m.To, sms.Party{Number: strings.ToValidUTF8(text.Draw(r, "number"), "")})
		}
		m.To = slices.DeleteFunc(m.To, func(p sms.Party) bool { return p.Number == "" || len(p.Number) > 250 })
		m.Date, m.Text = rapid.Int64().Draw(r, "date"), text.Draw(r, "text")
		for range rapid.IntRange(0, 5).Draw(r, "attrs") {
			m.Attrs = append(m.Attrs, sms.Attr{Name: "a" + line.Draw(r, "name"), Value: text.Draw(r, "value")})
		}
		if rapid.Bool().Draw(r, "mms") {
			m.Text = ""
			for range rapid.IntRange(1, 3).Draw(r, "parts") {
				m.Parts = append(m.Parts, sms.Part{Type: "image/png", Content: tandem.Bytes(rapid.SliceOf(rapid.Byte()).Draw(r, "data")), Attrs: m.Attrs})
			}
		}
		got, err := sms.Parse(tandem.Bytes(bodyOf(t, m)))
		if err != nil {
			r.Fatal(err)
		}
		if got.Text != m.Text || got.Date != m.Date || !slices.Equal(got.Attrs, m.Attrs) || len(got.Parts) != len(m.Parts) || !slices.Equal(got.To, m.To) {
			r.Fatalf("%+v\nbecame %+v", m, *got)
		}
		for i := range m.Parts {
			data, err := tandem.ReadBody(got.Parts[i].Content, 1<<20)
			if want := m.Parts[i].Content.(tandem.Bytes); err != nil || !bytes.Equal(data, want) {
				r.Fatalf("part %d: %q, %v; want %q", i, data, err, want)
			}
		}
	})
}

func FuzzBody(f *testing.F) {
	f.Add(bodyOf(f, hello()))
	f.Add([]byte("X-SMS-Attrs: a=%zz&=&b\r\nX-SMS-Date: x\r\nFrom: <%%zz@sms.invalid>\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n\r\n--x--"))
	f.Fuzz(func(t *testing.T, data []byte) {
		h := sms.Handler{}
		info, err := h.Inspect(data)
		if err != nil {
			t.Fatal(err)
		}
		if sum, err := h.DigestReader(bytes.NewReader(data)); err != nil || sum != info.Digest {
			t.Fatalf("%v and %v, %v", sum, info.Digest, err)
		}
		m, err := sms.Parse(tandem.Bytes(data))
		if err != nil {
			return
		}
		if _, err := tandem.ReadBody(m.Body(), 64<<20); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Merge(nil, data, data); err != nil {
			t.Fatal(err)
		}
	})
}
