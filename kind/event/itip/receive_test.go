package itip

import (
	"bytes"
	"strings"
	"testing"
)

// TestReceive: what each sort of message does to an event. RFC 5546 3.2
func TestReceive(t *testing.T) {
	stamp := func(s string) string { return "DTSTAMP:" + s }
	ev := func(lines ...string) string {
		out := vevent(lines...)
		if strings.Count(out, "DTSTAMP") > 1 {
			out = strings.Replace(out, "DTSTAMP:20260301T000000Z\n", "", 1)
		}
		return out
	}
	mine := said(ben, "ACCEPTED")
	alarm := "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM"
	stamped := strings.Replace(anna, "ORGANIZER", "ORGANIZER;X-TANDEM-STAMP=20260302T120000Z", 1)
	whole := func(lines ...string) string {
		return ev(append([]string{at10, weekly, anna, me}, lines...)...)
	}
	for name, c := range map[string]struct {
		who     string
		have    []byte
		message []byte
		ignored string
		stored  []string // nil: nothing is to be stored
	}{
		"invited":     {"ben", nil, message(Request, ev(at10, anna, me, ben, alarm)), "", []string{"!METHOD", "PARTSTAT=NEEDS-ACTION", "X-TANDEM-STAMP=20260301T000000Z", "!VALARM"}},
		"not invited": {"carl", nil, message(Request, ev(at10, anna, me, ben)), "does not invite", nil},
		"described": {"ben", body(ev(at10, anna, me, mine, alarm, "TRANSP:TRANSPARENT", "X-MINE:1", "CATEGORIES:Fun")),
			message(Request, ev(at10, "LOCATION:Hall", anna, me, ben, "TRANSP:OPAQUE", "X-THEIRS:1", "CATEGORIES:Work")), "",
			[]string{"PRODID:test", "LOCATION:Hall", "PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:ben", "VALARM", "TRANSP:TRANSPARENT", "!OPAQUE", "X-MINE:1", "X-THEIRS:1", "CATEGORIES:Fun", "!Work"}},
		"moved": {"ben", body(ev(at10, anna, me, mine, alarm)), message(Request, ev(at14, "SEQUENCE:1", anna, me, ben)), "",
			[]string{"T140000Z", "PARTSTAT=NEEDS-ACTION", "VALARM", "SEQUENCE:1"}},
		"moved, not asked": {"ben", body(ev(at10, anna, me, mine)), message(Request, ev(at14, "SEQUENCE:1", anna, me, mine)), "", []string{"T140000Z", "PARTSTAT=ACCEPTED"}},
		"older number":     {"ben", body(ev(at14, "SEQUENCE:2", anna, me, mine)), message(Request, ev(at10, "SEQUENCE:1", anna, me, ben)), "older", nil},
		"older stamp":      {"ben", body(ev(at14, stamped, me, mine)), message(Request, ev(at10, anna, me, ben)), "older", nil},
		"same stamp":       {"ben", body(ev(at14, stamped, me, mine)), message(Request, ev(at14, stamp("20260302T120000Z"), "LOCATION:Hall", anna, me, ben)), "", []string{"Hall"}},
		"of another":       {"ben", body(ev(at14, anna, me, mine)), message(Request, ev(at10, "SEQUENCE:5", strings.ReplaceAll(anna, "anna", "eve"), ben)), "another", nil},
		"of oneself":       {"anna", body(ev(at14, anna, me, ben)), message(Request, ev(at10, "SEQUENCE:5", strings.ReplaceAll(anna, "anna@", "eve@"), me)), "organizes", nil},
		"one instance of the series": {"ben", body(whole(mine, alarm)), message(Request, ev(moved, "SEQUENCE:1", anna, me, ben)), "",
			[]string{"RRULE", "T150000Z", "PARTSTAT=ACCEPTED;RSVP", "PARTSTAT=NEEDS-ACTION"}},
		"an instance again":                     {"ben", body(whole(mine, "EXDATE:20260316T100000Z,20260323T100000Z")), message(Request, ev(second, "SEQUENCE:1", anna, me, ben)), "", []string{"EXDATE:20260323T100000Z\n", "RECURRENCE-ID:20260316"}},
		"series of which an instance was known": {"ben", body(ev(second, anna, me, mine)), message(Request, whole(ben), ev(second, anna, me, ben)), "", []string{"RRULE"}},
		"override gone":                         {"ben", body(whole(mine), ev(moved, anna, me, ben)), message(Request, whole(ben)), "", []string{"!RECURRENCE-ID", "PARTSTAT=ACCEPTED"}},
		"own override stays":                    {"ben", body(whole(mine), ev(second, anna, me, mine, alarm)), message(Request, whole(ben, "LOCATION:Hall")), "", []string{"RECURRENCE-ID", "VALARM", "LOCATION:Hall\nRECURRENCE-ID"}},
		"declined by exdate":                    {"ben", body(whole(mine, "EXDATE:20260316T100000Z")), message(Request, whole(ben, "LOCATION:Hall"), ev(second, anna, me, said(ben, "DECLINED"))), "", []string{"EXDATE:20260316T100000Z", "!RECURRENCE-ID", "Hall"}},

		"accepted":                {"anna", body(ev(at10, anna, me, ben, carl)), message(Reply, ev(at10, anna, said(ben, "ACCEPTED"))), "", []string{"PARTSTAT=ACCEPTED;RSVP=TRUE;SCHEDULE-STATUS=2.0;X-TANDEM-STAMP=20260301T000000Z:mailto:ben", "NEEDS-ACTION;RSVP=TRUE:mailto:carl"}},
		"stranger's answer":       {"anna", body(ev(at10, anna, me, carl)), message(Reply, ev(at10, anna, said(ben, "ACCEPTED"))), "not invited", nil},
		"answer to the past":      {"anna", body(ev(at14, "SEQUENCE:1", anna, me, ben)), message(Reply, ev(at10, anna, said(ben, "ACCEPTED"))), "older", nil},
		"answer to an old number": {"anna", body(ev(at10, "SEQUENCE:1", anna, me, ben)), message(Reply, ev(at10, anna, said(ben, "ACCEPTED"))), "", []string{"PARTSTAT=ACCEPTED;RSVP"}},
		"older answer":            {"anna", body(ev(at10, anna, me, strings.Replace(ben, "RSVP", "X-TANDEM-STAMP=20260302T000000Z;RSVP", 1))), message(Reply, ev(at10, anna, said(ben, "ACCEPTED"))), "older", nil},
		"answer to nothing":       {"anna", nil, message(Reply, ev(at10, anna, said(ben, "ACCEPTED"))), "no event", nil},
		"instance declined":       {"anna", body(whole(said(ben, "ACCEPTED"))), message(Reply, ev(second, anna, said(ben, "DECLINED"))), "", []string{"RECURRENCE-ID:20260316T100000Z", "DTEND:20260316T110000Z", "PARTSTAT=DECLINED", "PARTSTAT=ACCEPTED;RSVP"}},
		"instance as series":      {"anna", body(whole(said(ben, "ACCEPTED"))), message(Reply, ev(second, anna, said(ben, "ACCEPTED"))), "", nil},
		"instance not there":      {"anna", body(whole(ben, "EXDATE:20260316T100000Z")), message(Reply, ev(second, anna, said(ben, "DECLINED"))), "not there", nil},
		"moved instance":          {"anna", body(whole(ben), ev(moved, anna, me, ben)), message(Reply, ev(moved, anna, said(ben, "TENTATIVE"))), "", []string{"PARTSTAT=TENTATIVE", "PARTSTAT=NEEDS-ACTION"}},
		"series and instances":    {"anna", body(whole(ben), ev(moved, anna, me, ben)), message(Reply, ev(at10, anna, said(ben, "ACCEPTED"))), "", []string{"!NEEDS-ACTION"}},
		"but for a newer one":     {"anna", body(whole(ben), ev(moved, "SEQUENCE:1", anna, me, ben)), message(Reply, ev(at10, anna, said(ben, "ACCEPTED"))), "", []string{"NEEDS-ACTION", "PARTSTAT=ACCEPTED;RSVP"}},
		"delegated": {"anna", body(ev(at10, anna, me, ben)), message(Reply, ev(at10, anna, "ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM=\"mailto:ben@x.org\":mailto:dora@x.org")), "",
			[]string{"mailto:dora@x.org"}},

		"called off":          {"ben", body(whole(mine), ev(moved, anna, me, mine)), message(Cancel, ev(at10, weekly, "SEQUENCE:1", anna, ben, "STATUS:CANCELLED")), "", []string{"STATUS:CANCELLED\nSEQUENCE:1", "!SEQUENCE:0"}},
		"called off long ago": {"ben", body(ev(at10, "SEQUENCE:3", anna, me, mine)), message(Cancel, ev(at10, "SEQUENCE:1", anna, ben)), "older", nil},
		"nothing called off":  {"ben", nil, message(Cancel, ev(at10, "SEQUENCE:1", anna, ben)), "no event", nil},
		"instance called off": {"ben", body(whole(mine), ev(moved, anna, me, mine)), message(Cancel, ev(moved, "SEQUENCE:1", anna, ben)), "", []string{"EXDATE:20260316T100000Z", "!RECURRENCE-ID", "!CANCELLED"}},
		"only instance off":   {"ben", body(ev(second, anna, me, mine)), message(Cancel, ev(second, "SEQUENCE:1", anna, ben)), "", []string{"STATUS:CANCELLED"}},
		"instance not held":   {"ben", body(whole(mine)), message(Cancel, ev(strings.ReplaceAll(second, "20260316", "20260317"), anna, ben)), "not there", nil},
		"called again":        {"ben", body(ev(at10, "SEQUENCE:1", "STATUS:CANCELLED", stamped, me, mine)), message(Request, ev(at10, stamp("20260302T120500Z"), anna, me, ben)), "", []string{"!CANCELLED", "NEEDS-ACTION"}},

		"added": {"ben", body(whole(mine)), message(Add, ev(strings.ReplaceAll(at10, "20260309", "20260310"), "SEQUENCE:1", anna, me, ben)), "",
			[]string{"RDATE:20260310T100000Z", "RECURRENCE-ID:20260310T100000Z", "PARTSTAT=NEEDS-ACTION", "PARTSTAT=ACCEPTED;RSVP"}},
		"added to nothing":  {"ben", nil, message(Add, ev(at10, anna, me, ben)), "not there", nil},
		"other proposal":    {"anna", body(ev(at10, anna, me, ben)), message(Counter, ev(at14, anna, ben)), "person to read", nil},
		"proposal declined": {"ben", body(ev(at10, anna, me, ben)), message(DeclineCounter, ev(at14, anna, ben)), "person to read", nil},
		"published":         {"ben", nil, message(Publish, ev(at14, anna)), "person to read", nil},
		"no method":         {"ben", nil, body(ev(at14, anna)), "no method", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := desk(c.who, 0)
			got := must[Received](t)(d.Receive(c.have, c.message))
			if c.ignored == "" && got.Ignored != "" || !strings.Contains(got.Ignored, c.ignored) || (got.Body != nil) != (c.stored != nil) {
				t.Fatalf("ignored %q, stored:\n%s", got.Ignored, got.Body)
			}
			has(t, "stored", got.Body, c.stored...)
			if got.Body == nil {
				return
			}
			has(t, "stored", got.Body, "!METHOD")
			again := must[Received](t)(d.Receive(got.Body, c.message))
			if again.Body != nil {
				t.Errorf("a second time: %q\n%s\nbefore\n%s", again.Ignored, again.Body, got.Body)
			}
			if _, err := (Handler{}).Inspect(got.Body); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRefresh: who asks is answered with the event as it is for them. RFC 5546 3.2.6
func TestRefresh(t *testing.T) {
	have := body(vevent(at10, weekly, anna, me, ben), vevent(second, anna, me, carl))
	got := must[Received](t)(desk("anna", 0).Receive(have, message(Refresh, vevent(anna, ben))))
	if told(got.Messages) != "REQUEST ben" || got.Body != nil {
		t.Fatalf("%+v", got)
	}
	has(t, "answer", got.Messages[0].Body, "EXDATE:20260316T100000Z", "!carl")
	if got := must[Received](t)(desk("anna", 0).Receive(have, message(Refresh, vevent(anna, said(strings.ReplaceAll(ben, "ben", "eve"), "X"))))); len(got.Messages) != 0 || got.Ignored == "" {
		t.Errorf("%+v", got)
	}
}

// TestWholeWay: a meeting from the invitation to its end, through both calendars.
func TestWholeWay(t *testing.T) {
	clock := int64(0)
	hers, his := body(vevent(at10, weekly, anna, me, ben)), []byte(nil)
	send := func(from, to string, list []Message, have *[]byte) {
		t.Helper()
		for _, m := range list {
			if !strings.HasPrefix(m.To, to) || !strings.HasPrefix(m.From, from) {
				t.Errorf("from %s to %s", m.From, m.To)
			}
			if got := must[Received](t)(desk(to, clock).Receive(*have, m.Body)); got.Body != nil {
				*have = got.Body
			} else if got.Ignored != "" {
				t.Errorf("ignored: %s", got.Ignored)
			}
		}
		clock++
	}
	organize := func(new []byte) {
		t.Helper()
		s := must[Sent](t)(desk("anna", clock).Organized(hers, new))
		hers = s.Body
		send("anna", "ben", s.Messages, &his)
	}
	answer := func(new []byte, comment string) {
		t.Helper()
		if err := desk("ben", clock).Allowed(his, new); err != nil {
			t.Error(err)
		}
		s := must[Sent](t)(desk("ben", clock).Answered(his, new, comment))
		his = s.Body
		send("ben", "anna", s.Messages, &hers)
	}
	edit := func(b []byte, old, new string) []byte {
		t.Helper()
		out := bytes.Replace(b, []byte(old), []byte(new), 1)
		if bytes.Equal(out, b) {
			t.Fatalf("no %q in\n%s", old, b)
		}
		return out
	}
	first := must[Sent](t)(desk("anna", clock).Organized(nil, hers))
	send("anna", "ben", first.Messages, &his)
	has(t, "his", his, "RRULE", "PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ben")

	answer(edit(his, "PARTSTAT=NEEDS-ACTION", "PARTSTAT=ACCEPTED"), "Fine")
	has(t, "hers", hers, "PARTSTAT=ACCEPTED;RSVP=TRUE;SCHEDULE-STATUS=2.0")
	tag := desk("anna", 0).Tag(hers)

	answer(edit(his, "SUMMARY:Talk", "SUMMARY:Talk\r\nEXDATE:20260316T100000Z"), "")
	has(t, "hers", hers, "RECURRENCE-ID:20260316T100000Z", "PARTSTAT=DECLINED")
	if desk("anna", 0).Tag(hers) != tag {
		t.Error("an answer changed the tag")
	}

	organize(edit(hers, "SUMMARY:Talk", "LOCATION:Hall\r\nSUMMARY:Talk"))
	has(t, "his", his, "LOCATION:Hall", "EXDATE:20260316T100000Z", "PARTSTAT=ACCEPTED", "!RECURRENCE-ID")

	organize(edit(hers, "RRULE:FREQ=WEEKLY;COUNT=5", "RRULE:FREQ=WEEKLY;COUNT=5\r\nEXDATE:20260323T100000Z"))
	has(t, "his", his, "EXDATE:20260323T100000Z", "EXDATE:20260316T100000Z", "PARTSTAT=ACCEPTED")

	organize(edit(hers, "DTSTART:20260309T100000Z", "DTSTART:20260309T090000Z"))
	has(t, "his", his, "DTSTART:20260309T090000Z", "PARTSTAT=NEEDS-ACTION", "SEQUENCE:2")

	organize(nil)
	has(t, "his", his, "STATUS:CANCELLED")
	answer(nil, "")
	if hers != nil || his != nil {
		t.Errorf("left: %s\n%s", hers, his)
	}
}
