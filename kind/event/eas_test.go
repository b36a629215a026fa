package event_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/eas/zone"
	"tandem/kind/recur"
	"tandem/wire/wbxml"
)

// data are elements written as XML, those of Calendar without a prefix, those of AirSyncBase with "b:".
func data(t testing.TB, xml string) []*wbxml.Element {
	t.Helper()
	e, err := wbxml.FromXML(strings.NewReader(`<a:ApplicationData xmlns:a="AirSync" xmlns="Calendar" xmlns:b="AirSyncBase">` + xml + `</a:ApplicationData>`))
	if err != nil {
		t.Fatalf("%v\n%s", err, xml)
	}
	return e.Children
}

// xml writes elements the other way round.
func xml(t testing.TB, list []*wbxml.Element) string {
	t.Helper()
	var b bytes.Buffer
	if err := wbxml.ToXML(&b, wbxml.New(wbxml.AirSyncApplicationData, list...)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// all is what is shown of a body.
func all(t testing.TB, body string, o eas.Options) *wbxml.Element {
	t.Helper()
	list, err := view.Get([]byte(body), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return wbxml.New(wbxml.AirSyncApplicationData, list...)
}

// put writes elements and gives the new body.
func put(t testing.TB, body string, o eas.Put, sent string) string {
	t.Helper()
	var old []byte
	if body != "" {
		old = []byte(body)
	}
	r, err := view.Put(old, data(t, sent), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, sent)
	}
	if _, err := handler.Inspect(r.Body); err != nil {
		t.Fatalf("%v\n%s", err, r.Body)
	}
	return string(r.Body)
}

func blob(t testing.TB, name string) string {
	t.Helper()
	z := (&recur.Zones{}).Find(name)
	if z == nil {
		t.Fatalf("no zone %s", name)
	}
	return zone.Of(z, 1772366400).String()
}

// has says which of the lines, separated by "|", a body lacks.
func has(body string, lines string) (missing []string) {
	body = "\n" + strings.ReplaceAll(strings.ReplaceAll(body, "\r", ""), "\n ", "") + "\n"
	for _, l := range strings.Split(lines, "|") {
		want := true
		if rest, no := strings.CutPrefix(l, "!"); no {
			l, want = "\n"+rest, false
		} else {
			l = "\n" + l + "\n"
		}
		if l != "\n\n" && strings.Contains(body, l) != want {
			missing = append(missing, l)
		}
	}
	return missing
}

const meet = "DTSTART;TZID=Europe/Berlin:20260302T100000|DTEND;TZID=Europe/Berlin:20260302T110000|SUMMARY:Talk|DTSTAMP:20260101T000000Z"

// What a body shows: element, and its content.
func TestShown(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		v           eas.Version
		tag         wbxml.Tag
		want        string
	}{
		{"MS-ASCAL_R43911: subject", meet, eas.V161, wbxml.CalendarSubject, "Talk"},
		{"MS-ASCAL_R42911: start", meet, eas.V161, wbxml.CalendarStartTime, "20260302T090000Z"},
		{"MS-ASCAL_R23311: end", meet, eas.V161, wbxml.CalendarEndTime, "20260302T100000Z"},
		{"MS-ASCAL_R44511: zone", meet, eas.V141, wbxml.CalendarTimezone, blob(t, "Europe/Berlin")},
		{"MS-ASCAL_R21911: stamp", meet, eas.V141, wbxml.CalendarDtStamp, "20260101T000000Z"},
		{"MS-ASCAL_R46011: UID", meet, eas.V161, wbxml.CalendarUID, "u"},
		{"MS-ASCAL_R85: not all day", meet, eas.V161, wbxml.CalendarAllDayEvent, "0"},
		{"MS-ASCAL_R235: end of a moment", "DTSTART:20260302T100000Z", eas.V161, wbxml.CalendarEndTime, "20260302T100000Z"},
		{"duration", "DTSTART:20260302T100000Z|DURATION:PT90M", eas.V161, wbxml.CalendarEndTime, "20260302T113000Z"},
		{"floating is in the user's zone", "DTSTART:20260302T100000|DTEND:20260302T110000", eas.V161, wbxml.CalendarStartTime, "20260302T090000Z"},
		{"MS-ASCAL_R86: all day", "DTSTART;VALUE=DATE:20260302", eas.V141, wbxml.CalendarAllDayEvent, "1"},
		{"field note 55: midnight in the zone", "DTSTART;VALUE=DATE:20260302", eas.V141, wbxml.CalendarStartTime, "20260301T230000Z"},
		{"and its end", "DTSTART;VALUE=DATE:20260302", eas.V141, wbxml.CalendarEndTime, "20260302T230000Z"},
		{"and its zone", "DTSTART;VALUE=DATE:20260302", eas.V141, wbxml.CalendarTimezone, blob(t, "Europe/Berlin")},
		{"across the change of clocks", "DTSTART;VALUE=DATE:20260328|DTEND;VALUE=DATE:20260330", eas.V121, wbxml.CalendarEndTime, "20260329T220000Z"},
		{"MS-ASCAL_R2005: a day is a day", "DTSTART;VALUE=DATE:20260302", eas.V160, wbxml.CalendarStartTime, "20260302T000000Z"},
		{"and its end", "DTSTART;VALUE=DATE:20260302|DTEND;VALUE=DATE:20260304", eas.V161, wbxml.CalendarEndTime, "20260304T000000Z"},
		{"MS-ASCAL_R2006, R2007: without a zone", "DTSTART;VALUE=DATE:20260302", eas.V161, wbxml.CalendarTimezone, "<none>"},
		{"MS-ASCAL_R13813: busy", meet, eas.V161, wbxml.CalendarBusyStatus, "2"},
		{"MS-ASCAL_R13811: free", meet + "|TRANSP:TRANSPARENT", eas.V161, wbxml.CalendarBusyStatus, "0"},
		{"MS-ASCAL_R13812: tentative", meet + "|STATUS:TENTATIVE", eas.V161, wbxml.CalendarBusyStatus, "1"},
		{"MS-ASCAL_R13814: away", meet + "|X-MICROSOFT-CDO-BUSYSTATUS:OOF", eas.V161, wbxml.CalendarBusyStatus, "3"},
		{"made free since", meet + "|X-MICROSOFT-CDO-BUSYSTATUS:OOF|TRANSP:TRANSPARENT", eas.V161, wbxml.CalendarBusyStatus, "0"},
		{"MS-ASCAL_R2044: elsewhere is not known", meet + "|X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", eas.V141, wbxml.CalendarBusyStatus, "2"},
		{"MS-ASCAL_R610: normal", meet, eas.V161, wbxml.CalendarSensitivity, "0"},
		{"MS-ASCAL_R611: personal", meet + "|CLASS:X-PERSONAL", eas.V161, wbxml.CalendarSensitivity, "1"},
		{"MS-ASCAL_R612: private", meet + "|CLASS:private", eas.V161, wbxml.CalendarSensitivity, "2"},
		{"MS-ASCAL_R613: confidential", meet + "|CLASS:CONFIDENTIAL", eas.V161, wbxml.CalendarSensitivity, "3"},
		{"an unknown class is private", meet + "|CLASS:X-SECRET", eas.V161, wbxml.CalendarSensitivity, "2"},
		{"MS-ASCAL_R36711, field note 11: organizer", meet, eas.V161, wbxml.CalendarOrganizerName, "Anna Ä"},
		{"MS-ASCAL_R36211, field note 11: organizer", meet, eas.V161, wbxml.CalendarOrganizerEmail, "anna@example.org"},
		{"somebody else", meet + "|ORGANIZER;CN=Ben:mailto:Ben@x.org", eas.V141, wbxml.CalendarOrganizerEmail, "ben@x.org"},
		{"and the name", meet + "|ORGANIZER;CN=Ben:mailto:Ben@x.org", eas.V141, wbxml.CalendarOrganizerName, "Ben"},
		{"MS-ASCAL_R364: no mail address", meet + "|ORGANIZER;CN=Ben:urn:uuid:1", eas.V141, wbxml.CalendarOrganizerEmail, "<none>"},
		{"MS-ASCAL_R310: an appointment", meet, eas.V161, wbxml.CalendarMeetingStatus, "0"},
		{"MS-ASCAL_R311: a meeting of mine", meet + "|ATTENDEE:mailto:b@x.org", eas.V161, wbxml.CalendarMeetingStatus, "1"},
		{"MS-ASCAL_R312: a meeting of others", meet + "|ORGANIZER:mailto:b@x.org|ATTENDEE:mailto:anna@example.org", eas.V161, wbxml.CalendarMeetingStatus, "3"},
		{"MS-ASCAL_R313: mine, cancelled", meet + "|STATUS:CANCELLED|ATTENDEE:mailto:b@x.org", eas.V161, wbxml.CalendarMeetingStatus, "5"},
		{"MS-ASCAL_R314: cancelled", meet + "|STATUS:CANCELLED|ORGANIZER:mailto:b@x.org", eas.V161, wbxml.CalendarMeetingStatus, "7"},
		{"MS-ASCAL_R410: my own needs no reply", meet + "|ATTENDEE:mailto:b@x.org", eas.V161, wbxml.CalendarResponseType, "1"},
		{"MS-ASCAL_R412: tentative", meet + "|ORGANIZER:mailto:b@x.org|ATTENDEE;PARTSTAT=TENTATIVE:mailto:anna@example.org", eas.V161, wbxml.CalendarResponseType, "2"},
		{"MS-ASCAL_R414: accepted", meet + "|ORGANIZER:mailto:b@x.org|ATTENDEE;PARTSTAT=ACCEPTED:mailto:ANNA@example.org", eas.V161, wbxml.CalendarResponseType, "3"},
		{"MS-ASCAL_R416: declined", meet + "|ORGANIZER:mailto:b@x.org|ATTENDEE;PARTSTAT=DECLINED:mailto:anna@example.org", eas.V161, wbxml.CalendarResponseType, "4"},
		{"MS-ASCAL_R418: not answered", meet + "|ORGANIZER:mailto:b@x.org|ATTENDEE:mailto:anna@example.org", eas.V161, wbxml.CalendarResponseType, "5"},
		{"MS-ASCAL_R408: not invited", meet + "|ORGANIZER:mailto:b@x.org|ATTENDEE:mailto:c@x.org", eas.V161, wbxml.CalendarResponseType, "0"},
		{"MS-ASCAL_R2190: not in 12.1", meet + "|ORGANIZER:mailto:b@x.org|ATTENDEE:mailto:anna@example.org", eas.V121, wbxml.CalendarResponseType, "<none>"},
		{"MS-ASCAL_R88011: when", meet + "|ORGANIZER:mailto:b@x.org|ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org|X-MICROSOFT-CDO-REPLYTIME:20260201T100000Z", eas.V140, wbxml.CalendarAppointmentReplyTime, "20260201T100000Z"},
		{"MS-ASCAL_R52522: nothing was done", meet + "|ORGANIZER:mailto:b@x.org|ATTENDEE:mailto:anna@example.org|X-MICROSOFT-CDO-REPLYTIME:20260201T100000Z", eas.V140, wbxml.CalendarAppointmentReplyTime, "<none>"},
		{"MS-ASCAL_R2010: not in 12.1", meet + "|ORGANIZER:mailto:b@x.org|ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.org|X-MICROSOFT-CDO-REPLYTIME:20260201T100000Z", eas.V121, wbxml.CalendarAppointmentReplyTime, "<none>"},
		{"MS-ASCAL_R39611: asked", meet + "|ORGANIZER:mailto:b@x.org|ATTENDEE;RSVP=TRUE:mailto:anna@example.org", eas.V140, wbxml.CalendarResponseRequested, "1"},
		{"not asked", meet + "|ORGANIZER:mailto:b@x.org|ATTENDEE:mailto:anna@example.org", eas.V140, wbxml.CalendarResponseRequested, "0"},
		{"MS-ASCAL_R2186: not in 12.1", meet + "|ATTENDEE;RSVP=TRUE:mailto:b@x.org", eas.V121, wbxml.CalendarResponseRequested, "<none>"},
		{"MS-ASCAL_R214, R215: proposals", meet, eas.V140, wbxml.CalendarDisallowNewTimeProposal, "0"},
		{"MS-ASCAL_R21111: none", meet + "|X-MICROSOFT-DISALLOW-COUNTER:TRUE", eas.V140, wbxml.CalendarDisallowNewTimeProposal, "1"},
		{"MS-ASCAL_R2079: not in 12.1", meet, eas.V121, wbxml.CalendarDisallowNewTimeProposal, "<none>"},
		{"MS-ASCAL_R35411: link", meet + "|CONFERENCE;VALUE=URI;FEATURE=VIDEO:https://video.example/1", eas.V141, wbxml.CalendarOnlineMeetingExternalLink, "https://video.example/1"},
		{"MS-ASCAL_R2161: not in 14.0", meet + "|CONFERENCE;VALUE=URI:https://video.example/1", eas.V140, wbxml.CalendarOnlineMeetingExternalLink, "<none>"},
		{"MS-ASCAL_R359: no address", meet + "|X-MICROSOFT-ONLINEMEETINGEXTERNALLINK:see below", eas.V141, wbxml.CalendarOnlineMeetingExternalLink, "<none>"},
		{"MS-ASCAL_R34611: conference", meet + "|X-MICROSOFT-ONLINEMEETINGCONFLINK:conf:sip:a@b;gruu", eas.V141, wbxml.CalendarOnlineMeetingConfLink, "conf:sip:a@b;gruu"},
		{"MS-ASCAL_R29411: place", meet + "|LOCATION:Room 1\\, 2nd floor", eas.V141, wbxml.CalendarLocation, "Room 1, 2nd floor"},
		{"MS-ASCAL_R2134: not so in 16.0", meet + "|LOCATION:Room", eas.V160, wbxml.CalendarLocation, "<none>"},
		{"MS-ASCAL_R39011: reminder", meet + "|BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-PT15M|END:VALARM", eas.V161, wbxml.CalendarReminder, "15"},
		{"no reminder", meet, eas.V161, wbxml.CalendarReminder, "<none>"},
		{"a mail is none", meet + "|BEGIN:VALARM|ACTION:EMAIL|TRIGGER:-PT15M|END:VALARM", eas.V161, wbxml.CalendarReminder, "<none>"},
		{"at the start", meet + "|BEGIN:VALARM|ACTION:AUDIO|TRIGGER:PT0S|END:VALARM", eas.V161, wbxml.CalendarReminder, "0"},
		{"after it is none", meet + "|BEGIN:VALARM|ACTION:AUDIO|TRIGGER:PT5M|END:VALARM", eas.V161, wbxml.CalendarReminder, "<none>"},
		{"before the end", meet + "|BEGIN:VALARM|ACTION:AUDIO|TRIGGER;RELATED=END:-PT70M|END:VALARM", eas.V161, wbxml.CalendarReminder, "10"},
		{"at an instant", meet + "|BEGIN:VALARM|ACTION:AUDIO|TRIGGER;VALUE=DATE-TIME:20260302T083000Z|END:VALARM", eas.V161, wbxml.CalendarReminder, "30"},
		{"the first of several", meet + "|BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-P1D|END:VALARM|BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-PT5M|END:VALARM", eas.V161, wbxml.CalendarReminder, "1440"},
		{"MS-ASCAL_R33411: plain", meet + "|DESCRIPTION:x", eas.V161, wbxml.AirSyncBaseNativeBodyType, "1"},
		{"characters that XML forbids", "DTSTART:20260302T100000Z|SUMMARY:a\x01b", eas.V161, wbxml.CalendarSubject, "ab"},
		{"a start that is not there", "SUMMARY:x|DTSTAMP:20260101T000000Z", eas.V161, wbxml.CalendarStartTime, "20260101T000000Z"},
	} {
		e := all(t, cal(c.lines), options(t, c.v))
		got := e.Get(c.tag)
		if !e.Has(c.tag) {
			got = "<none>"
		}
		if got != c.want {
			t.Errorf("%s: %s is %q, want %q", c.name, c.tag, got, c.want)
		}
	}
}

func TestAttendeesShown(t *testing.T) {
	body := cal(meet + "|ATTENDEE:mailto:A@x.org|ATTENDEE;CN=B;ROLE=OPT-PARTICIPANT;PARTSTAT=TENTATIVE:mailto:b@x.org|ATTENDEE;CN=Room 1;CUTYPE=ROOM;PARTSTAT=ACCEPTED:mailto:r@x.org" +
		"|ATTENDEE;CN=C;PARTSTAT=DECLINED:invalid:nomail|ATTENDEE;CN=D;EMAIL=d@x.org;PARTSTAT=NEEDS-ACTION;ROLE=CHAIR:urn:uuid:1|ATTENDEE;PARTSTAT=DELEGATED;ROLE=NON-PARTICIPANT:http://x.org/e")
	var got []string
	for a := range all(t, body, options(t, eas.V141)).Child(wbxml.CalendarAttendees).All(wbxml.CalendarAttendee) {
		got = append(got, a.Get(wbxml.CalendarEmail)+","+a.Get(wbxml.CalendarName)+","+a.Get(wbxml.CalendarAttendeeStatus)+","+a.Get(wbxml.CalendarAttendeeType))
	}
	want := "a@x.org,a@x.org,0,1 b@x.org,B,2,2 r@x.org,Room 1,3,3 ,C,4,1 d@x.org,D,5,1 http://x.org/e,http://x.org/e,0,2"
	if strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
	// Field note 26: a cancelled event without anybody names the user.
	a := all(t, cal(meet+"|STATUS:CANCELLED"), options(t, eas.V141)).Child(wbxml.CalendarAttendees).Child(wbxml.CalendarAttendee)
	if a.Get(wbxml.CalendarEmail) != "anna@example.org" || a.Get(wbxml.CalendarName) != "Anna Ä" {
		t.Errorf("cancelled: %v", a)
	}
}

// MS-ASCAL_R187, R11026, R463
func TestLimits(t *testing.T) {
	lines := meet
	for i := range 400 {
		lines += fmt.Sprintf("|CATEGORIES:c%d", i)
	}
	body := strings.Replace(cal(lines), "UID:u", "UID:"+strings.Repeat("ü", 400), 1)
	e := all(t, body, options(t, eas.V141))
	if n := len(e.Child(wbxml.CalendarCategories).Children); n != 300 {
		t.Errorf("%d categories", n)
	}
	if n := len([]rune(e.Get(wbxml.CalendarUID))); n != 300 {
		t.Errorf("a UID of %d characters", n)
	}
	sent := "<Categories><Category>c5</Category><Category>new</Category></Categories>"
	after := put(t, body, eas.Put{Options: options(t, eas.V141)}, sent)
	if missing := has(after, "!CATEGORIES:c4"); missing != nil || !strings.Contains(strings.ReplaceAll(after, "\r\n ", ""), "CATEGORIES:c5,new,c300,c301,") {
		t.Errorf("%q\n%s", missing, after)
	}
}

// What edits make of a body: lines that must be there, or with "!" must not.
func TestEdits(t *testing.T) {
	zoneOf := func(name string) string { return "<Timezone>" + blob(t, name) + "</Timezone>" }
	at := func(start, end string) string {
		return "<StartTime>202603" + start + "00Z</StartTime><EndTime>202603" + end + "00Z</EndTime>"
	}
	const alarms = meet + "|BEGIN:VALARM|ACTION:EMAIL|TRIGGER:-P2D|END:VALARM|BEGIN:VALARM|ACTION:DISPLAY|TRIGGER;RELATED=END:-PT75M|END:VALARM|BEGIN:VALARM|ACTION:AUDIO|TRIGGER:-PT5M|END:VALARM"
	const people = meet + "|ORGANIZER:mailto:anna@example.org|ATTENDEE;CN=Ben;PARTSTAT=ACCEPTED;X-NUM=1:mailto:ben@x.org|ATTENDEE;CN=Cleo:mailto:cleo@x.org"
	for _, c := range []struct {
		name, lines, sent, want string
		v                       eas.Version
	}{
		{"subject only", meet + "|X-MINE:1", "<Subject>New, improved</Subject>", `SUMMARY:New\, improved|DTSTART;TZID=Europe/Berlin:20260302T100000|X-MINE:1|LAST-MODIFIED:20260301T120000Z`, eas.V161},
		{"no subject", meet, "<Subject/>", "!SUMMARY", eas.V161},
		{"moved", meet, at("02T1000", "02T1130"), "DTSTART;TZID=Europe/Berlin:20260302T110000|DTEND;TZID=Europe/Berlin:20260302T123000", eas.V161},
		{"start moved alone: it lasts as long", meet, "<StartTime>20260303T100000Z</StartTime>", "DTSTART;TZID=Europe/Berlin:20260303T110000|DTEND;TZID=Europe/Berlin:20260303T120000", eas.V161},
		{"end alone", meet, "<EndTime>20260302T120000Z</EndTime>", "DTSTART;TZID=Europe/Berlin:20260302T100000|DTEND;TZID=Europe/Berlin:20260302T130000", eas.V161},
		{"end of a duration", "DTSTART:20260302T100000Z|DURATION:PT1H", "<EndTime>20260302T120000Z</EndTime>", "DTSTART:20260302T100000Z|DURATION:PT2H|!DTEND", eas.V161},
		{"a flight keeps both zones", "DTSTART;TZID=Europe/Berlin:20260302T100000|DTEND;TZID=America/New_York:20260302T130000", at("02T1000", "02T1900"), "DTSTART;TZID=Europe/Berlin:20260302T110000|DTEND;TZID=America/New_York:20260302T140000", eas.V161},
		{"the zone's name is kept", strings.ReplaceAll(meet, "Europe/Berlin", "Europe/Rome"), zoneOf("Europe/Berlin") + at("02T1000", "02T1130"), "DTSTART;TZID=Europe/Rome:20260302T110000", eas.V141},
		{"another zone", meet, zoneOf("Asia/Tokyo") + at("02T1000", "02T1130"), "DTSTART;TZID=Asia/Tokyo:20260302T190000|BEGIN:VTIMEZONE|TZID:Asia/Tokyo", eas.V141},
		{"another zone only", meet, zoneOf("America/New_York"), "DTSTART;TZID=America/New_York:20260302T040000|RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU", eas.V161},
		{"zeros keep the zone", meet, "<Timezone>" + zone.Of(recur.Fixed("UTC", 0), 0).String() + "</Timezone>" + at("02T1000", "02T1130"), "DTSTART;TZID=Europe/Berlin:20260302T110000", eas.V141},
		{"a zone that is none", meet, "<Timezone>!</Timezone>" + at("02T1000", "02T1130"), "DTSTART;TZID=Europe/Berlin:20260302T110000", eas.V141},
		{"nobody's zone", meet, "<Timezone>" + zone.Of(recur.Fixed("", -5025), 0).String() + "</Timezone>", "DTSTART;TZID=UTC-0123:20260302T073700|TZID:UTC-0123|TZOFFSETTO:-0123", eas.V141},
		{"floating stays floating", "DTSTART:20260302T100000|DTEND:20260302T110000", at("02T1000", "02T1130"), "DTSTART:20260302T110000|DTEND:20260302T123000", eas.V161},
		{"UTC stays UTC", "DTSTART:20260302T100000Z|DTEND:20260302T110000Z", at("02T1100", "02T1130"), "DTSTART:20260302T110000Z|DTEND:20260302T113000Z", eas.V161},
		{"to all day, 14.1", meet, zoneOf("Europe/Berlin") + "<AllDayEvent>1</AllDayEvent><StartTime>20260302T230000Z</StartTime><EndTime>20260303T230000Z</EndTime>", "DTSTART;VALUE=DATE:20260303|DTEND;VALUE=DATE:20260304", eas.V141},
		{"to all day, in the phone's zone", meet, zoneOf("Asia/Tokyo") + "<AllDayEvent>1</AllDayEvent><StartTime>20260302T150000Z</StartTime><EndTime>20260303T150000Z</EndTime>", "DTSTART;VALUE=DATE:20260303|DTEND;VALUE=DATE:20260304", eas.V141},
		{"to all day, midnight in UTC", meet, "<AllDayEvent>1</AllDayEvent><StartTime>20260303T000000Z</StartTime><EndTime>20260304T000000Z</EndTime>", "DTSTART;VALUE=DATE:20260303|DTEND;VALUE=DATE:20260304", eas.V141},
		{"to all day, 16.1", meet, "<AllDayEvent>1</AllDayEvent><StartTime>20260303T000000Z</StartTime><EndTime>20260305T000000Z</EndTime>", "DTSTART;VALUE=DATE:20260303|DTEND;VALUE=DATE:20260305", eas.V161},
		{"to all day without times", meet, "<AllDayEvent>1</AllDayEvent>", "DTSTART;VALUE=DATE:20260302|DTEND;VALUE=DATE:20260303", eas.V161},
		{"from all day", "DTSTART;VALUE=DATE:20260302", zoneOf("Asia/Tokyo") + "<AllDayEvent>0</AllDayEvent>" + at("02T1000", "02T1130"), "DTSTART;TZID=Asia/Tokyo:20260302T190000|DTEND;TZID=Asia/Tokyo:20260302T203000", eas.V161},
		{"a day later", "DTSTART;VALUE=DATE:20260302", "<StartTime>20260303T000000Z</StartTime><EndTime>20260304T000000Z</EndTime>", "DTSTART;VALUE=DATE:20260303|DTEND;VALUE=DATE:20260304", eas.V161},

		{"reminder", meet, "<Reminder>30</Reminder>", "BEGIN:VALARM|TRIGGER:-PT30M|ACTION:DISPLAY|DESCRIPTION:Talk", eas.V161},
		{"the alarm that was shown is moved", alarms, "<Reminder>30</Reminder>", "TRIGGER:-P2D|TRIGGER:-PT30M|TRIGGER:-PT5M|!TRIGGER;RELATED", eas.V161},
		{"reminder taken away", alarms, "<Reminder/>", "TRIGGER:-P2D|!TRIGGER:-PT5M|!TRIGGER;RELATED", eas.V161},
		{"more minutes than there are", meet, "<Reminder>4294967295</Reminder>", "!BEGIN:VALARM", eas.V161},
		{"Outlook's own mark of days", meet + "|X-MICROSOFT-CDO-ALLDAYEVENT:FALSE", "<AllDayEvent>1</AllDayEvent>", "DTSTART;VALUE=DATE:20260302|X-MICROSOFT-CDO-ALLDAYEVENT:TRUE", eas.V161},
		{"reminder at the start", meet, "<Reminder>0</Reminder>", "TRIGGER:PT0S", eas.V161},

		{"private", meet, "<Sensitivity>2</Sensitivity>", "CLASS:PRIVATE", eas.V161},
		{"personal", meet, "<Sensitivity>1</Sensitivity>", "CLASS:X-PERSONAL", eas.V161},
		{"normal again", meet + "|CLASS:PRIVATE", "<Sensitivity>0</Sensitivity>", "CLASS:PUBLIC", eas.V161},
		{"free", meet, "<BusyStatus>0</BusyStatus>", "TRANSP:TRANSPARENT", eas.V161},
		{"away", meet + "|TRANSP:TRANSPARENT", "<BusyStatus>3</BusyStatus>", "TRANSP:OPAQUE|X-MICROSOFT-CDO-BUSYSTATUS:OOF", eas.V161},
		{"busy after tentative", meet + "|STATUS:TENTATIVE", "<BusyStatus>2</BusyStatus>", "STATUS:TENTATIVE|X-MICROSOFT-CDO-BUSYSTATUS:BUSY", eas.V161},
		{"elsewhere is kept", meet + "|X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", "<BusyStatus>2</BusyStatus>", "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", eas.V161},
		{"MS-ASCAL_R13810: not known", meet + "|TRANSP:TRANSPARENT", "<BusyStatus>-1</BusyStatus>", "TRANSP:TRANSPARENT", eas.V161},
		{"categories", meet + "|CATEGORIES:A,B|CATEGORIES:C", "<Categories><Category>C</Category><Category>x, y</Category></Categories>", `CATEGORIES:C\,x|CATEGORIES:C,x\, y`, 0},
		{"no categories", meet + "|CATEGORIES:A,B|CATEGORIES:C", "<Categories/>", "!CATEGORIES", eas.V161},
		{"no proposals", meet, "<DisallowNewTimeProposal>1</DisallowNewTimeProposal>", "X-MICROSOFT-DISALLOW-COUNTER:TRUE", eas.V161},

		{"MS-ASCAL_R10411: invited", meet, "<Attendees><Attendee><Email>ben@x.org</Email><Name>Ben, B.</Name><AttendeeType>2</AttendeeType></Attendee></Attendees>",
			`ATTENDEE;CN="Ben, B.";ROLE=OPT-PARTICIPANT:mailto:ben@x.org|ORGANIZER;CN=Anna Ä:mailto:anna@example.org`, eas.V141},
		{"somebody more", people, "<Attendees><Attendee><Email>BEN@x.org</Email><Name>Ben</Name></Attendee><Attendee><Email>cleo@x.org</Email><Name>Cleo</Name></Attendee><Attendee><Email>dan@x.org</Email><Name>Dan</Name><AttendeeType>3</AttendeeType></Attendee></Attendees>",
			"ATTENDEE;CN=Ben;PARTSTAT=ACCEPTED;X-NUM=1:mailto:ben@x.org|ATTENDEE;CN=Cleo:mailto:cleo@x.org|ATTENDEE;CN=Dan;ROLE=NON-PARTICIPANT;CUTYPE=RESOURCE:mailto:dan@x.org", eas.V141},
		{"MS-ASCAL_R570: accepted", people, "<Attendees><Attendee><Email>ben@x.org</Email><Name>Ben</Name><AttendeeStatus>4</AttendeeStatus></Attendee><Attendee><Email>cleo@x.org</Email><Name>Cleo</Name><AttendeeStatus>3</AttendeeStatus></Attendee></Attendees>",
			"ATTENDEE;CN=Ben;PARTSTAT=DECLINED;X-NUM=1:mailto:ben@x.org|ATTENDEE;CN=Cleo;PARTSTAT=ACCEPTED:mailto:cleo@x.org", eas.V141},
		{"somebody less", people, "<Attendees><Attendee><Email>cleo@x.org</Email><Name>Cleo</Name></Attendee></Attendees>", "!ATTENDEE;CN=Ben|ATTENDEE;CN=Cleo:mailto:cleo@x.org", eas.V141},
		{"nobody", people, "<Attendees/>", "!ATTENDEE", eas.V141},
		{"field note 26: no address", meet, "<Attendees><Attendee><Name>Ben</Name></Attendee></Attendees>", "ATTENDEE;CN=Ben:invalid:nomail", eas.V141},
		{"address and name in one", meet, `<Attendees><Attendee><Email>"Ben" &lt;ben@x.org&gt;</Email></Attendee></Attendees>`, "ATTENDEE;CN=Ben:mailto:ben@x.org", eas.V141},
		{"MS-ASCAL_R398: asked to answer", people, "<ResponseRequested>1</ResponseRequested>", "ATTENDEE;CN=Cleo;RSVP=TRUE:mailto:cleo@x.org", eas.V141},
		{"an organizer that is not me", meet, "<OrganizerName>Ben</OrganizerName><OrganizerEmail>ben@x.org</OrganizerEmail>", "ORGANIZER;CN=Ben:mailto:ben@x.org", eas.V141},
		{"MS-ASCAL_R2169, R2175: not from 16.0 on", meet, "<OrganizerName>Ben</OrganizerName><OrganizerEmail>ben@x.org</OrganizerEmail>", "!ORGANIZER", eas.V160},
		{"myself needs no mention", meet, "<OrganizerName>Anna Ä</OrganizerName><OrganizerEmail>anna@example.org</OrganizerEmail>", "!ORGANIZER", eas.V141},
		{"MS-ASCAL_R313: cancelled", people, "<MeetingStatus>5</MeetingStatus>", "STATUS:CANCELLED", eas.V141},
		{"MS-ASCAL_R317, R318: 13 is 5", people, "<MeetingStatus>13</MeetingStatus>", "STATUS:CANCELLED", eas.V141},
		{"MS-ASCAL_R315, R316: 9 is 1", people + "|STATUS:CANCELLED", "<MeetingStatus>9</MeetingStatus>", "!STATUS", eas.V141},
		{"and not", people + "|STATUS:CANCELLED", "<MeetingStatus>1</MeetingStatus>", "!STATUS", eas.V141},
		{"MS-ASCAL_R349, R356, R92, R404: what clients must not send", meet, "<OnlineMeetingExternalLink>https://x</OnlineMeetingExternalLink><AppointmentReplyTime>20260101T000000Z</AppointmentReplyTime><ResponseType>3</ResponseType>", "!X-MICROSOFT|!ATTENDEE", eas.V141},

		{"location", meet, "<Location>Room 2</Location>", "LOCATION:Room 2", eas.V141},
		{"location of 16.1", meet, "<b:Location><b:DisplayName>Cafe</b:DisplayName><b:Street>Weg 1</b:Street><b:Latitude>52.5</b:Latitude><b:Longitude>13.4</b:Longitude></b:Location>",
			"LOCATION:Cafe|GEO:52.5;13.4|X-TANDEM-PLACE;X-STREET=Weg 1:Cafe", eas.V161},
		{"MS-ASAIRS_R1001013: none", meet + "|LOCATION:Cafe|GEO:52.5;13.4|X-TANDEM-PLACE;X-STREET=Weg 1:Cafe", "<b:Location/>", "!LOCATION|!GEO|!X-TANDEM", eas.V161},

		{"plain text", meet + "|DESCRIPTION:old", "<b:Body><b:Type>1</b:Type><b:Data>new&#13;&#10;line</b:Data></b:Body>", `DESCRIPTION:new\nline`, eas.V141},
		{"text instead of HTML", meet + "|DESCRIPTION:old|X-ALT-DESC;FMTTYPE=text/html:<b>old</b>", "<b:Body><b:Type>1</b:Type><b:Data>new</b:Data></b:Body>", "DESCRIPTION:new|!X-ALT-DESC", eas.V141},
		{"HTML", meet, "<b:Body><b:Type>2</b:Type><b:Data>&lt;p&gt;a &lt;b&gt;b&lt;/b&gt;&lt;/p&gt;</b:Data></b:Body>", "DESCRIPTION:a b|X-ALT-DESC;FMTTYPE=text/html:<p>a <b>b</b></p>", eas.V141},
		{"no text", meet + "|DESCRIPTION:old", "<b:Body><b:Type>1</b:Type><b:Data/></b:Body>", "!DESCRIPTION", eas.V141},

		{"MS-ASCAL_R37211: repeats", meet, "<Recurrence><Type>1</Type><Interval>2</Interval><DayOfWeek>2</DayOfWeek><Occurrences>5</Occurrences></Recurrence>", "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=5;BYDAY=MO", eas.V141},
		{"MS-ASCAL_R46411: until", meet, "<Recurrence><Type>0</Type><Until>20260401T080000Z</Until></Recurrence>", "RRULE:FREQ=DAILY;UNTIL=20260401T080000Z", eas.V141},
		{"until, of days", "DTSTART;VALUE=DATE:20260302", "<Recurrence><Type>0</Type><Until>20260331T220000Z</Until></Recurrence>", "RRULE:FREQ=DAILY;UNTIL=20260401", eas.V141},
		{"until, of days, 16.1", "DTSTART;VALUE=DATE:20260302", "<Recurrence><Type>0</Type><Until>20260401T000000Z</Until></Recurrence>", "RRULE:FREQ=DAILY;UNTIL=20260401", eas.V161},
		{"MS-ASCAL_R2180002, field note 27: once again", meet + "|RRULE:FREQ=DAILY|EXDATE;TZID=Europe/Berlin:20260303T100000", "<Recurrence/>", "!RRULE:FREQ=DAILY|!EXDATE", eas.V161},
		{"MS-ASCAL_R53911: Occurrences before Until", meet, "<Recurrence><Type>0</Type><Occurrences>3</Occurrences><Until>20260401T080000Z</Until></Recurrence>", "RRULE:FREQ=DAILY;COUNT=3", eas.V141},
	} {
		if c.v == 0 {
			c.v = eas.V161
			c.want = strings.Split(c.want, "|")[1]
		}
		body := put(t, cal(c.lines), eas.Put{Options: options(t, c.v)}, c.sent)
		if missing := has(body, c.want); missing != nil {
			t.Errorf("%s: %q\n%s", c.name, missing, body)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		v    eas.Version
		sent string
	}{
		"start that is no time":                   {eas.V141, "<StartTime>soon</StartTime>"},
		"end before the start":                    {eas.V141, "<StartTime>20260303T100000Z</StartTime><EndTime>20260303T090000Z</EndTime>"},
		"sensitivity":                             {eas.V141, "<Sensitivity>4</Sensitivity>"},
		"busy status":                             {eas.V141, "<BusyStatus>5</BusyStatus>"},
		"reminder":                                {eas.V141, "<Reminder>soon</Reminder>"},
		"MS-ASCAL_R53914: first day of week":      {eas.V141, "<Recurrence><Type>1</Type><DayOfWeek>2</DayOfWeek><FirstDayOfWeek>7</FirstDayOfWeek></Recurrence>"},
		"MS-ASCAL_R53913: calendar type":          {eas.V141, "<Recurrence><Type>2</Type><DayOfMonth>2</DayOfMonth><CalendarType>13</CalendarType></Recurrence>"},
		"MS-ASCAL_R53912: two calendars":          {eas.V141, "<Recurrence><Type>2</Type><DayOfMonth>2</DayOfMonth><CalendarType>1</CalendarType><CalendarType>1</CalendarType></Recurrence>"},
		"MS-ASCAL_R448: no type":                  {eas.V141, "<Recurrence><DayOfMonth>2</DayOfMonth></Recurrence>"},
		"MS-ASCAL_R53916: day of month, weekly":   {eas.V141, "<Recurrence><Type>1</Type><DayOfMonth>2</DayOfMonth></Recurrence>"},
		"MS-ASCAL_R53917: day of week, monthly":   {eas.V141, "<Recurrence><Type>2</Type><DayOfWeek>2</DayOfWeek></Recurrence>"},
		"MS-ASCAL_R53918: month of year, weekly":  {eas.V141, "<Recurrence><Type>1</Type><MonthOfYear>2</MonthOfYear></Recurrence>"},
		"MS-ASCAL_R53919: week of month, monthly": {eas.V141, "<Recurrence><Type>2</Type><WeekOfMonth>2</WeekOfMonth></Recurrence>"},
	} {
		if r, err := view.Put([]byte(cal(meet)), data(t, c.sent), eas.Put{Options: options(t, c.v)}); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v\n%s", name, err, r.Body)
		}
	}
	for _, body := range []string{"", "x", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"} {
		if _, err := view.Get([]byte(body), options(t, eas.V161)); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%q: %v", body, err)
		}
	}
}
