package mime

import (
	"net/mail"
	"regexp"
	"strings"
	"time"
)

// Address is a mailbox of a person, or a group.
type Address struct {
	Name  string // as people read it, "" for none
	Email string // "" where there is only a name
}

// String is the address as a header has it, names quoted or encoded where they must be. RFC 5322 3.4
func (a Address) String() string {
	if a.Email == "" {
		return a.Name
	}
	if a.Name == "" {
		return a.Email
	}
	return (&mail.Address{Name: a.Name, Address: a.Email}).String()
}

// Addresses are the people in the fields of a name. RFC 5322 3.4 and what programs write instead.
func (h Header) Addresses(name string) []Address {
	var out []Address
	for _, v := range h.All(name) {
		out = append(out, ParseAddresses(v)...)
	}
	return out
}

// ParseAddresses reads a list of addresses, as much of it as can be understood. Groups give their members.
func ParseAddresses(s string) []Address {
	var out []Address
	var text, email, tail strings.Builder // of the address being read; tail is what follows its brackets
	var comment string
	angle, at := false, false // at: the text has an @
	add := func() {
		a := Address{Name: tidy(text.String()), Email: strings.Join(strings.Fields(email.String()), "")}
		if !angle {
			if a.Email = strings.TrimSpace(text.String()); !strings.Contains(a.Email, "@") || strings.ContainsAny(a.Email, " \t") {
				a.Name, a.Email = tidy(a.Email), ""
			} else {
				a.Name = ""
			}
		}
		if a.Name == "" {
			a.Name = comment
		}
		if i := strings.LastIndexByte(a.Email, ':'); strings.HasPrefix(a.Email, "@") && i >= 0 { // a route. RFC 5322 4.4
			a.Email = a.Email[i+1:]
		}
		if a.Name != "" || a.Email != "" {
			out = append(out, a)
		}
		text.Reset()
		email.Reset()
		tail.Reset()
		comment, angle, at = "", false, false
	}
	inAngle := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case inAngle && c == '>':
			inAngle = false
		case inAngle:
			email.WriteByte(c)
		case c == '"':
			n := quoted(s[i:])
			words := unescape(s[i+1 : max(i+1, i+n-1)])
			text.WriteString(words)
			at = at || strings.Contains(words, "@")
			i += n - 1
		case c == '(':
			n := commentEnd(s[i:])
			comment = tidy(unescape(s[i+1 : max(i+1, i+n-1)]))
			i += n - 1
		case c == '<':
			if angle { // a second address without a comma
				name := tail.String()
				add()
				text.WriteString(name)
				at = strings.Contains(name, "@")
			}
			angle, inAngle = true, true
		case c == ',' || c == ';':
			add()
		case c == ':' && !angle && email.Len() == 0 && !at: // a group's name
			text.Reset()
		case angle:
			tail.WriteByte(c)
		default:
			text.WriteByte(c)
			at = at || c == '@'
		}
	}
	add()
	return out
}

func tidy(s string) string { return strings.TrimSpace(DecodeText(strings.TrimSpace(s))) }

// quoted is the length of the quoted text at the beginning of s.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s) + 1 // never closed
}

// commentEnd is the length of the comment at the beginning of s; comments nest.
func commentEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s) + 1
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

var (
	comments = regexp.MustCompile(`\([^()]*\)`)
	spaces   = regexp.MustCompile(`\s+`)
	layouts  = []string{"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04 -0700", "2 Jan 2006 15:04:05", "2 Jan 06 15:04:05 -0700", "2-Jan-2006 15:04:05 -0700", "Jan 2 15:04:05 2006",
		"Jan 2 15:04:05 2006 -0700", "Jan 2 2006 15:04:05 -0700", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", "2 Jan 2006"}
	zones = map[string]string{"UT": "+0000", "GMT": "+0000", "UTC": "+0000", "Z": "+0000", "EST": "-0500", "EDT": "-0400", "CST": "-0600", "CDT": "-0500", "MST": "-0700",
		"MDT": "-0600", "PST": "-0800", "PDT": "-0700", "CET": "+0100", "CEST": "+0200", "MET": "+0100", "MEST": "+0200", "BST": "+0100", "JST": "+0900"}
)

// ParseDate reads a date as mail has it, and reports whether it can be understood. RFC 5322 3.3, 4.3
func ParseDate(s string) (time.Time, bool) {
	if t, err := time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", s); err == nil { // as nearly all have it
		return t, true
	}
	s = comments.ReplaceAllString(s, " ")
	if day, rest, ok := strings.Cut(s, ","); ok && len(strings.TrimSpace(day)) <= 9 {
		s = rest
	}
	words := strings.Fields(spaces.ReplaceAllString(s, " "))
	if len(words) > 0 && len(words[0]) >= 3 && strings.Contains("monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun", strings.ToLower(words[0])) {
		words = words[1:]
	}
	if n := len(words); n > 3 {
		if z, ok := zones[strings.ToUpper(words[n-1])]; ok {
			words[n-1] = z
		} else if w := words[n-1]; len(w) > 0 && (w[0] >= 'A' && w[0] <= 'Z' || w[0] >= 'a' && w[0] <= 'z') { // a zone nobody knows. RFC 5322 4.3
			words[n-1] = "+0000"
		}
		for i, w := range words { // "Jan 2 15:04:05 EST 2006"
			if z, ok := zones[strings.ToUpper(w)]; ok && i == n-2 {
				words = append(append(words[:i:i], words[i+1:]...), z)
			}
		}
	}
	s = strings.Join(words, " ")
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
