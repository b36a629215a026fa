package itip

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"tandem"
	"tandem/kind/event"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// FreeBusy asks when people are busy. RFC 5546 3.3.2
type FreeBusy struct {
	UID       string
	Organizer string   // who asks
	Attendees []string // who is asked about
	From, To  int64    // Unix seconds, To exclusive
	Mask      string   // the UID of an event that does not count, for it is the one that is to be moved; "": none

	organizer *contentline.Line
	lines     []*contentline.Line // of Attendees
}

const maxAsked = 400 * ical.DaySeconds // the longest time that can be asked for

// ParseFreeBusy reads a request. An error of kind Invalid says why it is none.
func ParseFreeBusy(body []byte) (FreeBusy, error) {
	fail := func(err error) (FreeBusy, error) {
		return FreeBusy{}, &tandem.Error{Kind: tandem.Invalid, Op: "read free-busy request", Err: err}
	}
	doc, err := ical.Parse(body)
	if err != nil {
		return fail(err)
	}
	var f FreeBusy
	n := 0
	for cal := range doc.Components() {
		if !cal.Is("VCALENDAR") {
			continue
		}
		if Method(word(cal, "METHOD")) != Request {
			return fail(errors.New("its METHOD is not REQUEST"))
		}
		for c := range cal.Children() {
			if c.Is("VFREEBUSY") {
				n++
				f.read(c)
			} else if !c.Is("VTIMEZONE") {
				return fail(errors.New("it holds a " + c.Name()))
			}
		}
	}
	switch {
	case n != 1:
		return fail(errors.New("it does not hold one VFREEBUSY"))
	case f.organizer == nil:
		return fail(errors.New("it has no ORGANIZER"))
	case len(f.lines) == 0:
		return fail(errors.New("it has no ATTENDEE"))
	case f.From >= f.To || f.To-f.From > maxAsked:
		return fail(errors.New("DTSTART and DTEND in UTC must be in order, and at most 400 days apart"))
	}
	return f, nil
}

func (f *FreeBusy) read(c *contentline.Component) {
	f.UID = ical.UID(c)
	if start, end := timeOf(c, "DTSTART"), timeOf(c, "DTEND"); start.Form == ical.UTC && end.Form == ical.UTC {
		f.From, f.To = start.Wall, end.Wall
	}
	if l := c.Get("X-CALENDARSERVER-MASK-UID"); l != nil {
		f.Mask = strings.TrimSpace(ical.Text(l))
	}
	if f.organizer = c.Get("ORGANIZER"); f.organizer != nil {
		f.Organizer = AddressOf(f.organizer)
	}
	for l := range c.All("ATTENDEE") {
		f.lines = append(f.lines, l)
		f.Attendees = append(f.Attendees, AddressOf(l))
	}
}

// Reply answers for one of the attendees. RFC 5546 3.3.3
func (f FreeBusy) Reply(who string, taken []event.Span, now int64) []byte {
	c := contentline.NewComponent("VFREEBUSY")
	if f.UID != "" {
		c.Set("UID", contentline.EscapeText(f.UID))
	}
	utc := func(at int64) ical.Time { return ical.Time{Wall: at, Form: ical.UTC} }
	setTime(c, "DTSTAMP", utc(now))
	setTime(c, "DTSTART", utc(f.From))
	setTime(c, "DTEND", utc(f.To))
	doc := contentline.NewDocument()
	if f.organizer != nil {
		c.Add(contentline.Item{Line: doc.Adopt(f.organizer)})
	}
	for i, a := range f.Attendees {
		if strings.EqualFold(a, who) {
			c.Add(contentline.Item{Line: doc.Adopt(f.lines[i])})
			break
		}
	}
	AddPeriods(c, Merge(taken, f.From, f.To))
	cal := contentline.NewComponent("VCALENDAR")
	cal.Set("PRODID", product)
	cal.Set("VERSION", "2.0")
	cal.Set("METHOD", string(Reply))
	cal.Add(contentline.Item{Child: c})
	return contentline.NewDocument(cal).Bytes()
}

// Period is time that is taken, in one way. RFC 5545 3.2.9
type Period struct {
	Start, End int64 // Unix seconds, End exclusive
	Type       string
}

// types are the FBTYPEs of event.Span.Status. Who works elsewhere can be met.
var types = map[int]string{1: "BUSY-TENTATIVE", 2: "BUSY", 3: "BUSY-UNAVAILABLE"}

// Merge makes periods of what events take between two instants, in order of start: those of one type that touch are one.
func Merge(taken []event.Span, from, to int64) []Period {
	var out []Period
	for _, status := range []int{1, 2, 3} {
		var of []event.Span
		for _, s := range taken {
			if s.Start, s.End = max(s.Start, from), min(s.End, to); s.Status == status && s.Start < s.End {
				of = append(of, s)
			}
		}
		slices.SortFunc(of, func(a, b event.Span) int { return cmp.Compare(a.Start, b.Start) })
		for i, s := range of {
			if i > 0 && s.Start <= out[len(out)-1].End {
				out[len(out)-1].End = max(out[len(out)-1].End, s.End)
				continue
			}
			out = append(out, Period{s.Start, s.End, types[status]})
		}
	}
	slices.SortStableFunc(out, func(a, b Period) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	return out
}

// AddPeriods writes periods into a VFREEBUSY, a line for each. RFC 5545 3.8.2.6
func AddPeriods(c *contentline.Component, list []Period) {
	for _, p := range list {
		start, end := ical.Time{Wall: p.Start, Form: ical.UTC}, ical.Time{Wall: p.End, Form: ical.UTC}
		c.Add(contentline.Item{Line: contentline.NewLine("FREEBUSY", start.String()+"/"+end.String(), contentline.NewParam("FBTYPE", p.Type))})
	}
}
