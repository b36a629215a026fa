package session_test

import (
	"slices"
	"testing"

	"tandem"
	"tandem/engine"
	"tandem/provider/memory"
)

// A place that gives a record another id with each update, and whose listing ends after the new id and before the old one.
func TestNewIDInAListingThatWasCut(t *testing.T) {
	eachCursor(t, func(t *testing.T, w *world) {
		w.put(b, "1", "name=Anna\nuid=u1\n")
		w.put(b, "9", "name=Zoe\nuid=u9\n")
		w.sync()
		w.remove(b, "9")
		w.put(b, "2", "mail=z\nname=Zoe\nuid=u9\n")
		w.put(b, "3", "name=Carl\nuid=u3\n")
		w.side[b].Tune(func(k *memory.Knobs) { k.Cut, k.CutAfter = true, 2 })
		w.sync()
		w.side[b].Tune(func(k *memory.Knobs) { k.Cut = false })
		if got := w.dump(a); len(got) > 3 || got["9"] != "name=Zoe\nuid=u9\n" {
			t.Errorf("after the listing that was cut A has %q", got)
		}
		w.sync()
		w.want("name=Anna\nuid=u1\n", "mail=z\nname=Zoe\nuid=u9\n", "name=Carl\nuid=u3\n")
		w.quiet()
	})
}

// A second version that was made on one side only, for the other was busy, and that a person changed there before it was made on the other.
func TestKeepBothAfterItsTwinWasEdited(t *testing.T) {
	eachCursor(t, func(t *testing.T, w *world) {
		w.rules.Policy = engine.Both
		w.put(a, "1", "name=Anna\nuid=u1\n")
		w.sync()
		w.put(a, "1", "name=Anna A\nuid=u1\n")
		w.put(b, "1", "name=Anna B\nuid=u1\n")
		w.side[b].Tune(func(k *memory.Knobs) {
			k.Fault = func(w tandem.Write) memory.Fault { return memory.Fault{Later: 30} }
		})
		w.sync()
		w.side[b].Tune(func(k *memory.Knobs) { k.Fault = nil })
		twin := ""
		for id := range w.dump(a) {
			if id != "1" {
				twin = id
			}
		}
		body := fields([]byte(w.dump(a)[twin]))
		body["phone"] = "7"
		w.put(a, twin, string(format(body)))
		w.now += 100
		w.sync()
		w.now += 100
		w.sync()
		for s := range w.side {
			if got := w.bodies(tandem.Side(s)); len(got) != 2 || !slices.Contains(got, string(format(body))) {
				t.Errorf("side %d holds %q", s, got)
			}
		}
		if x, y := w.bodies(a), w.bodies(b); !slices.Equal(x, y) {
			t.Errorf("A holds %q, B %q", x, y)
		}
		w.quiet()
	})
}

// Two that are new on both sides and one of which could not be written: a place that tells only what changed has told of both.
func TestTwoNewOnesSetAsideAreTriedAgain(t *testing.T) {
	eachCursor(t, func(t *testing.T, w *world) {
		w.put(a, "1", "uid=u1\nname=Anna\nphone=1\n")
		w.put(b, "2", "uid=u1\nname=Anna\nmail=m\n")
		for _, s := range w.side {
			s.Tune(func(k *memory.Knobs) {
				k.Fault = func(tandem.Write) memory.Fault { return memory.Fault{Later: 30} }
			})
		}
		if rep := w.sync(); rep.Aside != 1 {
			t.Errorf("%d set aside: %v", rep.Aside, rep.Problems)
		}
		for _, s := range w.side {
			s.Tune(func(k *memory.Knobs) { k.Fault = nil })
		}
		if rep := w.sync(); rep.Aside != 1 || rep.Done != [2]engine.Totals{} {
			t.Errorf("%d set aside, done %+v: %v", rep.Aside, rep.Done, rep.Problems)
		}
		w.now += 100
		if rep := w.sync(); rep.Aside != 0 || rep.Left != 0 {
			t.Errorf("%d set aside, %d left: %v", rep.Aside, rep.Left, rep.Problems)
		}
		w.want("mail=m\nname=Anna\nphone=1\nuid=u1\n")
		w.quiet()
	})
}
