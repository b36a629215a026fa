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
		if plan := p.mustRun(t); len(plan.Actions()) != 1 || plan.Actions()[0].Reason != ConflictOpen || plan.Bookkeeping() != 0 {
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
	if plan := p.mustRun(t); len(plan.Actions()) != 1 || plan.Actions()[0].Reason != ConflictOpen {
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
	if plan := p.mustRun(t); len(plan.Actions()) != 1 || plan.Actions()[0].Reason != ConflictOpen || len(p.m[1].recs) != 3 {
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
	act := p.plan().Actions()[0]
	row := Postpone(act, "refused", 100)
	p.rows[row.Link] = row
	p.tell()
	p.rules.Now = 110
	if plan := p.plan(); len(plan.Actions()) != 1 || plan.Actions()[0].Reason != SetAside {
		t.Fatal(plan.text())
	}
	p.rules.Now = 1000
	plan := p.mustRun(t)
	if plan.doing(Update) != 1 || p.m[1].recs[p.rows[1].B.ID].content != "poison" {
		t.Fatal("what failed was not tried again: ", plan.text())
	}
}

// TestSilenceAboutTwoThatAreSetAside: two that were found to be one, and could not be brought together yet. Neither is told of again.
func TestSilenceAboutTwoThatAreSetAside(t *testing.T) {
	for _, tree := range []bool{false, true} {
		p := newPair(tree)
		p.merge = func(_, a, b string) (string, bool) { return min(a, b) + max(a, b), true }
		p.m[0].put("x", "A's").uid = "u"
		p.m[1].put("x", "B's").uid = "u"
		p.put(Postpone(p.plan().Actions()[0], "not now", 100))
		if r := p.rows[1]; r.Agreed() || !r.Aside.New || r.A.ID == "" || r.B.ID == "" {
			t.Fatalf("tree %v: %+v, aside %+v", tree, r, r.Aside)
		}
		p.tell()
		p.rules.Now = 110
		if plan := p.plan(); len(plan.Actions()) != 1 || plan.Actions()[0].Reason != SetAside || plan.Bookkeeping() != 0 {
			t.Fatalf("tree %v: %s", tree, plan.text())
		}
		p.rules.Now = 1000
		again := p.plan().Actions()
		if len(again) != 1 || again[0].Do != Merge || again[0].Reason != BothNew {
			t.Fatalf("tree %v: %s", tree, p.plan().text())
		}
		if row := Postpone(again[0], "not now", 1000); row.Link != 1 || row.Aside.Tries != 2 || !row.Aside.New {
			t.Fatalf("tree %v: %+v, aside %+v", tree, row, row.Aside)
		}
		p.m[1].remove("x") // what nobody agreed on is not deleted on the other side
		p.rules.Now = 110
		plan := p.plan()
		if plan.doing(Copy) != 1 || len(plan.Actions()) != 1 {
			t.Fatalf("tree %v: %s", tree, plan.text())
		}
		if row := Postpone(plan.Actions()[0], "not now", 110); row.Agreed() || row.B.ID != "" || row.Aside.New {
			t.Fatalf("tree %v: %+v, aside %+v", tree, row, row.Aside)
		}
		if p.mustRun(t); len(p.m[1].recs) != 1 || len(p.rows) != 1 || p.rows[1].Aside != nil || p.rows[1].B.ID == "" {
			t.Fatalf("tree %v: %s, rows %v", tree, p.m[1], p.rows)
		}
	}
}

// TestSilenceAboutAHalfThatMetItsOther: what had a row on one side only and met its other later is a pair from then on.
func TestSilenceAboutAHalfThatMetItsOther(t *testing.T) {
	p := newPair(false)
	p.merge = func(_, a, b string) (string, bool) { return min(a, b) + max(a, b), true }
	p.m[0].put("x", "A's").uid = "u"
	p.put(Postpone(p.plan().Actions()[0], "refused", 100))
	p.tell()
	p.m[1].put("y", "B's").uid = "u"
	p.rules.Now = 110
	p.put(Postpone(p.plan().Actions()[0], "not now", 110))
	p.tell()
	p.rules.Now = 1000
	if p.mustRun(t); p.m[0].recs["x"].content != "A'sB's" || p.m[1].recs["y"].content != "A'sB's" || len(p.rows) != 1 {
		t.Fatal(p.m[0], "|", p.m[1], p.rows)
	}
	p.quiet(t)
}

// TestRowOfWhatIsSetAsideAgain: the row is all that is known of a record that is not told of again, and so is of its last version.
func TestRowOfWhatIsSetAsideAgain(t *testing.T) {
	p := newPair(false)
	for i, content := range []string{"one", "longer"} {
		p.m[1].put("x", content).uid = "u"
		p.put(Postpone(p.plan().Actions()[0], "refused", int64(100+i)))
		p.tell()
	}
	if p.rules.Now = 1000; p.mustRun(t).doing(Copy) != 1 {
		t.Fatal(p.m[0], p.rows)
	}
	p.delta = [2]bool{}
	if plan := p.plan(); len(plan.Actions()) != 0 || plan.Bookkeeping() != 0 {
		t.Fatalf("a full listing has something to note: %s %s", plan.text(), plan.opText())
	}
}

// TestSilenceAboutWhatWasMovedAfterItWasSetAside: a file was deleted, which the other side refused for now, and came back under another name, to which the other side's was moved. It is not deleted after all when
// nothing is told of it any more.
func TestSilenceAboutWhatWasMovedAfterItWasSetAside(t *testing.T) {
	p := agreedPair(t, true, 3)
	a, b := p.rows[1].A.ID, p.rows[1].B.ID
	content := p.m[0].recs[a].content
	p.m[0].remove(a)
	act := p.plan().Actions()[0]
	p.put(Postpone(act, "not now", 100))
	p.tell()
	p.m[0].put("back", content)
	p.rules.Now = 110
	if plan := p.mustRun(t); act.Do != Delete || plan.doing(Move) != 1 || len(plan.Actions()) != 1 || p.m[1].recs[b] != nil {
		t.Fatal(act.Do, plan.text())
	}
	if p.rows[1].Aside != nil {
		t.Errorf("still set aside: %+v", p.rows[1].Aside)
	}
	p.tell()
	for _, now := range []int64{120, 1000} {
		p.rules.Now = now
		if plan := p.plan(); len(plan.Actions()) != 0 {
			t.Fatalf("at %d: %s", now, plan.text())
		}
	}
}

// TestSilenceAboutAConflictThatIsSetAside: a record in conflict changed so that nothing clashes any more, and its place was busy.
func TestSilenceAboutAConflictThatIsSetAside(t *testing.T) {
	p := agreedPair(t, false, 3)
	a, b := p.rows[1].A.ID, p.rows[1].B.ID
	p.m[0].put(a, "A's")
	p.m[1].put(b, "B's")
	p.mustRun(t)
	p.m[1].put(b, "solved")
	p.merge = func(_, a, b string) (string, bool) { return a + b, b == "solved" }
	p.put(Postpone(p.plan().Actions()[0], "not now", 100))
	p.tell()
	p.rules.Now = 110
	if plan := p.plan(); len(plan.Actions()) != 1 || plan.Actions()[0].Reason != SetAside {
		t.Fatal(plan.text())
	}
	p.rules.Now = 1000
	if p.mustRun(t); p.m[0].recs[a].content != "A'ssolved" || p.m[1].recs[b].content != "A'ssolved" || p.rows[1].Clash != nil {
		t.Fatal(p.m[0], "|", p.m[1])
	}
	p.quiet(t)
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
	if plan := p.mustRun(t); plan.doing(Copy) != 0 || plan.doing(Wait) != 1 || plan.Actions()[0].Reason != SideUnknown {
		t.Fatal(plan.text())
	}
	p.partial[1] = false
	p.m[1].put("b", "same").uid = "u"
	if plan := p.mustRun(t); len(plan.Actions()) != 0 || len(p.rows) != 1 {
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
