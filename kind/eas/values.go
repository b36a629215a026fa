package eas

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tandem"
	"tandem/wire/ical"
)

// FormatTime writes an instant as dateTime, MS-ASDTYPE 2.3: "2026-03-01T12:00:00.000Z". A year that the type cannot hold gives "".
func FormatTime(t time.Time) string { return format(t, "2006-01-02T15:04:05.000Z") }

// FormatCompact writes an instant as Compact DateTime, MS-ASDTYPE 2.7.5: "20260301T120000Z". A year that the type cannot hold gives "".
func FormatCompact(t time.Time) string { return format(t, "20060102T150405Z") }

func format(t time.Time, layout string) string {
	t = t.UTC()
	if t.Year() < 1 || t.Year() > 9999 {
		return ""
	}
	return t.Format(layout)
}

// FormatWall writes a wall time as dateTime, marked UTC although it is none, as the protocol does with local times (MS-ASTASK 2.2.2.12).
func FormatWall(wall int64) string { return FormatTime(time.Unix(wall, 0)) }

// ParseTime reads a time in either form, whichever the element asks for, since clients mix them up: with and without separators, with
// fractions of a second, without a time of day (midnight), without the Z or with an offset.
func ParseTime(s string) (time.Time, error) {
	v := strings.ToUpper(strings.TrimSpace(s))
	day, clock, _ := strings.Cut(v, "T")
	digits := strings.ReplaceAll(day, "-", "")
	clock, offset, err := cutOffset(clock)
	if err != nil {
		return time.Time{}, badTime(s)
	}
	clock, _, _ = strings.Cut(clock, ".")
	clock = strings.ReplaceAll(clock, ":", "")
	if len(clock) == 4 {
		clock += "00"
	}
	if clock != "" {
		digits += "T" + clock
	}
	t, err := ical.ParseTime(digits, "")
	if err != nil || len(digits) != 8 && len(digits) != 15 {
		return time.Time{}, badTime(s)
	}
	return time.Unix(t.Wall-offset, 0).UTC(), nil
}

// cutOffset takes Z or an offset like +01:00 off a time of day.
func cutOffset(clock string) (string, int64, error) {
	clock = strings.TrimSuffix(clock, "Z")
	i := strings.LastIndexAny(clock, "+-")
	if i < 0 {
		return clock, 0, nil
	}
	n, err := ical.ParseOffset(strings.ReplaceAll(clock[i:], ":", ""))
	return clock[:i], int64(n), err
}

func badTime(s string) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: "read time", Thing: clip(s), Err: fmt.Errorf("no date and time")}
}

// ParseBool reads a boolean, MS-ASDTYPE 2.1: an empty element is true. Words that programs write are understood.
func ParseBool(s string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "", "1", "true", "yes":
		return true, nil
	case "0", "false", "no":
		return false, nil
	}
	return false, &tandem.Error{Kind: tandem.Invalid, Op: "read boolean", Thing: clip(s), Err: fmt.Errorf("neither 0 nor 1")}
}

// ParseInt reads a number from low to high.
func ParseInt(s string, low, high int) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < low || n > high {
		return 0, &tandem.Error{Kind: tandem.Invalid, Op: "read number", Thing: clip(s), Err: fmt.Errorf("not a number from %d to %d", low, high)}
	}
	return n, nil
}

// Clean makes a text fit to be shown: no characters that XML forbids (XML 1.0 2.2), no broken UTF-8.
func Clean(s string) string {
	if plain(s) {
		return s
	}
	ok := func(r rune) bool {
		return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != 0xFFFE && r != 0xFFFF
	}
	for _, r := range s {
		if !ok(r) || r == '\uFFFD' {
			return strings.Map(func(r rune) rune {
				if ok(r) {
					return r
				}
				return -1
			}, strings.ToValidUTF8(s, "\uFFFD"))
		}
	}
	return s
}

// plain reports whether a text is of ASCII characters alone that can be shown, as most are.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c-' ' >= utf8.RuneSelf-' ' && c != '\t' && c != '\n' && c != '\r' { // below the space the difference wraps
			return false
		}
	}
	return true
}

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
