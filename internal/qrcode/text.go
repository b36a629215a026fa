package qrcode

import (
	"strings"

	"rsc.io/qr"
)

// Text draws a text for a terminal, two modules in each character, dark on light whatever its colours are. It fails where the text is too long for a code.
func Text(text string) (string, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return "", err
	}
	const margin = 2 // enough beside a screen's own; every line is one of a camera's picture
	black := func(x, y int) bool { return code.Black(x-margin, y-margin) }
	var b strings.Builder
	for y := 0; y < code.Size+2*margin; y += 2 {
		b.WriteString("\x1b[30;107m")
		for x := range code.Size + 2*margin {
			switch up, down := black(x, y), black(x, y+1); {
			case up && down:
				b.WriteString("█")
			case up:
				b.WriteString("▀")
			case down:
				b.WriteString("▄")
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteString("\x1b[0m\n")
	}
	return b.String(), nil
}
