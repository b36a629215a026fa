package compose_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/event/itip"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/server/eas/proto"
)

const (
	third    = "2026-06-03T09:00:00.000Z" // of the series
	thirdDay = "When: Wed, 3 Jun 2026 09:00 to 10:00 (UTC)\n"
)

// series is a meeting on five days; its third is elsewhere.
func series() string {
	all := vevent("SUMMARY:Daily", "LOCATION:Room 1", "DESCRIPTION:What we do", "ORGANIZER;CN=Zoe:mailto:zoe@elsewhere.test", "ATTENDEE:mailto:ann@example.org", "RRULE:FREQ=DAILY;COUNT=5")
	one := strings.NewReplacer("RRULE:FREQ=DAILY;COUNT=5", "RECURRENCE-ID:20260603T090000Z", "20260601T", "20260603T", "Room 1", "The garden").Replace(all)
	one = one[strings.Index(one, "BEGIN:VEVENT"):strings.Index(one, "END:VCALENDAR")]
	return strings.Replace(all, "END:VCALENDAR", one+"END:VCALENDAR", 1)
}

// invites is a message with a calendar object.
func invites(method, ics string) string {
	return "From: Zoe <zoe@elsewhere.test>\r\nTo: ann@example.org\r\nSubject: Invitation: Daily\r\nMessage-ID: <inv@x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n" +
		"--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain\r\n\r\nZoe invites you.\r\n--a\r\nContent-Type: text/calendar; method=" + method + "; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString([]byte(strings.Replace(ics, "VERSION:2.0", "VERSION:2.0\r\nMETHOD:"+method, 1))) + "\r\n--a--\r\n--m\r\nContent-Type: application/ics; name=invite.ics\r\nContent-Disposition: attachment\r\n\r\nx\r\n" +
		"--m\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\n\r\nPDF\r\n--m--\r\n"
}

// item is the ServerId within a Source.
func item(source string) string { return strings.Split(strings.Split(source, "<ItemId>")[1], "<")[0] }

// TestInstance: an answer to one occurrence of a recurring meeting tells of that one, and forwarded it is that one that others are invited to: of an event and of an invitation by
// mail, by element and by the parameter of the oldest version. MS-ASCMD 2.2.3.92.2, MS-ASHTTP 2.2.1.1.1.2.5
func TestInstance(t *testing.T) {
	p := newPost(t)
	event := p.Put("ann", tandem.Event, series())[0]
	letter, flags := p.arriving(invites("REQUEST", series()))
	sent := 0
	ask := func(v eas.Version, command, id, one string) string {
		t.Helper()
		sent++
		run := map[string]proto.Command{"SmartReply": p.svc.SmartReply, "SmartForward": p.svc.SmartForward}[command]
		if p.Version = v; v < eas.V140 {
			r := p.Request("ann", command, nil)
			r.Raw, r.ItemID, r.Occurrence = []byte(hello), id, one
			resp, err := run(context.Background(), r)
			p.Must(err)
			if resp.HTTP != 0 {
				t.Fatalf("%s %s of %s: HTTP %d", v, command, id, resp.HTTP)
			}
		} else {
			source := "<Source><FolderId>" + strings.Split(id, ":")[0] + "</FolderId><ItemId>" + id + "</ItemId>"
			if one != "" {
				source += "<InstanceId>" + one + "</InstanceId>"
			}
			if st := p.do(run, command, request(command, strings.Repeat("x", sent), source+"</Source>", hello)); st != "" {
				t.Fatalf("%s %s of %s: %s", v, command, id, st)
			}
		}
		in := p.folder("bob", mailbox.Inbox)
		if len(in) != sent {
			t.Fatalf("%s %s of %s: bob has %d messages", v, command, id, len(in))
		}
		return in[sent-1]
	}
	for _, v := range []eas.Version{eas.V121, eas.V140, eas.V141, eas.V160, eas.V161} {
		for name, id := range map[string]string{"event": event, "letter": item(letter)} {
			e, text, _ := p.text(ask(v, "SmartReply", id, third))
			if !strings.HasPrefix(text, "Hello\n") || !strings.Contains(text, "-----Original Appointment-----\nFrom: Zoe <zoe@elsewhere.test>\n") || strings.Count(text, "When: ") != 1 ||
				!strings.Contains(text, thirdDay) || !strings.Contains(text, "Where: The garden\n") || len(e.Files) != 0 || e.Event != nil {
				t.Errorf("%s: the answer to the third of the %s: %q", v, name, text)
			}
			_, text, _ = p.text(ask(v, "SmartReply", id, ""))
			if !strings.Contains(text, "every day, 5 times\n") || !strings.Contains(text, "Where: Room 1\n") {
				t.Errorf("%s: the answer to all of the %s: %q", v, name, text)
			}
			ics, e := p.calendarOf(ask(v, "SmartForward", id, third))
			l, err := itip.Open([]byte(ics))
			if err != nil || l.Method != itip.Request || strings.Count(ics, "BEGIN:VEVENT") != 1 || !strings.Contains(ics, "RECURRENCE-ID:20260603T090000Z") || !strings.Contains(ics, "The garden") || strings.Contains(ics, "VALARM") || e.Class != mail.Meeting {
				t.Errorf("%s: the third of the %s, forwarded: %v %s", v, name, err, ics)
			}
			files := "invite.ics"
			if name == "letter" {
				files += " a.pdf"
			}
			if got := names(e.Files); got != files {
				t.Errorf("%s: files %q of the %s, want %q", v, got, name, files)
			}
			if ics, _ := p.calendarOf(ask(v, "SmartForward", id, "")); !strings.Contains(ics, "RRULE:FREQ=DAILY;COUNT=5") || strings.Count(ics, "BEGIN:VEVENT") != 2 {
				t.Errorf("%s: all of the %s, forwarded: %s", v, name, ics)
			}
		}
	}
	if f := flags(); !f.Answered || !f.Forwarded {
		t.Errorf("the letter's marks: %+v", f)
	}
	if got := p.Bodies("ann", tandem.Event); len(got) != 1 || got[0] != series() {
		t.Errorf("her event became %q", got)
	}
	p.Valid()
}

func names(list []mail.File) string {
	var all []string
	for _, f := range list {
		all = append(all, f.Name)
	}
	return strings.Join(all, " ")
}

// TestNoInstance: what does not happen then, or cannot repeat, is refused and not taken for the whole. MS-ASCMD_R541, R578
func TestNoInstance(t *testing.T) {
	p := newPost(t)
	events := p.Put("ann", tandem.Event, series(), strings.ReplaceAll(vevent("SUMMARY:once"), "meet-1", "once"))
	letter, _ := p.arriving(invites("REQUEST", series()))
	plain, _ := p.arriving(strings.Replace(original, "<2@x>", "<3@x>", 1))
	answer, _ := p.arriving(strings.Replace(invites("REPLY", series()), "<inv@x>", "<reply@x>", 1))
	torn, _ := p.arriving(strings.Replace(invites("REQUEST", "nonsense"), "<inv@x>", "<torn@x>", 1))
	once, _ := p.arriving(strings.Replace(invites("REQUEST", vevent("SUMMARY:once")), "<inv@x>", "<once@x>", 1))
	for name, c := range map[string]struct{ id, one, want string }{
		"a time that is none":           {events[0], "soon", "104"},
		"the day before":                {events[0], "2026-05-31T09:00:00.000Z", "104"},
		"after the end":                 {events[0], "2026-06-06T09:00:00.000Z", "104"},
		"of what happens once":          {events[1], "2026-06-01T09:00:00.000Z", "146"},
		"of what happens once, by mail": {item(once), "2026-06-01T09:00:00.000Z", "146"},
		"of an invitation, too late":    {item(letter), "2026-06-06T09:00:00.000Z", "104"},
		"of a message":                  {item(plain), third, "104"},
		"of an answer":                  {item(answer), third, "104"},
		"of an invitation that is torn": {item(torn), third, "104"},
	} {
		for command, run := range map[string]proto.Command{"SmartReply": p.svc.SmartReply, "SmartForward": p.svc.SmartForward} {
			p.Version = eas.V141
			source := "<Source><FolderId>" + strings.Split(c.id, ":")[0] + "</FolderId><ItemId>" + c.id + "</ItemId><InstanceId>" + c.one + "</InstanceId></Source>"
			if st := p.do(run, command, request(command, "1", source, hello)); st != command+"{Status="+c.want+"}" {
				t.Errorf("%s, %s: %q", command, name, st)
			}
			p.Version = eas.V121
			r := p.Request("ann", command, nil)
			r.Raw, r.ItemID, r.Occurrence = []byte(hello), c.id, c.one
			resp, err := run(context.Background(), r)
			p.Must(err)
			if resp.HTTP != 400 {
				t.Errorf("%s at 12.1, %s: HTTP %d", command, name, resp.HTTP)
			}
		}
	}
	if in := p.folder("bob", mailbox.Inbox); len(in) != 0 {
		t.Errorf("bob has %q", in)
	}
	p.Version = eas.V141 // what no calendar can read is a message like others
	if st := p.do(p.svc.SmartForward, "SmartForward", request("SmartForward", "2", torn, hello)); st != "" {
		t.Errorf("forwarded without its instance: %s", st)
	}
}
