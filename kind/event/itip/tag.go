package itip

import (
	"encoding/hex"
	"slices"
	"strings"

	"tandem/kind/event"
	"tandem/wire/contentline"
)

// Tag is the schedule tag of an event (RFC 6638 3.2.10): it stays the same where only answers of others came in, delivery states changed, or instances
// were set apart for such answers alone. It is a function of the body and the person, and costs about as much as one Inspect; equal bodies have equal
// tags, so it may be kept with a version. It is "" for an event that schedules nothing.
func (d Desk) Tag(body []byte) string {
	ob, err := d.read(body)
	if err != nil || ob.role(d.Me) == Nobody {
		return ""
	}
	for _, p := range slices.Clone(ob.parts) {
		if ob.master == nil || !ob.happens(p.key) {
			continue
		}
		own, derived := copyOf(p.c), copyOf(ob.derive(p.key))
		if ob.timing(own) != ob.timing(derived) {
			continue
		}
		d.unanswered(own)
		d.unanswered(derived)
		if d.digest(ob, own) == d.digest(ob, derived) {
			ob.remove(p.key)
		}
	}
	for _, c := range ob.components() {
		d.unanswered(c)
	}
	info, err := event.Handler{Zones: d.Zones}.Inspect(ob.bytes())
	if err != nil {
		return ""
	}
	return hex.EncodeToString(info.Digest[:12])
}

// digest is what one component means, with all that is in it.
func (d Desk) digest(ob *object, c *contentline.Component) string {
	cal := contentline.NewComponent("VCALENDAR")
	for zone := range ob.cal.Children() {
		if zone.Is("VTIMEZONE") {
			cal.Add(contentline.Item{Child: zone})
		}
	}
	cal.Add(contentline.Item{Child: c})
	info, err := event.Handler{Zones: d.Zones}.Inspect(contentline.NewDocument(cal).Bytes())
	if err != nil {
		return ""
	}
	return info.Digest.String()
}

// unanswered takes out of a component what messages of others change.
func (d Desk) unanswered(c *contentline.Component) {
	for l := range c.Lines() {
		if !l.Is("ATTENDEE") && !l.Is("ORGANIZER") {
			continue
		}
		names := []string{paramStatus, paramStamp, event.Proposed}
		if l.Is("ATTENDEE") && !d.Me.Has(AddressOf(l)) {
			names = append(names, "PARTSTAT")
		}
		for _, name := range names {
			if _, ok := l.Param(name); ok {
				l.DelParam(name)
			}
		}
	}
}

// Rebase brings a body that was made from an earlier state with the same tag to the state as it is stored: the answers that came in meanwhile are put
// into it. RFC 6638 3.2.10
func (d Desk) Rebase(stored, body []byte) ([]byte, error) {
	was, err := d.read(stored)
	if err != nil {
		return body, nil
	}
	now, err := d.read(body)
	if err != nil {
		return nil, err
	}
	if was.master != nil && now.master != nil {
		d.carry(now, was.master, now.master)
	}
	for _, p := range was.parts {
		switch q := now.part(p.key); {
		case q != nil:
			d.carry(now, p.c, q.c)
		case now.there(p.key) && was.plain(d, p):
			c := now.derive(p.key)
			d.carry(now, p.c, c)
			now.insert(c)
		}
	}
	if !now.edited {
		return body, nil
	}
	return now.bytes(), nil
}

// carry takes the answers of others over.
func (d Desk) carry(now *object, from, to *contentline.Component) {
	for l := range to.All("ATTENDEE") {
		who := AddressOf(l)
		old := attendee(from, Addresses{who})
		if old == nil || d.Me.Has(who) {
			continue
		}
		if setPartStat(l, partStat(old)) {
			now.edited = true
		}
		for _, name := range []string{paramStatus, paramStamp, event.Proposed} {
			v, ok := old.Param(name)
			if have, has := l.Param(name); ok && (!has || have != v) {
				l.SetParam(name, v)
				now.edited = true
			}
		}
	}
}

// SetStatus notes delivery states in an event: of each attendee for the organizer, of the organizer for an attendee. states are by address, as Normal
// writes it in lower case. RFC 6638 3.2.9
func (d Desk) SetStatus(body []byte, states map[string]string) ([]byte, error) {
	ob, err := d.read(body)
	if err != nil {
		return nil, err
	}
	for _, c := range ob.components() {
		for l := range c.Lines() {
			state, ok := states[strings.ToLower(AddressOf(l))]
			if !ok || !l.Is("ATTENDEE") && !l.Is("ORGANIZER") || d.Me.Has(AddressOf(l)) {
				continue
			}
			if have, _ := l.Param(paramStatus); have != state {
				l.SetParam(paramStatus, state)
				ob.edited = true
			}
		}
	}
	if !ob.edited {
		return body, nil
	}
	return ob.bytes(), nil
}
