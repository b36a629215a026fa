package event

import (
	"slices"

	"tandem/kind/eas"
	"tandem/kind/eas/zone"
	"tandem/kind/internal/calview"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
	"tandem/wire/wintz"
)

// was is what a client knows of when something happens.
type was struct {
	span span
	some bool       // false: nothing yet
	blob wintz.Zone // as it was shown
	has  bool       // there is a blob
}

// means reports whether a client that sends a zone may mean that of the event: what it was shown, the rules of another year,
// or zeros, as those send that know nothing of zones (field note 55).
func (was was) means(blob wintz.Zone, now int64) bool {
	return was.has && blob.Same(was.blob) || was.some && !was.span.allDay && (blob == wintz.Zone{} || zone.Fits(blob, was.span.zone, was.span.start, now))
}

// wasMain is what it knows of the series.
func (w *writer) wasMain() was {
	if w.fresh {
		return was{}
	}
	sp := w.ob.span(w.ob.main)
	blob, ok := w.s.blob(sp)
	return was{span: sp, some: true, blob: blob, has: ok}
}

// times writes Timezone, AllDayEvent, StartTime and EndTime, which only make sense together. MS-ASCAL 2.2.2.1, 2.2.2.42, 2.2.2.20
func (w *writer) times(c *contentline.Component, all *wbxml.Element, was was) error {
	want, err := w.wanted(all, was)
	if err != nil {
		return err
	}
	if was.some && want == (wanted{allDay: was.span.allDay, start: was.span.start, end: was.span.end, blob: want.blob, has: want.has}) &&
		(!want.has || was.span.allDay || was.means(want.blob, w.o.Now)) {
		return nil // as it was shown
	}
	if c == w.ob.main && was.some {
		return w.moveSeries(c, want, was)
	}
	w.write(c, want, was)
	return nil
}

// wanted is when a client wants something to happen: instants, or the wall times of midnights.
type wanted struct {
	allDay     bool
	start, end int64
	blob       wintz.Zone
	has        bool // the client sent a zone that makes sense
}

// wanted reads what was sent, and takes the rest from what was known.
func (w *writer) wanted(all *wbxml.Element, was was) (wanted, error) {
	want := wanted{allDay: was.span.allDay, start: was.span.start, end: was.span.end}
	if text := all.Get(wbxml.CalendarTimezone); text != "" {
		blob, err := wintz.Parse(text)
		if want.blob, want.has = blob, err == nil; err != nil {
			w.note("Timezone: %v", err)
		}
		w.sent = want
	}
	if e := all.Child(wbxml.CalendarAllDayEvent); e != nil && e.String() != "" {
		on, err := eas.ParseBool(e.String())
		if err != nil {
			return want, err
		}
		want.allDay = on
	}
	start, end, err := sentTimes(all)
	if err != nil {
		return want, err
	}
	if !was.some {
		if start, end, err = w.defaults(start, end, want.allDay); err != nil {
			return want, err
		}
	}
	at := func(tag wbxml.Tag, t *int64, known int64) int64 {
		switch {
		case t != nil && was.some && want.allDay == was.span.allDay && all.Get(tag) == w.s.compact(known, want.allDay):
			return known
		case t != nil && want.allDay:
			return w.day(*t, want)
		case t != nil:
			return *t
		case want.allDay && !was.span.allDay:
			z := was.span.zone
			return ical.FloorDiv(known+int64(z.Offset(known)), ical.DaySeconds) * ical.DaySeconds
		case !want.allDay && was.span.allDay:
			return w.ob.user.Instant(known)
		}
		return known
	}
	want.start = at(wbxml.CalendarStartTime, start, was.span.start)
	switch want.end = at(wbxml.CalendarEndTime, end, was.span.end); {
	case end == nil && start != nil && was.some: // it lasts as long as before
		want.end = want.start + was.span.end - was.span.start
	case want.allDay:
		want.end = max(want.end, want.start+ical.DaySeconds)
	case want.end < want.start && end == nil:
		want.end = want.start
	case want.end < want.start:
		return want, invalid("read event", "EndTime", "it ends before it starts")
	}
	return want, nil
}

// sentTimes reads StartTime and EndTime; nil where they were not sent.
func sentTimes(all *wbxml.Element) (start, end *int64, err error) {
	for _, t := range []struct {
		tag wbxml.Tag
		to  **int64
	}{{wbxml.CalendarStartTime, &start}, {wbxml.CalendarEndTime, &end}} {
		if text := all.Get(t.tag); text != "" {
			at, err := parse(t.tag, text)
			if err != nil {
				return nil, nil, err
			}
			*t.to = &at
		}
	}
	return start, end, nil
}

// defaults fills in the times that a new event lacks. MS-ASCAL 3.2.4.4
func (w *writer) defaults(start, end *int64, allDay bool) (*int64, *int64, error) {
	now := halfHour(w.o.Now)
	later := now + 1800
	switch {
	case start == nil && end == nil: // MS-ASCAL_R52514
		return &now, &later, nil
	case start == nil && *end < now: // MS-ASCAL_R52515, R5251611
		return nil, nil, invalid("read event", "EndTime", "it is over, and there is no StartTime")
	case start == nil: // MS-ASCAL_R52516
		return &now, end, nil
	case end == nil && allDay:
		return start, start, nil
	case end == nil && *start > now: // MS-ASCAL_R52518
		return nil, nil, invalid("read event", "StartTime", "it is to come, and there is no EndTime")
	case end == nil: // MS-ASCAL_R52517
		return start, &later, nil
	}
	return start, end, nil
}

// day is the day that a client means by an instant: from 16.0 on what is written, before that the midnight of its zone
// (MS-ASCAL_R2005). Clients that take another zone's midnight, or the wrong hour, get the nearest day.
func (w *writer) day(at int64, want wanted) int64 {
	var walls []int64
	if w.o.Version < eas.V160 && want.has {
		walls = append(walls, at+int64(want.blob.Offset(at)))
	}
	user := at + int64(w.ob.user.Offset(at))
	if w.o.Version >= eas.V160 {
		walls = append(walls, at, user)
	} else {
		walls = append(walls, user, at)
	}
	for _, wall := range walls {
		if wall%ical.DaySeconds == 0 {
			return wall
		}
	}
	return ical.FloorDiv(walls[0]+ical.DaySeconds/2, ical.DaySeconds) * ical.DaySeconds
}

// write sets start and end of a component. What keeps its form keeps its spelling.
func (w *writer) write(c *contentline.Component, want wanted, was was) {
	w.dirty, w.moved = true, true
	old := startOf(c)
	if outlook := "X-MICROSOFT-CDO-ALLDAYEVENT"; c.Get(outlook) != nil {
		put(c, outlook, map[bool]string{true: "TRUE", false: "FALSE"}[want.allDay])
	}
	if want.allDay {
		w.writeDays(c, want, old)
		return
	}
	z := w.zoneOf(want, was, old)
	w.named = append(w.named, z)
	start := z.time(want.start)
	if old != start {
		calview.SetTime(c, "DTSTART", start)
	}
	oldEnd := timeOf(c, "DTEND")
	if oldEnd.IsZero() && c.Get("DURATION") != nil {
		put(c, "DURATION", ical.Duration{Seconds: want.end - want.start}.String())
		return
	}
	c.RemoveAll("DURATION")
	if oldEnd.Form == ical.Zoned && old.Form == ical.Zoned && oldEnd.TZID != old.TZID && w.ob.find(oldEnd.TZID) != nil {
		z = w.ob.zoneNamed(oldEnd) // it ends in another zone, as flights do
	}
	if end := z.time(want.end); end != oldEnd {
		calview.SetTime(c, "DTEND", end)
	}
}

func (w *writer) writeDays(c *contentline.Component, want wanted, old ical.Time) {
	if start := (ical.Time{Wall: want.start, Form: ical.Date}); old != start {
		calview.SetTime(c, "DTSTART", start)
	}
	if c.Get("DTEND") == nil && c.Get("DURATION") != nil {
		put(c, "DURATION", ical.Duration{Days: (want.end - want.start) / ical.DaySeconds}.String())
		return
	}
	c.RemoveAll("DURATION")
	if end := (ical.Time{Wall: want.end, Form: ical.Date}); timeOf(c, "DTEND") != end {
		calview.SetTime(c, "DTEND", end)
	}
}

// zoneOf is the zone in which the times are written: as they were where the client means the same, else as it says.
func (w *writer) zoneOf(want wanted, was was, old ical.Time) zoneName {
	timed := old.Form != ical.NoTime && old.Form != ical.Date
	switch {
	case timed && (!want.has || was.means(want.blob, w.o.Now)):
		return w.ob.zoneNamed(old)
	case want.has:
		return w.zoneFor(want.blob, want.start)
	case was.some && !was.span.allDay && was.span.form.Form != ical.NoTime: // an instance that is new: as its series
		return w.ob.zoneNamed(was.span.form)
	}
	return w.ob.home
}

// moveSeries writes the times of a series. What excepts from it goes along, as clients of versions before 16.0 expect
// (MS-ASCAL_R541); from 16.0 on it is taken away (MS-ASCAL_R2114).
func (w *writer) moveSeries(c *contentline.Component, want wanted, was was) error {
	old := startOf(c)
	keys := w.exceptionKeys()
	w.write(c, want, was)
	if !w.ob.repeats() {
		return nil
	}
	switch {
	case want.allDay == was.span.allDay && want.start == was.span.start && want.end == was.span.end: // only the zone is another
		w.follow(keys, was.span, want)
	case w.o.Version >= eas.V160:
		w.forget()
	default:
		w.follow(keys, was.span, want)
	}
	w.ob.series.Start = startOf(c)
	return w.untilFollows(c, old)
}

// exceptionKeys are the instances that lines and components of the series name, by what names them.
func (w *writer) exceptionKeys() map[*contentline.Component]span {
	keys := map[*contentline.Component]span{}
	for _, o := range w.ob.overrides {
		keys[o.c] = w.ob.span(o.c)
	}
	return keys
}

// forget takes away all exceptions of a series.
func (w *writer) forget() {
	gone := map[*contentline.Component]bool{}
	for _, o := range w.ob.overrides {
		gone[o.c] = true
	}
	w.ob.cal.Items = slices.DeleteFunc(w.ob.cal.Items, func(it contentline.Item) bool { return gone[it.Child] })
	w.ob.main.RemoveAll("EXDATE")
	w.ob.reread()
}

// follow moves what excepts from a series as far as the series was moved, on the wall.
func (w *writer) follow(spans map[*contentline.Component]span, from span, to wanted) {
	start := startOf(w.ob.main)
	zoneNow := w.ob.zoneOf(start)
	wall := func(at int64) int64 {
		if from.allDay {
			return at
		}
		return at + int64(from.zone.Offset(at))
	}
	delta := start.Wall - wall(from.start)
	moved := func(key int64) ical.Time {
		t := ical.Time{Wall: wall(key) + delta, Form: start.Form, TZID: start.TZID}
		if start.Form == ical.Date {
			t.Wall = ical.FloorDiv(t.Wall, ical.DaySeconds) * ical.DaySeconds
		}
		return t
	}
	key := func(t ical.Time) int64 { // as it was before the series moved
		switch {
		case from.allDay && t.Form == ical.Date:
			return t.Wall
		case from.allDay:
			at := w.ob.instant(t)
			return ical.FloorDiv(at+int64(w.ob.user.Offset(at)), ical.DaySeconds) * ical.DaySeconds
		case t.Form == ical.Date:
			return from.zone.Instant(t.Wall + wall(from.start) - ical.FloorDiv(wall(from.start), ical.DaySeconds)*ical.DaySeconds)
		case t.Form == ical.Floating:
			return from.zone.Instant(t.Wall)
		}
		return w.ob.zoneOf(t).Instant(t.Wall)
	}
	var except []ical.Time
	for _, t := range w.ob.series.Except {
		except = append(except, moved(key(t)))
	}
	w.setExcept(except)
	for c, sp := range spans {
		id := timeOf(c, "RECURRENCE-ID")
		was, now := key(id), moved(key(id))
		scope, future := c.Get("RECURRENCE-ID").Param("RANGE")
		calview.SetTime(c, "RECURRENCE-ID", now)
		if future {
			c.Get("RECURRENCE-ID").SetParam("RANGE", scope)
		}
		if sp.allDay != from.allDay || sp.start != was {
			continue // it had a time of its own
		}
		next := wanted{allDay: to.allDay, start: now.Wall}
		if !to.allDay {
			next.start = zoneNow.Instant(now.Wall)
		}
		next.end = next.start + to.end - to.start
		if sp.end-sp.start != from.end-from.start && sp.allDay == to.allDay {
			next.end = next.start + sp.end - sp.start
		}
		w.writeLike(c, next, start)
	}
}

// writeLike sets the times of an override in the form of its series.
func (w *writer) writeLike(c *contentline.Component, want wanted, like ical.Time) {
	if want.allDay {
		w.writeDays(c, want, startOf(c))
		return
	}
	z := w.ob.zoneNamed(like)
	calview.SetTime(c, "DTSTART", z.time(want.start))
	c.RemoveAll("DURATION")
	calview.SetTime(c, "DTEND", z.time(want.end))
}

// setExcept replaces EXDATE.
func (w *writer) setExcept(list []ical.Time) {
	main := w.ob.main
	main.RemoveAll("EXDATE")
	var items []contentline.Item
	for _, t := range list {
		l := contentline.NewLine("EXDATE", t.String())
		switch t.Form {
		case ical.Date:
			l.SetParam("VALUE", "DATE")
		case ical.Zoned:
			l.SetParam("TZID", t.TZID)
		}
		items = append(items, contentline.Item{Line: l})
	}
	if len(items) > 0 {
		main.Add(items[0])
		main.Items = slices.Insert(main.Items, main.Index(items[0])+1, items[1:]...)
	}
	w.dirty = true
}
