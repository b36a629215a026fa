package engine

import (
	"testing"

	"tandem"
)

// TestOutcomeOfAttributesAlone: where an update also sets the attributes of the side it comes from, that side keeps the digest,
// size and node it has; only what the place says is new.
func TestOutcomeOfAttributesAlone(t *testing.T) {
	p := agreedPair(t, true, 1)
	p.m[0].script(t, "put x00 edited")
	p.m[1].script(t, "attr x00 mode=640")
	plan := p.plan()
	if plan.doing(Update) != 1 || !plan.Actions()[0].Into[sideA] {
		t.Fatal(plan.text())
	}
	said := tandem.Outcome{Status: tandem.Applied, Meta: tandem.Meta{Version: "99"}}
	row, _, ok := NewLedger(plan).Applied(0, plan.Actions()[0], [2]*tandem.Outcome{&said, &said})
	if !ok || row.A.Digest != sum("edited") || row.A.Size != 6 || row.A.Node != plan.Actions()[0].A.Node || row.A.Version != "99" || row.A.Attrs != "mode=640" {
		t.Fatalf("%+v", row.A)
	}
	if row.B.Digest != sum("edited") || row.B.Size != 6 || row.B.Node != "" || row.B.Version != "99" || row.B.Attrs != "mode=640" {
		t.Fatalf("%+v", row.B)
	}
}

// TestAnswerWhereNothingMayBeWritten: each side keeps what it has, that is agreed from now on, and neither half of the row pretends
// to be the other's.
func TestAnswerWhereNothingMayBeWritten(t *testing.T) {
	for _, tree := range []bool{true, false} {
		for _, ro := range [][2]bool{{true, true}, {false, true}, {true, false}} {
			p := agreedPair(t, tree, 1)
			b := p.rowOf("x00").B.ID
			p.m[0].put("x00", "XA")
			p.m[1].put(b, "XB")
			p.mustRun(t)
			p.answer(tandem.TakeA, "")
			p.rules.ReadOnly = ro
			p.mustRun(t)
			want := "XB"
			if !ro[1] {
				want = "XA"
			}
			if got := p.m[1].recs[b].content; got != want || p.m[0].recs["x00"].content != "XA" {
				t.Fatalf("tree %v, read-only %v: A %s, B %s", tree, ro, p.m[0], p.m[1])
			}
			row := p.rowOf("x00")
			if row.Clash != nil {
				t.Fatal("the conflict is still open")
			}
			if ro == [2]bool{true, true} && (row.A.Digest != sum("XA") || row.B.Digest != sum("XB") || row.A.Version == "" || row.B.Version == "") {
				t.Fatalf("tree %v: %+v", tree, row)
			}
			p.mustRun(t)
			p.quiet(t)
		}
	}
}

// TestClashesAreTakenInOneOrder: what waits comes before what is renamed, and otherwise the ids decide, whichever side it is on.
func TestClashesAreTakenInOneOrder(t *testing.T) {
	w := &work{tree: true, empty: &tandem.Row{}}
	rec := func(id tandem.ID) *record {
		r := &record{row: -1, base: w.empty}
		r.cur[sideA] = &seen{Shown: tandem.Shown{ID: id}}
		return r
	}
	x, y, z := rec("x"), rec("y"), rec("z")
	for _, c := range []struct {
		name string
		b, a *clash
		want bool
	}{
		{"a wait before a renaming", &clash{lose: z}, &clash{lose: x, rename: true}, true},
		{"a renaming after a wait", &clash{lose: x, rename: true}, &clash{lose: z}, false},
		{"the one that loses", &clash{lose: x, r: z, x: z}, &clash{lose: y, r: x, x: x}, true},
		{"the one that loses, exchanged", &clash{lose: y, r: x, x: x}, &clash{lose: x, r: z, x: z}, false},
		{"the one that comes", &clash{lose: x, r: y, x: z}, &clash{lose: x, r: z, x: y}, true},
		{"the one that comes, exchanged", &clash{lose: x, r: z, x: y}, &clash{lose: x, r: y, x: z}, false},
		{"the one that is there", &clash{lose: x, r: y, x: x}, &clash{lose: x, r: y, x: z}, true},
		{"the same", &clash{lose: x, r: y, x: z}, &clash{lose: x, r: y, x: z}, false},
		{"nobody there on one", &clash{lose: x, r: y}, &clash{lose: x, r: y, x: z}, false},
	} {
		if got := w.before(c.b, c.a); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestTotalsOfAWrite counts a version written by hand on the sides that are written, and on no other.
func TestTotalsOfAWrite(t *testing.T) {
	for s := range 2 {
		p := agreedPair(t, true, 1)
		p.m[0].put("x00", "XA")
		p.m[1].put("x00", "XB")
		p.mustRun(t)
		p.answer(tandem.TakeBody, "by hand")
		if plan := p.plan(); plan.doing(Write) != 1 || plan.Totals[0].Updates != 1 || plan.Totals[1].Updates != 1 {
			t.Fatalf("%+v", plan.Totals)
		}
		p.rules.ReadOnly[s] = true
		if plan := p.plan(); plan.doing(Write) != 1 || plan.Totals[s].Updates != 0 || plan.Totals[1-s].Updates != 1 {
			t.Fatalf("%+v", plan.Totals)
		}
	}
}
