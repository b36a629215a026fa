package calquery_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tandem/kind/recur"
	"tandem/server/dav/calquery"
)

// A calendar like the one of the examples in RFC 4791 7.8 and appendix B.
var week = map[string][]byte{
	"once":   cal("VEVENT|DTSTART;TZID=US/Eastern:20060102T120000|DURATION:PT1H|SUMMARY:Event #1"),
	"series": cal("VEVENT|DTSTART;TZID=US/Eastern:20060102T120000|DURATION:PT1H|RRULE:FREQ=DAILY;COUNT=5|SUMMARY:Event #2", "VEVENT|RECURRENCE-ID;TZID=US/Eastern:20060104T120000|DTSTART;TZID=US/Eastern:20060104T140000|DURATION:PT1H|SUMMARY:Event #2 bis", "VEVENT|RECURRENCE-ID;TZID=US/Eastern:20060106T120000|DTSTART;TZID=US/Eastern:20060106T140000|DURATION:PT1H|SUMMARY:Event #2 bis bis"),
	"meeting": cal("VEVENT|DTSTART;TZID=US/Eastern:20060104T100000|DURATION:PT1H|STATUS:TENTATIVE|SUMMARY:Event #3|ORGANIZER:mailto:cyrus@example.com|" +
		"ATTENDEE;PARTSTAT=ACCEPTED;ROLE=CHAIR:mailto:cyrus@example.com|ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:lisa@example.com"),
	"due":       cal("VTODO|DUE;TZID=US/Eastern:20060106T120000|STATUS:NEEDS-ACTION|SUMMARY:Task #1|BEGIN:VALARM|ACTION:AUDIO|TRIGGER;RELATED=START:-PT10M|END:VALARM"),
	"task":      cal("VTODO|DUE;VALUE=DATE:20060106|STATUS:IN-PROCESS|SUMMARY:Task #2|BEGIN:VALARM|ACTION:AUDIO|TRIGGER;VALUE=DATE-TIME:20060106T120000Z|END:VALARM"),
	"done":      cal("VTODO|DTSTART:20051222T100000Z|COMPLETED:20051222T202122Z|STATUS:COMPLETED|SUMMARY:Task #3"),
	"cancelled": cal("VTODO|DTSTART:20051222T100000Z|STATUS:CANCELLED|SUMMARY:Task #4"),
	"free/busy": cal("VFREEBUSY|DTSTART:20060101T000000Z|DTEND:20060108T000000Z|FREEBUSY:20050531T230000Z/20050601T010000Z|FREEBUSY;FBTYPE=BUSY-TENTATIVE:20060102T100000Z/20060102T120000Z|" +
		"FREEBUSY:20060103T100000Z/20060103T120000Z|FREEBUSY:20060104T100000Z/20060104T120000Z|FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20060105T100000Z/20060105T120000Z|FREEBUSY:20060106T100000Z/20060106T120000Z"),
}

// TestExamples: the queries of RFC 4791 7.8 find what they find there.
func TestExamples(t *testing.T) {
	for name, c := range map[string]struct {
		inner string
		want  []string
	}{
		"7.8.1 a day":                  {`<comp-filter name="VEVENT"><time-range start="20060104T000000Z" end="20060105T000000Z"/></comp-filter>`, []string{"meeting", "series"}},
		"7.8.4 free/busy":              {`<comp-filter name="VFREEBUSY"><time-range start="20060102T000000Z" end="20060103T000000Z"/></comp-filter>`, []string{"free/busy"}},
		"7.8.5 alarms":                 {`<comp-filter name="VTODO"><comp-filter name="VALARM"><time-range start="20060106T100000Z" end="20060106T130000Z"/></comp-filter></comp-filter>`, []string{"task"}},
		"7.8.5 alarms, related":        {`<comp-filter name="VTODO"><comp-filter name="VALARM"><time-range start="20060106T164900Z" end="20060106T165100Z"/></comp-filter></comp-filter>`, []string{"due"}},
		"7.8.6 UID":                    {`<comp-filter name="VEVENT"><prop-filter name="UID"><text-match collation="i;octet">u</text-match></prop-filter></comp-filter>`, []string{"meeting", "once", "series"}},
		"7.8.7 PARTSTAT":               {`<comp-filter name="VEVENT"><prop-filter name="ATTENDEE"><text-match collation="i;ascii-casemap">mailto:lisa@example.com</text-match><param-filter name="PARTSTAT"><text-match collation="i;ascii-casemap">NEEDS-ACTION</text-match></param-filter></prop-filter></comp-filter>`, []string{"meeting"}},
		"7.8.8 events only":            {`<comp-filter name="VEVENT"/>`, []string{"meeting", "once", "series"}},
		"7.8.9 all that is to be done": {`<comp-filter name="VTODO"><prop-filter name="COMPLETED"><is-not-defined/></prop-filter><prop-filter name="STATUS"><text-match negate-condition="yes">CANCELLED</text-match></prop-filter></comp-filter>`, []string{"due", "task"}},
		"7.8.10 abandoned":             {`<comp-filter name="VEVENT"><prop-filter name="X-ABC-GUID"><text-match>ABC</text-match></prop-filter></comp-filter>`, nil},
	} {
		f := filterOf(t, c.inner, calquery.Env{})
		var got []string
		for id, body := range week {
			ok, err := f.Match(body)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				got = append(got, id)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	// 7.8.2 and 7.8.3: series cut, and expanded
	got := apply(t, `<calendar-data><limit-recurrence-set start="20060103T000000Z" end="20060105T000000Z"/></calendar-data>`, week["series"], calquery.Env{})
	if strings.Contains(got, "bis bis") || !strings.Contains(got, "bis") || !strings.Contains(got, "RRULE") {
		t.Errorf("7.8.2: %s", got)
	}
	got = apply(t, `<calendar-data><expand start="20060103T000000Z" end="20060105T000000Z"/></calendar-data>`, week["series"], calquery.Env{})
	if want := "BEGIN:VEVENT|UID:u|DTSTART:20060103T170000Z|DURATION:PT1H|SUMMARY:Event #2|RECURRENCE-ID:20060103T170000Z|END:VEVENT|" +
		"BEGIN:VEVENT|UID:u|RECURRENCE-ID:20060104T170000Z|DTSTART:20060104T190000Z|DURATION:PT1H|SUMMARY:Event #2 bis|END:VEVENT"; got != want {
		t.Errorf("7.8.3: %s", got)
	}
	// 7.8.4: free/busy cut
	got = apply(t, `<calendar-data><limit-freebusy-set start="20060102T000000Z" end="20060103T000000Z"/></calendar-data>`, week["free/busy"], calquery.Env{})
	if strings.Count(got, "|FREEBUSY") != 1 || !strings.Contains(got, "20060102T100000Z/20060102T120000Z") {
		t.Errorf("7.8.4: %s", got)
	}
	// 7.10.1
	b := calquery.NewFreeBusy(unix(t, "20060104T140000Z"), unix(t, "20060105T220000Z"), "", calquery.Env{})
	for _, id := range []string{"once", "series", "meeting", "due"} {
		if err := b.Add(week[id]); err != nil {
			t.Error(err)
		}
	}
	out := string(bytes.ReplaceAll(b.Bytes("x", 0), []byte("\r\n "), nil))
	for _, want := range []string{"FREEBUSY;FBTYPE=BUSY-TENTATIVE:20060104T150000Z/20060104T160000Z\r\n", "FREEBUSY:20060104T190000Z/20060104T200000Z,20060105T170000Z/20060105T180000Z\r\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("7.10.1: no %s in\n%s", want, out)
		}
	}
}

func TestWithoutZones(t *testing.T) {
	zones := &recur.Zones{}
	plain := cal("VEVENT|DTSTART;TZID=Europe/Berlin:20260301T100000")
	if got := calquery.WithoutZones(withZone(plain), zones); string(got) != string(plain) {
		t.Errorf("%s", got)
	}
	for name, body := range map[string][]byte{
		"no zone":   cal("VEVENT|DTSTART:20260301T100000Z"),
		"own name":  bytes.ReplaceAll(withZone(plain), []byte("Europe/Berlin"), []byte("Mine")),
		"long name": bytes.ReplaceAll(withZone(plain), []byte("Europe/Berlin"), []byte("/mozilla.org/2005/Europe/Berlin")),
		"torn":      []byte("BEGIN:VCALENDAR\r\nTZID"),
		"already":   plain,
	} {
		if got := calquery.WithoutZones(body, nil); &got[0] != &body[0] {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestWithZones: what everybody knows by name is defined where a client asks for it, and means the same. RFC 7809 7.1
func TestWithZones(t *testing.T) {
	zones := &recur.Zones{}
	plain := cal("VEVENT|DTSTART;TZID=Europe/Berlin:20260301T100000|DTEND;TZID=America/New_York:20260301T100000|X-A;TZID=Mine:x")
	got := calquery.WithZones(plain, zones)
	for _, want := range []string{"TZID:Europe/Berlin\r\n", "TZID:America/New_York\r\n", "TZOFFSETTO:+0200\r\n", "TZOFFSETTO:-0400\r\n", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"} {
		if !bytes.Contains(got, []byte(want)) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if n := bytes.Count(got, []byte("BEGIN:VTIMEZONE")); n != 2 {
		t.Errorf("%d zones are defined:\n%s", n, got)
	}
	if back := calquery.WithoutZones(got, zones); !bytes.Equal(back, plain) {
		t.Errorf("back again it is\n%s", back)
	}
	if again := calquery.WithZones(got, zones); &again[0] != &got[0] {
		t.Errorf("defined twice:\n%s", again)
	}
	for name, body := range map[string][]byte{"no zone": cal("VEVENT|DTSTART:20260301T100000Z"), "own name": cal("VEVENT|DTSTART;TZID=Mine:20260301T100000"), "torn": []byte("BEGIN:VCALENDAR\r\nTZID"),
		"no time": cal("VEVENT|SUMMARY;TZID=Mine:x")} {
		if got := calquery.WithZones(body, nil); &got[0] != &body[0] {
			t.Errorf("%s: %s", name, got)
		}
	}
	for value, want := range map[string]string{"": string(plain), "T": string(got), "F": string(plain), "x": string(plain)} {
		h := http.Header{}
		h.Set(calquery.ZonesHeader, value)
		if s := string(calquery.ZonesFor(h, plain, zones)); s != want {
			t.Errorf("%q: %s", value, s)
		}
	}
}

// FuzzZones: whatever the object, its zones can be added and left out again, and nothing else of it changes.
func FuzzZones(f *testing.F) {
	f.Add(string(cal("VEVENT|DTSTART;TZID=Europe/Berlin:20260301T100000")))
	f.Add(string(withZone(cal("VEVENT|DTSTART;TZID=Europe/Berlin:20260301T100000|EXDATE;TZID=Mine:99999999T999999"))))
	f.Add("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;TZID=Asia/Kolkata:00000101T000000\nX;TZID=\"Europe/London\":\nEND:VEVENT\nEND:VCALENDAR\n")
	zones := &recur.Zones{}
	f.Fuzz(func(t *testing.T, body string) {
		if len(body) > 1<<12 {
			return
		}
		bare := calquery.WithoutZones([]byte(body), zones)
		full := calquery.WithZones(bare, zones)
		if again := calquery.WithZones(full, zones); !bytes.Equal(again, full) {
			t.Fatalf("added twice:\n%q\n%q", full, again)
		}
		if back := calquery.WithoutZones(full, zones); !bytes.Equal(back, bare) {
			t.Fatalf("%q\nwithout zones is\n%q\nand then\n%q", body, bare, back)
		}
	})
}
