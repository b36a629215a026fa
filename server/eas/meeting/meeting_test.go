package meeting_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/server/eas/items"
	"tandem/server/eas/meeting"
	"tandem/store"
	"tandem/test/easkit"
)

// kit is a hub with the command.
type kit struct {
	*easkit.Kit
	svc *meeting.Service
}

func newKit(t testing.TB) *kit {
	t.Helper()
	k := easkit.New(t)
	return &kit{Kit: k, svc: &meeting.Service{Home: k.Store.Home, Lookup: k.Store.Lookup, Events: k.Store.Events, Folders: k.Folders, Kind: k.Kinds[tandem.Event]}}
}

// answer asks, and returns the Result elements alone.
func (k *kit) answer(requests ...string) string {
	k.Helper()
	got := k.Ask(k.svc.MeetingResponse, "ann", "MeetingResponse", "<MeetingResponse>"+strings.Join(requests, "")+"</MeetingResponse>")
	return strings.TrimSuffix(strings.TrimPrefix(got, "MeetingResponse{"), "}")
}

func request(said, id string, more ...string) string {
	return "<Request><UserResponse>" + said + "</UserResponse><CollectionId>" + strings.Split(id, ":")[0] + "</CollectionId><RequestId>" + id + "</RequestId>" + strings.Join(more, "") + "</Request>"
}

func instance(s string) string { return "<InstanceId>" + s + "</InstanceId>" }

// invitation is an event that Ben asked Ann to; more is put in.
func invitation(uid string, more ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260301T000000Z\r\nDTSTART:20260525T100000Z\r\nDTEND:20260525T110000Z\r\nSUMMARY:Talk\r\n" +
		"ORGANIZER;CN=Ben:mailto:ben@x.org\r\nATTENDEE;CN=Ann;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ann@example.org\r\nX-KEPT:1\r\n" + strings.Join(append(more, ""), "\r\n") + "END:VEVENT\r\nEND:VCALENDAR\r\n"
}

const weekly = "RRULE:FREQ=WEEKLY;COUNT=5"

// TestAnswers: the three answers to an event and to a series, in each version. MS-ASCMD_R266, R3191, R3840, R3843, R4180, R5089, R5374, R5705 to R5709, R830;
// field note 25
func TestAnswers(t *testing.T) {
	for _, v := range easkit.Versions {
		for _, more := range []string{"X-ONCE:1", weekly} {
			for said, want := range map[string]string{"1": "PARTSTAT=ACCEPTED", "2": "PARTSTAT=TENTATIVE", "3": ""} {
				k := newKit(t)
				k.Version = v
				id := k.Put("ann", tandem.Event, invitation("u1", more))[0]
				status := "Result{RequestId=" + id + " Status=1 CalendarId=" + id + "}"
				if said == "3" {
					status = "Result{RequestId=" + id + " Status=1}"
				}
				if got := k.answer(request(said, id)); got != status {
					t.Errorf("%s %s to %s: %s", v, said, more, got)
				}
				bodies := k.Bodies("ann", tandem.Event)
				if want == "" {
					past, err := k.Store.History.List(t.Context(), store.PastFilter{})
					k.Must(err)
					if len(bodies) != 0 || len(past) != 1 || past[0].From != "eas:iPhone/annphone" {
						t.Errorf("%s: declined, and there: %q; history %+v", v, bodies, past)
					}
				} else if len(bodies) != 1 || !strings.Contains(bodies[0], want) || !strings.Contains(bodies[0], "X-KEPT:1") || strings.Contains(bodies[0], "RSVP") {
					t.Errorf("%s: %q", v, bodies)
				}
				log, err := k.Store.Events.List(t.Context(), 0, "", 0)
				k.Must(err)
				if len(log) != 1 || !strings.Contains(log[0].Text, "Talk") {
					t.Errorf("log: %+v", log)
				}
				k.Valid()
			}
		}
	}
}

// TestInstances: answers for one time of a series. MS-ASCMD_R3195, R3196, R4186, R6712; field note 27
func TestInstances(t *testing.T) {
	second, compact := "2026-06-01T10:00:00.000Z", "20260601T100000Z"
	for name, c := range map[string]struct {
		body    string
		request func(id string) string
		version eas.Version
		status  string
		has     []string
	}{
		"accept":            {weekly, func(id string) string { return request("1", id, instance(second)) }, eas.V161, "1", []string{"RECURRENCE-ID:20260601T100000Z", "PARTSTAT=ACCEPTED", "PARTSTAT=NEEDS-ACTION"}},
		"accept, 14.1":      {weekly, func(id string) string { return request("1", id, instance(second)) }, eas.V141, "1", []string{"RECURRENCE-ID:20260601T100000Z", "PARTSTAT=ACCEPTED"}},
		"compact":           {weekly, func(id string) string { return request("2", id, instance(compact)) }, eas.V160, "1", []string{"RECURRENCE-ID:20260601T100000Z", "PARTSTAT=TENTATIVE"}},
		"decline":           {weekly, func(id string) string { return request("3", id, instance(second)) }, eas.V161, "1", []string{"EXDATE:20260601T100000Z", "PARTSTAT=NEEDS-ACTION"}},
		"behind the id":     {weekly, func(id string) string { return request("1", id+"!"+compact) }, eas.V161, "1", []string{"RECURRENCE-ID:20260601T100000Z"}},
		"exception date":    {weekly, func(id string) string { return request("1", id+"&lt;!ExceptionDate!&gt;"+compact) }, eas.V161, "1", []string{"RECURRENCE-ID:20260601T100000Z"}},
		"moved by an hour":  {weekly, func(id string) string { return request("1", id, instance("2026-06-01T11:00:00.000Z")) }, eas.V161, "1", []string{"RECURRENCE-ID:20260601T100000Z"}}, // field note 12
		"no such time":      {weekly, func(id string) string { return request("1", id, instance("2026-06-02T10:00:00.000Z")) }, eas.V161, "2", nil},
		"after the end":     {weekly, func(id string) string { return request("1", id, instance("2030-06-01T11:00:00.000Z")) }, eas.V161, "2", nil},
		"no time":           {weekly, func(id string) string { return request("1", id, instance("the second one, please!!")) }, eas.V161, "104", nil},
		"does not repeat":   {"X:1", func(id string) string { return request("1", id, instance(second)) }, eas.V161, "146", nil},
		"old version, 12.1": {weekly, func(id string) string { return request("1", id, instance(second)) }, eas.V121, "2", nil},
		"old version, 14.0": {weekly, func(id string) string { return request("1", id, instance(second)) }, eas.V140, "2", nil},
		"empty":             {weekly, func(id string) string { return request("1", id, "<InstanceId/>") }, eas.V161, "2", nil},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			k.Version = c.version
			id := k.Put("ann", tandem.Event, invitation("u1", c.body))[0]
			before := k.Bodies("ann", tandem.Event)[0]
			if got := k.answer(c.request(id)); !strings.Contains(got, " Status="+c.status) || strings.Contains(got, "CalendarId") != (c.status == "1" && name != "decline") {
				t.Errorf("%s", got)
			}
			after := k.Bodies("ann", tandem.Event)[0]
			for _, want := range c.has {
				if !strings.Contains(after, want) {
					t.Errorf("lacks %s:\n%s", want, after)
				}
			}
			if c.has == nil && after != before {
				t.Errorf("what was refused was done:\n%s", after)
			}
			k.Valid()
		})
	}
}

// TestRefusals covers MS-ASCMD_R4182, R4183, R4184 and everything that names no invitation of one's own.
func TestRefusals(t *testing.T) {
	k := newKit(t)
	id := k.Put("ann", tandem.Event, invitation("u1"))[0]
	mine := k.Put("ann", tandem.Event, strings.Replace(invitation("u2"), "ben@x.org", "ann@example.org", 1))[0]
	nobodys := k.Put("ann", tandem.Event, strings.Replace(invitation("u3"), "ORGANIZER;CN=Ben:mailto:ben@x.org\r\n", "", 1))[0]
	bobs := k.Put("bob", tandem.Event, invitation("u4"))[0]
	contact := k.Put("ann", tandem.Contact, "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c\r\nN:c;;;;\r\nFN:c\r\nEND:VCARD\r\n")[0]
	folder := strings.Split(id, ":")[0]
	before := k.Bodies("ann", tandem.Event)
	for name, ask := range map[string]string{
		"my own":          request("1", mine),
		"my own, decline": request("3", mine),
		"nobody's":        request("1", nobodys),
		"another user's":  request("1", bobs),
		"a contact":       request("1", contact),
		"no such":         request("1", folder+":9999"),
		"no folder":       request("1", "999:1"),
		"no id":           request("1", "mail"),
		"empty id":        request("1", ""),
		"nothing":         "<Request/>",
		"another folder":  "<Request><UserResponse>1</UserResponse><CollectionId>1</CollectionId><RequestId>" + id + "</RequestId></Request>",
		"answer 0":        request("0", id),
		"answer 4":        request("4", id),
		"answer yes":      request("yes", id),
		"no answer":       "<Request><CollectionId>" + folder + "</CollectionId><RequestId>" + id + "</RequestId></Request>",
	} {
		if got := k.answer(ask); !strings.HasPrefix(got, "Result{") || !strings.HasSuffix(got, "Status=2}") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := k.answer(request("1", strings.Repeat("9", 500))); !strings.Contains(got, "RequestId="+strings.Repeat("9", 64)+" Status=2") {
		t.Error(got)
	}
	if strings.Join(k.Bodies("ann", tandem.Event), "") != strings.Join(before, "") {
		t.Error("what was refused was done")
	}
	for _, doc := range []string{"", "<Ping/>", "<MeetingResponse/>", "<MeetingResponse><Status>1</Status></MeetingResponse>"} {
		if got := k.Ask(k.svc.MeetingResponse, "ann", "MeetingResponse", doc); got != "MeetingResponse{Result{Status=2}}" {
			t.Errorf("%q: %s", doc, got)
		}
	}
	k.Valid()
}

// TestSeveral: each has its own result; one too many and none is begun. MS-ASCMD_R5650
func TestSeveral(t *testing.T) {
	k := newKit(t)
	ids := k.Put("ann", tandem.Event, invitation("u1"), invitation("u2"))
	long := "<Request><UserResponse>2</UserResponse><search:LongId>" + ids[1] + "</search:LongId></Request>"
	want := "Result{RequestId=" + ids[0] + " Status=1 CalendarId=" + ids[0] + "} Result{RequestId=x Status=2} Result{Status=1 CalendarId=" + ids[1] + "}"
	if got := k.answer(request("1", ids[0]), request("1", "x"), long); got != want {
		t.Error(got)
	}
	k = newKit(t)
	id := k.Put("ann", tandem.Event, invitation("u1"))[0]
	if got := k.answer(strings.Repeat(request("1", id), 101)); got != "Result{Status=103}" {
		t.Error(got)
	}
	if strings.Contains(k.Bodies("ann", tandem.Event)[0], "ACCEPTED") {
		t.Error("what was refused was done")
	}
	if got := k.answer(strings.Repeat(request("1", id), 100)); strings.Count(got, "Status=1 ") != 100 {
		t.Errorf("%.200s", got)
	}
	k.Valid()
}

// TestResponseSent: what 16.x wants to be told the organizer does not stop the answer. MS-ASCMD 2.2.3.163
func TestResponseSent(t *testing.T) {
	for _, v := range []eas.Version{eas.V160, eas.V161} { // MS-ASAIRS_R1333, R1000954
		k := newKit(t)
		k.Version = v
		id := k.Put("ann", tandem.Event, invitation("u1"))[0]
		send := "<SendResponse><airsyncbase:Body><airsyncbase:Type>1</airsyncbase:Type><airsyncbase:Data>with pleasure</airsyncbase:Data></airsyncbase:Body></SendResponse>"
		if got := k.answer(request("1", id, send)); got != "Result{RequestId="+id+" Status=1 CalendarId="+id+"}" {
			t.Errorf("%s: %s", v, got)
		}
		k.Valid()
	}
}

// busy is a Home in which somebody else writes the event just before each of the first writes.
type busy struct {
	store.Home
	k     *kit
	times int
}

func (b *busy) Write(ctx context.Context, collection int64, who store.Author, writes []store.HomeWrite) ([]tandem.Outcome, error) {
	if b.times > 0 {
		b.times--
		for rec, err := range b.Get(ctx, collection, []tandem.ID{writes[0].ID}) {
			b.k.Must(err)
			body, err := tandem.ReadBody(rec.Body, 1<<20)
			b.k.Must(err)
			text := strings.Replace(string(body), "SUMMARY:", "SUMMARY:again ", 1)
			info, err := b.k.Kinds[tandem.Event].Inspect([]byte(text))
			b.k.Must(err)
			_, err = b.Home.Write(ctx, collection, store.Author{}, []store.HomeWrite{{Digest: info.Digest, Index: info.Index, Write: tandem.Write{Op: tandem.Update, ID: rec.ID, If: rec.Version,
				Record: tandem.Record{Meta: tandem.Meta{UID: info.Index.UID}, Body: tandem.Bytes(text)}}}})
			b.k.Must(err)
		}
	}
	return b.Home.Write(ctx, collection, who, writes)
}

// TestBeside: an edit at the same time is kept, and so is the answer; where it never ends the client is told to come again. MS-ASCMD_R4195
func TestBeside(t *testing.T) {
	for times, want := range map[int]string{1: "1", 2: "1", 3: "4"} {
		k := newKit(t)
		id := k.Put("ann", tandem.Event, invitation("u1"))[0]
		k.svc.Home = &busy{k.Store.Home, k, times}
		got := k.answer(request("1", id))
		body := k.Bodies("ann", tandem.Event)[0]
		if !strings.Contains(got, "Status="+want) || strings.Count(body, "again") != times || strings.Contains(body, "ACCEPTED") != (want == "1") {
			t.Errorf("%d: %s\n%s", times, got, body)
		}
	}
}

// TestGone: an event that is deleted between the answer and its writing.
func TestGone(t *testing.T) {
	k := newKit(t)
	id := k.Put("ann", tandem.Event, invitation("u1"))[0]
	_, number, _ := items.Number(id)
	k.svc.Home = &remover{k.Store.Home, k, number}
	if got := k.answer(request("1", id)); got != "Result{RequestId="+id+" Status=2}" {
		t.Error(got)
	}
}

// remover is a Home in which somebody deletes the record before the first write.
type remover struct {
	store.Home
	k      *kit
	number int64
}

func (b *remover) Write(ctx context.Context, collection int64, who store.Author, writes []store.HomeWrite) ([]tandem.Outcome, error) {
	for rec, err := range b.k.Store.Lookup.ByNumber(ctx, collection, []int64{b.number}) {
		b.k.Must(err)
		if !rec.Deleted {
			_, err := b.Home.Write(ctx, collection, store.Author{}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Delete, ID: rec.ID, If: rec.Version}}})
			b.k.Must(err)
		}
	}
	return b.Home.Write(ctx, collection, who, writes)
}

// TestShared: an invitation in a calendar that bob shares is answered by who may write there, and no one else.
func TestShared(t *testing.T) {
	k := newKit(t)
	id := k.Put("bob", tandem.Event, invitation("u1"))[0]
	c := k.Collection("bob", tandem.Event)
	before := k.Bodies("bob", tandem.Event)
	for _, shared := range []bool{false, true} {
		if shared {
			_, err := k.Access.Share(t.Context(), "bob", c.ID, "ann", false)
			k.Must(err)
		}
		if got, want := k.answer(request("3", id)), "Result{RequestId="+id+" Status=2}"; got != want {
			t.Errorf("shared to look: %v: %s, want %s", shared, got, want)
		}
		if got := k.Bodies("bob", tandem.Event); !slices.Equal(got, before) {
			t.Fatalf("shared to look: %v: there is %q", shared, got)
		}
	}
	_, err := k.Access.Share(t.Context(), "bob", c.ID, "ann", true)
	k.Must(err)
	if got, want := k.answer(request("1", id)), "Result{RequestId="+id+" Status=1 CalendarId="+id+"}"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	k.Valid()
}
