package sms

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape decodes references in a value. The app writes an emoji as two references, one for each half of its surrogate pair, which XML does not
// know; half a pair alone stays as it is written, so that nothing of it is lost.
func unescape(s string) string {
	if !strings.ContainsAny(s, "&\r\n\t") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		i := strings.IndexAny(s, "&\r\n\t")
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		if s[0] != '&' { // XML 1.0 3.3.3: white space in a value is a space
			if strings.HasPrefix(s, "\r\n") {
				s = s[1:]
			}
			b.WriteByte(' ')
			s = s[1:]
			continue
		}
		r, n := reference(s)
		if utf16.IsSurrogate(r) {
			low, m := reference(s[n:])
			if pair := utf16.DecodeRune(r, low); m > 0 && pair != utf8.RuneError {
				r, n = pair, n+m
			} else {
				r = -1
			}
		}
		if n == 0 || r < 0 {
			n = max(n, 1)
			b.WriteString(s[:n])
		} else {
			b.WriteRune(r)
		}
		s = s[n:]
	}
	return b.String()
}

// reference reads a reference at the beginning of a text: what it stands for and its length; 0: it is none.
func reference(s string) (rune, int) {
	end := strings.IndexByte(s[:min(len(s), 12)], ';')
	if end < 2 || s[0] != '&' {
		return -1, 0
	}
	switch name := s[1:end]; {
	case name == "amp":
		return '&', end + 1
	case name == "lt":
		return '<', end + 1
	case name == "gt":
		return '>', end + 1
	case name == "quot":
		return '"', end + 1
	case name == "apos":
		return '\'', end + 1
	case name[0] == '#':
		digits, base := name[1:], 10
		if strings.HasPrefix(digits, "x") {
			digits, base = digits[1:], 16
		}
		n, err := strconv.ParseUint(digits, base, 21)
		if err != nil || n > utf8.MaxRune {
			return -1, 0
		}
		return rune(n), end + 1
	}
	return -1, 0
}

// escape writes a value as the app does: what is beyond the first plane as two references.
func escape(s string) string {
	var b strings.Builder
	for i, n := 0, 0; i < len(s); i += n {
		var r rune
		r, n = utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '&':
			// Half a surrogate pair was left as it is written: it must come back as it is.
			if half, m := reference(s[i:]); m > 0 && utf16.IsSurrogate(half) {
				b.WriteByte('&')
			} else {
				b.WriteString("&amp;")
			}
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&quot;")
		case r >= 0x10000:
			for _, half := range utf16.Encode([]rune{r}) {
				b.WriteString("&#" + strconv.Itoa(int(half)) + ";")
			}
		case r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028:
			b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		default:
			b.WriteString(s[i : i+n]) // also what is no UTF-8, as it came
		}
	}
	return b.String()
}
