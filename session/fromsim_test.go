package session_test

import (
	"context"
	"errors"
	"maps"
	"testing"

	"tandem"
	"tandem/engine"
	"tandem/provider/memory"
	"tandem/session"
)

// What the target of a one-way pair did on its own stays there, also once a change of the source was merged into it.
func TestOneWayKeepsWhatTheTargetDid(t *testing.T) {
	w := newWorld(t)
	w.rules.Direction = engine.AToB
	w.put(a, "1", "name=One\nuid=u1\n")
	w.sync()
	w.put(a, "1", "name=Uno\nuid=u1\n")
	w.put(b, "1", "name=One\nphone=7\nuid=u1\n")
	w.sync()
	w.wantSide(b, map[string]string{"1": "name=Uno\nphone=7\nuid=u1\n"})
	w.quiet()
	w.put(a, "1", "mail=m\nname=Uno\nuid=u1\n")
	w.sync()
	w.wantSide(b, map[string]string{"1": "mail=m\nname=Uno\nphone=7\nuid=u1\n"})
	w.put(b, "1", "mail=m\nname=Uno\nphone=8\nuid=u1\n")
	w.sync()
	w.put(a, "1", "mail=m\nname=Eins\nuid=u1\n")
	w.sync()
	w.wantSide(a, map[string]string{"1": "mail=m\nname=Eins\nuid=u1\n"})
	w.wantSide(b, map[string]string{"1": "mail=m\nname=Eins\nphone=8\nuid=u1\n"})
	w.quiet()
	w.remove(a, "1")
	w.sync()
	w.wantSide(b, map[string]string{"1": "mail=m\nname=Eins\nphone=8\nuid=u1\n"})
	w.quiet()
}

func TestOneWayKeepsWhatAPersonChose(t *testing.T) {
	for _, decision := range []tandem.Decision{tandem.TakeB, tandem.Undecided} {
		w := newWorld(t)
		w.rules.Direction = engine.AToB
		if decision == tandem.Undecided {
			w.rules.Policy = engine.PreferB
		}
		w.put(a, "1", "name=One\nuid=u1\n")
		w.sync()
		w.put(a, "1", "name=Mine\nuid=u1\n")
		w.put(b, "1", "name=Theirs\nuid=u1\n")
		w.sync()
		if decision != tandem.Undecided {
			w.decide(decision, "")
			w.sync()
		}
		w.wantSide(b, map[string]string{"1": "name=Theirs\nuid=u1\n"})
		w.quiet()
		w.put(a, "1", "mail=m\nname=Mine\nuid=u1\n")
		w.sync()
		if got := w.dump(b)["1"]; got != "name=Theirs\nuid=u1\n" && got != "mail=m\nname=Theirs\nuid=u1\n" {
			t.Errorf("after decision %d, B holds %q", decision, got)
		}
	}
}

// An action taken out of a plan is left undone, not forgotten: the next run plans it again, also where places tell only
// what changed.
func TestWhatWasTakenOutOfAPlanIsPlannedAgain(t *testing.T) {
	w := newWorld(t, func(k *memory.Knobs) { k.Cursor = true })
	w.put(a, "1", "name=Anna\nuid=x\n")
	w.put(a, "2", "name=Bert\nuid=y\n")
	w.put(a, "3", "name=Carl\nuid=z\n")
	w.sync()
	w.remove(a, "1")
	w.put(a, "2", "name=Berta\nuid=y\n")
	w.sync(func(o *session.Options) {
		o.Review = func(_ context.Context, p *engine.Plan) error {
			for i, act := range p.All() {
				act.Do = engine.Nothing
				p.Set(i, act)
			}
			return nil
		}
	})
	w.wantSide(b, map[string]string{"1": "name=Anna\nuid=x\n", "2": "name=Bert\nuid=y\n", "3": "name=Carl\nuid=z\n"})
	w.sync()
	w.want("name=Berta\nuid=y\n", "name=Carl\nuid=z\n")
	w.quiet()
}

// A backup that was restored on one side takes the agreement from the rows. What a person then takes out of the plan is known to no row, and to
// neither cursor: the next run is to look at both sides whole, also where they tell only what changed.
func TestWhatWasTakenOutAfterABackupIsPlannedAgain(t *testing.T) {
	for s := a; s <= b; s++ {
		w := newWorld(t, told)
		w.rules.Guard.Off = true
		before := w.side[s].Snapshot()
		w.put(s.Other(), "1", "name=Anna\nuid=x\n")
		w.sync()
		w.side[s].Rollback(before, true)
		w.sync(func(o *session.Options) {
			o.Review = func(_ context.Context, p *engine.Plan) error {
				for i, act := range p.All() {
					act.Do = engine.Nothing
					p.Set(i, act)
				}
				return nil
			}
		})
		w.wantSide(s, map[string]string{})
		w.sync()
		w.want("name=Anna\nuid=x\n")
		w.quiet()
	}
}

// The row of a file that was made anew under another name knows the new file after its partner was renamed.
func TestRenameLeavesNothingToNote(t *testing.T) {
	w := newTrees(t)
	w.put(a, "old", "text")
	w.sync()
	w.remove(b, "old")
	w.put(b, "new", "text")
	w.sync()
	w.wantSide(a, map[string]string{"new": "text"})
	w.quiet()
}

func TestHiddenWhileABackupWasRestored(t *testing.T) {
	w := newWorld(t)
	w.rules.Guard.Off = true
	w.put(a, "1", "name=Old\nuid=u1\n")
	w.put(a, "2", "name=Two\nuid=u2\n")
	w.sync()
	backup := w.side[a].Snapshot()
	w.put(a, "1", "name=New\nuid=u1\n")
	w.sync()
	w.side[a].Rollback(backup, true)
	w.side[a].Tune(func(k *memory.Knobs) { k.Hidden = map[tandem.ID]error{"1": errors.New("filtered")} })
	w.sync()
	w.quiet()
	w.side[a].Tune(func(k *memory.Knobs) { k.Hidden = nil })
	w.sync()
	w.wantSide(b, map[string]string{"1": "name=New\nuid=u1\n", "2": "name=Two\nuid=u2\n"})
	if len(w.conflicts()) != 1 {
		t.Errorf("conflicts %+v", w.conflicts())
	}
	w.decide(tandem.TakeB, "")
	w.sync()
	w.want("name=New\nuid=u1\n", "name=Two\nuid=u2\n")
	w.quiet()
}

// A pair that never writes to one side is over the restoring of a backup after one run.
func TestOneWayAfterABackupWasRestored(t *testing.T) {
	w := newWorld(t)
	w.rules.Direction, w.rules.Guard.Off = engine.AToB, true
	w.put(a, "1", "name=Old\nuid=u1\n")
	backup := w.side[a].Snapshot()
	w.put(a, "1", "name=New\nuid=u1\n")
	w.put(b, "own", "name=Own\nuid=u2\n")
	w.sync()
	w.side[a].Rollback(backup, true)
	w.sync()
	w.quiet()
	if len(w.conflicts()) != 1 {
		t.Errorf("conflicts %+v", w.conflicts())
	}
}

func TestOneWayTreeAfterABackupWasRestored(t *testing.T) {
	w := newTrees(t)
	w.rules.Direction, w.rules.Guard.Off = engine.AToB, true
	w.put(a, "1", "one")
	w.put(a, "2", "old")
	backup := w.side[a].Snapshot()
	w.put(a, "2", "new")
	w.sync()
	if err := w.side[b].Put("1", []byte("one"), tandem.MakeAttrs(map[string]string{"mode": "600"})); err != nil {
		t.Fatal(err)
	}
	w.sync()
	w.side[a].Rollback(backup, true)
	w.sync()
	w.quiet()
	if len(w.conflicts()) != 1 {
		t.Errorf("conflicts %+v", w.conflicts())
	}
}

// A file whose renaming is not through yet is not set aside in a way that forgets it.
func TestRefusedFileKeepsItsRename(t *testing.T) {
	refuse := true
	w := newTrees(t)
	w.put(a, "old", "text")
	w.sync()
	w.side[a].Remove("old")
	if err := w.side[b].Rename("old", "new"); err != nil {
		t.Fatal(err)
	}
	w.side[a].Tune(func(k *memory.Knobs) {
		k.Fault = func(tandem.Write) memory.Fault {
			if refuse {
				return memory.Fault{Reject: errors.New("not today")}
			}
			return memory.Fault{}
		}
	})
	w.sync()
	refuse = false
	w.put(a, "old", "text again")
	w.sync()
	if w.sync(); !maps.Equal(w.dump(a), w.dump(b)) {
		t.Errorf("A holds %q, B %q", w.dump(a), w.dump(b))
	}
	w.quiet()
}

// A conflict with what a backup brought back is not settled by a rename in favour of the backup.
func TestConflictWithABackupOutlivesARename(t *testing.T) {
	w := newTrees(t)
	w.rules.Guard.Off = true
	w.put(a, "1", "old")
	w.put(a, "2", "two")
	backup := w.side[a].Snapshot()
	w.put(a, "1", "new")
	w.sync()
	w.side[a].Rollback(backup, true)
	w.sync()
	if len(w.conflicts()) != 1 {
		t.Fatalf("conflicts %+v", w.conflicts())
	}
	if err := w.side[b].Rename("1", "3"); err != nil {
		t.Fatal(err)
	}
	w.sync()
	if got := w.dump(b)["3"]; got != "new" || len(w.conflicts()) != 1 {
		t.Errorf("B holds %q, conflicts %+v", w.dump(b), w.conflicts())
	}
	w.quiet()
}

// A file that both sides made with different attributes: when both versions are kept, each keeps its own, and the next edit
// brings none back.
func TestPolicyBothKeepsAttributesApart(t *testing.T) {
	for n := range 4 { // the contents decide which version gets the second name
		s, plain, marked := tandem.Side(n/2), []string{"one", "two"}[n%2], []string{"two", "one"}[n%2]
		w := newTrees(t)
		w.rules.Policy = engine.Both
		w.put(s, "f", plain)
		if err := w.side[s.Other()].Put("f", []byte(marked), "mode=600"); err != nil {
			t.Fatal(err)
		}
		w.sync()
		for _, editor := range []tandem.Side{a, b} {
			rec, _ := w.side[editor].Get("f")
			if err := w.side[editor].Put("f", []byte("edited by "+editor.String()), rec.Attrs); err != nil {
				t.Fatal(err)
			}
			w.sync()
			w.quiet()
			left, right := w.side[a].List(), w.side[b].List()
			if len(left) != 2 || len(right) != 2 {
				t.Fatalf("%d and %d files", len(left), len(right))
			}
			for i := range left {
				if left[i].ID != right[i].ID || left[i].Attrs != right[i].Attrs {
					t.Errorf("%s with %q against %s with %q", left[i].ID, left[i].Attrs, right[i].ID, right[i].Attrs)
				}
			}
		}
	}
}

// A backup without a record that the other side hides for now: that it is not there is remembered, since no cursor will tell it
// again. Deleted where it was hidden, it is gone; in sight again, it comes back.
func TestBackupLacksWhatTheOtherSideHides(t *testing.T) {
	for _, removed := range []bool{true, false} {
		w := newWorld(t, told)
		w.rules.Guard.Off = true
		w.put(a, "1", "name=Anna\nuid=x\n")
		backup := w.side[a].Snapshot()
		w.put(a, "2", "name=Bert\nuid=y\n")
		w.sync()
		w.side[a].Rollback(backup, true)
		w.side[b].Tune(hideTwo)
		w.scope = "some"
		w.sync()
		w.sync()
		if removed {
			w.remove(b, "2")
		} else {
			w.side[b].Tune(func(k *memory.Knobs) { k.Filter = nil })
			w.scope = ""
		}
		if rep := w.sync(); len(rep.Problems) > 0 {
			t.Errorf("removed %v: problems %+v", removed, rep.Problems)
		}
		if removed {
			w.want("name=Anna\nuid=x\n")
		} else {
			w.want("name=Anna\nuid=x\n", "name=Bert\nuid=y\n")
		}
		w.quiet()
	}
}

func hideTwo(k *memory.Knobs) {
	k.Filter = func(id tandem.ID, _ []byte) error {
		if id == "2" {
			return errors.New("filtered")
		}
		return nil
	}
}

// What a backup brought back is deleted while the other side hides its own: the cursor stays until both can be compared.
func TestDeletedAfterABackupWhileHidden(t *testing.T) {
	for _, how := range []string{"deleted", "shown", "other filters"} {
		w := newWorld(t, told)
		w.rules.Guard.Off = true
		w.put(a, "1", "name=Anna\nuid=x\n")
		w.put(a, "2", "name=Bert\nuid=y\n")
		w.sync()
		w.side[a].Rollback(w.side[a].Snapshot(), true)
		w.side[b].Tune(hideTwo)
		w.scope = "some"
		w.sync()
		w.sync()
		w.remove(a, "2")
		want := []string{"name=Anna\nuid=x\n"}
		if how == "other filters" {
			w.scope = "other"
			w.side[a].Tune(hideTwo)
		}
		w.sync()
		w.sync()
		if how == "shown" { // since the restore the two have agreed on nothing: what is there survives
			w.side[b].Tune(func(k *memory.Knobs) { k.Filter = nil })
			w.scope, want = "", append(want, "name=Bert\nuid=y\n")
		} else {
			w.remove(b, "2")
		}
		if rep := w.sync(); len(rep.Problems) > 0 {
			t.Errorf("%s: problems %+v", how, rep.Problems)
		}
		w.want(want...)
		w.quiet()
	}
}

// A directory that was deleted on one side, where its name is out of scope by now, is restored for a file that is new in it, which is refused. While it is set aside the
// file is not forgotten.
func TestNewInADirectoryThatIsSetAside(t *testing.T) {
	for s := a; s <= b; s++ {
		w := newTrees(t, func(k *memory.Knobs) { k.Cursor = true })
		w.rules.Guard.Off = true
		if err := w.side[s].Put("d", nil, "type=dir"); err != nil {
			t.Fatal(err)
		}
		w.put(s, "other", "text")
		w.sync()
		w.sync()
		w.put(s.Other(), "d/new", "news")
		w.side[s].Tune(func(k *memory.Knobs) { k.Hidden = map[tandem.ID]error{"d": errors.New("filtered")} })
		w.remove(s, "d")
		for range 4 {
			w.sync()
		}
		w.side[s].Tune(func(k *memory.Knobs) { k.Hidden = nil })
		w.now += 7 * 86400
		w.sync()
		w.want("/", "news", "text")
		w.quiet()
	}
}

// The first look at a place was not complete, and then the place was restored from a backup of before: what it lacks by now was not deleted.
func TestRestoredBeforeAnyCompleteListing(t *testing.T) {
	for s := a; s <= b; s++ {
		w := newWorld(t)
		backup := w.side[s].Snapshot()
		w.put(s, "1", "name=Anna\nuid=x\n")
		w.side[s].Tune(func(k *memory.Knobs) { k.Cut, k.CutAfter = true, 1 })
		w.sync()
		w.side[s].Tune(func(k *memory.Knobs) { k.Cut = false })
		w.side[s].Rollback(backup, true)
		w.sync()
		w.want("name=Anna\nuid=x\n")
		w.quiet()
	}
}
