package sqlite

import (
	"slices"
	"testing"
)

// TestWordsOfPlainText: a text of ASCII alone, which is cut in a shorter way, has the words that it has beside others.
func TestWordsOfPlainText(t *testing.T) {
	for in, want := range map[string][]string{
		"":                               nil,
		" \t--\x00\x7f":                  nil,
		"Letter 12, letter 12":           {"12", "letter"},
		"anna.MEYER@Example.org\n00ab_c": {"00ab", "anna", "c", "example", "meyer", "org"},
		"az{AZ[`09:/@":                   {"09", "az"},
	} {
		if got := wordsOf(in); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if got := wordsOf(in + "\u00a0"); !slices.Equal(got, want) {
			t.Errorf("%q with a blank of another sort: %q, want %q", in, got, want)
		}
	}
}
