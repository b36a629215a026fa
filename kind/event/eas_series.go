package event

import (
	"slices"

	"tandem/kind/eas"
	"tandem/kind/eas/recurrence"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

// shown is a series as the protocol can say it: a pattern, and what differs from it.
type shown struct {
	pattern *recurrence.Recurrence // nil: it happens once
	list    []instance             // by key

	near, wide *recurrence.Recurrence // what else it may have been shown as at another time
}

// instance is one instance that is not as the pattern says.
type instance struct {
	key     int64
	deleted bool
	c       *contentline.Component // its override, nil if it has none
	at      span                   // when it is, where that is not as its override says or there is none
	moved   bool                   // at counts
}

const (
	maxExceptions = 256 // MS-ASCAL_R24311
	maxDeletions  = 200 // that stand for what a pattern cannot say
	maxGoverned   = 100 // that one override stands for
	maxInstances  = 500 // looked at to find a pattern for what no rule says
	horizon       = 180 * ical.DaySeconds
	farthest      = 20 * 366 * ical.DaySeconds
)

// series finds the pattern. A rule that none can say is shown as the weekly pattern that has all its instances, with the
// others deleted, as far as that goes, which is exact for a series that ends soon enough; if that does not reach well
// past the present, as the pattern nearest to the rule. Either is for showing only: Put leaves the rule as it is unless
// the client sends another pattern.
func (s *shower) series() shown {
	var out shown
	if s.ob.main.Get("RECURRENCE-ID") != nil {
		return out
	}
	if s.ob.repeats() {
		near, exact := s.nearest()
		switch {
		case exact:
			out.pattern = near
		default:
			wide, list, last, complete := s.wide()
			out.near, out.wide = near, wide
			if complete || near == nil || last > s.o.Now+horizon {
				out.pattern, out.list = wide, list
			} else {
				out.pattern = near
			}
		}
	}
	s.excluded(&out)
	out.list = slices.DeleteFunc(out.list, func(i instance) bool { return s.ob.override(i.key) != nil })
	for _, o := range s.ob.overrides {
		out.list = append(out.list, instance{key: o.key, c: o.c})
	}
	s.governed(&out)
	slices.SortStableFunc(out.list, func(a, b instance) int { return cmp(a.key, b.key) })
	for i := 0; i < len(out.list) && len(out.list) > maxExceptions; i++ {
		if out.list[i].c == nil { // the oldest deletions matter least
			out.list = slices.Delete(out.list, i, i+1)
			i--
		}
	}
	if n := len(out.list); n > maxExceptions {
		out.list = out.list[n-maxExceptions:]
	}
	return out
}

func cmp(a, b int64) int { return int(max(-1, min(1, a-b))) }

// excluded adds what EXDATE takes away.
func (s *shower) excluded(out *shown) {
	if out.pattern == nil {
		return
	}
	seen := map[int64]bool{}
	for _, i := range out.list {
		seen[i.key] = true
	}
	for _, t := range s.ob.series.Except {
		if key := s.ob.key(t); !seen[key] {
			seen[key] = true
			out.list = append(out.list, instance{key: key, deleted: true})
		}
	}
}

// governed adds the instances that an override before them stands for, as far as there is room.
func (s *shower) governed(out *shown) {
	if !slices.ContainsFunc(s.ob.overrides, func(o *override) bool { return o.future }) || out.pattern == nil {
		return
	}
	seen := map[int64]bool{}
	for _, i := range out.list {
		seen[i.key] = true
	}
	first := s.ob.overrides[0].key
	for _, o := range s.ob.overrides {
		if o.future {
			first = min(first, o.key)
		}
	}
	keys, _ := s.ob.instances(first, s.ob.span(s.ob.main).start+farthest, maxGoverned)
	for _, key := range keys {
		if o := s.ob.governing(key); o != nil && !seen[key] && len(out.list) < maxExceptions {
			out.list = append(out.list, instance{key: key, c: o.c, at: s.ob.governed(o, key), moved: true})
		}
	}
}

// nearest is the pattern next to the first rule, nil without one, and whether it says the whole series.
func (s *shower) nearest() (*recurrence.Recurrence, bool) {
	ser := s.ob.series
	if len(ser.Rules) == 0 || ser.Start.IsZero() {
		return nil, false
	}
	r, exact := recurrence.FromRule(ser.Rules[0], ser.Start, recurrence.CalendarTags().Limit)
	r.Until = s.until(r.Until)
	return &r, exact && len(ser.Rules) == 1 && len(ser.Dates)+len(ser.ExRules) == 0 && !ser.Vague
}

// until is the end of a pattern as the client gets it: an instant for which the form UTC stands.
func (s *shower) until(t ical.Time) ical.Time {
	start := s.ob.series.Start
	at := t.Wall
	switch {
	case t.IsZero():
		return t
	case start.Form == ical.Date:
		at = t.Day() * ical.DaySeconds
		if s.o.Version < eas.V160 {
			at = s.ob.user.Instant(at)
		}
	case t.Form == ical.Date: // the whole of the day counts
		at = s.ob.zoneOf(start).Instant(t.Wall + start.Wall - start.Day()*ical.DaySeconds)
	case t.Form != ical.UTC:
		at = s.ob.zoneOf(start).Instant(t.Wall)
	}
	return ical.Time{Wall: at, Form: ical.UTC}
}

// wide is the weekly pattern that has all instances, what differs from it, the last instance it reaches, and
// whether that is the last of the series.
func (s *shower) wide() (r *recurrence.Recurrence, list []instance, last int64, complete bool) {
	main := s.ob.span(s.ob.main)
	far := main.start + farthest
	_, end, _ := s.ob.series.Bounds(s.ob.find)
	keys, complete := s.ob.instances(everBefore, far, maxInstances)
	complete = complete && !s.ob.series.Vague && end < far
	wall := func(key int64) int64 {
		if main.allDay {
			return key
		}
		return key + int64(main.zone.Offset(key))
	}
	first := wall(main.start)
	clock := first - ical.FloorDiv(first, ical.DaySeconds)*ical.DaySeconds
	byDay := map[int64]int64{}
	mask, lastDay := 0, ical.FloorDiv(first, ical.DaySeconds)
	for _, key := range keys {
		day := ical.FloorDiv(wall(key), ical.DaySeconds)
		if _, taken := byDay[day]; taken || wall(key) < first {
			complete = complete && wall(key) >= first && !taken
			continue
		}
		byDay[day] = key
		mask |= 1 << ical.Weekday(day)
		lastDay = max(lastDay, day)
	}
	r = &recurrence.Recurrence{Type: recurrence.Weekly, Interval: 1, DayOfWeek: max(mask, 1<<ical.Weekday(lastDay)), FirstDayOfWeek: 1}
	last = main.start
	for day := ical.FloorDiv(first, ical.DaySeconds); day <= lastDay; day++ {
		key, there := byDay[day]
		if r.DayOfWeek&(1<<ical.Weekday(day)) == 0 {
			continue
		}
		if len(list) >= maxDeletions {
			complete = false
			break
		}
		rule := day*ical.DaySeconds + clock // where the pattern puts the instance
		if !main.allDay {
			rule = main.zone.Instant(rule)
		}
		switch {
		case !there:
			list = append(list, instance{key: rule, deleted: true})
			continue
		case key != rule:
			list = append(list, instance{key: rule, at: s.ob.at(key), moved: true})
		}
		last = rule
	}
	list = slices.DeleteFunc(list, func(i instance) bool { return i.key > last })
	r.Until = s.until(ical.Time{Wall: last, Form: ical.UTC})
	return r, list, last, complete
}

// element writes the pattern.
func (d shown) element(o eas.Options) *wbxml.Element {
	if d.pattern == nil {
		return nil
	}
	return recurrence.CalendarTags().Element(d.pattern.Shown(o), o)
}

// exceptions writes what differs from the pattern. MS-ASCAL 2.2.2.22
func (s *shower) exceptions(d shown) *wbxml.Element {
	if len(d.list) == 0 {
		return nil
	}
	e := wbxml.New(wbxml.CalendarExceptions)
	var list []field
	var main []*wbxml.Element // what the series shows
	for _, f := range fields() {
		if f.inException(s.o.Version) {
			list, main = append(list, f), append(main, f.show(s, s.ob.main))
		}
	}
	for _, i := range d.list {
		x := s.exception(i)
		if i.c != nil {
			for n := range list {
				x.Add(s.differs(&list[n], main[n], list[n].show(s, i.c)))
			}
			x.Add(s.otherAttachments(i.c))
		}
		e.Add(x)
	}
	return e
}

// exception writes when one of them is.
func (s *shower) exception(i instance) *wbxml.Element {
	e := wbxml.New(wbxml.CalendarException)
	days := s.ob.days()
	id := wbxml.Text(wbxml.CalendarExceptionStartTime, s.compact(i.key, days))
	if s.o.Version >= eas.V160 { // MS-ASCAL_R2118, R2098
		id = wbxml.Text(wbxml.AirSyncBaseInstanceId, s.compact(i.key, days))
	}
	if i.deleted {
		return e.Add(wbxml.Text(wbxml.CalendarDeleted, "1"), id)
	}
	e.Add(id)
	sp, rule := i.at, s.ob.at(i.key)
	if !i.moved {
		sp = s.ob.span(i.c)
	}
	if sp.start != rule.start || sp.allDay != rule.allDay {
		e.Add(s.instant(wbxml.CalendarStartTime, sp.start, sp.allDay))
	}
	if sp.end != rule.end || sp.allDay != rule.allDay {
		e.Add(s.instant(wbxml.CalendarEndTime, sp.end, sp.allDay))
	}
	if sp.allDay != rule.allDay {
		e.Add(wbxml.Text(wbxml.CalendarAllDayEvent, bit(sp.allDay)))
	}
	if i.c == nil {
		return e
	}
	if stamp := s.stamp(i.c); stamp != nil && !same(stamp, s.stamp(s.ob.main)) {
		e.Add(stamp) // MS-ASCAL_R22111
	}
	return e
}

// differs shows a field of an exception: what is as in the series is left out, what the series has and it has not is empty
// (MS-ASCAL_R539, R543).
func (s *shower) differs(f *field, was, is *wbxml.Element) *wbxml.Element {
	switch {
	case same(was, is):
		return nil
	case is != nil:
		return is
	case f.empty != 0 && s.o.Version >= f.empty:
		return wbxml.Empty(f.tag)
	}
	return nil
}

// same reports whether two elements say the same, in whatever order.
func same(a, b *wbxml.Element) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Tag != b.Tag || a.String() != b.String() || len(a.Children) != len(b.Children) {
		return false
	}
	inOrder := true
	for i := range a.Children {
		inOrder = inOrder && same(a.Children[i], b.Children[i])
	}
	if inOrder {
		return true
	}
	left := slices.Clone(b.Children)
	for _, c := range a.Children {
		i := slices.IndexFunc(left, func(d *wbxml.Element) bool { return same(c, d) })
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return true
}
