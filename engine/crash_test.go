package engine

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"tandem"
)

// A run may end between any two steps, and between a step and its row. What comes after is an ordinary run.

// cutShort carries out the first n steps of a plan; recorded says whether the base learns of the last one.
func (p *pair) cutShort(plan *Plan, n int, recorded bool) error {
	l := NewLedger(plan)
	for i, a := range plan.Actions()[:n] {
		if !l.Ready(i) {
			return fmt.Errorf("step %d %s of %q needs what was not done", i, a.Do, a.At)
		}
		rows := map[int64]tandem.Row{}
		for link, r := range p.rows {
			rows[link] = r
		}
		var body [2]string
		for s := range body {
			id, _ := l.Target(i, tandem.Side(s))
			if t := p.m[s].recs[id]; t != nil {
				body[s] = t.content
			}
			if a.At[s] == "" {
				continue
			}
			if t := p.m[s].recs[a.At[s]]; t != nil {
				body[s] = t.content
			}
		}
		if err := p.do(l, i, a, body); err != nil {
			return fmt.Errorf("step %d (%s %s): %w", i, a.Do, a.Reason, err)
		}
		if i == n-1 && !recorded {
			p.rows = rows
		}
	}
	return nil
}

// TestRandomCrashes ends a run after a random step and runs again: both sides must come to hold the same, and nothing a person
// made may be lost or be there twice under names that nobody gave.
func TestRandomCrashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(true)
		p.rules.Policy = Policy(rapid.SampledFrom([]int{int(Ask), int(PreferA)}).Draw(t, "policy"))
		nodes := rapid.Bool().Draw(t, "nodes")
		p.m[0].nodes, p.m[1].nodes = nodes, nodes
		edits(t, p.m[0], "base", 8)
		if _, err := p.settleDown(2); err != nil {
			t.Fatal(err)
		}
		edits(t, p.m[0], "A", 5)
		edits(t, p.m[1], "B", 5)
		before := fmt.Sprintf("base: %s\nA: %s\nB: %s\n", p.rowText(), p.m[0].nodeText(), p.m[1].nodeText())
		had := p.contents()
		plan := p.plan()
		n := rapid.IntRange(0, len(plan.Actions())).Draw(t, "steps")
		if err := p.cutShort(plan, n, rapid.Bool().Draw(t, "recorded")); err != nil {
			t.Fatalf("%v\n%splan:\n%s", err, before, plan.text())
		}
		p.log = ""
		if _, err := p.settleDown(4); err != nil {
			t.Fatalf("%v\n%scut after %d of:\n%s", err, before, n, plan.text())
		}
		now := p.contents()
		for c := range had {
			if !now[c] {
				t.Fatalf("%s is lost\n%scut after %d of:\n%s%s", c, before, n, plan.text(), p.log)
			}
		}
		last := p.plan()
		if len(last.Actions()) > 0 {
			return // conflicts wait
		}
		if p.m[0].String() != p.m[1].String() {
			t.Fatalf("differ\n%scut after %d of:\n%s%s\nA %s\nB %s", before, n, plan.text(), p.log, p.m[0], p.m[1])
		}
		for _, id := range p.m[0].ids() {
			if isTemp(name(id)) {
				t.Fatalf("%s stayed\n%scut after %d of:\n%s%s", id, before, n, plan.text(), p.log)
			}
		}
	})
}

// TestCutShortAnywhere ends the run of a named history after each of its steps, with and without the row of the last one.
func TestCutShortAnywhere(t *testing.T) {
	cases := []struct{ name, base, a, b, want string }{
		{"names exchanged", "put x X; put y Y", "mv x t; mv y x; mv t y", "", "x=Y y=X"},
		{"names passed on in a ring", "put x X; put y Y; put z Z", "mv x t; mv y x; mv z y; mv t z", "", "x=Y y=Z z=X"},
		{"a directory into one that takes its name", "mkdir c; put c/f F; mkdir a; mkdir a/a", "mv c t; mv a c; mv t c/a/c", "", "c=dir c/a=dir c/a/c=dir c/a/c/f=F"},
		{"a hierarchy inverted", "mkdir a; mkdir a/b; put a/b/f F; put a/g G", "mv a/b t; mv a t/a; mv t b", "put a/b/n N",
			"b=dir b/a=dir b/a/g=G b/f=F b/n=N"},
		{"renamed on both sides", "put x X", "mv x a", "mv x b", "a=X"},
		{"renamed on both sides, and its directory too", "mkdir d; put d/x X", "mv d/x d/a; mv d e", "mv d/x d/b", ""},
		{"a file becomes a directory", "put x X", "rm x; mkdir x; put x/in IN", "", "x=dir x/in=IN"},
		{"a directory becomes a file", "mkdir x; put x/in IN", "rm x; put x X", "", "x=X"},
		{"a tree deleted", "mkdir d; mkdir d/e; put d/e/f F; put d/g G", "rm d", "", ""},
		{"a tree deleted but for an edit", "mkdir d; mkdir d/e; put d/e/f F; put d/g G", "rm d", "put d/e/f F2", "d=dir d/e=dir d/e/f=F2"},
		{"a tree made", "", "mkdir d; mkdir d/e; put d/e/f F; put d/g G", "put h H", "d=dir d/e=dir d/e/f=F d/g=G h=H"},
		{"a tree moved over a deleted one", "mkdir d; put d/f F; mkdir e; put e/g G", "rm d; mv e d", "put e/n N", "d=dir d/g=G e=dir e/n=N"},
		{"an edit and a rename", "put x X", "mv x y; put y Y", "", "y=Y"},
		{"two moves that close a ring", "mkdir a; mkdir b", "mv a b/a", "mv b a/b", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			start := newPair(true)
			start.m[0].script(t, c.base)
			start.mustRun(t)
			start.m[0].script(t, c.a)
			start.m[1].script(t, c.b)
			had := start.contents()
			for n := 0; ; n++ {
				for _, recorded := range []bool{true, false} {
					p := start.clone()
					plan := p.plan()
					if n > len(plan.Actions()) {
						return
					}
					if err := p.cutShort(plan, n, recorded); err != nil {
						t.Fatal(err)
					}
					if _, err := p.settleDown(3); err != nil {
						t.Fatal(err)
					}
					if c.want != "" && p.m[0].String() != c.want || p.m[0].String() != p.m[1].String() || len(p.plan().Actions()) > 0 {
						t.Errorf("cut after %d of (last recorded: %v):\n%s%s\nA %s\nB %s\nwant %s", n, recorded, plan.text(), p.log, p.m[0], p.m[1], c.want)
					}
					for content := range had {
						if !p.contents()[content] {
							t.Errorf("cut after %d: %s is lost", n, content)
						}
					}
				}
			}
		})
	}
}
