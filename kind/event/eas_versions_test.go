package event_test

import (
	"strings"
	"testing"

	"tandem/kind/eas"
	"tandem/wire/wbxml"
)

// rich are bodies that together make every element there is.
func rich() []string {
	const people = "|ORGANIZER;CN=Ben:mailto:ben@x.org|ATTENDEE;PARTSTAT=ACCEPTED;CN=Anna:mailto:anna@example.org|X-MICROSOFT-CDO-REPLYTIME:20260201T100000Z" +
		"|X-MICROSOFT-ONLINEMEETINGCONFLINK:conf:sip:a@b;gruu|CONFERENCE:https://video.example/1|LOCATION:Room|GEO:1.5;2.5|CATEGORIES:A|DESCRIPTION:text" +
		"|BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-PT5M|END:VALARM|ATTACH:https://x.org/a.pdf"
	const other = "RECURRENCE-ID;TZID=Europe/Berlin:20260304T100000|DTSTART;TZID=Europe/Berlin:20260304T140000|DTEND;TZID=Europe/Berlin:20260304T153000" +
		"|SUMMARY:Other|LOCATION:Elsewhere|CATEGORIES:B|DESCRIPTION:other|CLASS:PRIVATE|TRANSP:TRANSPARENT|STATUS:CANCELLED|BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-PT9M|END:VALARM" +
		"|ORGANIZER:mailto:ben@x.org|ATTENDEE;PARTSTAT=TENTATIVE:mailto:anna@example.org|X-MICROSOFT-CDO-REPLYTIME:20260202T100000Z|CONFERENCE:https://video.example/2|X-MICROSOFT-ONLINEMEETINGCONFLINK:conf:sip:c@d;gruu"
	var out []string
	for _, rule := range []string{"FREQ=DAILY;COUNT=9", "FREQ=WEEKLY;UNTIL=20260501T080000Z", "FREQ=MONTHLY;BYMONTHDAY=2", "FREQ=MONTHLY;BYDAY=1MO", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=2", "FREQ=YEARLY;BYMONTH=3;BYDAY=1MO"} {
		out = append(out, cal(meet+people+"|RRULE:"+rule+"|EXDATE;TZID=Europe/Berlin:20260303T100000", other))
	}
	return append(out, cal("DTSTART;VALUE=DATE:20260302|DTSTAMP:20260101T000000Z|RRULE:FREQ=DAILY|SUMMARY:Day", "RECURRENCE-ID;VALUE=DATE:20260303|DTSTART:20260303T100000Z|SUMMARY:Day"))
}

// walk passes an element and all within.
func walk(e *wbxml.Element, parent wbxml.Tag, visit func(e *wbxml.Element, parent wbxml.Tag)) {
	visit(e, parent)
	for _, c := range e.Children {
		walk(c, e.Tag, visit)
	}
}

// Which versions show which elements. MS-ASCAL 2.2.2: the requirements that say which version supports what
func TestVersions(t *testing.T) {
	found := map[eas.Version]map[wbxml.Tag]bool{}
	inException := map[eas.Version]map[wbxml.Tag]bool{}
	for _, v := range versions {
		found[v], inException[v] = map[wbxml.Tag]bool{}, map[wbxml.Tag]bool{}
		for _, body := range rich() {
			walk(all(t, body, options(t, v)), 0, func(e *wbxml.Element, parent wbxml.Tag) {
				found[v][e.Tag] = true
				if parent == wbxml.CalendarException {
					inException[v][e.Tag] = true
				}
			})
		}
	}
	type known struct {
		tag         wbxml.Tag
		first, last eas.Version
	}
	since := func(first eas.Version, tags ...wbxml.Tag) (out []known) {
		for _, tag := range tags {
			out = append(out, known{tag, first, eas.V161})
		}
		return out
	}
	list := since(eas.V121, wbxml.CalendarAllDayEvent, wbxml.CalendarAttendee, wbxml.CalendarAttendees, wbxml.CalendarAttendeeStatus, wbxml.CalendarAttendeeType, wbxml.AirSyncBaseBody,
		wbxml.CalendarBusyStatus, wbxml.CalendarCategories, wbxml.CalendarCategory, wbxml.CalendarDayOfMonth, wbxml.CalendarDayOfWeek, wbxml.CalendarDeleted, wbxml.CalendarDtStamp,
		wbxml.CalendarEmail, wbxml.CalendarEndTime, wbxml.CalendarException, wbxml.CalendarExceptions, wbxml.CalendarInterval, wbxml.CalendarMeetingStatus, wbxml.CalendarMonthOfYear,
		wbxml.CalendarName, wbxml.AirSyncBaseNativeBodyType, wbxml.CalendarOccurrences, wbxml.CalendarOrganizerEmail, wbxml.CalendarOrganizerName, wbxml.CalendarRecurrence,
		wbxml.CalendarReminder, wbxml.CalendarSensitivity, wbxml.CalendarStartTime, wbxml.CalendarSubject, wbxml.CalendarTimezone, wbxml.CalendarType, wbxml.CalendarUID,
		wbxml.CalendarUntil, wbxml.CalendarWeekOfMonth)
	list = append(list, since(eas.V140, wbxml.CalendarAppointmentReplyTime, wbxml.CalendarCalendarType, wbxml.CalendarDisallowNewTimeProposal, wbxml.CalendarResponseRequested, wbxml.CalendarResponseType)...)
	list = append(list, since(eas.V141, wbxml.CalendarFirstDayOfWeek, wbxml.CalendarOnlineMeetingConfLink, wbxml.CalendarOnlineMeetingExternalLink)...)
	list = append(list, since(eas.V160, wbxml.AirSyncBaseLocation, wbxml.AirSyncBaseInstanceId, wbxml.AirSyncBaseAttachments)...)
	list = append(list, known{wbxml.CalendarLocation, eas.V121, eas.V141}, known{wbxml.CalendarExceptionStartTime, eas.V121, eas.V141})
	for _, k := range list {
		name := k.tag.String()
		t.Run(name[strings.LastIndexAny(name, ":")+1:], func(t *testing.T) {
			for _, v := range versions {
				if want := v >= k.first && v <= k.last; found[v][k.tag] != want {
					t.Errorf("in %s: %v", v, found[v][k.tag])
				}
			}
		})
	}
	t.Run("IsLeapMonth", func(t *testing.T) { // MS-ASCAL_R290: it means nothing in our calendar, and is never shown
		for _, v := range versions {
			sent := "<Recurrence><Type>5</Type><DayOfMonth>2</DayOfMonth><MonthOfYear>3</MonthOfYear><CalendarType>1</CalendarType><IsLeapMonth>0</IsLeapMonth></Recurrence>"
			body := put(t, cal(meet), eas.Put{Options: options(t, v)}, sent)
			if missing := has(body, "RRULE:FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=2"); missing != nil || found[v][wbxml.CalendarIsLeapMonth] {
				t.Errorf("in %s: %q\n%s", v, missing, body)
			}
		}
	})
	for tag, first := range map[wbxml.Tag]eas.Version{wbxml.CalendarAttendees: eas.V140, wbxml.CalendarSubject: eas.V121, wbxml.CalendarStartTime: eas.V121, wbxml.CalendarEndTime: eas.V121,
		wbxml.CalendarCategories: eas.V121, wbxml.CalendarSensitivity: eas.V121, wbxml.CalendarBusyStatus: eas.V121, wbxml.CalendarAllDayEvent: eas.V121, wbxml.CalendarReminder: eas.V121,
		wbxml.CalendarMeetingStatus: eas.V121, wbxml.AirSyncBaseBody: eas.V121, wbxml.CalendarAppointmentReplyTime: eas.V140, wbxml.CalendarResponseType: eas.V140,
		wbxml.CalendarOnlineMeetingExternalLink: eas.V141, wbxml.CalendarOnlineMeetingConfLink: eas.V141, wbxml.AirSyncBaseLocation: eas.V160} {
		name := tag.String()
		t.Run("Exception/"+name[strings.LastIndexAny(name, ":")+1:], func(t *testing.T) {
			for _, v := range versions {
				if inException[v][tag] != (v >= first) {
					t.Errorf("in %s: %v", v, inException[v][tag])
				}
			}
		})
	}
}

// No element holds another twice that is not a list's, over the corpora. MS-ASCAL: "a maximum of one"
func TestOnce(t *testing.T) {
	lists := map[wbxml.Tag]bool{wbxml.CalendarAttendees: true, wbxml.CalendarCategories: true, wbxml.CalendarExceptions: true, wbxml.AirSyncBaseAttachments: true}
	bodies := rich()
	for _, r := range records(t) {
		bodies = append(bodies, string(r.body))
	}
	for _, v := range []eas.Version{eas.V141, eas.V161} {
		o := options(t, v)
		for _, body := range bodies {
			walk(all(t, body, o), 0, func(e *wbxml.Element, _ wbxml.Tag) {
				seen := map[wbxml.Tag]bool{}
				for _, c := range e.Children {
					if seen[c.Tag] && !lists[e.Tag] {
						t.Errorf("%s holds %s twice\n%s", e.Tag, c.Tag, body)
					}
					seen[c.Tag] = true
				}
				if e.Tag == wbxml.CalendarException && !seen[wbxml.CalendarExceptionStartTime] && !seen[wbxml.AirSyncBaseInstanceId] {
					t.Errorf("an exception of what?\n%s", body)
				}
				if seen[wbxml.CalendarUntil] && seen[wbxml.CalendarOccurrences] {
					t.Errorf("it ends twice\n%s", body)
				}
				if e.Tag == wbxml.AirSyncApplicationData && (!seen[wbxml.CalendarStartTime] || !seen[wbxml.CalendarEndTime] || !seen[wbxml.CalendarMeetingStatus]) {
					t.Errorf("no start, end or status\n%s", body)
				}
			})
		}
	}
}

// Which elements a pattern has, by its type. MS-ASCAL 2.2.2.37.1
func TestPatterns(t *testing.T) {
	for typ, c := range map[string]struct {
		rule string
		want map[wbxml.Tag]string
	}{
		"0": {"FREQ=DAILY", map[wbxml.Tag]string{wbxml.CalendarDayOfWeek: "127"}},
		"1": {"FREQ=WEEKLY;BYDAY=MO,FR", map[wbxml.Tag]string{wbxml.CalendarDayOfWeek: "34", wbxml.CalendarFirstDayOfWeek: "1"}},
		"2": {"FREQ=MONTHLY", map[wbxml.Tag]string{wbxml.CalendarDayOfMonth: "2", wbxml.CalendarCalendarType: "1"}},
		"3": {"FREQ=MONTHLY;BYDAY=-1FR", map[wbxml.Tag]string{wbxml.CalendarDayOfWeek: "32", wbxml.CalendarWeekOfMonth: "5", wbxml.CalendarCalendarType: "1"}},
		"5": {"FREQ=YEARLY", map[wbxml.Tag]string{wbxml.CalendarDayOfMonth: "2", wbxml.CalendarMonthOfYear: "3", wbxml.CalendarCalendarType: "1"}},
		"6": {"FREQ=YEARLY;BYMONTH=3;BYDAY=1MO", map[wbxml.Tag]string{wbxml.CalendarDayOfWeek: "2", wbxml.CalendarWeekOfMonth: "1", wbxml.CalendarMonthOfYear: "3", wbxml.CalendarCalendarType: "1"}},
	} {
		t.Run(typ, func(t *testing.T) {
			r := all(t, cal(meet+"|RRULE:"+c.rule+";INTERVAL=3;COUNT=7"), options(t, eas.V141)).Child(wbxml.CalendarRecurrence)
			c.want[wbxml.CalendarType], c.want[wbxml.CalendarInterval], c.want[wbxml.CalendarOccurrences] = typ, "3", "7"
			if len(r.Children) != len(c.want) {
				t.Errorf("%s", xml(t, []*wbxml.Element{r}))
			}
			for tag, want := range c.want {
				if r.Get(tag) != want {
					t.Errorf("%s is %q, want %q", tag, r.Get(tag), want)
				}
			}
		})
	}
	for name, c := range map[string][2]string{
		"R477, R3893714: days of the month":        {"<Type>3</Type><DayOfWeek>127</DayOfWeek><WeekOfMonth>5</WeekOfMonth>", "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1"},
		"R3893715: weekdays":                       {"<Type>3</Type><DayOfWeek>62</DayOfWeek><WeekOfMonth>2</WeekOfMonth>", "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=2"},
		"R3893716: weekend":                        {"<Type>3</Type><DayOfWeek>65</DayOfWeek><WeekOfMonth>1</WeekOfMonth>", "RRULE:FREQ=MONTHLY;BYDAY=SU,SA;BYSETPOS=1"},
		"R3892311: every third day":                {"<Type>0</Type><Interval>3</Interval>", "RRULE:FREQ=DAILY;INTERVAL=3"},
		"R3892312: some days of every week":        {"<Type>0</Type><Interval>1</Interval><DayOfWeek>34</DayOfWeek>", "RRULE:FREQ=DAILY;BYDAY=MO,FR"},
		"R5: no interval is one":                   {"<Type>0</Type><Interval>0</Interval>", "RRULE:FREQ=DAILY"},
		"R389162: for ever":                        {"<Type>0</Type>", "RRULE:FREQ=DAILY"},
		"R11028: weeks begin on Monday, or as was": {"<Type>1</Type><Interval>2</Interval><DayOfWeek>2</DayOfWeek>", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"},
	} {
		t.Run(name, func(t *testing.T) {
			body := put(t, cal(meet), eas.Put{Options: options(t, eas.V141)}, "<Recurrence>"+c[0]+"</Recurrence>")
			if missing := has(body, c[1]); missing != nil {
				t.Errorf("%q\n%s", missing, body)
			}
		})
	}
}
