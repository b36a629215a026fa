package itip

import (
	"strings"
	"testing"

	"tandem/kind/recur"
)

var zones = &recur.Zones{}

const noon = 1772452800 // 2026-03-02T12:00:00Z

// desk is the desk of a person @x.org, some minutes after noon.
func desk(name string, minutes int64) Desk {
	return Desk{Me: Addresses{name + "@x.org"}, Now: noon + minutes*60, Zones: zones}
}

// body is a calendar object of components; lines end in "\n" or stand apart.
func body(components ...string) []byte {
	return []byte(crlf("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n" + strings.Join(components, "") + "END:VCALENDAR\n"))
}

func message(m Method, components ...string) []byte {
	return []byte(strings.Replace(string(body(components...)), "PRODID:test\r\n", "PRODID:test\r\nMETHOD:"+string(m)+"\r\n", 1))
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// vevent is an event u1 with these lines.
func vevent(lines ...string) string {
	return "BEGIN:VEVENT\nUID:u1\nDTSTAMP:20260301T000000Z\n" + strings.Join(lines, "\n") + "\nEND:VEVENT\n"
}

const (
	anna   = "ORGANIZER;CN=Anna:mailto:anna@x.org"
	me     = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@x.org"
	ben    = "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ben@x.org"
	carl   = "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:carl@x.org"
	at10   = "DTSTART:20260309T100000Z\nDTEND:20260309T110000Z\nSUMMARY:Talk"
	at14   = "DTSTART:20260309T140000Z\nDTEND:20260309T150000Z\nSUMMARY:Talk"
	weekly = "RRULE:FREQ=WEEKLY;COUNT=5"
	second = "RECURRENCE-ID:20260316T100000Z\nDTSTART:20260316T100000Z\nDTEND:20260316T110000Z\nSUMMARY:Talk"
	moved  = "RECURRENCE-ID:20260316T100000Z\nDTSTART:20260316T150000Z\nDTEND:20260316T160000Z\nSUMMARY:Talk"
)

func said(line, partstat string) string {
	return strings.Replace(line, "PARTSTAT=NEEDS-ACTION", "PARTSTAT="+partstat, 1)
}

// told sums messages up: "REQUEST ben", in order.
func told(list []Message) string {
	var out []string
	for _, m := range list {
		name, _, _ := strings.Cut(m.To, "@")
		out = append(out, string(m.Method)+" "+name)
	}
	return strings.Join(out, ", ")
}

// has checks that a text holds all of some parts, and none of those behind "!".
func has(t testing.TB, what string, text []byte, parts ...string) {
	t.Helper()
	flat := strings.ReplaceAll(strings.ReplaceAll(string(text), "\r\n ", ""), "\r\n", "\n")
	for _, p := range parts {
		if not, is := strings.CutPrefix(p, "!"); is {
			if strings.Contains(flat, not) {
				t.Errorf("%s: holds %q:\n%s", what, not, flat)
			}
		} else if !strings.Contains(flat, p) {
			t.Errorf("%s: lacks %q:\n%s", what, p, flat)
		}
	}
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
