package session_test

import (
	"testing"

	"tandem"
	"tandem/engine"
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
