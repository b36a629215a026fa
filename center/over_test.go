package center

import (
	"testing"

	"tandem/provider/memory"
)

// TestOverIsOver: who is told that a run ended finds it ended; a page that looked too early would show it going on until something else happens.
func TestOverIsOver(t *testing.T) {
	w := newWorld(t, memory.Knobs{}, "p")
	defer w.close()
	w.add("c", "p", "p", manual)
	ended := 0
	for range 2 {
		err := w.hub.Sync(t.Context(), []string{"p"}, SyncOptions{}, func(n SyncNews) {
			if n.Report == nil && n.Err == nil {
				return
			}
			ended++
			st, err := w.hub.Status(t.Context(), []string{"p"})
			if err != nil || len(st) != 1 || st[0].Running {
				t.Errorf("%v: %+v", err, st)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if ended != 2 {
		t.Errorf("%d ends were told", ended)
	}
}
