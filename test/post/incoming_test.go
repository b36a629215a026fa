package post_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/partner/mailbox"
	"tandem/store"
	"tandem/wire/wbxml"
)

const zoeAddress = "Zoe <zoe@elsewhere.org>"

// has checks that a text holds all of some parts, and none of those behind "!".
func has(t testing.TB, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if not, is := strings.CutPrefix(p, "!"); is == strings.Contains(text, not) {
			t.Errorf("%s: %q:\n%s", what, p, text)
		}
	}
}

// logged waits until the log says why a message changed nothing.
func (h *hub) logged(parts ...string) {
	h.Helper()
	h.until("in the log: "+strings.Join(parts, ", "), func() bool {
		list, err := h.st.Events.List(context.Background(), 0, "", 1000)
		h.must(err)
		for _, e := range list {
			all := true
			for _, p := range parts {
				all = all && strings.Contains(e.Text, p)
			}
			if all {
				return true
			}
		}
		return false
	})
}

func (h *hub) setting(user, name, value string) {
	h.Helper()
	h.must(h.st.Accounts.SetProps(context.Background(), user, map[string]string{name: value}))
}

// TestInvitationByMail: an invitation that comes by mail stands in the calendar, to be answered; a change and the cancellation follow; what is old does not count.
// RFC 6047 2.4, RFC 5546 2.1.5, 3.2.2, 3.2.5
func TestInvitationByMail(t *testing.T) {
	h := open(t)
	send := func(method string, components ...string) {
		h.deliver("zoe@elsewhere.org", "ann@example.org", letter(zoeAddress, "ann@example.org", method, calendar(method, components...)))
	}
	send("REQUEST", vevent(0, "0101", at10, ann, zoe, "BEGIN:VALARM\nACTION:AUDIO\nTRIGGER:-PT5M\nATTACH:http://evil.example/\nEND:VALARM"))
	h.until("the event", func() bool { return h.event("ann") != "" })
	has(t, "the event", h.event("ann"), "DTSTART:20300304T100000Z", "PARTSTAT=NEEDS-ACTION", "!METHOD", "!VALARM")
	_, it := one(t, h.items(h.phone("ann", "16.1", "test"), 8))
	if text(it, wbxml.CalendarMeetingStatus) != "3" || text(it, wbxml.CalendarResponseType) != "5" || text(it, wbxml.CalendarOrganizerEmail) != "zoe@elsewhere.org" {
		t.Errorf("on the phone: %v", it.Data)
	}
	if len(h.bodies("bob", tandem.Event)) != 0 {
		t.Error("Bob has it, too")
	}

	send("REQUEST", vevent(1, "0102", at14, ann, zoe))
	h.until("the change", func() bool { return strings.Contains(h.event("ann"), "DTSTART:20300304T140000Z") })
	send("REQUEST", vevent(0, "0101", at10, ann, zoe)) // the first comes again
	send("CANCEL", vevent(2, "0103", at14, ann))
	h.until("the cancellation", func() bool { return strings.Contains(h.event("ann"), "STATUS:CANCELLED") })
	has(t, "the event", h.event("ann"), "DTSTART:20300304T140000Z")
}

// TestSeriesByMail: instances of a series are moved, taken out and added by mail. RFC 5546 3.2.4, 3.2.5, 4.4
func TestSeriesByMail(t *testing.T) {
	h := open(t)
	send := func(method string, components ...string) {
		h.deliver("zoe@elsewhere.org", "ann@example.org", letter(zoeAddress, "ann@example.org", method, calendar(method, components...)))
	}
	send("REQUEST", vevent(0, "0101", at10, weekly, ann, zoe), vevent(0, "0101", "RECURRENCE-ID:20300311T100000Z\nDTSTART:20300311T160000Z\nDTEND:20300311T170000Z\nSUMMARY:Talk", ann, zoe))
	h.until("the series", func() bool { return strings.Contains(h.event("ann"), "20300311T160000Z") })
	send("REQUEST", vevent(0, "0102", "RECURRENCE-ID:20300318T100000Z\nDTSTART:20300318T120000Z\nDTEND:20300318T130000Z\nSUMMARY:Talk", ann, zoe))
	h.until("the moved instance", func() bool { return strings.Contains(h.event("ann"), "20300318T120000Z") })
	send("CANCEL", vevent(1, "0103", "RECURRENCE-ID:20300325T100000Z\nDTSTART:20300325T100000Z\nDTEND:20300325T110000Z", ann))
	h.until("the instance taken out", func() bool { return strings.Contains(h.event("ann"), "EXDATE:20300325T100000Z") })
	send("ADD", vevent(1, "0104", "DTSTART:20300501T100000Z\nDTEND:20300501T110000Z\nSUMMARY:Talk", ann, zoe))
	h.until("the instance added", func() bool { return strings.Contains(h.event("ann"), "RDATE:20300501T100000Z") })
	has(t, "the series", h.event("ann"), "20300311T160000Z", "20300318T120000Z", "RRULE:FREQ=WEEKLY;COUNT=5")
}

const annsMeeting = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\nBEGIN:VEVENT\nUID:own1\nDTSTAMP:20300101T000000Z\n" + at10 +
	"\nORGANIZER;CN=Ann:mailto:ann@example.org\nATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@example.org\nATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:zoe@elsewhere.org\n" +
	"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:yan@elsewhere.org\nEND:VEVENT\nEND:VCALENDAR\n"

func replyOf(who, partstat, stamp string, lines ...string) string {
	return "BEGIN:VEVENT\nUID:own1\nDTSTAMP:" + stamp + "\n" + at10 + "\n" + strings.Join(append(lines, ""), "\n") + "ORGANIZER:mailto:ann@example.org\nATTENDEE;PARTSTAT=" + partstat +
		":mailto:" + who + "\nEND:VEVENT\n"
}

// TestAnswersByMail: answers of people elsewhere are in the organizer's event, one for an instance too; a proposal changes no time; a request for the event as it is
// gets it, at most once a day. RFC 5546 3.2.3, 3.2.6, 3.2.7
func TestAnswersByMail(t *testing.T) {
	h := open(t)
	h.put("ann", strings.Replace(annsMeeting, "SUMMARY:Talk", "SUMMARY:Talk\n"+weekly, 1))
	h.until("the invitations", func() bool { return len(h.sink.all()) == 2 })
	send := func(from, method, component string) {
		h.deliver(from, "ann@example.org", letter(from, "ann@example.org", method, calendar(method, component)))
	}
	send("zoe@elsewhere.org", "REPLY", replyOf("zoe@elsewhere.org", "ACCEPTED", "20300102T000000Z", weekly))
	h.until("the answer", func() bool {
		return strings.Contains(h.event("ann"), "PARTSTAT=ACCEPTED;RSVP=TRUE;SCHEDULE-STATUS=2.0")
	})
	send("zoe@elsewhere.org", "REPLY", strings.Replace(replyOf("zoe@elsewhere.org", "DECLINED", "20300103T000000Z", "RECURRENCE-ID:20300311T100000Z"), "20300304T", "20300311T", 2))
	h.until("the answer for one", func() bool { return strings.Contains(h.event("ann"), "PARTSTAT=DECLINED") })
	send("yan@elsewhere.org", "COUNTER", strings.Replace(replyOf("yan@elsewhere.org", "TENTATIVE", "20300103T000000Z"), at10, at14, 1))
	h.until("the proposal's answer", func() bool { return strings.Contains(h.event("ann"), "PARTSTAT=TENTATIVE") })
	has(t, "the event", h.event("ann"), "DTSTART:20300304T100000Z", "!DTSTART:20300304T140000Z")

	for range 3 {
		send("yan@elsewhere.org", "REFRESH", "BEGIN:VEVENT\nUID:own1\nDTSTAMP:20300104T000000Z\nORGANIZER:mailto:ann@example.org\nATTENDEE:mailto:yan@elsewhere.org\nEND:VEVENT\n")
	}
	send("zoe@elsewhere.org", "REPLY", replyOf("zoe@elsewhere.org", "TENTATIVE", "20300105T000000Z", weekly)) // comes after
	h.until("what comes after", func() bool { return strings.Count(h.event("ann"), "PARTSTAT=TENTATIVE") >= 3 })
	h.until("the event as it is", func() bool { return len(h.sink.all()) >= 3 })
	all := h.sink.all()
	if len(all) != 3 || all[2].from != "" || !strings.Contains(all[2].text, "Auto-Submitted: auto-replied") || all[2].to[0] != "yan@elsewhere.org" {
		t.Errorf("%d messages, the last %+v", len(all), all[len(all)-1])
	}
}

// TestWhoMaySay: who is not the organizer changes nothing, who is not the attendee answers nothing, and events that are no meetings stay as they are.
func TestWhoMaySay(t *testing.T) {
	h := open(t)
	deliver := func(from, method string, components ...string) {
		h.deliver("x@elsewhere.org", "ann@example.org", letter(from, "ann@example.org", method, calendar(method, components...)))
	}
	deliver("mallory@evil.example", "REQUEST", vevent(0, "0101", at10, ann))
	h.logged("comes from another than the organizer, and waits")
	if e := h.event("ann"); e != "" {
		t.Fatalf("made:\n%s", e)
	}
	deliver(zoeAddress, "REQUEST", vevent(0, "0101", at10, ann, zoe))
	h.until("the event", func() bool { return h.event("ann") != "" })
	was := h.event("ann")
	deliver("mallory@evil.example", "CANCEL", vevent(9, "0109", at10, ann))
	h.logged("comes from another than the organizer")
	deliver("mallory@evil.example", "REQUEST", strings.ReplaceAll(vevent(9, "0109", at14, ann), "zoe@elsewhere.org", "mallory@evil.example"))
	deliver("Two <zoe@elsewhere.org>, Three <mallory@evil.example>", "CANCEL", vevent(9, "0109", at10, ann))
	deliver(zoeAddress, "REPLY", vevent(9, "0109", at10, ann))
	h.logged("comes from another than the attendee")
	deliver(zoeAddress, "PUBLISH", vevent(9, "0109", at14))
	h.logged("is for the person to read")
	deliver(zoeAddress, "REQUEST", vevent(1, "0109", at14, ann), strings.Replace(vevent(1, "0109", at14, ann), "u1@", "u2@", 1))
	h.logged("it is about several events")
	deliver(zoeAddress, "CANCEL", strings.Replace(vevent(1, "0109", at14, ann), "u1@", "u3@", 1))
	h.logged("is about no event that is there")
	if now := h.event("ann"); now != was {
		t.Errorf("changed:\n%s", now)
	}

	h = open(t)
	h.put("ann", "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\nBEGIN:VEVENT\nUID:u1@elsewhere.org\nDTSTAMP:20300101T000000Z\n"+at10+"\nEND:VEVENT\nEND:VCALENDAR\n")
	h.deliver("x@elsewhere.org", "ann@example.org", letter(zoeAddress, "ann@example.org", "REQUEST", calendar("REQUEST", vevent(7, "0101", at14, ann, zoe))))
	h.logged("is about an event that is no meeting")
	has(t, "her own event", h.event("ann"), "!T140000Z")
}

// TestAssistant: who acts for an organizer may invite and cancel, as far as the event says so from the beginning. RFC 5545 3.2.18
func TestAssistant(t *testing.T) {
	h := open(t)
	deliver := func(from, method, component string) {
		h.deliver("x@elsewhere.org", "ann@example.org", letter(from, "ann@example.org", method, calendar(method, component)))
	}
	by := func(s string, who string) string {
		return strings.Replace(s, "ORGANIZER;CN=Zoe:", `ORGANIZER;CN=Zoe;SENT-BY="mailto:`+who+`":`, 1)
	}
	deliver("anton@elsewhere.org", "REQUEST", by(vevent(0, "0101", at10, ann), "anton@elsewhere.org"))
	h.until("the event", func() bool { return h.event("ann") != "" })
	deliver("mallory@evil.example", "CANCEL", by(vevent(1, "0102", at10, ann), "mallory@evil.example"))
	h.logged("comes from another than the organizer")
	deliver("anton@elsewhere.org", "CANCEL", by(vevent(1, "0102", at10, ann), "anton@elsewhere.org"))
	h.until("the cancellation", func() bool { return strings.Contains(h.event("ann"), "STATUS:CANCELLED") })
}

// TestInvitationModes: who wants to be asked has an invitation in the calendar once it is answered; who ignores them has none.
func TestInvitationModes(t *testing.T) {
	for mode, why := range map[string]string{"ask": "waits for the person", "ignore": ""} {
		h := open(t)
		h.setting("ann", "invitations", mode)
		h.deliver("x@elsewhere.org", "ann@example.org", letter(zoeAddress, "ann@example.org", "REQUEST", calendar("REQUEST", vevent(0, "0101", at10, ann, zoe))))
		if why != "" {
			h.logged(why)
		} else { // what comes after it for Bob shows that it was looked at
			h.deliver("x@elsewhere.org", "bob@example.org", letter(zoeAddress, "bob@example.org", "REQUEST", calendar("REQUEST", vevent(0, "0101", at10, strings.ReplaceAll(ann, "Ann", "Bob")))))
			h.until("Bob's event", func() bool { return h.event("bob") != "" })
		}
		if e := h.event("ann"); e != "" {
			t.Errorf("%s: made\n%s", mode, e)
		}
		phone := h.phone("ann", "16.1", "test")
		id, it := one(t, h.items(phone, 2))
		if text(it, wbxml.EmailMessageClass) != "IPM.Schedule.Meeting.Request" {
			t.Errorf("%s: the message is %v", mode, it.Data)
		}
		h.answer(phone, "1", id, "<SendResponse/>")
		has(t, mode, h.event("ann"), "PARTSTAT=ACCEPTED")
		h.until("the answer", func() bool { return len(h.sink.all()) == 1 })
	}
}

// TestArrivalLasts: what came while nobody looked is looked at later, and nothing twice that was; what is old is not taken for news.
func TestArrivalLasts(t *testing.T) {
	h := open(t)
	deliver := func(uid string) {
		h.deliver("x@elsewhere.org", "ann@example.org", letter(zoeAddress, "ann@example.org", "REQUEST",
			strings.ReplaceAll(calendar("REQUEST", vevent(0, "0101", at10, ann, zoe)), "u1@", uid+"@")))
	}
	deliver("a")
	h.until("the first", func() bool { return len(h.bodies("ann", tandem.Event)) == 1 })
	h.halt()
	deliver("b")
	ctx := context.Background()
	inbox, err := h.boxes.Find(ctx, "ann", mailbox.Inbox)
	h.must(err)
	old := letter(zoeAddress, "ann@example.org", "REQUEST", strings.ReplaceAll(calendar("REQUEST", vevent(0, "0101", at10, ann, zoe)), "u1@", "old@"))
	msg := mailbox.Message{Body: tandem.Bytes(old), Author: store.Author{User: "ann", Via: "imap:"}}
	msg.Flags.Received = time.Now().Add(-8 * 24 * time.Hour).Unix()
	_, err = h.boxes.Put(ctx, inbox, msg)
	h.must(err)
	cols, err := h.st.Home.Collections(ctx, "ann")
	h.must(err)
	for _, c := range cols { // she deletes the first
		if c.Kind != tandem.Event {
			continue
		}
		recs, _, err := h.st.Home.Since(ctx, c.ID, 0, 0)
		h.must(err)
		for _, r := range recs {
			if !r.Deleted {
				_, err = h.st.Home.Write(ctx, c.ID, store.Author{User: "ann"}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Delete, ID: r.ID, If: r.Version}}})
				h.must(err)
			}
		}
	}
	h.start()
	deliver("c")
	h.until("what came meanwhile, and after", func() bool { return len(h.bodies("ann", tandem.Event)) >= 2 })
	all := strings.Join(h.bodies("ann", tandem.Event), "")
	has(t, "the calendar", all, "UID:b@", "UID:c@", "!UID:a@", "!UID:old@")
}

// TestHostileInvitations: whatever stands where a calendar object should be harms nobody, and mail goes on.
func TestHostileInvitations(t *testing.T) {
	h := open(t)
	deep := strings.Repeat("BEGIN:VEVENT\n", 500)
	many := strings.Repeat("RDATE:20300304T100000Z,20300305T100000Z\n", 5000)
	for _, ics := range []string{"", "no calendar", calendar("REQUEST"), calendar("REQUEST", deep), calendar("REQUEST", vevent(0, "0101", at10, many, ann)),
		calendar("REQUEST", vevent(0, "0101", at10, "RRULE:FREQ=SECONDLY;INTERVAL=1", ann)), calendar("CANCEL", vevent(0, "0101", at10, ann)),
		calendar("REQUEST", strings.Replace(vevent(0, "0101", at10, ann), "ORGANIZER", "X-NOBODY", 1)),
		calendar("REQUEST", strings.Replace(vevent(0, "0101", at10, ann), "u1@elsewhere.org", strings.Repeat("u", 5000), 1)),
		"BEGIN:VCALENDAR\nMETHOD:REQUEST\n" + strings.Repeat("BEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\nDTSTART:16010101T000000\nRRULE:FREQ=SECONDLY\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n", 50) +
			strings.ReplaceAll(vevent(0, "0101", "DTSTART;TZID=x:20300304T100000\nSUMMARY:y", ann), "u1@", "tz@") + "END:VCALENDAR\n",
		calendar("REQUEST", vevent(0, "0101", at10, ann, strings.Repeat("X-BIG:"+strings.Repeat("a", 60)+"\n", 20000))),
	} {
		h.deliver("x@elsewhere.org", "ann@example.org", letter(zoeAddress, "ann@example.org", "REQUEST", ics))
	}
	h.deliver("x@elsewhere.org", "ann@example.org", letter(zoeAddress, "ann@example.org", "REQUEST", strings.ReplaceAll(calendar("REQUEST", vevent(0, "0101", at10, ann, zoe)), "u1@", "last@")))
	h.until("the good one", func() bool { return strings.Contains(strings.Join(h.bodies("ann", tandem.Event), ""), "UID:last@") })
	if n := len(h.items(h.phone("ann", "16.1", "test"), 2)); n != 12 {
		t.Errorf("%d messages on the phone", n)
	}
}

// TestInNameOfUsers: mail in the name of a user of the hub changes nothing about a meeting that this user has here, for anybody could have written it; about one that
// is not here, it is mail like other.
func TestInNameOfUsers(t *testing.T) {
	h := open(t)
	meeting := strings.NewReplacer("zoe@elsewhere.org", "bob@example.org").Replace(annsMeeting)
	h.put("ann", meeting)
	h.until("Bob's event", func() bool { return h.event("bob") != "" })
	was := h.event("bob")
	forged := "BEGIN:VEVENT\nUID:own1\nSEQUENCE:9\nDTSTAMP:20310101T000000Z\n" + at10 + "\nORGANIZER:mailto:ann@example.org\nATTENDEE:mailto:bob@example.org\nEND:VEVENT\n"
	h.deliver("x@elsewhere.org", "bob@example.org", letter("ann@example.org", "bob@example.org", "CANCEL", calendar("CANCEL", forged)))
	h.logged("between users of the hub")
	h.deliver("x@elsewhere.org", "ann@example.org", letter("bob@example.org", "ann@example.org", "REPLY", calendar("REPLY", strings.Replace(forged, "ATTENDEE", "ATTENDEE;PARTSTAT=DECLINED", 1))))
	h.marker("ann")
	if h.event("bob") != was || strings.Contains(strings.Join(h.bodies("ann", tandem.Event), ""), "DECLINED") {
		t.Errorf("changed:\n%s", h.event("bob"))
	}
	h.deliver("x@elsewhere.org", "ann@example.org", letter("bob@example.org", "ann@example.org", "REQUEST",
		calendar("REQUEST", strings.NewReplacer("zoe@elsewhere.org", "bob@example.org", "u1@", "bobs@").Replace(vevent(0, "0101", at10, ann)))))
	h.until("Bob's own, from elsewhere", func() bool { return strings.Contains(strings.Join(h.bodies("ann", tandem.Event), ""), "UID:bobs@") })
}

// TestSeveralObjects: a message that says several things about meetings, each in a part of its own, is heard in all of them; what stands there twice counts once, and a file that is named without a method is
// for people. What the event names of the message's files is in the event. RFC 6047 2.4, 2.6
func TestSeveralObjects(t *testing.T) {
	h := open(t)
	part := func(header, ics string) string {
		return "--m\nContent-Type: text/calendar; charset=utf-8" + header + "\n\n" + ics + "\n"
	}
	uid := func(name, ics string) string { return strings.ReplaceAll(ics, "u1@", name+"@") }
	request := func(name string) string {
		return uid(name, calendar("REQUEST", vevent(0, "0101", at10, ann, zoe, "ATTACH:cid:plan%40elsewhere.org")))
	}
	send := func(parts ...string) {
		h.deliver("zoe@elsewhere.org", "ann@example.org", crlf("From: "+zoeAddress+"\nTo: ann@example.org\nSubject: meetings\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n--m\n\nWhat changed.\n"+
			strings.Join(parts, "")+"--m\nContent-Type: text/plain; name=plan.txt\nContent-Disposition: attachment\nContent-ID: <plan@elsewhere.org>\n\nthe plan\n--m--\n"))
	}
	send(part("; method=REQUEST", request("first")))
	h.until("the first", func() bool { return h.event("ann") != "" })
	has(t, "the first", h.event("ann"), "dGhlIHBsYW4", "FILENAME=plan.txt")
	_, it := one(t, h.items(h.phone("ann", "16.1", "test"), 8))
	data := wbxml.New(wbxml.AirSyncApplicationData, it.Data...)
	if got := data.Child(wbxml.AirSyncBaseAttachments).Child(wbxml.AirSyncBaseAttachment).Get(wbxml.AirSyncBaseDisplayName); got != "plan.txt" {
		t.Errorf("on the phone: %q", got)
	}
	send(part("; method=CANCEL", uid("first", calendar("CANCEL", vevent(1, "0102", at10, ann)))), part("; method=REQUEST; name=second.ics", request("second")), part("; method=REQUEST", request("second")),
		part("; method=CANCEL", request("lie")), part("; name=file.ics", request("file")), part("; method=REQUEST", request("third")))
	all := func() string { return strings.Join(h.bodies("ann", tandem.Event), "") }
	h.until("the last", func() bool { return strings.Contains(all(), "UID:third@") })
	has(t, "the calendar", all(), "UID:first@", "STATUS:CANCELLED", "UID:second@", "!UID:file@", "!UID:lie@")
	if n := len(h.bodies("ann", tandem.Event)); n != 3 {
		t.Errorf("%d events", n)
	}
	h.logged("name different methods")
}

// TestForgedInvitation: what comes in the organizer's name, but not from their domain as the server in front found, changes no calendar. RFC 6047 2.1, RFC 8601
func TestForgedInvitation(t *testing.T) {
	h := open(t)
	send := func(result, uid string) {
		text := letter(zoeAddress, "ann@example.org", "REQUEST", strings.ReplaceAll(calendar("REQUEST", vevent(0, "0101", at10, ann, zoe)), "u1@", uid+"@"))
		h.deliver("zoe@elsewhere.org", "ann@example.org", crlf("Authentication-Results: mx.example.org; dmarc="+result+" header.from=elsewhere.org\nReceived: from evil.test\n\tby mx.example.org with ESMTPS; Wed, 1 Jan 2025 10:00:00 +0000\n")+text)
	}
	send("fail", "forged")
	h.logged("its sender is another than it says", "dmarc=fail")
	send("pass", "sound")
	h.until("the sound one", func() bool { return h.event("ann") != "" })
	has(t, "the calendar", strings.Join(h.bodies("ann", tandem.Event), ""), "UID:sound@", "!UID:forged@")
}
