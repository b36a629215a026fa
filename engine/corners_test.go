package engine

import (
	"fmt"
	"testing"

	"tandem"
)

// Corners that no history above goes through.

// rowOf returns the row that has id on A.
func (p *pair) rowOf(id tandem.ID) tandem.Row {
	for r := range p.baseRows() {
		if r.A.ID == id {
			return r
		}
	}
	return tandem.Row{}
}

// TestFillThatFails: what could not be read when it was asked for is trouble, of a row or of something new, and covers what is
// below it; a record that went meanwhile is unknown.
func TestFillThatFails(t *testing.T) {
	for _, tree := range []bool{true, false} {
		for _, c := range []struct {
			what tandem.Presence
			why  Reason
		}{{tandem.Problem, SideUnreadable}, {tandem.Unknown, SideUnknown}, {tandem.OutOfScope, SideIgnored}} {
			for _, fresh := range []bool{false, true} {
				base, list := oneRecord("changed", "changed", tree)
				if fresh {
					base = nil
				}
				id := list[0][0].ID
				list[0][0].Digest = tandem.Digest{}
				b, v := viewsOf(t, base, list)
				v[0].Fill(tandem.Change{ID: id, Presence: c.what, Err: fmt.Errorf("went away")})
				plan := Reconcile(b, v[0], v[1], Rules{Tree: tree, Guard: Guard{Off: true}})
				waits := 0
				for _, a := range plan.Actions() {
					if a.Do == Wait && a.Reason == c.why {
						waits++
						if a.Note != "went away" {
							t.Errorf("note %q", a.Note)
						}
					}
				}
				writes := len(plan.Actions()) - plan.doing(Wait)
				if !fresh && (waits != 1 || writes != 0) || fresh && tree && (waits != 1 || writes != 0) || fresh && !tree && c.what == tandem.Problem && waits != 1 {
					t.Errorf("tree %v, %v, new %v: %s", tree, c.what, fresh, plan.text())
				}
				for _, a := range plan.Actions() {
					if a.Do != Wait && a.At[0] == id {
						t.Errorf("tree %v: %s of what could not be read", tree, a.Do)
					}
				}
			}
		}
	}
	b, v := viewsOf(t, nil, [2][]tandem.Change{})
	v[0].Fill(tandem.Change{ID: "nobody", Presence: tandem.Present})
	if plan := Reconcile(b, v[0], v[1], Rules{}); len(plan.Actions()) > 0 {
		t.Fatal("what was not listed is not made up by an answer")
	}
}

// TestTwoRowsOfOneID: a base that has one id twice on a side says nothing about the second: nothing is deleted or copied for it.
func TestTwoRowsOfOneID(t *testing.T) {
	for _, gone := range []bool{false, true} {
		at := func(id tandem.ID) tandem.Shown {
			return tandem.Shown{ID: id, Version: "1", Digest: sum("old " + string(id)), Size: 3}
		}
		base := []tandem.Row{{Link: 1, A: at("a"), B: at("b1")}, {Link: 2, A: at("a"), B: at("b2")}}
		present := func(id tandem.ID) tandem.Change {
			return tandem.Change{ID: id, Presence: tandem.Present, Meta: tandem.Meta{Version: "1"}}
		}
		list := [2][]tandem.Change{{present("a")}, {present("b1"), present("b2")}}
		want := 0
		if gone {
			list[0], want = nil, 1
		}
		plan := planOf(t, base, list, Rules{Guard: Guard{Off: true}})
		if plan.doing(Delete) != want || plan.doing(Copy) != 0 {
			t.Errorf("gone %v: %s", gone, plan.text())
		}
		for _, a := range plan.Actions() {
			if a.Do == Delete && a.At[1] != "b1" {
				t.Error("the second row was taken for deleted")
			}
		}
	}
}

// TestConflictNames: the mark goes before the ending, replaces an earlier one, and nothing else that looks a little like it.
func TestConflictNames(t *testing.T) {
	mark := conflictName("", "x")
	for _, c := range [][2]string{
		{"a.txt", "a" + mark + ".txt"}, {"a", "a" + mark}, {".profile", ".profile" + mark}, {"a.tar.gz", "a.tar" + mark + ".gz"},
		{"a (conflict 12345678).txt", "a" + mark + ".txt"}, {"a (conflict 12345678)", "a" + mark},
		{" (conflict 12345678).txt", " (conflict 12345678)" + mark + ".txt"},
		{"a (conflict 123).txt", "a (conflict 123)" + mark + ".txt"}, {"a (conflict 123456789).txt", "a (conflict 123456789)" + mark + ".txt"},
		{"a (conflict 12345678", "a (conflict 12345678" + mark}, {"a (conflict 12345678]", "a (conflict 12345678]" + mark},
	} {
		if got := conflictName(c[0], "x"); got != c[1] {
			t.Errorf("%q: %q, want %q", c[0], got, c[1])
		}
	}
	if conflictName("a", "x") == conflictName("a", "y") {
		t.Error("two contents have one name")
	}
}

// TestWindowsNames: what Windows reserves, in any case and with any ending, and what only looks like it.
func TestWindowsNames(t *testing.T) {
	for _, bad := range []string{"", "con", "CON", "Con.txt", "con .txt", "nul.tar.gz", "aux", "prn", "conin$", "CONOUT$", "com0", "com1", "COM9.x", "lpt0", "lpt9",
		"com¹", "LPT²", "com³.txt", "a<", ">", "a:b", "\"", "\\", "a|b", "?", "*", "a.", "a ", "...", "a\x00", "a\x1f", "\tx"} {
		if !badName(bad) {
			t.Errorf("%q is allowed", bad)
		}
	}
	for _, good := range []string{"a", "con1", "acon", "xcon.txt", "com", "com10", "comx", "com1x", "lpt", "lpt¹1", "com⁴", "a.b", " a", ".a", "a\x7f", "\x20a", "é", "conin", "$", "com/"} {
		if badName(good) {
			t.Errorf("%q is refused", good)
		}
	}
}

// TestTotals counts what a plan does to each side.
func TestTotals(t *testing.T) {
	p := agreedPair(t, true, 12)
	p.rules.Guard.Off = true
	p.m[0].script(t, "put n1 NNN; put n2 NN; put x00 changed; rm x01; rm x02; rm x03; mv x04 y04; attr x05 k=1; put x06 XA")
	p.m[1].script(t, "put m1 MMMM; attr x07 k=1; attr x08 k=1; put x06 XB; mv x09 y09; mv x10 y10; lock x11")
	p.m[0].script(t, "put x11 changed")
	plan := p.plan()
	want := [2]Totals{{Creates: 1, Moves: 2, Attrs: 2, Bytes: 4, Merges: 1, Waits: 1}, {Creates: 2, Updates: 1, Deletes: 3, Moves: 1, Attrs: 1, Bytes: 12}}
	if plan.Totals != want {
		t.Fatalf("%+v\nwant %+v\n%s", plan.Totals, want, plan.text())
	}
	q := agreedPair(t, true, 3)
	q.rules.Guard.Off, q.rules.NoMerge = true, true
	q.m[0].script(t, "put x00 AA; attr x01 k=1; put x02 DDD")
	q.m[1].script(t, "put x00 BBB; put x01 CCCC; rm x02")
	q.rules.Policy, q.rules.DeleteVsChange = Both, AskDelete
	plan = q.plan()
	if n := plan.Totals[0].Updates + plan.Totals[1].Updates; n != 2 || plan.Totals[0].Creates != 1 || plan.Totals[1].Creates != 1 ||
		plan.Totals[0].Conflicts != 1 || plan.Totals[1].Conflicts != 0 || plan.Totals[1].Attrs != 1 || plan.Totals[0].Attrs != 0 {
		t.Fatalf("%+v\n%s", plan.Totals, plan.text())
	}
	loses := loser(&record{cur: [2]*seen{{Shown: *plan.Actions()[0].A}, {Shown: *plan.Actions()[0].B}}})
	second := int64(2)
	if loses == sideB {
		second = 3
	}
	if got := plan.Totals[loses].Bytes - map[bool]int64{true: 4}[loses == sideA]; got != 5 || plan.Totals[loses.Other()].Bytes-map[bool]int64{true: 4}[loses == sideB] != second {
		t.Fatalf("%s loses: %+v\n%s", loses, plan.Totals, plan.text())
	}
}

// TestUpdateAndAttributesEachWay: a body goes one way and attributes the other; each half of the row is what its side holds then.
func TestUpdateAndAttributesEachWay(t *testing.T) {
	for _, flip := range []bool{false, true} {
		p := agreedPair(t, true, 3)
		body, attrs := 0, 1
		if flip {
			body, attrs = 1, 0
		}
		p.m[body].script(t, "put x00 edited")
		p.m[attrs].script(t, "attr x00 mode=640")
		if plan := p.mustRun(t); plan.doing(Update) != 1 || len(plan.Actions()) != 1 {
			t.Fatal(plan.text())
		}
		for s := range p.m {
			r := p.rowOf("x00")
			n, have := r.Side(tandem.Side(s)), p.m[s].meta(p.m[s].recs["x00"])
			if have.Digest != sum("edited") || have.Attrs != "mode=640" || n.Digest != have.Digest || n.Attrs != have.Attrs || n.Version != have.Version || n.Size != have.Size {
				t.Fatalf("%s: the row has %+v, the side %+v", tandem.Side(s), n, have)
			}
		}
		p.quiet(t)
	}
}

// TestReplacedStoreWithAHiddenPart: a row that cannot be paired anew loses its agreement once, and goes on telling who belongs
// together; when both are seen again they meet like new ones.
func TestReplacedStoreWithAHiddenPart(t *testing.T) {
	for _, tree := range []bool{true, false} {
		p := agreedPair(t, tree, 3)
		b := p.rowOf("x00").B.ID
		p.m[0].trouble["x00"] = tandem.OutOfScope
		p.replaced[0] = true
		p.mustRun(t)
		if r := p.rowOf("x00"); r.Clash == nil || !r.Clash.New || r.A.ID != "x00" || r.B.ID != b || !r.Body.IsZero() {
			t.Fatalf("tree %v: %+v", tree, r)
		}
		if plan := p.plan(); plan.Bookkeeping() != 0 || plan.doing(Wait) != len(plan.Actions()) {
			t.Fatalf("tree %v: recorded again: %s%s", tree, plan.opText(), plan.text())
		}
		p.replaced[0] = false
		delete(p.m[0].trouble, "x00")
		p.m[0].put("x00", "from a backup")
		if plan := p.mustRun(t); plan.doing(Merge) != 1 || len(plan.Actions()) != 1 || plan.Actions()[0].Reason != BothNew {
			t.Fatalf("tree %v: %s", tree, plan.text())
		}
		if p.m[1].recs[b].content != "content 0" || p.m[0].recs["x00"].content != "from a backup" {
			t.Fatal("an older version from a backup was taken for an edit")
		}
	}
}

// TestVoidRowForgetsItsBody: what both agreed on with a store that was replaced is no base for a merge.
func TestVoidRowForgetsItsBody(t *testing.T) {
	p := agreedPair(t, true, 2)
	r := p.rowOf("x00")
	r.Body = sum("content 0")
	r.Aside = &tandem.Aside{Reason: "refused", Tries: 3, Until: 1 << 40, A: r.A.Version, B: r.B.Version}
	p.rows[r.Link] = r
	p.replaced[1] = true
	p.m[0].put("x00", "XA")
	p.m[1].put("x00", "XB")
	plan := p.plan()
	if len(plan.Actions()) != 1 || plan.Actions()[0].Do != Merge || !plan.Actions()[0].Row.Body.IsZero() || plan.Actions()[0].Row.Aside != nil {
		t.Fatalf("%s%+v", plan.text(), plan.Actions()[0].Row)
	}
	if was := p.rowOf("x00"); was.Body.IsZero() || was.Aside == nil {
		t.Fatal("the base's own row was changed")
	}
}

// TestConflictBesideSomethingHidden: an open conflict of which one side is hidden stays one, and its answer waits.
func TestConflictBesideSomethingHidden(t *testing.T) {
	for _, tree := range []bool{true, false} {
		p := agreedPair(t, tree, 2)
		b := p.rowOf("x00").B.ID
		p.m[0].put("x00", "XA")
		p.m[1].put(b, "XB")
		p.mustRun(t)
		p.answer(tandem.TakeA, "")
		p.m[0].trouble["x00"] = tandem.OutOfScope
		if plan := p.mustRun(t); plan.doing(Wait) != 1 || plan.Actions()[0].Reason != SideIgnored || plan.Bookkeeping() != 0 {
			t.Fatalf("tree %v: %s%s", tree, plan.text(), plan.opText())
		}
		delete(p.m[0].trouble, "x00")
		p.mustRun(t)
		if p.m[1].recs[b].content != "XA" {
			t.Fatal(p.m[1])
		}
	}
}

// TestOpenConflictKeepsItsDirectory: a record in conflict stays where it is, and so does the directory around it, though the other
// side moved the record out and deleted the directory; that is not put back there for its sake.
func TestOpenConflictKeepsItsDirectory(t *testing.T) {
	p := newPair(true)
	p.m[0].script(t, "mkdir d; put d/x X; put d/y Y")
	p.mustRun(t)
	p.m[0].script(t, "put d/x XA")
	p.m[1].script(t, "put d/x XB")
	p.mustRun(t)
	p.m[0].script(t, "hide d/x")
	p.m[1].script(t, "mv d/x x; rm d")
	p.mustRun(t)
	if a, b := p.m[0].String(), p.m[1].String(); a != "d=dir d/x=XA" || b != "x=XB" {
		t.Fatalf("A %s, B %s", a, b)
	}
	p.m[0].trouble = map[tandem.ID]tandem.Presence{}
	p.mustRun(t)
	p.answer(tandem.TakeA, "")
	if _, err := p.settleDown(3); err != nil {
		t.Fatal(err)
	}
	for s := range p.m {
		if c := p.m[s].contents(); len(c) != 1 || c[0] != "XA" {
			t.Fatalf("%s\n%s", p.m[s], p.log)
		}
	}
}

// TestTorn: what does not match after an unclean stop is put back where it shrank to nothing, asked about otherwise, and an edit
// where the row was durable, or both sides changed.
func TestTorn(t *testing.T) {
	for _, c := range []struct {
		name    string
		durable bool
		unclean bool
		a, b    string
		do      Do
		why     Reason
	}{
		{"shrunk", false, true, "", "content 0", Update, Torn},
		{"shrunk, durable", true, true, "", "content 0", Update, ChangedHere},
		{"shrunk, a clean stop", false, false, "", "content 0", Update, ChangedHere},
		{"other text", false, true, "garbage", "content 0", Conflict, Torn},
		{"other text, durable", true, true, "garbage", "content 0", Update, ChangedHere},
		{"other text on both", false, true, "garbage", "more", Merge, BothChanged},
		{"the same on both", false, true, "alike", "alike", Nothing, NoReason},
	} {
		for s := range 2 {
			p := agreedPair(t, true, 1)
			r := p.rowOf("x00")
			r.Durable = c.durable
			p.rows[r.Link] = r
			p.rules.Unclean = c.unclean
			for i, text := range []string{c.a, c.b} {
				if text != "content 0" {
					p.m[s^i].put("x00", text)
				}
			}
			plan := p.plan()
			if c.do == Nothing {
				if len(plan.Actions()) != 0 || plan.Bookkeeping() != 1 {
					t.Errorf("%s: %s", c.name, plan.text())
				}
				continue
			}
			if len(plan.Actions()) != 1 || plan.Actions()[0].Do != c.do || plan.Actions()[0].Reason != c.why {
				t.Errorf("%s on %s: %s", c.name, tandem.Side(s), plan.text())
				continue
			}
			back := c.why == Torn && c.do == Update
			if c.do == Update && (plan.Actions()[0].To == tandem.Side(s)) != back || plan.Actions()[0].Lost != back {
				t.Errorf("%s on %s: %s lost %v", c.name, tandem.Side(s), plan.text(), plan.Actions()[0].Lost)
			}
		}
	}
}

// TestNumberOfWhatWasRemoved: some file systems give what is made the number of what was removed just before. Where records have UIDs, one that says it is another
// is no rename.
func TestNumberOfWhatWasRemoved(t *testing.T) {
	for s := sideA; s <= sideB; s++ {
		for _, same := range []bool{true, false} {
			p := agreedPair(t, false, 3)
			row, uid := p.rows[2], "uid new"
			if same {
				uid = row.UID
			}
			id := row.Side(s).ID
			node := p.m[s].recs[id].node
			p.m[s].remove(id)
			p.m[s].put("new", "news").uid = uid
			p.m[s].recs["new"].node = node
			plan := p.mustRun(t)
			if same && (plan.doing(Update) != 1 || len(plan.Actions()) != 1) || !same && (plan.doing(Copy) != 1 || plan.doing(Delete) != 1) {
				t.Errorf("side %s, %s: %s", s, uid, plan.text())
			}
			p.quiet(t)
		}
	}
}
