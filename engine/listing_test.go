package engine

import (
	"testing"

	"tandem"
)

// What silence means: nothing, unless the listing was complete; and then what was last known.

// TestSilenceAboutAnOpenConflict: a side that lists what changed says nothing about a record in conflict: it is as it was when
// the conflict was found, not as the base has it.
func TestSilenceAboutAnOpenConflict(t *testing.T) {
	for _, tree := range []bool{false, true} {
		p := agreedPair(t, tree, 3)
		b := p.rows[1].B.ID
		p.m[0].put(p.rows[1].A.ID, "A's")
		p.m[1].put(b, "B's")
		p.mustRun(t)
		p.tell()
		if plan := p.mustRun(t); len(plan.Actions) != 1 || plan.Actions[0].Reason != ConflictOpen || len(plan.Base) != 0 {
			t.Fatal(plan.text())
		}
		p.answer(tandem.TakeA, "")
		if plan := p.mustRun(t); plan.doing(Update) != 1 || p.m[1].recs[b].content != "A's" {
			t.Fatal(plan.text())
		}
	}
}

func TestSilenceAboutAConflictWithADeletion(t *testing.T) {
	p := agreedPair(t, false, 3)
	p.rules.DeleteVsChange = AskDelete
	a, b := p.rows[1].A.ID, p.rows[1].B.ID
	p.m[0].put(a, "A's")
	p.m[1].remove(b)
	p.mustRun(t)
	p.tell()
	if plan := p.mustRun(t); len(plan.Actions) != 1 || plan.Actions[0].Reason != ConflictOpen {
		t.Fatal(plan.text())
	}
	p.answer(tandem.TakeB, "")
	p.mustRun(t)
	if p.m[0].recs[a] != nil || len(p.rows) != 2 {
		t.Fatal(p.m[0], p.rows)
	}
}

func TestSilenceAboutARenamedConflict(t *testing.T) {
	p := agreedPair(t, true, 3)
	p.m[0].put("x00", "A's")
	p.m[1].put("x00", "B's")
	p.mustRun(t)
	p.m[0].rename("x00", "renamed")
	p.mustRun(t)
	p.tell()
	if plan := p.mustRun(t); len(plan.Actions) != 1 || plan.Actions[0].Reason != ConflictOpen || len(p.m[1].recs) != 3 {
		t.Fatal(plan.text())
	}
	p.answer(tandem.TakeB, "")
	p.mustRun(t)
	for s := range p.m {
		if r := p.m[s].recs["renamed"]; r == nil || r.content != "B's" || len(p.m[s].recs) != 3 {
			t.Fatal(p.m[0], "|", p.m[1])
		}
	}
}

func TestSilenceAboutWhatIsSetAside(t *testing.T) {
	p := agreedPair(t, false, 3)
	a := p.rows[1].A.ID
	p.m[0].put(a, "poison")
	act := p.plan().Actions[0]
	row := Postpone(act, "refused", 100)
	p.rows[row.Link] = row
	p.tell()
	p.rules.Now = 110
	if plan := p.plan(); len(plan.Actions) != 1 || plan.Actions[0].Reason != SetAside {
		t.Fatal(plan.text())
	}
	p.rules.Now = 1000
	plan := p.mustRun(t)
	if plan.doing(Update) != 1 || p.m[1].recs[p.rows[1].B.ID].content != "poison" {
		t.Fatal("what failed was not tried again: ", plan.text())
	}
}

func TestDeltaListingsCarryDeletions(t *testing.T) {
	for _, tree := range []bool{false, true} {
		p := agreedPair(t, tree, 3)
		p.tell()
		p.m[0].remove(p.rows[2].A.ID)
		if plan := p.mustRun(t); plan.doing(Delete) != 1 || len(p.m[1].recs) != 2 || len(p.rows) != 2 {
			t.Fatal(plan.text())
		}
	}
}

// TestNewRecordsWaitForAListing: where ids mean nothing, what is new here may be there already, in the part of the listing that
// did not arrive.
func TestNewRecordsWaitForAListing(t *testing.T) {
	p := newPair(false)
	p.m[0].put("a", "same").uid = "u"
	p.partial[1] = true
	if plan := p.mustRun(t); plan.doing(Copy) != 0 || plan.doing(Wait) != 1 || plan.Actions[0].Reason != SideUnknown {
		t.Fatal(plan.text())
	}
	p.partial[1] = false
	p.m[1].put("b", "same").uid = "u"
	if plan := p.mustRun(t); len(plan.Actions) != 0 || len(p.rows) != 1 {
		t.Fatal(plan.text())
	}
	q := newPair(true) // in a tree the path tells
	q.m[0].put("a", "same")
	q.partial[1] = true
	if plan := q.mustRun(t); plan.doing(Copy) != 1 {
		t.Fatal(plan.text())
	}
}

// TestMirrorOfAnIncompleteListingRemovesNothing: what the source did not list is not known to be absent from it.
func TestMirrorOfAnIncompleteListingRemovesNothing(t *testing.T) {
	for _, tree := range []bool{false, true} {
		p := agreedPair(t, tree, 3)
		p.rules.Direction, p.rules.Guard.Off = MirrorAToB, true
		p.m[0].remove("x00")
		p.m[1].put("own", "added there").uid = "own"
		p.partial[0] = true
		if p.mustRun(t); len(p.m[1].recs) != 4 {
			t.Fatalf("tree %v: %s", tree, p.m[1])
		}
		p.partial[0] = false
		if p.mustRun(t); len(p.m[1].recs) != 2 {
			t.Fatalf("tree %v: %s", tree, p.m[1])
		}
		p.quiet(t)
	}
}
