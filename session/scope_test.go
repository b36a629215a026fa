package session_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/provider/memory"
	"tandem/session"
)

func told(k *memory.Knobs) { k.Cursor = true }

// A first run that has to look twice is no run under other filters: what it could not do at first is done.
func TestFirstRunUnderFiltersLooksTwice(t *testing.T) {
	w := newWorld(t, told)
	w.scope = "some"
	w.put(a, "1", "name=Anna\nuid=x\n")
	w.put(a, "2", "name=Bert\nuid=y\n")
	lost := false
	w.side[b].Tune(func(k *memory.Knobs) {
		k.Fault = func(wr tandem.Write) memory.Fault {
			if wr.ID == "2" && !lost {
				lost = true
				return memory.Fault{LostRequest: true}
			}
			return memory.Fault{}
		}
	})
	if rep := w.sync(); !lost || rep.Left != 0 {
		t.Errorf("lost %v, %d left", lost, rep.Left)
	}
	w.want("name=Anna\nuid=x\n", "name=Bert\nuid=y\n")
	w.quiet()
}

// What was made or deleted while filters changed is seen by no cursor, and is not forgotten either.
func TestNewsBesideOtherFilters(t *testing.T) {
	w := newWorld(t, told)
	w.rules.Guard.Off = true
	w.fill(4)
	w.scope = "other"
	w.put(a, "new", "name=New\nuid=new\n")
	w.put(b, "more", "name=More\nuid=more\n")
	w.put(a, "c1", "name=N1\nphone=1\nuid=u1\n")
	w.sync()
	w.want("name=N0\nuid=u0\n", "name=N1\nphone=1\nuid=u1\n", "name=N2\nuid=u2\n", "name=N3\nuid=u3\n", "name=New\nuid=new\n", "name=More\nuid=more\n")
	w.quiet()

	w.remove(a, "c0")
	w.remove(b, "c2")
	w.put(a, "c2", "name=Changed\nuid=u2\n") // and so it stays
	w.scope = "third"
	w.sync()
	w.want("name=Changed\nuid=u2\n", "name=N1\nphone=1\nuid=u1\n", "name=N3\nuid=u3\n", "name=New\nuid=new\n", "name=More\nuid=more\n")
	w.quiet()
}

// A first run that died has made a base under its filters. Under others, what they hide is not taken for deleted.
func TestOtherFiltersAfterADeadFirstRun(t *testing.T) {
	w := newWorld(t, func(k *memory.Knobs) { k.Batch, k.Workers = 2, 1 })
	w.rules.Guard.Off = true
	w.scope = "some"
	for _, id := range []string{"1", "2", "3", "4"} {
		w.put(a, id, "name=N\nuid="+id+"\n")
	}
	if _, err := w.try(func(o *session.Options) {
		o.Batch = 40
		o.Fault = func(step string) error {
			if step == "record" {
				return errCrash
			}
			return nil
		}
	}); err == nil {
		t.Fatal("it did not die")
	}
	p, err := w.store.Bases.Open(t.Context(), w.pair().Key)
	if err != nil || p.Rows == 0 || p.Last != 0 || p.Scope != "some" {
		t.Fatalf("the base is known as %+v, %v", p, err)
	}
	w.scope = "fewer"
	w.side[b].Tune(func(k *memory.Knobs) { k.Order = func(ids []tandem.ID) { ids[1] = ids[0] } }) // one is left out in silence
	w.sync()
	w.side[b].Tune(func(k *memory.Knobs) { k.Order = nil })
	w.scope = "some"
	w.sync()
	if len(w.dump(a)) != 4 || len(w.dump(b)) != 4 {
		t.Errorf("%q and %q", w.dump(a), w.dump(b))
	}
}

// hide has both sides leave out what is called so, with all that is in it, and the session know it.
func (w *world) hide(names ...string) {
	w.scope = strings.Join(names, " ")
	for s := range w.side {
		w.side[s].Tune(func(k *memory.Knobs) {
			k.Filter = func(id tandem.ID, _ []byte) error {
				for part := range strings.SplitSeq(string(id), "/") {
					if slices.Contains(names, part) {
						return errors.New("it is left out")
					}
				}
				return nil
			}
		})
	}
}

// A file that is renamed out of what other filters leave out is the one that the other side has there: it waits, and is one file, with the
// edits of both sides, when the filters end.
func TestRenamedFromWhatIsLeftOut(t *testing.T) {
	for _, old := range []string{"d/x", "d"} { // left out by the folder, or by its own name
		w := newTrees(t)
		w.rules.Guard.Off = true
		w.put(a, "keep", "this")
		if old == "d/x" {
			if err := w.side[a].PutDir("d"); err != nil {
				t.Fatal(err)
			}
		}
		w.put(a, old, "content")
		w.sync()
		w.hide("d")
		if err := w.side[a].Rename(tandem.ID(old), "x"); err != nil {
			t.Fatal(err)
		}
		w.put(b, old, "edited")
		for range 2 {
			rep := w.sync()
			if got := w.dump(b); got[old] != "edited" || got["x"] != "" {
				t.Errorf("%s: the other side has %q", old, got)
			}
			if len(rep.Problems) != 1 || rep.Problems[0].Record != "x" || !strings.Contains(rep.Problems[0].Text, "leaves out what it is there") {
				t.Errorf("%s: it says %+v", old, rep.Problems)
			}
		}
		w.hide()
		w.sync()
		if w.dump(a)["x"] != "edited" || w.dump(b)["x"] != "edited" || w.dump(a)[old] != "" && old != "d" || w.dump(b)[old] != "" {
			t.Errorf("%s: %q and %q", old, w.dump(a), w.dump(b))
		}
		w.quiet()
	}
}

// A file that both sides renamed to what other filters leave out is one file when they end, and one that only one side renamed so is
// deleted on the other, unless that did something with it that would be doubled.
func TestRenamedToWhatIsLeftOut(t *testing.T) {
	for _, c := range []struct{ other, meanwhile, end string }{
		{"", "", "out"},         // left alone
		{"over", "over", "out"}, // out of scope as well
		{"z", "z", "out"},       // renamed within the scope
		{"out", "out", "out"},   // to the same
		{"-", "", "out"},        // deleted
		{"edit", "x", "out, x"}, // edited: no longer the same
		{"mode", "x", "out"},    // other attributes
		{"new", "x", "out, x"},  // another saved under its name
	} {
		w := newTrees(t)
		w.rules.Guard.Off = true
		w.put(a, "keep", "this")
		w.put(a, "x", "content")
		w.sync()
		if err := w.side[a].Rename("x", "out"); err != nil {
			t.Fatal(err)
		}
		switch c.other {
		case "":
		case "-":
			w.remove(b, "x")
		case "new":
			w.remove(b, "x")
			w.put(b, "x", "another")
		case "edit":
			w.put(b, "x", "edited")
		case "mode":
			if err := w.side[b].Put("x", []byte("content"), "mode=600"); err != nil {
				t.Fatal(err)
			}
		default:
			if err := w.side[b].Rename("x", tandem.ID(c.other)); err != nil {
				t.Fatal(err)
			}
		}
		w.hide("out", "over")
		w.sync()
		w.sync()
		has := func(s tandem.Side) string {
			names := w.dump(s)
			delete(names, "keep")
			return strings.Join(slices.Sorted(maps.Keys(names)), ", ")
		}
		if got := has(b); got != c.meanwhile {
			t.Errorf("%q: the other side has %q, want %q", c.other, got, c.meanwhile)
		}
		w.hide()
		w.sync()
		if has(a) != c.end || has(b) != c.end {
			t.Errorf("%q: %q and %q, want %q", c.other, has(a), has(b), c.end)
		}
		w.quiet()
	}
}
