package session_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"tandem"
	"tandem/provider/memory"
)

// TestM101FileAgainstDirectory: a directory that became a file on one side, while something in it was edited on the other, is a conflict. Until somebody answers,
// nothing in it is deleted; the answer then holds for all that is in it, and the conflict is over.
func TestM101FileAgainstDirectory(t *testing.T) {
	const renamed = "d (conflict b15a0999)"
	dir := map[string]string{"d": "/", "d/x": "x", "d/y": "y edited", "d/e": "/", "d/e/z": "z", "d/new": "new"}
	answers := []struct {
		take func(file tandem.Side) tandem.Decision
		want map[string]string
	}{
		{func(file tandem.Side) tandem.Decision { return tandem.TakeA + tandem.Decision(file) }, map[string]string{"d": "FILE"}},
		{func(file tandem.Side) tandem.Decision { return tandem.TakeA + tandem.Decision(file.Other()) }, dir},
		{func(tandem.Side) tandem.Decision { return tandem.TakeBoth }, with(dir, renamed, "FILE")},
	}
	for i, ans := range answers {
		for _, file := range []tandem.Side{a, b} {
			for _, cursor := range []bool{false, true} {
				t.Run(fmt.Sprint(i, file, cursor), func(t *testing.T) {
					w := newTrees(t, func(k *memory.Knobs) { k.Cursor = cursor })
					w.rules.Guard.Off = true
					w.put(a, "d/x", "x")
					w.put(a, "d/y", "y")
					w.put(a, "d/e/z", "z")
					w.sync()
					w.remove(file, "d/x", "d/y", "d/e/z", "d/e", "d")
					w.put(file, "d", "FILE")
					w.put(file.Other(), "d/y", "y edited")
					w.put(file.Other(), "d/new", "new")
					for range 3 {
						w.sync()
						w.wantSide(file, map[string]string{"d": "FILE"})
						w.wantSide(file.Other(), dir)
					}
					w.decide(ans.take(file), "")
					w.sync()
					w.wantSide(a, ans.want)
					w.wantSide(b, ans.want)
					if list := w.conflicts(); len(list) != 0 {
						t.Errorf("it is still open: %+v", list)
					}
					w.quiet()
					if i == 0 {
						w.wantPast("d/x", "d/y", "d/e/z", "d/new")
					}
				})
			}
		}
	}
}

// TestDirectoryHeldByWhatCannotBeReadStays: a directory that a file is to replace keeps all that is in it while one thing in it must not be touched.
func TestDirectoryWithSomethingHiddenStays(t *testing.T) {
	w := newTrees(t)
	w.rules.Guard.Off = true
	w.put(a, "d/x", "x")
	w.put(a, "d/y", "y")
	w.sync()
	w.remove(a, "d/x", "d/y", "d")
	w.put(a, "d", "FILE")
	w.side[b].Tune(func(k *memory.Knobs) { k.Hidden = map[tandem.ID]error{"d/y": errors.New("too large")} })
	w.sync()
	w.decide(tandem.TakeA, "")
	w.sync()
	w.side[b].Tune(func(k *memory.Knobs) { k.Hidden = nil })
	w.wantSide(b, map[string]string{"d": "/", "d/x": "x", "d/y": "y"})
}

func with(m map[string]string, key, value string) map[string]string {
	out := map[string]string{key: value}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// wantPast checks that history has these records.
func (w *world) wantPast(ids ...tandem.ID) {
	w.t.Helper()
	var have []tandem.ID
	for _, p := range w.history() {
		have = append(have, p.Record)
	}
	for _, id := range ids {
		if !slices.Contains(have, id) {
			w.t.Errorf("history has %q, and not %s", have, id)
		}
	}
}

// TestFileAgainstDirectoryInAReplacedStore: what a place holds that was restored from a backup is paired anew once. A directory that is a file on the other side
// waits for an answer, with what is in it, no later run makes the conflict again, and the answer holds.
func TestFileAgainstDirectoryInAReplacedStore(t *testing.T) {
	for _, known := range []bool{false, true} {
		for s := a; s <= b; s++ {
			w := newTrees(t)
			w.rules.Guard.Off = true
			w.put(s, "n", "file")
			w.put(s, "x", "x")
			w.sync()
			w.remove(s, "n")
			if err := w.side[s].PutDir("n"); err != nil {
				t.Fatal(err)
			}
			if known {
				w.rename(s, "x", "n/x")
			} else {
				w.put(s, "n/new", "new")
			}
			w.side[s].Rollback(w.side[s].Snapshot(), true)
			w.sync()
			w.sync()
			w.quiet()
			if list := w.conflicts(); len(list) != 1 {
				t.Errorf("%s, known %v: conflicts %+v", s, known, list)
			}
			w.decide(tandem.TakeA+tandem.Decision(s), "")
			w.sync()
			w.quiet()
			if got := w.dump(s.Other()); got["n/new"] != "new" && got["n/x"] != "x" {
				t.Errorf("%s, known %v: the other side holds %q", s, known, got)
			}
		}
	}
}
