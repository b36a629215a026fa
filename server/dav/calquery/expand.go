package calquery

import (
	"fmt"
	"strings"

	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/davxml"
	"tandem/wire/ical"
)

// expand replaces every series by its instances within a range, in UTC, and leaves the time zones out. RFC 4791 9.6.5
func (ob *object) expand(s *span) error {
	var items []contentline.Item
	done := map[*series]bool{}
	for _, it := range ob.cal.Items {
		switch {
		case it.Line != nil:
			items = append(items, it)
		case it.Child.Is("VTIMEZONE"):
		case ob.of(it.Child) == nil:
			ob.toUTC(it.Child)
			items = append(items, it)
		default:
			in := ob.of(it.Child)
			if done[in] {
				continue
			}
			done[in] = true
			list, err := ob.instances(in, s)
			if err != nil {
				return err
			}
			items = append(items, list...)
		}
	}
	ob.cal.Items = items
	return nil
}

// instances are the components that show a series within a range.
func (ob *object) instances(in *series, s *span) ([]contentline.Item, error) {
	when := ob.times(in)
	if in.main != nil && len(in.overrides)+len(when.Rules)+len(when.Dates) == 0 {
		if !ob.happens(s, in.main, nil) {
			return nil, nil
		}
		ob.toUTC(in.main)
		return []contentline.Item{{Child: in.main}}, nil
	}
	list, complete := when.Expand(ob.find, recur.Window{From: back(s.from, ical.DaySeconds), To: ahead(s.to, ical.DaySeconds),
		Max: ob.env.MaxInstances, Floating: ob.env.Floating})
	if !complete {
		return nil, tooMany(fmt.Sprintf("a series has more than %d instances within the range to expand; ask for a shorter one", ob.env.MaxInstances))
	}
	sizes, total := map[*contentline.Component]int{}, 0
	tests := map[*contentline.Component]func(start, end int64) bool{}
	var out []contentline.Item
	for _, one := range list {
		c := in.component(one)
		if c == nil {
			continue
		}
		test, known := tests[c]
		if !known {
			test = ob.overlap(s, c)
			tests[c] = test
		}
		if test != nil && !test(one.Start, one.End) || test == nil && !s.overlaps(one.Start, one.End) {
			continue
		}
		if sizes[c] == 0 {
			sizes[c] = len(c.Bytes("\r\n"))
		}
		if total += sizes[c]; total > maxExpanded && len(out) > 0 {
			return nil, tooMany("a series is too large to be expanded over this range; ask for a shorter one")
		}
		out = append(out, contentline.Item{Child: ob.instance(c, when, one)})
	}
	return out, nil
}

// maxExpanded bounds the bytes that a series may become.
const maxExpanded = 32 << 20

func tooMany(text string) error {
	c := davxml.Fail(507, davxml.D("number-of-matches-within-limits"))
	c.Text = text
	return c
}

// instance is a component as one instance of its series.
func (ob *object) instance(c *contentline.Component, when *recur.Series, in recur.Instance) *contentline.Component {
	out := clone(c)
	form := ical.UTC
	if t, ok := timeOf(out, "DTSTART", "DUE"); ok {
		form = t.Form
	}
	idForm := when.Start.Form
	if when.Start.IsZero() {
		idForm = form
	}
	for _, name := range []string{"RRULE", "RDATE", "EXRULE", "EXDATE"} {
		out.RemoveAll(name)
	}
	if out.Get("DURATION") != nil && out.Get("DTEND") == nil && hasPeriods(when) { // an RDATE may give an instance a length of its own
		if l := out.Get("DTSTART"); l != nil && out.RemoveAll("DURATION") > 0 {
			end := l.Clone()
			end.SetName("DTEND")
			out.Add(contentline.Item{Line: end})
		}
	}
	ob.setTime(out, "DTSTART", in.Start)
	ob.setTime(out, "DTEND", in.End)
	if out.Get("DTSTART") == nil {
		ob.setTime(out, "DUE", in.Start)
	} else {
		ob.setTime(out, "DUE", in.End)
	}
	id := ob.timeAs(idForm, in.ID)
	l := out.Set("RECURRENCE-ID", id.String())
	l.SetParams(nil)
	if id.Form == ical.Date {
		l.SetParam("VALUE", "DATE")
	}
	ob.toUTC(out)
	return out
}

func hasPeriods(when *recur.Series) bool {
	for _, p := range when.Dates {
		if p.HasLength || !p.End.IsZero() {
			return true
		}
	}
	return false
}

func timeOf(c *contentline.Component, names ...string) (ical.Time, bool) {
	for _, name := range names {
		if l := c.Get(name); l != nil {
			if t, err := ical.TimeOf(l); err == nil {
				return t, true
			}
		}
	}
	return ical.Time{}, false
}

// setTime gives a property that is there an instant, in the form it has; a time of a zone becomes one in UTC.
func (ob *object) setTime(c *contentline.Component, name string, at int64) {
	l := c.Get(name)
	if l == nil {
		return
	}
	t, err := ical.TimeOf(l)
	if err != nil {
		return
	}
	l.SetValue(ob.timeAs(t.Form, at).String())
	if t.Form == ical.Zoned {
		l.DelParam("TZID")
	}
}

// timeAs is an instant as a day or time of a form. A time of a zone is given in UTC.
func (ob *object) timeAs(form ical.Form, at int64) ical.Time {
	wall := at + int64(ob.env.Floating.Offset(at))
	switch form {
	case ical.Date:
		return ical.Time{Form: ical.Date, Wall: ical.FloorDiv(wall, ical.DaySeconds) * ical.DaySeconds}
	case ical.Floating:
		return ical.Time{Form: ical.Floating, Wall: wall}
	}
	return ical.Time{Form: ical.UTC, Wall: at}
}

// toUTC rewrites every time with a TZID, within the component and those in it.
func (ob *object) toUTC(c *contentline.Component) {
	for l := range c.Lines() {
		tzid, ok := l.Param("TZID")
		if !ok {
			continue
		}
		var parts []string
		sound := true
		for part := range strings.SplitSeq(l.Value(), ",") {
			t, err := ical.ParseTime(part, tzid)
			if err != nil || t.Form == ical.Date {
				sound = sound && err == nil
				parts = append(parts, strings.TrimSpace(part))
				continue
			}
			parts = append(parts, ob.timeAs(ical.UTC, ob.instant(t)).String())
		}
		if sound {
			l.SetValue(strings.Join(parts, ","))
			l.DelParam("TZID")
		}
	}
	for child := range c.Children() {
		ob.toUTC(child)
	}
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

// limitOverrides leaves out the components that override instances outside a range, unless the instance was within it before. RFC 4791 9.6.6
func (ob *object) limitOverrides(s *span) {
	keep := map[*contentline.Component]bool{}
	done := map[*series]bool{}
	for c := range ob.cal.Children() {
		in := ob.of(c)
		if in == nil || done[in] {
			continue
		}
		done[in] = true
		when := ob.times(in)
		for i, o := range in.overrides {
			if i >= len(when.Overrides) {
				break
			}
			over := when.Overrides[i]
			id := ob.instant(over.ID)
			keep[o] = s.overlaps(id, id+when.Length.Days*ical.DaySeconds+when.Length.Seconds) || ob.happens(s, o, nil) ||
				over.Future && id < s.to
		}
	}
	kept := make([]contentline.Item, 0, len(ob.cal.Items))
	for _, it := range ob.cal.Items {
		if it.Child != nil {
			if in := ob.of(it.Child); in != nil && it.Child != in.main && !keep[it.Child] {
				continue
			}
		}
		kept = append(kept, it)
	}
	ob.cal.Items = kept
}
