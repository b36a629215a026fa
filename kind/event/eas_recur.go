package event

import (
	"slices"

	"tandem/kind/eas"
	"tandem/kind/eas/recurrence"
	"tandem/kind/internal/calview"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

// recurrence writes the Recurrence element. MS-ASCAL 2.2.2.37
func (w *writer) recurrence(all *wbxml.Element, was shown) error {
	e := all.Child(wbxml.CalendarRecurrence)
	main := w.ob.main
	if e == nil {
		managed := w.o.Managed != nil && w.o.Managed(wbxml.CalendarRecurrence) && w.full(all)
		if w.fresh || !managed || was.pattern == nil {
			return nil
		}
	}
	if main.Get("RECURRENCE-ID") != nil {
		w.note("Recurrence: the record is one instance of a series that is not here")
		return nil
	}
	n := 0
	for range e.All(wbxml.CalendarCalendarType) {
		if n++; n > 1 { // MS-ASCAL_R53912
			return invalid("read event", "Recurrence", "more than one CalendarType")
		}
	}
	sent, err := recurrence.CalendarTags().Read(w.withType(e, was))
	if err != nil {
		return err
	}
	if sent != nil {
		sent.Until = w.meantUntil(sent.Until)
	}
	switch {
	case sent == nil && !w.ob.repeats():
		return nil
	case sent == nil: // MS-ASCAL_R2180002, field note 27
		w.forget()
		for _, name := range []string{"RRULE", "EXRULE", "RDATE"} {
			main.RemoveAll(name)
		}
		w.dirty, w.moved = true, true
		return nil
	case w.wasShown(*sent, was):
		return nil
	}
	if was.pattern != nil && sent.Until.IsZero() && sent.Occurrences == 0 && !was.pattern.Until.IsZero() && was.pattern.Shown(w.o.Options).Until.IsZero() {
		sent.Until = was.pattern.Until // the client does not know of the end (field note 12)
	}
	return w.setRule(*sent, was)
}

// meantUntil is the end that a client means for a series of times. Some write the last day and no time of day; then an
// instance on that day counts (Android). Where the pattern has an instance at just this time it is meant as it stands.
func (w *writer) meantUntil(t ical.Time) ical.Time {
	start := startOf(w.ob.main)
	if t.IsZero() || start.IsZero() || start.Form == ical.Date || t.Wall%ical.DaySeconds != 0 {
		return t
	}
	z := w.ob.zoneOf(start)
	clock := start.Wall - start.Day()*ical.DaySeconds
	if wall := t.Wall + int64(z.Offset(t.Wall)); wall-ical.FloorDiv(wall, ical.DaySeconds)*ical.DaySeconds == clock {
		return t
	}
	t.Wall = z.Instant(t.Wall + clock)
	return t
}

// withType completes a pattern that says only what is new in it: from 16.0 on Type is optional (MS-ASCAL_R374001, R448001).
func (w *writer) withType(e *wbxml.Element, was shown) *wbxml.Element {
	if e == nil || len(e.Children) == 0 || e.Has(wbxml.CalendarType) || w.o.Version < eas.V160 || was.pattern == nil {
		return e
	}
	ends := e.Has(wbxml.CalendarUntil) || e.Has(wbxml.CalendarOccurrences)
	out := wbxml.New(e.Tag, e.Children...)
	for _, c := range was.element(w.o.Options).Children {
		if end := c.Tag == wbxml.CalendarUntil || c.Tag == wbxml.CalendarOccurrences; !e.Has(c.Tag) && !(end && ends) {
			out.Add(c)
		}
	}
	return out
}

// wasShown reports whether the client sent a pattern that it was shown: that of now, or the one nearest to the rule, of
// which it depends on the time which one is shown.
func (w *writer) wasShown(sent recurrence.Recurrence, was shown) bool {
	if was.pattern == nil {
		return false
	}
	same := func(r *recurrence.Recurrence) bool {
		return r != nil && (r.Same(sent) || r.Shown(w.o.Options).Same(sent))
	}
	if same(was.pattern) {
		return true
	}
	// An end in a year that the protocol cannot say is not in what was shown.
	said, err := recurrence.CalendarTags().Read(was.element(w.o.Options))
	return same(was.near) || same(was.wide) || err == nil && said != nil && said.Same(sent)
}

// setRule makes the pattern the rule of the series.
func (w *writer) setRule(sent recurrence.Recurrence, was shown) error {
	main := w.ob.main
	start := startOf(main)
	if sent.FirstDayOfWeek < 0 && len(w.ob.series.Rules) > 0 {
		sent.FirstDayOfWeek = w.ob.series.Rules[0].WeekDay1
	}
	sent.Until = w.untilAs(sent.Until, start)
	rule, err := sent.Rule(start)
	if err != nil {
		return err
	}
	if was.pattern != nil && w.o.Version >= eas.V160 { // MS-ASCAL_R2180, R2114
		w.forget()
	}
	for _, name := range []string{"EXRULE", "RDATE"} {
		main.RemoveAll(name)
	}
	first := main.Get("RRULE")
	main.Items = slices.DeleteFunc(main.Items, func(it contentline.Item) bool { return it.Line != nil && it.Line != first && it.Line.Is("RRULE") })
	calview.Set(main, "RRULE", rule.String())
	w.dirty, w.moved = true, true
	return nil
}

// untilAs writes an end as RFC 5545 3.3.10 asks for: a day for a series of days, in UTC for one with a zone.
func (w *writer) untilAs(t, start ical.Time) ical.Time {
	switch {
	case t.IsZero():
		return t
	case start.Form == ical.Date:
		return ical.Time{Wall: w.day(t.Wall, w.sent), Form: ical.Date}
	case start.Form == ical.Floating:
		return ical.Time{Wall: t.Wall + int64(w.ob.user.Offset(t.Wall)), Form: ical.Floating}
	}
	return ical.Time{Wall: t.Wall, Form: ical.UTC}
}

// untilFollows brings the end of the rules into the form that a start asks for which was of another.
func (w *writer) untilFollows(c *contentline.Component, old ical.Time) error {
	start := startOf(c)
	if start.Form == old.Form {
		return nil
	}
	for l := range c.All("RRULE") {
		r, err := recur.ParseRule(l.Value())
		if err != nil || r.Until.IsZero() {
			continue
		}
		at := r.Until.Wall
		switch {
		case r.Until.Form == ical.Date && start.Form != ical.Date:
			at = w.ob.zoneOf(start).Instant(r.Until.Wall + start.Wall - start.Day()*ical.DaySeconds)
		case r.Until.Form == ical.Date:
			continue
		case start.Form == ical.Date:
			r.Until = ical.Time{Wall: ical.FloorDiv(at, ical.DaySeconds) * ical.DaySeconds, Form: ical.Date}
			l.SetValue(r.String())
			continue
		case r.Until.Form == ical.Floating:
			at = w.ob.zoneOf(old).Instant(at)
		}
		r.Until = w.untilAs(ical.Time{Wall: at, Form: ical.UTC}, start)
		l.SetValue(r.String())
	}
	return nil
}
