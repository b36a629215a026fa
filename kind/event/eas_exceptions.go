package event

import (
	"slices"
	"strings"

	"tandem/kind/eas"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

// exceptions writes the Exceptions element: those in it that differ from what was shown. What is not in it stays
// (MS-ASCAL_R541, R542).
func (w *writer) exceptions(e *wbxml.Element, was knownExceptions) error {
	if e == nil {
		return nil
	}
	if !w.ob.repeats() {
		w.note("Exceptions: the event does not repeat")
		return nil
	}
	var news []*wbxml.Element
	for x := range e.All(wbxml.CalendarException) {
		if !sameException(was.named[idText(x)], x) {
			news = append(news, x)
		}
	}
	most := maxTaken
	if w.ob.costly() {
		most = maxCostly
	}
	if len(news) > most {
		return invalid("read event", "Exceptions", "more than %d", most)
	}
	for _, x := range news {
		at, err := parse(wbxml.CalendarExceptionStartTime, idText(x))
		if err != nil {
			w.note("Exception: %v", err)
			continue
		}
		key := w.keyOf(at)
		if sameException(was.keyed[key], x) {
			continue
		}
		deleted, err := eas.ParseBool(x.Get(wbxml.CalendarDeleted))
		if err != nil {
			return err
		}
		if x.Has(wbxml.CalendarDeleted) && deleted {
			w.exclude(key)
			continue
		}
		if err := w.exception(key, x, true); err != nil {
			return err
		}
	}
	return nil
}

// knownExceptions are those that were shown, by key and by the time that names them.
type knownExceptions struct {
	keyed map[int64]*wbxml.Element
	named map[string]*wbxml.Element
}

func (w *writer) known(was shown) knownExceptions {
	out := knownExceptions{map[int64]*wbxml.Element{}, map[string]*wbxml.Element{}}
	if e := w.s.exceptions(was); e != nil {
		for n, i := range was.list {
			out.keyed[i.key] = e.Children[n]
			out.named[idText(e.Children[n])] = e.Children[n]
		}
	}
	return out
}

// idText is the time that an Exception is named by. From 16.0 on that is InstanceId; the old name is understood too.
func idText(x *wbxml.Element) string {
	if id := x.Get(wbxml.AirSyncBaseInstanceId); id != "" {
		return id
	}
	return x.Get(wbxml.CalendarExceptionStartTime)
}

const (
	maxTaken  = 1000 // Calendar.xsd
	maxCostly = 50   // of a series in which it takes long to find an instance; no phone makes such
)

// costly reports a series whose rules have to be followed from their start, or several times a day.
func (ob *object) costly() bool {
	return len(ob.series.ExRules) > 0 || slices.ContainsFunc(ob.series.Rules, func(r recur.Rule) bool { return r.Freq >= recur.Hourly })
}

// sameException reports whether a client sent what it was shown. When it was written does not count.
func sameException(a, b *wbxml.Element) bool {
	if a == nil {
		return false
	}
	bare := func(e *wbxml.Element) *wbxml.Element {
		out := wbxml.New(e.Tag)
		for _, c := range e.Children {
			switch {
			case c.Tag == wbxml.CalendarDtStamp, c.Tag == wbxml.CalendarDeleted && c.String() == "0":
			case c.Tag == wbxml.AirSyncBaseInstanceId:
				out.Add(wbxml.Text(wbxml.CalendarExceptionStartTime, c.String()))
			default:
				out.Add(c)
			}
		}
		return out
	}
	return same(bare(a), bare(b))
}

// keyOf is the key that a client's time means.
func (w *writer) keyOf(at int64) int64 {
	if w.ob.days() {
		return w.day(at, w.sent)
	}
	return at
}

// find is the instance that a client means by a time: that which the rules put there or an override replaces; else the one
// that was moved there, since some clients name an instance by its new time (field note 12); else the one of that day.
func (w *writer) find(key int64) (int64, bool) {
	if w.ob.override(key) != nil || w.ob.happens(key) {
		return key, true
	}
	if w.starts == nil {
		w.starts = map[int64]int64{}
		for _, o := range w.ob.overrides {
			w.starts[w.ob.span(o.c).start] = o.key
		}
	}
	if at, ok := w.starts[key]; ok && w.ob.override(at) != nil && w.ob.span(w.ob.override(at).c).start == key {
		return at, true
	}
	main := w.ob.span(w.ob.main)
	if main.allDay {
		return key, false
	}
	midnight := ical.FloorDiv(key+int64(main.zone.Offset(key)), ical.DaySeconds) * ical.DaySeconds
	from, to := main.zone.Instant(midnight), main.zone.Instant(midnight+ical.DaySeconds)
	if keys, _ := w.ob.instances(from, to, 2); len(keys) == 1 {
		return keys[0], true
	}
	return key, false
}

// exclude takes an instance out of the series, if there is one.
func (w *writer) exclude(key int64) bool {
	key, there := w.find(key)
	if !there {
		return false
	}
	w.alone(key)
	w.ob.remove(key)
	if w.ob.happens(key) {
		id := w.ob.idOf(key)
		l := contentline.NewLine("EXDATE", id.String())
		switch id.Form {
		case ical.Date:
			l.SetParam("VALUE", "DATE")
		case ical.Zoned:
			l.SetParam("TZID", id.TZID)
		}
		w.ob.main.Add(contentline.Item{Line: l})
		w.ob.series.Except = append(w.ob.series.Except, id)
		w.ob.except[key] = true
	}
	w.dirty, w.moved = true, true
	return true
}

// include takes back that an instance was excluded.
func (w *writer) include(key int64) {
	main := w.ob.main
	if !w.ob.except[key] {
		return
	}
	delete(w.ob.except, key)
	w.ob.series.Except = slices.DeleteFunc(w.ob.series.Except, func(t ical.Time) bool { return w.ob.key(t) == key })
	main.Items = slices.DeleteFunc(main.Items, func(it contentline.Item) bool {
		if it.Line == nil || !it.Line.Is("EXDATE") {
			return false
		}
		tzid, _ := it.Line.Param("TZID")
		var left []string
		parts := strings.FieldsFunc(it.Line.Value(), func(r rune) bool { return r == ',' || r == ';' })
		for _, part := range parts {
			if t, err := ical.ParseTime(part, tzid); err != nil || w.ob.key(t) != key {
				left = append(left, part)
			}
		}
		if len(left) != len(parts) {
			it.Line.SetValue(strings.Join(left, ","))
			w.dirty = true
		}
		return len(left) == 0 && len(parts) > 0
	})
}

// exception writes one changed instance. whole tells that what is left out is as in the series (MS-ASCAL_R442 and its
// like), as in an Exception; otherwise it stays.
func (w *writer) exception(key int64, x *wbxml.Element, whole bool) error {
	if found, there := w.find(key); there {
		key = found
	} else {
		w.include(key)
		if found, there = w.find(key); there {
			key = found
		}
	}
	w.alone(key)
	o := w.ob.override(key)
	known := o != nil
	if !known {
		o = w.adopt(key)
	}
	sp := was{span: w.ob.span(o.c), some: true}
	if whole && !x.Has(wbxml.CalendarStartTime) && !x.Has(wbxml.CalendarEndTime) {
		sp.span = w.ob.at(key)
		x = withTimes(w.s, x, sp.span)
		sp.span = w.ob.span(o.c)
	}
	if err := w.times(o.c, x, sp); err != nil {
		return err
	}
	list := fields()
	for i := range list {
		f := &list[i]
		e := x.Child(f.tag)
		switch {
		case f.put == nil || !f.inException(w.o.Version):
			continue
		case e == nil && (!whole || !known || !f.inherit && !w.manages(f.tag)):
			continue
		case e == nil:
			if e = f.show(w.s, w.ob.main); e == nil {
				e = wbxml.Empty(f.tag)
			}
		}
		if same(f.show(w.s, o.c), e) {
			continue
		}
		if err := f.put(w, o.c, e); err != nil {
			return err
		}
	}
	if err := w.attach(o.c, x.Child(wbxml.AirSyncBaseAttachments)); err != nil {
		return err
	}
	w.bookkeeping(o.c, x)
	return nil
}

func (w *writer) manages(tag wbxml.Tag) bool { return w.o.Managed != nil && w.o.Managed(tag) }

// withTimes adds the times that an Exception leaves to its series.
func withTimes(s *shower, x *wbxml.Element, sp span) *wbxml.Element {
	out := wbxml.New(x.Tag, x.Children...)
	if x.Has(wbxml.CalendarAllDayEvent) {
		return out
	}
	return out.Add(s.instant(wbxml.CalendarStartTime, sp.start, sp.allDay), s.instant(wbxml.CalendarEndTime, sp.end, sp.allDay),
		wbxml.Text(wbxml.CalendarAllDayEvent, bit(sp.allDay)))
}
