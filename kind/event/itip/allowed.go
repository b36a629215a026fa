package itip

import (
	"slices"
	"strings"

	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// The preconditions of CalDAV that Allowed checks. RFC 6638 3.2.4
const (
	SameOrganizer   = "same-organizer-in-all-components"
	OrganizerChange = "allowed-organizer-scheduling-object-change"
	AttendeeChange  = "allowed-attendee-scheduling-object-change"
)

// Allowed checks whether a change is this person's to make. An error of kind Denied with a Refused as its cause says what is not. An organizer
// must name one organizer throughout and may not hand the meeting over; an attendee may not touch what belongs to the organizer: when and where it
// is, what it is called and who is invited (RFC 6638 3.2.2.1, 3.2.4). A deletion is always allowed.
func (d Desk) Allowed(old, new []byte) error {
	if len(new) == 0 {
		return nil
	}
	now, err := d.read(new)
	if err != nil {
		return err
	}
	who, first := "", true
	for _, c := range now.components() {
		address := organizerOf(c)
		if !first && !strings.EqualFold(address, who) {
			return refuse(now, SameOrganizer, "the ORGANIZER of one instance", "name the same organizer in the series and in every instance")
		}
		who, first = address, false
	}
	if len(old) == 0 {
		return nil
	}
	was, err := d.read(old)
	if err != nil {
		return nil // it says nothing that could be kept
	}
	switch was.role(d.Me) {
	case Organizer:
		if who != "" && now.role(d.Me) != Organizer {
			return refuse(now, OrganizerChange, "the ORGANIZER", "make a new meeting with the other organizer")
		}
	case Attendee:
		if what := d.touched(was, now); what != "" {
			return refuse(was, AttendeeChange, what, "ask the organizer, or copy the event and change the copy")
		}
	}
	return nil
}

func organizerOf(c *contentline.Component) string {
	if l := c.Get("ORGANIZER"); l != nil {
		return AddressOf(l)
	}
	return ""
}

// touched tells what an attendee changed that is the organizer's, "" if nothing.
func (d Desk) touched(was, now *object) string {
	if was.master != nil {
		switch {
		case now.master == nil:
			return "the series"
		case raw(was.master, "RRULE") != raw(now.master, "RRULE"):
			return "RRULE"
		case raw(was.master, "RDATE") != raw(now.master, "RDATE"):
			return "RDATE"
		case raw(was.master, "EXRULE") != raw(now.master, "EXRULE"):
			return "EXRULE"
		}
		if what := d.differs(was, was.master, now, now.master); what != "" {
			return what
		}
		after := now.exdates(now.master)
		for key := range was.exdates(was.master) {
			if !after[key] && now.part(key) == nil {
				return "EXDATE"
			}
		}
	}
	for _, p := range now.parts {
		before := was.part(p.key)
		switch {
		case before != nil:
			if what := d.differs(was, before.c, now, p.c); what != "" {
				return what + " of " + p.id.String()
			}
		case was.master == nil || !was.happens(p.key):
			return "the instance " + p.id.String()
		default:
			if what := d.differs(was, was.derive(p.key), now, p.c); what != "" {
				return what + " of " + p.id.String()
			}
		}
	}
	return d.reverted(was, now)
}

// reverted tells which instance that was not as the series says was made so.
func (d Desk) reverted(was, now *object) string {
	var out map[int64]bool
	for _, p := range was.parts {
		if now.part(p.key) != nil {
			continue
		}
		if out == nil {
			out = now.exdates(now.master)
		}
		if now.master == nil || !out[p.key] && d.differs(was, p.c, now, now.derive(p.key)) != "" {
			return "the instance " + p.id.String()
		}
	}
	return ""
}

// differs names the first thing in which two components differ that is the organizer's.
func (d Desk) differs(was *object, a *contentline.Component, now *object, b *contentline.Component) string {
	switch {
	case was.timing(a) != now.timing(b):
		return "the time"
	case cancelled(a) != cancelled(b):
		return "STATUS"
	case !strings.EqualFold(organizerOf(a), organizerOf(b)):
		return "the ORGANIZER"
	}
	for _, name := range []string{"SUMMARY", "LOCATION", "DESCRIPTION"} {
		if words(a, name) != words(b, name) {
			return name
		}
	}
	before, after := d.others(a), d.others(b)
	for _, who := range before {
		if !slices.Contains(after, who) {
			return "the attendee " + who
		}
	}
	for _, who := range after {
		if !slices.Contains(before, who) {
			return "the attendee " + who
		}
	}
	if l := attendee(a, d.Me); l != nil && attendee(b, d.Me) == nil {
		return "the attendee " + AddressOf(l)
	}
	return ""
}

// words is a text without regard to how it is spaced, which programs change.
func words(c *contentline.Component, name string) string {
	if l := c.Get(name); l != nil {
		return strings.Join(strings.Fields(ical.Text(l)), " ")
	}
	return ""
}

// others are the addresses of the other attendees.
func (d Desk) others(c *contentline.Component) []string {
	var out []string
	for l := range c.All("ATTENDEE") {
		if a := AddressOf(l); !d.Me.Has(a) {
			out = append(out, strings.ToLower(a))
		}
	}
	return out
}
