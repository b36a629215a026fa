package wbxml

import (
	"errors"
	"fmt"
	"io"
	"math"
)

// maxDepth is how deep an element to be written may be nested. It is there to catch a tree that contains itself.
const maxDepth = 1000

// prologue is what every document of ActiveSync begins with: WBXML 1.3, no public identifier, UTF-8, no string table.
const prologue = "\x03\x01\x6a\x00"

// Marshal writes a document. What it cannot write is a tag without a valid token, an element with both text and opaque
// data, and nesting beyond all reason. Broken UTF-8 becomes U+FFFD; characters that XML forbids, NUL among them, are left out.
func Marshal(e *Element) ([]byte, error) {
	if e == nil {
		return nil, errors.New("write WBXML: no element")
	}
	enc := &Encoder{}
	if err := enc.Element(e); err != nil {
		return nil, err
	}
	return enc.buf, enc.Close()
}

// Encoder writes one document piece by piece. The first error is final and returned by every later call. It is for
// one goroutine.
type Encoder struct {
	w     io.Writer // nil: all stays in buf
	buf   []byte
	err   error
	page  Page
	depth int
	tag   Tag  // the element begun last, not yet written
	held  bool // tag is waiting to know whether it has content
	began bool
	part  bool // it is not a document, but an element to be put into one
}

// NewEncoder makes an encoder that writes to w. Close must be called at the end.
func NewEncoder(w io.Writer) *Encoder { return &Encoder{w: w} }

const flushSize = 16 << 10

func (enc *Encoder) fail(format string, args ...any) error {
	if enc.err == nil {
		enc.err = fmt.Errorf("write WBXML: "+format, args...)
	}
	return enc.err
}

func (enc *Encoder) flush() error {
	if enc.err == nil && enc.w != nil && len(enc.buf) > 0 {
		_, enc.err = enc.w.Write(enc.buf)
		enc.buf = enc.buf[:0]
	}
	return enc.err
}

// settle writes the element begun last, now that it is known whether it has content.
func (enc *Encoder) settle(content byte) error {
	if enc.err != nil {
		return enc.err
	}
	if enc.held {
		enc.held = false
		if p := enc.tag.Page(); p != enc.page {
			enc.page = p
			enc.buf = append(enc.buf, tokSwitchPage, byte(p))
		}
		enc.buf = append(enc.buf, enc.tag.Token()|content)
	}
	if len(enc.buf) >= flushSize {
		return enc.flush()
	}
	return nil
}

// Start begins an element.
func (enc *Encoder) Start(tag Tag) error {
	switch {
	case enc.err != nil:
		return enc.err
	case !tag.Valid():
		return enc.fail("0x%04x is no tag", uint16(tag))
	case enc.depth >= maxDepth:
		return enc.fail("more than %d elements within each other", maxDepth)
	case enc.depth == 0 && enc.began:
		return enc.fail("%s would be a second root", tag)
	case !enc.began:
		enc.began = true
		if !enc.part {
			enc.buf = append(enc.buf, prologue...)
		}
	}
	if err := enc.settle(hasContent); err != nil {
		return err
	}
	enc.tag, enc.held = tag, true
	enc.depth++
	return nil
}

// End ends the element that was begun last.
func (enc *Encoder) End() error {
	if enc.err == nil && enc.depth == 0 {
		return enc.fail("there is no element to end")
	}
	empty := enc.held
	if err := enc.settle(0); err != nil {
		return err
	}
	if !empty {
		enc.buf = append(enc.buf, tokEnd)
	}
	enc.depth--
	return nil
}

// content readies the element that is open for content.
func (enc *Encoder) content() error {
	if enc.err == nil && enc.depth == 0 {
		return enc.fail("content outside the root element")
	}
	return enc.settle(hasContent)
}

// Text writes text into the element that is open. Empty text writes nothing. It is cleaned as Marshal cleans it.
func (enc *Encoder) Text(s string) error {
	if s == "" {
		return enc.err
	}
	if err := enc.content(); err != nil {
		return err
	}
	enc.buf = append(enc.buf, tokStrI)
	if plain(s) == len(s) {
		enc.buf = append(enc.buf, s...)
	} else {
		enc.buf, _ = tidy(enc.buf, s)
	}
	enc.buf = append(enc.buf, 0)
	return nil
}

// Opaque writes opaque data into the element that is open. MS-ASDTYPE 2.7.1
func (enc *Encoder) Opaque(data []byte) error {
	if err := enc.opaque(int64(len(data))); err != nil {
		return err
	}
	if enc.w != nil && len(data) >= flushSize { // large data is not copied
		if enc.flush() == nil {
			_, enc.err = enc.w.Write(data)
		}
		return enc.err
	}
	enc.buf = append(enc.buf, data...)
	return nil
}

// OpaqueReader writes n bytes of opaque data from r into the element that is open. If r has fewer the document is
// broken, and so is the encoder.
func (enc *Encoder) OpaqueReader(n int64, r io.Reader) error {
	if err := enc.opaque(n); err != nil {
		return err
	}
	dst := enc.w
	if dst == nil {
		dst = (*tail)(enc)
	} else if err := enc.flush(); err != nil {
		return err
	}
	if copied, err := io.CopyN(dst, r, n); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		enc.err = fmt.Errorf("write WBXML: opaque data: %d of %d bytes: %w", copied, n, err)
	}
	return enc.err
}

// tail appends to an encoder's buffer.
type tail Encoder

func (t *tail) Write(p []byte) (int, error) {
	t.buf = append(t.buf, p...)
	return len(p), nil
}

// opaque writes what stands before opaque data.
func (enc *Encoder) opaque(n int64) error {
	if err := enc.content(); err != nil {
		return err
	}
	if n < 0 || n > math.MaxUint32 {
		return enc.fail("opaque data of %d bytes", n)
	}
	enc.buf = appendInteger(append(enc.buf, tokOpaque), uint32(n))
	return nil
}

// appendInteger writes a multi-byte integer. WBXML 1.3 5.1
func appendInteger(dst []byte, v uint32) []byte {
	for shift := 28; shift > 0; shift -= 7 {
		if v>>shift != 0 {
			dst = append(dst, byte(v>>shift)|0x80)
		}
	}
	return append(dst, byte(v&0x7f))
}

// Element writes an element with all that is in it.
func (enc *Encoder) Element(e *Element) error {
	if e.frozen != nil {
		return e.frozen.element(enc)
	}
	if e.Data != nil && e.Text != "" {
		return enc.fail("%s has both text and opaque data", e.Tag)
	}
	if err := enc.Start(e.Tag); err != nil {
		return err
	}
	if e.Data != nil {
		if err := enc.Opaque(e.Data); err != nil {
			return err
		}
	} else if err := enc.Text(e.Text); err != nil {
		return err
	}
	for _, c := range e.Children {
		if c == nil {
			return enc.fail("%s has a child that is nil", e.Tag)
		}
		if err := enc.Element(c); err != nil {
			return err
		}
	}
	return enc.End()
}

// Close ends the document. It does not close the writer. Elements left open are an error.
func (enc *Encoder) Close() error {
	switch {
	case enc.err != nil:
		return enc.err
	case !enc.began:
		return enc.fail("there is no root element")
	case enc.depth > 0:
		return enc.fail("%d elements are not ended", enc.depth)
	}
	return enc.flush()
}
