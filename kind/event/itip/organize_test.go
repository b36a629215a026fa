package itip

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestOrganized: what an organizer's change says to whom. RFC 6638 3.2.1
func TestOrganized(t *testing.T) {
	one := func(lines ...string) []byte { return body(vevent(append([]string{at10, anna, me}, lines...)...)) }
	all := func(lines ...string) string { return vevent(append([]string{at10, weekly, anna, me}, lines...)...) }
	over := func(times string, lines ...string) string {
		return vevent(append([]string{times, anna, me}, lines...)...)
	}
	for name, c := range map[string]struct {
		old, new []byte
		told     string
		stored   []string // what the stored body holds
		first    []string // what the first message holds
	}{
		"new":                    {nil, one(ben, carl), "REQUEST ben, REQUEST carl", nil, []string{"METHOD:REQUEST", "mailto:ben", "mailto:carl", "DTSTAMP:20260302T120000Z"}},
		"new, nobody":            {nil, body(vevent(at10, anna)), "", nil, nil},
		"nothing":                {one(ben), one(ben), "", nil, nil},
		"stamps":                 {one(ben), one(ben, "LAST-MODIFIED:20260302T100000Z"), "", nil, nil},
		"own alarm":              {one(ben), one(ben, "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM"), "", nil, nil},
		"own things":             {one(ben), one(ben, "TRANSP:TRANSPARENT", "X-MOZ-LASTACK:20260302T100000Z", "CATEGORIES:Work"), "", nil, nil},
		"place":                  {one(said(ben, "ACCEPTED")), one(said(ben, "ACCEPTED"), "LOCATION:Hall"), "REQUEST ben", []string{"PARTSTAT=ACCEPTED;RSVP"}, []string{"LOCATION:Hall", "!SEQUENCE"}},
		"time":                   {one(said(ben, "ACCEPTED")), body(vevent(at14, anna, me, said(ben, "ACCEPTED"))), "REQUEST ben", []string{"SEQUENCE:1", "PARTSTAT=NEEDS-ACTION", "PARTSTAT=ACCEPTED:mailto:anna"}, []string{"SEQUENCE:1", "PARTSTAT=NEEDS-ACTION"}},
		"time, client counted":   {one(ben), body(vevent(at14, anna, me, ben, "SEQUENCE:3")), "REQUEST ben", []string{"SEQUENCE:3"}, []string{"SEQUENCE:3"}},
		"count taken back":       {one(ben, "SEQUENCE:3"), one(ben), "", []string{"SEQUENCE:3"}, nil},
		"one more":               {one(ben), one(ben, carl), "REQUEST ben, REQUEST carl", nil, nil},
		"one less":               {one(ben, carl), one(carl), "REQUEST carl, CANCEL ben", nil, nil},
		"all deleted":            {one(ben, carl), nil, "CANCEL ben, CANCEL carl", nil, []string{"METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:1", "mailto:carl"}},
		"called off":             {one(ben), one(ben, "STATUS:CANCELLED"), "CANCEL ben", []string{"SEQUENCE:1"}, []string{"STATUS:CANCELLED", "SEQUENCE:1"}},
		"called off, deleted":    {one(ben, "STATUS:CANCELLED"), nil, "", nil, nil},
		"called on":              {one(ben, "STATUS:CANCELLED", "SEQUENCE:1"), one(ben), "REQUEST ben", []string{"SEQUENCE:2"}, nil},
		"their own client's":     {nil, one(strings.Replace(ben, "ATTENDEE", "ATTENDEE;SCHEDULE-AGENT=CLIENT", 1), carl), "REQUEST carl", []string{"SCHEDULE-AGENT=CLIENT"}, []string{"!SCHEDULE-AGENT", "mailto:ben"}},
		"agent to none":          {one(ben), one(strings.Replace(ben, "ATTENDEE", "ATTENDEE;SCHEDULE-AGENT=NONE", 1)), "CANCEL ben", nil, nil},
		"agent to server":        {one(strings.Replace(ben, "ATTENDEE", "ATTENDEE;SCHEDULE-AGENT=NONE", 1)), one(ben), "REQUEST ben", nil, nil},
		"forced":                 {one(ben, carl), one(strings.Replace(ben, "ATTENDEE", "ATTENDEE;SCHEDULE-FORCE-SEND=REQUEST", 1), carl), "REQUEST ben", []string{"!FORCE"}, []string{"!FORCE"}},
		"private things":         {nil, one(ben, "X-MOZ-LASTACK:1", "X-OTHER:1", "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM"), "REQUEST ben", []string{"VALARM"}, []string{"!VALARM", "!X-MOZ", "X-OTHER"}},
		"status":                 {nil, one(strings.Replace(ben, "ATTENDEE", "ATTENDEE;SCHEDULE-STATUS=1.2;X-TANDEM-STAMP=20260301T000000Z", 1)), "REQUEST ben", []string{"SCHEDULE-STATUS"}, []string{"!SCHEDULE-STATUS", "!X-TANDEM"}},
		"an instance out":        {body(all(said(ben, "ACCEPTED"))), body(all(said(ben, "ACCEPTED"), "EXDATE:20260316T100000Z")), "CANCEL ben", []string{"SEQUENCE:1", "PARTSTAT=ACCEPTED;RSVP"}, []string{"RECURRENCE-ID:20260316T100000Z", "!RRULE", "SEQUENCE:1"}},
		"an instance in again":   {body(all(said(ben, "ACCEPTED"), "EXDATE:20260316T100000Z")), body(all(said(ben, "ACCEPTED"))), "REQUEST ben", []string{"SEQUENCE:1", "PARTSTAT=NEEDS-ACTION"}, nil},
		"out and renamed":        {body(all(ben)), body(vevent(strings.Replace(at10, "Talk", "Walk", 1), weekly, anna, me, ben, "EXDATE:20260316T100000Z")), "CANCEL ben, REQUEST ben", nil, nil},
		"no such instance out":   {body(all(ben)), body(all(ben, "EXDATE:20260317T100000Z")), "REQUEST ben", nil, nil},
		"an instance moved":      {body(all(said(ben, "ACCEPTED"))), body(all(said(ben, "ACCEPTED")), over(moved, said(ben, "ACCEPTED"))), "REQUEST ben", []string{"SEQUENCE:1", "PARTSTAT=ACCEPTED;RSVP", "PARTSTAT=NEEDS-ACTION"}, []string{"RRULE", "RECURRENCE-ID", "T150000Z"}},
		"an instance without":    {body(all(ben, carl)), body(all(ben, carl), over(second, carl)), "CANCEL ben, REQUEST carl", nil, []string{"RECURRENCE-ID", "!mailto:carl"}},
		"one instance only":      {body(all(ben)), body(all(ben), over(second, ben, carl)), "REQUEST ben, REQUEST carl", nil, []string{"RRULE", "mailto:carl"}},
		"instance called off":    {body(all(ben)), body(all(ben), over(second, ben, "STATUS:CANCELLED")), "CANCEL ben", nil, []string{"RECURRENCE-ID"}},
		"instance guest out":     {body(all(ben), over(second, ben, carl)), body(all(ben), over(second, ben)), "REQUEST ben, CANCEL carl", nil, nil},
		"series to instance":     {body(all(ben, carl)), body(all(carl), over(second, ben, carl)), "REQUEST carl, CANCEL ben, REQUEST ben", nil, nil},
		"rule shortened":         {body(all(said(ben, "ACCEPTED"))), body(vevent(at10, "RRULE:FREQ=WEEKLY;COUNT=3", anna, me, said(ben, "ACCEPTED"))), "REQUEST ben", []string{"SEQUENCE:1", "PARTSTAT=ACCEPTED;RSVP"}, nil},
		"rule changed":           {body(all(said(ben, "ACCEPTED"))), body(vevent(at10, "RRULE:FREQ=DAILY;COUNT=5", anna, me, said(ben, "ACCEPTED"))), "REQUEST ben", []string{"SEQUENCE:1", "PARTSTAT=NEEDS-ACTION"}, nil},
		"rule spelled otherwise": {body(all(said(ben, "ACCEPTED"))), body(vevent(at10, "RRULE:COUNT=5;FREQ=WEEKLY", anna, me, said(ben, "ACCEPTED"))), "", nil, nil},
		"answers alone":          {one(ben), one(said(ben, "ACCEPTED")), "", nil, nil},
		"given up":               {one(ben), body(vevent(at10)), "CANCEL ben", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := must[Sent](t)(desk("anna", 0).Organized(c.old, c.new))
			if told(got.Messages) != c.told {
				t.Errorf("told %q, want %q", told(got.Messages), c.told)
			}
			has(t, "stored", got.Body, c.stored...)
			if len(got.Messages) > 0 {
				has(t, "message", got.Messages[0].Body, c.first...)
			}
			if c.stored == nil && c.new != nil && !bytes.Equal(got.Body, c.new) && !strings.Contains(string(got.Body), "SEQUENCE") {
				t.Errorf("the body was rewritten:\n%s", got.Body)
			}
			for _, m := range got.Messages {
				has(t, "message", m.Body, "UID:u1", "ORGANIZER;CN=Anna:mailto:anna@x.org", "!SCHEDULE-", "!X-TANDEM")
				if m.From != "anna@x.org" || m.UID != "u1" {
					t.Errorf("%+v", m)
				}
				if _, err := (Handler{}).Inspect(m.Body); err != nil {
					t.Error(err)
				}
			}
			again := must[Sent](t)(desk("anna", 5).Organized(got.Body, got.Body))
			if len(again.Messages) > 0 || !bytes.Equal(again.Body, got.Body) {
				t.Errorf("once more: %s", told(again.Messages))
			}
		})
	}
}

// TestOthersEvents: who does not organize tells nobody anything.
func TestOthersEvents(t *testing.T) {
	b := body(vevent(at10, anna, me, ben))
	got := must[Sent](t)(desk("ben", 0).Organized(nil, b))
	if len(got.Messages) != 0 || !bytes.Equal(got.Body, b) {
		t.Errorf("%+v", got)
	}
	for name, want := range map[string]Role{"anna": Organizer, "ben": Attendee, "carl": Nobody} {
		if got := desk(name, 0).Role(b); got != want {
			t.Errorf("%s is %d", name, got)
		}
	}
}

// TestHostile: what a rule and many exceptions cost is bounded, whoever wrote them.
func TestHostile(t *testing.T) {
	var dates, guests strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&dates, "EXDATE:2027%02d%02dT%02d%02d00Z\n", 1+i%12, 1+i%28, i%24, i%60)
	}
	for i := range 300 {
		fmt.Fprintf(&guests, "ATTENDEE:mailto:guest%d@x.org\n", i)
	}
	old := body(vevent(at10, "RRULE:FREQ=SECONDLY;COUNT=900000000", anna, me, strings.TrimSuffix(guests.String(), "\n")))
	new := body(vevent(at10, "RRULE:FREQ=SECONDLY;COUNT=900000000", strings.TrimSuffix(dates.String(), "\n"), anna, me, strings.TrimSuffix(guests.String(), "\n")))
	start := time.Now()
	if _, err := desk("anna", 0).Organized(old, new); err != nil {
		t.Fatal(err)
	}
	if _, err := desk("guest7", 0).Answered(old, new, ""); err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(start))
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("it took %v", d)
	}
}
