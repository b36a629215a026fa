// Package cardquery answers what clients ask about cards: whether one matches a filter (RFC 6352 10.5) and what part of it is wanted, in which version
// (10.4). All of it is a function of bodies and of the elements of requests; nothing is kept.
//
// What a request gets wrong is a *davxml.Condition. A body that makes no sense is an error of kind Invalid: the caller leaves it out and says so in its log.
package cardquery

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/server/dav/collation"
	"tandem/wire/contentline"
	"tandem/wire/davxml"
	"tandem/wire/vcard"
)

// Filter is a CARDDAV:filter. It is safe for concurrent use. RFC 6352 10.5
type Filter struct {
	all   bool // of the props must match, else one of them
	props []*propFilter
}

// propFilter is a CARDDAV:prop-filter. RFC 6352 10.5.1
type propFilter struct {
	group, name string // group "": any, or none
	absent      bool
	all         bool
	texts       []*collation.Match
	params      []*paramFilter
}

// paramFilter is a CARDDAV:param-filter. RFC 6352 10.5.2
type paramFilter struct {
	name   string
	absent bool
	text   *collation.Match
}

const maxFilters = 1000 // elements of one filter: work for a body is bounded by it

func malformed(text string) error { return davxml.Failf(400, "%s", text) }

// unsupported is the condition that the filter cannot be served, with the part that is to blame. RFC 6352 8.6
func unsupported(text string, about *davxml.Element) error {
	c := davxml.Fail(403, davxml.A("supported-filter"))
	if about != nil {
		c.Details = []*davxml.Element{davxml.New(about.Name).With("name", about.Attr("name"))}
	}
	c.Text = text
	return c
}

// ParseFilter reads a CARDDAV:filter. Its errors are conditions: supported-filter, supported-collation (403), and 400 for what makes no sense.
func ParseFilter(filter *davxml.Element) (*Filter, error) {
	if !filter.Is(davxml.A("filter")) {
		return nil, malformed("the request has no CARDDAV:filter")
	}
	f := &Filter{}
	var err error
	if f.all, err = allOf(filter); err != nil {
		return nil, err
	}
	n := 0
	for e := range filter.All(davxml.A("prop-filter")) {
		p, err := parseProp(e, &n)
		if err != nil {
			return nil, err
		}
		f.props = append(f.props, p)
	}
	return f, nil
}

// allOf reads the attribute test. RFC 6352 10.5
func allOf(e *davxml.Element) (bool, error) {
	switch e.Attr("test") {
	case "", "anyof":
		return false, nil
	case "allof":
		return true, nil
	}
	return false, malformed("test is anyof or allof")
}

func parseProp(e *davxml.Element, n *int) (f *propFilter, err error) {
	f = &propFilter{name: strings.ToUpper(strings.TrimSpace(e.Attr("name")))}
	if group, name, ok := strings.Cut(f.name, "."); ok {
		f.group, f.name = group, name
	}
	if f.name == "" {
		return nil, malformed("a prop-filter needs a name")
	}
	if f.all, err = allOf(e); err != nil {
		return nil, err
	}
	for c := range e.Elements() {
		if *n++; *n > maxFilters {
			return nil, unsupported("the filter has too many parts", nil)
		}
		switch c.Name {
		case davxml.A("is-not-defined"):
			f.absent = true
		case davxml.A("text-match"):
			m, err := parseMatch(c)
			if err != nil {
				return nil, err
			}
			f.texts = append(f.texts, m)
		case davxml.A("param-filter"):
			p, err := parseParam(c)
			if err != nil {
				return nil, err
			}
			f.params = append(f.params, p)
		}
	}
	if f.absent && len(f.texts)+len(f.params) > 0 {
		return nil, unsupported("is-not-defined stands alone", e)
	}
	return f, nil
}

func parseParam(e *davxml.Element) (*paramFilter, error) {
	f := &paramFilter{name: strings.ToUpper(strings.TrimSpace(e.Attr("name"))), absent: e.Has(davxml.A("is-not-defined"))}
	if f.name == "" {
		return nil, malformed("a param-filter needs a name")
	}
	if m := e.Child(davxml.A("text-match")); m != nil {
		if f.absent {
			return nil, unsupported("is-not-defined stands alone", e)
		}
		var err error
		if f.text, err = parseMatch(m); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// parseMatch reads a CARDDAV:text-match. RFC 6352 10.5.4
func parseMatch(e *davxml.Element) (*collation.Match, error) {
	with, err := collation.Parse(e.Attr("collation"), collation.UnicodeCase, davxml.A("supported-collation"))
	if err != nil {
		return nil, err
	}
	how := collation.Contains
	switch e.Attr("match-type") {
	case "", "contains":
	case "equals":
		how = collation.Equals
	case "starts-with":
		how = collation.StartsWith
	case "ends-with":
		how = collation.EndsWith
	default:
		return nil, unsupported("match-type is equals, contains, starts-with or ends-with", nil)
	}
	negate := false
	switch e.Attr("negate-condition") {
	case "", "no":
	case "yes":
		negate = true
	default:
		return nil, malformed("negate-condition is yes or no")
	}
	return collation.NewMatch(e.Chars(), with, how, negate), nil
}

// ParseLimit reads the CARDDAV:limit of a query: at most so many results; ok is false where there is none. RFC 6352 10.6
func ParseLimit(query *davxml.Element) (n int, ok bool, err error) {
	e := query.Child(davxml.A("limit"))
	if e == nil {
		return 0, false, nil
	}
	n, err = strconv.Atoi(e.Get(davxml.A("nresults")))
	if err != nil || n < 0 {
		return 0, false, malformed("nresults is a number")
	}
	return n, true, nil
}

// Everything reports whether every card matches, so that none has to be read.
func (f *Filter) Everything() bool { return len(f.props) == 0 }

// Match reports whether a card matches.
func (f *Filter) Match(body []byte) (bool, error) {
	card, err := open(body)
	if err != nil {
		return false, err
	}
	if f.Everything() {
		return true, nil
	}
	for _, p := range f.props {
		if p.match(card.Card) != f.all {
			return !f.all, nil
		}
	}
	return f.all, nil
}

// opened is a card in its document.
type opened struct {
	*vcard.Card
	file *vcard.File
}

func open(body []byte) (*opened, error) {
	f, err := vcard.Parse(body, contentline.Limits{})
	if err != nil {
		e := &tandem.Error{Kind: tandem.Invalid, Op: "read contact", Err: err}
		var where *contentline.Error
		if errors.As(err, &where) {
			e.Remedy = "repair the vCard, or restore it from where it came"
		}
		return nil, e
	}
	return &opened{f.Cards[0], f}, nil
}

// match reports whether a card has a property that meets the filter, or none if there must be none. RFC 6352 10.5.1
func (f *propFilter) match(card *vcard.Card) bool {
	for p := range card.Properties() {
		if !p.Is(f.name) || f.group != "" && !strings.EqualFold(p.Group(), f.group) {
			continue
		}
		if f.absent || f.meets(p) {
			return !f.absent
		}
	}
	return f.absent
}

func (f *propFilter) meets(p vcard.Property) bool {
	if len(f.texts)+len(f.params) == 0 {
		return true
	}
	if len(f.texts) > 0 {
		value := p.Text()
		for _, m := range f.texts {
			if m.Match(value) != f.all {
				return !f.all
			}
		}
	}
	for _, q := range f.params {
		if q.match(p) != f.all {
			return !f.all
		}
	}
	return f.all
}

// match reports whether a property has a parameter that meets the filter. RFC 6352 10.5.2
func (f *paramFilter) match(p vcard.Property) bool {
	values := p.ParamValues(f.name)
	if f.name == "TYPE" { // written TYPE="home,work", or without a name in version 2.1
		for _, v := range values {
			if strings.Contains(v, ",") {
				values = slices.Concat(values, strings.Split(v, ","))
			}
		}
		for _, q := range p.Params() {
			if q.Name == "" {
				values = append(values, q.Value)
			}
		}
	}
	switch {
	case f.absent:
		return len(values) == 0
	case f.text == nil:
		return len(values) > 0
	}
	return f.text.Any(values...)
}
