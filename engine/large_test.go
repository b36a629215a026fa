package engine

import (
	"testing"

	"tandem"
)

// What a large first sync is spared must be told apart from what it needs.

func TestNothingIsAskedForBesideAnEmptySide(t *testing.T) {
	for _, tree := range []bool{false, true} {
		for full := sideA; full <= sideB; full++ {
			p := newPair(tree)
			p.m[0].hushed, p.m[1].hushed = true, true
			p.m[full].put("one", "1").uid = "u1"
			p.m[full].put("two", "2").uid = "u2"
			if a, b := p.asked(); len(a)+len(b) > 0 {
				t.Errorf("tree %v: asked for %q and %q although one side is empty", tree, a, b)
			}
			p.m[full.Other()].put("one", "1").uid = "u1"
			if a, b := p.asked(); len(a) == 0 || len(b) == 0 {
				t.Errorf("tree %v: asked for %q and %q although both have one", tree, a, b)
			}
		}
	}
}

// asked is what the first round of questions is about.
func (p *pair) asked() (a, b []tandem.ID) {
	base, err := NewBase(p.baseRows(), len(p.rows))
	if err != nil {
		panic(err)
	}
	v := [2]*View{base.View(sideA, false), base.View(sideB, false)}
	for s := range v {
		for _, c := range p.m[s].changes() {
			v[s].See(c)
		}
		v[s].Finish(tandem.Listing{Complete: true, Full: true})
	}
	return NeedDigests(base, v[0], v[1], p.rules)
}

// A base whose records are all gone from one side, and a side with news only: what is new there may be what vanished.
func TestDigestsAreAskedForWhereSomethingVanished(t *testing.T) {
	p := newPair(true)
	p.m[0].put("old", "content")
	p.mustRun(t)
	p.m[0].hushed, p.m[0].nodes = true, false
	p.m[0].rename("old", "new")
	if a, b := p.asked(); len(a) != 1 || a[0] != "new" || len(b) != 0 {
		t.Errorf("asked for %q and %q", a, b)
	}
	if plan := p.mustRun(t); plan.doing(Move) != 1 || p.m[1].recs["new"] == nil {
		t.Error(plan.text())
	}
}

// An approval that a person gave must be known again by another build of the program, in any order of the listing.
func TestHashOfAPlanLasts(t *testing.T) {
	p := newPair(true)
	p.m[0].script(t, "mkdir d; put d/f F; put g G; put h H")
	p.mustRun(t)
	p.m[0].script(t, "put d/f F2; mv g d/g; put n N")
	p.m[1].script(t, "rm h; put m M")
	const want = "5d2bae599b14f49db9b8d514bb6af85553b22b9903c489b18d7b64cf71f521ed"
	plan := p.plan()
	if plan.Hash != want {
		t.Errorf("the hash is %s, it was %s\n%s", plan.Hash, want, plan.text())
	}
	for i, a := range plan.All() {
		if a.Do == Copy {
			a.Attrs = "mode=600"
			plan.Set(i, a)
			break
		}
	}
	if plan.sum(); plan.Hash == want {
		t.Error("other attributes make no other hash")
	}
}

// A long plan is hashed in pieces: no two plans that differ at their ends only have one hash.
func TestHashOfALongPlan(t *testing.T) {
	hashes := map[string]bool{}
	for _, last := range []string{"", "end", "end2"} {
		p := newPair(false)
		for i := range 300 {
			p.m[0].put(tandem.ID("record "+string(rune('a'+i%26))+string(rune('a'+i/26))), "body")
		}
		if last != "" {
			p.m[0].put("zz", last)
		}
		hashes[p.plan().Hash] = true
	}
	if len(hashes) != 3 {
		t.Errorf("%d hashes of 3 plans", len(hashes))
	}
}

// A deletion whose content is made again on the same side is no deletion to the guard; without any deletion nothing is compared.
func TestGuardTellsMovesFromDeletions(t *testing.T) {
	p := agreedPair(t, true, 30)
	p.m[0].nodes = false
	for i, id := range p.m[0].ids() {
		if i%2 == 0 {
			p.m[0].rename(id, "moved-"+id)
		}
	}
	if plan := p.plan(); len(plan.Held) > 0 {
		t.Errorf("held for %s", causes(plan))
	}
	for i, id := range p.m[0].ids() {
		if i%2 == 0 {
			p.m[0].remove(id)
		}
	}
	if plan := p.plan(); len(plan.Held) == 0 {
		t.Errorf("not held:\n%s", plan.text())
	}
}

// A record listed twice with the same facts is listed once; with others it contradicts itself, and nothing is concluded.
func TestListedTwice(t *testing.T) {
	for _, agreed := range []bool{false, true} {
		for _, same := range []bool{true, false} {
			p := newPair(false)
			p.m[0].put("x", "X").uid = "u"
			if agreed {
				p.mustRun(t)
				p.m[0].put("x", "X2")
			}
			base, err := NewBase(p.baseRows(), len(p.rows))
			if err != nil {
				t.Fatal(err)
			}
			a, b := base.View(sideA, false), base.View(sideB, false)
			line := p.m[0].changes()[0]
			a.See(line)
			if !same {
				line.Version = "another"
			}
			a.See(line)
			for _, c := range p.m[1].changes() {
				b.See(c)
			}
			for _, v := range []*View{a, b} {
				v.Finish(tandem.Listing{Complete: true, Full: true})
			}
			plan := Reconcile(base, a, b, Rules{})
			want := Copy
			switch {
			case !same:
				want = Wait
			case agreed:
				want = Update
			}
			if len(plan.Actions()) != 1 || plan.Actions()[0].Do != want || want == Wait && plan.Actions()[0].Reason != SideUnreadable {
				t.Errorf("agreed %v, same facts %v: %s", agreed, same, plan.text())
			}
		}
	}
}
