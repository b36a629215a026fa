package vcard

import "strings"

// Name is N (RFC 6350 6.2.2).
type Name struct{ Family, Given, Additional, Prefixes, Suffixes string }

// PersonName reads the property as N.
func (p Property) PersonName() Name {
	c := append(p.Components(), make([]string, 5)...)
	return Name{c[0], c[1], c[2], c[3], c[4]}
}

// SetPersonName writes the property as N.
func (p Property) SetPersonName(n Name) {
	p.SetComponents([]string{n.Family, n.Given, n.Additional, n.Prefixes, n.Suffixes})
}

// String is the name as one reads it.
func (n Name) String() string {
	return joinNonEmpty(" ", n.Prefixes, n.Given, n.Additional, n.Family, n.Suffixes)
}

// Address is ADR (RFC 6350 6.3.1).
type Address struct{ Box, Extended, Street, City, Region, Code, Country string }

// Address reads the property as ADR.
func (p Property) Address() Address {
	c := append(p.Components(), make([]string, 7)...)
	return Address{c[0], c[1], c[2], c[3], c[4], c[5], c[6]}
}

// SetAddress writes the property as ADR.
func (p Property) SetAddress(a Address) {
	p.SetComponents([]string{a.Box, a.Extended, a.Street, a.City, a.Region, a.Code, a.Country})
}

// String is the address on one line.
func (a Address) String() string {
	return joinNonEmpty(", ", a.Box, a.Extended, a.Street, joinNonEmpty(" ", a.Code, a.City), a.Region, a.Country)
}

// Gender is GENDER (RFC 6350 6.2.7): a letter (M, F, O, N, U or none) and a person's own words.
type Gender struct{ Sex, Identity string }

// Gender reads the property as GENDER.
func (p Property) Gender() Gender {
	c := append(p.Components(), "", "")
	return Gender{strings.ToUpper(c[0]), c[1]}
}

func joinNonEmpty(sep string, parts ...string) string {
	var b strings.Builder
	for _, s := range parts {
		if s == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(sep)
		}
		b.WriteString(s)
	}
	return b.String()
}
