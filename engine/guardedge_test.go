package engine

import (
	"fmt"
	"testing"

	"tandem"
)

// shrink empties n records of a side; drop deletes them; change edits them.
func (p *pair) each(s, n int, do func(m *model, id tandem.ID)) {
	for i, id := range p.m[s].ids() {
		if i < n {
			do(p.m[s], id)
		}
	}
}

// TestGuardEdges holds a plan exactly above each threshold and lets it pass exactly at it, on either side and of either kind. All
// counts are of what A does, and so of alarms about B; and the other way round.
func TestGuardEdges(t *testing.T) {
	drop := func(m *model, id tandem.ID) { m.remove(id) }
	edit := func(m *model, id tandem.ID) { m.put(id, "edited "+string(id)) }
	empty := func(m *model, id tandem.ID) { m.put(id, "") }
	touch := func(m *model, id tandem.ID) { m.recs[id].version = m.next() }
	cases := []struct {
		name  string
		rows  int
		n     int
		do    func(*model, tandem.ID)
		guard Guard
		want  string // %[1]s the side written, %[2]s the side that says so
	}{
		{"ten deletions of twenty", 20, 10, drop, Guard{}, ""},
		{"eleven deletions of twenty", 20, 11, drop, Guard{}, "%[1]s: many deletions (11 of 20)"},
		{"eleven of fifty-four", 54, 11, drop, Guard{}, "%[1]s: many deletions (11 of 54)"},
		{"eleven of fifty-five", 55, 11, drop, Guard{}, ""},
		{"twelve of fifty-nine", 59, 12, drop, Guard{}, "%[1]s: many deletions (12 of 59)"},
		{"twelve of sixty", 60, 12, drop, Guard{}, ""},
		{"three of ten above three and a tenth", 10, 4, drop, Guard{Deletes: 3, DeleteShare: 0.3}, "%[1]s: many deletions (4 of 10)"},
		{"three of ten at three", 10, 3, drop, Guard{Deletes: 3, DeleteShare: 0.1}, ""},
		{"one of one", 1, 1, drop, Guard{}, ""},
		{"two of two", 2, 2, drop, Guard{}, "%[2]s: everything is gone from one side (2 of 2)"},
		{"nine of ten", 10, 9, drop, Guard{}, ""},
		{"ten of ten", 10, 10, drop, Guard{}, "%[2]s: everything is gone from one side (10 of 10)"},
		{"all of many", 30, 30, drop, Guard{}, "%[2]s: everything is gone from one side (30 of 30); %[1]s: many deletions (30 of 30)"},
		{"all of many, the guard off", 30, 30, drop, Guard{Off: true}, ""},

		{"nine overwritten of nine", 9, 9, edit, Guard{}, ""},
		{"ten overwritten of twenty", 20, 10, edit, Guard{}, ""},
		{"ten overwritten of nineteen", 19, 10, edit, Guard{}, "%[1]s: many overwritten records (10 of 19)"},
		{"eleven overwritten of twenty-two", 22, 11, edit, Guard{}, ""},
		{"eleven overwritten of twenty-one", 21, 11, edit, Guard{}, "%[1]s: many overwritten records (11 of 21)"},
		{"ten of forty above a quarter", 40, 11, edit, Guard{OverwriteShare: 0.25}, "%[1]s: many overwritten records (11 of 40)"},
		{"ten of forty at a quarter", 40, 10, edit, Guard{OverwriteShare: 0.25}, ""},
		{"all but one of ten changed", 10, 9, edit, Guard{OverwriteShare: 1}, ""},
		{"all of ten changed", 10, 10, edit, Guard{OverwriteShare: 1}, "%[2]s: everything changed at once (10 of 10)"},
		{"all of nine changed", 9, 9, edit, Guard{OverwriteShare: 1}, ""},
		{"all of ten under new versions", 10, 10, touch, Guard{}, ""},

		{"twenty shrunk of a hundred", 100, 20, empty, Guard{}, ""},
		{"twenty-one shrunk of a hundred", 100, 21, empty, Guard{}, "%[1]s: many files shrunk to nothing (21 of 100)"},
		{"two shrunk above one", 100, 2, empty, Guard{Shrunk: 1}, "%[1]s: many files shrunk to nothing (2 of 100)"},
		{"one shrunk at one", 100, 1, empty, Guard{Shrunk: 1}, ""},
	}
	for _, c := range cases {
		for _, tree := range []bool{true, false} {
			for s := range 2 {
				for _, delta := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/tree=%v/%s/delta=%v", c.name, tree, tandem.Side(s), delta), func(t *testing.T) {
						p := agreedPair(t, tree, c.rows)
						p.rules.Guard = c.guard
						if delta {
							p.tell()
						}
						p.each(s, c.n, c.do)
						plan := p.plan()
						want := ""
						if c.want != "" {
							want = fmt.Sprintf(c.want+"%.0[2]s", tandem.Side(1-s), tandem.Side(s))
						}
						if s == 1 && len(plan.Held) == 2 { // they come by side
							plan.Held[0], plan.Held[1] = plan.Held[1], plan.Held[0]
						}
						if got := causes(plan); got != want {
							t.Fatalf("%q, want %q", got, want)
						}
						if want == "" {
							return
						}
						p.approve(t, plan)
					})
				}
			}
		}
	}
}

// approve checks that a held plan does nothing until it is approved by its hash, and then does it.
func (p *pair) approve(t *testing.T, plan *Plan) {
	t.Helper()
	a, b := p.m[0].String(), p.m[1].String()
	p.rules.Approved = "another"
	if again := p.mustRun(t); len(again.Held) == 0 || again.Hash != plan.Hash || p.m[0].String() != a || p.m[1].String() != b {
		t.Fatal("another approval let it go ahead, or the plan is another the second time")
	}
	p.rules.Approved = plan.Hash
	if again := p.mustRun(t); len(again.Held) != 0 {
		t.Fatal("an approved plan is held")
	}
	p.delta = [2]bool{}
	p.quiet(t)
	if x, y := len(p.m[0].recs), len(p.m[1].recs); x != y {
		t.Fatalf("A has %d, B %d", x, y)
	}
}

// TestRestoreEachHeldPlan puts back what was deleted or emptied, on either side, and touches nothing else.
func TestRestoreEachHeldPlan(t *testing.T) {
	for _, tree := range []bool{true, false} {
		for s := range 2 {
			p := agreedPair(t, tree, 40)
			ids := p.m[s].ids()
			for i, id := range ids {
				switch {
				case i < 12:
					p.m[s].remove(id)
				case i < 20:
					p.m[s].put(id, "")
				case i < 22:
					p.m[s].put(id, "edited")
				}
			}
			plan := p.plan()
			back := Restore(plan, p.rules)
			if len(plan.Held) == 0 || len(back.Held) != 0 || back.Hash == plan.Hash || back.doing(Copy) != 12 || back.doing(Delete) != 0 {
				t.Fatalf("%s\n%s", causes(plan), back.text())
			}
			if n := back.Totals[s]; n.Creates != 12 || n.Updates != 8 || back.Totals[1-s].Updates != 2 || back.Totals[1-s].Deletes != 0 {
				t.Fatalf("%+v", back.Totals)
			}
			if err := p.carryOut(back); err != nil {
				t.Fatal(err)
			}
			p.quiet(t)
			for _, m := range p.m {
				n := map[string]int{}
				for _, c := range m.contents() {
					n[c]++
				}
				if len(m.recs) != 40 || n[""] != 0 || n["edited"] != 2 {
					t.Fatalf("tree %v: %v", tree, n)
				}
			}
		}
	}
}

// TestRestoreWhereNothingMayBeWritten leaves undone what it may not put back.
func TestRestoreWhereNothingMayBeWritten(t *testing.T) {
	p := agreedPair(t, true, 40)
	p.each(0, 12, func(m *model, id tandem.ID) { m.remove(id) })
	p.each(0, 2, func(m *model, id tandem.ID) { m.put(id, "") })
	p.rules.Direction = AToB
	plan := p.plan()
	back := Restore(plan, p.rules)
	if back.doing(Delete)+back.doing(Copy)+back.doing(Update) != 0 || back.doing(Nothing) != len(plan.Actions()) || plan.doing(Update) != 2 {
		t.Fatal(plan.text(), back.text())
	}
	for _, a := range back.Actions() {
		if a.Reason != PutBack {
			t.Fatal(back.text())
		}
	}
}

// TestRestoreWaitsForNoDeletion: what is put back stands on no deletion, since none is made; and a directory is made before what
// is in it.
func TestRestoreWaitsForNoDeletion(t *testing.T) {
	p := newPair(true)
	p.m[0].script(t, "mkdir d; mkdir d/e; put d/e/f F; put d/g G; mkdir k; put x X")
	p.mustRun(t)
	p.m[0].script(t, "rm d; mv x k/x")
	back := Restore(p.plan(), p.rules)
	made := map[tandem.ID]bool{}
	for i, a := range back.Actions() {
		for _, n := range a.Needs {
			if n >= i || back.Actions()[n].Do == Nothing {
				t.Fatalf("step %d needs step %d\n%s", i, n, back.text())
			}
		}
		if a.Do == Copy {
			if up := parent(a.NewID); up != "" && !made[up] {
				t.Fatalf("%s before its directory\n%s", a.NewID, back.text())
			}
			made[a.NewID] = true
		}
	}
	if len(made) != 4 {
		t.Fatal(back.text())
	}
}
