package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem"
)

// What both sides hold alike without a base gets its row without a decision. These tests hold that against deciding about
// every record.

// decided plans without settling anything beforehand, and with a record for all.
func (p *pair) decided() *Plan {
	b, err := NewBase(p.baseRows(), len(p.rows))
	if err != nil {
		panic(err)
	}
	var v [2]*View
	for s := range v {
		v[s] = b.View(tandem.Side(s), p.replaced[s])
		for _, c := range p.m[s].changes() {
			if m := p.m[s].recs[c.ID]; m != nil && c.Presence == tandem.Present {
				c.Meta = p.m[s].meta(m) // with its digest, hushed or not
			}
			v[s].See(c)
		}
		v[s].Finish(tandem.Listing{Complete: !p.partial[s], Full: true})
	}
	w := newWork(b, v[0], v[1], p.rules)
	w.alone = false
	return w.reconcile()
}

// steps is what a plan does, and rows what it records, in no order.
func (p *Plan) stepText() string {
	var out []string
	for _, a := range p.Actions() {
		out = append(out, fmt.Sprintf("%s %s %v %v %s %s %s", a.Do, a.To, a.At, a.Into, a.NewID, a.Attrs, a.Reason))
	}
	for _, op := range p.Base {
		out = append(out, fmt.Sprintf("row %d %v %+v %+v %q", op.Row.Link, op.Drop, op.Row.A, op.Row.B, op.Row.UID))
	}
	for r := range p.InStep() {
		out = append(out, fmt.Sprintf("row %d %v %+v %+v %q", r.Link, false, r.A, r.B, r.UID))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func sameSteps(t interface{ Fatalf(string, ...any) }, p *pair) {
	one, other := p.plan(), p.decided()
	if a, b := one.stepText(), other.stepText(); a != b {
		t.Fatalf("A %s\nB %s\nrules %+v\nsettled:\n%s\ndecided:\n%s", p.m[0].nodeText(), p.m[1].nodeText(), p.rules, a, b)
	}
	if p.m[0].hushed || p.m[1].hushed {
		other.Hash = one.Hash // what the other side cannot have is copied without a digest
	}
	if one.Hash != other.Hash || fmt.Sprint(one.Held) != fmt.Sprint(other.Held) || one.Totals != other.Totals || one.Bookkeeping() != other.Bookkeeping() {
		t.Fatalf("hash %s %s, held %v %v, totals %v %v, bookkeeping %d %d", one.Hash, other.Hash, one.Held, other.Held, one.Totals, other.Totals, one.Bookkeeping(), other.Bookkeeping())
	}
}

// TestRandomLostBaseTree: two copies of one tree, edited since, whose base is lost.
func TestRandomLostBaseTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(true)
		edits(t, p.m[0], "base", 10)
		p.m[1] = p.m[0].clone()
		p.m[1].seq += 100
		edits(t, p.m[0], "A", rapid.IntRange(0, 4).Draw(t, "edits"))
		edits(t, p.m[1], "B", rapid.IntRange(0, 4).Draw(t, "edits"))
		drawRules(t, p)
		p.rules.First = First(rapid.IntRange(0, int(Refuse)).Draw(t, "first"))
		p.rules.NoAttrs[1] = rapid.Bool().Draw(t, "no attributes")
		drawTrouble(t, p)
		p.m[0].hushed, p.m[1].hushed = rapid.Bool().Draw(t, "hushed"), rapid.Bool().Draw(t, "hushed")
		sameSteps(t, p)
	})
}

// TestRandomLostBaseFlat: records with and without UIDs, some of them twice, some alike.
func TestRandomLostBaseFlat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(false)
		for s := range p.m {
			for i := range rapid.IntRange(0, 7).Draw(t, "records") {
				x := p.m[s].put(tandem.ID(fmt.Sprintf("%c%d", 'a'+s, i)), fmt.Sprintf("content %d", rapid.IntRange(0, 4).Draw(t, "content")))
				if n := rapid.IntRange(0, 5).Draw(t, "uid"); n > 0 {
					x.uid = fmt.Sprintf("uid %d", n)
				}
				if rapid.IntRange(0, 3).Draw(t, "flagged") == 0 {
					x.attrs = "flags=seen"
				}
			}
		}
		drawRules(t, p)
		p.rules.First = First(rapid.IntRange(0, int(Refuse)).Draw(t, "first"))
		drawTrouble(t, p)
		p.m[0].hushed, p.m[1].hushed = rapid.Bool().Draw(t, "hushed"), rapid.Bool().Draw(t, "hushed")
		sameSteps(t, p)
	})
}

// TestSettledRowsAreWorkedWith: a record in step without a base may still stand in somebody's way, or above somebody.
func TestSettledRowsAreWorkedWith(t *testing.T) {
	p := newPair(true)
	p.rules.Names[1].FoldCase, p.m[1].rule.FoldCase = true, true
	for s := range p.m {
		p.m[s].script(t, "mkdir d; put d/same S; mkdir d/deep; put d/deep/x X")
	}
	p.m[0].script(t, "put d/SAME other; put d/deep/new N")
	plan := p.mustRun(t)
	if p.m[1].recs["d/deep/new"] == nil || p.m[1].recs["d/SAME"] != nil || len(p.rows) != 5 || plan.doing(Wait) != 1 {
		t.Fatalf("%s\n%s\n%s", plan.text(), p.m[1], p.rowText())
	}
	p.quiet(t)
	p.m[0].script(t, "mv d e; rm e/SAME") // the rows are as good as any
	p.mustRun(t)
	p.quiet(t)
	if p.m[0].String() != p.m[1].String() || p.m[1].recs["e/deep/new"] == nil {
		t.Fatal(p.m[0], p.m[1])
	}
}

// TestBaseSettlesNothingOnItsOwn: with rows in the base, what is new on both sides is decided about as ever.
func TestBaseSettlesNothingOnItsOwn(t *testing.T) {
	p := agreedPair(t, true, 2)
	for s := range p.m {
		p.m[s].put("new", "same")
	}
	plan := p.mustRun(t)
	if len(plan.Base) != 1 || plan.Bookkeeping() != 1 || len(p.rows) != 3 {
		t.Fatal(plan.opText())
	}
	p.quiet(t)
}

// TestSettledRecordsAreForgotten: the memory of a run over two filled places must not grow with what is alike.
func TestSettledRecordsAreForgotten(t *testing.T) {
	const n = 1000
	b, err := NewBase(nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	v := [2]*View{b.View(sideA, false), b.View(sideB, false)}
	for s := range v {
		for c := range many(n) {
			if s == 1 && c.Size > 0 && strings.HasSuffix(string(c.ID), "7.txt") {
				c.Digest = sum("another")
			}
			v[s].See(c)
		}
		v[s].Finish(tandem.Listing{Complete: true, Full: true})
	}
	if x, y := NeedDigests(b, v[0], v[1], Rules{Tree: true}); len(x)+len(y) > 0 {
		t.Fatal(x, y)
	}
	plan := Reconcile(b, v[0], v[1], Rules{Tree: true})
	if len(v[0].fresh) != n/10 || len(v[1].fresh) != n/10 || plan.doing(Merge) != n/10 || plan.Bookkeeping() != n*9/10+n/100 {
		t.Fatalf("%d and %d kept, %d merges, %d rows", len(v[0].fresh), len(v[1].fresh), plan.doing(Merge), plan.Bookkeeping())
	}
	if v[0].Seen() != n+n/100 {
		t.Fatal(v[0].Seen())
	}
	for s := range v {
		for c := range many(n) {
			if b.find(tandem.Side(s), c.ID) < 0 && v[s].freshAt.find(v[s].fresh, c.ID) == nil {
				t.Fatal("not found any more: ", c.ID)
			}
		}
	}
	if len(Restore(plan, Rules{Tree: true}).Actions()) != len(plan.Actions()) || Restore(plan, Rules{Tree: true}).Bookkeeping() != plan.Bookkeeping() {
		t.Fatal("put back, a plan forgets its rows")
	}
}
