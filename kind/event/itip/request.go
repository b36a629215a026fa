package itip

import (
	"slices"
	"strings"

	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// request takes an invitation, or what became of it, into the attendee's calendar. RFC 5546 3.2.2
func (in *receiving) request() (ignored string) {
	if why := in.from(); why != "" {
		return why
	}
	if in.msg.role(in.Me) != Attendee {
		return "does not invite the recipient"
	}
	switch {
	case in.have == nil:
		in.create()
	case in.msg.master != nil:
		return in.replace()
	default:
		return in.instances()
	}
	return ""
}

// create makes the attendee's event of an invitation.
func (in *receiving) create() {
	ob := in.msg
	ob.cal.RemoveAll("METHOD")
	for _, c := range ob.components() {
		strip(c)
		mark(c.Get("ORGANIZER"), c)
	}
	in.have = ob
}

// replace makes the series what the organizer says.
func (in *receiving) replace() (ignored string) {
	if in.passed() {
		return "is older than what is known"
	}
	list := []*contentline.Component{in.joined(in.msg.master, in.have.master)}
	excluded := in.have.exdates(in.have.master)
	var out []int64
	for _, p := range in.msg.parts {
		if l := attendee(p.c, in.Me); l != nil && partStat(l) == declined && excluded[p.key] {
			out = append(out, p.key) // the attendee declined it by taking it out
			continue
		}
		before := in.have.master
		if o := in.have.part(p.key); o != nil {
			before = o.c
		}
		list = append(list, in.joined(p.c, before))
	}
	list = append(list, in.owned(list[0])...)
	in.msg.exclude(list[0], out...)
	at := slices.IndexFunc(in.have.cal.Items, func(it contentline.Item) bool { return it.Child != nil && it.Child.Is("VEVENT") })
	in.have.cal.Items = slices.DeleteFunc(in.have.cal.Items, func(it contentline.Item) bool { return it.Child != nil && it.Child.Is("VEVENT") })
	in.zones()
	at = min(at, len(in.have.cal.Items))
	for i, c := range list {
		in.have.cal.Items = slices.Insert(in.have.cal.Items, at+i, contentline.Item{Child: c})
	}
	return ""
}

// passed reports that a message about the series is older than what is known. Numbers of instances alone do not tell, for each component has its own.
func (in *receiving) passed() bool {
	if m := in.have.master; m != nil {
		return stale(m, in.msg.master, m.Get("ORGANIZER"))
	}
	return slices.ContainsFunc(in.have.parts, func(p *part) bool {
		l := p.c.Get("ORGANIZER")
		return l != nil && older(l, in.msg.master)
	})
}

// owned are the instances that the attendee alone made different, by an alarm of their own, as far as the series still has them. The organizer knows of no
// answer to them but that to the series, as it is now.
func (in *receiving) owned(series *contentline.Component) []*contentline.Component {
	if in.have.master == nil {
		return nil
	}
	var out []*contentline.Component
	for _, p := range in.have.parts {
		if in.msg.part(in.msg.key(p.id)) != nil || !in.msg.there(p.key) || !in.plain(p) {
			continue
		}
		c := in.joined(in.msg.derive(p.key), p.c)
		if l, all := attendee(c, in.Me), attendee(series, in.Me); l != nil && all != nil {
			setPartStat(l, partStat(all))
		}
		out = append(out, c)
	}
	return out
}

// plain reports that an override says nothing of the organizer's that the series does not say.
func (in *receiving) plain(p *part) bool { return in.have.plain(in.Desk, p) }

func (ob *object) plain(d Desk, p *part) bool {
	if ob.master == nil || !ob.happens(p.key) || cancelled(p.c) != cancelled(ob.master) {
		return false
	}
	own, derived := copyOf(p.c), copyOf(ob.derive(p.key))
	if ob.timing(own) != ob.timing(derived) {
		return false
	}
	return meaning(ob, d.Zones, []*contentline.Component{own}) == meaning(ob, d.Zones, []*contentline.Component{derived})
}

// instances takes in an invitation to some instances alone.
func (in *receiving) instances() (ignored string) {
	done := false
	for _, p := range in.msg.parts {
		key := in.have.key(p.id)
		old := in.have.part(key)
		before := in.have.master
		if old != nil {
			before = old.c
		}
		if before != nil && stale(before, p.c, before.Get("ORGANIZER")) {
			ignored = "is older than what is known"
			continue
		}
		c := in.joined(p.c, before)
		done = true
		if old != nil {
			in.have.cal.Items[in.have.cal.Index(contentline.Item{Child: old.c})].Child = c
			old.c = c
			continue
		}
		include(in.have, key)
		in.have.insert(c)
	}
	in.zones()
	if done {
		return ""
	}
	return ignored
}

// include takes an instance out of what EXDATE takes away.
func include(ob *object, key int64) {
	if ob.master == nil {
		return
	}
	for _, l := range slices.Collect(ob.master.All("EXDATE")) {
		tzid, _ := l.Param("TZID")
		var left []string
		n := 0
		for text := range strings.SplitSeq(l.Value(), ",") {
			n++
			if t, err := ical.ParseTime(text, tzid); err != nil || ob.key(t) != key {
				left = append(left, text)
			}
		}
		switch {
		case len(left) == 0:
			ob.master.Remove(contentline.Item{Line: l})
		case len(left) < n:
			l.SetValue(strings.Join(left, ","))
		}
	}
}

// joined is a component of a message with what is the attendee's own in the one it replaces; nil if it is new.
func (in *receiving) joined(sent, own *contentline.Component) *contentline.Component {
	c := in.have.doc.AdoptItem(contentline.Item{Child: sent}).Child
	strip(c)
	mark(c.Get("ORGANIZER"), sent)
	if own == nil {
		return c
	}
	had := map[string]bool{}
	for l := range own.Lines() {
		had[strings.ToUpper(l.Name())] = true
	}
	ofOwn := func(name string) bool {
		return (personal(name) || private(name)) && (had[name] || !strings.HasPrefix(name, "X-"))
	}
	c.Items = slices.DeleteFunc(c.Items, func(it contentline.Item) bool { return it.Line != nil && ofOwn(strings.ToUpper(it.Line.Name())) })
	for _, it := range own.Items {
		switch {
		case it.Child != nil: // alarms, and what programs keep within
			c.Add(in.have.doc.AdoptItem(it))
		case it.Line != nil && ofOwn(strings.ToUpper(it.Line.Name())):
			c.Add(contentline.Item{Line: in.have.doc.Adopt(it.Line)})
		}
	}
	in.keepAnswer(c, own)
	if from, to := own.Get("ORGANIZER"), c.Get("ORGANIZER"); from != nil && to != nil {
		for _, name := range []string{paramAgent, paramStatus} {
			if v, ok := from.Param(name); ok {
				to.SetParam(name, v)
			}
		}
	}
	return c
}

// keepAnswer leaves the attendee's answer as it is, unless the organizer asks again because the time changed.
func (in *receiving) keepAnswer(c, own *contentline.Component) {
	l, mine := attendee(c, in.Me), attendee(own, in.Me)
	if l == nil || mine == nil {
		return
	}
	for _, p := range mine.Params() {
		if strings.HasPrefix(strings.ToUpper(p.Name), "X-") {
			l.SetParam(p.Name, p.Values()...)
		}
	}
	if partStat(mine) == needsAction || cancelled(own) {
		return
	}
	if partStat(l) == needsAction && in.rescheduled(c, own) {
		return
	}
	l.SetParam("PARTSTAT", partStat(mine))
	if _, ok := mine.Param("RSVP"); !ok {
		l.DelParam("RSVP")
	}
}

// rescheduled reports that a component is at another time than the one it replaces, or was not there before; an instance that had none of its own is held
// against the series.
func (in *receiving) rescheduled(c, own *contentline.Component) bool {
	if own == in.have.master && c.Get("RECURRENCE-ID") != nil {
		id, _ := ical.TimeOf(c.Get("RECURRENCE-ID"))
		key := in.have.key(id)
		return !in.have.there(key) || in.have.timing(in.have.derive(key)) != in.msg.timing(c)
	}
	if in.have.timing(own) != in.msg.timing(c) {
		return true
	}
	if c.Get("RECURRENCE-ID") != nil {
		return false
	}
	return (raw(own, "RRULE") != raw(c, "RRULE") && !shortened(own, c)) || raw(own, "RDATE") != raw(c, "RDATE")
}

// zones defines what the message's times are in, as the message does.
func (in *receiving) zones() {
	refs := map[string]bool{}
	for _, p := range in.msg.components() {
		ical.References(p, refs)
	}
	for zone := range in.msg.cal.Children() {
		id := ical.ZoneID(zone)
		if !zone.Is("VTIMEZONE") || !refs[id] {
			continue
		}
		at := slices.IndexFunc(in.have.cal.Items, func(it contentline.Item) bool {
			return it.Child != nil && it.Child.Is("VTIMEZONE") && ical.ZoneID(it.Child) == id
		})
		it := in.have.doc.AdoptItem(contentline.Item{Child: zone})
		if at >= 0 {
			in.have.cal.Items[at] = it
		} else {
			ical.AddZone(in.have.cal, it)
		}
	}
}
