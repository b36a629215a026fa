package center

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/center/when"
	"tandem/engine"
	"tandem/provider/memory"
	"tandem/session"
)

var watching = memory.Knobs{Watch: true, Kind: tandem.Contact}

// Edits travel through the hub's collection within a second of being made, and cause no echo that goes on.
func TestContinuous(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, watching, "phone", "laptop")
		defer w.close()
		w.put("phone", "a", card("a", "Anna"))
		w.put("laptop", "b", card("b", "Ben"))
		w.start()
		w.add("contacts", "phone", "p")
		w.add("contacts", "laptop", "l")
		time.Sleep(2 * time.Second)
		w.want("phone", "Anna Ben")
		w.want("laptop", "Anna Ben")

		w.put("phone", "a", card("a", "Anja"))
		time.Sleep(time.Second)
		w.want("laptop", "Anja Ben")
		w.places["laptop"].Remove("b")
		time.Sleep(time.Second)
		w.want("phone", "Anja")

		time.Sleep(time.Second)
		before := len(w.news())
		time.Sleep(5 * time.Minute)
		if n := len(w.news()) - before; n > 2 {
			t.Errorf("%d runs while nothing happened", n)
		}
	})
}

// Two items that bring the same contact to one collection at the same time bring it once.
func TestItemsOfOneCollectionTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, watching, "phone", "laptop", "tablet")
		defer w.close()
		for _, p := range []string{"phone", "laptop", "tablet"} {
			w.put(p, "x"+p, card("ben", "Ben"))
			w.add("contacts", p, p)
		}
		w.start()
		time.Sleep(3 * time.Second)
		for _, p := range []string{"phone", "laptop", "tablet"} {
			w.want(p, "Ben")
		}
	})
}

// A stream of hints makes few runs, the first after the patience at the latest.
func TestHintsAreGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, watching, "phone")
		defer w.close()
		w.add("contacts", "phone", "p")
		w.start()
		time.Sleep(10 * time.Second)
		before := len(w.news())
		for i := range 100 {
			w.put("phone", "a", card("a", "Anna", "NOTE:"+time.Duration(i).String()))
			time.Sleep(50 * time.Millisecond)
		}
		time.Sleep(10 * time.Second)
		if n := len(w.news()) - before; n < 2 || n > 8 {
			t.Errorf("5 seconds of hints made %d runs", n)
		}
	})
}

// Requests that come while a run is going on make one more run, not one each.
func TestRunsOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, watching, "phone")
		defer w.close()
		var runs atomic.Int32
		release := make(chan struct{})
		w.hub.cfg.Run = func(ctx context.Context, p session.Pair, o session.Options) (*session.Report, error) {
			runs.Add(1)
			select {
			case <-release:
			case <-ctx.Done():
			}
			return &session.Report{}, ctx.Err()
		}
		w.add("contacts", "phone", "p")
		w.start()
		time.Sleep(time.Second) // the first run hangs
		for range 5 {
			w.put("phone", "a", card("a", "Anna"))
			time.Sleep(time.Second)
		}
		if n := runs.Load(); n != 1 {
			t.Fatalf("%d runs at the same time", n)
		}
		release <- struct{}{}
		time.Sleep(5 * time.Second)
		release <- struct{}{}
		time.Sleep(5 * time.Second)
		if n := runs.Load(); n != 2 {
			t.Errorf("%d runs, want 2", n)
		}
	})
}

// A place that cannot be reached is asked again later and later, told of once, and synced when it is back.
func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{Kind: tandem.Contact}, "server")
		defer w.close()
		w.add("contacts", "server", "s")
		w.setFail("server", &tandem.Error{Kind: tandem.Unreadable, Op: "open place", Thing: "mem:server", Remedy: "switch it on"})
		began := time.Now()
		var at []time.Duration
		w.hub.cfg.News = func(n SyncNews) {
			if n.Err != nil {
				at = append(at, time.Since(began).Round(time.Second))
			}
		}
		w.start()
		time.Sleep(time.Hour)
		synctest.Wait()
		want := []time.Duration{0, 5 * time.Second, 15 * time.Second, 35 * time.Second, 75 * time.Second, 155 * time.Second, 315 * time.Second, 635 * time.Second,
			1275 * time.Second, 2175 * time.Second, 3075 * time.Second}
		if len(at) != len(want) {
			t.Fatalf("asked at %v, want %v", at, want)
		}
		for i := range want {
			if at[i] != want[i] {
				t.Errorf("asked at %v, want %v", at, want)
				break
			}
		}
		st, err := w.hub.Status(t.Context(), nil)
		if err != nil || st[0].Failing == "" || st[0].Last == nil || st[0].Last.Result != "failed" {
			t.Errorf("status does not tell of the failure: %+v, %v", st, err)
		}
		events, err := w.hub.Log(t.Context(), 0, "s", 100)
		if err != nil || len(events) != 1 || events[0].Remedy != "switch it on" {
			t.Errorf("the log holds %+v, %v", events, err)
		}
		w.setFail("server", nil)
		w.put("server", "a", card("a", "Anna"))
		time.Sleep(15 * time.Minute)
		st, err = w.hub.Status(t.Context(), nil)
		if err != nil || st[0].Failing != "" || st[0].Last == nil || st[0].Last.Result != "ok" {
			t.Errorf("after it came back: %+v, %v", st, err)
		}
	})
}

// A place that cannot watch is looked at every minute.
func TestPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{Kind: tandem.Contact}, "server", "phone")
		defer w.close()
		w.add("contacts", "server", "s")
		w.add("contacts", "phone", "p")
		w.start()
		time.Sleep(10 * time.Second)
		w.put("server", "a", card("a", "Anna"))
		time.Sleep(30 * time.Second)
		w.want("phone", "")
		time.Sleep(time.Minute)
		w.want("phone", "Anna")
	})
}

// A manual item runs by its schedule only, and a disabled one not at all.
func TestScheduledItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, watching, "phone")
		defer w.close()
		started := time.Now() // bubbles begin at midnight
		time.Sleep(time.Minute)
		w.start()
		w.put("phone", "a", card("a", "Anna"))
		w.add("contacts", "phone", "p", func(n *NewItem) { n.Mode, n.Schedule = Manual, "TZ=UTC 0 * * * *" })
		time.Sleep(58 * time.Minute)
		if n := len(w.news()); n != 0 {
			t.Fatalf("%d runs before the time", n)
		}
		st, err := w.hub.Status(t.Context(), []string{"p"})
		if err != nil || st[0].Next != started.Add(time.Hour+when.Shift("p", time.Minute)).Unix() {
			t.Errorf("next run at %v, %v", st, err)
		}
		time.Sleep(2 * time.Hour)
		if n := len(w.news()); n != 2 {
			t.Errorf("%d runs in two hours", n)
		}
		if err := w.hub.EnableItem(t.Context(), "p", false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Hour)
		if n := len(w.news()); n != 2 {
			t.Errorf("disabled, it ran %d times more", n-2)
		}
	})
}

// A plan that the guard holds waits for a person; it is not tried again and again.
func TestHeldItemWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, watching, "phone", "laptop")
		defer w.close()
		for _, n := range []string{"Anna", "Ben", "Carla"} {
			w.put("phone", n, card(n, n))
		}
		w.start()
		w.add("contacts", "phone", "p")
		w.add("contacts", "laptop", "l")
		time.Sleep(3 * time.Second)
		w.want("laptop", "Anna Ben Carla")
		for _, n := range []string{"Anna", "Ben", "Carla"} {
			w.places["phone"].Remove(tandem.ID(n))
		}
		time.Sleep(3 * time.Second)
		w.want("laptop", "Anna Ben Carla")
		st, err := w.hub.Status(t.Context(), []string{"p"})
		if err != nil || st[0].Last.Result != "held" {
			t.Fatalf("status %+v, %v", st, err)
		}
		var last SyncNews
		err = w.hub.Sync(t.Context(), []string{"p"}, SyncOptions{Restore: true}, func(n SyncNews) { last = n })
		if err != nil || last.Report == nil || last.Report.Held {
			t.Fatalf("restore: %+v, %v", last, err)
		}
		w.want("phone", "Anna Ben Carla")
	})
}

// Close ends a run that hangs on a slow place, and everything else.
func TestCloseEndsRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, watching, "phone")
		w.hub.cfg.Run = func(ctx context.Context, p session.Pair, o session.Options) (*session.Report, error) {
			<-ctx.Done()
			return &session.Report{}, ctx.Err()
		}
		w.add("contacts", "phone", "p")
		w.start()
		time.Sleep(time.Second)
		began := time.Now()
		w.close()
		if d := time.Since(began); d > 2*time.Second {
			t.Errorf("closing took %v", d)
		}
		if len(w.news()) != 0 {
			t.Errorf("being stopped was told as news: %v", w.news())
		}
	})
}

// Watching two places without items follows both sides until the context ends.
func TestWatchPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, watching, "a", "b")
		defer w.close()
		w.put("a", "1", card("1", "Anna"))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- w.hub.SyncPlaces(ctx, Places{A: "mem:a", B: "mem:b", Rules: engine.Rules{}}, SyncOptions{Watch: true}, func(SyncNews) {})
		}()
		time.Sleep(time.Second)
		w.want("b", "Anna")
		w.put("b", "2", card("2", "Ben"))
		time.Sleep(time.Second)
		w.want("a", "Anna Ben")
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
