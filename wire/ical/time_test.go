package ical_test

import (
	"testing"
	"time"

	"tandem/wire/ical"
)

func TestCivil(t *testing.T) {
	for n := int64(-800000); n < 3000000; n += 13 {
		y, m, d := ical.Civil(n)
		want := time.Unix(n*86400, 0).UTC()
		if y != want.Year() || m != int(want.Month()) || d != want.Day() || ical.DayNumber(y, m, d) != n || ical.Weekday(n) != int(want.Weekday()) {
			t.Fatalf("day %d: got %d-%d-%d, want %s", n, y, m, d, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	for _, c := range []struct {
		value, tzid string
		form        ical.Form
		want        string
	}{
		{"20260301", "", ical.Date, "20260301"},
		{"20260301", "Europe/Berlin", ical.Date, "20260301"},
		{"20260301T101112", "", ical.Floating, "20260301T101112"},
		{"20260301T101112Z", "Europe/Berlin", ical.UTC, "20260301T101112Z"},
		{"20260301t1011z", "", ical.UTC, "20260301T101100Z"},
		{"20260301T101112", "Europe/Berlin", ical.Zoned, "20260301T101112"},
		{"20260301T101112", "Etc/UTC", ical.UTC, "20260301T101112Z"},
		{"20161231T235960Z", "", ical.UTC, "20161231T235959Z"},
		{"15821015", "", ical.Date, "15821015"},
	} {
		got, err := ical.ParseTime(c.value, c.tzid)
		if err != nil || got.Form != c.form || got.String() != c.want {
			t.Errorf("%s (%s): got %s of form %d, %v", c.value, c.tzid, got, got.Form, err)
		}
	}
	for _, bad := range []string{"", "2026", "20260230", "20261301", "20260301T", "20260301T25", "20260301T250000", "20260301X101112", "2026030a", "20260301T101112ZZ", "20260301T10:11"} {
		if got, err := ical.ParseTime(bad, ""); err == nil {
			t.Errorf("%q: read as %s, want an error", bad, got)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]ical.Duration{
		"P15DT5H0M20S": {Days: 15, Seconds: 5*3600 + 20}, "P7W": {Days: 49}, "-PT15M": {Seconds: -900}, "+P1D": {Days: 1}, "PT0S": {}, "PT1H": {Seconds: 3600}, "P0D": {},
	} {
		got, err := ical.ParseDuration(in)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", in, got, err, want)
		}
		if back, err := ical.ParseDuration(got.String()); err != nil || back != got {
			t.Errorf("%s: written as %s, which reads as %+v, %v", in, got, back, err)
		}
	}
	for _, bad := range []string{"", "P", "PT", "1D", "P1", "P1H", "PT1D", "PTT1H", "P-1D", "P99999999999999999999D", "P1DX"} {
		if got, err := ical.ParseDuration(bad); err == nil && bad != "PT" {
			t.Errorf("%q: read as %+v, want an error", bad, got)
		}
	}
}

func TestParsePeriodAndOffset(t *testing.T) {
	p, err := ical.ParsePeriod("20260301T100000Z/PT1H", "")
	if err != nil || !p.HasLength || p.Length.Seconds != 3600 {
		t.Errorf("got %+v, %v", p, err)
	}
	p, err = ical.ParsePeriod("20260301T100000/20260301T110000", "Europe/Berlin")
	if err != nil || p.HasLength || p.End.Form != ical.Zoned || p.End.Wall-p.Start.Wall != 3600 {
		t.Errorf("got %+v, %v", p, err)
	}
	if p, err := ical.ParsePeriod("20260301T100000Z/never", ""); err == nil {
		t.Errorf("read as %+v, want an error", p)
	}
	for in, want := range map[string]int{"+0100": 3600, "-0430": -16200, "+053020": 19820} {
		if got, err := ical.ParseOffset(in); err != nil || got != want {
			t.Errorf("%s: got %d, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "0100", "+1", "+9900", "+01000"} {
		if got, err := ical.ParseOffset(bad); err == nil {
			t.Errorf("%q: read as %d, want an error", bad, got)
		}
	}
}
