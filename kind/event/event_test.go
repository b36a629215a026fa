package event_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"tandem"
	"tandem/kind/event"
	"tandem/kind/recur"
	"tandem/wire/contentline"
)

var handler = event.Handler{Zones: &recur.Zones{}}

// cal wraps lines, separated by "|", into a calendar object of one event with the UID u.
func cal(lines string, overrides ...string) string {
	out := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n"
	for _, part := range append([]string{lines}, overrides...) {
		out += "BEGIN:VEVENT\r\nUID:u\r\n" + strings.ReplaceAll(part, "|", "\r\n") + "\r\nEND:VEVENT\r\n"
	}
	return out + "END:VCALENDAR\r\n"
}

func digest(t testing.TB, body string) tandem.Digest {
	t.Helper()
	info, err := handler.Inspect([]byte(body))
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return info.Digest
}

func TestSameMeaning(t *testing.T) {
	const base = "DTSTART;TZID=Europe/Berlin:20260301T100000|DTEND;TZID=Europe/Berlin:20260301T110000|SUMMARY:Long text that says this, that and more"
	plain := cal(base)
	for name, other := range map[string]string{
		"line endings":      strings.ReplaceAll(plain, "\r\n", "\n"),
		"folding":           strings.ReplaceAll(plain, "SUMMARY:Long", "SUMM\r\n ARY:Lo\r\n ng"),
		"order":             cal("SUMMARY:Long text that says this, that and more|DTEND;TZID=Europe/Berlin:20260301T110000|DTSTART;TZID=Europe/Berlin:20260301T100000"),
		"book-keeping":      cal(base + "|DTSTAMP:20260101T000000Z|LAST-MODIFIED:20260101T000000Z|CREATED:20250101T000000Z|SEQUENCE:3"),
		"product":           strings.Replace(plain, "PRODID:test", "PRODID:other", 1),
		"method publish":    strings.Replace(plain, "PRODID:test", "METHOD:PUBLISH\r\nCALSCALE:GREGORIAN", 1),
		"name of calendar":  strings.Replace(plain, "PRODID:test", "X-WR-CALNAME:Home", 1),
		"default value":     strings.Replace(plain, "DTSTART;TZID=Europe/Berlin", "DTSTART;VALUE=DATE-TIME;TZID=\"Europe/Berlin\"", 1),
		"spelling of names": strings.Replace(strings.Replace(plain, "SUMMARY", "Summary", 1), "BEGIN:VEVENT", "begin:vevent", 1),
		"escapes":           strings.Replace(plain, "this, that", `this\, that`, 1),
		"defaults":          cal(base + "|TRANSP:OPAQUE|CLASS:PUBLIC|PRIORITY:0|LOCATION:"),
		"known zone":        strings.Replace(plain, "BEGIN:VEVENT", "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT", 1),
		"unused zone":       strings.Replace(plain, "BEGIN:VEVENT", "BEGIN:VTIMEZONE\r\nTZID:Mine\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT", 1),
	} {
		if digest(t, other) != digest(t, plain) {
			t.Errorf("%s: another meaning\n%s", name, other)
		}
	}
	for _, pair := range [][2]string{
		{"RRULE:FREQ=DAILY;INTERVAL=1;COUNT=3", "RRULE:COUNT=3;FREQ=DAILY"},
		{"ATTENDEE;PARTSTAT=NEEDS-ACTION;CN=A:mailto:A@x.org", "ATTENDEE;CN=\"A\";ROLE=REQ-PARTICIPANT:MAILTO:a@x.org"},
		{"CATEGORIES:A,B|CATEGORIES:C", "CATEGORIES:C,B,A"},
		{"EXDATE:20260301T100000Z|EXDATE:20260302T100000Z", "EXDATE:20260302T100000Z,20260301T100000Z"},
		{"DURATION:PT60M", "DURATION:PT1H"},
		{"DTSTART;TZID=Etc/UTC:20260301T100000", "DTSTART:20260301T100000Z"},
		{"DTSTART;TZID=Europe/Berlin:20260301T100000|DURATION:PT1H", "DTSTART;TZID=Europe/Berlin:20260301T100000|DTEND;TZID=Europe/Berlin:20260301T110000"},
		{"DTSTART;VALUE=DATE:20260301", "DTSTART;VALUE=DATE:20260301|DTEND;VALUE=DATE:20260302"},
		{"DTSTART:20260301T100000Z|DTEND:20260301T100000Z", "DTSTART:20260301T100000Z"},
		{"BEGIN:VALARM|TRIGGER:-PT15M|ACTION:DISPLAY|END:VALARM", "BEGIN:VALARM|ACTION:display|TRIGGER;RELATED=START:-PT15M|END:VALARM"},
	} {
		if digest(t, cal(pair[0])) != digest(t, cal(pair[1])) {
			t.Errorf("%s and %s mean different things", pair[0], pair[1])
		}
	}
}

func TestOtherMeaning(t *testing.T) {
	bodies := map[string]string{
		"plain":       cal("DTSTART:20260301T100000"),
		"utc":         cal("DTSTART:20260301T100000Z"),
		"zone":        cal("DTSTART;TZID=Europe/Berlin:20260301T100000"),
		"other zone":  cal("DTSTART;TZID=Europe/Paris:20260301T100000"),
		"day":         cal("DTSTART;VALUE=DATE:20260301"),
		"unknown":     cal("DTSTART:20260301T100000|X-FOO:1"),
		"utc, long":   cal("DTSTART:20260301T100000Z|DTEND:20260301T110000Z"),
		"utc, longer": cal("DTSTART:20260301T100000Z|DTEND:20260301T120000Z"),
		"two days":    cal("DTSTART;VALUE=DATE:20260301|DTEND;VALUE=DATE:20260303"),
		"private":     cal("DTSTART:20260301T100000|CLASS:PRIVATE"),
		"alarm":       cal("DTSTART:20260301T100000|BEGIN:VALARM|TRIGGER:-PT15M|END:VALARM"),
		"other alarm": cal("DTSTART:20260301T100000|BEGIN:VALARM|TRIGGER:-PT10M|END:VALARM"),
		"override":    cal("DTSTART:20260301T100000", "RECURRENCE-ID:20260301T100000"),
		"future":      cal("DTSTART:20260301T100000", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260301T100000"),
		"request":     strings.Replace(cal("DTSTART:20260301T100000"), "PRODID:test", "METHOD:REQUEST", 1),
		"uid":         strings.Replace(cal("DTSTART:20260301T100000"), "UID:u", "UID:v", 1),
		"nonsense":    cal("DTSTART:20260301T100000|this makes no sense"),
		"own zone":    ownZone("+0100"),
		"own zone 2":  ownZone("+0200"),
	}
	seen := map[tandem.Digest]string{}
	for name, body := range bodies {
		d := digest(t, body)
		if other, ok := seen[d]; ok {
			t.Errorf("%s and %s mean the same", name, other)
		}
		seen[d] = name
	}
}

func ownZone(offset string) string {
	return strings.Replace(cal("DTSTART;TZID=Mine:20260301T100000"), "BEGIN:VEVENT",
		"BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:"+offset+"\r\nTZOFFSETTO:"+offset+"\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT", 1)
}

func TestInspect(t *testing.T) {
	at := func(s string) int64 {
		tm, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return tm.Unix()
	}
	for _, c := range []struct {
		name, body     string
		start, end     int64
		summary        string
		modifiedSecond int64
	}{
		{"zone", cal("DTSTART;TZID=Europe/Berlin:20261124T093000|DTEND;TZID=Europe/Berlin:20261124T100000|SUMMARY:Standup|ORGANIZER;CN=Anna:mailto:a@x.org|DTSTAMP:20260101T000000Z"),
			at("2026-11-24T08:30:00Z"), at("2026-11-24T09:00:00Z"), "Standup, 2026-11-24 09:30 Europe/Berlin, Anna", at("2026-01-01T00:00:00Z")},
		{"prefixed zone", cal("DTSTART;TZID=/mozilla.org/20050126_1/Europe/Berlin:20261124T093000|DURATION:PT30M|LAST-MODIFIED:20260202T000000Z|DTSTAMP:20260301T000000Z"),
			at("2026-11-24T08:30:00Z"), at("2026-11-24T09:00:00Z"), "2026-11-24 09:30 Europe/Berlin", at("2026-02-02T00:00:00Z")},
		{"windows zone", cal("DTSTART;TZID=W. Europe Standard Time:20261124T093000|SUMMARY:x"), at("2026-11-24T08:30:00Z"), at("2026-11-24T08:30:00Z"), "x, 2026-11-24 09:30 W. Europe Standard Time", 0},
		{"own zone", ownZone("+0500"), at("2026-03-01T05:00:00Z"), at("2026-03-01T05:00:00Z"), "2026-03-01 10:00 Mine", 0},
		{"day", cal("DTSTART;VALUE=DATE:20261124|SUMMARY:Day"), at("2026-11-24T00:00:00Z"), at("2026-11-25T00:00:00Z"), "Day, 2026-11-24", 0},
		{"endless", cal("DTSTART:20261124T093000Z|RRULE:FREQ=WEEKLY|SUMMARY:Week"), at("2026-11-24T09:30:00Z"), math.MaxInt64, "Week, 2026-11-24 09:30 UTC", 0},
		{"override after the end", cal("DTSTART:20261124T093000Z|RRULE:FREQ=WEEKLY;COUNT=2|SUMMARY:Week", "RECURRENCE-ID:20261201T093000Z|DTSTART:20270101T000000Z|DTEND:20270101T010000Z"),
			at("2026-11-24T09:30:00Z"), at("2027-01-01T01:00:00Z"), "Week, 2026-11-24 09:30 UTC", 0},
		{"rule that makes no sense", cal("DTSTART:20261124T093000Z|RRULE:every now and then"), at("2026-11-24T09:30:00Z"), math.MaxInt64, "2026-11-24 09:30 UTC", 0},
		{"no time", cal("SUMMARY:Some\\nday"), 0, 0, "Some", 0},
		{"vCalendar 1.0", "BEGIN:VCALENDAR\nVERSION:1.0\nBEGIN:VEVENT\nDTSTART:19960401T033000Z\nRRULE:W2 #2\nSUMMARY;ENCODING=QUOTED-PRINTABLE:Gr=C3=BC=\n=C3=9Fe\nEND:VEVENT\nEND:VCALENDAR\n",
			at("1996-04-01T03:30:00Z"), at("1996-04-15T03:30:00Z"), "Grüße, 1996-04-01 03:30 UTC", 0},
	} {
		info, err := handler.Inspect([]byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if info.Index.Start != c.start || info.Index.End != c.end || info.Summary.String() != c.summary || info.Modified != c.modifiedSecond*1e9 {
			t.Errorf("%s: got %+v %q modified %d", c.name, info.Index, info.Summary, info.Modified)
		}
	}
}

func TestInvalid(t *testing.T) {
	good := cal("DTSTART:20260301T100000")
	for name, body := range map[string]string{
		"empty":        "",
		"torn":         good[:len(good)/2],
		"a task":       strings.ReplaceAll(good, "VEVENT", "VTODO"),
		"a card":       "BEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n",
		"no record":    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
		"two records":  strings.Replace(good, "END:VEVENT\r\n", "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:other\r\nEND:VEVENT\r\n", 1),
		"two objects":  good + good,
		"without UIDs": strings.ReplaceAll(cal("SUMMARY:a", "SUMMARY:b"), "UID:u\r\n", ""),
	} {
		_, err := handler.Inspect([]byte(body))
		var place *contentline.Error
		if !tandem.IsKind(err, tandem.Invalid) || !errors.As(err, &place) {
			t.Errorf("%s: got %v, want invalid with a place", name, err)
		}
		if _, err := handler.Merge(nil, []byte(body), []byte(good)); err == nil {
			t.Errorf("%s: merged", name)
		}
	}
}

func TestWithUID(t *testing.T) {
	body, err := handler.WithUID([]byte(cal("DTSTART:20260301T100000", "RECURRENCE-ID:20260301T100000")), "new,one")
	want := strings.ReplaceAll(cal("DTSTART:20260301T100000", "RECURRENCE-ID:20260301T100000"), "UID:u", `UID:new\,one`)
	if err != nil || string(body) != want {
		t.Errorf("got %v\n%s", err, body)
	}
}

func BenchmarkInspect(b *testing.B) {
	body := []byte(cal("DTSTAMP:20260101T000000Z|DTSTART;TZID=Europe/Berlin:20261124T093000|DTEND;TZID=Europe/Berlin:20261124T100000|SUMMARY:Standup|ORGANIZER;CN=Anna:mailto:a@x.org|" +
		"RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR|EXDATE;TZID=Europe/Berlin:20261125T093000,20261127T093000|LOCATION:Room 7|DESCRIPTION:" + strings.Repeat(`All that must be said\, and more.\n`, 8) +
		"|ATTENDEE;CN=Bert;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT:mailto:bert@example.org|ATTENDEE;CN=Carla;PARTSTAT=DECLINED:mailto:carla@example.org|CATEGORIES:Work,Daily|" +
		"X-MOZ-GENERATION:3|TRANSP:OPAQUE|CLASS:PRIVATE|BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-PT15M|DESCRIPTION:Standup|END:VALARM"))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := handler.Inspect(body); err != nil {
			b.Fatal(err)
		}
	}
}

// Records made to cost time are read within a moment.
func TestHostileRecords(t *testing.T) {
	impossible := "RRULE:FREQ=DAILY;COUNT=5;BYMONTH=2;BYMONTHDAY=31"
	zone := "BEGIN:VTIMEZONE\r\nTZID:Mine\r\n" + strings.Repeat("BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\n"+impossible+"\r\nEND:STANDARD\r\n", 3000) + "END:VTIMEZONE\r\n"
	same := make([]string, 3000)
	for i := range same {
		same[i] = "RECURRENCE-ID:20260301T100000Z"
	}
	for name, body := range map[string]string{
		"rules":          cal("DTSTART:20260301T100000Z" + strings.Repeat("|"+impossible, 3000)),
		"excluded rules": cal("DTSTART:20260301T100000Z" + strings.Repeat("|EX"+impossible[1:], 3000)),
		"zones":          strings.Replace(cal("DTSTART;TZID=Mine:20260301T100000"), "BEGIN:VEVENT", zone+"BEGIN:VEVENT", 1),
		"overrides":      cal("DTSTART:20260301T100000Z", same...),
	} {
		begin := time.Now()
		if _, err := handler.Inspect([]byte(body)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
}
