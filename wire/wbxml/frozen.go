package wbxml

import (
	"bytes"
	"errors"
)

// Frozen is an element with all that is in it, written once to be put into many documents. It does not change and may be
// used by many goroutines.
type Frozen struct {
	tag  Tag
	last Page   // the page at its end
	data []byte // its bytes, the page of tag being in force before them
}

// Freeze writes an element. It refuses and cleans what Marshal refuses and cleans.
func Freeze(e *Element) (*Frozen, error) {
	if e == nil {
		return nil, errors.New("write WBXML: no element")
	}
	enc := &Encoder{part: true, page: e.Tag.Page(), buf: make([]byte, 0, 512)}
	if err := enc.Element(e); err != nil {
		return nil, err
	}
	return &Frozen{tag: e.Tag, last: enc.page, data: bytes.Clone(enc.buf)}, nil
}

// Element is a stand-in for what was frozen: nothing but the tag can be seen of it, and the encoder alone knows what is in it.
func (f *Frozen) Element() *Element { return &Element{Tag: f.tag, frozen: f} }

// Size is how many bytes it takes.
func (f *Frozen) Size() int { return len(f.data) }

// element writes what was frozen into the element that is open, or as the root.
func (f *Frozen) element(enc *Encoder) error {
	if err := enc.Start(f.tag); err != nil {
		return err
	}
	enc.depth--
	enc.held = false
	if p := f.tag.Page(); p != enc.page {
		enc.buf = append(enc.buf, tokSwitchPage, byte(p))
	}
	enc.buf = append(enc.buf, f.data...)
	enc.page = f.last
	return nil
}
