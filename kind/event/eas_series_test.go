package event_test

import (
	"fmt"
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

// daily is a series at ten in Berlin, from Monday the second of March on.
const daily = meet + "|RRULE:FREQ=DAILY;COUNT=10|UID:u"

// exceptions shows the exceptions as text: time, what of it.
func exceptions(e *wbxml.Element) string {
	var out []string
	for x := range e.Child(wbxml.CalendarExceptions).All(wbxml.CalendarException) {
		var parts []string
		for _, c := range x.Children {
			name := c.Tag.String()
			if c.Tag != wbxml.AirSyncBaseBody {
				parts = append(parts, name[strings.LastIndexAny(name, ":")+1:]+"="+c.String())
			}
		}
		out = append(out, strings.Join(parts, " "))
	}
	return strings.Join(out, "\n")
}

// happenings are the starts of a body, in Berlin's time.
func happenings(t testing.TB, body string, most int) string {
	t.Helper()
	doc, err := ical.Parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for c := range doc.Components() {
		var parts []*contentline.Component
		for e := range c.Children() {
			if e.Is("VEVENT") {
				parts = append(parts, e)
			}
		}
		find := (&recur.Zones{}).In(c)
		list, _ := recur.Read(parts, find).Expand(find, recur.Window{From: -1 << 50, To: 1 << 50, Max: most, Floating: recur.Location(berlin(t))})
		for _, in := range list {
			out = append(out, time.Unix(in.Start, 0).In(berlin(t)).Format("02T15:04"))
		}
	}
	return strings.Join(out[:min(len(out), most)], " ")
}

func TestSeriesShown(t *testing.T) {
	const moved = "RECURRENCE-ID;TZID=Europe/Berlin:20260304T100000|DTSTART;TZID=Europe/Berlin:20260304T140000|DTEND;TZID=Europe/Berlin:20260304T150000|SUMMARY:Talk|DTSTAMP:20260101T000000Z"
	const bare = "RECURRENCE-ID;TZID=Europe/Berlin:20260304T100000|DTSTART;TZID=Europe/Berlin:20260304T100000|DTEND;TZID=Europe/Berlin:20260304T110000|SUMMARY:Other|DTSTAMP:20260101T000000Z"
	for _, c := range []struct {
		name, body string
		v          eas.Version
		want       string
	}{
		{"MS-ASCAL_R20611, R264: deleted", cal(daily + "|EXDATE;TZID=Europe/Berlin:20260303T100000"), eas.V141, "Deleted=1 ExceptionStartTime=20260303T090000Z"},
		{"MS-ASCAL_R2118, R2098: by InstanceId", cal(daily + "|EXDATE;TZID=Europe/Berlin:20260303T100000"), eas.V160, "Deleted=1 InstanceId=20260303T090000Z"},
		{"a day excluded from times", cal(daily + "|EXDATE;VALUE=DATE:20260303"), eas.V141, "Deleted=1 ExceptionStartTime=20260303T090000Z"},
		{"of days, 14.1", cal("DTSTART;VALUE=DATE:20260302|RRULE:FREQ=DAILY|EXDATE;VALUE=DATE:20260330"), eas.V141, "Deleted=1 ExceptionStartTime=20260329T220000Z"},
		{"of days, 16.1", cal("DTSTART;VALUE=DATE:20260302|RRULE:FREQ=DAILY|EXDATE;VALUE=DATE:20260330"), eas.V161, "Deleted=1 InstanceId=20260330T000000Z"},
		{"MS-ASCAL_R24111: moved; what is as in the series is left out", cal(daily, moved), eas.V141, "ExceptionStartTime=20260304T090000Z StartTime=20260304T130000Z EndTime=20260304T140000Z"},
		{"MS-ASCAL_R44111: another title", cal(daily, bare), eas.V141, "ExceptionStartTime=20260304T090000Z Subject=Other"},
		{"MS-ASCAL_R543, R508: what the series has is taken away", cal(daily+"|LOCATION:Room|CATEGORIES:A", strings.Replace(bare, "SUMMARY:Other", "X-A:1", 1)), eas.V141, "ExceptionStartTime=20260304T090000Z Subject= Location= Categories="},
		{"but not in 12.1", cal(daily+"|LOCATION:Room|CATEGORIES:A", bare), eas.V121, "ExceptionStartTime=20260304T090000Z Subject=Other"},
		{"MS-ASCAL_R2185: no empty reminder before 14.1", cal(daily+"|BEGIN:VALARM|ACTION:AUDIO|TRIGGER:-PT5M|END:VALARM", bare), eas.V140, "ExceptionStartTime=20260304T090000Z Subject=Other"},
		{"MS-ASCAL_R3951111: from 14.1 on", cal(daily+"|BEGIN:VALARM|ACTION:AUDIO|TRIGGER:-PT5M|END:VALARM", bare), eas.V141, "ExceptionStartTime=20260304T090000Z Subject=Other Reminder="},
		{"MS-ASCAL_R2023: no attendees in 12.1", cal(daily, bare+"|ATTENDEE:mailto:b@x.org"), eas.V121, "ExceptionStartTime=20260304T090000Z Subject=Other MeetingStatus=1"},
		{"MS-ASCAL_R56311: all day", cal(daily, "RECURRENCE-ID;TZID=Europe/Berlin:20260304T100000|DTSTART;VALUE=DATE:20260305|SUMMARY:Talk"), eas.V161, "InstanceId=20260304T090000Z StartTime=20260305T000000Z EndTime=20260306T000000Z AllDayEvent=1"},
		{"an instance that the rule does not have", cal(daily, strings.ReplaceAll(moved, "ID;TZID=Europe/Berlin:20260304", "ID;TZID=Europe/Berlin:20270304")), eas.V161, "InstanceId=20270304T090000Z StartTime=20260304T130000Z EndTime=20260304T140000Z"},
		{"an excluded instance that is there", cal(daily+"|EXDATE;TZID=Europe/Berlin:20260304T100000", bare), eas.V161, "InstanceId=20260304T090000Z Subject=Other"},
		{"extra dates of a short series", cal(meet + "|RDATE;TZID=Europe/Berlin:20260304T100000,20260316T120000"), eas.V161,
			"Deleted=1 InstanceId=20260309T090000Z\nDeleted=1 InstanceId=20260311T090000Z\nInstanceId=20260316T090000Z StartTime=20260316T110000Z EndTime=20260316T120000Z"},
		{"MS-ASCAL_R22111, R2083: when it was written", cal(daily, strings.Replace(bare, "DTSTAMP:20260101", "DTSTAMP:20260102", 1)), eas.V141, "ExceptionStartTime=20260304T090000Z DtStamp=20260102T000000Z Subject=Other"},
		{"MS-ASCAL_R351, R35811: no link", cal(daily+"|CONFERENCE:https://x.org", bare), eas.V141, "ExceptionStartTime=20260304T090000Z Subject=Other OnlineMeetingExternalLink="},
		{"MS-ASCAL_R40211, R89011: answered otherwise", cal(daily+"|ORGANIZER:mailto:b@x.org|ATTENDEE:mailto:anna@example.org", bare+"|ORGANIZER:mailto:b@x.org|ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org|X-MICROSOFT-CDO-REPLYTIME:20260201T100000Z"), eas.V141, "ExceptionStartTime=20260304T090000Z Subject=Other Attendees= AppointmentReplyTime=20260201T100000Z ResponseType=3"},
		{"MS-ASCAL_R525221, R52522111: not answered", cal(daily+"|ORGANIZER:mailto:b@x.org|ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org", bare+"|ORGANIZER:mailto:b@x.org|ATTENDEE;PARTSTAT=DECLINED:mailto:anna@example.org|X-MICROSOFT-CDO-REPLYTIME:20260201T100000Z"), eas.V141, "ExceptionStartTime=20260304T090000Z Subject=Other Attendees= ResponseType=4"},
		{"a change that stands for all that follow", cal(strings.Replace(daily, "COUNT=10", "COUNT=5", 1)+"|EXDATE;TZID=Europe/Berlin:20260305T100000", "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260304T100000|DTSTART;TZID=Europe/Berlin:20260304T120000|DTEND;TZID=Europe/Berlin:20260304T133000|SUMMARY:Later|DTSTAMP:20260101T000000Z"), eas.V161,
			"InstanceId=20260304T090000Z StartTime=20260304T110000Z EndTime=20260304T123000Z Subject=Later\nDeleted=1 InstanceId=20260305T090000Z\nInstanceId=20260306T090000Z StartTime=20260306T110000Z EndTime=20260306T123000Z Subject=Later"},
		{"no series", cal(meet), eas.V161, ""},
	} {
		if got := exceptions(all(t, c.body, options(t, c.v))); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// What a pattern cannot say is shown as near as can be, and survives that it is sent back with a change of something else.
func TestInexpressible(t *testing.T) {
	for _, c := range []struct{ rule, pattern string }{
		{"RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=6", "Type=1 Until=20260515T080000Z Interval=1 DayOfWeek=43"},
		{"RRULE:FREQ=MONTHLY;BYDAY=1MO,3MO", "Type=1 Until"},
		{"RRULE:FREQ=HOURLY;INTERVAL=6", "Type=0 Interval=1 DayOfWeek=127"},
		{"RRULE:FREQ=YEARLY;BYYEARDAY=100", "Type=5 Interval=1 DayOfMonth=2 MonthOfYear=3"},
		{"RRULE:FREQ=WEEKLY|RRULE:FREQ=MONTHLY;BYMONTHDAY=1", "Type=1 Until"},
		{"RRULE:FREQ=WEEKLY|EXRULE:FREQ=MONTHLY;BYDAY=1MO", "Type=1 Until"},
		{"RDATE;TZID=Europe/Berlin:20260303T100000,20260304T100000", "Type=1 Until=20260304T090000Z Interval=1 DayOfWeek=14"},
		{"RDATE;TZID=Europe/Berlin:20200303T100000", "Type=1 Until=20260302T090000Z"},
	} {
		for _, v := range versions {
			o := options(t, v)
			body := cal(meet + "|" + c.rule)
			e := all(t, body, o)
			var got []string
			for _, p := range e.Child(wbxml.CalendarRecurrence).Children {
				name := p.Tag.String()
				got = append(got, name[strings.LastIndexAny(name, ":")+1:]+"="+p.String())
			}
			if s := strings.Join(got, " "); !strings.HasPrefix(strings.ReplaceAll(s, "Until=", "Until ")+" ", strings.ReplaceAll(c.pattern, "Until=", "Until ")) {
				t.Errorf("%s in %s: %s", c.rule, v, s)
			}
			e.Child(wbxml.CalendarSubject).Text = "New"
			for _, later := range []int64{0, 86400 * 400, 86400 * 4000} { // what is shown may depend on when
				p := eas.Put{Options: o}
				p.Now += later
				r, err := view.Put([]byte(body), e.Children, p)
				if err != nil {
					t.Fatal(err)
				}
				if missing := has(string(r.Body), "SUMMARY:New|"+c.rule+"|!EXDATE|!RECURRENCE-ID"); missing != nil {
					t.Errorf("%s in %s, %d days later: %q\n%s", c.rule, v, later/86400, missing, r.Body)
				}
			}
		}
	}
}

func TestSeriesEdits(t *testing.T) {
	const other = "RECURRENCE-ID;TZID=Europe/Berlin:20260304T100000|DTSTART;TZID=Europe/Berlin:20260304T100000|DTEND;TZID=Europe/Berlin:20260304T110000|SUMMARY:Other|X-B:1"
	const moved = "RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|DTSTART;TZID=Europe/Berlin:20260305T140000|DTEND;TZID=Europe/Berlin:20260305T150000|SUMMARY:Talk"
	const future = "RECURRENCE-ID;TZID=Europe/Berlin;RANGE=THISANDFUTURE:20260304T100000|DTSTART;TZID=Europe/Berlin:20260304T120000|DTEND;TZID=Europe/Berlin:20260304T130000|SUMMARY:Later"
	// Berlin's rules, as one who counts the weeks from the front has them for 2026.
	odd := wintz.Zone{Bias: -60, DaylightBias: -60, DaylightDate: wintz.Date{Year: 2026, Month: 3, Day: 29, Hour: 2}, StandardDate: wintz.Date{Year: 2026, Month: 10, Day: 25, Hour: 3}}.String()
	exception := func(xml string) string {
		return "<Exceptions><Exception>" + xml + "</Exception></Exceptions>"
	}
	const start = "<StartTime>20260302T100000Z</StartTime><EndTime>20260302T110000Z</EndTime>"
	for _, c := range []struct {
		name, body, sent, want, happens string
		v                               eas.Version
	}{
		{"MS-ASCAL_R210: deleted", cal(daily), exception("<Deleted>1</Deleted><ExceptionStartTime>20260303T090000Z</ExceptionStartTime>"), "EXDATE;TZID=Europe/Berlin:20260303T100000", "02T10:00 04T10:00 05T10:00", eas.V141},
		{"deleted again", cal(daily + "|EXDATE;TZID=Europe/Berlin:20260303T100000"), exception("<Deleted>1</Deleted><ExceptionStartTime>20260303T090000Z</ExceptionStartTime>"), "EXDATE;TZID=Europe/Berlin:20260303T100000", "02T10:00 04T10:00 05T10:00", eas.V141},
		{"deleted, what is not there", cal(daily), exception("<Deleted>1</Deleted><ExceptionStartTime>20270303T090000Z</ExceptionStartTime>"), "!EXDATE", "02T10:00 03T10:00 04T10:00", eas.V141},
		{"deleted, a changed one", cal(daily, other), exception("<Deleted>1</Deleted><ExceptionStartTime>20260304T090000Z</ExceptionStartTime>"), "EXDATE;TZID=Europe/Berlin:20260304T100000|!RECURRENCE-ID", "02T10:00 03T10:00 05T10:00", eas.V141},
		{"deleted, by its new time (field note 12)", cal(daily, moved), exception("<Deleted>1</Deleted><ExceptionStartTime>20260305T130000Z</ExceptionStartTime>"), "EXDATE;TZID=Europe/Berlin:20260305T100000|!RECURRENCE-ID", "02T10:00 03T10:00 04T10:00 06T10:00", eas.V141},
		{"deleted, a day", cal("DTSTART;VALUE=DATE:20260302|RRULE:FREQ=DAILY;COUNT=5"), exception("<Deleted>1</Deleted><ExceptionStartTime>20260302T230000Z</ExceptionStartTime>"), "EXDATE;VALUE=DATE:20260303", "02T00:00 04T00:00", eas.V141},
		{"changed", cal(daily), exception("<ExceptionStartTime>20260304T090000Z</ExceptionStartTime><Subject>Other</Subject><StartTime>20260304T130000Z</StartTime><EndTime>20260304T143000Z</EndTime>"),
			"RECURRENCE-ID;TZID=Europe/Berlin:20260304T100000|DTSTART;TZID=Europe/Berlin:20260304T140000|DTEND;TZID=Europe/Berlin:20260304T153000|SUMMARY:Other", "02T10:00 03T10:00 04T14:00 05T10:00", eas.V141},
		{"changed again, the rest stays", cal(daily, other), exception("<ExceptionStartTime>20260304T090000Z</ExceptionStartTime><Subject>Third</Subject>"), "SUMMARY:Third|X-B:1|!SUMMARY:Other", "02T10:00 03T10:00 04T10:00", eas.V141},
		{"MS-ASCAL_R442: left out is as in the series", cal(daily, other), exception("<ExceptionStartTime>20260304T090000Z</ExceptionStartTime><Location>L</Location>"), "LOCATION:L|X-B:1|!SUMMARY:Other", "", eas.V141},
		{"its time is as in the series again", cal(daily, moved), exception("<ExceptionStartTime>20260305T090000Z</ExceptionStartTime><Location>L</Location>"), "LOCATION:L|DTSTART;TZID=Europe/Berlin:20260305T100000", "02T10:00 03T10:00 04T10:00 05T10:00", eas.V141},
		{"to all day", cal(daily), exception("<ExceptionStartTime>20260304T090000Z</ExceptionStartTime><AllDayEvent>1</AllDayEvent><StartTime>20260303T230000Z</StartTime><EndTime>20260304T230000Z</EndTime>"),
			"RECURRENCE-ID;TZID=Europe/Berlin:20260304T100000|DTSTART;VALUE=DATE:20260304|DTEND;VALUE=DATE:20260305", "02T10:00 03T10:00 04T00:00", eas.V141},
		{"changed, what was deleted", cal(daily + "|EXDATE;TZID=Europe/Berlin:20260304T100000,20260305T100000"), exception("<ExceptionStartTime>20260304T090000Z</ExceptionStartTime><Subject>Back</Subject>"), "SUMMARY:Back|EXDATE;TZID=Europe/Berlin:20260305T100000", "02T10:00 03T10:00 04T10:00 06T10:00", eas.V141},
		{"MS-ASCAL_R541, R542: exceptions stay", cal(daily, other), "<Subject>New</Subject>", "SUMMARY:New|SUMMARY:Other|X-B:1", "", eas.V141},
		{"instances that are as the series stay so", cal(daily, moved), "<Subject>New</Subject>", "SUMMARY:New|!SUMMARY:Talk", "", eas.V161},
		{"the series moves, what excepts goes along, 14.1", cal(daily+"|EXDATE;TZID=Europe/Berlin:20260303T100000", other, moved), start,
			"DTSTART;TZID=Europe/Berlin:20260302T110000|EXDATE;TZID=Europe/Berlin:20260303T110000|RECURRENCE-ID;TZID=Europe/Berlin:20260304T110000|DTSTART;TZID=Europe/Berlin:20260304T110000|RECURRENCE-ID;TZID=Europe/Berlin:20260305T110000", "02T11:00 04T11:00 05T14:00 06T11:00", eas.V141},
		{"MS-ASCAL_R2202, R2097, R2114: and from 16.0 on it is gone", cal(daily+"|EXDATE;TZID=Europe/Berlin:20260303T100000", other), start, "!EXDATE|!RECURRENCE-ID", "02T11:00 03T11:00 04T11:00", eas.V161},
		{"MS-ASCAL_R2180: so with another pattern", cal(daily+"|EXDATE;TZID=Europe/Berlin:20260303T100000", other), "<Recurrence><Type>0</Type><Interval>2</Interval></Recurrence>", "RRULE:FREQ=DAILY;INTERVAL=2|!EXDATE|!RECURRENCE-ID", "02T10:00 04T10:00 06T10:00", eas.V161},
		{"MS-ASCAL_R374001, R448001: a pattern without Type", cal(meet + "|RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;COUNT=4"), "<Recurrence><Until>20260401T080000Z</Until></Recurrence>", "RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20260401T080000Z;BYDAY=MO", "", eas.V160},
		{"not in 14.1", cal(daily+"|EXDATE;TZID=Europe/Berlin:20260304T100000", moved), "<Recurrence><Type>0</Type><Interval>2</Interval></Recurrence>", "RRULE:FREQ=DAILY;INTERVAL=2|EXDATE;TZID=Europe/Berlin:20260304T100000", "02T10:00 05T14:00 06T10:00", eas.V141},
		{"a series moves and its exceptions are sent as they were shown", cal(daily+"|EXDATE;TZID=Europe/Berlin:20260303T100000", other),
			start + "<Exceptions><Exception><Deleted>1</Deleted><ExceptionStartTime>20260303T090000Z</ExceptionStartTime></Exception><Exception><ExceptionStartTime>20260304T090000Z</ExceptionStartTime><Subject>Other</Subject></Exception></Exceptions>",
			"EXDATE;TZID=Europe/Berlin:20260303T110000|RECURRENCE-ID;TZID=Europe/Berlin:20260304T110000|SUMMARY:Other|X-B:1", "02T11:00 04T11:00 05T11:00", eas.V141},
		{"a series moves and its exceptions are sent anew", cal(daily+"|EXDATE;TZID=Europe/Berlin:20260303T100000", other),
			start + "<Exceptions><Exception><Deleted>1</Deleted><ExceptionStartTime>20260303T100000Z</ExceptionStartTime></Exception><Exception><ExceptionStartTime>20260304T100000Z</ExceptionStartTime><Subject>Third</Subject></Exception></Exceptions>",
			"EXDATE;TZID=Europe/Berlin:20260303T110000|RECURRENCE-ID;TZID=Europe/Berlin:20260304T110000|SUMMARY:Third|X-B:1", "02T11:00 04T11:00 05T11:00", eas.V141},
		{"only another zone: exceptions stay", cal(daily+"|EXDATE;TZID=Europe/Berlin:20260303T100000", other), "<Timezone>" + blob(t, "Asia/Tokyo") + "</Timezone>",
			"DTSTART;TZID=Asia/Tokyo:20260302T180000|EXDATE;TZID=Asia/Tokyo:20260303T180000|RECURRENCE-ID;TZID=Asia/Tokyo:20260304T180000|X-B:1", "02T10:00 04T10:00 05T10:00", eas.V161},
		{"the rules of another year: nothing changed", cal(daily+"|EXDATE;TZID=Europe/Berlin:20260303T100000", other), "<Timezone>" + odd + "</Timezone>",
			"DTSTART;TZID=Europe/Berlin:20260302T100000|EXDATE;TZID=Europe/Berlin:20260303T100000|RECURRENCE-ID;TZID=Europe/Berlin:20260304T100000|!LAST-MODIFIED", "02T10:00 04T10:00 05T10:00", eas.V161},
		{"zeros: nothing changed", cal(daily+"|EXDATE;TZID=Europe/Berlin:20260303T100000", other), "<Timezone>" + (wintz.Zone{}).String() + "</Timezone>",
			"DTSTART;TZID=Europe/Berlin:20260302T100000|EXDATE;TZID=Europe/Berlin:20260303T100000|!LAST-MODIFIED", "02T10:00 04T10:00 05T10:00", eas.V161},
		{"deleted, where a change stands for all that follow", cal(daily, future), exception("<Deleted>1</Deleted><ExceptionStartTime>20260304T090000Z</ExceptionStartTime>"),
			"EXDATE;TZID=Europe/Berlin:20260304T100000|RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260305T100000|DTSTART;TZID=Europe/Berlin:20260305T120000", "02T10:00 03T10:00 05T12:00 06T12:00", eas.V141},
		{"changed, where a change stands for all that follow", cal(daily, future), exception("<ExceptionStartTime>20260304T090000Z</ExceptionStartTime><Subject>One</Subject><StartTime>20260304T150000Z</StartTime><EndTime>20260304T160000Z</EndTime>"),
			"RECURRENCE-ID;TZID=Europe/Berlin:20260304T100000|SUMMARY:One|RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260305T100000|SUMMARY:Later", "02T10:00 03T10:00 04T16:00 05T12:00 06T12:00", eas.V141},
		{"changed, what a change before it stands for", cal(daily, future), exception("<ExceptionStartTime>20260305T090000Z</ExceptionStartTime><Subject>One</Subject><StartTime>20260305T110000Z</StartTime><EndTime>20260305T120000Z</EndTime>"),
			"RECURRENCE-ID;TZID=Europe/Berlin:20260305T100000|SUMMARY:One|SUMMARY:Later|DTSTART;TZID=Europe/Berlin:20260305T120000", "02T10:00 03T10:00 04T12:00 05T12:00 06T12:00", eas.V141},
		{"to days, with all that excepts", cal(daily+"|EXDATE;TZID=Europe/Berlin:20260303T100000", other), "<AllDayEvent>1</AllDayEvent><StartTime>20260301T230000Z</StartTime><EndTime>20260302T230000Z</EndTime>",
			"DTSTART;VALUE=DATE:20260302|EXDATE;VALUE=DATE:20260303|RECURRENCE-ID;VALUE=DATE:20260304|DTSTART;VALUE=DATE:20260304", "02T00:00 04T00:00 05T00:00", eas.V141},
		{"until goes along", cal(meet + "|RRULE:FREQ=DAILY;UNTIL=20260305T090000Z"), "<AllDayEvent>1</AllDayEvent><StartTime>20260301T230000Z</StartTime><EndTime>20260302T230000Z</EndTime>", "RRULE:FREQ=DAILY;UNTIL=20260305", "02T00:00 03T00:00 04T00:00 05T00:00", eas.V141},
	} {
		body := put(t, c.body, eas.Put{Options: options(t, c.v)}, c.sent)
		if missing := has(body, c.want); missing != nil {
			t.Errorf("%s: %q\n%s", c.name, missing, body)
		}
		if got := happenings(t, body, max(1, len(strings.Fields(c.happens)))); c.happens != "" && got != c.happens {
			t.Errorf("%s: it happens %s\n%s", c.name, got, body)
		}
	}
}

// Instance changes of 16.x. MS-ASCMD_R6238, R6420, MS-ASCAL_R2113
func TestInstances(t *testing.T) {
	const other = "RECURRENCE-ID;TZID=Europe/Berlin:20260304T100000|DTSTART;TZID=Europe/Berlin:20260304T100000|DTEND;TZID=Europe/Berlin:20260304T110000|SUMMARY:Other|X-B:1"
	const days = "DTSTART;VALUE=DATE:20260302|SUMMARY:Day|RRULE:FREQ=DAILY;COUNT=5"
	for _, c := range []struct {
		name, body, instance, sent, want, happens string
		kind                                      tandem.ErrorKind // Internal: none
	}{
		{"changed", cal(daily), "20260304T090000Z", "<Subject>Other</Subject>", "RECURRENCE-ID;TZID=Europe/Berlin:20260304T100000|SUMMARY:Other|SUMMARY:Talk", "02T10:00 03T10:00 04T10:00", 0},
		{"with separators (field note 58)", cal(daily), "2026-03-04T09:00:00.000Z", "<Subject>Other</Subject>", "RECURRENCE-ID;TZID=Europe/Berlin:20260304T100000", "", 0},
		{"moved", cal(daily), "20260304T090000Z", "<StartTime>20260304T130000Z</StartTime>", "DTSTART;TZID=Europe/Berlin:20260304T140000|DTEND;TZID=Europe/Berlin:20260304T150000", "02T10:00 03T10:00 04T14:00", 0},
		{"MS-ASCAL_R2231: what is left out stays", cal(daily, other), "20260304T090000Z", "<BusyStatus>0</BusyStatus>", "SUMMARY:Other|X-B:1|TRANSP:TRANSPARENT", "", 0},
		{"a day", cal(days), "20260304T000000Z", "<Subject>Other</Subject>", "RECURRENCE-ID;VALUE=DATE:20260304|DTSTART;VALUE=DATE:20260304|DTEND;VALUE=DATE:20260305", "02T00:00 03T00:00 04T00:00", 0},
		{"of no series", cal(meet), "20260302T090000Z", "<Subject>Other</Subject>", "SUMMARY:Other|!RECURRENCE-ID", "", 0},
		{"field note 53: with a zone", cal(daily), "20260304T090000Z", "<Timezone>" + blob(t, "Europe/Berlin") + "</Timezone>", "", "", tandem.Invalid},
		{"that repeats", cal(daily), "20260304T090000Z", "<Recurrence><Type>0</Type></Recurrence>", "", "", tandem.Invalid},
		{"not there", cal(daily), "20270304T090000Z", "<Subject>Other</Subject>", "", "", tandem.NotFound},
		{"no time", cal(daily), "soon", "<Subject>Other</Subject>", "", "", tandem.Invalid},
	} {
		o := eas.Put{Options: options(t, eas.V161), Instance: c.instance}
		r, err := view.Put([]byte(c.body), data(t, c.sent), o)
		if c.kind != tandem.Internal {
			if !tandem.IsKind(err, c.kind) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if missing := has(string(r.Body), c.want); missing != nil {
			t.Errorf("%s: %q\n%s", c.name, missing, r.Body)
		}
		if got := happenings(t, string(r.Body), max(1, len(strings.Fields(c.happens)))); c.happens != "" && got != c.happens {
			t.Errorf("%s: it happens %s\n%s", c.name, got, r.Body)
		}
	}
	for _, c := range []struct {
		body, instance, happens string
		kind                    tandem.ErrorKind
	}{
		{cal(daily), "20260304T090000Z", "02T10:00 03T10:00 05T10:00", 0},
		{cal(daily, other), "20260304T090000Z", "02T10:00 03T10:00 05T10:00", 0},
		{cal(days), "20260303T000000Z", "02T00:00 04T00:00", 0},
		{cal(daily), "20270304T090000Z", "", tandem.NotFound},
		{cal(meet), "20260302T090000Z", "", tandem.NotFound},
	} {
		body, err := view.DropInstance([]byte(c.body), c.instance, options(t, eas.V161))
		if c.kind != tandem.Internal {
			if !tandem.IsKind(err, c.kind) {
				t.Errorf("drop %s: %v", c.instance, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := happenings(t, string(body), len(strings.Fields(c.happens))); got != c.happens {
			t.Errorf("drop %s: it happens %s\n%s", c.instance, got, body)
		}
	}
}

// MS-ASCAL_R24311
func TestManyExceptions(t *testing.T) {
	lines := meet + "|RRULE:FREQ=DAILY"
	for i := range 400 {
		lines += fmt.Sprintf("|EXDATE;TZID=Europe/Berlin:%sT100000", time.Date(2026, 3, 3+2*i, 0, 0, 0, 0, time.UTC).Format("20060102"))
	}
	e := all(t, cal(lines), options(t, eas.V141))
	n := len(e.Child(wbxml.CalendarExceptions).Children)
	if n != 256 {
		t.Errorf("%d exceptions", n)
	}
	body := put(t, cal(lines), eas.Put{Options: options(t, eas.V141)}, "<Subject>New</Subject>")
	if strings.Count(body, "EXDATE") != 400 {
		t.Errorf("%d dates are left", strings.Count(body, "EXDATE"))
	}
}

// A client that cannot bear a late end (field note 12) gets none and does not lose it.
func TestLateUntil(t *testing.T) {
	o := options(t, eas.V141)
	o.Quirks.NoLateUntil = true
	body := cal(meet + "|RRULE:FREQ=DAILY;UNTIL=20400101T090000Z")
	if r := all(t, body, o).Child(wbxml.CalendarRecurrence); r.Has(wbxml.CalendarUntil) {
		t.Error("it has an end")
	}
	for sent, want := range map[string]string{
		"<Recurrence><Type>0</Type><Interval>1</Interval></Recurrence>": "RRULE:FREQ=DAILY;UNTIL=20400101T090000Z",
		"<Recurrence><Type>0</Type><Interval>2</Interval></Recurrence>": "RRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20400101T090000Z",
	} {
		got := put(t, body, eas.Put{Options: o}, sent)
		if missing := has(got, want); missing != nil {
			t.Errorf("%s: %s", sent, got)
		}
	}
}
