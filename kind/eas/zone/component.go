package zone

import (
	"fmt"
	"strings"

	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wintz"
)

// Component is a VTIMEZONE (RFC 5545 3.6.5) that says what the structure says, beginning before the given year.
func Component(tzid string, w wintz.Zone, year int) *contentline.Component {
	zone := contentline.NewComponent("VTIMEZONE")
	zone.Set("TZID", contentline.EscapeText(tzid))
	add := func(name string, from, to int, d wintz.Date) {
		c := contentline.NewComponent(name)
		start, rrule := int64(0), ""
		switch {
		case d.IsZero():
		case d.Year != 0:
			start, _ = d.In(int(d.Year))
		default:
			first := min(year, 1970)
			start, _ = d.In(first)
			rrule = ruleText(d, start)
		}
		c.Set("DTSTART", ical.Time{Wall: start, Form: ical.Floating}.String())
		if rrule != "" {
			c.Set("RRULE", rrule)
		}
		c.Set("TZOFFSETFROM", offsetText(from))
		c.Set("TZOFFSETTO", offsetText(to))
		zone.Add(contentline.Item{Child: c})
	}
	std, dst := w.Standard(), w.Daylight()
	if !w.Changes() {
		add("STANDARD", std, std, wintz.Date{})
		return zone
	}
	add("STANDARD", dst, std, w.StandardDate)
	add("DAYLIGHT", std, dst, w.DaylightDate)
	return zone
}

// ruleText is the yearly rule of a date. What ends a day belongs to the next one, a day later in the month.
func ruleText(d wintz.Date, start int64) string {
	day := ical.FloorDiv(start, ical.DaySeconds)
	weekday := [...]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}
	nth := int(d.Day)
	if nth == 5 {
		nth = -1
	}
	_, month, _ := ical.Civil(day)
	if d.Millisecond < 500 || d.Hour != 23 || d.Minute != 59 || d.Second != 59 {
		return fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s", month, nth, weekday[d.DayOfWeek])
	}
	next := weekday[(d.DayOfWeek+1)%7]
	if nth < 0 {
		return fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYDAY=-1%s", month, next) // a day off where the month ends on it
	}
	var days []string
	for i := range 7 {
		days = append(days, fmt.Sprint(7*(nth-1)+2+i))
	}
	return fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYMONTHDAY=%s;BYDAY=%s", month, strings.Join(days, ","), next)
}

func offsetText(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	return fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
}

// Invented is a TZID for a structure that no known place has: always the same for the same rules, and never the name of
// a place.
func Invented(w wintz.Zone) string {
	if !w.Changes() {
		return "UTC" + offsetText(w.Standard())
	}
	date := func(d wintz.Date) string {
		return fmt.Sprintf("%d.%d.%d.%d.%02d%02d%02d", d.Year, d.Month, d.DayOfWeek, d.Day, d.Hour, d.Minute, d.Second)
	}
	return fmt.Sprintf("UTC%s %s UTC%s %s", offsetText(w.Standard()), date(w.DaylightDate), offsetText(w.Daylight()), date(w.StandardDate))
}
