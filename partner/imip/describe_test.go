package imip

import (
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/event/itip"
	"tandem/kind/mail"
	"tandem/store"
)

func message(m itip.Method, lines ...string) itip.Message {
	body := "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:" + string(m) + "\nBEGIN:VEVENT\nUID:u1\nDTSTAMP:20300101T000000Z\n" + strings.Join(lines, "\n") +
		"\nORGANIZER;CN=Ann:mailto:ann@x.org\nATTENDEE;CN=\"Zoë Ö\";PARTSTAT=TENTATIVE:mailto:zoe@y.org\nEND:VEVENT\nEND:VCALENDAR\n"
	return itip.Message{Method: m, UID: "u1", From: "ann@x.org", To: "zoe@y.org", Body: []byte(strings.ReplaceAll(body, "\n", "\r\n"))}
}

// TestTexts: what people read who have no calendar.
func TestTexts(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	answer := message(itip.Reply, "DTSTART:20300304T100000Z", "SUMMARY:Talk", "COMMENT:See you")
	answer.From, answer.To = "zoe@y.org", "ann@x.org"
	for name, c := range map[string]struct {
		m       itip.Message
		subject string
		want    []string
	}{
		"UTC":      {message(itip.Request, "DTSTART:20300304T100000Z", "DTEND:20300304T113000Z", "SUMMARY:Talk"), "Invitation: Talk", []string{"Ann invites you.", "Mon, 4 Mar 2030 11:00 to 12:30 (CET)"}},
		"a zone":   {message(itip.Request, "DTSTART;TZID=America/New_York:20300304T100000", "DURATION:PT1H", "SUMMARY:Talk", "SEQUENCE:2"), "Updated invitation: Talk", []string{"as it is now", "10:00 to 11:00 (America/New_York)"}},
		"nowhere":  {message(itip.Request, "DTSTART:20300304T100000", "SUMMARY:Talk"), "Invitation: Talk", []string{"Mon, 4 Mar 2030 10:00\n"}},
		"a day":    {message(itip.Request, "DTSTART;VALUE=DATE:20300304", "DTEND;VALUE=DATE:20300305", "SUMMARY:Off"), "Invitation: Off", []string{"When:      Mon, 4 Mar 2030\n"}},
		"days":     {message(itip.Request, "DTSTART;VALUE=DATE:20300304", "DTEND;VALUE=DATE:20300307"), "Invitation: a meeting", []string{"Mon, 4 Mar 2030 to Wed, 6 Mar 2030\n"}},
		"at night": {message(itip.Request, "DTSTART:20300304T220000Z", "DTEND:20300305T010000Z"), "Invitation: a meeting", []string{"23:00 to Tue, 5 Mar 2030 02:00 (CET)"}},
		"weekly":   {message(itip.Request, "DTSTART:20300304T100000Z", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;UNTIL=20300601T000000Z"), "Invitation: a meeting", []string{", every 2 weeks on Monday, Wednesday, until 1 Jun 2030"}},
		"monthly":  {message(itip.Request, "DTSTART:20300304T100000Z", "RRULE:FREQ=MONTHLY;BYDAY=1MO;COUNT=3"), "Invitation: a meeting", []string{", every month\n"}},
		"nonsense": {message(itip.Request, "DTSTART:20300304T100000Z", "RRULE:FREQ=NEVER"), "Invitation: a meeting", []string{", repeated\n"}},
		"off":      {message(itip.Cancel, "DTSTART:20300304T100000Z", "SUMMARY:Talk", "DESCRIPTION:secret"), "Cancelled: Talk", []string{"Ann calls this off.", "!secret"}},
		"answer":   {answer, "Tentative: Talk", []string{"Zoë Ö may come.", "See you", "!Organizer"}},
		"proposal": {message(itip.Counter, "DTSTART:20300304T100000Z", "SUMMARY:Talk"), "New time proposed: Talk", []string{"proposes another time"}},
	} {
		raw, err := compose(store.User{Name: "ann", Title: "Ann", Address: "ann@x.org"}, c.m, "k", time.Unix(0, 0), berlin)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		e, text, _, err := mail.Read(tandem.Bytes(raw))
		if err != nil || e.Subject != c.subject || e.Method != string(c.m.Method) {
			t.Errorf("%s: %q %q %v", name, e.Subject, e.Method, err)
		}
		for _, p := range c.want {
			if not, is := strings.CutPrefix(p, "!"); is == strings.Contains(text, not) {
				t.Errorf("%s: %q in\n%s", name, p, text)
			}
		}
	}
	many := message(itip.Cancel, strings.Repeat("DTSTART:20300304T100000Z\nEND:VEVENT\nBEGIN:VEVENT\nUID:u1\n", 30), "SUMMARY:"+strings.Repeat("long ", 200))
	raw, err := compose(store.User{Name: "ann", Address: "ann@x.org"}, many, "k", time.Unix(0, 0), time.UTC)
	if err != nil || strings.Count(string(raw), "When:") > mostTimes+1 {
		t.Errorf("%v\n%s", err, raw)
	}
	if _, err := compose(store.User{}, itip.Message{Body: []byte("x")}, "k", time.Unix(0, 0), time.UTC); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("nonsense: %v", err)
	}
}

// TestKeys: two messages that were written at different moments are two; what a program answers is one a day.
func TestKeys(t *testing.T) {
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	a, b := message(itip.Request, "SUMMARY:x"), message(itip.Request, "SUMMARY:x")
	b.Body = []byte(strings.Replace(string(b.Body), "20300101T000000Z", "20300102T000000Z", 1))
	if keyOf(a, now) == keyOf(b, now) || keyOf(a, now) != keyOf(a, now.AddDate(0, 0, 1)) {
		t.Error("a person's message")
	}
	a.Auto, b.Auto = true, true
	if keyOf(a, now) != keyOf(b, now) || keyOf(a, now) == keyOf(a, now.AddDate(0, 0, 1)) {
		t.Error("a program's message")
	}
	b.To = "yan@y.org"
	if keyOf(a, now) == keyOf(b, now) {
		t.Error("to another")
	}
}
