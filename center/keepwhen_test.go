package center

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/center/when"
	"tandem/internal/sysevents"
	"tandem/provider/memory"
	"tandem/session"
)

// weather lets a test say what happens to the computer.
type weather chan sysevents.Event

func (s weather) follow(ctx context.Context, tell func(sysevents.Event)) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-s:
			tell(e)
		}
	}
}

func (s weather) is(st sysevents.State) { s <- sysevents.Event{Kind: sysevents.Changed, State: st} }

func (s weather) happens(k sysevents.Kind) { s <- sysevents.Event{Kind: k} }

// whenWorld is a world with one item of a plan, over a place that tells of changes. runs counts the runs that nobody asked for.
func whenWorld(t *testing.T, text string, change ...func(*NewItem)) (w *world, sky weather, runs func() int) {
	t.Helper()
	w, sky = newWorld(t, watching, "phone"), make(weather)
	w.hub.cfg.System = sky.follow
	w.put("phone", "a", card("a", "Anna"))
	w.add("contacts", "phone", "p", change...)
	w.set("p", "when", text)
	return w, sky, func() int { synctest.Wait(); return len(w.news()) }
}

func (w *world) set(item, key, value string) {
	w.t.Helper()
	if _, err := w.hub.SetItem(w.t.Context(), item, map[string]string{key: value}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) waits(item string) string {
	w.t.Helper()
	synctest.Wait()
	st, err := w.hub.Status(w.t.Context(), []string{item})
	if err != nil {
		w.t.Fatal(err)
	}
	return st[0].Waits
}

// TestAS85ModesOfItems: continuous follows changes, manual does nothing, on connection runs at the start and whenever a network comes, scheduled by its times.
func TestAS85ModesOfItems(t *testing.T) {
	for text, want := range map[string][3]bool{ // runs at the start, after a change, after a network came
		"": {true, true, false}, "manual": {}, "on connection": {true, false, true}, "at 12:00": {}, "on network-up": {false, false, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			w, sky, runs := whenWorld(t, text)
			defer w.close()
			w.start()
			var got [3]bool
			for i, happens := range []func(){func() {}, func() { w.put("phone", "b", card("b", "Ben")) }, func() { sky.happens(sysevents.NetworkUp) }} {
				before := runs()
				happens()
				time.Sleep(5 * time.Second)
				got[i] = runs() > before
			}
			if got != want {
				t.Errorf("%q: runs %v, want %v", text, got, want)
			}
		})
	}
}

// TestSM04SM05SM07Events: each event starts the items that follow it, and no others.
func TestSM04SM05SM07Events(t *testing.T) {
	for _, e := range when.Triggers() {
		if e == when.Start {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			w, sky, runs := whenWorld(t, "on "+string(e))
			defer w.close()
			w.start()
			for _, other := range when.Triggers() {
				if other != e {
					sky.happens(sysevents.Kind(other))
				}
			}
			time.Sleep(time.Minute)
			if n := runs(); n != 0 {
				t.Errorf("%s: %d runs for other events", e, n)
			}
			sky.happens(sysevents.Kind(e))
			time.Sleep(time.Minute)
			if n := runs(); n != 1 {
				t.Errorf("%s: %d runs", e, n)
			}
		})
	}
}

// TestSM04AtStart: the start of the hub is an event, too; a change of settings is none.
func TestSM04AtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, runs := whenWorld(t, "on start")
		defer w.close()
		w.start()
		time.Sleep(time.Second)
		if n := runs(); n != 1 {
			t.Errorf("%d runs at the start", n)
		}
		w.set("p", "when", "on start, log-on")
		time.Sleep(time.Second)
		if n := runs(); n != 1 {
			t.Errorf("%d runs after a change of settings", n)
		}
	})
}

// TestSM04AskFirst: a run for an event waits for a person's word, is asked for once, holds up no schedule, and a run by hand is the answer.
func TestSM04AskFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, sky, runs := whenWorld(t, "on log-on ask first; at 12:00")
		defer w.close()
		w.start()
		sky.happens(sysevents.LogOn)
		sky.happens(sysevents.LogOn)
		time.Sleep(time.Hour)
		if n, why := runs(), w.waits("p"); n != 0 || why != "your word, after log-on: `tandem sync p`" {
			t.Errorf("%d runs, waits for %q", n, why)
		}
		events, err := w.hub.Log(t.Context(), 0, "p", 10)
		if err != nil || len(events) != 1 || events[0].Text != "asks whether to sync now, after log-on" {
			t.Errorf("the log has %v, %v", events, err)
		}
		time.Sleep(12 * time.Hour)
		if n, why := runs(), w.waits("p"); n != 1 || why != "" {
			t.Errorf("%d runs after the schedule, waits for %q", n, why)
		}
		sky.happens(sysevents.LogOn)
		if why := w.waits("p"); why == "" {
			t.Error("it does not ask again")
		}
		if err := w.hub.Sync(t.Context(), []string{"p"}, SyncOptions{}, func(SyncNews) {}); err != nil {
			t.Fatal(err)
		}
		if why := w.waits("p"); why != "" {
			t.Errorf("answered, it waits for %q", why)
		}
	})
}

// TestOF27BeforeSleep: before the computer sleeps the items that want it are synced, and only then may it go on.
func TestOF27BeforeSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, sky, runs := whenWorld(t, "on suspend")
		defer w.close()
		w.start()
		synctest.Wait()
		done := make(chan struct{})
		sky <- sysevents.Event{Kind: sysevents.Suspend, Within: 5 * time.Second, Done: func() { close(done) }}
		<-done
		if n := runs(); n != 1 {
			t.Errorf("%d runs when the computer may sleep", n)
		}
	})
}

// TestOF27BeforeSleepIsCut: a run that takes longer than the computer waits is stopped in time.
func TestOF27BeforeSleepIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, sky, _ := whenWorld(t, "on suspend")
		defer w.close()
		w.hub.cfg.Run = func(ctx context.Context, _ session.Pair, _ session.Options) (*session.Report, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		w.start()
		synctest.Wait()
		began := time.Now()
		done := make(chan struct{})
		sky <- sysevents.Event{Kind: sysevents.Suspend, Within: 5 * time.Second, Done: func() { close(done) }}
		<-done
		if took := time.Since(began); took < time.Second || took > 5*time.Second {
			t.Errorf("the computer was held up for %v", took)
		}
	})
}

// TestSE09HeldRunStartsWhenMet: a run that is due says what it waits for, and starts when that is met.
func TestSE09HeldRunStartsWhenMet(t *testing.T) {
	for _, c := range []struct {
		plan     string
		bad, met sysevents.State
		why      string
	}{
		{"continuous; not on battery below 20%", sysevents.State{OnBattery: true, Percent: 10}, sysevents.State{OnBattery: true, Percent: 20}, "the battery to be charged to 20 %"},
		{"continuous; only on power", sysevents.State{OnBattery: true, Percent: 100}, sysevents.State{}, "external power"},
		{"continuous; not metered", sysevents.State{Metered: true}, sysevents.State{}, "a network that is not metered"},
		{"continuous; only on network Home", sysevents.State{Named: true}, sysevents.State{Named: true, Networks: []string{"Home"}}, "the network Home"},
		{"continuous; only while idle", sysevents.State{IdleKnown: true}, sysevents.State{IdleKnown: true, Idle: true}, "the computer to be idle"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w, sky, runs := whenWorld(t, "manual")
			defer w.close()
			w.start()
			sky.is(c.bad)
			w.set("p", "when", c.plan)
			time.Sleep(time.Hour)
			if n, why := runs(), w.waits("p"); n != 0 || !strings.HasPrefix(why, c.why) {
				t.Errorf("%s: %d runs, waits for %q", c.plan, n, why)
			}
			sky.is(c.met)
			time.Sleep(5 * time.Second)
			if n, why := runs(), w.waits("p"); n < 1 || n > 2 || why != "" { // what it brought home is looked at once more
				t.Errorf("%s: %d runs when met, waits for %q", c.plan, n, why)
			}
		})
	}
}

// Somebody who asks for a run gets it, whatever its conditions are.
func TestByHandWhileHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, sky, _ := whenWorld(t, "continuous; only on power")
		defer w.close()
		w.start()
		sky.is(sysevents.State{OnBattery: true})
		var last SyncNews
		if err := w.hub.Sync(t.Context(), []string{"p"}, SyncOptions{}, func(n SyncNews) { last = n }); err != nil || last.Report == nil {
			t.Errorf("%+v, %v", last, err)
		}
	})
}

// TestQuietHoursHold: a change within quiet hours is carried at their end; bubbles begin at midnight UTC.
func TestQuietHoursHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, runs := whenWorld(t, "continuous; quiet 23:00-07:00; zone UTC")
		defer w.close()
		w.start()
		time.Sleep(6*time.Hour + 59*time.Minute)
		if n, why := runs(), w.waits("p"); n != 0 || why != "quiet hours until 07:00" {
			t.Errorf("%d runs, waits for %q", n, why)
		}
		time.Sleep(2 * time.Minute)
		if runs() == 0 || w.waits("p") != "" {
			t.Errorf("%d runs after quiet hours, waits for %q", runs(), w.waits("p"))
		}
		w.set("p", "when", "at 23:30; quiet 23:00-07:00; zone UTC; spread 0")
		synctest.Wait()
		st, err := w.hub.Status(t.Context(), []string{"p"})
		if end := time.Date(2000, 1, 2, 7, 0, 0, 0, time.UTC).Unix(); err != nil || st[0].Planned != end || st[0].Next != end {
			t.Errorf("it is told to run at %v, and it runs after quiet hours; %v", st, err)
		}
	})
}

// TestAS86PeakHoursOfItem: in peak hours changes are followed; what changes outside of them waits for the interval, or for the next peak.
func TestAS86PeakHoursOfItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, runs := whenWorld(t, "peak 08:00-18:00 on change; off-peak manual; zone UTC")
		defer w.close()
		w.start()
		time.Sleep(7 * time.Hour)
		if n := runs(); n != 0 {
			t.Fatalf("%d runs before the peak", n)
		}
		time.Sleep(time.Hour + time.Minute)
		begun := runs()
		if begun == 0 {
			t.Fatal("no run when the peak has begun")
		}
		w.put("phone", "b", card("b", "Ben"))
		time.Sleep(time.Minute)
		if runs() == begun {
			t.Fatal("no run after a change")
		}
		time.Sleep(11 * time.Hour) // with looks every ten minutes until the evening
		before := runs()
		w.put("phone", "c", card("c", "Carla"))
		time.Sleep(12 * time.Hour)
		if n := runs(); n != before {
			t.Errorf("%d runs in the evening and night", n-before)
		}
		time.Sleep(2 * time.Hour)
		if n := runs(); n == before {
			t.Error("no run in the morning")
		}
	})
}

// TestSE08CaughtUpOnce: times that were missed while the hub was down make one run at its start.
func TestSE08CaughtUpOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, runs := whenWorld(t, "at 02:30; zone UTC")
		defer w.close()
		time.Sleep(5 * 24 * time.Hour)
		w.start()
		time.Sleep(time.Hour)
		if n := runs(); n != 1 {
			t.Errorf("%d runs at the start", n)
		}
		time.Sleep(2 * time.Hour)
		if n := runs(); n != 2 {
			t.Errorf("%d runs after the next time", n)
		}
	})
}

// TestSM06UserZone: times are those of the user's clock.
func TestSM06UserZone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, runs := whenWorld(t, "at 02:30; spread 0")
		defer w.close()
		if err := w.store.Accounts.SetProps(t.Context(), defaultUser, map[string]string{"zone": "America/New_York"}); err != nil {
			t.Fatal(err)
		}
		w.start()
		time.Sleep(7*time.Hour + 29*time.Minute) // New York is five hours behind in January
		if n := runs(); n != 0 {
			t.Errorf("%d runs before the time", n)
		}
		st, err := w.hub.Status(t.Context(), nil)
		if err != nil || st[0].Planned != time.Date(2000, 1, 1, 7, 30, 0, 0, time.UTC).Unix() || st[0].Next != st[0].Planned {
			t.Errorf("planned %v, %v", st, err)
		}
		time.Sleep(2 * time.Minute)
		if n := runs(); n != 1 {
			t.Errorf("%d runs after the time", n)
		}
	})
}

// TestSM08ConditionsPerItem: what holds one item holds no other.
func TestSM08ConditionsPerItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, sky := newWorld(t, watching, "phone", "laptop"), make(weather)
		defer w.close()
		w.hub.cfg.System = sky.follow
		w.put("phone", "a", card("a", "Anna"))
		w.add("contacts", "phone", "p")
		w.add("notes", "laptop", "l")
		w.set("l", "when", "continuous; only on power")
		w.start()
		sky.is(sysevents.State{OnBattery: true, Percent: 50})
		w.set("l", "when", "continuous; only on power") // begins anew
		time.Sleep(time.Minute)
		if why := w.waits("l"); why != "external power" || w.waits("p") != "" {
			t.Errorf("l waits for %q, p for %q", why, w.waits("p"))
		}
		w.put("phone", "b", card("b", "Ben"))
		before := len(w.news())
		time.Sleep(time.Minute)
		if len(w.news()) == before {
			t.Error("p did not run")
		}
	})
}

// TestSC06SetWhen: one setting says mode and schedule, and the former setting keeps working.
func TestSC06SetWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{Kind: tandem.Contact}, "phone")
		defer w.close()
		w.add("contacts", "phone", "p")
		for _, c := range []struct{ key, value, want string }{
			{"when", "at 2:30 on weekdays", "scheduled: at 02:30 on mon-fri"},
			{"when", "not metered", "scheduled: not metered"},
			{"when", "continuous; at 8:00; quiet 22:00-7:00", "continuous: at 08:00; quiet 22:00-07:00"},
			{"when", "quiet 22:00-7:00", "continuous: quiet 22:00-07:00"},
			{"when", "on connection", "connection: "},
			{"schedule", "30 2 * * *", "connection: 30 2 * * *"},
			{"mode", "manual", "manual: 30 2 * * *"},
			{"when", "", "continuous: "},
			{"schedule", "manual", "refused"},
			{"when", "sometimes", "refused"},
		} {
			it, err := w.hub.SetItem(t.Context(), "p", map[string]string{c.key: c.value})
			got := fmt.Sprintf("%s: %s", it.Mode, it.Schedule)
			if err != nil {
				got = "refused"
			}
			if got != c.want {
				t.Errorf("%s=%s: %s (%v), want %s", c.key, c.value, got, err, c.want)
			}
		}
	})
}
