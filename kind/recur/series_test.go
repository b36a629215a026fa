package recur_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"

	"tandem/kind/recur"
	"tandem/wire/ical"
)

const berlinZone = "Europe/Berlin"

func weekly(t testing.TB) *recur.Series {
	return &recur.Series{Start: mustTime(t, "20260302T093000", berlinZone), Length: recur.Length{Seconds: 3600}, Rules: []recur.Rule{mustRule(t, "FREQ=WEEKLY;COUNT=6")}}
}

func TestExceptions(t *testing.T) {
	for name, ex := range map[string]ical.Time{
		"same zone":  mustTime(t, "20260309T093000", berlinZone),
		"utc":        mustTime(t, "20260309T083000Z", ""),
		"floating":   mustTime(t, "20260309T093000", ""),
		"a day":      mustTime(t, "20260309", ""),
		"other zone": mustTime(t, "20260309T043000", "America/New_York"), // New York changed on the 8th
	} {
		s := weekly(t)
		s.Except = []ical.Time{ex}
		want := "20260302T0930 20260316T0930 20260323T0930 20260330T0930 20260406T0930"
		if got := starts(t, s, berlinZone, 100); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
	s := weekly(t)
	s.ExRules = []recur.Rule{mustRule(t, "FREQ=WEEKLY;INTERVAL=2")}
	if got, want := starts(t, s, berlinZone, 100), "20260309T0930 20260323T0930 20260406T0930"; got != want {
		t.Errorf("exrule: got %s, want %s", got, want)
	}
}

func TestDates(t *testing.T) {
	s := weekly(t)
	s.Rules = nil
	extra, err := ical.ParsePeriod("20260305T120000/PT2H", berlinZone)
	if err != nil {
		t.Fatal(err)
	}
	fixed, err := ical.ParsePeriod("20260306T110000Z/20260306T113000Z", "")
	if err != nil {
		t.Fatal(err)
	}
	s.Dates = []ical.Period{extra, {Start: mustTime(t, "20260302T083000Z", "")}, fixed}
	list, _ := s.Expand((&recur.Zones{}).Find, recur.Window{From: 0, To: math.MaxInt64, Max: 10})
	var got []int64
	for _, in := range list {
		got = append(got, (in.End-in.Start)/60)
	}
	if !slices.Equal(got, []int64{60, 120, 30}) {
		t.Errorf("got lengths %v in minutes, want 60, 120, 30 (the date equal to the start counts once)", got)
	}
}

func TestOverrides(t *testing.T) {
	s := weekly(t)
	s.Overrides = []recur.Override{
		{ID: mustTime(t, "20260309T083000Z", ""), Start: mustTime(t, "20260310T140000", berlinZone), Length: recur.Length{Seconds: 1800}},
		{ID: mustTime(t, "20260323T093000", berlinZone), Start: mustTime(t, "20260324T100000", berlinZone), Length: recur.Length{Seconds: 600}, Future: true},
		{ID: mustTime(t, "20260406T093000", berlinZone), Start: mustTime(t, "20260406T110000", berlinZone), Length: recur.Length{Seconds: 60}},
	}
	want := "20260302T0930 20260310T1400 20260316T0930 20260324T1000 20260331T1000 20260406T1100"
	if got := starts(t, s, berlinZone, 100); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	list, _ := s.Expand((&recur.Zones{}).Find, recur.Window{From: 0, To: math.MaxInt64, Max: 10})
	var which []int
	for _, in := range list {
		which = append(which, in.Override)
	}
	if !slices.Equal(which, []int{-1, 0, -1, 1, 1, 2}) {
		t.Errorf("overrides used: %v", which)
	}
	s.Start, s.Rules = ical.Time{}, nil
	if got := starts(t, s, berlinZone, 100); got != "20260310T1400 20260324T1000 20260406T1100" {
		t.Errorf("overrides alone: got %s", got)
	}
}

func TestWindow(t *testing.T) {
	s := &recur.Series{Start: mustTime(t, "19700101T233000", "Europe/Berlin"), Length: recur.Length{Seconds: 3600}, Rules: []recur.Rule{mustRule(t, "FREQ=DAILY")}}
	at := func(v string) int64 {
		return (&recur.Zones{}).Find(berlinZone).Instant(mustTime(t, v, "").Wall)
	}
	list, complete := s.Expand((&recur.Zones{}).Find, recur.Window{From: at("20260302T000000"), To: at("20260303T000000"), Max: 10})
	if len(list) != 2 || !complete || list[0].Start != at("20260301T233000") || list[1].Start != at("20260302T233000") {
		t.Errorf("got %+v: want the one that reaches into the day and the one that begins in it", list)
	}
	if list, complete = s.Expand((&recur.Zones{}).Find, recur.Window{From: 0, To: math.MaxInt64, Max: 7}); len(list) != 7 || complete {
		t.Errorf("got %d instances, complete %v: want 7, cut short", len(list), complete)
	}
}

func TestBounds(t *testing.T) {
	find := (&recur.Zones{}).Find
	at := func(v string) int64 { return find(berlinZone).Instant(mustTime(t, v, "").Wall) }
	for _, c := range []struct {
		name       string
		edit       func(*recur.Series)
		start, end int64
	}{
		{"count", func(*recur.Series) {}, at("20260302T093000"), at("20260406T103000")},
		{"single", func(s *recur.Series) { s.Rules = nil }, at("20260302T093000"), at("20260302T103000")},
		{"endless", func(s *recur.Series) { s.Rules[0].Count = 0 }, at("20260302T093000"), math.MaxInt64},
		{"until", func(s *recur.Series) { s.Rules[0] = mustRule(t, "FREQ=DAILY;UNTIL=20260401T073000Z") }, at("20260302T093000"), at("20260401T103000")},
		{"until long after", func(s *recur.Series) { s.Rules[0] = mustRule(t, "FREQ=DAILY;UNTIL=20760401T073000Z") }, at("20260302T093000"), at("20760401T103000")},
		{"huge count", func(s *recur.Series) { s.Rules[0] = mustRule(t, "FREQ=SECONDLY;COUNT=2000000000") }, at("20260302T093000"), math.MaxInt64},
		{"impossible", func(s *recur.Series) { s.Rules[0] = mustRule(t, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=5") }, at("20260302T093000"), at("20260302T103000")},
		{"first excluded", func(s *recur.Series) { s.Except = []ical.Time{s.Start} }, at("20260309T093000"), at("20260406T103000")},
		{"last moved later", func(s *recur.Series) {
			s.Overrides = []recur.Override{{ID: mustTime(t, "20260406T093000", berlinZone), Start: mustTime(t, "20260601T093000", berlinZone)}}
		}, at("20260302T093000"), at("20260601T093000")},
		{"last moved earlier", func(s *recur.Series) {
			s.Overrides = []recur.Override{{ID: mustTime(t, "20260406T093000", berlinZone), Start: mustTime(t, "20260301T093000", berlinZone)}}
		}, at("20260301T093000"), at("20260330T103000")},
	} {
		s := weekly(t)
		c.edit(s)
		start, end, ok := s.Bounds(find)
		if !ok || start != c.start || end != c.end {
			t.Errorf("%s: got %d to %d, want %d to %d", c.name, start, end, c.start, c.end)
		}
	}
	if _, _, ok := (&recur.Series{}).Bounds(find); ok {
		t.Error("a series without any time has bounds")
	}
}

// Rules that never or hardly ever match, and rules that match every second, end quickly.
func TestHostileRules(t *testing.T) {
	for _, r := range []string{
		"FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=31",
		"FREQ=SECONDLY;INTERVAL=60;BYSECOND=1",
		"FREQ=SECONDLY;INTERVAL=86400;BYHOUR=5;BYMINUTE=7",
		"FREQ=MINUTELY;BYYEARDAY=366;BYMONTH=1",
		"FREQ=HOURLY;INTERVAL=24;BYHOUR=3",
		"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=WEEKLY;BYMONTH=4;BYMONTHDAY=31",
		"FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31",
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31",
		"FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
		"FREQ=YEARLY;INTERVAL=1000000000000",
		"FREQ=SECONDLY;INTERVAL=1099511627776",
		"FREQ=DAILY;BYSETPOS=5",
		"FREQ=YEARLY;BYSETPOS=366;BYDAY=MO",
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1000000000",
	} {
		s := &recur.Series{Start: mustTime(t, "20260302T093000", berlinZone), Rules: []recur.Rule{mustRule(t, r)}}
		begin := time.Now()
		list, _ := s.Expand((&recur.Zones{}).Find, recur.Window{From: math.MinInt64, To: math.MaxInt64, Max: 1000})
		s.Bounds((&recur.Zones{}).Find)
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("%s: took %v", r, took)
		}
		if len(list) != 1 {
			t.Errorf("%s: %d instances, want the start alone", r, len(list))
		}
	}
	big := "FREQ=YEARLY;BYHOUR=" + numbers(24) + ";BYMINUTE=" + numbers(60) + ";BYSECOND=" + numbers(60) + ";BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-1,1"
	s := &recur.Series{Start: mustTime(t, "20260101T000000", ""), Rules: []recur.Rule{mustRule(t, big)}}
	if got, want := starts(t, s, "UTC", 3), "20260101T0000 20261231T2359 20270101T0000"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func numbers(n int) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprint(i))
	}
	return strings.Join(out, ",")
}

// Against another implementation: random rules whose start belongs to them give the same wall times.
func TestAgainstRRuleGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		freq := rapid.SampledFrom([]string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY"}).Draw(t, "freq")
		parts := []string{"FREQ=" + freq}
		add := func(name string, gen *rapid.Generator[int], max int, odds int) {
			if rapid.IntRange(0, odds).Draw(t, name+"?") == 0 {
				var vals []string
				for _, n := range rapid.SliceOfNDistinct(gen, 1, max, rapid.ID[int]).Draw(t, name) {
					if n != 0 || name == "BYHOUR" || name == "BYMINUTE" {
						vals = append(vals, fmt.Sprint(n))
					}
				}
				if len(vals) > 0 {
					parts = append(parts, name+"="+strings.Join(vals, ","))
				}
			}
		}
		parts = append(parts, fmt.Sprintf("INTERVAL=%d", rapid.IntRange(1, 4).Draw(t, "interval")))
		parts = append(parts, "WKST="+rapid.SampledFrom([]string{"MO", "SU", "TH"}).Draw(t, "wkst"))
		add("BYMONTH", rapid.IntRange(1, 12), 3, 3)
		if freq != "WEEKLY" {
			add("BYMONTHDAY", rapid.IntRange(-31, 31), 3, 3)
		}
		if freq == "YEARLY" {
			add("BYYEARDAY", rapid.IntRange(-366, 366), 3, 6)
		}
		if rapid.IntRange(0, 2).Draw(t, "byday?") == 0 {
			day := rapid.SampledFrom([]string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"})
			var vals []string
			nth := freq == "MONTHLY" && rapid.Bool().Draw(t, "nth") // the other cannot mix days with and without
			for _, d := range rapid.SliceOfNDistinct(day, 1, 3, rapid.ID[string]).Draw(t, "byday") {
				if nth {
					d = rapid.SampledFrom([]string{"1", "2", "-1", "-2", "5"}).Draw(t, "n") + d
				}
				vals = append(vals, d)
			}
			parts = append(parts, "BYDAY="+strings.Join(vals, ","))
		}
		add("BYHOUR", rapid.IntRange(0, 23), 3, 4)
		add("BYMINUTE", rapid.IntRange(0, 59), 2, 5)
		if len(parts) > 4 && freq != "WEEKLY" { // the other takes the first week to begin at the start
			add("BYSETPOS", rapid.IntRange(-4, 4), 2, 4)
		}
		text := strings.Join(parts, ";")
		start := time.Date(2026, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day"), 9, 30, 0, 0, time.UTC)
		end := start.AddDate(6, 0, 0)

		opt, err := rrule.StrToROption(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		opt.Dtstart = start
		other, err := rrule.NewRRule(*opt)
		if err != nil {
			t.Skip(err)
		}
		var want []string
		next := other.Iterator()
		for len(want) < 50 {
			at, ok := next()
			if !ok || at.After(end) {
				break
			}
			want = append(want, at.Format("20060102T150405"))
		}
		s := &recur.Series{Start: ical.Time{Wall: start.Unix(), Form: ical.UTC}, Rules: []recur.Rule{mustRule2(t, text)}}
		list, _ := s.Expand((&recur.Zones{}).Find, recur.Window{From: math.MinInt64, To: end.Unix() + 1, Max: 60})
		var got []string
		for _, in := range list {
			got = append(got, time.Unix(in.Start, 0).UTC().Format("20060102T150405"))
		}
		first := start.Format("20060102T150405")
		if len(want) == 0 || want[0] != first { // there the start is always an instance, and elsewhere it is not
			want = append([]string{first}, want...)
		}
		if n := min(50, len(got)); !slices.Equal(got[:n], want[:min(n, len(want))]) {
			t.Fatalf("%s from %s\n got %v\nwant %v", text, first, got, want)
		}
	})
}

func mustRule2(t *rapid.T, v string) recur.Rule {
	r, err := recur.ParseRule(v)
	if err != nil {
		t.Fatalf("%s: %v", v, err)
	}
	return r
}

func TestParseRule(t *testing.T) {
	for in, want := range map[string]string{
		"INTERVAL=1;FREQ=WEEKLY;WKST=MO;BYDAY=WE,MO":                   "FREQ=WEEKLY;BYDAY=MO,WE",
		"freq=daily;count=3":                                           "FREQ=DAILY;COUNT=3",
		"FREQ=MONTHLY;BYDAY=-1SU,+2MO;":                                "FREQ=MONTHLY;BYDAY=-1SU,2MO",
		"FREQ=YEARLY;UNTIL=20261231;X-FOO=BAR":                         "FREQ=YEARLY;UNTIL=20261231",
		"RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=OMIT":                       "FREQ=YEARLY",
		"FREQ=DAILY;BYSECOND=60,59":                                    "FREQ=DAILY;BYSECOND=59",
		"FREQ=SECONDLY;BYMINUTE=2,1;BYHOUR=3;BYSETPOS=-1;BYYEARDAY=-1": "FREQ=SECONDLY;BYYEARDAY=-1;BYHOUR=3;BYMINUTE=1,2;BYSETPOS=-1",
	} {
		r, err := recur.ParseRule(in)
		if err != nil || r.String() != want {
			t.Errorf("%s: got %s, %v; want %s", in, r, err, want)
		}
	}
	for _, in := range []string{"", "FREQ=FORTNIGHTLY", "COUNT=3", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;BYHOUR=24", "FREQ=DAILY;BYMONTHDAY=0",
		"FREQ=DAILY;BYDAY=XX", "FREQ=DAILY;BYDAY=99MO", "FREQ=DAILY;UNTIL=tomorrow", "RSCALE=HEBREW;FREQ=YEARLY", "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD", "FREQ=DAILY;WKST=M", "FREQ=DAILY;COUNT"} {
		if r, err := recur.ParseRule(in); err == nil {
			t.Errorf("%s: read as %s, want an error", in, r)
		}
	}
}

// No rule makes the expansion panic, hang or come out of order.
func FuzzExpand(f *testing.F) {
	f.Add("20260302T093000", "FREQ=DAILY;COUNT=3")
	f.Add("20240229", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29")
	f.Add("20260302T093000Z", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=31;BYSETPOS=-1")
	f.Add("00010101T000000", "FREQ=YEARLY;BYWEEKNO=-1,53;INTERVAL=7;UNTIL=99991231")
	f.Fuzz(func(t *testing.T, start, rule string) {
		r, err := recur.ParseRule(rule)
		if err != nil {
			return
		}
		again, err := recur.ParseRule(r.String())
		if err != nil || again.String() != r.String() {
			t.Fatalf("%q reads back as %q, %v", r, again, err)
		}
		tm, err := ical.ParseTime(start, berlinZone)
		if err != nil {
			return
		}
		s := &recur.Series{Start: tm, Rules: []recur.Rule{r}}
		find := (&recur.Zones{}).Find
		list, _ := s.Expand(find, recur.Window{From: math.MinInt64, To: math.MaxInt64, Max: 100})
		lo, hi, ok := s.Bounds(find)
		for i, in := range list {
			if in.End < in.Start || i > 0 && in.Start <= list[i-1].Start || !ok || in.Start < lo || in.End > hi && len(list) < 100 {
				t.Fatalf("instance %d of %v outside %d to %d or out of order", i, list, lo, hi)
			}
		}
	})
}

func BenchmarkBounds(b *testing.B) {
	find := (&recur.Zones{}).Find
	for _, rule := range []string{"FREQ=WEEKLY", "FREQ=WEEKLY;COUNT=52", "FREQ=DAILY;UNTIL=20350101T000000Z"} {
		s := &recur.Series{Start: mustTime(b, "20260302T093000", berlinZone), Rules: []recur.Rule{mustRule(b, rule)}}
		b.Run(rule, func(b *testing.B) {
			for b.Loop() {
				s.Bounds(find)
			}
		})
	}
}
