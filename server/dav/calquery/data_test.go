package calquery_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"tandem/internal/corpus"
	"tandem/kind/recur"
	"tandem/server/dav/calquery"
	"tandem/wire/davxml"
	"tandem/wire/ical"
)

const zone = "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\n" +
	"BEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"

func withZone(body []byte) []byte {
	return []byte(strings.Replace(string(body), "BEGIN:VE", zone+"BEGIN:VE", 1))
}

func dataOf(t testing.TB, doc string, env calquery.Env) *calquery.Data {
	t.Helper()
	d, err := calquery.ParseData(parse(t, doc), env)
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	return d
}

// apply gives what is wanted, line by line with "|" between, without the first three and the last.
func apply(t testing.TB, doc string, body []byte, env calquery.Env) string {
	t.Helper()
	out, err := dataOf(t, doc, env).Apply(body)
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	s := strings.TrimSuffix(strings.ReplaceAll(string(out), "\r\n", "|"), "|END:VCALENDAR|")
	return strings.TrimPrefix(strings.TrimPrefix(s, "BEGIN:VCALENDAR|VERSION:2.0|PRODID:-//test//EN"), "|")
}

func TestWhole(t *testing.T) {
	body := cal("VEVENT|DTSTART:20260301T100000Z|SUMMARY:folded \r\n here")
	for _, doc := range []string{`<calendar-data/>`, `<calendar-data content-type="text/calendar" version="2.0"/>`, `<calendar-data><comp name="VCALENDAR"/></calendar-data>`} {
		d := dataOf(t, doc, calquery.Env{})
		out, err := d.Apply(body)
		if err != nil || !d.Whole() || &out[0] != &body[0] {
			t.Errorf("%s: %v\n%s", doc, err, out)
		}
	}
	d, err := calquery.ParseData(nil, calquery.Env{})
	if err != nil || !d.Whole() {
		t.Errorf("nothing asked: %v", err)
	}
	all := dataOf(t, `<calendar-data><comp name="VCALENDAR"><allprop/><allcomp/></comp></calendar-data>`, calquery.Env{})
	for _, file := range corpus.Files(t, "ics", ".ics") {
		if out, err := all.Apply(file.Data); err == nil && !bytes.Equal(out, file.Data) {
			t.Errorf("%s: all properties and components are not the same bytes", file.Name)
		}
	}
}

func TestSubset(t *testing.T) {
	body := withZone(cal("VEVENT|DTSTART;TZID=Europe/Berlin:20260301T100000|SUMMARY;LANGUAGE=en:Text|ATTENDEE;CN=A:mailto:a@b|BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-PT5M|END:VALARM"))
	for doc, want := range map[string]string{
		`<comp name="VCALENDAR"><prop name="VERSION"/><prop name="prodid"/><comp name="VEVENT"><prop name="SUMMARY"/></comp></comp>`:            "BEGIN:VEVENT|SUMMARY;LANGUAGE=en:Text|END:VEVENT",
		`<comp name="VCALENDAR"><allprop/><comp name="VEVENT"><prop name="ATTENDEE" novalue="yes"/></comp></comp>`:                              "BEGIN:VEVENT|ATTENDEE;CN=A:|END:VEVENT",
		`<comp name="VCALENDAR"><allprop/><comp name="VEVENT"><prop name="UID"/><allcomp/></comp></comp>`:                                       "BEGIN:VEVENT|UID:u|BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-PT5M|END:VALARM|END:VEVENT",
		`<comp name="VCALENDAR"><allprop/><comp name="VEVENT"><prop name="UID"/><comp name="VALARM"><prop name="ACTION"/></comp></comp></comp>`: "BEGIN:VEVENT|UID:u|BEGIN:VALARM|ACTION:DISPLAY|END:VALARM|END:VEVENT",
		`<comp name="VCALENDAR"><allprop/><comp name="VTODO"/></comp>`:                                                                          "",
		`<comp name="VCALENDAR"><allprop/><comp name="VTIMEZONE"><prop name="TZID"/></comp></comp>`:                                             "BEGIN:VTIMEZONE|TZID:Europe/Berlin|END:VTIMEZONE",
	} {
		if got := apply(t, `<calendar-data>`+doc+`</calendar-data>`, body, calquery.Env{}); got != want {
			t.Errorf("%s:\n%s", doc, got)
		}
	}
	// RFC 4791 7.8.1: a comp with nothing in it is all of the component
	got := apply(t, `<calendar-data><comp name="VCALENDAR"><allprop/><comp name="VTIMEZONE"/></comp></calendar-data>`, body, calquery.Env{})
	if got+"|" != strings.ReplaceAll(zone, "\r\n", "|") {
		t.Errorf("whole time zone:\n%s", got)
	}
}

func TestExpand(t *testing.T) {
	const week = `<calendar-data><expand start="20260301T000000Z" end="20260304T000000Z"/></calendar-data>`
	for name, c := range map[string]struct {
		body []byte
		want []string // of each VEVENT, without UID
	}{
		"alone": {withZone(cal("VEVENT|DTSTART;TZID=Europe/Berlin:20260301T100000|DTEND;TZID=Europe/Berlin:20260301T110000")),
			[]string{"DTSTART:20260301T090000Z|DTEND:20260301T100000Z"}},
		"outside": {cal("VEVENT|DTSTART:20260401T100000Z"), nil},
		"series": {withZone(cal("VEVENT|DTSTART;TZID=Europe/Berlin:20260301T100000|DURATION:PT1H|RRULE:FREQ=DAILY|EXDATE;TZID=Europe/Berlin:20260302T100000")),
			[]string{"DTSTART:20260301T090000Z|DURATION:PT1H|RECURRENCE-ID:20260301T090000Z", "DTSTART:20260303T090000Z|DURATION:PT1H|RECURRENCE-ID:20260303T090000Z"}},
		"days": {cal("VEVENT|DTSTART;VALUE=DATE:20260201|DTEND;VALUE=DATE:20260202|RRULE:FREQ=WEEKLY"),
			[]string{"DTSTART;VALUE=DATE:20260301|DTEND;VALUE=DATE:20260302|RECURRENCE-ID;VALUE=DATE:20260301"}},
		"floating": {cal("VEVENT|DTSTART:20260201T100000|DTEND:20260201T110000|RRULE:FREQ=WEEKLY"),
			[]string{"DTSTART:20260301T100000|DTEND:20260301T110000|RECURRENCE-ID:20260301T100000"}},
		"override": {withZone(cal("VEVENT|DTSTART;TZID=Europe/Berlin:20260223T100000|RRULE:FREQ=WEEKLY",
			"VEVENT|RECURRENCE-ID;TZID=Europe/Berlin:20260309T100000|DTSTART;TZID=Europe/Berlin:20260303T120000|SUMMARY:Moved")),
			[]string{"DTSTART:20260302T090000Z|RECURRENCE-ID:20260302T090000Z", "RECURRENCE-ID:20260309T090000Z|DTSTART:20260303T110000Z|SUMMARY:Moved"}},
		"period": {cal("VEVENT|DTSTART:20260201T100000Z|DURATION:PT1H|RDATE;VALUE=PERIOD:20260302T100000Z/PT3H"),
			[]string{"DTSTART:20260302T100000Z|DTEND:20260302T130000Z|RECURRENCE-ID:20260302T100000Z"}},
		"long": {cal("VEVENT|DTSTART:20260227T220000Z|DURATION:P2D|RRULE:FREQ=WEEKLY;COUNT=2"),
			[]string{"DTSTART:20260227T220000Z|DURATION:P2D|RECURRENCE-ID:20260227T220000Z"}},
		"from one on": {cal("VEVENT|DTSTART:20260222T100000Z|RRULE:FREQ=WEEKLY;COUNT=5", "VEVENT|RECURRENCE-ID;RANGE=THISANDFUTURE:20260222T100000Z|DTSTART:20260222T120000Z|SUMMARY:Later"),
			[]string{"RECURRENCE-ID:20260301T100000Z|DTSTART:20260301T120000Z|SUMMARY:Later"}},
	} {
		want := ""
		for _, w := range c.want {
			want += "BEGIN:VEVENT|UID:u|" + w + "|END:VEVENT|"
		}
		if got := apply(t, week, c.body, calquery.Env{}); got != strings.TrimSuffix(want, "|") {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
	}
	_, err := dataOf(t, week, calquery.Env{MaxInstances: 100}).Apply(cal("VEVENT|DTSTART:20260301T100000Z|RRULE:FREQ=MINUTELY"))
	var c *davxml.Condition
	if !errors.As(err, &c) || c.Status != 507 || c.Name != davxml.D("number-of-matches-within-limits") {
		t.Errorf("too many: %v", err)
	}
	large := cal("VEVENT|DTSTART:20260301T100000Z|RRULE:FREQ=MINUTELY|DESCRIPTION:" + strings.Repeat("x", 1<<20))
	if _, err = dataOf(t, week, calquery.Env{}).Apply(large); !errors.As(err, &c) || c.Status != 507 {
		t.Errorf("too large: %v", err)
	}
}

// TestExpandedMatches holds over the corpora: what a series expands to within a range is what matches it, and every instance alone matches too.
func TestExpandedMatches(t *testing.T) {
	const span = `start="20060101T000000Z" end="20060301T000000Z"`
	env := calquery.Env{Zones: &recur.Zones{}}
	d := dataOf(t, `<calendar-data><expand `+span+`/></calendar-data>`, env)
	n := 0
	for _, file := range corpus.Files(t, "ics", ".ics") {
		entries, err := ical.Split(file.Data)
		if err != nil {
			continue
		}
		for _, e := range entries {
			f := filterOf(t, `<comp-filter name="`+e.Component+`"><time-range `+span+`/></comp-filter>`, env)
			was, err := f.Match(e.Body)
			out, err2 := d.Apply(e.Body)
			if err != nil || err2 != nil {
				continue
			}
			is, err := f.Match(out)
			if err != nil || is != was {
				t.Errorf("%s: matched %v, expanded %v, %v\n%s\n%s", file.Name, was, is, err, e.Body, out)
			}
			if bytes.Contains(out, []byte("\nRRULE")) || bytes.Contains(out, []byte("VTIMEZONE")) {
				t.Errorf("%s: rules or time zones are left:\n%s", file.Name, out)
			}
			if was {
				n++
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d matched", n)
	}
}

func TestLimits(t *testing.T) {
	body := cal("VEVENT|DTSTART:20260201T100000Z|DURATION:PT1H|RRULE:FREQ=DAILY", "VEVENT|RECURRENCE-ID:20260202T100000Z|DTSTART:20260202T120000Z|SUMMARY:out",
		"VEVENT|RECURRENCE-ID:20260301T100000Z|DTSTART:20260601T120000Z|SUMMARY:was in", "VEVENT|RECURRENCE-ID:20260401T100000Z|DTSTART:20260301T120000Z|SUMMARY:is in")
	got := apply(t, `<calendar-data><limit-recurrence-set start="20260301T000000Z" end="20260302T000000Z"/></calendar-data>`, body, calquery.Env{})
	if strings.Contains(got, ":out") || !strings.Contains(got, ":was in") || !strings.Contains(got, ":is in") || !strings.Contains(got, "RRULE") {
		t.Errorf("limit-recurrence-set: %s", got)
	}
	busy := cal("VFREEBUSY|DTSTART:20260101T000000Z|FREEBUSY:20260101T000000Z/PT1H,20260301T000000Z/PT1H|FREEBUSY;FBTYPE=FREE:20260101T000000Z/PT1H")
	got = apply(t, `<calendar-data><limit-freebusy-set start="20260301T000000Z" end="20260302T000000Z"/></calendar-data>`, busy, calquery.Env{})
	if got != "BEGIN:VFREEBUSY|UID:u|DTSTART:20260101T000000Z|FREEBUSY:20260301T000000Z/PT1H|END:VFREEBUSY" {
		t.Errorf("limit-freebusy-set: %s", got)
	}
}

func TestRefusedData(t *testing.T) {
	for _, doc := range []string{
		`<calendar-data content-type="application/calendar+json"/>`,
		`<calendar-data content-type="text/calendar" version="1.0"/>`,
		`<calendar-data><comp name="VEVENT"/></calendar-data>`,
		`<calendar-data><comp/></calendar-data>`,
		`<calendar-data><expand start="20260301T000000Z"/></calendar-data>`,
		`<calendar-data><expand start="20260301T000000" end="20260401T000000Z"/></calendar-data>`,
		`<calendar-data><expand start="20260301T000000Z" end="20260401T000000Z"/><limit-recurrence-set start="20260301T000000Z" end="20260401T000000Z"/></calendar-data>`,
		`<calendar-data>` + strings.Repeat(`<comp name="VCALENDAR">`, 20) + strings.Repeat(`</comp>`, 20) + `</calendar-data>`,
	} {
		_, err := calquery.ParseData(parse(t, doc), calquery.Env{})
		var c *davxml.Condition
		if !errors.As(err, &c) || c.Status != 403 || c.Name != davxml.C("supported-calendar-data") {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

func TestFreeBusy(t *testing.T) {
	query := parse(t, `<free-busy-query><time-range start="20260301T000000Z" end="20260302T000000Z"/></free-busy-query>`)
	b, err := calquery.ParseFreeBusy(query, "me@example.com", calquery.Env{Floating: berlin(t)})
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range [][]byte{
		cal("VEVENT|DTSTART:20260301T100000Z|DURATION:PT1H"),
		cal("VEVENT|DTSTART:20260301T103000Z|DURATION:PT1H"),
		cal("VEVENT|DTSTART:20260301T113000Z|DURATION:PT30M"),
		cal("VEVENT|DTSTART:20260301T220000Z|DURATION:PT8H|STATUS:TENTATIVE"),
		cal("VEVENT|DTSTART:20260301T130000Z|DURATION:PT1H|STATUS:CANCELLED"),
		cal("VEVENT|DTSTART:20260301T140000Z|DURATION:PT1H|TRANSP:TRANSPARENT"),
		cal("VEVENT|DTSTART:20260301T150000Z|DURATION:PT1H|ATTENDEE;PARTSTAT=DECLINED:mailto:me@example.com"),
		cal("VEVENT|DTSTART:20260301T170000|DURATION:PT1H"),
		cal("VFREEBUSY|FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260301T180000Z/PT1H|FREEBUSY;FBTYPE=FREE:20260301T190000Z/PT1H"),
		cal("VTODO|DUE:20260301T200000Z"),
		cal("VEVENT|DTSTART:20260201T050000Z|DURATION:PT1H|RRULE:FREQ=DAILY"),
	} {
		if err := b.Add(body); err != nil {
			t.Errorf("%v\n%s", err, body)
		}
	}
	if err := b.Add([]byte("torn")); err == nil {
		t.Error("a torn body was taken")
	}
	got := strings.ReplaceAll(string(b.Bytes("-//test//EN", unix(t, "20260101T000000Z"))), "\r\n ", "")
	want := "BEGIN:VCALENDAR|VERSION:2.0|PRODID:-//test//EN|BEGIN:VFREEBUSY|DTSTAMP:20260101T000000Z|DTSTART:20260301T000000Z|DTEND:20260302T000000Z|" +
		"FREEBUSY:20260301T050000Z/20260301T060000Z,20260301T100000Z/20260301T120000Z,20260301T160000Z/20260301T170000Z|" +
		"FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260301T220000Z/20260302T000000Z|" +
		"FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260301T180000Z/20260301T190000Z|END:VFREEBUSY|END:VCALENDAR|"
	if got = strings.ReplaceAll(got, "\r\n", "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, doc := range []string{`<free-busy-query/>`, `<free-busy-query><time-range start="20260301T000000Z"/></free-busy-query>`,
		`<free-busy-query><time-range start="19000301T000000Z" end="20260301T000000Z"/></free-busy-query>`} {
		_, err := calquery.ParseFreeBusy(parse(t, doc), "", calquery.Env{})
		var c *davxml.Condition
		if !errors.As(err, &c) || c.Status != 400 {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

// TestFreeBusyMany: the answer does not depend on how many events there are, nor on their order.
func TestFreeBusyMany(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine works through much: the race detector is told nothing new")
	}
	b := calquery.NewFreeBusy(0, 1<<31, "", calquery.Env{})
	for i := range 30_000 {
		n := (i * 7919) % 30_000
		body := cal("VFREEBUSY|FREEBUSY:" + ical.Time{Form: ical.UTC, Wall: int64(n) * 3600}.String() + "/PT1H|FREEBUSY;FBTYPE=BUSY-TENTATIVE:" + ical.Time{Form: ical.UTC, Wall: int64(n) * 7200}.String() + "/PT1H")
		if err := b.Add(body); err != nil {
			t.Fatal(err)
		}
	}
	out := string(bytes.ReplaceAll(b.Bytes("x", 0), []byte("\r\n "), nil))
	if !strings.Contains(out, "\r\nFREEBUSY:19700101T000000Z/19730604T000000Z\r\n") || strings.Count(out, "/") != 30_001 {
		t.Errorf("%.300s", out)
	}
}

func TestZoneOf(t *testing.T) {
	one := "BEGIN:VCALENDAR&#13;\nVERSION:2.0&#13;\n" + zone + "END:VCALENDAR"
	own := "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Mine\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0300\nTZOFFSETTO:+0300\nEND:STANDARD\nEND:VTIMEZONE\nEND:VCALENDAR"
	for doc, offset := range map[string]int{
		`<q/>`: 7 * 3600,
		`<q><timezone>` + one + `</timezone></q>`:                                         2 * 3600,
		`<q><timezone>` + own + `</timezone></q>`:                                         3 * 3600,
		`<q><timezone-id>America/New_York</timezone-id></q>`:                              -4 * 3600,
		`<q><timezone-id>Pacific Standard Time</timezone-id></q>`:                         0,
		`<q><timezone-id>Nowhere</timezone-id></q>`:                                       0,
		`<q><timezone>BEGIN:VCALENDAR</timezone></q>`:                                     0,
		`<q><timezone>BEGIN:VCALENDAR` + "\nEND:VCALENDAR" + `</timezone></q>`:            0,
		`<q><timezone>` + one + `</timezone><timezone-id>Europe/Berlin</timezone-id></q>`: 0,
	} {
		z, err := calquery.ZoneOf(parse(t, doc), nil, recur.Fixed("seven", 7*3600))
		var c *davxml.Condition
		switch {
		case offset == 0:
			if !errors.As(err, &c) || c.Status != 403 || c.Name != davxml.C("valid-timezone") && c.Name != davxml.C("valid-calendar-data") {
				t.Errorf("%s: %v", doc, err)
			}
		case err != nil || z.Offset(unix(t, "20260701T000000Z")) != offset:
			t.Errorf("%s: %v", doc, err)
		}
	}
}

// FuzzQuery: no body makes a query panic or run on.
func FuzzQuery(f *testing.F) {
	f.Add([]byte("VEVENT|DTSTART:20260301T100000Z|RRULE:FREQ=DAILY|BEGIN:VALARM|TRIGGER:-PT1H|REPEAT:9|DURATION:PT1M|END:VALARM"))
	f.Add([]byte("VTODO|DUE;TZID=Europe/Berlin:20260301T100000|RDATE;VALUE=PERIOD:20260302T100000Z/PT3H"))
	f.Add([]byte("VFREEBUSY|FREEBUSY:20260101T000000Z/PT1H"))
	f.Fuzz(func(t *testing.T, data []byte) {
		body := cal(string(data))
		env := calquery.Env{Zones: &recur.Zones{}, MaxInstances: 200}
		span := `start="20260301T000000Z" end="20260401T000000Z"`
		for _, name := range []string{"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"} {
			filterOf(t, `<comp-filter name="`+name+`"><time-range `+span+`/></comp-filter>`, env).Match(body)
		}
		filterOf(t, `<comp-filter name="VEVENT"><comp-filter name="VALARM"><time-range `+span+`/></comp-filter></comp-filter>`, env).Match(body)
		for _, how := range []string{"expand", "limit-recurrence-set", "limit-freebusy-set"} {
			out, err := dataOf(t, `<calendar-data><`+how+` `+span+`/></calendar-data>`, env).Apply(body)
			if err != nil {
				continue
			}
			if _, err := ical.Parse(out); err != nil {
				t.Errorf("%s: %v\n%q\n%q", how, err, body, out)
			}
		}
		b := calquery.NewFreeBusy(0, 1<<40, "", env)
		_ = b.Add(body)
		b.Bytes("x", 0)
	})
}
