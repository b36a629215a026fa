package event_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/wire/wbxml"
)

// New events without times. It is three minutes past noon. MS-ASCAL 3.2.4.4
func TestDefaults(t *testing.T) {
	const start, end = "<StartTime>%s</StartTime>", "<EndTime>%s</EndTime>"
	for _, c := range []struct{ name, sent, want string }{
		{"MS-ASCAL_R52511, R52512, R52514: neither", "<Subject>x</Subject>", "20260301T123000Z 20260301T130000Z"},
		{"nothing at all", "", "20260301T123000Z 20260301T130000Z"},
		{"MS-ASCAL_R52515: end in the past", fmt.Sprintf(end, "20260301T110000Z"), "6"},
		{"MS-ASCAL_R5251611: end before the rounded time", fmt.Sprintf(end, "20260301T121000Z"), "6"},
		{"MS-ASCAL_R52516: end to come", fmt.Sprintf(end, "20260301T150000Z"), "20260301T123000Z 20260301T150000Z"},
		{"MS-ASCAL_R52517: start in the past", fmt.Sprintf(start, "20260301T110000Z"), "20260301T110000Z 20260301T130000Z"},
		{"MS-ASCAL_R52518: start to come", fmt.Sprintf(start, "20260301T150000Z"), "6"},
		{"both", fmt.Sprintf(start+end, "20260401T150000Z", "20260401T160000Z"), "20260401T150000Z 20260401T160000Z"},
	} {
		for _, v := range versions {
			o := options(t, v)
			o.Now += 180
			r, err := view.Put(nil, data(t, c.sent), eas.Put{Options: o, UID: "given"})
			if err != nil {
				if !tandem.IsKind(err, tandem.Invalid) || c.want != "6" {
					t.Errorf("%s in %s: %v", c.name, v, err)
				}
				continue
			}
			e := all(t, string(r.Body), o)
			if got := e.Get(wbxml.CalendarStartTime) + " " + e.Get(wbxml.CalendarEndTime); got != c.want {
				t.Errorf("%s in %s: %s", c.name, v, got)
			}
		}
	}
}

func TestNewUID(t *testing.T) {
	for _, c := range []struct {
		name, sent, want, answer string
		v                        eas.Version
	}{
		{"MS-ASCAL_R2219: the client's", "<UID>abc</UID>", "abc", "", eas.V141},
		{"MS-ASCAL_R2220: none", "<Subject>x</Subject>", "given", "", eas.V141},
		{"field note 27: 33 characters and NUL", "<ClientUid>0123456789abcdef0123456789abcdefA&#10;</ClientUid>", "0123456789abcdef0123456789abcdefA", "0123456789abcdef0123456789abcdefA", eas.V161},
		{"MS-ASCAL_R2223: the answer names it", "<Subject>x</Subject>", "given", "given", eas.V160},
		{"MS-ASCAL_R2063: ClientUid is of 16.0", "<ClientUid>abc</ClientUid>", "given", "", eas.V141},
	} {
		r, err := view.Put(nil, data(t, c.sent), eas.Put{Options: options(t, c.v), UID: "given"})
		if err != nil {
			t.Fatal(err)
		}
		info, err := handler.Inspect(r.Body)
		if err != nil || info.Index.UID != c.want {
			t.Errorf("%s: %q, %v", c.name, info.Index.UID, err)
		}
		if got := wbxml.New(wbxml.AirSyncApplicationData, r.Answer...).Get(wbxml.CalendarUID); got != c.answer {
			t.Errorf("%s: answer %q", c.name, got)
		}
	}
	nul := []*wbxml.Element{wbxml.Text(wbxml.CalendarClientUid, "0123\x00")}
	r, err := view.Put(nil, nul, eas.Put{Options: options(t, eas.V161)})
	if info, _ := handler.Inspect(r.Body); err != nil || info.Index.UID != "0123" {
		t.Errorf("%q, %v", info.Index.UID, err)
	}
	a, _ := view.Put(nil, data(t, "<Subject>a</Subject>"), eas.Put{Options: options(t, eas.V161)})
	b, _ := view.Put(nil, data(t, "<Subject>b</Subject>"), eas.Put{Options: options(t, eas.V161)})
	x, _ := handler.Inspect(a.Body)
	y, _ := handler.Inspect(b.Body)
	if x.Index.UID == "" || x.Index.UID == y.Index.UID {
		t.Errorf("%q and %q", x.Index.UID, y.Index.UID)
	}
}

// From 16.0 on the user is the organizer of what they add; before, whom the client names. Without guests nobody need be.
func TestOrganizerOfNew(t *testing.T) {
	const guest = "<Attendees><Attendee><Email>b@x.org</Email><Name>B</Name></Attendee></Attendees>"
	const ben = "<OrganizerName>Ben</OrganizerName><OrganizerEmail>ben@x.org</OrganizerEmail>"
	for _, v := range versions {
		for _, c := range []struct{ sent, before, since string }{
			{guest, "ORGANIZER;CN=Anna Ä:mailto:anna@example.org", "ORGANIZER;CN=Anna Ä:mailto:anna@example.org"},
			{guest + ben, "ORGANIZER;CN=Ben:mailto:ben@x.org", "ORGANIZER;CN=Anna Ä:mailto:anna@example.org"},
			{ben, "ORGANIZER;CN=Ben:mailto:ben@x.org", "!ORGANIZER"},
			{"<Subject>x</Subject>", "!ORGANIZER", "!ORGANIZER"},
		} {
			want := c.before
			if v >= eas.V160 { // MS-ASCAL_R2169, R2169001, R2175, R2175001
				want = c.since
			}
			body := put(t, "", eas.Put{Options: options(t, v), UID: "u"}, c.sent)
			if missing := has(body, want); missing != nil {
				t.Errorf("%s in %s: %q\n%s", c.sent, v, missing, body)
			}
		}
	}
}

// An empty element in an Exception takes away what the series has. MS-ASCAL_R508, R2242
func TestEmptied(t *testing.T) {
	const rich = daily + "|LOCATION:Room|CATEGORIES:A|ATTENDEE:mailto:b@x.org|BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-PT5M|END:VALARM"
	for _, tag := range []string{"Subject", "Location", "Categories", "Attendees", "Reminder"} {
		sent := "<Exceptions><Exception><ExceptionStartTime>20260304T090000Z</ExceptionStartTime><" + tag + "/></Exception></Exceptions>"
		body := put(t, cal(rich), eas.Put{Options: options(t, eas.V141)}, sent)
		x := all(t, body, options(t, eas.V141)).Child(wbxml.CalendarExceptions).Child(wbxml.CalendarException)
		e := x.Children[len(x.Children)-1]
		for _, c := range x.Children {
			if strings.HasSuffix(c.Tag.String(), tag) {
				e = c
			}
		}
		if !strings.HasSuffix(e.Tag.String(), tag) || e.String() != "" || len(e.Children) > 0 {
			t.Errorf("%s: %s\n%s", tag, xml(t, []*wbxml.Element{x}), body)
		}
	}
}

func TestAttachments(t *testing.T) {
	o := eas.Put{Options: options(t, eas.V161)}
	lines := meet + "|ATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY;FILENAME=a.txt:aGVsbG8=|ATTACH:https://x.org/b.pdf|ATTACH;FMTTYPE=image/png;ENCODING=BASE64;VALUE=BINARY:" + base64.StdEncoding.EncodeToString([]byte("png"))
	body := cal(lines)
	shown := func(body string, o eas.Options) string {
		var out []string
		for a := range all(t, body, o).Child(wbxml.AirSyncBaseAttachments).All(wbxml.AirSyncBaseAttachment) {
			out = append(out, a.Get(wbxml.AirSyncBaseDisplayName)+" "+a.Get(wbxml.AirSyncBaseFileReference)+" "+a.Get(wbxml.AirSyncBaseEstimatedDataSize))
		}
		return strings.Join(out, ", ")
	}
	if got := shown(body, o.Options); got != "a.txt 5:7:0 5, b.pdf.url 5:7:1 45, attachment-3.png 5:7:2 3" {
		t.Errorf("shown: %s", got)
	}
	if got := shown(body, options(t, eas.V141)); got != "" {
		t.Errorf("in 14.1: %s", got)
	}
	for n, want := range []string{"hello text/plain", "[InternetShortcut]\r\nURL=https://x.org/b.pdf\r\n application/internet-shortcut", "png image/png"} {
		data, kind, err := view.Attachment([]byte(body), n)
		if err != nil || string(data)+" "+kind != want {
			t.Errorf("attachment %d: %q %q, %v", n, data, kind, err)
		}
	}
	if _, _, err := view.Attachment([]byte(body), 3); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("attachment 3: %v", err)
	}
	// The first goes; the others keep their numbers, and a new one gets none of theirs.
	body = put(t, body, o, "<b:Attachments><b:Delete><b:FileReference>5:7:0</b:FileReference></b:Delete></b:Attachments>")
	if got := shown(body, o.Options); got != "b.pdf.url 5:7:1 45, attachment-3.png 5:7:2 3" {
		t.Errorf("after Delete: %s\n%s", got, body)
	}
	add := data(t, "<b:Attachments><b:Add><b:ClientId>c1</b:ClientId><b:Method>1</b:Method><b:ContentType>text/plain</b:ContentType><b:Content>d29ybGQ=</b:Content><b:DisplayName>w.txt</b:DisplayName></b:Add>"+
		"<b:Add><b:ClientId>c2</b:ClientId><b:Method>1</b:Method><b:DisplayName>empty.txt</b:DisplayName></b:Add></b:Attachments>")
	add[0].Children[0].Child(wbxml.AirSyncBaseContent).Text, add[0].Children[0].Child(wbxml.AirSyncBaseContent).Data = "", []byte("world")
	r, err := view.Put([]byte(body), add, o)
	if err != nil {
		t.Fatal(err)
	}
	if got := shown(string(r.Body), o.Options); got != "b.pdf.url 5:7:1 45, attachment-3.png 5:7:2 3, w.txt 5:7:3 5" {
		t.Errorf("after Add: %s\n%s", got, r.Body)
	}
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "empty.txt") { // field note 37
		t.Errorf("notes: %q", r.Notes)
	}
	a := wbxml.New(wbxml.AirSyncApplicationData, r.Answer...).Child(wbxml.AirSyncBaseAttachments).Child(wbxml.AirSyncBaseAttachment)
	if a.Get(wbxml.AirSyncBaseClientId) != "c1" || a.Get(wbxml.AirSyncBaseFileReference) != "5:7:3" { // MS-ASAIRS_R1082, R1368
		t.Errorf("answer: %v", xml(t, r.Answer))
	}
	if got := put(t, cal(meet), o, "<b:Attachments><b:Delete><b:FileReference>5:7:9</b:FileReference></b:Delete></b:Attachments>"); got != cal(meet) {
		t.Errorf("what is not there was deleted: %s", got)
	}
	bad := []*wbxml.Element{wbxml.New(wbxml.AirSyncBaseAttachments, wbxml.New(wbxml.AirSyncBaseAdd, wbxml.Text(wbxml.AirSyncBaseContent, "!")))}
	if _, err = view.Put([]byte(cal(meet)), bad, o); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("%v", err)
	}
}

// An instance has attachments of its own where they are not those of its series.
func TestInstanceAttachments(t *testing.T) {
	o := eas.Put{Options: options(t, eas.V161), Instance: "20260304T090000Z"}
	body := cal(daily + "|ATTACH;ENCODING=BASE64;VALUE=BINARY;FILENAME=a.txt:aGVsbG8=")
	of := func(body string) string {
		x := all(t, body, o.Options).Child(wbxml.CalendarExceptions).Child(wbxml.CalendarException)
		var out []string
		for a := range x.Child(wbxml.AirSyncBaseAttachments).All(wbxml.AirSyncBaseAttachment) {
			out = append(out, a.Get(wbxml.AirSyncBaseDisplayName)+" "+a.Get(wbxml.AirSyncBaseFileReference))
		}
		return strings.Join(out, ", ")
	}
	body = put(t, body, o, "<Subject>Other</Subject>")
	if got := of(body); got != "" {
		t.Errorf("as in the series: %s\n%s", got, body)
	}
	body = put(t, body, o, "<b:Attachments><b:Add><b:Method>1</b:Method><b:Content>d29ybGQ=</b:Content><b:DisplayName>w.txt</b:DisplayName></b:Add></b:Attachments>")
	if got := of(body); got != "a.txt 5:7:1, w.txt 5:7:2" {
		t.Errorf("with one more: %s\n%s", got, body)
	}
	for n, want := range []string{"hello", "hello", "world"} {
		if got, _, err := view.Attachment([]byte(body), n); err != nil || string(got) != want {
			t.Errorf("attachment %d: %q, %v", n, got, err)
		}
	}
}

// What a client manages and leaves out is taken away before 16.0, and only if it says all else. MS-ASCMD_R5907 to R5912
func TestLeftOut(t *testing.T) {
	const rich = meet + "|LOCATION:Room|CATEGORIES:A|RRULE:FREQ=DAILY|ATTENDEE:mailto:b@x.org|BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-PT5M|END:VALARM"
	everything := func(wbxml.Tag) bool { return true }
	nothing := func(wbxml.Tag) bool { return false }
	times := "<StartTime>20260302T090000Z</StartTime><EndTime>20260302T100000Z</EndTime>"
	for _, c := range []struct {
		name    string
		v       eas.Version
		managed func(wbxml.Tag) bool
		sent    string
		want    string
	}{
		{"managed", eas.V141, everything, times, "!LOCATION|!CATEGORIES|!RRULE:FREQ=DAILY|!ATTENDEE|!TRIGGER|!SUMMARY"},
		{"ghosted", eas.V141, nothing, times, "LOCATION:Room|CATEGORIES:A|RRULE:FREQ=DAILY|ATTENDEE:mailto:b@x.org|TRIGGER:-PT5M|SUMMARY:Talk"},
		{"nothing said", eas.V141, nil, times, "LOCATION:Room|CATEGORIES:A|RRULE:FREQ=DAILY|TRIGGER:-PT5M"},
		{"MS-ASCAL_R301: location cannot be ghosted", eas.V141, nil, times + "<Subject>Talk</Subject><Timezone>" + blob(t, "Europe/Berlin") + "</Timezone>", "!LOCATION|CATEGORIES:A"},
		{"half a request", eas.V141, everything, "<Subject>New</Subject>", "LOCATION:Room|CATEGORIES:A|RRULE:FREQ=DAILY|TRIGGER:-PT5M"},
		{"MS-ASCAL_R2231: ghosted from 16.0 on", eas.V160, everything, times, "LOCATION:Room|CATEGORIES:A|RRULE:FREQ=DAILY|TRIGGER:-PT5M"},
	} {
		got := put(t, cal(rich), eas.Put{Options: options(t, c.v), Managed: c.managed}, c.sent)
		if missing := has(got, c.want); missing != nil {
			t.Errorf("%s: %q\n%s", c.name, missing, got)
		}
	}
}
