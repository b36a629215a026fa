package event

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/internal/calview"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

// instance changes one instance of a series. MS-ASAIRS 2.2.2.25, MS-ASCMD_R6238
func (w *writer) instance(all *wbxml.Element) error {
	if all.Has(wbxml.CalendarTimezone) { // field note 53
		return invalid("change instance", w.o.Instance, "an instance has no time zone of its own")
	}
	key, err := w.locate(w.o.Instance)
	if err != nil {
		return err
	}
	if !w.ob.repeats() && w.ob.override(key) == nil {
		return w.event(all)
	}
	if e := all.Child(wbxml.CalendarRecurrence); e != nil && len(e.Children) > 0 {
		return invalid("change instance", w.o.Instance, "an instance does not repeat")
	}
	if deleted, err := eas.ParseBool(all.Get(wbxml.CalendarDeleted)); err == nil && all.Has(wbxml.CalendarDeleted) && deleted {
		w.exclude(key)
		w.bookkeeping(w.ob.main, all)
		return nil
	}
	if err := w.exception(key, all, false); err != nil {
		return err
	}
	w.bookkeeping(w.ob.main, all)
	return nil
}

// locate finds the instance that an InstanceId names.
func (w *writer) locate(text string) (int64, error) {
	at, err := parse(wbxml.AirSyncBaseInstanceId, text)
	if err != nil {
		return 0, err
	}
	if key, there := w.find(w.keyOf(at)); there {
		return key, nil
	}
	return 0, &tandem.Error{Kind: tandem.NotFound, Op: "find instance", Thing: text}
}

// DropInstance implements eas.Instancer.
func (v View) DropInstance(body []byte, instance string, o eas.Options) ([]byte, error) {
	zones := v.zones()
	ob, err := open(zones, body, userZone(o.Zone, o.Now))
	if err != nil {
		return nil, err
	}
	w := &writer{ob: ob, o: eas.Put{Options: o}, zones: zones, s: &shower{ob: ob, o: o}}
	key, err := w.locate(instance)
	if err != nil {
		return nil, err
	}
	if !ob.repeats() && ob.override(key) == nil {
		return nil, &tandem.Error{Kind: tandem.NotFound, Op: "find instance", Thing: instance, Remedy: "delete the event, it does not repeat"}
	}
	w.exclude(key)
	w.bookkeeping(ob.main, wbxml.New(wbxml.AirSyncApplicationData))
	w.define()
	return ob.doc.Bytes(), nil
}

// alone makes an override that stands for all that follow one for its instance alone, and has the next instance's stand for
// the others, so that what is done to the one is not done to all.
func (w *writer) alone(key int64) {
	o := w.ob.override(key)
	if o == nil || !o.future {
		return
	}
	main := w.ob.span(w.ob.main)
	keys, _ := w.ob.instances(key+1, main.start+4*farthest, 100)
	if i := slices.IndexFunc(keys, func(k int64) bool { return k > key && w.ob.override(k) == nil }); i >= 0 {
		next := w.ob.doc.AdoptItem(contentline.Item{Child: o.c})
		id := w.ob.idOf(keys[i])
		calview.SetTime(next.Child, "RECURRENCE-ID", id)
		sp := w.ob.span(o.c)
		shift := keys[i] - key
		if !sp.allDay {
			shift += int64(sp.zone.Offset(keys[i]) - sp.zone.Offset(key))
		}
		if start := startOf(o.c); !start.IsZero() {
			start.Wall += shift
			calview.SetTime(next.Child, "DTSTART", start)
			if end := timeOf(o.c, "DTEND"); !end.IsZero() {
				end.Wall += shift
				calview.SetTime(next.Child, "DTEND", end)
			}
		}
		w.ob.cal.Items = slices.Insert(w.ob.cal.Items, w.ob.cal.Index(contentline.Item{Child: o.c})+1, next)
	}
	o.c.Get("RECURRENCE-ID").DelParam("RANGE")
	w.dirty = true
	w.ob.reread()
}

// adopt makes an override for an instance, which says what the series says.
func (w *writer) adopt(key int64) *override {
	main := w.ob.main
	if ical.UID(main) == "" { // nothing would hold series and instance together
		sum := sha256.Sum256(w.ob.doc.Bytes())
		calview.SetText(main, "UID", hex.EncodeToString(sum[:16]))
	}
	c := contentline.NewComponent("VEVENT")
	like, sp := main, w.ob.at(key)
	if o := w.ob.governing(key); o != nil {
		like, sp = o.c, w.ob.governed(o, key)
	}
	for _, it := range like.Items {
		if it.Line != nil {
			switch strings.ToUpper(it.Line.Name()) {
			case "RRULE", "RDATE", "EXDATE", "EXRULE", "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "":
				continue
			}
		}
		c.Items = append(c.Items, w.ob.doc.AdoptItem(it))
	}
	id := w.ob.idOf(key)
	calview.SetTime(c, "RECURRENCE-ID", id)
	if sp.allDay {
		w.writeDays(c, wanted{allDay: true, start: sp.start, end: sp.end}, ical.Time{})
	} else {
		z := w.ob.zoneNamed(id)
		if id.Form == ical.Date {
			z = w.ob.zoneNamed(sp.form)
		}
		calview.SetTime(c, "DTSTART", z.time(sp.start))
		calview.SetTime(c, "DTEND", z.time(sp.end))
	}
	at := len(w.ob.cal.Items)
	for i, it := range w.ob.cal.Items {
		if it.Child != nil && it.Child.Is("VEVENT") {
			at = i + 1
		}
	}
	w.ob.cal.Items = slices.Insert(w.ob.cal.Items, at, contentline.Item{Child: c})
	w.dirty, w.moved = true, true
	w.include(key)
	w.ob.add(c, id)
	w.s.numbers = nil
	// An alarm at an instant is as long before the instance as before the series.
	if e := showReminder(w.s, main); e != nil && !same(e, showReminder(w.s, c)) {
		if err := putReminder(w, c, e); err != nil {
			w.note("Reminder: %v", err)
		}
	}
	return w.ob.override(key)
}
