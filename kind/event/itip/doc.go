// Package itip is what meetings say between people: which messages (RFC 5546) follow from a change that somebody made to an event in a calendar
// of theirs (RFC 6638 3.2), and what a message that came does to the event of whom it reached. Everything here is a function over iCalendar
// bodies: nothing is looked up, sent or kept.
//
// A [Desk] stands for one person at one moment. The organizer's side is [Desk.Organized], the attendee's [Desk.Answered] and [Desk.Allowed], the
// receiving side [Desk.Receive]. [Desk.Role] tells which side an event is on. Time that is taken is asked and told with [ParseFreeBusy] and
// [FreeBusy.Reply].
//
// Bodies are edited, not rewritten: what need not change stays byte for byte, and what nobody knows is kept. Only VEVENT is scheduled.
package itip

import (
	"slices"
	"strings"

	"tandem"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// Method is the METHOD of a message. RFC 5546 1.4
type Method string

// The methods.
const (
	Publish        Method = "PUBLISH"
	Request        Method = "REQUEST"
	Reply          Method = "REPLY"
	Add            Method = "ADD"
	Cancel         Method = "CANCEL"
	Refresh        Method = "REFRESH"
	Counter        Method = "COUNTER"
	DeclineCounter Method = "DECLINECOUNTER"
)

// Message is one message for one recipient.
type Message struct {
	Method   Method
	UID      string
	From, To string // addresses as Normal writes them
	Body     []byte // an iCalendar object with METHOD
	Auto     bool   // no person had it sent
}

// Desk is where messages of one person are written and read, at one moment.
type Desk struct {
	Me    Addresses
	Now   int64        // Unix seconds, for DTSTAMP
	Zones *recur.Zones // shared memory of zones; nil: none

	// Forced are recipients who are told in any case, beside those whom the body asks it for: Sent.Forced of the same change, whose stored body does not say so any longer.
	Forced []string
}

// Addresses are the calendar user addresses of one person: mail addresses and other URIs, as Normal writes them.
type Addresses []string

// Has reports whether an address is one of them.
func (a Addresses) Has(address string) bool {
	return address != "" && slices.ContainsFunc(a, func(mine string) bool { return strings.EqualFold(mine, address) })
}

// Normal is a calendar user address in one spelling: a mail address in lower case without "mailto:", any other URI as it stands.
func Normal(address string) string { return ical.Address(contentline.NewLine("ATTENDEE", address)) }

// AddressOf is the address of an ATTENDEE or ORGANIZER, as Normal writes it. Where it is no mail address, the one beside it counts (RFC 7986 6.2).
func AddressOf(l *contentline.Line) string {
	a := ical.Address(l)
	if !strings.Contains(a, "@") {
		if mail, ok := l.Param("EMAIL"); ok && strings.TrimSpace(mail) != "" {
			return strings.ToLower(strings.TrimSpace(mail))
		}
	}
	return a
}

// Role is what a person is in an event.
type Role uint8

const (
	Nobody    Role = iota // the event invites nobody, or not this person
	Organizer             // the event is this person's to change
	Attendee              // this person is invited
)

// Role tells what the person is in an event. RFC 6638 3.1
func (d Desk) Role(body []byte) Role {
	ob, err := d.read(body)
	if err != nil {
		return Nobody
	}
	return ob.role(d.Me)
}

func (ob *object) role(me Addresses) Role {
	invited := false
	for _, c := range ob.components() {
		l := c.Get("ORGANIZER")
		if l == nil {
			continue
		}
		if me.Has(AddressOf(l)) || me.Has(ical.Address(l)) {
			return Organizer
		}
		invited = invited || attendee(c, me) != nil
	}
	if invited {
		return Attendee
	}
	return Nobody
}

// attendee is the line of the first of the addresses that is invited to a component, nil if none is.
func attendee(c *contentline.Component, who Addresses) *contentline.Line {
	for l := range c.All("ATTENDEE") {
		if who.Has(AddressOf(l)) || who.Has(ical.Address(l)) {
			return l
		}
	}
	return nil
}

// Refused is the cause of an error: what was asked for is not this person's to do.
type Refused struct {
	// Condition is the precondition of CalDAV that does not hold, without namespace: one of those that Allowed checks. RFC 6638 3.2.4
	Condition string
	What      string // what it is about: "DTSTART", "the attendee ben@example.org"
	Why       string // what of it; "": it is the organizer's to change
}

func (r *Refused) Error() string {
	if r.Why == "" {
		return r.What + " is the organizer's to change"
	}
	return r.What + " " + r.Why
}

func refuse(ob *object, condition, what, remedy string) error {
	r := &Refused{Condition: condition, What: what}
	switch condition {
	case SameOrganizer:
		r.Why = "is not that of the others"
	case OrganizerChange:
		r.Why = "cannot be another than it was"
	}
	return &tandem.Error{Kind: tandem.Denied, Op: "change meeting", Thing: ob.title(), Remedy: remedy, Err: r}
}
