package engine

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tandem"
)

// What hangs on nothing else is decided by itself. These tests hold that against making a record of everything.

// aloneOrNot fails unless a run decides the same, and asks the same, whether records are made of everything or not. It returns how
// many were made, and the plan.
func (p *pair) aloneOrNot(t interface{ Fatalf(string, ...any) }) (records int, plan *Plan) {
	var ask, text [2]string
	for k, alone := range []bool{true, false} {
		b, v := p.first()
		w := newWork(b, v[0], v[1], p.rules)
		w.alone = alone
		x, y := w.needDigests()
		ask[k] = fmt.Sprint(x, y)
		b, v = p.look()
		w = newWork(b, v[0], v[1], p.rules)
		w.alone = alone
		made := w.reconcile()
		if text[k] = made.inOrder(); alone {
			records, plan = len(w.recs), made
		}
	}
	if ask[0] != ask[1] || text[0] != text[1] {
		t.Fatalf("base %s\nA %s\nB %s\nrules %+v\nalone, asking %s:\n%s\nwith a record for each, asking %s:\n%s",
			p.rowText(), p.m[0].nodeText(), p.m[1].nodeText(), p.rules, ask[0], text[0], ask[1], text[1])
	}
	return records, plan
}

// first is what a run sees before it asked for anything.
func (p *pair) first() (*Base, [2]*View) {
	b, err := NewBase(p.baseRows(), len(p.rows))
	if err != nil {
		panic(err)
	}
	var v [2]*View
	for s := range v {
		v[s] = b.View(tandem.Side(s), p.replaced[s])
		list := p.m[s].changes()
		if p.delta[s] {
			list = p.since(s, list)
		}
		for _, c := range list {
			v[s].See(c)
		}
		v[s].Finish(tandem.Listing{Complete: !p.partial[s], Full: !p.delta[s]})
	}
	return b, v
}

// touches changes what is there without moving it, but for nodes: attributes, versions, contents, and files that are replaced, change
// places, or are one thing under two names.
func touches(t *rapid.T, m *model, label string, n int) {
	for range n {
		ids := m.ids()
		if len(ids) == 0 {
			return
		}
		pick := func() *thing { return m.recs[ids[rapid.IntRange(0, len(ids)-1).Draw(t, label+".id")]] }
		x, y := pick(), pick()
		x.version = m.next()
		switch op := rapid.IntRange(0, 6).Draw(t, label+".touch"); {
		case x.isDir() && op == 3:
			x.attrs = tandem.MakeAttrs(map[string]string{"type": "dir", "mode": fmt.Sprint(op)})
		case op == 1 && !x.isDir():
			x.attrs = tandem.Attrs(fmt.Sprintf("mode=%d", m.next()%4))
		case op == 2:
			x.node = fmt.Sprintf("n%d", m.next())
		case op == 3:
			x.content, x.node = fmt.Sprintf("%s%d", label, m.next()), fmt.Sprintf("n%d", m.next())
		case op == 4 && x.isDir() == y.isDir():
			x.node, y.node = y.node, x.node
			if !x.isDir() {
				x.content, y.content = y.content, x.content
			}
			y.version = m.next()
		case op == 5:
			x.node = y.node
		case op == 6 && !x.isDir():
			x.content = []string{"same", ""}[m.next()%2]
		}
	}
}

// TestRandomAloneTree: a tree that both sides agreed on, with changes of each sort since.
func TestRandomAloneTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(true)
		drawSides(t, p)
		edits(t, p.m[0], "base", 14)
		touches(t, p.m[0], "base", 4)
		if _, err := p.settleDown(3); err != nil {
			t.Skip(err)
		}
		for round := range 2 {
			for s := range p.m {
				touches(t, p.m[s], string('A'+rune(s)), rapid.IntRange(0, 6).Draw(t, "touches"))
				edits(t, p.m[s], string('A'+rune(s)), rapid.IntRange(0, 3).Draw(t, "edits"))
			}
			if round == 0 {
				p.aloneOrNot(t)
				_, _ = p.run() // whatever it leaves behind: conflicts, what waits, moves half done
				continue
			}
			drawRules(t, p)
			p.rules.NoAttrs[1] = rapid.IntRange(0, 4).Draw(t, "no attributes") == 0
			p.rules.Unclean = rapid.IntRange(0, 4).Draw(t, "unclean") == 0
			p.rules.MaxSize[1] = int64(rapid.IntRange(0, 3).Draw(t, "size"))
			drawTrouble(t, p)
			p.m[0].hushed, p.m[1].hushed = rapid.Bool().Draw(t, "hushed"), rapid.Bool().Draw(t, "hushed")
			p.aloneOrNot(t)
		}
	})
}

// TestRandomAloneFlat: a collection with changes of each sort, new records that may be old ones, and listings of what changed.
func TestRandomAloneFlat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(false)
		grow := func(s, n int, label string) {
			for range n {
				id := tandem.ID(fmt.Sprintf("%s%d", label, p.m[s].next()))
				x := p.m[s].put(id, fmt.Sprintf("content %d", rapid.IntRange(0, 9).Draw(t, "content")))
				if u := rapid.IntRange(0, 9).Draw(t, "uid"); u > 0 {
					x.uid = fmt.Sprintf("uid %d", u)
				}
			}
		}
		grow(0, rapid.IntRange(0, 8).Draw(t, "base"), "base")
		if _, err := p.settleDown(3); err != nil {
			t.Skip(err)
		}
		if rapid.Bool().Draw(t, "changes only") {
			p.tell()
		}
		for s := range p.m {
			for range rapid.IntRange(0, 2).Draw(t, "removed") {
				if ids := p.m[s].ids(); len(ids) > 0 {
					id := ids[rapid.IntRange(0, len(ids)-1).Draw(t, "which")]
					if was := p.m[s].recs[id]; rapid.Bool().Draw(t, "comes back") {
						back := p.m[s].put(id+"again", was.content)
						switch rapid.IntRange(0, 2).Draw(t, "as") {
						case 0:
							back.uid = was.uid
						case 1:
							back.node, back.content = was.node, "another"
						}
					}
					p.m[s].remove(id)
				}
			}
			touches(t, p.m[s], string('A'+rune(s)), rapid.IntRange(0, 4).Draw(t, "touches"))
			grow(s, rapid.IntRange(0, 5).Draw(t, "new"), "new")
		}
		drawRules(t, p)
		p.rules.First = First(rapid.IntRange(0, int(Refuse)).Draw(t, "first"))
		drawTrouble(t, p)
		p.m[0].hushed, p.m[1].hushed = rapid.Bool().Draw(t, "hushed"), rapid.Bool().Draw(t, "hushed")
		p.aloneOrNot(t)
	})
}

// TestAloneTakesNoRecords: what changes everywhere at once must not take a record for each, nor an action.
func TestAloneTakesNoRecords(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine works through much: the race detector is told nothing new")
	}
	const n = 1000
	tree := func(change func(x *thing, m *model)) *pair {
		p := agreedPair(t, true, 0)
		for i := range n {
			if i%100 == 0 {
				p.m[0].put(tandem.ID(fmt.Sprintf("d%02d", i/100)), "dir")
			}
			x := p.m[0].put(tandem.ID(fmt.Sprintf("d%02d/f%d", i/100, i)), fmt.Sprint("content ", i))
			x.attrs = "mode=644"
		}
		p.mustRun(t)
		for _, id := range p.m[0].ids() {
			if x := p.m[0].recs[id]; change != nil {
				x.version = p.m[0].next()
				change(x, p.m[0])
			}
		}
		return p
	}
	mode := func(x *thing, _ *model) {
		x.attrs = tandem.MakeAttrs(map[string]string{"type": x.attrs.Get("type"), "mode": "700"})
	}
	for _, c := range []struct {
		name    string
		p       *pair
		do      Do
		rows    int // of the bookkeeping
		records int
	}{
		{"new modes", tree(mode), SetAttrs, 0, n / 100},
		{"new versions", tree(func(*thing, *model) {}), Nothing, n + n/100, n / 100},
		{"new contents", tree(func(x *thing, m *model) {
			if !x.isDir() {
				x.content = fmt.Sprint("another ", m.next())
			}
		}), Update, n / 100, n / 100},
		{"replaced", tree(func(x *thing, m *model) {
			if !x.isDir() {
				x.content, x.node = fmt.Sprint("another ", m.next()), fmt.Sprint("other ", m.next())
			}
		}), Update, n / 100, n / 100},
	} {
		for _, fold := range []bool{false, true} {
			c.p.rules.Names[1].FoldCase, c.p.rules.Guard.Off = fold, false
			records, plan := c.p.aloneOrNot(t)
			want := n
			if c.do == Nothing {
				want = 0
			} else if c.do == SetAttrs {
				want += n / 100
			}
			if records > c.records || len(plan.steps.made) > c.records || plan.doing(c.do) != want && c.do != Nothing || plan.Bookkeeping() != c.rows {
				t.Errorf("%s: %d records, %d actions made for %d, %d rows", c.name, records, len(plan.steps.made), plan.doing(c.do), plan.Bookkeeping())
			}
		}
		c.p.rules.Names[1].FoldCase, c.p.rules.Guard.Off = false, true
		c.p.mustRun(t)
		c.p.quiet(t)
	}
}

// TestNewOnesAloneTakeNoRecords: what only one side of a collection has, beside anything on the other.
func TestNewOnesAloneTakeNoRecords(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine works through much: the race detector is told nothing new")
	}
	const n = 1000
	for name, have := range map[string][2]int{"beside nothing": {n, 0}, "beside others": {n, n}, "beside a base": {n, 0}} {
		p := newPair(false)
		if name == "beside a base" {
			for i := range 10 {
				p.m[0].put(tandem.ID(fmt.Sprint("old ", i)), fmt.Sprint("old ", i)).uid = fmt.Sprint("old ", i)
			}
			p.mustRun(t)
			p.m[0].put("old 1", "edited")
			p.m[1].remove(p.rowOf("old 2").B.ID)
		}
		for s, k := range have {
			for i := range k {
				p.m[s].put(tandem.ID(fmt.Sprint(s, " ", i)), fmt.Sprint("content ", s, i)).uid = fmt.Sprint("uid ", s, i)
			}
		}
		records, plan := p.aloneOrNot(t)
		if records > 1 || plan.doing(Copy) != have[0]+have[1] || len(plan.steps.made) > 1 {
			t.Errorf("%s: %d records, %d actions made, %d copies", name, records, len(plan.steps.made), plan.doing(Copy))
		}
		p.mustRun(t)
		p.quiet(t)
		if len(p.m[0].recs) != len(p.m[1].recs) {
			t.Errorf("%s: %d and %d", name, len(p.m[0].recs), len(p.m[1].recs))
		}
	}
}

// TestPlanIsSet: what is put in the place of an action stays there, in this plan and in no other.
func TestPlanIsSet(t *testing.T) {
	p := newPair(false)
	p.m[0].put("a", "1")
	p.m[0].put("b", "2")
	plan := p.plan()
	other := Restore(plan, p.rules)
	a := plan.Action(1)
	a.Do = Nothing
	plan.Set(1, a)
	if plan.Len() != 2 || plan.Do(0) != Copy || plan.Do(1) != Nothing || plan.Action(1).At[sideA] != "b" || other.Do(1) != Copy {
		t.Fatalf("%s\n%s", plan.text(), other.text())
	}
	a.Do = Wait
	plan.Set(1, a)
	if got := plan.Actions(); len(got) != 2 || got[0].Do != Copy || got[1].Do != Wait {
		t.Fatal(plan.text())
	}
	var keys []int32
	for _, a := range other.All() {
		keys = append(keys, a.Key)
	}
	if slices.Sort(keys); len(slices.Compact(keys)) != 2 {
		t.Fatalf("keys %v", keys)
	}
}
