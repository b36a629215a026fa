package event

import (
	"slices"
	"strconv"
	"strings"

	"tandem/kind/eas"
	"tandem/kind/internal/calview"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

// noAddress stands for the address of somebody who has none, as Apple's programs write it.
const noAddress = "invalid:nomail"

// mailOf is the mail address of an ATTENDEE or ORGANIZER, or whatever stands for it.
func mailOf(l *contentline.Line) string {
	a := ical.Address(l)
	if strings.EqualFold(a, noAddress) {
		return ""
	}
	if !strings.Contains(a, "@") {
		if mail, ok := l.Param("EMAIL"); ok { // RFC 7986 6.2
			return strings.ToLower(strings.TrimSpace(mail))
		}
	}
	return a
}

func isMe(address, me string) bool { return me != "" && strings.EqualFold(address, me) }

// organized says who organizes the event.
func (s *shower) organized(c *contentline.Component) (l *contentline.Line, byMe bool) {
	if l = c.Get("ORGANIZER"); l == nil {
		l = s.ob.main.Get("ORGANIZER")
	}
	return l, l == nil || isMe(mailOf(l), s.o.Address)
}

// invited reports that others take part.
func (s *shower) invited(c *contentline.Component) bool {
	_, mine := s.organized(c)
	return !mine || c.Get("ATTENDEE") != nil
}

// MS-ASCAL 2.2.2.36. Of an event that names none, the user is the organizer (field note 11).
func showOrganizerName(s *shower, c *contentline.Component) *wbxml.Element {
	name := s.o.Name
	if l, _ := s.organized(c); l != nil {
		if name = ical.Name(l); !strings.Contains(mailOf(l), "@") && name == ical.Address(l) {
			name = ""
		}
	}
	if name = eas.Clean(name); name == "" {
		return nil
	}
	return wbxml.Text(wbxml.CalendarOrganizerName, name)
}

// MS-ASCAL_R364: only a mail address.
func showOrganizerEmail(s *shower, c *contentline.Component) *wbxml.Element {
	address := s.o.Address
	if l, _ := s.organized(c); l != nil {
		address = mailOf(l)
	}
	if address = eas.Clean(address); !strings.Contains(address, "@") {
		return nil
	}
	return wbxml.Text(wbxml.CalendarOrganizerEmail, address)
}

// MS-ASCAL 2.2.2.5
const (
	unknown      = 0
	statTent     = 2
	statAccept   = 3
	statDecline  = 4
	notResponded = 5
)

func partStat(l *contentline.Line) int {
	v, ok := l.Param("PARTSTAT")
	switch strings.ToUpper(v) {
	case "TENTATIVE":
		return statTent
	case "ACCEPTED", "COMPLETED", "IN-PROCESS":
		return statAccept
	case "DECLINED":
		return statDecline
	case "NEEDS-ACTION":
		return notResponded
	}
	_ = ok
	return unknown
}

var partStats = map[int]string{statTent: "TENTATIVE", statAccept: "ACCEPTED", statDecline: "DECLINED", notResponded: "NEEDS-ACTION"}

// attendeeType is MS-ASCAL 2.2.2.6: required, optional, resource.
func attendeeType(l *contentline.Line) int {
	if kind, _ := l.Param("CUTYPE"); strings.EqualFold(kind, "RESOURCE") || strings.EqualFold(kind, "ROOM") {
		return 3
	}
	switch role, _ := l.Param("ROLE"); strings.ToUpper(role) {
	case "OPT-PARTICIPANT":
		return 2
	case "NON-PARTICIPANT":
		if kind, ok := l.Param("CUTYPE"); ok && !strings.EqualFold(kind, "INDIVIDUAL") && !strings.EqualFold(kind, "GROUP") {
			return 3
		}
		return 2
	}
	return 1
}

// attendee shows one ATTENDEE.
func attendee(l *contentline.Line) *wbxml.Element {
	name := eas.Clean(ical.Name(l))
	mail := eas.Clean(mailOf(l))
	if mail == "" && name == noAddress {
		name = ""
	}
	return wbxml.New(wbxml.CalendarAttendee,
		wbxml.Text(wbxml.CalendarEmail, mail),
		wbxml.Text(wbxml.CalendarName, name),
		wbxml.Text(wbxml.CalendarAttendeeStatus, strconv.Itoa(partStat(l))),
		wbxml.Text(wbxml.CalendarAttendeeType, strconv.Itoa(attendeeType(l))))
}

// showAttendees shows the list. A cancelled event that invites nobody names the user, without which some clients fail
// (field note 26).
func showAttendees(s *shower, c *contentline.Component) *wbxml.Element {
	e := wbxml.New(wbxml.CalendarAttendees)
	for l := range c.All("ATTENDEE") {
		a := attendee(l)
		if from, to, ok := ProposalOf(l); ok && s.o.Version >= eas.V161 {
			a.Add(wbxml.Text(wbxml.MeetingResponseProposedStartTime, eas.FormatCompact(from)), wbxml.Text(wbxml.MeetingResponseProposedEndTime, eas.FormatCompact(to)))
		}
		e.Add(a)
	}
	if len(e.Children) == 0 && calview.Word(c, "STATUS") == "CANCELLED" && s.o.Address != "" {
		e.Add(wbxml.New(wbxml.CalendarAttendee, wbxml.Text(wbxml.CalendarEmail, eas.Clean(s.o.Address)), wbxml.Text(wbxml.CalendarName, eas.Clean(s.o.Name)),
			wbxml.Text(wbxml.CalendarAttendeeStatus, "3"), wbxml.Text(wbxml.CalendarAttendeeType, "1")))
	}
	if len(e.Children) == 0 {
		return nil
	}
	return e
}

// putAttendees makes the list that which was sent. Of somebody who is on it already only what differs is written.
func putAttendees(w *writer, c *contentline.Component, e *wbxml.Element) error {
	if same(showAttendees(w.s, c), e) {
		return nil
	}
	have := slices.Collect(c.All("ATTENDEE"))
	kept := map[*contentline.Line]bool{}
	for sub := range e.All(wbxml.CalendarAttendee) {
		mail, name := attendeeNames(sub)
		if mail == "" && name == "" {
			continue
		}
		i := slices.IndexFunc(have, func(l *contentline.Line) bool {
			return !kept[l] && (mail != "" && strings.EqualFold(mailOf(l), mail) || mail == "" && ical.Name(l) == name)
		})
		if i < 0 && len(have) == 0 && isMe(mail, w.o.Address) && calview.Word(c, "STATUS") == "CANCELLED" {
			continue // whom showAttendees added
		}
		var l *contentline.Line
		if i >= 0 {
			l = have[i]
		} else {
			l = newAttendee(mail, name)
			c.Add(contentline.Item{Line: l})
			w.dirty, w.moved, w.invites = true, true, true
		}
		kept[l] = true
		if err := w.attendee(l, sub, name, i < 0); err != nil {
			return err
		}
	}
	for _, l := range have {
		if !kept[l] {
			c.Remove(contentline.Item{Line: l})
			w.dirty, w.moved = true, true
		}
	}
	return nil
}

// attendeeNames reads address and name; some clients leave one of them out (field note 26), or write both into one.
func attendeeNames(e *wbxml.Element) (mail, name string) {
	mail = strings.TrimSpace(eas.Clean(e.Get(wbxml.CalendarEmail)))
	name = strings.TrimSpace(eas.Clean(e.Get(wbxml.CalendarName)))
	if i := strings.LastIndexByte(mail, '<'); i >= 0 && strings.HasSuffix(mail, ">") {
		if name == "" {
			name = strings.Trim(strings.TrimSpace(mail[:i]), `"`)
		}
		mail = mail[i+1 : len(mail)-1]
	}
	if len(mail) > 7 && strings.EqualFold(mail[:7], "mailto:") {
		mail = mail[7:]
	}
	return strings.TrimSpace(mail), name
}

func newAttendee(mail, name string) *contentline.Line {
	value := noAddress
	switch {
	case mail != "" && !strings.Contains(mail, "@") && strings.Contains(mail, ":"):
		value = mail
	case mail != "":
		value = "mailto:" + mail
	}
	l := contentline.NewLine("ATTENDEE", value)
	if name != "" {
		l.SetParam("CN", name)
	}
	return l
}

// attendee writes what was sent of one.
func (w *writer) attendee(l *contentline.Line, e *wbxml.Element, name string, fresh bool) error {
	set := func(param, value string) {
		if have, _ := l.Param(param); have != value {
			if value == "" {
				l.DelParam(param)
			} else {
				l.SetParam(param, value)
			}
			w.edited()
		}
	}
	if name != "" && name != eas.Clean(ical.Name(l)) {
		set("CN", name)
	}
	if text := e.Get(wbxml.CalendarAttendeeStatus); text != "" {
		n, err := eas.ParseInt(text, 0, 5)
		if err != nil {
			return err
		}
		if n != partStat(l) && n != 1 {
			set("PARTSTAT", partStats[n])
		}
	}
	if text := e.Get(wbxml.CalendarAttendeeType); text != "" {
		n, err := eas.ParseInt(text, 1, 3)
		if err != nil {
			return err
		}
		if n != attendeeType(l) {
			set("ROLE", [...]string{"", "", "OPT-PARTICIPANT", "NON-PARTICIPANT"}[n])
			set("CUTYPE", [...]string{"", "", "", "RESOURCE"}[n])
		}
	}
	if fresh && w.o.Version >= eas.V160 {
		set("RSVP", "TRUE")
	}
	return nil
}

// sentOrganizer is what a client says of who organizes the event. From 16.0 on that is the user (MS-ASCAL_R2169, R2175).
func (w *writer) sentOrganizer(all *wbxml.Element) (name, mail *wbxml.Element) {
	if w.o.Version >= eas.V160 {
		return nil, nil
	}
	name, mail = all.Child(wbxml.CalendarOrganizerName), all.Child(wbxml.CalendarOrganizerEmail)
	if mail != nil && !strings.Contains(mail.String(), "@") {
		mail = nil
	}
	return name, mail
}

// newOrganizer names who organizes an event that named nobody. One that invites nobody needs none.
func (w *writer) newOrganizer(all *wbxml.Element, before map[wbxml.Tag]*wbxml.Element) {
	main := w.ob.main
	if main.Get("ORGANIZER") != nil {
		return
	}
	name, mail := w.sentOrganizer(all)
	address, cn := w.o.Address, w.o.Name
	if mail != nil {
		address = strings.TrimSpace(eas.Clean(mail.String()))
		if cn = eas.Clean(name.String()); name == nil && isMe(address, w.o.Address) {
			cn = w.o.Name
		}
	}
	said := mail != nil && !same(mail, before[wbxml.CalendarOrganizerEmail]) && !isMe(address, w.o.Address)
	if address == "" || !said && (main.Get("ATTENDEE") == nil || !w.invites) {
		return
	}
	l := contentline.NewLine("ORGANIZER", "mailto:"+address)
	if cn != "" {
		l.SetParam("CN", cn)
	}
	main.Add(contentline.Item{Line: l})
	for _, o := range w.ob.overrides {
		if o.c.Get("ORGANIZER") == nil {
			o.c.Add(contentline.Item{Line: l.Clone()})
		}
	}
	w.edited()
}

// otherOrganizer writes who organizes an event instead of whom it names.
func (w *writer) otherOrganizer(all *wbxml.Element, before map[wbxml.Tag]*wbxml.Element) {
	l := w.ob.main.Get("ORGANIZER")
	if l == nil {
		return
	}
	name, mail := w.sentOrganizer(all)
	lines := []*contentline.Line{l}
	for _, o := range w.ob.overrides {
		if ol := o.c.Get("ORGANIZER"); ol != nil && mailOf(ol) == mailOf(l) {
			lines = append(lines, ol)
		}
	}
	if mail != nil && !same(mail, before[wbxml.CalendarOrganizerEmail]) && !strings.EqualFold(strings.TrimSpace(mail.String()), mailOf(l)) {
		for _, l := range lines {
			l.SetValue("mailto:" + strings.TrimSpace(eas.Clean(mail.String())))
		}
		w.edited()
	}
	if name != nil && name.String() != "" && !same(name, before[wbxml.CalendarOrganizerName]) {
		for _, l := range lines {
			l.SetParam("CN", eas.Clean(name.String()))
		}
		w.edited()
	}
}
