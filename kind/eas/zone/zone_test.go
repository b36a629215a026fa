package zone

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"tandem/internal/corpus"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wintz"
)

// names are all IANA names of the list that Windows names map to.
func names(t testing.TB) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(corpus.Dir(t), "timezones", "eas4tbsync-WindowsTimezone.csv"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var out []string
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		fields := strings.Split(s.Text(), ",")
		for _, name := range strings.Fields(fields[2]) {
			if !seen[name] {
				seen[name] = true
				out = append(out, name)
			}
		}
	}
	if len(out) < 300 {
		t.Fatalf("only %d zones", len(out))
	}
	return out
}

func find(t testing.TB, name string) recur.Zone {
	t.Helper()
	z := (&recur.Zones{}).Find(name)
	if z == nil {
		t.Skipf("no zone %s on this machine", name)
	}
	return z
}

func instant(s string) int64 {
	tm, err := time.Parse("2006-01-02T15:04", s)
	if err != nil {
		panic(err)
	}
	return tm.Unix()
}

// The structure is right at the event's own instant, whatever the zone does in that year.
func TestRightAtTheInstant(t *testing.T) {
	zones := &recur.Zones{}
	for _, name := range names(t) {
		z := zones.Find(name)
		if z == nil {
			continue
		}
		for at := instant("2005-01-01T00:00"); at < instant("2034-01-01T00:00"); at += 97 * ical.DaySeconds {
			if w := Of(z, at); w.Offset(at) != whole(z.Offset(at)) {
				t.Errorf("%s at %d: %d, want %d", name, at, w.Offset(at), z.Offset(at))
			}
		}
	}
}

// In years in which clocks change as rules say, the structure is right all year.
func TestRightAllYear(t *testing.T) {
	zones := &recur.Zones{}
	regular := 0
	for _, name := range names(t) {
		z := zones.Find(name)
		if z == nil {
			continue
		}
		for year := 2023; year < 2030; year++ {
			if n := len(Onsets(z, year)); n != 0 && n != 2 {
				continue
			}
			regular++
			w := Of(z, z.Instant(ical.DayNumber(year, 7, 1)*ical.DaySeconds))
			if !agree(w, z, year) {
				t.Errorf("%s in %d: %+v", name, year, w)
			}
			if back, err := wintz.Parse(w.String()); err != nil || back != w {
				t.Errorf("%s in %d: %+v, %v", name, year, back, err)
			}
		}
	}
	if regular < 2000 {
		t.Errorf("only %d regular years", regular)
	}
}

func TestOf(t *testing.T) {
	d := func(month, weekday, nth, hour uint16) wintz.Date {
		return wintz.Date{Month: month, DayOfWeek: weekday, Day: nth, Hour: hour}
	}
	for _, c := range []struct {
		zone, at string
		want     wintz.Zone
	}{
		{"Europe/Berlin", "2026-07-01T00:00", wintz.Zone{Bias: -60, StandardName: "W. Europe Standard Time", StandardDate: d(10, 0, 5, 3), DaylightName: "W. Europe Daylight Time", DaylightDate: d(3, 0, 5, 2), DaylightBias: -60}},
		{"America/New_York", "2026-07-01T00:00", wintz.Zone{Bias: 300, StandardName: "Eastern Standard Time", StandardDate: d(11, 0, 1, 2), DaylightName: "Eastern Daylight Time", DaylightDate: d(3, 0, 2, 2), DaylightBias: -60}},
		{"America/New_York", "2000-07-01T00:00", wintz.Zone{Bias: 300, StandardName: "Eastern Standard Time", StandardDate: d(10, 0, 5, 2), DaylightName: "Eastern Daylight Time", DaylightDate: d(4, 0, 1, 2), DaylightBias: -60}},
		{"Australia/Sydney", "2026-07-01T00:00", wintz.Zone{Bias: -600, StandardName: "AUS Eastern Standard Time", StandardDate: d(4, 0, 1, 3), DaylightName: "AUS Eastern Daylight Time", DaylightDate: d(10, 0, 1, 2), DaylightBias: -60}},
		{"Asia/Kolkata", "2026-07-01T00:00", wintz.Zone{Bias: -330, StandardName: "Asia/Kolkata"}},
		{"Europe/Dublin", "2026-07-01T00:00", wintz.Zone{StandardName: "Europe/Dublin", StandardDate: d(10, 0, 5, 2), DaylightDate: d(3, 0, 5, 1), DaylightBias: -60}},
		{"Australia/Lord_Howe", "2026-07-01T00:00", wintz.Zone{Bias: -630, StandardName: "Lord Howe Standard Time", StandardDate: d(4, 0, 1, 2), DaylightName: "Lord Howe Daylight Time", DaylightDate: d(10, 0, 1, 2), DaylightBias: -30}},
		{"Europe/Moscow", "2014-01-10T00:00", wintz.Zone{Bias: -240, StandardName: "Russian Standard Time"}},
		{"Europe/Moscow", "2014-12-10T00:00", wintz.Zone{Bias: -180, StandardName: "Russian Standard Time"}},
		{"Etc/UTC", "2026-07-01T00:00", wintz.Zone{StandardName: "UTC"}},
	} {
		if got := Of(find(t, c.zone), instant(c.at)); got != c.want {
			t.Errorf("%s at %s: %+v, want %+v", c.zone, c.at, got, c.want)
		}
	}
	if got := Of(recur.Fixed("UTC", 0), 0); got != (wintz.Zone{}) {
		t.Errorf("UTC: %+v", got)
	}
}

func TestFind(t *testing.T) {
	zones := &recur.Zones{}
	at := instant("2026-07-01T00:00")
	of := func(name string) wintz.Zone {
		w := Of(find(t, name), at)
		w.StandardName, w.DaylightName = "", ""
		return w
	}
	user := func(name string) *time.Location {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return loc
	}
	named := of("Europe/Paris")
	named.StandardName = "Romance Standard Time"
	iana := of("Europe/Paris")
	iana.StandardName = "Europe/Vienna"
	old := Of(find(t, "America/New_York"), instant("2000-07-01T00:00"))
	old.StandardName = ""
	for _, c := range []struct {
		name string
		w    Wanted
		want string
	}{
		{"the event's own zone", Wanted{Blob: of("Europe/Berlin"), Existing: "Europe/Rome", Zone: zones.Find("Europe/Rome"), User: user("Europe/Berlin")}, "Europe/Rome"},
		{"its spelling", Wanted{Blob: of("Europe/Berlin"), Existing: "Mine", Zone: zones.Find("Europe/Rome"), User: user("Europe/Berlin")}, "Mine"},
		{"the user's zone", Wanted{Blob: of("Europe/Berlin"), Existing: "America/New_York", Zone: zones.Find("America/New_York"), User: user("Europe/Vienna")}, "Europe/Vienna"},
		{"the Windows name", Wanted{Blob: named, User: user("Asia/Tokyo")}, "Europe/Paris"},
		{"the IANA name", Wanted{Blob: iana, User: user("Asia/Tokyo")}, "Europe/Vienna"},
		{"the usual city", Wanted{Blob: of("Europe/Vienna"), User: user("Asia/Tokyo")}, "Europe/Berlin"},
		{"a wrong name", Wanted{Blob: func() wintz.Zone { w := of("Asia/Tokyo"); w.StandardName = "Romance Standard Time"; return w }()}, "Asia/Tokyo"},
		{"half an hour", Wanted{Blob: of("Asia/Kolkata")}, "Asia/Kolkata"},
		{"southern", Wanted{Blob: of("Australia/Melbourne")}, "Australia/Sydney"},
		{"a quarter of an hour, southern", Wanted{Blob: of("Pacific/Chatham")}, "Pacific/Chatham"},
		{"no change of clocks, -7", Wanted{Blob: of("America/Phoenix")}, "America/Phoenix"},
		{"today's rules for an old event", Wanted{Blob: of("America/New_York"), At: instant("2000-07-01T00:00")}, "America/New_York"},
		{"old rules for an old event", Wanted{Blob: old, At: instant("2000-07-01T00:00")}, "America/New_York"},
		{"zeros for somebody in Berlin", Wanted{User: user("Europe/Berlin")}, "Europe/Berlin"},
		{"zeros for an event in UTC", Wanted{Existing: "UTC", Zone: recur.Fixed("UTC", 0), User: user("Europe/Berlin")}, "UTC"},
		{"zeros for nobody", Wanted{}, "UTC"},
		{"nowhere", Wanted{Blob: wintz.Zone{Bias: -61}, User: user("Europe/Berlin")}, ""},
	} {
		if c.w.At == 0 {
			c.w.At = at
		}
		c.w.Now = at
		if got := Find(zones, c.w); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Every zone is found again: as itself where the structure names it or it is the user's, else as one with the same clocks.
func TestThereAndBack(t *testing.T) {
	zones := &recur.Zones{}
	at := instant("2026-07-01T00:00")
	for _, name := range names(t) {
		z := zones.Find(name)
		if z == nil {
			continue
		}
		w := Of(z, at)
		for _, w := range []wintz.Zone{w, func() wintz.Zone { w.StandardName, w.DaylightName = "", ""; return w }()} {
			got := Find(zones, Wanted{Blob: w, At: at, Now: at})
			if back := zones.Find(got); back == nil || !agree(w, back, 2026) {
				t.Errorf("%s was taken for %q", name, got)
			}
		}
	}
}

// A zone nobody knows is written out, and means the same when it is read again.
func TestComponent(t *testing.T) {
	zones := &recur.Zones{}
	odd := wintz.Zone{Bias: -61, DaylightBias: -30, StandardDate: wintz.Date{Month: 9, DayOfWeek: 3, Day: 4, Hour: 23, Minute: 59, Second: 59, Millisecond: 999},
		DaylightDate: wintz.Date{Month: 2, DayOfWeek: 5, Day: 5, Hour: 1}}
	once := wintz.Zone{Bias: -60, StandardDate: wintz.Date{Year: 2026, Month: 10, Day: 25, Hour: 3}, DaylightDate: wintz.Date{Year: 2026, Month: 3, Day: 29, Hour: 2}, DaylightBias: -60}
	for _, w := range []wintz.Zone{odd, once, {Bias: 200}, Of(find(t, "Europe/Berlin"), instant("2026-01-01T00:00")), Of(find(t, "Australia/Sydney"), instant("2026-01-01T00:00"))} {
		id := Invented(w)
		if zones.Find(id) != nil || zones.FindWindows(id) != nil || recur.IANA(id) != "" {
			t.Errorf("%q is the name of a place", id)
		}
		cal := contentline.NewComponent("VCALENDAR")
		cal.Add(contentline.Item{Child: Component(id, w, 2026)})
		z := zones.In(cal)(id)
		if z == nil {
			t.Fatalf("%q is not found", id)
		}
		for at := instant("2026-01-02T00:00"); at < instant("2026-12-31T00:00"); at += 6 * 3600 {
			if z.Offset(at) != w.Offset(at) {
				t.Fatalf("%q at %d: %d, want %d\n%s", id, at, z.Offset(at), w.Offset(at), cal.Bytes("\n"))
			}
		}
		if got := Of(z, instant("2026-07-01T00:00")); !agree(got, z, 2026) {
			t.Errorf("%q became %+v", id, got)
		}
		_ = ical.ZoneID(cal)
	}
}

func BenchmarkOf(b *testing.B) {
	z := find(b, "Europe/Berlin")
	for b.Loop() {
		Of(z, 1780000000)
	}
}

func BenchmarkFindCity(b *testing.B) {
	zones := &recur.Zones{}
	w := Of(find(b, "Pacific/Chatham"), 1780000000)
	w.StandardName, w.DaylightName = "", ""
	for b.Loop() {
		Find(zones, Wanted{Blob: w, At: 1780000000, Now: 1780000000})
	}
}
