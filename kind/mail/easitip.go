package mail

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// invitation is what the calendar object of a message says beyond what its event shows: it is about one instance, it was sent before, it answers.
type invitation struct {
	data     []byte
	answer   string // PARTSTAT of an answer
	uid      string
	number   int       // SEQUENCE
	intended string    // BusyStatus once it is accepted, "" where it is not said
	instance time.Time // the instance that alone it is about; zero: the series, or what does not repeat
	proposed [2]time.Time
	unasked  []string          // the addresses of those who need not answer, in lower case
	settled  map[string]string // PARTSTAT of those who answered before or had somebody else go, by address in lower case
	hosts    []string          // the organizer's address and that of who acts for them, in lower case
	asked    map[string]bool   // the attendees' addresses, in lower case; nil: there are more than are remembered
}

// look reads the calendar object of a message, if it has one.
func (e *Envelope) look(b tandem.Body, zones *recur.Zones, home *time.Location) {
	if e.Class != Meeting || e.Event == nil {
		return
	}
	data, err := e.Calendar(b)
	if err != nil {
		return
	}
	e.invited.data = data
	doc, err := ical.Parse(data)
	if err != nil {
		return
	}
	if zones == nil {
		zones = &recur.Zones{}
	}
	for cal := range doc.Components() {
		var first, series *contentline.Component
		for c := range cal.Children() {
			if !c.Is("VEVENT") {
				continue
			}
			if first == nil {
				first = c
			}
			if series == nil && c.Get("RECURRENCE-ID") == nil {
				series = c
			}
		}
		if first != nil {
			e.invited.read(first, series == nil, zones.In(cal), home)
			return
		}
	}
}

// unaskedMost is how many attendees who need not answer, or did, are remembered; askedMost is how many are remembered at all.
const unaskedMost, askedMost = 1000, 10000

// delegated is the PARTSTAT of who has somebody else go. RFC 5545 3.2.12
const delegated = "DELEGATED"

func (in *invitation) read(c *contentline.Component, alone bool, find recur.Finder, home *time.Location) {
	at := func(name string) (t time.Time) {
		l := c.Get(name)
		if l == nil {
			return t
		}
		v, err := ical.TimeOf(l)
		if err != nil {
			return t
		}
		return instant(v, find, home)
	}
	if l := c.Get("ATTENDEE"); l != nil {
		v, _ := l.Param("PARTSTAT")
		in.answer = strings.ToUpper(v)
	}
	bare := func(v string) string {
		return strings.TrimPrefix(strings.ToLower(strings.Trim(strings.TrimSpace(v), `"`)), "mailto:")
	}
	if l := c.Get("ORGANIZER"); l != nil {
		by, _ := l.Param("SENT-BY")
		in.hosts = []string{bare(l.Value()), bare(by)}
	}
	in.settled, in.asked = map[string]string{}, map[string]bool{}
	for l := range c.All("ATTENDEE") { // RFC 5545 3.2.17; who says nothing of it is taken to ask, as mail programs do
		address := bare(l.Value())
		if in.asked != nil {
			in.asked[address] = true
		}
		if len(in.asked) > askedMost {
			in.asked = nil
		}
		if v, ok := l.Param("RSVP"); ok && strings.EqualFold(v, "FALSE") && len(in.unasked) < unaskedMost {
			in.unasked = append(in.unasked, address)
		}
		state, _ := l.Param("PARTSTAT")
		if _, ok := l.Param("DELEGATED-TO"); ok {
			state = delegated
		}
		switch state = strings.ToUpper(state); state {
		case "ACCEPTED", "TENTATIVE", "DECLINED", delegated:
			if len(in.settled) < unaskedMost {
				in.settled[address] = state
			}
		}
	}
	if l := c.Get("X-MICROSOFT-CDO-INTENDEDSTATUS"); l != nil {
		in.intended = map[string]string{"FREE": "0", "TENTATIVE": "1", "BUSY": "2", "OOF": "3", "WORKINGELSEWHERE": "4"}[strings.ToUpper(strings.TrimSpace(l.Value()))]
	}
	if l := c.Get("UID"); l != nil {
		in.uid = strings.TrimSpace(l.Value())
	}
	in.number = sequence(c)
	if alone {
		in.instance = at("RECURRENCE-ID")
	}
	in.proposed = [2]time.Time{at("DTSTART"), at("DTEND")}
}

// sequence is the SEQUENCE of an event, 0 for what is no number.
func sequence(c *contentline.Component) int {
	l := c.Get("SEQUENCE")
	if l == nil {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSpace(l.Value())) // error: 0
	return n
}

// instant is when a time is. What is in no zone is in that of its reader.
func instant(t ical.Time, find recur.Finder, home *time.Location) time.Time {
	if t.Form == ical.Zoned {
		if z := find(t.TZID); z != nil {
			return time.Unix(z.Instant(t.Wall), 0)
		}
	}
	at := time.Unix(t.Wall, 0).UTC()
	if t.Form == ical.UTC || home == nil {
		return at
	}
	return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, home)
}

// meetingClass is Exchange's name for a message about a meeting. An answer's name tells it, since phones show no more of it in their lists. MS-ASEMAIL 2.2.2.49
func (e *Envelope) meetingClass() string {
	const class = "IPM.Schedule.Meeting."
	switch e.Method {
	case "REQUEST", "ADD":
		return class + "Request"
	case "CANCEL":
		return class + "Canceled"
	case "REPLY", "COUNTER":
		switch e.invited.answer {
		case "ACCEPTED":
			return class + "Resp.Pos"
		case "DECLINED":
			return class + "Resp.Neg"
		}
		return class + "Resp.Tent"
	}
	return "IPM.Note"
}

// outlookID begins the object ids of meetings; Exchange and Outlook write them in hexadecimal as UID. MS-ASEMAIL 2.2.2.37
var outlookID = [...]byte{0x04, 0, 0, 0, 0x82, 0, 0xE0, 0, 0x74, 0xC5, 0xB7, 0x10, 0x1A, 0x82, 0xE0, 0x08}

// GlobalObjectID is the name that Exchange gives to a meeting with a UID of iCalendar, or with on to one instance of it. A UID that Exchange made is that name
// itself. MS-OXCICAL 2.1.3.1.1.20.26, MS-ASEMAIL 2.2.2.37, 3.1.4.7
func GlobalObjectID(uid string, on time.Time) string {
	if uid == "" {
		return ""
	}
	var day [4]byte
	if !on.IsZero() {
		binary.BigEndian.PutUint16(day[:], uint16(on.Year()))
		day[2], day[3] = byte(on.Month()), byte(on.Day())
	}
	if raw, err := hex.DecodeString(uid); err == nil && len(raw) >= 40 && strings.EqualFold(uid[:2*len(outlookID)], hex.EncodeToString(outlookID[:])) {
		copy(raw[16:], day[:])
		return base64.StdEncoding.EncodeToString(raw)
	}
	data := append([]byte("vCal-Uid\x01\x00\x00\x00"), uid...)
	data = append(data, 0)
	out := append(outlookID[:len(outlookID):len(outlookID)], day[:]...)
	out = append(out, make([]byte, 16)...) // no time of creation, 8 bytes of nothing
	out = binary.LittleEndian.AppendUint32(out, uint32(len(data)))
	return base64.StdEncoding.EncodeToString(append(out, data...))
}
