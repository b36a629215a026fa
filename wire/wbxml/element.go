package wbxml

import "iter"

// Element is a node of a document. It has text, or opaque data, or children; documents of strangers may have text
// beside children, which is kept.
type Element struct {
	Tag      Tag
	Text     string     // the text; "" when there is none
	Data     []byte     // opaque data; nil when the content is not opaque. Text is "" then
	Children []*Element // the elements within, in order

	frozen *Frozen // what stands for all of it; nil: nothing does
}

// New makes an element with children. Children that are nil are left out.
func New(tag Tag, children ...*Element) *Element {
	return (&Element{Tag: tag}).Add(children...)
}

// Text makes an element with text.
func Text(tag Tag, text string) *Element { return &Element{Tag: tag, Text: text} }

// Opaque makes an element with opaque data, which may be empty. MS-ASDTYPE 2.7.1
func Opaque(tag Tag, data []byte) *Element {
	if data == nil {
		data = []byte{}
	}
	return &Element{Tag: tag, Data: data}
}

// Empty makes an element with nothing in it.
func Empty(tag Tag) *Element { return &Element{Tag: tag} }

// Add appends children and returns e. Children that are nil are left out.
func (e *Element) Add(children ...*Element) *Element {
	for _, c := range children {
		if c != nil {
			e.Children = append(e.Children, c)
		}
	}
	return e
}

// Child returns the first child with this tag, nil if there is none or e is nil.
func (e *Element) Child(tag Tag) *Element {
	if e == nil {
		return nil
	}
	for _, c := range e.Children {
		if c.Tag == tag {
			return c
		}
	}
	return nil
}

// Has reports whether there is a child with this tag. e may be nil.
func (e *Element) Has(tag Tag) bool { return e.Child(tag) != nil }

// Get returns the content of the first child with this tag as a string, "" if there is none or e is nil.
func (e *Element) Get(tag Tag) string { return e.Child(tag).String() }

// All yields the children with this tag. e may be nil.
func (e *Element) All(tag Tag) iter.Seq[*Element] {
	return func(yield func(*Element) bool) {
		if e == nil {
			return
		}
		for _, c := range e.Children {
			if c.Tag == tag && !yield(c) {
				return
			}
		}
	}
}

// Content returns the opaque data if there is any, else the text, as bytes. e may be nil. The bytes are not to be changed.
func (e *Element) Content() []byte {
	switch {
	case e == nil:
		return nil
	case e.Data != nil:
		return e.Data
	}
	return []byte(e.Text)
}

// String returns the text, or the opaque data read as text. e may be nil.
func (e *Element) String() string {
	switch {
	case e == nil:
		return ""
	case e.Data != nil:
		return string(e.Data)
	}
	return e.Text
}
