package session_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"tandem"
	"tandem/engine"
	"tandem/provider/memory"
	"tandem/session"
	"tandem/store"
)

// scenario is a history whose last step is a sync that is crashed everywhere.
type scenario struct {
	name  string
	make  func(t *testing.T) *world
	setup func(w *world)
}

func cards(t *testing.T) *world {
	w := newWorld(t, func(k *memory.Knobs) { k.Batch = 2 })
	w.rules.Guard.Off = true
	return w
}

// overlapping are places that take two batches of creates at a time.
func overlapping(t *testing.T) *world {
	w := newWorld(t, func(k *memory.Knobs) { k.Batch, k.Workers, k.Overlap = 2, 1, true })
	w.rules.Guard.Off = true
	return w
}

func trees(t *testing.T) *world {
	w := newTrees(t, func(k *memory.Knobs) { k.Batch = 2 })
	w.rules.Guard.Off = true
	return w
}

func scenarios() []scenario {
	return []scenario{
		{"first sync", cards, func(w *world) {
			w.put(a, "1", "name=Anna\nuid=x\n")
			w.put(b, "1", "name=Bert\nuid=y\n")
			w.put(b, "2", "name=Anna\nphone=2\nuid=x\n")
			w.put(b, "3", "name=Cleo\nuid=z\n")
			w.put(b, "4", "name=Dora\nuid=d\n")
		}},
		{"overlapping creates", overlapping, func(w *world) {
			w.put(b, "0", "name=Cleo\nuid=u3\n") // paired with one that would be new
			for i := range 9 {
				w.put(a, fmt.Sprint(i), fmt.Sprintf("name=N%d\nuid=u%d\n", i, i))
			}
		}},
		{"overlapping mail", func(t *testing.T) *world {
			return newMails(t, func(k *memory.Knobs) { k.Batch, k.Workers, k.Overlap = 2, 1, true })
		}, func(w *world) {
			w.put(b, "0", "Message-ID: <u3@example.org>\n\nNews 3\n") // paired with one that would be new
			w.fillA(9)
		}},
		{"edits", cards, func(w *world) {
			w.fill(5)
			w.put(a, "c0", "name=N0\nphone=1\nuid=u0\n")
			w.put(b, "c0", "name=N0\nmail=m\nuid=u0\n")
			w.put(a, "c1", "name=Other\nuid=u1\n")
			w.remove(b, "c2")
			w.remove(a, "c3")
			w.put(b, "new", "name=New\nuid=new\n")
		}},
		{"conflict", cards, func(w *world) {
			w.fill(2)
			w.put(a, "c0", "name=A\nuid=u0\n")
			w.put(b, "c0", "name=B\nuid=u0\n")
			w.put(b, "c1", "name=C\nuid=u1\n")
		}},
		{"take b", cards, func(w *world) { decided(w, tandem.TakeB, "") }},
		{"take body", cards, func(w *world) { decided(w, tandem.TakeBody, "name=Mine\nuid=u0\n") }},
		{"take both", cards, func(w *world) { decided(w, tandem.TakeBoth, "") }},
		{"policy both", cards, func(w *world) {
			w.rules.Policy = engine.Both
			w.fill(2)
			w.put(a, "c0", "name=A\nuid=u0\n")
			w.put(b, "c0", "name=B\nuid=u0\n")
		}},
		{"tree first", trees, func(w *world) {
			w.put(a, "d/e/1", "one")
			w.put(a, "d/2", "two")
			w.put(b, "d/2", "two")
			w.put(b, "f/3", "three")
		}},
		{"tree edits", trees, func(w *world) {
			w.put(a, "d/e/1", "one")
			w.put(a, "d/2", "two")
			w.put(a, "f/3", "three")
			w.put(a, "f/4", "four")
			w.sync()
			w.rename(a, "d", "moved")
			w.put(b, "d/2", "two and more")
			w.remove(b, "f")
			w.put(a, "g/h/5", "five")
		}},
		{"tree both", trees, func(w *world) {
			w.rules.Policy = engine.Both
			w.put(a, "d/1", "one")
			w.sync()
			w.put(a, "d/1", "one of a")
			w.put(b, "d/1", "one of b")
		}},
		{"tree both named", trees, func(w *world) { keptBeside(w) }},
		{"tree both name taken", trees, func(w *world) {
			keptBeside(w)
			w.put(a, "d/one of b", "mine")
			w.put(b, "d/one of b 2", "mine, too")
		}},
	}
}

// keptBeside decides a conflict of files so that B's lies beside A's under a name.
func keptBeside(w *world) {
	w.put(a, "d/1", "one")
	w.sync()
	w.put(a, "d/1", "one of a")
	w.put(b, "d/1", "one of b")
	w.sync()
	list, err := w.store.Conflicts.List(w.t.Context(), 0, true)
	if err != nil || len(list) != 1 {
		w.t.Fatal(list, err)
	}
	if err := w.store.Conflicts.Name(w.t.Context(), list[0].ID, []string{"one of b", "one of b"}); err != nil {
		w.t.Fatal(err)
	}
	w.decide(tandem.TakeBothA, "")
}

func decided(w *world, d tandem.Decision, body string) {
	w.fill(2)
	w.put(a, "c0", "name=A\nuid=u0\n")
	w.put(b, "c0", "name=B\nuid=u0\n")
	w.sync()
	w.decide(d, body)
}

func (w *world) rename(s tandem.Side, from, to string) {
	w.t.Helper()
	if err := w.side[s].Rename(tandem.ID(from), tandem.ID(to)); err != nil {
		w.t.Fatal(err)
	}
}

// outcome is what a run leaves for people.
func outcome(w *world) [2]map[string]string {
	return [2]map[string]string{w.dump(a), w.dump(b)}
}

func TestCrashAtEveryStep(t *testing.T) {
	for _, sc := range scenarios() {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			w := sc.make(t)
			sc.setup(w)
			w.sync()
			w.sync()
			w.quiet()
			want := outcome(w)
			open := len(w.conflicts())
			stride := 1
			if testing.Short() { // the race detector is told nothing new by each of them
				stride = 5
			}
			for n := 1; ; n += stride {
				w := sc.make(t)
				sc.setup(w)
				step := crashAt(w, n)
				if step == "" {
					if n < 4 {
						t.Errorf("only %d steps", n)
					}
					return
				}
				w.sync()
				w.sync()
				if got := outcome(w); !maps.Equal(got[a], want[a]) || !maps.Equal(got[b], want[b]) {
					t.Errorf("crash %d, at %s, left\n%q\nwant\n%q", n, step, got, want)
				}
				if got := len(w.conflicts()); got != open {
					t.Errorf("crash %d, at %s, left %d conflicts, want %d", n, step, got, open)
				}
				w.quiet()
				if t.Failed() {
					return
				}
			}
		})
	}
}

// crashAt runs a sync that dies at its n-th step: steps of the session and operations of the places count alike. Once
// dead, nothing of it happens any more. It returns the step, "" when the run ended before.
func crashAt(w *world, n int) string {
	w.t.Helper()
	c := &crasher{at: n}
	for s := range w.side {
		w.side[s].Tune(func(k *memory.Knobs) {
			k.Hook = func(at string, id tandem.ID) error {
				if at == "close" {
					return nil
				}
				return c.step(fmt.Sprintf("%s %s on %s", at, id, tandem.Side(s)))
			}
		})
	}
	_, err := w.try(func(o *session.Options) { o.Fault = c.step })
	for s := range w.side {
		w.side[s].Tune(func(k *memory.Knobs) { k.Hook = nil })
	}
	died := c.where()
	if died != "" && !errors.Is(err, errCrash) {
		w.t.Errorf("crash at %s ended in %v", died, err)
	}
	return died
}

func TestCancelLeavesAllConsistent(t *testing.T) {
	w := newTrees(t) // written to one after the other
	w.rules.Guard.Off = true
	w.fill(5)
	for i := range 5 {
		w.put(a, fmt.Sprint("c", i), fmt.Sprint("new ", i))
	}
	ctx, cancel := context.WithCancel(context.Background())
	writes := 0
	w.side[b].Tune(func(k *memory.Knobs) {
		k.Hook = func(at string, _ tandem.ID) error {
			if at == "written" {
				if writes++; writes == 2 {
					cancel()
				}
			}
			return nil
		}
	})
	_, err := w.tryCtx(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	w.side[b].Tune(func(k *memory.Knobs) { k.Hook = nil })
	runs, err := w.store.Events.Runs(context.Background(), store.RunFilter{Limit: 1})
	if err != nil || len(runs) != 1 || runs[0].Result != "cancelled" {
		t.Errorf("runs %+v, %v", runs, err)
	}
	agreed := 0
	for _, row := range w.rows() {
		rec, _ := w.side[b].Get(row.B.ID)
		if rec.Version == row.B.Version && row.B.Version != "" {
			agreed++
		}
	}
	if agreed != 4 {
		t.Errorf("%d rows match what is there, want all but the one whose answer was lost", agreed)
	}
	w.sync()
	w.want("new 0", "new 1", "new 2", "new 3", "new 4")
	w.quiet()
}
