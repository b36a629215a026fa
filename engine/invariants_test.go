package engine

import (
	"fmt"
	"math/rand"
	"slices"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem"
)

// The invariants, each on random worlds that shrink to the least that breaks it.

// drawWorld makes a pair in agreement, of either kind, that both sides have edited since.
func drawWorld(t *rapid.T) *pair {
	tree := rapid.Bool().Draw(t, "tree")
	p := newPair(tree)
	p.m[0].nodes, p.m[1].nodes = rapid.Bool().Draw(t, "nodes A"), rapid.Bool().Draw(t, "nodes B")
	p.m[0].hushed, p.m[1].hushed = rapid.Bool().Draw(t, "hushed A"), rapid.Bool().Draw(t, "hushed B")
	change := edits
	if !tree {
		change = flatEdits
	}
	change(t, p.m[0], "base", 6)
	if _, err := p.settleDown(2); err != nil {
		t.Fatal(err)
	}
	p.rules.Policy = Policy(rapid.IntRange(0, int(Both)).Draw(t, "policy"))
	p.rules.DeleteVsChange = DeleteRule(rapid.IntRange(0, int(AskDelete)).Draw(t, "delete"))
	p.rules.NoMerge = rapid.Bool().Draw(t, "nomerge")
	change(t, p.m[0], "A", 5)
	change(t, p.m[1], "B", 5)
	for s := range p.m {
		for _, id := range p.m[s].ids() {
			p.m[s].recs[id].modified = int64(rapid.IntRange(0, 3).Draw(t, "time"))
		}
	}
	p.log = ""
	return p
}

func (p *pair) describe() string {
	return fmt.Sprintf("rules %+v\nbase %s\nA %s\nB %s\n%s", p.rules, p.rowText(), p.m[0].nodeText(), p.m[1].nodeText(), p.log)
}

// open tells that a conflict waits for an answer.
func (p *Plan) open() bool {
	return slices.ContainsFunc(p.Actions(), func(a Action) bool { return a.Reason == ConflictOpen })
}

// TestNoLoss: every version a person made is on a side, or was overwritten or deleted by a write, which history keeps.
func TestNoLoss(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawWorld(t)
		before, had := p.describe(), p.contents()
		if _, err := p.settleDown(3); err != nil {
			t.Fatal(err)
		}
		now := p.contents()
		for c := range had {
			if !now[c] {
				t.Fatalf("%s is lost\n%s%s", c, before, p.log)
			}
		}
	})
}

// TestLostMarksWhatIsLost: what vanishes from both sides was in an action that says so, or was deleted unchanged.
func TestLostMarksWhatIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawWorld(t)
		agreed := map[tandem.Digest]bool{}
		for r := range p.baseRows() {
			agreed[r.A.Digest], agreed[r.B.Digest] = true, true // a place that gives no digests has none in its half
		}
		before, plan := p.describe(), p.plan()
		lost := map[tandem.Digest]bool{}
		for _, a := range plan.Actions() {
			a = Settle(a, false, false, p.rules)
			if a.Lost {
				lost[a.A.Digest], lost[a.B.Digest] = true, true
			}
		}
		had := slices.Concat(p.m[0].contents(), p.m[1].contents())
		if err := p.carryOut(plan); err != nil {
			t.Fatal(err)
		}
		left := slices.Concat(p.m[0].contents(), p.m[1].contents())
		for _, c := range had {
			if !slices.Contains(left, c) && !lost[sum(c)] && !agreed[sum(c)] {
				t.Fatalf("%s went without a word\n%s%s", c, before, plan.text())
			}
		}
	})
}

// TestConvergence: two runs at most make both sides equal but for open conflicts, and a further run plans and records nothing.
func TestConvergence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawWorld(t)
		before := p.describe()
		if _, err := p.settleDown(2); err != nil {
			t.Fatalf("%v\n%s", err, before)
		}
		if last := p.plan(); last.open() {
			return
		} else if len(last.Actions()) > 0 {
			t.Fatalf("waits without a conflict\n%s%s", before, last.text())
		}
		a, b := p.m[0].String(), p.m[1].String()
		if !p.m[0].tree {
			a, b = strings.Join(p.m[0].contents(), " "), strings.Join(p.m[1].contents(), " ")
		}
		if a != b {
			t.Fatalf("A %s\nB %s\n%s%s", a, b, before, p.log)
		}
	})
}

// TestIdempotence: a run cut short at any step, with or without its last row recorded, ends where an uncut one does. Only what was
// there twice, and of which one copy was deleted, may still be there twice: the copy just made looks like the one that went.
func TestIdempotence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawWorld(t)
		whole, before := p.clone(), p.describe()
		plan := p.plan()
		n := rapid.IntRange(0, len(plan.Actions())).Draw(t, "cut")
		if err := p.cutShort(plan, n, rapid.Bool().Draw(t, "recorded")); err != nil {
			t.Fatal(err)
		}
		for _, q := range []*pair{p, whole} {
			if _, err := q.settleDown(3); err != nil {
				t.Fatalf("%v\n%s", err, before)
			}
		}
		if p.plan().open() || whole.plan().open() || p.rules.Policy == Both {
			return // the open half of a conflict may have been found under another name
		}
		if !p.m[0].tree && p.rules.Policy != Ask {
			return // with one UID at several records, the copy just made can be what a policy then decides about
		}
		for s := range p.m {
			a, b := slices.Compact(p.m[s].contents()), slices.Compact(whole.m[s].contents())
			if !slices.Equal(a, b) {
				t.Fatalf("cut after %d of\n%s%s: %s, uncut %s\n%s", n, plan.text(), tandem.Side(s), a, b, before)
			}
		}
	})
}

// TestNoInvention: nothing appears that neither side had, and nothing more often than the side that has it most often, but for
// the second names of what is kept twice.
func TestNoInvention(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawWorld(t)
		before := p.describe()
		had := slices.Concat(p.m[0].contents(), p.m[1].contents())
		if _, err := p.settleDown(3); err != nil {
			t.Fatal(err)
		}
		for s := range p.m {
			now := p.m[s].contents()
			for _, c := range now {
				n, most := 0, 0
				for _, x := range now {
					n += map[bool]int{true: 1}[x == c]
				}
				for _, x := range had {
					most += map[bool]int{true: 1}[x == c]
				}
				if n > most {
					t.Fatalf("%s is on %s %d times, and was %d times in all\n%s%s", c, tandem.Side(s), n, most, before, p.log)
				}
			}
		}
	})
}

// TestEchoFree: what a run wrote is no change to the next.
func TestEchoFree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawWorld(t)
		before, plan := p.describe(), p.plan()
		if err := p.carryOut(plan); err != nil {
			t.Fatal(err)
		}
		next := p.plan()
		for _, a := range next.Actions() {
			if a.Do == Update || a.Do == Merge || a.Do == Conflict || a.Do == SetAttrs || a.Do == KeepBoth {
				t.Fatalf("%s of what was settled\n%s%s\nthen\n%s", a.Do, before, plan.text(), next.text())
			}
		}
	})
}

// TestOrderFree: neither the order of listings nor which side is called A changes what the two sides come to hold.
func TestOrderFree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawWorld(t)
		before := p.describe()
		q, r := p.mirrored(), p.clone()
		r.shuffle = rand.New(rand.NewSource(int64(rapid.IntRange(0, 1000).Draw(t, "seed"))))
		for _, x := range []*pair{p, q, r} {
			if err := x.carryOut(x.plan()); err != nil {
				t.Fatal(err)
			}
		}
		for s := range p.m {
			a, b, c := strings.Join(p.m[s].contents(), " "), strings.Join(q.m[1-s].contents(), " "), strings.Join(r.m[s].contents(), " ")
			if p.m[0].tree {
				a, b, c = p.m[s].String(), q.m[1-s].String(), r.m[s].String()
			}
			if a != b || a != c {
				t.Fatalf("%s comes to hold %s; with the sides exchanged %s; listed otherwise %s\n%s", tandem.Side(s), a, b, c, before)
			}
		}
	})
}

// TestRowsAreWhatBothSidesShow: no row is ahead of what a side shows, no id is in two rows, and all that is in step has a row.
func TestRowsAreWhatBothSidesShow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawWorld(t)
		before := p.describe()
		if _, err := p.settleDown(3); err != nil {
			t.Fatal(err)
		}
		if last := p.plan(); len(last.Actions()) > 0 {
			return
		}
		seen := [2]map[tandem.ID]bool{{}, {}}
		for r := range p.baseRows() {
			for s := range p.m {
				n := r.Side(tandem.Side(s))
				have := p.m[s].recs[n.ID]
				if have == nil || seen[s][n.ID] {
					t.Fatalf("%s is not there, or in two rows\n%s%s", n.ID, before, p.describe())
				}
				seen[s][n.ID] = true
				if m := p.m[s].meta(have); m.Version != n.Version || m.Digest != n.Digest && !n.Digest.IsZero() || m.Attrs != n.Attrs {
					t.Fatalf("%s: the row has %+v, %s shows %+v\n%s", n.ID, n, tandem.Side(s), m, before)
				}
			}
		}
		for s := range p.m {
			if len(seen[s]) != len(p.m[s].recs) {
				t.Fatalf("%s holds %d, the base %d\n%s%s", tandem.Side(s), len(p.m[s].recs), len(seen[s]), before, p.describe())
			}
		}
	})
}

// TestNoDeletionWithoutEvidence: a side whose listing is cut short, or whose store is another, has nothing deleted on its word.
func TestNoDeletionWithoutEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawWorld(t)
		s := rapid.IntRange(0, 1).Draw(t, "side")
		if rapid.Bool().Draw(t, "replaced") {
			p.replaced[s] = true
		} else {
			p.partial[s] = true
			p.m[s].trouble["nowhere"] = tandem.Unknown
		}
		for _, a := range p.plan().Actions() {
			if a.Do == Delete && int(a.To) != s && a.Reason != TypeChanged {
				t.Fatalf("%s deleted from %s\n%s", a.At[a.To], a.To, p.describe())
			}
		}
	})
}

// TestScopeAloneDoesNothing: whatever becomes hidden, unreadable or unknown, on either side or both, is not acted on.
func TestScopeAloneDoesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawWorld(t)
		p.rules.Policy = PreferA
		if _, err := p.settleDown(3); err != nil {
			t.Fatal(err)
		}
		if len(p.plan().Actions()) > 0 {
			return
		}
		for range 3 {
			drawTrouble(t, p)
		}
		p.rules.Direction = Direction(rapid.IntRange(0, int(MirrorBToA)).Draw(t, "direction"))
		if plan := p.plan(); plan.doing(Wait) != len(plan.Actions()) {
			t.Fatalf("%s%v %v\n%s", plan.text(), p.m[0].trouble, p.m[1].trouble, p.describe())
		}
	})
}

// TestConcurrentEditsAreNotOverwritten: an edit made between any two steps of a plan is refused by what each step demands to
// find, or left for the next run; it is never lost, and other steps go on.
func TestConcurrentEditsAreNotOverwritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawWorld(t)
		plan, before := p.plan(), p.describe()
		at := rapid.IntRange(0, len(plan.Actions())).Draw(t, "at")
		made := ""
		err := p.carryOn(plan, func(i int) {
			if i == at {
				s := rapid.IntRange(0, 1).Draw(t, "side")
				var ids []tandem.ID
				for _, id := range p.m[s].ids() {
					if !p.m[s].recs[id].isDir() {
						ids = append(ids, id)
					}
				}
				if len(ids) > 0 {
					made = "meanwhile"
					p.m[s].put(ids[rapid.IntRange(0, len(ids)-1).Draw(t, "id")], made)
				}
			}
		})
		if made != "" && !slices.Contains(p.m[0].contents(), made) && !slices.Contains(p.m[1].contents(), made) {
			t.Fatalf("overwritten\n%s%s", before, plan.text())
		}
		if made == "" && err != nil {
			t.Fatal(err)
		}
		had := p.contents()
		if _, err := p.settleDown(4); err != nil {
			t.Fatalf("%v\n%s%s", err, before, plan.text())
		}
		for c := range had {
			if !p.contents()[c] {
				t.Fatalf("%s is lost\n%s%s", c, before, plan.text())
			}
		}
	})
}

// carryOn carries a plan out as a session does that goes on after a step is refused; first is told before each step.
func (p *pair) carryOn(plan *Plan, first func(i int)) (refused error) {
	l := NewLedger(plan)
	var staged [][2]string
	for _, a := range plan.Actions() {
		var c [2]string
		for s := range c {
			if t := p.m[s].recs[a.Shown(tandem.Side(s)).ID]; t != nil {
				c[s] = t.content
			}
		}
		staged = append(staged, c)
	}
	for i, a := range plan.Actions() {
		first(i)
		if l.Ready(i) {
			if err := p.do(l, i, a, staged[i]); err != nil {
				refused = err
			}
		}
	}
	first(len(plan.Actions()))
	for i, op := range plan.Base {
		if l.ReadyOp(i) {
			p.record(l.OpRow(i), op.Drop)
		}
	}
	for row := range plan.InStep() {
		p.record(row, false)
	}
	return refused
}

// TestClocksChangeNothing: moving all clocks changes no plan, even where the newest wins; and without that policy no time does.
func TestClocksChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawWorld(t)
		q := p.clone()
		by := int64(rapid.IntRange(1, 100000).Draw(t, "by"))
		for s := range q.m {
			for _, x := range q.m[s].recs {
				switch {
				case p.rules.Policy != Newest:
					x.modified = by * int64(len(x.content))
				case x.modified != 0:
					x.modified += by
				}
			}
		}
		one, two := p.settledText(p.plan()), q.settledText(q.plan())
		if strings.Join(one, "\n") != strings.Join(two, "\n") {
			t.Fatalf("%s\nwith other clocks\n%s\n%s", strings.Join(one, "\n"), strings.Join(two, "\n"), p.describe())
		}
	})
}

// TestDeletesComeLast: but for what makes room for another type, no deletion comes before a copy, a move or an update, so that
// a run that fails half way has deleted nothing it still needs.
func TestDeletesComeLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawWorld(t)
		if p.m[0].tree {
			return // there a name may have to be freed first; Needs sees to the order
		}
		plan := p.plan()
		if !sort.SliceIsSorted(plan.Actions(), func(i, j int) bool { return plan.Actions()[i].Do != Delete && plan.Actions()[j].Do == Delete }) {
			t.Fatal(plan.text())
		}
	})
}
