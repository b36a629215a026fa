package post_test

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/mail"
	"tandem/wire/mime"
	"tandem/wire/wbxml"
)

// TestInvitePeopleElsewhere: a meeting with somebody elsewhere goes out as mail that their programs understand, once; so do its change and its end. RFC 6047 2.4
func TestInvitePeopleElsewhere(t *testing.T) {
	h := open(t)
	h.put("ann", strings.Replace(annsMeeting, "SUMMARY:Talk", "SUMMARY:Über Grün\nLOCATION:Room 1\nDESCRIPTION:Bring a pen\\nand paper\n"+weekly, 1))
	h.until("the invitations", func() bool { return len(h.sink.all()) == 2 })
	m := h.sink.all()[0]
	if m.from != "ann@example.org" || len(m.to) != 1 || !strings.HasSuffix(m.to[0], "@elsewhere.org") {
		t.Errorf("the envelope: %+v", m)
	}
	root, err := mime.Scan(bytes.NewReader([]byte(m.text)), mime.Limits{})
	h.must(err)
	shape := ""
	root.Walk(func(p *mime.Part) bool { shape += p.Type + " "; return true })
	if shape != "multipart/mixed multipart/alternative text/plain text/calendar application/ics " {
		t.Errorf("its parts: %s", shape)
	}
	e, text, _, err := mail.Read(tandem.Bytes(m.text))
	h.must(err)
	if e.Subject != "Invitation: Über Grün" || e.From[0].Email != "ann@example.org" || e.From[0].Name != "Ann" || e.MessageID == "" || e.Auto || len(e.Bcc) != 0 {
		t.Errorf("its header: %+v", e)
	}
	has(t, "the text", text, "Ann invites you.", "Mon, 4 Mar 2030 10:00 to 11:00 (UTC), every week, 5 times", "Room 1", "Bring a pen\nand paper")
	if len(e.Files) != 1 || e.Files[0].Name != "invite.ics" {
		t.Errorf("its files: %+v", e.Files)
	}
	ics, method := calendarPart(t, m)
	if method != "REQUEST" {
		t.Errorf("method %s", method)
	}
	has(t, "the calendar object", ics, "METHOD:REQUEST", "UID:own1", "SUMMARY:Über Grün", "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:zoe@elsewhere.org", "!SCHEDULE-STATUS", "!X-TANDEM")
	has(t, "hers", h.event("ann"), "SCHEDULE-STATUS=1.1:mailto:zoe@elsewhere.org")

	h.put("ann", strings.Replace(annsMeeting, at10, at14, 1))
	h.until("the change", func() bool { return len(h.sink.all()) == 4 })
	if ics, _ = calendarPart(t, h.sink.all()[3]); !strings.Contains(ics, "SEQUENCE:1") || !strings.Contains(h.sink.all()[3].text, "Subject: Updated invitation: Talk") {
		t.Errorf("the change: %s\n%s", h.sink.all()[3].text, ics)
	}
	h.put("ann", "")
	h.until("its end", func() bool { return len(h.sink.all()) == 6 })
	if ics, method = calendarPart(t, h.sink.all()[5]); method != "CANCEL" || !strings.Contains(ics, "STATUS:CANCELLED") {
		t.Errorf("its end: %s", ics)
	}
	if list, err := h.out.List(t.Context(), "", 100); err != nil || len(list) != 6 {
		t.Errorf("%d messages in the queue, %v", len(list), err)
	}
}

// TestInviteFromPhone: a phone of 16.x has the server send the mail; one before sends it itself, and the server does not. MS-ASCMD_R268, MS-ASCMD_R6062
func TestInviteFromPhone(t *testing.T) {
	for version, want := range map[string]int{"12.1": 0, "14.1": 0, "16.0": 1, "16.1": 1} {
		h := open(t)
		p := h.phone("ann", version, "test")
		f := p.FolderOf(8)
		h.must(p.Sync(t.Context(), f))
		more := []*wbxml.Element{}
		if version < "16" {
			more = append(more, wbxml.Text(wbxml.CalendarUID, "phone-1"), wbxml.Text(wbxml.CalendarOrganizerEmail, "ann@example.org"))
		}
		attendee := func(mail string) *wbxml.Element {
			return wbxml.New(wbxml.CalendarAttendee, wbxml.Text(wbxml.CalendarEmail, mail), wbxml.Text(wbxml.CalendarName, "x"))
		}
		p.Add(f, append([]*wbxml.Element{wbxml.Text(wbxml.CalendarStartTime, "20300304T100000Z"), wbxml.Text(wbxml.CalendarEndTime, "20300304T110000Z"), wbxml.Text(wbxml.CalendarSubject, "Talk"),
			wbxml.Text(wbxml.CalendarMeetingStatus, "1"), wbxml.New(wbxml.CalendarAttendees, attendee("zoe@elsewhere.org"), attendee("bob@example.org"))}, more...)...)
		h.must(p.Sync(t.Context(), f))
		h.until("Bob's event", func() bool { return h.event("bob") != "" })
		list, err := h.out.List(t.Context(), "", 100)
		if err != nil || len(list) != want {
			t.Errorf("%s: %d messages, %v", version, len(list), err)
		}
		if want > 0 {
			continue
		}
		ics := calendar("REQUEST", strings.Replace(strings.Split(strings.Split(annsMeeting, "PRODID:test\n")[1], "END:VCALENDAR")[0], "UID:own1", "UID:phone-1", 1))
		message := letter("Ann <ann@example.org>", "zoe@elsewhere.org, bob@example.org", "REQUEST", ics)
		a, err := p.Post(t.Context(), "SendMail", nil, "message/rfc822", []byte(message))
		if version >= "14" {
			a, err = p.Do(t.Context(), "SendMail", wbxml.New(wbxml.ComposeMailSendMail, wbxml.Text(wbxml.ComposeMailClientId, "1"), wbxml.Opaque(wbxml.ComposeMailMime, []byte(message))))
		}
		if err != nil || a.Code != 200 || len(a.Raw) != 0 {
			t.Fatalf("%s: SendMail: %v %v", version, a, err)
		}
		h.until("the phone's mail", func() bool { return len(h.sink.all()) == 1 && len(h.bodies("bob", tandem.Mail)) == 1 })
		h.marker("bob")
		if n := len(h.bodies("bob", tandem.Event)); n != 2 || len(h.sink.all()) != 1 { // with the marker
			t.Errorf("%s: Bob has %d events, the world %d messages", version, n, len(h.sink.all()))
		}
	}
}

// TestInviteFromDesktop: a desktop that writes a meeting, and deletes it, has the hub send the mail; one that answers an invitation which came by mail, too.
// RFC 6638 3.2.1, 3.2.2
func TestInviteFromDesktop(t *testing.T) {
	h := open(t)
	do := func(method, path, body string) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, h.srv.URL+path, strings.NewReader(crlf(body)))
		h.must(err)
		req.SetBasicAuth("ann", h.apps["ann"])
		req.Header.Set("Content-Type", "text/calendar")
		if method == "PROPFIND" {
			req.Header.Set("Content-Type", "application/xml")
			req.Header.Set("Depth", "1")
		}
		resp, err := h.srv.Client().Do(req)
		h.must(err)
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		h.must(err)
		if resp.StatusCode >= 300 {
			t.Fatalf("%s %s: %s\n%s", method, path, resp.Status, text)
		}
		return string(text)
	}
	u, err := h.st.Accounts.User(t.Context(), "ann")
	h.must(err)
	c, err := h.meetings.DefaultCalendar(t.Context(), u)
	h.must(err)
	dir := "/dav/calendars/ann/" + strconv.FormatInt(c.ID, 10) + "/"
	do("PUT", dir+"m.ics", annsMeeting)
	h.until("the invitations", func() bool { return len(h.sink.all()) == 2 })
	do("DELETE", dir+"m.ics", "")
	h.until("the cancellations", func() bool { return len(h.sink.all()) == 4 })
	if _, method := calendarPart(t, h.sink.all()[3]); method != "CANCEL" {
		t.Errorf("%s", method)
	}

	h.deliver("x@elsewhere.org", "ann@example.org", letter(zoeAddress, "ann@example.org", "REQUEST", calendar("REQUEST", vevent(0, "0101", at10, ann, zoe))))
	h.until("the event", func() bool { return h.event("ann") != "" })
	name := regexp.MustCompile(dir + `[^<]+\.ics`).FindString(do("PROPFIND", dir, ""))
	do("PUT", name, strings.Replace(h.event("ann"), "PARTSTAT=NEEDS-ACTION", "PARTSTAT=ACCEPTED", 1))
	h.until("the answer", func() bool { return len(h.sink.all()) == 5 })
	if ics, method := calendarPart(t, h.sink.all()[4]); method != "REPLY" || !strings.Contains(ics, "PARTSTAT=ACCEPTED") {
		t.Errorf("%s: %s", method, ics)
	}
}

// TestAnswerTheMail: the invitation in the inbox is answered on the phone. The event is in the calendar, the mail among what is deleted, the organizer told once,
// however often the phone asks. MS-ASCMD 2.2.1.11, 2.2.3.18, 2.2.3.163; field note 25
func TestAnswerTheMail(t *testing.T) {
	for _, v := range []struct {
		version, agent string
		mails          int // that the server sends
	}{{"12.1", "test", 0}, {"14.1", "Apple-iPhone/1501.501", 0}, {"14.1", "Apple-iPhone15C2/2101.303", 1}, {"16.0", "test", 1}, {"16.1", "Apple-iPhone15C2/2101.303", 1}} {
		for said, word := range map[string]string{"1": "ACCEPTED", "2": "TENTATIVE", "3": "DECLINED"} {
			t.Run(v.version+" "+v.agent+" "+word, func(t *testing.T) {
				h := open(t)
				h.deliver("zoe@elsewhere.org", "ann@example.org", letter(zoeAddress, "ann@example.org", "REQUEST", calendar("REQUEST", vevent(0, "0101", at10, ann, zoe))))
				h.until("the event", func() bool { return h.event("ann") != "" })
				p := h.phone("ann", v.version, v.agent)
				id, _ := one(t, h.items(p, 2))
				more := ""
				if v.version >= "16" {
					more = "<SendResponse><airsyncbase:Body><airsyncbase:Type>1</airsyncbase:Type><airsyncbase:Data>See you</airsyncbase:Data></airsyncbase:Body></SendResponse>"
				}
				first := h.answer(p, said, id, more)
				if again := h.answer(p, said, id, more); again != first { // the answer was lost on its way
					t.Errorf("the event is %q and then %q", first, again)
				}
				inbox, trash := h.items(p, 2), h.items(p, 4)
				if len(inbox) != 0 || len(trash) != 1 {
					t.Errorf("%d in the inbox, %d deleted", len(inbox), len(trash))
				}
				events := h.items(p, 8)
				if said == "3" {
					if first != "" || len(events) != 0 {
						t.Errorf("declined, it is there: %q, %d", first, len(events))
					}
				} else if it := events[first]; it == nil || strings.Count(h.event("ann"), "PARTSTAT="+word) == 0 {
					t.Errorf("no event %q: %v\n%s", first, events, h.event("ann"))
				}
				if v.mails > 0 {
					h.until("the answer", func() bool { return len(h.sink.all()) > 0 })
				}
				list, err := h.out.List(t.Context(), "", 100)
				if err != nil || len(list) != v.mails {
					t.Fatalf("%d messages, %v", len(list), err)
				}
				if v.mails == 0 {
					return
				}
				ics, method := calendarPart(t, h.sink.all()[0])
				has(t, "the answer", ics, "PARTSTAT="+word, "UID:u1@elsewhere.org", "ORGANIZER;CN=Zoe:mailto:zoe@elsewhere.org")
				if method != "REPLY" || h.sink.all()[0].to[0] != "zoe@elsewhere.org" {
					t.Errorf("%s to %v", method, h.sink.all()[0].to)
				}
				if more != "" {
					has(t, "the answer", ics, "COMMENT:See you")
				}
			})
		}
	}
}

// TestAnswerUnseen: a decline of what never stood in the calendar tells the organizer, too; without SendResponse nobody is told; who was not named in the
// invitation can answer it. MS-ASCMD_R7113
func TestAnswerUnseen(t *testing.T) {
	for name, c := range map[string]struct {
		said, more, invited string
		mails               int
	}{"declined": {"3", "<SendResponse/>", ann, 1}, "silent": {"1", "", ann, 0}, "through a list": {"1", "<SendResponse/>", "ATTENDEE:mailto:team@elsewhere.org", 1}} {
		h := open(t)
		h.setting("ann", "invitations", "ask")
		h.deliver("x@elsewhere.org", "ann@example.org", letter(zoeAddress, "team@elsewhere.org", "REQUEST", calendar("REQUEST", vevent(0, "0101", at10, c.invited, zoe))))
		h.logged("waits for the person")
		p := h.phone("ann", "16.1", "test")
		id, _ := one(t, h.items(p, 2))
		h.answer(p, c.said, id, c.more)
		h.answer(p, c.said, id, c.more)
		if list, err := h.out.List(t.Context(), "", 100); err != nil || len(list) != c.mails {
			t.Errorf("%s: %d messages, %v", name, len(list), err)
		}
		if n := len(h.bodies("ann", tandem.Event)); n != map[string]int{"1": 1, "3": 0}[c.said] {
			t.Errorf("%s: %d events", name, n)
		}
	}
}

// TestProposeTime: another time that a phone of 16.1 proposes goes out as a counter proposal; half of one is no time. MS-ASCMD 2.2.3.140, 2.2.3.141
func TestProposeTime(t *testing.T) {
	h := open(t)
	zoned := "DTSTART;TZID=Europe/Berlin:20300304T100000\nDTEND;TZID=Europe/Berlin:20300304T110000\nSUMMARY:Talk"
	h.deliver("x@elsewhere.org", "ann@example.org", letter(zoeAddress, "ann@example.org", "REQUEST", calendar("REQUEST", vevent(0, "0101", zoned, ann, zoe))))
	h.until("the event", func() bool { return h.event("ann") != "" })
	p := h.phone("ann", "16.1", "test")
	id, _ := one(t, h.items(p, 2))
	start, end := "<ProposedStartTime>20300305T130000Z</ProposedStartTime>", "<ProposedEndTime>20300305T140000Z</ProposedEndTime>"
	for _, half := range []string{start, end, end + "<ProposedStartTime>20300305T150000Z</ProposedStartTime>", end + "<ProposedStartTime>tomorrow</ProposedStartTime>"} {
		if st := h.ask(p, "2", id, "<SendResponse>"+half+"</SendResponse>").Get(wbxml.MeetingResponseStatus); st != "2" {
			t.Errorf("%s: status %s", half, st)
		}
	}
	h.answer(p, "2", id, "<SendResponse>"+start+end+"</SendResponse>")
	h.until("the proposal", func() bool { return len(h.sink.all()) == 1 })
	ics, method := calendarPart(t, h.sink.all()[0])
	if method != "COUNTER" {
		t.Errorf("method %s", method)
	}
	has(t, "the proposal", ics, "METHOD:COUNTER", "DTSTART;TZID=Europe/Berlin:20300305T140000", "DTEND;TZID=Europe/Berlin:20300305T150000", "PARTSTAT=TENTATIVE")
	has(t, "her own", h.event("ann"), "DTSTART;TZID=Europe/Berlin:20300304T100000", "PARTSTAT=TENTATIVE")
	has(t, "the mail", h.sink.all()[0].text, "Subject: New time proposed: Talk")
}

// TestMeetingMessages: how messages about meetings are shown. MS-ASEMAIL 2.2.2.39, 2.2.2.47, 2.2.2.48, 2.2.2.49, 2.2.2.61
func TestMeetingMessages(t *testing.T) {
	reply := func(partstat string) string {
		return calendar("REPLY", "BEGIN:VEVENT\nUID:own1\nDTSTAMP:20300101T000000Z\n"+at10+"\nORGANIZER:mailto:ann@example.org\nATTENDEE;PARTSTAT="+partstat+":mailto:zoe@elsewhere.org\nEND:VEVENT\n")
	}
	for name, c := range map[string]struct {
		version, method, ics string
		want                 map[wbxml.Tag]string
		not                  []wbxml.Tag
	}{
		"request":  {"14.1", "REQUEST", calendar("REQUEST", vevent(0, "0101", at10, ann)), map[wbxml.Tag]string{wbxml.EmailMessageClass: "IPM.Schedule.Meeting.Request", wbxml.Email2MeetingMessageType: "1", wbxml.EmailInstanceType: "0", wbxml.EmailResponseRequested: "1"}, []wbxml.Tag{wbxml.EmailRecurrenceId}},
		"update":   {"16.1", "REQUEST", calendar("REQUEST", vevent(2, "0101", at10, weekly, ann)), map[wbxml.Tag]string{wbxml.Email2MeetingMessageType: "2", wbxml.EmailInstanceType: "1", wbxml.CalendarUID: "u1@elsewhere.org"}, []wbxml.Tag{wbxml.EmailRecurrenceId, wbxml.EmailGlobalObjId}},
		"instance": {"14.1", "REQUEST", calendar("REQUEST", vevent(2, "0101", "RECURRENCE-ID:20300311T100000Z\n"+at14, ann)), map[wbxml.Tag]string{wbxml.EmailInstanceType: "4", wbxml.EmailRecurrenceId: "2030-03-11T10:00:00.000Z"}, nil},
		"cancel":   {"12.1", "CANCEL", calendar("CANCEL", vevent(2, "0101", at10, ann)), map[wbxml.Tag]string{wbxml.EmailMessageClass: "IPM.Schedule.Meeting.Canceled", wbxml.EmailResponseRequested: "0"}, []wbxml.Tag{wbxml.Email2MeetingMessageType}},
		"yes":      {"16.0", "REPLY", reply("ACCEPTED"), map[wbxml.Tag]string{wbxml.EmailMessageClass: "IPM.Schedule.Meeting.Resp.Pos"}, nil},
		"perhaps":  {"14.0", "REPLY", reply("TENTATIVE"), map[wbxml.Tag]string{wbxml.EmailMessageClass: "IPM.Schedule.Meeting.Resp.Tent"}, nil},
		"no":       {"16.1", "REPLY", reply("DECLINED"), map[wbxml.Tag]string{wbxml.EmailMessageClass: "IPM.Schedule.Meeting.Resp.Neg", wbxml.EmailContentClass: "urn:content-classes:calendarmessage"}, nil},
		"proposal": {"16.1", "COUNTER", strings.Replace(reply("TENTATIVE"), "REPLY", "COUNTER", 1), map[wbxml.Tag]string{wbxml.MeetingResponseProposedStartTime: "20300304T100000Z", wbxml.MeetingResponseProposedEndTime: "20300304T110000Z"}, nil},
	} {
		h := open(t)
		h.deliver("x@elsewhere.org", "ann@example.org", letter(zoeAddress, "ann@example.org", c.method, c.ics))
		_, it := one(t, h.items(h.phone("ann", c.version, "test"), 2))
		data := wbxml.New(wbxml.AirSyncApplicationData, it.Data...)
		m := data.Child(wbxml.EmailMeetingRequest)
		for tag, want := range c.want {
			if got := data.Get(tag) + m.Get(tag); got != want {
				t.Errorf("%s: %v is %q, not %q", name, tag, got, want)
			}
		}
		for _, tag := range c.not {
			if m.Has(tag) {
				t.Errorf("%s: %v is there", name, tag)
			}
		}
	}
}

// TestOutdatedRequest: a phone that looks later is told which requests are outdated, and which instance belongs to a series. MS-ASEMAIL_R1070, 2.2.2.39
func TestOutdatedRequest(t *testing.T) {
	h := open(t)
	for _, step := range []struct{ ics, then string }{
		{vevent(0, "0101", at10, weekly, ann), "20300304T100000Z"}, {vevent(1, "0102", at14, weekly, ann), "20300304T140000Z"},
		{vevent(1, "0103", "RECURRENCE-ID:20300311T140000Z\nDTSTART:20300311T140000Z\nDTEND:20300311T150000Z\nSUMMARY:Another talk", ann), "Another talk"},
	} {
		h.deliver("zoe@elsewhere.org", "ann@example.org", letter(zoeAddress, "ann@example.org", "REQUEST", calendar("REQUEST", step.ics)))
		h.until(step.then, func() bool { return strings.Contains(h.event("ann"), step.then) })
	}
	var got []string
	for _, it := range h.items(h.phone("ann", "14.1", "test"), 2) {
		m := wbxml.New(wbxml.AirSyncApplicationData, it.Data...).Child(wbxml.EmailMeetingRequest)
		got = append(got, m.Get(wbxml.EmailInstanceType)+m.Get(wbxml.Email2MeetingMessageType))
	}
	slices.Sort(got)
	if s := strings.Join(got, " "); s != "12 14 22" {
		t.Errorf("instances and messages %q", s)
	}
}

// TestProposalOnPhone: another time that somebody proposes, here or elsewhere, stands beside their name on the organizer's phone of 16.1, and moves nothing; it goes
// when the meeting is moved. MS-ASCMD 2.2.3.140, 2.2.3.141, RFC 5546 3.2.7
func TestProposalOnPhone(t *testing.T) {
	h := open(t)
	h.put("ann", strings.ReplaceAll(annsMeeting, "yan@elsewhere.org", "bob@example.org"))
	h.until("Bob's event", func() bool { return h.event("bob") != "" })
	bob := h.phone("bob", "16.1", "test")
	id, _ := one(t, h.items(bob, 8))
	h.answer(bob, "2", id, "<SendResponse><ProposedStartTime>20300306T130000Z</ProposedStartTime><ProposedEndTime>20300306T140000Z</ProposedEndTime></SendResponse>")
	h.deliver("zoe@elsewhere.org", "ann@example.org", letter(zoeAddress, "ann@example.org", "COUNTER", calendar("COUNTER",
		strings.Replace(replyOf("zoe@elsewhere.org", "DECLINED", "20300103T000000Z"), at10, "DTSTART;TZID=Europe/Berlin:20300305T140000\nDURATION:PT30M", 1))))
	h.until("both proposals", func() bool { return strings.Count(h.event("ann"), "X-TANDEM-PROPOSED") == 2 })
	for version, want := range map[string]string{"16.1": "bob@example.org 2 20300306T130000Z 20300306T140000Z, zoe@elsewhere.org 4 20300305T130000Z 20300305T133000Z, ",
		"16.0": "bob@example.org 2  , zoe@elsewhere.org 4  , "} {
		p := h.phone("ann", version, "test")
		_, it := one(t, h.items(p, 8))
		got := map[string]string{}
		for a := range wbxml.New(wbxml.AirSyncApplicationData, it.Data...).Child(wbxml.CalendarAttendees).All(wbxml.CalendarAttendee) {
			got[a.Get(wbxml.CalendarEmail)] = a.Get(wbxml.CalendarAttendeeStatus) + " " + a.Get(wbxml.MeetingResponseProposedStartTime) + " " + a.Get(wbxml.MeetingResponseProposedEndTime)
		}
		text := ""
		for _, who := range []string{"bob@example.org", "zoe@elsewhere.org"} {
			text += who + " " + got[who] + ", "
		}
		if text != want || !strings.Contains(h.event("ann"), "DTSTART:20300304T100000Z") {
			t.Errorf("%s: %s", version, text)
		}
	}
	h.put("ann", strings.Replace(h.event("ann"), at10, at14, 1))
	has(t, "moved", h.event("ann"), "T140000Z", "!X-TANDEM-PROPOSED")
	for _, m := range h.sink.all() {
		ics, _ := calendarPart(t, m)
		has(t, "what goes out", ics, "!PROPOSED")
	}
}

// TestFieldNote26NoOrganizer: an invitation that names no organizer is a message like others; whoever answers it is told that it is none.
func TestFieldNote26NoOrganizer(t *testing.T) {
	h := open(t)
	h.deliver("x@elsewhere.org", "ann@example.org", letter(zoeAddress, "ann@example.org", "REQUEST", calendar("REQUEST", strings.Replace(vevent(0, "0101", at10, ann), "ORGANIZER;CN=Zoe:mailto:zoe@elsewhere.org\n", "", 1))))
	h.logged("no organizer")
	p := h.phone("ann", "16.1", "test")
	id, it := one(t, h.items(p, 2))
	if text(it, wbxml.EmailMessageClass) != "IPM.Schedule.Meeting.Request" {
		t.Errorf("%v", it.Data)
	}
	if st := h.ask(p, "1", id, "<SendResponse/>").Get(wbxml.MeetingResponseStatus); st != "2" || h.event("ann") != "" {
		t.Errorf("status %s", st)
	}
}
