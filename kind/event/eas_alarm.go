package event

import (
	"strconv"
	"strings"

	"tandem/kind/eas"
	"tandem/kind/internal/calview"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

// lead is how many minutes before the start an alarm goes off; ok is false for one that the protocol cannot say.
func (s *shower) lead(c, alarm *contentline.Component) (minutes int64, ok bool) {
	l := alarm.Get("TRIGGER")
	if l == nil || calview.Word(alarm, "ACTION") == "EMAIL" || calview.Word(alarm, "ACTION") == "NONE" || calview.Word(alarm, "ACTION") == "PROCEDURE" {
		return 0, false
	}
	sp := s.ob.span(c)
	seconds := int64(0)
	if d, err := ical.ParseDuration(l.Value()); err == nil {
		seconds = -(d.Days*ical.DaySeconds + d.Seconds)
		if related, _ := l.Param("RELATED"); strings.EqualFold(related, "END") {
			seconds -= sp.end - sp.start
		}
	} else {
		at, err := ical.TimeOf(l)
		if err != nil || sp.allDay || at.Form == ical.Date {
			return 0, false
		}
		seconds = sp.start - s.ob.instant(at)
	}
	if seconds < 0 || seconds > maxLead*60 {
		return 0, false
	}
	return seconds / 60, true
}

const maxLead = 200_000_000 // minutes, which is 380 years; MS-ASCAL_R39511: an unsignedInt

// alarm is the first alarm that the protocol can say, nil if there is none.
func (s *shower) alarm(c *contentline.Component) (*contentline.Component, int64) {
	for sub := range c.Children() {
		if sub.Is("VALARM") {
			if n, ok := s.lead(c, sub); ok {
				return sub, n
			}
		}
	}
	return nil, 0
}

// MS-ASCAL 2.2.2.38
func showReminder(s *shower, c *contentline.Component) *wbxml.Element {
	alarm, n := s.alarm(c)
	if alarm == nil {
		return nil
	}
	return wbxml.Text(wbxml.CalendarReminder, strconv.FormatInt(n, 10))
}

// putReminder moves the alarm that was shown, or makes one. An empty element takes away all that could be shown; further
// alarms stay otherwise.
func putReminder(w *writer, c *contentline.Component, e *wbxml.Element) error {
	alarm, have := w.s.alarm(c)
	text := strings.TrimSpace(e.String())
	if text == "" {
		for ; alarm != nil; alarm, _ = w.s.alarm(c) {
			c.Remove(contentline.Item{Child: alarm})
			w.edited()
		}
		return nil
	}
	n, err := eas.ParseInt(text, 0, 1<<32-1)
	if err != nil {
		return err
	}
	if n > maxLead {
		w.note("Reminder: %d minutes are too many", n)
		return nil
	}
	if alarm != nil && have == int64(n) {
		return nil
	}
	trigger := "PT0S"
	if n > 0 {
		trigger = ical.Duration{Seconds: -60 * int64(n)}.String()
	}
	if alarm == nil {
		alarm = contentline.NewComponent("VALARM")
		alarm.Set("ACTION", "DISPLAY")
		title := "Reminder"
		if s := c.Get("SUMMARY"); s != nil && !s.Quoted() {
			title = ical.Text(s)
		}
		alarm.Set("DESCRIPTION", contentline.EscapeText(title))
		c.Add(contentline.Item{Child: alarm})
	}
	calview.Set(alarm, "TRIGGER", trigger)
	l := alarm.Get("TRIGGER")
	for _, p := range []string{"VALUE", "RELATED", "TZID"} {
		l.DelParam(p)
	}
	w.edited()
	return nil
}
