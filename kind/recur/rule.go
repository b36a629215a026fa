package recur

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tandem/wire/ical"
)

// Freq is the FREQ part of a rule.
type Freq uint8

// The frequencies, from long to short.
const (
	Yearly Freq = iota + 1
	Monthly
	Weekly
	Daily
	Hourly
	Minutely
	Secondly
)

var freqNames = [...]string{"", "YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"}

var dayNames = [...]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

// Day is one element of BYDAY: a weekday (0 is Sunday), and its ordinal within the month or year, 0 for every one.
type Day struct {
	N       int
	Weekday int
}

// Rule is an RRULE value, RFC 5545 3.3.10. Lists are sorted and without duplicates.
type Rule struct {
	Freq     Freq
	Interval int64 // at least 1
	Count    int64 // 0: no limit
	Until    ical.Time
	WeekDay1 int // WKST, 0 is Sunday; Monday by default

	BySecond, ByMinute, ByHour               []int
	ByDay                                    []Day
	ByMonthDay, ByYearDay, ByWeekNo, ByMonth []int
	BySetPos                                 []int
}

const maxListed = 400 // elements per BY list: more than any can meaningfully have

// ParseRule reads an RRULE value. Parts nobody defined are ignored, as RFC 5545 asks; RSCALE other than the
// Gregorian calendar (RFC 7529) is refused.
func ParseRule(value string) (Rule, error) {
	r := Rule{Interval: 1, WeekDay1: 1}
	for _, part := range strings.Split(value, ";") {
		name, val, ok := strings.Cut(part, "=")
		name = strings.ToUpper(strings.TrimSpace(name))
		if !ok {
			if name == "" {
				continue // a stray semicolon, which several programs write
			}
			return r, fmt.Errorf("recurrence rule: part %q has no value", clip(part))
		}
		if err := r.set(name, strings.ToUpper(strings.TrimSpace(val))); err != nil {
			return r, fmt.Errorf("recurrence rule: %s: %w", clip(part), err)
		}
	}
	if r.Freq == 0 {
		return r, fmt.Errorf("recurrence rule: no FREQ")
	}
	return r, nil
}

func (r *Rule) set(name, val string) (err error) {
	switch name {
	case "FREQ":
		i := slices.Index(freqNames[1:], val)
		if i < 0 {
			return fmt.Errorf("unknown frequency")
		}
		r.Freq = Freq(i + 1)
	case "INTERVAL":
		r.Interval, err = number(val)
	case "COUNT":
		r.Count, err = number(val)
	case "UNTIL":
		r.Until, err = ical.ParseTime(val, "")
	case "WKST":
		if r.WeekDay1 = slices.Index(dayNames[:], val); r.WeekDay1 < 0 {
			return fmt.Errorf("unknown weekday")
		}
	case "BYSECOND":
		r.BySecond, err = list(val, 0, 60)
		for i, s := range r.BySecond {
			r.BySecond[i] = min(s, 59) // a leap second is not on any clock of ours
		}
		r.BySecond = slices.Compact(r.BySecond)
	case "BYMINUTE":
		r.ByMinute, err = list(val, 0, 59)
	case "BYHOUR":
		r.ByHour, err = list(val, 0, 23)
	case "BYDAY":
		r.ByDay, err = dayList(val)
	case "BYMONTHDAY":
		r.ByMonthDay, err = list(val, -31, 31)
	case "BYYEARDAY":
		r.ByYearDay, err = list(val, -366, 366)
	case "BYWEEKNO":
		r.ByWeekNo, err = list(val, -53, 53)
	case "BYMONTH":
		r.ByMonth, err = list(val, 1, 12)
	case "BYSETPOS":
		r.BySetPos, err = list(val, -366, 366)
	case "RSCALE":
		if val != "GREGORIAN" {
			return fmt.Errorf("calendars other than the Gregorian are not supported")
		}
	case "SKIP":
		if val != "OMIT" {
			return fmt.Errorf("only OMIT is supported")
		}
	}
	return err
}

// number reads a positive number. Larger ones than any calendar needs are cut, so that arithmetic cannot overflow.
func number(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("want a positive number")
	}
	return min(n, 1<<40), nil
}

func list(val string, low, high int) ([]int, error) {
	items := strings.Split(val, ",")
	if len(items) > maxListed {
		return nil, fmt.Errorf("more than %d elements", maxListed)
	}
	out := make([]int, 0, len(items))
	for _, s := range items {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil || n < low || n > high || n == 0 && low != 0 {
			return nil, fmt.Errorf("%q is out of range", clip(s))
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func dayList(val string) ([]Day, error) {
	items := strings.Split(val, ",")
	if len(items) > maxListed {
		return nil, fmt.Errorf("more than %d elements", maxListed)
	}
	out := make([]Day, 0, len(items))
	for _, s := range items {
		s = strings.TrimSpace(s)
		if len(s) < 2 {
			return nil, fmt.Errorf("unknown weekday %q", s)
		}
		d := Day{Weekday: slices.Index(dayNames[:], s[len(s)-2:])}
		if num := s[:len(s)-2]; num != "" {
			n, err := strconv.Atoi(num)
			if err != nil || n < -53 || n > 53 || n == 0 {
				return nil, fmt.Errorf("%q is out of range", clip(s))
			}
			d.N = n
		}
		if d.Weekday < 0 {
			return nil, fmt.Errorf("unknown weekday %q", clip(s))
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b Day) int {
		if a.N != b.N {
			return a.N - b.N
		}
		return a.Weekday - b.Weekday
	})
	return slices.Compact(out), nil
}

// String writes the rule in one canonical spelling: rules that say the same in another order are equal strings.
func (r Rule) String() string {
	var b strings.Builder
	b.WriteString("FREQ=" + freqNames[r.Freq])
	if r.Interval > 1 {
		fmt.Fprintf(&b, ";INTERVAL=%d", r.Interval)
	}
	if r.Count > 0 {
		fmt.Fprintf(&b, ";COUNT=%d", r.Count)
	}
	if !r.Until.IsZero() {
		b.WriteString(";UNTIL=" + r.Until.String())
	}
	for _, l := range []struct {
		name string
		vals []int
	}{{"BYMONTH", r.ByMonth}, {"BYWEEKNO", r.ByWeekNo}, {"BYYEARDAY", r.ByYearDay}, {"BYMONTHDAY", r.ByMonthDay}} {
		writeList(&b, l.name, l.vals)
	}
	for i, d := range r.ByDay {
		if i == 0 {
			b.WriteString(";BYDAY=")
		} else {
			b.WriteByte(',')
		}
		if d.N != 0 {
			b.WriteString(strconv.Itoa(d.N))
		}
		b.WriteString(dayNames[d.Weekday])
	}
	writeList(&b, "BYHOUR", r.ByHour)
	writeList(&b, "BYMINUTE", r.ByMinute)
	writeList(&b, "BYSECOND", r.BySecond)
	writeList(&b, "BYSETPOS", r.BySetPos)
	if r.WeekDay1 != 1 {
		b.WriteString(";WKST=" + dayNames[r.WeekDay1])
	}
	return b.String()
}

func writeList(b *strings.Builder, name string, vals []int) {
	for i, v := range vals {
		if i == 0 {
			b.WriteString(";" + name + "=")
		} else {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(v))
	}
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
