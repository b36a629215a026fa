package itip

import (
	"strings"
	"testing"

	"tandem"
)

// TestOpen: what a message says of itself, and which are left alone. RFC 5546 3.2
func TestOpen(t *testing.T) {
	sentBy := strings.Replace(anna, "ORGANIZER;", `ORGANIZER;SENT-BY="mailto:Dora@x.org";`, 1)
	l, err := Open(message(Request, vevent(at10, sentBy, ben, carl), vevent(moved, sentBy, ben)))
	if err != nil || l.Method != Request || l.UID != "u1" || l.Organizer != (Party{"anna@x.org", "dora@x.org"}) || len(l.Attendees) != 2 {
		t.Errorf("%+v, %v", l, err)
	}
	if !l.Organizer.Is("DORA@x.org") || !l.Organizer.Is("anna@x.org") || l.Organizer.Is("") || l.Organizer.Is("ben@x.org") {
		t.Error("who acts for the organizer")
	}
	for why, text := range map[string]string{
		"several events":     string(message(Request, vevent(at10, anna, ben), strings.Replace(vevent(at10, anna, ben), "u1", "u2", 1))),
		"several organizers": string(message(Request, vevent(at10, anna, ben), vevent(moved, "ORGANIZER:mailto:eve@x.org", ben))),
		"several calendars":  string(message(Request, vevent(at10, anna, ben))) + string(message(Request, vevent(at10, anna, ben))),
		"no event":           string(message(Request)),
		"no name":            strings.Replace(string(message(Request, vevent(at10, anna, ben))), "UID:u1\r\n", "", 1),
		"no organizer":       string(message(Request, vevent(at10, ben))),
		"too many instances": string(message(Request, strings.Repeat(vevent(at10, anna, ben), mostComponents+1))),
		"":                   "nonsense",
	} {
		if _, err := Open([]byte(text)); !tandem.IsKind(err, tandem.Invalid) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", why, err)
		}
	}
	many := make([]string, 0, mostComponents+10)
	for i := range mostComponents + 10 {
		many = append(many, "ATTENDEE:mailto:p"+strings.Repeat("x", i%50)+string(rune('a'+i%26))+strings.Repeat("y", i/50)+"@x.org")
	}
	if l, err := Open(message(Request, vevent(append(many, at10, anna)...))); err != nil || len(l.Attendees) > mostComponents {
		t.Errorf("%d attendees, %v", len(l.Attendees), err)
	}
}

// TestInvite: who is not named in an invitation is invited by it, once.
func TestInvite(t *testing.T) {
	out := message(Request, vevent(at10, anna, carl), vevent(moved, anna, carl))
	for range 2 {
		var err error
		if out, err = Invite(out, "ben@x.org"); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(string(out), "PARTSTAT=NEEDS-ACTION:mailto:ben@x.org"); n != 2 {
		t.Errorf("%d times in\n%s", n, out)
	}
	if _, err := Invite([]byte("x"), "ben@x.org"); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("nonsense: %v", err)
	}
	if o, all := Parties([]byte("x")); o != (Party{}) || all != nil {
		t.Errorf("of nonsense: %v %v", o, all)
	}
	if got := Title(out); got != "Talk" {
		t.Errorf("title %q", got)
	}
}

// TestPropose: another time that an attendee proposes, in the zone of the event, with the answer in it; the organizer's event takes the answer alone. RFC 5546 3.2.7
func TestPropose(t *testing.T) {
	series := body(vevent(at10, weekly, anna, me, ben))
	said0 := func(event []byte, pairs ...string) []byte {
		return []byte(strings.NewReplacer(pairs...).Replace(string(event)))
	}
	const from, to = 1773068400, 1773072000 // 2026-03-09T15:00:00Z
	for name, c := range map[string]struct {
		now  []byte
		want []string
	}{
		"all": {said0(series, "PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ben", "PARTSTAT=TENTATIVE:mailto:ben"), []string{"DTSTART:20260309T150000Z", "DTEND:20260309T160000Z", "RRULE", "!RECURRENCE-ID"}},
		"an instance": {body(vevent(at10, weekly, anna, me, ben), vevent(second, anna, me, said(ben, "TENTATIVE"))),
			[]string{"DTSTART:20260309T150000Z", "RECURRENCE-ID:20260316T100000Z", "!RRULE"}},
	} {
		d := desk("ben", 5)
		sent, err := d.Answered(series, c.now, "later?")
		if err != nil || len(sent.Messages) != 1 {
			t.Fatalf("%s: %v, %v", name, sent.Messages, err)
		}
		m, err := d.Propose(sent.Body, sent.Messages[0], from, to)
		if err != nil || m.Method != Counter || m.To != "anna@x.org" {
			t.Fatalf("%s: %+v, %v", name, m, err)
		}
		text := strings.ReplaceAll(string(m.Body), "\r\n ", "")
		for _, p := range append(c.want, "METHOD:COUNTER", "PARTSTAT=TENTATIVE", "COMMENT:later?", "!PARTSTAT=ACCEPTED") {
			if not, is := strings.CutPrefix(p, "!"); is == strings.Contains(text, not) {
				t.Errorf("%s: %q in\n%s", name, p, text)
			}
		}
		got, err := desk("anna", 6).Receive(series, m.Body)
		if err != nil || got.Ignored != "" || !strings.Contains(string(got.Body), "PARTSTAT=TENTATIVE") || strings.Contains(string(got.Body), "DTSTART:20260309T150000Z") {
			t.Errorf("%s: hers %v %q\n%s", name, err, got.Ignored, got.Body)
		}
	}
	if got, err := desk("anna", 6).Receive(nil, message(Counter, vevent(at14, anna, ben))); err != nil || got.Ignored == "" {
		t.Errorf("to nothing: %+v, %v", got, err)
	}
	stale := message(Counter, vevent(at14, anna, said(ben, "TENTATIVE")))
	if got, err := desk("anna", 6).Receive(body(vevent(at10, "SEQUENCE:3", anna, me, ben)), stale); err != nil || got.Body != nil {
		t.Errorf("to an earlier time: %+v, %v", got, err)
	}
}

// FuzzLetter: nothing that comes by mail makes the reader panic, and what is opened can be read on.
func FuzzLetter(f *testing.F) {
	f.Add(message(Request, vevent(at10, anna, ben)))
	f.Add(message(Counter, vevent(moved, anna, said(ben, "DECLINED"))))
	f.Add([]byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"))
	event := body(vevent(at10, weekly, anna, me, ben))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := Open(data)
		if err != nil {
			return
		}
		if l.UID == "" || l.Organizer.Address == "" {
			t.Errorf("%+v", l)
		}
		Parties(data)
		Title(data)
		if _, err := Invite(data, "zoe@x.org"); err != nil {
			t.Error(err)
		}
		d := desk("anna", 0)
		_, _ = d.Receive(event, data)
		_, _ = desk("ben", 0).Propose(event, Message{Body: data}, 1, 2)
	})
}
