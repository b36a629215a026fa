package mail

import (
	"encoding/base64"
	"encoding/binary"
	"strings"

	"tandem/kind/eas"
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
	instance := "0" // MS-ASEMAIL 2.2.2.41: a single appointment
	if rule != nil {
		instance = "1"
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
	put(wbxml.EmailReminder, ev.Get(wbxml.CalendarReminder), "")
	asked := "0"
	if e.Method == "REQUEST" {
		asked = "1"
	}
	put(wbxml.EmailResponseRequested, asked, "")
	if rule != nil {
		out.Add(recurrences(rule, o))
	}
	put(wbxml.EmailSensitivity, ev.Get(wbxml.CalendarSensitivity), "0")
	put(wbxml.EmailBusyStatus, ev.Get(wbxml.CalendarBusyStatus), "2")
	put(wbxml.EmailTimeZone, ev.Get(wbxml.CalendarTimezone), base64.StdEncoding.EncodeToString(make([]byte, 172))) // UTC
	uid := ev.Get(wbxml.CalendarUID)
	if o.Version < eas.V160 {
		put(wbxml.EmailGlobalObjId, GlobalObjectID(uid), "")
	}
	if o.Version >= eas.V140 {
		put(wbxml.EmailDisallowNewTimeProposal, ev.Get(wbxml.CalendarDisallowNewTimeProposal), "0")
	}
	if o.Version >= eas.V141 {
		kind := "1" // MS-ASEMAIL 2.2.2.47: a first request
		if e.Method != "REQUEST" {
			kind = "0"
		}
		put(wbxml.Email2MeetingMessageType, kind, "")
	}
	if o.Version >= eas.V160 {
		put(wbxml.CalendarUID, uid, "")
	}
	return out
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
		if v == "" || t.email >= wbxml.Email2UmCallerID && (o.Version < eas.V140 || t.email == wbxml.Email2FirstDayOfWeek && o.Version < eas.V141) {
			continue
		}
		r.Add(wbxml.Text(t.email, v))
	}
	return wbxml.New(wbxml.EmailRecurrences, r)
}

// GlobalObjectID is the name that Exchange gives to a meeting with a UID of iCalendar. MS-OXCICAL 2.1.3.1.1.20.26, MS-ASEMAIL 2.2.2.37
func GlobalObjectID(uid string) string {
	if uid == "" {
		return ""
	}
	head := []byte{0x04, 0, 0, 0, 0x82, 0, 0xE0, 0, 0x74, 0xC5, 0xB7, 0x10, 0x1A, 0x82, 0xE0, 0x08}
	data := append([]byte("vCal-Uid\x01\x00\x00\x00"), uid...)
	data = append(data, 0)
	out := append(head, make([]byte, 20)...) // no instance, no time of creation, 8 bytes of nothing
	out = binary.LittleEndian.AppendUint32(out, uint32(len(data)))
	return base64.StdEncoding.EncodeToString(append(out, data...))
}
