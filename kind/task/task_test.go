package task_test

import (
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/task"
)

func body(lines string) []byte {
	return []byte("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VTODO\nUID:u\n" + strings.ReplaceAll(lines, "|", "\n") + "\nEND:VTODO\nEND:VCALENDAR\n")
}

func digest(t *testing.T, b []byte) tandem.Digest {
	t.Helper()
	info, err := task.Handler{}.Inspect(b)
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return info.Digest
}

func TestInspect(t *testing.T) {
	at := func(s string) int64 {
		tm, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return tm.Unix()
	}
	for _, c := range []struct {
		name, lines string
		start, end  int64
		when        string
	}{
		{"due alone", "SUMMARY:s|DUE:20261124T093000Z", at("2026-11-24T09:30:00Z"), at("2026-11-24T09:30:00Z"), "2026-11-24 09:30 UTC"},
		{"start and due", "SUMMARY:s|DTSTART:20261123T000000Z|DUE:20261124T093000Z", at("2026-11-23T00:00:00Z"), at("2026-11-24T09:30:00Z"), "2026-11-24 09:30 UTC"},
		{"due on a day", "SUMMARY:s|DUE;VALUE=DATE:20261124", at("2026-11-24T00:00:00Z"), at("2026-11-24T00:00:00Z"), "2026-11-24"},
		{"repeated", "SUMMARY:s|DUE;VALUE=DATE:20261124|RRULE:FREQ=DAILY;COUNT=3", at("2026-11-24T00:00:00Z"), at("2026-11-26T00:00:00Z"), "2026-11-24"},
		{"no time", "SUMMARY:s", 0, 0, ""},
	} {
		info, err := task.Handler{}.Inspect(body(c.lines))
		if err != nil || info.Index.Start != c.start || info.Index.End != c.end || info.Summary.When != c.when || info.Summary.Title != "s" || info.Index.UID != "u" {
			t.Errorf("%s: got %+v %q, %v", c.name, info.Index, info.Summary, err)
		}
	}
	if _, err := (task.Handler{}).Inspect([]byte(strings.ReplaceAll(string(body("SUMMARY:s")), "VTODO", "VEVENT"))); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("an event is a task: %v", err)
	}
}

// How far a task is changes as a whole: done at one time, at 100 percent.
func TestMerge(t *testing.T) {
	open, done := "STATUS:IN-PROCESS|PERCENT-COMPLETE:50|", "STATUS:COMPLETED|PERCENT-COMPLETE:100|COMPLETED:20261124T093000Z|"
	for _, c := range []struct{ name, base, a, b, want, clash string }{
		{"done here, put off there", open + "DUE:20261124T093000Z", done + "DUE:20261124T093000Z", open + "DUE:20261125T093000Z|PRIORITY:1", done + "DUE:20261125T093000Z|PRIORITY:1", ""},
		{"done here, further there", open + "SUMMARY:s", done + "SUMMARY:s", "STATUS:IN-PROCESS|PERCENT-COMPLETE:75|SUMMARY:s", done + "SUMMARY:s", "status"},
		{"done there", open + "SUMMARY:s", open + "SUMMARY:t", done + "SUMMARY:s", done + "SUMMARY:t", ""},
		{"subtasks", "RELATED-TO:1", "RELATED-TO:1|RELATED-TO:2", "RELATED-TO:3", "RELATED-TO:2|RELATED-TO:3", ""},
	} {
		m, err := task.Handler{}.Merge(body(c.base), body(c.a), body(c.b))
		if err != nil || digest(t, m.Body) != digest(t, body(c.want)) {
			t.Errorf("%s: %v, got\n%s", c.name, err, m.Body)
		}
		if len(m.Clashes) > 1 || len(m.Clashes) == 1 && m.Clashes[0].Field != c.clash || len(m.Clashes) == 0 && c.clash != "" {
			t.Errorf("%s: clashes %v, want %q", c.name, m.Clashes, c.clash)
		}
	}
}
