package ical

import (
	"fmt"
	"strconv"
	"strings"
)

// Form says how a Time is to be understood.
type Form uint8

const (
	NoTime   Form = iota // the zero value: there is no time
	Date                 // a calendar day, RFC 5545 3.3.4
	Floating             // what clocks on the wall show, wherever one is, RFC 5545 3.3.5 form 1
	UTC                  // form 2
	Zoned                // form 3: local time of the zone named by TZID
)

// Time is a DATE or DATE-TIME value as it was written. It is a value: comparable with ==.
type Time struct {
	Wall int64 // seconds from 1970-01-01T00:00:00 to the time as written, every day having 86400
	Form Form
	TZID string // of Zoned: as written in the parameter
}

// DaySeconds is the length of every day in wall time.
const DaySeconds = 86400

// ParseTime reads a DATE or DATE-TIME value. tzid is the value of the TZID parameter, "" when absent; it is ignored
// for dates and for times in UTC. Seconds may be missing and a leap second reads as second 59.
func ParseTime(value, tzid string) (Time, error) {
	s := strings.TrimSpace(value)
	if len(s) < 8 {
		return Time{}, fmt.Errorf("date or time %q: too short", clip(value))
	}
	year, ok1 := digits(s[0:4])
	month, ok2 := digits(s[4:6])
	day, ok3 := digits(s[6:8])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || day > DaysIn(year, month) {
		return Time{}, fmt.Errorf("date or time %q: no such day", clip(value))
	}
	wall := DayNumber(year, month, day) * DaySeconds
	if len(s) == 8 {
		return Time{Wall: wall, Form: Date}, nil
	}
	clock := s[9:]
	form := Floating
	if n := len(clock); n > 0 && (clock[n-1] == 'Z' || clock[n-1] == 'z') {
		clock, form = clock[:n-1], UTC
	} else if tzid != "" {
		form = Zoned
	}
	sec, err := parseClock(clock)
	if err != nil || (s[8] != 'T' && s[8] != 't') {
		return Time{}, fmt.Errorf("date or time %q: no such time of day", clip(value))
	}
	t := Time{Wall: wall + sec, Form: form}
	if form == Zoned {
		t.TZID = tzid
		if isUTCName(tzid) {
			t.Form, t.TZID = UTC, ""
		}
	}
	return t, nil
}

func isUTCName(tzid string) bool {
	switch tzid {
	case "UTC", "Etc/UTC", "GMT", "Etc/GMT", "Z":
		return true
	}
	return false
}

func parseClock(s string) (int64, error) {
	if len(s) != 6 && len(s) != 4 {
		return 0, fmt.Errorf("want hhmmss")
	}
	hour, ok1 := digits(s[0:2])
	minute, ok2 := digits(s[2:4])
	second, ok3 := 0, true
	if len(s) == 6 {
		second, ok3 = digits(s[4:6])
	}
	if !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || second > 60 {
		return 0, fmt.Errorf("out of range")
	}
	return int64(hour*3600 + minute*60 + min(second, 59)), nil
}

func digits(s string) (int, bool) {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// IsZero reports that there is no time.
func (t Time) IsZero() bool { return t.Form == NoTime }

// Day is the number of the day since 1970-01-01.
func (t Time) Day() int64 { return FloorDiv(t.Wall, DaySeconds) }

// String writes the value as RFC 5545 does, without the TZID.
func (t Time) String() string {
	if t.Form == NoTime {
		return ""
	}
	var buf [20]byte
	day := t.Day()
	y, m, d := Civil(day)
	b := decimal(decimal(decimal(buf[:0], y, 4), m, 2), d, 2)
	if t.Form == Date {
		return string(b)
	}
	sec := int(t.Wall - day*DaySeconds)
	b = decimal(decimal(decimal(append(b, 'T'), sec/3600, 2), sec/60%60, 2), sec%60, 2)
	if t.Form == UTC {
		b = append(b, 'Z')
	}
	return string(b)
}

// decimal appends n, which is not negative, with at least so many digits.
func decimal(b []byte, n, width int) []byte {
	for limit := 10; width > 1; width-- {
		if n < limit {
			b = append(b, '0')
		}
		limit *= 10
	}
	return strconv.AppendInt(b, int64(n), 10)
}

// Duration is a DURATION value, RFC 5545 3.3.6: days are days of the calendar, the rest is exact.
type Duration struct {
	Days    int64 // weeks count as seven
	Seconds int64
}

const maxDuration = 400 * 366 * DaySeconds // longer ones are taken for mistakes

// ParseDuration reads a DURATION value.
func ParseDuration(value string) (Duration, error) {
	bad := func() (Duration, error) { return Duration{}, fmt.Errorf("duration %q: malformed", clip(value)) }
	s := strings.ToUpper(strings.TrimSpace(value))
	sign := int64(1)
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	if len(s) < 2 || s[0] != 'P' {
		return bad()
	}
	var d Duration
	clock, n, have := false, int64(0), false
	for i := 1; i < len(s); i++ {
		c := s[i]
		if c >= '0' && c <= '9' {
			if n = n*10 + int64(c-'0'); n > maxDuration {
				return bad()
			}
			have = true
			continue
		}
		if c == 'T' && !have && !clock {
			clock = true
			continue
		}
		if !have || !d.add(c, n, clock) {
			return bad()
		}
		n, have = 0, false
	}
	if have || d.Days > maxDuration/DaySeconds || d.Seconds > maxDuration {
		return bad()
	}
	d.Days *= sign
	d.Seconds *= sign
	return d, nil
}

func (d *Duration) add(unit byte, n int64, clock bool) bool {
	switch {
	case unit == 'W' && !clock:
		d.Days += 7 * n
	case unit == 'D' && !clock:
		d.Days += n
	case unit == 'H' && clock:
		d.Seconds += 3600 * n
	case unit == 'M' && clock:
		d.Seconds += 60 * n
	case unit == 'S' && clock:
		d.Seconds += n
	default:
		return false
	}
	return true
}

// String writes the value as RFC 5545 does.
func (d Duration) String() string {
	var b strings.Builder
	days, sec := d.Days, d.Seconds
	if days < 0 || sec < 0 {
		b.WriteByte('-')
		days, sec = -days, -sec
	}
	b.WriteByte('P')
	if days != 0 || sec == 0 {
		b.WriteString(strconv.FormatInt(days, 10))
		b.WriteByte('D')
	}
	if sec == 0 {
		return b.String()
	}
	b.WriteByte('T')
	for _, u := range []struct {
		n    int64
		unit byte
	}{{sec / 3600, 'H'}, {sec / 60 % 60, 'M'}, {sec % 60, 'S'}} {
		if u.n != 0 {
			b.WriteString(strconv.FormatInt(u.n, 10))
			b.WriteByte(u.unit)
		}
	}
	return b.String()
}

// Period is one element of an RDATE or FREEBUSY list. A plain date or time has neither end nor length.
type Period struct {
	Start  Time
	End    Time     // NoTime when Length or nothing is given
	Length Duration // when HasLength
	// HasLength tells a period given by start and duration.
	HasLength bool
}

// ParsePeriod reads a DATE, DATE-TIME or PERIOD value, RFC 5545 3.3.9.
func ParsePeriod(value, tzid string) (Period, error) {
	first, second, isPeriod := strings.Cut(value, "/")
	start, err := ParseTime(first, tzid)
	if err != nil {
		return Period{}, err
	}
	p := Period{Start: start}
	if !isPeriod {
		return p, nil
	}
	if s := strings.TrimSpace(second); s != "" && strings.ContainsRune("Pp+-", rune(s[0])) {
		p.HasLength = true
		p.Length, err = ParseDuration(s)
		return p, err
	}
	p.End, err = ParseTime(second, tzid)
	return p, err
}

// ParseOffset reads a UTC-OFFSET value, RFC 5545 3.3.14, in seconds east of Greenwich.
func ParseOffset(value string) (int, error) {
	s := strings.TrimSpace(value)
	if len(s) != 5 && len(s) != 7 || s[0] != '+' && s[0] != '-' {
		return 0, fmt.Errorf("utc offset %q: want +hhmm or -hhmm", clip(value))
	}
	clock, err := parseClock(s[1:])
	if err != nil {
		return 0, fmt.Errorf("utc offset %q: %w", clip(value), err)
	}
	if s[0] == '-' {
		return -int(clock), nil
	}
	return int(clock), nil
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
