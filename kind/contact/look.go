package contact

import (
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/wire/vcard"
)

// index gives what a store looks contacts up by.
func index(card *vcard.Card) tandem.Index {
	ix := tandem.Index{UID: strings.TrimSpace(card.Text("UID")), Name: displayName(card)}
	for p := range card.Each("EMAIL") {
		ix.Keys = append(ix.Keys, emailKey(p.Text()))
	}
	for p := range card.Each("TEL") {
		ix.Keys = append(ix.Keys, phoneKey(p.Text()))
	}
	slices.Sort(ix.Keys)
	if ix.Keys = slices.Compact(ix.Keys); len(ix.Keys) > 0 && ix.Keys[0] == "" {
		ix.Keys = ix.Keys[1:]
	}
	return ix
}

// emailKey is an address in lower case.
func emailKey(s string) string { return strings.ToLower(textValue("EMAIL", s)) }

// phoneKey is the digits of a number, without an extension.
func phoneKey(s string) string {
	s, _, _ = strings.Cut(textValue("TEL", s), ";") // RFC 3966: parameters follow
	clean := true
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			clean = false
		}
	}
	if clean {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] >= '0' && s[i] <= '9' {
			b = append(b, s[i])
		}
	}
	return string(b)
}

// displayName is how a person calls the contact: the formatted name, or the next best thing that the card has.
func displayName(card *vcard.Card) string {
	if s := strings.TrimSpace(card.Text("FN")); s != "" {
		return s
	}
	if p, ok := card.Find("N"); ok {
		if s := strings.TrimSpace(p.PersonName().String()); s != "" {
			return s
		}
	}
	for _, name := range []string{"NICKNAME", "ORG", "EMAIL", "TEL"} {
		if p, ok := card.Find(name); ok {
			if s := strings.TrimSpace(strings.Trim(strings.Join(p.Components(), ", "), ", ")); s != "" {
				return s
			}
		}
	}
	return ""
}

func summary(card *vcard.Card) tandem.Summary {
	s := tandem.Summary{Title: displayName(card)}
	for _, name := range []string{"EMAIL", "TEL"} {
		for p := range card.Each(name) {
			if v := textValue(name, p.Text()); v != "" && s.Who == "" && v != s.Title {
				s.Who = v
			}
		}
	}
	return s
}

// modified is the time that REV claims, 0 if it claims none. Without a zone it is taken for UTC.
func modified(card *vcard.Card) int64 {
	p, ok := card.Find("REV")
	if !ok {
		return 0
	}
	w, err := p.When()
	if err != nil || w.Year < 0 || w.Month < 0 || w.Day < 0 {
		return 0
	}
	zone := time.UTC
	if len(w.Zone) == 5 {
		if t, err := time.Parse("-0700", w.Zone); err == nil {
			zone = t.Location()
		}
	}
	t := time.Date(w.Year, time.Month(w.Month), w.Day, max(w.Hour, 0), max(w.Minute, 0), max(w.Second, 0), 0, zone)
	if t.Year() < 1678 || t.Year() > 2261 { // beyond what nanoseconds can count
		return 0
	}
	return t.UnixNano()
}
