package compose_test

import (
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/event/itip"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/wire/wbxml"
)

// vevent is an event with lines; what is between a VALARM's BEGIN and END stays together.
func vevent(lines ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:meet-1\r\nDTSTAMP:20260501T080000Z\r\nDTSTART:20260601T090000Z\r\nDTEND:20260601T100000Z\r\n" + strings.Join(lines, "\r\n") +
		"\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

func forward(id, source, people, more string) string {
	return `<SmartForward xmlns="ComposeMail"><ClientId>` + id + "</ClientId><Source>" + source + "</Source>" + more + people + "</SmartForward>"
}

func people(list ...string) string {
	var b strings.Builder
	for _, a := range list {
		b.WriteString("<Forwardee><Name>" + strings.SplitN(a, "@", 2)[0] + "</Name><Email>" + a + "</Email></Forwardee>")
	}
	return "<Forwardees>" + b.String() + "</Forwardees>"
}

// calendarOf is the calendar object of a message, and the message.
func (p *post) calendarOf(text string) (string, *mail.Envelope) {
	p.Helper()
	e, _, _ := p.text(text)
	ics, err := e.Calendar(tandem.Bytes(text))
	p.Must(err)
	return string(ics), e
}

// TestForwardEvent: an event is forwarded to people who were not invited, as the invitation that it is, without what is its owner's alone, once however often it is asked for. MS-ASCMD 2.2.1.19,
// RFC 5546 3.2.2.6
func TestForwardEvent(t *testing.T) {
	p := newPost(t)
	ids := p.Put("ann", tandem.Event, vevent("SUMMARY:Plan für Juni", "ORGANIZER:mailto:zoe@elsewhere.test", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@example.org", "X-TANDEM-STAMP:1"))
	body := "<airsyncbase:Body><airsyncbase:Type>1</airsyncbase:Type><airsyncbase:Data>Come along,\nwill you?</airsyncbase:Data></airsyncbase:Body>"
	folder := strings.SplitN(ids[0], ":", 2)[0]
	for range 2 {
		if st := p.do(p.svc.SmartForward, "SmartForward", forward("1", "<FolderId>"+folder+"</FolderId><ItemId>"+ids[0]+"</ItemId>", people("bob@example.org", "ann@example.org"), body)); st != "" {
			t.Fatalf("answered %s", st)
		}
	}
	in := p.folder("bob", mailbox.Inbox)
	if len(in) != 1 || len(p.folder("ann", mailbox.Inbox)) != 1 || len(p.folder("ann", mailbox.Sent)) != 1 {
		t.Fatalf("bob has %q", in)
	}
	ics, e := p.calendarOf(in[0])
	letter, err := itip.Open([]byte(ics))
	if err != nil || letter.Method != "REQUEST" || letter.Organizer.Address != "zoe@elsewhere.test" || len(letter.Attendees) != 1 || letter.Attendees[0].Address != "ann@example.org" {
		t.Errorf("%+v, %v: %s", letter, err, ics)
	}
	for _, own := range []string{"VALARM", "X-TANDEM"} {
		if strings.Contains(ics, own) {
			t.Errorf("it tells %s: %s", own, ics)
		}
	}
	if _, text, _ := p.text(in[0]); e.Subject != "Fwd: Plan für Juni" || !strings.HasPrefix(text, "Come along,\nwill you?") || e.Class != mail.Meeting || e.From[0].Email != "ann@example.org" || len(e.To) != 2 || e.To[0].Name != "bob" {
		t.Errorf("%q %+v", text, e)
	}
	if st := p.do(p.svc.SmartForward, "SmartForward", forward("1", "<LongId>"+ids[0]+"</LongId>", people("bob@example.org"), "")); st != "" {
		t.Error(st)
	}
	if in := p.folder("bob", mailbox.Inbox); len(in) != 2 {
		t.Errorf("another forward with an old ClientId: %d messages", len(in))
	}
	p.Valid()
}

// TestForwardInstance: of a series one instance is forwarded alone; an appointment without others is published.
func TestForwardInstance(t *testing.T) {
	p := newPost(t)
	ids := p.Put("ann", tandem.Event, vevent("SUMMARY:Daily", "ORGANIZER:mailto:zoe@elsewhere.test", "ATTENDEE:mailto:ann@example.org", "RRULE:FREQ=DAILY;COUNT=5"), strings.ReplaceAll(vevent("SUMMARY:Mine"), "meet-1", "own-1"))
	html := "<airsyncbase:Body><airsyncbase:Type>2</airsyncbase:Type><airsyncbase:Data>&lt;p&gt;See &lt;b&gt;this&lt;/b&gt;&lt;script&gt;x()&lt;/script&gt;&lt;/p&gt;</airsyncbase:Data></airsyncbase:Body>"
	if st := p.do(p.svc.SmartForward, "SmartForward", forward("1", "<ItemId>"+ids[0]+"</ItemId><InstanceId>2026-06-03T09:00:00.000Z</InstanceId>", people("bob@example.org"), html)); st != "" {
		t.Fatalf("answered %s", st)
	}
	if st := p.do(p.svc.SmartForward, "SmartForward", forward("2", "<ItemId>"+ids[1]+"</ItemId>", people("bob@example.org"), "")); st != "" {
		t.Fatalf("answered %s", st)
	}
	in := p.folder("bob", mailbox.Inbox)
	one, _ := p.calendarOf(in[0])
	if strings.Count(one, "BEGIN:VEVENT") != 1 || !strings.Contains(one, "RECURRENCE-ID:20260603T090000Z") || !strings.Contains(one, "DTSTART:20260603T090000Z") || strings.Contains(one, "RRULE") || !strings.Contains(one, "METHOD:REQUEST") {
		t.Errorf("the instance is %s", one)
	}
	if _, _, markup := p.text(in[0]); !strings.Contains(markup, "<b>this</b>") || strings.Contains(markup, "script") {
		t.Errorf("the text is %q", markup)
	}
	if own, _ := p.calendarOf(in[1]); !strings.Contains(own, "METHOD:PUBLISH") || !strings.Contains(own, "ORGANIZER:mailto:ann@example.org") {
		t.Errorf("published as %s", own)
	}
	if got := p.Bodies("ann", tandem.Event); strings.Contains(strings.Join(got, ""), "RECURRENCE-ID") || !strings.Contains(got[0], "VALARM") {
		t.Errorf("her events became %q", got)
	}
}

// TestForwardRefused: MS-ASCMD_R7467, R7468, R7470, R541, and what is no event.
func TestForwardRefused(t *testing.T) {
	p := newPost(t)
	ids := p.Put("ann", tandem.Event, vevent("SUMMARY:x"))
	task := p.Put("ann", tandem.Task, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:t\r\nSUMMARY:t\r\nEND:VTODO\r\nEND:VCALENDAR\r\n")
	message, _ := p.arrive()
	event, body := "<ItemId>"+ids[0]+"</ItemId>", "<airsyncbase:Body><airsyncbase:Type>1</airsyncbase:Type><airsyncbase:Data>x</airsyncbase:Data></airsyncbase:Body>"
	bob := people("bob@example.org")
	for name, c := range map[string]struct{ xml, status string }{
		"with a message":         {forward("1", event, bob, "<Mime>"+"eA=="+"</Mime>"), "178"},
		"text with a message":    {forward("1", event, "", body+"<Mime>eA==</Mime>"), "178"},
		"to be saved":            {forward("1", event, bob, "<SaveInSentItems/>"), "178"},
		"whole":                  {forward("1", event, bob, "<ReplaceMime/>"), "178"},
		"for nobody":             {forward("1", event, "<Forwardees/>", ""), "179"},
		"a text for nobody":      {forward("1", event, "", body), "179"},
		"for no address":         {forward("1", event, people("bob"), ""), "179"},
		"for a header":           {forward("1", event, people("bob@example.org&#13;&#10;Bcc: eve@example.org"), ""), "179"},
		"an odd text":            {forward("1", event, bob, strings.Replace(body, ">1<", ">4<", 1)), "179"},
		"without a name":         {forward("", event, bob, ""), "103"},
		"without a source":       {forward("1", "", bob, ""), "103"},
		"another account":        {forward("1", event, bob, "<AccountId>x</AccountId>"), "166"},
		"of a message":           {strings.Replace(forward("1", "", bob, ""), "<Source></Source>", message, 1), "150"},
		"of a task":              {forward("1", "<ItemId>"+task[0]+"</ItemId>", bob, ""), "150"},
		"of nothing":             {forward("1", "<ItemId>1:99999</ItemId>", bob, ""), "150"},
		"of another folder":      {forward("1", "<FolderId>999</FolderId>"+event, bob, ""), "150"},
		"an instance of nothing": {forward("1", event+"<InstanceId>2026-06-03T09:00:00.000Z</InstanceId>", bob, ""), "146"},
		"no instance":            {forward("1", event+"<InstanceId>soon</InstanceId>", bob, ""), "104"},
	} {
		r := p.Request("ann", "SmartForward", p.XML(c.xml))
		resp, err := p.svc.SmartForward(t.Context(), r)
		p.Must(err)
		if got := resp.Body.Get(wbxml.ComposeMailStatus); got != c.status {
			t.Errorf("%s: status %q, want %s", name, got, c.status)
		}
	}
	if in := p.folder("bob", mailbox.Inbox); len(in) != 0 {
		t.Errorf("bob has %q", in)
	}
	p.Version = eas.V141 // Forwardees are not known there: a message is missing
	resp, err := p.svc.SmartForward(t.Context(), p.Request("ann", "SmartForward", p.XML(forward("1", event, bob, ""))))
	p.Must(err)
	if got := resp.Body.Get(wbxml.ComposeMailStatus); got != "103" {
		t.Errorf("at 14.1: status %s", got)
	}
}
