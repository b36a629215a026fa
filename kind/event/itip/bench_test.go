package itip

import (
	"fmt"
	"strings"
	"testing"
)

// crowd is a weekly meeting with n guests and some moved instances.
func crowd(n int, title string) []byte {
	var guests strings.Builder
	for i := range n {
		fmt.Fprintf(&guests, "ATTENDEE;CN=Guest %d;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:guest%d@x.org\n", i, i)
	}
	list := strings.TrimSuffix(guests.String(), "\n")
	parts := []string{vevent(strings.Replace(at10, "Talk", title, 1), "RRULE:FREQ=WEEKLY", anna, me, list)}
	for week := range 10 {
		day := fmt.Sprintf("202604%02d", 6+week)
		parts = append(parts, vevent("RECURRENCE-ID:"+day+"T100000Z", "DTSTART:"+day+"T150000Z", "DTEND:"+day+"T160000Z", "SUMMARY:"+title, anna, me, list))
	}
	return body(parts...)
}

// BenchmarkOrganized: a new title for 200 guests of a series.
func BenchmarkOrganized(b *testing.B) {
	old, new := crowd(200, "Talk"), crowd(200, "Walk")
	b.ReportAllocs()
	for b.Loop() {
		s, err := desk("anna", 0).Organized(old, new)
		if err != nil || len(s.Messages) != 200 {
			b.Fatal(len(s.Messages), err)
		}
	}
}

// BenchmarkReply: one of 200 guests answers.
func BenchmarkReply(b *testing.B) {
	have := crowd(200, "Talk")
	answer := message(Reply, vevent(at10, "RRULE:FREQ=WEEKLY", anna, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:guest7@x.org"))
	b.ReportAllocs()
	for b.Loop() {
		if r, err := desk("anna", 0).Receive(have, answer); err != nil || r.Body == nil {
			b.Fatal(r.Ignored, err)
		}
	}
}

// BenchmarkTag: the schedule tag of a meeting of ten, and of one of 200.
func BenchmarkTag(b *testing.B) {
	for _, n := range []int{10, 200} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			have := crowd(n, "Talk")
			b.ReportAllocs()
			for b.Loop() {
				if desk("anna", 0).Tag(have) == "" {
					b.Fatal("no tag")
				}
			}
		})
	}
}
