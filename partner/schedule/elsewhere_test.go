package schedule_test

import (
	"context"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/event/itip"
	"tandem/partner/schedule"
	"tandem/store"
)

// guests is Anna's meeting with Ben and with Zoe, who is elsewhere.
func guests(t *testing.T) string {
	return edit(t, meeting(), "END:VEVENT", "ATTENDEE:mailto:zoe@elsewhere.org\nATTENDEE:mailto:yan@nowhere.org\nEND:VEVENT")
}

// TestMailed: where a program sends the mail itself, or a calendar's own server does, the hub tells only its own users; so it is after a crash.
func TestMailed(t *testing.T) {
	for name, how := range map[string]struct{ mailed, elsewhere bool }{"hub": {}, "program": {mailed: true}, "server": {elsewhere: true}} {
		for _, crash := range []bool{false, true} {
			k := newKit(t)
			out := &mail{}
			k.svc.Outgoing = out
			k.svc.Elsewhere = func(_ context.Context, c tandem.Collection) (bool, error) {
				return how.elsewhere && c.User == "anna", nil
			}
			c, err := k.svc.DefaultCalendar(k.ctx, k.user("anna"))
			k.must(err)
			plan, err := k.svc.Write(k.ctx, schedule.Change{Collection: c, New: []byte(guests(t)), Mailed: how.mailed})
			k.must(err)
			k.store(c, "anna", store.HomeWrite{Write: tandem.Write{Op: tandem.Create}}, plan.Body)
			if crash {
				k.must(k.svc.Resume(k.ctx, true))
			} else {
				k.must(k.svc.Deliver(k.ctx, plan))
			}
			k.settled()
			if want := map[bool]int{true: 1, false: 0}[name == "hub"]; len(out.sent) != want {
				t.Errorf("%s, crash %v: sent %v", name, crash, out.sent)
			}
			if k.inbox("ben") != "REQUEST" {
				t.Errorf("%s: Ben was told %q", name, k.inbox("ben"))
			}
			if name == "hub" {
				k.has("hers", k.body("anna"), "SCHEDULE-STATUS=1.1:mailto:zoe", "SCHEDULE-STATUS=3.7:mailto:yan")
			}
		}
	}
}

// TestProposedAfterCrash: a proposal is what goes out after a crash, too.
func TestProposedAfterCrash(t *testing.T) {
	k := newKit(t)
	out := &mail{}
	k.svc.Outgoing = out
	his := strings.NewReplacer("anna@x.org", "zoe@elsewhere.org").Replace(meeting())
	c, err := k.svc.DefaultCalendar(k.ctx, k.user("ben"))
	k.must(err)
	k.store(c, "ben", store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: "e"}}, []byte(his))
	now := edit(t, his, "PARTSTAT=NEEDS-ACTION", "PARTSTAT=TENTATIVE")
	plan, err := k.svc.Write(k.ctx, schedule.Change{Collection: c, Old: []byte(his), New: []byte(now), Propose: schedule.Span{Start: 1773068400, End: 1773072000}})
	k.must(err)
	for rec, err := range k.st.Home.Get(k.ctx, c.ID, []tandem.ID{"e"}) {
		k.must(err)
		k.store(c, "ben", store.HomeWrite{Write: tandem.Write{Op: tandem.Update, ID: "e", If: rec.Version}}, plan.Body)
	}
	k.must(k.svc.Resume(k.ctx, true))
	if len(out.sent) != 1 || out.sent[0].Method != itip.Counter || string(out.sent[0].Body) != string(plan.Messages()[0].Body) {
		t.Errorf("sent %+v", out.sent)
	}
	k.settled()
}

// TestForcedAfterCrash: who is to be told in any case is told after a crash, too, though the stored event does not say so any longer. RFC 6638 3.2.7
func TestForcedAfterCrash(t *testing.T) {
	k := newKit(t)
	k.write("anna", meeting())
	k.write("anna", edit(t, k.body("anna"), "ATTENDEE;PARTSTAT=NEEDS-ACTION", "ATTENDEE;SCHEDULE-FORCE-SEND=REQUEST;PARTSTAT=NEEDS-ACTION"), true)
	k.has("hers", k.body("anna"), "!FORCE")
	before := k.inbox("ben")
	k.must(k.svc.Resume(k.ctx, true))
	k.settled()
	if got := k.inbox("ben"); got != before+" REQUEST" {
		t.Errorf("his inbox: %s, before: %s", got, before)
	}
	k.write("ben", edit(t, k.body("ben"), "NEEDS-ACTION", "ACCEPTED"))
	before = k.inbox("anna")
	k.write("ben", edit(t, k.body("ben"), "ORGANIZER", "ORGANIZER;SCHEDULE-FORCE-SEND=REPLY"), true)
	k.has("his", k.body("ben"), "!FORCE")
	k.must(k.svc.Resume(k.ctx, true))
	k.settled()
	if got := k.inbox("anna"); got != before+" REPLY" {
		t.Errorf("her inbox: %s, before: %s", got, before)
	}
}

// TestInvited: the event of an invitation that a person answers is made if they did not have it, found if they had, and not made again to be declined.
func TestInvited(t *testing.T) {
	k := newKit(t)
	request := func(from string, lines ...string) schedule.Letter {
		return schedule.Letter{From: from, Body: []byte(strings.NewReplacer("BEGIN:VEVENT", "METHOD:REQUEST\r\nBEGIN:VEVENT", "anna@x.org", "zoe@elsewhere.org").Replace(meeting(lines...)))}
	}
	l := request("zoe@elsewhere.org")
	in, err := k.svc.Invited(k.ctx, k.user("ben"), l, false)
	if err != nil || in.Record.Number == 0 || in.Collection.User != "ben" {
		t.Fatalf("%+v, %v", in, err)
	}
	if again, err := k.svc.Invited(k.ctx, k.user("ben"), l, true); err != nil || again.Record.Number != in.Record.Number {
		t.Errorf("again %+v, %v", again, err)
	}
	if _, err := k.svc.Invited(k.ctx, k.user("ben"), schedule.Letter{From: "eve@x.org", Body: []byte(strings.ReplaceAll(string(l.Body), "zoe@elsewhere.org", "eve@x.org"))}, false); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("another's event: %v", err)
	}
	k.write("ben", "")
	if gone, err := k.svc.Invited(k.ctx, k.user("ben"), l, true); err != nil || gone.Record.Number != 0 || !gone.Known {
		t.Errorf("taken away, then declined: %+v, %v", gone, err)
	}
	if back, err := k.svc.Invited(k.ctx, k.user("ben"), l, false); err != nil || back.Record.Number == 0 {
		t.Errorf("taken away, then accepted: %+v, %v", back, err)
	}
	own := schedule.Letter{From: "zoe@elsewhere.org", Body: []byte(strings.ReplaceAll(string(l.Body), "zoe@elsewhere.org", "ben@x.org"))}
	if _, err := k.svc.Invited(k.ctx, k.user("ben"), own, false); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("his own: %v", err)
	}
	cancel := schedule.Letter{From: "zoe@elsewhere.org", Body: []byte(strings.Replace(string(l.Body), "METHOD:REQUEST", "METHOD:CANCEL", 1))}
	if _, err := k.svc.Invited(k.ctx, k.user("ben"), cancel, false); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("no invitation: %v", err)
	}
	if _, err := k.svc.Invited(k.ctx, k.user("ben"), schedule.Letter{Body: []byte("x")}, false); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("nonsense: %v", err)
	}
}

// TestToldAgain: an invitation that is told of again, after the person took its event away, is not made again; an update of it is.
func TestToldAgain(t *testing.T) {
	k := newKit(t)
	l := schedule.Letter{From: "zoe@elsewhere.org", Add: true,
		Body: []byte(strings.NewReplacer("BEGIN:VEVENT", "METHOD:REQUEST\r\nBEGIN:VEVENT", "anna@x.org", "zoe@elsewhere.org").Replace(meeting()))}
	for i := range 3 {
		why, err := k.svc.TakeMail(k.ctx, k.user("ben"), l)
		k.must(err)
		if (k.body("ben") != "") != (i == 0) || (why == "") != (i == 0) {
			t.Errorf("told %d times: %q\n%s", i+1, why, k.body("ben"))
		}
		if i == 0 {
			k.write("ben", "")
		}
	}
	l.Body = []byte(strings.Replace(string(l.Body), "DTSTAMP:20260301T000000Z", "DTSTAMP:20260302T000000Z\r\nSEQUENCE:1", 1))
	if why, err := k.svc.TakeMail(k.ctx, k.user("ben"), l); err != nil || why != "" || k.body("ben") == "" {
		t.Errorf("the update: %q, %v", why, err)
	}
}
