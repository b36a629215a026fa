package davxml

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// prefixOf is the prefix of a namespace that the root element of whatever is written declares.
func prefixOf(space string) (string, bool) {
	switch space {
	case DAV:
		return "d", true
	case CalDAV:
		return "c", true
	case CardDAV:
		return "card", true
	case Server:
		return "cs", true
	case Apple:
		return "ical", true
	case xmlSpace:
		return "xml", true
	}
	return "", false
}

const declarations = ` xmlns:d="` + DAV + `" xmlns:c="` + CalDAV + `" xmlns:card="` + CardDAV + `" xmlns:cs="` + Server + `" xmlns:ical="` + Apple + `"`

// Writer writes one document, piece by piece. The first error sticks and Close returns it.
type Writer struct {
	w    *bufio.Writer
	open []tag
}

// tag is a name with its prefix.
type tag struct{ prefix, local string }

func (w *Writer) tag(t tag) {
	if t.prefix != "" {
		w.w.WriteString(t.prefix)
		w.w.WriteByte(':')
	}
	w.w.WriteString(t.local)
}

// NewWriter begins a document.
func NewWriter(w io.Writer) *Writer {
	out := &Writer{w: bufio.NewWriterSize(w, 16<<10)}
	out.w.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\n")
	return out
}

// Start begins an element. The first one is the root.
func (w *Writer) Start(name Name, attrs ...Attr) { w.start(name, attrs, false) }

func (w *Writer) start(name Name, attrs []Attr, empty bool) {
	t, declare := tagOf(name)
	w.w.WriteByte('<')
	w.tag(t)
	if len(w.open) == 0 {
		w.w.WriteString(declarations)
	}
	if declare != "" {
		w.w.WriteString(` xmlns:x="`)
		w.escape(declare, true)
		w.w.WriteByte('"')
	}
	for i, a := range attrs {
		at := tag{local: a.Name.Local}
		if a.Name.Space != "" {
			known := false
			if at.prefix, known = prefixOf(a.Name.Space); !known {
				at.prefix = "a" + strconv.Itoa(i)
				w.w.WriteString(` xmlns:` + at.prefix + `="`)
				w.escape(a.Name.Space, true)
				w.w.WriteByte('"')
			}
		}
		w.w.WriteByte(' ')
		w.tag(at)
		w.w.WriteString(`="`)
		w.escape(a.Value, true)
		w.w.WriteByte('"')
	}
	if empty && len(w.open) > 0 {
		w.w.WriteString("/>")
		return
	}
	w.w.WriteByte('>')
	w.open = append(w.open, t)
	if empty {
		w.End()
	}
}

// tagOf is a name with its prefix, and the namespace to declare for the prefix x, if it is none of ours. Elements without namespace have no prefix, for
// no default namespace is ever declared.
func tagOf(n Name) (t tag, declare string) {
	if n.Space == "" {
		return tag{local: n.Local}, ""
	}
	if p, ok := prefixOf(n.Space); ok {
		return tag{p, n.Local}, ""
	}
	return tag{"x", n.Local}, n.Space
}

// End ends the element begun last.
func (w *Writer) End() {
	n := len(w.open) - 1
	w.w.WriteString("</")
	w.tag(w.open[n])
	w.w.WriteByte('>')
	w.open = w.open[:n]
}

// Text writes text.
func (w *Writer) Text(s string) { w.escape(s, false) }

// TextElement writes an element with text in it.
func (w *Writer) TextElement(name Name, text string) {
	w.start(name, nil, text == "")
	if text != "" {
		w.Text(text)
		w.End()
	}
}

// Element writes an element and all that is in it.
func (w *Writer) Element(e *Element) {
	if e.Name.Local == "" {
		w.Text(e.Text)
		return
	}
	w.start(e.Name, e.Attrs, len(e.Children) == 0)
	if len(e.Children) == 0 {
		return
	}
	for _, c := range e.Children {
		w.Element(c)
	}
	w.End()
}

// Flush passes on what was written so far.
func (w *Writer) Flush() error { return w.w.Flush() }

// Close ends what is open and flushes.
func (w *Writer) Close() error {
	for len(w.open) > 0 {
		w.End()
	}
	return w.w.Flush()
}

// escapes are what bytes are written as, in text and in attributes; "" for as they are. A line break or tab in an attribute would be read as a space.
var escapes, attrEscapes = escapeTables()

func escapeTables() (text, attr [256]string) {
	for c := range byte(' ') {
		text[c] = replacement // XML 1.0 2.2: no document can hold it
	}
	text['\n'], text['\t'], text['\r'] = "", "", "&#13;"
	text['&'], text['<'], text['>'] = "&amp;", "&lt;", "&gt;"
	attr = text
	attr['"'], attr['\n'], attr['\t'] = "&quot;", "&#10;", "&#9;"
	return text, attr
}

const replacement = "\uFFFD"

// escape writes text so that it is read back as it was: a carriage return, too, which vCards and iCalendar have at each end of line. What XML cannot hold
// becomes U+FFFD. XML 1.0 2.2
func (w *Writer) escape(s string, attr bool) {
	table := &escapes
	if attr {
		table = &attrEscapes
	}
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 || r == 0xFFFE || r == 0xFFFF {
				w.w.WriteString(s[from:i])
				w.w.WriteString(replacement)
				from = i + size
			}
			i += size
			continue
		}
		if with := table[c]; with != "" {
			w.w.WriteString(s[from:i])
			w.w.WriteString(with)
			from = i + 1
		}
		i++
	}
	w.w.WriteString(s[from:])
}

// Write writes a document of one element.
func Write(w io.Writer, e *Element) error {
	out := NewWriter(w)
	out.Element(e)
	return out.Close()
}

// String is a document of one element, without the declaration; for logs, tests and the keeping of properties.
func (e *Element) String() string {
	var b strings.Builder
	w := &Writer{w: bufio.NewWriter(&b)}
	w.Element(e)
	_ = w.Close() // error: a Builder has none
	return b.String()
}
