package mime

import (
	"mime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Field is one line of a header, unfolded.
type Field struct {
	Name  string // as it is spelled
	Value string // without the line breaks of folding and white space around it; not decoded
}

// Header are the fields of a header, in order.
type Header []Field

// Get is the value of the first field of a name, "" without one.
func (h Header) Get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Has reports whether there is a field of a name.
func (h Header) Has(name string) bool {
	return slices.ContainsFunc(h, func(f Field) bool { return strings.EqualFold(f.Name, name) })
}

// All are the values of all fields of a name.
func (h Header) All(name string) []string {
	var out []string
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			out = append(out, f.Value)
		}
	}
	return out
}

// Text is the first field of a name as people read it: encoded words decoded (RFC 2047), other bytes as UTF-8 or else Windows-1252.
func (h Header) Text(name string) string { return DecodeText(h.Get(name)) }

// Date is the time in a field, and whether it can be understood. RFC 5322 3.3 and what programs write instead.
func (h Header) Date(name string) (time.Time, bool) { return ParseDate(h.Get(name)) }

// IDs are the message ids in a field such as References, without brackets. RFC 5322 3.6.4
func (h Header) IDs(name string) []string {
	var out []string
	for _, v := range h.All(name) {
		out = append(out, ids(v)...)
	}
	return out
}

func ids(v string) []string {
	var out []string
	for v != "" {
		i := strings.IndexByte(v, '<')
		if i < 0 {
			break
		}
		j := strings.IndexByte(v[i:], '>')
		if j < 0 {
			break
		}
		if id := strings.Join(strings.Fields(v[i+1:i+j]), ""); id != "" {
			out = append(out, id)
		}
		v = v[i+j+1:]
	}
	if out == nil {
		if f := strings.Fields(v); len(f) == 1 && strings.Contains(f[0], "@") { // brackets forgotten
			out = f
		}
	}
	return out
}

// DecodeText decodes the encoded words in a text.
func DecodeText(s string) string {
	if !strings.Contains(s, "=?") {
		return guess(s)
	}
	var b strings.Builder
	var pending []byte // bytes of words of one charset: a character may be cut in two
	var charset string
	flush := func() {
		if pending != nil {
			b.WriteString(toUTF8(pending, charset))
			pending = nil
		}
	}
	behind := len(s) - strings.LastIndex(s, "?=") // from the last end of a word to the end of s: no word begins there, and none is looked for
	for s != "" {
		i := strings.Index(s, "=?")
		if i < 0 || i > len(s)-behind {
			break
		}
		cs, data, n, ok := word(s[i:])
		if !ok {
			flush()
			b.WriteString(guess(s[:i+2]))
			s = s[i+2:]
			continue
		}
		if pending == nil || strings.TrimSpace(s[:i]) != "" { // white space between two words counts for nothing. RFC 2047 6.2
			flush()
			b.WriteString(guess(s[:i]))
		}
		if pending != nil && !strings.EqualFold(cs, charset) {
			flush()
		}
		charset = cs
		pending = append(pending, data...)
		if pending == nil {
			pending = []byte{}
		}
		s = s[i+n:]
	}
	flush()
	b.WriteString(guess(s))
	return b.String()
}

// word reads an encoded word at the beginning of s: its charset, its bytes and its length. RFC 2047 2
func word(s string) (charset string, data []byte, n int, ok bool) {
	rest := s[2:]
	charset, rest, ok = strings.Cut(rest, "?")
	if !ok || charset == "" || strings.ContainsAny(charset, " \t") || len(rest) < 2 || rest[1] != '?' {
		return "", nil, 0, false
	}
	encoding := rest[0]
	if strings.IndexByte("bBqQ", encoding) < 0 {
		return "", nil, 0, false
	}
	text := rest[2:]
	end := strings.Index(text, "?=")
	if end < 0 {
		return "", nil, 0, false
	}
	n = len(s) - len(text) + end + 2
	text = text[:end]
	charset, _, _ = strings.Cut(charset, "*") // a language. RFC 2231 5
	if encoding == 'q' || encoding == 'Q' {
		return charset, unQ(text), n, true
	}
	return charset, unBase64([]byte(text)), n, true
}

// unQ decodes the Q encoding; what is no code stays as it is. RFC 2047 4.2
func unQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '_':
			out = append(out, ' ')
		case c == '=' && i+2 < len(s) && hex(s[i+1]) >= 0 && hex(s[i+2]) >= 0:
			out = append(out, byte(hex(s[i+1])<<4|hex(s[i+2])))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return out
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// guess reads bytes of no known charset.
func guess(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return toUTF8([]byte(s), "")
}

// value is a structured field: a main value and parameters. RFC 2045 5.1, RFC 2183
type value struct {
	main   string            // in lower case
	params map[string]string // by name in lower case, decoded
}

// structured reads Content-Type and Content-Disposition. Parameters are read as they are written in the wild: unquoted with spaces, as encoded words, in pieces. RFC 2231
func structured(s string) value {
	main, rest, _ := strings.Cut(s, ";")
	main = strings.TrimSpace(main)
	if i := strings.IndexAny(main, " \t"); i >= 0 {
		if strings.Contains(main[i:], "=") { // the semicolon was forgotten
			rest = main[i:] + ";" + rest
		}
		main = main[:i]
	}
	v := value{main: strings.ToLower(main)}
	var pieces []piece
	for rest != "" {
		var name, val string
		name, val, rest = param(rest)
		if name == "" {
			continue
		}
		pieces = append(pieces, newPiece(name, val))
	}
	v.params = join(pieces)
	return v
}

// param reads one parameter from the front of s.
func param(s string) (name, val, rest string) {
	s = strings.TrimLeft(s, " \t;")
	i := strings.IndexAny(s, "=;")
	if i < 0 {
		return "", "", ""
	}
	if s[i] == ';' {
		return "", "", s[i+1:]
	}
	name, s = strings.ToLower(strings.TrimSpace(s[:i])), strings.TrimLeft(s[i+1:], " \t")
	if s == "" || s[0] != '"' {
		val, rest, _ = strings.Cut(s, ";")
		return name, strings.TrimSpace(val), rest
	}
	var b strings.Builder
	for i = 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case c == '"':
			_, rest, _ = strings.Cut(s[i+1:], ";")
			return name, b.String(), rest
		default:
			b.WriteByte(c)
		}
	}
	return name, b.String(), ""
}

// piece is a parameter, or a part of one. RFC 2231 3, 4
type piece struct {
	name     string
	n        int // its place, -1: the whole
	extended bool
	val      string
}

func newPiece(name, val string) piece {
	p := piece{name: name, n: -1, val: val}
	if s, ok := strings.CutSuffix(p.name, "*"); ok {
		p.name, p.extended = s, true
	}
	if base, num, ok := strings.Cut(p.name, "*"); ok {
		n := 0
		for _, c := range num {
			if c < '0' || c > '9' || n > 1000 {
				return p
			}
			n = n*10 + int(c-'0')
		}
		p.name, p.n = base, n
	}
	return p
}

// join puts pieces together. Extended ones win over plain ones of the same name.
func join(pieces []piece) map[string]string {
	out := map[string]string{}
	whole := map[string]bool{}
	slices.SortStableFunc(pieces, func(a, b piece) int { return a.n - b.n })
	parts := map[string][]piece{}
	for _, p := range pieces {
		switch {
		case p.n >= 0:
			parts[p.name] = append(parts[p.name], p)
		case p.extended:
			out[p.name], whole[p.name] = extended([]piece{p}), true
		default:
			if _, there := out[p.name]; !there {
				out[p.name] = DecodeText(p.val)
			}
		}
	}
	for name, list := range parts {
		if !whole[name] {
			out[name] = extended(list)
		}
	}
	return out
}

// extended decodes the pieces of a parameter: the first may say the charset.
func extended(list []piece) string {
	var data []byte
	charset, plain := "", true
	for i, p := range list {
		val := p.val
		if p.extended {
			plain = false
			if i == 0 {
				if cs, rest, ok := strings.Cut(val, "'"); ok {
					if _, text, ok := strings.Cut(rest, "'"); ok {
						charset, val = cs, text
					}
				}
			}
			data = append(data, unPercent(val)...)
		} else {
			data = append(data, val...)
		}
	}
	if plain {
		return DecodeText(string(data))
	}
	return toUTF8(data, charset)
}

func unPercent(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && hex(s[i+1]) >= 0 && hex(s[i+2]) >= 0 {
			out = append(out, byte(hex(s[i+1])<<4|hex(s[i+2])))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}

// FormatType writes a media type with parameters. RFC 2045 5.1
func FormatType(main string, params map[string]string) string {
	return mime.FormatMediaType(main, params)
}
