package calquery

import (
	"math"
	"strings"

	"tandem/server/dav/collation"
	"tandem/wire/davxml"
	"tandem/wire/ical"
)

// span is a CALDAV:time-range in Unix seconds. RFC 4791 9.9
type span struct{ from, to int64 }

// compFilter is a CALDAV:comp-filter. RFC 4791 9.7.1
type compFilter struct {
	name   string // in upper case
	absent bool   // is-not-defined
	when   *span
	props  []*propFilter
	comps  []*compFilter
}

// propFilter is a CALDAV:prop-filter. RFC 4791 9.7.2
type propFilter struct {
	name   string
	absent bool
	when   *span
	text   *collation.Match
	params []*paramFilter
}

// paramFilter is a CALDAV:param-filter. RFC 4791 9.7.3
type paramFilter struct {
	name   string
	absent bool
	text   *collation.Match
}

// within says in which components one may stand. What is not listed (an X- component, VAVAILABILITY) may stand anywhere.
var within = map[string]string{
	"VCALENDAR": "", "VEVENT": "VCALENDAR", "VTODO": "VCALENDAR", "VJOURNAL": "VCALENDAR", "VFREEBUSY": "VCALENDAR", "VTIMEZONE": "VCALENDAR",
	"VALARM": "VEVENT VTODO", "STANDARD": "VTIMEZONE", "DAYLIGHT": "VTIMEZONE",
}

// timed are the components that happen at a time. RFC 4791 9.9
var timed = map[string]bool{"VEVENT": true, "VTODO": true, "VJOURNAL": true, "VFREEBUSY": true, "VALARM": true}

const maxFilters = 1000 // elements of one filter: work for a body is bounded by it

// ParseFilter reads a CALDAV:filter. Its errors are conditions (RFC 4791 7.8): valid-filter for what makes no sense, supported-filter for what
// is not served, supported-collation.
func ParseFilter(filter *davxml.Element, env Env) (*Filter, error) {
	if !filter.Is(davxml.C("filter")) {
		return nil, invalid("the request has no CALDAV:filter")
	}
	p := parser{}
	var root *compFilter
	for e := range filter.Elements() {
		if e.Name != davxml.C("comp-filter") {
			continue // RFC 4918 17: what is not known is ignored
		}
		if root != nil {
			return nil, invalid("a filter has one comp-filter, for VCALENDAR")
		}
		c, err := p.comp(e, "")
		if err != nil {
			return nil, err
		}
		root = c
	}
	if root == nil {
		return nil, invalid("a filter has one comp-filter, for VCALENDAR")
	}
	return newFilter(root, env.filled()), nil
}

func invalid(text string) error { return refuse(davxml.C("valid-filter"), text) }

type parser struct{ n int }

func (p *parser) comp(e *davxml.Element, parent string) (*compFilter, error) {
	f := &compFilter{name: strings.ToUpper(strings.TrimSpace(e.Attr("name")))}
	if parents, known := within[f.name]; f.name == "" || parent == "" && f.name != "VCALENDAR" || known && !hasWord(parents, parent) {
		return nil, invalid("a comp-filter named \"" + f.name + "\" cannot stand in \"" + parent + "\"")
	}
	if p.n++; p.n > maxFilters {
		return nil, refuse(davxml.C("supported-filter"), "the filter has too many parts")
	}
	others := 0
	for c := range e.Elements() {
		var err error
		switch c.Name {
		case davxml.C("is-not-defined"):
			f.absent = true
			continue
		case davxml.C("time-range"):
			if !timed[f.name] || f.when != nil {
				return nil, invalid("a comp-filter for " + f.name + " cannot have this time-range")
			}
			f.when, err = parseSpan(c)
		case davxml.C("prop-filter"):
			var prop *propFilter
			prop, err = p.prop(c)
			f.props = append(f.props, prop)
		case davxml.C("comp-filter"):
			var comp *compFilter
			comp, err = p.comp(c, f.name)
			f.comps = append(f.comps, comp)
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		others++
	}
	if f.absent && others > 0 {
		return nil, invalid("is-not-defined stands alone")
	}
	return f, nil
}

func hasWord(words, word string) bool {
	if words == "" {
		return word == ""
	}
	for w := range strings.FieldsSeq(words) {
		if w == word {
			return true
		}
	}
	return false
}

func (p *parser) prop(e *davxml.Element) (*propFilter, error) {
	f := &propFilter{name: strings.ToUpper(strings.TrimSpace(e.Attr("name")))}
	if f.name == "" {
		return nil, invalid("a prop-filter needs a name")
	}
	if p.n++; p.n > maxFilters {
		return nil, refuse(davxml.C("supported-filter"), "the filter has too many parts")
	}
	others := 0
	for c := range e.Elements() {
		var err error
		switch c.Name {
		case davxml.C("is-not-defined"):
			f.absent = true
			continue
		case davxml.C("time-range"):
			if f.when != nil || f.text != nil {
				return nil, invalid("a prop-filter has one time-range or one text-match")
			}
			f.when, err = parseSpan(c)
		case davxml.C("text-match"):
			if f.when != nil || f.text != nil {
				return nil, invalid("a prop-filter has one time-range or one text-match")
			}
			f.text, err = parseMatch(c)
		case davxml.C("param-filter"):
			var param *paramFilter
			param, err = p.param(c)
			f.params = append(f.params, param)
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		others++
	}
	if f.absent && others > 0 {
		return nil, invalid("is-not-defined stands alone")
	}
	return f, nil
}

func (p *parser) param(e *davxml.Element) (*paramFilter, error) {
	f := &paramFilter{name: strings.ToUpper(strings.TrimSpace(e.Attr("name")))}
	if f.name == "" {
		return nil, invalid("a param-filter needs a name")
	}
	if p.n++; p.n > maxFilters {
		return nil, refuse(davxml.C("supported-filter"), "the filter has too many parts")
	}
	f.absent = e.Has(davxml.C("is-not-defined"))
	if m := e.Child(davxml.C("text-match")); m != nil {
		if f.absent {
			return nil, invalid("is-not-defined stands alone")
		}
		var err error
		if f.text, err = parseMatch(m); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// parseMatch reads a CALDAV:text-match. RFC 4791 9.7.5
func parseMatch(e *davxml.Element) (*collation.Match, error) {
	with, err := collation.Parse(e.Attr("collation"), collation.ASCIICase, davxml.C("supported-collation"))
	if err != nil {
		return nil, err
	}
	negate := false
	switch e.Attr("negate-condition") {
	case "", "no":
	case "yes":
		negate = true
	default:
		return nil, invalid("negate-condition is yes or no")
	}
	return collation.NewMatch(e.Chars(), with, collation.Contains, negate), nil
}

// parseSpan reads a CALDAV:time-range, CALDAV:expand or its like: start and end are times in UTC. RFC 4791 9.9
func parseSpan(e *davxml.Element) (*span, error) {
	s := &span{math.MinInt64, math.MaxInt64}
	start, hasStart := e.Lookup("start")
	end, hasEnd := e.Lookup("end")
	if !hasStart && !hasEnd {
		return nil, invalid(e.Name.Local + " needs start or end")
	}
	for _, at := range []struct {
		value string
		has   bool
		to    *int64
	}{{start, hasStart, &s.from}, {end, hasEnd, &s.to}} {
		if !at.has {
			continue
		}
		t, err := ical.ParseTime(at.value, "")
		if err != nil || t.Form != ical.UTC {
			return nil, invalid(e.Name.Local + ": \"" + at.value + "\" is no time in UTC")
		}
		*at.to = t.Wall
	}
	if s.from >= s.to {
		return nil, invalid(e.Name.Local + " ends before it starts")
	}
	return s, nil
}
