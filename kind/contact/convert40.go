package contact

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tandem/wire/contentline"
	"tandem/wire/vcard"
)

// names30 are the names under which programs keep in 3.0 what 4.0 has a property for.
var names30 = map[string]string{"KIND": "X-ADDRESSBOOKSERVER-KIND", "MEMBER": "X-ADDRESSBOOKSERVER-MEMBER", "GENDER": "X-GENDER"}

// names40 is the way back.
var names40 = map[string]string{"X-ADDRESSBOOKSERVER-KIND": "KIND", "X-ADDRESSBOOKSERVER-MEMBER": "MEMBER", "X-GENDER": "GENDER"}

// only30 are the properties that 4.0 has no more. RFC 6350 appendix A
var only30 = map[string]bool{"AGENT": true, "LABEL": true, "CLASS": true, "MAILER": true, "NAME": true, "PROFILE": true, "SORT-STRING": true}

// only40 are the properties that came with 4.0 and that no single property of 3.0 stands for. RFC 6350, RFC 6474, RFC 6715, RFC 9554, RFC 9555
var only40 = map[string]bool{"ANNIVERSARY": true, "LANG": true, "RELATED": true, "CLIENTPIDMAP": true, "XML": true, "EXPERTISE": true, "HOBBY": true, "INTEREST": true, "ORG-DIRECTORY": true,
	"BIRTHPLACE": true, "DEATHPLACE": true, "DEATHDATE": true, "CONTACT-URI": true, "CREATED": true, "GRAMGENDER": true, "LANGUAGE": true, "PRONOUNS": true,
	"SOCIALPROFILE": true, "JSPROP": true}

// nameUp is a property's name in 4.0, nameDown in 3.0. Both take and give capitals.
func nameUp(name string) string {
	if n, ok := names40[name]; ok {
		return n
	}
	if name == "X-ANNIVERSARY" { // see fromApple
		return "ANNIVERSARY"
	}
	if only30[name] {
		return keptPrefix + name
	}
	if n, ok := strings.CutPrefix(name, keptPrefix); ok && (only40[n] || names30[n] != "" || datedNames[n]) {
		return n
	}
	return name
}

func nameDown(name string) string {
	if n, ok := names30[name]; ok {
		return n
	}
	if only40[name] {
		return keptPrefix + name
	}
	if n, ok := strings.CutPrefix(name, keptPrefix); ok && only30[n] {
		return n
	}
	return name
}

// rename gives a property its name in the other version, so that back gives it the one it has.
func rename(p vcard.Property, to, back func(string) string) {
	if name, ok := p.Param(nameParam); ok {
		p.DelParam(nameParam)
		if name != "" && !strings.ContainsFunc(name, notInName) {
			p.SetName(name)
		}
		return
	}
	name := strings.ToUpper(p.Name())
	switch other := to(name); {
	case other != name:
		p.SetName(other)
	case back(name) != name:
		p.SetParam(nameParam, p.Name())
	}
}

func notInName(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-')
}

// up40 brings a card from 3.0 to 4.0. RFC 6350 appendix A
func up40(card *vcard.Card) {
	labelsToAddresses(card)
	sortStringToName(card)
	made := fromApple(card)
	each(card, func(p vcard.Property) {
		if p.Is("AGENT") && isURI(p.Line) {
			if _, named := p.Param(nameParam); !named {
				p.SetName("RELATED")
				p.SetTypes("agent")
				return
			}
		}
		if !made[p.Line] {
			rename(p, nameUp, nameDown)
		}
	})
	card.Convert(vcard.V40)
	each(card, func(p vcard.Property) {
		switch name := strings.ToUpper(p.Name()); {
		case datedNames[name]:
			date40(p)
		case name == "GEO":
			if lat, long, ok := place(p); ok {
				p.SetValue("geo:" + lat + "," + long)
			}
		case name == "TZ":
			zone40(p)
		case name == "EMAIL":
			if types := p.Types(); slices.Contains(types, "internet") { // RFC 6350 6.4.2: there is no other kind any more
				p.SetTypes(slices.DeleteFunc(types, func(t string) bool { return t == "internet" })...)
			}
		case name == "TEL":
			if v, _ := p.Param("VALUE"); strings.EqualFold(v, "phone-number") {
				p.DelParam("VALUE")
			}
		}
	})
}

// down30 brings a card from 4.0 to 3.0.
func down30(card *vcard.Card) {
	card.Convert(vcard.V30)
	kept := map[*contentline.Line]bool{}
	each(card, func(p vcard.Property) {
		switch name := strings.ToUpper(p.Name()); {
		case datedNames[name]:
			if _, named := p.Param(nameParam); !(named && isText(p)) && !date30(p) && !named { // named: it was no date in 3.0 either
				p.SetName(keptPrefix + name)
				kept[p.Line] = true
			}
		case name == "GEO":
			if lat, long, ok := place(p); ok {
				p.SetValue(lat + ";" + long)
				p.DelParam("VALUE")
			}
		case name == "TZ":
			zone30(p)
		case name == "TEL":
			if v := p.Text(); isURI(p.Line) && len(v) > 4 && strings.EqualFold(v[:4], "tel:") {
				p.DelParam("VALUE")
				p.SetText(v[4:])
			}
		}
	})
	toApple(card, kept)
	each(card, func(p vcard.Property) {
		if p.Is("RELATED") && slices.Equal(p.Types(), []string{"agent"}) && !isText(p) {
			if _, named := p.Param(nameParam); !named {
				p.SetName("AGENT")
				p.SetTypes()
				p.SetParam("VALUE", "uri")
				return
			}
		}
		if !kept[p.Line] {
			rename(p, nameDown, nameUp)
		}
	})
	addressesToLabels(card)
	nameToSortString(card)
}

func isText(p vcard.Property) bool {
	v, _ := p.Param("VALUE")
	return strings.EqualFold(v, "text")
}

// labelsToAddresses makes every LABEL the parameter of the address that it is the text of: the only one with its types. RFC 6350 6.3.1
func labelsToAddresses(card *vcard.Card) {
	var gone []contentline.Item
	for l := range card.Each("LABEL") {
		adr, n := vcard.Property{}, 0
		for a := range card.Each("ADR") {
			if sameTypes(a, l) {
				adr = a
				n++
			}
		}
		labels := 0
		for other := range card.Each("LABEL") {
			if sameTypes(other, l) {
				labels++
			}
		}
		if n != 1 || labels != 1 || l.Group() != "" || !onlyTyped(l) || strings.TrimSpace(l.Text()) == "" {
			continue
		}
		if _, has := adr.Param("LABEL"); !has {
			adr.SetParam("LABEL", l.Text())
			gone = append(gone, contentline.Item{Line: l.Line})
		}
	}
	for _, it := range gone {
		card.Remove(it)
	}
}

// addressesToLabels is the way back.
func addressesToLabels(card *vcard.Card) {
	type made struct {
		adr  vcard.Property
		text string
	}
	var list []made
	for a := range card.Each("ADR") {
		text, ok := a.Param("LABEL")
		n := 0
		for other := range card.Each("ADR") {
			if sameTypes(other, a) {
				n++
			}
		}
		for other := range card.Each("LABEL") {
			if sameTypes(other, a) {
				n++
			}
		}
		if ok && n == 1 && strings.TrimSpace(text) != "" && len(a.ParamValues("LABEL")) == 1 {
			list = append(list, made{a, text})
		}
	}
	for _, m := range list {
		m.adr.DelParam("LABEL")
		p := card.New("LABEL")
		p.SetText(m.text)
		p.SetTypes(m.adr.Types()...)
		if n := m.adr.Pref(); n > 0 {
			setPref(p, n)
		}
	}
}

// setPref sets a preference of any degree; the older versions have the first alone, and keep others as a parameter.
func setPref(p vcard.Property, n int) {
	p.SetPref(n)
	if n > 1 && p.Version != vcard.V40 {
		p.SetParam("PREF", strconv.Itoa(n))
	}
}

func sameTypes(a, b vcard.Property) bool {
	types := func(p vcard.Property) []string {
		t := slices.DeleteFunc(p.Types(), func(t string) bool { return t == "pref" })
		slices.Sort(t)
		return t
	}
	return a.Pref() == b.Pref() && slices.Equal(types(a), types(b))
}

func onlyTyped(p vcard.Property) bool {
	for _, q := range p.Params() {
		if q.Name != "" && !q.Is("TYPE") && !q.Is("PREF") {
			return false
		}
	}
	return true
}

// sortStringToName makes SORT-STRING a parameter of N. RFC 6350 5.9
func sortStringToName(card *vcard.Card) {
	n, ok := card.Find("N")
	s, has := card.Find("SORT-STRING")
	several := 0
	for range card.All("SORT-STRING") {
		several++
	}
	if !ok || !has || several > 1 || len(s.Params()) > 0 || s.Group() != "" || strings.TrimSpace(s.Text()) == "" {
		return
	}
	if _, taken := n.Param("SORT-AS"); !taken {
		n.SetParam("SORT-AS", s.Text())
		card.Remove(contentline.Item{Line: s.Line})
	}
}

// nameToSortString is the way back; a list stays the parameter it is.
func nameToSortString(card *vcard.Card) {
	n, ok := card.Find("N")
	if !ok || card.Get("SORT-STRING") != nil {
		return
	}
	if as := n.ParamValues("SORT-AS"); len(as) == 1 && strings.TrimSpace(as[0]) != "" {
		n.DelParam("SORT-AS")
		card.New("SORT-STRING").SetText(as[0])
	}
}

// datedNames are the properties whose dates the versions write differently.
var datedNames = map[string]bool{"BDAY": true, "ANNIVERSARY": true, "DEATHDATE": true, "REV": true}

// omittedYear stands for none, as Apple's programs have it.
const omittedYear = 1604

// date40 writes a date in the basic format; what is none is text. RFC 6350 4.3
func date40(p vcard.Property) {
	w, err := p.When()
	if err != nil {
		if !isText(p) {
			p.SetParam("VALUE", "text")
			if _, named := p.Param(nameParam); !named {
				p.SetParam(nameParam, p.Name())
			}
		}
		return
	}
	s := w.String()
	if again, err := vcard.ParseWhen(s); err != nil || again != w {
		return
	}
	p.DelParam("X-APPLE-OMIT-YEAR")
	p.DelParam("VALUE")
	p.SetText(s)
}

// date30 writes a date in the extended format, without a year in Apple's way. It reports whether 3.0 can say it. RFC 2426 3.1.5
func date30(p vcard.Property) bool {
	w, err := p.When()
	if err != nil || isText(p) || w.Month < 0 || w.Day < 0 {
		return false
	}
	full := w
	if w.Year < 0 {
		full.Year = omittedYear
	}
	s := fmt.Sprintf("%04d-%02d-%02d", full.Year, w.Month, w.Day)
	if w.HasTime() {
		if w.Hour < 0 || w.Minute < 0 || w.Second < 0 || w.Year < 0 {
			return false
		}
		s += fmt.Sprintf("T%02d:%02d:%02d", w.Hour, w.Minute, w.Second)
		if s += w.Zone; len(w.Zone) == 5 {
			s = s[:len(s)-2] + ":" + s[len(s)-2:]
		}
	}
	if again, err := vcard.ParseWhen(s); err != nil || again != full {
		return false
	}
	p.DelParam("VALUE")
	p.DelParam("X-APPLE-OMIT-YEAR")
	p.SetText(s)
	if w.Year < 0 {
		p.SetParam("X-APPLE-OMIT-YEAR", strconv.Itoa(omittedYear))
	}
	if w.HasTime() && !p.Is("REV") {
		p.SetParam("VALUE", "date-time")
	}
	return true
}

var number = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]*)?$`)

// place reads GEO in any version's form.
func place(p vcard.Property) (lat, long string, ok bool) {
	v := strings.ReplaceAll(strings.TrimSpace(p.Plain()), `\`, "")
	v = trimPrefixFold(v, "geo:")
	if lat, long, ok = strings.Cut(v, ";"); !ok {
		lat, long, ok = strings.Cut(v, ",")
	}
	return lat, long, ok && number.MatchString(lat) && number.MatchString(long)
}

var offset30 = regexp.MustCompile(`^[+-][0-9]{2}:[0-9]{2}$`)
var offset40 = regexp.MustCompile(`^[+-][0-9]{4}$`)

// zone40 writes an offset from UTC as 4.0 does. RFC 6350 6.5.1
func zone40(p vcard.Property) {
	if v := p.Text(); offset30.MatchString(v) && !isText(p) {
		p.SetText(v[:3] + v[4:])
		p.SetParam("VALUE", "utc-offset")
	}
}

// zone30 writes it as 3.0 does. RFC 2426 3.4.1
func zone30(p vcard.Property) {
	kind, _ := p.Param("VALUE")
	if v := p.Text(); offset40.MatchString(v) && strings.EqualFold(kind, "utc-offset") {
		p.SetText(v[:3] + ":" + v[3:])
		p.DelParam("VALUE")
	}
}
