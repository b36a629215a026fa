package calquery

import (
	"math"
	"strings"

	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// happens reports whether a component, or an instance that it is shown at, overlaps a range of time. RFC 4791 9.9
func (ob *object) happens(s *span, c, around *contentline.Component) bool {
	switch {
	case c.Is("VALARM"):
		return ob.rings(s, c, around)
	case c.Is("VFREEBUSY"):
		return ob.freeBusyWithin(s, c)
	}
	in := ob.of(c)
	if in == nil {
		return false
	}
	test := ob.overlap(s, c)
	if test == nil {
		return ob.undated(s, c)
	}
	// A second and a day more on either side: tasks count what only touches the range, journals of a day last it.
	win := recur.Window{From: back(s.from, ical.DaySeconds), To: ahead(s.to, ical.DaySeconds), Floating: ob.env.Floating, Max: ob.env.MaxInstances}
	return ob.anyInstance(in, c, win, test)
}

func back(at, by int64) int64 {
	if at < math.MinInt64+by {
		return at
	}
	return at - by
}

func ahead(at, by int64) int64 {
	if at > math.MaxInt64-by {
		return at
	}
	return at + by
}

// anyInstance looks for an instance of a component that passes a test. Where there are more instances than can be looked at, it takes for granted that one of
// the rest does: a client can bear what it did not ask for better than what is missing.
func (ob *object) anyInstance(s *series, c *contentline.Component, win recur.Window, test func(start, end int64) bool) bool {
	when := ob.times(s)
	if c == s.main && len(s.overrides) == 0 && len(when.Rules)+len(when.Dates) > 0 {
		few := win // mostly one of the first is it
		few.Max = 8
		list, complete := when.Expand(ob.find, few)
		for _, in := range list {
			if test(in.Start, in.End) {
				return true
			}
		}
		if complete {
			return false
		}
	}
	list, complete := when.Expand(ob.find, win)
	for _, in := range list {
		if s.component(in) == c && test(in.Start, in.End) {
			return true
		}
	}
	return !complete
}

// overlap is the test of an instance's times for one sort of component, nil where it has no times of its own. RFC 4791 9.9
func (ob *object) overlap(s *span, c *contentline.Component) func(start, end int64) bool {
	_, form, hasStart := ob.at(c, "DTSTART")
	_, _, hasDue := ob.at(c, "DUE")
	hasDuration := c.Get("DURATION") != nil
	switch {
	case c.Is("VEVENT"):
		return s.overlaps
	case c.Is("VJOURNAL") && hasStart && form == ical.Date:
		return func(start, _ int64) bool { return s.from < start+ical.DaySeconds && start < s.to }
	case c.Is("VJOURNAL") && hasStart:
		return func(start, _ int64) bool { return s.from <= start && start < s.to }
	case c.Is("VTODO") && hasStart && hasDue:
		return func(start, due int64) bool { return (s.from < due || s.from <= start) && (s.to > start || s.to >= due) }
	case c.Is("VTODO") && hasStart && hasDuration:
		return func(start, end int64) bool { return s.from <= end && (s.to > start || s.to >= end) }
	case c.Is("VTODO") && hasStart:
		return func(start, _ int64) bool { return s.from <= start && s.to > start }
	case c.Is("VTODO") && hasDue:
		return func(_, due int64) bool { return s.from < due && s.to >= due }
	case c.Get("RECURRENCE-ID") != nil: // it happens when the series would
		return s.overlaps
	}
	return nil
}

// undated is the test of tasks that neither start nor are due. RFC 4791 9.9, the last four rows of its table
func (ob *object) undated(s *span, c *contentline.Component) bool {
	if !c.Is("VTODO") {
		return false
	}
	completed, _, hasCompleted := ob.at(c, "COMPLETED")
	created, _, hasCreated := ob.at(c, "CREATED")
	switch {
	case hasCompleted && hasCreated:
		return (s.from <= created || s.from <= completed) && (s.to >= created || s.to >= completed)
	case hasCompleted:
		return s.from <= completed && s.to >= completed
	case hasCreated:
		return s.to > created
	}
	return true
}

// freeBusyWithin is the test of VFREEBUSY. RFC 4791 9.9
func (ob *object) freeBusyWithin(s *span, c *contentline.Component) bool {
	start, _, ok1 := ob.at(c, "DTSTART")
	end, _, ok2 := ob.at(c, "DTEND")
	if ok1 && ok2 {
		return s.from <= end && s.to > start
	}
	for l := range c.All("FREEBUSY") {
		if ob.valueWithin(s, l) {
			return true
		}
	}
	return false
}

const maxRepeat = 1000 // further rings of an alarm that are looked at

// rings reports whether an alarm, at an instance of the component around it, rings within a range of time. RFC 4791 9.9, RFC 5545 3.6.6
func (ob *object) rings(s *span, alarm, around *contentline.Component) bool {
	trigger := alarm.Get("TRIGGER")
	if trigger == nil || around == nil {
		return false
	}
	repeat, every := ob.repeats(alarm)
	ring := func(at int64) bool {
		if every <= 0 {
			return s.from <= at && at < s.to
		}
		// the first ring that is not before the range
		n := int64(0)
		if at < s.from {
			n = (s.from - at + every - 1) / every
		}
		return n <= repeat && at+n*every < s.to
	}
	offset, err := ical.ParseDuration(strings.TrimSpace(trigger.Value()))
	if err != nil {
		t, err := ical.TimeOf(trigger)
		return err == nil && ring(ob.instant(t))
	}
	in := ob.of(around)
	if in == nil {
		return false
	}
	rel, _ := trigger.Param("RELATED")
	atEnd := strings.EqualFold(rel, "END")
	by := offset.Days*ical.DaySeconds + offset.Seconds
	slack := magnitude(by) + repeat*every + 2*ical.DaySeconds
	win := recur.Window{From: back(s.from, slack), To: ahead(s.to, slack), Floating: ob.env.Floating, Max: ob.env.MaxInstances}
	return ob.anyInstance(in, around, win, func(start, end int64) bool {
		if atEnd {
			return ring(end + by)
		}
		return ring(start + by)
	})
}

// repeats is how often an alarm rings again, and after how many seconds each time.
func (ob *object) repeats(alarm *contentline.Component) (repeat, every int64) {
	r, d := alarm.Get("REPEAT"), alarm.Get("DURATION")
	if r == nil || d == nil {
		return 0, 0
	}
	pause, err := ical.ParseDuration(d.Value())
	every = pause.Days*ical.DaySeconds + pause.Seconds
	if err != nil || every <= 0 || every > 366*ical.DaySeconds {
		return 0, 0
	}
	for _, digit := range strings.TrimSpace(r.Value()) {
		if digit < '0' || digit > '9' {
			return 0, 0
		}
		repeat = min(maxRepeat, repeat*10+int64(digit-'0'))
	}
	return repeat, every
}

func magnitude(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}
