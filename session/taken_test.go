package session_test

import (
	"testing"

	"tandem"
	"tandem/provider/memory"
)

func TestNameThatStaysTakenIsSetAside(t *testing.T) {
	w := newTrees(t)
	w.put(a, "1", "one")
	w.put(a, "2", "two")
	refused := 0
	w.side[b].Tune(func(k *memory.Knobs) {
		k.Hook = func(step string, id tandem.ID) error {
			if step == "write" && id == "1" {
				refused++
				w.put(b, "1", "hidden")
			}
			if step == "changes" {
				w.side[b].Remove("1") // there when written to, and never listed
			}
			return nil
		}
	})
	rep := w.sync()
	if refused != 2 || rep.Aside != 1 {
		t.Errorf("%d tries, %d set aside: %v", refused, rep.Aside, rep.Problems)
	}
	if got := w.dump(b)["2"]; got != "two" {
		t.Errorf("the rest did not go on: %q", w.dump(b))
	}
	w.sync()
	if refused != 2 {
		t.Errorf("tried %d times", refused)
	}
}
