package engine

import (
	"strings"
	"testing"

	"tandem"
)

// Open conflicts, their answers, and what is set aside.

func TestConflictsDoNotBreed(t *testing.T) {
	p := newPair(true)
	p.rules.Policy = Both
	p.m[0].put("f.txt", "one")
	p.m[1].put("f.txt", "two")
	p.mustRun(t)
	p.quiet(t)
	if len(p.m[0].recs) != 2 {
		t.Fatal(p.m[0])
	}
	for _, id := range p.m[0].ids() {
		if id != "f.txt" {
			p.m[0].put(id, "three")
			p.m[1].put(id, "four")
		}
	}
	p.mustRun(t)
	p.quiet(t)
	for _, id := range p.m[0].ids() {
		if strings.Count(string(id), "conflict") > 1 {
			t.Fatal(p.m[0])
		}
	}
}

func TestOpenConflictStaysOneConflict(t *testing.T) {
	p := agreedPair(t, false, 1)
	p.m[0].put("x00", "A's")
	for _, id := range p.m[1].ids() {
		p.m[1].put(id, "B's")
	}
	if plan := p.mustRun(t); plan.doing(Conflict)+plan.doing(Merge) != 1 {
		t.Fatal(plan.text())
	}
	if plan := p.mustRun(t); len(plan.Actions()) != 1 || plan.Actions()[0].Reason != ConflictOpen {
		t.Fatal(plan.text())
	}
	p.m[0].put("x00", "B's") // made equal by hand
	p.mustRun(t)
	p.quiet(t)
	for _, r := range p.rows {
		if r.Clash != nil {
			t.Fatal("the conflict is still open")
		}
	}
}

func TestDecisionsAreCarriedOutOnlyOnWhatWasShown(t *testing.T) {
	want := map[tandem.Decision][2]string{tandem.TakeA: {"A's", "A's"}, tandem.TakeB: {"B's", "B's"}}
	for _, tree := range []bool{false, true} {
		for _, d := range []tandem.Decision{tandem.TakeA, tandem.TakeB, tandem.TakeBoth, tandem.TakeBothA} {
			for _, moved := range []bool{false, true} {
				p := agreedPair(t, tree, 1)
				b := p.m[1].ids()[0]
				p.m[0].put("x00", "A's")
				p.m[1].put(b, "B's")
				p.mustRun(t)
				for l, r := range p.rows {
					k := *r.Clash
					k.Decision = d
					r.Clash = &k
					p.rows[l] = r
				}
				if moved {
					p.m[0].put("x00", "changed since")
					p.mustRun(t)
					for _, r := range p.rows {
						if r.Clash == nil || r.Clash.Decision != tandem.Undecided || p.m[1].recs[b].content != "B's" {
							t.Fatal("an answer was carried out on a version it was not about")
						}
					}
					continue
				}
				p.mustRun(t)
				p.quiet(t)
				if w, ok := want[d]; ok && (p.m[0].recs["x00"].content != w[0] || p.m[1].recs[b].content != w[1]) {
					t.Fatal(p.m[0], p.m[1])
				}
				if _, one := want[d]; !one && (len(p.m[0].recs) != 2 || len(p.m[1].recs) != 2) {
					t.Fatal(p.m[0], p.m[1])
				}
				if d == tandem.TakeBothA && (p.m[0].recs["x00"].content != "A's" || p.m[1].recs[b].content != "A's") {
					t.Fatal("A's does not stay where it is", p.m[0], p.m[1])
				}
			}
		}
	}
}

func TestAsideWaitsForItsTimeOrAChange(t *testing.T) {
	p := newPair(false)
	p.m[0].put("a", "poison")
	act := p.plan().Actions()[0]
	row := Postpone(act, "refused", 100)
	row.Link = 9
	p.rows[9] = row
	p.rules.Now = 110
	if plan := p.plan(); len(plan.Actions()) != 1 || plan.Actions()[0].Reason != SetAside {
		t.Fatal(plan.text())
	}
	again := Postpone(p.plan().Actions()[0], "refused", 160)
	if again.Aside.Tries != 2 || again.Aside.Until != 160+300 {
		t.Fatalf("%+v", again.Aside)
	}
	p.rules.Now = 160
	if plan := p.plan(); plan.doing(Copy) != 1 {
		t.Fatal(plan.text())
	}
	p.rules.Now = 110
	p.m[0].put("a", "mended")
	p.mustRun(t)
	p.quiet(t)
	if len(p.m[1].recs) != 1 || len(p.rows) != 1 {
		t.Fatal(p.m[1], p.rows)
	}
}

// TestVersionWrittenByHand: a person may answer with a version of their own; both sides get it, and both old ones are kept.
func TestVersionWrittenByHand(t *testing.T) {
	for _, tree := range []bool{false, true} {
		for _, gone := range []bool{false, true} {
			p := agreedPair(t, tree, 2)
			p.rules.DeleteVsChange = AskDelete
			a, b := p.rows[1].A.ID, p.rows[1].B.ID
			p.m[0].put(a, "A's")
			if gone {
				p.m[1].remove(b)
			} else {
				p.m[1].put(b, "B's")
			}
			p.mustRun(t)
			p.answer(tandem.TakeBody, "by hand")
			if plan := p.mustRun(t); plan.doing(Write) != 1 {
				t.Fatal(plan.text())
			}
			p.quiet(t)
			for s, id := range [2]tandem.ID{p.rows[1].A.ID, p.rows[1].B.ID} {
				if r := p.m[s].recs[id]; r == nil || r.content != "by hand" || len(p.m[s].recs) != 2 {
					t.Fatalf("tree %v, gone %v: %s | %s", tree, gone, p.m[0], p.m[1])
				}
			}
			if !p.contents()["A's"] || p.rows[1].Clash != nil {
				t.Fatal("a version was lost, or the conflict is still open")
			}
		}
	}
}

func TestVersionWrittenByHandReachesOnlyWhatMayBeWritten(t *testing.T) {
	p := agreedPair(t, true, 1)
	p.m[0].put("x00", "A's")
	p.m[1].put("x00", "B's")
	p.mustRun(t)
	p.answer(tandem.TakeBody, "by hand")
	p.rules.ReadOnly = [2]bool{true, true}
	if plan := p.mustRun(t); plan.doing(Write) != 0 || plan.doing(Wait) != 1 {
		t.Fatal(plan.text())
	}
	p.rules.ReadOnly[1] = false
	p.mustRun(t)
	if p.m[0].recs["x00"].content != "A's" || p.m[1].recs["x00"].content != "by hand" {
		t.Fatal(p.m[0], p.m[1])
	}
}

// TestBothOfTwoTypes: a directory and a file of one name are both kept: the directory under its name, the file under another.
func TestBothOfTwoTypes(t *testing.T) {
	for _, flip := range []bool{false, true} {
		p := newPair(true)
		dir, file := p.m[0], p.m[1]
		if flip {
			dir, file = file, dir
		}
		dir.script(t, "mkdir x; put x/in IN; mkdir x/sub")
		file.script(t, "put x FILE")
		p.mustRun(t)
		if plan := p.mustRun(t); plan.doing(Wait) == 0 {
			t.Fatal(plan.text())
		}
		p.answer(tandem.TakeBoth, "")
		if _, err := p.settleDown(2); err != nil {
			t.Fatal(err)
		}
		if p.m[0].String() != p.m[1].String() || len(dir.recs) != 4 || !dir.recs["x"].isDir() || dir.recs["x/in"] == nil {
			t.Fatalf("%s | %s\n%s", p.m[0], p.m[1], p.log)
		}
		for r := range p.baseRows() {
			if r.Clash != nil {
				t.Fatal("the conflict is still open")
			}
		}
	}
}

// TestRenamedWhileInConflict: the conflict stays one, an answer to what it was before does not hold, and the name goes along.
func TestRenamedWhileInConflict(t *testing.T) {
	for _, never := range []bool{false, true} { // never agreed, or agreed and edited
		p := newPair(true)
		p.m[0].script(t, "mkdir d")
		if !never {
			p.m[0].script(t, "put f F")
		}
		p.mustRun(t)
		p.m[0].script(t, "put f A")
		p.m[1].script(t, "put f B")
		p.mustRun(t)
		p.answer(tandem.TakeA, "")
		p.m[1].script(t, "mv f d/g")
		p.mustRun(t)
		if plan := p.mustRun(t); plan.doing(Wait) != 1 || plan.Actions()[0].Reason != ConflictOpen || p.m[0].contents()[0] != "A" {
			t.Fatalf("never %v: %s", never, plan.text())
		}
		p.answer(tandem.TakeA, "")
		if _, err := p.settleDown(2); err != nil {
			t.Fatal(err)
		}
		if got := p.m[0].String(); got != "d=dir d/g=A" || p.m[1].String() != got {
			t.Fatalf("never %v: %s | %s\n%s", never, p.m[0], p.m[1], p.log)
		}
	}
}

// TestLeftOutStaysAsItIs: a record that was taken out of the set is left alone, whatever becomes of it on either side, until it is gone from both or asked about again.
func TestLeftOutStaysAsItIs(t *testing.T) {
	for _, tree := range []bool{false, true} {
		p := newPair(tree)
		p.m[0].put("f", "base")
		p.mustRun(t)
		there := p.m[1].ids()[0]
		p.m[0].put("f", "one")
		p.m[1].put(there, "two")
		p.mustRun(t)
		p.answer(tandem.LeaveOut, "")
		for _, step := range []string{"as it was", "A changed", "B changed", "A deleted"} {
			switch step {
			case "A changed":
				p.m[0].put("f", "three")
			case "B changed":
				p.m[1].put(there, "four")
			case "A deleted":
				p.m[0].script(t, "rm f")
			}
			plan := p.mustRun(t)
			for _, a := range plan.Actions() {
				if a.Do != Wait || a.Reason != ConflictOpen {
					t.Errorf("tree %v, %s: %s", tree, step, plan.text())
				}
			}
			if got := p.m[1].contents(); len(got) != 1 || step != "as it was" && step != "A changed" && got[0] != "four" {
				t.Errorf("tree %v, %s: B holds %v", tree, step, got)
			}
		}
		p.answer(tandem.Undecided, "")
		p.mustRun(t)
		if _, err := p.settleDown(3); err != nil {
			t.Error(err)
		}
	}
}
