// Package recurrence translates between the recurrence patterns of Exchange ActiveSync (MS-ASCAL 2.2.2.37, MS-ASTASK 2.2.2.20) and
// rules of iCalendar (RFC 5545 3.3.10). Both are taken in wall time.
//
// A rule can say more than a pattern. FromRule tells whether the pattern means the same; where it does not, the pattern is the nearest there
// is, for showing only. A view that gets back the pattern that it showed (Same) leaves the rule as it is.
package recurrence

import (
	"fmt"

	"tandem"
	"tandem/kind/recur"
	"tandem/wire/ical"
)

// Type is the sort of a pattern, MS-ASCAL 2.2.2.45.
type Type uint8

// The types; there is no 4.
const (
	Daily       Type = 0
	Weekly      Type = 1
	Monthly     Type = 2 // on a day of the month
	MonthlyNth  Type = 3 // on the n-th weekday
	Yearly      Type = 5 // on a day of a month
	YearlyNth   Type = 6 // on the n-th weekday of a month
	maxInterval      = 999
)

// Days are bits of DayOfWeek, MS-ASCAL 2.2.2.15: Sunday is 1, Saturday 64.
const (
	Sunday   = 1
	Weekdays = 62
	Weekend  = 65
	AllDays  = 127 // with an n-th: the n-th day of the month
)

// A Recurrence is the content of a Recurrence element.
type Recurrence struct {
	Type     Type
	Interval int // 0 is 1

	Until       ical.Time // the last instance is not after it
	Occurrences int       // 0: no limit

	DayOfWeek      int // bits
	DayOfMonth     int
	WeekOfMonth    int // 1 to 4; 5 is the last
	MonthOfYear    int
	FirstDayOfWeek int // 0 is Sunday; -1 not given

	// What only tasks have, MS-ASTASK 2.2.2.21, 2.2.2.11 and 2.2.2.25.
	Regenerate, DeadOccur bool
	Start                 ical.Time
}

// Same reports whether two patterns mean the same: when, but not Start, Regenerate and DeadOccur. What one of them does not say of the
// first day of the week is no difference, since old versions cannot say it.
func (r Recurrence) Same(o Recurrence) bool {
	if r.FirstDayOfWeek < 0 || o.FirstDayOfWeek < 0 {
		r.FirstDayOfWeek, o.FirstDayOfWeek = 0, 0
	}
	return r.normal() == o.normal()
}

// normal fills in defaults and leaves out what means nothing in this type.
func (r Recurrence) normal() Recurrence {
	r.Interval = max(r.Interval, 1)
	switch r.Type {
	case Daily:
		if r.DayOfWeek == AllDays {
			r.DayOfWeek = 0
		}
		if r.DayOfWeek != 0 && r.Interval == 1 {
			r.Type = Weekly // every day that is one of these is the same as every week on these
		}
	case MonthlyNth, YearlyNth:
		if r.DayOfWeek == AllDays && r.WeekOfMonth < 5 { // the second day of the month
			r.Type, r.DayOfMonth, r.DayOfWeek, r.WeekOfMonth = r.Type-1, r.WeekOfMonth, 0, 0
		}
	}
	if r.Type == Weekly && r.Interval == 1 && r.DayOfWeek == AllDays {
		r.Type, r.DayOfWeek = Daily, 0
	}
	if r.Type != Weekly || r.Interval == 1 {
		r.FirstDayOfWeek = 0 // counts only where weeks are skipped
	}
	if r.Occurrences > 0 {
		r.Until = ical.Time{} // MS-ASTASK_R37013
	}
	if !r.Until.IsZero() {
		r.Until = ical.Time{Wall: r.Until.Wall, Form: ical.UTC}
	}
	r.Start, r.Regenerate, r.DeadOccur = ical.Time{}, false, false
	return r
}

// Rule is the pattern as a rule. What the pattern leaves out is taken from the series' start. An error is of kind Invalid.
func (r Recurrence) Rule(start ical.Time) (recur.Rule, error) {
	out := recur.Rule{Interval: int64(max(r.Interval, 1)), WeekDay1: 1}
	day := start.Day()
	_, month, dayOfMonth := ical.Civil(day)
	if r.DayOfMonth == 0 {
		r.DayOfMonth = dayOfMonth
	}
	if r.MonthOfYear == 0 {
		r.MonthOfYear = month
	}
	if r.WeekOfMonth == 0 {
		r.WeekOfMonth = (dayOfMonth-1)/7 + 1
	}
	if r.DayOfWeek == 0 && r.Type != Daily {
		r.DayOfWeek = 1 << ical.Weekday(day)
	}
	switch r.Type {
	case Daily:
		out.Freq = recur.Daily
		if r.DayOfWeek != AllDays {
			out.ByDay = days(r.DayOfWeek, 0)
		}
	case Weekly:
		out.Freq, out.ByDay = recur.Weekly, days(r.DayOfWeek, 0)
		if r.FirstDayOfWeek >= 0 {
			out.WeekDay1 = r.FirstDayOfWeek
		}
	case Monthly:
		out.Freq, out.ByMonthDay = recur.Monthly, []int{r.DayOfMonth}
	case MonthlyNth:
		out.Freq = recur.Monthly
		r.nth(&out)
	case Yearly:
		out.Freq, out.ByMonth, out.ByMonthDay = recur.Yearly, []int{r.MonthOfYear}, []int{r.DayOfMonth}
	case YearlyNth:
		out.Freq, out.ByMonth = recur.Yearly, []int{r.MonthOfYear}
		r.nth(&out)
	default:
		return out, invalid(fmt.Sprintf("type %d", r.Type), "no such type of recurrence")
	}
	if r.Occurrences > 0 {
		out.Count = int64(r.Occurrences)
	} else {
		out.Until = r.Until
	}
	return out, nil
}

// nth sets the day of the types that count weekdays within a month.
func (r Recurrence) nth(out *recur.Rule) {
	n := r.WeekOfMonth
	if n == 5 {
		n = -1
	}
	switch days := days(r.DayOfWeek, 0); {
	case len(days) == 7:
		out.ByMonthDay = []int{n}
	case len(days) == 1:
		out.ByDay = []recur.Day{{N: n, Weekday: days[0].Weekday}}
	default:
		out.ByDay, out.BySetPos = days, []int{n}
	}
}

// days turns bits into days.
func days(bits, n int) []recur.Day {
	var out []recur.Day
	for d := range 7 {
		if bits&(1<<d) != 0 {
			out = append(out, recur.Day{N: n, Weekday: d})
		}
	}
	return out
}

func invalid(thing, msg string) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: "read recurrence", Thing: thing, Err: fmt.Errorf("%s", msg)}
}
