package itip

import (
	"strings"

	"tandem/kind/event"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// Propose makes a proposal of another time out of an attendee's answer: reply is the message of Answered, event the event as the attendee has it. start and end
// are Unix seconds. The proposal is for the whole event where the answer was; of a series it asks to move the first instance that was answered. What the attendee
// answered is in it, too. RFC 5546 3.2.7
func (d Desk) Propose(event []byte, reply Message, start, end int64) (Message, error) {
	ob, err := d.read(event)
	if err != nil {
		return reply, err
	}
	said, err := d.read(reply.Body)
	if err != nil {
		return reply, err
	}
	var list []*contentline.Component
	for _, c := range said.components() {
		own := ob.master
		if l := c.Get("RECURRENCE-ID"); l != nil {
			id, _ := ical.TimeOf(l)
			if p := ob.part(ob.key(id)); p != nil {
				own = p.c
			} else if ob.master != nil {
				own = ob.derive(ob.key(id))
			}
		}
		if own == nil {
			own = c
		}
		out := copyOf(own)
		strip(out)
		mine := attendee(c, d.Me)
		if mine == nil {
			continue
		}
		out.RemoveAll("ATTENDEE")
		out.Add(contentline.Item{Line: mine.Clone()})
		out.RemoveAll("COMMENT")
		for l := range c.All("COMMENT") {
			out.Add(contentline.Item{Line: l.Clone()})
		}
		ob.propose(out, start, end)
		list = append(list, out)
		break // one time cannot be meant for several instances
	}
	if len(list) == 0 {
		return reply, nil
	}
	reply.Method, reply.Body = Counter, d.message(ob, Counter, list)
	return reply, nil
}

// propose moves a component, in the zone that it is in.
func (ob *object) propose(c *contentline.Component, start, end int64) {
	was := timeOf(c, "DTSTART")
	at := func(unix int64) ical.Time {
		switch was.Form {
		case ical.Zoned:
			return ical.Time{Wall: unix + int64(ob.zoneOf(was).Offset(unix)), Form: ical.Zoned, TZID: was.TZID}
		case ical.Floating:
			return ical.Time{Wall: unix, Form: ical.Floating}
		}
		return ical.Time{Wall: unix, Form: ical.UTC}
	}
	c.RemoveAll("DURATION")
	setTime(c, "DTSTART", at(start))
	setTime(c, "DTEND", at(end))
}

// proposal is the time that a component of a COUNTER asks for.
type proposal struct {
	own        *contentline.Component // what of the organizer's event it is for; nil: an instance that has no component of its own yet
	key        int64                  // of that instance
	who        Addresses
	start, end int64
}

// counter takes in what an attendee proposes: the answer that is in it does what a reply would do; the time is kept beside it and moves nothing, for that is for
// the organizer to decide.
func (in *receiving) counter() (ignored string) {
	if in.have == nil || in.have.role(in.Me) != Organizer {
		return "is about no event that the recipient organizes"
	}
	var asked []proposal
	for _, c := range in.msg.components() {
		said := c.Get("ATTENDEE")
		if said == nil || partStat(said) == needsAction {
			return "is for the person to read"
		}
		start := timeOf(c, "DTSTART")
		days, seconds := in.msg.length(c)
		at := in.msg.zoneOf(start).Instant(start.Wall)
		p := proposal{who: Addresses{AddressOf(said)}, start: at, end: at + days*ical.DaySeconds + seconds}
		// The time in it is not the time that is answered for.
		key := int64(0)
		own := in.have.master
		if l := c.Get("RECURRENCE-ID"); l != nil {
			id, _ := ical.TimeOf(l)
			key = in.have.key(id)
			if own = nil; in.have.there(key) {
				own = in.have.derivedOr(key)
			}
			p.key = key
		} else {
			p.own = own
		}
		if own == nil || number(c) < number(own) {
			return "is about a time that is no more"
		}
		for _, name := range []string{"DTSTART", "DTEND", "DURATION", "RRULE"} {
			c.RemoveAll(name)
			for l := range own.All(name) {
				c.Add(contentline.Item{Line: in.msg.doc.Adopt(l)})
			}
		}
		asked = append(asked, p)
	}
	if ignored = in.reply(); ignored != "" {
		return ignored
	}
	for _, p := range asked {
		if o := in.have.part(p.key); p.own == nil && o != nil {
			p.own = o.c
		}
		if p.own == nil || p.end <= p.start {
			continue
		}
		if l := attendee(p.own, p.who); l != nil {
			event.SetProposal(l, p.start, p.end)
		}
	}
	return ""
}

// derivedOr is an instance as it is: its override, or what the series says.
func (ob *object) derivedOr(key int64) *contentline.Component {
	if p := ob.part(key); p != nil {
		return p.c
	}
	if ob.master == nil {
		return nil
	}
	return ob.derive(key)
}

// Title is what people know the event of a message or body by, "" if it has no name.
func Title(body []byte) string {
	ob, err := Desk{}.read(body)
	if err != nil {
		return ""
	}
	if t := ob.title(); t != ob.uid {
		return strings.TrimSpace(t)
	}
	return ""
}
