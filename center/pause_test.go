package center

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/center/handler"
	"tandem/provider/memory"
)

func (w *world) rest(item string, until int64) {
	w.t.Helper()
	it, err := w.hub.item(w.t.Context(), item)
	if err != nil {
		w.t.Fatal(err)
	}
	w.order(HandlerOrder{Handler: it.Partner, Item: item, Do: handler.Pause, Until: until, By: "anna"})
}

func (w *world) resume(item string) {
	w.t.Helper()
	it, err := w.hub.item(w.t.Context(), item)
	if err != nil {
		w.t.Fatal(err)
	}
	w.order(HandlerOrder{Handler: it.Partner, Item: item, Do: handler.Resume, By: "anna"})
}

func (w *world) stands(item string) Standing {
	w.t.Helper()
	st, err := w.hub.Status(w.t.Context(), []string{item})
	if err != nil {
		w.t.Fatal(err)
	}
	return st[0].Standing()
}

// TestSM32PauseCutsARunAndResumeGoesOn: a run that is going on is stopped; the item rests whatever changes; resumed, it runs at once, whether or not it does so by itself.
func TestSM32PauseCutsARunAndResumeGoesOn(t *testing.T) {
	for _, mode := range []string{Continuous, Manual} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, watching, "a")
			defer w.close()
			w.put("a", "1", card("1", "Anna"))
			w.add("c", "a", "one", func(n *NewItem) { n.Mode = mode })
			let, begun := w.gate()
			w.start()
			if mode == Manual {
				w.begin(SyncOptions{}, "one")
			}
			time.Sleep(time.Minute)
			if got := begun(); got != "one" {
				t.Fatalf("ran %q", got)
			}
			w.rest("one", 0)
			synctest.Wait()
			if st, _ := w.hub.Progress(t.Context()); len(st.Items) != 0 || w.stands("one") != StandsPaused {
				t.Errorf("it is %s; going on %+v", w.stands("one"), st.Items)
			}
			w.put("a", "2", card("2", "Ben"))
			time.Sleep(24 * time.Hour)
			if got := begun(); got != "one" || w.live("one") != 0 {
				t.Errorf("while paused it ran: %q", got)
			}
			close(let) // what runs from now on is let through
			w.resume("one")
			time.Sleep(10 * time.Second)
			if w.live("one") != 2 || w.stands("one") != StandsInStep {
				t.Errorf("%s: %d records after it was resumed; it is %s", mode, w.live("one"), w.stands("one"))
			}
			log, err := w.hub.Log(t.Context(), 0, "one", 0)
			if err != nil || countText(log, "is paused (anna)") != 1 || countText(log, "goes on (anna)") != 1 {
				t.Errorf("%+v, %v", log, err)
			}
		})
	}
}

// TestSM32PauseWithAnEnd: a pause ends by itself, also where the hub was started anew meanwhile, or was down when it should have ended.
func TestSM32PauseWithAnEnd(t *testing.T) {
	for name, while := range map[string]func(w *world){
		"running": func(*world) { time.Sleep(2 * time.Hour) },
		"restarted": func(w *world) {
			w.restart(0)
			time.Sleep(2 * time.Hour)
		},
		"down": func(w *world) { w.restart(2 * time.Hour) },
	} {
		synctest.Test(t, func(t *testing.T) {
			w, _, runs := whenWorld(t, "continuous")
			defer w.close()
			w.start()
			time.Sleep(time.Minute)
			w.rest("p", time.Now().Add(2*time.Hour).Unix())
			before := runs()
			w.put("phone", "b", card("b", "Ben"))
			time.Sleep(time.Hour)
			if n := runs() - before; n != 0 {
				t.Errorf("%s: %d runs while paused", name, n)
			}
			if st, err := w.hub.Status(t.Context(), []string{"p"}); err != nil || !st[0].Paused || st[0].PausedUntil == 0 || st[0].Next != 0 {
				t.Errorf("%s: %+v, %v", name, st, err)
			}
			while(w)
			time.Sleep(time.Minute)
			if got := w.live("p"); got != 2 || w.stands("p") != StandsInStep {
				t.Errorf("%s: %d records after its end; it is %s", name, got, w.stands("p"))
			}
		})
	}
}

// restart closes the hub and starts it again after a while.
func (w *world) restart(after time.Duration) {
	w.t.Helper()
	if err := w.hub.Close(); err != nil {
		w.t.Fatal(err)
	}
	time.Sleep(after)
	w.start()
}

// TestSM32MissedTimesAreMadeUpFor by one run when a pause is over; an item of which nothing was due stays as it is.
func TestSM32MissedTimesAreMadeUpFor(t *testing.T) {
	for rest, want := range map[time.Duration]int{72 * time.Hour: 1, time.Hour: 0} {
		synctest.Test(t, func(t *testing.T) {
			w, _, runs := whenWorld(t, "at 12:00; on start; zone UTC; spread 0")
			defer w.close()
			w.start()
			time.Sleep(time.Minute)
			w.rest("p", 0)
			before := runs()
			time.Sleep(rest)
			if n := runs() - before; n != 0 {
				t.Fatalf("%d runs while paused", n)
			}
			w.resume("p")
			time.Sleep(time.Minute)
			if n := runs() - before; n != want {
				t.Errorf("%d runs after %v", n, rest)
			}
		})
	}
}

// TestSM32WhatPausedItemsStillDo: all other items run; whoever names a paused one gets its run; its pause can be given another end, and goes with the item.
func TestSM32WhatPausedItemsStillDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a", "b")
		defer w.close()
		w.add("c", "a", "one", manual)
		w.add("d", "b", "two", manual)
		w.start()
		w.rest("one", time.Now().Add(time.Hour).Unix())
		w.rest("one", 0)
		if got := states(w.begin(SyncOptions{})); got != "one skipped: it is paused, two started" {
			t.Error(got)
		}
		if got := states(w.begin(SyncOptions{}, "one")); got != "one started" {
			t.Error(got)
		}
		synctest.Wait()
		time.Sleep(2 * time.Hour)
		if got := w.stands("one"); got != StandsPaused {
			t.Errorf("its pause has another end now, and it is %s", got)
		}
		it, _ := w.hub.item(t.Context(), "one")
		if _, err := w.hub.OrderHandler(t.Context(), HandlerOrder{Handler: it.Partner, Item: "one", Do: handler.Pause, Until: 1}); !tandem.IsKind(err, tandem.Invalid) || !strings.Contains(err.Error(), "--for") {
			t.Error(err)
		}
		two, _ := w.hub.item(t.Context(), "two")
		if _, err := w.hub.OrderHandler(t.Context(), HandlerOrder{Handler: two.Partner, Item: "two", Do: handler.Resume}); !tandem.IsKind(err, tandem.Denied) {
			t.Errorf("an item that is not paused was resumed: %v", err)
		}
		if err := w.hub.RemoveItem(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		w.add("c", "a", "one", manual)
		if got := w.stands("one"); got == StandsPaused {
			t.Error("a new item of the name is paused")
		}
	})
}
