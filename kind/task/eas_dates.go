package task

import (
	"strings"

	"tandem/kind/eas"
	"tandem/kind/internal/calview"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

// A date of a task goes over the wire twice: as the user's clocks show it, and as an instant (MS-ASTASK 2.2.2.12, 2.2.2.31). At midnight
// of the user's clocks it means a day, and is kept as one.

// instant is when a time is; days and floating times are the user's.
func (s *sheet) instant(t ical.Time) int64 {
	switch t.Form {
	case ical.UTC:
		return t.Wall
	case ical.Zoned:
		if z := s.find(t.TZID); z != nil {
			return z.Instant(t.Wall)
		}
	}
	return s.user.Instant(t.Wall)
}

// local is what the user's clocks show at a time.
func (s *sheet) local(t ical.Time) int64 {
	if t.Form == ical.UTC || t.Form == ical.Zoned && s.find(t.TZID) != nil {
		return s.clock(s.instant(t))
	}
	return t.Wall
}

// clock is what the user's clocks show at an instant.
func (s *sheet) clock(at int64) int64 { return at + int64(s.user.Offset(at)) }

func timeOf(c *contentline.Component, name string) ical.Time {
	if l := c.Get(name); l != nil {
		if t, err := ical.TimeOf(l); err == nil && calview.ShowTime(t.Wall) != "" {
			return t
		}
	}
	return ical.Time{}
}

func (s *sheet) start() ical.Time { return timeOf(s.c, "DTSTART") }

// due is when the task is due: DUE, or the start and its duration (RFC 5545 3.6.2).
func (s *sheet) due() ical.Time {
	due, start := timeOf(s.c, "DUE"), s.start()
	l := s.c.Get("DURATION")
	if !due.IsZero() || start.IsZero() || l == nil {
		return due
	}
	d, err := ical.ParseDuration(l.Value())
	if err != nil {
		return due
	}
	start.Wall += d.Days*ical.DaySeconds + d.Seconds
	if calview.ShowTime(start.Wall) == "" {
		return due
	}
	return start
}

// dateElements are the two elements of a date.
type dateElements struct{ utc, local wbxml.Tag }

var (
	startElements = dateElements{wbxml.TasksUtcStartDate, wbxml.TasksStartDate}
	dueElements   = dateElements{wbxml.TasksUtcDueDate, wbxml.TasksDueDate}
)

func (s *sheet) showDates() []*wbxml.Element {
	var out []*wbxml.Element
	for _, d := range []struct {
		elements dateElements
		t        ical.Time
	}{{startElements, s.start()}, {dueElements, s.due()}} {
		if d.t.IsZero() {
			continue
		}
		utc, local := calview.ShowTime(s.instant(d.t)), eas.FormatWall(s.local(d.t))
		if utc != "" && local != "" {
			out = append(out, wbxml.Text(d.elements.utc, utc), wbxml.Text(d.elements.local, local))
		}
	}
	return out
}

// putDates writes both dates, which must both be days or both be times (RFC 5545 3.8.2.3).
func (s *sheet) putDates(in []*wbxml.Element) error {
	oldStart, oldDue := s.start(), s.due()
	start, startChanged, err := s.wantDate(in, startElements, oldStart)
	if err != nil {
		return err
	}
	due, dueChanged, err := s.wantDate(in, dueElements, oldDue)
	if err != nil || !startChanged && !dueChanged {
		return err
	}
	switch {
	case start.IsZero() || due.IsZero():
	case start.Form == ical.Date && due.Form != ical.Date:
		start, startChanged = s.timed(start, due), true
	case due.Form == ical.Date && start.Form != ical.Date:
		due, dueChanged = s.timed(due, start), true
	}
	if s.c.Get("DURATION") != nil && s.c.Get("DUE") == nil {
		s.c.RemoveAll("DURATION") // the end stays where it is when the start moves
		dueChanged = true
	}
	if startChanged {
		setDate(s.c, "DTSTART", start)
	}
	if dueChanged {
		setDate(s.c, "DUE", due)
	}
	s.fitUntil()
	return nil
}

func setDate(c *contentline.Component, name string, t ical.Time) {
	if t.IsZero() {
		c.RemoveAll(name)
		return
	}
	calview.SetTime(c, name, t)
}

// timed is a day as a time at the user's midnight, of the sort that another one is.
func (s *sheet) timed(day, like ical.Time) ical.Time {
	return s.compose(like, day.Wall, s.user.Instant(day.Wall))
}

// compose makes a time of the sort that another one is: in its zone, floating, or UTC. Times of a task that recurs float rather than be UTC,
// so that their rule means the user's days.
func (s *sheet) compose(like ical.Time, wall, at int64) ical.Time {
	switch like.Form {
	case ical.Zoned:
		if z := s.find(like.TZID); z != nil {
			return ical.Time{Wall: at + int64(z.Offset(at)), Form: ical.Zoned, TZID: like.TZID}
		}
	case ical.Floating:
		return ical.Time{Wall: wall, Form: ical.Floating}
	}
	if s.c.Get("RRULE") != nil {
		return ical.Time{Wall: wall, Form: ical.Floating}
	}
	return ical.Time{Wall: at, Form: ical.UTC}
}

// wantDate reads what a client wants a date to be. Of two elements that differ from what was shown, the local one tells the day, the other
// the instant; one that is as it was shown is stale where the other is not.
func (s *sheet) wantDate(in []*wbxml.Element, d dateElements, old ical.Time) (t ical.Time, changed bool, err error) {
	localText, hasLocal := s.sent(in, d.local)
	utcText, hasUTC := s.sent(in, d.utc)
	if !hasLocal && !hasUTC {
		return old, false, nil
	}
	if localText == "" && utcText == "" {
		return ical.Time{}, !old.IsZero(), nil
	}
	wall, newWall, err := s.wantTime(localText, !old.IsZero(), s.local(old))
	if err != nil {
		return old, false, err
	}
	at, newAt, err := s.wantTime(utcText, !old.IsZero(), s.instant(old))
	switch {
	case err != nil || !newWall && !newAt:
		return old, false, err
	case !newWall:
		wall = s.clock(at)
	case !newAt:
		at = s.user.Instant(wall)
	}
	if wall%ical.DaySeconds == 0 {
		return ical.Time{Wall: wall, Form: ical.Date}, true, nil
	}
	return s.compose(old, wall, at), true, nil
}

// wantTime reads an element that was shown with this value, if it was shown; changed is false if it says nothing new.
func (s *sheet) wantTime(text string, shown bool, was int64) (v int64, changed bool, err error) {
	if strings.TrimSpace(text) == "" {
		return 0, false, nil
	}
	t, err := eas.ParseTime(text)
	if err != nil {
		return 0, false, err
	}
	return t.Unix(), !shown || t.Unix() != was, nil
}
