package when

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

var dayNames = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// interval reads a duration such as 15m, 2h, 1h30m or "15 minutes", from a minute to a week.
func interval(words []string) (time.Duration, []string, error) {
	if len(words) == 0 {
		return 0, nil, fmt.Errorf("a time such as 15m is missing")
	}
	text, rest := words[0], words[1:]
	if n, err := strconv.Atoi(text); err == nil && len(rest) > 0 {
		unit := map[string]string{"m": "m", "min": "m", "minute": "m", "minutes": "m", "h": "h", "hour": "h", "hours": "h", "day": "d", "days": "d"}[rest[0]]
		text, rest = fmt.Sprint(n)+unit, rest[1:]
	}
	if text == "hour" || text == "minute" || text == "day" {
		text = "1" + text[:1]
	}
	if n, ok := strings.CutSuffix(text, "d"); ok {
		if days, err := strconv.Atoi(n); err == nil && days < 10 {
			text = fmt.Sprint(24*days) + "h"
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, nil, fmt.Errorf("%q is not a time such as 15m or 2h", text)
	}
	if d < time.Minute || d > 7*day || d%time.Second != 0 {
		return 0, nil, fmt.Errorf("%s is not between a minute and a week", text)
	}
	return d, rest, nil
}

// minute reads a time of day such as 8:30 or 22:00.
func minute(word string) (Minute, error) {
	h, m, ok := strings.Cut(word, ":")
	hours, err1 := number(h, 24)
	mins, err2 := number(m, 59)
	if !ok || err1 != nil || err2 != nil || len(m) != 2 || hours == 24 && mins > 0 {
		return 0, fmt.Errorf("%q is not a time of day such as 08:30", word)
	}
	return Minute(60*hours + mins), nil
}

// number reads digits only, up to a limit.
func number(text string, limit int64) (int64, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || int64(n) > limit || strings.HasPrefix(text, "+") {
		return 0, fmt.Errorf("%q is not a number from 0 to %d", text, limit)
	}
	return int64(n), nil
}

// days reads days and ranges of them, until a word that is neither.
func days(words []string) (Days, []string, error) {
	var d Days
	for len(words) > 0 && dayWord(words[0], &d) {
		words = words[1:]
	}
	if d == (Days{}) {
		return d, nil, fmt.Errorf("days such as mon-fri are missing")
	}
	if d == (Days{true, true, true, true, true, true, true}) {
		d = Days{}
	}
	return d, words, nil
}

func dayWord(word string, d *Days) bool {
	switch word {
	case "weekdays":
		word = "mon-fri"
	case "weekends", "weekend":
		word = "sat-sun"
	case "days", "daily":
		word = "sun-sat"
	}
	from, to, ranged := strings.Cut(word, "-")
	a, ok := dayOf(from)
	if !ok {
		return false
	}
	b := a
	if ranged {
		if b, ok = dayOf(to); !ok {
			return false
		}
	}
	for ; ; a = (a + 1) % 7 {
		d[a] = true
		if a == b {
			return true
		}
	}
}

// dayOf reads a day's name, in full or its first letters, three at least.
func dayOf(word string) (int, bool) {
	word = strings.TrimSuffix(word, "s")
	for i, full := range [7]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"} {
		if len(word) >= 3 && strings.HasPrefix(full, word) {
			return i, true
		}
	}
	return 0, false
}

// window reads days and hours, one of which may be missing: "mon-fri 08:00-18:00", "between 8:00 and 18:00", "22:00-07:00 on sat".
func window(words []string) (Window, []string, error) {
	var w Window
	var err error
	said := false
	for len(words) > 0 {
		switch {
		case (words[0] == "on" && len(words) > 1 && dayWord(words[1], &Days{})) && w.Days == (Days{}):
			words = words[1:]
			continue
		case words[0] == "between" && len(words) >= 4 && words[2] == "and":
			words = append([]string{words[1] + "-" + words[3]}, words[4:]...)
			continue
		case dayWord(words[0], &Days{}):
			if w.Days, words, err = days(words); err != nil {
				return w, nil, err
			}
			said = true
			continue
		}
		from, to, ok := strings.Cut(words[0], "-")
		if !ok || w.To != 0 || !strings.Contains(words[0], ":") {
			break
		}
		if w.From, err = minute(from); err == nil {
			w.To, err = minute(to)
		}
		if err != nil || w.From == 24*60 || w.From == w.To {
			return w, nil, fmt.Errorf("%q are not hours such as 08:00-18:00", words[0])
		}
		if w.To == 0 {
			w.To = 24 * 60
		}
		words, said = words[1:], true
	}
	if !said {
		return w, nil, fmt.Errorf("hours such as 22:00-07:00 are missing")
	}
	if w.To == 0 {
		w.To = 24 * 60
	}
	return w, words, nil
}

// String is a time of day.
func (m Minute) String() string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }

// String is the days, the week beginning on Monday.
func (d Days) String() string {
	var parts []string
	for i := 1; i <= 7; i++ {
		if !d[i%7] {
			continue
		}
		end := i
		for end < 7 && d[(end+1)%7] {
			end++
		}
		switch {
		case end > i+1:
			parts = append(parts, dayNames[i%7]+"-"+dayNames[end%7])
			i = end
		default:
			parts = append(parts, dayNames[i%7])
		}
	}
	return strings.Join(parts, ", ")
}

// String is the window as Parse reads it.
func (w Window) String() string {
	text := w.Days.String()
	if w.From == 0 && w.To == 24*60 && text != "" {
		return text
	}
	return strings.TrimSpace(text + " " + w.From.String() + "-" + w.To.String())
}

// span writes an interval as Parse reads it: 15m, 2h, 1h30m.
func span(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (r Rate) String() string {
	switch {
	case r.Change:
		return "on change"
	case r.Every > 0:
		return "every " + span(r.Every)
	}
	return "manual"
}

// String is the rule as Parse reads it.
func (r Rule) String() string {
	switch {
	case r.Cron != nil:
		return "cron " + r.Cron.Text
	case r.Within != nil:
		return "every " + span(r.Every) + " on " + r.Within.String()
	case r.Every > 0:
		return "every " + span(r.Every)
	}
	text := "at " + join(r.At)
	if r.Days != (Days{}) {
		text += " on " + r.Days.String()
	}
	return text
}

func join[T any](list []T) string {
	parts := make([]string, len(list))
	for i, x := range list {
		parts[i] = fmt.Sprint(x)
	}
	return strings.Join(parts, ", ")
}

// String is the plan as Parse reads it, in one way of writing, its mode first.
func (p Plan) String() string {
	var out []string
	add := func(yes bool, text string) {
		if yes {
			out = append(out, text)
		}
	}
	add(p.Mode == Connection, "on connection")
	add(p.Mode != Unsaid && p.Mode != Connection, string(p.Mode))
	for _, r := range p.Rules {
		out = append(out, r.String())
	}
	if p.Peak != nil {
		out = append(out, "peak "+p.Peak.Window.String()+" "+p.Peak.In.String(), "off-peak "+p.Peak.Out.String())
	}
	for _, q := range p.Quiet {
		out = append(out, "quiet "+q.String())
	}
	if len(p.On) > 0 {
		text := "on " + join(p.On)
		if p.Ask {
			text += " ask first"
		}
		out = append(out, text)
	}
	c := p.If
	add(c.Power, "only on power")
	add(c.Battery > 0, fmt.Sprintf("not on battery below %d%%", c.Battery))
	add(c.Unmetered, "not metered")
	if s := c.Slow; s != nil {
		text := "not slow"
		if s.Above > 0 {
			text += " above " + s.Above.String()
		}
		if s.Below > 0 {
			text += " below " + RateText(s.Below)
		}
		out = append(out, text)
	}
	add(len(c.Networks) > 0, "only on network "+strings.Join(c.Networks, ", "))
	add(c.Idle, "only while idle")
	add(c.Ask, "ask before every run")
	add(p.Connect != "", "connect "+p.Connect)
	if p.Zone != nil {
		out = append(out, "zone "+p.Zone.String())
	}
	if p.Spread == 0 {
		out = append(out, "spread 0")
	} else if p.Spread > 0 {
		out = append(out, "spread "+span(p.Spread))
	}
	add(p.NoCatch, "no catch-up")
	return strings.Join(out, "; ")
}
