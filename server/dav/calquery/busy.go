package calquery

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"tandem/kind/event"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/davxml"
	"tandem/wire/ical"
)

// FreeBusy gathers when the owner of calendars is busy: the answer to a CALDAV:free-busy-query. RFC 4791 7.10
type FreeBusy struct {
	env    Env
	me     string
	within span
	zone   *time.Location // of floating times
	lists  [3][]period    // by busyTypes
	tidy   [3]int         // their lengths when they were merged last
}

type period struct{ start, end int64 }

// busyTypes are the values of FBTYPE that an answer has. RFC 5545 3.2.9
var busyTypes = [3]string{"BUSY", "BUSY-TENTATIVE", "BUSY-UNAVAILABLE"}

// maxFreeBusy bounds the range of a query: ten years tell more than any client shows.
const maxFreeBusy = 3660 * ical.DaySeconds

// ParseFreeBusy reads a CALDAV:free-busy-query: one time-range with both ends. me is the mail address of the calendar's owner, "" if not known; what the
// owner declined takes no time.
func ParseFreeBusy(query *davxml.Element, me string, env Env) (*FreeBusy, error) {
	e := query.Child(davxml.C("time-range"))
	if e == nil {
		return nil, davxml.Failf(400, "a free-busy-query needs a time-range")
	}
	s, err := dataSpan(e)
	if err != nil || s.to-s.from > maxFreeBusy {
		return nil, davxml.Failf(400, "a free-busy-query needs a time-range with start and end in UTC, at most ten years apart")
	}
	return NewFreeBusy(s.from, s.to, me, env), nil
}

// NewFreeBusy begins an answer for the Unix seconds [from, to).
func NewFreeBusy(from, to int64, me string, env Env) *FreeBusy {
	b := &FreeBusy{env: env.filled(), me: me, within: span{from, to}}
	b.zone = locationOf(b.env.Floating, from)
	return b
}

// locationOf is a zone as package time has it. One that a request defined itself is taken with the offset it has at an instant.
func locationOf(z recur.Zone, at int64) *time.Location {
	if name := recur.IANA(z.Name()); name != "" {
		if loc, err := time.LoadLocation(name); err == nil {
			return loc
		}
	}
	if z.Offset(at) == 0 {
		return time.UTC
	}
	return time.FixedZone(z.Name(), z.Offset(at))
}

// Window is the range of Unix seconds in which events matter, for a look at an index.
func (b *FreeBusy) Window() (from, to int64) {
	return back(b.within.from, indexSlack), ahead(b.within.to, indexSlack)
}

// Add takes a calendar object into account: events, and what a VFREEBUSY says. Tasks and journals take no time.
func (b *FreeBusy) Add(body []byte) error {
	if events, err := b.addObject(body); err != nil || !events {
		return err
	}
	spans, err := event.Busy(body, b.me, b.within.from, b.within.to, b.zone)
	if err != nil {
		return err
	}
	for _, s := range spans {
		switch s.Status {
		case 1:
			b.add("BUSY-TENTATIVE", s.Start, s.End)
		case 3:
			b.add("BUSY-UNAVAILABLE", s.Start, s.End)
		default:
			b.add("BUSY", s.Start, s.End)
		}
	}
	return nil
}

// addObject takes what a VFREEBUSY says into account, and reports whether there are events.
func (b *FreeBusy) addObject(body []byte) (events bool, err error) {
	if bytes.Contains(body, []byte("BEGIN:VEVENT")) && !bytes.Contains(body, []byte("VFREEBUSY")) {
		return true, nil // as nearly all are; saves reading it twice
	}
	ob, err := open(body, b.env)
	if err != nil {
		return false, err
	}
	for c := range ob.cal.Children() {
		switch {
		case c.Is("VEVENT"):
			events = true
		case c.Is("VFREEBUSY"):
			b.addFreeBusy(ob, c)
		}
	}
	return events, nil
}

func (b *FreeBusy) addFreeBusy(ob *object, c *contentline.Component) {
	for l := range c.All("FREEBUSY") {
		kind, _ := l.Param("FBTYPE")
		if kind = strings.ToUpper(kind); kind == "" {
			kind = "BUSY"
		}
		list, _ := ical.Periods(l) // error: what cannot be read is at no time
		for _, p := range list {
			start, end := ob.instant(p.Start), int64(0)
			if p.HasLength {
				end = start + p.Length.Days*ical.DaySeconds + p.Length.Seconds
			} else {
				end = ob.instant(p.End)
			}
			b.add(kind, start, end)
		}
	}
}

// add takes a period; a type that nobody knows is busy, FREE is none. RFC 5545 3.2.9
func (b *FreeBusy) add(kind string, start, end int64) {
	start, end = max(start, b.within.from), min(end, b.within.to)
	if kind == "FREE" || start >= end {
		return
	}
	i := max(0, slices.Index(busyTypes[:], kind))
	if b.lists[i] = append(b.lists[i], period{start, end}); len(b.lists[i]) >= max(maxLoose, 2*b.tidy[i]) {
		b.lists[i] = merged(b.lists[i])
		b.tidy[i] = len(b.lists[i])
	}
}

// maxLoose is how many periods are gathered before those that touch are made one.
const maxLoose = 10_000

// merged are the periods of one type in order, those that touch made one.
func merged(list []period) []period {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b period) int {
		if a.start != b.start {
			return int(max(-1, min(1, a.start-b.start)))
		}
		return int(max(-1, min(1, a.end-b.end)))
	})
	out := list[:0]
	for _, p := range list {
		if n := len(out); n > 0 && p.start <= out[n-1].end {
			out[n-1].end = max(out[n-1].end, p.end)
			continue
		}
		out = append(out, p)
	}
	return out
}

// Bytes is the answer: a calendar object with one VFREEBUSY, made at now (Unix seconds). RFC 4791 7.10
func (b *FreeBusy) Bytes(product string, now int64) []byte {
	cal, fb := contentline.NewComponent("VCALENDAR"), contentline.NewComponent("VFREEBUSY")
	cal.Set("VERSION", "2.0")
	cal.Set("PRODID", contentline.EscapeText(product))
	utc := func(at int64) string { return ical.Time{Form: ical.UTC, Wall: at}.String() }
	fb.Set("DTSTAMP", utc(now))
	fb.Set("DTSTART", utc(b.within.from))
	fb.Set("DTEND", utc(b.within.to))
	for i, kind := range busyTypes {
		list := merged(b.lists[i])
		for len(list) > 0 { // several lines, for programs that read long ones badly
			n := min(len(list), 20)
			var parts []string
			for _, p := range list[:n] {
				parts = append(parts, utc(p.start)+"/"+utc(p.end))
			}
			list = list[n:]
			l := contentline.NewLine("FREEBUSY", strings.Join(parts, ","))
			if kind != "BUSY" {
				l.SetParam("FBTYPE", kind)
			}
			fb.Add(contentline.Item{Line: l})
		}
	}
	cal.Add(contentline.Item{Child: fb})
	return contentline.NewDocument(cal).Bytes()
}
