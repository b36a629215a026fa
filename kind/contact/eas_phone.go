package contact

import (
	"slices"
	"strings"

	"tandem/wire/contentline"
	"tandem/wire/vcard"
	"tandem/wire/wbxml"
)

// The places of numbers, in the order of phonePlaces.
const (
	phoneMobile = iota
	phoneHome
	phoneHome2
	phoneWork
	phoneWork2
	phoneHomeFax
	phoneWorkFax
	phonePager
	phoneCar
	phoneRadio
	phoneAssistant
	phoneCompany
	phoneMMS
)

// phonePlace is an element and the types that a new number in it gets.
type phonePlace struct {
	tag   wbxml.Tag
	types []string
}

func phonePlaces() []phonePlace {
	return []phonePlace{
		{wbxml.ContactsMobilePhoneNumber, []string{"CELL"}},
		{wbxml.ContactsHomePhoneNumber, []string{"HOME", "VOICE"}},
		{wbxml.ContactsHome2PhoneNumber, []string{"HOME", "VOICE"}},
		{wbxml.ContactsBusinessPhoneNumber, []string{"WORK", "VOICE"}},
		{wbxml.ContactsBusiness2PhoneNumber, []string{"WORK", "VOICE"}},
		{wbxml.ContactsHomeFaxNumber, []string{"HOME", "FAX"}},
		{wbxml.ContactsBusinessFaxNumber, []string{"WORK", "FAX"}},
		{wbxml.ContactsPagerNumber, []string{"PAGER"}},
		{wbxml.ContactsCarPhoneNumber, []string{"CAR"}},
		{wbxml.ContactsRadioPhoneNumber, []string{"X-EVOLUTION-RADIO"}},
		{wbxml.ContactsAssistantPhoneNumber, []string{"X-EVOLUTION-ASSISTANT"}},
		{wbxml.Contacts2CompanyMainPhone, []string{"X-EVOLUTION-COMPANY"}},
		{wbxml.Contacts2MMS, []string{"X-MMS"}},
	}
}

func phoneFamily() *family {
	list := phonePlaces()
	f := &family{
		of:   named("TEL"),
		show: func(s *sheet, l *contentline.Line) string { return line(textValue("TEL", s.card.Property(l).Text())) },
		write: func(s *sheet, l *contentline.Line, v string) {
			l.DelParam("VALUE") // a URI in version 4.0; what people type is a text
			writeText(s, l, v)
		},
		likes: phoneLikes,
		spare: phoneSpare,
	}
	for _, p := range list {
		f.places = append(f.places, p.tag)
	}
	f.make = func(s *sheet, place int) *contentline.Line {
		p := s.card.New("TEL")
		setTypes(p, list[place].types)
		return p.Line
	}
	f.settle = func(s *sheet, l *contentline.Line, place int) {
		if i := phoneLikes(s, l); !slices.Contains(i, place) {
			p := s.card.Property(l)
			n := p.Pref()
			setTypes(p, list[place].types)
			p.SetPref(n)
		}
	}
	return f
}

// setTypes sets types in the spelling of the version: small letters in 4.0.
func setTypes(p vcard.Property, types []string) {
	types = slices.Clone(types)
	if p.Version == vcard.V40 {
		for i, t := range types {
			types[i] = strings.ToLower(t)
		}
	}
	p.SetTypes(types...)
}

// typed tells whether a property has any of some types.
func typed(s *sheet, l *contentline.Line) func(any ...string) bool {
	types := s.card.Property(l).Types()
	return func(any ...string) bool {
		return slices.ContainsFunc(any, func(t string) bool { return slices.Contains(types, t) })
	}
}

// phoneLikes says where a number belongs by its types.
func phoneLikes(s *sheet, l *contentline.Line) []int {
	is := typed(s, l)
	switch {
	case is("telex", "modem", "bbs", "textphone", "x-evolution-telex", "x-evolution-ttytdd"):
		return nil
	case is("fax") && is("home"):
		return []int{phoneHomeFax}
	case is("fax"):
		return []int{phoneWorkFax}
	case is("pager"):
		return []int{phonePager}
	case is("car"):
		return []int{phoneCar}
	case is("x-evolution-radio", "x-radio", "radio"):
		return []int{phoneRadio}
	case is("x-evolution-assistant", "x-assistant", "assistant"):
		return []int{phoneAssistant}
	case is("x-evolution-company", "x-company", "company", "main"):
		return []int{phoneCompany}
	case is("x-mms"):
		return []int{phoneMMS}
	case is("cell", "mobile", "iphone", "pcs"):
		return []int{phoneMobile}
	case is("work"):
		return []int{phoneWork, phoneWork2}
	case is("home"):
		return []int{phoneHome, phoneHome2}
	}
	return nil
}

// phoneSpare says where else a number to call may be shown: better under another name than not at all.
func phoneSpare(s *sheet, l *contentline.Line) []int {
	is := typed(s, l)
	switch mobile := is("cell", "mobile", "iphone", "pcs"); {
	case mobile && is("work"):
		return []int{phoneWork, phoneWork2}
	case mobile:
		return []int{phoneHome, phoneHome2}
	case len(phoneLikes(s, l)) > 0 || is("telex", "modem", "bbs", "textphone", "x-evolution-telex", "x-evolution-ttytdd"):
		return nil
	}
	return []int{phoneHome, phoneHome2, phoneMobile, phoneWork, phoneWork2}
}
