package engine

import (
	"fmt"
	"strings"
	"testing"

	"tandem"
)

// One test per way in which sync engines have lost data and that a planner can prevent. Each sets up an agreed pair first.

// agreed is a pair of n records (x0, x1, …) in agreement, with the guard on.
func agreedPair(t *testing.T, tree bool, n int) *pair {
	t.Helper()
	p := newPair(tree)
	for i := range n {
		p.m[0].put(tandem.ID(fmt.Sprintf("x%02d", i)), fmt.Sprintf("content %d", i)).uid = fmt.Sprintf("uid %d", i)
	}
	p.mustRun(t)
	p.quiet(t)
	p.rules.Guard.Off = false
	return p
}

func causes(p *Plan) string {
	var out []string
	for _, a := range p.Held {
		out = append(out, a.String())
	}
	return strings.Join(out, "; ")
}

func (p *Plan) doing(d Do) int {
	n := 0
	for _, a := range p.Actions {
		if a.Do == d {
			n++
		}
	}
	return n
}

func TestEmptiedSideIsHeld(t *testing.T) {
	for _, n := range []int{2, 3, 50} {
		p := agreedPair(t, true, n)
		for _, id := range p.m[1].ids() {
			p.m[1].remove(id)
		}
		plan := p.mustRun(t)
		if !strings.Contains(causes(plan), "everything is gone") || len(p.m[0].recs) != n {
			t.Fatalf("%d rows: %q, A has %d", n, causes(plan), len(p.m[0].recs))
		}
		p.rules.Approved = plan.Hash
		p.mustRun(t)
		if len(p.m[0].recs) != 0 {
			t.Fatal("an approved plan was not carried out")
		}
	}
}

func TestFreshFilesDoNotHideAnEmptiedSide(t *testing.T) {
	p := agreedPair(t, true, 5)
	for _, id := range p.m[1].ids() {
		p.m[1].remove(id)
	}
	p.m[1].put("lost+found", "dir")
	if plan := p.plan(); !strings.Contains(causes(plan), "B: everything is gone from one side (5 of 5)") {
		t.Fatal(causes(plan))
	}
}

func TestPartialMassLossIsHeld(t *testing.T) {
	p := agreedPair(t, false, 50)
	for i, id := range p.m[1].ids() {
		if i < 11 {
			p.m[1].remove(id)
		}
	}
	if plan := p.plan(); causes(plan) != "A: many deletions (11 of 50)" {
		t.Fatal(causes(plan))
	}
	q := agreedPair(t, false, 60)
	for i, id := range q.m[1].ids() {
		if i < 12 {
			q.m[1].remove(id) // not more than a fifth
		}
	}
	if plan := q.plan(); len(plan.Held) != 0 || plan.doing(Delete) != 12 {
		t.Fatal(causes(plan), plan.doing(Delete))
	}
}

func TestUnrecognisedMovesAreNotDeletes(t *testing.T) {
	p := agreedPair(t, true, 30)
	p.m[0].nodes, p.m[1].nodes = false, false
	p.m[0].put("copy", "dir")
	for _, id := range p.m[0].ids() {
		if id != "copy" {
			p.m[0].rename(id, "copy/"+id)
		}
	}
	plan := p.mustRun(t)
	if len(plan.Held) > 0 || plan.doing(Delete) > 0 || p.m[0].String() != p.m[1].String() {
		t.Fatal(causes(plan), plan.text())
	}
}

func TestManyOverwritesAreHeld(t *testing.T) {
	p := agreedPair(t, true, 20)
	for i, id := range p.m[0].ids() {
		if i < 11 {
			p.m[0].put(id, "encrypted "+string(id))
		}
	}
	if plan := p.plan(); causes(plan) != "B: many overwritten records (11 of 20)" {
		t.Fatal(causes(plan))
	}
}

func TestEverythingChangedIsHeld(t *testing.T) {
	p := agreedPair(t, true, 12)
	for _, id := range p.m[0].ids() {
		p.m[0].put(id, "encrypted "+string(id))
	}
	if plan := p.plan(); !strings.Contains(causes(plan), "A: everything changed at once (12 of 12)") {
		t.Fatal(causes(plan))
	}
}

func TestManyShrunkAreHeldAndPutBack(t *testing.T) {
	p := agreedPair(t, true, 100)
	for i, id := range p.m[0].ids() {
		if i < 21 {
			p.m[0].put(id, "")
		}
	}
	plan := p.plan()
	if causes(plan) != "B: many files shrunk to nothing (21 of 100)" {
		t.Fatal(causes(plan))
	}
	if err := p.carryOut(Restore(plan, p.rules)); err != nil {
		t.Fatal(err)
	}
	if p.m[0].recs["x00"].content != "content 0" || p.m[0].String() != p.m[1].String() {
		t.Fatal(p.m[0])
	}
	p.quiet(t)
}

func TestRestorePutsDeletionsBack(t *testing.T) {
	p := newPair(true)
	for _, id := range []tandem.ID{"d", "d/e"} {
		p.m[0].put(id, "dir")
	}
	p.m[0].put("d/e/f", "F")
	p.m[0].put("d/g", "G")
	p.mustRun(t)
	p.m[1].remove("d")
	p.rules.Guard.Off = false
	plan := p.plan()
	if plan.doing(Delete) != 4 || len(plan.Held) == 0 {
		t.Fatal(plan.text(), causes(plan))
	}
	if err := p.carryOut(Restore(plan, p.rules)); err != nil {
		t.Fatal(err)
	}
	if p.m[0].String() != p.m[1].String() || len(p.m[1].recs) != 4 {
		t.Fatal(p.m[1])
	}
	p.quiet(t)
}

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

func TestConflictsDoNotBreed(t *testing.T) {
	p := newPair(true)
	p.rules.Policy = Both
	p.m[0].put("f.txt", "one")
	p.m[1].put("f.txt", "two")
	p.mustRun(t)
	p.quiet(t)
	if len(p.m[0].recs) != 2 {
		t.Fatal(p.m[0])
	}
	for _, id := range p.m[0].ids() {
		if id != "f.txt" {
			p.m[0].put(id, "three")
			p.m[1].put(id, "four")
		}
	}
	p.mustRun(t)
	p.quiet(t)
	for _, id := range p.m[0].ids() {
		if strings.Count(string(id), "conflict") > 1 {
			t.Fatal(p.m[0])
		}
	}
}

func TestOpenConflictStaysOneConflict(t *testing.T) {
	p := agreedPair(t, false, 1)
	p.m[0].put("x00", "A's")
	for _, id := range p.m[1].ids() {
		p.m[1].put(id, "B's")
	}
	if plan := p.mustRun(t); plan.doing(Conflict)+plan.doing(Merge) != 1 {
		t.Fatal(plan.text())
	}
	if plan := p.mustRun(t); len(plan.Actions) != 1 || plan.Actions[0].Reason != ConflictOpen {
		t.Fatal(plan.text())
	}
	p.m[0].put("x00", "B's") // made equal by hand
	p.mustRun(t)
	p.quiet(t)
	for _, r := range p.rows {
		if r.Clash != nil {
			t.Fatal("the conflict is still open")
		}
	}
}

func TestDecisionsAreCarriedOutOnlyOnWhatWasShown(t *testing.T) {
	want := map[tandem.Decision][2]string{tandem.TakeA: {"A's", "A's"}, tandem.TakeB: {"B's", "B's"}}
	for _, tree := range []bool{false, true} {
		for d := tandem.TakeA; d <= tandem.TakeBoth; d++ {
			for _, moved := range []bool{false, true} {
				p := agreedPair(t, tree, 1)
				b := p.m[1].ids()[0]
				p.m[0].put("x00", "A's")
				p.m[1].put(b, "B's")
				p.mustRun(t)
				for l, r := range p.rows {
					k := *r.Clash
					k.Decision = d
					r.Clash = &k
					p.rows[l] = r
				}
				if moved {
					p.m[0].put("x00", "changed since")
					p.mustRun(t)
					for _, r := range p.rows {
						if r.Clash == nil || r.Clash.Decision != tandem.Undecided || p.m[1].recs[b].content != "B's" {
							t.Fatal("an answer was carried out on a version it was not about")
						}
					}
					continue
				}
				p.mustRun(t)
				p.quiet(t)
				if w, ok := want[d]; ok && (p.m[0].recs["x00"].content != w[0] || p.m[1].recs[b].content != w[1]) {
					t.Fatal(p.m[0], p.m[1])
				}
				if d == tandem.TakeBoth && (len(p.m[0].recs) != 2 || len(p.m[1].recs) != 2) {
					t.Fatal(p.m[0], p.m[1])
				}
			}
		}
	}
}

func TestAsideWaitsForItsTimeOrAChange(t *testing.T) {
	p := newPair(false)
	p.m[0].put("a", "poison")
	act := p.plan().Actions[0]
	row := Postpone(act, "refused", 100)
	row.Link = 9
	p.rows[9] = row
	p.rules.Now = 110
	if plan := p.plan(); len(plan.Actions) != 1 || plan.Actions[0].Reason != SetAside {
		t.Fatal(plan.text())
	}
	again := Postpone(p.plan().Actions[0], "refused", 160)
	if again.Aside.Tries != 2 || again.Aside.Until != 160+300 {
		t.Fatalf("%+v", again.Aside)
	}
	p.rules.Now = 160
	if plan := p.plan(); plan.doing(Copy) != 1 {
		t.Fatal(plan.text())
	}
	p.rules.Now = 110
	p.m[0].put("a", "mended")
	p.mustRun(t)
	p.quiet(t)
	if len(p.m[1].recs) != 1 || len(p.rows) != 1 {
		t.Fatal(p.m[1], p.rows)
	}
}
