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
		selection: named("TEL"),
		show:      func(s *sheet, l *contentline.Line) string { return line(textValue("TEL", s.card.Property(l).Text())) },
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

// phoneType is what the types of a number say.
type phoneType uint16

const (
	typeHome phoneType = 1 << iota
	typeWork
	typeMobile
	typeFax
	typePager
	typeCar
	typeRadio
	typeAssistant
	typeCompany
	typeMMS
	typeNoCall // a telex and the like
)

// phoneTypes are the types as they are spelled, in small letters.
var phoneTypes = map[string]phoneType{
	"home": typeHome, "work": typeWork, "fax": typeFax, "pager": typePager, "car": typeCar, "x-mms": typeMMS,
	"cell": typeMobile, "mobile": typeMobile, "iphone": typeMobile, "pcs": typeMobile,
	"x-evolution-radio": typeRadio, "x-radio": typeRadio, "radio": typeRadio,
	"x-evolution-assistant": typeAssistant, "x-assistant": typeAssistant, "assistant": typeAssistant,
	"x-evolution-company": typeCompany, "x-company": typeCompany, "company": typeCompany, "main": typeCompany,
	"telex": typeNoCall, "modem": typeNoCall, "bbs": typeNoCall, "textphone": typeNoCall, "x-evolution-telex": typeNoCall, "x-evolution-ttytdd": typeNoCall,
}

func phoneTypeOf(s *sheet, l *contentline.Line) (is phoneType) {
	for t := range s.card.Property(l).EachType() {
		is |= phoneTypes[t]
	}
	return is
}

// phoneLikes says where a number belongs by its types.
func phoneLikes(s *sheet, l *contentline.Line) []int { return phoneTypeOf(s, l).likes() }

func (is phoneType) likes() []int {
	one := func(place int) []int { return anyPlace[place : place+1] }
	switch {
	case is&typeNoCall != 0:
		return nil
	case is&typeFax != 0 && is&typeHome != 0:
		return one(phoneHomeFax)
	case is&typeFax != 0:
		return one(phoneWorkFax)
	case is&typePager != 0:
		return one(phonePager)
	case is&typeCar != 0:
		return one(phoneCar)
	case is&typeRadio != 0:
		return one(phoneRadio)
	case is&typeAssistant != 0:
		return one(phoneAssistant)
	case is&typeCompany != 0:
		return one(phoneCompany)
	case is&typeMMS != 0:
		return one(phoneMMS)
	case is&typeMobile != 0:
		return one(phoneMobile)
	case is&typeWork != 0:
		return anyPlace[phoneWork : phoneWork2+1]
	case is&typeHome != 0:
		return anyPlace[phoneHome : phoneHome2+1]
	}
	return nil
}

// phoneSpare says where else a number to call may be shown: better under another name than not at all.
func phoneSpare(s *sheet, l *contentline.Line) []int {
	is := phoneTypeOf(s, l)
	switch mobile := is&typeMobile != 0; {
	case mobile && is&typeWork != 0:
		return anyPlace[phoneWork : phoneWork2+1]
	case mobile:
		return anyPlace[phoneHome : phoneHome2+1]
	case is&typeNoCall != 0 || len(is.likes()) > 0:
		return nil
	}
	return []int{phoneHome, phoneHome2, phoneMobile, phoneWork, phoneWork2}
}
