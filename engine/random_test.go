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
	names := []string{"a", "b", "c", "A"}
	pick := func(ids []tandem.ID) tandem.ID { return ids[rapid.IntRange(0, len(ids)-1).Draw(t, label+".id")] }
	for range n {
		ids := m.ids()
		dirs := []tandem.ID{""}
		for _, id := range ids {
			if m.recs[id].isDir() {
				dirs = append(dirs, id)
			}
		}
		to := join(pick(dirs), names[rapid.IntRange(0, 3).Draw(t, label+".name")])
		switch op := rapid.IntRange(0, 6).Draw(t, label+".op"); {
		case op <= 1 && !m.taken(to):
			m.put(to, "dir")
		case op == 2 && !m.taken(to):
			m.put(to, fmt.Sprintf("%s%d", label, m.next()))
		case op == 3 && len(ids) > 0:
			if id := pick(ids); !m.recs[id].isDir() {
				m.put(id, fmt.Sprintf("%s%d", label, m.next()))
			}
		case op == 4 && len(ids) > 0:
			m.remove(pick(ids))
		case op >= 5 && len(ids) > 0 && m.recs[to] == nil:
			if id := pick(ids); to != id && (!m.taken(to) || m.key(id) == m.key(to)) && !strings.HasPrefix(string(to), string(id)+"/") {
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
	for runs = range n + 1 {
		plan := p.plan()
		p.log += fmt.Sprintf("run %d:\nbase %s\nA %s\nB %s\n%sbase ops: %s\n\n", runs, p.rowText(), p.m[0].nodeText(), p.m[1].nodeText(), plan.text(), plan.opText())
		busy := plan.Bookkeeping() > 0
		for _, a := range plan.Actions() {
			busy = busy || a.Do != Wait
		}
		if !busy {
			return runs, nil
		}
		if err := p.carryOut(plan); err != nil {
			return runs, fmt.Errorf("%w\n%s", err, p.log)
		}
	}
	return runs, fmt.Errorf("still busy after %d runs:\n%s", n, p.log)
}

// TestRandomEdits takes one tree, lets both sides change it at random, and syncs: every step must be possible when it comes,
// both sides must end alike but for conflicts, and nothing may be lost.
func TestRandomEdits(t *testing.T) {
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
				t.Fatalf("%v\nbefore:\n%s", err, before)
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
			for _, a := range last.Actions() {
				open = open || a.Do == Wait && a.Reason == ConflictOpen
			}
			if !open && len(last.Actions()) > 0 {
				t.Fatalf("waits without a conflict: %s\nbefore:\n%s%s", last.text(), before, p.log)
			}
			if !open && p.m[0].String() != p.m[1].String() {
				t.Fatalf("differ\nbefore:\n%sfirst plan:\n%s\nA: %s\nB: %s\n%s", before, first, p.m[0], p.m[1], p.log)
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

// clone copies a model, so that several plans can be tried on one state.
func (m *model) clone() *model {
	c := *m
	c.trouble = map[tandem.ID]tandem.Presence{}
	for id, p := range m.trouble {
		c.trouble[id] = p
	}
	c.recs = map[tandem.ID]*thing{}
	for id, t := range m.recs {
		x := *t
		c.recs[id] = &x
	}
	return &c
}

// mirrored is the same pair with the sides exchanged.
func (p *pair) mirrored() *pair {
	q := newPair(p.m[0].tree)
	q.m = [2]*model{p.m[1].clone(), p.m[0].clone()}
	q.rules, q.link, q.merge = p.rules.Mirror(), p.link, p.merge
	q.replaced = [2]bool{p.replaced[1], p.replaced[0]}
	q.partial = [2]bool{p.partial[1], p.partial[0]}
	q.delta, q.told = [2]bool{p.delta[1], p.delta[0]}, [2]map[tandem.ID]tandem.Version{p.told[1], p.told[0]}
	for l, r := range p.rows {
		r.A, r.B = r.B, r.A
		if r.Clash != nil {
			k := *r.Clash
			k.A, k.B = k.B, k.A
			switch k.Decision {
			case tandem.TakeA:
				k.Decision = tandem.TakeB
			case tandem.TakeB:
				k.Decision = tandem.TakeA
			}
			r.Clash = &k
		}
		if r.Aside != nil {
			k := *r.Aside
			k.A, k.B = k.B, k.A
			r.Aside = &k
		}
		q.rows[l] = r
	}
	return q
}

// lines prints a plan's actions sorted, so that only what is done counts; flip exchanges the sides.
func (p *Plan) lines(flip bool) string {
	var out []string
	for _, a := range p.Actions() {
		at, into, to := a.At, a.Into, a.To
		sides := [2]*tandem.Shown{a.A, a.B}
		if flip {
			at[0], at[1] = at[1], at[0]
			into[0], into[1] = into[1], into[0]
			sides[0], sides[1] = sides[1], sides[0]
			to = to.Other()
		}
		switch a.Do {
		case Move:
			at[to.Other()] = "" // which of two moves comes first does not matter
		case Copy, Update, Delete, KeepBoth:
		default:
			to = 0
		}
		out = append(out, fmt.Sprintf("%s %s %v %v %s %s %s %s %s lost=%v", a.Do, to, at, into, a.NewID, a.Attrs, a.Reason, sides[0].ID, sides[1].ID, a.Lost))
	}
	for _, op := range p.Base {
		r := op.Row
		if flip {
			r.A, r.B = r.B, r.A
		}
		out = append(out, fmt.Sprintf("base %d %v %s@%s %s@%s", r.Link, op.Drop, r.A.ID, r.A.Version, r.B.ID, r.B.Version))
	}
	for r := range p.InStep() {
		if flip {
			r.A, r.B = r.B, r.A
		}
		out = append(out, fmt.Sprintf("in step %s@%s %s@%s", r.A.ID, r.A.Version, r.B.ID, r.B.Version))
	}
	for _, h := range p.Held {
		side := h.Side
		if flip {
			side = side.Other()
		}
		out = append(out, fmt.Sprintf("held %s %s %d %d", side, h.Cause, h.Count, h.Of))
	}
	sort.Strings(out)
	return strings.Join(out, "\n")
}

// TestRandomMirrored: with the sides exchanged the plan is the mirror image, whatever the rules; and listing order is nothing.
func TestRandomMirrored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(true)
		drawSides(t, p)
		edits(t, p.m[0], "base", 8)
		if _, err := p.settleDown(2); err != nil {
			t.Fatal(err)
		}
		drawRules(t, p)
		edits(t, p.m[0], "A", 5)
		edits(t, p.m[1], "B", 5)
		drawTrouble(t, p)
		p.shuffle = nil
		one := p.plan()
		if a, b := one.lines(false), p.mirrored().plan().lines(true); a != b {
			t.Fatalf("rules %+v\nbase %s\nA %s\nB %s\nplan:\n%s\nmirror image:\n%s", p.rules, p.rowText(), p.m[0].nodeText(), p.m[1].nodeText(), a, b)
		}
		for seed := range 3 {
			p.shuffle = rand.New(rand.NewSource(int64(seed)))
			if other := p.plan(); other.Hash != one.Hash || other.text() != one.text() {
				t.Fatalf("another listing order, another plan:\n%s\n%s", one.text(), other.text())
			}
		}
	})
}

func drawSides(t *rapid.T, p *pair) {
	nodes := rapid.Bool().Draw(t, "nodes")
	p.m[0].nodes, p.m[1].nodes = nodes, nodes
	switch rapid.IntRange(0, 3).Draw(t, "names") {
	case 1:
		p.rules.Names[1].FoldCase, p.m[1].rule.FoldCase = true, true
	case 2:
		p.rules.Names[0].FoldCase, p.m[0].rule.FoldCase = true, true
		p.rules.Names[1].FoldCase, p.m[1].rule.FoldCase = true, true
	}
}

func drawRules(t *rapid.T, p *pair) {
	p.rules.Direction = Direction(rapid.IntRange(0, int(MirrorBToA)).Draw(t, "direction"))
	p.rules.Policy = Policy(rapid.IntRange(0, int(Both)).Draw(t, "policy"))
	p.rules.DeleteVsChange = DeleteRule(rapid.IntRange(0, int(AskDelete)).Draw(t, "delete"))
	p.rules.NoMerge = rapid.Bool().Draw(t, "nomerge")
	p.rules.Guard.Off = rapid.Bool().Draw(t, "guard off")
	p.rules.ReadOnly[rapid.IntRange(0, 1).Draw(t, "ro side")] = rapid.IntRange(0, 4).Draw(t, "ro") == 0
	p.replaced[rapid.IntRange(0, 1).Draw(t, "rep side")] = rapid.IntRange(0, 6).Draw(t, "rep") == 0
	p.partial[rapid.IntRange(0, 1).Draw(t, "part side")] = rapid.IntRange(0, 6).Draw(t, "part") == 0
}

func drawTrouble(t *rapid.T, p *pair) {
	for s := range p.m {
		ids := p.m[s].ids()
		if len(ids) > 0 && rapid.IntRange(0, 3).Draw(t, "trouble") == 0 {
			id := ids[rapid.IntRange(0, len(ids)-1).Draw(t, "trouble.id")]
			p.m[s].trouble[id] = rapid.SampledFrom([]tandem.Presence{tandem.Problem, tandem.OutOfScope, tandem.Unknown}).Draw(t, "trouble.what")
		}
	}
}

func (p *Plan) opText() string {
	out := ""
	for row := range p.InStep() {
		out += fmt.Sprintf("%s/%s ", row.A.ID, row.B.ID)
	}
	for _, op := range p.Base {
		out += fmt.Sprintf("%d:%s/%s", op.Row.Link, op.Row.A.ID, op.Row.B.ID)
		if op.Drop {
			out += "-"
		}
		out += " "
	}
	return out
}

// TestRandomRules syncs random trees under random rules, names and trouble: whatever the rules, every step must be possible when it
// comes, a side that may not be written is not, trouble is not touched, and it ends.
func TestRandomRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(true)
		drawSides(t, p)
		edits(t, p.m[0], "base", 8)
		if _, err := p.settleDown(2); err != nil {
			t.Fatal(err)
		}
		drawRules(t, p)
		p.rules.Guard.Off = true
		p.replaced = [2]bool{}
		edits(t, p.m[0], "A", 5)
		edits(t, p.m[1], "B", 5)
		drawTrouble(t, p)
		before := fmt.Sprintf("rules %+v\nbase %s\nA %s %v\nB %s %v\n", p.rules, p.rowText(), p.m[0].nodeText(), p.m[0].trouble, p.m[1].nodeText(), p.m[1].trouble)
		may := writable(p.rules.Direction, p.rules)
		was := [2]string{p.m[0].nodeText(), p.m[1].nodeText()}
		p.log = ""
		if _, err := p.settleDown(3); err != nil {
			t.Fatalf("%v\n%s", err, before)
		}
		for s := range may {
			if !may[s] && p.m[s].nodeText() != was[s] {
				t.Fatalf("side %s was written\n%s\n%s", tandem.Side(s), before, p.log)
			}
		}
		if src, ok := map[Direction]int{MirrorAToB: 0, MirrorBToA: 1}[p.rules.Direction]; ok && may[1-src] && len(p.plan().Actions()) == 0 &&
			len(p.m[0].trouble)+len(p.m[1].trouble) == 0 && p.partial == [2]bool{} && !p.m[0].rule.FoldCase && !p.m[1].rule.FoldCase {
			if p.m[0].String() != p.m[1].String() {
				t.Fatalf("no mirror\n%s\n%s\nA %s\nB %s", before, p.log, p.m[0], p.m[1])
			}
		}
	})
}
