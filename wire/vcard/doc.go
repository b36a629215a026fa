// Package vcard reads and writes vCards of the versions 2.1 (versit, 1996), 3.0 (RFC 2425, RFC 2426) and 4.0 (RFC
// 6350), on top of content lines: what is not touched keeps its bytes.
//
// A [Card] gives its properties as [Property] values that know their card's version, and so how text is escaped, which
// parameters are types and how pictures are wrapped. Reading is lenient, since every program has its own idea of these
// standards; writing follows the card's version.
package vcard

import (
	"fmt"
	"iter"
	"strings"

	"tandem/wire/contentline"
)

// Version is the version of the standard that a card follows.
type Version uint8

// The versions. A card that names none is read as 3.0, the most common.
const (
	V21 Version = iota + 1
	V30
	V40
)

func (v Version) String() string {
	switch v {
	case V21:
		return "2.1"
	case V40:
		return "4.0"
	}
	return "3.0"
}

// A File is a text of any number of cards, one after the other.
type File struct {
	Doc   *contentline.Document
	Cards []*Card
}

// A Card is one vCard. Its lines can be edited in place; File.Bytes then has the new text.
type Card struct {
	*contentline.Component
	Version Version
}

// Parse reads a text of vCards. An error is of type *contentline.Error: broken structure, or no vCard in the text.
func Parse(data []byte, limits contentline.Limits) (*File, error) {
	doc, err := contentline.Parse(data, limits)
	if err != nil {
		return nil, err
	}
	return Of(doc)
}

// Of takes a document for a text of vCards, as Parse does.
func Of(doc *contentline.Document) (*File, error) {
	f := &File{Doc: doc}
	var other *contentline.Component
	for c := range doc.Components() {
		if c.Is("VCARD") {
			f.Cards = append(f.Cards, NewCard(c))
		} else if other == nil {
			other = c
		}
	}
	if len(f.Cards) == 0 {
		return nil, &contentline.Error{Line: other.Begin.Num(), Column: 1, Msg: fmt.Sprintf("BEGIN:%s where BEGIN:VCARD is due", other.Name())}
	}
	return f, nil
}

// Bytes writes the text; lines that were not edited come out byte for byte.
func (f *File) Bytes() []byte { return f.Doc.Bytes() }

// Split cuts a text into its cards, each with its exact bytes.
func Split(data []byte, limits contentline.Limits) ([]contentline.Part, error) {
	f, err := Parse(data, limits)
	if err != nil {
		return nil, err
	}
	parts := contentline.Split(data, f.Doc)
	cards := parts[:0]
	for _, p := range parts {
		if p.Component.Is("VCARD") {
			cards = append(cards, p)
		}
	}
	return cards, nil
}

// NewCard takes a component for a card.
func NewCard(c *contentline.Component) *Card {
	card := &Card{Component: c, Version: V30}
	if l := c.Get("VERSION"); l != nil {
		switch strings.TrimSpace(l.Value()) {
		case "2.1", "2.0":
			card.Version = V21
		case "4.0":
			card.Version = V40
		}
	}
	return card
}

// Property gives a line of the card the card's version.
func (c *Card) Property(l *contentline.Line) Property { return Property{Line: l, Version: c.Version} }

// Properties yields the card's own properties in order.
func (c *Card) Properties() iter.Seq[Property] {
	return func(yield func(Property) bool) {
		for l := range c.Lines() {
			if !yield(c.Property(l)) {
				return
			}
		}
	}
}

// Each yields the properties of this name in order.
func (c *Card) Each(name string) iter.Seq[Property] {
	return func(yield func(Property) bool) {
		for l := range c.All(name) {
			if !yield(c.Property(l)) {
				return
			}
		}
	}
}

// Find returns the first property of this name and whether there is one.
func (c *Card) Find(name string) (Property, bool) {
	l := c.Get(name)
	return Property{Line: l, Version: c.Version}, l != nil
}

// Text returns the text of the first property of this name, or "".
func (c *Card) Text(name string) string {
	if p, ok := c.Find(name); ok {
		return p.Text()
	}
	return ""
}

// New adds an empty property of this name where one belongs.
func (c *Card) New(name string) Property {
	l := contentline.NewLine(name, "")
	l.SetNoFold(c.Version == V21)
	c.Add(contentline.Item{Line: l})
	return c.Property(l)
}

// Label is the label that a person gave a property: the X-ABLabel of its group, without the brackets in which Apple
// wraps the labels that it translates, or "".
func (c *Card) Label(l *contentline.Line) string {
	if l.Group() == "" {
		return ""
	}
	for p := range c.Each("X-ABLABEL") {
		if strings.EqualFold(p.Group(), l.Group()) {
			return CleanLabel(p.Text())
		}
	}
	return ""
}

// CleanLabel takes Apple's brackets off a label: "_$!<Home>!$_" is "Home".
func CleanLabel(s string) string {
	if in, ok := strings.CutPrefix(s, "_$!<"); ok {
		if in, ok = strings.CutSuffix(in, ">!$_"); ok {
			return in
		}
	}
	return s
}

// Agent returns the card within a card that AGENT holds: nested in vCard 2.1, as escaped text in 3.0 (RFC 2426 3.5.4).
// It is nil where there is none, or none inline.
func (c *Card) Agent() *Card {
	for i, it := range c.Items {
		if it.Line == nil || !it.Line.Is("AGENT") {
			continue
		}
		if strings.TrimSpace(it.Line.Value()) == "" {
			if i+1 < len(c.Items) && c.Items[i+1].Child != nil {
				return NewCard(c.Items[i+1].Child)
			}
			continue
		}
		if f, err := Parse([]byte(c.Property(it.Line).Text()), contentline.Limits{}); err == nil {
			return f.Cards[0]
		}
	}
	return nil
}
