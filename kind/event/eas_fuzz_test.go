package event_test

import (
	"testing"
	"time"

	"tandem/kind/eas"
	"tandem/wire/wbxml"
)

// Whatever a client sends into whatever body, the outcome can be read, and putting back what is shown changes nothing.
func FuzzPut(f *testing.F) {
	const other = "RECURRENCE-ID;TZID=Europe/Berlin:20260304T100000|DTSTART;TZID=Europe/Berlin:20260304T140000|SUMMARY:Other"
	for i, sent := range []string{
		"<Subject>a</Subject><StartTime>20260302T100000Z</StartTime><EndTime>20260302T110000Z</EndTime><AllDayEvent>1</AllDayEvent>",
		"<Recurrence><Type>1</Type><DayOfWeek>2</DayOfWeek></Recurrence><Exceptions><Exception><ExceptionStartTime>20260304T090000Z</ExceptionStartTime><Subject>x</Subject></Exception></Exceptions>",
		"<Exceptions><Exception><Deleted>1</Deleted><b:InstanceId>20260303T090000Z</b:InstanceId></Exception></Exceptions><Reminder/>",
		"<Attendees><Attendee><Email>a@x.org</Email><Name>A</Name></Attendee></Attendees><b:Location><b:DisplayName>x</b:DisplayName></b:Location>",
		"<b:Attachments><b:Add><b:Content>aGk=</b:Content></b:Add><b:Delete><b:FileReference>0</b:FileReference></b:Delete></b:Attachments>",
		"<Timezone>" + blob(f, "Asia/Tokyo") + "</Timezone><b:Body><b:Type>2</b:Type><b:Data>&lt;b&gt;x</b:Data></b:Body>",
	} {
		coded, err := wbxml.Marshal(wbxml.New(wbxml.AirSyncApplicationData, data(f, sent)...))
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(cal(daily, other)), coded, uint8(i), "")
		f.Add([]byte(cal("DTSTART;VALUE=DATE:20260302|RRULE:FREQ=MONTHLY;BYDAY=1MO,3MO|EXDATE;VALUE=DATE:20260316")), coded, uint8(i+1), "20260302T000000Z")
		f.Add([]byte(nil), coded, uint8(i+2), "")
	}
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body, coded []byte, v uint8, instance string) {
		sent, _, err := wbxml.Unmarshal(coded, wbxml.Limits{})
		if err != nil || len(body) > 1<<16 {
			return
		}
		o := eas.Options{Version: versions[int(v)%len(versions)], Name: "Anna", Address: "anna@example.org", Zone: loc, Now: 1772366400,
			Attachment: func(n int) string { return string(rune('0' + n)) }}
		if len(body) == 0 {
			body = nil
		}
		r, err := view.Put(body, sent.Children, eas.Put{Options: o, UID: "u", Instance: instance})
		if err != nil {
			return
		}
		if _, err := handler.Inspect(r.Body); err != nil {
			if _, was := handler.Inspect(body); was == nil || body == nil {
				t.Fatalf("%v\n%s\nbecame\n%s", err, body, r.Body)
			}
			return
		}
		shown, err := view.Get(r.Body, o)
		if err != nil {
			t.Fatalf("%v\n%s", err, r.Body)
		}
		again, err := view.Put(r.Body, shown, eas.Put{Options: o})
		if err != nil || string(again.Body) != string(r.Body) {
			t.Fatalf("%v\n%s\nbecame\n%s\nby %s", err, r.Body, again.Body, xml(t, shown))
		}
	})
}
