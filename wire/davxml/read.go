package davxml

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Limits bound what is read. Zero values stand for the defaults.
type Limits struct {
	Bytes    int64 // of the document; default 16 MiB
	Depth    int   // of nesting; default 64
	Elements int   // in the document, or in one response of a stream; default 200,000
}

func (l Limits) filled() Limits {
	if l.Bytes == 0 {
		l.Bytes = 16 << 20
	}
	if l.Depth == 0 {
		l.Depth = 64
	}
	if l.Elements == 0 {
		l.Elements = 200_000
	}
	return l
}

// ErrTooLarge is the cause of a SyntaxError for a document beyond its limits.
var ErrTooLarge = errors.New("the document is too large, too deep or has too many elements")

// SyntaxError says where a document makes no sense, and why.
type SyntaxError struct {
	Line int // from 1; 0: not known
	Err  error
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return "read XML: " + e.Err.Error()
	}
	return fmt.Sprintf("read XML, line %d: %v", e.Line, e.Err)
}

func (e *SyntaxError) Unwrap() error { return e.Err }

const (
	xmlSpace   = "http://www.w3.org/XML/1998/namespace"
	xmlnsSpace = "http://www.w3.org/2000/xmlns/"
)

// binding is a prefix in scope.
type binding struct{ prefix, space string }

// frame is an open element.
type frame struct {
	raw   xml.Name // as it is spelled
	bound int      // bindings in scope outside it
}

// tokens reads names in full, checks nesting and limits.
type tokens struct {
	dec      *xml.Decoder
	in       *io.LimitedReader
	lim      Limits
	bindings []binding
	open     []frame
	count    int
	rooted   bool // the root element was seen
}

func newTokens(r io.Reader, lim Limits) *tokens {
	lim = lim.filled()
	in := &io.LimitedReader{R: r, N: lim.Bytes + 1}
	dec := xml.NewDecoder(in)
	dec.Strict = true
	return &tokens{dec: dec, in: in, lim: lim}
}

func (t *tokens) fail(err error) error {
	var s *SyntaxError
	if errors.As(err, &s) {
		return err
	}
	line, _ := t.dec.InputPos()
	var x *xml.SyntaxError
	if errors.As(err, &x) {
		line, err = x.Line, errors.New(x.Msg)
	}
	if t.in.N <= 0 {
		err = ErrTooLarge
	}
	return &SyntaxError{Line: line, Err: err}
}

func (t *tokens) failf(format string, args ...any) error { return t.fail(fmt.Errorf(format, args...)) }

// next is the next xml.StartElement, xml.EndElement or xml.CharData; io.EOF after the root's end. Text is valid until the next call.
func (t *tokens) next() (xml.Token, error) {
	for {
		tok, err := t.dec.RawToken()
		if err == io.EOF {
			if t.in.N <= 0 || len(t.open) > 0 || !t.rooted {
				return nil, t.fail(io.ErrUnexpectedEOF)
			}
			return nil, io.EOF
		}
		if err != nil {
			var x *xml.SyntaxError
			if !errors.As(err, &x) && t.in.N > 0 {
				return nil, err // the line broke
			}
			return nil, t.fail(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if len(t.open) == 0 && t.rooted {
				return nil, t.failf("a second root element")
			}
			t.rooted = true
			if t.count++; t.count > t.lim.Elements || len(t.open) >= t.lim.Depth {
				return nil, t.fail(ErrTooLarge)
			}
			return t.start(tok)
		case xml.EndElement:
			if len(t.open) == 0 || t.open[len(t.open)-1].raw != tok.Name {
				return nil, t.failf("an element ends that was not begun: %s", tok.Name.Local)
			}
			f := t.open[len(t.open)-1]
			end, err := t.resolve(tok.Name, true)
			if err != nil {
				return nil, err
			}
			t.open, t.bindings = t.open[:len(t.open)-1], t.bindings[:f.bound]
			return xml.EndElement{Name: end}, nil
		case xml.CharData:
			if len(t.open) == 0 {
				if strings.TrimSpace(string(tok)) != "" {
					return nil, t.failf("text outside the root element")
				}
				continue
			}
			return tok, nil
		case xml.Directive:
			return nil, t.failf("a document type declaration is not allowed") // RFC 4918 20.6
		}
	}
}

func (t *tokens) start(tok xml.StartElement) (xml.Token, error) {
	t.open = append(t.open, frame{raw: tok.Name, bound: len(t.bindings)})
	attrs := tok.Attr[:0:0]
	for _, a := range tok.Attr {
		switch {
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			t.bindings = append(t.bindings, binding{"", a.Value})
		case a.Name.Space == "xmlns":
			if a.Value == "" || a.Value == xmlnsSpace || a.Name.Local == "xmlns" { // Namespaces in XML 1.0, 5
				return nil, t.failf("the prefix %s is bound to nothing", a.Name.Local)
			}
			t.bindings = append(t.bindings, binding{a.Name.Local, a.Value})
		default:
			attrs = append(attrs, a)
		}
	}
	name, err := t.resolve(tok.Name, true)
	if err != nil {
		return nil, err
	}
	for i := range attrs {
		if attrs[i].Name, err = t.resolve(attrs[i].Name, false); err != nil {
			return nil, err
		}
	}
	return xml.StartElement{Name: name, Attr: attrs}, nil
}

func (t *tokens) resolve(n xml.Name, element bool) (xml.Name, error) {
	if strings.Contains(n.Local, ":") || n.Local == "" {
		return n, t.failf("%q is no name", n.Local)
	}
	if n.Space == "" && !element {
		return n, nil
	}
	if n.Space == "xml" {
		return xml.Name{Space: xmlSpace, Local: n.Local}, nil
	}
	for i := len(t.bindings) - 1; i >= 0; i-- {
		if t.bindings[i].prefix == n.Space {
			return xml.Name{Space: t.bindings[i].space, Local: n.Local}, nil
		}
	}
	if n.Space != "" {
		return n, t.failf("the prefix %s is not declared", n.Space)
	}
	return n, nil
}

// element reads the rest of an element whose start was read.
func (t *tokens) element(s xml.StartElement) (*Element, error) {
	root := &Element{Name: s.Name, Attrs: s.Attr}
	stack := []*Element{root}
	for len(stack) > 0 {
		tok, err := t.next()
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			e := &Element{Name: tok.Name, Attrs: tok.Attr}
			top.Children = append(top.Children, e)
			stack = append(stack, e)
		case xml.EndElement:
			blank(top)
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if n := len(top.Children); n > 0 && top.Children[n-1].Name.Local == "" {
				top.Children[n-1].Text += string(tok)
			} else {
				top.Children = append(top.Children, Chars(string(tok)))
			}
		}
	}
	return root, nil
}

// blank removes the white space by which a client lays out elements.
func blank(e *Element) {
	elements := false
	for _, c := range e.Children {
		if c.Name.Local != "" {
			elements = true
		} else if strings.TrimSpace(c.Text) != "" {
			return // mixed content: all of it counts
		}
	}
	if !elements {
		return
	}
	kept := e.Children[:0]
	for _, c := range e.Children {
		if c.Name.Local != "" {
			kept = append(kept, c)
		}
	}
	e.Children = kept
}

// Parse reads a document. It is io.EOF for one without a byte (a request without a body), else a *SyntaxError where the document makes no sense, with
// ErrTooLarge as its cause for one beyond its limits; other errors are the reader's.
func Parse(r io.Reader, lim Limits) (*Element, error) {
	t := newTokens(r, lim)
	var root *Element
	for {
		tok, err := t.next()
		switch {
		case err == io.EOF:
			return root, nil
		case err != nil:
			if t.dec.InputOffset() == 0 && t.in.N == t.lim.Bytes+1 && !t.rooted && errors.Is(err, io.ErrUnexpectedEOF) {
				return nil, io.EOF
			}
			return nil, err
		}
		if s, ok := tok.(xml.StartElement); ok {
			if root, err = t.element(s); err != nil {
				return nil, err
			}
		}
	}
}

// valid makes text fit for XML: what it cannot hold becomes U+FFFD. XML 1.0 2.2
func valid(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\n' && c != '\t' && c != '\r' || c >= utf8.RuneSelf {
			return strings.Map(func(r rune) rune {
				if r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
					return utf8.RuneError
				}
				return r
			}, strings.ToValidUTF8(s, "\uFFFD"))
		}
	}
	return s
}
