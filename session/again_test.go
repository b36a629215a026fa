package session_test

import (
	"errors"
	"testing"

	"tandem"
	"tandem/engine"
	"tandem/provider/memory"
	"tandem/session"
)

// dieAfterCreate has a run make its creates and die before it records any. What the place showed before is what it goes on
// listing.
func dieAfterCreate(w *world, s tandem.Side) {
	w.t.Helper()
	before := w.side[s].Snapshot()
	_, err := w.try(func(o *session.Options) {
		o.Fault = func(step string) error {
			if step == "apply" {
				return errCrash
			}
			return nil
		}
	})
	if !errors.Is(err, errCrash) {
		w.t.Fatalf("the run ended with %v", err)
	}
	w.side[s].Tune(func(k *memory.Knobs) { k.Stale = before })
}

// stubborn is a place that gives ids of its own choosing.
func stubborn(k *memory.Knobs) { k.ReassignCreate = true }

// What a run made that died is known by its marker to the next, although the listing does not show it.
func TestCreateIsKnownBehindAListingOfThePast(t *testing.T) {
	w := newWorld(t, stubborn)
	w.put(a, "1", "name=Anna\nuid=x\n")
	dieAfterCreate(w, b)
	if rep := w.sync(); rep.Aside != 0 || rep.Left != 0 || len(rep.Problems) != 0 {
		t.Errorf("%d set aside, %d left: %v", rep.Aside, rep.Left, rep.Problems)
	}
	w.put(a, "1", "name=Anne\nuid=x\n")
	w.sync()
	w.side[b].Tune(func(k *memory.Knobs) { k.Stale = nil })
	w.sync()
	w.want("name=Anne\nuid=x\n")
	w.quiet()
}

// A second version that a run made on both sides before it died is known to the next, although one of them does not show it.
func TestSecondVersionBehindAListingOfThePast(t *testing.T) {
	for s := a; s <= b; s++ {
		w := newWorld(t, stubborn)
		w.rules.Policy = engine.Both
		w.put(a, "1", "name=Anna\nuid=x\n")
		w.sync()
		w.put(a, string(w.side[a].List()[0].ID), "name=Anne\nuid=x\n")
		w.put(b, string(w.side[b].List()[0].ID), "name=Hannah\nuid=x\n")
		dieAfterCreate(w, s)
		w.sync()
		w.side[s].Tune(func(k *memory.Knobs) { k.Stale = nil })
		w.sync()
		for side := a; side <= b; side++ {
			if n := len(w.dump(side)); n != 2 {
				t.Errorf("stale on %s: %s holds %d records: %q", s, side, n, w.dump(side))
			}
		}
		w.quiet()
	}
}

// The record was edited on either side before it is seen what became of it: it is not made twice, and no edit is lost.
func TestEditBehindAListingOfThePast(t *testing.T) {
	for s := a; s <= b; s++ {
		w := newWorld(t, stubborn)
		w.put(a, "1", "name=Anna\nuid=x\n")
		dieAfterCreate(w, b)
		w.put(s, string(w.side[s].List()[0].ID), "name=Anna\nphone=7\nuid=x\n")
		w.sync()
		if n := len(w.dump(b)); n != 1 {
			t.Errorf("edited on %s: B holds %d records: %q", s, n, w.dump(b))
		}
		w.side[b].Tune(func(k *memory.Knobs) { k.Stale = nil })
		w.sync()
		w.want("name=Anna\nphone=7\nuid=x\n")
		w.quiet()
	}
}

// What the run that died made has the attributes of then. Those that the other side has by now come with the next look.
func TestAttributesChangedBehindAListingOfThePast(t *testing.T) {
	w := newTrees(t)
	w.side[a].Tune(func(k *memory.Knobs) { // so that the create is known again by what it holds
		k.Inspect = func(body []byte) (tandem.Digest, string) {
			info, err := w.kind.Inspect(body)
			if err != nil {
				t.Error(err)
			}
			return info.Digest, ""
		}
	})
	w.put(a, "x", "text")
	dieAfterCreate(w, b)
	if err := w.side[a].Put("x", []byte("text"), "mode=600"); err != nil {
		t.Fatal(err)
	}
	w.sync()
	w.side[b].Tune(func(k *memory.Knobs) { k.Stale = nil })
	w.sync()
	if rec, ok := w.side[b].Get("x"); !ok || rec.Attrs != "mode=600" {
		t.Errorf("B has %v with attributes %q", ok, rec.Attrs)
	}
	w.quiet()
}

// What the place knows by the marker is another record by now, and the base that told so was lost: that is no reason never to
// make the record.
func TestMarkerOfARecordThatBecameAnother(t *testing.T) {
	w := newWorld(t)
	w.put(a, "1", "name=Anna\nuid=x\n")
	w.sync()
	w.put(b, "1", "name=Bert\nuid=y\n")
	if err := w.side[b].Rename("1", "2"); err != nil {
		t.Fatal(err)
	}
	p, err := w.store.Bases.Open(t.Context(), w.pair().Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store.Bases.Remove(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	if rep := w.sync(); rep.Aside != 0 || rep.Left != 0 {
		t.Errorf("%d set aside, %d left: %v", rep.Aside, rep.Left, rep.Problems)
	}
	w.want("name=Anna\nuid=x\n", "name=Bert\nuid=y\n")
	w.quiet()
}

// A store that was put back voids its rows, and its listing may be that of a moment ago as well: what has the marker is what the void row
// spoke of, and not made twice.
func TestMarkerOfAVoidRow(t *testing.T) {
	w := newWorld(t, stubborn)
	w.rules.Guard.Off = true
	before := w.side[b].Snapshot()
	w.put(a, "1", "name=Anna\nuid=x\n")
	w.sync()
	w.side[b].Rollback(w.side[b].Snapshot(), true)
	w.side[b].Tune(func(k *memory.Knobs) { k.Stale = before })
	if rep := w.sync(); rep.Aside != 0 || rep.Left != 0 {
		t.Errorf("%d set aside, %d left: %v", rep.Aside, rep.Left, rep.Problems)
	}
	w.side[b].Tune(func(k *memory.Knobs) { k.Stale = nil })
	w.sync()
	w.want("name=Anna\nuid=x\n")
	w.quiet()
}

// A record that its place gave another id, and that the other side refuses, is set aside once and not tried in every run.
func TestRenamedAndRefusedIsSetAside(t *testing.T) {
	w := newWorld(t, told)
	w.put(a, "1", "name=Anna\nuid=x\n")
	w.sync()
	refused := 0
	w.side[b].Tune(func(k *memory.Knobs) {
		k.Fault = func(tandem.Write) memory.Fault { refused++; return memory.Fault{Reject: errors.New("not this one")} }
	})
	if err := w.side[a].Rename("1", "2"); err != nil {
		t.Fatal(err)
	}
	w.put(a, "2", "name=Anne\nuid=x\n")
	for range 3 {
		if rep := w.sync(); rep.Aside != 1 {
			t.Errorf("%d set aside: %v", rep.Aside, rep.Problems)
		}
	}
	if refused != 1 {
		t.Errorf("it was tried %d times", refused)
	}
	w.side[b].Tune(func(k *memory.Knobs) { k.Fault = nil })
	w.now += 7 * 24 * 3600
	w.sync()
	w.want("name=Anne\nuid=x\n")
	w.quiet()
}

// A place that gives a record a new id with each update, behind a filter that hides it from then on: what is gone under the old id was
// not deleted, and goes on where it is once it is in sight.
func TestRecordThatIsHiddenUnderItsNewID(t *testing.T) {
	for _, cursor := range []bool{false, true} {
		w := newWorld(t, func(k *memory.Knobs) { k.Cursor = cursor })
		w.put(a, "1", "name=Anna\nuid=x\n")
		w.put(a, "2", "name=Bert\nuid=y\n")
		w.sync()
		w.remove(b, "2")
		w.put(b, "2-new", "name=Bert\nphone=2\nuid=y\n")
		w.side[b].Tune(func(k *memory.Knobs) {
			k.Filter = func(_ tandem.ID, body []byte) error {
				if fields(body)["uid"] == "y" {
					return errors.New("filtered")
				}
				return nil
			}
			k.HiddenUID = func(body []byte) string { return fields(body)["uid"] }
		})
		w.scope = "some"
		for range 2 {
			w.sync()
			w.wantSide(a, map[string]string{"1": "name=Anna\nuid=x\n", "2": "name=Bert\nuid=y\n"})
			w.quiet()
		}
		w.put(a, "2", "mail=m\nname=Bert\nuid=y\n")
		w.sync()
		w.side[b].Tune(func(k *memory.Knobs) { k.Filter = nil })
		w.scope = ""
		w.sync()
		w.want("name=Anna\nuid=x\n", "mail=m\nname=Bert\nphone=2\nuid=y\n")
		w.quiet()
	}
}

// A place that gives a record another id when it is written lists what it held before, while the other place was restored from a backup: the record
// is asked for by its id of now, is there, and is not made again.
func TestRestoredBesideAListingOfThePast(t *testing.T) {
	for s := a; s <= b; s++ {
		for _, inspected := range []bool{false, true} {
			w := newWorld(t, func(k *memory.Knobs) {
				k.ReassignUpdate = true
				if inspected {
					k.Inspect = func(body []byte) (tandem.Digest, string) {
						info, err := card{}.Inspect(body)
						if err != nil {
							t.Error(err)
						}
						return info.Digest, info.Index.UID
					}
				}
			})
			w.put(s, "1", "name=Anna\nuid=x\n")
			w.sync()
			past := w.side[s].Snapshot()
			w.put(s.Other(), string(w.side[s.Other()].List()[0].ID), "name=Anne\nuid=x\n")
			w.sync()
			w.side[s].Tune(func(k *memory.Knobs) { k.Stale = past })
			w.side[s.Other()].Rollback(w.side[s.Other()].Snapshot(), true)
			w.sync()
			w.side[s].Tune(func(k *memory.Knobs) { k.Stale = nil })
			w.sync()
			w.want("name=Anne\nuid=x\n")
			w.quiet()
		}
	}
}

// The same where the other side deleted the record: it is not taken for a new one.
func TestDeletedBesideAListingOfThePast(t *testing.T) {
	for s := a; s <= b; s++ {
		w := newWorld(t, func(k *memory.Knobs) { k.ReassignUpdate = true })
		w.put(s, "1", "name=Anna\nuid=x\n")
		w.put(s, "2", "name=Otto\nuid=y\n")
		w.sync()
		w.remove(s, "1")
		past := w.side[s].Snapshot()
		w.put(s, "1", "name=Anna\nuid=x\n")
		w.remove(s.Other(), "1")
		w.side[s].Tune(func(k *memory.Knobs) { k.Stale = past })
		w.sync()
		w.side[s].Tune(func(k *memory.Knobs) { k.Stale = nil })
		w.sync()
		w.want("name=Otto\nuid=y\n")
		w.quiet()
	}
}

// A place that gives a record another id when it is written lists what it held before and loses the answer of a write, while the other place was restored
// from a backup: which two belong together is remembered until it is seen again.
func TestLostAnswerBesideARestoredStore(t *testing.T) {
	for s := a; s <= b; s++ {
		w := newWorld(t, func(k *memory.Knobs) { k.ReassignUpdate = true })
		w.put(s, "1", "name=Anna\nuid=x\n")
		w.sync()
		past := w.side[s].Snapshot()
		w.put(s.Other(), "1", "name=Anna\nphone=7\nuid=x\n")
		w.side[s.Other()].Rollback(w.side[s.Other()].Snapshot(), true)
		w.side[s].Tune(func(k *memory.Knobs) {
			k.Stale = past
			k.Fault = func(wr tandem.Write) memory.Fault { return memory.Fault{LostAnswer: wr.Op == tandem.Update} }
		})
		w.sync()
		if n := len(w.dump(s)); n != 1 {
			t.Errorf("side %s holds %q", s, w.dump(s))
		}
		w.side[s].Tune(func(k *memory.Knobs) { k.Stale, k.Fault = nil, nil })
		w.sync()
		w.want("name=Anna\nphone=7\nuid=x\n")
		w.quiet()
	}
}
