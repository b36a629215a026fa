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
