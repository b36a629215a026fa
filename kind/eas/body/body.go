// Package body shows the texts of records (notes, descriptions) as the Body elements of Exchange ActiveSync and takes them back
// (MS-ASAIRS 2.2.2.9). A text is kept as plain text or HTML; a client gets it as it prefers, converted and cut where it asks for that.
//
// What a client sends back as it was shown, cut or converted, is no change: the stored text stays whole.
package body

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"

	"tandem/kind/eas"
	"tandem/wire/wbxml"
)

// Text is a text as it is kept. Lines end with "\n".
type Text struct {
	Type eas.BodyType // Plain or HTML; 0 is Plain
	Data string

	// Whole says that HTML is shown as it came and not made harmless: that of messages, which programs for mail do themselves.
	Whole bool
}

// native is the type with its default.
func (t Text) native() eas.BodyType {
	if t.Type == eas.HTML {
		return eas.HTML
	}
	return eas.Plain
}

// Plain is the text without formatting.
func (t Text) Plain() string {
	if t.Type == eas.HTML {
		return ToPlain(t.Data)
	}
	return t.Data
}

// as is the whole text in a type as it goes over the wire, before truncation; RTF is still to be packed.
func (t Text) as(kind eas.BodyType) string {
	switch {
	case kind == eas.HTML && t.Type == eas.HTML && t.Whole:
		return eas.Clean(t.Data)
	case kind == eas.HTML && t.Type == eas.HTML:
		return Sanitize(t.Data)
	case kind == eas.HTML:
		return ToHTML(t.Data)
	}
	return crlf(eas.Clean(t.Plain()))
}

// Show makes the elements Body and NativeBodyType, in the first preference that fits (MS-ASAIRS 2.2.2.12).
func Show(t Text, o eas.Options) (body, native *wbxml.Element) {
	kind := t.native()
	native = wbxml.Text(wbxml.AirSyncBaseNativeBodyType, strconv.Itoa(int(kind)))
	p, s := choose(t, o.Bodies)
	body = &wbxml.Element{Tag: wbxml.AirSyncBaseBody, Children: make([]*wbxml.Element, 0, 4)}
	body.Add(wbxml.Text(wbxml.AirSyncBaseType, strconv.Itoa(int(p.Type))),
		wbxml.Text(wbxml.AirSyncBaseEstimatedDataSize, strconv.Itoa(s.size)))
	if s.cut {
		body.Add(wbxml.Text(wbxml.AirSyncBaseTruncated, "1"))
	}
	if !s.none {
		body.Add(wbxml.Text(wbxml.AirSyncBaseData, s.data))
	}
	// MS-ASAIRS_R1001036: a text that is there as plain text needs no preview.
	if p.Preview > 0 && o.Version >= eas.V140 && (p.Type != eas.Plain || s.none) && t.Data != "" {
		body.Add(wbxml.Text(wbxml.AirSyncBasePreview, preview(t.Plain(), p.Preview)))
	}
	return body, native
}

// Part makes the element BodyPart, in the one form that it has: HTML. MS-ASAIRS 2.2.2.10
func Part(t Text, p eas.BodyPreference) *wbxml.Element {
	p.Type = eas.HTML
	s := t.render(p)
	e := wbxml.New(wbxml.AirSyncBaseBodyPart, wbxml.Text(wbxml.AirSyncBaseStatus, "1"), wbxml.Text(wbxml.AirSyncBaseType, strconv.Itoa(int(p.Type))),
		wbxml.Text(wbxml.AirSyncBaseEstimatedDataSize, strconv.Itoa(s.size)))
	if s.cut {
		e.Add(wbxml.Text(wbxml.AirSyncBaseTruncated, "1"))
	}
	if !s.none {
		e.Add(wbxml.Text(wbxml.AirSyncBaseData, s.data))
	}
	if p.Preview > 0 && t.Data != "" {
		e.Add(wbxml.Text(wbxml.AirSyncBasePreview, preview(t.Plain(), p.Preview)))
	}
	return e
}

// shown is a text as a preference makes it.
type shown struct {
	data string
	size int  // bytes of the whole
	cut  bool // data is a part of it
	none bool // nothing rather than a part (AllOrNone)
}

func (t Text) render(p eas.BodyPreference) shown {
	whole := t.as(p.Type)
	if p.Type == eas.RTF {
		return t.renderRTF(p, whole)
	}
	s := shown{data: whole, size: len(whole)}
	if p.Truncation < 0 || int64(len(whole)) <= p.Truncation {
		return s
	}
	s.cut = true
	if p.AllOrNone {
		s.data, s.none = "", true
		return s
	}
	s.data = cut(whole, int(p.Truncation), p.Type == eas.HTML)
	return s
}

// renderRTF packs a text as compressed RTF. A part of that would be nothing; the text in it is shortened until it fits.
func (t Text) renderRTF(p eas.BodyPreference, whole string) shown {
	pack := func(s string) string { return base64.StdEncoding.EncodeToString(Compress(ToRTF(s))) }
	s := shown{data: pack(whole)}
	s.size = len(s.data)
	if p.Truncation < 0 || int64(s.size) <= p.Truncation {
		return s
	}
	s.cut = true
	if p.AllOrNone {
		s.data, s.none = "", true
		return s
	}
	for int64(len(s.data)) > p.Truncation && whole != "" {
		whole = cut(whole, len(whole)/2, false)
		s.data = pack(whole)
	}
	if int64(len(s.data)) > p.Truncation {
		s.data, s.none = "", true
	}
	return s
}

// choose picks the preference: that for the native type, else the type that loses least. One that wants all or nothing and would get
// nothing gives way to the one that shows most. MS-ASAIRS 2.2.2.3.2
func choose(t Text, prefs []eas.BodyPreference) (best eas.BodyPreference, as shown) {
	kind := t.native()
	order := [...]eas.BodyType{eas.Plain, eas.HTML, eas.RTF}
	if kind == eas.HTML {
		order = [...]eas.BodyType{eas.HTML, eas.Plain, eas.RTF}
	}
	n, most := 0, -1
	for _, k := range order {
		for _, p := range prefs {
			if p.Type != k {
				continue
			}
			s := t.render(p)
			if n == 0 {
				best, as = p, s
				if !s.none {
					return best, as
				}
			}
			if n++; !s.none && len(s.data) > most {
				best, as, most = p, s, len(s.data)
			}
		}
	}
	if n == 0 {
		best = eas.BodyPreference{Type: kind, Truncation: -1}
		as = t.render(best)
	}
	return best, as
}

// cut shortens a text to so many bytes, at the end of a character, and in HTML outside of tags and entities.
func cut(s string, n int, markup bool) string {
	if len(s) <= n {
		return s
	}
	n = max(n, 0)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	s = s[:n]
	if !markup {
		return strings.TrimSuffix(s, "\r")
	}
	if i := strings.LastIndexByte(s, '<'); i > strings.LastIndexByte(s, '>') {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '&'); i >= 0 && len(s)-i < 10 && !strings.Contains(s[i:], ";") {
		s = s[:i]
	}
	return s
}

// preview is the start of a text, at most n characters (MS-ASAIRS_R250), in one line.
func preview(s string, n int) string {
	s = strings.Join(strings.Fields(eas.Clean(s)), " ")
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func crlf(s string) string { return strings.ReplaceAll(lf(s), "\n", "\r\n") }

func lf(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}
