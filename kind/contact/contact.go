// Package contact knows contacts, which are vCards of the versions 2.1, 3.0 and 4.0.
//
// What a card means is the set of its properties in canonical form: spelling, folding, order, encoding and version do
// not count, nor do PRODID and REV. Properties that nobody knows do count, as they stand.
package contact

import (
	"bytes"
	"errors"
	"fmt"

	"tandem"
	"tandem/kind"
	"tandem/wire/contentline"
	"tandem/wire/vcard"
)

// Handler is the kind contact. The zero value is ready for use.
type Handler struct{}

var (
	_ kind.Handler = Handler{}
	_ kind.Renamer = Handler{}
)

// Kind implements kind.Handler.
func (Handler) Kind() tandem.Kind { return tandem.Contact }

// Inspect implements kind.Handler. A body is exactly one card; UID is not required.
func (Handler) Inspect(body []byte) (kind.Info, error) {
	scratch := scratches.Get().(*contentline.Scratch)
	defer scratches.Put(scratch)
	_, card, err := only(scratch.Parse(body, contentline.Limits{}))
	if err != nil {
		return kind.Info{}, err
	}
	return infoOf(card), nil
}

// infoOf tells what there is to know of a card. It keeps nothing of it but strings.
func infoOf(card *vcard.Card) kind.Info {
	return kind.Info{Digest: digest(card), Index: index(card), Summary: summary(card), Modified: modified(card)}
}

// WithUID implements kind.Renamer.
func (Handler) WithUID(body []byte, uid string) ([]byte, error) {
	f, card, err := parse(body)
	if err != nil {
		return nil, err
	}
	p, ok := card.Find("UID")
	if !ok {
		p = card.New("UID")
	}
	p.SetText(uid)
	return f.Bytes(), nil
}

// parse reads a body that must be one card and nothing else. What stands before BEGIN or after END would be lost on
// the way through other programs, and mostly tells of a torn write.
func parse(body []byte) (*vcard.File, *vcard.Card, error) {
	return only(contentline.Parse(body, contentline.Limits{}))
}

// only takes what was parsed for one card.
func only(doc *contentline.Document, err error) (*vcard.File, *vcard.Card, error) {
	var f *vcard.File
	if err == nil {
		f, err = vcard.Of(doc)
	}
	if err != nil {
		return nil, nil, invalid(err)
	}
	n := 0
	for c := range f.Doc.Components() {
		if n++; n > 1 || !c.Is("VCARD") {
			return nil, nil, invalid(&contentline.Error{Line: c.Begin.Num(), Column: 1,
				Msg: fmt.Sprintf("%s beside the first card: a contact is one card", c.Name())})
		}
	}
	if l := f.Doc.Stray(); l != nil {
		return nil, nil, invalid(&contentline.Error{Line: l.Num(), Column: 1, Msg: "text outside of BEGIN:VCARD and END:VCARD"})
	}
	return f, f.Cards[0], nil
}

func invalid(err error) error {
	e := &tandem.Error{Kind: tandem.Invalid, Op: "read contact", Err: err}
	var where *contentline.Error
	if errors.As(err, &where) {
		e.Remedy = fmt.Sprintf("repair the vCard at line %d, or restore it from where it came", where.Line)
	}
	return e
}

// same reports whether two bodies are the same bytes; nil is no body.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }
