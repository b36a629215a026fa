package session_test

import (
	"testing"

	"tandem"
	"tandem/provider/memory"
)

// A merge that one side took and that came too late for the other, where the record was edited again, is no reason to ask: what the merge brought to one side is no edit of
// that side's own.
func TestMergeThatCameTooLateForOneSide(t *testing.T) {
	for late := a; late <= b; late++ {
		t.Run("late on "+late.String(), func(t *testing.T) {
			w := newWorld(t)
			w.put(a, "1", "name=Anna\nphone=1\nuid=x\n")
			w.sync()
			w.put(late, "1", "name=Anna\nphone=2\nuid=x\n")
			w.put(late.Other(), "1", "name=Anne\nphone=1\nuid=x\n")
			done := false
			w.side[late].Tune(func(k *memory.Knobs) {
				k.Hook = func(at string, _ tandem.ID) error {
					if at == "write" && !done {
						done = true
						w.put(late, "1", "name=Anna\nphone=3\nuid=x\n")
					}
					return nil
				}
			})
			rep := w.sync()
			if !done {
				t.Fatal("nothing came too late")
			}
			if rep.Conflicts != 0 {
				t.Errorf("%d conflicts", rep.Conflicts)
			}
			w.sync()
			w.want("name=Anne\nphone=3\nuid=x\n")
			w.quiet()
		})
	}
}
