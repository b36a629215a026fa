package engine

import (
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
					if len(plan.Actions) != 1 || plan.Actions[0].Do != Wait || plan.Actions[0].Reason != blockReason(blockState(as)) {
						t.Fatalf("side %s, %s: %s", s, as, plan.text())
					}
					if note := plan.Actions[0].Note; !strings.HasPrefix(note, "elsewhere: ") {
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
	if plan := p.mustRun(t); plan.doing(Wait) != 1 || len(plan.Actions) != 1 {
		t.Fatal(plan.text())
	}
	delete(p.m[1].trouble, "elsewhere")
	if plan := p.mustRun(t); plan.doing(Update) != 1 || len(plan.Actions) != 1 || p.m[1].recs["elsewhere"].content != "edited" {
		t.Fatal(plan.text(), p.m[1])
	}
	p.quiet(t)
}

// A deletion on the other side waits as well: what is hidden may have been edited.
func TestDeletionOfWhatIsHiddenUnderAnotherID(t *testing.T) {
	p := agreedPair(t, false, 3)
	p.m[1].hide(p.rows[2].B.ID, "elsewhere", tandem.OutOfScope)
	p.m[0].remove(p.rows[2].A.ID)
	if plan := p.mustRun(t); plan.doing(Wait) != 1 || len(plan.Actions) != 1 || len(p.rows) != 3 {
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
	if plan := p.mustRun(t); plan.doing(Update) != 1 || len(plan.Actions) != 1 {
		t.Fatal(plan.text())
	}
}

// In a tree the path tells, and a UID nothing.
func TestTreesTakeNoUIDForAHint(t *testing.T) {
	p := agreedPair(t, true, 3)
	id := p.rows[2].B.ID
	p.m[1].recs[id].uid = p.rows[2].UID
	p.m[1].hide(id, "elsewhere", tandem.OutOfScope)
	if plan := p.mustRun(t); plan.doing(Delete) != 1 || len(plan.Actions) != 1 {
		t.Fatal(plan.text())
	}
}
