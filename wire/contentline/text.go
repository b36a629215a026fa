package contentline

import (
	"iter"
	"strings"
)

// EscapeText escapes a text for a property value (RFC 6350 3.4, RFC 5545 3.3.11). CRLF and a lone CR count as line
// breaks.
func EscapeText(s string) string {
	if !strings.ContainsAny(s, "\\;,\r\n") {
		return s
	}
	return textEscaper.Replace(s)
}

var textEscaper = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

// UnescapeText undoes EscapeText. It also reads \N and \: as programs write them; a backslash before anything else
// stands for itself.
func UnescapeText(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for {
		b = append(b, s[:i]...)
		s = s[i:]
		if len(s) < 2 {
			return string(append(b, s...))
		}
		switch s[1] {
		case 'n', 'N':
			b, s = append(b, '\n'), s[2:]
		case '\\', ';', ',', ':':
			b, s = append(b, s[1]), s[2:]
		default:
			b, s = append(b, '\\'), s[1:]
		}
		if i = strings.IndexByte(s, '\\'); i < 0 {
			return string(append(b, s...))
		}
	}
}

// CutUnescaped cuts an escaped value at the first separator that no backslash precedes. The parts stay escaped.
func CutUnescaped(s string, sep byte) (head, rest string, found bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case sep:
			return s[:i], s[i+1:], true
		case '\\':
			i++
		}
	}
	return s, "", false
}

// SplitText yields the parts of an escaped value between unescaped separators; there is always at least one. The parts
// stay escaped. Structured values are split at ';' first, then each component at ','.
func SplitText(s string, sep byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for more := true; more; {
			var head string
			if head, s, more = CutUnescaped(s, sep); !yield(head) {
				return
			}
		}
	}
}

// JoinText puts escaped parts together with a separator.
func JoinText(parts []string, sep byte) string { return strings.Join(parts, string(rune(sep))) }
