package event

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"tandem"
	"tandem/kind/internal/calview"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// object is an opened body: the series and its overrides.
type object struct {
	doc       *contentline.Document
	cal       *contentline.Component
	main      *contentline.Component // the series; where only overrides are known, the first of them
	overrides []*override            // of a series, in the order of the body
	byKey     map[int64]*override    // the same
	except    map[int64]bool         // the keys that EXDATE takes away
	series    *recur.Series
	find      recur.Finder
	user      recur.Zone // what floating times and days are read in
	home      zoneName   // the same as it is written
}

// override is one instance that differs from its series.
type override struct {
	c      *contentline.Component
	id     ical.Time // RECURRENCE-ID
	key    int64
	future bool // it stands for all that follow too (RANGE=THISANDFUTURE, RFC 5545 3.2.13)
}

func invalid(op, thing, format string, args ...any) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: thing, Err: fmt.Errorf(format, args...)}
}

// open reads a body. user is the zone of its owner.
func open(zones *recur.Zones, body []byte, home zoneName) (*object, error) {
	doc, err := ical.Parse(body)
	if err != nil {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read event", Err: err}
	}
	ob := &object{doc: doc, home: home, user: home.zone}
	for c := range doc.Components() {
		if c.Is("VCALENDAR") {
			ob.cal = c
			break
		}
	}
	ob.find = zones.In(ob.cal)
	var events []*contentline.Component
	for c := range ob.cal.Children() {
		if c.Is("VEVENT") {
			events = append(events, c)
		}
	}
	if len(events) == 0 {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read event", Err: fmt.Errorf("no VEVENT")}
	}
	at := slices.IndexFunc(events, func(c *contentline.Component) bool { return c.Get("RECURRENCE-ID") == nil })
	ob.main = events[max(at, 0)]
	ob.read(events)
	return ob, nil
}

// read gathers the overrides and says when the series happens.
func (ob *object) read(events []*contentline.Component) {
	ob.overrides, ob.byKey, ob.except = nil, map[int64]*override{}, map[int64]bool{}
	parts := []*contentline.Component{ob.main}
	if ob.main.Get("RECURRENCE-ID") == nil {
		for _, c := range events {
			l := c.Get("RECURRENCE-ID")
			if l == nil {
				continue
			}
			id, err := ical.TimeOf(l)
			if err != nil {
				continue
			}
			if ob.add(c, id) {
				parts = append(parts, c)
			}
		}
	}
	ob.series = recur.Read(parts, ob.find)
	for _, t := range ob.series.Except {
		ob.except[ob.key(t)] = true
	}
}

// add takes up an override, unless there is one for its instance.
func (ob *object) add(c *contentline.Component, id ical.Time) bool {
	key := ob.key(id)
	if ob.byKey[key] != nil {
		return false
	}
	scope, _ := c.Get("RECURRENCE-ID").Param("RANGE")
	o := &override{c: c, id: id, key: key, future: strings.EqualFold(scope, "THISANDFUTURE")}
	ob.overrides, ob.byKey[key] = append(ob.overrides, o), o
	return true
}

// remove takes an override out of the body.
func (ob *object) remove(key int64) {
	if o := ob.byKey[key]; o != nil {
		ob.cal.Remove(contentline.Item{Child: o.c})
		delete(ob.byKey, key)
		ob.overrides = slices.DeleteFunc(ob.overrides, func(other *override) bool { return other == o })
	}
}

// reread takes the object's components anew after they were edited.
func (ob *object) reread() {
	var events []*contentline.Component
	for c := range ob.cal.Children() {
		if c.Is("VEVENT") {
			events = append(events, c)
		}
	}
	ob.read(events)
}

// days reports whether the series is one of days and not of times.
func (ob *object) days() bool { return startOf(ob.main).Form == ical.Date }

func startOf(c *contentline.Component) ical.Time { return timeOf(c, "DTSTART") }

func timeOf(c *contentline.Component, name string) ical.Time {
	if l := c.Get(name); l != nil {
		if t, err := ical.TimeOf(l); err == nil {
			return t
		}
	}
	return ical.Time{}
}

// zoneOf is the zone that a time means.
func (ob *object) zoneOf(t ical.Time) recur.Zone {
	switch t.Form {
	case ical.UTC:
		return recur.Fixed("UTC", 0)
	case ical.Zoned:
		if z := ob.find(t.TZID); z != nil {
			return z
		}
	}
	return ob.user
}

// instant is when a time is. A floating time beside a zoned start means the start's zone.
func (ob *object) instant(t ical.Time) int64 {
	if start := startOf(ob.main); t.Form == ical.Floating && start.Form == ical.Zoned {
		return ob.zoneOf(start).Instant(t.Wall)
	}
	return ob.zoneOf(t).Instant(t.Wall)
}

// key is what tells an instance of the series from the others: the day, or the instant.
func (ob *object) key(t ical.Time) int64 {
	start := startOf(ob.main)
	switch {
	case start.Form == ical.Date && t.Form != ical.UTC: // the day as it is written, in whatever zone
		return t.Day() * ical.DaySeconds
	case start.Form == ical.Date:
		at := ob.instant(t)
		return ical.FloorDiv(at+int64(ob.user.Offset(at)), ical.DaySeconds) * ical.DaySeconds
	case t.Form == ical.Date: // that day at the time of the series
		return ob.zoneOf(start).Instant(t.Wall + start.Wall - start.Day()*ical.DaySeconds)
	}
	return ob.instant(t)
}

// idOf writes a key in the form of the series' start.
func (ob *object) idOf(key int64) ical.Time {
	start := startOf(ob.main)
	switch start.Form {
	case ical.Date:
		return ical.Time{Wall: key, Form: ical.Date}
	case ical.UTC, ical.NoTime:
		return ical.Time{Wall: key, Form: ical.UTC}
	}
	z := ob.zoneOf(start)
	return ical.Time{Wall: key + int64(z.Offset(key)), Form: start.Form, TZID: start.TZID}
}

// override is the override with a key, nil if there is none.
func (ob *object) override(key int64) *override { return ob.byKey[key] }

// governing is the override that stands for all that follow it and so for an instance without one of its own; nil if none.
func (ob *object) governing(key int64) *override {
	var last *override
	for _, o := range ob.overrides {
		if o.future && o.key < key && (last == nil || o.key > last.key) {
			last = o
		}
	}
	return last
}

// governed is when an instance is that an override before it stands for: as much later or earlier on the wall as that is.
func (ob *object) governed(o *override, key int64) span {
	from, rule, sp := ob.at(o.key), ob.at(key), ob.span(o.c)
	if from.allDay || sp.allDay {
		length := sp.end - sp.start
		if from.allDay == sp.allDay {
			sp.start += key - o.key
			sp.end = sp.start + length
		}
		return sp
	}
	wall := func(at int64) int64 { return at + int64(rule.zone.Offset(at)) }
	length := sp.end - sp.start
	sp.start = rule.zone.Instant(wall(key) + wall(sp.start) - wall(o.key))
	sp.end = sp.start + length
	return sp
}

// instances lists the instances of the series whose keys lie in [from, to), those that overrides moved included.
func (ob *object) instances(from, to int64, limit int) (keys []int64, complete bool) {
	s := *ob.series
	s.Overrides = nil // an instance counts where the rules put it
	win := recur.Window{From: from, To: to, Max: limit, Floating: ob.user}
	if ob.days() {
		win.Floating = recur.Fixed("UTC", 0)
	}
	s.Length = recur.Length{}
	list, complete := s.Expand(ob.find, win)
	for _, in := range list {
		if in.ID >= from && in.ID < to {
			keys = append(keys, in.ID)
		}
	}
	return keys, complete
}

// happens reports whether the rules have an instance with this key.
func (ob *object) happens(key int64) bool {
	keys, _ := ob.instances(key, key+1, 4)
	return slices.Contains(keys, key)
}

// repeats reports that the series has or may have several instances.
func (ob *object) repeats() bool {
	return len(ob.series.Rules)+len(ob.series.Dates) > 0 || ob.series.Vague
}

// span is when a component happens.
type span struct {
	allDay     bool
	start, end int64 // instants; of days, the wall times of their midnights
	zone       recur.Zone
	form       ical.Time // the start as it is written
}

// span reads when a component happens. One that does not say happens, for a moment, when it was written.
func (ob *object) span(c *contentline.Component) span {
	start := startOf(c)
	length := ob.length(c)
	if start.IsZero() {
		start = timeOf(c, "RECURRENCE-ID")
		if c != ob.main && c.Get("DTEND") == nil && c.Get("DURATION") == nil {
			length = ob.length(ob.main)
		}
	}
	for _, name := range []string{"DTSTAMP", "CREATED", "LAST-MODIFIED"} {
		if start.IsZero() {
			start = timeOf(c, name)
		}
	}
	if start.IsZero() {
		start.Form = ical.UTC
	}
	s := span{form: start, zone: ob.zoneOf(start), allDay: start.Form == ical.Date}
	if s.allDay {
		s.start = start.Wall
		s.end = start.Wall + max(1, length.Days+(length.Seconds+ical.DaySeconds-1)/ical.DaySeconds)*ical.DaySeconds
		return s
	}
	if main := startOf(ob.main); start.Form == ical.Floating && main.Form == ical.Zoned {
		s.zone = ob.zoneOf(main)
	}
	s.start = s.zone.Instant(start.Wall)
	s.end = s.start
	if length.Days != 0 {
		s.end = s.zone.Instant(start.Wall + length.Days*ical.DaySeconds)
	}
	s.end = max(s.start, s.end+length.Seconds)
	return s
}

// length is how long a component lasts (RFC 5545 3.6.1).
func (ob *object) length(c *contentline.Component) recur.Length {
	start, stop := startOf(c), timeOf(c, "DTEND")
	if l := c.Get("DURATION"); l != nil && stop.IsZero() && !start.IsZero() {
		if d, err := ical.ParseDuration(l.Value()); err == nil {
			return recur.Length{Days: max(0, d.Days), Seconds: max(0, d.Seconds)}
		}
	}
	switch {
	case start.IsZero():
	case stop.IsZero() && start.Form == ical.Date:
		return recur.Length{Days: 1}
	case stop.IsZero():
	case start.Form == ical.Date || stop.Form == ical.Date:
		return recur.Length{Days: max(0, stop.Day()-start.Day())}
	default:
		z := ob.zoneOf(start)
		end := z.Instant(stop.Wall)
		if stop.Form != ical.Floating {
			end = ob.zoneOf(stop).Instant(stop.Wall)
		}
		return recur.Length{Seconds: max(0, end-z.Instant(start.Wall))}
	}
	return recur.Length{}
}

// at is the span of an instance that is as the series says.
func (ob *object) at(key int64) span {
	s := ob.span(ob.main)
	length := s.end - s.start
	s.start = key
	s.end = key + length
	s.form = ob.idOf(key)
	if end, ok := ob.period(key); ok {
		s.end = end
		return s
	}
	if l := ob.length(ob.main); !s.allDay && l.Days != 0 {
		wall := key + int64(s.zone.Offset(key))
		s.end = s.zone.Instant(wall+l.Days*ical.DaySeconds) + l.Seconds
	}
	return s
}

// period is the end of an instance that RDATE gives one of its own.
func (ob *object) period(key int64) (end int64, ok bool) {
	for _, p := range ob.series.Dates {
		if !p.HasLength && p.End.IsZero() || p.Start.Form == ical.Date || ob.days() || ob.key(p.Start) != key {
			continue
		}
		if p.HasLength {
			z := ob.zoneOf(startOf(ob.main))
			return z.Instant(key+int64(z.Offset(key))+p.Length.Days*ical.DaySeconds) + p.Length.Seconds, true
		}
		return ob.instant(p.End), true
	}
	return 0, false
}

// text is the decoded value of a text property, "" without one.
func text(c *contentline.Component, name string) string {
	if l := c.Get(name); l != nil {
		return ical.Text(l)
	}
	return ""
}

// put sets a property, or removes it where the value is "".
func put(c *contentline.Component, name, value string) {
	if value == "" {
		c.RemoveAll(name)
		return
	}
	calview.Set(c, name, value)
}

const everBefore, everAfter = math.MinInt64 / 4, math.MaxInt64 / 4
