package itip

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// object is an opened body: the series and its overrides.
type object struct {
	doc    *contentline.Document
	cal    *contentline.Component
	uid    string
	master *contentline.Component // nil where only overrides are known
	parts  []*part                // the overrides, in the order of the body
	find   recur.Finder
	edited bool
	asked  bool // answers were taken back

	guests map[*contentline.Component]map[string]bool // of invited
	known  map[int64]bool                             // of happens

	counted map[int64]bool // all instances of a series that counts them; nil: not looked at
}

// part is one override.
type part struct {
	c   *contentline.Component
	id  ical.Time // RECURRENCE-ID
	key int64     // names the instance within its series
}

// read opens a body. What is opened is safe to edit.
func (d Desk) read(body []byte) (*object, error) {
	fail := func(err error) (*object, error) {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read meeting", Err: err}
	}
	doc, err := ical.Parse(body)
	if err != nil {
		return fail(err)
	}
	ob := &object{doc: doc}
	for c := range doc.Components() {
		if c.Is("VCALENDAR") {
			ob.cal = c
			break
		}
	}
	zones := d.Zones
	if zones == nil {
		zones = &recur.Zones{}
	}
	ob.find = zones.In(ob.cal)
	var rest []*contentline.Component
	for c := range ob.cal.Children() {
		switch {
		case !c.Is("VEVENT"):
		case c.Get("RECURRENCE-ID") != nil:
			rest = append(rest, c)
		case ob.master == nil:
			ob.master = c
		}
	}
	for _, c := range rest {
		ob.take(c)
	}
	all := ob.components()
	if len(all) == 0 {
		return fail(errors.New("no VEVENT"))
	}
	ob.uid = ical.UID(all[0])
	return ob, nil
}

// take takes up an override, unless it names no instance or one that is taken.
func (ob *object) take(c *contentline.Component) {
	id, err := ical.TimeOf(c.Get("RECURRENCE-ID"))
	if err != nil || ob.part(ob.key(id)) != nil {
		return
	}
	ob.parts = append(ob.parts, &part{c, id, ob.key(id)})
}

// bytes is the body as it is now.
func (ob *object) bytes() []byte { return ob.doc.Bytes() }

// components are the series, if known, and its overrides.
func (ob *object) components() []*contentline.Component {
	var out []*contentline.Component
	if ob.master != nil {
		out = append(out, ob.master)
	}
	for _, p := range ob.parts {
		out = append(out, p.c)
	}
	return out
}

func (ob *object) part(key int64) *part {
	for _, p := range ob.parts {
		if p.key == key {
			return p
		}
	}
	return nil
}

// title is what people know the event by.
func (ob *object) title() string {
	for _, c := range ob.components() {
		if l := c.Get("SUMMARY"); l != nil {
			return ical.Text(l)
		}
	}
	return ob.uid
}

func timeOf(c *contentline.Component, name string) ical.Time {
	if c != nil {
		if l := c.Get(name); l != nil {
			if t, err := ical.TimeOf(l); err == nil {
				return t
			}
		}
	}
	return ical.Time{}
}

func (ob *object) start() ical.Time { return timeOf(ob.master, "DTSTART") }

// zoneOf is the zone that a time means. Floating times are read as UTC: they are only ever compared with each other.
func (ob *object) zoneOf(t ical.Time) recur.Zone {
	if t.Form == ical.Zoned {
		if z := ob.find(t.TZID); z != nil {
			return z
		}
	}
	return recur.Fixed("UTC", 0)
}

// key names the instance that a RECURRENCE-ID or EXDATE means: its day, or its instant.
func (ob *object) key(t ical.Time) int64 {
	start := ob.start()
	switch {
	case start.Form == ical.Date && t.Form != ical.UTC:
		return t.Day() * ical.DaySeconds
	case t.Form == ical.Date && !start.IsZero() && start.Form != ical.Date: // that day at the time of the series
		return ob.zoneOf(start).Instant(t.Wall + start.Wall - start.Day()*ical.DaySeconds)
	case t.Form == ical.Floating && start.Form == ical.Zoned:
		return ob.zoneOf(start).Instant(t.Wall)
	}
	return ob.zoneOf(t).Instant(t.Wall)
}

// idOf writes a key in the form of the series' start.
func (ob *object) idOf(key int64) ical.Time {
	start := ob.start()
	switch start.Form {
	case ical.Date:
		return ical.Time{Wall: key, Form: ical.Date}
	case ical.UTC, ical.NoTime:
		return ical.Time{Wall: key, Form: ical.UTC}
	}
	return ical.Time{Wall: key + int64(ob.zoneOf(start).Offset(key)), Form: start.Form, TZID: start.TZID}
}

// exdates are the instances that a component takes away.
func (ob *object) exdates(c *contentline.Component) map[int64]bool {
	out := map[int64]bool{}
	if c == nil {
		return out
	}
	for l := range c.All("EXDATE") {
		list, _ := ical.Periods(l)
		for _, p := range list {
			out[ob.key(p.Start)] = true
		}
	}
	return out
}

// happens reports whether the rules of the series have an instance with this key, whatever EXDATE says.
func (ob *object) happens(key int64) bool {
	if ob.master == nil {
		return false
	}
	if is, ok := ob.known[key]; ok {
		return is
	}
	if ob.known == nil {
		ob.known = map[int64]bool{}
	}
	if len(ob.known) >= maxLooked {
		return false
	}
	s := recur.Read([]*contentline.Component{ob.master}, ob.find)
	s.Except, s.Length = nil, recur.Length{}
	if slices.ContainsFunc(s.Rules, func(r recur.Rule) bool { return r.Count > 0 }) { // to find one is to count them all: once is enough
		if ob.counted == nil {
			ob.counted = map[int64]bool{}
			list, _ := s.Expand(ob.find, recur.Window{From: -1 << 60, To: 1 << 60, Max: maxCounted})
			for _, in := range list {
				ob.counted[in.ID] = true
			}
		}
		return ob.counted[key]
	}
	list, _ := s.Expand(ob.find, recur.Window{From: key, To: key + 1, Max: 4})
	ob.known[key] = slices.ContainsFunc(list, func(in recur.Instance) bool { return in.ID == key })
	return ob.known[key]
}

// maxCounted is how many instances of a series that counts them are looked at.
const maxCounted = 10000

// maxLooked is how many instances of one series are looked for: this bounds the work that hostile records can make.
const maxLooked = 1000

// there reports whether an instance is in the series as it stands: as an override, or by the rules and not taken away.
func (ob *object) there(key int64) bool {
	return ob.part(key) != nil || ob.master != nil && !ob.exdates(ob.master)[key] && ob.happens(key)
}

// timing is when a component happens, in words that are equal for equal times.
func (ob *object) timing(c *contentline.Component) string {
	start := timeOf(c, "DTSTART")
	if start.IsZero() {
		start = timeOf(c, "RECURRENCE-ID")
	}
	days, seconds := ob.length(c)
	zone := start.TZID
	if name := recur.IANA(zone); name != "" {
		zone = name
	}
	return start.String() + " " + zone + " " + strconv.FormatInt(days, 10) + " " + strconv.FormatInt(seconds, 10)
}

// length is how long a component lasts. RFC 5545 3.6.1
func (ob *object) length(c *contentline.Component) (days, seconds int64) {
	start, end := timeOf(c, "DTSTART"), timeOf(c, "DTEND")
	switch {
	case !end.IsZero() && end.Form == ical.Date:
		days = end.Day() - start.Day()
	case !end.IsZero():
		seconds = ob.zoneOf(end).Instant(end.Wall) - ob.zoneOf(start).Instant(start.Wall)
	case c.Get("DURATION") != nil:
		if d, err := ical.ParseDuration(c.Get("DURATION").Value()); err == nil {
			days, seconds = d.Days, d.Seconds
		}
		if start.Form != ical.Date && start.Form != ical.Zoned {
			days, seconds = 0, days*ical.DaySeconds+seconds
		}
	case start.Form == ical.Date:
		days = 1
	}
	return days, seconds
}

// derive is the component of an instance as the series says, which becomes its override. It is not in the body yet.
func (ob *object) derive(key int64) *contentline.Component {
	it := ob.doc.AdoptItem(contentline.Item{Child: ob.master})
	c := it.Child
	for _, name := range []string{"RRULE", "RDATE", "EXDATE", "EXRULE"} {
		c.RemoveAll(name)
	}
	id := ob.idOf(key)
	if start := ob.start(); !start.IsZero() {
		if end := timeOf(c, "DTEND"); !end.IsZero() {
			from, to := ob.zoneOf(start).Instant(start.Wall), ob.zoneOf(end).Instant(end.Wall)
			switch {
			case end.Form == start.Form && end.TZID == start.TZID && end.Form != ical.Zoned:
				end.Wall += id.Wall - start.Wall
			case end.Form == ical.Zoned:
				at := key + to - from
				end.Wall = at + int64(ob.zoneOf(end).Offset(at))
			default:
				end.Wall = key + to - from
			}
			setTime(c, "DTEND", end)
		}
		setTime(c, "DTSTART", id)
	}
	setTime(c, "RECURRENCE-ID", id)
	return c
}

// insert adds an override to the body.
func (ob *object) insert(c *contentline.Component) *part {
	at := -1
	for i, it := range ob.cal.Items {
		if it.Child != nil && it.Child.Is("VEVENT") {
			at = i
		}
	}
	if at < 0 {
		at = len(ob.cal.Items) - 1
	}
	ob.cal.Items = slices.Insert(ob.cal.Items, at+1, contentline.Item{Child: c})
	ob.edited = true
	if c.Get("RECURRENCE-ID") == nil {
		ob.master = c
		return nil
	}
	ob.take(c)
	id, _ := ical.TimeOf(c.Get("RECURRENCE-ID"))
	return ob.part(ob.key(id))
}

// remove takes an override out of the body.
func (ob *object) remove(key int64) {
	if p := ob.part(key); p != nil {
		ob.cal.Remove(contentline.Item{Child: p.c})
		ob.parts = slices.DeleteFunc(ob.parts, func(o *part) bool { return o == p })
		ob.edited = true
	}
}

// exclude takes instances out of the series c, which may be a copy, and reports whether one was in it.
func (ob *object) exclude(c *contentline.Component, keys ...int64) (done bool) {
	have := ob.exdates(c)
	for _, key := range keys {
		if have[key] {
			continue
		}
		id := ob.idOf(key)
		l := contentline.NewLine("EXDATE", id.String())
		form(l, id)
		c.Add(contentline.Item{Line: l})
		have[key], done = true, true
	}
	return done
}

// setTime makes the first property of this name a time.
func setTime(c *contentline.Component, name string, t ical.Time) {
	form(c.Set(name, t.String()), t)
}

// form gives a line the parameters that a time needs.
func form(l *contentline.Line, t ical.Time) {
	l.DelParam("VALUE")
	l.DelParam("TZID")
	switch t.Form {
	case ical.Date:
		l.SetParam("VALUE", "DATE")
	case ical.Zoned:
		l.SetParam("TZID", t.TZID)
	}
}

// number is the SEQUENCE of a component. RFC 5545 3.8.7.4
func number(c *contentline.Component) int {
	if l := c.Get("SEQUENCE"); l != nil {
		if n, err := strconv.Atoi(strings.TrimSpace(l.Value())); err == nil && n > 0 {
			return n
		}
	}
	return 0
}

func setNumber(c *contentline.Component, n int) {
	if number(c) != n {
		c.Set("SEQUENCE", strconv.Itoa(n))
	}
}

// word is the value of a property that is one word, in upper case.
func word(c *contentline.Component, name string) string {
	if l := c.Get(name); l != nil {
		return strings.ToUpper(strings.TrimSpace(l.Value()))
	}
	return ""
}

func cancelled(c *contentline.Component) bool { return word(c, "STATUS") == "CANCELLED" }
