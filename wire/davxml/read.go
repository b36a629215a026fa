package davxml

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits bound what is read. Zero values stand for the defaults.
type Limits struct {
	Bytes    int64 // of the document; default 16 MiB
	Depth    int   // of nesting; default 64
	Elements int   // in the document, or in one response of a stream; default 200,000
	// Mend reads characters that no document may have as U+FFFD, instead of refusing the document: for the answers of servers that hand out what they were given
	// without looking at it, where one record with a control character would hide all others.
	Mend bool
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

// made is a new element. Elements are made many at a time.
func (t *tokens) made(e Element) *Element {
	if len(t.slab) == cap(t.slab) {
		t.slab = make([]Element, 0, 32)
	}
	t.slab = append(t.slab, e)
	return &t.slab[len(t.slab)-1]
}

// add appends a child. The first one's place is made for many elements at a time.
func (t *tokens) add(e, child *Element) {
	if e.Children == nil {
		if len(t.single) == cap(t.single) {
			t.single = make([]*Element, 0, 64)
		}
		n := len(t.single)
		t.single = append(t.single, child)
		e.Children = t.single[n : n+1 : n+1]
		return
	}
	e.Children = append(e.Children, child)
}

// element reads the rest of an element whose start was read.
func (t *tokens) element(start token) (*Element, error) {
	root := t.made(Element{Name: start.name, Attrs: start.attrs})
	stack := append(t.stack[:0], root)
	defer func() { t.stack = stack[:0] }()
	for len(stack) > 0 {
		tok, err := t.next()
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch tok.sort {
		case startToken:
			e := t.made(Element{Name: tok.name, Attrs: tok.attrs})
			t.add(top, e)
			stack = append(stack, e)
		case endToken:
			join(top)
			blank(top)
			stack = stack[:len(stack)-1]
		case textToken:
			if tok.text != "" {
				t.add(top, t.made(Element{Text: tok.text}))
			}
		}
	}
	return root, nil
}

// join makes pieces of text that nothing stands between one.
func join(e *Element) {
	kept := e.Children[:0]
	for i := 0; i < len(e.Children); {
		c := e.Children[i]
		i++
		if c.Name.Local == "" && i < len(e.Children) && e.Children[i].Name.Local == "" {
			var b strings.Builder
			b.WriteString(c.Text)
			for ; i < len(e.Children) && e.Children[i].Name.Local == ""; i++ {
				b.WriteString(e.Children[i].Text)
			}
			c.Text = b.String()
		}
		kept = append(kept, c)
	}
	e.Children = kept
}

// blank removes the white space by which a client lays out elements.
func blank(e *Element) {
	elements := false
	for _, c := range e.Children {
		if c.Name.Local != "" {
			elements = true
		} else if !onlySpace(c.Text) {
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
			if t.end == io.EOF && t.dropped == 0 && len(t.buf) == 0 {
				return nil, io.EOF
			}
			return nil, err
		}
		if tok.sort == startToken {
			if root, err = t.element(tok); err != nil {
				return nil, err
			}
		}
	}
}
