package itip

import (
	"bytes"
	"strings"

	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// Received is what a message does to the event of whom it reached.
type Received struct {
	Method   Method
	Body     []byte    // the event to be stored; nil: the calendar stays as it is
	Ignored  string    // why it stays, for the log; "" where the message had been taken in before
	Messages []Message // what is answered at once
}

// Receive takes a message into the calendar of the person it reached. body is the event with its UID, nil if there is none. Taking in a message a
// second time changes nothing, and so does one that is older than what was taken in (RFC 5546 2.1.5): it has a lower SEQUENCE, or the same and an
// earlier DTSTAMP than the last message.
//
// A REQUEST makes the event what the organizer says, but for what is the attendee's own: alarms, TRANSP, CATEGORIES, CLASS, properties of programs, and
// the answer where the time did not change. A REPLY changes PARTSTAT in the organizer's event; one for an instance makes an override of it. A CANCEL
// sets STATUS, or takes instances out. ADD adds instances. REFRESH is answered with a REQUEST. Of a COUNTER only the
// answer in it is taken in. DECLINECOUNTER and PUBLISH change nothing: they are for the person to read.
func (d Desk) Receive(body, message []byte) (Received, error) {
	m, err := d.read(message)
	if err != nil {
		return Received{}, err
	}
	r := Received{Method: Method(word(m.cal, "METHOD"))}
	in := receiving{Desk: d, msg: m}
	if len(body) > 0 {
		if in.have, err = d.read(body); err != nil {
			return r, err
		}
	}
	switch r.Method {
	case Request:
		r.Ignored = in.request()
	case Reply:
		r.Ignored = in.reply()
	case Cancel:
		r.Ignored = in.cancel()
	case Add:
		r.Ignored = in.add()
	case Refresh:
		r.Messages, r.Ignored = in.refresh()
	case Counter:
		r.Ignored = in.counter()
	case DeclineCounter, Publish:
		r.Ignored = "is for the person to read"
	default:
		r.Ignored = "is of no method that is known"
	}
	if r.Ignored == "" && in.have != nil {
		if now := in.have.bytes(); !bytes.Equal(now, body) {
			r.Body = now
		}
	}
	return r, nil
}

// receiving is a message and the event it is about.
type receiving struct {
	Desk
	have, msg *object // have is nil where there is none yet
}

// stale reports that what is there is newer than a component of a message. mark is the line that remembers the last one.
func stale(have, c *contentline.Component, mark *contentline.Line) bool {
	last := int64(0)
	if mark != nil {
		v, _ := mark.Param(paramStamp)
		if t, err := ical.ParseTime(v, ""); err == nil {
			last = t.Wall
		}
	}
	sent := timeOf(c, "DTSTAMP").Wall
	if cancelled(have) && last != 0 && sent > last && number(c)+1 >= number(have) {
		return false // called off and, since, called again
	}
	if number(c) != number(have) {
		return number(c) < number(have)
	}
	return sent != 0 && sent < last
}

// mark remembers on a line when the message was written.
func mark(l *contentline.Line, c *contentline.Component) {
	if t := timeOf(c, "DTSTAMP"); l != nil && !t.IsZero() {
		l.SetParam(paramStamp, t.String())
	}
}

// from checks that the event is one of the organizer who writes, and not the person's own.
func (in *receiving) from() string {
	if in.have == nil {
		return ""
	}
	switch in.have.role(in.Me) {
	case Organizer:
		return "is about an event that the recipient organizes"
	case Attendee:
		mine, theirs := organizerOf(in.have.components()[0]), organizerOf(in.msg.components()[0])
		if !strings.EqualFold(mine, theirs) {
			return "comes from another than the organizer"
		}
	}
	return ""
}
