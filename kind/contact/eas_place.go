package contact

import (
	"slices"
	"strings"

	"tandem/wire/contentline"
	"tandem/wire/vcard"
	"tandem/wire/wbxml"
)

// Components of ADR (RFC 6350 6.3.1).
const (
	adrBox = iota
	adrExtended
	adrStreet
	adrCity
	adrRegion
	adrCode
	adrCountry
)

// addressPart is an element of an address.
type addressPart struct {
	tag       wbxml.Tag
	component int
}

// addressPlace is one of the three addresses.
type addressPlace struct {
	types []string
	parts []addressPart // the street first
}

// addressPlaces are the addresses in the order of the family's places. What Outlook calls office stands in the second component of the
// address at work (MS-OXVCARD 2.1.3.2.2).
func addressPlaces() []addressPlace {
	return []addressPlace{
		{[]string{"WORK"}, []addressPart{{wbxml.ContactsBusinessAddressStreet, adrStreet}, {wbxml.ContactsBusinessAddressCity, adrCity},
			{wbxml.ContactsBusinessAddressState, adrRegion}, {wbxml.ContactsBusinessAddressPostalCode, adrCode},
			{wbxml.ContactsBusinessAddressCountry, adrCountry}, {wbxml.ContactsOfficeLocation, adrExtended}}},
		{[]string{"HOME"}, []addressPart{{wbxml.ContactsHomeAddressStreet, adrStreet}, {wbxml.ContactsHomeAddressCity, adrCity},
			{wbxml.ContactsHomeAddressState, adrRegion}, {wbxml.ContactsHomeAddressPostalCode, adrCode}, {wbxml.ContactsHomeAddressCountry, adrCountry}}},
		{nil, []addressPart{{wbxml.ContactsOtherAddressStreet, adrStreet}, {wbxml.ContactsOtherAddressCity, adrCity},
			{wbxml.ContactsOtherAddressState, adrRegion}, {wbxml.ContactsOtherAddressPostalCode, adrCode}, {wbxml.ContactsOtherAddressCountry, adrCountry}}},
	}
}

func addressFamily() *family {
	list := addressPlaces()
	f := &family{
		of: named("ADR"),
		show: func(s *sheet, l *contentline.Line) string {
			return line(strings.Join(s.card.Property(l).Components(), ""))
		},
		likes: func(s *sheet, l *contentline.Line) []int {
			types := s.card.Property(l).Types()
			switch work, home := slices.Contains(types, "work"), slices.Contains(types, "home"); {
			case work && home:
				return []int{0, 1}
			case work:
				return []int{0}
			case home:
				return []int{1}
			}
			return []int{2}
		},
	}
	for _, p := range list {
		f.places = append(f.places, p.parts[0].tag)
	}
	return f
}

// addressText is the part of an address that an element shows. The street has the post-office box and, unless that is shown as office, the
// extended address above it.
func (s *sheet) addressText(l *contentline.Line, place int, part addressPart) string {
	if l == nil {
		return ""
	}
	p := s.card.Property(l)
	if part.component != adrStreet {
		return line(p.Component(part.component))
	}
	var lines []string
	for _, c := range []int{adrBox, adrExtended, adrStreet} {
		if v := line(p.Component(c)); v != "" && (c != adrExtended || place != 0) {
			lines = append(lines, v)
		}
	}
	return strings.Join(lines, "\n")
}

func (s *sheet) addressValues(out map[wbxml.Tag]string) {
	lines := addressFamily().assign(s)
	for i, place := range addressPlaces() {
		for _, part := range place.parts {
			out[part.tag] = s.addressText(lines[i], i, part)
		}
	}
}

// putAddresses changes the parts of addresses that differ.
func (s *sheet) putAddresses(w want) {
	f := addressFamily()
	lines := f.assign(s)
	changed := false
	for i, place := range addressPlaces() {
		for _, part := range place.parts {
			v := w[part.tag]
			if v == nil || *v == s.addressText(lines[i], i, part) {
				continue
			}
			changed = true
			if lines[i] == nil {
				p := s.card.New("ADR")
				setTypes(p, place.types)
				setComponent(p, adrCountry, "")
				lines[i] = p.Line
			}
			s.setAddress(lines[i], i, part, *v)
		}
	}
	if !changed {
		return
	}
	for i, l := range lines {
		if l != nil && f.show(s, l) == "" {
			s.remove(l)
			lines[i] = nil
		}
	}
	f.hold(s, lines)
}

func (s *sheet) setAddress(l *contentline.Line, place int, part addressPart, v string) {
	p := s.card.Property(l)
	setComponent(p, part.component, v)
	if part.component == adrStreet {
		setComponent(p, adrBox, "")
		if place != 0 {
			setComponent(p, adrExtended, "")
		}
	}
	p.DelParam("LABEL") // the whole address as text, and where it is, which it no longer is
	p.DelParam("GEO")
}

// orgFamily is the company with its departments.
func orgFamily() *family {
	return &family{places: []wbxml.Tag{wbxml.ContactsCompanyName}, of: named("ORG"),
		show: func(s *sheet, l *contentline.Line) string {
			return line(strings.Join(s.card.Property(l).Components(), ""))
		}}
}

func orgTags() []wbxml.Tag { return []wbxml.Tag{wbxml.ContactsCompanyName, wbxml.ContactsDepartment} }

func (s *sheet) orgValues(out map[wbxml.Tag]string) {
	if l := orgFamily().assign(s)[0]; l != nil {
		for i, tag := range orgTags() {
			out[tag] = line(s.card.Property(l).Component(i))
		}
	}
}

func (s *sheet) putOrg(w want) {
	f := orgFamily()
	lines := f.assign(s)
	var p vcard.Property
	changed := false
	if lines[0] != nil {
		p = s.card.Property(lines[0])
	}
	for i, tag := range orgTags() {
		old := ""
		if p.Line != nil {
			old = line(p.Component(i))
		}
		if v := w[tag]; v != nil && *v != old {
			if p.Line == nil {
				p = s.card.New("ORG")
			}
			setComponent(p, i, *v)
			changed = true
		}
	}
	if !changed {
		return
	}
	lines[0] = p.Line
	if f.show(s, p.Line) == "" {
		s.remove(p.Line)
		lines[0] = nil
	}
	f.hold(s, lines)
}
