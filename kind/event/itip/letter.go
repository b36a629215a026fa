package itip

import (
	"errors"
	"strings"

	"tandem"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// Letter is what a message says of itself, before anything is done with it.
type Letter struct {
	Method    Method
	UID       string
	Organizer Party
	Attendees []Party // of all components, each address once
}

// Party is a calendar user that a message or an event names.
type Party struct {
	Address string
	SentBy  string // who acts for them, "" if nobody does. RFC 5545 3.2.18
}

// Is reports whether an address is the party's, or of who acts for it.
func (p Party) Is(address string) bool {
	return address != "" && (strings.EqualFold(p.Address, address) || strings.EqualFold(p.SentBy, address))
}

func party(l *contentline.Line) Party {
	if l == nil {
		return Party{}
	}
	p := Party{Address: AddressOf(l)}
	if v, ok := l.Param("SENT-BY"); ok {
		p.SentBy = Normal(v)
	}
	return p
}

// mostComponents is how many components of a message are looked at; nobody invites to more instances at a time.
const mostComponents = 1000

// Open reads what a message that came from elsewhere says of itself. Invalid: it is none, is about several events, or names several organizers: nothing is done
// with it. RFC 5546 3.2
func Open(message []byte) (Letter, error) {
	fail := func(why string) (Letter, error) {
		return Letter{}, &tandem.Error{Kind: tandem.Invalid, Op: "read meeting's message", Err: errors.New(why)}
	}
	doc, err := ical.Parse(message)
	if err != nil {
		return Letter{}, &tandem.Error{Kind: tandem.Invalid, Op: "read meeting's message", Err: err}
	}
	var out Letter
	count, calendars := 0, 0
	for cal := range doc.Components() {
		if !cal.Is("VCALENDAR") {
			continue
		}
		if calendars++; calendars > 1 {
			return fail("it holds several calendars")
		}
		out.Method = Method(word(cal, "METHOD"))
		for c := range cal.Children() {
			if !c.Is("VEVENT") {
				continue
			}
			uid, organizer := ical.UID(c), party(c.Get("ORGANIZER"))
			switch count++; {
			case count > mostComponents:
				return fail("it has too many instances")
			case count == 1:
				out.UID, out.Organizer = uid, organizer
			case uid != out.UID:
				return fail("it is about several events")
			case !strings.EqualFold(organizer.Address, out.Organizer.Address):
				return fail("it names several organizers")
			}
			for l := range c.All("ATTENDEE") {
				out.add(party(l))
			}
		}
	}
	switch {
	case count == 0:
		return fail("it holds no event")
	case out.UID == "" || len(out.UID) > 1000:
		return fail("its event has no name")
	case out.Organizer.Address == "":
		return fail("its event has no organizer")
	}
	return out, nil
}

func (l *Letter) add(p Party) {
	for _, have := range l.Attendees {
		if strings.EqualFold(have.Address, p.Address) {
			return
		}
	}
	if len(l.Attendees) < mostComponents {
		l.Attendees = append(l.Attendees, p)
	}
}

// Parties are the organizer and the attendees of an event, as far as it can be read.
func Parties(body []byte) (organizer Party, attendees []Party) {
	doc, err := ical.Parse(body)
	if err != nil {
		return Party{}, nil
	}
	var l Letter
	for cal := range doc.Components() {
		for c := range cal.Children() {
			if !c.Is("VEVENT") {
				continue
			}
			if o := party(c.Get("ORGANIZER")); l.Organizer.Address == "" {
				l.Organizer = o
			}
			for a := range c.All("ATTENDEE") {
				l.add(party(a))
			}
		}
	}
	return l.Organizer, l.Attendees
}

// Invite makes a message one that invites an address, which it does not name: it came through a list, or was passed on by somebody.
func Invite(message []byte, address string) ([]byte, error) {
	doc, err := ical.Parse(message)
	if err != nil {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read meeting's message", Err: err}
	}
	for cal := range doc.Components() {
		for c := range cal.Children() {
			if c.Is("VEVENT") && attendee(c, Addresses{address}) == nil {
				c.Add(contentline.Item{Line: contentline.NewLine("ATTENDEE", "mailto:"+address, contentline.NewParam("PARTSTAT", needsAction))})
			}
		}
	}
	return doc.Bytes(), nil
}
