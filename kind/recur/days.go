package recur

import (
	"slices"

	"tandem/wire/ical"
)

func (w *walker) addYear(year int) {
	if len(w.implied.ByMonth) > 0 {
		for _, m := range w.implied.ByMonth {
			w.addMonth(year, m)
		}
		return
	}
	for m := 1; m <= 12; m++ {
		w.addMonth(year, m)
	}
}

// addMonth adds the days of a month that count, in order.
func (w *walker) addMonth(year, month int) {
	n := ical.DaysIn(year, month)
	first := ical.DayNumber(year, month, 1)
	r := &w.implied
	if len(r.ByMonthDay) == 1 { // much the most common
		d := r.ByMonthDay[0]
		if d < 0 {
			d = n + 1 + d
		}
		if d >= 1 && d <= n && w.counts(year, month, d, first+int64(d-1)) {
			w.days = append(w.days, (first+int64(d-1))*ical.DaySeconds)
		}
		return
	}
	for d := 1; d <= n; d++ {
		if w.counts(year, month, d, first+int64(d-1)) {
			w.days = append(w.days, (first+int64(d-1))*ical.DaySeconds)
		}
	}
}

func (w *walker) dayCounts(day int64) bool {
	y, m, d := ical.Civil(day)
	return w.counts(y, m, d, day)
}

// counts reports whether a day passes all the BY parts that speak of days.
func (w *walker) counts(y, m, d int, day int64) bool {
	r := &w.implied
	if len(r.ByMonth) > 0 && !slices.Contains(r.ByMonth, m) {
		return false
	}
	if len(r.ByMonthDay) > 0 && !slices.Contains(r.ByMonthDay, d) && !slices.Contains(r.ByMonthDay, d-1-ical.DaysIn(y, m)) {
		return false
	}
	if len(r.ByYearDay) > 0 {
		length := yearLength(y)
		yd := int(day-ical.DayNumber(y, 1, 1)) + 1
		if !slices.Contains(r.ByYearDay, yd) && !slices.Contains(r.ByYearDay, yd-1-length) {
			return false
		}
	}
	if len(r.ByWeekNo) > 0 && r.Freq == Yearly {
		no, weeks := weekNumber(day, r.WeekDay1)
		if !slices.Contains(r.ByWeekNo, no) && !slices.Contains(r.ByWeekNo, no-1-weeks) {
			return false
		}
	}
	return len(r.ByDay) == 0 || w.weekdayCounts(y, m, d, day)
}

// weekdayCounts applies BYDAY. Ordinals count within the month, or within the year where a yearly rule names no
// month; elsewhere RFC 5545 forbids them and they are passed over.
func (w *walker) weekdayCounts(y, m, d int, day int64) bool {
	r := &w.implied
	wd := ical.Weekday(day)
	ordinals := r.Freq == Monthly || r.Freq == Yearly && len(r.ByWeekNo) == 0
	for _, b := range r.ByDay {
		if b.Weekday != wd {
			continue
		}
		if b.N == 0 || !ordinals {
			return true
		}
		at, length := d, ical.DaysIn(y, m)
		if r.Freq == Yearly && len(r.ByMonth) == 0 {
			at, length = int(day-ical.DayNumber(y, 1, 1))+1, yearLength(y)
		}
		if b.N > 0 && (at-1)/7+1 == b.N || b.N < 0 && (length-at)/7+1 == -b.N {
			return true
		}
	}
	return false
}

func yearLength(y int) int {
	if ical.IsLeap(y) {
		return 366
	}
	return 365
}

// weekNumber is the number of a day's week, and how many weeks the year has that the week belongs to. Week 1 is the
// first with at least four days in the year (RFC 5545 3.3.10), weeks beginning on the given weekday.
func weekNumber(day int64, first int) (number, weeks int) {
	begin := day - int64((ical.Weekday(day)-first+7)%7)
	y, _, _ := ical.Civil(begin + 3) // most of the week lies in this year
	week1 := firstWeek(y, first)
	return int((begin-week1)/7) + 1, int((firstWeek(y+1, first) - week1) / 7)
}

func firstWeek(y, first int) int64 {
	fourth := ical.DayNumber(y, 1, 4)
	return fourth - int64((ical.Weekday(fourth)-first+7)%7)
}
