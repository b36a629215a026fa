package recurrence

import (
	"math"
	"slices"

	"tandem/kind/recur"
	"tandem/wire/ical"
)

// FromRule is the pattern of a rule for a series with this start, and whether it means the same as the rule. Where it does not, it is the
// nearest pattern: its instances are near those of the rule, its end is the rule's. limit is the most that Occurrences can hold; a
// rule that counts further ends at its last instance.
func FromRule(rule recur.Rule, start ical.Time, limit int) (r Recurrence, exact bool) {
	r = Recurrence{Interval: int(min(rule.Interval, maxInterval)), FirstDayOfWeek: -1}
	f := fitter{rule: rule, start: start, r: &r, exact: rule.Interval <= maxInterval}
	f.clock()
	switch {
	case len(rule.ByYearDay)+len(rule.ByWeekNo) > 0:
		f.exact = false
		f.yearly()
	case rule.Freq == recur.Weekly:
		f.weekly()
	case rule.Freq == recur.Monthly:
		f.monthly()
	case rule.Freq == recur.Yearly:
		f.yearly()
	default:
		f.daily()
	}
	switch {
	case rule.Count > int64(limit):
		r.Until = last(rule, start)
	case rule.Count > 0:
		r.Occurrences = int(rule.Count)
	default:
		r.Until = rule.Until
	}
	return r, f.exact
}

// fitter finds the pattern of one rule.
type fitter struct {
	rule  recur.Rule
	start ical.Time
	r     *Recurrence
	exact bool
}

// clock looks at the times of day, of which a pattern has one: the start's.
func (f *fitter) clock() {
	sec := f.start.Wall - f.start.Day()*ical.DaySeconds
	for _, by := range []struct {
		list []int
		want int64
	}{{f.rule.ByHour, sec / 3600}, {f.rule.ByMinute, sec / 60 % 60}, {f.rule.BySecond, sec % 60}} {
		if len(by.list) > 1 || len(by.list) == 1 && int64(by.list[0]) != by.want {
			f.exact = false
		}
	}
}

func (f *fitter) daily() {
	f.r.Type = Daily
	if f.rule.Freq != recur.Daily {
		f.exact, f.r.Interval = false, 1 // several times a day
	}
	if len(f.rule.ByMonth)+len(f.rule.ByMonthDay)+len(f.rule.BySetPos) > 0 {
		f.exact = false
	}
	if bits := mask(f.rule.ByDay); bits != 0 && bits != AllDays {
		f.r.DayOfWeek = bits
		if f.r.Interval == 1 {
			f.r.Type = Weekly
			f.r.FirstDayOfWeek = f.rule.WeekDay1
		}
	}
}

func (f *fitter) weekly() {
	f.r.Type, f.r.FirstDayOfWeek, f.r.DayOfWeek = Weekly, f.rule.WeekDay1, mask(f.rule.ByDay)
	if f.r.DayOfWeek == 0 {
		f.r.DayOfWeek = 1 << ical.Weekday(f.start.Day())
	}
	if len(f.rule.ByMonth)+len(f.rule.ByMonthDay)+len(f.rule.BySetPos) > 0 || ordinals(f.rule.ByDay) {
		f.exact = false
	}
}

func (f *fitter) monthly() {
	if len(f.rule.ByMonth) > 0 {
		if len(f.rule.ByMonth) == 1 && f.rule.Interval == 1 { // each of these months is a year after the one before
			f.yearly()
			return
		}
		f.exact = false
	}
	f.within(Monthly, MonthlyNth)
}

func (f *fitter) yearly() {
	if len(f.rule.ByMonth) == 0 && f.rule.Interval == 1 && len(f.rule.ByMonthDay) > 0 && len(f.rule.BySetPos) == 0 && f.rule.Freq == recur.Yearly {
		f.within(Monthly, MonthlyNth) // RFC 5545 3.3.10: that day of every month
		return
	}
	_, month, _ := ical.Civil(f.start.Day())
	f.r.MonthOfYear = month
	if len(f.rule.ByMonth) > 0 {
		f.r.MonthOfYear = f.rule.ByMonth[0]
	} else if len(f.rule.ByMonthDay)+len(f.rule.ByDay) > 0 {
		f.exact = false
	}
	if len(f.rule.ByMonth) > 1 {
		f.exact = false
		if slices.Contains(f.rule.ByMonth, month) {
			f.r.MonthOfYear = month
		}
	}
	f.within(Yearly, YearlyNth)
}

// within finds the day of the month: a number, or an n-th weekday.
func (f *fitter) within(byDate, byWeekday Type) {
	_, _, dom := ical.Civil(f.start.Day())
	rule := f.rule
	switch {
	case len(rule.ByMonthDay) > 0 && len(rule.ByDay) > 0:
		f.exact = false // the thirteenth if it is a Friday
		fallthrough
	case len(rule.ByMonthDay) > 0:
		f.byDate(byDate, byWeekday, dom)
	case len(rule.ByDay) > 0:
		f.byWeekday(byWeekday, (dom-1)/7+1)
	default:
		f.r.Type, f.r.DayOfMonth = byDate, dom
		f.exact = f.exact && len(rule.BySetPos) == 0
	}
}

func (f *fitter) byDate(byDate, byWeekday Type, dom int) {
	d := f.rule.ByMonthDay[0]
	if len(f.rule.ByMonthDay) > 1 || len(f.rule.BySetPos) > 0 {
		f.exact = false
		if slices.Contains(f.rule.ByMonthDay, dom) {
			d = dom
		}
	}
	switch {
	case d > 0:
		f.r.Type, f.r.DayOfMonth = byDate, d
	default:
		f.r.Type, f.r.DayOfWeek, f.r.WeekOfMonth = byWeekday, AllDays, 5
		f.exact = f.exact && d == -1
	}
}

func (f *fitter) byWeekday(byWeekday Type, week int) {
	bits, n := mask(f.rule.ByDay), f.rule.ByDay[0].N
	f.r.Type, f.r.DayOfWeek = byWeekday, bits
	switch {
	case n == 0 && len(f.rule.BySetPos) == 1 && !ordinals(f.rule.ByDay):
		n = f.rule.BySetPos[0] // the first of these weekdays
	case n == 0 || len(f.rule.ByDay) > 1 || len(f.rule.BySetPos) > 0:
		f.exact = false // every Monday of the month, or the first Monday and the first Tuesday
		if n == 0 {
			n = week
		}
	}
	switch {
	case n >= 1 && n <= 4:
		f.r.WeekOfMonth = n
	case n == -1:
		f.r.WeekOfMonth = 5
	default:
		f.r.WeekOfMonth, f.exact = 5, false // a fifth does not mean the last
	}
}

// mask is the weekdays as bits.
func mask(list []recur.Day) (bits int) {
	for _, d := range list {
		bits |= 1 << d.Weekday
	}
	return bits
}

func ordinals(list []recur.Day) bool {
	return slices.ContainsFunc(list, func(d recur.Day) bool { return d.N != 0 })
}

// last is the wall time of the last instance of a rule that counts.
func last(rule recur.Rule, start ical.Time) ical.Time {
	const most = 20000 // instances looked at
	s := recur.Series{Start: ical.Time{Wall: start.Wall, Form: ical.Floating}, Rules: []recur.Rule{rule}}
	list, _ := s.Expand(func(string) recur.Zone { return nil }, recur.Window{From: math.MinInt64 / 4, To: math.MaxInt64 / 4, Max: most})
	if len(list) == 0 {
		return ical.Time{}
	}
	form := ical.Floating
	if start.Form == ical.Date {
		form = ical.Date
	}
	return ical.Time{Wall: list[len(list)-1].ID, Form: form}
}
