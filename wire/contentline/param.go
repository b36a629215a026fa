package contentline

import (
	"iter"
	"slices"
	"strings"
)

// A Param is one parameter as written. A vCard 2.1 parameter without a name ("HOME" in "TEL;HOME:…") has only a Value.
type Param struct {
	Name  string // as spelled; "" for a bare value
	Value string // all that follows the equals sign, verbatim: a comma-separated list, each perhaps in quotes
}

// NewParam makes a parameter, quoting values where needed (RFC 5545 3.2) and encoding what cannot stand inside quotes
// (RFC 6868).
func NewParam(name string, values ...string) Param {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = QuoteParam(v)
	}
	return Param{Name: name, Value: strings.Join(quoted, ",")}
}

// Is reports whether the parameter has this name, ignoring case.
func (p *Param) Is(name string) bool {
	return len(p.Name) == len(name) && strings.EqualFold(p.Name, name)
}

// All yields the values: split at commas outside quotes, quotes taken off, decoded by RFC 6868.
func (p Param) All() iter.Seq[string] {
	return func(yield func(string) bool) {
		rest, more := p.Value, true
		for more {
			var v string
			if v, rest, more = cutUnquoted(rest); !yield(UnquoteParam(v)) {
				return
			}
		}
	}
}

// Values returns what All yields.
func (p Param) Values() []string { return slices.Collect(p.All()) }

// First is the first of the values.
func (p Param) First() string {
	v, _, _ := cutUnquoted(p.Value)
	return UnquoteParam(v)
}

// cutUnquoted cuts s at the first comma outside quotes.
func cutUnquoted(s string) (head, rest string, found bool) {
	if strings.IndexByte(s, ',') < 0 {
		return s, "", false
	}
	in := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			in = !in
		case ',':
			if !in {
				return s[:i], s[i+1:], true
			}
		}
	}
	return s, "", false
}

// QuoteParam makes a text fit to stand as a parameter value: line breaks, carets and quotes are encoded (RFC 6868), and
// the whole is quoted if it holds a colon, semicolon or comma. Other control characters, which no parameter can hold,
// are left out.
func QuoteParam(v string) string {
	if strings.ContainsAny(v, "\r\n^\"") || strings.ContainsFunc(v, isControl) {
		v = strings.Map(func(r rune) rune {
			if isControl(r) && r != '\n' {
				return -1
			}
			return r
		}, strings.ReplaceAll(v, "\r\n", "\n"))
		v = caretEncoder.Replace(v)
	}
	if strings.ContainsAny(v, ":;,") || v != strings.TrimSpace(v) {
		return `"` + v + `"`
	}
	return v
}

// UnquoteParam takes the quotes off a single parameter value and decodes it by RFC 6868.
func UnquoteParam(v string) string {
	if len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"' {
		v = v[1 : len(v)-1]
	}
	if strings.IndexByte(v, '^') >= 0 {
		v = caretDecoder.Replace(v)
	}
	return v
}

// RFC 6868 3.1: a caret before anything else stands for itself.
var (
	caretDecoder = strings.NewReplacer("^^", "^", "^n", "\n", "^N", "\n", "^'", `"`)
	caretEncoder = strings.NewReplacer("^", "^^", "\n", "^n", `"`, "^'")
)

func isControl(r rune) bool { return r < 0x20 && r != '\t' || r == 0x7f }
