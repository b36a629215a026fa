package mime

import (
	"strings"
	"testing"
	"time"
)

// TestCostOfHeaders: what a stranger writes into a header costs time with its length and not with its square. Beyond the limit of a header, so that a square would be seen.
func TestCostOfHeaders(t *testing.T) {
	const size = 2 << 20
	for name, unit := range map[string]string{"words that never end": "=?a?q? ", "words in an encoding nobody knows": "=?a?x?", "words without a charset": "=??q?", "words that are begun": "=?"} {
		text := strings.Repeat(unit, size/len(unit)) + "?="
		began := time.Now()
		DecodeText(text)
		DecodeText(strings.TrimSuffix(text, "?="))
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
	began := time.Now()
	if got := ParseAddresses(strings.Repeat("x", size/2) + "@" + strings.Repeat(":", size/2)); len(got) != 1 {
		t.Errorf("%d addresses", len(got))
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("an address with colons: %v", took)
	}
}
