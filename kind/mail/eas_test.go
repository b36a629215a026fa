package mail_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/internal/corpus"
	"tandem/kind/eas"
	"tandem/kind/internal/viewtest"
	"tandem/kind/mail"
	"tandem/wire/mime"
	"tandem/wire/wbxml"
)

// messages are all of the corpora.
func messages(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(filepath.Join(corpus.Dir(t), "mime"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if ext := filepath.Ext(path); ext != ".eml" && ext != ".msg" {
			return nil
		}
		data, err := os.ReadFile(path)
		out[filepath.Base(path)] = data
		return err
	})
	if err != nil || len(out) < 100 {
		t.Fatalf("%d messages: %v", len(out), err)
	}
	return out
}

// TestViewIsValid: what is shown of any message, to any version, is valid by Microsoft's schemas.
func TestViewIsValid(t *testing.T) {
	all := messages(t)
	all["invitation"] = []byte(invitation)
	all["rich"] = []byte(rich)
	viewtest.Valid(t, mail.View{}, all, viewtest.Versions()...)
}

const rich = "From: \"Anna \\\"A\\\" Adams\" <anna@example.org>\r\nTo: Ben <ben@example.org>, carl@example.org\r\nCc: =?utf-8?q?J=C3=BCrgen?= <j@example.org>\r\nReply-To: list@example.org\r\n" +
	"Sender: secretary@example.org\r\nSubject: Re: Plan\r\nDate: Mon, 2 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@x>\r\nImportance: high\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>H\u00e9llo <b>you</b><script>bad()</script></p>\r\n--b\r\nContent-Type: application/pdf; name=\"plan.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n"

const invitation = "From: anna@example.org\r\nTo: ben@example.org\r\nSubject: Stand-up\r\nDate: Mon, 2 Nov 2026 09:00:00 +0000\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
	"--b\r\n\r\nStand-up\r\n--b\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:meet-1\r\n" +
	"DTSTAMP:20261101T080000Z\r\nDTSTART:20261103T090000Z\r\nDTEND:20261103T100000Z\r\nRRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=5\r\nSUMMARY:Stand-up\r\nLOCATION:Room 1\r\n" +
	"ORGANIZER;CN=Anna:mailto:anna@example.org\r\nATTENDEE;RSVP=TRUE:mailto:ben@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n--b--\r\n"

func show(t *testing.T, data string, attrs tandem.Attrs, change func(o *eas.Options)) *wbxml.Element {
	t.Helper()
	o := viewtest.Put().Options
	o.Attachment = func(n int) string { return "ref:" + string(rune('0'+n)) }
	if change != nil {
		change(&o)
	}
	list, err := mail.View{}.GetRecord(eas.Record{Body: tandem.Bytes(data), Attrs: attrs}, o)
	if err != nil {
		t.Fatal(err)
	}
	return wbxml.New(wbxml.AirSyncApplicationData, list...)
}

// MS-ASEMAIL 2.2.2: the elements of a message.
func TestViewElements(t *testing.T) {
	e := show(t, rich, mail.Flags{Seen: true, Flagged: true, Answered: true, Received: 1793610000, Keywords: []string{"$Junk", "Work"}}.Attrs(), nil)
	for tag, want := range map[wbxml.Tag]string{
		wbxml.EmailFrom: `"Anna \"A\" Adams" <anna@example.org>`, wbxml.EmailTo: `"Ben" <ben@example.org>, carl@example.org`, wbxml.EmailCc: `"Jürgen" <j@example.org>`,
		wbxml.EmailReplyTo: "list@example.org", wbxml.EmailSubject: "Re: Plan", wbxml.EmailThreadTopic: "Plan", wbxml.EmailDisplayTo: "Ben;carl@example.org",
		wbxml.EmailImportance: "2", wbxml.EmailRead: "1", wbxml.EmailDateReceived: "2026-11-02T09:00:00.000Z", wbxml.EmailMessageClass: "IPM.Note",
		wbxml.EmailContentClass: "urn:content-classes:message", wbxml.Email2LastVerbExecuted: "1", wbxml.Email2Sender: "secretary@example.org", wbxml.Email2IsDraft: "0",
		wbxml.AirSyncBaseNativeBodyType: "2",
	} {
		if got := e.Get(tag); got != want {
			t.Errorf("%v: %q, want %q", tag, got, want)
		}
	}
	if flag := e.Child(wbxml.EmailFlag); flag.Get(wbxml.EmailStatus) != "2" {
		t.Errorf("flag: %v", flag)
	}
	if c := e.Child(wbxml.EmailCategories); len(c.Children) != 1 || c.Get(wbxml.EmailCategory) != "Work" {
		t.Errorf("categories: %v", c)
	}
	file := e.Child(wbxml.AirSyncBaseAttachments).Child(wbxml.AirSyncBaseAttachment)
	if file.Get(wbxml.AirSyncBaseDisplayName) != "plan.pdf" || file.Get(wbxml.AirSyncBaseFileReference) != "ref:0" {
		t.Errorf("file: %v", file)
	}
	body := e.Child(wbxml.AirSyncBaseBody).Get(wbxml.AirSyncBaseData)
	if !strings.Contains(body, "<b>you</b>") || !strings.Contains(body, "<script>bad()") {
		t.Errorf("body: %s", body)
	}
	enclosed, err := mail.View{}.AttachmentOf(eas.Record{Body: tandem.Bytes(rich)}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for off, want := range map[int64]string{0: "hello", 4: "lo"} {
		raw, err := enclosed.Raw(off)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(mime.Decoder(enclosed.Encoding, raw)); string(got) != want || err != nil || enclosed.Media != "application/pdf" {
			t.Errorf("attachment from %d: %q, %s, %v", off, got, enclosed.Media, err)
		}
	}
	if _, err := (mail.View{}).AttachmentOf(eas.Record{Body: tandem.Bytes(rich)}, 1); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("an attachment that is not there: %v", err)
	}
}

// MS-ASAIRS 2.2.2.9, MS-ASCMD 2.2.3.110: text, HTML or the message itself, byte for byte.
func TestViewBodies(t *testing.T) {
	for name, c := range map[string]struct {
		prefs []eas.BodyPreference
		mime  int
		typ   string
		data  func(string) bool
	}{
		"plain":                     {[]eas.BodyPreference{{Type: eas.Plain, Truncation: -1}}, 0, "1", func(s string) bool { return strings.TrimSpace(s) == "Héllo you" }},
		"cut":                       {[]eas.BodyPreference{{Type: eas.Plain, Truncation: 3}}, 0, "1", func(s string) bool { return s == "Hé" }},
		"MIME that nobody asked":    {[]eas.BodyPreference{{Type: eas.MIME, Truncation: -1}, {Type: eas.Plain, Truncation: -1}}, 0, "1", func(s string) bool { return !strings.Contains(s, "Subject") }},
		"MIME for signed ones":      {[]eas.BodyPreference{{Type: eas.MIME, Truncation: -1}, {Type: eas.HTML, Truncation: -1}}, 1, "2", func(s string) bool { return !strings.Contains(s, "Subject") }},
		"MIME":                      {[]eas.BodyPreference{{Type: eas.MIME, Truncation: -1}, {Type: eas.HTML, Truncation: -1}}, 2, "4", func(s string) bool { return s == rich }},
		"MIME, the beginning of it": {[]eas.BodyPreference{{Type: eas.MIME, Truncation: 20}}, 2, "4", func(s string) bool { return s == rich[:20] }},
	} {
		b := show(t, rich, "", func(o *eas.Options) { o.Bodies, o.MIME = c.prefs, c.mime }).Child(wbxml.AirSyncBaseBody)
		if b.Get(wbxml.AirSyncBaseType) != c.typ || !c.data(string(b.Child(wbxml.AirSyncBaseData).Content())) {
			t.Errorf("%s: %v", name, b)
		}
	}
}

// The message itself is fetched byte for byte, whatever it is.
func TestMIMEIsByteForByte(t *testing.T) {
	for name, data := range messages(t) {
		o := viewtest.Put().Options
		o.Bodies, o.MIME = []eas.BodyPreference{{Type: eas.MIME, Truncation: -1}}, 2
		list, err := mail.View{}.Get(data, o)
		if err != nil {
			t.Fatal(err)
		}
		got := wbxml.New(wbxml.AirSyncApplicationData, list...).Child(wbxml.AirSyncBaseBody).Child(wbxml.AirSyncBaseData).Content()
		if !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes of %d", name, len(got), len(data))
		}
	}
}

// MS-ASEMAIL 2.2.2.48
func TestViewMeeting(t *testing.T) {
	e := show(t, invitation, "", func(o *eas.Options) { o.Version, o.Address = eas.V141, "ben@example.org" })
	m := e.Child(wbxml.EmailMeetingRequest)
	if e.Get(wbxml.EmailMessageClass) != "IPM.Schedule.Meeting.Request" || m == nil {
		t.Fatalf("%v", e)
	}
	for tag, want := range map[wbxml.Tag]string{wbxml.EmailStartTime: "2026-11-03T09:00:00.000Z", wbxml.EmailEndTime: "2026-11-03T10:00:00.000Z", wbxml.EmailLocation: "Room 1",
		wbxml.EmailOrganizer: `"Anna" <anna@example.org>`, wbxml.EmailResponseRequested: "1", wbxml.EmailInstanceType: "1", wbxml.EmailAllDayEvent: "0",
		wbxml.EmailGlobalObjId: mail.GlobalObjectID("meet-1", time.Time{}), wbxml.Email2MeetingMessageType: "1"} {
		if got := m.Get(tag); got != want {
			t.Errorf("%v: %q, want %q", tag, got, want)
		}
	}
	if rule := m.Child(wbxml.EmailRecurrences).Child(wbxml.EmailRecurrence); rule.Get(wbxml.EmailType) != "1" || rule.Get(wbxml.EmailOccurrences) != "5" {
		t.Errorf("rule: %v", rule)
	}
	outlook := "040000008200E00074C5B7101A82E00800000000102030405060708000000000000000001000000000112233445566778899AABBCCDDEEFF"
	on := time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)
	for uid, want := range map[string]string{outlook: strings.ToLower(outlook[:32]) + "07ea0b03" + strings.ToLower(outlook[40:]), "meet-1": "040000008200e00074c5b7101a82e00807ea0b03"} {
		raw, err := base64.StdEncoding.DecodeString(mail.GlobalObjectID(uid, on))
		if err != nil || !strings.HasPrefix(hex.EncodeToString(raw), want) {
			t.Errorf("of %s on that day: %x, %v", uid, raw, err)
		}
	}
	if got := mail.GlobalObjectID(outlook, time.Time{}); got != "BAAAAIIA4AB0xbcQGoLgCAAAAAAQIDBAUGBwgAAAAAAAAAAAEAAAAAARIjNEVWZ3iJmqu8zd7v8=" {
		t.Errorf("of Outlook's: %s", got)
	}
	if got := mail.GlobalObjectID("meet-1", time.Time{}); got != "BAAAAIIA4AB0xbcQGoLgCAAAAAAAAAAAAAAAAAAAAAAAAAAAEwAAAHZDYWwtVWlkAQAAAG1lZXQtMQA=" {
		t.Errorf("object id %s", got)
	}
	if m := show(t, invitation, "", nil).Child(wbxml.EmailMeetingRequest); m.Get(wbxml.CalendarUID) != "meet-1" || m.Has(wbxml.EmailGlobalObjId) {
		t.Errorf("16.1: %v", m)
	}
}

func put(t *testing.T, attrs tandem.Attrs, data ...*wbxml.Element) mail.Flags {
	t.Helper()
	got, err := mail.View{}.PutAttrs(eas.Record{Attrs: attrs}, data, viewtest.Put())
	if err != nil {
		t.Fatal(err)
	}
	return mail.FlagsOf(got)
}

// MS-ASEMAIL 3.1.5.1: read marks, flags and categories; what is not sent stays.
func TestPutAttrs(t *testing.T) {
	base := mail.Flags{Received: 5, Answered: true, Keywords: []string{"$Junk", "Old"}}.Attrs()
	if f := put(t, base, wbxml.Text(wbxml.EmailRead, "1")); !f.Seen || !f.Answered || len(f.Keywords) != 2 {
		t.Errorf("read: %+v", f)
	}
	if f := put(t, base, wbxml.New(wbxml.EmailCategories, wbxml.Text(wbxml.EmailCategory, "New"))); strings.Join(f.Keywords, " ") != "$Junk New" {
		t.Errorf("categories: %+v", f)
	}
	set := wbxml.New(wbxml.EmailFlag, wbxml.Text(wbxml.EmailStatus, "2"), wbxml.Text(wbxml.EmailFlagType, "for Follow Up"), wbxml.Text(wbxml.TasksDueDate, "2026-11-05T00:00:00.000Z"), wbxml.Text(wbxml.TasksStartDate, "2026-11-05T00:00:00.000Z"), wbxml.Text(wbxml.TasksUtcStartDate, "2026-11-04T23:00:00.000Z"),
		wbxml.Text(wbxml.TasksUtcDueDate, "2026-11-04T23:00:00.000Z"))
	f := put(t, base, set)
	if !f.Flagged {
		t.Fatalf("flag: %+v", f)
	}
	shown := mail.View{}.GetChange(eas.Record{Attrs: f.Attrs()}, nil, viewtest.Put().Options)
	if got := wbxml.New(wbxml.AirSyncApplicationData, shown...).Child(wbxml.EmailFlag); got.Get(wbxml.TasksDueDate) != "2026-11-05T00:00:00.000Z" || got.Get(wbxml.EmailFlagType) != "for Follow Up" {
		t.Errorf("shown: %v", got)
	}
	done := put(t, f.Attrs(), wbxml.New(wbxml.EmailFlag, wbxml.Text(wbxml.EmailStatus, "1"), wbxml.Text(wbxml.TasksDateCompleted, "2026-11-05T00:00:00.000Z"), wbxml.Text(wbxml.EmailCompleteTime, "2026-11-05T00:00:00.000Z")))
	if done.Flagged || done.Task == "" {
		t.Errorf("done: %+v", done)
	}
	if gone := put(t, f.Attrs(), wbxml.Empty(wbxml.EmailFlag)); gone.Flagged || gone.Task != "" {
		t.Errorf("taken away: %+v", gone)
	}
	f.Flagged = false // by a mail program
	shown = mail.View{}.GetChange(eas.Record{Attrs: f.Attrs()}, nil, viewtest.Put().Options)
	if got := wbxml.New(wbxml.AirSyncApplicationData, shown...).Child(wbxml.EmailFlag); len(got.Children) != 0 {
		t.Errorf("taken away elsewhere, it is shown as %v", got)
	}
	if _, err := (mail.View{}).PutAttrs(eas.Record{}, []*wbxml.Element{wbxml.New(wbxml.EmailFlag, wbxml.Text(wbxml.EmailFlagType, "x"))}, viewtest.Put()); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("a flag without a status: %v", err)
	}
}
