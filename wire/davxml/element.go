package davxml

import (
	"iter"
	"strings"
)

// Element is an element, or, with an empty name, a piece of text between elements. The methods may be called on nil, which has nothing.
type Element struct {
	Name     Name
	Attrs    []Attr // without declarations of namespaces
	Text     string // of a piece of text
	Children []*Element
}

// New makes an element.
func New(name Name, children ...*Element) *Element { return &Element{Name: name, Children: children} }

// NewText makes an element with text in it; without text it is empty.
func NewText(name Name, text string) *Element {
	if text == "" {
		return New(name)
	}
	return New(name, Chars(text))
}

// Href makes a DAV:href.
func Href(href string) *Element { return NewText(D("href"), href) }

// Chars makes a piece of text.
func Chars(text string) *Element { return &Element{Text: text} }

// With adds an attribute without namespace and returns e.
func (e *Element) With(name, value string) *Element {
	e.Attrs = append(e.Attrs, Attr{Name: Name{Local: name}, Value: value})
	return e
}

// Add adds children, leaving nil out, and returns e.
func (e *Element) Add(children ...*Element) *Element {
	for _, c := range children {
		if c != nil {
			e.Children = append(e.Children, c)
		}
	}
	return e
}

// Is reports whether e has a name.
func (e *Element) Is(name Name) bool { return e != nil && e.Name == name }

// Elements yields the children that are elements.
func (e *Element) Elements() iter.Seq[*Element] {
	return func(yield func(*Element) bool) {
		if e == nil {
			return
		}
		for _, c := range e.Children {
			if c.Name.Local != "" && !yield(c) {
				return
			}
		}
	}
}

// All yields the children of a name.
func (e *Element) All(name Name) iter.Seq[*Element] {
	return func(yield func(*Element) bool) {
		for c := range e.Elements() {
			if c.Name == name && !yield(c) {
				return
			}
		}
	}
}

// Child is the first child of a name, or nil.
func (e *Element) Child(name Name) *Element {
	for c := range e.All(name) {
		return c
	}
	return nil
}

// Has reports whether there is a child of a name.
func (e *Element) Has(name Name) bool { return e.Child(name) != nil }

// First is the first child that is an element, or nil.
func (e *Element) First() *Element {
	for c := range e.Elements() {
		return c
	}
	return nil
}

// Path follows names downwards, and is nil where one is missing.
func (e *Element) Path(names ...Name) *Element {
	for _, n := range names {
		e = e.Child(n)
	}
	return e
}

// Chars is the text directly in e, as it is.
func (e *Element) Chars() string {
	if e == nil {
		return ""
	}
	if len(e.Children) == 1 && e.Children[0].Name.Local == "" {
		return e.Children[0].Text
	}
	var b strings.Builder
	for _, c := range e.Children {
		if c.Name.Local == "" {
			b.WriteString(c.Text)
		}
	}
	return b.String()
}

// Value is the text directly in e without white space around it.
func (e *Element) Value() string { return strings.TrimSpace(e.Chars()) }

// Get is the Value of the first child of a name, "" without one.
func (e *Element) Get(name Name) string { return e.Child(name).Value() }

// Attr is the value of an attribute without namespace.
func (e *Element) Attr(name string) string {
	v, _ := e.Lookup(name)
	return v
}

// Lookup is the value of an attribute without namespace, and whether it is there.
func (e *Element) Lookup(name string) (string, bool) {
	if e == nil {
		return "", false
	}
	for _, a := range e.Attrs {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}
