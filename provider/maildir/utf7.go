package maildir

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// mutf7 is the alphabet of the modified BASE64. RFC 3501 5.1.3
func mutf7() *base64.Encoding {
	return base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)
}

// encodeName writes one level of a folder's name in modified UTF-7, RFC 3501 5.1.3. Characters of special are encoded although they need not be, as Courier does
// with those that part levels.
func encodeName(s, special string) string {
	var b strings.Builder
	var run []uint16
	flush := func() {
		if len(run) == 0 {
			return
		}
		raw := make([]byte, 0, 2*len(run))
		for _, u := range run {
			raw = append(raw, byte(u>>8), byte(u))
		}
		b.WriteByte('&')
		b.WriteString(mutf7().EncodeToString(raw))
		b.WriteByte('-')
		run = nil
	}
	for _, c := range s {
		if c >= ' ' && c < 0x7f && !strings.ContainsRune(special, c) {
			flush()
			b.WriteRune(c)
			if c == '&' {
				b.WriteByte('-')
			}
			continue
		}
		run = utf16.AppendRune(run, c)
	}
	flush()
	return b.String()
}

// decodeName reads one level of a folder's name. What is no modified UTF-7 is taken as it is: newer programs write UTF-8.
func decodeName(s string) string {
	var b strings.Builder
	for rest := s; rest != ""; {
		i := strings.IndexByte(rest, '&')
		if i < 0 {
			b.WriteString(rest)
			break
		}
		b.WriteString(rest[:i])
		coded, after, ok := strings.Cut(rest[i+1:], "-")
		if !ok {
			return s
		}
		if rest = after; coded == "" {
			b.WriteByte('&')
			continue
		}
		raw, err := mutf7().DecodeString(coded)
		if err != nil || len(raw)%2 != 0 {
			return s
		}
		units := make([]uint16, 0, len(raw)/2)
		for ; len(raw) > 0; raw = raw[2:] {
			units = append(units, uint16(raw[0])<<8|uint16(raw[1]))
		}
		for _, c := range utf16.Decode(units) {
			if c == utf8.RuneError || c == 0 {
				return s
			}
			b.WriteRune(c)
		}
	}
	return b.String()
}
