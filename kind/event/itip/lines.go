package itip

import (
	"strings"

	"tandem/kind/event"
	"tandem/wire/contentline"
)

// Parameters of ATTENDEE and ORGANIZER that are between a person and the server. RFC 6638 7
const (
	paramAgent  = "SCHEDULE-AGENT"
	paramForce  = "SCHEDULE-FORCE-SEND"
	paramStatus = "SCHEDULE-STATUS"

	// paramStamp remembers the DTSTAMP of the last message that was taken in: on ORGANIZER in an attendee's event, on ATTENDEE in the organizer's. The
	// DTSTAMP of the event does not tell, for programs set it at every edit of their own.
	paramStamp = "X-TANDEM-STAMP"
)

// The delivery states. RFC 6638 3.2.9
const (
	StatusSent      = "1.1" // given to whoever carries it
	StatusDelivered = "1.2" // is in the recipient's calendar
	StatusDone      = "2.0" // the recipient took it in
	StatusNobody    = "3.7" // no such calendar user, or no way there
)

// served reports whether messages to or from whom a line names are the server's to send. RFC 6638 7.1
func served(l *contentline.Line) bool {
	v, ok := l.Param(paramAgent)
	return !ok || strings.EqualFold(v, "SERVER")
}

// forced takes SCHEDULE-FORCE-SEND off a line and reports whether it asked for a method. RFC 6638 7.2
func forced(l *contentline.Line, m Method) bool {
	v, ok := l.Param(paramForce)
	if ok {
		l.DelParam(paramForce)
	}
	return strings.EqualFold(v, string(m))
}

// partStat is the PARTSTAT of an ATTENDEE. RFC 5545 3.2.12
func partStat(l *contentline.Line) string {
	if v, ok := l.Param("PARTSTAT"); ok && v != "" {
		return strings.ToUpper(v)
	}
	return needsAction
}

const (
	needsAction = "NEEDS-ACTION"
	declined    = "DECLINED"
)

// setPartStat sets a PARTSTAT and reports whether it was another.
func setPartStat(l *contentline.Line, to string) bool {
	if partStat(l) == to {
		return false
	}
	l.SetParam("PARTSTAT", to)
	return true
}

// organizersX are properties beyond the standard that belong to the meeting; other X- properties are a person's or a program's own.
func organizersX(name string) bool {
	for _, p := range []string{"X-ALT-DESC", "X-APPLE-STRUCTURED-LOCATION", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-ONLINEMEETING", "X-MICROSOFT-SKYPETEAMS",
		"X-MICROSOFT-LOCATION", "X-MICROSOFT-CDO-ALLDAYEVENT", "X-MICROSOFT-CDO-INTENDEDSTATUS", "X-MICROSOFT-DISALLOW-COUNTER"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// personal reports properties that each person has their own of.
func personal(name string) bool {
	switch name {
	case "TRANSP", "CATEGORIES", "COLOR", "CLASS", "PERCENT-COMPLETE", "COMPLETED":
		return true
	}
	return strings.HasPrefix(name, "X-") && !organizersX(name)
}

// private reports properties that are not sent: what a program notes for its own user.
func private(name string) bool {
	for _, p := range []string{"X-MOZ-", "X-APPLE-TRAVEL", "X-APPLE-DEFAULT-ALARM", "X-APPLE-EWS", "X-CALENDARSERVER-PRIVATE", "X-TANDEM-", "X-EAS",
		"X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-REPLYTIME", "X-LIC-ERROR", "REQUEST-STATUS"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// strip makes a component fit to be sent: without alarms, without what is between its owner and the server, and without private notes.
func strip(c *contentline.Component) {
	keep := c.Items[:0:0]
	for _, it := range c.Items {
		if it.Child != nil && (it.Child.Is("VALARM") || strings.HasPrefix(strings.ToUpper(it.Child.Name()), "X-")) ||
			it.Line != nil && private(strings.ToUpper(it.Line.Name())) {
			continue
		}
		if it.Line != nil && (it.Line.Is("ATTENDEE") || it.Line.Is("ORGANIZER")) {
			bare(it.Line)
		}
		keep = append(keep, it)
	}
	c.Items = keep
}

// bare takes off what is between a person and the server.
func bare(l *contentline.Line) {
	for _, p := range []string{paramAgent, paramForce, paramStatus, paramStamp, event.Proposed} {
		if _, ok := l.Param(p); ok {
			l.DelParam(p)
		}
	}
}

// neutral reduces a component to what is the organizer's and the same for all: two of them differ in meaning where attendees must be told.
func neutral(c *contentline.Component) {
	strip(c)
	keep := c.Items[:0:0]
	for _, it := range c.Items {
		if it.Line == nil || !personal(strings.ToUpper(it.Line.Name())) {
			keep = append(keep, it)
		}
		if it.Line != nil && (it.Line.Is("ATTENDEE") || it.Line.Is("ORGANIZER")) {
			for _, p := range it.Line.Params() {
				if n := strings.ToUpper(p.Name); n == "PARTSTAT" || n == "RSVP" || strings.HasPrefix(n, "X-") {
					it.Line.DelParam(p.Name)
				}
			}
		}
	}
	c.Items = keep
}
