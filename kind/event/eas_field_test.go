package event_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
	"tandem/wire/wintz"
)

// Behaviours of real clients, by what they are known for.
func TestFieldNotes(t *testing.T) {
	old, new := options(t, eas.V141), options(t, eas.V161)
	t.Run("11 Android: the user organizes events without guests", func(t *testing.T) {
		e := all(t, cal(meet), old)
		if e.Get(wbxml.CalendarOrganizerEmail) != "anna@example.org" || e.Get(wbxml.CalendarMeetingStatus) != "0" {
			t.Errorf("%s", xml(t, e.Children))
		}
	})
	t.Run("12 an instance named by its new time", func(t *testing.T) {
		const moved = "RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|DTSTART;TZID=Europe/Berlin:20260305T140000|DTEND;TZID=Europe/Berlin:20260305T150000|SUMMARY:Talk"
		body := put(t, cal(daily, moved), eas.Put{Options: new, Instance: "20260305T130000Z"}, "<Subject>New</Subject>")
		if missing := has(body, "RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:New"); missing != nil || strings.Count(body, "RECURRENCE-ID") != 1 {
			t.Errorf("%s", body)
		}
	})
	t.Run("Android: the last day without a time of day", func(t *testing.T) {
		for _, c := range []struct{ lines, until, want, happens string }{
			{meet, "20260304T000000Z", "RRULE:FREQ=DAILY;UNTIL=20260304T090000Z", "02T10:00 03T10:00 04T10:00"},
			{"DTSTART;TZID=America/Los_Angeles:20260302T160000|DURATION:PT1H", "20260304T000000Z", "RRULE:FREQ=DAILY;UNTIL=20260304T000000Z", "03T01:00 04T01:00"},
			{"DTSTART:20260302T000000Z|DURATION:PT1H", "20260304T000000Z", "RRULE:FREQ=DAILY;UNTIL=20260304T000000Z", "02T01:00 03T01:00 04T01:00"},
		} {
			sent := "<Recurrence><Type>0</Type><Until>" + c.until + "</Until></Recurrence>"
			body := put(t, cal(c.lines), eas.Put{Options: old}, sent)
			if missing := has(body, c.want); missing != nil || happenings(t, body, 9) != c.happens {
				t.Errorf("%q, it happens %s\n%s", missing, happenings(t, body, 9), body)
			}
			if again := put(t, body, eas.Put{Options: old}, sent); again != body {
				t.Errorf("not the same again\n%s\n%s", body, again)
			}
		}
	})
	t.Run("26 iOS: always a status, guests without address", func(t *testing.T) {
		for _, body := range []string{cal(meet), cal(meet + "|STATUS:CANCELLED"), cal(meet + "|ORGANIZER:mailto:b@x.org")} {
			for _, v := range versions {
				if e := all(t, body, options(t, v)); !e.Has(wbxml.CalendarMeetingStatus) {
					t.Errorf("none in %s", v)
				}
			}
		}
		body := put(t, cal(meet), eas.Put{Options: old}, "<Attendees><Attendee><Name>Ben</Name></Attendee></Attendees>")
		again := put(t, body, eas.Put{Options: old}, "<Attendees><Attendee><Email/><Name>Ben</Name></Attendee></Attendees>")
		if again != body {
			t.Errorf("%s\n%s", body, again)
		}
	})
	t.Run("27 iOS: an empty Recurrence", func(t *testing.T) {
		for _, v := range versions {
			body := put(t, cal(daily), eas.Put{Options: options(t, v)}, "<Recurrence/>")
			if strings.Contains(body, "COUNT=10") {
				t.Errorf("in %s: %s", v, body)
			}
		}
	})
	t.Run("31 iOS: DeadOccur in a Recurrence, the start of an exception of days in another zone", func(t *testing.T) {
		r := wbxml.New(wbxml.CalendarRecurrence, wbxml.Text(wbxml.CalendarType, "0"), wbxml.Text(wbxml.TasksDeadOccur, "0"))
		if _, err := view.Put([]byte(cal(meet)), []*wbxml.Element{r}, eas.Put{Options: old}); err != nil {
			t.Error(err)
		}
		for _, start := range []string{"20260302T230000Z", "20260303T000000Z", "20260302T190000Z", "20260303T050000Z"} { // Berlin, UTC, Tashkent, New York
			body := put(t, cal("DTSTART;VALUE=DATE:20260302|RRULE:FREQ=DAILY"), eas.Put{Options: old},
				"<Exceptions><Exception><Deleted>1</Deleted><ExceptionStartTime>"+start+"</ExceptionStartTime></Exception></Exceptions>")
			if missing := has(body, "EXDATE;VALUE=DATE:20260303"); missing != nil {
				t.Errorf("%s: %s", start, body)
			}
		}
	})
	t.Run("37 iOS: an attachment without content", func(t *testing.T) {
		r, err := view.Put([]byte(cal(meet)), data(t, "<b:Attachments><b:Add><b:ClientId>1</b:ClientId><b:DisplayName>x</b:DisplayName></b:Add></b:Attachments>"), eas.Put{Options: new})
		if err != nil || string(r.Body) != cal(meet) || len(r.Notes) != 1 {
			t.Errorf("%v %q\n%s", err, r.Notes, r.Body)
		}
	})
}

// What TbSync's author measured on servers.
func TestFieldNotesTbSync(t *testing.T) {
	new := options(t, eas.V161)
	t.Run("53 TbSync: a zone in a change of an instance", func(t *testing.T) {
		_, err := view.Put([]byte(cal(daily)), data(t, "<Timezone>"+blob(t, "Europe/Berlin")+"</Timezone>"), eas.Put{Options: new, Instance: "20260304T090000Z"})
		if !tandem.IsKind(err, tandem.Invalid) {
			t.Error(err)
		}
	})
	t.Run("54 TbSync: exceptions of a new event are kept", func(t *testing.T) {
		for _, v := range versions {
			id := "ExceptionStartTime"
			if v >= eas.V160 {
				id = "b:InstanceId"
			}
			body := put(t, "", eas.Put{Options: options(t, v), UID: "u"}, "<StartTime>20260302T090000Z</StartTime><EndTime>20260302T100000Z</EndTime><Recurrence><Type>0</Type></Recurrence>"+
				"<Exceptions><Exception><Deleted>1</Deleted><"+id+">20260303T090000Z</"+id+"></Exception><Exception><"+id+">20260304T090000Z</"+id+"><Subject>x</Subject></Exception></Exceptions>")
			if got := happenings(t, body, 3); got != "02T10:00 04T10:00 05T10:00" || !strings.Contains(body, "RECURRENCE-ID") {
				t.Errorf("in %s: %s\n%s", v, got, body)
			}
		}
	})
	t.Run("55 zones of zeros, and days in both encodings", func(t *testing.T) {
		zeros := "<Timezone>" + wintz.Zone{}.String() + "</Timezone>"
		for _, c := range []struct {
			v          eas.Version
			sent, want string
		}{
			{eas.V141, zeros + "<StartTime>20260302T090000Z</StartTime><EndTime>20260302T100000Z</EndTime><Recurrence><Type>0</Type></Recurrence>", "DTSTART;TZID=Europe/Berlin:20260302T100000"},
			{eas.V141, zeros + "<AllDayEvent>1</AllDayEvent><StartTime>20260301T230000Z</StartTime><EndTime>20260302T230000Z</EndTime>", "DTSTART;VALUE=DATE:20260302|DTEND;VALUE=DATE:20260303"},
			{eas.V141, zeros + "<AllDayEvent>1</AllDayEvent><StartTime>20260302T000000Z</StartTime><EndTime>20260303T000000Z</EndTime>", "DTSTART;VALUE=DATE:20260302|DTEND;VALUE=DATE:20260303"},
			{eas.V161, "<AllDayEvent>1</AllDayEvent><StartTime>20260302T000000Z</StartTime><EndTime>20260303T000000Z</EndTime>", "DTSTART;VALUE=DATE:20260302|DTEND;VALUE=DATE:20260303"},
			{eas.V161, "<AllDayEvent>1</AllDayEvent><StartTime>20260301T230000Z</StartTime><EndTime>20260302T230000Z</EndTime>", "DTSTART;VALUE=DATE:20260302|DTEND;VALUE=DATE:20260303"},
		} {
			if missing := has(put(t, "", eas.Put{Options: options(t, c.v), UID: "u"}, c.sent), c.want); missing != nil {
				t.Errorf("%s: %q", c.sent, missing)
			}
		}
	})
	t.Run("58 TbSync: both forms of InstanceId", func(t *testing.T) {
		for _, id := range []string{"20260304T090000Z", "2026-03-04T09:00:00.000Z"} {
			if _, err := view.DropInstance([]byte(cal(daily)), id, new); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
	})
}

// instances are the first so many of a body; odd tells that its overrides do not name instances as the series has them,
// or that there are several series.
func instances(t testing.TB, body []byte) (list []recur.Instance, odd bool) {
	t.Helper()
	doc, err := ical.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	for c := range doc.Components() {
		var parts []*contentline.Component
		series := 0
		for e := range c.Children() {
			if e.Is("VEVENT") {
				parts = append(parts, e)
				if e.Get("RECURRENCE-ID") == nil {
					series++
				}
			}
		}
		find := (&recur.Zones{}).In(c)
		s := recur.Read(parts, find)
		user := recur.Location(berlin(t))
		if s.Start.Form == ical.Date {
			user = recur.Fixed("UTC", 0)
		}
		odd = series > 1 || s.Start.IsZero() || slices.ContainsFunc(s.Overrides, func(o recur.Override) bool {
			return (o.ID.Form == ical.Date) != (s.Start.Form == ical.Date)
		})
		list, _ = s.Expand(find, recur.Window{From: -1 << 50, To: 1 << 50, Max: 12, Floating: user})
	}
	return list, odd
}

// A change of one instance, or its deletion, leaves all others of the corpora's series where they are.
func TestOneInstance(t *testing.T) {
	o := options(t, eas.V161)
	tried := 0
	for _, r := range records(t) {
		before, odd := instances(t, r.body)
		if len(before) < 3 || odd {
			continue
		}
		one := before[1]
		year := time.Unix(one.ID, 0).UTC().Year()
		if year < 2 || year > 9998 {
			continue
		}
		tried++
		id := eas.FormatCompact(time.Unix(one.ID, 0))
		changed, err := view.Put(r.body, data(t, "<Subject>only this</Subject>"), eas.Put{Options: o, Instance: id})
		if err != nil {
			t.Errorf("%s %s: %v", r.name, id, err)
			continue
		}
		same := func(a, b recur.Instance) bool { return a.ID == b.ID && a.Start == b.Start && a.End == b.End }
		if after, _ := instances(t, changed.Body); !slices.EqualFunc(before, after, same) {
			t.Errorf("%s: a change of %s moved others\n%v\n%v\n%s", r.name, id, before, after, clip(changed.Body))
		}
		if n := strings.Count(string(changed.Body), "only this"); n != 1 {
			t.Errorf("%s: %d instances were changed", r.name, n)
		}
		dropped, err := view.DropInstance(r.body, id, o)
		if err != nil {
			t.Errorf("%s %s: %v", r.name, id, err)
			continue
		}
		after, _ := instances(t, dropped)
		want := slices.Delete(slices.Clone(before), 1, 2)
		if n := min(len(after), len(want)); !slices.EqualFunc(after[:n], want[:n], same) || n < len(want) {
			t.Errorf("%s: without %s\n%v\n%v\n%s", r.name, id, want, after, clip(dropped))
		}
	}
	if tried < 50 {
		t.Errorf("only %d series", tried)
	}
	t.Logf("%d series", tried)
}
