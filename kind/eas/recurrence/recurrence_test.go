package recurrence_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/eas/recurrence"
	"tandem/kind/recur"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

func at(t testing.TB, s string) ical.Time {
	t.Helper()
	v, err := ical.ParseTime(s, "")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func rule(t testing.TB, s string) recur.Rule {
	t.Helper()
	r, err := recur.ParseRule(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Rules that patterns can say, and how they are spelled when they come back.
func TestExactRules(t *testing.T) {
	for _, c := range []struct {
		rule, back string
		want       recurrence.Recurrence
	}{
		{"FREQ=DAILY", "", recurrence.Recurrence{Type: 0, Interval: 1, FirstDayOfWeek: -1}},
		{"FREQ=DAILY;INTERVAL=3;COUNT=5", "", recurrence.Recurrence{Type: 0, Interval: 3, Occurrences: 5, FirstDayOfWeek: -1}},
		{"FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", recurrence.Recurrence{Type: 1, Interval: 1, DayOfWeek: 62, FirstDayOfWeek: 1}},
		{"FREQ=DAILY;INTERVAL=2;BYDAY=SU,MO", "", recurrence.Recurrence{Type: 0, Interval: 2, DayOfWeek: 3, FirstDayOfWeek: -1}},
		{"FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=SU", recurrence.Recurrence{Type: 1, Interval: 1, DayOfWeek: 1, FirstDayOfWeek: 1}},
		{"FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,SA;WKST=SU", "", recurrence.Recurrence{Type: 1, Interval: 2, DayOfWeek: 65, FirstDayOfWeek: 0}},
		{"FREQ=MONTHLY", "FREQ=MONTHLY;BYMONTHDAY=15", recurrence.Recurrence{Type: 2, Interval: 1, DayOfMonth: 15, FirstDayOfWeek: -1}},
		{"FREQ=MONTHLY;BYMONTHDAY=31;INTERVAL=12", "", recurrence.Recurrence{Type: 2, Interval: 12, DayOfMonth: 31, FirstDayOfWeek: -1}},
		{"FREQ=MONTHLY;BYMONTHDAY=-1", "", recurrence.Recurrence{Type: 3, Interval: 1, DayOfWeek: 127, WeekOfMonth: 5, FirstDayOfWeek: -1}},
		{"FREQ=MONTHLY;BYDAY=2TU", "", recurrence.Recurrence{Type: 3, Interval: 1, DayOfWeek: 4, WeekOfMonth: 2, FirstDayOfWeek: -1}},
		{"FREQ=MONTHLY;BYDAY=-1FR", "", recurrence.Recurrence{Type: 3, Interval: 1, DayOfWeek: 32, WeekOfMonth: 5, FirstDayOfWeek: -1}},
		{"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "", recurrence.Recurrence{Type: 3, Interval: 1, DayOfWeek: 62, WeekOfMonth: 5, FirstDayOfWeek: -1}},
		{"FREQ=MONTHLY;BYDAY=WE;BYSETPOS=3", "FREQ=MONTHLY;BYDAY=3WE", recurrence.Recurrence{Type: 3, Interval: 1, DayOfWeek: 8, WeekOfMonth: 3, FirstDayOfWeek: -1}},
		{"FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=15", recurrence.Recurrence{Type: 5, Interval: 1, DayOfMonth: 15, MonthOfYear: 3, FirstDayOfWeek: -1}},
		{"FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=4;INTERVAL=2", "", recurrence.Recurrence{Type: 5, Interval: 2, DayOfMonth: 4, MonthOfYear: 7, FirstDayOfWeek: -1}},
		{"FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "", recurrence.Recurrence{Type: 6, Interval: 1, DayOfWeek: 16, WeekOfMonth: 4, MonthOfYear: 11, FirstDayOfWeek: -1}},
		{"FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "", recurrence.Recurrence{Type: 6, Interval: 1, DayOfWeek: 1, WeekOfMonth: 5, MonthOfYear: 10, FirstDayOfWeek: -1}},
		{"FREQ=YEARLY;BYMONTHDAY=1", "FREQ=MONTHLY;BYMONTHDAY=1", recurrence.Recurrence{Type: 2, Interval: 1, DayOfMonth: 1, FirstDayOfWeek: -1}},
		{"FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=9", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=9", recurrence.Recurrence{Type: 5, Interval: 1, DayOfMonth: 9, MonthOfYear: 2, FirstDayOfWeek: -1}},
		{"FREQ=DAILY;BYHOUR=9;BYMINUTE=30", "FREQ=DAILY", recurrence.Recurrence{Type: 0, Interval: 1, FirstDayOfWeek: -1}},
	} {
		start := at(t, "20260315T093000") // a Sunday, the third of the month
		got, exact := recurrence.FromRule(rule(t, c.rule), start, 999)
		if got != c.want || !exact {
			t.Errorf("%s: %+v, exact %v", c.rule, got, exact)
		}
		back, err := got.Rule(start)
		if c.back == "" {
			c.back = c.rule
		}
		if err != nil || back.String() != rule(t, c.back).String() {
			t.Errorf("%s comes back as %s, %v", c.rule, back, err)
		}
		sameInstances(t, rule(t, c.rule), back, start)
	}
}

// Rules that no pattern can say are told to be so, and shown near.
func TestInexactRules(t *testing.T) {
	for s, want := range map[string]recurrence.Type{
		"FREQ=MONTHLY;BYMONTHDAY=1,15":          2,
		"FREQ=MONTHLY;BYDAY=MO":                 3,
		"FREQ=MONTHLY;BYDAY=5MO":                3,
		"FREQ=MONTHLY;BYDAY=-2MO":               3,
		"FREQ=MONTHLY;BYDAY=1MO,3MO":            3,
		"FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13":   2,
		"FREQ=MONTHLY;BYMONTHDAY=-2":            3,
		"FREQ=MONTHLY;BYMONTH=1,7;BYMONTHDAY=1": 2,
		"FREQ=YEARLY;BYDAY=20MO":                6,
		"FREQ=YEARLY;BYMONTH=1,7":               5,
		"FREQ=YEARLY;BYYEARDAY=100":             5,
		"FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO":      6,
		"FREQ=HOURLY;INTERVAL=6":                0,
		"FREQ=DAILY;BYHOUR=9,17":                0,
		"FREQ=DAILY;BYMONTH=1":                  0,
		"FREQ=WEEKLY;BYDAY=MO;BYMONTH=6":        1,
		"FREQ=DAILY;INTERVAL=1000":              0,
		"FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1,2": 3,
		"FREQ=MONTHLY;INTERVAL=2;BYMONTH=2":     2,
	} {
		r, exact := recurrence.FromRule(rule(t, s), at(t, "20260315T093000"), 999)
		if exact || r.Type != want {
			t.Errorf("%s: type %d, exact %v", s, r.Type, exact)
		}
		if back, err := r.Rule(at(t, "20260315T093000")); err != nil || back.Freq == 0 {
			t.Errorf("%s: %v", s, err)
		}
		valid(t, recurrence.CalendarTags().Element(r, eas.Options{Version: eas.V161}))
	}
}

// A count beyond what the element can hold becomes the end that it means.
func TestLongCount(t *testing.T) {
	r, exact := recurrence.FromRule(rule(t, "FREQ=DAILY;COUNT=300"), at(t, "20260101T080000"), 255)
	if !exact || r.Occurrences != 0 || r.Until != at(t, "20261027T080000") {
		t.Errorf("%+v, exact %v", r, exact)
	}
	r, _ = recurrence.FromRule(rule(t, "FREQ=DAILY;COUNT=300"), at(t, "20260101"), 255)
	if r.Until != at(t, "20261027") {
		t.Errorf("%+v", r)
	}
	r, _ = recurrence.FromRule(rule(t, "FREQ=DAILY;COUNT=255"), at(t, "20260101"), 255)
	if r.Occurrences != 255 || !r.Until.IsZero() {
		t.Errorf("%+v", r)
	}
}

// sameInstances compares what two rules make, over some years.
func sameInstances(t *testing.T, a, b recur.Rule, start ical.Time) {
	t.Helper()
	list := func(r recur.Rule) []recur.Instance {
		s := recur.Series{Start: start, Rules: []recur.Rule{r}}
		out, _ := s.Expand(func(string) recur.Zone { return nil }, recur.Window{From: math.MinInt64 / 4, To: start.Wall + 8*366*86400, Max: 5000})
		return out
	}
	if x, y := list(a), list(b); !slices.Equal(x, y) {
		t.Errorf("%s has %d instances, %s has %d, or others", a, len(x), b, len(y))
	}
}

func gen() *rapid.Generator[recurrence.Recurrence] {
	return rapid.Custom(func(t *rapid.T) recurrence.Recurrence {
		r := recurrence.Recurrence{Type: rapid.SampledFrom([]recurrence.Type{0, 1, 2, 3, 5, 6}).Draw(t, "type"),
			Interval: rapid.IntRange(1, 5).Draw(t, "interval"), FirstDayOfWeek: -1}
		bits := rapid.IntRange(1, 127).Draw(t, "bits")
		switch r.Type {
		case 0:
			if rapid.Bool().Draw(t, "days") {
				r.DayOfWeek = bits
			}
		case 1:
			r.DayOfWeek, r.FirstDayOfWeek = bits, rapid.IntRange(0, 6).Draw(t, "first")
		case 3, 6:
			r.DayOfWeek, r.WeekOfMonth = bits, rapid.IntRange(1, 5).Draw(t, "week")
		default:
			r.DayOfMonth = rapid.IntRange(1, 31).Draw(t, "day")
		}
		if r.Type >= 5 {
			r.MonthOfYear = rapid.IntRange(1, 12).Draw(t, "month")
		}
		switch rapid.IntRange(0, 2).Draw(t, "end") {
		case 0:
			r.Occurrences = rapid.IntRange(1, 255).Draw(t, "count")
		case 1:
			r.Until = ical.Time{Wall: rapid.Int64Range(1e9, 3e9).Draw(t, "until"), Form: ical.UTC}
		}
		return r
	})
}

// Every pattern is a rule, and that rule is the pattern; what is written is read again.
func TestPatternsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := gen().Draw(t, "pattern")
		start := ical.Time{Wall: rapid.Int64Range(1e9, 2e9).Draw(t, "start"), Form: ical.Floating}
		rule, err := r.Rule(start)
		if err != nil {
			t.Fatal(err)
		}
		back, exact := recurrence.FromRule(rule, start, 255)
		if !exact || !back.Same(r) {
			t.Fatalf("%+v is %s is %+v, exact %v", r, rule, back, exact)
		}
		for _, tags := range []recurrence.Tags{recurrence.CalendarTags(), recurrence.TaskTags()} {
			got, err := tags.Read(tags.Element(r, eas.Options{Version: eas.V161}))
			if err != nil || !got.Same(r) {
				t.Fatalf("%+v is read as %+v, %v", r, got, err)
			}
		}
	})
}

func valid(t *testing.T, e *wbxml.Element) {
	t.Helper()
	if got, err := recurrence.CalendarTags().Read(e); err != nil || got == nil {
		t.Errorf("%v: %v", e, err)
	}
}

func TestRead(t *testing.T) {
	tags := recurrence.TaskTags()
	text := func(tag wbxml.Tag, s string) *wbxml.Element { return wbxml.Text(tag, s) }
	read := func(children ...*wbxml.Element) error {
		_, err := tags.Read(wbxml.New(wbxml.TasksRecurrence, children...))
		return err
	}
	for name, err := range map[string]error{
		"MS-ASTASK_R289: no Type":                 read(text(wbxml.TasksInterval, "1")),
		"MS-ASTASK_R292: Type 4":                  read(text(wbxml.TasksType, "4")),
		"Type 7":                                  read(text(wbxml.TasksType, "7")),
		"MS-ASTASK_R132: DayOfMonth in a weekly":  read(text(wbxml.TasksType, "1"), text(wbxml.TasksDayOfMonth, "3")),
		"MS-ASTASK_R532: DayOfWeek in a monthly":  read(text(wbxml.TasksType, "2"), text(wbxml.TasksDayOfWeek, "2")),
		"MS-ASTASK_R533: DayOfWeek in a yearly":   read(text(wbxml.TasksType, "5"), text(wbxml.TasksDayOfWeek, "2")),
		"MS-ASTASK_R320: WeekOfMonth in a daily":  read(text(wbxml.TasksType, "0"), text(wbxml.TasksWeekOfMonth, "2")),
		"MS-ASTASK_R81: CalendarType in a weekly": read(text(wbxml.TasksType, "1"), text(wbxml.TasksCalendarType, "1")),
		"MS-ASTASK_R171: FirstDayOfWeek 7":        read(text(wbxml.TasksType, "1"), text(wbxml.TasksFirstDayOfWeek, "7")),
		"MS-ASTASK_R192: Interval 1000":           read(text(wbxml.TasksType, "1"), text(wbxml.TasksInterval, "1000")),
		"MS-ASTASK_R525: DayOfMonth 32":           read(text(wbxml.TasksType, "2"), text(wbxml.TasksDayOfMonth, "32")),
		"MS-ASTASK_R210: MonthOfYear 13":          read(text(wbxml.TasksType, "5"), text(wbxml.TasksMonthOfYear, "13")),
		"MS-ASTASK_R317: WeekOfMonth 6":           read(text(wbxml.TasksType, "6"), text(wbxml.TasksWeekOfMonth, "6")),
		"MS-ASTASK_R84: the Hebrew calendar":      read(text(wbxml.TasksType, "2"), text(wbxml.TasksCalendarType, "8")),
		"MS-ASTASK_R201: IsLeapMonth 2":           read(text(wbxml.TasksType, "2"), text(wbxml.TasksIsLeapMonth, "2")),
		"MS-ASTASK_R4221: Regenerate 2":           read(text(wbxml.TasksType, "2"), text(wbxml.TasksRegenerate, "2")),
		"Until is no time":                        read(text(wbxml.TasksType, "0"), text(wbxml.TasksUntil, "never")),
	} {
		if !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r, err := tags.Read(wbxml.New(wbxml.TasksRecurrence)); r != nil || err != nil { // MS-ASCAL_R2180002, field note 27
		t.Errorf("an empty one is %v, %v", r, err)
	}
	if r, err := tags.Read(nil); r != nil || err != nil {
		t.Errorf("none is %v, %v", r, err)
	}
	for _, calendar := range []string{"0", "1", "2", "3", "4", "5", "7", "9", "10", "11", "12"} { // those with our months
		if err := read(text(wbxml.TasksType, "2"), text(wbxml.TasksCalendarType, calendar), text(wbxml.TasksIsLeapMonth, "0")); err != nil {
			t.Errorf("calendar %s: %v", calendar, err)
		}
	}
	for _, calendar := range []string{"13", "16", "17", "18", "19", "23", "24"} { // MS-ASTASK_R382 and the like
		if err := read(text(wbxml.TasksType, "2"), text(wbxml.TasksCalendarType, calendar)); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("calendar %s: %v", calendar, err)
		}
	}
	r, err := tags.Read(wbxml.New(wbxml.TasksRecurrence, text(wbxml.TasksType, "1"), text(wbxml.TasksDayOfWeek, ""), text(wbxml.TasksDeadOccur, "255"),
		text(wbxml.TasksRegenerate, "1"), text(wbxml.TasksStart, "2026-03-01T00:00:00.000Z")))
	if err != nil || !r.DeadOccur || !r.Regenerate || r.Start.Wall != 1772323200 || r.DayOfWeek != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// MS-ASTASK_R37013: Occurrences counts, Until does not.
func TestOccurrencesBeforeUntil(t *testing.T) {
	r := recurrence.Recurrence{Occurrences: 3, Until: at(t, "20260401")}
	if rule, err := r.Rule(at(t, "20260315")); err != nil || rule.String() != "FREQ=DAILY;COUNT=3" {
		t.Errorf("%s, %v", rule, err)
	}
}

func TestElementByVersion(t *testing.T) {
	tags := recurrence.TaskTags()
	weekly := recurrence.Recurrence{Type: 1, DayOfWeek: 2, FirstDayOfWeek: 0}
	monthly := recurrence.Recurrence{Type: 2, DayOfMonth: 2}
	for v, want := range map[eas.Version][2]bool{eas.V121: {false, false}, eas.V140: {false, true}, eas.V141: {true, true}, eas.V161: {true, true}} {
		o := eas.Options{Version: v}
		got := [2]bool{tags.Element(weekly, o).Has(wbxml.TasksFirstDayOfWeek), tags.Element(monthly, o).Has(wbxml.TasksCalendarType)}
		if got != want { // MS-ASTASK_R546, MS-ASTASK_R505
			t.Errorf("%s: FirstDayOfWeek %v, CalendarType %v", v, got[0], got[1])
		}
	}
	if e := recurrence.CalendarTags().Element(recurrence.Recurrence{}, eas.Options{}); e.Get(wbxml.CalendarDayOfWeek) != "127" { // MS-ASCAL_R204111
		t.Errorf("DayOfWeek %q", e.Get(wbxml.CalendarDayOfWeek))
	}
}

// Field note 12: some clients break on an end in or after 2037.
func TestLateUntil(t *testing.T) {
	r := recurrence.Recurrence{Until: at(t, "20370101T000000Z")}
	o := eas.Options{Version: eas.V161}
	if !recurrence.CalendarTags().Element(r, o).Has(wbxml.CalendarUntil) {
		t.Error("no Until for a client without the quirk")
	}
	o.Quirks.NoLateUntil = true
	if recurrence.CalendarTags().Element(r, o).Has(wbxml.CalendarUntil) || !r.Shown(o).Same(recurrence.Recurrence{}) {
		t.Error("Until for a client with the quirk")
	}
}

func FuzzFromRule(f *testing.F) {
	f.Add("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1")
	f.Add("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=1000")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := recur.ParseRule(s)
		if err != nil || strings.Contains(s, "COUNT") && r.Count > 5000 {
			return
		}
		start := ical.Time{Wall: 1772323200, Form: ical.UTC}
		pattern, exact := recurrence.FromRule(r, start, 999)
		back, err := pattern.Rule(start)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		if again, ok := recurrence.FromRule(back, start, 999); !ok || !again.Same(pattern) {
			t.Fatalf("%s: %+v is %s is %+v", s, pattern, back, again)
		}
		if read, err := recurrence.CalendarTags().Read(recurrence.CalendarTags().Element(pattern, eas.Options{Version: eas.V161})); err != nil || !read.Same(pattern) {
			t.Fatalf("%s: %+v is read as %+v, %v", s, pattern, read, err)
		}
		_ = exact
	})
}
