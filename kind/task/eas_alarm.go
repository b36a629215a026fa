package task

import (
	"strings"

	"tandem/kind/eas"
	"tandem/kind/internal/calview"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

// alarm is a VALARM and when it goes off. There is one reminder in the protocol; it is the first of them.
type alarm struct {
	c        *contentline.Component
	at       int64
	relative bool // counted from a date of the task
	fromEnd  bool // from when it is due
}

// alarms are those whose time is known.
func (s *sheet) alarms() []alarm {
	var out []alarm
	for c := range s.c.Children() {
		if !c.Is("VALARM") {
			continue
		}
		if a, ok := s.alarm(c); ok && calview.ShowTime(a.at) != "" {
			out = append(out, a)
		}
	}
	return out
}

// alarm reads when a VALARM goes off, RFC 5545 3.8.6.3.
func (s *sheet) alarm(c *contentline.Component) (a alarm, ok bool) {
	l := c.Get("TRIGGER")
	if l == nil {
		return a, false
	}
	if t, err := ical.TimeOf(l); err == nil && t.Form != ical.Date {
		return alarm{c: c, at: s.instant(t)}, true
	}
	d, err := ical.ParseDuration(l.Value())
	if err != nil {
		return a, false
	}
	related, _ := l.Param("RELATED")
	a = alarm{c: c, relative: true, fromEnd: strings.EqualFold(related, "END")}
	base, ok := s.alarmBase(a.fromEnd)
	a.at = base + d.Days*ical.DaySeconds + d.Seconds
	return a, ok
}

// alarmBase is what an alarm counts from.
func (s *sheet) alarmBase(fromEnd bool) (int64, bool) {
	t := s.start()
	if fromEnd || t.IsZero() {
		t = s.due()
	}
	return s.instant(t), !t.IsZero()
}

// reminder is when the user is reminded.
func (s *sheet) reminder() (int64, bool) {
	if list := s.alarms(); len(list) > 0 {
		return list[0].at, true
	}
	return 0, false
}

func (s *sheet) putReminder(in []*wbxml.Element) error {
	at, set := s.reminder()
	if e := calview.Find(in, wbxml.TasksReminderSet); e != nil {
		v, err := eas.ParseInt(e.String(), 0, 1)
		if err != nil && strings.TrimSpace(e.String()) != "" {
			return err // MS-ASTASK_R252
		}
		if v == 0 {
			s.remindNoMore()
			return nil
		}
		set = true
	}
	// MS-ASTASK_R370: without ReminderSet it stays as it is.
	v, _ := s.sent(in, wbxml.TasksReminderTime)
	if !set || v == "" && at != 0 {
		return nil
	}
	when, ok := s.alarmBase(true)
	if v != "" {
		t, err := eas.ParseTime(v)
		if err != nil {
			return err
		}
		when, ok = t.Unix(), true
	}
	if !ok {
		s.notes = append(s.notes, "a reminder without a time, left out")
		return nil
	}
	s.remind(when)
	return nil
}

// remindNoMore takes away the alarms that would remind.
func (s *sheet) remindNoMore() {
	for _, a := range s.alarms() {
		s.c.Remove(contentline.Item{Child: a.c})
	}
}

// remind lets the first alarm go off at an instant. One that counts from a date of the task still does.
func (s *sheet) remind(at int64) {
	list := s.alarms()
	if len(list) == 0 {
		c := contentline.NewComponent("VALARM")
		c.Set("ACTION", "DISPLAY")
		c.Set("DESCRIPTION", contentline.EscapeText(calview.Text(s.c, "SUMMARY")))
		setTrigger(c, at)
		s.c.Add(contentline.Item{Child: c})
		return
	}
	if list[0].at == at {
		return
	}
	a := list[0]
	if base, ok := s.alarmBase(a.fromEnd); a.relative && ok {
		calview.Set(a.c, "TRIGGER", ical.Duration{Seconds: at - base}.String())
	} else {
		setTrigger(a.c, at)
	}
	for _, name := range []string{"ACKNOWLEDGED", "X-MOZ-LASTACK"} { // RFC 9074 6.1: it is to go off again
		a.c.RemoveAll(name)
	}
}

func setTrigger(c *contentline.Component, at int64) {
	l := calview.Set(c, "TRIGGER", calview.Instant(at))
	l.DelParam("RELATED")
	l.SetParam("VALUE", "DATE-TIME")
}
