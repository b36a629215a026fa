package engine

import (
	"fmt"
	"strings"
	"testing"

	"tandem"
)

// Whole plans that look as if something went wrong, and what a person may do about them.

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
	for _, a := range p.Actions() {
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
