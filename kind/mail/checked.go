package mail

import (
	"slices"
	"strings"

	"tandem/wire/mime"
)

// Checked is what a server on the way found out about who sent a message. RFC 8601
type Checked struct {
	By      string   `json:"by"`                // the server, as it names itself
	Results []string `json:"results,omitempty"` // "spf=pass", "dkim=fail", "dmarc=none", in this order; none: it checked nothing
}

// String is the result in a line: "mx.example.org: spf=pass, dkim=pass".
func (c *Checked) String() string {
	if c == nil || len(c.Results) == 0 {
		return ""
	}
	return c.By + ": " + strings.Join(c.Results, ", ")
}

// Forged reports whether the domain that a message says it is from disowns it. SPF or DKIM alone say little: mail that is passed on fails the one, and a list breaks the other. RFC 7489 6.6.2
func (c *Checked) Forged() bool { return c != nil && slices.Contains(c.Results, "dmarc=fail") }

// checks are the methods that are told of. RFC 7208, RFC 6376, RFC 7489
var checks = [...]string{"spf", "dkim", "dmarc"}

// checkedFields is how many fields of results are looked at.
const checkedFields = 20

// checked finds the results that the reader's own servers noted. Anybody can write such a field into a message, so that only the topmost counts, with others of the same server beside it, and only from a
// server that took part in the delivery: one that put its Received above the field, or that handed the message to the last one by LMTP. RFC 8601 5, 7.1
func checked(h mime.Header) *Checked {
	var out *Checked
	var servers []string
	found := map[string]string{}
	first, seen := true, 0
	for _, f := range h {
		switch {
		case strings.EqualFold(f.Name, "Received"):
			if out != nil {
				return out.of(found)
			}
			from, by, with := received(f.Value)
			servers = append(servers, by)
			if first && strings.HasPrefix(with, "lmtp") {
				servers = append(servers, from)
			}
			first = false
		case strings.EqualFold(f.Name, "Authentication-Results") && seen < checkedFields:
			seen++
			by, results := authResults(f.Value)
			switch {
			case by == "" || out != nil && by != out.By:
				return out.of(found)
			case !partOf(servers, by):
				return out.of(found)
			case len(results) == 0: // "none": what follows is somebody else's
				return out.of(found)
			case out == nil:
				out = &Checked{By: by}
			}
			for method, result := range results {
				if found[method] != "pass" { // of several signatures one that holds is enough
					found[method] = result
				}
			}
		}
	}
	return out.of(found)
}

// of are the results in their order.
func (c *Checked) of(found map[string]string) *Checked {
	if c == nil {
		return nil
	}
	c.Results = nil
	for _, method := range checks {
		if r := found[method]; r != "" {
			c.Results = append(c.Results, method+"="+r)
		}
	}
	return c
}

// partOf tells whether a name is one of these servers, or a domain of one: servers call themselves either way.
func partOf(servers []string, name string) bool {
	for _, s := range servers {
		if s == name || strings.Contains(name, ".") && strings.HasSuffix(s, "."+name) {
			return true
		}
	}
	return false
}

// received reads the words of a Received field that say who took part, in lower case. RFC 5321 4.4
func received(v string) (from, by, with string) {
	words := strings.Fields(strings.ToLower(uncommented(v)))
	for i := 0; i+1 < len(words); i++ {
		next := strings.TrimRight(words[i+1], ";")
		switch {
		case words[i] == "from" && from == "":
			from = next
		case words[i] == "by" && by == "":
			by = next
		case words[i] == "with" && with == "":
			with = next
		}
	}
	return from, by, with
}

// authResults reads a field: whose it is, and the first result of each method that is told of. RFC 8601 2.2
func authResults(v string) (by string, results map[string]string) {
	parts := strings.Split(strings.ToLower(uncommented(v)), ";")
	if words := strings.Fields(parts[0]); len(words) > 0 && !strings.Contains(words[0], "=") && len(words[0]) <= 255 {
		by = words[0]
	}
	results = map[string]string{}
	for _, p := range parts[1:] {
		method, rest, ok := strings.Cut(strings.TrimSpace(p), "=")
		method, _, _ = strings.Cut(strings.TrimSpace(method), "/") // a version
		words := strings.Fields(rest)
		if !ok || len(words) == 0 {
			continue
		}
		result := words[0]
		for _, c := range checks {
			if method == c && len(result) <= 20 && strings.Trim(result, "abcdefghijklmnopqrstuvwxyz") == "" && results[c] != "pass" {
				results[c] = result
			}
		}
	}
	return by, results
}

// uncommented is a field without comments and without what is quoted. RFC 5322 3.2.2
func uncommented(v string) string {
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(v); i++ {
		c := v[i]
		switch {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
			b.WriteByte(' ')
		case quoted:
		case c == '(':
			depth++
			b.WriteByte(' ')
		case c == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}
