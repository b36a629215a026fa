package session_test

import (
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
