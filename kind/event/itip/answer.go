package itip

import (
	"maps"
	"slices"
	"strings"

	"tandem/wire/contentline"
)

// Answered tells what follows from a change by an attendee: old is the event as it was (nil: it is new), new as it is to be stored (nil: it is
// deleted). The organizer gets a REPLY for the series and for each instance for which the attendee's own PARTSTAT changed; what was deleted is
// declined (RFC 6638 3.2.2). comment, if any, is for the organizer. Nothing is sent for what the organizer had cancelled, and where the ORGANIZER has
// a SCHEDULE-AGENT other than SERVER.
func (d Desk) Answered(old, new []byte, comment string) (Sent, error) {
	s := Sent{Body: new}
	a := answering{Desk: d, comment: comment}
	var err error
	if len(old) > 0 {
		if a.was, err = d.read(old); err != nil || a.was.role(d.Me) != Attendee {
			a.was = nil
		}
	}
	force := false
	if len(new) > 0 {
		if a.now, err = d.read(new); err != nil {
			return s, err
		}
		if a.now.role(d.Me) != Attendee {
			a.now = nil
		} else {
			force = a.own()
			if force {
				s.Forced = []string{strings.ToLower(AddressOf(a.now.components()[0].Get("ORGANIZER")))}
			}
			force = force || len(d.Forced) > 0
		}
	}
	if a.now != nil && a.now.edited {
		s.Body = a.now.bytes()
	}
	switch {
	case a.was == nil && a.now == nil:
		return s, nil
	case a.now == nil:
		a.gone()
	default:
		a.changed(force)
	}
	if len(a.list) == 0 {
		return s, nil
	}
	ob := a.now
	if ob == nil {
		ob = a.was
	}
	first := ob.components()[0]
	l := first.Get("ORGANIZER")
	if l == nil || !served(l) {
		return s, nil
	}
	to := AddressOf(l)
	from := ""
	for _, c := range ob.components() {
		if me := attendee(c, d.Me); me != nil && from == "" {
			from = AddressOf(me)
		}
	}
	s.Messages = []Message{{Method: Reply, UID: ob.uid, From: from, To: to, Body: d.message(ob, Reply, a.list)}}
	return s, nil
}

// answering gathers what an attendee answers.
type answering struct {
	Desk
	was, now *object
	comment  string
	list     []*contentline.Component
}

// own puts right in an attendee's own event what is not theirs to change, and reports whether a REPLY is asked for in any case.
func (a *answering) own() (force bool) {
	for _, c := range a.now.components() {
		if l := c.Get("ORGANIZER"); l != nil {
			if _, ok := l.Param(paramForce); ok {
				force = forced(l, Reply) || force
				a.now.edited = true
			}
		}
	}
	if a.was == nil {
		return force
	}
	keepStamps(a.was, a.now)
	level := func(c, before *contentline.Component) {
		// A raised number would make the organizer's next message look old.
		if n := number(before); number(c) > n {
			setNumber(c, n)
			a.now.edited = true
		}
	}
	if a.now.master != nil && a.was.master != nil {
		level(a.now.master, a.was.master)
	}
	for _, p := range a.now.parts {
		if before := a.was.part(p.key); before != nil {
			level(p.c, before.c)
		} else if a.was.master != nil {
			level(p.c, a.was.master)
		}
	}
	return force
}

// keepStamps puts back the stamps of messages, and the delivery states, that a program left out.
func keepStamps(was, now *object) {
	if was == nil || now == nil {
		return
	}
	keep := func(before, after *contentline.Component) {
		kept := map[string]*contentline.Line{}
		for l := range before.Lines() {
			if l.Is("ORGANIZER") || l.Is("ATTENDEE") {
				kept[strings.ToUpper(l.Name())+AddressOf(l)] = l
			}
		}
		for l := range after.Lines() {
			if !l.Is("ORGANIZER") && !l.Is("ATTENDEE") {
				continue
			}
			if old := kept[strings.ToUpper(l.Name())+AddressOf(l)]; old != nil && restore(old, l) {
				now.edited = true
			}
		}
	}
	if was.master != nil && now.master != nil {
		keep(was.master, now.master)
	}
	for _, p := range now.parts {
		if before := was.part(p.key); before != nil {
			keep(before.c, p.c)
		}
	}
}

// restore gives a line what the server keeps on it, where it lacks that.
func restore(before, after *contentline.Line) (done bool) {
	for _, name := range []string{paramStatus, paramStamp} {
		v, had := before.Param(name)
		if _, has := after.Param(name); had && !has {
			after.SetParam(name, v)
			done = true
		}
	}
	return done
}

// stat is the person's answer to a component, "" where they are not invited or it is cancelled.
func (a *answering) stat(c *contentline.Component) string {
	if c == nil || cancelled(c) {
		return ""
	}
	if l := attendee(c, a.Me); l != nil {
		return partStat(l)
	}
	return ""
}

// before is what the person had answered for an instance.
func (a *answering) before(key int64) string {
	if a.was == nil {
		return needsAction
	}
	if p := a.was.part(key); p != nil {
		return a.stat(p.c)
	}
	if a.was.master != nil && a.was.there(key) {
		return a.stat(a.was.master)
	}
	return needsAction
}

// gone declines all that was not declined.
func (a *answering) gone() {
	for _, c := range a.was.components() {
		if s := a.stat(c); s != "" && s != declined {
			a.say(a.was, c, nil, declined)
		}
	}
}

// changed answers for what changed.
func (a *answering) changed(force bool) {
	if a.now.master != nil {
		a.series(force)
	}
	for _, p := range a.now.parts {
		var was *contentline.Component
		if a.was != nil && a.was.part(p.key) != nil {
			was = a.was.part(p.key).c
		}
		if s := a.stat(p.c); s != "" && (s != a.before(p.key) || force && a.now.master == nil) {
			a.say(a.now, p.c, was, s)
		}
	}
	if a.was == nil {
		return
	}
	out := a.now.exdates(a.now.master)
	if a.was.master != nil {
		had := a.was.exdates(a.was.master)
		for _, key := range slices.Sorted(maps.Keys(out)) {
			if p := a.was.part(key); !had[key] && p == nil && a.was.happens(key) && a.stat(a.was.master) != declined && a.stat(a.was.master) != "" {
				a.say(a.was, a.was.derive(key), nil, declined)
			}
		}
	}
	for _, p := range a.was.parts {
		if a.now.part(p.key) != nil {
			continue
		}
		before, after := a.stat(p.c), declined
		if a.now.master != nil && !out[p.key] {
			after = a.stat(a.now.master)
		}
		if before != "" && after != "" && before != after {
			a.say(a.was, p.c, nil, after)
		}
	}
}

// series answers for the series as a whole.
func (a *answering) series(force bool) {
	m := a.now.master
	before := needsAction
	var was *contentline.Component
	if a.was != nil && a.was.master != nil {
		was = a.was.master
		before = a.stat(was)
	}
	s := a.stat(m)
	if s == "" || s == before && !force {
		return
	}
	a.say(a.now, m, was, s)
	if s == declined || was == nil {
		return
	}
	// What the attendee took out before is not part of what is said now. Where the organizer took it out, this changes nothing.
	had := a.was.exdates(was)
	for _, key := range slices.Sorted(maps.Keys(a.now.exdates(m))) {
		if had[key] && a.now.happens(key) {
			a.say(a.now, a.now.derive(key), nil, declined)
		}
	}
}

// say puts an answer for one component into the message. RFC 5546 3.2.3
func (a *answering) say(ob *object, c, was *contentline.Component, answer string) {
	out := copyOf(c)
	me := attendee(out, a.Me).Clone()
	var comments []string
	for l := range out.All("COMMENT") {
		if was != nil && !hasComment(was, l.Value()) { // the attendee's own, and new
			comments = append(comments, l.Value())
		}
	}
	only(out, "UID", "SEQUENCE", "RECURRENCE-ID", "DTSTART", "DTEND", "DURATION", "RRULE", "SUMMARY", "LOCATION", "ORGANIZER")
	strip(out)
	bare(me)
	me.DelParam("RSVP")
	me.SetParam("PARTSTAT", answer)
	out.Add(contentline.Item{Line: me})
	if text := strings.TrimSpace(a.comment); text != "" {
		comments = append(comments, contentline.EscapeText(text))
	}
	for _, text := range comments {
		out.Add(contentline.Item{Line: contentline.NewLine("COMMENT", text)})
	}
	out.Add(contentline.Item{Line: contentline.NewLine("REQUEST-STATUS", "2.0;Success")})
	a.list = append(a.list, out)
}

func hasComment(c *contentline.Component, text string) bool {
	for l := range c.All("COMMENT") {
		if l.Value() == text {
			return true
		}
	}
	return false
}
