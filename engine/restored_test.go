package engine

import (
	"testing"

	"tandem"
)

// A store that was put back while records are in conflict: the row is void, and what either side has is paired anew. A place that
// tells no digests has told none of what is in conflict either; that the row of the conflict knows one is no reason not to ask
// who the record is.
func TestConflictIsPairedByUIDAfterARestore(t *testing.T) {
	for restored := sideA; restored <= sideB; restored++ {
		p := agreedPair(t, false, 3)
		p.rules.Guard.Off = true
		row := p.rows[1]
		for s, id := range [2]tandem.ID{row.A.ID, row.B.ID} {
			p.m[s].mute = true
			p.m[s].put(id, "edited on "+tandem.Side(s).String())
		}
		if plan := p.mustRun(t); plan.doing(Merge) != 1 || p.rows[1].Clash == nil {
			t.Fatal(plan.text())
		}
		p.replaced[restored] = true
		plan := p.mustRun(t)
		if plan.doing(Copy) != 0 || plan.doing(Merge)+plan.doing(Conflict) != 1 {
			t.Fatalf("side %s restored: %s", restored, plan.text())
		}
		if len(p.m[0].recs) != 3 || len(p.m[1].recs) != 3 || len(p.rows) != 3 {
			t.Errorf("side %s restored: %s | %s, %d rows", restored, p.m[0], p.m[1], len(p.rows))
		}
	}
}
