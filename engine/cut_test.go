package engine

import (
	"testing"

	"tandem"
)

// TestCutListingAndNewIDs: a place gives a record another id, and its listing ends before it says so of the old one. The record is not
// new, whatever it is known by; what is new goes on.
func TestCutListingAndNewIDs(t *testing.T) {
	for name, change := range map[string]func(*thing){
		"all that it was":   func(*thing) {},
		"its UID":           func(x *thing) { x.content, x.node, x.version = "other", "n99", 99 },
		"its node":          func(x *thing) { x.content, x.uid, x.version = "other", "", 99 },
		"what it holds":     func(x *thing) { x.uid, x.node, x.version = "", "n99", 99 },
		"its UID, not told": func(x *thing) { x.content, x.node, x.version = "other", "n99", 99 },
	} {
		for _, delta := range []bool{false, true} {
			p := agreedPair(t, false, 4)
			p.m[0].mute = name == "its UID, not told"
			if delta {
				p.tell()
				delete(p.told[0], "x02") // nothing is said about it
			}
			p.m[0].rename("x02", "again")
			change(p.m[0].recs["again"])
			p.m[0].put("new", "new").uid = "new"
			p.partial[0] = true
			plan := p.mustRun(t)
			if plan.doing(Copy) != 1 || plan.doing(Delete)+plan.doing(Update) != 0 || len(p.m[1].recs) != 5 {
				t.Fatalf("%s, delta %v: %s", name, delta, plan.text())
			}
			p.partial, p.delta = [2]bool{}, [2]bool{}
			p.mustRun(t)
			if len(p.m[0].recs) != 5 || len(p.m[1].recs) != 5 || len(p.rows) != 5 {
				t.Fatalf("%s, delta %v: %s | %s", name, delta, p.m[0], p.m[1])
			}
			p.quiet(t)
		}
	}
}

// TestCutListingOfAnEmptyBase: where nothing was agreed on yet, nothing can be what the listing is silent about.
func TestCutListingOfAnEmptyBase(t *testing.T) {
	p := newPair(false)
	p.m[0].put("a", "A").uid = "a"
	p.partial[0] = true
	if plan := p.mustRun(t); plan.doing(Copy) != 1 || plan.Actions()[0].To != tandem.SideB {
		t.Fatal(plan.text())
	}
}
