package when

import (
	"fmt"
	"testing"
	"time"
)

func plan(t testing.TB, text string) Plan {
	t.Helper()
	p, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	x, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestSM06NextTime: ordinary days.
func TestSM06NextTime(t *testing.T) {
	for _, c := range []struct{ zone, plan, now, want string }{
		{"UTC", "at 02:30", "2026-01-01T00:00:00Z", "2026-01-01T02:30:00Z"},
		{"UTC", "at 02:30", "2026-01-01T02:30:00Z", "2026-01-02T02:30:00Z"},
		{"UTC", "at 08:00, 20:00 on mon", "2026-01-01T00:00:00Z", "2026-01-05T08:00:00Z"},
		{"UTC", "at 08:00, 20:00 on mon", "2026-01-05T08:00:00Z", "2026-01-05T20:00:00Z"},
		{"UTC", "at 08:00; every 1h", "2026-01-05T06:10:00Z", "2026-01-05T07:00:00Z"},
		{"UTC", "every 15m", "2026-01-01T02:31:10Z", "2026-01-01T02:45:00Z"},
		{"UTC", "every 15m on mon-fri 08:00-18:00", "2026-01-02T17:45:00Z", "2026-01-05T08:00:00Z"},
		{"UTC", "every 2h 22:00-04:00", "2026-01-02T00:30:00Z", "2026-01-02T02:00:00Z"},
		{"UTC", "every 2h 22:00-04:00", "2026-01-02T02:00:00Z", "2026-01-02T22:00:00Z"},
		{"UTC", "every 1h on sat", "2026-01-02T12:00:00Z", "2026-01-03T00:00:00Z"},
		{"Europe/Berlin", "0 9 * * 1", "2026-07-01T00:00:00Z", "2026-07-06T07:00:00Z"},
		{"America/New_York", "at 09:00; zone Europe/Berlin", "2026-07-01T00:00:00Z", "2026-07-01T07:00:00Z"},
		{"UTC", "0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"},
		{"UTC", "manual", "2026-03-01T00:00:00Z", ""},
		{"UTC", "continuous; quiet 22:00-07:00", "2026-03-01T00:00:00Z", ""},
	} {
		p := plan(t, c.plan+"; spread 0")
		got := p.Next(at(t, c.now), zone(t, c.zone), "x")
		if text := got.UTC().Format(time.RFC3339); got.IsZero() && c.want != "" || !got.IsZero() && text != c.want {
			t.Errorf("%s in %s after %s: got %s, want %s", c.plan, c.zone, c.now, text, c.want)
		}
	}
}

// TestSM06ClockChanges: a time in the gap is due at the first instant after it, one in the fold once.
func TestSM06ClockChanges(t *testing.T) {
	for _, c := range []struct{ name, zone, plan, now, want string }{
		// 2026-03-29 02:00 CET → 03:00 CEST; 2026-10-25 03:00 CEST → 02:00 CET.
		{"gap", "Europe/Berlin", "at 02:30", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"after the gap", "Europe/Berlin", "at 02:30", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"},
		{"two in the gap", "Europe/Berlin", "at 02:10, 02:50", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},
		{"two in the gap, once", "Europe/Berlin", "at 02:10, 02:50", "2026-03-29T01:00:00Z", "2026-03-30T00:10:00Z"},
		{"fold", "Europe/Berlin", "at 02:30", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},
		{"fold, once", "Europe/Berlin", "at 02:30", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		{"cron in the gap", "Europe/Berlin", "30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"cron in the fold", "Europe/Berlin", "30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		{"intervals go on through the fold", "Europe/Berlin", "every 30m", "2026-10-25T00:45:00Z", "2026-10-25T01:00:00Z"},
		{"hours that end in the gap", "Europe/Berlin", "every 1h 00:00-02:30", "2026-03-28T23:30:00Z", "2026-03-29T00:00:00Z"},
		{"hours across the fold", "Europe/Berlin", "every 1h 01:00-04:00", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"},
		// 2026-03-08 02:00 EST → 03:00 EDT; 2026-11-01 02:00 EDT → 01:00 EST.
		{"gap", "America/New_York", "at 02:30", "2026-03-08T05:00:00Z", "2026-03-08T07:00:00Z"},
		{"fold", "America/New_York", "at 01:30", "2026-11-01T04:00:00Z", "2026-11-01T05:30:00Z"},
		{"fold, once", "America/New_York", "at 01:30", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"},
		// Half an hour: 2026-10-04 02:00 +10:30 → 02:30 +11; 2026-04-05 02:00 +11 → 01:30 +10:30.
		{"gap", "Australia/Lord_Howe", "at 02:15", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z"},
		{"after the gap", "Australia/Lord_Howe", "at 02:15", "2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"},
		{"fold", "Australia/Lord_Howe", "at 01:45", "2026-04-04T12:00:00Z", "2026-04-04T14:45:00Z"},
		{"fold, once", "Australia/Lord_Howe", "at 01:45", "2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"},
	} {
		p := plan(t, c.plan+"; spread 0")
		if got := p.Next(at(t, c.now), zone(t, c.zone), "x").UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s: %s in %s after %s: got %s, want %s", c.name, c.plan, c.zone, c.now, got, c.want)
		}
	}
}

// Every day of a year has exactly one run of a daily schedule, whatever the zone does with its clock.
func TestSM06OnceADay(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu", "UTC"} {
		z := zone(t, name)
		for _, spec := range []string{"0 0 * * *", "30 2 * * *", "at 00:00", "at 01:59", "at 02:30", "at 03:00"} {
			p := plan(t, spec+"; spread 0")
			now := time.Date(2026, 1, 1, 12, 0, 0, 0, z)
			for i := range 365 {
				next := p.Next(now, z, "x")
				y, m, d := now.In(z).Date() // added in UTC, where every midnight exists
				if want := time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly); next.In(z).Format(time.DateOnly) != want {
					t.Fatalf("%s %s: run %d is at %v, want one on %s", name, spec, i, next.In(z), want)
				}
				now = next
			}
		}
	}
}

// TestAS86PeakAndOffPeak: an interval within hours and another outside of them, and no run of the one in the time of the other.
func TestAS86PeakAndOffPeak(t *testing.T) {
	z := zone(t, "Europe/Berlin")
	p := plan(t, "peak mon-fri 08:00-18:00 every 5m; off-peak every 2h; spread 0")
	counts := map[string]int{}
	end := time.Date(2026, 4, 6, 0, 0, 0, 0, z)
	for now := p.Next(time.Date(2026, 3, 29, 23, 59, 0, 0, z), z, "x"); now.Before(end); now = p.Next(now, z, "x") {
		in := now.In(z)
		if busy := in.Hour() >= 8 && in.Hour() < 18 && in.Weekday() != time.Saturday && in.Weekday() != time.Sunday; busy {
			counts["peak"]++
		} else {
			counts["off"]++
			if in.Minute() != 0 {
				t.Fatalf("off-peak run at %v", in)
			}
		}
	}
	// Ten hours of twelve runs on five days; 14 hours of one every two hours, and the two other days.
	if counts["peak"] != 5*10*12 || counts["off"] < 55 || counts["off"] > 62 {
		t.Errorf("runs %v", counts)
	}
	arrive := plan(t, "peak mon-fri 08:00-18:00 on change; off-peak manual")
	for text, want := range map[string]bool{"2026-03-30T10:00:00+02:00": true, "2026-03-30T18:00:00+02:00": false, "2026-04-04T10:00:00+02:00": false} {
		if got := arrive.Follows(Scheduled, at(t, text), z); got != want {
			t.Errorf("at %s changes are followed: %v", text, got)
		}
	}
	if !arrive.EverFollows(Manual) || p.EverFollows(Continuous) || !plan(t, "").EverFollows(Continuous) {
		t.Error("what is followed ever is wrong")
	}
}

// TestQuietHours: what is due within them waits for their end, also across midnight and clock changes.
func TestQuietHours(t *testing.T) {
	z := zone(t, "Europe/Berlin")
	p := plan(t, "quiet 22:00-07:00; quiet sun 12:00-15:00")
	for text, until := range map[string]string{
		"2026-06-01T21:59:00+02:00": "", "2026-06-01T22:00:00+02:00": "2026-06-02T07:00:00+02:00", "2026-06-02T06:59:00+02:00": "2026-06-02T07:00:00+02:00",
		"2026-06-02T07:00:00+02:00": "", "2026-06-07T13:00:00+02:00": "2026-06-07T15:00:00+02:00", "2026-06-08T13:00:00+02:00": "",
		"2026-03-29T01:30:00+01:00": "2026-03-29T07:00:00+02:00", "2026-10-25T02:30:00+01:00": "2026-10-25T07:00:00+01:00",
	} {
		d := p.Decide(at(t, text), z, State{})
		if d.Go != (until == "") || until != "" && !d.Until.Equal(at(t, until)) {
			t.Errorf("at %s: %+v, want until %q", text, d, until)
		}
	}
}

// TestAfterQuiet: a time that is due within quiet hours is told as their end, also where others follow at once.
func TestAfterQuiet(t *testing.T) {
	p := plan(t, "at 23:59; quiet 22:00-07:00; quiet 07:00-08:30")
	for text, want := range map[string]string{"2026-06-01T21:00:00Z": "2026-06-01T21:00:00Z", "2026-06-01T23:59:00Z": "2026-06-02T08:30:00Z", "2026-06-02T08:30:00Z": "2026-06-02T08:30:00Z"} {
		if got := p.AfterQuiet(at(t, text), time.UTC).Format(time.RFC3339); got != want {
			t.Errorf("after %s: %s, want %s", text, got, want)
		}
	}
	if got := plan(t, "quiet 00:00-12:00; quiet 12:00-00:00").AfterQuiet(at(t, "2026-06-01T21:00:00Z"), time.UTC); got.IsZero() {
		t.Error("hours without an end")
	}
}

// TestSE08MissedOnce: however many times were missed, they are one run.
func TestSE08MissedOnce(t *testing.T) {
	p := plan(t, "at 02:30; spread 0")
	last := at(t, "2026-05-01T03:00:00Z")
	for now, want := range map[string]bool{"2026-05-02T02:29:00Z": false, "2026-05-02T02:30:00Z": true, "2026-05-09T00:00:00Z": true} {
		if got := p.Missed(last, at(t, now), time.UTC, "x"); got != want {
			t.Errorf("missed at %s: %v", now, got)
		}
	}
	if plan(t, "at 02:30; no catch-up").Missed(last, at(t, "2026-05-09T00:00:00Z"), time.UTC, "x") {
		t.Error("caught up although it was forbidden")
	}
	if plan(t, "manual").Missed(last, at(t, "2026-05-09T00:00:00Z"), time.UTC, "x") {
		t.Error("a plan without times missed one")
	}
}

// TestSpread: a thousand items with one schedule start spread evenly, each always at the same offset, and none early.
func TestSpread(t *testing.T) {
	p := plan(t, "at 02:30")
	now := at(t, "2026-05-01T00:00:00Z")
	due := at(t, "2026-05-01T02:30:00Z")
	seconds := map[time.Duration]int{}
	for i := range 1000 {
		name := fmt.Sprintf("item-%d", i)
		next := p.Next(now, time.UTC, name)
		by := next.Sub(due)
		if by < 0 || by >= time.Minute {
			t.Fatalf("%s starts at %v", name, next)
		}
		if again := p.Next(next, time.UTC, name); again.Sub(next) != day {
			t.Fatalf("%s starts at %v and then at %v", name, next, again)
		}
		seconds[by]++
	}
	for by, n := range seconds {
		if n > 40 {
			t.Errorf("%d of 1000 start at +%v", n, by)
		}
	}
	if len(seconds) < 55 {
		t.Errorf("starts fall on %d seconds only", len(seconds))
	}
	if got := plan(t, "every 10m").shift(10*time.Minute, "x"); got >= time.Minute {
		t.Errorf("an interval of ten minutes is shifted by %v", got)
	}
	if got := plan(t, "at 02:30; spread 2h").Next(now, time.UTC, "item-1").Sub(due); got <= time.Minute || got >= 2*time.Hour {
		t.Errorf("a wide spread shifts by %v", got)
	}
}
