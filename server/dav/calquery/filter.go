package calquery

import (
	"math"

	"tandem"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// Filter is a CALDAV:filter. It is safe for concurrent use. RFC 4791 9.7
type Filter struct {
	env    Env
	root   *compFilter
	record *compFilter // the part about VEVENT, VTODO or VJOURNAL that must be there; nil: none, or several
}

func newFilter(root *compFilter, env Env) *Filter {
	f := &Filter{env: env, root: root}
	for _, c := range root.comps {
		if c.absent || c.name != "VEVENT" && c.name != "VTODO" && c.name != "VJOURNAL" {
			continue
		}
		if f.record != nil {
			f.record = nil
			break
		}
		f.record = c
	}
	return f
}

// Component is the sort of component without which nothing matches (VEVENT, VTODO or VJOURNAL), "" if any may.
func (f *Filter) Component() string {
	if f.record == nil {
		return ""
	}
	return f.record.name
}

// indexSlack is how far an index, which reads floating times and days in UTC, may be from what they are in another zone.
const indexSlack = ical.DaySeconds

// Window is a range of Unix seconds [from, to) for a look at an index of when records happen (tandem.Index, Start to End): what overlaps it may match,
// what does not, and has a time, cannot. ok is false where the filter says nothing of that sort. Records without a time are told of by Timeless.
func (f *Filter) Window() (from, to int64, ok bool) {
	if f.record == nil || f.record.when == nil {
		return 0, 0, false
	}
	from, to = f.record.when.from, f.record.when.to
	if from > math.MinInt64+indexSlack {
		from -= indexSlack
	}
	if to < math.MaxInt64-indexSlack {
		to += indexSlack
	}
	return from, to, true
}

// Timeless reports whether a record without any time in the index may match although there is a Window: a task without dates is always due, or has a date
// of completion alone. RFC 4791 9.9
func (f *Filter) Timeless() bool {
	return f.record == nil || f.record.when == nil || f.record.name == "VTODO"
}

// OnlyWindow reports whether the filter asks for nothing but one sort of component and the time when it happens. For such a filter Proven saves most of the
// work of Match.
func (f *Filter) OnlyWindow() bool {
	return f.record != nil && f.record.when != nil && len(f.root.comps) == 1 && len(f.root.props) == 0 && len(f.record.props) == 0 && len(f.record.comps) == 0
}

// Proven reports whether a record matches for certain by its index and sort of component alone: the filter is OnlyWindow, or does not ask for a time either,
// and the first instance starts within the window, far enough from its ends for any reading of floating times. False says nothing; Match tells.
func (f *Filter) Proven(component string, ix tandem.Index) bool {
	if len(f.root.props) > 0 {
		return false
	}
	if len(f.root.comps) == 0 {
		return !f.root.absent
	}
	r := f.record
	if r == nil || r.name != component || len(f.root.comps) > 1 || len(r.props)+len(r.comps) > 0 {
		return false
	}
	if r.when == nil {
		return true
	}
	from, to := r.when.from, r.when.to
	if from > math.MinInt64+indexSlack {
		from += indexSlack
	}
	if to < math.MaxInt64 {
		to -= indexSlack
	}
	return (ix.Start != 0 || ix.End != 0) && ix.Start >= from && ix.Start < to
}

// Match reports whether a calendar object matches. RFC 4791 9.7
func (f *Filter) Match(body []byte) (bool, error) {
	ob, err := open(body, f.env)
	if err != nil {
		return false, err
	}
	if f.root.absent {
		return false, nil
	}
	return ob.matches(f.root, ob.cal, nil), nil
}

// matches reports whether a component meets a filter of its name. around is the component that holds it, for alarms.
func (ob *object) matches(f *compFilter, c, around *contentline.Component) bool {
	for _, p := range f.props {
		if !ob.hasProperty(p, c) {
			return false
		}
	}
	for _, inner := range f.comps {
		if !ob.hasComponent(inner, c) {
			return false
		}
	}
	return f.when == nil || ob.happens(f.when, c, around)
}

// hasComponent reports whether a component holds one that meets a filter. RFC 4791 9.7.1
func (ob *object) hasComponent(f *compFilter, c *contentline.Component) bool {
	for child := range c.Children() {
		if child.Is(f.name) && (f.absent || ob.matches(f, child, c)) {
			return !f.absent
		}
	}
	return f.absent
}

// hasProperty reports whether a component has a property that meets a filter. RFC 4791 9.7.2
func (ob *object) hasProperty(f *propFilter, c *contentline.Component) bool {
	for l := range c.All(f.name) {
		if f.absent || ob.property(f, l) {
			return !f.absent
		}
	}
	return f.absent
}

func (ob *object) property(f *propFilter, l *contentline.Line) bool {
	if f.text != nil && !f.text.Match(ical.Text(l)) {
		return false
	}
	for _, p := range f.params {
		values := l.ParamValues(p.name)
		switch {
		case p.absent && len(values) > 0:
			return false
		case !p.absent && len(values) == 0:
			return false
		case p.text != nil && !p.text.Any(values...):
			return false
		}
	}
	return f.when == nil || ob.valueWithin(f.when, l)
}

// valueWithin reports whether a date or time of a property, or of a list of them, is within a range. A day is all its hours.
func (ob *object) valueWithin(s *span, l *contentline.Line) bool {
	list, _ := ical.Periods(l) // error: what cannot be read is at no time
	for _, p := range list {
		start := ob.instant(p.Start)
		end := start
		switch {
		case p.HasLength:
			end = max(start, start+p.Length.Days*ical.DaySeconds+p.Length.Seconds)
		case !p.End.IsZero():
			end = max(start, ob.instant(p.End))
		case p.Start.Form == ical.Date:
			day := p.Start
			day.Wall += ical.DaySeconds
			end = ob.instant(day)
		}
		if s.overlaps(start, end) {
			return true
		}
	}
	return false
}

// overlaps reports whether something from start to end happens within the range; what lasts no time does at its start.
func (s *span) overlaps(start, end int64) bool {
	if start >= end {
		return s.from <= start && start < s.to
	}
	return s.from < end && start < s.to
}
