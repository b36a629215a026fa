package attach

import (
	"slices"
	"strings"

	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// object is an opened calendar object.
type object struct {
	doc       *contentline.Document
	cal       *contentline.Component
	main      *contentline.Component // nil: only overrides are known
	overrides []*contentline.Component
	find      recur.Finder
	when      *recur.Series
}

func open(body []byte, zones *recur.Zones) (*object, error) {
	doc, err := ical.Parse(body)
	if err != nil {
		return nil, refuse("valid-calendar-data", err.Error())
	}
	if zones == nil {
		zones = &recur.Zones{}
	}
	ob := &object{doc: doc}
	for c := range doc.Components() {
		if c.Is("VCALENDAR") {
			ob.cal = c
			break
		}
	}
	var parts []*contentline.Component
	for c := range ob.cal.Children() {
		if !ical.IsRecord(c) {
			continue
		}
		parts = append(parts, c)
		if c.Get("RECURRENCE-ID") != nil {
			ob.overrides = append(ob.overrides, c)
		} else {
			ob.main = c
		}
	}
	if len(parts) == 0 {
		return nil, refuse("valid-calendar-data", "there is nothing in the calendar object that can have an attachment")
	}
	ob.find = zones.In(ob.cal)
	ob.when = recur.Read(parts, ob.find)
	return ob, nil
}

// targets are the components that a request is about. An instance that the series has and nothing overrides yet gets a component of its own. RFC 8607 3.3.2
func (ob *object) targets(rids []string) ([]*contentline.Component, error) {
	if rids == nil {
		if ob.main == nil {
			return ob.overrides, nil
		}
		return append([]*contentline.Component{ob.main}, ob.overrides...), nil
	}
	var out []*contentline.Component
	for _, rid := range rids {
		c, err := ob.target(strings.TrimSpace(rid))
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out, nil
}

func (ob *object) target(rid string) (*contentline.Component, error) {
	if strings.EqualFold(rid, "M") {
		if ob.main == nil {
			return nil, refuse("valid-rid", "the calendar object has instances alone, without their series")
		}
		return ob.main, nil
	}
	t, err := ical.ParseTime(rid, "")
	if err != nil {
		return nil, refuse("valid-rid", rid+" is neither M nor a time")
	}
	for _, c := range ob.overrides {
		if id, err := ical.TimeOf(c.Get("RECURRENCE-ID")); err == nil && ob.same(id, t) {
			return c, nil
		}
	}
	return ob.override(rid, t)
}

// same reports whether an instance's own name and the one in a request mean the same: a request names times of zones in UTC.
func (ob *object) same(id, asked ical.Time) bool {
	if id.Form == ical.Zoned && asked.Form == ical.UTC {
		if z := ob.find(id.TZID); z != nil {
			return z.Instant(id.Wall) == asked.Wall
		}
	}
	return id.Wall == asked.Wall && (id.Form == ical.Date) == (asked.Form == ical.Date) && (id.Form == ical.UTC) == (asked.Form == ical.UTC)
}

// maxNear bounds the instances among which one is looked for.
const maxNear = 2000

// override adds a component for an instance of the series.
func (ob *object) override(rid string, t ical.Time) (*contentline.Component, error) {
	none := refuse("valid-rid", "the series has no instance "+rid)
	if ob.main == nil || ob.when.Start.IsZero() || len(ob.when.Rules)+len(ob.when.Dates) == 0 {
		return nil, none
	}
	start := ob.when.Start
	zone := recur.Zone(recur.Fixed("UTC", 0))
	if start.Form == ical.Zoned {
		if z := ob.find(start.TZID); z != nil {
			zone = z
		}
	}
	wall := t.Wall
	if t.Form == ical.UTC && start.Form == ical.Zoned {
		wall += int64(zone.Offset(t.Wall))
	}
	id := ical.Time{Wall: wall, Form: start.Form, TZID: start.TZID}
	if (id.Form == ical.Date) != (t.Form == ical.Date) || !ob.same(id, t) {
		return nil, none
	}
	at := zone.Instant(wall)
	slack := int64(0) // instances are looked for where they are now
	for _, o := range ob.when.Overrides {
		if o.Future && !o.Start.IsZero() {
			slack = max(slack, o.Start.Wall-o.ID.Wall+ical.DaySeconds, o.ID.Wall-o.Start.Wall+ical.DaySeconds)
		}
	}
	list, _ := ob.when.Expand(ob.find, recur.Window{From: at - slack, To: at + slack + 1, Max: maxNear})
	i := slices.IndexFunc(list, func(in recur.Instance) bool { return in.ID == at })
	if i < 0 {
		return nil, none
	}
	from := ob.main
	if n := list[i].Override; n >= 0 && n < len(ob.overrides) { // all from one on were changed
		from = ob.overrides[n]
	}
	return ob.copyAs(from, id), nil
}

// copyAs adds a copy of a component as the instance id.
func (ob *object) copyAs(from *contentline.Component, id ical.Time) *contentline.Component {
	c := clone(from)
	base := ob.when.Start
	if l := from.Get("RECURRENCE-ID"); l != nil {
		base, _ = ical.TimeOf(l) // error: it was an instance of it, so it has been read
	}
	for _, name := range []string{"RRULE", "RDATE", "EXRULE", "EXDATE", "RECURRENCE-ID"} {
		c.RemoveAll(name)
	}
	for _, name := range []string{"DTSTART", "DTEND", "DUE"} {
		l := c.Get(name)
		if l == nil {
			continue
		}
		if t, err := ical.TimeOf(l); err == nil {
			t.Wall += id.Wall - base.Wall
			l.SetValue(t.String())
		}
	}
	l := contentline.NewLine("RECURRENCE-ID", id.String())
	switch id.Form {
	case ical.Date:
		l.SetParam("VALUE", "DATE")
	case ical.Zoned:
		l.SetParam("TZID", id.TZID)
	}
	at := 0
	if uid := c.Get("UID"); uid != nil {
		at = c.Index(contentline.Item{Line: uid}) + 1
	}
	c.Items = slices.Insert(c.Items, at, contentline.Item{Line: l})
	ob.cal.Add(contentline.Item{Child: c})
	ob.overrides = append(ob.overrides, c)
	return c
}

func clone(c *contentline.Component) *contentline.Component {
	out := &contentline.Component{Begin: c.Begin.Clone(), End: c.End.Clone(), Items: make([]contentline.Item, 0, len(c.Items))}
	for _, it := range c.Items {
		if it.Child != nil {
			out.Items = append(out.Items, contentline.Item{Child: clone(it.Child)})
		} else {
			out.Items = append(out.Items, contentline.Item{Line: it.Line.Clone()})
		}
	}
	return out
}
