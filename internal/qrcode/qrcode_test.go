package qrcode

import (
	"encoding/xml"
	"strings"
	"testing"
)

func TestSVG(t *testing.T) {
	svg, err := SVG("otpauth://totp/Tandem:anna?secret=ABC")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		ViewBox string `xml:"viewBox,attr"`
		Paths   []struct {
			D string `xml:"d,attr"`
		} `xml:"path"`
	}
	if err := xml.Unmarshal(svg, &doc); err != nil {
		t.Fatal(err)
	}
	// The finder in the corner begins behind the quiet zone: a row of seven dark modules and a light one.
	if len(doc.Paths) != 2 || !strings.HasPrefix(doc.Paths[1].D, "M4 4h1v1h-1zM5 4h1v1h-1zM6 4h1v1h-1zM7 4h1v1h-1zM8 4h1v1h-1zM9 4h1v1h-1zM10 4h1v1h-1z") || strings.Contains(doc.Paths[1].D, "M11 4h") {
		t.Errorf("%s", svg)
	}
	if strings.Contains(string(svg), "style") {
		t.Error("it has styles, which pages refuse")
	}
	if _, err := SVG(strings.Repeat("x", 5000)); err == nil {
		t.Error("a text that is too long was drawn")
	}
}
