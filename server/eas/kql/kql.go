// Package kql reads the queries that phones send with Find: words, phrases, and restrictions as "from:anna", joined by AND, OR and NOT, a part of the Keyword
// Query Language (MS-KQL 2.2). A query is brought into the form "any of these, each of which is all of that", so that a full-text index can be asked for the words,
// and the rest is decided here. Everything is a query: what is not understood is words.
package kql

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Query is any of its clauses.
type Query []Clause

// Clause is what must all hold.
type Clause struct {
	Words string // what the text has, as store.Texts.Search reads it; "": anything
	Not   []string
	Props []Prop
}

// Prop is a restriction of a property.
type Prop struct {
	Name  string // in lower case: "from"
	Op    string // ":", "=", "<>", "<", "<=", ">", ">="
	Value string
	Not   bool
}

// clausesMost and termsMost bound what one query costs.
const (
	clausesMost = 8
	termsMost   = 32
)

// names are the properties that are known, and the names by which each goes. What else looks like one is words.
var names = map[string]string{"from": "from", "sender": "from", "to": "to", "cc": "cc", "bcc": "bcc", "recipients": "recipients", "participants": "participants", "subject": "subject",
	"body": "body", "attachment": "attachment", "attachmentnames": "attachment", "hasattachment": "hasattachment", "hasattachments": "hasattachment", "has": "has",
	"received": "received", "sent": "sent", "date": "received", "isread": "isread", "read": "isread", "isflagged": "isflagged", "importance": "importance", "category": "category",
	"kind": "kind"}

// Parse reads a query.
func Parse(s string) Query {
	var q Query
	var c Clause
	var words []string
	flush := func() {
		c.Words = strings.Join(words, " ")
		if (c.Words != "" || len(c.Not) > 0 || len(c.Props) > 0) && len(q) < clausesMost {
			q = append(q, c)
		}
		c, words = Clause{}, nil
	}
	not := false
	for i, t := range tokens(s) {
		if i == termsMost {
			break
		}
		switch {
		case !t.quoted && t.name == "" && t.text == "OR":
			flush()
			not = false
			continue
		case !t.quoted && t.name == "" && t.text == "AND":
			continue
		case !t.quoted && t.name == "" && t.text == "NOT":
			not = true
			continue
		}
		text := t.text
		if t.quoted {
			text = `"` + text + `"`
		}
		switch {
		case t.name != "" && t.name != "body":
			c.Props = append(c.Props, Prop{Name: t.name, Op: t.op, Value: t.text, Not: t.not != not})
		case t.not != not:
			c.Not = append(c.Not, text)
		default:
			words = append(words, text)
		}
		not = false
	}
	flush()
	return q
}

// token is a word or a restriction.
type token struct {
	name, op, text string
	quoted, not    bool
}

// tokens cuts a query into its terms; brackets join nothing here.
func tokens(s string) (out []token) {
	for {
		s = strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '(' || r == ')' })
		if s == "" {
			return out
		}
		var t token
		if (s[0] == '-' || s[0] == '+') && len(s) > 1 && s[1] != ' ' {
			t.not, s = s[0] == '-', s[1:]
		}
		if i := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }); i > 0 {
			if name, ok := names[strings.ToLower(s[:i])]; ok {
				for _, op := range []string{"<>", "<=", ">=", ":", "=", "<", ">"} {
					if strings.HasPrefix(s[i:], op) {
						t.name, t.op, s = name, op, strings.TrimLeft(s[i+len(op):], " ")
						break
					}
				}
			}
		}
		if rest, ok := strings.CutPrefix(s, `"`); ok {
			t.quoted = true
			t.text, s, _ = strings.Cut(rest, `"`)
		} else {
			i := strings.IndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '(' || r == ')' || r == '"' })
			if i < 0 {
				i = len(s)
			}
			t.text, s = s[:i], s[i:]
		}
		if t.text != "" {
			out = append(out, t)
		}
	}
}

// Has reports whether every word of value is in text, or begins a word of it; without regard to case and accents.
func Has(text, value string) bool {
	have := words(text)
	for _, w := range words(value) {
		found := false
		for _, h := range have {
			found = found || strings.HasPrefix(h, w)
		}
		if !found {
			return false
		}
	}
	return true
}

// words are the words of a text in lower case, without accents.
func words(text string) []string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(text) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}
