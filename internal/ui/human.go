// Package ui is how the command line speaks: tables, sizes and times for people, JSON for programs, and progress as a
// bar on a terminal. It knows nothing of syncing.
package ui

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Size writes a number of bytes for people: "512 B", "1.4 KiB", "2.0 GiB". A negative one is "?".
func Size(n int64) string {
	if n < 0 {
		return "?"
	}
	if n < 1024 {
		return strconv.FormatInt(n, 10) + " B"
	}
	f := float64(n)
	units := []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	i := -1
	for f >= 1023.95 && i < len(units)-1 {
		f /= 1024
		i++
	}
	if i < 0 {
		f, i = f/1024, 0
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}

// Count writes n with its noun: "1 record", "12,345 records".
func Count(n int, noun string) string {
	if n != 1 {
		noun = plural(noun)
	}
	return Number(n) + " " + noun
}

func plural(noun string) string {
	switch {
	case strings.HasSuffix(noun, "y"):
		return noun[:len(noun)-1] + "ies"
	case strings.HasSuffix(noun, "s"), strings.HasSuffix(noun, "x"):
		return noun + "es"
	}
	return noun + "s"
}

// Number groups the digits of n by thousands.
func Number(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Seconds writes a duration given in seconds: "0.3 s", "42 s", "3 min 5 s", "2 h 10 min".
func Seconds(s float64) string {
	switch {
	case s < 0 || math.IsNaN(s):
		return "?"
	case s < 9.95:
		return fmt.Sprintf("%.1f s", s)
	case s < 59.5:
		return fmt.Sprintf("%.0f s", s)
	}
	d := int64(math.Round(s))
	switch {
	case d < 3600:
		return fmt.Sprintf("%d min %d s", d/60, d%60)
	case d < 86400:
		return fmt.Sprintf("%d h %d min", d/3600, d%3600/60)
	}
	return fmt.Sprintf("%d d %d h", d/86400, d%86400/3600)
}

// When writes an instant (Unix seconds) as seen from now: the time alone today, date and time otherwise, "never" for 0.
func When(unix int64, now time.Time) string {
	if unix == 0 {
		return "never"
	}
	t := time.Unix(unix, 0).In(now.Location())
	if t.Year() == now.Year() && t.YearDay() == now.YearDay() {
		return t.Format("15:04:05")
	}
	return t.Format("2006-01-02 15:04")
}

// Ago writes how long ago an instant (Unix seconds) was: "just now", "5 min ago", "in 2 h", "never" for 0.
func Ago(unix int64, now time.Time) string {
	if unix == 0 {
		return "never"
	}
	d := now.Unix() - unix
	if d < 0 {
		return "in " + span(-d)
	}
	if d < 5 {
		return "just now"
	}
	return span(d) + " ago"
}

func span(s int64) string {
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min", s/60)
	case s < 2*86400:
		return fmt.Sprintf("%d h", s/3600)
	}
	return fmt.Sprintf("%d d", s/86400)
}

// Clean makes text from records safe for a terminal: control characters become spaces, so that no file name or
// contact can move the cursor or change colours.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, s)
}
