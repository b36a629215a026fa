package calquery_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	_ "time/tzdata"

	"tandem"
	"tandem/internal/corpus"
	"tandem/kind/recur"
	"tandem/server/dav/calquery"
	"tandem/wire/davxml"
	"tandem/wire/ical"
)

// parse reads XML whose default namespace is CalDAV's.
func parse(t testing.TB, doc string) *davxml.Element {
	t.Helper()
	i := strings.IndexAny(doc, " />")
	e, err := davxml.Parse(strings.NewReader(doc[:i]+` xmlns="`+davxml.CalDAV+`" xmlns:D="DAV:"`+doc[i:]), davxml.Limits{})
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	return e
}

// filterOf makes a filter of what is in the comp-filter for VCALENDAR.
func filterOf(t testing.TB, inner string, env calquery.Env) *calquery.Filter {
	t.Helper()
	f, err := calquery.ParseFilter(parse(t, `<filter><comp-filter name="VCALENDAR">`+inner+`</comp-filter></filter>`), env)
	if err != nil {
		t.Fatalf("%v\n%s", err, inner)
	}
	return f
}

// cal makes a calendar object of components, each "NAME|line|line"; a line may be "BEGIN:VALARM".
func cal(components ...string) []byte {
	out := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
	for _, c := range components {
		name, rest, _ := strings.Cut(c, "|")
		out += "BEGIN:" + name + "\r\nUID:u\r\n"
		if rest != "" {
			out += strings.ReplaceAll(rest, "|", "\r\n") + "\r\n"
		}
		out += "END:" + name + "\r\n"
	}
	return []byte(out + "END:VCALENDAR\r\n")
}

func berlin(t testing.TB) recur.Zone {
	t.Helper()
	z := (&recur.Zones{}).Find("Europe/Berlin")
	if z == nil {
		t.Fatal("no Europe/Berlin")
	}
	return z
}

func unix(t testing.TB, s string) int64 {
	t.Helper()
	at, err := ical.ParseTime(s, "")
	if err != nil {
		t.Fatal(err)
	}
	return at.Wall
}

func TestTimeRange(t *testing.T) {
	const day = `start="20260301T000000Z" end="20260302T000000Z"`
	for _, c := range []struct {
		name, comp, span string
		body             []byte
		want             bool
	}{
		// VEVENT, RFC 4791 9.9
		{"within", "VEVENT", day, cal("VEVENT|DTSTART:20260301T100000Z|DTEND:20260301T110000Z"), true},
		{"ends at the start", "VEVENT", day, cal("VEVENT|DTSTART:20260228T230000Z|DTEND:20260301T000000Z"), false},
		{"starts at the end", "VEVENT", day, cal("VEVENT|DTSTART:20260302T000000Z|DTEND:20260302T010000Z"), false},
		{"around", "VEVENT", day, cal("VEVENT|DTSTART:20260201T000000Z|DTEND:20260401T000000Z"), true},
		{"duration", "VEVENT", day, cal("VEVENT|DTSTART:20260228T230000Z|DURATION:PT1H1S"), true},
		{"duration to the start", "VEVENT", day, cal("VEVENT|DTSTART:20260228T230000Z|DURATION:PT1H"), false},
		{"no length at the start", "VEVENT", day, cal("VEVENT|DTSTART:20260301T000000Z"), true},
		{"no length at the end", "VEVENT", day, cal("VEVENT|DTSTART:20260302T000000Z|DURATION:PT0S"), false},
		{"the day", "VEVENT", day, cal("VEVENT|DTSTART;VALUE=DATE:20260301"), true},
		{"the day before", "VEVENT", day, cal("VEVENT|DTSTART;VALUE=DATE:20260228"), false},
		{"the day after", "VEVENT", day, cal("VEVENT|DTSTART;VALUE=DATE:20260302"), false},
		{"two days", "VEVENT", day, cal("VEVENT|DTSTART;VALUE=DATE:20260228|DTEND;VALUE=DATE:20260302"), true},
		{"zone", "VEVENT", day, cal("VEVENT|DTSTART;TZID=America/New_York:20260301T190000|DURATION:PT1H"), false},
		{"zone, within", "VEVENT", day, cal("VEVENT|DTSTART;TZID=America/New_York:20260301T185959|DURATION:PT1H"), true},
		{"only a start", "VEVENT", `start="20260301T000000Z"`, cal("VEVENT|DTSTART:20360301T100000Z"), true},
		{"only an end", "VEVENT", `end="20260301T000000Z"`, cal("VEVENT|DTSTART:20360301T100000Z"), false},
		{"no time", "VEVENT", day, cal("VEVENT|SUMMARY:x"), false},
		// series
		{"instance", "VEVENT", day, cal("VEVENT|DTSTART:20200101T100000Z|DURATION:PT1H|RRULE:FREQ=DAILY"), true},
		{"between instances", "VEVENT", day, cal("VEVENT|DTSTART:20260223T100000Z|DURATION:PT1H|RRULE:FREQ=WEEKLY"), false},
		{"after the last", "VEVENT", day, cal("VEVENT|DTSTART:20200101T100000Z|RRULE:FREQ=DAILY;COUNT=10"), false},
		{"excluded", "VEVENT", day, cal("VEVENT|DTSTART:20260228T100000Z|RRULE:FREQ=DAILY|EXDATE:20260301T100000Z"), false},
		{"added", "VEVENT", day, cal("VEVENT|DTSTART:20260101T100000Z|RDATE:20260301T100000Z"), true},
		{"moved away", "VEVENT", day, cal("VEVENT|DTSTART:20260222T100000Z|RRULE:FREQ=WEEKLY", "VEVENT|RECURRENCE-ID:20260301T100000Z|DTSTART:20260303T100000Z"), false},
		{"moved here", "VEVENT", day, cal("VEVENT|DTSTART:20260223T100000Z|RRULE:FREQ=WEEKLY", "VEVENT|RECURRENCE-ID:20260309T100000Z|DTSTART:20260301T100000Z"), true},
		{"every second", "VEVENT", day, cal("VEVENT|DTSTART:20200101T000000Z|RRULE:FREQ=SECONDLY"), true},
		{"override alone", "VEVENT", day, cal("VEVENT|RECURRENCE-ID:20260309T100000Z|DTSTART:20260301T100000Z"), true},
		{"from one on", "VEVENT", day, cal("VEVENT|DTSTART:20260201T230000Z|RRULE:FREQ=DAILY;COUNT=60", "VEVENT|RECURRENCE-ID;RANGE=THISANDFUTURE:20260210T230000Z|DTSTART:20260211T010000Z"), true},
		// VTODO
		{"start and duration", "VTODO", day, cal("VTODO|DTSTART:20260228T230000Z|DURATION:PT1H"), true},
		{"start and duration, before", "VTODO", day, cal("VTODO|DTSTART:20260228T230000Z|DURATION:PT59M"), false},
		{"start and due", "VTODO", day, cal("VTODO|DTSTART:20260228T230000Z|DUE:20260301T000000Z"), false},
		{"start and due within", "VTODO", day, cal("VTODO|DTSTART:20260228T230000Z|DUE:20260301T000001Z"), true},
		{"start and due at the end", "VTODO", day, cal("VTODO|DTSTART:20260302T000000Z|DUE:20260302T000000Z"), true},
		{"start", "VTODO", day, cal("VTODO|DTSTART:20260301T000000Z"), true},
		{"start at the end", "VTODO", day, cal("VTODO|DTSTART:20260302T000000Z"), false},
		{"due at the start", "VTODO", day, cal("VTODO|DUE:20260301T000000Z"), false},
		{"due", "VTODO", day, cal("VTODO|DUE:20260301T000001Z"), true},
		{"due at the end", "VTODO", day, cal("VTODO|DUE:20260302T000000Z"), true},
		{"due after the end", "VTODO", day, cal("VTODO|DUE:20260302T000001Z"), false},
		{"completed and created", "VTODO", day, cal("VTODO|CREATED:20260201T000000Z|COMPLETED:20260401T000000Z"), true},
		{"completed and created before", "VTODO", day, cal("VTODO|CREATED:20260201T000000Z|COMPLETED:20260210T000000Z"), false},
		{"completed", "VTODO", day, cal("VTODO|COMPLETED:20260302T000000Z"), true},
		{"completed before", "VTODO", day, cal("VTODO|COMPLETED:20260228T000000Z"), false},
		{"created before", "VTODO", day, cal("VTODO|CREATED:20260101T000000Z"), true},
		{"created after", "VTODO", day, cal("VTODO|CREATED:20260302T000000Z"), false},
		{"task without dates", "VTODO", day, cal("VTODO|SUMMARY:x"), true},
		{"task that repeats", "VTODO", day, cal("VTODO|DUE:20260201T120000Z|RRULE:FREQ=DAILY"), true},
		{"instance without dates", "VTODO", day, cal("VTODO|RECURRENCE-ID:20260301T120000Z|COMPLETED:20200101T000000Z"), true},
		// VJOURNAL
		{"journal", "VJOURNAL", day, cal("VJOURNAL|DTSTART:20260301T000000Z"), true},
		{"journal of a day", "VJOURNAL", `start="20260301T230000Z" end="20260302T000000Z"`, cal("VJOURNAL|DTSTART;VALUE=DATE:20260301"), true},
		{"journal of the day before", "VJOURNAL", day, cal("VJOURNAL|DTSTART;VALUE=DATE:20260228"), false},
		{"journal without a date", "VJOURNAL", day, cal("VJOURNAL|SUMMARY:x"), false},
		// VFREEBUSY
		{"free/busy", "VFREEBUSY", day, cal("VFREEBUSY|DTSTART:20260201T000000Z|DTEND:20260401T000000Z"), true},
		{"free/busy before", "VFREEBUSY", day, cal("VFREEBUSY|DTSTART:20260201T000000Z|DTEND:20260210T000000Z"), false},
		{"free/busy by periods", "VFREEBUSY", day, cal("VFREEBUSY|FREEBUSY:20260201T000000Z/PT1H,20260301T230000Z/20260303T000000Z"), true},
		{"free/busy without", "VFREEBUSY", day, cal("VFREEBUSY|SUMMARY:x"), false},
		// another sort
		{"not that sort", "VTODO", day, cal("VEVENT|DTSTART:20260301T100000Z"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := filterOf(t, `<comp-filter name="`+c.comp+`"><time-range `+c.span+`/></comp-filter>`, calquery.Env{})
			got, err := f.Match(c.body)
			if err != nil || got != c.want {
				t.Errorf("%v, %v\n%s", got, err, c.body)
			}
			if f.Component() != c.comp && c.comp != "VFREEBUSY" {
				t.Errorf("component %q", f.Component())
			}
		})
	}
}

func TestFloating(t *testing.T) {
	body := cal("VEVENT|DTSTART:20260301T003000|DURATION:PT10M")
	day := cal("VEVENT|DTSTART;VALUE=DATE:20260301")
	inner := `<comp-filter name="VEVENT"><time-range start="20260228T230000Z" end="20260301T000000Z"/></comp-filter>`
	for _, b := range [][]byte{body, day} {
		if ok, _ := filterOf(t, inner, calquery.Env{}).Match(b); ok {
			t.Errorf("in UTC: %s", b)
		}
		if ok, _ := filterOf(t, inner, calquery.Env{Floating: berlin(t)}).Match(b); !ok {
			t.Errorf("in Berlin: %s", b)
		}
	}
}

func TestAlarms(t *testing.T) {
	const alarm = `<comp-filter name="VEVENT"><comp-filter name="VALARM"><time-range start="20260301T000000Z" end="20260301T010000Z"/></comp-filter></comp-filter>`
	event := func(start, alarm string) []byte {
		return cal("VEVENT|DTSTART:" + start + "|DURATION:PT2H|BEGIN:VALARM|ACTION:DISPLAY|" + alarm + "|END:VALARM")
	}
	for name, c := range map[string]struct {
		body []byte
		want bool
	}{
		"a day before":      {event("20260302T003000Z", "TRIGGER:-P1D"), true},
		"too early":         {event("20260302T003000Z", "TRIGGER:-P2D"), false},
		"at the end":        {event("20260228T223000Z", "TRIGGER;RELATED=END:PT0S"), true},
		"absolute":          {event("20300101T000000Z", "TRIGGER;VALUE=DATE-TIME:20260301T001500Z"), true},
		"absolute, too":     {event("20300101T000000Z", "TRIGGER;VALUE=DATE-TIME:20260301T010000Z"), false},
		"rings again":       {event("20260228T233000Z", "TRIGGER:PT0S|REPEAT:3|DURATION:PT15M"), true},
		"does not again":    {event("20260228T233000Z", "TRIGGER:PT0S|REPEAT:1|DURATION:PT15M"), false},
		"jumps over":        {event("20260228T233000Z", "TRIGGER:PT0S|REPEAT:2|DURATION:PT100M"), false},
		"of a series":       {event("20260101T003000Z|RRULE:FREQ=DAILY", "TRIGGER:-PT10M"), true},
		"no alarm":          {cal("VEVENT|DTSTART:20260301T003000Z"), false},
		"without a trigger": {event("20260301T003000Z", "SUMMARY:x"), false},
		"nonsense":          {event("20260301T003000Z", "TRIGGER:soon"), false},
	} {
		if got, err := filterOf(t, alarm, calquery.Env{}).Match(c.body); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, _, ok := filterOf(t, alarm, calquery.Env{}).Window(); ok {
		t.Error("an alarm may ring at any distance from its event")
	}
}

func TestProperties(t *testing.T) {
	body := cal("VEVENT|DTSTART:20260301T100000Z|DURATION:PT1H|SUMMARY;LANGUAGE=de:M\u00fcll\\, Tonne|DTSTAMP:20260101T000000Z|"+
		"ATTENDEE;PARTSTAT=ACCEPTED;CN=Anna:mailto:anna@example.com|ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:berta@example.com|X-THING:1|"+
		"RDATE;VALUE=DATE:20260305,20260307|CATEGORIES:Home,Work|BEGIN:VALARM|TRIGGER:-PT5M|END:VALARM",
		"VEVENT|RECURRENCE-ID;VALUE=DATE:20260305|DTSTART:20260305T100000Z|SUMMARY:Other")
	for inner, want := range map[string]bool{
		`<prop-filter name="SUMMARY"/>`:                                                                                                                        true,
		`<prop-filter name="summary"><text-match>TONNE</text-match></prop-filter>`:                                                                             true,
		`<prop-filter name="SUMMARY"><text-match>, t</text-match></prop-filter>`:                                                                               true,
		`<prop-filter name="SUMMARY"><text-match collation="i;octet">TONNE</text-match></prop-filter>`:                                                         false,
		`<prop-filter name="SUMMARY"><text-match collation="i;ascii-casemap">MÜLL</text-match></prop-filter>`:                                                  false,
		`<prop-filter name="SUMMARY"><text-match collation="i;unicode-casemap">MÜLL</text-match></prop-filter>`:                                                true,
		`<prop-filter name="SUMMARY"><text-match negate-condition="yes">o</text-match></prop-filter>`:                                                          false,
		`<prop-filter name="SUMMARY"><text-match negate-condition="yes">Tonne</text-match></prop-filter>`:                                                      true, // the other instance
		`<prop-filter name="LOCATION"/>`:                                                                                                                       false,
		`<prop-filter name="LOCATION"><is-not-defined/></prop-filter>`:                                                                                         true,
		`<prop-filter name="X-THING"><is-not-defined/></prop-filter>`:                                                                                          true, // of the other instance
		`<prop-filter name="DTSTART"><is-not-defined/></prop-filter>`:                                                                                          false,
		`<prop-filter name="ATTENDEE"><text-match>anna</text-match><param-filter name="PARTSTAT"/></prop-filter>`:                                              true,
		`<prop-filter name="ATTENDEE"><text-match>anna</text-match><param-filter name="ROLE"/></prop-filter>`:                                                  false,
		`<prop-filter name="ATTENDEE"><text-match>anna</text-match><param-filter name="ROLE"><is-not-defined/></param-filter></prop-filter>`:                   true,
		`<prop-filter name="ATTENDEE"><text-match>berta</text-match><param-filter name="PARTSTAT"><text-match>needs</text-match></param-filter></prop-filter>`: true,
		`<prop-filter name="ATTENDEE"><text-match>anna</text-match><param-filter name="PARTSTAT"><text-match>needs</text-match></param-filter></prop-filter>`:  false,
		`<prop-filter name="ATTENDEE"><param-filter name="CN"><text-match negate-condition="yes">anna</text-match></param-filter></prop-filter>`:               false,
		`<prop-filter name="DTSTAMP"><time-range start="20260101T000000Z" end="20260101T000001Z"/></prop-filter>`:                                              true,
		`<prop-filter name="DTSTAMP"><time-range start="20260101T000001Z"/></prop-filter>`:                                                                     false,
		`<prop-filter name="RDATE"><time-range start="20260307T230000Z" end="20260308T000000Z"/></prop-filter>`:                                                true,
		`<prop-filter name="RDATE"><time-range start="20260306T000000Z" end="20260307T000000Z"/></prop-filter>`:                                                false,
		`<prop-filter name="CATEGORIES"><text-match>work</text-match></prop-filter>`:                                                                           true,
		`<comp-filter name="VALARM"/>`:                                           true,
		`<comp-filter name="VALARM"><is-not-defined/></comp-filter>`:             true, // of the other instance
		`<comp-filter name="VALARM"><prop-filter name="TRIGGER"/></comp-filter>`: true,
		`<time-range start="20260305T000000Z" end="20260306T000000Z"/><prop-filter name="SUMMARY"><text-match>tonne</text-match></prop-filter>`: false,
		`<time-range start="20260307T000000Z" end="20260308T000000Z"/><prop-filter name="SUMMARY"><text-match>tonne</text-match></prop-filter>`: true,
	} {
		f := filterOf(t, `<comp-filter name="VEVENT">`+inner+`</comp-filter>`, calquery.Env{})
		if got, err := f.Match(body); err != nil || got != want {
			t.Errorf("%s: %v, %v", inner, got, err)
		}
	}
	for inner, want := range map[string]bool{
		``: true,
		`<prop-filter name="PRODID"><text-match>test</text-match></prop-filter>`: true,
		`<comp-filter name="VTODO"><is-not-defined/></comp-filter>`:              true,
		`<comp-filter name="VEVENT"><is-not-defined/></comp-filter>`:             false,
		`<comp-filter name="VTODO"/>`:                                            false,
		`<comp-filter name="VTIMEZONE"/>`:                                        false,
		`<comp-filter name="X-SOMETHING"/>`:                                      false,
	} {
		if got, err := filterOf(t, inner, calquery.Env{}).Match(body); err != nil || got != want {
			t.Errorf("%s: %v, %v", inner, got, err)
		}
	}
}

func TestRefusedFilters(t *testing.T) {
	in := func(s string) string {
		return `<filter><comp-filter name="VCALENDAR"><comp-filter name="VEVENT">` + s + `</comp-filter></comp-filter></filter>`
	}
	for doc, want := range map[string]string{
		`<filter/>`: "valid-filter",
		`<other/>`:  "valid-filter",
		`<filter><comp-filter name="VEVENT"/></filter>`:                                                       "valid-filter",
		`<filter><comp-filter name="VCALENDAR"/><comp-filter name="VCALENDAR"/></filter>`:                     "valid-filter",
		`<filter><comp-filter name="VCALENDAR"><comp-filter name="VALARM"/></comp-filter></filter>`:           "valid-filter",
		`<filter><comp-filter name="VCALENDAR"><comp-filter/></comp-filter></filter>`:                         "valid-filter",
		`<filter><comp-filter name="VCALENDAR"><time-range start="20260101T000000Z"/></comp-filter></filter>`: "valid-filter",
		in(`<comp-filter name="VEVENT"/>`):                                                                    "valid-filter",
		in(`<time-range/>`):                                                                                   "valid-filter",
		in(`<time-range start="20260101T000000"/>`):                                                           "valid-filter",
		in(`<time-range start="20260101"/>`):                                                                  "valid-filter",
		in(`<time-range start="20260101T000000Z" end="20260101T000000Z"/>`):                                   "valid-filter",
		in(`<is-not-defined/><prop-filter name="X"/>`):                                                        "valid-filter",
		in(`<prop-filter/>`): "valid-filter",
		in(`<prop-filter name="X"><is-not-defined/><text-match>a</text-match></prop-filter>`):                                       "valid-filter",
		in(`<prop-filter name="X"><text-match>a</text-match><time-range start="20260101T000000Z"/></prop-filter>`):                  "valid-filter",
		in(`<prop-filter name="X"><text-match collation="i;klingon">a</text-match></prop-filter>`):                                  "supported-collation",
		in(`<prop-filter name="X"><text-match negate-condition="maybe">a</text-match></prop-filter>`):                               "valid-filter",
		in(`<prop-filter name="X"><param-filter/></prop-filter>`):                                                                   "valid-filter",
		in(`<prop-filter name="X"><param-filter name="Y"><is-not-defined/><text-match>a</text-match></param-filter></prop-filter>`): "valid-filter",
		in(strings.Repeat(`<prop-filter name="X"/>`, 1001)):                                                                         "supported-filter",
	} {
		_, err := calquery.ParseFilter(parse(t, doc), calquery.Env{})
		var c *davxml.Condition
		if !errors.As(err, &c) || c.Status != 403 || c.Name != davxml.C(want) {
			t.Errorf("%.200s: %v", doc, err)
		}
	}
	if _, err := calquery.ParseFilter(nil, calquery.Env{}); err == nil {
		t.Error("nil")
	}
	if _, err := filterOf(t, "", calquery.Env{}).Match([]byte("BEGIN:VCALENDAR")); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("torn body: %v", err)
	}
}

func TestWindow(t *testing.T) {
	f := filterOf(t, `<comp-filter name="VEVENT"><time-range start="20260301T000000Z" end="20260401T000000Z"/></comp-filter>`, calquery.Env{})
	from, to, ok := f.Window()
	if !ok || !f.OnlyWindow() || f.Timeless() || from != unix(t, "20260228T000000Z") || to != unix(t, "20260402T000000Z") {
		t.Errorf("%d to %d, %v", from, to, ok)
	}
	index := func(start, end string) tandem.Index { return tandem.Index{Start: unix(t, start), End: unix(t, end)} }
	if !f.Proven("VEVENT", index("20260310T000000Z", "20260310T010000Z")) || f.Proven("VTODO", index("20260310T000000Z", "20260310T010000Z")) ||
		f.Proven("VEVENT", index("20260301T120000Z", "20260310T010000Z")) || f.Proven("VEVENT", index("20200301T120000Z", "20360310T010000Z")) {
		t.Error("Proven")
	}
	if f := filterOf(t, `<comp-filter name="VTODO"><time-range start="20260301T000000Z"/></comp-filter>`, calquery.Env{}); !f.Timeless() || f.Component() != "VTODO" || f.Proven("VTODO", tandem.Index{}) {
		t.Error("tasks")
	}
	if f := filterOf(t, `<comp-filter name="VTODO"/>`, calquery.Env{}); !f.Proven("VTODO", tandem.Index{}) || f.Proven("VEVENT", tandem.Index{}) || f.OnlyWindow() || !f.Timeless() {
		t.Error("without a time")
	}
	if f := filterOf(t, ``, calquery.Env{}); !f.Proven("VTODO", tandem.Index{}) || f.Component() != "" {
		t.Error("everything")
	}
	for _, inner := range []string{`<comp-filter name="VEVENT"/><comp-filter name="VTODO"/>`, `<comp-filter name="VEVENT"><is-not-defined/></comp-filter>`} {
		if f := filterOf(t, inner, calquery.Env{}); f.Component() != "" || f.Proven("VEVENT", index("20260310T000000Z", "20260310T010000Z")) || f.OnlyWindow() {
			t.Error(inner)
		}
	}
}

// TestWindowLaw holds over the corpora: what matches is found by the index, and what the index proves matches.
func TestWindowLaw(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine works through much: the race detector is told nothing new")
	}
	zones := &recur.Zones{}
	months := []string{"19970901T000000Z", "20060101T000000Z", "20110301T000000Z", "20150101T000000Z", "20180601T000000Z"}
	matched, proven := 0, 0
	for _, floating := range []recur.Zone{nil, zones.Find("Pacific/Auckland"), zones.Find("America/Los_Angeles")} {
		var filters []*calquery.Filter
		for _, name := range []string{"VEVENT", "VTODO", "VJOURNAL"} {
			for i := range months {
				span := fmt.Sprintf(`start="%s"`, months[i])
				if i+1 < len(months) {
					span += fmt.Sprintf(` end="%s"`, months[i+1])
				}
				filters = append(filters, filterOf(t, `<comp-filter name="`+name+`"><time-range `+span+`/></comp-filter>`, calquery.Env{Zones: zones, Floating: floating}))
			}
		}
		for _, file := range corpus.Files(t, "ics", ".ics") {
			entries, err := ical.Split(file.Data)
			if err != nil {
				continue
			}
			for _, e := range entries {
				ix, ok := index(zones, e)
				if !ok || bytes.Count(e.Body, []byte("BEGIN:"+e.Component)) != 1+bytes.Count(e.Body, []byte("\nRECURRENCE-ID")) {
					continue // not one series: an index of it may be anything
				}
				for _, f := range filters {
					got, err := f.Match(e.Body)
					if err != nil {
						t.Fatalf("%s: %v", file.Name, err)
					}
					from, to, _ := f.Window()
					timed := ix.Start != 0 || ix.End != 0
					if got && timed && !(ix.Start < to && (ix.End > from || ix.Start >= from)) {
						t.Errorf("%s: matches outside of the window %d to %d: %+v", file.Name, from, to, ix)
					}
					if got && !timed && !f.Timeless() {
						t.Errorf("%s: matches without a time", file.Name)
					}
					if f.Proven(e.Component, ix) {
						proven++
						if !got {
							t.Errorf("%s: proven, but does not match: %+v", file.Name, ix)
						}
					}
					if got {
						matched++
					}
				}
			}
		}
	}
	t.Logf("%d matches, %d of them by the index alone", matched, proven)
	if matched < 100 || proven < 100 {
		t.Error("too few matches to prove anything")
	}
}
