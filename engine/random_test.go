package engine

import (
	"fmt"
	"math/rand"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem"
)

// script makes random edits on a tree; what a person could do in a file manager.
func edits(t *rapid.T, m *model, label string, n int) {
	names := []string{"a", "b", "c"}
	pick := func(ids []tandem.ID) tandem.ID { return ids[rapid.IntRange(0, len(ids)-1).Draw(t, label+".id")] }
	for range n {
		ids := m.ids()
		dirs := []tandem.ID{""}
		for _, id := range ids {
			if m.recs[id].isDir() {
				dirs = append(dirs, id)
			}
		}
		to := join(pick(dirs), names[rapid.IntRange(0, 2).Draw(t, label+".name")])
		switch op := rapid.IntRange(0, 6).Draw(t, label+".op"); {
		case op <= 1 && m.recs[to] == nil:
			m.put(to, "dir")
		case op == 2 && m.recs[to] == nil:
			m.put(to, fmt.Sprintf("%s%d", label, m.next()))
		case op == 3 && len(ids) > 0:
			if id := pick(ids); !m.recs[id].isDir() {
				m.put(id, fmt.Sprintf("%s%d", label, m.next()))
			}
		case op == 4 && len(ids) > 0:
			m.remove(pick(ids))
		case op >= 5 && len(ids) > 0 && m.recs[to] == nil:
			if id := pick(ids); to != id && !strings.HasPrefix(string(to), string(id)+"/") {
				m.rename(id, to)
			}
		}
	}
}

// contents lists the contents of files on one side.
func (m *model) contents() []string {
	var out []string
	for _, t := range m.recs {
		if !t.isDir() {
			out = append(out, t.content)
		}
	}
	sort.Strings(out)
	return out
}

// settleDown runs until nothing happens, at most n times.
func (p *pair) settleDown(n int) (runs int, err error) {
	var all string
	for runs = range n + 1 {
		plan := p.plan()
		all += fmt.Sprintf("run %d:\n%s%+v\n", runs, plan.text(), plan.Base)
		busy := len(plan.Base) > 0
		for _, a := range plan.Actions {
			busy = busy || a.Do != Wait
		}
		if !busy {
			return runs, nil
		}
		if err := p.carryOut(plan); err != nil {
			return runs, fmt.Errorf("%w\nplan:\n%s", err, plan.text())
		}
	}
	return runs, fmt.Errorf("still busy after %d runs:\n%s", n, all)
}

// TestPerturbed takes one tree, lets both sides change it at random, and syncs: every step must be possible when it comes,
// both sides must end alike but for conflicts, and nothing may be lost.
func TestPerturbed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(true)
		p.rules.Policy = Policy(rapid.SampledFrom([]int{int(Ask), int(Both), int(PreferA), int(PreferB)}).Draw(t, "policy"))
		nodes := rapid.Bool().Draw(t, "nodes")
		p.m[0].nodes, p.m[1].nodes = nodes, nodes
		edits(t, p.m[0], "base", 12)
		if _, err := p.settleDown(2); err != nil {
			t.Fatal(err)
		}
		for round := range 2 {
			edits(t, p.m[0], "A", 6)
			edits(t, p.m[1], "B", 6)
			before := fmt.Sprintf("base: %s\nA: %s\nB: %s\n", p.rowText(), p.m[0].nodeText(), p.m[1].nodeText())
			want := map[string]bool{}
			for s := range p.m {
				for _, c := range p.m[s].contents() {
					want[c] = true
				}
			}
			p.shuffle = rand.New(rand.NewSource(int64(round)))
			first := p.plan().text()
			if _, err := p.settleDown(2); err != nil {
				t.Fatalf("%v\nbefore:\n%sfirst plan:\n%s", err, before, first)
			}
			for s := range p.m {
				for _, c := range append(p.m[s].contents(), p.m[s].gone...) {
					delete(want, c)
				}
			}
			if len(want) > 0 {
				t.Fatalf("lost %v\nbefore:\n%sfirst plan:\n%s\nA: %s\nB: %s", want, before, first, p.m[0], p.m[1])
			}
			last := p.plan()
			open := false
			for _, a := range last.Actions {
				open = open || a.Do == Wait && a.Reason == ConflictOpen
			}
			if !open && len(last.Actions) > 0 {
				t.Fatalf("waits without a conflict: %s\nbefore:\n%sfirst plan:\n%s", last.text(), before, first)
			}
			if !open && p.m[0].String() != p.m[1].String() {
				t.Fatalf("differ\nbefore:\n%sfirst plan:\n%s\nA: %s\nB: %s", before, first, p.m[0], p.m[1])
			}
		}
	})
}

func (p *pair) rowText() string {
	out := ""
	for r := range p.baseRows() {
		out += fmt.Sprintf("%s[%s]/%s[%s] ", r.A.ID, r.A.Node, r.B.ID, r.B.Node)
		if r.Clash != nil {
			out += "(clash) "
		}
	}
	return out
}

func (m *model) nodeText() string {
	out := ""
	for _, id := range m.ids() {
		out += fmt.Sprintf("%s=%s[%s] ", id, m.recs[id].content, m.meta(m.recs[id]).Node)
	}
	return out
}
