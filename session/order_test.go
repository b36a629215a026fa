package session_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/engine"
	"tandem/provider/memory"
)

// A file that wins over another and takes an attribute from it is read until it is written there: its attributes change
// only then, or it would seem to have changed under the reader's hands.
func TestSourceKeepsItsAttributesWhileItIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTrees(t)
		w.rules.Policy = engine.PreferA
		var mu sync.Mutex
		var steps []string
		for i, name := range []string{"left", "right"} {
			w.side[i].Tune(func(k *memory.Knobs) {
				k.Hook = func(step string, id tandem.ID) error {
					if step == "write" && name == "right" {
						time.Sleep(time.Second) // the other place has all the time it wants
					}
					if step == "write" || step == "written" {
						mu.Lock()
						defer mu.Unlock()
						steps = append(steps, name+" "+step)
					}
					return nil
				}
			})
		}
		put := func(side int, body, attrs string) {
			t.Helper()
			if err := w.side[side].Put("x", []byte(body), tandem.Attrs(attrs)); err != nil {
				t.Fatal(err)
			}
		}
		put(0, "base", "mode=644")
		if _, err := w.try(); err != nil {
			t.Fatal(err)
		}
		steps = nil
		put(0, "mine", "mode=644")
		put(1, "yours", "mode=755")
		rep, err := w.try()
		if err != nil || len(rep.Problems) > 0 {
			t.Fatalf("%+v, %v", rep, err)
		}
		if want := []string{"right write", "right written", "left write", "left written"}; !slices.Equal(steps, want) {
			t.Errorf("%q, want %q", steps, want)
		}
	})
}
