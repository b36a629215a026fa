package qrcode

import (
	"strings"
	"testing"

	"rsc.io/qr"
)

// TestText: each module is where it belongs, and all lines are alike in length.
func TestText(t *testing.T) {
	const of = "otpauth://totp/Tandem:anna?secret=ABC"
	text, err := Text(of)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(of, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != (code.Size+5)/2 {
		t.Fatalf("%d lines for %d modules", len(lines), code.Size)
	}
	for i, line := range lines {
		cells := []rune(strings.TrimSuffix(strings.TrimPrefix(line, "\x1b[30;107m"), "\x1b[0m"))
		if len(cells) != code.Size+4 {
			t.Fatalf("line %d has %d cells", i, len(cells))
		}
		for x, c := range cells {
			up, down := strings.ContainsRune("█▀", c), strings.ContainsRune("█▄", c)
			if up != code.Black(x-2, 2*i-2) || down != code.Black(x-2, 2*i-1) {
				t.Fatalf("%d, %d: %c", x, i, c)
			}
		}
	}
	if _, err := Text(strings.Repeat("x", 5000)); err == nil {
		t.Error("a text that is too long has a code")
	}
}
