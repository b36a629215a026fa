package itip

import (
	"slices"
	"strings"

	"tandem"
	"tandem/kind/event"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// reply takes the answer of an attendee into the organizer's event. RFC 5546 3.2.3
func (in *receiving) reply() (ignored string) {
	if in.have == nil || in.have.role(in.Me) != Organizer {
		return "is about no event that the recipient organizes"
	}
	why, done := "", false
	for _, c := range in.msg.components() {
		reason := in.replied(c)
		if reason != "" {
			why = reason
		}
		done = done || reason == ""
	}
	if done {
		return ""
	}
	return why
}

// replied takes in one component of a REPLY.
func (in *receiving) replied(c *contentline.Component) (ignored string) {
	said := c.Get("ATTENDEE")
	if said == nil {
		return "names no attendee"
	}
	if c == in.msg.master {
		return in.repliedSeries(c, said)
	}
	id, _ := ical.TimeOf(c.Get("RECURRENCE-ID"))
	key := in.have.key(id)
	if p := in.have.part(key); p != nil {
		return in.answered(p.c, c, said)
	}
	if !in.have.there(key) {
		return "is about an instance that is not there"
	}
	if l := attendee(in.have.master, Addresses{AddressOf(said)}); l != nil && partStat(l) == partStat(said) {
		return "" // as for the series
	}
	derived := in.have.derive(key)
	if reason := in.answered(derived, c, said); reason != "" {
		return reason
	}
	in.have.insert(derived)
	return ""
}

// repliedSeries takes in an answer to the series. It goes, too, for every instance that was not answered otherwise.
func (in *receiving) repliedSeries(c *contentline.Component, said *contentline.Line) (ignored string) {
	if in.have.master == nil {
		return "is about the series, of which only instances are known"
	}
	who := Addresses{AddressOf(said)}
	before := needsAction
	if l := attendee(in.have.master, who); l != nil {
		before = partStat(l)
	}
	ignored = in.answered(in.have.master, c, said)
	if ignored != "" {
		return ignored
	}
	for _, p := range in.have.parts {
		named := slices.ContainsFunc(in.msg.parts, func(o *part) bool { return in.have.key(o.id) == p.key })
		l := attendee(p.c, who)
		if named || l == nil || older(l, c) || number(p.c) > number(c) && in.have.timing(p.c) != in.have.timing(in.have.derive(p.key)) {
			continue // the attendee has not seen the time it has now
		}
		if now := partStat(l); now == needsAction || now == before {
			record(l, c, said)
		}
	}
	return ""
}

// answered writes an answer into a component of the organizer's.
func (in *receiving) answered(c, answer *contentline.Component, said *contentline.Line) (ignored string) {
	l := attendee(c, Addresses{AddressOf(said)})
	if l == nil {
		l = in.delegate(c, said)
	}
	if l == nil {
		return "comes from somebody who is not invited"
	}
	if in.outdated(c, answer, l) {
		return "is older than what is known"
	}
	record(l, answer, said)
	return ""
}

// record writes an answer to an ATTENDEE.
func record(l *contentline.Line, answer *contentline.Component, said *contentline.Line) {
	setPartStat(l, partStat(said))
	event.SetProposal(l, 0, 0) // what was proposed with the answer before
	for _, p := range []string{"DELEGATED-TO", "DELEGATED-FROM"} {
		if v := said.ParamValues(p); len(v) > 0 {
			l.SetParam(p, v...)
		}
	}
	status := StatusDone
	if s := answer.Get("REQUEST-STATUS"); s != nil {
		if code, _, _ := strings.Cut(strings.TrimSpace(s.Value()), ";"); code != "" {
			status = code
		}
	}
	l.SetParam(paramStatus, status)
	mark(l, answer)
}

// outdated reports that an answer is to another time than the event has now, or older than the last one. An answer to an earlier number, but the same
// time, counts: numbers rise for other reasons, too, of which not every attendee hears.
func (in *receiving) outdated(c, answer *contentline.Component, l *contentline.Line) bool {
	if number(answer) < number(c) {
		if answer.Get("DTSTART") == nil || in.msg.timing(answer) != in.have.timing(c) || raw(answer, "RRULE") != raw(c, "RRULE") {
			return true
		}
	}
	return older(l, answer)
}

// older reports that an answer was given before the last one that was taken in.
func older(l *contentline.Line, answer *contentline.Component) bool {
	v, _ := l.Param(paramStamp)
	last, err := ical.ParseTime(v, "")
	sent := timeOf(answer, "DTSTAMP")
	return err == nil && !sent.IsZero() && sent.Wall < last.Wall
}

// delegate adds somebody to whom an attendee gave the invitation, nil if it is nobody's to give. RFC 5546 2.1.2
func (in *receiving) delegate(c *contentline.Component, said *contentline.Line) *contentline.Line {
	for _, from := range said.ParamValues("DELEGATED-FROM") {
		if attendee(c, Addresses{Normal(from)}) == nil {
			continue
		}
		l := in.have.doc.Adopt(said)
		bare(l)
		c.Add(contentline.Item{Line: l})
		return l
	}
	return nil
}

// refresh answers who asks for the event as it is. RFC 5546 3.2.6
func (in *receiving) refresh() (out []Message, ignored string) {
	if in.have == nil || in.have.role(in.Me) != Organizer {
		return nil, "is about no event that the recipient organizes"
	}
	for _, c := range in.msg.components() {
		l := c.Get("ATTENDEE")
		if l == nil {
			continue
		}
		o := organizing{Desk: in.Desk, now: in.have, made: map[string][]byte{}, digests: map[string]tandem.Digest{}, gone: map[string][]int64{}}
		if out = o.tell(AddressOf(l), true); len(out) > 0 {
			return out, ""
		}
	}
	return nil, "comes from somebody who is not invited"
}
