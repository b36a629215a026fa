package center

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestScheduleOrdinary(t *testing.T) {
	for _, c := range []struct{ spec, now, want string }{
		{"TZ=UTC 30 2 * * *", "2026-01-01T00:00:00Z", "2026-01-01T02:30:00Z"},
		{"TZ=UTC 30 2 * * *", "2026-01-01T02:30:00Z", "2026-01-02T02:30:00Z"},
		{"TZ=UTC */15 * * * *", "2026-01-01T02:31:10Z", "2026-01-01T02:45:00Z"},
		{"TZ=UTC @hourly", "2026-01-01T02:59:59Z", "2026-01-01T03:00:00Z"},
		{"TZ=Europe/Berlin 0 9 * * 1", "2026-07-01T00:00:00Z", "2026-07-06T07:00:00Z"},
		{"TZ=UTC 0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"},
	} {
		s, err := parseSchedule(c.spec)
		if err != nil {
			t.Fatal(err)
		}
		now, _ := time.Parse(time.RFC3339, c.now)
		if got := s.next(now).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s after %s: got %s, want %s", c.spec, c.now, got, c.want)
		}
	}
}

// On 2026-03-29 Berlin's clock jumps from 02:00 to 03:00; on 2026-10-25 it shows 02:00 to 03:00 twice.
func TestScheduleAcrossClockChanges(t *testing.T) {
	for _, c := range []struct{ name, spec, now, want string }{
		{"gap: at its end, not skipped", "TZ=Europe/Berlin 30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"gap: the next day again as written", "TZ=Europe/Berlin 30 2 * * *", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"},
		{"fold: the first of the two", "TZ=Europe/Berlin 30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},
		{"fold: not a second time", "TZ=Europe/Berlin 30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		{"fold: between the two", "TZ=Europe/Berlin 30 2 * * *", "2026-10-25T01:00:00Z", "2026-10-26T01:30:00Z"},
		{"half-hour zone", "TZ=Australia/Lord_Howe 15 2 * * *", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z"},
	} {
		s, err := parseSchedule(c.spec)
		if err != nil {
			t.Fatal(err)
		}
		now, _ := time.Parse(time.RFC3339, c.now)
		if got := s.next(now).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s: %s after %s: got %s, want %s", c.name, c.spec, c.now, got, c.want)
		}
	}
}

// Every day of a year has exactly one run of a daily schedule, whatever the zone does with its clock.
func TestScheduleRunsOnceADay(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu", "UTC"} {
		z := zone(t, name)
		for _, spec := range []string{"0 0 * * *", "30 2 * * *", "59 1 * * *", "0 3 * * *"} {
			s, err := parseSchedule("TZ=" + name + " " + spec)
			if err != nil {
				t.Fatal(err)
			}
			at := time.Date(2026, 1, 1, 12, 0, 0, 0, z)
			for i := range 365 {
				next := s.next(at)
				y, m, d := at.In(z).Date() // added in UTC, where every midnight exists
				if want := time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly); next.In(z).Format(time.DateOnly) != want {
					t.Fatalf("%s %s: run %d is at %v, want one on %s", name, spec, i, next.In(z), want)
				}
				at = next
			}
		}
	}
}

func TestScheduleRefuses(t *testing.T) {
	for _, spec := range []string{"", "x", "* * * *", "@every 5m", "61 * * * *", "0 0 30 2 *", "TZ=Nowhere/Land 0 0 * * *"} {
		if _, err := parseSchedule(spec); err == nil {
			t.Errorf("%q was accepted", spec)
		}
	}
}
