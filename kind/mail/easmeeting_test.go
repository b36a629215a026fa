package mail_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"tandem/kind/eas"
	"tandem/kind/internal/viewtest"
	"tandem/kind/mail"
	"tandem/wire/wbxml"
)

// inviting is an invitation with these lines of its event.
func inviting(lines ...string) string {
	text := "From: Anna <anna@example.org>\r\nTo: ben@example.org\r\nSubject: Meet\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n" +
		"UID:meet-1\r\nDTSTAMP:20261101T080000Z\r\nORGANIZER;CN=Anna:mailto:anna@example.org\r\nATTENDEE;RSVP=TRUE:mailto:ben@example.org\r\nSUMMARY:Meet\r\n"
	timed := "DTSTART:20261103T090000Z\r\nDTEND:20261103T100000Z\r\n"
	for _, l := range lines {
		if strings.HasPrefix(l, "DTSTART") {
			timed = ""
		}
		text += l + "\r\n"
	}
	return text + timed + "END:VEVENT\r\nEND:VCALENDAR\r\n"
}

// TestMeetingRequestShown: every element of an invitation, in every version. MS-ASEMAIL 2.2.2.48, 2.2.2.60, 2.2.2.37
func TestMeetingRequestShown(t *testing.T) {
	all := map[string][]byte{}
	for name, test := range map[string]struct {
		lines []string
		want  string // as name=value, in the request or its recurrence
	}{
		"plain":      {nil, "AllDayEvent=0 InstanceType=0 BusyStatus=2 Sensitivity=0 DtStamp=2026-11-01T08:00:00.000Z StartTime=2026-11-03T09:00:00.000Z EndTime=2026-11-03T10:00:00.000Z ResponseRequested=1"},
		"all day":    {[]string{"DTSTART;VALUE=DATE:20261103", "DTEND;VALUE=DATE:20261104"}, "AllDayEvent=1"},
		"private":    {[]string{"CLASS:PRIVATE", "TRANSP:TRANSPARENT"}, "Sensitivity=2 BusyStatus=0"},
		"reminded":   {[]string{"BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT15M", "END:VALARM"}, "Reminder=15"},
		"daily":      {[]string{"RRULE:FREQ=DAILY;INTERVAL=2;COUNT=5"}, "InstanceType=1 Type=0 Interval=2 Occurrences=5"},
		"weekly":     {[]string{"RRULE:FREQ=WEEKLY;BYDAY=TU,TH;WKST=MO;UNTIL=20270101T000000Z"}, "Type=1 Interval=1 DayOfWeek=20 Until=20270101T000000Z FirstDayOfWeek=1"},
		"monthly":    {[]string{"RRULE:FREQ=MONTHLY;BYMONTHDAY=3"}, "Type=2 Interval=1 DayOfMonth=3 CalendarType IsLeapMonth"},
		"by weekday": {[]string{"RRULE:FREQ=MONTHLY;BYDAY=1TU"}, "Type=3 DayOfWeek=4 WeekOfMonth=1 CalendarType IsLeapMonth"},
		"yearly":     {[]string{"RRULE:FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=3"}, "Type=5 DayOfMonth=3 MonthOfYear=11 CalendarType IsLeapMonth"},
		"nth a year": {[]string{"RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1TU"}, "Type=6 DayOfWeek=4 WeekOfMonth=1 MonthOfYear=11 CalendarType IsLeapMonth"},
	} {
		text := inviting(test.lines...)
		all[name] = []byte(text)
		for _, v := range viewtest.Versions() {
			m := show(t, text, "", func(o *eas.Options) { o.Version, o.Address = v, "ben@example.org" }).Child(wbxml.EmailMeetingRequest)
			var b strings.Builder
			flat(&b, m)
			got := " " + b.String()
			for _, w := range append(strings.Fields(test.want), "Organizer=\"Anna\"", "TimeZone=") {
				since := eas.V121
				switch name, _, _ := strings.Cut(w, "="); name {
				case "CalendarType", "IsLeapMonth":
					since = eas.V140
				case "FirstDayOfWeek":
					since = eas.V141
				}
				if have := strings.Contains(got, " "+w); have != (v >= since) {
					t.Errorf("%s, %s: %s: %s", name, v, w, got)
				}
			}
			for part, since := range map[string]eas.Version{"DisallowNewTimeProposal=0": eas.V140, "MeetingMessageType=1": eas.V141} {
				if strings.Contains(got, " "+part) != (v >= since) {
					t.Errorf("%s, %s: %s: %s", name, v, part, got)
				}
			}
			if strings.Contains(got, " UID=meet-1") != (v >= eas.V160) || strings.Contains(got, " GlobalObjId=") != (v < eas.V160) {
				t.Errorf("%s, %s: %s", name, v, got)
			}
		}
	}
	viewtest.Valid(t, mail.View{}, all, viewtest.Versions()...)
	// The parts of an object id. MS-ASEMAIL 2.2.2.37
	m := show(t, inviting(), "", func(o *eas.Options) { o.Version, o.Address = eas.V141, "ben@example.org" }).Child(wbxml.EmailMeetingRequest)
	id, err := base64.StdEncoding.DecodeString(m.Get(wbxml.EmailGlobalObjId))
	if want := "\x04\x00\x00\x00\x82\x00\xE0\x00\x74\xC5\xB7\x10\x1A\x82\xE0\x08" + strings.Repeat("\x00", 20) + "\x13\x00\x00\x00vCal-Uid\x01\x00\x00\x00meet-1\x00"; err != nil || string(id) != want {
		t.Errorf("object id %q, want %q", id, want)
	}
}

// TestMeetingStanding: an invitation to one instance says whether it is as its series has it, another one, or of a series that is not there; and one after which a newer
// one came that it is outdated. MS-ASEMAIL 2.2.2.39, 2.2.2.47, MS-ASEMAIL_R1070
func TestMeetingStanding(t *testing.T) {
	event := func(lines ...string) string {
		return "BEGIN:VEVENT\r\nUID:meet-1\r\nDTSTAMP:20261101T080000Z\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\n"
	}
	series := event("DTSTART;TZID=Europe/Berlin:20261103T100000", "RRULE:FREQ=DAILY", "SEQUENCE:3")
	for name, c := range map[string]struct {
		lines    []string
		calendar string // "-": nobody knows
		instance string
		message  string
	}{
		"as the series has it":           {[]string{"RECURRENCE-ID:20261103T090000Z", "SEQUENCE:3"}, series, "2", "2"},
		"nobody knows the calendar":      {[]string{"RECURRENCE-ID:20261103T090000Z"}, "-", "2", "1"},
		"an exception":                   {[]string{"RECURRENCE-ID:20261104T090000Z"}, series, "3", "1"},
		"an orphan":                      {[]string{"RECURRENCE-ID:20261104T090000Z"}, "", "4", "1"},
		"an orphan that is there":        {[]string{"RECURRENCE-ID:20261104T090000Z"}, event("RECURRENCE-ID:20261104T090000Z", "SEQUENCE:0"), "4", "1"},
		"an exception that is outdated":  {[]string{"RECURRENCE-ID:20261104T090000Z", "SEQUENCE:1"}, series + event("RECURRENCE-ID;TZID=Europe/Berlin:20261104T100000", "SEQUENCE:2"), "3", "4"},
		"another exception is newer":     {[]string{"RECURRENCE-ID:20261104T090000Z", "SEQUENCE:1"}, series + event("RECURRENCE-ID;TZID=Europe/Berlin:20261105T100000", "SEQUENCE:2"), "3", "2"},
		"a series":                       {[]string{"RRULE:FREQ=DAILY", "SEQUENCE:3"}, series, "1", "2"},
		"a series that is outdated":      {[]string{"RRULE:FREQ=DAILY", "SEQUENCE:2"}, series, "1", "4"},
		"a first request is outdated":    {nil, event("SEQUENCE:1"), "0", "4"},
		"a meeting that is not there":    {[]string{"SEQUENCE:1"}, "", "0", "2"},
		"a calendar that cannot be read": {nil, "nonsense", "0", "1"},
	} {
		m := show(t, inviting(c.lines...), "", func(o *eas.Options) {
			o.Version, o.Address = eas.V141, "ben@example.org"
			if c.calendar != "-" {
				o.Event = func(uid string) []byte {
					if uid != "meet-1" {
						t.Errorf("%s: asked for %q", name, uid)
					}
					return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + c.calendar + "END:VCALENDAR\r\n")
				}
			}
		}).Child(wbxml.EmailMeetingRequest)
		if got := m.Get(wbxml.EmailInstanceType); got != c.instance {
			t.Errorf("%s: InstanceType %s, want %s", name, got, c.instance)
		}
		if got := m.Get(wbxml.Email2MeetingMessageType); got != c.message {
			t.Errorf("%s: MeetingMessageType %s, want %s", name, got, c.message)
		}
	}
}

// TestResponseRequested: who need not answer an invitation is not asked to. MS-ASEMAIL 2.2.2.63, RFC 5545 3.2.17
func TestResponseRequested(t *testing.T) {
	for param, want := range map[string]string{"": "1", ";RSVP=TRUE": "1", ";RSVP=FALSE": "0", ";PARTSTAT=NEEDS-ACTION;RSVP=false": "0"} {
		text := strings.Replace(inviting("ATTENDEE;RSVP=FALSE:mailto:zoe@example.org"), "ATTENDEE;RSVP=TRUE:mailto:ben@", "ATTENDEE"+param+":MAILTO:Ben@", 1)
		for address, want := range map[string]string{"ben@example.org": want, "zoe@example.org": "0", "else@example.org": "1"} {
			m := show(t, text, "", func(o *eas.Options) { o.Version, o.Address = eas.V141, address }).Child(wbxml.EmailMeetingRequest)
			if got := m.Get(wbxml.EmailResponseRequested); got != want {
				t.Errorf("%q, %s: %s, want %s", param, address, got, want)
			}
		}
	}
}

func flat(b *strings.Builder, e *wbxml.Element) {
	if e == nil {
		return
	}
	b.WriteString(e.Tag.Name() + "=" + e.Text + " ")
	for _, c := range e.Children {
		flat(b, c)
	}
}

// TestMeetingMessageType: what a request says of its reader tells whether it is news to them. MS-ASEMAIL_R536, R538, R539
func TestMeetingMessageType(t *testing.T) {
	for name, c := range map[string]struct {
		ben      string // what follows ATTENDEE in his line
		calendar string // SEQUENCE that his calendar knows
		want     string
		asked    string
	}{
		"first":                     {";RSVP=TRUE", "", "1", "1"},
		"to be answered":            {";PARTSTAT=NEEDS-ACTION;RSVP=TRUE", "", "1", "1"},
		"accepted before":           {";PARTSTAT=ACCEPTED;RSVP=FALSE", "0", "3", "0"},
		"tentative before":          {";partstat=tentative;RSVP=TRUE", "", "3", "1"},
		"declined before":           {";PARTSTAT=DECLINED", "", "3", "1"},
		"accepted before, outdated": {";PARTSTAT=ACCEPTED", "4", "4", "1"},
		"delegated, wants to know":  {`;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:zoe@example.org";RSVP=TRUE`, "", "5", "1"},
		"delegated":                 {`;DELEGATED-TO="mailto:zoe@example.org";RSVP=FALSE`, "9", "6", "0"},
		"somebody else accepted":    {`;RSVP=TRUE:mailto:ben@example.org` + "\nATTENDEE;PARTSTAT=ACCEPTED:mailto:zoe@example.org\nX-SKIP", "", "1", "1"},
		"a state that nobody knows": {";PARTSTAT=X-MAYBE", "", "1", "1"},
		"delegated to him":          {`;DELEGATED-FROM="mailto:zoe@example.org";RSVP=TRUE`, "", "1", "1"},
	} {
		text := strings.Replace(inviting(), "ATTENDEE;RSVP=TRUE:mailto:ben@", "ATTENDEE"+strings.ReplaceAll(c.ben, "\n", "\r\n")+":mailto:ben@", 1)
		m := show(t, text, "", func(o *eas.Options) {
			o.Version, o.Address = eas.V161, "Ben@example.org"
			if c.calendar != "" {
				o.Event = func(string) []byte {
					return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:meet-1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\nSEQUENCE:" + c.calendar + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
				}
			}
		}).Child(wbxml.EmailMeetingRequest)
		if got, asked := m.Get(wbxml.Email2MeetingMessageType), m.Get(wbxml.EmailResponseRequested); got != c.want || asked != c.asked {
			t.Errorf("%s: type %s, answer %s, want %s and %s", name, got, asked, c.want, c.asked)
		}
	}
}

// TestForwardees: an invitation that somebody passed on says to whom, where the version can, and none that comes from who invites does. MS-ASCMD 2.2.3.79, 2.2.3.53
func TestForwardees(t *testing.T) {
	all := map[string][]byte{}
	for name, c := range map[string]struct{ from, to, cc, organizer, method, want string }{
		"forwarded":              {"ben@example.org", `"Zoë Z." <Zoe@example.org>, eve@example.org`, "ben@example.org, Eve@example.org", "", "", "Zoe@example.org=Zoë Z. eve@example.org="},
		"forwarded to more":      {"ben@example.org", "zoe@example.org", "carl@example.org", "", "", "zoe@example.org= carl@example.org="},
		"from who invites":       {"Anna@example.org", "ben@example.org, zoe@example.org", "", "", "", ""},
		"from who acts for them": {"carl@example.org", "zoe@example.org", "", `;SENT-BY="mailto:Carl@example.org"`, "", ""},
		"to who is invited":      {"carl@example.org", "Ben@example.org, anna@example.org", "", "", "", ""},
		"an answer":              {"ben@example.org", "zoe@example.org", "", "", "REPLY", ""},
		"from nobody":            {"", "zoe@example.org", "", "", "", ""},
		"to nobody":              {"carl@example.org", "undisclosed:;", "", "", "", ""},
	} {
		text := strings.NewReplacer("From: Anna <anna@example.org>\r\nTo: ben@example.org\r\n", "From: "+c.from+"\r\nTo: "+c.to+"\r\nCc: "+c.cc+"\r\n", "ORGANIZER;CN=Anna", "ORGANIZER"+c.organizer).Replace(inviting())
		if c.method != "" {
			text = strings.ReplaceAll(text, "REQUEST", c.method)
		}
		all[name] = []byte(text)
		for _, v := range viewtest.Versions() {
			m := show(t, text, "", func(o *eas.Options) { o.Version, o.Address = v, "zoe@example.org" }).Child(wbxml.EmailMeetingRequest)
			var got []string
			if list := m.Child(wbxml.ComposeMailForwardees); list != nil {
				for _, f := range list.Children {
					got = append(got, f.Get(wbxml.ComposeMailEmail)+"="+f.Get(wbxml.ComposeMailName))
				}
			}
			want := c.want
			if v < eas.V161 {
				want = ""
			}
			if m == nil || strings.Join(got, " ") != want {
				t.Errorf("%s, %s: %q, want %q", name, v, got, want)
			}
		}
	}
	viewtest.Valid(t, mail.View{}, all, viewtest.Versions()...)
}
