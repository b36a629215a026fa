package contact

import (
	"fmt"
	"slices"
	"strings"

	"tandem"
	"tandem/wire/contentline"
	"tandem/wire/vcard"
)

// Convert rewrites a card for another version of vCard: "2.1", "3.0" or "4.0" (RFC 2426, RFC 6350). A card of that version is given back byte for byte.
//
// What the other version says in its own way is said so: encodings, types and preference, pictures, dates without a year, places, groups of contacts, the
// text of an address, the agent, by what to sort. What it cannot say is kept under a name with X-, by which it comes back when the card is converted
// back: Convert(Convert(b, v), the version of b) means what b means. Two parameters serve this alone: X-TANDEM-NAME is a property's name in the version it
// came from, where the usual way back would give it another one; X-TANDEM-ADDED marks what is there only because the version asks for it.
func Convert(body []byte, version string) ([]byte, error) {
	to := vcard.Version(0)
	for _, v := range []vcard.Version{vcard.V21, vcard.V30, vcard.V40} {
		if v.String() == version {
			to = v
		}
	}
	if to == 0 {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "convert contact", Err: fmt.Errorf("vCard has no version %q", version), Remedy: "ask for 2.1, 3.0 or 4.0"}
	}
	f, card, err := parse(body)
	if err != nil {
		return nil, err
	}
	if card.Version == to {
		return body, nil
	}
	c := converter{doc: f.Doc}
	c.convert(card, to)
	return f.Bytes(), nil
}

type converter struct {
	doc   *contentline.Document
	depth int // of agents within agents
}

const maxAgents = 8

// convert goes from version to version, so that the way back is the same way.
func (c *converter) convert(card *vcard.Card, to vcard.Version) {
	for card.Version < to {
		removeAdded(card)
		if card.Version == vcard.V21 {
			c.agentsToText(card)
			card.Convert(vcard.V30)
			each(card, geo(";"))
		} else {
			up40(card)
		}
		require(card)
	}
	for card.Version > to {
		removeAdded(card)
		if card.Version == vcard.V40 {
			down30(card)
		} else {
			card.Convert(vcard.V21)
			c.agentsToCards(card)
			each(card, geo(","))
		}
		require(card)
	}
}

func each(card *vcard.Card, do func(vcard.Property)) {
	for p := range card.Properties() {
		do(p)
	}
}

// geo writes a place as the version does: with a semicolon between the numbers, in 2.1 with a comma.
func geo(sep string) func(vcard.Property) {
	return func(p vcard.Property) {
		if !p.Is("GEO") {
			return
		}
		if lat, long, ok := place(p); ok {
			p.SetValue(lat + sep + long)
		}
	}
}

// The parameters that tell of a conversion.
const (
	nameParam  = "X-TANDEM-NAME"
	addedParam = "X-TANDEM-ADDED"
	keptPrefix = "X-TANDEM-" // of names that the version does not have
)

func removeAdded(card *vcard.Card) {
	card.Items = slices.DeleteFunc(card.Items, func(it contentline.Item) bool {
		if it.Line == nil {
			return false
		}
		_, added := it.Line.Param(addedParam)
		return added
	})
}

// require adds what the version asks for: VERSION at the front, N before 4.0 (RFC 2426 3.1.2), FN from 3.0 on (RFC 6350 6.2.1).
func require(card *vcard.Card) {
	line := card.Get("VERSION")
	if line == nil {
		line = contentline.NewLine("VERSION", card.Version.String())
	} else {
		card.Remove(contentline.Item{Line: line})
	}
	line.SetValue(card.Version.String())
	card.Items = slices.Insert(card.Items, 0, contentline.Item{Line: line})
	if card.Get("N") == nil && card.Version != vcard.V40 {
		add(card, "N").SetValue(";;;;")
	}
	if card.Get("FN") == nil && card.Version != vcard.V21 {
		name := ""
		if p, ok := card.Find("N"); ok {
			name = p.PersonName().String()
		}
		for _, other := range []string{"ORG", "NICKNAME", "EMAIL"} {
			if p, ok := card.Find(other); ok && strings.TrimSpace(name) == "" {
				name = p.Component(0)
			}
		}
		add(card, "FN").SetText(name)
	}
}

// add adds a property behind VERSION, where it comes between no others that belong together.
func add(card *vcard.Card, name string) vcard.Property {
	l := contentline.NewLine(name, "", contentline.NewParam(addedParam, "1"))
	l.SetNoFold(card.Version == vcard.V21)
	card.Items = slices.Insert(card.Items, 1, contentline.Item{Line: l})
	return card.Property(l)
}

// agentsToText turns the card within a card of version 2.1 into the text of AGENT. RFC 2426 3.5.4
func (c *converter) agentsToText(card *vcard.Card) {
	if c.depth++; c.depth > maxAgents {
		return
	}
	defer func() { c.depth-- }()
	for i := 0; i+1 < len(card.Items); i++ {
		line, child := card.Items[i].Line, card.Items[i+1].Child
		if line == nil || child == nil || !line.Is("AGENT") || line.Value() != "" || !child.Is("VCARD") {
			continue
		}
		inner := vcard.NewCard(child)
		c.convert(inner, vcard.V30)
		vcard.Property{Line: line, Version: vcard.V30}.SetText(strings.TrimSpace(string(inner.Component.Bytes("\r\n"))))
		line.SetNoFold(false)
		card.Items = slices.Delete(card.Items, i+1, i+2)
	}
}

// agentsToCards is the way back.
func (c *converter) agentsToCards(card *vcard.Card) {
	if c.depth++; c.depth > maxAgents {
		return
	}
	defer func() { c.depth-- }()
	for i := 0; i < len(card.Items); i++ {
		line := card.Items[i].Line
		if line == nil || !line.Is("AGENT") || isURI(line) {
			continue
		}
		text := vcard.Property{Line: line, Version: vcard.V30}.Text() // its class is not known, so that its escapes are still those of 3.0
		f, err := vcard.Parse([]byte(text), contentline.Limits{})
		if err != nil || len(f.Cards) != 1 || f.Doc.Stray() != nil {
			continue
		}
		c.convert(f.Cards[0], vcard.V21)
		line.SetValue("")
		line.DelParam("ENCODING")
		line.DelParam("CHARSET")
		child := c.doc.AdoptItem(contentline.Item{Child: f.Cards[0].Component})
		card.Items = slices.Insert(card.Items, i+1, child)
	}
}

func isURI(l *contentline.Line) bool {
	v, _ := l.Param("VALUE")
	return strings.EqualFold(v, "uri") || strings.EqualFold(v, "url")
}
