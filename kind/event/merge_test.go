package event_test

import (
	"fmt"
	"sort"
	"strings"
	"testing"

	"tandem/kind"
)

func clashText(cs []kind.Clash) string {
	var out []string
	for _, c := range cs {
		out = append(out, fmt.Sprintf("%s: %s / %s / %s", c.Field, c.Base, c.A, c.B))
	}
	sort.Strings(out)
	return strings.Join(out, "\n")
}

func fields(cs []kind.Clash) string {
	var out []string
	for _, c := range cs {
		out = append(out, c.Field)
	}
	sort.Strings(out)
	return strings.Join(out, "; ")
}

const (
	start  = "DTSTART;TZID=Europe/Berlin:20260301T100000|DTEND;TZID=Europe/Berlin:20260301T110000|"
	moved  = "DTSTART;TZID=Europe/Berlin:20260302T100000|DTEND;TZID=Europe/Berlin:20260302T110000|"
	moved2 = "DTSTART;TZID=Europe/Berlin:20260303T100000|DTEND;TZID=Europe/Berlin:20260303T110000|"
	later  = "DTSTART;TZID=Europe/Berlin:20260301T120000|DTEND;TZID=Europe/Berlin:20260301T130000|"
	rule   = "RRULE:FREQ=DAILY|"
)

// Bodies are given by their lines; overrides follow after "||".
func body(s string) []byte {
	parts := strings.Split(s, "||")
	return []byte(cal(strings.TrimSuffix(parts[0], "|"), parts[1:]...))
}

func TestMerge(t *testing.T) {
	for _, c := range []struct{ name, base, a, b, want, clashes string }{
		{"move here, new title there", start + "SUMMARY:x", moved + "SUMMARY:x", start + "SUMMARY:y", moved + "SUMMARY:y", ""},
		{"two moves", start + "SUMMARY:x", moved + "SUMMARY:x", moved2 + "SUMMARY:x", moved + "SUMMARY:x",
			"start: 2026-03-01 10:00 Europe/Berlin, to 2026-03-01 11:00 Europe/Berlin / 2026-03-02 10:00 Europe/Berlin, to 2026-03-02 11:00 Europe/Berlin / 2026-03-03 10:00 Europe/Berlin, to 2026-03-03 11:00 Europe/Berlin"},
		{"the same move", start + "SUMMARY:x", moved + "SUMMARY:x", moved + "SUMMARY:y", moved + "SUMMARY:y", ""},
		{"two titles", start + "SUMMARY:x|LOCATION:l", start + "SUMMARY:y|LOCATION:l", start + "SUMMARY:z|LOCATION:m", start + "SUMMARY:y|LOCATION:m", "summary: x / y / z"},
		{"title removed and changed", start + "SUMMARY:x", start, start + "SUMMARY:z", start, "summary: x /  / z"},
		{"one answers, another is invited", start + "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:a@x.org|ATTENDEE:mailto:b@x.org", start + "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@x.org|ATTENDEE:mailto:b@x.org",
			start + "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:a@x.org|ATTENDEE:mailto:c@x.org", start + "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@x.org|ATTENDEE:mailto:c@x.org", ""},
		{"answer here, name there", start + "ATTENDEE:mailto:a@x.org", start + "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@x.org", start + "ATTENDEE;CN=Anna:mailto:a@x.org", start + "ATTENDEE;CN=Anna;PARTSTAT=ACCEPTED:mailto:a@x.org", ""},
		{"two answers", start + "ATTENDEE:mailto:Anna@example.org", start + "ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org", start + "ATTENDEE;PARTSTAT=DECLINED:mailto:anna@example.org",
			start + "ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org", "attendee anna@example.org: anna@example.org / anna@example.org, accepted / anna@example.org, declined"},
		{"exceptions", start + rule + "EXDATE;TZID=Europe/Berlin:20260305T100000", start + rule + "EXDATE;TZID=Europe/Berlin:20260305T100000,20260306T100000", start + rule + "EXDATE;TZID=Europe/Berlin:20260307T100000",
			start + rule + "EXDATE;TZID=Europe/Berlin:20260306T100000,20260307T100000", ""},
		{"exceptions in other zones", start + rule, start + rule + "EXDATE;TZID=Europe/Berlin:20260306T100000", start + rule + "EXDATE:20260307T090000Z",
			start + rule + "EXDATE;TZID=Europe/Berlin:20260306T100000|EXDATE:20260307T090000Z", ""},
		{"extra dates", start + "RDATE;VALUE=PERIOD:20260401T100000Z/PT1H", start + "RDATE;VALUE=PERIOD:20260401T100000Z/PT1H,20260402T100000Z/PT1H", start + "SUMMARY:x",
			start + "SUMMARY:x|RDATE;VALUE=PERIOD:20260402T100000Z/PT1H", ""},
		{"categories", start + "CATEGORIES:A,B", start + "CATEGORIES:B,C", start + "CATEGORIES:A,B|CATEGORIES:D", start + "CATEGORIES:B,C,D", ""},
		{"description by lines", start + `DESCRIPTION:one\ntwo\nthree`, start + `DESCRIPTION:ONE\ntwo\nthree`, start + `DESCRIPTION:one\ntwo\nthree\nfour\, five`, start + `DESCRIPTION:ONE\ntwo\nthree\nfour\, five`, ""},
		{"one line of description", start + `DESCRIPTION:one\ntwo`, start + `DESCRIPTION:ONE\ntwo`, start + `DESCRIPTION:uno\ntwo`, start + `DESCRIPTION:ONE\ntwo`, "description: one\ntwo / ONE\ntwo / uno\ntwo"},
		{"alarms", start + "BEGIN:VALARM|TRIGGER:-PT15M|ACTION:DISPLAY|END:VALARM", start + "BEGIN:VALARM|TRIGGER:-PT15M|ACTION:DISPLAY|REPEAT:2|END:VALARM",
			start + "BEGIN:VALARM|TRIGGER:-PT15M|ACTION:DISPLAY|DESCRIPTION:go|END:VALARM|BEGIN:VALARM|TRIGGER:-PT5M|ACTION:AUDIO|END:VALARM",
			start + "BEGIN:VALARM|TRIGGER:-PT15M|ACTION:DISPLAY|REPEAT:2|DESCRIPTION:go|END:VALARM|BEGIN:VALARM|TRIGGER:-PT5M|ACTION:AUDIO|END:VALARM", ""},
		{"one alarm, several properties", start + "BEGIN:VALARM|X-A:1|X-B:1|X-C:1|TRIGGER:-PT15M|ACTION:DISPLAY|END:VALARM", start + "BEGIN:VALARM|X-A:1|X-B:2|X-C:1|TRIGGER:-PT15M|ACTION:DISPLAY|REPEAT:2|END:VALARM",
			start + "BEGIN:VALARM|X-B:1|TRIGGER:-PT15M|ACTION:DISPLAY|DESCRIPTION:go|END:VALARM", start + "BEGIN:VALARM|X-B:2|TRIGGER:-PT15M|ACTION:DISPLAY|REPEAT:2|DESCRIPTION:go|END:VALARM", ""},
		{"one alarm, two ways", start + "BEGIN:VALARM|TRIGGER:-PT15M|ACTION:DISPLAY|REPEAT:1|END:VALARM", start + "BEGIN:VALARM|TRIGGER:-PT15M|ACTION:DISPLAY|REPEAT:2|END:VALARM",
			start + "BEGIN:VALARM|TRIGGER:-PT15M|ACTION:DISPLAY|REPEAT:3|END:VALARM", start + "BEGIN:VALARM|TRIGGER:-PT15M|ACTION:DISPLAY|REPEAT:2|END:VALARM", "alarm: -PT15M / -PT15M / -PT15M"},
		{"unknown properties", start + "X-A:1|X-B:1", start + "X-A:2|X-B:1|X-C:1", start + "X-A:1|X-B:2|X-D:1", start + "X-A:2|X-B:2|X-C:1|X-D:1", ""},
		{"unknown component", start + "SUMMARY:x", start + "SUMMARY:y", start + "SUMMARY:x|BEGIN:X-THING|X-A:1|END:X-THING", start + "SUMMARY:y|BEGIN:X-THING|X-A:1|END:X-THING", ""},
		{"a default is replaced", start + "CLASS:PUBLIC|SUMMARY:x", start + "CLASS:PUBLIC|SUMMARY:y", start + "CLASS:PRIVATE|SUMMARY:x", start + "CLASS:PRIVATE|SUMMARY:y", ""},
		{"an empty text is replaced", start + "LOCATION:|SUMMARY:x", start + "LOCATION:|SUMMARY:y", start + "LOCATION:here|SUMMARY:x", start + "LOCATION:here|SUMMARY:y", ""},
		{"other occurrences moved", start + rule, start + rule + "||RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:a", start + rule + "||RECURRENCE-ID;TZID=Europe/Berlin:20260306T100000|SUMMARY:b",
			start + rule + "||RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:a||RECURRENCE-ID;TZID=Europe/Berlin:20260306T100000|SUMMARY:b", ""},
		{"one occurrence, written in two zones", start + rule + "||RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:a|LOCATION:l",
			start + rule + "||RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:b|LOCATION:l", start + rule + "||RECURRENCE-ID:20260305T090000Z|SUMMARY:a|LOCATION:m",
			start + rule + "||RECURRENCE-ID:20260305T090000Z|SUMMARY:b|LOCATION:m", ""},
		{"title of one occurrence", start + rule + "||RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:a", start + rule + "||RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:b",
			start + rule + "||RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:c", start + rule + "||RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:b", "summary of 2026-03-05: a / b / c"},
		{"occurrence set back, title changed", start + rule + "SUMMARY:x||RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:a", start + rule + "SUMMARY:y||RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:a",
			start + rule + "SUMMARY:x", start + rule + "SUMMARY:y", ""},
		{"occurrence set back and changed", start + rule + "||RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:a", start + rule + "||RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:b",
			start + rule, start + rule + "||RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:b", "occurrence of 2026-03-05: a / b / "},
		{"series moved here, exception there", start + rule, moved + rule + "SUMMARY:x", start + rule + "EXDATE;TZID=Europe/Berlin:20260305T100000", moved + rule + "SUMMARY:x|EXDATE;TZID=Europe/Berlin:20260305T100000", ""},
		{"series moved to another hour, exception there", start + rule, later + rule, start + rule + "EXDATE:20260305T090000Z", later + rule + "EXDATE:20260305T090000Z",
			"start: 2026-03-01 10:00 Europe/Berlin, to 2026-03-01 11:00 Europe/Berlin, repeats FREQ=DAILY / 2026-03-01 12:00 Europe/Berlin, to 2026-03-01 13:00 Europe/Berlin, repeats FREQ=DAILY / 2026-03-01 10:00 Europe/Berlin, to 2026-03-01 11:00 Europe/Berlin, repeats FREQ=DAILY"},
		{"series moved to another hour, occurrence moved there", start + rule + "SUMMARY:x", later + rule + "SUMMARY:x", start + rule + "SUMMARY:x||RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:y",
			later + rule + "SUMMARY:x||RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:y",
			"start: 2026-03-01 10:00 Europe/Berlin, to 2026-03-01 11:00 Europe/Berlin, repeats FREQ=DAILY / 2026-03-01 12:00 Europe/Berlin, to 2026-03-01 13:00 Europe/Berlin, repeats FREQ=DAILY / 2026-03-01 10:00 Europe/Berlin, to 2026-03-01 11:00 Europe/Berlin, repeats FREQ=DAILY"},
		{"series moved with an old exception", start + rule + "EXDATE;TZID=Europe/Berlin:20260305T100000|SUMMARY:x", later + rule + "EXDATE;TZID=Europe/Berlin:20260305T120000|SUMMARY:x", start + rule + "EXDATE;TZID=Europe/Berlin:20260305T100000|SUMMARY:y",
			later + rule + "EXDATE;TZID=Europe/Berlin:20260305T120000|SUMMARY:y", ""},
		{"what programs note for themselves", start + "X-MOZ-GENERATION:1|SUMMARY:x", start + "X-MOZ-GENERATION:9|SUMMARY:y", start + "X-MOZ-GENERATION:10|SUMMARY:x", start + "X-MOZ-GENERATION:10|SUMMARY:y", ""},
		{"book-keeping", start + "SEQUENCE:1|DTSTAMP:20260101T000000Z|X-A:1|X-B:1", start + "SEQUENCE:9|DTSTAMP:20260102T000000Z|X-A:2|X-B:1", start + "SEQUENCE:10|DTSTAMP:20260101T000000Z|LAST-MODIFIED:20260103T000000Z|X-A:1|X-B:2",
			start + "SEQUENCE:10|DTSTAMP:20260102T000000Z|X-A:2|X-B:2|LAST-MODIFIED:20260103T000000Z", ""},
	} {
		m, err := handler.Merge(body(c.base), body(c.a), body(c.b))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if digest(t, string(m.Body)) != digest(t, string(body(c.want))) {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, m.Body, body(c.want))
		}
		if got := clashText(m.Clashes); got != c.clashes {
			t.Errorf("%s: clashes %q, want %q", c.name, got, c.clashes)
		}
		back, err := handler.Merge(body(c.base), body(c.b), body(c.a))
		if err != nil || fields(back.Clashes) != fields(m.Clashes) || len(m.Clashes) == 0 && digest(t, string(back.Body)) != digest(t, string(m.Body)) {
			t.Errorf("%s: the other way round: %v %v\n%s", c.name, err, back.Clashes, back.Body)
		}
		if c.name == "book-keeping" && !strings.Contains(string(m.Body), "SEQUENCE:10\r\nDTSTAMP:20260102T000000Z\r\n") || strings.Contains(c.want, "CLASS:") && strings.Contains(string(m.Body), "PUBLIC") ||
			strings.Contains(c.want, "LOCATION:here") && strings.Contains(string(m.Body), "LOCATION:\r\n") {
			t.Errorf("%s: got\n%s", c.name, m.Body)
		}
	}
}

func TestMergeWithoutBase(t *testing.T) {
	for _, c := range []struct{ a, b, want, clashes string }{
		{start + "SUMMARY:x|CATEGORIES:A|X-A:1", start + "SUMMARY:x|CATEGORIES:B|LOCATION:l|BEGIN:VALARM|TRIGGER:-PT5M|END:VALARM",
			start + "SUMMARY:x|CATEGORIES:A,B|X-A:1|LOCATION:l|BEGIN:VALARM|TRIGGER:-PT5M|END:VALARM", ""},
		{start + "SUMMARY:x", moved + "SUMMARY:y", start + "SUMMARY:x", "start; summary"},
		{start + rule + "||RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:a", start + rule + "||RECURRENCE-ID;TZID=Europe/Berlin:20260306T100000|SUMMARY:b",
			start + rule + "||RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:a||RECURRENCE-ID;TZID=Europe/Berlin:20260306T100000|SUMMARY:b", ""},
	} {
		m, err := handler.Merge(nil, body(c.a), body(c.b))
		if err != nil || digest(t, string(m.Body)) != digest(t, string(body(c.want))) || fields(m.Clashes) != c.clashes {
			t.Errorf("%v %v: got\n%s\nwant\n%s", err, m.Clashes, m.Body, body(c.want))
		}
	}
}

// What nobody changed keeps its bytes: folding, spelling, order and line endings.
func TestMergeKeepsBytes(t *testing.T) {
	weird := func(lines string) []byte {
		return []byte(strings.ReplaceAll("begin:VCALENDAR|x-odd : y|BEGIN:vevent|uid:u|Dtstart:20260301T100000Z|"+lines+"X-Fol|  ded;p=\"a\":1|END:vevent|END:VCALENDAR|", "|", "\n"))
	}
	m, err := handler.Merge(weird("SUMMARY:x|LOCATION:l|"), weird("SUMMARY:y|LOCATION:l|"), weird("SUMMARY:x|LOCATION:m|"))
	if want := string(weird("SUMMARY:y|LOCATION:m|")); err != nil || string(m.Body) != want || len(m.Clashes) > 0 {
		t.Errorf("%v %v: got\n%s\nwant\n%s", err, m.Clashes, m.Body, want)
	}
}

// A zone that only its definition tells comes along with the times in it, and is not lost with them.
func TestMergeZones(t *testing.T) {
	zone := func(offset string) string {
		return "BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:" + offset + "\r\nTZOFFSETTO:" + offset + "\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
	}
	with := func(z, lines string) []byte {
		return []byte(strings.Replace(cal(lines), "BEGIN:VEVENT", z+"BEGIN:VEVENT", 1))
	}
	utc, mine, mine2 := "DTSTART:20260301T100000Z|", "DTSTART;TZID=Mine:20260301T100000|", "DTSTART;TZID=Mine:20260302T100000|"
	for _, c := range []struct {
		name             string
		base, a, b, want []byte
		clashes          string
	}{
		{"comes along", with("", utc+"SUMMARY:x"), with("", utc+"SUMMARY:y"), with(zone("+0100"), mine+"SUMMARY:x"), with(zone("+0100"), mine+"SUMMARY:y"), ""},
		{"goes", with(zone("+0100"), mine+"SUMMARY:x"), with(zone("+0100"), mine+"SUMMARY:y"), with("", utc+"SUMMARY:x"), with("", utc+"SUMMARY:y"), ""},
		{"stays in a clash", with(zone("+0100"), mine+"SUMMARY:x"), with(zone("+0100"), mine2+"SUMMARY:x"), with("", utc+"SUMMARY:x"), with(zone("+0100"), mine2+"SUMMARY:x"), "start"},
		{"changed there", with(zone("+0100"), mine+"SUMMARY:x"), with(zone("+0100"), mine+"SUMMARY:y"), with(zone("+0200"), mine+"SUMMARY:x"), with(zone("+0200"), mine+"SUMMARY:y"), ""},
		{"changed twice", with(zone("+0100"), mine), with(zone("+0200"), mine), with(zone("+0300"), mine), with(zone("+0200"), mine), "time zone Mine"},
	} {
		m, err := handler.Merge(c.base, c.a, c.b)
		if err != nil || digest(t, string(m.Body)) != digest(t, string(c.want)) || fields(m.Clashes) != c.clashes {
			t.Errorf("%s: %v %v: got\n%s\nwant\n%s", c.name, err, m.Clashes, m.Body, c.want)
		}
	}
}
