package mail

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"tandem/kind/eas"
	"tandem/kind/recur"
	"tandem/wire/ical"
	"tandem/wire/mime"
	"tandem/wire/wbxml"
)

// meetingRequest shows an invitation by what the calendar's view shows of its event. MS-ASEMAIL 2.2.2.48
func (e *Envelope) meetingRequest(shown []*wbxml.Element, o eas.Options) *wbxml.Element {
	ev := wbxml.New(wbxml.AirSyncApplicationData, shown...)
	out := wbxml.Empty(wbxml.EmailMeetingRequest)
	put := func(tag wbxml.Tag, v, standard string) {
		if v == "" {
			v = standard
		}
		if v != "" {
			out.Add(wbxml.Text(tag, v))
		}
	}
	wall := func(tag wbxml.Tag) string {
		if t, err := eas.ParseTime(ev.Get(tag)); err == nil {
			return eas.FormatTime(t)
		}
		return ""
	}
	put(wbxml.EmailAllDayEvent, ev.Get(wbxml.CalendarAllDayEvent), "0")
	put(wbxml.EmailStartTime, wall(wbxml.CalendarStartTime), "")
	put(wbxml.EmailDtStamp, wall(wbxml.CalendarDtStamp), "1970-01-01T00:00:00.000Z")
	put(wbxml.EmailEndTime, wall(wbxml.CalendarEndTime), "")
	rule := ev.Child(wbxml.CalendarRecurrence)
	on := e.invited.instance
	instance := "0" // MS-ASEMAIL 2.2.2.39: a single appointment
	switch {
	case rule != nil:
		instance = "1"
	case !on.IsZero():
		instance = e.instanceType(o)
	}
	put(wbxml.EmailInstanceType, instance, "")
	if o.Version >= eas.V160 {
		if l := ev.Child(wbxml.AirSyncBaseLocation); l != nil {
			out.Add(l)
		}
	} else {
		put(wbxml.EmailLocation, ev.Get(wbxml.CalendarLocation), "")
	}
	organizer := ev.Get(wbxml.CalendarOrganizerEmail)
	if name := ev.Get(wbxml.CalendarOrganizerName); name != "" && organizer != "" {
		organizer = `"` + strings.ReplaceAll(name, `"`, `'`) + `" <` + organizer + ">"
	}
	put(wbxml.EmailOrganizer, organizer, "")
	if !on.IsZero() { // MS-ASEMAIL_R935
		put(wbxml.EmailRecurrenceId, eas.FormatTime(on), "")
	}
	put(wbxml.EmailReminder, ev.Get(wbxml.CalendarReminder), "")
	asked := "0"
	reader := strings.ToLower(o.Address)
	if e.Method == "REQUEST" && !slices.Contains(e.invited.unasked, reader) {
		asked = "1"
	}
	put(wbxml.EmailResponseRequested, asked, "")
	if rule != nil {
		out.Add(recurrences(rule, o))
	}
	put(wbxml.EmailSensitivity, ev.Get(wbxml.CalendarSensitivity), "0")
	busy := e.invited.intended // MS-ASEMAIL 2.2.2.14: once it is accepted
	if busy == "" {
		busy = ev.Get(wbxml.CalendarBusyStatus)
	} else if busy == "4" && o.Version < eas.V160 { // MS-ASEMAIL_R1152 to R1154
		busy = "2"
	}
	put(wbxml.EmailBusyStatus, busy, "2")
	put(wbxml.EmailTimeZone, ev.Get(wbxml.CalendarTimezone), base64.StdEncoding.EncodeToString(make([]byte, 172))) // UTC
	uid := ev.Get(wbxml.CalendarUID)
	if o.Version < eas.V160 {
		put(wbxml.EmailGlobalObjId, GlobalObjectID(uid, e.day(o)), "")
	}
	if o.Version >= eas.V140 {
		put(wbxml.EmailDisallowNewTimeProposal, ev.Get(wbxml.CalendarDisallowNewTimeProposal), "0")
	}
	if o.Version >= eas.V141 {
		put(wbxml.Email2MeetingMessageType, e.messageType(o, reader, asked == "1"), "")
	}
	if o.Version >= eas.V160 {
		put(wbxml.CalendarUID, uid, "")
	}
	if p := e.invited.proposed; o.Version >= eas.V161 && e.Method == "COUNTER" && p[1].After(p[0]) {
		put(wbxml.MeetingResponseProposedStartTime, eas.FormatCompact(p[0]), "")
		put(wbxml.MeetingResponseProposedEndTime, eas.FormatCompact(p[1]), "")
	}
	if to := e.forwardees(); len(to) > 0 && o.Version >= eas.V161 { // MS-ASCMD_R6485100817: not at 16.0
		list := wbxml.Empty(wbxml.ComposeMailForwardees)
		for _, a := range to {
			one := wbxml.New(wbxml.ComposeMailForwardee, wbxml.Text(wbxml.ComposeMailEmail, eas.Clean(a.Email)))
			if a.Name != "" {
				one.Add(wbxml.Text(wbxml.ComposeMailName, eas.Clean(a.Name)))
			}
			list.Add(one)
		}
		out.Add(list)
	}
	return out
}

// forwardeesMost is how many people are told of to whom an invitation was forwarded.
const forwardeesMost = 100

// forwardees are those to whom somebody else than who invites has sent an invitation, and who are not invited in it. RFC 5546 3.2.2.6, MS-ASCMD 2.2.3.79
func (e *Envelope) forwardees() (all []mime.Address) {
	in := &e.invited
	if e.Method != "REQUEST" || len(e.From) != 1 || len(in.hosts) == 0 || in.asked == nil || slices.Contains(in.hosts, strings.ToLower(e.From[0].Email)) {
		return nil
	}
	told := map[string]bool{}
	for _, a := range append(e.To[:len(e.To):len(e.To)], e.Cc...) {
		address := strings.ToLower(a.Email)
		if address == "" || told[address] || in.asked[address] || slices.Contains(in.hosts, address) || len(all) == forwardeesMost {
			continue
		}
		told[address] = true
		all = append(all, a)
	}
	return all
}

// messageType tells what sort of request it is. MS-ASEMAIL 2.2.2.47
func (e *Envelope) messageType(o eas.Options, reader string, asked bool) string {
	state := e.invited.settled[reader]
	switch {
	case e.Method != "REQUEST":
		return "0"
	case state == delegated && asked: // a copy for who had somebody else go. RFC 5546 3.2.2.3
		return "5"
	case state == delegated:
		return "6"
	case e.outdated(o):
		return "4"
	case state != "": // its reader's answer stands
		return "3"
	case e.invited.number > 0: // what came before was another
		return "2"
	}
	return "1" // a first request
}

// instanceType tells what an invitation to one instance is about. MS-ASEMAIL 2.2.2.39
func (e *Envelope) instanceType(o eas.Options) string {
	if o.Event != nil && !e.standing(o).series {
		return "4" // of a series in which its reader has no part
	}
	if e.invited.proposed[0].Equal(e.invited.instance) {
		return "2" // as the series has it
	}
	return "3"
}

// outdated reports whether its reader's calendar knows a newer request than this. MS-ASEMAIL_R1070
func (e *Envelope) outdated(o eas.Options) bool {
	return o.Event != nil && e.standing(o).number > e.invited.number
}

// standing is what the reader's calendar knows of a meeting.
type standing struct {
	series bool // it repeats
	number int  // SEQUENCE of the event, or of the instance that the invitation is about
}

// standing looks the meeting up.
func (e *Envelope) standing(o eas.Options) (s standing) {
	doc, err := ical.Parse(o.Event(e.invited.uid))
	if err != nil {
		return s
	}
	zones := &recur.Zones{}
	for cal := range doc.Components() {
		find := zones.In(cal)
		for c := range cal.Children() {
			if !c.Is("VEVENT") {
				continue
			}
			l := c.Get("RECURRENCE-ID")
			if l == nil {
				s.series = true
			} else if v, err := ical.TimeOf(l); err != nil || !instant(v, find, o.Zone).Equal(e.invited.instance) {
				continue
			}
			if (l == nil) == e.invited.instance.IsZero() {
				s.number = max(s.number, sequence(c))
			}
		}
	}
	return s
}

// day is the day of the instance that alone an invitation is about, as its reader counts days.
func (e *Envelope) day(o eas.Options) time.Time {
	on := e.invited.instance
	if !on.IsZero() && o.Zone != nil {
		on = on.In(o.Zone)
	}
	return on
}

// ruleElements are the elements of a recurrence in the order of the Email class, with their names in the Calendar class.
var ruleElements = []struct{ email, calendar wbxml.Tag }{
	{wbxml.EmailType, wbxml.CalendarType}, {wbxml.EmailInterval, wbxml.CalendarInterval}, {wbxml.EmailUntil, wbxml.CalendarUntil}, {wbxml.EmailOccurrences, wbxml.CalendarOccurrences},
	{wbxml.EmailWeekOfMonth, wbxml.CalendarWeekOfMonth}, {wbxml.EmailDayOfMonth, wbxml.CalendarDayOfMonth}, {wbxml.EmailDayOfWeek, wbxml.CalendarDayOfWeek},
	{wbxml.EmailMonthOfYear, wbxml.CalendarMonthOfYear}, {wbxml.Email2CalendarType, wbxml.CalendarCalendarType}, {wbxml.Email2IsLeapMonth, wbxml.CalendarIsLeapMonth},
	{wbxml.Email2FirstDayOfWeek, wbxml.CalendarFirstDayOfWeek},
}

func recurrences(rule *wbxml.Element, o eas.Options) *wbxml.Element {
	r := wbxml.Empty(wbxml.EmailRecurrence)
	for _, t := range ruleElements {
		v := rule.Get(t.calendar)
		if v == "" && t.email == wbxml.EmailInterval {
			v = "1"
		}
		if v == "" && t.email == wbxml.Email2IsLeapMonth { // MS-ASEMAIL_R508: always there
			v = "0"
		}
		if v == "" || t.email >= wbxml.Email2UmCallerID && (o.Version < eas.V140 || t.email == wbxml.Email2FirstDayOfWeek && o.Version < eas.V141) {
			continue
		}
		r.Add(wbxml.Text(t.email, v))
	}
	return wbxml.New(wbxml.EmailRecurrences, r)
}
