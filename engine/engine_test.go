package engine

import (
	"testing"
)

// quiet fails unless a further run plans and records nothing.
func (p *pair) quiet(t *testing.T) {
	t.Helper()
	plan := p.plan()
	for _, a := range plan.Actions() {
		if a.Do != Wait {
			t.Fatalf("a further run plans:\n%s\nA: %s\nB: %s", plan.text(), p.m[0], p.m[1])
		}
	}
	if plan.Bookkeeping() > 0 {
		t.Fatalf("a further run records %s", plan.opText())
	}
}

func TestFlatBasics(t *testing.T) {
	p := newPair(false)
	p.m[0].put("a1", "x").uid = "u1"
	p.m[0].put("a2", "y").uid = "u2"
	p.m[1].put("b2", "y").uid = "u2"
	p.m[1].put("b3", "z").uid = "u3"
	p.mustRun(t)
	p.quiet(t)
	if len(p.m[0].recs) != 3 || len(p.m[1].recs) != 3 || len(p.rows) != 3 {
		t.Fatalf("no union: %s | %s", p.m[0], p.m[1])
	}
	p.m[0].put("a1", "x2")
	p.m[1].remove("b3")
	p.m[1].put("b2", "y2")
	p.m[0].put("a2", "y3")
	plan := p.mustRun(t)
	p.quiet(t)
	t.Log(plan.text(), p.m[0], "|", p.m[1])
}

func TestTreeBasics(t *testing.T) {
	p := newPair(true)
	a, b := p.m[0], p.m[1]
	a.put("d", "dir")
	a.put("d/x", "X")
	a.put("d/y", "Y")
	b.put("z", "Z")
	p.mustRun(t)
	p.quiet(t)
	a.rename("d", "e")
	b.put("d/x", "X2")
	b.put("d/n", "N")
	plan := p.mustRun(t)
	t.Log(plan.text(), a, "|", b)
	p.quiet(t)
	a.rename("z", "tmp")
	a.rename("e", "z")
	a.rename("tmp", "e")
	plan = p.mustRun(t)
	t.Log(plan.text(), a, "|", b)
	p.quiet(t)
}
