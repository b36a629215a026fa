package itip

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"tandem"
)

// TestAnswered: what an attendee's change says to the organizer. RFC 6638 3.2.2
func TestAnswered(t *testing.T) {
	one := func(lines ...string) []byte { return body(vevent(append([]string{at10, anna, me}, lines...)...)) }
	all := func(lines ...string) string { return vevent(append([]string{at10, weekly, anna, me}, lines...)...) }
	yes, no := said(ben, "ACCEPTED"), said(ben, "DECLINED")
	client := strings.Replace(anna, "ORGANIZER", "ORGANIZER;SCHEDULE-AGENT=CLIENT", 1)
	for name, c := range map[string]struct {
		old, new []byte
		comment  string
		parts    []string // of the message; nil: there is none
		stored   []string
	}{
		"invited":            {nil, one(ben), "", nil, nil},
		"answered elsewhere": {nil, one(yes), "", []string{"METHOD:REPLY", "PARTSTAT=ACCEPTED:mailto:ben", "REQUEST-STATUS:2.0;Success"}, nil},
		"accepted":           {one(ben), one(yes), "With pleasure", []string{"PARTSTAT=ACCEPTED:mailto:ben", "COMMENT:With pleasure", "!PARTSTAT=ACCEPTED:mailto:anna", "DTSTART"}, nil},
		"own alarm":          {one(yes), one(yes, "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM"), "", nil, nil},
		"forced":             {one(yes), body(vevent(at10, strings.Replace(anna, "ORGANIZER", "ORGANIZER;SCHEDULE-FORCE-SEND=REPLY", 1), me, yes)), "", []string{"PARTSTAT=ACCEPTED"}, []string{"!FORCE"}},
		"own client sends":   {body(vevent(at10, client, me, ben)), body(vevent(at10, client, me, yes)), "", nil, nil},
		"deleted":            {one(yes), nil, "", []string{"PARTSTAT=DECLINED"}, nil},
		"deleted unanswered": {one(ben), nil, "", []string{"PARTSTAT=DECLINED"}, nil},
		"deleted, declined":  {one(no), nil, "", nil, nil},
		"deleted, cancelled": {one(yes, "STATUS:CANCELLED"), nil, "", nil, nil},
		"left":               {one(yes), one(), "", []string{"PARTSTAT=DECLINED"}, nil},
		"count raised":       {one(yes), one(yes, "SEQUENCE:4"), "", nil, []string{"SEQUENCE:0"}},
		"comment":            {one(ben, "COMMENT:Hers"), one(yes, "COMMENT:Hers", "COMMENT:His"), "", []string{"COMMENT:His", "!COMMENT:Hers"}, nil},
		"stamp left out":     {body(vevent(at10, strings.Replace(anna, "ORGANIZER", "ORGANIZER;X-TANDEM-STAMP=20260301T000000Z", 1), me, yes)), one(yes), "", nil, []string{"X-TANDEM-STAMP=20260301T000000Z"}},
		"series":             {body(all(ben), vevent(moved, anna, ben)), body(all(yes), vevent(moved, anna, yes)), "", []string{"RRULE", "RECURRENCE-ID", "!NEEDS-ACTION"}, nil},
		"one instance":       {body(all(yes)), body(all(yes), vevent(second, anna, me, said(ben, "TENTATIVE"))), "", []string{"!RRULE", "RECURRENCE-ID:20260316T100000Z", "PARTSTAT=TENTATIVE"}, nil},
		"one taken out":      {body(all(yes)), body(all(yes, "EXDATE:20260316T100000Z")), "", []string{"!RRULE", "RECURRENCE-ID:20260316T100000Z", "PARTSTAT=DECLINED"}, nil},
		"not one of it":      {body(all(yes)), body(all(yes, "EXDATE:20260317T100000Z")), "", nil, nil},
		"override taken out": {body(all(yes), vevent(moved, anna, yes)), body(all(yes, "EXDATE:20260316T100000Z")), "", []string{"RECURRENCE-ID:20260316T100000Z", "PARTSTAT=DECLINED"}, nil},
		"declined taken out": {body(all(yes), vevent(moved, anna, no)), body(all(yes, "EXDATE:20260316T100000Z")), "", nil, nil},
		"only instances":     {body(vevent(second, anna, ben)), body(vevent(second, anna, yes)), "", []string{"RECURRENCE-ID", "PARTSTAT=ACCEPTED"}, nil},
		"nobody's":           {nil, body(vevent(at10)), "", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := must[Sent](t)(desk("ben", 0).Answered(c.old, c.new, c.comment))
			want := ""
			if c.parts != nil {
				want = "REPLY anna"
			}
			if told(got.Messages) != want {
				t.Fatalf("told %q, want %q", told(got.Messages), want)
			}
			has(t, "stored", got.Body, c.stored...)
			if c.stored == nil && !bytes.Equal(got.Body, c.new) {
				t.Errorf("the body was rewritten:\n%s", got.Body)
			}
			for _, m := range got.Messages {
				has(t, "message", m.Body, append(c.parts, "!SCHEDULE-", "!X-TANDEM", "!VALARM", "!RSVP")...)
			}
		})
	}
}

// TestAllowed: what is not an attendee's or organizer's to change. RFC 6638 3.2.2.1, 3.2.4
func TestAllowed(t *testing.T) {
	all := func(lines ...string) string { return vevent(append([]string{at10, weekly, anna, me}, lines...)...) }
	was := body(all(ben, "LOCATION:Hall", "EXDATE:20260323T100000Z"), vevent(moved, anna, me, ben))
	edit := func(old, new string) []byte {
		out := strings.Replace(string(was), crlf(old), crlf(new), 1)
		if out == string(was) {
			t.Fatalf("no %q", old)
		}
		return []byte(out)
	}
	for name, c := range map[string]struct {
		who             string
		new             []byte
		condition, what string
	}{
		"the answer":      {"ben", edit("PARTSTAT=NEEDS", "PARTSTAT=X-NEEDS"), "", ""},
		"own things":      {"ben", edit("RRULE:", "TRANSP:TRANSPARENT\nX-A:1\nCATEGORIES:Fun\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM\nRRULE:"), "", ""},
		"spelling":        {"ben", edit("RRULE:FREQ=WEEKLY;COUNT=5", "RRULE:COUNT=5;FREQ=WEEKLY"), "", ""},
		"length":          {"ben", edit("DTEND:20260309T110000Z", "DURATION:PT1H"), "", ""},
		"exdate":          {"ben", edit("EXDATE:", "EXDATE:20260330T100000Z\nEXDATE:"), "", ""},
		"own instance":    {"ben", edit("END:VEVENT\n", "END:VEVENT\n"+strings.ReplaceAll(vevent(second, "LOCATION:Hall", anna, me, ben), "20260316", "20260330")), "", ""},
		"nothing left":    {"ben", nil, "", ""},
		"time":            {"ben", edit("DTSTART:20260309T10", "DTSTART:20260309T09"), AttendeeChange, "the time"},
		"title":           {"ben", edit("SUMMARY:Talk", "SUMMARY:Walk"), AttendeeChange, "SUMMARY"},
		"place":           {"ben", edit("LOCATION:Hall\n", ""), AttendeeChange, "LOCATION"},
		"rule":            {"ben", edit("COUNT=5", "COUNT=4"), AttendeeChange, "RRULE"},
		"dates":           {"ben", edit("EXDATE:", "RDATE:20260310T100000Z\nEXDATE:"), AttendeeChange, "RDATE"},
		"reinstated":      {"ben", edit("EXDATE:20260323T100000Z\n", ""), AttendeeChange, "EXDATE"},
		"guest":           {"ben", edit(ben, ben+"\n"+carl), AttendeeChange, "the attendee carl@x.org"},
		"guest out":       {"ben", edit(me+"\n", ""), AttendeeChange, "the attendee anna@x.org"},
		"oneself out":     {"ben", edit(ben+"\n", ""), AttendeeChange, "the attendee ben@x.org"},
		"status":          {"ben", edit("RRULE", "STATUS:CANCELLED\nRRULE"), AttendeeChange, "STATUS"},
		"organizer":       {"ben", []byte(strings.ReplaceAll(string(was), "ORGANIZER;CN=Anna:mailto:anna", "ORGANIZER;CN=Anna:mailto:eve")), AttendeeChange, "the ORGANIZER"},
		"instance's time": {"ben", edit("T150000Z", "T153000Z"), AttendeeChange, "the time of 20260316T100000Z"},
		"new instance":    {"ben", edit("END:VEVENT\n", "END:VEVENT\n"+strings.ReplaceAll(vevent(second, "LOCATION:Hall", anna, me, ben), "20260316", "20260331")), AttendeeChange, "the instance 20260331T100000Z"},
		"instance undone": {"ben", body(all(ben, "LOCATION:Hall", "EXDATE:20260323T100000Z")), AttendeeChange, "the instance 20260316T100000Z"},
		"series gone":     {"ben", body(vevent(moved, anna, me, ben)), AttendeeChange, "the series"},
		"her own":         {"anna", edit("SUMMARY:Talk", "SUMMARY:Walk"), "", ""},
		"handed over":     {"anna", []byte(strings.ReplaceAll(string(was), "ORGANIZER;CN=Anna:mailto:anna", "ORGANIZER;CN=Eve:mailto:eve")), OrganizerChange, "the ORGANIZER"},
		"two organizers":  {"anna", edit(anna, strings.ReplaceAll(anna, "anna", "eve")), SameOrganizer, "the ORGANIZER of one instance"},
	} {
		t.Run(name, func(t *testing.T) {
			err := desk(c.who, 0).Allowed(was, c.new)
			var r *Refused
			switch {
			case c.condition == "" && err != nil:
				t.Error(err)
			case c.condition == "":
			case !errors.As(err, &r) || !tandem.IsKind(err, tandem.Denied):
				t.Errorf("%v", err)
			case r.Condition != c.condition || r.What != c.what:
				t.Errorf("%+v", r)
			case !strings.Contains(err.Error(), "Talk") || !strings.Contains(err.Error(), c.what):
				t.Error(err)
			}
		})
	}
}

// TestTag: what changes the schedule tag, and what is kept of answers that came in under the same one. RFC 6638 3.2.10
func TestTag(t *testing.T) {
	all := func(lines ...string) string { return vevent(append([]string{at10, weekly, anna, me}, lines...)...) }
	was := body(all(ben))
	tag := desk("anna", 0).Tag(was)
	for name, c := range map[string]struct {
		body []byte
		same bool
	}{
		"same":     {was, true},
		"stamp":    {[]byte(strings.Replace(string(was), "20260301T", "20260302T", 1)), true},
		"answer":   {body(all(strings.Replace(said(ben, "ACCEPTED"), "RSVP", "SCHEDULE-STATUS=2.0;X-TANDEM-STAMP=20260301T000000Z;RSVP", 1))), true},
		"instance": {body(all(ben), vevent(second, anna, me, said(ben, "DECLINED"))), true},
		"moved":    {body(all(ben), vevent(moved, anna, me, ben)), false},
		"place":    {body(all(ben, "LOCATION:Hall")), false},
		"alarm":    {body(all(ben, "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM")), false},
	} {
		if got := desk("anna", 0).Tag(c.body); (got == tag) != c.same {
			t.Errorf("%s: %s, was %s", name, got, tag)
		}
	}
	if desk("ben", 0).Tag(was) == desk("ben", 0).Tag(body(all(said(ben, "ACCEPTED")))) {
		t.Error("the attendee's own answer is not in the tag")
	}
	if tag := desk("carl", 0).Tag(was); tag != "" {
		t.Errorf("a stranger's tag is %q", tag)
	}

	stored := body(all(said(ben, "ACCEPTED")), vevent(second, anna, me, said(ben, "DECLINED")))
	sent := body(all(ben, "LOCATION:Hall"))
	got := must[[]byte](t)(desk("anna", 0).Rebase(stored, sent))
	has(t, "rebased", got, "LOCATION:Hall", "PARTSTAT=ACCEPTED;RSVP", "RECURRENCE-ID:20260316", "PARTSTAT=DECLINED")
	out := must[Sent](t)(desk("anna", 0).Organized(stored, got))
	if told(out.Messages) != "REQUEST ben" {
		t.Errorf("told %s", told(out.Messages))
	}
	if got := must[[]byte](t)(desk("anna", 0).Rebase(stored, stored)); !bytes.Equal(got, stored) {
		t.Errorf("rebased on itself:\n%s", got)
	}
}

// TestSetStatus: delivery states are written to whom they are about. RFC 6638 3.2.9
func TestSetStatus(t *testing.T) {
	b := body(vevent(at10, anna, me, ben, carl))
	got := must[[]byte](t)(desk("anna", 0).SetStatus(b, map[string]string{"ben@x.org": StatusDelivered, "anna@x.org": "5.3"}))
	has(t, "stored", got, "RSVP=TRUE;SCHEDULE-STATUS=1.2:mailto:ben", "RSVP=TRUE:mailto:carl", "!5.3")
	got = must[[]byte](t)(desk("ben", 0).SetStatus(b, map[string]string{"anna@x.org": StatusNobody}))
	has(t, "stored", got, "ORGANIZER;CN=Anna;SCHEDULE-STATUS=3.7:mailto:anna")
	if got := must[[]byte](t)(desk("anna", 0).SetStatus(b, nil)); !bytes.Equal(got, b) {
		t.Error("nothing to write was written")
	}
}
