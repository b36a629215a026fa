package check

import (
	"fmt"
	"math"
	"strings"

	"tandem"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/davxml"
	"tandem/wire/ical"
	"tandem/wire/vcard"
)

// object is what was put: one calendar object with one record.
type object struct {
	find  recur.Finder
	parts []*contentline.Component // the series first, then what overrides its instances
}

// components are the sorts of component that collections hold.
var components = map[tandem.Kind]string{tandem.Event: "VEVENT", tandem.Task: "VTODO", tandem.Note: "VJOURNAL"}

// object reads a body and checks that it is one record of a kind. RFC 4791 4.1
func (c *Checker) object(k tandem.Kind, body []byte, zones *recur.Zones) (*object, error) {
	doc, err := ical.Parse(body)
	if err != nil {
		return nil, refuse(davxml.C("valid-calendar-data"), err.Error())
	}
	if l := doc.Stray(); l != nil {
		return nil, refuse(davxml.C("valid-calendar-data"), fmt.Sprintf("line %d: text outside of the calendar object", l.Num()))
	}
	var cal *contentline.Component
	for o := range doc.Components() {
		if cal != nil || !o.Is("VCALENDAR") {
			return nil, refuse(davxml.C("valid-calendar-data"), fmt.Sprintf("line %d: %s beside the calendar object", o.Begin.Num(), o.Name()))
		}
		cal = o
	}
	if l := cal.Get("VERSION"); l != nil && strings.TrimSpace(l.Value()) == "1.0" {
		return nil, unsupportedCalendar("a vCalendar of version 1.0; write it as iCalendar, version 2.0")
	}
	if l := cal.Get("METHOD"); l != nil {
		return nil, refuse(davxml.C("valid-calendar-object-resource"), fmt.Sprintf("line %d: METHOD is for messages, not for what is in a calendar", l.Num()))
	}
	ob := &object{find: zones.In(cal)}
	if err := ob.gather(k, cal); err != nil {
		return nil, err
	}
	return ob, nil
}

// gather finds the components of the one record, and refuses what is beside it.
func (ob *object) gather(k tandem.Kind, cal *contentline.Component) error {
	var main, first *contentline.Component
	for c := range cal.Children() {
		switch name := strings.ToUpper(c.Name()); {
		case c.Is("VTIMEZONE"), strings.HasPrefix(name, "X-"):
			continue
		case first != nil && !c.Is(first.Name()):
			return objectError(c, name+" beside "+strings.ToUpper(first.Name()))
		case first == nil && !c.Is(components[k]):
			return refuse(davxml.C("supported-calendar-component"), fmt.Sprintf("this collection holds %s, not %s", components[k], name))
		}
		if first != nil && (ical.UID(c) != ical.UID(first) || ical.UID(c) == "") {
			return objectError(c, fmt.Sprintf("a second record, with UID %q", ical.UID(c)))
		}
		if first == nil {
			first = c
		}
		if c.Get("RECURRENCE-ID") != nil {
			ob.parts = append(ob.parts, c)
			continue
		}
		if main != nil {
			return objectError(c, "the series itself a second time; what overrides an instance has a RECURRENCE-ID")
		}
		main = c
	}
	if first == nil {
		return refuse(davxml.C("valid-calendar-object-resource"), "there is no "+components[k]+" in the calendar object")
	}
	if main != nil {
		ob.parts = append([]*contentline.Component{main}, ob.parts...)
	}
	return nil
}

func objectError(c *contentline.Component, text string) error {
	return refuse(davxml.C("valid-calendar-object-resource"), fmt.Sprintf("line %d: %s", c.Begin.Num(), text))
}

// limits checks dates, attendees and instances. RFC 4791 5.3.2.1
func (c *Checker) limits(ob *object) error {
	for _, p := range ob.parts {
		attendees := 0
		for l := range p.Lines() {
			switch strings.ToUpper(l.Name()) {
			case "DTSTART", "DTEND", "DUE", "RECURRENCE-ID":
				t, err := ical.TimeOf(l)
				if err != nil {
					return refuse(davxml.C("valid-calendar-data"), fmt.Sprintf("line %d: %s: %v", l.Num(), l.Name(), err))
				}
				if err := c.date(ob, l, t); err != nil {
					return err
				}
			case "RDATE":
				list, _ := ical.Periods(l) // error: a series of which something cannot be read is found too often rather than not
				for _, d := range list {
					if err := c.date(ob, l, d.Start); err != nil {
						return err
					}
				}
			case "ATTENDEE":
				attendees++
			}
		}
		if c.Limits.Attendees > 0 && attendees > c.Limits.Attendees {
			return refuse(davxml.C("max-attendees-per-instance"), fmt.Sprintf("an instance has %d attendees; at most %d are kept", attendees, c.Limits.Attendees))
		}
	}
	return c.instances(ob)
}

// date checks that a date is not too far away. Days and floating times are given the benefit of a day.
func (c *Checker) date(ob *object, l *contentline.Line, t ical.Time) error {
	at, slack := t.Wall, int64(ical.DaySeconds)
	switch t.Form {
	case ical.UTC:
		slack = 0
	case ical.Zoned:
		if z := ob.find(t.TZID); z != nil {
			at, slack = z.Instant(t.Wall), 0
		}
	}
	if c.Limits.MinDate != 0 && at+slack < c.Limits.MinDate {
		return refuse(davxml.C("min-date-time"), fmt.Sprintf("line %d: %s is too long ago", l.Num(), l.Name()))
	}
	if c.Limits.MaxDate != 0 && at-slack > c.Limits.MaxDate {
		return refuse(davxml.C("max-date-time"), fmt.Sprintf("line %d: %s is too far away", l.Num(), l.Name()))
	}
	return nil
}

// instances checks how often a series happens that says when it ends. One that never ends has no number.
func (c *Checker) instances(ob *object) error {
	if c.Limits.Instances <= 0 {
		return nil
	}
	s := recur.Read(ob.parts, ob.find)
	n := len(s.Dates) + len(s.Overrides)
	endless := false
	for _, r := range s.Rules {
		n += int(min(r.Count, math.MaxInt32))
		endless = endless || r.Count == 0 && r.Until.IsZero()
	}
	if n <= c.Limits.Instances && len(s.Rules) > 0 && !endless {
		list, complete := s.Expand(ob.find, recur.Window{From: math.MinInt64, To: math.MaxInt64, Max: c.Limits.Instances})
		n = max(n, len(list))
		if !complete {
			n = c.Limits.Instances + 1
		}
	}
	if n > c.Limits.Instances {
		return refuse(davxml.C("max-instances"), fmt.Sprintf("the series happens more than %d times", c.Limits.Instances))
	}
	return nil
}

// versionOf is the version that a card, known to be sound, says it has.
func versionOf(body []byte) string {
	f, err := vcard.Parse(body, contentline.Limits{})
	if err != nil || len(f.Cards) == 0 {
		return ""
	}
	return f.Cards[0].Version.String()
}
