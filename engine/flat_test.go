package engine

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem"
)

// flatEdits makes random edits where ids mean nothing: what a person does in an address book, and what a server does to its ids.
func flatEdits(t *rapid.T, m *model, label string, n int) {
	for range n {
		ids := m.ids()
		op := rapid.IntRange(0, 6).Draw(t, label+".op")
		if len(ids) == 0 {
			op = 0
		}
		content := fmt.Sprintf("%s%d", label, m.next())
		if op <= 1 { // new, now and then under a UID that is taken, or under none
			x := m.put(tandem.ID(fmt.Sprintf("%s-%d", label, m.next())), content)
			if u := rapid.IntRange(0, 9).Draw(t, label+".uid"); u > 0 {
				x.uid = fmt.Sprintf("uid %d", u)
			}
			continue
		}
		id := ids[rapid.IntRange(0, len(ids)-1).Draw(t, label+".id")]
		switch op {
		case 2, 3:
			m.put(id, content)
		case 4:
			m.remove(id)
		case 5: // the place gives it another id
			m.rename(id, tandem.ID(fmt.Sprintf("%s-%d", label, m.next())))
		case 6: // a copy, UID and all
			x := m.put(tandem.ID(fmt.Sprintf("%s-%d", label, m.next())), m.recs[id].content)
			x.uid = m.recs[id].uid
		}
	}
}

// TestRandomFlat: both sides must come to hold the same records, each as often, and nothing may be lost, whatever became of ids
// and UIDs; the plan must not depend on the order of listings or the names of the sides.
func TestRandomFlat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(false)
		p.rules.Policy = Policy(rapid.SampledFrom([]int{int(Ask), int(Both), int(PreferA)}).Draw(t, "policy"))
		p.m[0].nodes, p.m[1].nodes = rapid.Bool().Draw(t, "nodes"), rapid.Bool().Draw(t, "nodes")
		p.m[0].hushed, p.m[1].hushed = rapid.Bool().Draw(t, "hushed"), rapid.Bool().Draw(t, "hushed")
		flatEdits(t, p.m[0], "base", 6)
		if _, err := p.settleDown(2); err != nil {
			t.Fatal(err)
		}
		if rapid.IntRange(0, 4).Draw(t, "base lost") == 0 {
			p.rows = map[int64]tandem.Row{}
		}
		flatEdits(t, p.m[0], "A", 4)
		flatEdits(t, p.m[1], "B", 4)
		before := fmt.Sprintf("base: %s\nA: %s\nB: %s\n", p.rowText(), p.m[0].nodeText(), p.m[1].nodeText())
		had := p.contents()
		one := p.plan()
		if a, b := one.lines(false), p.mirrored().plan().lines(true); a != b {
			t.Fatalf("not symmetric\n%s%s\nmirror image:\n%s", before, a, b)
		}
		p.shuffle = rand.New(rand.NewSource(1))
		if other := p.plan(); other.lines(false) != one.lines(false) {
			t.Fatalf("another listing order, another plan\n%s%s\n%s", before, one.lines(false), other.lines(false))
		}
		p.log = ""
		if _, err := p.settleDown(2); err != nil {
			t.Fatalf("%v\n%s", err, before)
		}
		now := p.contents()
		for c := range had {
			if !now[c] {
				t.Fatalf("%s is lost\n%s%s", c, before, p.log)
			}
		}
		if last := p.plan(); len(last.Actions()) > 0 {
			if slices.ContainsFunc(last.Actions(), func(a Action) bool { return a.Reason != ConflictOpen }) {
				t.Fatalf("waits without a conflict\n%s%s%s", before, p.log, last.text())
			}
			return
		}
		if a, b := strings.Join(p.m[0].contents(), " "), strings.Join(p.m[1].contents(), " "); a != b {
			t.Fatalf("A holds %s\nB holds %s\n%s%s", a, b, before, p.log)
		}
	})
}

// TestWholeCollectionRenumbered is an IMAP folder with a new UIDVALIDITY, or a server that was set up anew under its old identity:
// every id is another. Nothing is deleted, and nothing is there twice.
func TestWholeCollectionRenumbered(t *testing.T) {
	for _, hushed := range []bool{false, true} {
		for _, uids := range []bool{true, false} {
			p := agreedPair(t, false, 30)
			p.m[0].nodes, p.m[1].nodes, p.m[1].hushed = false, false, hushed
			for i, id := range p.m[1].ids() {
				to := tandem.ID(fmt.Sprintf("renumbered-%02d", 29-i))
				p.m[1].rename(id, to)
				if !uids {
					p.m[1].recs[to].uid = ""
				}
			}
			edited := p.m[0].ids()[3]
			p.m[0].put(edited, "edited meanwhile")
			plan := p.mustRun(t)
			if plan.doing(Delete)+plan.doing(Copy) > 0 || plan.doing(Update) != 1 || len(plan.Held) > 0 {
				t.Fatalf("hushed %v, UIDs %v: %s%v", hushed, uids, plan.text(), causes(plan))
			}
			p.quiet(t)
			if len(p.m[1].recs) != 30 || !slices.Contains(p.m[1].contents(), "edited meanwhile") {
				t.Fatal(p.m[1])
			}
		}
	}
}

// TestLostAnswerToACreate: the record arrived, and nobody knows. The next run must see that it is the one.
func TestLostAnswerToACreate(t *testing.T) {
	for _, tree := range []bool{false, true} {
		for _, hushed := range []bool{false, true} {
			p := agreedPair(t, tree, 3)
			p.m[1].hushed = hushed
			p.m[0].put("new", "text").uid = "new"
			rows := p.clone().rows
			p.mustRun(t)
			p.rows = rows
			if plan := p.mustRun(t); len(plan.Actions()) > 0 || len(p.rows) != 4 || len(p.m[1].recs) != 4 {
				t.Fatalf("tree %v: %s%s", tree, plan.text(), p.m[1])
			}
			p.quiet(t)
		}
	}
}

// TestUpdateThatMadeAnotherID: at a place where another body is another id, an update arrived, and the run died before it could record that. The record is
// not gone on one side and new on it: it is what the other side made of it. What is there twice says nothing.
func TestUpdateThatMadeAnotherID(t *testing.T) {
	for _, uids := range []bool{true, false} {
		for s := range 2 {
			p := agreedPair(t, false, 3)
			here, there := p.m[s], p.m[1-s]
			id := there.ids()[1]
			uid := here.put(here.ids()[1], "written on").uid
			there.remove(id)
			if x := there.put("another", "written on"); uids {
				x.uid = uid
			}
			if plan := p.mustRun(t); len(plan.Actions()) > 0 || len(p.rows) != 3 || len(there.recs) != 3 || len(here.recs) != 3 {
				t.Errorf("UIDs %v: %s%s", uids, plan.text(), there)
			}
			p.quiet(t)
			here.put(here.ids()[1], "on and on")
			there.remove("another")
			there.put("one", "on and on")
			there.put("two", "on and on")
			p.mustRun(t)
			if len(here.recs) != 4 && len(here.recs) != 5 || len(there.recs) != len(here.recs) {
				t.Errorf("twice: %s%s", here, there)
			}
		}
	}
}

// TestRestoredUnderItsOldUID: a record is deleted on both sides and put back on one, under the UID it had.
func TestRestoredUnderItsOldUID(t *testing.T) {
	p := agreedPair(t, false, 2)
	p.m[0].remove("x00")
	p.mustRun(t)
	p.m[1].put("back", "content 0").uid = "uid 0"
	if plan := p.mustRun(t); plan.doing(Copy) != 1 || len(plan.Actions()) != 1 || len(p.m[0].recs) != 2 {
		t.Fatal(plan.text())
	}
	p.quiet(t)
}

// TestNewestNeedsTwoTimes: a clock decides only where it was asked to, and where both sides told a time.
func TestNewestNeedsTwoTimes(t *testing.T) {
	for _, c := range []struct {
		a, b int64
		want string
	}{{1, 2, "B's"}, {2, 1, "A's"}, {1, 1, ""}, {0, 5, ""}, {5, 0, ""}, {0, 0, ""}, {-3, 7, "B's"}} {
		p := agreedPair(t, true, 1)
		p.rules.Policy = Newest
		p.m[0].put("x00", "A's").modified = c.a
		p.m[1].put("x00", "B's").modified = c.b
		p.mustRun(t)
		got := ""
		if a, b := p.m[0].recs["x00"].content, p.m[1].recs["x00"].content; a == b {
			got = a
		}
		if got != c.want {
			t.Errorf("at %d and %d: %q, want %q", c.a, c.b, got, c.want)
		}
	}
}

// TestPlanningIsDry: planning changes nothing that it was given, so that a preview is the plan.
func TestPlanningIsDry(t *testing.T) {
	p := agreedPair(t, true, 20)
	p.m[0].script(t, "put x00 changed; rm x01; mv x02 x03b; mkdir d; put d/n N; mv x04 d/x04")
	p.m[1].script(t, "put x00 otherwise; rm x05; put d D")
	b, v := p.look()
	first := Reconcile(b, v[0], v[1], p.rules)
	for range 3 {
		if again := Reconcile(b, v[0], v[1], p.rules); again.Hash != first.Hash || again.stepText() != first.stepText() {
			t.Fatalf("%s\n%s", first.stepText(), again.stepText())
		}
	}
}
