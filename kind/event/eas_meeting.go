package event

import (
	"strconv"
	"strings"
	"time"

	"tandem/kind/eas"
	"tandem/kind/internal/calview"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

// MS-ASCAL 2.2.2.28
const (
	meeting   = 1
	received  = 2
	cancelled = 4
)

// showMeetingStatus always shows one, which some clients need (field note 26).
func showMeetingStatus(s *shower, c *contentline.Component) *wbxml.Element {
	n := 0
	if s.invited(c) {
		n |= meeting
	}
	if _, mine := s.organized(c); !mine {
		n |= received
	}
	if calview.Word(c, "STATUS") == "CANCELLED" {
		n |= meeting | cancelled
	}
	return wbxml.Text(wbxml.CalendarMeetingStatus, strconv.Itoa(n))
}

// putMeetingStatus takes over whether the event is cancelled. The rest is said by who organizes it and who is invited.
func putMeetingStatus(w *writer, c *contentline.Component, e *wbxml.Element) error {
	n, err := eas.ParseInt(e.String(), 0, 255)
	if err != nil {
		return err
	}
	off := calview.Word(c, "STATUS") == "CANCELLED"
	was := busy(c)
	switch {
	case n&cancelled != 0 && !off:
		calview.Set(c, "STATUS", "CANCELLED")
	case n&cancelled == 0 && off:
		c.RemoveAll("STATUS")
	default:
		return nil
	}
	if busy(c) != was { // STATUS said it
		put(c, busyStatus, busyNames[was])
	}
	w.dirty, w.moved = true, true
	return nil
}

// me is the user's own ATTENDEE, nil if there is none.
func (s *shower) me(c *contentline.Component) *contentline.Line {
	return find(c, s.o.Address)
}

func find(c *contentline.Component, address string) *contentline.Line {
	for l := range c.All("ATTENDEE") {
		if isMe(mailOf(l), address) {
			return l
		}
	}
	return nil
}

// wantsReply reports whether an answer is asked for.
func wantsReply(s *shower, c *contentline.Component) bool {
	asks := func(l *contentline.Line) bool {
		v, _ := l.Param("RSVP")
		return strings.EqualFold(v, "TRUE")
	}
	if _, mine := s.organized(c); !mine {
		l := s.me(c)
		return l != nil && asks(l)
	}
	for l := range c.All("ATTENDEE") {
		if asks(l) {
			return true
		}
	}
	return false
}

// MS-ASCAL 2.2.2.39
func showResponseRequested(s *shower, c *contentline.Component) *wbxml.Element {
	if !s.invited(c) {
		return nil
	}
	return wbxml.Text(wbxml.CalendarResponseRequested, bit(wantsReply(s, c)))
}

// putResponseRequested asks all who are invited, or none. Only who organizes an event can.
func putResponseRequested(w *writer, c *contentline.Component, e *wbxml.Element) error {
	on, err := eas.ParseBool(e.String())
	if err != nil {
		return err
	}
	if _, mine := w.s.organized(c); !mine || on == wantsReply(w.s, c) {
		return nil
	}
	for l := range c.All("ATTENDEE") {
		if on {
			l.SetParam("RSVP", "TRUE")
		} else {
			l.DelParam("RSVP")
		}
		w.edited()
	}
	return nil
}

// responseType is MS-ASCAL 2.2.2.40.
func responseType(s *shower, c *contentline.Component) int {
	if _, mine := s.organized(c); mine {
		return 1
	}
	if l := s.me(c); l != nil {
		if n := partStat(l); n != unknown {
			return n
		}
		return notResponded
	}
	return 0
}

func showResponseType(s *shower, c *contentline.Component) *wbxml.Element {
	if !s.invited(c) {
		return nil
	}
	return wbxml.Text(wbxml.CalendarResponseType, strconv.Itoa(responseType(s, c)))
}

const replyTime = "X-MICROSOFT-CDO-REPLYTIME"

// showReplyTime shows when the user answered, if so. MS-ASCAL_R52522, R525221, R52522111
func showReplyTime(s *shower, c *contentline.Component) *wbxml.Element {
	n := responseType(s, c)
	if n != statAccept && n != statTent && (n != statDecline || c != s.ob.main) {
		return nil
	}
	t := timeOf(c, replyTime)
	if t.Form != ical.UTC {
		return nil
	}
	text := eas.FormatCompact(time.Unix(t.Wall, 0))
	if text == "" {
		return nil
	}
	return wbxml.Text(wbxml.CalendarAppointmentReplyTime, text)
}

// links are the addresses of an online meeting: properties of Outlook, and RFC 7986 5.11.
func link(c *contentline.Component, schemes []string, names ...string) string {
	for _, name := range names {
		for l := range c.All(name) {
			v := strings.TrimSpace(eas.Clean(ical.Text(l)))
			for _, scheme := range schemes {
				if len(v) > len(scheme) && strings.EqualFold(v[:len(scheme)], scheme) && !strings.ContainsAny(v, " \t\r\n") {
					return v
				}
			}
		}
	}
	return ""
}

// MS-ASCAL 2.2.2.33
func showConfLink(_ *shower, c *contentline.Component) *wbxml.Element {
	if v := link(c, []string{"sip:", "sips:", "conf:"}, "X-MICROSOFT-ONLINEMEETINGCONFLINK", "CONFERENCE"); v != "" {
		return wbxml.Text(wbxml.CalendarOnlineMeetingConfLink, v)
	}
	return nil
}

// MS-ASCAL 2.2.2.34
func showExternalLink(_ *shower, c *contentline.Component) *wbxml.Element {
	if v := link(c, []string{"https://", "http://"}, "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK", "X-MICROSOFT-SKYPETEAMSMEETINGURL", "CONFERENCE",
		"X-GOOGLE-CONFERENCE"); v != "" {
		return wbxml.Text(wbxml.CalendarOnlineMeetingExternalLink, v)
	}
	return nil
}
