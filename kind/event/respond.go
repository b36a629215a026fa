package event

import (
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

// Answer is what somebody says to an invitation: a PARTSTAT of RFC 5545 3.2.12.
type Answer string

// The answers.
const (
	Accept    Answer = "ACCEPTED"
	Tentative Answer = "TENTATIVE"
	Decline   Answer = "DECLINED"
)

// Respond answers an invitation for the user with the mail address me: for the series, or with instance (a time in either
// form of MS-ASDTYPE) for one instance of it alone. It returns the body with the answer in it, and the message for the
// organizer (RFC 5546 3.2.3), which is nil where the user is the organizer or there is none. A declined event is not
// taken away; that is the caller's to do.
//
// An instance that is no time is an error of kind Invalid; one that the series has not, or of an event that does not
// repeat, is NotFound.
func Respond(body []byte, me string, answer Answer, instance, comment string, now int64) (newBody, reply []byte, err error) {
	if !slices.Contains([]Answer{Accept, Tentative, Decline}, answer) {
		return nil, nil, invalid("answer invitation", string(answer), "no such answer")
	}
	zones := &recur.Zones{}
	home := userZone(time.UTC, now)
	ob, err := open(zones, body, home)
	if err != nil {
		return nil, nil, err
	}
	o := eas.Put{Options: eas.Options{Version: eas.V161, Address: me, Zone: time.UTC, Now: now}}
	w := &writer{ob: ob, o: o, zones: zones, s: &shower{ob: ob, o: o.Options}}
	parts := []*contentline.Component{ob.main}
	if instance != "" {
		c, err := w.answered(instance)
		if err != nil {
			return nil, nil, err
		}
		parts = []*contentline.Component{c}
	} else {
		for _, o := range ob.overrides {
			parts = append(parts, o.c)
		}
	}
	for i, c := range parts {
		if i == 0 || find(c, me) != nil {
			w.answer1(c, answer)
		}
	}
	organizer, mine := w.s.organized(parts[0])
	if organizer != nil && !mine {
		reply = w.reply(parts[0], organizer, answer, comment)
	}
	w.define()
	return ob.doc.Bytes(), reply, nil
}

// answered is the component of the instance that alone is answered for.
func (w *writer) answered(instance string) (*contentline.Component, error) {
	key, err := w.locate(instance)
	if err != nil {
		return nil, err
	}
	if o := w.ob.override(key); o != nil {
		return o.c, nil
	}
	if !w.ob.repeats() {
		return nil, &tandem.Error{Kind: tandem.NotFound, Op: "find instance", Thing: instance, Remedy: "answer for the event, it does not repeat"}
	}
	return w.adopt(key).c, nil
}

// answer1 writes the answer into one component.
func (w *writer) answer1(c *contentline.Component, answer Answer) {
	l := find(c, w.o.Address)
	if l == nil {
		l = contentline.NewLine("ATTENDEE", "mailto:"+w.o.Address)
		c.Add(contentline.Item{Line: l})
	}
	l.SetParam("PARTSTAT", string(answer))
	l.DelParam("RSVP")
	calview.SetTime(c, replyTime, ical.Time{Wall: w.o.Now, Form: ical.UTC})
	const intended = "X-MICROSOFT-CDO-INTENDEDSTATUS"
	switch {
	case answer == Tentative && busy(c) != free:
		put(c, busyStatus, busyNames[tentative])
	case answer == Accept && calview.Word(c, busyStatus) == busyNames[tentative]:
		put(c, busyStatus, busyNames[busyness])
		if n := slices.Index(busyNames[:], calview.Word(c, intended)); n > free {
			put(c, busyStatus, busyNames[n])
		}
	}
	w.dirty = true
	w.bookkeeping(c, wbxml.New(wbxml.AirSyncApplicationData))
}

// reply is the message to the organizer. RFC 5546 3.2.3
func (w *writer) reply(c *contentline.Component, organizer *contentline.Line, answer Answer, comment string) []byte {
	out := contentline.NewComponent("VEVENT")
	carry := func(name string) {
		if l := c.Get(name); l != nil {
			out.Add(contentline.Item{Line: w.ob.doc.Adopt(l)})
		}
	}
	carry("UID")
	calview.SetTime(out, "DTSTAMP", ical.Time{Wall: w.o.Now, Form: ical.UTC})
	carry("SEQUENCE")
	carry("RECURRENCE-ID")
	for _, name := range []string{"DTSTART", "DTEND", "DURATION", "RRULE", "SUMMARY", "LOCATION"} {
		carry(name)
	}
	out.Add(contentline.Item{Line: w.ob.doc.Adopt(organizer)})
	me := contentline.NewLine("ATTENDEE", "mailto:"+w.o.Address, contentline.NewParam("PARTSTAT", string(answer)))
	if l := find(c, w.o.Address); l != nil {
		me.SetValue(l.Value())
		if cn, ok := l.Param("CN"); ok {
			me.SetParam("CN", cn)
		}
	}
	out.Add(contentline.Item{Line: me})
	if comment = strings.TrimSpace(eas.Clean(comment)); comment != "" {
		calview.SetText(out, "COMMENT", comment)
	}
	put(out, "REQUEST-STATUS", "2.0;Success")

	cal := contentline.NewComponent("VCALENDAR")
	cal.Set("PRODID", product)
	cal.Set("VERSION", "2.0")
	cal.Set("METHOD", "REPLY")
	refs := map[string]bool{}
	ical.References(out, refs)
	for zone := range w.ob.cal.Children() {
		if zone.Is("VTIMEZONE") && refs[ical.ZoneID(zone)] {
			cal.Add(w.ob.doc.AdoptItem(contentline.Item{Child: zone}))
		}
	}
	cal.Add(contentline.Item{Child: out})
	return contentline.NewDocument(cal).Bytes()
}
