package engine

import (
	"flag"
	"fmt"
	"slices"
	"testing"

	"tandem"
)

var all = flag.Bool("engine.all", false, "enumerate all small trees, not every eleventh case")

// smallTrees lists every tree of up to three nodes: p beside d, and d/q in d.
func smallTrees() []map[tandem.ID]string {
	var out []map[tandem.ID]string
	for _, p := range []string{"", "X", "Y", "dir"} {
		for _, d := range []string{"", "X", "Y", "dir", "dir/X", "dir/Y", "dir/dir"} {
			t := map[tandem.ID]string{}
			if p != "" {
				t["p"] = p
			}
			switch {
			case len(d) > 3:
				t["d"], t["d/q"] = "dir", d[4:]
			case d != "":
				t["d"] = d
			}
			out = append(out, t)
		}
	}
	return out
}

// setTo edits a model into the given tree, as a person would: what stays equal is not touched.
func (m *model) setTo(tree map[tandem.ID]string) {
	for _, id := range m.ids() {
		have, want := m.recs[id], tree[id]
		if have != nil && (want == "" || have.isDir() != (want == "dir")) {
			m.remove(id)
		}
	}
	ids := make([]tandem.ID, 0, len(tree))
	for id := range tree {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if have := m.recs[id]; have == nil || have.content != tree[id] {
			m.put(id, tree[id])
		}
	}
}

// TestSmallTrees enumerates every base, A and B of up to three nodes and checks for each that every step is possible, that
// two runs are enough, that the plan is the mirror image of its mirror image, that nothing is lost and nothing deleted comes back.
func TestSmallTrees(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine works through much: the race detector is told nothing new")
	}
	trees := smallTrees()
	policies := []Policy{Ask, PreferA, Both}
	n := 0
	for bi, base := range trees {
		start := newPair(true)
		start.m[0].nodes, start.m[1].nodes = false, false
		start.m[0].setTo(base)
		if _, err := start.settleDown(2); err != nil {
			t.Fatal(err)
		}
		for ai, ta := range trees {
			for bj, tb := range trees {
				if !*all && (bi+3*ai+7*bj)%11 != 0 {
					continue
				}
				policy := policies[(bi+ai+bj)%len(policies)]
				p := start.clone()
				p.rules.Policy = policy
				p.m[0].setTo(ta)
				p.m[1].setTo(tb)
				if err := p.checkSmall(base, ta, tb); err != nil {
					t.Fatalf("base %v, A %v, B %v, policy %d: %v", base, ta, tb, policy, err)
				}
				n++
			}
		}
	}
	t.Logf("%d cases", n)
}

func (p *pair) clone() *pair {
	q := *p
	q.m = [2]*model{p.m[0].clone(), p.m[1].clone()}
	q.rows = map[int64]tandem.Row{}
	for l, r := range p.rows {
		q.rows[l] = r
	}
	q.log = ""
	return &q
}

func (p *pair) checkSmall(base, ta, tb map[tandem.ID]string) error {
	plan := p.plan()
	if a, b := plan.lines(false), p.mirrored().plan().lines(true); a != b {
		return fmt.Errorf("not symmetric:\n%s\nmirror image:\n%s", a, b)
	}
	if _, err := p.settleDown(2); err != nil {
		return err
	}
	left := map[string]bool{}
	for s := range p.m {
		for _, c := range append(p.m[s].contents(), p.m[s].gone...) {
			left[c] = true
		}
	}
	for _, tree := range []map[tandem.ID]string{ta, tb} {
		for id, c := range tree {
			if c != "dir" && !left[c] {
				return fmt.Errorf("%s of %s is lost:\n%s\nA %s\nB %s", c, id, p.log, p.m[0], p.m[1])
			}
		}
	}
	last := p.plan()
	open := slices.ContainsFunc(last.Actions(), func(a Action) bool { return a.Reason == ConflictOpen })
	if !open && (len(last.Actions()) > 0 || p.m[0].String() != p.m[1].String()) {
		return fmt.Errorf("not in step:\n%s%s\nA %s\nB %s", p.log, last.text(), p.m[0], p.m[1])
	}
	for id, was := range base {
		if was == "dir" || count(was, base) > 1 || count(was, ta)+count(was, tb) != 1 || ta[id] != was && tb[id] != was {
			continue // not deleted on one side and untouched on the other, or not to be told from a move
		}
		if other := ta[id] + tb[id]; other != was {
			continue // something else took its place
		}
		for s := range p.m {
			if slices.Contains(p.m[s].contents(), was) {
				return fmt.Errorf("%s came back:\n%s\nA %s\nB %s", id, p.log, p.m[0], p.m[1])
			}
		}
	}
	return nil
}

func count(content string, tree map[tandem.ID]string) int {
	n := 0
	for _, c := range tree {
		if c == content {
			n++
		}
	}
	return n
}
