package dav_test

import (
	"net/http"
	"strings"
	"testing"

	"tandem"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

// meeting is an event of ann's to which bob is invited.
func meeting(title string) string {
	return strings.Replace(davkit.Event("m1", title, "20260520T100000Z", "20260520T110000Z"), "SUMMARY",
		"ORGANIZER:mailto:ann@example.org\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@example.org\r\nATTENDEE;RSVP=TRUE;PARTSTAT=NEEDS-ACTION:mailto:bob@example.org\r\nSUMMARY", 1)
}

// TestMeeting: an invitation, an answer and a cancellation, all by PUT and DELETE. RFC 6638 3
func TestMeeting(t *testing.T) {
	k := davkit.New(t)
	anns, bobs := path(k.Collection("ann", tandem.Event)), path(k.Collection("bob", tandem.Event))
	made := k.Do("ann", "PUT", anns+"m1.ics", meeting("Plan")).Is(201)
	if made.Header.Get("Schedule-Tag") == "" {
		t.Error("a meeting without a schedule tag")
	}
	list := k.Do("bob", "PROPFIND", bobs, prop("d:getetag", "c:schedule-tag"), "Depth", "1")
	hrefs := list.Hrefs()
	if len(hrefs) != 2 {
		t.Fatalf("bob has %v", hrefs)
	}
	his := hrefs[1]
	tag := list.Of(his).Prop(davxml.C("schedule-tag")).Value()
	got := k.Do("bob", "GET", his, "").Is(200)
	if tag == "" || got.Header.Get("Schedule-Tag") != tag {
		t.Errorf("the property says %q, the header %q", tag, got.Header.Get("Schedule-Tag"))
	}
	k.Do("bob", "PROPFIND", "/dav/calendars/bob/inbox/", prop("d:resourcetype", "c:schedule-default-calendar-URL"), "Depth", "1")
	if in := k.Do("bob", "PROPFIND", "/dav/calendars/bob/inbox/", prop("d:resourcetype"), "Depth", "1").Hrefs(); len(in) != 2 {
		t.Errorf("bob's inbox: %v", in)
	}

	yes := strings.Replace(got.Body, "PARTSTAT=NEEDS-ACTION", "PARTSTAT=ACCEPTED", 1)
	k.Do("bob", "PUT", his, yes, "If-Schedule-Tag-Match", `"other"`).Is(412)
	k.Do("bob", "PUT", his, yes, "If-Schedule-Tag-Match", tag).Is(204)
	if now := k.Do("ann", "GET", anns+"m1.ics", "").Is(200); strings.Count(now.Body, "PARTSTAT=ACCEPTED") != 2 {
		t.Errorf("ann did not hear of the answer:\n%s", now.Body)
	}
	k.Do("bob", "PUT", his, strings.Replace(yes, "DTSTART:20260520T100000Z", "DTSTART:20260520T103000Z", 1)).
		Fails(http.StatusForbidden, davxml.C("allowed-attendee-scheduling-object-change"))

	k.Do("ann", "DELETE", anns+"m1.ics", "").Is(204)
	if now := k.Do("bob", "GET", his, "").Is(200); !strings.Contains(now.Body, "STATUS:CANCELLED") {
		t.Errorf("bob did not hear of the cancellation:\n%s", now.Body)
	}
}

// TestCalendarWithMeetings: who deletes a calendar calls off the meetings in it, as if each was deleted by itself; one that is not deleted after all changes nothing.
func TestCalendarWithMeetings(t *testing.T) {
	k := davkit.New(t)
	anns, bobs := path(k.Collection("ann", tandem.Event)), path(k.Collection("bob", tandem.Event))
	his := func() string {
		t.Helper()
		hrefs := k.Do("bob", "PROPFIND", bobs, prop("d:getetag"), "Depth", "1").Hrefs()
		if len(hrefs) != 2 {
			t.Fatalf("bob has %v", hrefs)
		}
		return k.Do("bob", "GET", hrefs[1], "").Is(200).Body
	}
	k.Do("ann", "PUT", anns+"m1.ics", future(meeting("Plan"))).Is(201)
	k.Do("ann", "DELETE", anns, "", "If-Match", `"other"`).Is(412)
	k.Do("bob", "DELETE", anns, "").Is(404)
	if body := his(); strings.Contains(body, "CANCELLED") {
		t.Errorf("it is called off and there:\n%s", body)
	}
	k.Do("ann", "DELETE", anns, "").Is(204)
	if body := his(); !strings.Contains(body, "STATUS:CANCELLED") {
		t.Errorf("bob did not hear that it is off:\n%s", body)
	}

	again := "/dav/calendars/ann/again/"
	k.Do("ann", "MKCALENDAR", again, "").Is(201)
	k.Do("ann", "PUT", again+"m2.ics", future(strings.ReplaceAll(meeting("Other"), "UID:m1", "UID:m2"))).Is(201)
	k.Do("ann", "DELETE", again, "", "Schedule-Reply", "F").Is(204)
	hrefs := k.Do("bob", "PROPFIND", bobs, prop("d:getetag"), "Depth", "1").Hrefs()
	for _, h := range hrefs[1:] {
		if body := k.Do("bob", "GET", h, "").Is(200).Body; strings.Contains(body, "UID:m2") && strings.Contains(body, "CANCELLED") {
			t.Errorf("told in spite of Schedule-Reply: F:\n%s", body)
		}
	}
}

// TestMeetingReplaced: what COPY or MOVE puts another event over is called off, and not where the same meeting comes to lie there, or nothing is done. RFC 6638 3.2.3
func TestMeetingReplaced(t *testing.T) {
	for name, c := range map[string]struct {
		method, from string
		headers      []string
		status       int
		off          bool
	}{
		"moved over":     {"MOVE", "other.ics", nil, 204, true},
		"copied over":    {"COPY", "other.ics", nil, 204, true},
		"quietly":        {"MOVE", "other.ics", []string{"Schedule-Reply", "F"}, 204, false},
		"not to replace": {"MOVE", "other.ics", []string{"Overwrite", "F"}, 412, false},
		"not as thought": {"MOVE", "other.ics", []string{"If-Match", `"x"`}, 412, false},
		"from nowhere":   {"MOVE", "none.ics", nil, 404, false},
	} {
		t.Run(name, func(t *testing.T) {
			k := davkit.New(t)
			anns, bobs := path(k.Collection("ann", tandem.Event)), path(k.Collection("bob", tandem.Event))
			k.Do("ann", "PUT", anns+"m1.ics", meeting("Plan")).Is(201)
			k.Do("ann", "PUT", anns+"other.ics", davkit.Event("other", "Other", "20260520T100000Z", "20260520T110000Z")).Is(201)
			if c.method == "COPY" { // a UID is only once in a calendar
				k.Do("ann", "MKCALENDAR", "/dav/calendars/ann/second/", "").Is(201)
				k.Do("ann", "MOVE", anns+"other.ics", "", "Destination", "/dav/calendars/ann/second/other.ics").Is(201)
				c.from = "../second/other.ics"
			}
			from := anns + c.from
			if strings.HasPrefix(c.from, "../") {
				from = "/dav/calendars/ann/" + c.from[3:]
			}
			k.Do("ann", c.method, from, "", append([]string{"Destination", anns + "m1.ics"}, c.headers...)...).Is(c.status)
			hrefs := k.Do("bob", "PROPFIND", bobs, prop("d:getetag"), "Depth", "1").Hrefs()
			if got := strings.Contains(k.Do("bob", "GET", hrefs[1], "").Is(200).Body, "STATUS:CANCELLED"); got != c.off {
				t.Errorf("called off: %v, want %v", got, c.off)
			}
		})
	}
}

// future is a meeting long after any moment at which this is run: of what is over nobody is told.
func future(body string) string { return strings.ReplaceAll(body, ":2026", ":2126") }

// TestOutbox: when somebody is busy. RFC 6638 5
func TestOutbox(t *testing.T) {
	k := davkit.New(t)
	c := k.Collection("bob", tandem.Event)
	k.Put(c, map[string]string{"x": davkit.Event("x", "Secret", "20260520T100000Z", "20260520T110000Z")})
	ask := func(organizer string) string {
		return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:f\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260520T000000Z\r\nDTEND:20260521T000000Z\r\nORGANIZER:" +
			organizer + "\r\nATTENDEE:mailto:bob@example.org\r\nATTENDEE:mailto:who@example.com\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"
	}
	a := k.Do("ann", "POST", "/dav/calendars/ann/outbox/", ask("mailto:ann@example.org"), "Content-Type", "text/calendar").Is(200)
	var out []string
	for r := range a.XML().All(davxml.C("response")) {
		out = append(out, r.Path(davxml.C("recipient"), davxml.D("href")).Value()+" "+r.Get(davxml.C("request-status")))
	}
	same(t, out, "mailto:bob@example.org 2.0;Success", "mailto:who@example.com 3.7;Invalid calendar user")
	if !strings.Contains(a.Body, "20260520T100000Z") || strings.Contains(a.Body, "Secret") {
		t.Error(a.Body)
	}
	k.Do("ann", "POST", "/dav/calendars/ann/outbox/", ask("mailto:bob@example.org")).Fails(http.StatusForbidden, davxml.C("valid-organizer"))
	k.Do("ann", "POST", "/dav/calendars/ann/outbox/", "nonsense").Fails(http.StatusForbidden, davxml.C("valid-scheduling-message"))
	k.Do("ann", "POST", "/dav/calendars/bob/outbox/", ask("mailto:ann@example.org")).Is(404)
	me := k.Do("ann", "PROPFIND", "/dav/principals/ann/", prop("c:schedule-inbox-URL", "c:schedule-outbox-URL", "c:calendar-user-address-set"), "Depth", "0").Of("/dav/principals/ann/")
	for _, name := range []string{"schedule-inbox-URL", "schedule-outbox-URL"} {
		k.Do("ann", "PROPFIND", me.Prop(davxml.C(name)).Get(davxml.D("href")), prop("d:resourcetype"), "Depth", "0").Is(207)
	}
}

// TestUsualHours: what a client keeps of its owner's usual hours in the inbox is told to those who ask when the owner is busy. RFC 7953 7.2.4
func TestUsualHours(t *testing.T) {
	k := davkit.New(t)
	k.Do("bob", "PROPFIND", "/dav/calendars/bob/", prop("d:resourcetype"), "Depth", "1").Is(207)
	hours := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VAVAILABILITY\r\nUID:v\r\nDTSTAMP:20260101T000000Z\r\nBEGIN:AVAILABLE\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\n" +
		"DTSTART:20260520T090000Z\r\nDTEND:20260520T170000Z\r\nSUMMARY:R &amp; D\r\nEND:AVAILABLE\r\nEND:VAVAILABILITY\r\nEND:VCALENDAR\r\n"
	k.Do("bob", "PROPPATCH", "/dav/calendars/bob/inbox/", `<d:propertyupdate xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop><c:calendar-availability>`+
		hours+`</c:calendar-availability></d:prop></d:set></d:propertyupdate>`).Is(207)
	a := k.Do("ann", "POST", "/dav/calendars/ann/outbox/", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:f\r\nDTSTAMP:20260101T000000Z\r\n"+
		"DTSTART:20260520T000000Z\r\nDTEND:20260521T000000Z\r\nORGANIZER:mailto:ann@example.org\r\nATTENDEE:mailto:bob@example.org\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n",
		"Content-Type", "text/calendar").Is(200)
	for _, want := range []string{"BUSY-UNAVAILABLE:20260520T000000Z/20260520T090000Z", "BUSY-UNAVAILABLE:20260520T170000Z/20260521T000000Z"} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("lacks %s:\n%s", want, a.Body)
		}
	}
}
