package wbxml

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// XMLError says why a text is no document of ActiveSync, and where.
type XMLError struct {
	Line, Column int
	Detail       string
	Err          error // what the XML reader or the reader below said; may be nil
}

func (e *XMLError) Error() string {
	text := fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Detail)
	if e.Err != nil {
		text = strings.TrimSuffix(text, ": ") + ": " + e.Err.Error()
	}
	return text
}

func (e *XMLError) Unwrap() error { return e.Err }

var errTooLarge = errors.New("too many bytes")

// FromXML reads a document from XML, within the default limits (twice the bytes, since XML is the larger form). The
// namespace of an element is the name of its page as the schemas write it, or as other programs do ("Calendar:",
// "http://example.org/calendar"), capitals or not; an element without one is looked for in the page of its parent, in
// that of the element before it, then in all. The error is an *XMLError.
func FromXML(r io.Reader) (*Element, error) { return fromXML(r, DefaultBytes*2) }

func fromXML(r io.Reader, most int64) (*Element, error) {
	x := &xmlReader{}
	x.dec = xml.NewDecoder(&limitedReader{r: r, left: most, most: most})
	for {
		tok, err := x.dec.Token()
		if errors.Is(err, io.EOF) && x.root != nil {
			return x.root, nil
		}
		if err == nil {
			err = x.token(tok)
		} else if err = x.reading(err); errors.Is(err, io.EOF) {
			err = x.fail("there is no element")
		}
		if err != nil {
			return nil, err
		}
	}
}

// limitedReader fails where the limit is passed.
type limitedReader struct {
	r          io.Reader
	left, most int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, fmt.Errorf("%w, more than %d", errTooLarge, l.most)
	}
	return n, err
}

type xmlReader struct {
	dec      *xml.Decoder
	root     *Element
	open     []xmlNode
	elements int
}

// xmlNode is an open element.
type xmlNode struct {
	e    *Element
	text []byte
	form string
}

func (x *xmlReader) fail(format string, args ...any) error {
	line, column := x.dec.InputPos()
	return &XMLError{Line: line, Column: column, Detail: fmt.Sprintf(format, args...)}
}

// reading wraps what the XML reader said, without its own line number.
func (x *xmlReader) reading(err error) error {
	line, column := x.dec.InputPos()
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return &XMLError{Line: syntax.Line, Column: column, Detail: syntax.Msg}
	}
	return &XMLError{Line: line, Column: column, Err: err}
}

func (x *xmlReader) token(tok xml.Token) error {
	switch tok := tok.(type) {
	case xml.StartElement:
		return x.start(tok)
	case xml.EndElement:
		return x.end()
	case xml.CharData:
		if len(x.open) > 0 {
			n := &x.open[len(x.open)-1]
			n.text = append(n.text, tok...)
		} else if !blank([]byte(tok)) {
			return x.fail("text outside the root element")
		}
	case xml.ProcInst:
		if tok.Target == target && len(x.open) > 0 {
			n := &x.open[len(x.open)-1]
			n.form = strings.TrimSpace(string(tok.Inst))
			if n.form != formText && n.form != formOpaque && n.form != formBase64 {
				return x.fail("<?%s %s?>: the forms are %s, %s and %s", target, clip([]byte(n.form)), formText, formOpaque, formBase64)
			}
		}
	}
	return nil
}

func (x *xmlReader) start(s xml.StartElement) error {
	var parent *Element
	switch {
	case len(x.open) > 0:
		parent = x.open[len(x.open)-1].e
	case x.root != nil:
		return x.fail("<%s> is a second root element", clip([]byte(s.Name.Local)))
	}
	if len(x.open) >= DefaultDepth {
		return x.fail("more than %d elements within each other", DefaultDepth)
	}
	if x.elements++; x.elements > DefaultElements {
		return x.fail("more than %d elements", DefaultElements)
	}
	for _, a := range s.Attr {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" && a.Name.Space != "http://www.w3.org/2001/XMLSchema-instance" {
			return x.fail("<%s> has the attribute %q; ActiveSync has no attributes", clip([]byte(s.Name.Local)), clip([]byte(a.Name.Local)))
		}
	}
	tag, problem := findTag(s.Name.Space, s.Name.Local, parent)
	if problem != "" {
		return x.fail("%s", problem)
	}
	e := &Element{Tag: tag}
	if parent != nil {
		parent.Children = append(parent.Children, e)
	} else {
		x.root = e
	}
	x.open = append(x.open, xmlNode{e: e})
	return nil
}

func (x *xmlReader) end() error {
	n := x.open[len(x.open)-1]
	x.open = x.open[:len(x.open)-1]
	if n.form == "" && len(n.e.Children) > 0 && blank(n.text) { // indentation
		n.text = nil
	}
	if n.form == "" && len(n.text) > 0 && byteArray(n.e.Tag) {
		n.form = formBase64
	}
	switch n.form {
	case formOpaque:
		n.e.Data = append([]byte{}, n.text...)
	case formBase64:
		data, err := base64.StdEncoding.DecodeString(string(bytes.Join(bytes.Fields(n.text), nil)))
		if err != nil {
			return x.fail("%s is not base64: %v; for text begin it with <?%s %s?>", n.e.Tag, err, target, formText)
		}
		n.e.Data = data
	default:
		n.e.Text = string(n.text)
	}
	return nil
}

// findTag finds the tag that an element's name stands for, or says why there is none.
func findTag(space, name string, parent *Element) (Tag, string) {
	if space != "" {
		p, ok := findPage(space)
		if !ok {
			return 0, fmt.Sprintf("<%s>: there is no namespace %q in ActiveSync", clip([]byte(name)), clip([]byte(space)))
		}
		if t, ok := lookupFolded(p, name); ok {
			return t, ""
		}
		return 0, fmt.Sprintf("there is no tag %q in the namespace %q", clip([]byte(name)), p)
	}
	if parent != nil {
		if t, ok := lookupFolded(parent.Tag.Page(), name); ok {
			return t, ""
		}
		if n := len(parent.Children); n > 0 {
			if t, ok := lookupFolded(parent.Children[n-1].Tag.Page(), name); ok {
				return t, ""
			}
		}
	}
	var found []string
	var tag Tag
	for p := range pages {
		if t, ok := lookupFolded(Page(p), name); ok && t.Known() {
			tag = t
			found = append(found, Page(p).String())
		}
	}
	switch len(found) {
	case 0:
		return 0, fmt.Sprintf("there is no tag %q in ActiveSync", clip([]byte(name)))
	case 1:
		return tag, ""
	}
	return 0, fmt.Sprintf("<%s> needs a namespace: there is one in each of %s", clip([]byte(name)), strings.Join(found, ", "))
}

// findPage finds the page a namespace stands for, in the spellings that are about.
func findPage(space string) (Page, bool) {
	space = strings.TrimSuffix(space, ":")
	space = space[strings.LastIndexByte(space, '/')+1:]
	for i, p := range pages {
		if strings.EqualFold(p.name, space) {
			return Page(i), true
		}
	}
	return ParsePage(space)
}

// lookupFolded finds a tag by its name, by one that differs in capitals, underscores and hyphens only, or by a former one.
func lookupFolded(p Page, name string) (Tag, bool) {
	if t, ok := Lookup(p, name); ok {
		return t, true
	}
	switch name {
	case "Attendee_Email", schemaEmail:
		name = "Email"
	case "Attendee_Name", schemaName:
		name = "Name"
	case "DeviceEncryptionEnabled":
		name = "RequireStorageCardEncryption"
	}
	name = strings.NewReplacer("_", "", "-", "").Replace(name)
	name = strings.Replace(name, "TelephoneNumber", "PhoneNumber", 1)
	if int(p) < len(pages) && name != "" {
		for i, e := range pages[p].tags {
			if strings.EqualFold(e.name, name) {
				return Tag(p)<<8 | Tag(i), true
			}
		}
	}
	return 0, false
}
