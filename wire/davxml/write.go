package davxml

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// prefixes are declared by the root element of whatever is written.
var prefixes = map[string]string{DAV: "d", CalDAV: "c", CardDAV: "card", Server: "cs", Apple: "ical", xmlSpace: "xml"}

const declarations = ` xmlns:d="` + DAV + `" xmlns:c="` + CalDAV + `" xmlns:card="` + CardDAV + `" xmlns:cs="` + Server + `" xmlns:ical="` + Apple + `"`

// Writer writes one document, piece by piece. The first error sticks and Close returns it.
type Writer struct {
	w    *bufio.Writer
	open []string // names with prefixes
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
	tag, declare := tagOf(name)
	w.w.WriteByte('<')
	w.w.WriteString(tag)
	if len(w.open) == 0 {
		w.w.WriteString(declarations)
	}
	if declare != "" {
		w.w.WriteString(` xmlns:x="`)
		w.escape(declare, true)
		w.w.WriteByte('"')
	}
	for i, a := range attrs {
		at := a.Name.Local
		if a.Name.Space != "" {
			p, ok := prefixes[a.Name.Space]
			if !ok {
				p = "a" + strconv.Itoa(i)
				w.w.WriteString(` xmlns:` + p + `="`)
				w.escape(a.Name.Space, true)
				w.w.WriteByte('"')
			}
			at = p + ":" + at
		}
		w.w.WriteByte(' ')
		w.w.WriteString(at)
		w.w.WriteString(`="`)
		w.escape(a.Value, true)
		w.w.WriteByte('"')
	}
	if empty && len(w.open) > 0 {
		w.w.WriteString("/>")
		return
	}
	w.w.WriteByte('>')
	w.open = append(w.open, tag)
	if empty {
		w.End()
	}
}

// tagOf is a name with its prefix, and the namespace to declare for the prefix x, if it is none of ours. Elements without namespace have no prefix, for
// no default namespace is ever declared.
func tagOf(n Name) (tag, declare string) {
	if n.Space == "" {
		return n.Local, ""
	}
	if p, ok := prefixes[n.Space]; ok {
		return p + ":" + n.Local, ""
	}
	return "x:" + n.Local, n.Space
}

// End ends the element begun last.
func (w *Writer) End() {
	n := len(w.open) - 1
	w.w.WriteString("</")
	w.w.WriteString(w.open[n])
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

// escape writes text so that it is read back as it was: a carriage return, too, which vCards and iCalendar have at each end of line.
func (w *Writer) escape(s string, attr bool) {
	s = valid(s)
	for {
		i := strings.IndexAny(s, "&<>\r\"\n\t")
		if i < 0 {
			w.w.WriteString(s)
			return
		}
		w.w.WriteString(s[:i])
		switch c := s[i]; {
		case c == '&':
			w.w.WriteString("&amp;")
		case c == '<':
			w.w.WriteString("&lt;")
		case c == '>':
			w.w.WriteString("&gt;")
		case c == '\r':
			w.w.WriteString("&#13;")
		case attr && c == '"':
			w.w.WriteString("&quot;")
		case attr: // a line break or tab in an attribute would be read as a space
			w.w.WriteString("&#" + strconv.Itoa(int(c)) + ";")
		default:
			w.w.WriteByte(c)
		}
		s = s[i+1:]
	}
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
