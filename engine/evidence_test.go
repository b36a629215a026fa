package engine

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem"
)

// What a plan goes by, and what becomes of it step by step: evidence, versions, rows, failures.

// TestAwayTooLong: a side that was away for longer than tombstones are kept lists everything. What is in the base and not there
// was deleted; what is there and not in the base is new, whatever was deleted elsewhere long ago.
func TestAwayTooLong(t *testing.T) {
	for _, tree := range []bool{false, true} {
		p := agreedPair(t, tree, 4)
		p.tell()
		p.m[0].remove("x00")
		p.mustRun(t)
		p.tell()
		p.m[0].remove("x01") // and no tombstone is left of it
		p.m[1].put("back", "content 0").uid = "uid 0"
		p.delta = [2]bool{}
		if plan := p.mustRun(t); plan.doing(Delete) != 1 || plan.doing(Copy) != 1 || len(plan.Actions()) != 2 {
			t.Fatalf("tree %v: %s", tree, plan.text())
		}
		p.quiet(t)
	}
}

// TestNewsIsNotForgotten: what a listing of changes told and the plan did not do is still to be done when the next listing is
// silent about it.
func TestNewsIsNotForgotten(t *testing.T) {
	for _, tree := range []bool{false, true} {
		p := agreedPair(t, tree, 4)
		p.m[1].tellsHidden = true
		b := map[tandem.ID]tandem.ID{}
		for r := range p.baseRows() {
			b[r.A.ID] = r.B.ID
		}
		p.tell()
		p.m[0].put("x00", "XA")
		p.m[1].put(b["x00"], "XB")
		p.rules.Policy = Ask
		if plan := p.mustRun(t); plan.doing(Merge) != 1 {
			t.Fatal(plan.text())
		}
		p.tell()
		if plan := p.mustRun(t); len(plan.Actions()) != 1 || plan.Actions()[0].Reason != ConflictOpen {
			t.Fatalf("tree %v: %s", tree, plan.text())
		}
		p.answer(tandem.TakeB, "")
		p.mustRun(t)
		if p.m[0].recs["x00"].content != "XB" {
			t.Fatalf("tree %v: %s", tree, p.m[0])
		}
	}
}

// TestFlappingVersionsAreNoChange: a place that gives another version for the same text, or none that can be compared, has changed
// nothing; the base takes the new version once.
func TestFlappingVersionsAreNoChange(t *testing.T) {
	for _, tree := range []bool{false, true} {
		for _, hushed := range []bool{false, true} {
			p := agreedPair(t, tree, 5)
			p.m[1].hushed = hushed
			for _, id := range p.m[1].ids() {
				p.m[1].recs[id].version = p.m[1].next()
			}
			plan := p.mustRun(t)
			if len(plan.Actions()) > 0 || plan.Bookkeeping() != 5 {
				t.Fatalf("tree %v, hushed %v: %s%s", tree, hushed, plan.text(), plan.opText())
			}
			p.quiet(t)
		}
	}
}

// TestUncomparableVersions: a listing without versions is judged by digests, each time anew.
func TestUncomparableVersions(t *testing.T) {
	base, list := oneRecord("same", "same", true)
	list[0][0].Version, list[0][0].Digest = "", base[0].A.Digest
	if plan := planOf(t, base, list, Rules{Tree: true}); len(plan.Actions()) > 0 {
		t.Fatal(plan.text())
	}
	list[0][0].Digest = sum("edited")
	if plan := planOf(t, base, list, Rules{Tree: true}); plan.doing(Update) != 1 {
		t.Fatal(plan.text())
	}
	list[0][0].Digest = tandem.Digest{}
	b, v := viewsOf(t, base, list)
	if a, bb := NeedDigests(b, v[0], v[1], Rules{Tree: true}); len(a) != 1 || len(bb) != 0 {
		t.Fatalf("asked for %v and %v", a, bb)
	}
}

// TestPlaceThatRewrites: what a place says it holds after a write goes into the row, not what was sent: the next run must not
// take the place's own wording for an edit.
func TestPlaceThatRewrites(t *testing.T) {
	p := agreedPair(t, false, 1)
	p.m[0].put("x00", "text")
	plan := p.plan()
	l := NewLedger(plan)
	id, version := l.Target(0, sideB)
	if id != p.m[1].ids()[0] || version != plan.Actions()[0].B.Version {
		t.Fatal(id, version)
	}
	out := tandem.Outcome{ID: "renamed-on-put", Meta: tandem.Meta{Version: "99", Digest: sum("Text"), Size: 7, Node: "n9", Attrs: "k=v"}}
	row, drop, ok := l.Applied(0, plan.Actions()[0], [2]*tandem.Outcome{nil, &out})
	want := tandem.Shown{ID: "renamed-on-put", Version: "99", Digest: sum("Text"), Size: 7, Node: "n9", Attrs: "k=v"}
	if !ok || drop || row.B != want || row.A.Digest != sum("text") || row.A.ID != "x00" || row.UID != "uid 0" {
		t.Fatalf("%+v", row)
	}
	row, _, _ = l.Applied(0, plan.Actions()[0], [2]*tandem.Outcome{nil, {Meta: tandem.Meta{Version: "100"}}})
	if row.B.Digest != sum("text") || row.B.Size != 4 || row.B.ID != id || row.B.Version != "100" {
		t.Fatalf("what the place does not say is what was sent: %+v", row.B)
	}
}

// TestEachSideMayShowItsOwn: a row may hold another digest on each side, of what each can hold of the same record. That is in step;
// an edit of one side is an edit, and the other's digest does not make it one.
func TestEachSideMayShowItsOwn(t *testing.T) {
	for _, tree := range []bool{false, true} {
		for _, c := range []struct{ a, b, want string }{
			{"same", "same", "nothing"}, {"changed", "same", "update B"}, {"same", "changed", "update A"}, {"gone", "same", "delete B"},
			{"changed", "changed", "conflict"}, {"changed", "gone", "copy B"},
		} {
			base, list := oneRecord(c.a, c.b, tree)
			base[0].B.Digest, base[0].B.Size = sum("poorer"), 6
			for s := range list {
				for i := range list[s] {
					if list[s][i].Version == "1" {
						list[s][i].Version, list[s][i].Digest = "1b", base[0].Side(tandem.Side(s)).Digest // listed anew
					}
				}
			}
			rules := Rules{Tree: tree, Guard: Guard{Off: true}}
			plan := planOf(t, base, list, rules)
			got := verdictOf(plan, rules)
			if c.want == "nothing" && got == "link" && len(plan.Actions()) == 0 {
				got = "nothing" // but for the new versions
			}
			if got != c.want {
				t.Errorf("tree %v, %s %s: %s, want %s", tree, c.a, c.b, got, c.want)
			}
		}
	}
}

// TestWritesNameWhatWasSeen: every write names the id and version that the listing showed, or what an earlier step of the run made
// of them; a copy names none.
func TestWritesNameWhatWasSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawWorld(t)
		plan := p.plan()
		l := NewLedger(plan)
		moved := map[string]bool{}
		for i, a := range plan.Actions() {
			for s := sideA; s <= sideB; s++ {
				id, version := l.Target(i, s)
				n := a.Shown(s)
				switch {
				case a.At[s] == "":
					if version != "" || id != a.NewID {
						t.Fatalf("%s of what %s has not names %q at %q\n%s", a.Do, s, id, version, plan.text())
					}
				case id != a.At[s] || version != n.Version:
					t.Fatalf("%s names %q at %q, seen was %q at %q\n%s", a.Do, id, version, n.ID, n.Version, plan.text())
				case id != n.ID && !moved["any"]:
					t.Fatalf("%s names %q for %q, and nothing was moved\n%s", a.Do, id, n.ID, plan.text())
				}
			}
			moved["any"] = moved["any"] || a.Do == Move
		}
	})
}

// TestPoisonedRecordHoldsNobodyElse: with every write of one record refused, all others come to be as they would be without it.
func TestPoisonedRecordHoldsNobodyElse(t *testing.T) {
	for _, tree := range []bool{false, true} {
		p := agreedPair(t, tree, 6)
		for _, id := range p.m[0].ids() {
			p.m[0].put(id, "new "+string(id))
		}
		p.rules.Guard.Off = true
		plan := p.plan()
		l := NewLedger(plan)
		refused := 0
		for i, a := range plan.Actions() {
			if a.At[0] == "x03" {
				row := Postpone(a, "refused", 100)
				p.record(row, false)
				l.Postponed(a)
				refused++
				continue
			}
			if err := p.do(l, i, a, [2]string{"new " + string(a.At[0]), ""}); err != nil || !l.Ready(i) {
				t.Fatal(err)
			}
		}
		if got := len(p.m[1].contents()); refused != 1 || got != 6 || strings.Count(strings.Join(p.m[1].contents(), " "), "new") != 5 {
			t.Fatalf("tree %v: %s", tree, p.m[1])
		}
		p.rules.Now = 159
		if next := p.plan(); len(next.Actions()) != 1 || next.Actions()[0].Reason != SetAside || next.Actions()[0].Note != "refused" {
			t.Fatalf("tree %v: %s", tree, next.text())
		}
		p.rules.Now = 160
		if next := p.plan(); next.doing(Update) != 1 {
			t.Fatalf("tree %v: %s", tree, next.text())
		}
	}
}

// TestPostponeBacksOff: five times longer after each failure, from a minute to a day; anew for another version.
func TestPostponeBacksOff(t *testing.T) {
	p := agreedPair(t, true, 1)
	p.m[0].put("x00", "poison")
	act := p.plan().Actions()[0]
	want := []int64{60, 300, 1500, 7500, 37500, 86400, 86400, 86400}
	for i, w := range want {
		row := Postpone(act, fmt.Sprint("try ", i), 1000)
		k := row.Aside
		if k.Until != 1000+w || k.Tries != i+1 || k.Reason != fmt.Sprint("try ", i) || k.A != act.A.Version || k.B != act.B.Version {
			t.Fatalf("after %d failures: %+v, want %d", i+1, k, w)
		}
		if row.A != act.Row.A || row.B != act.Row.B {
			t.Fatal("the agreement was touched")
		}
		act.Row = &row
	}
	other := *act.A
	other.Version = "another"
	act.A = &other
	if k := Postpone(act, "", 1000).Aside; k.Tries != 1 || k.Until != 1060 {
		t.Fatalf("another version starts anew: %+v", k)
	}
}

// TestFailureBelowKeepsTheDirectory: a directory is deleted only once all in it was.
func TestFailureBelowKeepsTheDirectory(t *testing.T) {
	p := newPair(true)
	p.m[0].script(t, "mkdir d; mkdir d/e; put d/e/f F; put d/g G; put h H")
	p.mustRun(t)
	p.m[0].script(t, "rm d; rm h")
	plan := p.plan()
	for fail := range plan.Actions() {
		l := NewLedger(plan)
		var none [2]*tandem.Outcome
		done := map[tandem.ID]bool{}
		for i, a := range plan.Actions() {
			if i == fail || !l.Ready(i) {
				continue
			}
			l.Applied(i, a, none)
			done[a.At[1]] = true
		}
		for id := range done {
			for up := plan.Actions()[fail].At[1]; up != ""; up = parent(up) {
				if id == up {
					t.Errorf("%s was deleted although %s was not", id, plan.Actions()[fail].At[1])
				}
			}
		}
		if len(done) != len(plan.Actions())-1-depthOf(plan.Actions()[fail].At[1]) {
			t.Errorf("%s failed, and %d of %d were done", plan.Actions()[fail].At[1], len(done), len(plan.Actions()))
		}
	}
}

// TestAttrsMergeLaws: merging attributes with what did not change gives the change, with itself itself, and does not depend on the
// sides; of two values the larger stands, as a number where both are numbers.
func TestAttrsMergeLaws(t *testing.T) {
	merge := func(base, a, b tandem.Attrs) (tandem.Attrs, [2]bool) {
		row := tandem.Row{Link: 1, A: tandem.Shown{ID: "x", Attrs: base, Version: "1"}, B: tandem.Shown{ID: "x", Attrs: base, Version: "1"}}
		r := &record{row: 0, base: &row, cur: [2]*seen{{Shown: tandem.Shown{Attrs: a}}, {Shown: tandem.Shown{Attrs: b}}}, st: [2]state{changed, changed}}
		w := &work{may: [2]bool{true, true}}
		return w.threeWay(r)
	}
	draw := rapid.Custom(func(t *rapid.T) tandem.Attrs {
		m := map[string]string{}
		for _, k := range []string{"mode", "flag", "mtime"} {
			m[k] = rapid.SampledFrom([]string{"", "1", "9", "10", "x"}).Draw(t, k)
		}
		return tandem.MakeAttrs(m)
	})
	rapid.Check(t, func(t *rapid.T) {
		base, a, b := draw.Draw(t, "base"), draw.Draw(t, "a"), draw.Draw(t, "b")
		if got, into := merge(base, a, base); a != base && (got != a || into != [2]bool{false, true}) {
			t.Fatalf("of %q and no change: %q %v", a, got, into)
		}
		if got, into := merge(base, base, b); b != base && (got != b || into != [2]bool{true, false}) {
			t.Fatalf("of no change and %q: %q %v", b, got, into)
		}
		if got, into := merge(base, a, a); got != a || into != [2]bool{} {
			t.Fatalf("of %q and %q: %q %v", a, a, got, into)
		}
		x, i := merge(base, a, b)
		y, j := merge(base, b, a)
		if x != y || i[0] != j[1] || i[1] != j[0] {
			t.Fatalf("%q %v, exchanged %q %v", x, i, y, j)
		}
		for _, k := range []string{"mode", "flag", "mtime"} {
			was, va, vb := base.Get(k), a.Get(k), b.Get(k)
			want := va
			if va == was {
				want = vb
			} else if vb != was {
				want = larger(va, vb)
			}
			if x.Get(k) != want {
				t.Fatalf("%s: %q, %q and %q made %q", k, was, va, vb, x.Get(k))
			}
		}
	})
}

func TestLarger(t *testing.T) {
	for _, c := range [][3]string{{"1", "2", "2"}, {"9", "10", "10"}, {"10", "9", "10"}, {"9", "x", "x"}, {"", "1", "1"}, {"10", "9a", "9a"}, {"9a", "10", "9a"},
		{"", "", ""}, {"100", "1000", "1000"}, {"2", "10:", "2"}, {"/5", "10", "10"}, {"/55", "10", "10"}, {"5/", "10", "5/"}, {fmt.Sprint(math.MaxInt64), "99999999999999999999", "99999999999999999999"}} {
		if got := larger(c[0], c[1]); got != c[2] {
			t.Errorf("of %q and %q: %q", c[0], c[1], got)
		}
	}
}
