package schedule_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/event/itip"
	"tandem/partner/schedule"
	"tandem/store"
)

// TestMeeting: Anna invites, Ben answers, for the series and for one instance; she calls one off, and then all.
func TestMeeting(t *testing.T) {
	k := newKit(t)
	k.write("anna", meeting(weekly))
	k.has("hers", k.body("anna"), "SCHEDULE-STATUS=1.2:mailto:ben")
	k.has("his", k.body("ben"), "RRULE", "PARTSTAT=NEEDS-ACTION:mailto:ben", "!METHOD")
	if got := k.inbox("ben"); got != "REQUEST" {
		t.Errorf("his inbox: %s", got)
	}

	k.write("ben", edit(t, k.body("ben"), "NEEDS-ACTION", "ACCEPTED"))
	k.has("hers", k.body("anna"), "PARTSTAT=ACCEPTED;SCHEDULE-STATUS=2.0", "!NEEDS-ACTION")
	k.has("his", k.body("ben"), "ORGANIZER;", "SCHEDULE-STATUS=1.2:mailto:anna", "PARTSTAT=ACCEPTED:mailto:ben")
	if got := k.inbox("anna"); got != "REPLY" {
		t.Errorf("her inbox: %s", got)
	}

	k.write("ben", edit(t, k.body("ben"), weekly, weekly+"\nEXDATE:20260316T100000Z"))
	k.has("hers", k.body("anna"), "RECURRENCE-ID:20260316T100000Z", "PARTSTAT=DECLINED")

	k.write("anna", edit(t, k.body("anna"), weekly, weekly+"\nEXDATE:20260323T100000Z"))
	k.has("his", k.body("ben"), "EXDATE:20260316T100000Z", "EXDATE:20260323T100000Z", "PARTSTAT=ACCEPTED:mailto:ben")

	k.write("anna", "")
	k.has("his", k.body("ben"), "STATUS:CANCELLED")
	k.write("ben", "")
	if got := k.inbox("anna"); got != "REPLY REPLY" {
		t.Errorf("her inbox: %s", got)
	}
}

// TestStates: the delivery states, and people elsewhere. RFC 6638 3.2.9
func TestStates(t *testing.T) {
	k := newKit(t)
	out := &mail{}
	invite := edit(t, meeting(), "END:VEVENT", "ATTENDEE:mailto:zoe@elsewhere.org\nATTENDEE:urn:uuid:7\nEND:VEVENT")
	k.write("anna", invite)
	k.has("hers", k.body("anna"), "SCHEDULE-STATUS=1.2:mailto:ben", "SCHEDULE-STATUS=3.7:mailto:zoe", "SCHEDULE-STATUS=3.7:urn:uuid:7")

	k.svc.Outgoing = out
	k.write("anna", edit(t, k.body("anna"), "SUMMARY:Talk", "SUMMARY:Walk"))
	k.has("hers", k.body("anna"), "SCHEDULE-STATUS=1.1:mailto:zoe", "SCHEDULE-STATUS=3.7:urn:uuid:7")
	if len(out.sent) != 1 || out.sent[0].Method != itip.Request || out.sent[0].To != "zoe@elsewhere.org" || out.from != "anna" {
		t.Errorf("sent %+v", out.sent)
	}
}

type mail struct {
	sent []itip.Message
	from string
	err  error
}

func (m *mail) Reaches(_ context.Context, _ store.User, to string) (bool, error) {
	return !strings.HasSuffix(to, "nowhere.org"), nil
}

func (m *mail) Send(_ context.Context, from store.User, msg itip.Message) error {
	if m.err != nil {
		return m.err
	}
	m.sent, m.from = append(m.sent, msg), from.Name
	return nil
}

// TestCrash: what was written and not delivered is delivered at the next start; what was never written is not; and nothing is delivered twice.
func TestCrash(t *testing.T) {
	k := newKit(t)
	k.write("anna", meeting(), true)
	if k.body("ben") != "" {
		t.Fatal("delivered too early")
	}
	k.must(k.svc.Resume(k.ctx, false)) // it may be under way
	if k.body("ben") != "" {
		t.Fatal("a write that is under way was delivered")
	}
	k.must(k.svc.Resume(k.ctx, true))
	k.settled()
	k.has("his", k.body("ben"), "NEEDS-ACTION")

	p := k.write("anna", edit(t, k.body("anna"), "SUMMARY:Talk", "SUMMARY:Walk"), true)
	v, err := k.st.Settings.Values(k.ctx)
	k.must(err)
	k.must(k.svc.Deliver(k.ctx, p)) // and the end before the note is gone
	k.must(k.st.Settings.PutValues(k.ctx, v))
	k.must(k.svc.Resume(k.ctx, true))
	k.settled()
	k.has("his", k.body("ben"), "SUMMARY:Walk")
	if got := k.inbox("ben"); got != "REQUEST REQUEST" {
		t.Errorf("his inbox: %s", got)
	}

	cols, _, bodies := k.all("anna", tandem.Event)
	_, err = k.svc.Write(k.ctx, schedule.Change{Collection: cols[0], Old: []byte(bodies[0]), New: []byte(edit(t, bodies[0], "SUMMARY:Walk", "SUMMARY:Never"))})
	k.must(err)
	_, err = k.svc.Write(k.ctx, schedule.Change{Collection: cols[0], Old: []byte(bodies[0])})
	k.must(err)
	k.must(k.svc.Resume(k.ctx, true))
	k.settled()
	k.has("his", k.body("ben"), "SUMMARY:Walk", "!CANCELLED")

	k.write("anna", "", true)
	k.must(k.svc.Resume(k.ctx, true))
	k.settled()
	k.has("his", k.body("ben"), "STATUS:CANCELLED")
}

// TestUnreachable: who could not be reached is tried again, and the others are not told twice.
func TestUnreachable(t *testing.T) {
	k := newKit(t)
	out := &mail{err: errors.New("no line")}
	k.svc.Outgoing = out
	p := k.write("anna", edit(t, meeting(), "END:VEVENT", "ATTENDEE:mailto:zoe@elsewhere.org\nEND:VEVENT"), true)
	if err := k.svc.Deliver(k.ctx, p); err == nil || !strings.Contains(err.Error(), "zoe") {
		t.Errorf("%v", err)
	}
	k.has("his", k.body("ben"), "NEEDS-ACTION")
	out.err = nil
	k.must(k.svc.Resume(k.ctx, true))
	k.settled()
	if len(out.sent) != 1 || k.inbox("ben") != "REQUEST" {
		t.Errorf("%d sent; inbox %s", len(out.sent), k.inbox("ben"))
	}
}

// TestDropped: a plan whose write failed leaves nothing.
func TestDropped(t *testing.T) {
	k := newKit(t)
	c, err := k.svc.DefaultCalendar(k.ctx, k.user("anna"))
	k.must(err)
	p, err := k.svc.Write(k.ctx, schedule.Change{Collection: c, New: []byte(meeting())})
	k.must(err)
	if len(p.Messages()) != 1 {
		t.Errorf("%d messages", len(p.Messages()))
	}
	k.must(k.svc.Drop(k.ctx, p))
	k.settled()
}

// TestQuiet: changes that tell nobody anything, and the body passes as it came.
func TestQuiet(t *testing.T) {
	k := newKit(t)
	c, err := k.svc.DefaultCalendar(k.ctx, k.user("anna"))
	k.must(err)
	alone := edit(t, meeting(), "ORGANIZER:mailto:anna@x.org\nATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@x.org\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ben@x.org\n", "")
	tasks := tandem.Collection{ID: c.ID + 100, User: "anna", Kind: tandem.Task}
	for name, ch := range map[string]schedule.Change{
		"no meeting":      {Collection: c, New: []byte(alone)},
		"deleted":         {Collection: c, Old: []byte(alone)},
		"silent":          {Collection: c, New: []byte(meeting()), Silent: true},
		"others' meeting": {Collection: c, New: []byte(strings.ReplaceAll(meeting(), "anna@", "eve@"))},
		"a task":          {Collection: tasks, New: []byte(meeting())},
	} {
		p, err := k.svc.Write(k.ctx, ch)
		k.must(err)
		if len(p.Messages()) != 0 || string(p.Body) != string(ch.New) {
			t.Errorf("%s: %+v", name, p)
		}
		k.must(k.svc.Deliver(k.ctx, p))
	}
	k.settled()
}

// TestRefused: what is the organizer's to change, and that phones may change it for themselves.
func TestRefused(t *testing.T) {
	k := newKit(t)
	k.write("anna", meeting())
	cols, _, bodies := k.all("ben", tandem.Event)
	ch := schedule.Change{Collection: cols[0], Old: []byte(bodies[0]), New: []byte(edit(t, bodies[0], "SUMMARY:Talk", "SUMMARY:Mine"))}
	_, err := k.svc.Write(k.ctx, ch)
	var r *itip.Refused
	if !tandem.IsKind(err, tandem.Denied) || !errors.As(err, &r) || r.Condition != itip.AttendeeChange || r.What != "SUMMARY" {
		t.Errorf("%v", err)
	}
	ch.Lenient = true
	if p, err := k.svc.Write(k.ctx, ch); err != nil || len(p.Messages()) != 0 {
		t.Errorf("%v, %+v", err, p)
	}
}

// TestMove: a meeting that goes from one calendar to another of the same person tells nobody anything.
func TestMove(t *testing.T) {
	k := newKit(t)
	k.write("anna", meeting())
	cols, recs, bodies := k.all("anna", tandem.Event)
	other := k.collection("anna", tandem.Event, "other")
	p, err := k.svc.Write(k.ctx, schedule.Change{Collection: other, New: []byte(bodies[0])})
	k.must(err)
	k.store(other, "anna", store.HomeWrite{Write: tandem.Write{Op: tandem.Create}}, p.Body)
	k.must(k.svc.Deliver(k.ctx, p))
	p, err = k.svc.Write(k.ctx, schedule.Change{Collection: cols[0], Old: []byte(bodies[0])})
	k.must(err)
	k.store(cols[0], "anna", store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: recs[0].ID, If: recs[0].Version}}, nil)
	k.must(k.svc.Deliver(k.ctx, p))
	k.has("his", k.body("ben"), "!CANCELLED")
	if got := k.inbox("ben"); got != "REQUEST" {
		t.Errorf("his inbox: %s", got)
	}
	k.write("ben", edit(t, k.body("ben"), "NEEDS-ACTION", "ACCEPTED"))
	k.has("hers", k.body("anna"), "PARTSTAT=ACCEPTED;SCHEDULE-STATUS=2.0")
}

// TestTagged: an organizer's change that did not know of an answer keeps it. RFC 6638 3.2.10
func TestTagged(t *testing.T) {
	k := newKit(t)
	k.write("anna", meeting())
	before := k.body("anna")
	tag := k.svc.Tag(k.user("anna"), []byte(before))
	k.write("ben", edit(t, k.body("ben"), "NEEDS-ACTION", "ACCEPTED"))
	cols, _, bodies := k.all("anna", tandem.Event)
	if k.svc.Tag(k.user("anna"), []byte(bodies[0])) != tag || tag == "" {
		t.Error("an answer changed the tag")
	}
	p, err := k.svc.Write(k.ctx, schedule.Change{Collection: cols[0], Old: []byte(bodies[0]), New: []byte(edit(t, before, "SUMMARY:Talk", "SUMMARY:Walk")), Tagged: true})
	k.must(err)
	k.has("to be stored", string(p.Body), "SUMMARY:Walk", "PARTSTAT=ACCEPTED;SCHEDULE-STATUS=1.2", "!NEEDS-ACTION")
	if k.svc.Tag(k.user("anna"), p.Body) == tag {
		t.Error("a new title did not change the tag")
	}
}

// TestShared: what somebody changes in another's calendar goes out in the owner's name.
func TestShared(t *testing.T) {
	k := newKit(t)
	p := k.write("anna", meeting())
	if m := p.Messages()[0]; m.From != "anna@x.org" || m.To != "ben@x.org" {
		t.Errorf("%+v", m)
	}
}

// TestManyAnswers: answers that come at the same time are all kept.
func TestManyAnswers(t *testing.T) {
	k := newKit(t)
	guests := ""
	names := []string{}
	for i := range 12 {
		name := "guest" + string(rune('a'+i))
		names = append(names, name)
		k.must(k.st.Accounts.AddUser(k.ctx, store.User{Name: name, Address: name + "@x.org"}))
		guests += "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:" + name + "@x.org\n"
	}
	k.write("anna", edit(t, meeting(), "END:VEVENT", guests+"END:VEVENT"))
	plans := make(chan schedule.Plan, len(names))
	for _, name := range names {
		k.has(name, k.body(name), "NEEDS-ACTION") // in a calendar that was made for it
		plans <- k.write(name, edit(t, k.body(name), "NEEDS-ACTION:mailto:"+name, "TENTATIVE:mailto:"+name), true)
	}
	close(plans)
	done := make(chan error)
	for range 4 {
		go func() {
			var errs []error
			for p := range plans {
				errs = append(errs, k.svc.Deliver(k.ctx, p))
			}
			done <- errors.Join(errs...)
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	k.settled()
	if n := strings.Count(strings.ReplaceAll(k.body("anna"), "\r\n ", ""), "PARTSTAT=TENTATIVE"); n != len(names) {
		t.Errorf("%d of %d answers:\n%s", n, len(names), k.body("anna"))
	}
}
