package body_test

import (
	"encoding/base64"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"tandem/kind/eas"
	"tandem/kind/eas/body"
	"tandem/wire/wbxml"
)

func prefs(p ...eas.BodyPreference) eas.Options {
	return eas.Options{Version: eas.V161, Bodies: p}
}

func plainPref(n int64) eas.BodyPreference { return eas.BodyPreference{Type: eas.Plain, Truncation: n} }
func htmlPref(n int64) eas.BodyPreference  { return eas.BodyPreference{Type: eas.HTML, Truncation: n} }
func rtfPref(n int64) eas.BodyPreference   { return eas.BodyPreference{Type: eas.RTF, Truncation: n} }

func all(p eas.BodyPreference) eas.BodyPreference { p.AllOrNone = true; return p }

func withPreview(p eas.BodyPreference, n int) eas.BodyPreference { p.Preview = n; return p }

const (
	typ       = wbxml.AirSyncBaseType
	data      = wbxml.AirSyncBaseData
	truncated = wbxml.AirSyncBaseTruncated
	size      = wbxml.AirSyncBaseEstimatedDataSize
	preview   = wbxml.AirSyncBasePreview
)

func TestShow(t *testing.T) {
	plain := body.Text{Data: "héllo\nworld"}
	html := body.Text{Type: eas.HTML, Data: "<p>héllo <b>world</b></p>"}
	for _, c := range []struct {
		name      string
		text      body.Text
		o         eas.Options
		kind      string
		data      string
		size      string
		truncated string
	}{
		{"no preference: the native type", plain, prefs(), "1", "héllo\r\nworld", "13", ""},
		{"no preference, HTML", html, prefs(), "2", html.Data, "26", ""},
		{"MS-ASAIRS_R77: the preference for the native type", plain, prefs(htmlPref(-1), plainPref(-1)), "1", "héllo\r\nworld", "13", ""},
		{"MS-ASAIRS_R77, HTML", html, prefs(plainPref(-1), htmlPref(-1)), "2", html.Data, "26", ""},
		{"plain to HTML", plain, prefs(htmlPref(-1)), "2", "<html><body>héllo<br>\r\nworld</body></html>", "43", ""},
		{"HTML to plain", html, prefs(plainPref(-1)), "1", "héllo world", "12", ""},
		{"MS-ASAIRS_R276: truncated", plain, prefs(plainPref(3)), "1", "hé", "13", "1"},
		{"truncated between characters", plain, prefs(plainPref(2)), "1", "h", "13", "1"},
		{"truncated to nothing", plain, prefs(plainPref(0)), "1", "", "13", "1"},
		{"truncated before a line break", plain, prefs(plainPref(7)), "1", "héllo", "13", "1"},
		{"truncated HTML, outside of tags", html, prefs(htmlPref(12)), "2", "<p>héllo ", "26", "1"},
		{"MS-ASAIRS_R277: not longer than allowed", plain, prefs(plainPref(13)), "1", "héllo\r\nworld", "13", ""},
		{"MS-ASAIRS_R80: all or nothing gives way", html, prefs(all(htmlPref(20)), plainPref(8)), "1", "héllo w", "12", "1"},
		{"MIME alone is not what there is", plain, prefs(eas.BodyPreference{Type: eas.MIME, Truncation: -1}), "1", "héllo\r\nworld", "13", ""},
		{"an empty text", body.Text{}, prefs(plainPref(-1)), "1", "", "0", ""},
	} {
		b, native := body.Show(c.text, c.o)
		if b.Get(typ) != c.kind || b.Get(data) != c.data || b.Get(size) != c.size || b.Get(truncated) != c.truncated || !b.Has(data) {
			t.Errorf("%s: %s", c.name, xml(t, b))
		}
		if want := map[bool]string{true: "2", false: "1"}[c.text.Type == eas.HTML]; native.String() != want {
			t.Errorf("%s: NativeBodyType %s", c.name, native)
		}
	}
}

// MS-ASAIRS_R376: nothing rather than a part, where nothing else is asked for.
func TestAllOrNone(t *testing.T) {
	b, _ := body.Show(body.Text{Data: "0123456789"}, prefs(all(plainPref(5))))
	if b.Has(data) || b.Get(truncated) != "1" || b.Get(size) != "10" {
		t.Errorf("%s", xml(t, b))
	}
	// MS-ASAIRS_R373
	b, _ = body.Show(body.Text{Data: "0123456789"}, prefs(all(plainPref(10))))
	if b.Get(data) != "0123456789" || b.Has(truncated) {
		t.Errorf("%s", xml(t, b))
	}
	// MS-ASAIRS_R75, MS-ASAIRS_R401: without TruncationSize it means nothing.
	b, _ = body.Show(body.Text{Data: "0123456789"}, prefs(all(plainPref(-1))))
	if b.Get(data) != "0123456789" || b.Has(truncated) {
		t.Errorf("%s", xml(t, b))
	}
}

func TestPreview(t *testing.T) {
	long := body.Text{Type: eas.HTML, Data: "<p>A  fine\nday &amp; nîght</p>"}
	b, _ := body.Show(long, prefs(withPreview(htmlPref(5), 12)))
	if got := b.Get(preview); got != "A fine day &" { // MS-ASAIRS_R250
		t.Errorf("preview %q", got)
	}
	b, _ = body.Show(long, prefs(withPreview(htmlPref(-1), 255)))
	if got := b.Get(preview); got != "A fine day & nîght" {
		t.Errorf("preview %q", got)
	}
	b, _ = body.Show(body.Text{Data: "x"}, prefs(withPreview(plainPref(-1), 12)))
	if b.Has(preview) { // MS-ASAIRS_R1001036
		t.Error("a preview beside the plain text")
	}
	o := prefs(withPreview(htmlPref(-1), 12))
	o.Version = eas.V121
	if b, _ = body.Show(long, o); b.Has(preview) { // MS-ASAIRS_R1261
		t.Error("a preview at 12.1")
	}
}

// MS-ASAIRS_R179: RTF is base64; it is compressed, and can be read back.
func TestShowRTF(t *testing.T) {
	text := body.Text{Data: strings.Repeat("A line of text, ünd mehr.\n", 40)}
	b, _ := body.Show(text, prefs(rtfPref(-1)))
	packed, err := base64.StdEncoding.DecodeString(b.Get(data))
	if err != nil || b.Get(typ) != "3" {
		t.Fatalf("%s: %v", xml(t, b), err)
	}
	rtf, err := body.Decompress(packed)
	if err != nil || body.FromRTF(rtf) != strings.TrimRight(text.Data, "\n") {
		t.Errorf("%q, %v", rtf, err)
	}
	b, _ = body.Show(text, prefs(rtfPref(300)))
	if len(b.Get(data)) > 300 || b.Get(truncated) != "1" || b.Get(data) == "" {
		t.Errorf("%s", xml(t, b))
	}
	b, _ = body.Show(text, prefs(rtfPref(3)))
	if b.Has(data) || b.Get(truncated) != "1" {
		t.Errorf("%s", xml(t, b))
	}
	b, _ = body.Show(text, prefs(all(rtfPref(300)), plainPref(20)))
	if b.Get(typ) != "1" || len(b.Get(data)) != 20 { // MS-ASAIRS_R80
		t.Errorf("%s", xml(t, b))
	}
}

func send(kind eas.BodyType, s string) *wbxml.Element {
	return wbxml.New(wbxml.AirSyncBaseBody, wbxml.Text(typ, strconv.Itoa(int(kind))), wbxml.Text(data, s))
}

func TestTake(t *testing.T) {
	old := body.Text{Data: "first line\nsecond line"}
	rich := body.Text{Type: eas.HTML, Data: "<p>first <b>line</b></p>"}
	rtf := base64.StdEncoding.EncodeToString(body.Compress(body.ToRTF("new\ntext")))
	for _, c := range []struct {
		name    string
		old     body.Text
		sent    *wbxml.Element
		o       eas.Options
		want    body.Text
		changed bool
	}{
		{"MS-ASCNTC_R461: nothing sent", old, nil, prefs(), old, false},
		{"no Data", old, wbxml.New(wbxml.AirSyncBaseBody, wbxml.Text(typ, "1")), prefs(), old, false},
		{"the same", old, send(1, "first line\r\nsecond line"), prefs(), old, false},
		{"the same but for space at the ends", old, send(1, "first line \nsecond line\n"), prefs(), old, false},
		{"another", old, send(1, "third\r\nline"), prefs(), body.Text{Type: eas.Plain, Data: "third\nline"}, true},
		{"cleared", old, send(1, ""), prefs(), body.Text{Type: eas.Plain}, true},
		{"what was cut comes back", old, send(1, "first"), prefs(plainPref(5)), old, false},
		{"what looks like a cut one but was not", old, send(1, "first"), prefs(plainPref(8)), body.Text{Type: eas.Plain, Data: "first"}, true},
		{"shown as HTML, comes back", old, send(2, "<html><body>first line<br>\r\nsecond line</body></html>"), prefs(htmlPref(-1)), old, false},
		{"the same in other HTML", old, send(2, "<div>first line</div><div>second line</div>"), prefs(htmlPref(-1)), old, false},
		{"formatted now", old, send(2, "first <b>line</b>"), prefs(), body.Text{Type: eas.HTML, Data: "first <b>line</b>"}, true},
		{"HTML without formats", old, send(2, "<div>new</div>"), prefs(), body.Text{Type: eas.Plain, Data: "new"}, true},
		{"HTML shown as plain text, comes back", rich, send(1, "first line"), prefs(plainPref(-1)), rich, false},
		{"HTML comes back", rich, send(2, rich.Data), prefs(), rich, false},
		{"HTML gives way to plain text", rich, send(1, "other"), prefs(), body.Text{Type: eas.Plain, Data: "other"}, true},
		{"RTF", old, send(3, rtf), prefs(), body.Text{Type: eas.Plain, Data: "new\ntext"}, true},
		{"RTF that is not packed", old, send(3, `{\rtf1 a\par b}`), prefs(), body.Text{Type: eas.Plain, Data: "a\nb"}, true},
		{"no type is plain text", old, wbxml.New(wbxml.AirSyncBaseBody, wbxml.Text(data, "x")), prefs(), body.Text{Type: eas.Plain, Data: "x"}, true},
		{"opaque data", old, wbxml.New(wbxml.AirSyncBaseBody, wbxml.Text(typ, "1"), wbxml.Opaque(data, []byte("x"))), prefs(), body.Text{Type: eas.Plain, Data: "x"}, true},
	} {
		got, changed, note := body.Take(c.old, c.sent, c.o)
		if got != c.want || changed != c.changed || note != "" {
			t.Errorf("%s: %+v, changed %v, note %q", c.name, got, changed, note)
		}
	}
	for name, sent := range map[string]*wbxml.Element{"broken RTF": send(3, "!!"), "no RTF": send(3, "YWJj"), "MIME": send(4, "x"), "type 9": send(9, "x")} {
		if got, changed, note := body.Take(old, sent, prefs()); got != old || changed || note == "" {
			t.Errorf("%s: %+v, changed %v, note %q", name, got, changed, note)
		}
	}
	// MS-ASAIRS_R279: Truncated in a request means nothing.
	e := send(1, "new")
	e.Add(wbxml.Text(truncated, "1"))
	if got, changed, _ := body.Take(old, e, prefs()); got.Data != "new" || !changed {
		t.Errorf("%+v, changed %v", got, changed)
	}
}

// Whatever is shown, in whichever type and however cut, is no change when it comes back.
func TestShownIsUnchanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := body.Text{Type: eas.Plain, Data: rapid.StringOfN(rapid.SampledFrom([]rune("ab <>&\n\n\té€😀")), 0, 80, -1).Draw(t, "text")}
		if rapid.Bool().Draw(t, "html") {
			text = body.Text{Type: eas.HTML, Data: "<p><b>" + text.Data + "</b></p>"}
		}
		var o eas.Options
		for _, k := range rapid.Permutation([]eas.BodyType{1, 2, 3}).Draw(t, "types")[:rapid.IntRange(0, 3).Draw(t, "n")] {
			o.Bodies = append(o.Bodies, eas.BodyPreference{Type: k, Truncation: rapid.Int64Range(-1, 120).Draw(t, "size"), AllOrNone: rapid.Bool().Draw(t, "all")})
		}
		b, _ := body.Show(text, o)
		if s := b.Get(data); !utf8.ValidString(s) {
			t.Fatalf("%q is cut within a character", s)
		}
		if got, changed, note := body.Take(text, b, o); changed || got != text || note != "" {
			t.Fatalf("%s\ncomes back as %+v, note %q", xml(t, b), got, note)
		}
	})
}

func xml(t interface{ Fatal(...any) }, e *wbxml.Element) string {
	var b strings.Builder
	if err := wbxml.ToXML(&b, e); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
