package device

import (
	"testing"
	"time"
)

// TestCutoff: each FilterType goes back as far as MS-ASCMD 2.2.3.68.2 says, to a midnight UTC, wherever the hub is.
func TestCutoff(t *testing.T) {
	now := time.Date(2026, 3, 31, 23, 30, 0, 0, time.FixedZone("", -3*3600)) // 1 April, UTC
	for filter, want := range map[int]string{0: "", 1: "2026-03-31", 2: "2026-03-29", 3: "2026-03-25", 4: "2026-03-18", 5: "2026-03-01", 6: "2026-01-01", 7: "2025-10-01", Unfinished: "", -1: ""} {
		got := ""
		cutoff, limited := Cutoff(filter, now)
		if limited {
			got = time.Unix(cutoff, 0).UTC().Format(time.DateOnly)
			if cutoff%(24*3600) != 0 {
				t.Errorf("%d: %d is no midnight", filter, cutoff)
			}
		}
		if got != want || limited != (Span(filter) != "") {
			t.Errorf("%d: %q, want %q", filter, got, want)
		}
	}
}

// TestAsksForNothingKnown: a document that says nothing, or is none, asks for all.
func TestAsksForNothingKnown(t *testing.T) {
	for _, doc := range []string{"", "{}", "[", `{"now":null}`} {
		if a := AsksFor([]byte(doc)); a.Filter != 0 || a.Beyond != nil {
			t.Errorf("%q: %+v", doc, a)
		}
	}
}
