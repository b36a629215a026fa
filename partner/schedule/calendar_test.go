package schedule_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/event/itip"
	"tandem/partner/schedule"
	"tandem/store"
)

func request(organizer string, attendees ...string) []byte {
	text := "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VFREEBUSY\nUID:f1\nDTSTAMP:20260301T000000Z\nDTSTART:20260309T000000Z\nDTEND:20260310T000000Z\n" +
		"X-CALENDARSERVER-MASK-UID:masked\nORGANIZER:mailto:" + organizer + "\n"
	for _, a := range attendees {
		text += "ATTENDEE:mailto:" + a + "\n"
	}
	return []byte(strings.ReplaceAll(text+"END:VFREEBUSY\nEND:VCALENDAR\n", "\n", "\r\n"))
}

// TestFreeBusy: what is told of whom. RFC 6638 5
func TestFreeBusy(t *testing.T) {
	k := newKit(t)
	put := func(c tandem.Collection, uid, start string, lines ...string) {
		t.Helper()
		k.store(c, "ben", store.HomeWrite{Write: tandem.Write{Op: tandem.Create}}, []byte(strings.ReplaceAll("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:"+uid+
			"\nDTSTAMP:20260301T000000Z\nDTSTART:"+start+"\nDURATION:PT1H\n"+strings.Join(append(lines, ""), "\n")+"END:VEVENT\nEND:VCALENDAR\n", "\n", "\r\n")))
	}
	work, err := k.svc.DefaultCalendar(k.ctx, k.user("ben"))
	k.must(err)
	birthdays := k.collection("ben", tandem.Event, "birthdays")
	birthdays.Props = map[string]string{schedule.PropTransp: schedule.Transparent}
	birthdays, err = k.st.Home.PutCollection(k.ctx, birthdays)
	k.must(err)
	put(work, "a", "20260302T080000Z", "RRULE:FREQ=WEEKLY")
	put(work, "b", "20260309T090000Z")
	put(work, "masked", "20260309T120000Z")
	put(work, "free", "20260309T130000Z", "TRANSP:TRANSPARENT")
	put(work, "off", "20260309T140000Z", "STATUS:CANCELLED")
	put(work, "maybe", "20260309T150000Z", "ORGANIZER:mailto:anna@x.org", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ben@x.org")
	put(work, "wall", "20260309T200000")
	put(birthdays, "c", "20260309T100000Z")

	k.svc.Zone = func(store.User) *time.Location { return time.FixedZone("east", 3600) }
	got, err := k.svc.FreeBusy(k.ctx, k.user("anna"), request("anna@x.org", "ben@x.org", "Carl@X.org", "zoe@elsewhere.org"))
	k.must(err)
	if len(got) != 3 || got[0].Status != "2.0;Success" || got[1].Status != "2.0;Success" || got[2].Status != "3.7;Invalid calendar user" || got[2].Body != nil || got[2].Recipient != "zoe@elsewhere.org" {
		t.Fatalf("%+v", got)
	}
	k.has("Ben's", string(got[0].Body), "METHOD:REPLY", "FBTYPE=BUSY:20260309T080000Z/20260309T100000Z\n", "BUSY-TENTATIVE:20260309T150000Z/20260309T160000Z\n",
		"BUSY:20260309T190000Z/20260309T200000Z", "!0309T120000Z", "!T130000Z/", "!T140000Z/", "!T110000Z", "ATTENDEE:mailto:ben@x.org")
	k.has("Carl's", string(got[1].Body), "!FREEBUSY;")

	if _, err := k.svc.FreeBusy(k.ctx, k.user("carl"), request("anna@x.org", "ben@x.org")); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("in another's name: %v", err)
	}
	if _, err := k.svc.FreeBusy(k.ctx, k.user("anna"), []byte(meeting())); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("no request: %v", err)
	}
}

// TestUsualHours: what a client keeps of them in the inbox counts; what makes no sense does not. RFC 7953
func TestUsualHours(t *testing.T) {
	k := newKit(t)
	c, err := k.svc.Inbox(k.ctx, k.user("ben"))
	k.must(err)
	for text, want := range map[string]string{
		"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VAVAILABILITY\nUID:v\nBEGIN:AVAILABLE\nUID:a\nDTSTART:20260309T090000Z\nDTEND:20260309T170000Z\nEND:AVAILABLE\nEND:VAVAILABILITY\nEND:VCALENDAR\n": "BUSY-UNAVAILABLE:20260309T000000Z/20260309T090000Z\nFREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260309T170000Z/20260310T000000Z\n",
		"always": "!FREEBUSY;",
	} {
		k.must(k.st.Props.SetProperties(k.ctx, c.ID, 0, map[string]string{"{urn:ietf:params:xml:ns:caldav}calendar-availability": "<calendar-availability xmlns=\"urn:ietf:params:xml:ns:caldav\">" + text + "</calendar-availability>"}))
		got, err := k.svc.FreeBusy(k.ctx, k.user("anna"), request("anna@x.org", "ben@x.org"))
		k.must(err)
		k.has("Ben's", string(got[0].Body), want)
	}
}

// TestDefaultCalendar: where invitations go. RFC 6638 9.2
func TestDefaultCalendar(t *testing.T) {
	k := newKit(t)
	is := func(want string) {
		t.Helper()
		c, err := k.svc.DefaultCalendar(k.ctx, k.user("ben"))
		k.must(err)
		if c.Name != want {
			t.Errorf("it is %q, want %q", c.Name, want)
		}
	}
	is("calendar")
	second := k.collection("ben", tandem.Event, "a second")
	is("calendar")
	k.must(k.svc.SetDefaultCalendar(k.ctx, k.user("ben"), second.ID))
	is("a second")
	other, err := k.svc.DefaultCalendar(k.ctx, k.user("anna"))
	k.must(err)
	if err := k.svc.SetDefaultCalendar(k.ctx, k.user("ben"), other.ID); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("another's: %v", err)
	}
	second.Props = map[string]string{"readonly": "1"}
	_, err = k.st.Home.PutCollection(k.ctx, second)
	k.must(err)
	is("calendar")
	k.must(k.st.Home.RemoveCollection(k.ctx, second.ID))
	list, err := k.st.Home.Collections(k.ctx, "ben")
	k.must(err)
	for _, c := range list {
		if c.Kind == tandem.Event {
			c.Props = map[string]string{"readonly": "1"}
			_, err = k.st.Home.PutCollection(k.ctx, c)
			k.must(err)
		}
	}
	is("invitations")
	is("invitations")
}

// TestInbox: it is made once, and does not grow for ever.
func TestInbox(t *testing.T) {
	k := newKit(t)
	c, err := k.svc.Inbox(k.ctx, k.user("ben"))
	k.must(err)
	again, err := k.svc.Inbox(k.ctx, k.user("ben"))
	k.must(err)
	if c.ID != again.ID || c.Kind != tandem.Invitation || c.Props["role"] != "inbox" || c.Props["href"] != "inbox" {
		t.Errorf("%+v, %+v", c, again)
	}
	for i := range 1001 {
		uid := "u" + strconv.Itoa(i)
		m := itip.Message{Method: itip.Cancel, UID: uid, From: "anna@x.org", To: "ben@x.org",
			Body: []byte(strings.Replace(strings.Replace(meeting(), "UID:u1", "UID:"+uid, 1), "VERSION", "METHOD:CANCEL\r\nVERSION", 1))}
		k.must(k.svc.Take(k.ctx, k.user("anna"), k.user("ben"), m))
	}
	live, _, err := k.st.Lookup.Count(k.ctx, c.ID, 0)
	k.must(err)
	if live != 801 {
		t.Errorf("%d messages are kept", live)
	}
	_, recs, _ := k.all("ben", tandem.Invitation)
	if last := fmt.Sprint(recs[len(recs)-1].Index.UID); last != "u1000" {
		t.Errorf("the last is %s", last)
	}
	if k.body("ben") != "" {
		t.Error("a cancellation of nothing made an event")
	}
}
