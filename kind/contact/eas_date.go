package contact

import (
	"fmt"
	"strings"
	"time"

	"tandem/kind/eas"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/vcard"
	"tandem/wire/wbxml"
)

// noYear stands for the year of a date without one, as Apple's programs have it. It is a leap year.
const noYear = 1604

// dateElement is an element that holds a day.
type dateElement struct {
	tag    wbxml.Tag
	family *family
}

func dates() []dateElement {
	anniversary := dateFamily(wbxml.ContactsAnniversary, "ANNIVERSARY", "X-ANNIVERSARY", "X-EVOLUTION-ANNIVERSARY", "X-MS-ANNIVERSARY")
	anniversary.perhaps, anniversary.also = []string{"X-ABDATE"}, func(s *sheet, l *contentline.Line) bool {
		return l.Is("X-ABDATE") && strings.EqualFold(s.label(l), "anniversary")
	}
	anniversary.make = func(s *sheet, _ int) *contentline.Line {
		if s.card.Version == vcard.V40 {
			return s.card.New("ANNIVERSARY").Line
		}
		return s.card.New("X-EVOLUTION-ANNIVERSARY").Line
	}
	return []dateElement{{wbxml.ContactsBirthday, dateFamily(wbxml.ContactsBirthday, "BDAY")}, {wbxml.ContactsAnniversary, anniversary}}
}

func dateFamily(tag wbxml.Tag, names ...string) *family {
	return &family{places: []wbxml.Tag{tag}, selection: named(names...), show: showDay, write: writeDay, make: maker(names[0])}
}

// day is a date as families show it: "2026-03-01".
type day string

// showDay is the day that a property tells, "" if it tells none or only a part: that is not shown and stays.
func showDay(s *sheet, l *contentline.Line) string {
	w, err := s.card.Property(l).When()
	if err != nil || w.Month < 1 || w.Month > 12 || w.Day < 1 {
		return ""
	}
	if w.Year < 0 {
		w.Year = noYear
	}
	if w.Year < 1 || w.Day > ical.DaysIn(w.Year, w.Month) {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", w.Year, w.Month, w.Day)
}

func (s *sheet) day(f *family) day {
	if l := f.assign(s)[0]; l != nil {
		return day(showDay(s, l))
	}
	return ""
}

// element writes the day at an hour of it, MS-ASCNTC 2.2.2.6: the time of day means nothing, but clients show the day that the instant has
// where they are (field note 15).
func (d day) element(hour int) string {
	if d == "" {
		return ""
	}
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return ""
	}
	return eas.FormatTime(t.Add(time.Duration(hour) * time.Hour))
}

// nearestDay is the day whose midnight is nearest to an instant. Noon belongs to its own day: some clients write days so.
func nearestDay(t time.Time) day {
	return day(t.UTC().Add(12*time.Hour - time.Second).Format(time.DateOnly))
}

func (s *sheet) putDay(d dateElement, in []*wbxml.Element) {
	e := find(in, d.tag)
	if e == nil && (s.managed == nil || !s.managed(d.tag)) {
		return
	}
	v := ""
	if text := strings.TrimSpace(e.String()); text != "" {
		t, err := eas.ParseTime(text)
		if err != nil || t.Year() < 1 || t.Year() > 9998 {
			s.notes = append(s.notes, d.tag.String()+" "+text+" is no time, left as it was")
			return
		}
		v = string(nearestDay(t))
	}
	d.family.put(s, []*string{&v})
}

// writeDay writes a day as the card's version has it, in the form that it had.
func writeDay(s *sheet, l *contentline.Line, v string) {
	p := s.card.Property(l)
	omit, basic := strings.HasPrefix(v, fmt.Sprint(noYear, "-")), p.Version == vcard.V40
	if old := p.Plain(); len(old) >= 8 {
		basic = basic || !strings.Contains(old, "-")
	}
	for _, name := range []string{"X-APPLE-OMIT-YEAR", "CALSCALE"} {
		p.DelParam(name)
	}
	if value, ok := p.Param("VALUE"); ok {
		if p.DelParam("VALUE"); strings.EqualFold(value, "date") {
			p.SetParam("VALUE", "date")
		}
	}
	switch {
	case omit && p.Version == vcard.V40:
		v = "--" + v[5:7] + v[8:]
	case omit:
		p.SetParam("X-APPLE-OMIT-YEAR", fmt.Sprint(noYear))
	case basic:
		v = strings.ReplaceAll(v, "-", "")
	}
	p.SetText(v)
}
