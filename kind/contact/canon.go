package contact

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/wire/contentline"
	"tandem/wire/vcard"
)

// A unit is one element of a card: a property with the labels that belong to it, one part of a list, a card within the
// card, or a line that could not be understood. Its canonical form is a piece of canon.buf.
type unit struct {
	field      string // the property's name in upper case; opaqueField or agentField
	start, end int    // the canonical form
	value      int    // where in it the value starts, after name and parameters
	valueEnd   int    // and ends, before the labels
	item       int    // index of the main item
	labels     []int  // indices of the labels' items
	child      int    // index of the card within, for AGENT; 0 for none
	list       bool
	part       string // list: the escaped part
}

// Fields of units that are no property; no property's name has these bytes.
const (
	opaqueField = "\x00line"
	agentField  = "\x00card"
)

// Separators in canonical forms.
const (
	sepParam     = 0x1e
	sepValue     = 0x1d
	sepComponent = 0x1f
	sepLabel     = 0x1c
)

// canon computes the canonical form of one card.
type canon struct {
	card   *vcard.Card
	buf    []byte
	units  []unit
	groups map[string]*group
	attrs  []attr
}

// A group is what shares a group name: Apple puts a label beside the property it names.
type group struct {
	mains  int
	labels []int // indices of X-ABLABEL and the like
}

type attr struct{ name, value string }

// canonize takes a card apart.
func canonize(card *vcard.Card) *canon {
	c := &canon{card: card, buf: make([]byte, 0, 1024), units: make([]unit, 0, len(card.Items)+4)}
	c.findGroups()
	for i := 0; i < len(card.Items); i++ {
		it := card.Items[i]
		switch {
		case it.Child != nil:
			c.child(agentField, i, 0, nil)
		case it.Line.Blank():
		case it.Line.Opaque():
			start := len(c.buf)
			c.buf = append(c.buf, it.Line.Value()...)
			c.units = append(c.units, unit{field: opaqueField, start: start, end: len(c.buf), value: start, valueEnd: len(c.buf), item: i})
		case it.Line.Is("AGENT") && it.Line.Value() == "" && i+1 < len(card.Items) && card.Items[i+1].Child != nil:
			c.child("AGENT", i, i+1, it.Line)
			i++
		default:
			c.property(i)
		}
	}
	return c
}

func (c *canon) findGroups() {
	for i, it := range c.card.Items {
		if it.Line == nil || it.Line.Group() == "" {
			continue
		}
		name := strings.ToLower(it.Line.Group())
		if c.groups == nil {
			c.groups = map[string]*group{}
		}
		g := c.groups[name]
		if g == nil {
			g = &group{}
			c.groups[name] = g
		}
		if isLabel(it.Line) {
			g.labels = append(g.labels, i)
		} else {
			g.mains++
		}
	}
}

func (c *canon) groupOf(l *contentline.Line) *group {
	if l == nil || l.Group() == "" {
		return nil
	}
	return c.groups[strings.ToLower(l.Group())]
}

// isLabel tells the properties that only say something about another one of their group.
func isLabel(l *contentline.Line) bool { return l.Is("X-ABLABEL") || l.Is("X-ABADR") }

// ignored are the properties that tell about the writing, not about the person.
func ignored(name string) bool { return name == "VERSION" || name == "PRODID" || name == "REV" }

// added tells a property that Convert made up because the version asks for one of its name.
func added(l *contentline.Line) bool {
	if len(l.Params()) == 0 {
		return false
	}
	_, ok := l.Param(addedParam)
	return ok
}

// child adds a card within the card, known by its own digest.
func (c *canon) child(field string, item, child int, line *contentline.Line) {
	start := len(c.buf)
	at := item
	if line != nil {
		c.buf = append(c.buf, field...)
		at = child
	}
	value := len(c.buf)
	d := digest(vcard.NewCard(c.card.Items[at].Child))
	c.buf = append(c.buf, d[:]...)
	c.units = append(c.units, unit{field: field, start: start, end: len(c.buf), value: value, valueEnd: len(c.buf), item: item, child: child})
}

// property adds one property, or each part of a list.
func (c *canon) property(i int) {
	l := c.card.Items[i].Line
	name := strings.ToUpper(l.Name())
	if ignored(name) || added(l) {
		return
	}
	g := c.groupOf(l)
	var labels []int
	if g != nil && g.mains == 1 && numbered(l.Group()) {
		if isLabel(l) {
			return // belongs to the one main property of its group
		}
		labels = g.labels
	}
	p := c.card.Property(l)
	class := vcard.ClassOf(name)
	start := len(c.buf)
	c.head(name, p, class)
	head := len(c.buf)
	if class == vcard.List && len(labels) == 0 {
		c.list(i, name, p, start)
		return
	}
	c.value(name, p, class)
	if len(c.buf) == head && class != vcard.Other {
		c.buf = c.buf[:start]
		return // an empty text says as much as none
	}
	u := unit{field: name, start: start, value: head, valueEnd: len(c.buf), item: i, labels: labels}
	c.appendLabels(labels)
	u.end = len(c.buf)
	c.units = append(c.units, u)
}

// list adds a unit for every part of a list, each with the head that stands at start.
func (c *canon) list(i int, name string, p vcard.Property, start int) {
	head := string(c.buf[start:])
	c.buf = c.buf[:start]
	for part := range contentline.SplitText(p.Plain(), ',') {
		text := p.Unescape(part)
		if text == "" {
			continue
		}
		start := len(c.buf)
		c.buf = append(append(c.buf, head...), text...)
		c.units = append(c.units, unit{field: name, start: start, end: len(c.buf), value: start + len(head), valueEnd: len(c.buf),
			item: i, list: true, part: part})
	}
}

// appendLabels appends the labels of a property in an order that does not depend on theirs.
func (c *canon) appendLabels(labels []int) {
	switch len(labels) {
	case 0:
		return
	case 1:
		c.label(c.card.Property(c.card.Items[labels[0]].Line))
		return
	}
	var forms [][]byte
	for _, i := range labels {
		at := len(c.buf)
		c.label(c.card.Property(c.card.Items[i].Line))
		forms = append(forms, bytes.Clone(c.buf[at:]))
		c.buf = c.buf[:at]
	}
	slices.SortFunc(forms, bytes.Compare)
	for _, f := range slices.CompactFunc(forms, bytes.Equal) {
		c.buf = append(c.buf, f...)
	}
}

func (c *canon) label(p vcard.Property) {
	name := strings.ToUpper(p.Name())
	c.buf = append(c.buf, sepLabel)
	c.head(name, p, vcard.Text)
	c.buf = append(c.buf, p.Text()...)
}

// head appends name and parameters, and the name of a group if that counts.
func (c *canon) head(name string, p vcard.Property, class vcard.Class) {
	c.buf = append(c.buf, name...)
	if p.Group() != "" && !numbered(p.Group()) {
		c.buf = append(c.buf, sepParam, '.')
		c.buf = append(c.buf, strings.ToLower(p.Group())...)
	}
	if len(p.Params()) > 0 {
		c.attrs = attributes(c.attrs[:0], name, p, class)
		for _, a := range c.attrs {
			c.buf = append(c.buf, sepParam)
			c.buf = append(c.buf, a.name...)
			c.buf = append(c.buf, '=')
			c.buf = append(c.buf, a.value...)
		}
	}
	c.buf = append(c.buf, sepValue)
}

// numbered reports whether a group name ends in a number ("item1"), which programs give anew as they like. Such a group
// only ties labels to a property. Any other name ("home") is a person's or standard's own and counts as it is.
func numbered(name string) bool {
	return name != "" && name[len(name)-1] >= '0' && name[len(name)-1] <= '9'
}

// attributes appends what the parameters say, apart from how the value is written, sorted.
func attributes(out []attr, name string, p vcard.Property, class vcard.Class) []attr {
	typed, preferred := false, false
	if class == vcard.Other && p.Base64() { // there, nothing but the parameter tells that the text is not the value
		out = append(out, attr{"ENCODING", "B"})
	}
	for _, q := range p.Params() {
		switch {
		case q.Name == "" || q.Is("TYPE"):
			typed = true
		case aboutWriting(q, class):
		case q.Is("PREF"):
			if !preferred {
				if n := p.Pref(); n > 0 {
					out = append(out, attr{"PREF", strconv.Itoa(n)})
				}
				preferred = true
			}
		default:
			for v := range q.All() {
				out = append(out, attr{strings.ToUpper(q.Name), v})
			}
		}
	}
	if typed {
		for _, t := range p.Types() {
			switch {
			case t == "pref":
				if !preferred {
					out = append(out, attr{"PREF", "1"})
				}
			case !impliedType(name, t, class):
				out = append(out, attr{"TYPE", t})
			}
		}
	}
	if len(out) > 1 {
		slices.SortFunc(out, func(a, b attr) int {
			if n := cmp.Compare(a.name, b.name); n != 0 {
				return n
			}
			return cmp.Compare(a.value, b.value)
		})
		out = slices.Compact(out)
	}
	return out
}

// aboutWriting reports whether a parameter tells how the value is written rather than something about it.
func aboutWriting(q contentline.Param, class vcard.Class) bool {
	switch len(q.Name) {
	case 5:
		return q.Is("VALUE") && class != vcard.Other
	case 7:
		return q.Is("CHARSET")
	case 8:
		return q.Is("ENCODING")
	case 9:
		return q.Is("MEDIATYPE") && class == vcard.Media
	case 17:
		return q.Is("X-APPLE-OMIT-YEAR") && class == vcard.Date
	}
	return false
}

// impliedType reports whether a type says nothing: it is what the property is anyway (RFC 2426 3.3.1, 3.3.2), or the
// format of bytes that tell it themselves.
func impliedType(name, t string, class vcard.Class) bool {
	switch {
	case name == "TEL":
		return t == "voice"
	case name == "EMAIL":
		return t == "internet"
	case class == vcard.Media:
		return t != "home" && t != "work"
	}
	return false
}

// value appends the canonical value.
func (c *canon) value(name string, p vcard.Property, class vcard.Class) {
	switch class {
	case vcard.Text:
		c.buf = append(c.buf, textValue(name, p.Text())...)
	case vcard.URI:
		if name == "GEO" { // RFC 2426 3.4.2 and RFC 6350 6.5.2: two numbers, however they are kept apart
			v := strings.ReplaceAll(lineBreaks.Replace(p.Plain()), `\`, "")
			c.buf = append(c.buf, strings.Replace(trimPrefixFold(v, "geo:"), ",", ";", 1)...)
		} else {
			c.buf = append(c.buf, p.Text()...)
		}
	case vcard.Date:
		if w, err := p.When(); err == nil {
			c.buf = append(c.buf, w.String()...)
		} else {
			c.buf = append(c.buf, p.Text()...)
		}
	case vcard.Structured, vcard.List:
		sep, start := byte(';'), len(c.buf)
		if class == vcard.List {
			sep = ','
		}
		for part := range contentline.SplitText(p.Plain(), sep) {
			c.buf = append(append(c.buf, p.Unescape(part)...), sepComponent)
		}
		for len(c.buf) > start && c.buf[len(c.buf)-1] == sepComponent {
			c.buf = c.buf[:len(c.buf)-1]
		}
	case vcard.Media:
		if inline, ok := p.InlineBase64(); ok {
			if inline != "" {
				c.buf = appendBase64(append(c.buf, "data:"...), inline)
			}
		} else {
			c.buf = append(c.buf, p.Text()...)
		}
	default:
		v := p.Plain()
		if strings.ContainsAny(v, "\r\n") { // quoted-printable can hold line breaks, other values hold their escape
			v = lineBreaks.Replace(v)
		}
		c.buf = append(c.buf, v...)
	}
}

var lineBreaks = strings.NewReplacer("\r\n", `\n`, "\n", `\n`, "\r", `\n`)

// textValue takes off what only some versions write: the scheme of a number or of an identity.
func textValue(name, v string) string {
	switch name {
	case "TEL":
		return trimPrefixFold(strings.TrimSpace(v), "tel:")
	case "EMAIL":
		return trimPrefixFold(strings.TrimSpace(v), "mailto:")
	case "UID":
		return trimPrefixFold(v, "urn:uuid:")
	}
	return v
}

func trimPrefixFold(s, prefix string) string {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):]
	}
	return s
}

// appendBase64 appends base64 without the white space and padding that do not matter.
func appendBase64(buf []byte, s string) []byte {
	for s != "" {
		i := strings.IndexAny(s, " \t=")
		if i < 0 {
			return append(buf, s...)
		}
		buf = append(buf, s[:i]...)
		s = s[i+1:]
	}
	return buf
}

// digest is the hash over the set of units.
func digest(card *vcard.Card) tandem.Digest { return canonize(card).digest() }

func (c *canon) digest() tandem.Digest {
	sorted := make([][]byte, len(c.units))
	for i, u := range c.units {
		sorted[i] = c.buf[u.start:u.end]
	}
	slices.SortFunc(sorted, bytes.Compare)
	h := sha256.New()
	var n [8]byte
	for i, s := range sorted {
		if i > 0 && bytes.Equal(s, sorted[i-1]) {
			continue
		}
		binary.LittleEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write(s)
	}
	var d tandem.Digest
	h.Sum(d[:0])
	return d
}
