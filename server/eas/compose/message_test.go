package compose

import (
	"bytes"
	"strings"
	"testing"
)

// TestParse: what was parsed is written as it was, and a header folded without end takes no more than its time.
func TestParse(t *testing.T) {
	for _, s := range []string{"To: a\r\n b\r\n\tc\r\nX: y\r\n\r\nbody\r\n\r\n", "To: a\n\r\nx", "To: a\r\n" + strings.Repeat(" x\r\n", 1<<17) + "\r\n"} {
		d, ok := parse([]byte(s))
		if !ok || !bytes.Equal(d.bytes(), []byte(s)) {
			t.Errorf("%.80q is written as %.80q", s, d.bytes())
		}
	}
	if _, ok := parse([]byte(strings.Repeat("a:\n", 1<<20))); ok {
		t.Error("a header without end is read")
	}
}
