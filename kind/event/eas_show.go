package event

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/kind/eas"
	"tandem/kind/eas/zone"
	"tandem/kind/internal/calview"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
	"tandem/wire/wintz"
)

// shower makes the elements of one body.
type shower struct {
	ob *object
	o  eas.Options

	numbers map[*contentline.Line]int // of attachments; see attachments
}

// field is an element that stands for itself.
type field struct {
	tag  wbxml.Tag
	from eas.Version // the first version that knows it
	last eas.Version // and the last, 0 for all
	show func(s *shower, c *contentline.Component) *wbxml.Element
	put  func(w *writer, c *contentline.Component, e *wbxml.Element) error // e may be empty; nil: clients do not send it

	exception bool        // may stand in an Exception too
	inherit   bool        // left out of an Exception, it is as in the series
	empty     eas.Version // from which on an empty one in an Exception takes the series' value away, 0: it cannot
}

// fields are the elements in the order in which Exchange sends them, without those of time, which go together. MS-ASCAL 2.2.2
func fields() []field {
	return []field{
		{tag: wbxml.CalendarSubject, show: showText(wbxml.CalendarSubject, "SUMMARY"), put: putSubject, exception: true, inherit: true, empty: eas.V140},
		{tag: wbxml.CalendarUID, show: showUID},
		{tag: wbxml.CalendarOrganizerName, show: showOrganizerName},
		{tag: wbxml.CalendarOrganizerEmail, show: showOrganizerEmail},
		{tag: wbxml.CalendarAttendees, show: showAttendees, put: putAttendees, exception: true, empty: eas.V140},
		{tag: wbxml.CalendarLocation, last: eas.V141, show: showText(wbxml.CalendarLocation, "LOCATION"), put: putLocation, exception: true, inherit: true, empty: eas.V140},
		{tag: wbxml.AirSyncBaseLocation, from: eas.V160, show: showPlace, put: putPlace, exception: true, inherit: true, empty: eas.V160},
		{tag: wbxml.AirSyncBaseBody, show: showBody, put: putBody, exception: true},
		{tag: wbxml.CalendarCategories, show: showCategories, put: putCategories, exception: true, empty: eas.V140},
		{tag: wbxml.CalendarSensitivity, show: showSensitivity, put: putSensitivity, exception: true, inherit: true},
		{tag: wbxml.CalendarBusyStatus, show: showBusy, put: putBusy, exception: true, inherit: true},
		{tag: wbxml.CalendarReminder, show: showReminder, put: putReminder, exception: true, inherit: true, empty: eas.V141},
		{tag: wbxml.CalendarMeetingStatus, show: showMeetingStatus, put: putMeetingStatus, exception: true, inherit: true},
		{tag: wbxml.AirSyncBaseNativeBodyType, show: showNative},
		{tag: wbxml.CalendarResponseRequested, from: eas.V140, show: showResponseRequested, put: putResponseRequested},
		{tag: wbxml.CalendarAppointmentReplyTime, from: eas.V140, show: showReplyTime, exception: true},
		{tag: wbxml.CalendarResponseType, from: eas.V140, show: showResponseType, exception: true},
		{tag: wbxml.CalendarDisallowNewTimeProposal, from: eas.V140, show: showDisallow, put: putDisallow},
		{tag: wbxml.CalendarOnlineMeetingConfLink, from: eas.V141, show: showConfLink, exception: true, empty: eas.V141},
		{tag: wbxml.CalendarOnlineMeetingExternalLink, from: eas.V141, show: showExternalLink, exception: true, empty: eas.V141},
	}
}

// known reports whether a version has the element.
func (f *field) known(v eas.Version) bool { return v >= f.from && (f.last == 0 || v <= f.last) }

// inException reports whether it may stand in an Exception of this version.
func (f *field) inException(v eas.Version) bool {
	// MS-ASCAL_R2023
	return f.exception && f.known(v) && (f.tag != wbxml.CalendarAttendees || v >= eas.V140)
}

// event shows the whole body.
func (s *shower) event() []*wbxml.Element {
	main := s.ob.main
	var out []*wbxml.Element
	add := func(e *wbxml.Element) {
		if e != nil {
			out = append(out, e)
		}
	}
	sp := s.ob.span(main)
	if blob, ok := s.blob(sp); ok {
		add(wbxml.Text(wbxml.CalendarTimezone, blob.String()))
	}
	add(s.stamp(main))
	add(s.instant(wbxml.CalendarStartTime, sp.start, sp.allDay))
	ser := s.series()
	list := fields()
	for i := range list {
		switch list[i].tag {
		case wbxml.AirSyncBaseBody:
			add(s.instant(wbxml.CalendarEndTime, sp.end, sp.allDay)) // MS-ASCAL_R235
			add(ser.element(s.o))
		case wbxml.CalendarReminder:
			add(wbxml.Text(wbxml.CalendarAllDayEvent, bit(sp.allDay)))
		case wbxml.CalendarMeetingStatus:
			add(s.exceptions(ser))
		}
		if list[i].known(s.o.Version) {
			add(list[i].show(s, main))
		}
	}
	add(s.attachments(main))
	return out
}

func bit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

// blob is the zone of an event. MS-ASCAL_R2006, R2007: from 16.0 on, days have none.
func (s *shower) blob(sp span) (wintz.Zone, bool) {
	switch {
	case !sp.allDay:
		return zone.Of(sp.zone, sp.start), true
	case s.o.Version >= eas.V160:
		return wintz.Zone{}, false
	}
	return zone.Of(s.ob.user, s.ob.user.Instant(sp.start)), true
}

// instant shows a time. Days are from 16.0 on the days themselves, before that their midnights in the user's zone
// (MS-ASCAL 2.2.2.1, field note 55).
func (s *shower) instant(tag wbxml.Tag, at int64, day bool) *wbxml.Element {
	return wbxml.Text(tag, s.compact(at, day))
}

func (s *shower) compact(at int64, day bool) string {
	if day && s.o.Version < eas.V160 {
		at = s.ob.user.Instant(at)
	}
	if text := eas.FormatCompact(time.Unix(at, 0)); text != "" {
		return text
	}
	return "00010101T000000Z" // a year that the protocol cannot say
}

// stamp shows when the event was last written. MS-ASCAL 2.2.2.18
func (s *shower) stamp(c *contentline.Component) *wbxml.Element {
	for _, name := range []string{"DTSTAMP", "LAST-MODIFIED", "CREATED"} {
		if t := timeOf(c, name); t.Form == ical.UTC {
			if text := eas.FormatCompact(time.Unix(t.Wall, 0)); text != "" {
				return wbxml.Text(wbxml.CalendarDtStamp, text)
			}
		}
	}
	return nil
}

func showText(tag wbxml.Tag, name string) func(*shower, *contentline.Component) *wbxml.Element {
	return func(_ *shower, c *contentline.Component) *wbxml.Element {
		if v := eas.Clean(text(c, name)); strings.TrimSpace(v) != "" {
			return wbxml.Text(tag, v)
		}
		return nil
	}
}

const maxUID = 300 // MS-ASCAL_R463

func showUID(s *shower, _ *contentline.Component) *wbxml.Element {
	uid := []rune(eas.Clean(ical.UID(s.ob.main)))
	if len(uid) == 0 {
		return nil
	}
	return wbxml.Text(wbxml.CalendarUID, string(uid[:min(len(uid), maxUID)]))
}

const maxCategories = 300 // MS-ASCAL_R187

// categories are the texts of CATEGORIES, each once.
func categories(c *contentline.Component) []string {
	var out []string
	for l := range c.All("CATEGORIES") {
		for _, v := range ical.TextList(l) {
			if v = strings.TrimSpace(eas.Clean(v)); v != "" && !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	return out
}

func showCategories(_ *shower, c *contentline.Component) *wbxml.Element {
	list := categories(c)
	if len(list) == 0 {
		return nil
	}
	e := wbxml.New(wbxml.CalendarCategories)
	for _, v := range list[:min(len(list), maxCategories)] {
		e.Add(wbxml.Text(wbxml.CalendarCategory, v))
	}
	return e
}

// MS-ASCAL 2.2.2.41. Personal, which iCalendar does not have, is a class of our own: whoever does not know it must take
// it for private (RFC 5545 3.8.1.3).
var sensitivities = [...]string{"PUBLIC", "X-PERSONAL", "PRIVATE", "CONFIDENTIAL"}

func sensitivity(c *contentline.Component) int {
	v := calview.Word(c, "CLASS")
	if v == "" {
		return 0
	}
	if i := slices.Index(sensitivities[:], v); i >= 0 {
		return i
	}
	return 2
}

func showSensitivity(_ *shower, c *contentline.Component) *wbxml.Element {
	return wbxml.Text(wbxml.CalendarSensitivity, strconv.Itoa(sensitivity(c)))
}

// MS-ASCAL 2.2.2.9; the names are those of X-MICROSOFT-CDO-BUSYSTATUS (MS-OXCICAL 2.1.3.1.1.20.31).
var busyNames = [...]string{"FREE", "TENTATIVE", "BUSY", "OOF", "WORKINGELSEWHERE"}

const (
	free      = 0
	tentative = 1
	busyness  = 2
	oof       = 3
	elsewhere = 4
)

const busyStatus = "X-MICROSOFT-CDO-BUSYSTATUS"

// busy is how an event shows in the time of its owner.
func busy(c *contentline.Component) int {
	transparent := calview.Word(c, "TRANSP")
	if n := slices.Index(busyNames[:], calview.Word(c, busyStatus)); n >= 0 {
		switch {
		case n == free && transparent != "OPAQUE", n != free && transparent != "TRANSPARENT":
			return n
		}
	}
	switch {
	case transparent == "TRANSPARENT":
		return free
	case calview.Word(c, "STATUS") == "TENTATIVE":
		return tentative
	}
	return busyness
}

func showBusy(_ *shower, c *contentline.Component) *wbxml.Element {
	n := busy(c)
	if n == elsewhere { // the schema has no such value, nor do versions before 16.0 (MS-ASCAL_R2044)
		n = busyness
	}
	return wbxml.Text(wbxml.CalendarBusyStatus, strconv.Itoa(n))
}

// MS-ASCAL_R215: every response holds it.
func showDisallow(_ *shower, c *contentline.Component) *wbxml.Element {
	return wbxml.Text(wbxml.CalendarDisallowNewTimeProposal, bit(calview.Word(c, "X-MICROSOFT-DISALLOW-COUNTER") == "TRUE"))
}
