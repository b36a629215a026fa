package wbxml

import (
	"encoding/base64"
	"errors"
	"io"
	"strings"
)

// The form of an element's content is told by a processing instruction where the tag does not tell it. Schemas ignore
// these. Without one, the content of a byte array (MS-ASDTYPE 2.7.1) is base64, and all else is text.
const (
	target     = "wbxml"
	formText   = "text"   // text, in a tag that has a byte array by rights
	formOpaque = "opaque" // opaque data that can be read as text
	formBase64 = "base64" // opaque data in base64
)

// Two tags have other names in the schemas than in the code pages. MS-ASCMD 2.2.3.74 and 2.2.3.75
const (
	schemaEmail = "ForwardeeEmail"
	schemaName  = "ForwardeeName"
)

// byteArray reports whether the tag's content is a byte array, which travels as opaque data. MS-ASDTYPE 2.7.1
func byteArray(t Tag) bool {
	switch t {
	case AirSyncBaseContent, ComposeMailMime, Email2ConversationId, Email2ConversationIndex, GALData, ItemOperationsConversationId,
		ResolveRecipientsData, SearchConversationId: // MS-ASAIRS 2.2.2.15, MS-ASCMD 2.2.3.39 and 2.2.3.109, MS-ASCON 2.2.2.3 and 2.2.2.4
		return true
	}
	return false
}

// ToXML writes a document as indented XML. The namespaces are those of the published schemas, so that a valid document
// validates against them. FromXML reads it back as it was.
func ToXML(w io.Writer, e *Element) error {
	if e == nil {
		return errors.New("write XML: no element")
	}
	x := &xmlWriter{w: w, root: e.Tag.Page(), buf: make([]byte, 0, xmlFlush+xmlFlush/4)}
	x.buf = append(x.buf, `<?xml version="1.0" encoding="utf-8"?>`+"\n"...)
	var used pageSet
	if err := pagesOf(e, &used, 0); err != nil {
		return err
	}
	x.prefixes = make([]string, used.last()+1)
	for i := range x.prefixes {
		if p := Page(i); used[i] && p != x.root {
			x.prefixes[i] = strings.ToLower(p.String()) + ":"
		}
	}
	x.element(e, 0, false, true)
	x.buf = append(x.buf, '\n')
	return x.flush()
}

// xmlFlush is how much XML is gathered before it is written.
const xmlFlush = 4 << 10

// pageSet is a set of pages.
type pageSet [256]bool

func (s *pageSet) last() int {
	for i := len(s) - 1; i > 0; i-- {
		if s[i] {
			return i
		}
	}
	return 0
}

// pagesOf marks the pages whose tags occur, and refuses what cannot be written.
func pagesOf(e *Element, used *pageSet, depth int) error {
	switch {
	case e == nil:
		return errors.New("write XML: a child is nil")
	case depth >= maxDepth:
		return errors.New("write XML: elements nested too deep")
	case !e.Tag.Valid():
		return errors.New("write XML: not a tag: " + e.Tag.String())
	case e.frozen != nil:
		return errors.New("write XML: " + e.Tag.String() + " is frozen: only WBXML can be made of it")
	case e.Data != nil && e.Text != "":
		return errors.New("write XML: " + e.Tag.String() + " has both text and opaque data")
	}
	used[e.Tag.Page()] = true
	for _, c := range e.Children {
		if err := pagesOf(c, used, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// xmlWriter writes the elements of the root's page without a prefix, those of others with their page's name in lower case.
type xmlWriter struct {
	w        io.Writer
	buf      []byte
	err      error
	root     Page
	prefixes []string // by page, with colon; "" for the root's page
}

func (x *xmlWriter) flush() error {
	if x.err == nil {
		_, x.err = x.w.Write(x.buf)
	}
	x.buf = x.buf[:0]
	return x.err
}

func (x *xmlWriter) name(t Tag) {
	x.buf = append(x.buf, x.prefixes[t.Page()]...)
	switch t {
	case ComposeMailEmail:
		x.buf = append(x.buf, schemaEmail...)
	case ComposeMailName:
		x.buf = append(x.buf, schemaName...)
	default:
		x.buf = append(x.buf, t.Name()...)
	}
}

// element writes an element. declare is true for the root. Within text nothing is indented.
func (x *xmlWriter) element(e *Element, depth int, inline, declare bool) {
	if len(x.buf) > xmlFlush {
		x.flush()
	}
	x.buf = append(x.buf, '<')
	x.name(e.Tag)
	if declare {
		x.declare()
	}
	if e.Text == "" && e.Data == nil && len(e.Children) == 0 {
		x.buf = append(x.buf, "/>"...)
		return
	}
	x.buf = append(x.buf, '>')
	x.content(e)
	inline = inline || e.Text != "" || e.Data != nil
	for _, c := range e.Children {
		if !inline {
			x.indent(depth + 1)
		}
		x.element(c, depth+1, inline, false)
	}
	if !inline {
		x.indent(depth)
	}
	x.buf = append(x.buf, "</"...)
	x.name(e.Tag)
	x.buf = append(x.buf, '>')
}

func (x *xmlWriter) indent(depth int) {
	const spaces = "\n                                "
	x.buf = append(x.buf, spaces[:1+min(2*depth, len(spaces)-1)]...)
	for i := len(spaces) - 1; i < 2*depth; i += 2 {
		x.buf = append(x.buf, "  "...)
	}
}

func (x *xmlWriter) declare() {
	x.buf = append(x.buf, ` xmlns="`+x.root.String()+`"`...)
	for i, prefix := range x.prefixes {
		if prefix != "" {
			x.buf = append(x.buf, ` xmlns:`+strings.TrimSuffix(prefix, ":")+`="`+Page(i).String()+`"`...)
		}
	}
}

// content writes text, or opaque data: as base64 where a byte array is due or it is no text.
func (x *xmlWriter) content(e *Element) {
	switch {
	case e.Data == nil && e.Text == "":
	case e.Data == nil:
		if byteArray(e.Tag) {
			x.form(formText)
		}
		x.text(e.Text)
	case byteArray(e.Tag) && len(e.Data) > 0:
		x.buf = base64.StdEncoding.AppendEncode(x.buf, e.Data)
	case len(e.Data) > 0 && sound(string(e.Data)):
		x.form(formOpaque)
		x.text(string(e.Data))
	default:
		x.form(formBase64)
		x.buf = base64.StdEncoding.AppendEncode(x.buf, e.Data)
	}
}

func (x *xmlWriter) form(f string) {
	x.buf = append(x.buf, "<?"+target+" "+f+"?>"...)
}

// text writes text. A carriage return is written by its number, since XML readers make line feeds of bare ones.
func (x *xmlWriter) text(s string) {
	if !sound(s) {
		clean, _ := tidy(nil, s)
		s = string(clean)
	}
	from := 0
	for i := 0; i < len(s); i++ {
		for i+8 <= len(s) {
			if w := word(s, i); !ordinary(w) || !without(w, '<') || !without(w, '>') || !without(w, '&') {
				break
			}
			i += 8
		}
		if i == len(s) {
			break
		}
		var escape string
		switch s[i] {
		case '<':
			escape = "&lt;"
		case '>':
			escape = "&gt;"
		case '&':
			escape = "&amp;"
		case '\r':
			escape = "&#xD;"
		default:
			continue
		}
		x.buf = append(append(x.buf, s[from:i]...), escape...)
		from = i + 1
	}
	x.buf = append(x.buf, s[from:]...)
}
