package locks

import (
	"fmt"
	"strings"
)

// If is the header If: it holds if one of its lists does. RFC 4918 10.4
type If []List

// List is a list of conditions that hold together.
type List struct {
	Resource   string // URI or path of what it is about; "": the target of the request
	Conditions []Condition
}

// Condition is one state that a resource is in, or not in: either Token or ETag is set.
type Condition struct {
	Not   bool
	Token string // a URI
	ETag  string // with its quotes, and W/ before a weak one
}

// Tokens are the state tokens in the header, which are submitted whatever becomes of the conditions. RFC 4918 10.4.1
func (h If) Tokens() map[string]bool {
	set := map[string]bool{}
	for _, l := range h {
		for _, c := range l.Conditions {
			if c.Token != "" {
				set[c.Token] = true
			}
		}
	}
	return set
}

// ParseIf reads the header; an empty one has no lists. Lists without a tag and with one do not mix. RFC 4918 10.4.2
func ParseIf(s string) (h If, err error) {
	p := ifParser{rest: s}
	tag := ""
	for p.space(); p.rest != ""; p.space() {
		switch p.rest[0] {
		case '<':
			if len(h) > 0 && tag == "" {
				return nil, fmt.Errorf("lists without a tag stand before %q", short(p.rest))
			}
			if tag, err = p.until('<', '>'); err != nil {
				return nil, err
			}
			if p.space(); !strings.HasPrefix(p.rest, "(") {
				return nil, fmt.Errorf("there is no list of conditions after <%s>", tag)
			}
		case '(':
			list, err := p.list()
			if err != nil {
				return nil, err
			}
			h = append(h, List{Resource: tag, Conditions: list})
		default:
			return nil, fmt.Errorf("%q is no list of conditions", short(p.rest))
		}
	}
	return h, nil
}

type ifParser struct{ rest string }

func (p *ifParser) space() { p.rest = strings.TrimLeft(p.rest, " \t") }

// list reads conditions in parentheses.
func (p *ifParser) list() (list []Condition, err error) {
	p.rest = p.rest[1:]
	for {
		p.space()
		if rest, ok := strings.CutPrefix(p.rest, ")"); ok {
			if p.rest = rest; len(list) == 0 {
				return nil, fmt.Errorf("a list of conditions is empty")
			}
			return list, nil
		}
		var c Condition
		if len(p.rest) > 3 && strings.EqualFold(p.rest[:3], "not") {
			c.Not = true
			p.rest = p.rest[3:]
			p.space()
		}
		switch {
		case strings.HasPrefix(p.rest, "<"):
			c.Token, err = p.until('<', '>')
		case strings.HasPrefix(p.rest, "["):
			c.ETag, err = p.etag()
		default:
			return nil, fmt.Errorf("%q is no condition", short(p.rest))
		}
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
}

// until reads what is between two signs; it is not empty and holds no space.
func (p *ifParser) until(open, end byte) (string, error) {
	i := strings.IndexByte(p.rest, end)
	if i <= 1 || strings.ContainsAny(p.rest[1:i], " \t"+string(open)) {
		return "", fmt.Errorf("%q has no %q where it should", short(p.rest), end)
	}
	s := p.rest[1:i]
	p.rest = p.rest[i+1:]
	return s, nil
}

// etag reads an entity tag in brackets. RFC 9110 8.8.3
func (p *ifParser) etag() (string, error) {
	s := strings.TrimLeft(p.rest[1:], " \t")
	weak := ""
	if rest, ok := strings.CutPrefix(s, "W/"); ok {
		weak, s = "W/", rest
	}
	if !strings.HasPrefix(s, `"`) {
		return "", fmt.Errorf("%q is no entity tag", short(p.rest))
	}
	i := strings.IndexByte(s[1:], '"')
	if i < 0 {
		return "", fmt.Errorf("the entity tag %q does not end", short(s))
	}
	tag, rest := weak+s[:i+2], strings.TrimLeft(s[i+2:], " \t")
	var ok bool
	if p.rest, ok = strings.CutPrefix(rest, "]"); !ok {
		return "", fmt.Errorf("the bracket around %s does not end", tag)
	}
	return tag, nil
}

// short is the beginning of a text, for messages.
func short(s string) string { return s[:min(len(s), 40)] }
