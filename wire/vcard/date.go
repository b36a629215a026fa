package vcard

import (
	"fmt"
	"strconv"
	"strings"
)

// When is a date, a time or both, any part of which may be missing (RFC 6350 4.3): a birthday without its year, a
// month, a time of day.
type When struct {
	Year, Month, Day     int    // -1 where not given
	Hour, Minute, Second int    // -1 where not given
	Zone                 string // "Z", "+hhmm" or "-hhmm"; "" where not given
}

// HasDate reports whether any part of a date is given.
func (w When) HasDate() bool { return w.Year >= 0 || w.Month >= 0 || w.Day >= 0 }

// HasTime reports whether any part of a time is given.
func (w When) HasTime() bool { return w.Hour >= 0 || w.Minute >= 0 || w.Second >= 0 }

// String writes it in the basic format of RFC 6350.
func (w When) String() string {
	var b strings.Builder
	switch {
	case w.Year >= 0 && w.Month >= 0 && w.Day < 0:
		fmt.Fprintf(&b, "%04d-%02d", w.Year, w.Month)
	case w.HasDate():
		writeField(&b, w.Year, 4, "--")
		if w.Month >= 0 || w.Year < 0 {
			writeField(&b, w.Month, 2, "-")
		}
		if w.Day >= 0 {
			writeField(&b, w.Day, 2, "")
		}
	}
	if w.HasTime() {
		b.WriteByte('T')
		writeField(&b, w.Hour, 2, "-")
		if w.Minute >= 0 || w.Second >= 0 {
			writeField(&b, w.Minute, 2, "-")
		}
		if w.Second >= 0 {
			writeField(&b, w.Second, 2, "")
		}
		b.WriteString(w.Zone)
	}
	return b.String()
}

func writeField(b *strings.Builder, n, digits int, missing string) {
	if n < 0 {
		b.WriteString(missing)
		return
	}
	fmt.Fprintf(b, "%0*d", digits, n)
}

// When reads the value as date or time. Apple's way to leave out the year, a parameter that names a year which does
// not count, is understood.
func (p Property) When() (When, error) {
	w, err := ParseWhen(strings.TrimSpace(p.Text()))
	if err != nil {
		return w, err
	}
	if omit, ok := p.Param("X-APPLE-OMIT-YEAR"); ok && omit == strconv.Itoa(w.Year) {
		w.Year = -1
	}
	return w, nil
}

// ParseWhen reads dates and times in the basic and extended formats, whole or truncated.
func ParseWhen(s string) (When, error) {
	w := When{-1, -1, -1, -1, -1, -1, ""}
	date, clock, timed := strings.Cut(s, "T")
	ok := date != "" || timed
	if date != "" {
		ok = w.date(date)
	}
	if timed && ok {
		ok = w.clock(clock)
	}
	if !ok || w.Month > 12 || w.Month == 0 || w.Day > 31 || w.Day == 0 || w.Hour > 24 || w.Minute > 59 || w.Second > 60 {
		return When{-1, -1, -1, -1, -1, -1, ""}, fmt.Errorf("%q is no date", s)
	}
	return w, nil
}

func (w *When) date(s string) bool {
	switch {
	case strings.HasPrefix(s, "---"):
		return digits(s[3:], &w.Day, 2)
	case strings.HasPrefix(s, "--"):
		s = strings.Replace(s[2:], "-", "", 1)
		if len(s) == 2 {
			return digits(s, &w.Month, 2)
		}
		return len(s) == 4 && digits(s[:2], &w.Month, 2) && digits(s[2:], &w.Day, 2)
	}
	if len(s) == 7 && s[4] == '-' {
		return digits(s[:4], &w.Year, 4) && digits(s[5:], &w.Month, 2)
	}
	if len(s) == 10 && s[4] == '-' && s[7] == '-' {
		s = s[:4] + s[5:7] + s[8:]
	}
	switch len(s) {
	case 4:
		return digits(s, &w.Year, 4)
	case 8:
		return digits(s[:4], &w.Year, 4) && digits(s[4:6], &w.Month, 2) && digits(s[6:], &w.Day, 2)
	}
	return false
}

func (w *When) clock(s string) bool {
	s, zone := cutZone(s)
	w.Zone = zone
	if i := strings.IndexAny(s, ".,"); i > 0 { // fractions of a second say nothing about a person
		s = s[:i]
	}
	s = strings.ReplaceAll(s, ":", "")
	fields := []*int{&w.Hour, &w.Minute, &w.Second}
	given := false
	for _, f := range fields {
		switch {
		case s == "":
			return given
		case s[0] == '-' && !given:
			s = s[1:]
		case len(s) >= 2 && digits(s[:2], f, 2):
			s, given = s[2:], true
		default:
			return false
		}
	}
	return s == "" && given
}

// cutZone takes the zone off a time. A dash is a zone only after digits; before them it stands for a missing part.
func cutZone(s string) (rest, zone string) {
	if rest, ok := strings.CutSuffix(s, "Z"); ok {
		return rest, "Z"
	}
	i := strings.LastIndexAny(s, "+-")
	if i <= 0 || s[i-1] == '-' {
		return s, ""
	}
	zone = strings.ReplaceAll(s[i:], ":", "")
	if len(zone) == 3 {
		zone += "00"
	}
	if zone == "+0000" || zone == "-0000" {
		zone = "Z"
	}
	return s[:i], zone
}

func digits(s string, to *int, n int) bool {
	if len(s) != n {
		return false
	}
	v := 0
	for i := range n {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		v = v*10 + int(s[i]-'0')
	}
	*to = v
	return true
}
