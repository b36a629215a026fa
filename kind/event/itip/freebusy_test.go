package itip

import (
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/event"
)

const asked = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nMETHOD:REQUEST\nBEGIN:VFREEBUSY\nUID:f1\nDTSTAMP:20260301T000000Z\nDTSTART:20260309T000000Z\nDTEND:20260310T000000Z\n" +
	"X-CALENDARSERVER-MASK-UID:u7\nORGANIZER:mailto:anna@x.org\nATTENDEE;CN=Ben:mailto:Ben@x.org\nATTENDEE:mailto:carl@x.org\nEND:VFREEBUSY\nEND:VCALENDAR\n"

func TestFreeBusy(t *testing.T) {
	f := must[FreeBusy](t)(ParseFreeBusy([]byte(crlf(asked))))
	if f.UID != "f1" || f.Organizer != "anna@x.org" || fmt.Sprint(f.Attendees) != "[ben@x.org carl@x.org]" || f.To-f.From != 86400 || f.Mask != "u7" {
		t.Fatalf("%+v", f)
	}
	at := func(h float64) int64 { return f.From + int64(h*3600) }
	got := f.Reply("ben@x.org", []event.Span{{Start: at(10), End: at(11), Status: 2}, {Start: at(9), End: at(10), Status: 2}, {Start: at(10.5), End: at(12), Status: 2},
		{Start: at(10), End: at(11), Status: 1}, {Start: at(20), End: at(30), Status: 3}, {Start: at(15), End: at(16), Status: 4}, {Start: at(-3), End: at(-1), Status: 2}}, noon)
	want := "BEGIN:VCALENDAR\nPRODID:-//Tandem//EN\nVERSION:2.0\nMETHOD:REPLY\nBEGIN:VFREEBUSY\nUID:f1\nDTSTAMP:20260302T120000Z\nDTSTART:20260309T000000Z\nDTEND:20260310T000000Z\n" +
		"ORGANIZER:mailto:anna@x.org\nATTENDEE;CN=Ben:mailto:Ben@x.org\nFREEBUSY;FBTYPE=BUSY:20260309T090000Z/20260309T120000Z\n" +
		"FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260309T100000Z/20260309T110000Z\nFREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260309T200000Z/20260310T000000Z\nEND:VFREEBUSY\nEND:VCALENDAR\n"
	if string(got) != crlf(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestNoFreeBusy(t *testing.T) {
	for name, edit := range map[string][2]string{
		"no request":   {"METHOD:REQUEST", "METHOD:REPLY"},
		"no organizer": {"ORGANIZER", "X-ORGANIZER"},
		"nobody":       {"ATTENDEE", "X-ATTENDEE"},
		"backwards":    {"DTEND:20260310", "DTEND:20260308"},
		"too long":     {"DTEND:20260310", "DTEND:20290310"},
		"no end":       {"DTEND", "X-END"},
		"local time":   {"DTSTART:20260309T000000Z", "DTSTART:20260309T000000"},
		"an event":     {"VFREEBUSY", "VEVENT"},
		"torn":         {"END:VFREEBUSY\n", ""},
	} {
		if _, err := ParseFreeBusy([]byte(crlf(strings.ReplaceAll(asked, edit[0], edit[1])))); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
