package calquery

import (
	"errors"
	"strings"

	"tandem"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// object is an opened body.
type object struct {
	env    Env
	doc    *contentline.Document
	cal    *contentline.Component
	find   recur.Finder
	series map[*contentline.Component]*series // by component; nil: not yet grouped
}

// series is a record's component without RECURRENCE-ID, if there is one, and those that override its instances.
type series struct {
	main      *contentline.Component // nil: only overrides are known
	overrides []*contentline.Component
	when      *recur.Series
}

func open(body []byte, env Env) (*object, error) {
	doc, err := ical.Parse(body)
	if err != nil {
		return nil, unreadable(err)
	}
	ob := &object{env: env, doc: doc}
	for c := range doc.Components() {
		if c.Is("VCALENDAR") {
			ob.cal = c
			break
		}
	}
	ob.find = env.Zones.In(ob.cal)
	return ob, nil
}

func unreadable(err error) error {
	e := &tandem.Error{Kind: tandem.Invalid, Op: "read calendar object", Err: err}
	var where *contentline.Error
	if errors.As(err, &where) {
		e.Remedy = "repair the iCalendar text, or restore it from where it came"
	}
	return e
}

// of is the series that a component belongs to.
func (ob *object) of(c *contentline.Component) *series {
	if ob.series == nil {
		ob.group()
	}
	return ob.series[c]
}

// group sorts components into series, by their name and UID. Without a UID each stands alone.
func (ob *object) group() {
	type key struct{ name, uid string }
	ob.series = map[*contentline.Component]*series{}
	known := map[key]*series{}
	for c := range ob.cal.Children() {
		if !ical.IsRecord(c) {
			continue
		}
		k := key{strings.ToUpper(c.Name()), ical.UID(c)}
		s := known[k]
		override := false
		if l := c.Get("RECURRENCE-ID"); l != nil {
			_, err := ical.TimeOf(l)
			override = err == nil
		}
		if s == nil || k.uid == "" || !override && s.main != nil {
			s = &series{}
			known[k] = s
		}
		if override {
			s.overrides = append(s.overrides, c)
		} else {
			s.main = c
		}
		ob.series[c] = s
	}
}

// times reads when a series happens. The components are passed in the order that Instance.Override counts in.
func (ob *object) times(s *series) *recur.Series {
	if s.when == nil {
		list := s.overrides
		if s.main != nil {
			list = append([]*contentline.Component{s.main}, list...)
		}
		s.when = recur.Read(list, ob.find)
	}
	return s.when
}

// component is what an instance shows.
func (s *series) component(in recur.Instance) *contentline.Component {
	if in.Override >= 0 && in.Override < len(s.overrides) {
		return s.overrides[in.Override]
	}
	return s.main
}

// at reads a property with one date or time as an instant; ok is false where there is none that can be read.
func (ob *object) at(c *contentline.Component, name string) (instant int64, form ical.Form, ok bool) {
	l := c.Get(name)
	if l == nil {
		return 0, 0, false
	}
	t, err := ical.TimeOf(l)
	if err != nil {
		return 0, 0, false
	}
	return ob.instant(t), t.Form, true
}

func (ob *object) instant(t ical.Time) int64 {
	switch t.Form {
	case ical.UTC:
		return t.Wall
	case ical.Zoned:
		if z := ob.find(t.TZID); z != nil {
			return z.Instant(t.Wall)
		}
	}
	return ob.env.Floating.Instant(t.Wall)
}
