package engine

import (
	"testing"

	"tandem"
)

// TestLinkAndMoveTogether: a record that both sides edited alike, and one renamed: the edit is agreed without a write, the rename
// is a step, and the row that is recorded last holds both.
func TestLinkAndMoveTogether(t *testing.T) {
	p := newPair(true)
	p.m[0].script(t, "mkdir d; put f F; put g G")
	p.mustRun(t)
	p.m[0].script(t, "put f same; mv f d/f")
	p.m[1].script(t, "put f same")
	plan := p.plan()
	if plan.doing(Move) != 1 || len(plan.Actions()) != 1 || len(plan.Base) != 1 {
		t.Fatal(plan.text(), plan.opText())
	}
	if err := p.carryOut(plan); err != nil {
		t.Fatal(err)
	}
	p.quiet(t)
	for r := range p.baseRows() {
		if r.A.ID != "d/f" {
			continue
		}
		for s := range p.m {
			if got, want := r.Side(tandem.Side(s)).Version, p.m[s].meta(p.m[s].recs["d/f"]).Version; got != want || r.Side(tandem.Side(s)).ID != "d/f" {
				t.Errorf("side %d: the row has %s at %s, the place %s", s, r.Side(tandem.Side(s)).ID, got, want)
			}
		}
	}
}

// TestFailedMoveLeavesItsLinkOut: what a move was needed for is not recorded, and the next run starts over.
func TestFailedMoveLeavesItsLinkOut(t *testing.T) {
	p := newPair(true)
	p.m[0].script(t, "mkdir d; put f F")
	p.mustRun(t)
	p.m[0].script(t, "put f same; mv f d/f")
	p.m[1].script(t, "put f same")
	plan := p.plan()
	l := NewLedger(plan)
	if l.ReadyOp(0) {
		t.Fatal("agreed on before the move was made")
	}
	p.mustRun(t)
	p.quiet(t)
	if p.m[1].recs["d/f"] == nil {
		t.Fatal(p.m[1])
	}
}

// TestUnmetNeeds: what goes into a directory is not tried when the directory was not made.
func TestUnmetNeeds(t *testing.T) {
	p := newPair(true)
	p.m[0].script(t, "mkdir d; put d/f F; put g G")
	plan := p.plan()
	l := NewLedger(plan)
	for i, a := range plan.Actions() {
		if got, want := l.Ready(i), a.NewID != "d/f"; got != want {
			t.Errorf("%s: ready %v, want %v", a.NewID, got, want)
		}
		if id, version := l.Target(i, sideB); id != a.NewID || version != "" {
			t.Errorf("%s: to be made at %s@%s", a.NewID, id, version)
		}
	}
}

// TestWritesFollowMoves: an edit on top of a rename names the record where the rename put it, at the version it got there.
func TestWritesFollowMoves(t *testing.T) {
	p := newPair(true)
	p.m[0].script(t, "put f F")
	p.mustRun(t)
	p.m[0].script(t, "put f F2; mv f g")
	plan := p.plan()
	l := NewLedger(plan)
	if len(plan.Actions()) != 2 || plan.Actions()[0].Do != Move || plan.Actions()[1].Do != Update {
		t.Fatal(plan.text())
	}
	out := tandem.Outcome{Status: tandem.Applied, ID: "g", Meta: tandem.Meta{Version: "after"}}
	row, drop, ok := l.Applied(0, plan.Actions()[0], [2]*tandem.Outcome{nil, &out})
	if !ok || drop || row.B.ID != "g" || row.B.Version != "after" || row.A.Version != p.rows[1].A.Version {
		t.Fatalf("%+v", row)
	}
	if id, version := l.Target(1, sideB); id != "g" || version != "after" {
		t.Fatalf("to be written at %s@%s", id, version)
	}
}

// TestPostponedRowStandsOverItsBookkeeping: a record that its place gave another id, and that the other side refused: the row that
// sets it aside knows the new id, and the note of that id does not take it back.
func TestPostponedRowStandsOverItsBookkeeping(t *testing.T) {
	for _, half := range []bool{false, true} {
		p := agreedPair(t, false, 3)
		id, other := p.rows[1].A.ID, p.rows[1].B.ID
		if half {
			row := p.rows[1]
			row.B = tandem.Shown{}
			row.Aside = &tandem.Aside{Reason: "refused", Tries: 1, Until: 50, A: row.A.Version}
			p.rows[1] = row
			p.m[1].remove(other)
		}
		p.m[0].rename(id, "renamed")
		p.m[0].put("renamed", "edited")
		plan := p.plan()
		if len(plan.Actions()) != 1 || len(plan.Base) != 1 || plan.Base[0].Row.A.ID != "renamed" {
			t.Fatalf("half %v: %s %s", half, plan.text(), plan.opText())
		}
		l := NewLedger(plan)
		row := Postpone(plan.Actions()[0], "refused again", 100)
		l.Postponed(plan.Actions()[0])
		if row.A.ID != "renamed" || row.Aside == nil || row.Aside.A != p.m[0].meta(p.m[0].recs["renamed"]).Version {
			t.Errorf("half %v: the row is %+v, aside %+v", half, row, row.Aside)
		}
		if l.ReadyOp(0) {
			t.Errorf("half %v: the note of the new id would put the record back", half)
		}
		p.record(row, false)
		p.rules.Now = 110
		if again := p.plan(); again.doing(Wait) != 1 || len(again.Actions()) != 1 || again.Actions()[0].Reason != SetAside {
			t.Errorf("half %v: the next run plans %s", half, again.text())
		}
	}
}

// What an unlinked action postpones has no row that anything could undo.
func TestPostponedNewRecord(t *testing.T) {
	p := newPair(false)
	p.m[0].put("new", "N").uid = "n"
	plan := p.plan()
	l := NewLedger(plan)
	l.Postponed(plan.Actions()[0])
	if len(l.put) != 0 {
		t.Errorf("links %v", l.put)
	}
}
