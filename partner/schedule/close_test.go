package schedule_test

import (
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/partner/schedule"
	"tandem/store"
)

// manyMeetings puts meetings of Anna's into a calendar as a program does that imports: nobody is told.
func (k *kit) manyMeetings(c tandem.Collection, n int) {
	k.Helper()
	for i := range n {
		uid := fmt.Sprintf("m%d", i)
		k.store(c, "anna", store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: tandem.ID(uid)}}, []byte(strings.Replace(meeting(), "UID:u1", "UID:"+uid, 1)))
	}
}

func (k *kit) remove(c tandem.Collection) {
	k.Helper()
	cl, err := k.svc.Close(k.ctx, c)
	k.must(err)
	k.must(k.st.Home.RemoveCollection(k.ctx, c.ID))
	k.must(k.svc.Closed(k.ctx, cl, true))
}

// TestClose: who removes a calendar calls off the meetings in it, and declines those of others. RFC 6638 3.2.1.3, 3.2.2.4
func TestClose(t *testing.T) {
	k := newKit(t)
	k.write("anna", meeting(weekly))
	cols, _, _ := k.all("anna", tandem.Event)
	k.store(cols[0], "anna", store.HomeWrite{Write: tandem.Write{Op: tandem.Create}}, []byte(edit(t, meeting(), "UID:u1", "UID:over", "20260309T1", "20250309T1", "DTEND:20260309T1", "DTEND:20250309T1")))
	k.store(cols[0], "anna", store.HomeWrite{Write: tandem.Write{Op: tandem.Create}}, []byte(edit(t, meeting(), "UID:u1", "UID:damaged", "DTSTART:20260309T100000Z", "DTSTART:20260309T100000Z\nRECURRENCE-ID:what")))
	before := k.inbox("ben")
	k.remove(cols[0])
	k.settled()
	k.has("his", k.body("ben"), "STATUS:CANCELLED")
	if got := k.inbox("ben"); !strings.HasPrefix(got, before+" CANCEL") || strings.Count(got, "CANCEL") > 2 {
		t.Errorf("his inbox: %s, before it was %s", got, before)
	}

	k.write("anna", edit(t, meeting(), "UID:u1", "UID:u2"))
	his, _, _ := k.all("ben", tandem.Event)
	k.remove(his[0])
	k.settled()
	k.has("hers", k.body("anna"), "PARTSTAT=DECLINED")
}

// TestCloseNot: a calendar that stays after all changes nothing, also when the program ended before it could say so; one that is not of events is let go.
func TestCloseNot(t *testing.T) {
	k := newKit(t)
	k.write("anna", meeting())
	cols, _, _ := k.all("anna", tandem.Event)
	cl, err := k.svc.Close(k.ctx, cols[0])
	k.must(err)
	k.must(k.svc.Closed(k.ctx, cl, false))
	k.settled()
	_, err = k.svc.Close(k.ctx, cols[0])
	k.must(err)
	k.must(k.svc.Resume(k.ctx, true))
	k.settled()
	k.has("his", k.body("ben"), "!CANCELLED")
	if got := k.inbox("ben"); got != "REQUEST" {
		t.Errorf("his inbox: %s", got)
	}
	cl, err = k.svc.Close(k.ctx, tandem.Collection{Kind: tandem.Task, User: "anna"})
	k.must(err)
	k.must(k.svc.Closed(k.ctx, cl, true))
}

// TestCloseMoved: a meeting that is in another calendar of the same person goes on.
func TestCloseMoved(t *testing.T) {
	k := newKit(t)
	k.write("anna", meeting())
	cols, _, bodies := k.all("anna", tandem.Event)
	k.store(k.collection("anna", tandem.Event, "second"), "anna", store.HomeWrite{Write: tandem.Write{Op: tandem.Create}}, []byte(bodies[0]))
	k.remove(cols[0])
	k.settled()
	k.has("his", k.body("ben"), "!CANCELLED")
}

// TestCloseMany: of a large calendar most is told after the answer, and all of it in the end, also after a crash.
func TestCloseMany(t *testing.T) {
	k := newKit(t)
	c := k.collection("anna", tandem.Event, "large")
	const n = 450
	k.manyMeetings(c, n)
	k.remove(c)
	cancelled := func() int { return strings.Count(k.inbox("ben"), "CANCEL") }
	if got := cancelled(); got != 200 {
		t.Errorf("%d were told at once", got)
	}
	k.must(k.svc.Resume(k.ctx, true))
	k.settled()
	if got := cancelled(); got != n {
		t.Errorf("%d of %d were told", got, n)
	}
}

// TestCalendars: whatever removes a calendar calls off what is in it, once; not what is asked for quietly, and not what stays.
func TestCalendars(t *testing.T) {
	for name, c := range map[string]struct {
		quietly, used bool
		told          string
	}{"removed": {told: "REQUEST CANCEL"}, "quietly": {quietly: true, told: "REQUEST"}, "stays": {used: true, told: "REQUEST"}} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			k.write("anna", meeting())
			cols, _, _ := k.all("anna", tandem.Event)
			home, ctx := k.svc.Calendars(k.st.Home), k.ctx
			if c.quietly {
				ctx = schedule.Quietly(ctx)
			}
			if c.used {
				k.must(k.st.Settings.PutPartner(ctx, store.Partner{Name: "p", Provider: "vdir", Place: "vdir:x"}))
				k.must(k.st.Settings.PutItem(ctx, store.Item{Name: "i", User: "anna", Collection: cols[0].ID, Partner: "p"}))
			}
			if err := home.RemoveCollection(ctx, cols[0].ID); tandem.IsKind(err, tandem.Busy) != c.used {
				t.Fatal(err)
			}
			k.settled()
			if got := k.inbox("ben"); got != c.told {
				t.Errorf("ben was told %s", got)
			}
			if err := home.RemoveCollection(ctx, 9999); !tandem.IsKind(err, tandem.NotFound) {
				t.Errorf("one that is not there: %v", err)
			}
		})
	}
}
