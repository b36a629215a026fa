package itip

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem"
	"tandem/kind/event"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// Sent is what follows from a person's own change of an event.
type Sent struct {
	Body     []byte // what must be stored; the very slice that came in where nothing had to be changed
	Messages []Message
	Asked    bool     // the body takes back answers that attendees gave
	Forced   []string // whom the body asked to tell in any case. RFC 6638 7.2
}

// Organized tells what follows from a change by the organizer: old is the event as it was (nil: it is new), new as it is to be stored (nil: it is
// deleted). RFC 6638 3.2.1
//
// Who is new, or has something to be told, gets a REQUEST with exactly the instances in which they take part; who is invited no more, or to fewer
// instances, a CANCEL of what they lost. Attendees with SCHEDULE-AGENT other than SERVER get none. In the body, SEQUENCE is raised where the event
// was rescheduled (RFC 5546 2.1.4) and those who answered are asked again (RFC 6638 3.2.8).
func (d Desk) Organized(old, new []byte) (Sent, error) {
	s := Sent{Body: new}
	var was, now *object
	var err error
	if len(old) > 0 {
		if was, err = d.read(old); err != nil || was.role(d.Me) != Organizer {
			was = nil // what it was told nobody anything
		}
	}
	if len(new) > 0 {
		if now, err = d.read(new); err != nil {
			return s, err
		}
		if now.role(d.Me) != Organizer {
			now = nil // it is organized no more
		}
	}
	if was == nil && now == nil {
		return s, nil
	}
	force := map[string]bool{}
	if now != nil {
		d.revise(was, now)
		keepStamps(was, now)
		force = now.forces(Request)
		s.Forced = slices.Sorted(maps.Keys(force))
	}
	for _, who := range d.Forced {
		force[who] = true
	}
	o := organizing{Desk: d, was: was, now: now, made: map[string][]byte{}, digests: map[string]tandem.Digest{},
		gone: map[string][]int64{}}
	for _, who := range o.people() {
		s.Messages = append(s.Messages, o.tell(who, force[strings.ToLower(who)])...)
	}
	if now != nil && now.edited {
		s.Body, s.Asked = now.bytes(), now.asked
	}
	return s, nil
}

// forces takes SCHEDULE-FORCE-SEND off the attendees and lists those it asks a method for. RFC 6638 7.2
func (ob *object) forces(m Method) map[string]bool {
	out := map[string]bool{}
	for _, c := range ob.components() {
		for l := range c.All("ATTENDEE") {
			if _, ok := l.Param(paramForce); ok {
				ob.edited = true
				if forced(l, m) {
					out[strings.ToLower(AddressOf(l))] = true
				}
			}
		}
	}
	return out
}

// revise raises SEQUENCE and asks attendees again where the event was rescheduled.
func (d Desk) revise(was, now *object) {
	if was == nil {
		return
	}
	least := 0
	series, ask := false, false
	if now.master != nil && was.master != nil {
		series, ask = reschedules(was, now)
		least = number(was.master)
		now.raise(now.master, least, series)
		if ask {
			d.askAgain(now, now.master)
		}
	}
	for _, p := range now.parts {
		before, base := was.part(p.key), least
		changed, again := ask, ask
		switch {
		case before != nil:
			base = max(base, number(before.c))
			same := was.timing(before.c) == now.timing(p.c)
			changed, again = !same || cancelled(before.c) != cancelled(p.c), !same
		case now.master != nil:
			same := now.timing(now.derive(p.key)) == now.timing(p.c)
			changed, again = ask || !same || cancelled(p.c), ask || !same
		}
		now.raise(p.c, base, changed)
		if again {
			d.askAgain(now, p.c)
		}
	}
}

// raise brings the SEQUENCE of a component to what it was before, or beyond.
func (ob *object) raise(c *contentline.Component, before int, changed bool) {
	least := before
	if changed {
		least++
	}
	if number(c) < least {
		setNumber(c, least)
		ob.edited = true
	}
}

// askAgain takes back the answers of all but the organizer. RFC 6638 3.2.8
func (d Desk) askAgain(ob *object, c *contentline.Component) {
	for l := range c.All("ATTENDEE") {
		event.SetProposal(l, 0, 0) // it was about the time before
		if served(l) && !d.Me.Has(AddressOf(l)) && setPartStat(l, needsAction) {
			ob.edited, ob.asked = true, true
		}
	}
}

// reschedules compares two states of a series: whether it changed in what raises SEQUENCE, and whether its attendees must be asked again.
func reschedules(was, now *object) (changed, ask bool) {
	a, b := was.master, now.master
	if was.timing(a) != now.timing(b) {
		return true, true
	}
	before, after := was.exdates(a), now.exdates(b)
	for key := range before {
		ask = ask || !after[key] // it happens again
	}
	changed = ask || len(before) != len(after) || cancelled(a) != cancelled(b)
	if raw(a, "RDATE") != raw(b, "RDATE") {
		changed, ask = true, ask || len(raw(b, "RDATE")) >= len(raw(a, "RDATE"))
	}
	if raw(a, "RRULE")+raw(a, "EXRULE") != raw(b, "RRULE")+raw(b, "EXRULE") {
		changed, ask = true, ask || !shortened(a, b)
	}
	return changed, ask
}

// raw are the values of all lines of a name, sorted.
func raw(c *contentline.Component, name string) string {
	var out []string
	for l := range c.All(name) {
		v := strings.ToUpper(strings.TrimSpace(l.Value()))
		if r, err := recur.ParseRule(v); err == nil && name != "RDATE" {
			v = r.String()
		}
		out = append(out, v)
	}
	slices.Sort(out)
	return strings.Join(out, ",")
}

// shortened reports that the rule only ends earlier than it did.
func shortened(a, b *contentline.Component) bool {
	la, lb := a.Get("RRULE"), b.Get("RRULE")
	if la == nil || lb == nil {
		return false
	}
	ra, err1 := recur.ParseRule(la.Value())
	rb, err2 := recur.ParseRule(lb.Value())
	if err1 != nil || err2 != nil {
		return false
	}
	less := false
	switch {
	case ra.Count == 0 && ra.Until.IsZero():
		less = true
	case ra.Count > 0 && rb.Count > 0:
		less = rb.Count <= ra.Count
	case !ra.Until.IsZero() && !rb.Until.IsZero() && ra.Until.Form == rb.Until.Form:
		less = rb.Until.Wall <= ra.Until.Wall
	}
	ra.Count, rb.Count, ra.Until, rb.Until = 0, 0, ical.Time{}, ical.Time{}
	return less && ra.String() == rb.String()
}

// organizing compares what each attendee was told with what they must know.
type organizing struct {
	Desk
	was, now *object
	made     map[string][]byte // messages by what is in them: most attendees get the same
	digests  map[string]tandem.Digest
	gone     map[string][]int64 // of lost
}

// people are the addresses of all attendees but the organizer, in the order of the bodies.
func (o *organizing) people() []string {
	var out []string
	seen := map[string]bool{}
	for _, ob := range []*object{o.now, o.was} {
		if ob == nil {
			continue
		}
		for _, c := range ob.components() {
			for l := range c.All("ATTENDEE") {
				a := AddressOf(l)
				if key := strings.ToLower(a); a != "" && !seen[key] && !o.Me.Has(a) {
					seen[key] = true
					out = append(out, a)
				}
			}
		}
	}
	return out
}

// lost are the instances that were in the share before and were taken out since, one by one.
func (o *organizing) lost(before, after share) []int64 {
	name := before.String() + after.String()
	if out, ok := o.gone[name]; ok {
		return out
	}
	var out []int64
	had := o.was.exdates(o.was.master)
	add := func(key int64) {
		if !had[key] && before.has(o.was, key) {
			out = append(out, key)
		}
	}
	switch {
	case after.master:
		for key := range o.now.exdates(o.now.master) {
			add(key)
		}
		for _, key := range after.out {
			add(key)
		}
	case !before.master:
		for _, key := range before.keys {
			if !slices.Contains(after.keys, key) {
				add(key)
			}
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	o.gone[name] = out
	return out
}

// tell makes the messages for one attendee.
func (o *organizing) tell(who string, force bool) []Message {
	before, after := o.was.shareOf(who), o.now.shareOf(who)
	var out []Message
	send := func(m Method, what string, make func() []byte) {
		key := string(m) + what
		if o.made[key] == nil {
			o.made[key] = make()
		}
		out = append(out, Message{Method: m, UID: o.uid(), From: o.organizer(), To: who, Body: o.made[key]})
	}
	request := func() { send(Request, after.String(), func() []byte { return o.request(after) }) }
	switch {
	case before.empty() && after.empty():
	case before.empty():
		request()
	case after.empty(), before.master && !after.master:
		what := before.String()
		if !o.over() {
			what += who
		}
		send(Cancel, what, func() []byte { return o.cancel(who, before, nil) })
		if !after.empty() {
			request()
		}
	default:
		lost := o.lost(before, after)
		if len(lost) > 0 {
			send(Cancel, fmt.Sprint(lost, who), func() []byte { return o.cancel(who, before, lost) })
		}
		if force || o.digest(o.was, before, lost) != o.digest(o.now, after, nil) {
			request()
		}
	}
	return out
}

// over reports that nobody meets any more.
func (o *organizing) over() bool {
	return o.now == nil || o.now.master != nil && cancelled(o.now.master)
}

func (o *organizing) either() *object {
	if o.now != nil {
		return o.now
	}
	return o.was
}

func (o *organizing) uid() string { return o.either().uid }

func (o *organizing) organizer() string {
	for _, c := range o.either().components() {
		if l := c.Get("ORGANIZER"); l != nil {
			return AddressOf(l)
		}
	}
	return ""
}

// request is the message that invites. RFC 5546 3.2.2
func (o *organizing) request(s share) []byte {
	return o.message(o.now, Request, o.now.build(s, nil))
}

// cancel is the message that takes back: the whole share, or some instances of it. RFC 5546 3.2.5
func (o *organizing) cancel(who string, s share, lost []int64) []byte {
	over := o.over()
	var list []*contentline.Component
	switch {
	case lost == nil && s.master:
		list = append(list, copyOf(o.was.master))
	case lost == nil:
		for _, key := range s.keys {
			list = append(list, copyOf(o.was.part(key).c))
		}
	}
	for _, key := range lost {
		if p := o.was.part(key); p != nil {
			list = append(list, copyOf(p.c))
		} else {
			list = append(list, copyOf(o.was.derive(key)))
		}
	}
	for _, c := range list {
		strip(c)
		c.Set("STATUS", "CANCELLED")
		setNumber(c, o.level(c))
		if !over { // the others go on meeting
			c.Items = slices.DeleteFunc(c.Items, func(it contentline.Item) bool {
				return it.Line != nil && it.Line.Is("ATTENDEE") && !strings.EqualFold(AddressOf(it.Line), who)
			})
		}
	}
	return o.message(o.was, Cancel, list)
}

// level is the SEQUENCE of a cancellation: that of the event as it is now, or beyond the last one of an event that is gone.
func (o *organizing) level(c *contentline.Component) int {
	switch {
	case o.now == nil:
		return number(c) + 1
	case o.now.master != nil:
		return max(number(c), number(o.now.master))
	}
	n := number(c)
	for _, p := range o.now.parts {
		n = max(n, number(p.c))
	}
	return n
}

// digest is what a share means to the attendees, without some instances.
func (o *organizing) digest(ob *object, s share, without []int64) tandem.Digest {
	side := "now"
	if ob == o.was {
		side = "was"
	}
	key := side + s.String() + fmt.Sprint(without)
	if d, ok := o.digests[key]; ok {
		return d
	}
	d := meaning(ob, o.Zones, ob.build(s, without))
	o.digests[key] = d
	return d
}

// meaning is the digest of what is the organizer's in some components.
func meaning(ob *object, zones *recur.Zones, list []*contentline.Component) tandem.Digest {
	cal := contentline.NewComponent("VCALENDAR")
	for zone := range ob.cal.Children() {
		if zone.Is("VTIMEZONE") {
			cal.Add(contentline.Item{Child: zone})
		}
	}
	for _, c := range list {
		neutral(c)
		cal.Add(contentline.Item{Child: c})
	}
	info, err := event.Handler{Zones: zones}.Inspect(contentline.NewDocument(cal).Bytes())
	if err != nil {
		return tandem.Digest{}
	}
	return info.Digest
}
