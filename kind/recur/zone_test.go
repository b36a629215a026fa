package recur_test

import (
	"encoding/xml"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tandem/kind/recur"
	"tandem/wire/ical"
)

func TestWallToInstant(t *testing.T) {
	zones := &recur.Zones{}
	for _, c := range []struct{ zone, wall, want string }{
		{"Europe/Berlin", "20260329T013000", "2026-03-29T00:30:00Z"},
		{"Europe/Berlin", "20260329T020000", "2026-03-29T01:00:00Z"}, // gap begins: 03:00 summer time
		{"Europe/Berlin", "20260329T023000", "2026-03-29T01:30:00Z"}, // in the gap: 03:30 summer time
		{"Europe/Berlin", "20260329T030000", "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "20261025T020000", "2026-10-25T00:00:00Z"}, // fold: the first of two
		{"Europe/Berlin", "20261025T023000", "2026-10-25T00:30:00Z"},
		{"Europe/Berlin", "20261025T030000", "2026-10-25T02:00:00Z"},
		{"America/New_York", "20260308T023000", "2026-03-08T07:30:00Z"},
		{"America/New_York", "20261101T013000", "2026-11-01T05:30:00Z"},
		{"America/New_York", "20261101T020000", "2026-11-01T07:00:00Z"},
		{"Australia/Sydney", "20261004T023000", "2026-10-03T16:30:00Z"},
		{"Australia/Sydney", "20260405T023000", "2026-04-04T15:30:00Z"},
		{"Australia/Lord_Howe", "20261004T021500", "2026-10-03T15:45:00Z"}, // a gap of half an hour
		{"Australia/Lord_Howe", "20260405T014500", "2026-04-04T14:45:00Z"},
		{"America/Santiago", "20260906T003000", "2026-09-06T04:30:00Z"}, // the gap is at midnight
		{"Pacific/Apia", "20111230T120000", "2011-12-30T22:00:00Z"},     // a whole day is missing
		{"Asia/Kolkata", "20260101T000000", "2025-12-31T18:30:00Z"},
	} {
		z := zones.Find(c.zone)
		if z == nil {
			t.Fatalf("no zone %s", c.zone)
		}
		got := time.Unix(z.Instant(mustTime(t, c.wall, "").Wall), 0).UTC().Format(time.RFC3339)
		if got != c.want {
			t.Errorf("%s %s: got %s, want %s", c.zone, c.wall, got, c.want)
		}
	}
}

// A daily meeting keeps its time on the wall across both changes of the clocks.
func TestSeriesAcrossChanges(t *testing.T) {
	for _, c := range []struct{ zone, start, rule, want string }{
		{"Europe/Berlin", "20260328T023000", "FREQ=DAILY;COUNT=3", "20260328T0230 20260329T0330 20260330T0230"},
		{"Europe/Berlin", "20261024T023000", "FREQ=DAILY;COUNT=3", "20261024T0230 20261025T0230 20261026T0230"},
		{"America/New_York", "20260307T023000", "FREQ=DAILY;UNTIL=20260309T063000Z", "20260307T0230 20260308T0330 20260309T0230"},
		{"America/New_York", "20260307T023000", "FREQ=DAILY;UNTIL=20260309T062959Z", "20260307T0230 20260308T0330"},
		{"Australia/Sydney", "20261003T090000", "FREQ=DAILY;UNTIL=20261005", "20261003T0900 20261004T0900 20261005T0900"},
		{"Australia/Sydney", "20261003T090000", "FREQ=DAILY;UNTIL=20261005T090000", "20261003T0900 20261004T0900 20261005T0900"},
	} {
		s := &recur.Series{Start: mustTime(t, c.start, c.zone), Rules: []recur.Rule{mustRule(t, c.rule)}}
		if got := starts(t, s, c.zone, 10); got != c.want {
			t.Errorf("%s %s\n got %s\nwant %s", c.zone, c.rule, got, c.want)
		}
	}
}

// The length between DTSTART and DTEND is exact, that of DURATION in days follows the calendar.
func TestLengthAcrossChange(t *testing.T) {
	zones := &recur.Zones{}
	win := recur.Window{From: math.MinInt64, To: math.MaxInt64, Max: 5}
	for _, c := range []struct {
		length recur.Length
		want   int64
	}{{recur.Length{Days: 1}, 23 * 3600}, {recur.Length{Seconds: 86400}, 24 * 3600}, {recur.Length{Days: 1, Seconds: 3600}, 24 * 3600}} {
		s := &recur.Series{Start: mustTime(t, "20260328T120000", "Europe/Berlin"), Length: c.length}
		list, complete := s.Expand(zones.Find, win)
		if len(list) != 1 || !complete || list[0].End-list[0].Start != c.want {
			t.Errorf("%+v: got %+v, want a length of %d", c.length, list, c.want)
		}
	}
}

// berlin is Berlin's zone as calendar programs define it.
func berlin() recur.Zone {
	at := func(v string) int64 {
		tm, err := ical.ParseTime(v, "")
		if err != nil {
			panic(err)
		}
		return tm.Wall
	}
	rule := func(v string) []recur.Rule {
		r, err := recur.ParseRule(v)
		if err != nil {
			panic(err)
		}
		return []recur.Rule{r}
	}
	return recur.Defined("Mine", []recur.Observance{
		{Start: at("19701025T030000"), From: 7200, To: 3600, Rules: rule("FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU")},
		{Start: at("19700329T020000"), From: 3600, To: 7200, Rules: rule("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU")},
	})
}

func TestDefinedZoneAgreesWithLocation(t *testing.T) {
	want, got := (&recur.Zones{}).Find("Europe/Berlin"), berlin()
	start := mustTime(t, "19970101T000000", "").Wall
	for wall := start; wall < start+40*366*ical.DaySeconds; wall += 1799 {
		if a, b := want.Instant(wall), got.Instant(wall); a != b {
			t.Fatalf("wall %s: got %d, want %d", ical.Time{Wall: wall, Form: ical.Floating}, b, a)
		}
	}
}

func TestDefinedZoneWithUntilAndDates(t *testing.T) {
	r := mustRule(t, "FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=20060402T070000Z")
	z := recur.Defined("Eastern", []recur.Observance{
		{Start: mustTime(t, "19870405T020000", "").Wall, From: -18000, To: -14400, Rules: []recur.Rule{r}},
		{Start: mustTime(t, "20061029T020000", "").Wall, From: -14400, To: -18000},
		{Start: mustTime(t, "20070311T020000", "").Wall, From: -18000, To: -14400, Dates: []int64{mustTime(t, "20080309T020000", "").Wall}},
	})
	for _, c := range []struct {
		at   string
		want int
	}{{"19800101T000000", -18000}, {"20060501T000000", -14400}, {"20061101T000000", -18000}, {"20070401T000000", -14400}} {
		if got := z.Offset(mustTime(t, c.at, "").Wall); got != c.want {
			t.Errorf("offset at %s: got %d, want %d", c.at, got, c.want)
		}
	}
	if recur.Defined("none", nil) != nil {
		t.Error("a zone without observances is a zone")
	}
}

func TestNames(t *testing.T) {
	for tzid, want := range map[string]string{
		"Europe/Berlin":                                                       "Europe/Berlin",
		"/mozilla.org/20050126_1/Europe/Berlin":                               "Europe/Berlin",
		"/freeassociation.sourceforge.net/Tzfile/Asia/Aden":                   "Asia/Aden",
		"/softwarestudio.org/Olson_20011030_5/America/Argentina/Buenos_Aires": "America/Argentina/Buenos_Aires",
		"W. Europe Standard Time":                                             "", "Local": "", "": "", "Europe/../../etc/passwd": "", "My/Zone": "", "CET": "CET",
	} {
		if got := recur.IANA(tzid); got != want {
			t.Errorf("IANA(%q) = %q, want %q", tzid, got, want)
		}
	}
	zones := &recur.Zones{}
	if z := zones.FindWindows("W. Europe Standard Time"); z == nil || z.Name() != "Europe/Berlin" {
		t.Errorf("W. Europe Standard Time: got %v", z)
	}
	if z := zones.Find("Europe/Atlantis"); z != nil {
		t.Errorf("Europe/Atlantis: got %v", z)
	}
}

// Every pair of the reference table is known here.
func TestWindowsZonesAgainstCLDR(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "reference", "corpora", "timezones", "windowsZones.xml"))
	if err != nil {
		t.Skip("the reference table of Windows zones is not here")
	}
	var doc struct {
		Zones []struct {
			Other     string `xml:"other,attr"`
			Territory string `xml:"territory,attr"`
			Type      string `xml:"type,attr"`
		} `xml:"windowsZones>mapTimezones>mapZone"`
	}
	if err := xml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	zones, n := &recur.Zones{}, 0
	for _, z := range doc.Zones {
		if z.Territory != "001" {
			continue
		}
		n++
		got := zones.FindWindows(z.Other)
		if got == nil || got.Name() != z.Type {
			t.Errorf("%s: got %v, want %s", z.Other, got, z.Type)
		}
	}
	if n < 100 {
		t.Errorf("the reference names only %d zones", n)
	}
}
