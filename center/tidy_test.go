package center

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/provider"
	"tandem/store"
)

// kept counts the versions in history and the lines of the log.
func (w *world) kept() string {
	w.t.Helper()
	past, err := w.store.History.List(w.t.Context(), store.PastFilter{})
	if err != nil {
		w.t.Fatal(err)
	}
	log, err := w.store.Events.List(w.t.Context(), 0, "", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	old := 0
	for _, e := range log {
		if time.Since(time.Unix(e.When, 0)) > 31*day {
			old++
		}
	}
	return fmt.Sprintf("%d past, %d old lines", len(past), old)
}

func (w *world) wantKept(want string) {
	w.t.Helper()
	if got := w.kept(); got != want {
		w.t.Errorf("kept: %s, want %s", got, want)
	}
}

// change edits a record at one place and syncs, which makes one entry of history.
func (w *world) change(round int) {
	w.t.Helper()
	w.put("a", "1", card("1", fmt.Sprint("Anna", round)))
	if n := w.syncPlaces("a", "b", SyncOptions{}); n.Err != nil {
		w.t.Fatal(n.Err.Err())
	}
}

// Without a hub, runs by hand forget what is over 30 days old, once a day, and nothing younger.
func TestOldHistoryIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plain, "a", "b")
		defer w.close()
		w.change(0)
		w.change(1)
		w.wantKept("1 past, 0 old lines")
		time.Sleep(20 * day)
		w.change(2)
		w.wantKept("2 past, 0 old lines")
		for range 12 { // the machine is used daily
			time.Sleep(day)
			w.syncPlaces("a", "b", SyncOptions{})
		}
		w.wantKept("1 past, 0 old lines")
		w.want("b", "Anna2")
	})
}

// A clock that is years ahead for one run costs a week of history at most, whether it was the clock or a long pause.
func TestClockFarAheadForgetsLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plain, "a", "b")
		defer w.close()
		w.change(0)
		for round := range 20 {
			time.Sleep(2 * day)
			w.change(round + 1)
		}
		before := strings.Fields(w.kept())[0]
		if before != "15" && before != "16" {
			t.Fatalf("%s versions before", before)
		}
		ahead := 10 * 365 * day
		w.hub.cfg.Now = func() time.Time { return time.Now().Add(ahead) }
		w.syncPlaces("a", "b", SyncOptions{})
		past, err := w.store.History.List(t.Context(), store.PastFilter{})
		if err != nil || len(past) < 10 {
			t.Errorf("%d versions left of %s, %v", len(past), before, err)
		}
		w.hub.cfg.Now = time.Now
		time.Sleep(2 * day)
		w.change(99)
		v, err := w.store.Settings.Values(t.Context())
		if err != nil || v[valueTidied] != fmt.Sprint(time.Now().Unix()) {
			t.Errorf("the right clock is not taken again: %v, %v", v, err)
		}
	})
}

// A hub that runs tidies by itself, by the span it was given, which is remembered.
func TestHubKeepsHistoryAsLongAsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plain, "a", "b")
		defer w.close()
		if err := w.hub.KeepHistory(t.Context(), 3*day); err != nil {
			t.Fatal(err)
		}
		w.change(0)
		w.change(1)
		w.start() // without items
		time.Sleep(2 * day)
		w.wantKept("1 past, 0 old lines")
		time.Sleep(2*day + time.Minute)
		synctest.Wait()
		w.wantKept("0 past, 0 old lines")
		for _, d := range []time.Duration{0, day - time.Second, 367 * day} {
			if err := w.hub.KeepHistory(t.Context(), d); !tandem.IsKind(err, tandem.Invalid) {
				t.Errorf("%v: %v", d, err)
			}
		}
		checks, err := w.hub.Checks(t.Context(), "")
		if err != nil || !slices.ContainsFunc(checks, func(c Check) bool { return c.Name == "history" && c.Text == "kept for 3 days" }) {
			t.Errorf("%+v, %v", checks, err)
		}
	})
}

// Places that keep versions themselves forget the old ones, too; but not a stranger that stands where they stood.
func TestPlacesForgetWhatTheyParked(t *testing.T) {
	for _, stranger := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			knobs := plain
			knobs.Parks, knobs.Clock = true, func() int64 { return time.Now().UnixNano() }
			w := newWorld(t, knobs, "a", "b")
			defer w.close()
			w.change(0)
			w.change(1)
			past, err := w.store.History.List(t.Context(), store.PastFilter{})
			if err != nil || len(past) != 1 || past[0].Parked == "" {
				t.Fatalf("%+v, %v", past, err)
			}
			for range 29 {
				time.Sleep(day)
				w.syncPlaces("a", "b", SyncOptions{})
			}
			b := w.places["b"]
			if stranger {
				b.Replace("other")
				w.setFail("a", &tandem.Error{Kind: tandem.Unreadable, Op: "open", Thing: "a"})
			}
			for range 4 {
				time.Sleep(day)
				w.syncPlaces("a", "b", SyncOptions{})
			}
			o := b.Open()
			defer o.Close()
			_, err = o.Replica.(provider.Parker).Unpark(t.Context(), past[0].Parked)
			if gone := err != nil; gone == stranger {
				t.Errorf("stranger %v: %v", stranger, err)
			}
		})
	}
}

// An unreachable place hinders nobody else's tidying, and a day that is not over costs nothing but a look.
func TestTidyingIsDaily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plain, "a", "b")
		defer w.close()
		w.change(0)
		stamp := func() string {
			v, err := w.store.Settings.Values(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return v[valueTidied]
		}
		first := stamp()
		time.Sleep(23 * time.Hour)
		w.change(1)
		if stamp() != first {
			t.Error("tidied before the day was over")
		}
		w.setFail("b", &tandem.Error{Kind: tandem.Unreadable, Op: "open", Thing: "b"})
		time.Sleep(2 * time.Hour)
		w.syncPlaces("a", "b", SyncOptions{Preview: true})
		if stamp() != first {
			t.Error("a preview tidied")
		}
		w.syncPlaces("a", "b", SyncOptions{})
		if stamp() == first {
			t.Error("not tidied after a day")
		}
	})
}

func TestParseDays(t *testing.T) {
	for text, want := range map[string]time.Duration{"30d": 30 * day, "30": 30 * day, "4w": 28 * day, "0": 0, "": -1, "d": -1, "-3d": -1, "1h": -1, "99999d": -1} {
		got, err := ParseDays(text)
		if err != nil {
			got = -1
		}
		if got != want || err != nil && !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}
