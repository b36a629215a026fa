package note_test

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/internal/viewtest"
	"tandem/kind/note"
	"tandem/wire/wbxml"
)

func journal(lines ...string) []byte {
	return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VJOURNAL\r\nUID:1\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VJOURNAL\r\nEND:VCALENDAR\r\n")
}

func bodies(t testing.TB) map[string][]byte {
	all := viewtest.Bodies(t, note.Handler{}, "VJOURNAL")
	all["several"] = journal("SUMMARY:a\\, b", "DESCRIPTION:one\\ntwo", "DESCRIPTION;LANGUAGE=en:three", "CATEGORIES:x,y\\,z", "CATEGORIES;X-A=1:w", "X-OWN:1")
	all["html"] = journal("DESCRIPTION:bold text", "X-ALT-DESC;FMTTYPE=text/html:<p><b>bold</b> text</p>")
	all["stale html"] = journal("DESCRIPTION:newer", "X-ALT-DESC;FMTTYPE=text/html:<p><b>bold</b> text</p>")
	all["altrep"] = journal(`DESCRIPTION;ALTREP="data:text/html,%3Cb%3Ebold%3C%2Fb%3E%20text":bold text`)
	all["empty"] = journal("DTSTAMP:20260101T000000Z")
	return all
}

func TestViewPutGet(t *testing.T) { viewtest.PutGet(t, note.View{}, bodies(t)) }

// The class is served from 14.0 on (MS-ASWBXML_R652).
func TestViewIsValid(t *testing.T) {
	viewtest.Valid(t, note.View{}, bodies(t), eas.V140, eas.V141, eas.V160, eas.V161)
}

func TestViewAnyElements(t *testing.T) {
	viewtest.Any(t, note.View{}, note.Handler{}, bodies(t), wbxml.Notes, wbxml.AirSyncBase, wbxml.Tasks)
}

func send(t testing.TB, b []byte, sent ...string) []byte {
	t.Helper()
	return viewtest.Send(t, note.View{}, note.Handler{}, b, viewtest.Put(), viewtest.Elements(t, wbxml.Notes, sent...)...)
}

func show(t testing.TB, b []byte) map[string]string {
	t.Helper()
	return viewtest.Show(t, note.View{}, b, viewtest.Put().Options)
}

// Every element of MS-ASNOTE, both ways.
func TestViewEveryElement(t *testing.T) {
	b := send(t, nil, "Subject=A note; for me", "Body=Line 1\r\nLine 2", "Categories=Blue|Red, white", "MessageClass=IPM.StickyNote.Own", "LastModifiedDate=19990101T000000Z")
	want := map[string]string{"Subject": "A note; for me", "Body": "Line 1\r\nLine 2", "Categories": "Blue|Red, white", "MessageClass": "IPM.StickyNote.Own",
		"LastModifiedDate": "20260301T000000Z"} // MS-ASNOTE_R209: the actual time, MS-ASNOTE_R53: compact
	if got := show(t, b); !maps.Equal(got, want) {
		t.Errorf("%q\n%s", got, b)
	}
	for _, line := range []string{"UID:uid-1", "DTSTAMP:20260301T000000Z", "SUMMARY:A note\\; for me", "DESCRIPTION:Line 1\\nLine 2", "CATEGORIES:Blue,Red\\, white"} {
		if !strings.Contains(string(b), "\r\n"+line+"\r\n") {
			t.Errorf("no %s in\n%s", line, b)
		}
	}
	b = send(t, b, "MessageClass=IPM.StickyNote", "Categories=Blue")
	if got := show(t, b); got["MessageClass"] != "IPM.StickyNote" || strings.Contains(string(b), "X-TANDEM") {
		t.Errorf("%q\n%s", got, b)
	}
}

func TestViewChanges(t *testing.T) {
	before := journal("SUMMARY:s", "DESCRIPTION:d", "CATEGORIES:a,b", "X-OWN:1")
	for _, c := range []struct {
		name string
		sent []string
		want string // what the lines are then
	}{
		{"MS-ASNOTE_R112: categories that are missing go", []string{"Subject=s"}, "SUMMARY:s|DESCRIPTION:d|X-OWN:1"},
		{"MS-ASNOTE_R10002: a category that is missing goes", []string{"Categories=b"}, "SUMMARY:s|DESCRIPTION:d|CATEGORIES:b|X-OWN:1"},
		{"MS-ASNOTE_R113, R10003: a body and a subject that are missing stay", []string{"Categories=a|b|c"}, "SUMMARY:s|DESCRIPTION:d|CATEGORIES:a,b,c|X-OWN:1"},
		{"an empty subject", []string{"Subject=", "Categories=a|b"}, "DESCRIPTION:d|CATEGORIES:a,b|X-OWN:1"},
		{"MS-ASNOTE_R84: LastModifiedDate is ignored", []string{"LastModifiedDate=20200101T000000Z", "Categories=a|b"}, "SUMMARY:s|DESCRIPTION:d|CATEGORIES:a,b|X-OWN:1"},
		{"a cleared body", []string{"Body=", "Categories=a|b"}, "SUMMARY:s|CATEGORIES:a,b|X-OWN:1"},
	} {
		var lines []string
		for _, l := range strings.Split(string(send(t, before, c.sent...)), "\r\n")[5:] {
			if !strings.HasPrefix(l, "DTSTAMP") && !strings.HasPrefix(l, "LAST-MODIFIED") && !strings.HasPrefix(l, "END") && l != "" {
				lines = append(lines, l)
			}
		}
		if got := strings.Join(lines, "|"); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// MS-ASNOTE_R119
func TestViewForeignMessageClass(t *testing.T) {
	for _, class := range []string{"IPM.Note", "IPM.StickyNotes", "", "ipm.stickynote"} {
		if _, err := (note.View{}).Put(nil, viewtest.Elements(t, wbxml.Notes, "MessageClass="+class), viewtest.Put()); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%q: %v", class, err)
		}
	}
}

// MS-ASNOTE_R38, R39, R40, R123: a body as plain text, HTML and RTF, with its Data always.
func TestViewBodies(t *testing.T) {
	b := bodies(t)["html"]
	for kind, want := range map[eas.BodyType]string{eas.Plain: "bold text", eas.HTML: "<p><b>bold</b> text</p>", eas.RTF: ""} {
		o := viewtest.Put().Options
		o.Bodies = []eas.BodyPreference{{Type: kind, Truncation: -1}}
		got := viewtest.Show(t, note.View{}, b, o)["Body"]
		if want != "" && got != want || got == "" {
			t.Errorf("type %d: %q", kind, got)
		}
	}
	list, err := note.View{}.Get(bodies(t)["empty"], viewtest.Put().Options)
	if err != nil || !list[0].Has(wbxml.AirSyncBaseData) {
		t.Errorf("an empty note has no Data: %v", err)
	}
	html := wbxml.New(wbxml.AirSyncBaseBody, wbxml.Text(wbxml.AirSyncBaseType, "2"), wbxml.Text(wbxml.AirSyncBaseData, "<i>new</i>, text"))
	after := string(viewtest.Send(t, note.View{}, note.Handler{}, b, viewtest.Put(), html))
	if !strings.Contains(after, "DESCRIPTION:new\\, text\r\n") || !strings.Contains(after, "X-ALT-DESC;FMTTYPE=text/html:<i>new</i>\\, text\r\n") {
		t.Errorf("%s", after)
	}
	after = string(viewtest.Send(t, note.View{}, note.Handler{}, bodies(t)["altrep"], viewtest.Put(), html))
	if got := show(t, []byte(after)); got["Body"] != "<i>new</i>, text" || strings.Contains(after, "X-ALT-DESC") || strings.Contains(after, "bold") {
		t.Errorf("%s", after)
	}
	after = string(send(t, bodies(t)["altrep"], "Body=plain"))
	if !strings.Contains(after, "DESCRIPTION:plain\r\n") {
		t.Errorf("%s", after)
	}
	after = string(send(t, b, "Body=plain"))
	if !strings.Contains(after, "DESCRIPTION:plain\r\n") || strings.Contains(after, "X-ALT-DESC") {
		t.Errorf("%s", after)
	}
}

// What a client writes is what it is shown.
func TestViewGetPut(t *testing.T) {
	all := bodies(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"a", "b; c", "x, y", "ü\nz", `\n`})
		want := map[string]string{"MessageClass": "IPM.StickyNote", "Subject": text.Draw(t, "subject"), "LastModifiedDate": "20260301T000000Z"}
		in := []*wbxml.Element{wbxml.Text(wbxml.NotesSubject, want["Subject"]), wbxml.Text(wbxml.NotesMessageClass, "IPM.StickyNote")}
		body := strings.ReplaceAll(text.Draw(t, "body")+text.Draw(t, "body"), "\n", "\r\n")
		want["Body"] = body
		in = append(in, wbxml.New(wbxml.AirSyncBaseBody, wbxml.Text(wbxml.AirSyncBaseType, "1"), wbxml.Text(wbxml.AirSyncBaseData, body)))
		if c := text.Draw(t, "category"); rapid.Bool().Draw(t, "categorised") {
			in = append(in, wbxml.New(wbxml.NotesCategories, wbxml.Text(wbxml.NotesCategory, c)))
			want["Categories"] = c
		}
		before := all[rapid.SampledFrom([]string{"", "several", "html", "stale html", "altrep", "empty"}).Draw(t, "before")]
		r, err := note.View{}.Put(before, in, viewtest.Put())
		if err != nil {
			t.Fatal(err)
		}
		list, err := note.View{}.Get(r.Body, viewtest.Put().Options)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, e := range list {
			switch e.Tag {
			case wbxml.AirSyncBaseBody:
				got["Body"] = e.Get(wbxml.AirSyncBaseData)
			case wbxml.NotesCategories:
				got["Categories"] = e.Get(wbxml.NotesCategory)
			case wbxml.AirSyncBaseNativeBodyType:
			default:
				got[e.Tag.Name()] = e.String()
			}
		}
		if !maps.Equal(got, want) {
			t.Fatalf("want %q\ngot  %q\n%s\n%s", want, got, before, r.Body)
		}
	})
}

func TestViewRefuses(t *testing.T) {
	for name, b := range map[string][]byte{"nothing": []byte(""), "an event": bytes.ReplaceAll(journal(), []byte("VJOURNAL"), []byte("VEVENT"))} {
		if _, err := (note.View{}).Get(b, viewtest.Put().Options); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if (note.View{}).Class() != "Notes" {
		t.Error("another class")
	}
}

func FuzzViewPut(f *testing.F) {
	all := bodies(f)
	viewtest.Fuzz(f, note.View{}, note.Handler{}, all["several"], all["html"], all["empty"])
}
