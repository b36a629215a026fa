package main

import (
	"strings"
	"testing"
)

// TestMonthWrong: an answer that lacks an event of March, has one of another month, or one twice is not timed.
func TestMonthWrong(t *testing.T) {
	const events = 240
	var right []string
	for i := range events {
		if i%12 == march {
			right = append(right, strings.ReplaceAll(event(i, 0), "\n", "\r\n"))
		}
	}
	other := 5 // of June, once
	for name, c := range map[string]struct {
		bodies []string
		ok     bool
	}{
		"right":                      {right, true},
		"nothing":                    {nil, false},
		"one is missing":             {right[1:], false},
		"one of another month":       {append([]string{event(other, 0)}, right...), false},
		"one that repeats, from May": {append([]string{event(40, 0)}, right...), true},
		"one twice":                  {append(right[:1:1], right...), false},
		"something without a name":   {append([]string{"BEGIN:VCALENDAR"}, right...), false},
	} {
		if err := monthWrong(c.bodies, events); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
