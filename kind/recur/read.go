package recur

import (
	"strings"

	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// In returns a Finder for the times of one calendar object: IANA names first, then the object's own VTIMEZONEs, then
// Windows names. It is not safe for concurrent use.
func (z *Zones) In(cal *contentline.Component) Finder {
	var own map[string]Zone
	budget := maxZoneRules
	return func(tzid string) Zone {
		if zone := z.Find(tzid); zone != nil {
			return zone
		}
		if own == nil {
			own = map[string]Zone{}
			for c := range cal.Children() {
				if c.Is("VTIMEZONE") {
					id := ical.ZoneID(c)
					own[id] = Defined(id, observances(c, &budget))
				}
			}
		}
		if zone := own[strings.TrimSpace(tzid)]; zone != nil {
			return zone
		}
		return z.FindWindows(tzid)
	}
}

// Limits far above what sensible records hold. Each rule can cost some milliseconds to follow.
const (
	maxZoneRules = 200 // in all VTIMEZONEs of an object
	maxRules     = 20  // in a series, of a sort
)

// observances reads the parts of a VTIMEZONE; those that make no sense are passed over.
func observances(zone *contentline.Component, budget *int) []Observance {
	var out []Observance
	for c := range zone.Children() {
		start, from, to := c.Get("DTSTART"), c.Get("TZOFFSETFROM"), c.Get("TZOFFSETTO")
		if start == nil || from == nil || to == nil {
			continue
		}
		var o Observance
		at, err1 := ical.TimeOf(start)
		var err2, err3 error
		o.Start = at.Wall
		o.From, err2 = ical.ParseOffset(from.Value())
		o.To, err3 = ical.ParseOffset(to.Value())
		if err1 != nil || err2 != nil || err3 != nil {
			continue
		}
		for l := range c.All("RRULE") {
			if r, err := ParseRule(l.Value()); err == nil && r.Freq < Hourly && *budget > 0 {
				*budget--
				o.Rules = append(o.Rules, r)
			}
		}
		for l := range c.All("RDATE") {
			dates, _ := ical.Periods(l)
			for _, d := range dates {
				o.Dates = append(o.Dates, d.Start.Wall)
			}
		}
		out = append(out, o)
	}
	return out
}

// Read gathers when a record happens from its components: the one without RECURRENCE-ID is the series, the others are
// overrides. What makes no sense is passed over; if that is a rule, the series is Vague.
func Read(components []*contentline.Component, find Finder) *Series {
	s := &Series{}
	for _, c := range components {
		start, length := span(c, find)
		if l := c.Get("RECURRENCE-ID"); l != nil {
			id, err := ical.TimeOf(l)
			if err != nil {
				continue
			}
			scope, _ := l.Param("RANGE")
			s.Overrides = append(s.Overrides, Override{ID: id, Start: start, Length: length, Future: strings.EqualFold(scope, "THISANDFUTURE")})
			continue
		}
		s.Start, s.Length = start, length
		s.readRules(c)
	}
	return s
}

func (s *Series) readRules(c *contentline.Component) {
	for l := range c.Lines() {
		switch {
		case l.Is("RRULE"), l.Is("EXRULE"):
			r, err := ParseRule(l.Value())
			if err != nil {
				r, err = ParseOldRule(l.Value())
			}
			switch {
			case err != nil, len(s.Rules) >= maxRules, len(s.ExRules) >= maxRules:
				s.Vague = true
			case l.Is("RRULE"):
				s.Rules = append(s.Rules, r)
			default:
				s.ExRules = append(s.ExRules, r)
			}
		case l.Is("RDATE"):
			dates, err := ical.Periods(l)
			s.Dates = append(s.Dates, dates...)
			s.Vague = s.Vague || err != nil
		case l.Is("EXDATE"):
			dates, _ := ical.Periods(l)
			for _, d := range dates {
				s.Except = append(s.Except, d.Start)
			}
		}
	}
}

// span reads when a component starts and how long it lasts (RFC 5545 3.6.1). A task without a start is due at an
// instant.
func span(c *contentline.Component, find Finder) (start ical.Time, length Length) {
	read := func(name string) (t ical.Time) {
		if l := c.Get(name); l != nil {
			t, _ = ical.TimeOf(l)
		}
		return t
	}
	start = read("DTSTART")
	stop := read("DTEND")
	if stop.IsZero() {
		stop = read("DUE")
	}
	if start.IsZero() {
		return stop, Length{}
	}
	if l := c.Get("DURATION"); l != nil && stop.IsZero() {
		if d, err := ical.ParseDuration(l.Value()); err == nil {
			return start, Length{Days: max(0, d.Days), Seconds: max(0, d.Seconds)}
		}
	}
	switch {
	case stop.IsZero() && start.Form == ical.Date && c.Is("VEVENT"):
		length.Days = 1
	case stop.IsZero():
	case start.Form == ical.Date || stop.Form == ical.Date:
		length.Days = max(0, stop.Day()-start.Day())
	default:
		s := Series{Start: start}
		c := s.clockwork(find, nil)
		length.Seconds = max(0, c.instant(stop)-c.instant(start))
	}
	return start, length
}
