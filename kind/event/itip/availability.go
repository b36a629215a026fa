package itip

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/kind/event"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// maxAvailable is how many times of one AVAILABLE are looked at.
const maxAvailable = 2000

// Unavailable lists when somebody cannot be met between two instants, by what they said of their usual hours: an iCalendar object with VAVAILABILITY
// (RFC 7953 3.1). A component of a higher priority says how it is in all of its time. Times without a zone are read in zone.
func (d Desk) Unavailable(body []byte, from, to int64, zone *time.Location) ([]event.Span, error) {
	doc, err := ical.Parse(body)
	if err != nil {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read availability", Err: err}
	}
	zones := d.Zones
	if zones == nil {
		zones = &recur.Zones{}
	}
	user := recur.Location(zone)
	var out []event.Span
	left := []event.Span{{Start: from, End: to}} // of which nothing is known yet
	for cal := range doc.Components() {
		if !cal.Is("VCALENDAR") {
			continue
		}
		find := zones.In(cal)
		list := slices.DeleteFunc(slices.Collect(cal.Children()), func(c *contentline.Component) bool { return !c.Is("VAVAILABILITY") })
		slices.SortStableFunc(list, func(a, b *contentline.Component) int { return cmp.Compare(rank(a), rank(b)) })
		for _, c := range list {
			w := recur.Window{From: from, To: to, Max: maxAvailable, Floating: user}
			reach := within(c, find, w)
			mine := clip(left, reach)
			for _, s := range without(mine, available(c, find, w)) {
				s.Status = busyType(c)
				out = append(out, s)
			}
			left = without(left, []event.Span{reach})
		}
	}
	slices.SortFunc(out, func(a, b event.Span) int { return cmp.Compare(a.Start, b.Start) })
	return out, nil
}

// rank orders by PRIORITY: 1 comes first, 0 and what says nothing last. RFC 7953 3.1
func rank(c *contentline.Component) int {
	if v := word(c, "PRIORITY"); len(v) == 1 && v >= "1" && v <= "9" {
		return int(v[0] - '0')
	}
	return 10
}

// busyType is how the time outside of AVAILABLE shows. RFC 7953 3.2
func busyType(c *contentline.Component) int {
	switch word(c, "BUSYTYPE") {
	case "BUSY":
		return 2
	case "BUSY-TENTATIVE":
		return 1
	}
	return 3
}

// within is the time that a component speaks of, within a window: without ends it is all of it.
func within(c *contentline.Component, find recur.Finder, w recur.Window) event.Span {
	s := event.Span{Start: w.From, End: w.To}
	if timeOf(c, "DTSTART").IsZero() {
		if end := timeOf(c, "DTEND"); !end.IsZero() {
			s.End = min(s.End, instant(end, find, w.Floating))
		}
		return s
	}
	s.Start = max(s.Start, instant(timeOf(c, "DTSTART"), find, w.Floating))
	if c.Get("DTEND") != nil || c.Get("DURATION") != nil {
		bare := recur.Read([]*contentline.Component{c}, find)
		if list, _ := bare.Expand(find, recur.Window{From: -1 << 60, To: 1 << 60, Max: 1, Floating: w.Floating}); len(list) > 0 {
			s.End = min(s.End, list[0].End)
		}
	}
	return s
}

func instant(t ical.Time, find recur.Finder, floating recur.Zone) int64 {
	switch t.Form {
	case ical.UTC:
		return t.Wall
	case ical.Zoned:
		if z := find(t.TZID); z != nil {
			return z.Instant(t.Wall)
		}
	}
	return floating.Instant(t.Wall)
}

// available are the times of all AVAILABLE in a component.
func available(c *contentline.Component, find recur.Finder, w recur.Window) []event.Span {
	series := map[string][]*contentline.Component{}
	var order []string
	for a := range c.Children() {
		if !a.Is("AVAILABLE") {
			continue
		}
		uid := ical.UID(a)
		if uid == "" {
			uid = "\x00" + strings.Repeat("x", len(order))
		}
		if series[uid] == nil {
			order = append(order, uid)
		}
		series[uid] = append(series[uid], a)
	}
	var out []event.Span
	for _, uid := range order {
		list, _ := recur.Read(series[uid], find).Expand(find, w)
		for _, in := range list {
			out = append(out, event.Span{Start: in.Start, End: in.End})
		}
	}
	return out
}

// clip is the part of spans that lies in one.
func clip(list []event.Span, in event.Span) []event.Span {
	var out []event.Span
	for _, s := range list {
		if s.Start, s.End = max(s.Start, in.Start), min(s.End, in.End); s.Start < s.End {
			out = append(out, s)
		}
	}
	return out
}

// without takes times out of spans.
func without(list, out []event.Span) []event.Span {
	slices.SortFunc(out, func(a, b event.Span) int { return cmp.Compare(a.Start, b.Start) })
	var left []event.Span
	for _, s := range list {
		for _, o := range out {
			if o.End <= s.Start || o.Start >= s.End {
				continue
			}
			if o.Start > s.Start {
				left = append(left, event.Span{Start: s.Start, End: o.Start})
			}
			s.Start = max(s.Start, o.End)
		}
		if s.Start < s.End {
			left = append(left, s)
		}
	}
	return left
}
