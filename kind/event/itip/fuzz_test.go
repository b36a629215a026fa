package itip

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"tandem/internal/corpus"
	"tandem/wire/ical"
)

// laws are what holds for any two bodies: no side panics, what is made is readable, and doing it again does nothing.
func laws(t *testing.T, a, b []byte) {
	hers, his := desk("anna", 0), desk("ben", 1)
	for _, d := range []Desk{hers, his} {
		d.Tag(a)
		_ = d.Allowed(a, b)
		_, _ = d.Rebase(a, b)
		for _, m := range []Method{Request, Reply, Cancel, Add, Refresh} {
			msg := bytes.Replace(b, []byte("BEGIN:VCALENDAR\r\n"), []byte("BEGIN:VCALENDAR\r\nMETHOD:"+string(m)+"\r\n"), 1)
			once, err := d.Receive(a, msg)
			if err != nil || once.Body == nil {
				continue
			}
			twice, err := d.Receive(once.Body, msg)
			if err != nil {
				t.Fatalf("%s: what was made cannot be read: %v\n%s", m, err, once.Body)
			}
			if twice.Body != nil {
				thrice, err := d.Receive(twice.Body, msg)
				if err != nil || thrice.Body != nil {
					t.Fatalf("%s: does not settle: %v\n%s\nand then\n%s\nand then\n%s", m, err, once.Body, twice.Body, thrice.Body)
				}
			}
		}
	}
	sent, err := hers.Organized(a, b)
	if err != nil {
		return
	}
	for _, m := range sent.Messages {
		if MethodOf(m.Body) != m.Method {
			t.Fatalf("%s is none:\n%s", m.Method, m.Body)
		}
		_, _ = his.Receive(nil, m.Body)
	}
	if again, err := hers.Organized(sent.Body, sent.Body); err != nil && len(b) > 0 || len(again.Messages) > 0 {
		t.Fatalf("again: %v, %s", err, told(again.Messages))
	}
	answered, err := his.Answered(a, b, "")
	if err != nil {
		return
	}
	for _, m := range answered.Messages {
		_, _ = hers.Receive(a, m.Body)
	}
}

// TestCorpora holds the laws over all events of the corpora, as meetings of Anna's and Ben's.
func TestCorpora(t *testing.T) {
	n := 0
	start := time.Now()
	for _, f := range corpus.Files(t, "ics", ".ics") {
		entries, err := ical.Split(f.Data)
		if err != nil {
			continue
		}
		for i, e := range entries {
			if e.Component != "VEVENT" || len(e.Body) > 20000 || i > 20 || time.Since(start) > time.Minute {
				continue
			}
			meeting := invite(e.Body)
			laws(t, meeting, bytes.ReplaceAll(meeting, []byte("NEEDS-ACTION"), []byte("ACCEPTED")))
			laws(t, nil, meeting)
			laws(t, meeting, nil)
			n++
		}
	}
	if n < 100 {
		t.Errorf("only %d events", n)
	}
}

// invite makes an event a meeting of Anna's, to which Ben is invited.
func invite(b []byte) []byte {
	doc, err := ical.Parse(b)
	if err != nil {
		return b
	}
	for cal := range doc.Components() {
		for c := range cal.Children() {
			if c.Is("VEVENT") {
				c.RemoveAll("ORGANIZER")
				c.Set("ORGANIZER", "mailto:anna@x.org")
				c.RemoveAll("ATTENDEE")
				c.Set("ATTENDEE", "mailto:ben@x.org").SetParam("PARTSTAT", "NEEDS-ACTION")
			}
		}
	}
	return doc.Bytes()
}

func FuzzLaws(f *testing.F) {
	all := func(lines ...string) string { return vevent(append([]string{at10, weekly, anna, me}, lines...)...) }
	f.Add(body(all(ben)), body(all(ben, "EXDATE:20260316T100000Z")))
	f.Add(body(all(ben), vevent(moved, anna, ben)), body(all(said(ben, "ACCEPTED")), vevent(second, anna, said(ben, "DECLINED"), carl)))
	f.Add(body(vevent(second, anna, ben)), body(vevent(at14, anna, ben)))
	f.Add(body(vevent("DTSTART;VALUE=DATE:20260309", weekly, anna, ben)), body(vevent("DTSTART;TZID=Europe/Berlin:20260309T100000", weekly, anna, ben)))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if len(a)+len(b) > 8000 || strings.Count(string(a)+string(b), "RRULE")+strings.Count(string(a)+string(b), "EXRULE") > 3 {
			return
		}
		laws(t, a, b)
	})
}
