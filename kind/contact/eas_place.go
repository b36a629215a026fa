package contact

import (
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
	f := &family{
		selection: named("ADR"),
		show:      showComponents,
		likes: func(s *sheet, l *contentline.Line) []int {
			work, home := false, false
			for t := range s.card.Property(l).EachType() {
				work, home = work || t == "work", home || t == "home"
			}
			switch {
			case work && home:
				return anyPlace[:2]
			case work:
				return anyPlace[:1]
			case home:
				return anyPlace[1:2]
			}
			return anyPlace[2:3]
		},
	}
	for _, p := range thePlaces {
		f.places = append(f.places, p.parts[0].tag)
	}
	return f
}

// showComponents tells by the first of its components whether a structured value says anything.
func showComponents(s *sheet, l *contentline.Line) string {
	for part := range contentline.SplitText(s.card.Property(l).Plain(), ';') {
		if v := line(s.card.Property(l).Unescape(part)); v != "" {
			return v
		}
	}
	return ""
}

// addressText is the part of an address that an element shows. The street has the post-office box and, unless that is shown as office, the
// extended address above it.
func (s *sheet) addressText(l *contentline.Line, place int, part addressPart) string {
	if l == nil {
		return ""
	}
	return partOf(s.card.Property(l).Components(), place, part)
}

// partOf is addressText, of an address that was taken apart.
func partOf(components []string, place int, part addressPart) string {
	at := func(i int) string {
		if i < len(components) {
			return line(components[i])
		}
		return ""
	}
	text := at(part.component)
	if part.component != adrStreet {
		return text
	}
	if v := at(adrExtended); v != "" && place != 0 {
		text = strings.TrimSuffix(v+"\n"+text, "\n")
	}
	if v := at(adrBox); v != "" {
		text = strings.TrimSuffix(v+"\n"+text, "\n")
	}
	return text
}

func (s *sheet) addressValues(out *texts) {
	for i, l := range theAddresses.assign(s) {
		if l == nil {
			continue
		}
		components := s.card.Property(l).Components()
		for _, part := range thePlaces[i].parts {
			out.put(part.tag, partOf(components, i, part))
		}
	}
}

// putAddresses changes the parts of addresses that differ.
func (s *sheet) putAddresses(w want) {
	f := theAddresses
	lines := f.assign(s)
	changed := false
	for i, place := range thePlaces {
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
	return &family{places: []wbxml.Tag{wbxml.ContactsCompanyName}, selection: named("ORG"),
		show: showComponents}
}

func orgTags() []wbxml.Tag { return []wbxml.Tag{wbxml.ContactsCompanyName, wbxml.ContactsDepartment} }

func (s *sheet) orgValues(out *texts) {
	if l := theOrg.assign(s)[0]; l != nil {
		components := s.card.Property(l).Components()
		for i, tag := range orgTags() {
			if i < len(components) {
				out.put(tag, line(components[i]))
			}
		}
	}
}

func (s *sheet) putOrg(w want) {
	f := theOrg
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
