package page

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/center/when"
	"tandem/server/web/page/words"
)

// ruleWords say a rule as people do.
func ruleWords(w words.Words, r when.Rule) string {
	switch {
	case r.Cron != nil:
		return cronWords(w, r.Cron)
	case r.Every > 0:
		text := w.T("every %s", w.Seconds(r.Every.Seconds()))
		if r.Within != nil {
			text += ", " + daysWords(w, r.Within.Days) + ", " + r.Within.From.String() + "–" + r.Within.To.String()
		}
		return text
	}
	var at []string
	for _, m := range r.At {
		at = append(at, m.String())
	}
	return w.T("at %s", strings.Join(at, ", ")) + ", " + daysWords(w, r.Days)
}

// daysWords name days of the week, three and more in a row by the first and the last.
func daysWords(w words.Words, d when.Days) string {
	var out []string
	all := daysOf(w, d)
	for i := 0; i < len(all); i++ {
		if !all[i].Chosen {
			continue
		}
		last := i
		for last+1 < len(all) && all[last+1].Chosen {
			last++
		}
		if last-i == len(all)-1 {
			return w.T("every day")
		}
		if last-i < 2 {
			out = append(out, all[i].Text)
			continue
		}
		out = append(out, all[i].Text+"–"+all[last].Text)
		i = last
	}
	if len(out) == 0 {
		return w.T("every day")
	}
	return strings.Join(out, ", ")
}

// cronWords say the five fields of cron as people do: the times, the days, the months.
func cronWords(w words.Words, c *when.Cron) string {
	f := c.Fields()
	out := []string{cronTimes(w, f.Minutes, f.Hours)}
	dates := ""
	if f.Dates != nil {
		dates = w.T("on day %s of the month", numbers(f.Dates))
	}
	switch {
	case f.Dates != nil && f.Days != when.Days{}:
		out = append(out, dates+" "+w.T("or")+" "+daysWords(w, f.Days))
	case f.Dates != nil:
		out = append(out, dates)
	default:
		out = append(out, daysWords(w, f.Days))
	}
	if f.Months != nil {
		var names []string
		for _, m := range f.Months {
			names = append(names, monthName(w, m))
		}
		out = append(out, w.T("only in %s", strings.Join(names, ", ")))
	}
	if z := c.Zone(); z != nil {
		out = append(out, z.String())
	}
	return strings.Join(out, ", ")
}

// cronTimes say minutes and hours; nil is all of them.
func cronTimes(w words.Words, minutes, hours []int) string {
	if minutes != nil && hours != nil && len(minutes)*len(hours) <= 6 {
		var at []string
		for _, h := range hours {
			for _, m := range minutes {
				at = append(at, fmt.Sprintf("%02d:%02d", h, m))
			}
		}
		return w.T("at %s", strings.Join(at, ", "))
	}
	step, regular := pace(minutes, 60)
	every := w.T("every %s", w.Seconds((time.Duration(step) * time.Minute).Seconds()))
	hourly, whole := pace(hours, 24)
	switch {
	case regular && hours == nil:
		return every
	case len(minutes) == 1 && minutes[0] == 0 && whole:
		return w.T("every %s", w.Seconds((time.Duration(hourly) * time.Hour).Seconds()))
	case regular && hours[len(hours)-1]-hours[0] == len(hours)-1:
		return every + fmt.Sprintf(", %02d:00–%02d:59", hours[0], hours[len(hours)-1])
	case hours == nil:
		return w.T("at minute %s of every hour", numbers(minutes))
	case minutes == nil:
		return every + ", " + w.T("in the hours %s", numbers(hours))
	}
	return w.T("at minute %s of the hours %s", numbers(minutes), numbers(hours))
}

// pace is how far apart numbers are that go round evenly from 0; nil is all below the top.
func pace(list []int, top int) (step int, ok bool) {
	if list == nil {
		return 1, true
	}
	if step = top; len(list) > 1 {
		step = list[1]
	}
	for i, n := range list {
		if n != i*step {
			return 0, false
		}
	}
	return step, len(list)*step == top
}

// numbers lists numbers, three and more in a row by the first and the last.
func numbers(list []int) string {
	var out []string
	for i := 0; i < len(list); i++ {
		last := i
		for last+1 < len(list) && list[last+1] == list[last]+1 {
			last++
		}
		if last-i < 2 {
			out = append(out, strconv.Itoa(list[i]))
			continue
		}
		out = append(out, strconv.Itoa(list[i])+"–"+strconv.Itoa(list[last]))
		i = last
	}
	return strings.Join(out, ", ")
}

func monthName(w words.Words, m int) string {
	names := []string{w.T("January"), w.T("February"), w.T("March"), w.T("April"), w.T("May"), w.T("June"), w.T("July"), w.T("August"), w.T("September"), w.T("October"), w.T("November"), w.T("December")}
	return slices.Concat([]string{""}, names)[m]
}
