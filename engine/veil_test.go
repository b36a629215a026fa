package engine

import (
	"slices"
	"strings"
	"testing"

	"tandem"
)

// hide has a side give a record another id and hide it there: a place that names records anew whenever they are written,
// behind a filter. It tells the UID of what it hides.
func (m *model) hide(from, to tandem.ID, as tandem.Presence) {
	m.rename(from, to)
	m.trouble[to], m.tellsHidden = as, true
}

// What is out of scope under a new id was not deleted.
func TestHiddenUnderAnotherIDIsNotDeleted(t *testing.T) {
	for s := sideA; s <= sideB; s++ {
		for _, as := range []tandem.Presence{tandem.OutOfScope, tandem.Problem} {
			for _, delta := range []bool{false, true} {
				p := agreedPair(t, false, 3)
				if delta {
					p.tell()
				}
				row := p.rows[2]
				p.m[s].hide(row.Side(s).ID, "elsewhere", as)
				for range 2 {
					plan := p.mustRun(t)
					if len(plan.Actions()) != 1 || plan.Actions()[0].Do != Wait || plan.Actions()[0].Reason != blockReason(blockState(as)) {
						t.Fatalf("side %s, %s: %s", s, as, plan.text())
					}
					if note := plan.Actions()[0].Note; !strings.HasPrefix(note, "elsewhere: ") {
						t.Errorf("side %s, %s: it waits for %q", s, as, note)
					}
					if p.rows[2] != row || len(p.m[s.Other()].recs) != 3 {
						t.Fatalf("side %s, %s: row %+v, %s", s, as, p.rows[2], p.m[s.Other()])
					}
				}
			}
		}
	}
}

// An edit on the other side waits, and is carried out where the record is as soon as that is in sight.
func TestEditOfWhatIsHiddenUnderAnotherID(t *testing.T) {
	p := agreedPair(t, false, 3)
	p.m[1].hide(p.rows[2].B.ID, "elsewhere", tandem.OutOfScope)
	p.m[0].put(p.rows[2].A.ID, "edited")
	if plan := p.mustRun(t); plan.doing(Wait) != 1 || len(plan.Actions()) != 1 {
		t.Fatal(plan.text())
	}
	delete(p.m[1].trouble, "elsewhere")
	if plan := p.mustRun(t); plan.doing(Update) != 1 || len(plan.Actions()) != 1 || p.m[1].recs["elsewhere"].content != "edited" {
		t.Fatal(plan.text(), p.m[1])
	}
	p.quiet(t)
}

// A deletion on the other side waits as well: what is hidden may have been edited.
func TestDeletionOfWhatIsHiddenUnderAnotherID(t *testing.T) {
	p := agreedPair(t, false, 3)
	p.m[1].hide(p.rows[2].B.ID, "elsewhere", tandem.OutOfScope)
	p.m[0].remove(p.rows[2].A.ID)
	if plan := p.mustRun(t); plan.doing(Wait) != 1 || len(plan.Actions()) != 1 || len(p.rows) != 3 {
		t.Fatal(plan.text())
	}
	delete(p.m[1].trouble, "elsewhere")
	if plan := p.mustRun(t); plan.doing(Delete) != 1 || len(p.m[1].recs) != 2 || len(p.rows) != 2 {
		t.Fatal(plan.text(), p.m[1])
	}
	p.quiet(t)
}

// Only the same UID tells. What is really gone is deleted, beside something else that is hidden.
func TestDeletedBesideSomethingHidden(t *testing.T) {
	for _, uid := range []string{"", "another"} {
		p := agreedPair(t, false, 3)
		p.m[1].remove(p.rows[2].B.ID)
		p.m[1].put("hidden", "secret").uid = uid
		p.m[1].trouble["hidden"], p.m[1].tellsHidden = tandem.OutOfScope, true
		if plan := p.mustRun(t); plan.doing(Delete) != 1 || len(p.m[0].recs) != 2 {
			t.Fatalf("UID %q: %s", uid, plan.text())
		}
	}
}

// A record that is seen is what it is, whatever else of its UID is hidden.
func TestSeenBesideAHiddenOneOfItsUID(t *testing.T) {
	p := agreedPair(t, false, 3)
	p.m[1].put("hidden", "a copy").uid = p.rows[2].UID
	p.m[1].trouble["hidden"], p.m[1].tellsHidden = tandem.OutOfScope, true
	p.m[1].put(p.rows[2].B.ID, "edited")
	if plan := p.mustRun(t); plan.doing(Update) != 1 || len(plan.Actions()) != 1 {
		t.Fatal(plan.text())
	}
}

// In a tree the path tells, and a UID nothing.
func TestTreesTakeNoUIDForAHint(t *testing.T) {
	p := agreedPair(t, true, 3)
	id := p.rows[2].B.ID
	p.m[1].recs[id].uid = p.rows[2].UID
	p.m[1].hide(id, "elsewhere", tandem.OutOfScope)
	if plan := p.mustRun(t); plan.doing(Delete) != 1 || len(plan.Actions()) != 1 {
		t.Fatal(plan.text())
	}
}

// A file that is renamed out of scope in a tree was taken out of the set, and is deleted on the other side. What must not come of it is a
// second file of the same content, when it is let in again.
func TestRenamedOutOfScope(t *testing.T) {
	for _, c := range []struct {
		name     string
		other    func(m *model) // what is done to x02 on the other side
		plan     string         // with the one renamed to "out" on A
		a, b     string         // of the file, at the end
		noRow    bool
		lastWord bool // deletions win
	}{
		{name: "left alone", plan: "delete B x02 (deleted on the other side)\n", a: "out", b: "out", noRow: true},
		{name: "edited", other: func(m *model) { m.put("x02", "edited") }, plan: "copy A x02 (deleted on one side, changed on the other; the change survives)\n", a: "out x02", b: "out x02"},
		{name: "edited, deletions win", lastWord: true, other: func(m *model) { m.put("x02", "edited") }, plan: "delete B x02 (deleted on one side, changed on the other; the deletion wins)\n", a: "out", b: "out", noRow: true},
		{name: "deleted", other: func(m *model) { m.remove("x02") }, a: "out", b: "out", noRow: true},
		{name: "renamed", other: func(m *model) { m.rename("x02", "z") }, plan: "wait z (ignored on one side)\n", a: "out", b: "out"},
		{name: "renamed, deletions win", lastWord: true, other: func(m *model) { m.rename("x02", "z") }, plan: "wait z (ignored on one side)\n", a: "out", b: "out"},
		{name: "other attributes", other: func(m *model) { m.recs["x02"].attrs = "mode=600"; m.recs["x02"].version = m.next() }, plan: "wait x02 (ignored on one side)\n", a: "out", b: "out"},
		{name: "renamed out of scope too", other: func(m *model) { m.hide("x02", "over", tandem.OutOfScope) }, plan: "wait x02 (ignored on one side)\n", a: "out", b: "out"},
		{name: "renamed out of scope to the same", other: func(m *model) { m.hide("x02", "out", tandem.OutOfScope) }, plan: "wait x02 (ignored on one side)\n", a: "out", b: "out"},
	} {
		for s := sideA; s <= sideB; s++ {
			for _, delta := range []bool{false, true} {
				p := agreedPair(t, true, 3)
				p.rules.Guard.Off = true
				if c.lastWord {
					p.rules.DeleteVsChange = DeleteWins
				}
				if delta {
					p.tell()
				}
				p.m[s].hide("x02", "out", tandem.OutOfScope)
				p.m[s].tellsHidden = true
				if c.other != nil {
					c.other(p.m[s.Other()])
				}
				want := c.plan
				if s == sideB {
					want = strings.NewReplacer("delete B", "delete A", "copy A", "copy B").Replace(want)
				}
				if plan := p.mustRun(t); plan.text() != want {
					t.Errorf("%s, side %s: it plans\n%swant\n%s", c.name, s, plan.text(), want)
				}
				if row := p.rowOf("x02").Link != 0; row == c.noRow {
					t.Errorf("%s, side %s: there is a row %v", c.name, s, row)
				}
				if !delta || !c.noRow {
					p.quiet(t)
				}
				p.delta = [2]bool{}
				clear(p.m[0].trouble)
				clear(p.m[1].trouble)
				p.settle(t)
				for o, want := range []string{c.a, c.b} {
					if got := p.m[o].others("x00", "x01"); got != want {
						t.Errorf("%s, side %s: let in again, side %d has %q, want %q", c.name, s, o, got, want)
					}
				}
			}
		}
	}
}

// settle runs until nothing is left to do.
func (p *pair) settle(t *testing.T) {
	t.Helper()
	for range 4 {
		p.mustRun(t)
	}
	p.quiet(t)
}

// shareNode has the base know two records of A as one thing under two names.
func (p *pair) shareNode(id, of tandem.ID) {
	r := p.rowOf(id)
	r.A.Node = p.rowOf(of).A.Node
	p.rows[r.Link] = r
}

// others are the names of what is there beside those.
func (m *model) others(beside ...tandem.ID) string {
	var out []string
	for _, id := range m.ids() {
		if !slices.Contains(beside, id) {
			out = append(out, string(id))
		}
	}
	return strings.Join(out, " ")
}

// Without the place's word that it is the same, what is out of scope is somebody else's.
func TestRenamedOutOfScopeUnknown(t *testing.T) {
	p := agreedPair(t, true, 3)
	p.m[0].hide("x02", "out", tandem.OutOfScope)
	p.m[0].tellsHidden = false
	p.m[1].rename("x02", "z")
	if plan := p.mustRun(t); plan.text() != "copy A z (deleted on one side, changed on the other; the change survives)\n" {
		t.Fatal(plan.text())
	}
}

// inFolder is a pair with the file "d/x" and what is to become of it: the folder is hidden on some sides.
func inFolder(t *testing.T, hidden ...tandem.Side) *pair {
	t.Helper()
	p := newPair(true)
	p.m[0].put("d", "dir")
	p.m[0].put("d/x", "content")
	p.m[0].put("keep", "this")
	p.mustRun(t)
	p.quiet(t)
	for _, s := range hidden {
		p.m[s].trouble["d"] = tandem.OutOfScope
	}
	return p
}

// A file that is renamed out of a folder that is left out is the file that the other side has there. It waits until that may be looked at, and is
// then one, with all that was done to it.
func TestRenamedIntoScope(t *testing.T) {
	for s := sideA; s <= sideB; s++ {
		p := inFolder(t, sideA, sideB)
		p.m[s].rename("d/x", "x")
		p.m[s.Other()].put("d/x", "edited")
		for range 2 {
			if plan := p.mustRun(t); plan.text() != "wait x (ignored on one side)\n" {
				t.Fatalf("side %s: %s", s, plan.text())
			}
		}
		clear(p.m[0].trouble)
		clear(p.m[1].trouble)
		p.settle(t)
		for o := range p.m {
			if got := p.m[o].others("d", "keep"); got != "x" || p.m[o].recs["x"].content != "edited" {
				t.Errorf("side %s: %d ends with %s", s, o, p.m[o])
			}
		}
	}
}

// Where only one side leaves the folder out, the other follows at once.
func TestRenamedIntoScopeOfOneSide(t *testing.T) {
	for s := sideA; s <= sideB; s++ {
		p := inFolder(t, s)
		p.m[s].rename("d/x", "x")
		if plan := p.mustRun(t); plan.doing(Move) != 1 || len(plan.Actions()) != 1 {
			t.Fatalf("side %s: %s", s, plan.text())
		}
		p.quiet(t)
		if got := p.m[s.Other()].others("d", "keep"); got != "x" {
			t.Errorf("side %s: the other has %s", s, got)
		}
	}
}

// A folder that is renamed out of one that is left out takes along what is in it.
func TestFolderRenamedIntoScope(t *testing.T) {
	p := newPair(true)
	for _, id := range []tandem.ID{"d", "d/e", "d/e/f"} {
		p.m[0].put(id, "dir")
	}
	p.m[0].put("d/e/f/x", "content")
	p.mustRun(t)
	p.m[0].trouble["d"] = tandem.OutOfScope
	p.m[0].rename("d/e", "e")
	if plan := p.mustRun(t); plan.text() != "move B d/e->e (renamed on the other side)\n" {
		t.Fatal(plan.text())
	}
	p.quiet(t)
	clear(p.m[0].trouble)
	p.settle(t)
	if got := p.m[0].others() + " | " + p.m[1].others(); got != "d e e/f e/f/x | d e e/f e/f/x" {
		t.Error(got)
	}
}

// What cannot be told to be what was in the folder is new: another size, a node that several had, or none.
func TestNewBesideAFolderLeftOut(t *testing.T) {
	for name, do := range map[string]func(p *pair){
		"another size":   func(p *pair) { p.m[0].rename("d/x", "x"); p.m[0].put("x", "longer content") },
		"several had it": func(p *pair) { p.m[0].rename("d/x", "x"); p.shareNode("keep", "d/x") },
		"two have it": func(p *pair) {
			p.m[0].rename("d/x", "x")
			p.m[0].put("y", "content").node = p.m[0].recs["x"].node
		},
		"a folder":      func(p *pair) { p.m[0].rename("d/x", "x"); p.m[0].put("x", "dir") },
		"nothing known": func(p *pair) { p.m[0].rename("d/x", "x"); p.m[0].nodes = false },
		"unreadable":    func(p *pair) { p.m[0].rename("d/x", "x"); p.m[0].trouble["d"] = tandem.Problem },
	} {
		p := inFolder(t, sideA, sideB)
		do(p)
		if plan := p.mustRun(t); !strings.Contains(plan.text(), "copy B x (new on the other side)\n") {
			t.Errorf("%s: %s", name, plan.text())
		}
	}
}
