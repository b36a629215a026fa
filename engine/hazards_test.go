package engine

import (
	"strings"
	"testing"

	"tandem"
)

// One test per way in which sync engines have lost data and that a planner can prevent. Each sets up an agreed pair first.

func TestIncompleteListingDeletesNothing(t *testing.T) {
	for _, tree := range []bool{false, true} {
		p := agreedPair(t, tree, 5)
		for _, id := range p.m[1].ids() {
			p.m[1].remove(id)
		}
		p.partial[1] = true
		if plan := p.mustRun(t); len(plan.Actions) != 0 || len(plan.Base) != 0 {
			t.Fatal(plan.text())
		}
	}
}

func TestUnfinishedViewDeletesNothing(t *testing.T) {
	base, list := oneRecord("same", "same", true)
	b, v := viewsOf(t, base, list)
	v[1] = b.View(sideB, false)
	if plan := Reconcile(b, v[0], v[1], Rules{Tree: true}); len(plan.Actions) != 0 {
		t.Fatal(plan.text())
	}
}

func TestUnreadableOrIgnoredDirectoryCoversItsTree(t *testing.T) {
	for _, what := range []tandem.Presence{tandem.Problem, tandem.OutOfScope, tandem.Unknown} {
		p := newPair(true)
		p.m[0].put("d", "dir")
		p.m[0].put("d/x", "X")
		p.m[0].put("d/y", "Y")
		p.mustRun(t)
		p.m[1].trouble["d"] = what
		p.m[0].put("d/x", "X2")
		p.m[0].put("d/n", "N")
		p.m[0].remove("d/y")
		if plan := p.mustRun(t); plan.doing(Wait) != len(plan.Actions) || len(plan.Actions) == 0 {
			t.Fatal(what, plan.text())
		}
		delete(p.m[1].trouble, "d")
		p.mustRun(t)
		if p.m[0].String() != p.m[1].String() {
			t.Fatal(p.m[1])
		}
	}
}

func TestDeletedDirectoryHoldingIgnoredFilesStays(t *testing.T) {
	p := newPair(true)
	p.m[0].put("d", "dir")
	p.m[0].put("d/x", "X")
	p.mustRun(t)
	p.m[0].trouble["d/.cache"] = tandem.OutOfScope
	p.m[1].remove("d")
	plan := p.mustRun(t)
	if p.m[0].recs["d"] == nil || p.m[0].recs["d/x"] != nil || p.m[1].recs["d"] != nil {
		t.Fatal(plan.text(), p.m[0], p.m[1])
	}
	p.quiet(t)
}

func TestReplacedStoreDeletesNothing(t *testing.T) {
	for _, tree := range []bool{false, true} {
		p := agreedPair(t, tree, 5)
		for i, id := range p.m[1].ids() {
			if i < 4 {
				p.m[1].remove(id)
			}
		}
		p.replaced[1] = true
		plan := p.mustRun(t)
		if len(p.m[0].recs) != 5 || len(p.m[1].recs) != 5 || len(p.rows) != 5 {
			t.Fatalf("tree %v: %s A %s B %s", tree, plan.text(), p.m[0], p.m[1])
		}
		p.replaced[1] = false
		p.quiet(t)
	}
}

func TestRestoredBackupDoesNotRollBack(t *testing.T) {
	p := agreedPair(t, true, 3)
	old := p.m[1].clone()
	p.m[0].put("x00", "newer")
	p.mustRun(t)
	p.m[1] = old
	p.m[1].seq = 1000
	p.replaced[1] = true
	p.mustRun(t)
	if p.m[0].recs["x00"].content != "newer" {
		t.Fatal("an older version from a backup overwrote a newer one")
	}
}

func TestReplacedStoreUnderMirrorIsHeld(t *testing.T) {
	p := agreedPair(t, false, 3)
	p.rules.Direction = MirrorAToB
	p.replaced[0] = true
	if plan := p.plan(); !strings.Contains(causes(plan), "another store") {
		t.Fatal(causes(plan))
	}
}

func TestRefusedFirstSyncIsHeld(t *testing.T) {
	p := newPair(false)
	p.rules.First, p.rules.Guard.Off = Refuse, false
	p.m[0].put("a", "1").uid = "1"
	p.m[1].put("b", "2").uid = "2"
	if plan := p.plan(); !strings.Contains(causes(plan), "another store") {
		t.Fatal(causes(plan))
	}
}

func TestFirstSyncReplace(t *testing.T) {
	p := newPair(false)
	p.rules.First = ReplaceA
	p.m[0].put("a", "1").uid = "1"
	p.m[0].put("a2", "old").uid = "2"
	p.m[1].put("b", "2").uid = "2"
	p.mustRun(t)
	if len(p.m[0].recs) != 1 || p.m[0].recs["a2"].content != "2" {
		t.Fatal(p.m[0])
	}
	p.quiet(t)
}

func TestLostBaseMakesTheUnionWithoutDuplicates(t *testing.T) {
	for _, tree := range []bool{false, true} {
		p := agreedPair(t, tree, 6)
		p.m[0].remove("x01")
		p.rows = map[int64]tandem.Row{}
		p.mustRun(t)
		p.quiet(t)
		if len(p.m[0].recs) != 6 || len(p.m[1].recs) != 6 {
			t.Fatal(p.m[0], p.m[1])
		}
	}
}

func TestEqualOnBothSidesEntersTheBase(t *testing.T) {
	p := newPair(true)
	p.m[0].put("f", "same")
	p.m[1].put("f", "same")
	if plan := p.mustRun(t); len(plan.Actions) != 0 || len(p.rows) != 1 {
		t.Fatal(plan.text())
	}
	p.m[0].remove("f")
	p.mustRun(t)
	if len(p.m[1].recs) != 0 {
		t.Fatal("a deletion was reverted")
	}
}

func TestTornFilesAreFetchedAgain(t *testing.T) {
	p := agreedPair(t, true, 3)
	for l, r := range p.rows {
		r.Durable = false
		p.rows[l] = r
	}
	p.rules.Unclean = true
	p.m[1].put("x00", "")
	p.m[1].remove("x01")
	p.m[1].put("x02", "garbage")
	plan := p.mustRun(t)
	if p.m[0].recs["x00"].content != "content 0" || p.m[1].recs["x00"].content != "content 0" || p.m[1].recs["x01"] == nil || plan.doing(Conflict) != 1 {
		t.Fatal(plan.text(), p.m[0], p.m[1])
	}
}

func TestUIDTwiceOnOneSideMergesNobody(t *testing.T) {
	p := newPair(false)
	p.m[0].put("a1", "one").uid = "u"
	p.m[0].put("a2", "two").uid = "u"
	p.m[1].put("b1", "two").uid = "u"
	p.mustRun(t)
	p.quiet(t)
	if len(p.m[0].recs) != 2 || len(p.m[1].recs) != 2 {
		t.Fatal(p.m[0], p.m[1])
	}
}

func TestChangedIDIsNoDeletion(t *testing.T) {
	for _, withUID := range []bool{true, false} {
		p := agreedPair(t, false, 3)
		p.m[0].nodes, p.m[1].nodes = false, false
		p.m[0].rename("x00", "renumbered")
		if !withUID {
			p.m[0].recs["renumbered"].uid = ""
		}
		if plan := p.mustRun(t); len(plan.Actions) != 0 {
			t.Fatal(plan.text())
		}
		p.quiet(t)
	}
}

func TestListedTwiceIsNoReasonToAct(t *testing.T) {
	base, list := oneRecord("changed", "same", true)
	again := list[0][0]
	again.Version = "3"
	list[0] = append(list[0], again)
	if plan := planOf(t, base, list, Rules{Tree: true}); plan.doing(Wait) != len(plan.Actions) {
		t.Fatal(plan.text())
	}
	list[0][1] = list[0][0]
	if plan := planOf(t, base, list, Rules{Tree: true}); plan.doing(Update) != 1 {
		t.Fatal(plan.text())
	}
}
