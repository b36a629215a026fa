package vcard

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"

	"tandem/wire/contentline"
)

// A Property is a line together with the version of its card. The zero Property, with no line, may only be compared.
type Property struct {
	*contentline.Line
	Version Version
}

// Plain is the value with its transport encoding taken off (quoted-printable, a character set), still escaped. Bytes
// that are not UTF-8 where no character set is named are read as Windows-1252, which such programs mostly mean.
func (p Property) Plain() string {
	v := p.Value()
	if len(p.Params()) > 0 && !p.Base64() {
		if p.Quoted() {
			v = decodeQuoted(v)
		}
		if name, ok := p.Param("CHARSET"); ok && !strings.EqualFold(name, "utf-8") {
			if enc, err := htmlindex.Get(name); err == nil {
				if s, err := enc.NewDecoder().String(v); err == nil {
					return s
				}
			}
		}
	}
	if !utf8.ValidString(v) {
		if s, err := charmap.Windows1252.NewDecoder().String(v); err == nil {
			return s
		}
	}
	return v
}

// Text is the value as one text, line breaks as "\n".
func (p Property) Text() string { return p.Unescape(p.Plain()) }

// List is the value as texts between commas.
func (p Property) List() []string {
	var out []string
	for part := range contentline.SplitText(p.Plain(), ',') {
		out = append(out, p.Unescape(part))
	}
	return out
}

// Components is a structured value: its components in order, the several texts of one component joined by commas.
func (p Property) Components() []string {
	plain := p.Plain()
	out := make([]string, 0, strings.Count(plain, ";")+1)
	for part := range contentline.SplitText(plain, ';') {
		out = append(out, p.Unescape(part))
	}
	return out
}

// Component is the i-th component, "" if there are not so many.
func (p Property) Component(i int) string {
	if c := p.Components(); i < len(c) {
		return c[i]
	}
	return ""
}

// Unescape undoes the escaping of the property's version. vCard 2.1 has no escape for a line break, so "\n" there
// stands for itself.
func (p Property) Unescape(s string) string {
	if p.Version != V21 {
		s = contentline.UnescapeText(s)
	} else if strings.IndexByte(s, '\\') >= 0 {
		s = unescape21.Replace(s)
	}
	if strings.IndexByte(s, '\r') >= 0 {
		s = carriage.Replace(s)
	}
	return s
}

// escape is the inverse of Unescape. structured says that the text is a part of a structured value or list.
func (p Property) escape(s string, structured bool) string {
	switch {
	case p.Version != V21:
		return contentline.EscapeText(s)
	case structured:
		return escape21.Replace(s)
	}
	return escape21Text.Replace(s)
}

var (
	unescape21   = strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",", `\:`, ":")
	escape21     = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`)
	escape21Text = strings.NewReplacer(`\`, `\\`)
	carriage     = strings.NewReplacer("\r\n", "\n", "\r", "\n")
)

// Types are the property's types in lower case, in order, each once, however they are spelled: TYPE=home,work,
// TYPE="home,work", TYPE=home;TYPE=work, or bare as in vCard 2.1. The preference is among them as "pref" only where it
// is spelled as a type.
func (p Property) Types() []string {
	var out []string
	var seen map[string]bool // only where there are many
	for t := range p.EachType() {
		if seen[t] || seen == nil && slices.Contains(out, t) {
			continue
		}
		out = append(out, t)
		if len(out) == 32 {
			seen = make(map[string]bool)
			for _, t := range out {
				seen[t] = true
			}
		} else if seen != nil {
			seen[t] = true
		}
	}
	return out
}

// EachType yields the types in lower case, in order; one that is there twice is yielded twice.
func (p Property) EachType() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, q := range p.Params() {
			switch {
			case q.Name == "" && !isEncoding(q.Value):
			case q.Is("TYPE"):
			default:
				continue
			}
			for v := range q.All() {
				for more := true; more; {
					var t string
					if t, v, more = strings.Cut(v, ","); strings.TrimSpace(t) == "" {
						continue
					}
					if !yield(lowerType(strings.TrimSpace(t))) {
						return
					}
				}
			}
		}
	}
}

// lowerType is a type in lower case, without a copy for the common ones.
func lowerType(t string) string {
	if lower, ok := commonTypes[t]; ok {
		return lower
	}
	return strings.ToLower(t)
}

var commonTypes = map[string]string{"HOME": "home", "WORK": "work", "CELL": "cell", "VOICE": "voice", "FAX": "fax", "PREF": "pref",
	"INTERNET": "internet", "JPEG": "jpeg", "OTHER": "other", "MAIN": "main", "Home": "home", "Work": "work"}

// isEncoding reports whether a parameter without a name says how the value is written, not what type it has (vCard 2.1
// section 2.1.3 and 2.1.5).
func isEncoding(v string) bool {
	switch len(v) {
	case 3, 4, 6, 10, 16:
	default:
		return false
	}
	switch strings.ToUpper(v) {
	case "BASE64", "QUOTED-PRINTABLE", "8BIT", "7BIT", "INLINE", "URL", "CONTENT-ID", "CID":
		return true
	}
	return false
}

// Pref is how much the property is preferred among its like: 1 is most, 100 least (RFC 6350 5.3), 0 says nothing. The
// type "pref" of the older versions is 1.
func (p Property) Pref() int {
	if v, ok := p.Param("PREF"); ok {
		if n, err := strconv.Atoi(v); err == nil && n >= 1 && n <= 100 {
			return n
		}
	}
	for t := range p.EachType() {
		if t == "pref" {
			return 1
		}
	}
	return 0
}

// SetTypes replaces the property's types, as its version spells them. It leaves all else alone.
func (p Property) SetTypes(types ...string) {
	params := make([]contentline.Param, 0, len(p.Params())+len(types))
	for _, q := range p.Params() {
		if !q.Is("TYPE") && (q.Name != "" || isEncoding(q.Value)) {
			params = append(params, q)
		}
	}
	if p.Version == V21 {
		for _, t := range types {
			if isBareWord(t) {
				params = append(params, contentline.Param{Value: strings.ToUpper(t)})
			} else {
				params = append(params, contentline.NewParam("TYPE", t))
			}
		}
	} else if len(types) > 0 {
		params = append(params, contentline.NewParam("TYPE", types...))
	}
	p.SetParams(params)
}

// isBareWord reports whether a type can stand without a name in vCard 2.1.
func isBareWord(t string) bool {
	for i := 0; i < len(t); i++ {
		if c := t[i]; !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return t != "" && !isEncoding(t)
}

// SetPref replaces the preference, 0 for none.
func (p Property) SetPref(n int) {
	types := slices.DeleteFunc(p.Types(), func(t string) bool { return t == "pref" })
	if p.Version == V40 {
		p.SetTypes(types...)
		p.DelParam("PREF")
		if n > 0 {
			p.SetParam("PREF", strconv.Itoa(n))
		}
		return
	}
	p.DelParam("PREF")
	if n == 1 {
		types = append(types, "pref")
	}
	p.SetTypes(types...)
}

// SetText makes the value this text.
func (p Property) SetText(s string) { p.SetPlain(p.escape(carriage.Replace(s), false)) }

// SetList makes the value these texts between commas.
func (p Property) SetList(list []string) { p.setParts(list, ',') }

// SetComponents makes the value these components. A comma within a component is part of its text.
func (p Property) SetComponents(components []string) { p.setParts(components, ';') }

func (p Property) setParts(parts []string, sep byte) {
	escaped := make([]string, len(parts))
	for i, c := range parts {
		escaped[i] = p.escape(carriage.Replace(c), true)
	}
	p.SetPlain(contentline.JoinText(escaped, sep))
}

// SetPlain makes the value what is escaped already, with the transport encoding that the version needs. It is the
// inverse of Plain.
func (p Property) SetPlain(v string) {
	if p.Plain() != v || p.Version != V21 && p.Quoted() {
		p.encode(v)
	}
}

// encode is SetPlain without a look at what is there.
func (p Property) encode(v string) {
	params := slices.DeleteFunc(slices.Clone(p.Params()), func(q contentline.Param) bool {
		return q.Is("CHARSET") || q.Is("ENCODING") || q.Name == "" && isEncoding(q.Value)
	})
	if p.Version == V21 && needsQuoting(v) {
		params = append(params, contentline.Param{Name: "CHARSET", Value: "UTF-8"}, contentline.Param{Name: "ENCODING", Value: "QUOTED-PRINTABLE"})
		v = encodeQuoted(carriage.Replace(v))
	}
	p.SetParams(params)
	p.SetValue(v)
	p.SetNoFold(p.Version == V21)
}

// needsQuoting reports whether a vCard 2.1 value must be quoted-printable: it has line breaks, or is not ASCII.
func needsQuoting(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\t' || c >= 0x7f {
			return true
		}
	}
	return false
}

// decodeQuoted decodes quoted-printable (RFC 2045 6.7). What is no escape stands for itself.
func decodeQuoted(s string) string {
	i := strings.IndexByte(s, '=')
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for ; i >= 0; i = strings.IndexByte(s, '=') {
		b = append(b, s[:i]...)
		if i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				s = s[i+3:]
				continue
			}
		}
		if i+1 < len(s) {
			b = append(b, '=')
		}
		s = s[i+1:] // an equals sign at the very end is a soft break before nothing
	}
	return string(append(b, s...))
}

func unhex(c byte) int {
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

// encodeQuoted encodes as quoted-printable; a line break becomes =0D=0A.
func encodeQuoted(s string) string {
	const hex = "0123456789ABCDEF"
	b := make([]byte, 0, len(s)+len(s)/2)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\n':
			b = append(b, "=0D=0A"...)
		case c == '=' || c < ' ' || c >= 0x7f, c == ' ' && i == len(s)-1:
			b = append(b, '=', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return string(b)
}
