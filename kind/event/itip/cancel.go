package itip

import (
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// cancel takes back what the organizer takes back. RFC 5546 3.2.5
func (in *receiving) cancel() (ignored string) {
	if why := in.from(); why != "" {
		return why
	}
	if in.have == nil {
		return "is about no event that is there"
	}
	if in.have.role(in.Me) != Attendee {
		return "is about an event to which the recipient is not invited"
	}
	done := false
	for _, c := range in.msg.components() {
		why := ""
		if c == in.msg.master {
			why = in.cancelAll(c)
		} else {
			why = in.cancelOne(c)
		}
		if why != "" {
			ignored = why
		}
		done = done || why == ""
	}
	if done {
		return ""
	}
	return ignored
}

// cancelAll calls the event off. It stays in the calendar, so that the person sees it.
func (in *receiving) cancelAll(c *contentline.Component) (ignored string) {
	first := in.have.components()[0]
	if stale(first, c, first.Get("ORGANIZER")) {
		return "is older than what is known"
	}
	for _, own := range in.have.components() {
		own.Set("STATUS", "CANCELLED")
		setNumber(own, max(number(own), number(c)))
		mark(own.Get("ORGANIZER"), c)
	}
	return ""
}

// cancelOne takes an instance out of the series; one of which nothing else is known is called off.
func (in *receiving) cancelOne(c *contentline.Component) (ignored string) {
	id, _ := ical.TimeOf(c.Get("RECURRENCE-ID"))
	key := in.have.key(id)
	own := in.have.master
	if p := in.have.part(key); p != nil {
		own = p.c
	}
	switch {
	case own == nil:
		return "is about an instance that is not there"
	case number(c) < number(own) || number(c) == number(own) && stale(own, c, own.Get("ORGANIZER")):
		return "is older than what is known"
	case in.have.master == nil:
		own.Set("STATUS", "CANCELLED")
		setNumber(own, max(number(own), number(c)))
		mark(own.Get("ORGANIZER"), c)
		return ""
	}
	if in.have.part(key) == nil && !in.have.happens(key) {
		return "is about an instance that is not there"
	}
	in.have.remove(key)
	if in.have.happens(key) {
		in.have.exclude(in.have.master, key)
	}
	return ""
}

// add adds instances to a series. RFC 5546 3.2.4
func (in *receiving) add() (ignored string) {
	if why := in.from(); why != "" {
		return why
	}
	if in.have == nil || in.have.master == nil || in.have.role(in.Me) != Attendee {
		return "adds to a series that is not there"
	}
	var news []*contentline.Component
	for c := range in.msg.cal.Children() {
		if c.Is("VEVENT") {
			news = append(news, c)
		}
	}
	for _, c := range news {
		start := timeOf(c, "DTSTART")
		if start.IsZero() {
			return "names no time"
		}
		if stale(in.have.master, c, in.have.master.Get("ORGANIZER")) {
			return "is older than what is known"
		}
		key := in.have.key(start)
		if !in.have.happens(key) {
			l := contentline.NewLine("RDATE", in.have.idOf(key).String())
			form(l, in.have.idOf(key))
			in.have.master.Add(contentline.Item{Line: l})
		}
		include(in.have, key)
		one := in.joined(c, in.have.master)
		for _, name := range []string{"RRULE", "RDATE", "EXDATE"} {
			one.RemoveAll(name)
		}
		setTime(one, "RECURRENCE-ID", in.have.idOf(key))
		in.have.remove(key)
		in.have.insert(one)
	}
	in.zones()
	return ""
}
