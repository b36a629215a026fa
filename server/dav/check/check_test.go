package check_test

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	_ "time/tzdata"
	"unicode/utf8"

	"tandem"
	"tandem/internal/corpus"
	"tandem/kind/recur"
	"tandem/server/dav/check"
	"tandem/wire/davxml"
	"tandem/wire/ical"
)

func cal(lines string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n" + strings.ReplaceAll(lines, "|", "\r\n") + "\r\nEND:VCALENDAR\r\n"
}

func event(lines string) string { return cal("BEGIN:VEVENT|UID:u|" + lines + "|END:VEVENT") }

func card(lines string) string {
	return "BEGIN:VCARD\r\n" + strings.ReplaceAll(lines, "|", "\r\n") + "\r\nEND:VCARD\r\n"
}

// condition is the name of the condition that a check ends with, "" for none.
func condition(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var c *davxml.Condition
	if !errors.As(err, &c) || c.Status != 403 && c.Status != 413 || c.Text == "" {
		t.Errorf("no condition: %v", err)
		return "?"
	}
	return c.Name.Local
}

func TestCalendar(t *testing.T) {
	c := check.Checker{Limits: check.Limits{Size: 20_000, Instances: 100, Attendees: 3, MinDate: -11644473600, MaxDate: 4102444800}}
	fine := event("DTSTART:20260301T100000Z|DTEND:20260301T110000Z|SUMMARY:Fine")
	for name, one := range map[string]struct {
		kind        tandem.Kind
		media, body string
		want        string
	}{
		"fine":                     {tandem.Event, "text/calendar; charset=utf-8; component=VEVENT", fine, ""},
		"no type":                  {tandem.Event, "", fine, ""},
		"bytes":                    {tandem.Event, "application/octet-stream", fine, ""},
		"broken type":              {tandem.Event, "text/calendar; charset", fine, ""},
		"other type":               {tandem.Event, "text/vcard", fine, "supported-calendar-data"},
		"json":                     {tandem.Event, "application/calendar+json", `["vcalendar"]`, "supported-calendar-data"},
		"vCalendar":                {tandem.Event, "text/calendar", strings.Replace(fine, "2.0", "1.0", 1), "supported-calendar-data"},
		"too large":                {tandem.Event, "text/calendar", event("DESCRIPTION:" + strings.Repeat("x", 20_000)), "max-resource-size"},
		"empty":                    {tandem.Event, "text/calendar", "", "valid-calendar-data"},
		"not iCalendar":            {tandem.Event, "text/calendar", "hello", "valid-calendar-data"},
		"torn":                     {tandem.Event, "text/calendar", fine[:len(fine)-10], "valid-calendar-data"},
		"behind the end":           {tandem.Event, "text/calendar", fine + "X:1\r\n", "valid-calendar-data"},
		"two objects":              {tandem.Event, "text/calendar", fine + fine, "valid-calendar-data"},
		"Latin-1":                  {tandem.Event, "text/calendar", event("DTSTART:20260301T100000Z|SUMMARY:M\xfcll"), "valid-calendar-data"},
		"Latin-1, declared":        {tandem.Event, "text/calendar; charset=iso-8859-1", event("DTSTART:20260301T100000Z|SUMMARY:Müll"), "valid-calendar-data"},
		"ASCII, declared so":       {tandem.Event, "text/calendar; charset=iso-8859-1", fine, ""},
		"NUL":                      {tandem.Event, "text/calendar", event("DTSTART:20260301T100000Z|SUMMARY:M\x00ll"), "valid-calendar-data"},
		"control character":        {tandem.Event, "text/calendar", event("DTSTART:20260301T100000Z|SUMMARY:M\x0bll"), ""},
		"method":                   {tandem.Event, "text/calendar", cal("METHOD:REQUEST|BEGIN:VEVENT|UID:u|DTSTART:20260301T100000Z|END:VEVENT"), "valid-calendar-object-resource"},
		"no component":             {tandem.Event, "text/calendar", cal("X-WR-CALNAME:x"), "valid-calendar-object-resource"},
		"a zone alone":             {tandem.Event, "text/calendar", cal("BEGIN:VTIMEZONE|TZID:x|END:VTIMEZONE"), "valid-calendar-object-resource"},
		"two UIDs":                 {tandem.Event, "text/calendar", cal("BEGIN:VEVENT|UID:u|DTSTART:20260301T100000Z|END:VEVENT|BEGIN:VEVENT|UID:v|DTSTART:20260301T100000Z|END:VEVENT"), "valid-calendar-object-resource"},
		"two sorts":                {tandem.Event, "text/calendar", cal("BEGIN:VEVENT|UID:u|DTSTART:20260301T100000Z|END:VEVENT|BEGIN:VTODO|UID:u|END:VTODO"), "valid-calendar-object-resource"},
		"two series":               {tandem.Event, "text/calendar", cal("BEGIN:VEVENT|UID:u|DTSTART:20260301T100000Z|END:VEVENT|BEGIN:VEVENT|UID:u|DTSTART:20260302T100000Z|END:VEVENT"), "valid-calendar-object-resource"},
		"two without UID":          {tandem.Event, "text/calendar", cal("BEGIN:VEVENT|DTSTART:20260301T100000Z|END:VEVENT|BEGIN:VEVENT|DTSTART:20260302T100000Z|RECURRENCE-ID:20260302T100000Z|END:VEVENT"), "valid-calendar-object-resource"},
		"with an override":         {tandem.Event, "text/calendar", cal("BEGIN:VEVENT|UID:u|RECURRENCE-ID:20260302T100000Z|DTSTART:20260301T100000Z|END:VEVENT|BEGIN:VEVENT|UID:u|DTSTART:20260302T100000Z|RRULE:FREQ=DAILY|END:VEVENT"), ""},
		"without UID":              {tandem.Event, "text/calendar", cal("BEGIN:VEVENT|DTSTART:20260301T100000Z|END:VEVENT"), ""},
		"without a start":          {tandem.Event, "text/calendar", event("SUMMARY:x"), ""},
		"X- component":             {tandem.Event, "text/calendar", cal("BEGIN:X-THING|END:X-THING|BEGIN:VEVENT|UID:u|DTSTART:20260301T100000Z|END:VEVENT"), ""},
		"task among events":        {tandem.Event, "text/calendar", cal("BEGIN:VTODO|UID:u|END:VTODO"), "supported-calendar-component"},
		"event among tasks":        {tandem.Task, "text/calendar", fine, "supported-calendar-component"},
		"free/busy":                {tandem.Event, "text/calendar", cal("BEGIN:VFREEBUSY|UID:u|END:VFREEBUSY"), "supported-calendar-component"},
		"task":                     {tandem.Task, "text/calendar", cal("BEGIN:VTODO|UID:u|SUMMARY:x|END:VTODO"), ""},
		"journal":                  {tandem.Note, "text/calendar", cal("BEGIN:VJOURNAL|UID:u|SUMMARY:x|END:VJOURNAL"), ""},
		"a date that is none":      {tandem.Event, "text/calendar", event("DTSTART:20260230T100000Z"), "valid-calendar-data"},
		"the last day":             {tandem.Event, "text/calendar", event("DTSTART:20991231T235959Z"), ""},
		"too far":                  {tandem.Event, "text/calendar", event("DTSTART;TZID=Europe/Berlin:21000102T100000"), "max-date-time"},
		"too far by RDATE":         {tandem.Event, "text/calendar", event("DTSTART:20260301T100000Z|RDATE:22000101T000000Z"), "max-date-time"},
		"birthday of Apple":        {tandem.Event, "text/calendar", event("DTSTART;VALUE=DATE:16040301|RRULE:FREQ=YEARLY"), ""},
		"too long ago":             {tandem.Event, "text/calendar", event("DTSTART;VALUE=DATE:15000301"), "min-date-time"},
		"zone of Outlook":          {tandem.Event, "text/calendar", cal("BEGIN:VTIMEZONE|TZID:x|BEGIN:STANDARD|DTSTART:16010101T000000|TZOFFSETFROM:+0100|TZOFFSETTO:+0100|END:STANDARD|END:VTIMEZONE|BEGIN:VEVENT|UID:u|DTSTART;TZID=x:20260301T100000|END:VEVENT"), ""},
		"three attendees":          {tandem.Event, "text/calendar", event("DTSTART:20260301T100000Z" + strings.Repeat("|ATTENDEE:mailto:a@b", 3)), ""},
		"four attendees":           {tandem.Event, "text/calendar", event("DTSTART:20260301T100000Z" + strings.Repeat("|ATTENDEE:mailto:a@b", 4)), "max-attendees-per-instance"},
		"a hundred times":          {tandem.Event, "text/calendar", event("DTSTART:20260301T100000Z|RRULE:FREQ=DAILY;COUNT=100"), ""},
		"more by count":            {tandem.Event, "text/calendar", event("DTSTART:20260301T100000Z|RRULE:FREQ=DAILY;COUNT=101"), "max-instances"},
		"more by end":              {tandem.Event, "text/calendar", event("DTSTART:20260301T100000Z|RRULE:FREQ=DAILY;UNTIL=20260901T100000Z"), "max-instances"},
		"more by dates":            {tandem.Event, "text/calendar", event("DTSTART:20260301T100000Z|RDATE:" + strings.Repeat("20260301T100000Z,", 100) + "20260301T100000Z"), "max-instances"},
		"for ever":                 {tandem.Event, "text/calendar", event("DTSTART:20260301T100000Z|RRULE:FREQ=DAILY"), ""},
		"rule of another calendar": {tandem.Event, "text/calendar", event("DTSTART:20260301T100000Z|RRULE:RSCALE=CHINESE;FREQ=YEARLY"), ""},
		"byte order mark":          {tandem.Event, "text/calendar", "\ufeff" + fine, ""},
	} {
		if got := condition(t, c.Body(one.kind, one.media, []byte(one.body))); got != one.want {
			t.Errorf("%s: %q, want %q", name, got, one.want)
		}
	}
}

func TestCard(t *testing.T) {
	c := check.Checker{Limits: check.Limits{Size: 2000}}
	fine := card("VERSION:3.0|UID:u|FN:Anna|N:;Anna;;;")
	for name, one := range map[string]struct{ media, body, want string }{
		"fine":            {"text/vcard; charset=utf-8", fine, ""},
		"4.0":             {"text/vcard; version=4.0", card("VERSION:4.0|UID:u|FN:Anna"), ""},
		"old type":        {"text/x-vcard", fine, ""},
		"directory":       {"text/directory;profile=vcard", fine, ""},
		"no type":         {"", fine, ""},
		"bare":            {"text/vcard", card("N:Berg"), ""},
		"2.1":             {"text/vcard", card("VERSION:2.1|N:Berg"), "supported-address-data"},
		"calendar":        {"text/calendar", fine, "supported-address-data"},
		"two":             {"text/vcard", fine + fine, "valid-address-data"},
		"torn":            {"text/vcard", fine[:20], "valid-address-data"},
		"nothing":         {"text/vcard", "", "valid-address-data"},
		"not UTF-8":       {"text/vcard", card("VERSION:3.0|FN:M\xfcller"), "valid-address-data"},
		"NUL":             {"text/vcard", card("VERSION:3.0|FN:M\x00ller"), "valid-address-data"},
		"other charset":   {"text/vcard; charset=iso-8859-15", card("VERSION:3.0|FN:Müller"), "valid-address-data"},
		"too large":       {"text/vcard", card("VERSION:3.0|NOTE:" + strings.Repeat("x", 2000)), "max-resource-size"},
		"calendar object": {"", event("DTSTART:20260301T100000Z"), "valid-address-data"},
	} {
		err := c.Body(tandem.Contact, one.media, []byte(one.body))
		if got := condition(t, err); got != one.want {
			t.Errorf("%s: %q, want %q", name, got, one.want)
		}
		var cond *davxml.Condition
		if errors.As(err, &cond) && cond.Name.Space != davxml.CardDAV {
			t.Errorf("%s: a condition of %s", name, cond.Name.Space)
		}
	}
}

func TestFile(t *testing.T) {
	c := check.Checker{Limits: check.Limits{Size: 5}}
	if err := c.Body(tandem.File, "", []byte("\x00\xff")); err != nil {
		t.Error(err)
	}
	var cond *davxml.Condition
	if err := c.Body(tandem.File, "", []byte("123456")); !errors.As(err, &cond) || cond.Status != 413 {
		t.Error(err)
	}
	if err := (&check.Checker{}).Body(tandem.File, "", make([]byte, 1000)); err != nil {
		t.Error(err)
	}
}

// placeholders are years that the test suite fills in.
var placeholders = regexp.MustCompile(`\$now\.year\.\d+:`)

// days are days that it fills in.
var days = regexp.MustCompile(`\$now\.\d+:`)

// TestCorpora: what a test suite of CalDAV and CardDAV puts is taken, but for what it puts in order to be refused.
func TestCorpora(t *testing.T) {
	kinds := map[string]tandem.Kind{"VEVENT": tandem.Event, "VTODO": tandem.Task, "VJOURNAL": tandem.Note}
	c := check.Checker{}
	n := 0
	for _, file := range corpus.Files(t, "ics/ccs-caldavtester", ".ics") {
		entries, err := ical.Split(file.Data)
		if err != nil || len(entries) != 1 {
			continue
		}
		file.Data = placeholders.ReplaceAll(file.Data, []byte("2026"))
		file.Data = days.ReplaceAll(file.Data, []byte("20260301"))
		n++
		err = c.Body(kinds[entries[0].Component], "text/calendar", file.Data)
		if message := bytes.Contains(file.Data, []byte("\nMETHOD:")) || !utf8.Valid(file.Data); (condition(t, err) != "") != message {
			t.Errorf("%s: %v\n%s", file.Name, err, file.Data)
		}
	}
	for _, file := range corpus.Files(t, "vcf/ccs-caldavtester", ".vcf") {
		if strings.Contains(file.Name, "bulk") || strings.Contains(file.Name, "error") {
			continue // several cards in one, or none that is sound
		}
		n++
		if err := c.Body(tandem.Contact, "text/vcard", file.Data); err != nil {
			t.Errorf("%s: %v\n%s", file.Name, err, file.Data)
		}
	}
	if n < 100 {
		t.Errorf("only %d bodies", n)
	}
}

func FuzzBody(f *testing.F) {
	f.Add([]byte(event("DTSTART:20260301T100000Z|RRULE:FREQ=DAILY;COUNT=9")))
	f.Add([]byte(card("VERSION:3.0|FN:x")))
	f.Fuzz(func(t *testing.T, body []byte) {
		c := check.Checker{Limits: check.Limits{Instances: 100, Attendees: 3, MinDate: 1, MaxDate: 1 << 33}}
		for _, k := range []tandem.Kind{tandem.Event, tandem.Task, tandem.Note, tandem.Contact} {
			condition(t, c.Body(k, "", body))
		}
	})
}

func BenchmarkBody(b *testing.B) {
	c := check.Checker{Limits: check.Limits{Size: 1 << 20, Instances: 10_000, Attendees: 1000}, Zones: &recur.Zones{}}
	body := []byte(event("DTSTAMP:20260101T000000Z|DTSTART;TZID=Europe/Berlin:20260301T100000|DURATION:PT1H|RRULE:FREQ=WEEKLY;COUNT=50|SUMMARY:Something|ATTENDEE:mailto:a@example.com"))
	for b.Loop() {
		if err := c.Body(tandem.Event, "text/calendar", body); err != nil {
			b.Fatal(err)
		}
	}
}
