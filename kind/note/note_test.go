package note_test

import (
	"strings"
	"testing"

	"tandem"
	"tandem/kind/note"
)

func body(lines string) []byte {
	return []byte("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VJOURNAL\nUID:u\n" + strings.ReplaceAll(lines, "|", "\n") + "\nEND:VJOURNAL\nEND:VCALENDAR\n")
}

func TestInspect(t *testing.T) {
	info, err := note.Handler{}.Inspect(body(`DESCRIPTION:  First line\nmore|DTSTART;VALUE=DATE:20261124|LAST-MODIFIED:20261124T000000Z`))
	if err != nil || info.Summary.Title != "First line" || info.Summary.When != "2026-11-24" || info.Modified != 1795478400e9 || info.Index.UID != "u" {
		t.Errorf("got %+v, %v", info, err)
	}
	if _, err := (note.Handler{}).Inspect([]byte("BEGIN:VCALENDAR\nEND:VCALENDAR\n")); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("nothing is a note: %v", err)
	}
}

// The text of a note merges by lines; the bytes around it stay.
func TestMergeText(t *testing.T) {
	m, err := note.Handler{}.Merge(body(`SUMMARY:list|DESCRIPTION:milk\nbread\neggs`), body(`SUMMARY:list|DESCRIPTION:oat milk\nbread\neggs`), body(`SUMMARY:shopping|DESCRIPTION:milk\nbread\neggs\nsalt\, pepper`))
	if want := string(body(`SUMMARY:shopping|DESCRIPTION:oat milk\nbread\neggs\nsalt\, pepper`)); err != nil || len(m.Clashes) > 0 || string(m.Body) != want {
		t.Errorf("%v %v, got\n%s\nwant\n%s", err, m.Clashes, m.Body, want)
	}
	m, err = note.Handler{}.Merge(body(`DESCRIPTION:milk`), body(`DESCRIPTION:bread`), body(`DESCRIPTION:eggs`))
	if err != nil || len(m.Clashes) != 1 || m.Clashes[0].Field != "description" || m.Clashes[0].Base != "milk" || string(m.Body) != string(body(`DESCRIPTION:bread`)) {
		t.Errorf("%v %+v, got\n%s", err, m.Clashes, m.Body)
	}
}
