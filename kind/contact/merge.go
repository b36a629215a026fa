package contact

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tandem/kind"
	"tandem/kind/propmerge"
	"tandem/wire/contentline"
	"tandem/wire/vcard"
)

// Merge implements kind.Handler. Properties merge one by one: each phone, each address, each category is an element of
// its own, found again by its value, then by what it is apart from its types, then by its types and label. The merged
// card is a's, with b's changes put in; where one side has all of it already, that side's bytes are the answer.
func (Handler) Merge(base, a, b []byte) (kind.Merged, error) {
	switch {
	case same(a, b), base != nil && same(b, base):
		return kind.Merged{Body: a}, nil
	case base != nil && same(a, base):
		return kind.Merged{Body: b}, nil
	}
	fa, ca, err := parse(a)
	if err != nil {
		return kind.Merged{}, err
	}
	_, cb, err := parse(b)
	if err != nil {
		return kind.Merged{}, err
	}
	ofA, ofB := digest(ca), digest(cb)
	if ofA == ofB {
		return kind.Merged{Body: a}, nil
	}
	cbase := vcard.NewCard(contentline.NewComponent("VCARD"))
	if base != nil {
		if _, cbase, err = parse(base); err != nil {
			return kind.Merged{}, err
		}
		switch digest(cbase) {
		case ofB:
			return kind.Merged{Body: a}, nil
		case ofA:
			return kind.Merged{Body: b}, nil
		}
	}
	clashes := mergeCards(fa.Doc, cbase, ca, cb)
	if len(clashes) == 0 {
		switch digest(ca) {
		case ofA:
			return kind.Merged{Body: a}, nil
		case ofB:
			return kind.Merged{Body: b}, nil
		}
	}
	return kind.Merged{Body: fa.Bytes(), Clashes: clashes}, nil
}

// mergeCards puts b's changes since base into a, which is a card of doc.
func mergeCards(doc *contentline.Document, base, a, b *vcard.Card) []kind.Clash {
	base.Convert(a.Version)
	b.Convert(a.Version)
	m := &merger{doc: doc, version: a.Version, used: map[string]bool{}, shared: map[string]string{}}
	sides := [3]*canon{canonize(base), canonize(a), canonize(b)}
	m.baseGroups, m.groups = sides[0].groups, sides[2].groups
	for name := range sides[1].groups {
		m.used[name] = true
	}
	m.single = singles(sides)
	var elems [3][]propmerge.Elem
	for i, c := range sides {
		elems[i] = m.elems(c)
	}
	steps, clashes := propmerge.Merge(elems[0], elems[1], elems[2], m.combine)
	dropEmpty(a, steps)
	propmerge.ApplyWith(doc, a.Component, steps, propmerge.Hooks{Adopt: m.adopt,
		Plain:    func(l *contentline.Line) string { return a.Property(l).Plain() },
		SetPlain: func(l *contentline.Line, v string) { a.Property(l).SetPlain(v) },
	})
	return clashes
}

// dropEmpty takes out properties of a known class without a value, which mean nothing, where one with a value is added.
func dropEmpty(card *vcard.Card, steps []propmerge.Step) {
	fields := map[string]bool{}
	for _, s := range steps {
		if s.Op == propmerge.Add && !s.B.List && s.B.Field != "AGENT" && vcard.ClassOf(s.B.Field) != vcard.Other {
			fields[s.B.Field] = true
		}
	}
	if len(fields) == 0 {
		return
	}
	card.Items = slices.DeleteFunc(card.Items, func(it contentline.Item) bool {
		return it.Line != nil && it.Line.Value() == "" && it.Line.Group() == "" && fields[strings.ToUpper(it.Line.Name())]
	})
}

// merger knows what the elements of one merge need.
type merger struct {
	doc        *contentline.Document
	version    vcard.Version
	single     map[string]bool
	baseGroups map[string]*group
	groups     map[string]*group // of b
	used       map[string]bool   // group names taken in the merged card, in lower case
	shared     map[string]string // b's groups of several properties → their names in the merged card
}

// once are the properties that a card mostly has once. They are taken for one thing whatever their value, unless some
// card has several.
var once = map[string]bool{"FN": true, "N": true, "BDAY": true, "ANNIVERSARY": true, "DEATHDATE": true, "BIRTHPLACE": true, "DEATHPLACE": true,
	"NOTE": true, "ORG": true, "TITLE": true, "ROLE": true, "PHOTO": true, "LOGO": true, "SOUND": true, "GENDER": true, "UID": true, "KIND": true,
	"SORT-STRING": true, "MAILER": true, "CLASS": true, "TZ": true, "GEO": true, "AGENT": true, "NAME": true, "SOURCE": true, "PROFILE": true}

func singles(sides [3]*canon) map[string]bool {
	out := map[string]bool{}
	for name := range once {
		out[name] = true
	}
	for _, c := range sides {
		seen := map[string]bool{}
		for _, u := range c.units {
			if seen[u.field] {
				delete(out, u.field)
			}
			seen[u.field] = true
		}
	}
	return out
}

// elems turns the units of a card into elements.
func (m *merger) elems(c *canon) []propmerge.Elem {
	out := make([]propmerge.Elem, len(c.units))
	for i, u := range c.units {
		e := propmerge.Elem{Field: u.field, Value: string(c.buf[u.start:u.end]), Single: m.single[u.field], List: u.list, Part: u.part}
		main := c.card.Items[u.item]
		e.Items = append(e.Items, main)
		if u.child > 0 {
			e.Items = append(e.Items, c.card.Items[u.child])
		}
		label := ""
		for _, l := range u.labels {
			e.Items = append(e.Items, c.card.Items[l])
			label = cmp.Or(label, m.labelText(c, l))
		}
		if g := c.groupOf(main.Line); g != nil && label == "" && !isLabel(main.Line) {
			for _, l := range g.labels {
				label = cmp.Or(label, m.labelText(c, l))
			}
		}
		switch u.field {
		case opaqueField:
			e.Label, e.Text, e.Ident = "unreadable line", strings.TrimSpace(main.Line.Value()), e.Value
		case agentField, "AGENT":
			e.Label, e.Text = "agent", "a card within the card"
		default:
			m.describe(c, u, &e, label)
		}
		out[i] = e
	}
	return out
}

// labelText is the label that an item gives to its group, "" if it is something else.
func (m *merger) labelText(c *canon, item int) string {
	if l := c.card.Items[item].Line; l.Is("X-ABLABEL") {
		return c.card.Property(l).Text()
	}
	return ""
}

// describe fills in what the matching of a property and a person's view of it need.
func (m *merger) describe(c *canon, u unit, e *propmerge.Elem, label string) {
	p := c.card.Property(e.Items[0].Line)
	var roles []string
	for _, t := range p.Types() {
		if t != "pref" && !impliedType(u.field, t, vcard.ClassOf(u.field)) {
			roles = append(roles, t)
		}
	}
	slices.Sort(roles)
	e.Slot = strings.Join(roles, ",") + "\x00" + label
	e.Ident = string(c.buf[u.value:u.valueEnd])
	e.Text = readable(p, u)
	switch u.field {
	case "TEL":
		if k := phoneKey(e.Text); len(k) > 4 {
			e.Ident = k
		}
	case "EMAIL":
		e.Ident = emailKey(e.Text)
	}
	if u.list {
		e.Lists = string(c.buf[u.start:u.value])
	}
	e.Label = fieldName(u.field)
	if label = vcard.CleanLabel(label); label != "" {
		e.Label += " (" + label + ")"
	} else if len(roles) > 0 {
		e.Label += " (" + strings.Join(roles, ", ") + ")"
	}
}

// readable is the value as a person reads it.
func readable(p vcard.Property, u unit) string {
	switch class := vcard.ClassOf(u.field); {
	case u.list:
		return p.Unescape(u.part)
	case u.field == "N":
		return p.PersonName().String()
	case u.field == "ADR":
		return p.Address().String()
	case class == vcard.Structured:
		return strings.Join(slices.DeleteFunc(p.Components(), func(s string) bool { return s == "" }), ", ")
	case class == vcard.Media:
		b, err := p.Blob()
		if err == nil && b.URI == "" {
			return strings.TrimSpace(fmt.Sprintf("%s %d bytes", b.Type, len(b.Data)))
		}
	case class == vcard.Other:
		return p.Plain()
	}
	return strings.TrimSpace(textValue(u.field, p.Text()))
}

// fieldName is a property as a person calls it.
func fieldName(field string) string {
	if name := fieldNames[field]; name != "" {
		return name
	}
	return field
}

var fieldNames = map[string]string{
	"FN": "name", "N": "name in parts", "NICKNAME": "nickname", "PHOTO": "photo", "LOGO": "logo", "BDAY": "birthday", "ANNIVERSARY": "anniversary",
	"GENDER": "gender", "ADR": "address", "LABEL": "address label", "TEL": "phone", "EMAIL": "e-mail", "IMPP": "messenger", "LANG": "language",
	"TZ": "time zone", "GEO": "position", "TITLE": "title", "ROLE": "role", "ORG": "organization", "MEMBER": "member", "RELATED": "relation",
	"CATEGORIES": "category", "NOTE": "note", "SOUND": "sound", "URL": "web page", "KEY": "key", "X-ABRELATEDNAMES": "relation", "X-ABDATE": "date",
}

// adopt copies an element of b for a's document, with a group that does not mix it with others.
func (m *merger) adopt(b, replaces *propmerge.Elem) []contentline.Item {
	items := make([]contentline.Item, len(b.Items))
	for i, it := range b.Items {
		items[i] = m.doc.AdoptItem(it)
	}
	if main := items[0].Line; main != nil && main.Group() != "" {
		name := m.groupFor(main.Group(), replaces)
		for _, it := range items {
			if it.Line != nil {
				it.Line.SetGroup(name)
			}
		}
	}
	return items
}

// groupFor finds the name in the merged card for a group of b: that of the element it replaces, or its own if it is
// free, or a new number. Where a numbered group holds several properties, they stay together.
func (m *merger) groupFor(name string, replaces *propmerge.Elem) string {
	if !numbered(name) {
		return name
	}
	lower := strings.ToLower(name)
	if g := m.groups[lower]; g == nil || g.mains == 1 {
		if replaces != nil && replaces.Items[0].Line != nil && numbered(replaces.Items[0].Line.Group()) {
			return replaces.Items[0].Line.Group()
		}
		return m.freeGroup(name)
	}
	if to, ok := m.shared[lower]; ok {
		return to
	}
	to := name
	if m.baseGroups[lower] == nil {
		to = m.freeGroup(name)
	}
	m.used[strings.ToLower(to)] = true
	m.shared[lower] = to
	return to
}

// freeGroup returns the name if it is free, else a number that is, and takes it.
func (m *merger) freeGroup(name string) string {
	for n := len(m.used) + 1; m.used[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("item%d", n)
	}
	m.used[strings.ToLower(name)] = true
	return name
}
