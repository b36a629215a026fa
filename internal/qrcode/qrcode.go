// Package qrcode draws QR codes as SVG, for phones that look at a computer's screen.
package qrcode

import (
	"bytes"
	"fmt"

	"rsc.io/qr"
)

// quiet is how many modules are left free around a code. ISO/IEC 18004 6.3.8
const quiet = 4

// SVG draws a text as an SVG document without any styles. It fails where the text is too long for a code.
func SVG(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	n := code.Size + 2*quiet
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="`, n, n, n, n)
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return b.Bytes(), nil
}
