package calquery

import (
	"strings"

	"tandem/wire/contentline"
	"tandem/wire/davxml"
)

// Data is what a request wants to see of calendar objects: CALDAV:calendar-data. It is safe for concurrent use. RFC 4791 9.6
type Data struct {
	env      Env
	comp     *subset
	expand   *span
	limit    *span // limit-recurrence-set
	freeBusy *span // limit-freebusy-set
}

// subset is a CALDAV:comp: which properties and components of a component are wanted. RFC 4791 9.6.1
type subset struct {
	name     string // in upper case
	whole    bool   // nothing is said of what is in it, or all is wanted
	allProps bool
	allComps bool
	props    map[string]bool // by name in upper case: whether without the value
	comps    []*subset
}

// ParseData reads a CALDAV:calendar-data of a request; nil, or an empty one, asks for the whole. What cannot be given is refused with the condition
// supported-calendar-data. RFC 4791 7.8, 9.6
func ParseData(e *davxml.Element, env Env) (*Data, error) {
	d := &Data{env: env.filled()}
	if e == nil {
		return d, nil
	}
	media, version := strings.TrimSpace(e.Attr("content-type")), strings.TrimSpace(e.Attr("version"))
	if media != "" && !strings.EqualFold(media, "text/calendar") || version != "" && version != "2.0" {
		return nil, refuse(davxml.C("supported-calendar-data"), "calendar objects are given as text/calendar of version 2.0",
			davxml.New(davxml.C("calendar-data")).With("content-type", "text/calendar").With("version", "2.0"))
	}
	for c := range e.Elements() {
		var err error
		switch c.Name {
		case davxml.C("comp"):
			n := 0
			if d.comp, err = parseSubset(c, &n, 0); err == nil && d.comp.name != "VCALENDAR" {
				err = refuse(davxml.C("supported-calendar-data"), "the outermost comp is VCALENDAR")
			}
		case davxml.C("expand"):
			d.expand, err = dataSpan(c)
		case davxml.C("limit-recurrence-set"):
			d.limit, err = dataSpan(c)
		case davxml.C("limit-freebusy-set"):
			d.freeBusy, err = dataSpan(c)
		}
		if err != nil {
			return nil, err
		}
	}
	if d.expand != nil && d.limit != nil {
		return nil, refuse(davxml.C("supported-calendar-data"), "expand and limit-recurrence-set exclude each other")
	}
	return d, nil
}

// dataSpan reads a range of which both ends must be given. RFC 4791 9.6.5 to 9.6.7
func dataSpan(e *davxml.Element) (*span, error) {
	_, start := e.Lookup("start")
	_, end := e.Lookup("end")
	s, err := parseSpan(e)
	if err != nil || !start || !end {
		return nil, refuse(davxml.C("supported-calendar-data"), e.Name.Local+" needs start and end, in UTC, the end after the start")
	}
	return s, nil
}

const maxSubsetDepth = 8

func parseSubset(e *davxml.Element, n *int, depth int) (*subset, error) {
	if *n++; *n > maxFilters || depth > maxSubsetDepth {
		return nil, refuse(davxml.C("supported-calendar-data"), "calendar-data has too many parts")
	}
	s := &subset{name: strings.ToUpper(strings.TrimSpace(e.Attr("name"))), whole: true}
	if s.name == "" {
		return nil, refuse(davxml.C("supported-calendar-data"), "a comp needs a name")
	}
	for c := range e.Elements() {
		s.whole = false
		switch c.Name {
		case davxml.C("allprop"):
			s.allProps = true
		case davxml.C("allcomp"):
			s.allComps = true
		case davxml.C("prop"):
			if *n++; *n > maxFilters {
				return nil, refuse(davxml.C("supported-calendar-data"), "calendar-data has too many parts")
			}
			if s.props == nil {
				s.props = map[string]bool{}
			}
			if name := strings.ToUpper(strings.TrimSpace(c.Attr("name"))); name != "" {
				s.props[name] = c.Attr("novalue") == "yes"
			}
		case davxml.C("comp"):
			inner, err := parseSubset(c, n, depth+1)
			if err != nil {
				return nil, err
			}
			s.comps = append(s.comps, inner)
		}
	}
	s.whole = s.whole || s.allProps && s.allComps && len(s.props) == 0
	return s, nil
}

// Whole reports whether Apply gives every body as it is.
func (d *Data) Whole() bool {
	return d == nil || (d.comp == nil || d.comp.whole) && d.expand == nil && d.limit == nil && d.freeBusy == nil
}

// Apply gives what is wanted of a calendar object. Where that is the whole, it is the very bytes of body. The error is a condition
// (number-of-matches-within-limits, 507) for a series with more instances in the range than may be expanded.
func (d *Data) Apply(body []byte) ([]byte, error) {
	if d.Whole() {
		return body, nil
	}
	ob, err := open(body, d.env)
	if err != nil {
		return nil, err
	}
	switch {
	case d.expand != nil:
		if err := ob.expand(d.expand); err != nil {
			return nil, err
		}
	case d.limit != nil:
		ob.limitOverrides(d.limit)
	}
	if d.freeBusy != nil {
		ob.limitFreeBusy(d.freeBusy)
	}
	if d.comp != nil {
		d.comp.cut(ob.cal)
	}
	return ob.doc.Bytes(), nil
}

// cut leaves of a component what is wanted. RFC 4791 9.6.1
func (s *subset) cut(c *contentline.Component) {
	if s.whole {
		return
	}
	kept := make([]contentline.Item, 0, len(c.Items))
	for _, it := range c.Items {
		switch {
		case it.Line != nil:
			noValue, named := s.props[strings.ToUpper(it.Line.Name())]
			if !named && !s.allProps { // lines that make no sense have no name
				continue
			}
			if noValue && it.Line.Name() != "" {
				it.Line.SetValue("")
			}
		case s.allComps:
		default:
			inner := s.inner(it.Child)
			if inner == nil {
				continue
			}
			inner.cut(it.Child)
		}
		kept = append(kept, it)
	}
	c.Items = kept
}

func (s *subset) inner(c *contentline.Component) *subset {
	for _, in := range s.comps {
		if c.Is(in.name) {
			return in
		}
	}
	return nil
}

// limitFreeBusy leaves out the periods of VFREEBUSY that do not overlap a range. RFC 4791 9.6.7
func (ob *object) limitFreeBusy(s *span) {
	for c := range ob.cal.Children() {
		if !c.Is("VFREEBUSY") {
			continue
		}
		kept := make([]contentline.Item, 0, len(c.Items))
		for _, it := range c.Items {
			if it.Line == nil || !it.Line.Is("FREEBUSY") || ob.cutPeriods(s, it.Line) {
				kept = append(kept, it)
			}
		}
		c.Items = kept
	}
}

// cutPeriods leaves the periods that overlap a range and reports whether there are any.
func (ob *object) cutPeriods(s *span, l *contentline.Line) bool {
	var kept []string
	all := strings.Split(l.Value(), ",")
	for _, part := range all {
		one := contentline.NewLine("FREEBUSY", part)
		if ob.valueWithin(s, one) {
			kept = append(kept, part)
		}
	}
	if len(kept) < len(all) {
		l.SetValue(strings.Join(kept, ","))
	}
	return len(kept) > 0
}
