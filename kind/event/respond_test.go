package event_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/event"
	"tandem/wire/ical"
)

const invitation = meet + "|SEQUENCE:2|ORGANIZER;CN=Ben:mailto:ben@x.org|ATTENDEE;CN=Anna;RSVP=TRUE:MAILTO:Anna@example.org|ATTENDEE:mailto:cleo@x.org|X-MINE:1|LOCATION:Room"

func TestRespond(t *testing.T) {
	const other = "RECURRENCE-ID;TZID=Europe/Berlin:20260304T100000|DTSTART;TZID=Europe/Berlin:20260304T140000|DTEND;TZID=Europe/Berlin:20260304T150000|SUMMARY:Other|ATTENDEE:mailto:anna@example.org"
	series := invitation + "|RRULE:FREQ=DAILY;COUNT=10"
	const me = "ATTENDEE;CN=Anna;PARTSTAT=ACCEPTED:MAILTO:Anna@example.org"
	for _, c := range []struct {
		name, body, instance string
		answer               event.Answer
		want, reply          string // reply "" : none
	}{
		{"accepted", cal(invitation), "", event.Accept, me + "|X-MINE:1|X-MICROSOFT-CDO-REPLYTIME:20260301T120000Z|ATTENDEE:mailto:cleo@x.org",
			"METHOD:REPLY|UID:u|SEQUENCE:2|DTSTAMP:20260301T120000Z|ATTENDEE;PARTSTAT=ACCEPTED;CN=Anna:MAILTO:Anna@example.org|ORGANIZER;CN=Ben:mailto:ben@x.org|COMMENT:see you\\, Ben|!X-MINE|!ATTENDEE:mailto:cleo|SUMMARY:Talk"},
		{"tentative", cal(invitation), "", event.Tentative, "ATTENDEE;CN=Anna;PARTSTAT=TENTATIVE:MAILTO:Anna@example.org|X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", "METHOD:REPLY"},
		{"declined", cal(invitation), "", event.Decline, "ATTENDEE;CN=Anna;PARTSTAT=DECLINED:MAILTO:Anna@example.org", "ATTENDEE;PARTSTAT=DECLINED;CN=Anna:MAILTO:Anna@example.org"},
		{"accepted after tentative", cal(invitation + "|X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE|X-MICROSOFT-CDO-INTENDEDSTATUS:OOF"), "", event.Accept, "X-MICROSOFT-CDO-BUSYSTATUS:OOF", "METHOD:REPLY"},
		{"the series and what differs from it", cal(series, other), "", event.Accept, me + "|ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org", "METHOD:REPLY|RRULE:FREQ=DAILY;COUNT=10|!RECURRENCE-ID"},
		{"one instance", cal(series), "20260305T090000Z", event.Decline, "RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|ATTENDEE;CN=Anna;RSVP=TRUE:MAILTO:Anna@example.org|ATTENDEE;CN=Anna;PARTSTAT=DECLINED:MAILTO:Anna@example.org",
			"RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SEQUENCE:2|!RRULE|ATTENDEE;PARTSTAT=DECLINED;CN=Anna:MAILTO:Anna@example.org"},
		{"one instance that differs, with separators (MS-ASCMD_R3194)", cal(series, other), "2026-03-04T09:00:00.000Z", event.Accept, "ATTENDEE;CN=Anna;RSVP=TRUE:MAILTO:Anna@example.org|ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org", "RECURRENCE-ID;TZID=Europe/Berlin:20260304T100000|SUMMARY:Other"},
		{"a day", cal("DTSTART;VALUE=DATE:20260302|RRULE:FREQ=DAILY|ORGANIZER:mailto:ben@x.org|ATTENDEE:mailto:anna@example.org"), "20260303T000000Z", event.Accept, "RECURRENCE-ID;VALUE=DATE:20260303", "RECURRENCE-ID;VALUE=DATE:20260303"},
		{"not on the list", cal(meet + "|ORGANIZER:mailto:ben@x.org"), "", event.Accept, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org"},
		{"my own", cal(meet + "|ORGANIZER:mailto:anna@example.org|ATTENDEE:mailto:anna@example.org"), "", event.Accept, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org", ""},
		{"nobody's", cal(meet + "|ATTENDEE:mailto:anna@example.org"), "", event.Accept, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org", ""},
	} {
		body, reply, err := event.Respond([]byte(c.body), "anna@example.org", c.answer, c.instance, " see you, Ben\n", 1772366400)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if missing := has(string(body), c.want); missing != nil {
			t.Errorf("%s: %q\n%s", c.name, missing, body)
		}
		if missing := has(string(reply), c.reply); missing != nil || c.reply == "" && reply != nil {
			t.Errorf("%s: %q\n%s", c.name, missing, reply)
		}
		for _, b := range [][]byte{body, reply} {
			if b == nil {
				continue
			}
			if _, err := handler.Inspect(b); err != nil {
				t.Errorf("%s: %v\n%s", c.name, err, b)
			}
		}
	}
	for _, c := range []struct {
		body, instance string
		answer         event.Answer
		kind           tandem.ErrorKind
	}{
		{"", "", event.Accept, tandem.Invalid},
		{cal(invitation), "", "PERHAPS", tandem.Invalid},
		{cal(series), "soon", event.Accept, tandem.Invalid},
		{cal(series), "20270305T090000Z", event.Accept, tandem.NotFound},
		{cal(invitation), "20260302T090000Z", event.Accept, tandem.NotFound},
	} {
		if _, _, err := event.Respond([]byte(c.body), "anna@example.org", c.answer, c.instance, "", 0); !tandem.IsKind(err, c.kind) {
			t.Errorf("%q %s: %v", c.instance, c.answer, err)
		}
	}
}

// The answer can be made to every event of the corpora, and loses nothing of it.
func TestRespondCorpora(t *testing.T) {
	for _, r := range records(t) {
		body, reply, err := event.Respond(r.body, "anna@example.org", event.Accept, "", "", 1772366400)
		if err != nil {
			t.Errorf("%s: %v", r.name, err)
			continue
		}
		if gone := slices.DeleteFunc(lost(r.body, body), func(l string) bool { return strings.HasPrefix(l, "X-MICROSOFT-CDO-REPLYTIME") }); len(gone) > 0 {
			t.Errorf("%s lost %q", r.name, gone)
		}
		if reply == nil {
			continue
		}
		if entries, err := ical.Split(reply); err != nil || len(entries) != 1 {
			t.Errorf("%s: reply %v\n%s", r.name, err, reply)
		}
	}
}

func TestBusy(t *testing.T) {
	at := func(s string) int64 {
		tm, err := time.ParseInLocation("02T15:04", s, berlin(t))
		if err != nil {
			t.Fatal(err)
		}
		return tm.AddDate(2026, 2, 0).Unix()
	}
	text := func(list []event.Span) string {
		var out []string
		for _, s := range list {
			out = append(out, time.Unix(s.Start, 0).In(berlin(t)).Format("02T15:04")+"-"+time.Unix(s.End, 0).In(berlin(t)).Format("15:04")+" "+string(rune('0'+s.Status)))
		}
		return strings.Join(out, ", ")
	}
	const moved = "RECURRENCE-ID;TZID=Europe/Berlin:20260303T100000|DTSTART;TZID=Europe/Berlin:20260303T140000|DTEND;TZID=Europe/Berlin:20260303T150000|X-MICROSOFT-CDO-BUSYSTATUS:OOF"
	for _, c := range []struct{ name, body, from, to, want string }{
		{"once", cal(meet), "01T00:00", "05T00:00", "02T10:00-11:00 2"},
		{"cut", cal(meet), "02T10:30", "05T00:00", "02T10:30-11:00 2"},
		{"elsewhere", cal(meet), "03T00:00", "05T00:00", ""},
		{"free", cal(meet + "|TRANSP:TRANSPARENT"), "01T00:00", "05T00:00", ""},
		{"cancelled", cal(meet + "|STATUS:CANCELLED"), "01T00:00", "05T00:00", ""},
		{"declined", cal(meet + "|ATTENDEE;PARTSTAT=DECLINED:mailto:anna@example.org"), "01T00:00", "05T00:00", ""},
		{"not answered", cal(meet + "|ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:anna@example.org"), "01T00:00", "05T00:00", "02T10:00-11:00 1"},
		{"accepted", cal(meet + "|ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org"), "01T00:00", "05T00:00", "02T10:00-11:00 2"},
		{"series", cal(daily, moved), "01T00:00", "05T00:00", "02T10:00-11:00 2, 03T14:00-15:00 3, 04T10:00-11:00 2"},
		{"all day", cal("DTSTART;VALUE=DATE:20260303"), "01T00:00", "05T00:00", "03T00:00-00:00 2"},
		{"floating", cal("DTSTART:20260303T100000|DURATION:PT1H"), "01T00:00", "05T00:00", "03T10:00-11:00 2"},
		{"a moment", cal("DTSTART:20260303T100000Z"), "01T00:00", "05T00:00", ""},
	} {
		list, err := event.Busy([]byte(c.body), "anna@example.org", at(c.from), at(c.to), berlin(t))
		if err != nil || text(list) != c.want {
			t.Errorf("%s: %s, %v", c.name, text(list), err)
		}
	}
	if _, err := event.Busy([]byte("x"), "", 0, 1, nil); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("%v", err)
	}
}
