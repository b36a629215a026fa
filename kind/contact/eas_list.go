package contact

import (
	"slices"
	"strings"

	"tandem/wire/contentline"
	"tandem/wire/vcard"
	"tandem/wire/wbxml"
)

// maxListed is how many parts a list shows, MS-ASCNTC_R183 and MS-ASCNTC_R194. Further ones stay.
const maxListed = 300

// list is an element that holds any number of texts, whose order means nothing.
type list struct {
	selection
	tag, item wbxml.Tag
	parts     func(p vcard.Property) []string
	add       func(s *sheet, text string)
}

func lists() []list {
	return []list{
		{named("CATEGORIES"), wbxml.ContactsCategories, wbxml.ContactsCategory, vcard.Property.List, addCategory},
		{selection{names: []string{"X-MS-CHILD"}, perhaps: relations(), also: isChild}, wbxml.ContactsChildren, wbxml.ContactsChild,
			func(p vcard.Property) []string { return []string{p.Text()} }, addChild},
	}
}

func isChild(s *sheet, l *contentline.Line) bool { return isRelated(s, l, "CHILD") }

func addChild(s *sheet, text string) {
	l := (*contentline.Line)(nil)
	if s.card.Version == vcard.V40 {
		l = newRelated(s, "child")
	} else {
		l = s.card.New("X-MS-CHILD").Line
	}
	s.card.Property(l).SetText(text)
}

func addCategory(s *sheet, text string) {
	p, ok := s.card.Find("CATEGORIES")
	if !ok {
		s.card.New("CATEGORIES").SetList([]string{text})
		return
	}
	parts := append(slices.Collect(contentline.SplitText(p.Plain(), ',')), escaped(p, text))
	if len(parts) == 2 && strings.TrimSpace(parts[0]) == "" {
		parts = parts[1:]
	}
	p.SetPlain(contentline.JoinText(parts, ','))
}

// escaped is a text as one part of a list or structured value.
func escaped(p vcard.Property, text string) string {
	one := vcard.Property{Line: contentline.NewLine(p.Name(), ""), Version: p.Version}
	one.SetComponents([]string{text})
	return one.Plain()
}

// all are the texts, each once.
func (l *list) all(s *sheet) []string {
	var out []string
	var seen map[string]bool // only where there are many
	for o := range s.lines(&l.selection) {
		for _, part := range l.parts(s.card.Property(o)) {
			v := line(part)
			if v == "" || seen[v] || seen == nil && slices.Contains(out, v) {
				continue
			}
			if out = append(out, v); len(out) > 16 {
				seen = mark(seen, out)
			}
		}
	}
	return out
}

// mark adds the last of a list to a set of all of it.
func mark(set map[string]bool, list []string) map[string]bool {
	if set == nil {
		set = map[string]bool{}
		for _, v := range list {
			set[v] = true
		}
	}
	set[list[len(list)-1]] = true
	return set
}

// element shows the texts; nil if there are none (MS-ASCNTC_R507).
func (l *list) element(all []string) *wbxml.Element {
	if len(all) == 0 {
		return nil
	}
	all = all[:min(len(all), maxListed)]
	e := &wbxml.Element{Tag: l.tag, Children: make([]*wbxml.Element, len(all))}
	items := make([]wbxml.Element, len(all))
	for i, v := range all {
		items[i].Tag, items[i].Text = l.item, v
		e.Children[i] = &items[i]
	}
	return e
}

// put adds and removes what differs.
func (l *list) put(s *sheet, in []*wbxml.Element) {
	e := find(in, l.tag)
	if e == nil && (s.managed == nil || !s.managed(l.tag)) {
		return
	}
	have := l.all(s)
	shown := have[:min(len(have), maxListed)]
	var wanted []string
	for c := range e.All(l.item) {
		if v := line(c.String()); v != "" && !slices.Contains(wanted, v) {
			wanted = append(wanted, v)
		}
	}
	gone := map[string]bool{}
	for _, v := range shown {
		if !slices.Contains(wanted, v) {
			gone[v] = true
		}
	}
	l.remove(s, gone)
	for _, v := range wanted {
		if !slices.Contains(have, v) {
			l.add(s, v)
		}
	}
}

// remove takes texts out of all properties that have them.
func (l *list) remove(s *sheet, gone map[string]bool) {
	if len(gone) == 0 {
		return
	}
	for _, o := range slices.Collect(s.lines(&l.selection)) {
		p := s.card.Property(o)
		if v := l.parts(p); len(v) == 1 {
			if gone[line(v[0])] {
				s.remove(o)
			}
			continue
		}
		had := slices.Collect(contentline.SplitText(p.Plain(), ','))
		left := slices.DeleteFunc(slices.Clone(had), func(raw string) bool { return gone[line(p.Unescape(raw))] })
		switch {
		case len(left) == len(had):
		case len(left) == 0:
			s.remove(o)
		default:
			p.SetPlain(contentline.JoinText(left, ','))
		}
	}
}
