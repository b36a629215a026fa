package session_test

import (
	"strings"
	"testing"

	"tandem/engine"
	"tandem/provider/memory"
)

// What waits because its place cannot be written to is told, once, and not where the direction spares that place anyway.
func TestChangesForAPlaceThatCannotBeWrittenTo(t *testing.T) {
	for _, dir := range []engine.Direction{engine.TwoWay, engine.AToB, engine.BToA, engine.MirrorAToB} {
		w := newWorld(t)
		w.rules.Guard.Off = true
		w.fill(3)
		w.side[b].Tune(func(k *memory.Knobs) { k.ReadOnly = true })
		w.rules.Direction = dir
		if rep := w.sync(); len(rep.Problems) != 0 {
			t.Errorf("direction %d, nothing changed: %v", dir, rep.Problems)
		}
		w.put(a, "c0", "name=New\nuid=u0\n")
		w.put(a, "c9", "name=Nine\nuid=u9\n")
		rep := w.sync()
		want := 1
		if dir == engine.BToA {
			want = 0
		}
		if len(rep.Problems) != want || want == 1 && !strings.Contains(rep.Problems[0].Text, "memory:right cannot be written to") {
			t.Errorf("direction %d: %v", dir, rep.Problems)
		}
		w.side[b].Tune(func(k *memory.Knobs) { k.ReadOnly = false })
		w.rules.Direction = engine.TwoWay
		if rep := w.sync(); len(rep.Problems) != 0 {
			t.Errorf("direction %d, with rights: %v", dir, rep.Problems)
		}
		w.want("name=New\nuid=u0\n", "name=N1\nuid=u1\n", "name=N2\nuid=u2\n", "name=Nine\nuid=u9\n")
	}
}
