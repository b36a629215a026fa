package recur

import (
	"slices"

	"tandem/wire/ical"
)

const (
	maxYear = 9999
	maxIdle = 60000 // steps without a hit before a rule is taken to be exhausted; a step is about one day looked at
)

var idleCost = [...]int{Yearly: 100, Monthly: 10, Weekly: 2, Daily: 1, Hourly: 1, Minutely: 1, Secondly: 1}

// walker yields the wall times of one rule in rising order. The start is always the first of them, and counts, even
// where the rule itself would not produce it (RFC 5545 3.8.5.3).
type walker struct {
	rule    *Rule
	start   int64
	limit   int64 // wall time after which nothing counts
	left    int64 // instances still to come, -1: no limit
	period  int64 // the next period to look at, counted from the start's
	begun   bool
	idle    int
	implied Rule // the lists with what the start implies filled in

	unit                    int64 // seconds of a period shorter than a day, else 0
	times                   []int64
	days                    []int64 // first seconds of the days (or of the short period) that count in the current period
	pos                     []int   // BYSETPOS resolved against the current period
	done                    int
	total                   int
	hours, minutes, seconds uint64 // as sets; 0: all
}

func newWalker(r *Rule, start ical.Time, limit int64) *walker {
	w := &walker{rule: r, start: start.Wall, limit: limit, left: -1}
	if r.Count > 0 {
		w.left = r.Count
	}
	w.imply()
	sec := start.Wall - start.Day()*ical.DaySeconds
	switch {
	case r.Freq < Hourly && start.Form == ical.Date:
		w.times = []int64{0}
	case r.Freq < Hourly:
		w.times = clock(orOne(r.ByHour, sec/3600), orOne(r.ByMinute, sec/60%60), orOne(r.BySecond, sec%60))
	case start.Form == ical.Date:
		w.left = min(max(w.left, 1), 1) // RFC 5545 3.3.10 forbids it: only the start is certain
	case r.Freq == Hourly:
		w.unit, w.times = 3600, clock([]int{0}, orOne(r.ByMinute, sec/60%60), orOne(r.BySecond, sec%60))
	case r.Freq == Minutely:
		w.unit, w.times = 60, clock([]int{0}, []int{0}, orOne(r.BySecond, sec%60))
	default:
		w.unit, w.times = 1, []int64{0}
	}
	w.hours, w.minutes, w.seconds = set(r.ByHour), set(r.ByMinute), set(r.BySecond)
	return w
}

// imply fills in the day that the start implies where the rule names none.
func (w *walker) imply() {
	r := *w.rule
	y, m, d := ical.Civil(ical.FloorDiv(w.start, ical.DaySeconds))
	wd := ical.Weekday(ical.DayNumber(y, m, d))
	named := len(r.ByDay)+len(r.ByMonthDay)+len(r.ByYearDay) > 0
	switch {
	case named || r.Freq >= Daily:
	case r.Freq == Weekly || len(r.ByWeekNo) > 0:
		r.ByDay = []Day{{Weekday: wd}}
	default:
		r.ByMonthDay = []int{d}
		if r.Freq == Yearly && len(r.ByMonth) == 0 {
			r.ByMonth = []int{m}
		}
	}
	w.implied = r
}

func orOne(list []int, one int64) []int {
	if len(list) > 0 {
		return list
	}
	return []int{int(one)}
}

func set(list []int) uint64 {
	var s uint64
	for _, n := range list {
		s |= 1 << n
	}
	return s
}

func has(s uint64, n int64) bool { return s == 0 || s>>n&1 == 1 }

// clock lists seconds of the day in rising order; the lists are sorted.
func clock(hours, minutes, seconds []int) []int64 {
	out := make([]int64, 0, len(hours)*len(minutes)*len(seconds))
	for _, h := range hours {
		for _, m := range minutes {
			for _, s := range seconds {
				out = append(out, int64(h*3600+m*60+s))
			}
		}
	}
	return out
}

// seek skips all periods that end before wall. It must not be used with COUNT, which has to count from the start.
func (w *walker) seek(wall int64) {
	if wall <= w.start || w.rule.Count > 0 {
		return
	}
	w.begun = true // the start lies before and is the caller's
	r := w.rule
	var n int64
	switch {
	case w.unit > 0:
		n = ical.FloorDiv(wall, w.unit) - ical.FloorDiv(w.start, w.unit)
	case r.Freq == Daily:
		n = ical.FloorDiv(wall, ical.DaySeconds) - ical.FloorDiv(w.start, ical.DaySeconds)
	case r.Freq == Weekly:
		n = (ical.FloorDiv(wall, ical.DaySeconds) - ical.FloorDiv(w.start, ical.DaySeconds)) / 7
	default:
		y, m, _ := ical.Civil(ical.FloorDiv(wall, ical.DaySeconds))
		y0, m0, _ := ical.Civil(ical.FloorDiv(w.start, ical.DaySeconds))
		if n = int64(y - y0); r.Freq == Monthly {
			n = n*12 + int64(m-m0)
		}
	}
	w.period = max(0, n/r.Interval-1)
}

// next yields the next wall time; false when the rule is exhausted.
func (w *walker) next() (int64, bool) {
	if w.left == 0 || w.start > w.limit {
		return 0, false
	}
	if !w.begun {
		w.begun = true
		return w.give(w.start)
	}
	for {
		for w.done < w.total {
			i := w.done
			w.done++
			if w.pos != nil {
				i = w.pos[i]
			}
			wall := w.days[i/len(w.times)] + w.times[i%len(w.times)]
			if wall > w.limit {
				return 0, false
			}
			if wall > w.start {
				w.idle = 0
				return w.give(wall)
			}
		}
		if w.idle += idleCost[w.rule.Freq]; w.idle > maxIdle || !w.fill() {
			return 0, false
		}
	}
}

func (w *walker) give(wall int64) (int64, bool) {
	if w.left > 0 {
		w.left--
	}
	return wall, true
}

// fill computes the next period; false when time itself is exhausted.
func (w *walker) fill() bool {
	w.days, w.done = w.days[:0], 0
	day0 := ical.FloorDiv(w.start, ical.DaySeconds)
	step := w.period * w.rule.Interval
	if step > 1<<42 || step < 0 {
		return false
	}
	w.period++
	y, m, _ := ical.Civil(day0)
	switch {
	case w.unit > 0:
		w.period--
		return w.fillShort()
	case w.rule.Freq == Yearly:
		y64 := int64(y) + step
		if y64 > maxYear {
			return false
		}
		w.addYear(int(y64))
	case w.rule.Freq == Monthly:
		months := int64(y)*12 + int64(m-1) + step
		if months/12 > maxYear {
			return false
		}
		w.addMonth(int(months/12), int(months%12)+1)
	case w.rule.Freq == Weekly:
		back := int64((ical.Weekday(day0) - w.rule.WeekDay1 + 7) % 7)
		first := day0 - back + 7*step
		if !w.addDays(first, first+6) {
			return false
		}
	default:
		if !w.addDays(day0+step, day0+step) {
			return false
		}
	}
	w.choose()
	return true
}

func (w *walker) addDays(first, last int64) bool {
	if first > ical.DayNumber(maxYear, 12, 31) {
		return false
	}
	for d := first; d <= last; d++ {
		if w.dayCounts(d) {
			w.days = append(w.days, d*ical.DaySeconds)
		}
	}
	return true
}

// fillShort finds the next period of an hour, a minute or a second that counts. Days, hours and minutes that do not
// count are skipped as a whole.
func (w *walker) fillShort() bool {
	w.total = 0
	at := (ical.FloorDiv(w.start, w.unit) + w.period*w.rule.Interval) * w.unit
	day := ical.FloorDiv(at, ical.DaySeconds)
	if y, _, _ := ical.Civil(day); y > maxYear {
		return false
	}
	sec := at - day*ical.DaySeconds
	switch {
	case !w.dayCounts(day):
		w.skipTo((day + 1) * ical.DaySeconds)
	case !has(w.hours, sec/3600):
		w.skipTo(at - sec%3600 + 3600)
	case w.unit <= 60 && !has(w.minutes, sec/60%60):
		w.skipTo(at - sec%60 + 60)
	case w.unit == 1 && !has(w.seconds, sec%60):
		w.period++
	default:
		w.period++
		w.days = append(w.days, at)
		w.choose()
	}
	return true
}

// skipTo moves to the first period at or after wall, by at least one.
func (w *walker) skipTo(wall int64) {
	units := ical.FloorDiv(wall, w.unit) - ical.FloorDiv(w.start, w.unit)
	w.period = max(w.period+1, (units+w.rule.Interval-1)/w.rule.Interval)
}

// choose applies BYSETPOS to the period's times, which are the days crossed with the times of day.
func (w *walker) choose() {
	n := len(w.days) * len(w.times)
	w.total = n
	if len(w.rule.BySetPos) == 0 {
		return
	}
	if w.pos = w.pos[:0]; w.pos == nil {
		w.pos = []int{}
	}
	for _, p := range w.rule.BySetPos {
		i := p - 1
		if p < 0 {
			i = n + p
		}
		if i >= 0 && i < n {
			w.pos = append(w.pos, i)
		}
	}
	slices.Sort(w.pos)
	w.pos = slices.Compact(w.pos)
	w.total = len(w.pos)
}
