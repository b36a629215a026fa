package calendar

import (
	"slices"

	"tandem/kind"
	"tandem/kind/propmerge"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// A series that one side moves and the other makes exceptions to merges field by field into something nobody wants: the
// exceptions name instants at which nothing happens any more, and what was cancelled is back. plan remembers what a
// side said before the merge, so that this can be seen and left to a person.
type plan struct {
	times string // the time unit of the series
	start string // the same for people
	bare  *recur.Series
	find  recur.Finder
	fresh []int64 // instants of exceptions and overrides that the side added or changed
}

// plan reads what a side says, as far as it differs from the base.
func (m *merger) plan(r *record) plan {
	p := plan{find: r.find}
	c := r.parts[""]
	if c == nil {
		return p
	}
	p.bare, p.times, p.start = bare(r)
	old := map[string]bool{}
	if m.base != nil {
		if was := m.base.parts[""]; was != nil {
			for l := range was.All("EXDATE") {
				for part := range contentline.SplitText(l.Value(), ',') {
					tzid, _ := l.Param("TZID")
					old[listedTime(part, tzid)] = true
				}
			}
		}
	}
	for l := range c.All("EXDATE") {
		tzid, _ := l.Param("TZID")
		for part := range contentline.SplitText(l.Value(), ',') {
			if t, err := ical.ParseTime(part, tzid); err == nil && !old[listedTime(part, tzid)] {
				p.fresh = append(p.fresh, p.instant(t))
			}
		}
	}
	for _, key := range r.keys {
		known := m.base != nil && m.base.parts[key] != nil && sameElems(m.base, r, key)
		if l := r.parts[key].Get("RECURRENCE-ID"); l != nil && !known {
			if t, err := ical.TimeOf(l); err == nil {
				p.fresh = append(p.fresh, p.instant(t))
			}
		}
	}
	return p
}

// bare is the series without what excepts from it, and its time unit.
func bare(r *record) (s *recur.Series, times, text string) {
	c := r.parts[""]
	s = recur.Read([]*contentline.Component{c}, r.find)
	s.Except, s.ExRules, s.Length = nil, nil, recur.Length{}
	elems := r.elems("", true)
	if i := slices.IndexFunc(elems, func(e propmerge.Elem) bool { return e.Field == fieldTime }); i >= 0 {
		times, text = elems[i].Value, elems[i].Text
	}
	return s, times, text
}

// instant is when an exception is, read as the series is.
func (p *plan) instant(t ical.Time) int64 {
	one := &recur.Series{Start: p.bare.Start, Overrides: []recur.Override{{ID: t}}}
	list, _ := one.Expand(p.find, recur.Window{From: -1 << 60, To: 1 << 60, Max: 2})
	for _, in := range list {
		if in.Override == 0 {
			return in.ID
		}
	}
	return 0
}

// happens reports whether a series has an instance at an instant.
func happens(s *recur.Series, find recur.Finder, at int64) bool {
	list, _ := s.Expand(find, recur.Window{From: at, To: at + 1, Max: 2})
	return slices.ContainsFunc(list, func(in recur.Instance) bool { return in.Start == at })
}

const (
	maxFresh = 20 // exceptions looked at, and rules that are followed for each:
	maxRules = 2  // this bounds the work that hostile records can make
)

// orphans compares the plans of both sides with the merge.
func (m *merger) orphans(a, b plan) {
	if m.a.parts[""] == nil || a.bare == nil || b.bare == nil || len(a.bare.Rules) > maxRules || len(b.bare.Rules) > maxRules ||
		slices.ContainsFunc(m.clashes, func(c kind.Clash) bool { return c.Field == "start" }) {
		return
	}
	now, times, _ := bare(m.a)
	for _, p := range []plan{a, b} {
		if p.times == times {
			continue
		}
		for _, at := range p.fresh[:min(len(p.fresh), maxFresh)] {
			if happens(p.bare, p.find, at) && !happens(now, m.a.find, at) {
				was := ""
				if m.base != nil && m.base.parts[""] != nil {
					_, _, was = bare(m.base)
				}
				m.clashes = append(m.clashes, kind.Clash{Field: "start", Base: was, A: a.start, B: b.start})
				return
			}
		}
	}
}
