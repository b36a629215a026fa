package engine

import (
	"errors"
	"slices"
	"testing"

	"tandem"
)

// A file that holds several records, in a place that is no tree, becomes unreadable: none of its records was deleted.
func TestTroubleCoversRecordsOfOneFile(t *testing.T) {
	row := func(link int64, a, b tandem.ID) tandem.Row {
		d := sum(string(a))
		return tandem.Row{Link: link, UID: string(b), A: tandem.Shown{ID: a, Version: "1", Digest: d}, B: tandem.Shown{ID: b, Version: "1", Digest: d}}
	}
	rows := []tandem.Row{row(1, "all.ics/one", "1"), row(2, "all.ics/two", "2"), row(3, "own.ics", "3"), row(4, "all.ics.bak", "4")}
	base, err := NewBase(func(yield func(tandem.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}, len(rows))
	if err != nil {
		t.Fatal(err)
	}
	a, b := base.View(tandem.SideA, false), base.View(tandem.SideB, false)
	a.See(tandem.Change{ID: "all.ics", Presence: tandem.Problem, Err: errors.New("torn")})
	for _, r := range rows {
		b.See(tandem.Change{ID: r.B.ID, Presence: tandem.Present, Meta: tandem.Meta{Version: "1", Digest: r.B.Digest}})
	}
	full := tandem.Listing{Complete: true, Full: true}
	a.Finish(full)
	b.Finish(full)
	var deleted []tandem.ID
	for _, act := range Reconcile(base, a, b, Rules{}).Actions() {
		if act.Do == Delete {
			deleted = append(deleted, act.B.ID)
		}
	}
	slices.Sort(deleted)
	if !slices.Equal(deleted, []tandem.ID{"3", "4"}) {
		t.Errorf("deleted %q, want 3 and 4: the others are in a file that cannot be read", deleted)
	}
}
