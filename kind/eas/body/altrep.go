package body

import (
	"encoding/base64"
	"net/url"
	"strings"
	"unicode/utf8"

	"tandem/wire/contentline"
)

// AltRep is the HTML that stands beside a description in its ALTREP parameter, as a data URI (RFC 5545 3.2.1, RFC 2397); Thunderbird writes it
// so. An address of a text elsewhere is none.
func AltRep(l *contentline.Line) (html string, ok bool) {
	v, _ := l.Param("ALTREP")
	head, data, ok := strings.Cut(v, ",")
	if !ok || len(head) < 5 || !strings.EqualFold(head[:5], "data:") {
		return "", false
	}
	kind, options, _ := strings.Cut(strings.ToLower(head[5:]), ";")
	if strings.TrimSpace(kind) != "text/html" {
		return "", false
	}
	text, err := url.PathUnescape(data)
	if err != nil {
		return "", false
	}
	if strings.HasSuffix(options, "base64") {
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return "", false
		}
		text = string(b)
	}
	return text, text != "" && utf8.ValidString(text)
}

// SetAltRep writes HTML beside a description; "" takes it away.
func SetAltRep(l *contentline.Line, html string) {
	if html == "" {
		l.DelParam("ALTREP")
		return
	}
	l.SetParam("ALTREP", "data:text/html,"+url.PathEscape(html))
}
