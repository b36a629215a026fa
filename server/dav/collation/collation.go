// Package collation compares texts as the filters of CalDAV and CardDAV ask for: with the collations of RFC 4790 and RFC 5051 that the door knows.
package collation

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"tandem/wire/davxml"
)

// Collation is a way to compare texts.
type Collation uint8

// The collations. RFC 4791 7.5.1 and RFC 6352 8.3.1 ask for them.
const (
	ASCIICase   Collation = iota // i;ascii-casemap: the letters of ASCII in either case. RFC 4790 9.2
	Octet                        // i;octet: byte for byte. RFC 4790 9.3
	UnicodeCase                  // i;unicode-casemap: all letters in either case, however they are composed. RFC 5051
)

// Names are the names of all collations, as properties list them. RFC 4791 7.5.1, RFC 6352 8.3.1
func Names() []string { return []string{"i;ascii-casemap", "i;octet", "i;unicode-casemap"} }

// Parse reads the name of a collation; without a name, or with the name default, it is def. What is not known is refused with the condition refusal.
func Parse(name string, def Collation, refusal davxml.Name) (Collation, error) {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "", "default":
		return def, nil
	case "i;ascii-casemap":
		return ASCIICase, nil
	case "i;octet":
		return Octet, nil
	case "i;unicode-casemap":
		return UnicodeCase, nil
	}
	c := davxml.Fail(403, refusal)
	c.Text = "the collation " + name + " is not known; use one of " + strings.Join(Names(), ", ")
	return 0, c
}

// Key is a text in a form in which texts that the collation takes for equal have equal bytes.
func (c Collation) Key(s string) string {
	switch c {
	case Octet:
		return s
	case UnicodeCase:
		if !ascii(s) {
			return norm.NFKD.String(cases.Fold().String(norm.NFKD.String(s)))
		}
	}
	return lower(s)
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// lower is a text with the capital letters of ASCII, and no others, made small.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// How says where in a value a text must stand. RFC 6352 10.5.4
type How uint8

// The ways to match.
const (
	Contains How = iota
	Equals
	StartsWith
	EndsWith
)

// Match is a text that values are compared with: CALDAV:text-match and CARDDAV:text-match. RFC 4791 9.7.5, RFC 6352 10.5.4
type Match struct {
	how    How
	with   Collation
	key    string
	negate bool
}

// NewMatch makes a Match. With negate it is the other way round.
func NewMatch(text string, with Collation, how How, negate bool) *Match {
	return &Match{how: how, with: with, key: with.Key(text), negate: negate}
}

// Match reports whether a value matches.
func (m *Match) Match(value string) bool {
	key := m.with.Key(value)
	found := false
	switch m.how {
	case Contains:
		found = strings.Contains(key, m.key)
	case Equals:
		found = key == m.key
	case StartsWith:
		found = strings.HasPrefix(key, m.key)
	case EndsWith:
		found = strings.HasSuffix(key, m.key)
	}
	return found != m.negate
}

// Any reports whether one of several values matches; without a value nothing does.
func (m *Match) Any(values ...string) bool {
	for _, v := range values {
		if m.Match(v) {
			return true
		}
	}
	return false
}
