package session_test

import (
	"fmt"
	"testing"
)

// TestTwoFilledPlaces: what both places hold alike enters the base with the body that both agree on, however much it is, so that
// the next double edit is merged and the next deletion is one.
func TestTwoFilledPlaces(t *testing.T) {
	const n = 450 // more than are read at a time
	w := newWorld(t)
	body := func(i int, more string) string { return fmt.Sprintf("name=N%03d\n%suid=u%03d\n", i, more, i) }
	for i := range n {
		w.put(a, fmt.Sprint(i), body(i, ""))
		w.put(b, fmt.Sprintf("b%d", i), body(i, ""))
	}
	w.put(b, "bmore", "name=More\nuid=more\n")
	rep := w.sync()
	if rep.Done[0].Creates != 1 || rep.Done[1].Creates != 0 || len(rep.Problems) > 0 {
		t.Fatalf("did %+v, problems %v", rep.Done, rep.Problems)
	}
	rows := w.rows()
	if len(rows) != n+1 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		if row.Body.IsZero() || row.UID == "" || !row.Agreed() {
			t.Fatalf("%+v", row)
		}
	}
	w.quiet()
	w.put(a, "7", body(7, "mail=m\n"))
	w.put(b, "b7", body(7, "phone=1\n"))
	w.side[a].Remove("8")
	w.side[b].Remove("b9")
	w.sync()
	if got := w.dump(a)["7"]; got != "mail=m\nname=N007\nphone=1\nuid=u007\n" || got != w.dump(b)["b7"] {
		t.Errorf("merged to %q and %q", got, w.dump(b)["b7"])
	}
	if len(w.dump(a)) != n-1 || len(w.dump(b)) != n-1 || len(w.conflicts()) > 0 {
		t.Errorf("%d and %d records, %d conflicts", len(w.dump(a)), len(w.dump(b)), len(w.conflicts()))
	}
	w.quiet()
}
