package event_test

import (
	"testing"

	"tandem/kind/eas"
)

func BenchmarkGet(b *testing.B) {
	body := []byte(cal(meet + "|DESCRIPTION:Some text|LOCATION:Room|ATTENDEE;CN=Ben:mailto:ben@x.org|ATTENDEE;CN=Cleo:mailto:cleo@x.org|RRULE:FREQ=WEEKLY|BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-PT15M|END:VALARM"))
	o := options(b, eas.V161)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := view.Get(body, o); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPut(b *testing.B) {
	body := []byte(cal(meet + "|DESCRIPTION:Some text|LOCATION:Room|ATTENDEE;CN=Ben:mailto:ben@x.org|ATTENDEE;CN=Cleo:mailto:cleo@x.org|RRULE:FREQ=WEEKLY|BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-PT15M|END:VALARM"))
	o := eas.Put{Options: options(b, eas.V161)}
	sent := data(b, "<Subject>New</Subject><StartTime>20260302T100000Z</StartTime><EndTime>20260302T110000Z</EndTime>")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := view.Put(body, sent, o); err != nil {
			b.Fatal(err)
		}
	}
}
