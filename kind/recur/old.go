package recur

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tandem/wire/ical"
)

// ParseOldRule reads the recurrence grammar of vCalendar 1.0 (section "Recurrence Rule" of its basic grammar):
// "W2 MO WE #10", "MP1 1+ SU 1- FR 19991231T000000Z". Times of day within a rule are not read.
func ParseOldRule(value string) (Rule, error) {
	words := strings.Fields(strings.ToUpper(value))
	bad := func(why string) (Rule, error) {
		return Rule{}, fmt.Errorf("recurrence rule %q of vCalendar 1.0: %s", clip(value), why)
	}
	if len(words) == 0 {
		return bad("empty")
	}
	letters := strings.TrimRight(words[0], "0123456789")
	r := Rule{WeekDay1: 1, Count: 2} // two times is what a rule means that says nothing of its end
	var err error
	if r.Interval, err = number(words[0][len(letters):]); err != nil {
		return bad("no interval")
	}
	switch letters {
	case "D":
		r.Freq = Daily
	case "W":
		r.Freq = Weekly
	case "MP", "MD":
		r.Freq = Monthly
	case "YM", "YD":
		r.Freq = Yearly
	default:
		return bad("unknown frequency")
	}
	words = words[1:]
	if n := len(words); n > 0 && r.end(words[n-1]) {
		words = words[:n-1]
	}
	if len(words) > maxListed || !r.oldList(letters, words) {
		return bad("a part that makes no sense")
	}
	return r, nil
}

// end reads how often or until when.
func (r *Rule) end(word string) bool {
	if count, ok := strings.CutPrefix(word, "#"); ok {
		n, err := strconv.ParseInt(count, 10, 64)
		r.Count = min(n, 1<<40) // 0: for ever
		return err == nil && n >= 0
	}
	t, err := ical.ParseTime(word, "")
	if err != nil {
		return false
	}
	r.Count, r.Until = 0, t
	return true
}

// oldList reads the list between the frequency and the end.
func (r *Rule) oldList(letters string, words []string) bool {
	nth := 0
	for _, w := range words {
		sign := 1
		if strings.HasSuffix(w, "-") {
			sign = -1
		}
		n, err := strconv.Atoi(strings.TrimRight(w, "+-"))
		n *= sign
		day := slices.Index(dayNames[:], w)
		switch {
		case letters == "W" && day >= 0:
			r.ByDay = append(r.ByDay, Day{Weekday: day})
		case letters == "MP" && day >= 0 && nth != 0:
			r.ByDay = append(r.ByDay, Day{N: nth, Weekday: day})
		case letters == "MP" && err == nil && n != 0 && n >= -5 && n <= 5:
			nth = n
		case letters == "MD" && w == "LD":
			r.ByMonthDay = append(r.ByMonthDay, -1)
		case letters == "MD" && err == nil && n != 0 && n >= -31 && n <= 31:
			r.ByMonthDay = append(r.ByMonthDay, n)
		case letters == "YM" && err == nil && n >= 1 && n <= 12:
			r.ByMonth = append(r.ByMonth, n)
		case letters == "YD" && err == nil && n >= 1 && n <= 366:
			r.ByYearDay = append(r.ByYearDay, n)
		default:
			return false
		}
	}
	slices.Sort(r.ByMonthDay)
	slices.Sort(r.ByMonth)
	slices.Sort(r.ByYearDay)
	return true
}
