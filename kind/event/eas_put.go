package event

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/internal/calview"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

// writer puts what a client sent into a body.
type writer struct {
	ob      *object
	o       eas.Put
	s       *shower
	zones   *recur.Zones
	fresh   bool            // the record is new
	dirty   bool            // something was edited
	moved   bool            // and it matters to those who are invited: when, how often, where
	invites bool            // somebody was invited who was not before
	sent    wanted          // the zone that was sent with the series
	starts  map[int64]int64 // which override starts when; a hint
	stamp   string          // DtStamp of the series, which holds for exceptions without one (MS-ASCAL_R600)
	named   []zoneName
	notes   []string
	answer  []*wbxml.Element
}

func (w *writer) note(format string, args ...any) {
	w.notes = append(w.notes, fmt.Sprintf(format, args...))
}

// Put implements eas.View.
func (v View) Put(body []byte, data []*wbxml.Element, o eas.Put) (eas.Result, error) {
	home := userZone(o.Zone, o.Now)
	zones := v.zones()
	fresh := body == nil
	if fresh {
		body = blank(newUID(data, o))
	}
	ob, err := open(zones, body, home)
	if err != nil {
		return eas.Result{}, err
	}
	w := &writer{ob: ob, o: o, zones: zones, fresh: fresh, s: &shower{ob: ob, o: o.Options}, named: []zoneName{home}}
	all := wbxml.New(wbxml.AirSyncApplicationData, data...)
	switch {
	case o.Instance != "":
		err = w.instance(all)
	default:
		err = w.event(all)
	}
	if err != nil {
		return eas.Result{}, err
	}
	r := eas.Result{Body: body, Answer: w.answer, Notes: w.notes}
	if w.dirty {
		w.define()
		r.Body = ob.doc.Bytes()
	}
	return r, nil
}

const product = "-//Tandem//Tandem//EN"

// blank is an event of which nothing is known yet.
func blank(uid string) []byte {
	return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:" + product + "\r\nBEGIN:VEVENT\r\nUID:" +
		contentline.EscapeText(uid) + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
}

// newUID is the client's own id of a new event, else what the server gives, else one made of what was sent. Clients end
// it in NUL characters (field note 27).
func newUID(data []*wbxml.Element, o eas.Put) string {
	tag := wbxml.CalendarUID
	if o.Version >= eas.V160 {
		tag = wbxml.CalendarClientUid // MS-ASCAL_R2221, R2222
	}
	all := wbxml.New(wbxml.AirSyncApplicationData, data...)
	for _, uid := range []string{all.Get(tag), all.Get(wbxml.CalendarUID), o.UID} {
		uid = strings.TrimSpace(strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return -1
			}
			return r
		}, eas.Clean(uid)))
		if uid != "" {
			return uid
		}
	}
	sum := sha256.New()
	fmt.Fprint(sum, o.Now, "\x00", o.Address)
	for _, e := range data {
		fmt.Fprintf(sum, "\x00%d\x00%s", e.Tag, e.String())
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// event writes the record as a whole.
func (w *writer) event(all *wbxml.Element) error {
	if !w.fresh && !w.full(all) && len(all.Children) == 0 {
		return nil
	}
	w.stamp = all.Get(wbxml.CalendarDtStamp)
	before := shownFields(w.s.event()) // what the client knows, before anything is edited
	ser := w.s.series()
	known := w.known(ser)
	main := w.ob.main
	if err := w.times(main, all, w.wasMain()); err != nil {
		return err
	}
	if err := w.recurrence(all, ser); err != nil {
		return err
	}
	w.ob.reread()
	w.otherOrganizer(all, before)
	if err := w.fields(main, all, before); err != nil {
		return err
	}
	if err := w.leftOut(all, before); err != nil {
		return err
	}
	if err := w.attach(main, all.Child(wbxml.AirSyncBaseAttachments)); err != nil {
		return err
	}
	w.newOrganizer(all, before)
	if err := w.exceptions(all.Child(wbxml.CalendarExceptions), known); err != nil {
		return err
	}
	if w.fresh && w.o.Version >= eas.V160 { // MS-ASCAL_R2223
		w.answer = append([]*wbxml.Element{showUID(w.s, main)}, w.answer...)
	}
	w.bookkeeping(main, all)
	return nil
}

// shownFields are elements by tag.
func shownFields(list []*wbxml.Element) map[wbxml.Tag]*wbxml.Element {
	out := map[wbxml.Tag]*wbxml.Element{}
	for _, e := range list {
		out[e.Tag] = e
	}
	return out
}

// fields writes the elements that stand for themselves. Instances that were as the series in one of them stay so.
func (w *writer) fields(main *contentline.Component, all *wbxml.Element, before map[wbxml.Tag]*wbxml.Element) error {
	list := fields()
	for i := range list {
		f := &list[i]
		e := all.Child(f.tag)
		if e == nil || f.put == nil || !f.known(w.o.Version) || same(before[f.tag], e) {
			continue
		}
		if err := w.put(f, main, e); err != nil {
			return err
		}
	}
	return nil
}

// put writes one element into the series, and into the overrides that say the same.
func (w *writer) put(f *field, main *contentline.Component, e *wbxml.Element) error {
	parts := []*contentline.Component{main}
	if f.exception && main == w.ob.main {
		was := f.show(w.s, main)
		for _, o := range w.ob.overrides {
			if same(was, f.show(w.s, o.c)) {
				parts = append(parts, o.c)
			}
		}
	}
	for _, c := range parts {
		if err := f.put(w, c, e); err != nil {
			return err
		}
	}
	return nil
}

// full reports a request that says all a client of old versions has to say of an event: from 16.0 on what is left out is
// kept (MS-ASCAL_R2231), before it is what the client manages and took away.
func (w *writer) full(all *wbxml.Element) bool {
	return w.o.Version < eas.V160 && all.Has(wbxml.CalendarStartTime) && all.Has(wbxml.CalendarEndTime)
}

// leftOut takes away what a client manages and did not send. Location cannot be ghosted (MS-ASCAL_R301) by a client that
// does not list what it manages.
func (w *writer) leftOut(all *wbxml.Element, before map[wbxml.Tag]*wbxml.Element) error {
	if w.fresh || !w.full(all) {
		return nil
	}
	list := fields()
	for i := range list {
		f := &list[i]
		switch f.tag {
		case wbxml.CalendarSubject, wbxml.CalendarAttendees, wbxml.CalendarLocation, wbxml.CalendarCategories, wbxml.CalendarReminder:
		default:
			continue
		}
		if all.Has(f.tag) || before[f.tag] == nil || !f.known(w.o.Version) {
			continue
		}
		managed := w.o.Managed != nil && w.o.Managed(f.tag)
		if w.o.Managed == nil && f.tag == wbxml.CalendarLocation && all.Has(wbxml.CalendarSubject) && all.Has(wbxml.CalendarTimezone) {
			managed = true
		}
		if managed {
			if err := w.put(f, w.ob.main, wbxml.Empty(f.tag)); err != nil {
				return err
			}
		}
	}
	return nil
}

// edited notes that a component was changed.
func (w *writer) edited() { w.dirty = true }

// bookkeeping brings the time stamps of a component to now, and its sequence number on where others must be told (RFC
// 5546 2.1.4).
func (w *writer) bookkeeping(c *contentline.Component, all *wbxml.Element) {
	if !w.dirty || startOf(c).IsZero() { // without a start, the stamp is what stands for it
		return
	}
	now := ical.Time{Wall: w.o.Now, Form: ical.UTC}
	stamp := now
	for _, text := range []string{all.Get(wbxml.CalendarDtStamp), w.stamp} {
		if t, err := eas.ParseTime(text); err == nil && w.o.Version < eas.V160 { // MS-ASCAL_R2088
			stamp.Wall = t.Unix()
			break
		}
	}
	calview.SetTime(c, "DTSTAMP", stamp)
	if w.fresh {
		calview.SetTime(c, "CREATED", now)
	}
	calview.SetTime(c, "LAST-MODIFIED", now)
	if _, mine := w.s.organized(c); mine && w.moved && !w.fresh && (c.Get("SEQUENCE") != nil || c.Get("ATTENDEE") != nil) {
		n, _ := eas.ParseInt(calview.Word(c, "SEQUENCE"), 0, 1<<30)
		put(c, "SEQUENCE", fmt.Sprint(n+1))
	}
}

func putSubject(w *writer, c *contentline.Component, e *wbxml.Element) error {
	calview.SetText(c, "SUMMARY", eas.Clean(e.String()))
	w.edited()
	return nil
}

func putLocation(w *writer, c *contentline.Component, e *wbxml.Element) error {
	calview.SetText(c, "LOCATION", eas.Clean(e.String()))
	w.dirty, w.moved = true, true
	return nil
}

// putCategories writes the list; categories beyond those that were shown stay.
func putCategories(w *writer, c *contentline.Component, e *wbxml.Element) error {
	var list []string
	for sub := range e.All(wbxml.CalendarCategory) {
		if v := strings.TrimSpace(eas.Clean(sub.String())); v != "" && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	if have := categories(c); len(have) > maxCategories {
		for _, v := range have[maxCategories:] {
			if !slices.Contains(list, v) {
				list = append(list, v)
			}
		}
	}
	for i := range list {
		list[i] = contentline.EscapeText(list[i])
	}
	value := strings.Join(list, ",")
	if l := c.Get("CATEGORIES"); l != nil && value != "" {
		c.Items = slices.DeleteFunc(c.Items, func(it contentline.Item) bool { return it.Line != nil && it.Line != l && it.Line.Is("CATEGORIES") })
	}
	put(c, "CATEGORIES", value)
	w.edited()
	return nil
}

func putSensitivity(w *writer, c *contentline.Component, e *wbxml.Element) error {
	n, err := eas.ParseInt(e.String(), 0, 3)
	if err != nil {
		return err
	}
	if n == 0 && c.Get("CLASS") == nil {
		return nil
	}
	if sensitivity(c) != n {
		calview.Set(c, "CLASS", sensitivities[n])
		w.edited()
	}
	return nil
}

func putBusy(w *writer, c *contentline.Component, e *wbxml.Element) error {
	n, err := eas.ParseInt(e.String(), -1, 4)
	if err != nil {
		return err
	}
	if n < 0 { // MS-ASCAL_R13810: not known
		return nil
	}
	if have := busy(c); have == n || have == elsewhere && n == busyness {
		return nil
	}
	transparent := ""
	if n == free {
		transparent = "TRANSPARENT"
	} else if c.Get("TRANSP") != nil {
		transparent = "OPAQUE"
	}
	put(c, "TRANSP", transparent)
	if c.Get(busyStatus) != nil || busy(c) != n {
		put(c, busyStatus, busyNames[n])
	}
	w.edited()
	return nil
}

func putDisallow(w *writer, c *contentline.Component, e *wbxml.Element) error {
	on, err := eas.ParseBool(e.String())
	if err != nil {
		return err
	}
	const property = "X-MICROSOFT-DISALLOW-COUNTER"
	if on != (calview.Word(c, property) == "TRUE") {
		value := ""
		if on {
			value = "TRUE"
		}
		put(c, property, value)
		w.edited()
	}
	return nil
}

// parse reads a time that a client wrote, named for the error.
func parse(tag wbxml.Tag, s string) (int64, error) {
	t, err := eas.ParseTime(s)
	if err != nil {
		return 0, &tandem.Error{Kind: tandem.Invalid, Op: "read " + tag.String(), Err: err}
	}
	return t.Unix(), nil
}

// halfHour rounds an instant up to the next half hour (MS-ASCAL_R52512).
func halfHour(at int64) int64 {
	const half = int64(30 * time.Minute / time.Second)
	return ical.FloorDiv(at+half-1, half) * half
}
