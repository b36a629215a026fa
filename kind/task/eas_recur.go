package task

import (
	"tandem/kind/eas"
	"tandem/kind/eas/recurrence"
	"tandem/kind/internal/calview"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

var taskTags = recurrence.TaskTags()

// rule is the task's rule: of a task that recurs, or of an instance that was done.
func (s *sheet) rule() (r recur.Rule, dead, ok bool) {
	name := "RRULE"
	if s.c.Get(name) == nil {
		name, dead = deadRuleProp, true
	}
	l := s.c.Get(name)
	if l == nil {
		return r, dead, false
	}
	r, err := recur.ParseRule(l.Value())
	if err != nil {
		r, err = recur.ParseOldRule(l.Value())
	}
	return r, dead, err == nil
}

// anchor is the date from which the task recurs; in wall time as its rule has it.
func (s *sheet) anchor() (t, wall ical.Time) {
	if t = s.start(); t.IsZero() {
		t = s.due()
	}
	wall = t
	if t.Form == ical.UTC {
		wall = ical.Time{Wall: s.local(t), Form: ical.Floating}
	}
	return t, wall
}

// recurrence is the task's pattern as it is shown. A task that recurs from no date shows none.
func (s *sheet) recurrence() (recurrence.Recurrence, bool) {
	rule, dead, ok := s.rule()
	at, wall := s.anchor()
	if !ok || at.IsZero() {
		return recurrence.Recurrence{}, false
	}
	r, _ := recurrence.FromRule(rule, wall, taskTags.Limit)
	if !r.Until.IsZero() { // the day of the last instance
		until := r.Until.Wall
		if r.Until.Form == ical.UTC {
			until += int64(s.zoneOf(at).Offset(until))
		}
		r.Until = ical.Time{Wall: ical.FloorDiv(until, ical.DaySeconds) * ical.DaySeconds, Form: ical.Date}
		if eas.FormatWall(r.Until.Wall) == "" {
			r.Until = ical.Time{}
		}
	}
	r.DeadOccur = dead
	r.Regenerate = calview.Word(s.c, regenerateProp) == "1"
	r.Start = ical.Time{Wall: s.local(at), Form: ical.UTC}
	if s.o.Version < eas.V160 { // field note 58
		r.Start.Wall = s.instant(at)
	}
	if eas.FormatWall(r.Start.Wall) == "" {
		return r, false
	}
	return r, true
}

// zoneOf is the zone in which a time is written.
func (s *sheet) zoneOf(t ical.Time) recur.Zone {
	if t.Form == ical.Zoned {
		if z := s.find(t.TZID); z != nil {
			return z
		}
	}
	return s.user
}

func (s *sheet) putRecurrence(in []*wbxml.Element) error {
	e := calview.Find(in, wbxml.TasksRecurrence)
	if e == nil && (s.managed == nil || !s.managed(wbxml.TasksRecurrence)) {
		return nil
	}
	r, err := taskTags.Read(e)
	if err != nil {
		return err
	}
	shown, has := s.recurrence()
	if r == nil {
		if has {
			s.recurNoMore()
		}
		return nil
	}
	if r.Start.IsZero() {
		return invalid("Recurrence", "no Start") // MS-ASTASK_R37011
	}
	if !r.Until.IsZero() {
		r.Until = s.lastDay(r.Until.Wall)
	}
	if has && shown.Shown(s.o).Same(*r) && shown.DeadOccur == r.DeadOccur && shown.Regenerate == r.Regenerate {
		return nil
	}
	return s.recur(*r)
}

// lastDay is the day that the end of a pattern means. Some clients send the user's midnight as an instant.
func (s *sheet) lastDay(wall int64) ical.Time {
	if local := s.clock(wall); wall%ical.DaySeconds != 0 && local%ical.DaySeconds == 0 {
		wall = local
	}
	return ical.Time{Wall: ical.FloorDiv(wall, ical.DaySeconds) * ical.DaySeconds, Form: ical.Date}
}

// recurNoMore takes away all that makes a task recur.
func (s *sheet) recurNoMore() {
	for _, name := range []string{"RRULE", "EXRULE", "RDATE", "EXDATE", deadRuleProp, regenerateProp} {
		s.c.RemoveAll(name)
	}
}

// recur writes the rule of a pattern.
func (s *sheet) recur(r recurrence.Recurrence) error {
	at, wall := s.anchor()
	if at.IsZero() {
		s.startAt(r.Start)
		at, wall = s.anchor()
	}
	rule, err := r.Rule(wall)
	if err != nil {
		return err
	}
	shown, has := s.recurrence()
	if has && shown.Shown(s.o).Same(r) { // only Regenerate or DeadOccur is new: the rule may say more than the pattern
		rule, _, _ = s.rule()
	}
	name := "RRULE"
	s.c.RemoveAll(deadRuleProp)
	if s.c.RemoveAll(regenerateProp); r.Regenerate {
		calview.Set(s.c, regenerateProp, "1")
	}
	if r.DeadOccur {
		name = deadRuleProp
		s.c.RemoveAll("RRULE")
	}
	for i, l := range all(s.c, name) {
		if i > 0 {
			s.c.Remove(contentline.Item{Line: l})
		}
	}
	calview.Set(s.c, name, rule.String())
	if at.Form == ical.UTC {
		s.floatDates()
	}
	s.fitUntil()
	return nil
}

func all(c *contentline.Component, name string) []*contentline.Line {
	var out []*contentline.Line
	for l := range c.All(name) {
		out = append(out, l)
	}
	return out
}

// startAt gives a task without dates the start of its recurrence.
func (s *sheet) startAt(t ical.Time) {
	wall := t.Wall
	if s.o.Version < eas.V160 {
		wall = s.clock(t.Wall)
	}
	form := ical.Floating
	if wall%ical.DaySeconds == 0 {
		form = ical.Date
	}
	calview.SetTime(s.c, "DTSTART", ical.Time{Wall: wall, Form: form})
}

// floatDates writes dates in UTC as the user's clocks show them, so that a rule means the user's days.
func (s *sheet) floatDates() {
	for _, name := range []string{"DTSTART", "DUE"} {
		if t := timeOf(s.c, name); t.Form == ical.UTC {
			calview.SetTime(s.c, name, ical.Time{Wall: s.local(t), Form: ical.Floating})
		}
	}
}

// fitUntil makes the end of the rule of the same sort as the date from which it counts (RFC 5545 3.3.10), on the same day and not before the
// time of day of the instances.
func (s *sheet) fitUntil() {
	rule, dead, ok := s.rule()
	at, _ := s.anchor()
	if !ok || rule.Until.IsZero() || at.IsZero() {
		return
	}
	want, until := rule.Until, rule.Until.Wall
	if rule.Until.Form == ical.UTC && at.Form != ical.UTC {
		until += int64(s.zoneOf(at).Offset(until))
	}
	day := ical.FloorDiv(until, ical.DaySeconds) * ical.DaySeconds
	clock := max(until-day, at.Wall-at.Day()*ical.DaySeconds)
	switch at.Form {
	case ical.Date:
		want = ical.Time{Wall: day, Form: ical.Date}
	case ical.Floating:
		want = ical.Time{Wall: day + clock, Form: ical.Floating}
	case ical.Zoned:
		want = ical.Time{Wall: s.zoneOf(at).Instant(day + clock), Form: ical.UTC}
	case ical.UTC:
		want = ical.Time{Wall: day + clock, Form: ical.UTC}
	}
	if want == rule.Until {
		return
	}
	rule.Until = want
	name := "RRULE"
	if dead {
		name = deadRuleProp
	}
	calview.Set(s.c, name, rule.String())
}
