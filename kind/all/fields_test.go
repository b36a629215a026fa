package all

import (
	"strings"
	"testing"

	"tandem"
	"tandem/kind"
)

func lines(l ...string) []byte { return []byte(strings.Join(append(l, ""), "\r\n")) }

func cal(l ...string) []byte {
	return lines(append(append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x"}, l...), "END:VCALENDAR")...)
}

// TestM093FieldsOfBodies: what each kind says of a body, field by field, and that a body which is not of the kind says nothing.
func TestM093FieldsOfBodies(t *testing.T) {
	kinds := Kinds()
	for name, c := range map[string]struct {
		kind tandem.Kind
		body []byte
		want string
	}{
		"contact": {tandem.Contact, lines("BEGIN:VCARD", "VERSION:3.0", "UID:1", "FN:Anna Adams", "N:Adams;Anna;;;", "TEL;TYPE=cell:+49 30 1", "TEL;TYPE=work:+49 30 2", "EMAIL:a@example.org", "EMAIL:b@example.org", "NOTE:hello\\, you", "REV:20260101T000000Z", "END:VCARD"),
			"name=Anna Adams|name in parts=Anna Adams|phone (cell)=+49 30 1|phone (work)=+49 30 2|e-mail=a@example.org/b@example.org|note=hello, you"},
		"event": {tandem.Event, cal("BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", "SUMMARY:Standup", "DTSTART:20260301T090000Z", "DTEND:20260301T093000Z", "LOCATION:Room 1", "DESCRIPTION:"+strings.Repeat("long ", 40), "END:VEVENT"),
			"summary=Standup|location=Room 1|description=" + strings.TrimSpace(strings.Repeat("long ", 40)) + "|start=2026-03-01 09:00 UTC, to 2026-03-01 09:30 UTC"},
		"task": {tandem.Task, cal("BEGIN:VTODO", "UID:1", "DTSTAMP:20260101T000000Z", "SUMMARY:Buy milk", "DUE:20260301T090000Z", "PRIORITY:1", "END:VTODO"), "summary=Buy milk|priority=1|start=due 2026-03-01 09:00 UTC"},
		"note": {tandem.Note, cal("BEGIN:VJOURNAL", "UID:1", "DTSTAMP:20260101T000000Z", "SUMMARY:Idea", "DESCRIPTION:a\\nb", "END:VJOURNAL"), "summary=Idea|description=a/b"},
		"mail": {tandem.Mail, lines("From: Anna <anna@example.org>", "To: bob@example.org", "Subject: Hello", "Date: Sun, 1 Mar 2026 09:00:00 +0000", "", "How are you?"),
			`subject=Hello|from="Anna" <anna@example.org>|to=bob@example.org|date=2026-03-01 09:00 UTC|text=How are you?|size=`},
		"text file":   {tandem.File, []byte("hello\n"), "size=6 bytes|content type=text/plain; charset=utf-8|text=hello/"},
		"binary file": {tandem.File, []byte{0, 1, 2}, "size=3 bytes|content type=application/octet-stream|digest="},
	} {
		t.Run(name, func(t *testing.T) {
			f, ok := kinds[c.kind].(kind.Fielder)
			if !ok {
				t.Fatalf("%s has no fields", c.kind)
			}
			fields, err := f.Fields(c.body)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, x := range fields {
				got = append(got, x.Label+"="+strings.ReplaceAll(x.Text, "\n", "/"))
			}
			if text := strings.Join(got, "|"); !strings.HasPrefix(text, c.want) || len(text) > len(c.want)+80 {
				t.Errorf("%s\nwant %s", text, c.want)
			}
			if c.kind == tandem.File || c.kind == tandem.Mail {
				return
			}
			if _, err := f.Fields([]byte("nonsense")); !tandem.IsKind(err, tandem.Invalid) {
				t.Error(err)
			}
		})
	}
}

// TestM094TitlesOfBodies: a version is called otherwise, and nothing else of it changes.
func TestM094TitlesOfBodies(t *testing.T) {
	kinds := Kinds()
	for k, body := range map[tandem.Kind][]byte{
		tandem.Contact: lines("BEGIN:VCARD", "VERSION:3.0", "UID:1", "FN:Old", "N:Old;;;;", "X-MINE:kept", "END:VCARD"),
		tandem.Event:   cal("BEGIN:VEVENT", "UID:1", "SUMMARY:Old", "DTSTART:20260301T090000Z", "X-MINE:kept", "END:VEVENT"),
		tandem.Task:    cal("BEGIN:VTODO", "UID:1", "X-MINE:kept", "END:VTODO"),
		tandem.Note:    cal("BEGIN:VJOURNAL", "UID:1", "SUMMARY:Old", "X-MINE:kept", "END:VJOURNAL"),
	} {
		now, err := kinds[k].(kind.Titler).WithTitle(body, "New, and better")
		if err != nil {
			t.Fatal(err)
		}
		info, err := kinds[k].Inspect(now)
		if err != nil || info.Summary.Title != "New, and better" || !strings.Contains(string(now), "X-MINE:kept") || strings.Contains(string(now), "FN:Old") || strings.Contains(string(now), "SUMMARY:Old") {
			t.Errorf("%s: %q %q, %v", k, info.Summary.Title, now, err)
		}
		if _, err := kinds[k].(kind.Titler).WithTitle([]byte("nonsense"), "x"); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v", k, err)
		}
	}
}
