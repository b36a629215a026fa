package wbxml

import (
	"errors"
	"io"
)

// Kind is the kind of a token.
type Kind uint8

// The kinds of tokens.
const (
	StartToken  Kind = iota + 1 // Tag begins
	EndToken                    // Tag ends; every element has one, also one without content
	TextToken                   // a piece of the text of the element around; there may be several
	OpaqueToken                 // opaque data of the element around
)

// Token is a piece of a document.
type Token struct {
	Kind Kind
	Tag  Tag       // the element that begins or ends, or the one around
	Text string    // of TextToken
	Size int64     // of OpaqueToken: how many bytes there are
	Data io.Reader // of OpaqueToken: the bytes, to be read before the next Token; those not read are skipped
}

// Token reads the next piece of the document, io.EOF at its end. Any other error is an *Error. A decoder gives either
// tokens or a tree.
func (d *Decoder) Token() (Token, error) {
	ev, err := d.next()
	if err != nil {
		return Token{}, err
	}
	switch ev {
	case evStart:
		return Token{Kind: StartToken, Tag: d.around()}, nil
	case evEnd:
		return Token{Kind: EndToken, Tag: d.closed}, nil
	case evText:
		return Token{Kind: TextToken, Tag: d.around(), Text: string(d.piece)}, nil
	case evOpaque:
		return Token{Kind: OpaqueToken, Tag: d.around(), Size: d.pending, Data: &opaqueReader{d: d, began: d.src.offset(), size: d.pending}}, nil
	}
	return Token{}, io.EOF
}

// errPassed is what a reader of opaque data says when the decoder has gone on.
var errPassed = errors.New("wbxml: the decoder has gone past this data")

// opaqueReader reads opaque data out of the document.
type opaqueReader struct {
	d     *Decoder
	began int64
	size  int64
}

func (o *opaqueReader) Read(p []byte) (int, error) {
	left := o.began + o.size - o.d.src.offset()
	switch {
	case left != o.d.pending || o.d.err != nil:
		if o.d.err != nil {
			return 0, o.d.err
		}
		return 0, errPassed
	case left == 0:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	part, err := o.d.src.some(min(left, int64(len(p))))
	if err != nil {
		o.d.err = err
		return 0, err
	}
	o.d.pending -= int64(len(part))
	return copy(p, part), nil
}
