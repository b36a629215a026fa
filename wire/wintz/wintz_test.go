package wintz

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

// pacific is the example of MS-ASDTYPE 2.7.4 with the rules of 2026.
var pacific = Zone{
	Bias: 480, StandardName: "Pacific Standard Time", StandardDate: Date{Month: 11, Day: 1, Hour: 2},
	DaylightName: "Pacific Daylight Time", DaylightDate: Date{Month: 3, Day: 2, Hour: 2}, DaylightBias: -60,
}

// What a phone in Berlin sends: names empty, rules last Sunday.
const berlin = "xP///wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAoAAAAFAAMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAMAAAAFAAIAAAAAAAAAxP///w=="

// MS-ASDTYPE_R103, R104, R107, R109, R110, R112, R114, R116, R117, R119, R121
func TestRoundTrip(t *testing.T) {
	for _, z := range []Zone{{}, pacific, {Bias: -330, StandardName: "Indien 𝄞"}, {Bias: 60, DaylightDate: Date{Year: 2026, Month: 3, Day: 29, Hour: 2}}} {
		data := z.Encode()
		if len(data) != Size {
			t.Fatalf("%d bytes", len(data))
		}
		got, err := Parse(z.String())
		if err != nil || got != z {
			t.Errorf("%+v became %+v, %v", z, got, err)
		}
	}
	got, err := Parse(berlin)
	want := Zone{Bias: -60, StandardDate: Date{Month: 10, Day: 5, Hour: 3}, DaylightDate: Date{Month: 3, Day: 5, Hour: 2}, DaylightBias: -60}
	if err != nil || got != want || got.String() != berlin {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := Parse(berlin[:40] + "\r\n " + berlin[40:]); err != nil || got != want {
		t.Errorf("with a line break: %+v, %v", got, err)
	}
}

func TestNamesAreCut(t *testing.T) {
	z := Zone{StandardName: strings.Repeat("x", 31) + "𝄞", DaylightName: strings.Repeat("y", 40)}
	got, err := Decode(z.Encode())
	if err != nil || got.StandardName != strings.Repeat("x", 31) || got.DaylightName != strings.Repeat("y", 32) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRefused(t *testing.T) {
	bad := func(change func(z *Zone)) string {
		z := pacific
		change(&z)
		return z.String()
	}
	for name, text := range map[string]string{
		"empty": "", "no base64": "!!!", "short": base64.StdEncoding.EncodeToString(make([]byte, 171)),
		"long":     base64.StdEncoding.EncodeToString(make([]byte, 173)),
		"far off":  bad(func(z *Zone) { z.Bias = 1 << 30 }),
		"overflow": bad(func(z *Zone) { z.Bias, z.DaylightBias = 1<<31-1, 1<<31-1 }),
		"month":    bad(func(z *Zone) { z.StandardDate.Month = 13 }),
		"week":     bad(func(z *Zone) { z.StandardDate.Day = 6 }),
		"day":      bad(func(z *Zone) { z.StandardDate.Day = 0 }),
		"weekday":  bad(func(z *Zone) { z.StandardDate.DayOfWeek = 7 }),
		"hour":     bad(func(z *Zone) { z.StandardDate.Hour = 24 }),
		"absolute": bad(func(z *Zone) { z.StandardDate = Date{Year: 2025, Month: 2, Day: 29} }),
	} {
		if z, err := Parse(text); err == nil {
			t.Errorf("%s: %+v", name, z)
		}
	}
}

func TestOnsets(t *testing.T) {
	at := func(s string) int64 {
		tm, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return tm.Unix()
	}
	sydney := Zone{Bias: -600, StandardDate: Date{Month: 4, Day: 1, Hour: 3}, DaylightDate: Date{Month: 10, Day: 1, Hour: 2}, DaylightBias: -60}
	cairo := Zone{Bias: -120, StandardDate: Date{Month: 10, DayOfWeek: 4, Day: 5, Hour: 23, Minute: 59, Second: 59, Millisecond: 999},
		DaylightDate: Date{Month: 4, DayOfWeek: 5, Day: 5}, DaylightBias: -60}
	once := Zone{Bias: -60, StandardDate: Date{Year: 2026, Month: 10, Day: 25, Hour: 3}, DaylightDate: Date{Year: 2026, Month: 3, Day: 29, Hour: 2}, DaylightBias: -60}
	for _, c := range []struct {
		name string
		z    Zone
		year int
		want []Onset
	}{
		{"pacific", pacific, 2026, []Onset{{at("2026-03-08T10:00:00Z"), -8 * 3600, -7 * 3600}, {at("2026-11-01T09:00:00Z"), -7 * 3600, -8 * 3600}}},
		{"southern", sydney, 2026, []Onset{{at("2026-04-04T16:00:00Z"), 11 * 3600, 10 * 3600}, {at("2026-10-03T16:00:00Z"), 10 * 3600, 11 * 3600}}},
		{"end of a day", cairo, 2026, []Onset{{at("2026-04-23T22:00:00Z"), 2 * 3600, 3 * 3600}, {at("2026-10-29T21:00:00Z"), 3 * 3600, 2 * 3600}}},
		{"once", once, 2026, []Onset{{at("2026-03-29T01:00:00Z"), 3600, 7200}, {at("2026-10-25T01:00:00Z"), 7200, 3600}}},
		{"once, later", once, 2027, nil},
		{"never", Zone{Bias: -330}, 2026, nil},
		{"no date", Zone{Bias: -60, DaylightBias: -60}, 2026, nil},
	} {
		got := c.z.Onsets(c.year)
		if len(got) != len(c.want) {
			t.Errorf("%s: %v", c.name, got)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", c.name, got[i], c.want[i])
			}
		}
		for _, o := range got {
			if c.z.Offset(o.At-1) != o.From || c.z.Offset(o.At) != o.To {
				t.Errorf("%s: %d before and %d after %v", c.name, c.z.Offset(o.At-1), c.z.Offset(o.At), o)
			}
		}
	}
}

func TestInstant(t *testing.T) {
	wall := func(s string) int64 { tm, _ := time.Parse("2006-01-02T15:04", s); return tm.Unix() }
	for _, c := range []struct {
		local string
		ahead int64
	}{{"2026-01-01T00:00", -8}, {"2026-07-01T12:00", -7}, {"2026-03-08T02:30", -8}, {"2026-11-01T01:30", -7}, {"2026-11-01T03:00", -8}} {
		if got := pacific.Instant(wall(c.local)); got != wall(c.local)-c.ahead*3600 {
			t.Errorf("%s: %d hours from UTC", c.local, (wall(c.local)-got)/3600)
		}
	}
}

func TestSame(t *testing.T) {
	other := pacific
	other.StandardName, other.DaylightName = "", "x"
	if !pacific.Same(other) {
		t.Error("names count")
	}
	other.StandardDate.Hour = 3
	if pacific.Same(other) || pacific.Same(Zone{Bias: 480}) || (Zone{Bias: 60}).Same(Zone{}) {
		t.Error("other rules are the same")
	}
	if !(Zone{Bias: 60, DaylightBias: -60}).Same(Zone{Bias: 60}) {
		t.Error("a bias without dates counts")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(pacific.Encode())
	f.Add(make([]byte, Size))
	f.Fuzz(func(t *testing.T, data []byte) {
		z, err := Decode(data)
		if err != nil {
			return
		}
		again, err := Decode(z.Encode())
		if err != nil || again != z && !bytes.ContainsAny([]byte(z.StandardName+z.DaylightName), "\ufffd") {
			t.Errorf("%+v became %+v, %v", z, again, err)
		}
		for _, at := range []int64{0, 1e9, -1e10, 2e11} {
			if off := z.Offset(at); off < -maxOffset || off > maxOffset {
				t.Errorf("offset %d", off)
			}
			z.Instant(at)
		}
	})
}
