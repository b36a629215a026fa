package center

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/provider"
	"tandem/provider/memory"
	"tandem/session"
)

func looked(n *NewItem) { n.Look = true }

// live counts the records of an item's home collection that are not deleted.
func (w *world) live(item string) int {
	n := 0
	for _, r := range w.records(item) {
		if !r.Deleted {
			n++
		}
	}
	return n
}

// meets is the first sync of an item in short: a way per line, then what is left out.
func (w *world) meets(item string) string {
	w.t.Helper()
	f, err := w.hub.FirstSync(w.t.Context(), item)
	if err != nil {
		w.t.Fatal(err)
	}
	out := []string{fmt.Sprintf("%d+%d filled=%v waits=%v met=%v", f.Records[0], f.Records[1], f.Filled, f.Waits, f.Met)}
	for _, x := range f.Ways {
		t := x.Totals
		out = append(out, fmt.Sprintf("%s usual=%v here +%d ~%d -%d there +%d ~%d -%d merges %d conflicts %d", x.Answer, x.Usual, t[0].Creates, t[0].Updates, t[0].Deletes,
			t[1].Creates, t[1].Updates, t[1].Deletes, t[0].Merges+t[1].Merges, t[0].Conflicts+t[1].Conflicts))
	}
	for _, l := range f.LeftOut {
		out = append(out, fmt.Sprintf("left there=%v %s %s=%s %d: %s; %s", l.There, l.Sort, l.Option, l.Value, l.Count, l.Why, l.More))
	}
	return strings.Join(out, "\n")
}

// TestM098FirstSyncLooksAtEveryNewItem: an item that is added to be looked at does nothing by itself, whichever sides hold records, until a person said how they meet.
// What each way would do is counted, and the way that is chosen is the one that is done.
func TestM098FirstSyncLooksAtEveryNewItem(t *testing.T) {
	fill := func(w *world) {
		w.add("phone", "other", "o")
		w.put("other", "1", card("a", "Ann"))
		w.put("other", "2", card("b", "Ben"))
		w.sync("o")
		w.put("p", "9", card("b", "Ben"))
		w.put("p", "8", card("c", "Carla"))
	}
	for _, tc := range []struct {
		name, answer, here, there string
		ways                      string
	}{
		{"combine", Combine, "3", "Ann Ben Carla", "2+2 filled=true waits=true met=false\n" +
			"combine usual=true here +1 ~0 -0 there +1 ~0 -0 merges 0 conflicts 0\n" +
			"replace-here usual=false here +1 ~0 -1 there +0 ~0 -0 merges 0 conflicts 0\n" +
			"replace-there usual=false here +0 ~0 -0 there +1 ~0 -1 merges 0 conflicts 0"},
		{"replace here", ReplaceHere, "2", "Ben Carla", ""},
		{"replace there", ReplaceThat, "2", "Ann Ben", ""},
		{"not now", NotNow, "2", "Ben Carla", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, memory.Knobs{}, "p", "other")
				defer w.close()
				fill(w)
				w.start()
				w.add("phone", "p", "p", looked)
				time.Sleep(time.Hour)
				if got := w.names("p"); got != "Ben Carla" {
					t.Fatalf("it synced before anybody answered: %s", got)
				}
				if why := w.waits("p"); why != firstWait("p") {
					t.Errorf("waits for %q", why)
				}
				if got := w.asked(); !strings.HasPrefix(got, "p first it is new") || !strings.HasSuffix(got, " combine|replace-here|replace-there|not-now") {
					t.Errorf("asked %q", got)
				}
				if got := w.meets("p"); tc.ways != "" && got != tc.ways {
					t.Errorf("it shows\n%s\nwant\n%s", got, tc.ways)
				}
				w.say(tc.answer)
				time.Sleep(time.Hour)
				if got := fmt.Sprint(w.live("p")); got != tc.here {
					t.Errorf("%s records at home, want %s", got, tc.here)
				}
				w.want("p", tc.there)
				if waits := w.asked() != ""; waits != (tc.answer == NotNow) {
					t.Errorf("asked %q", w.asked())
				}
				if tc.answer == NotNow {
					return
				}
				w.put("p", "7", card("d", "Dora")) // from now on it syncs by itself
				time.Sleep(time.Hour)
				if got := w.live("p"); fmt.Sprint(got-1) != tc.here {
					t.Errorf("%d records at home after another came", got)
				}
				if got := w.meets("p"); !strings.HasSuffix(got, "filled=true waits=false met=true") {
					t.Errorf("after its first sync: %s", got)
				}
			})
		})
	}
}

// counted counts the listings of a replica.
type counted struct {
	provider.Replica
	n *atomic.Int64
}

func (c counted) Changes(ctx context.Context, since tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	c.n.Add(1)
	return c.Replica.Changes(ctx, since)
}

// TestFirstSyncListsOnce: what each way of meeting would do is planned from one listing of either side, which may be long.
func TestFirstSyncListsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "p", "o")
		defer w.close()
		w.add("phone", "o", "o", manual)
		w.put("o", "1", card("a", "Ann"))
		w.sync("o")
		w.put("p", "8", card("c", "Carla"))
		w.add("phone", "p", "p", looked)
		var listed [2]atomic.Int64
		run := w.hub.cfg.Run
		w.hub.cfg.Run = func(ctx context.Context, p session.Pair, o session.Options) (*session.Report, error) {
			p.A.Replica, p.B.Replica = counted{p.A.Replica, &listed[0]}, counted{p.B.Replica, &listed[1]}
			return run(ctx, p, o)
		}
		f, err := w.hub.FirstSync(t.Context(), "p")
		if err != nil || len(f.Ways) != 3 || f.Ways[0].Hash == f.Ways[1].Hash || f.Ways[1].Hash == f.Ways[2].Hash {
			t.Fatalf("%+v, %v", f, err)
		}
		if a, b := listed[0].Load(), listed[1].Load(); a != 1 || b != 1 {
			t.Errorf("home was listed %d times, the place %d times", a, b)
		}
	})
}

// TestM098OneSideOnly: a new item is looked at where one side holds nothing, too, and survives a restart of the hub without having synced.
func TestM098OneSideOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "p")
		defer w.close()
		w.put("p", "8", card("c", "Carla"))
		w.start()
		w.add("phone", "p", "p", looked)
		time.Sleep(time.Minute)
		if err := w.hub.Close(); err != nil {
			t.Fatal(err)
		}
		w.start()
		time.Sleep(time.Hour)
		if n := w.live("p"); n != 0 {
			t.Fatalf("%d records after a restart", n)
		}
		if begun, err := w.hub.Begin(t.Context(), nil, SyncOptions{}); err != nil || len(begun) != 1 || begun[0].State != Skipped || !strings.Contains(begun[0].Why, "your word") {
			t.Errorf("syncing all: %+v, %v", begun, err)
		}
		if err := w.hub.Sync(t.Context(), nil, SyncOptions{}, func(SyncNews) {}); !tandem.IsKind(err, tandem.NotFound) {
			t.Errorf("syncing all and waiting: %v", err)
		}
		if got, want := w.meets("p"), "0+1 filled=false waits=true met=false\n"+
			"combine usual=true here +1 ~0 -0 there +0 ~0 -0 merges 0 conflicts 0\n"+
			"replace-here usual=false here +1 ~0 -0 there +0 ~0 -0 merges 0 conflicts 0\n"+
			"replace-there usual=false here +0 ~0 -0 there +0 ~0 -1 merges 0 conflicts 0"; got != want {
			t.Errorf("it shows\n%s\nwant\n%s", got, want)
		}
		w.sync("p") // by its name: there is nothing to choose that could lose anything
		if n := w.live("p"); n != 1 || w.asked() != "" {
			t.Errorf("%d records; asked %q", n, w.asked())
		}
	})
}

// TestM098AnswerIsForWhatWasSeen: replacing what was looked at needs no second word; what came meanwhile is not deleted by an answer that did not know it.
func TestM098AnswerIsForWhatWasSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "p")
		defer w.close()
		for i := range 30 {
			w.put("p", fmt.Sprint(i), card(fmt.Sprint("u", i), fmt.Sprint("N", i)))
		}
		w.add("phone", "p", "p", looked)
		w.meets("p")
		w.put("p", "new", card("new", "New"))
		w.say(ReplaceThat)
		if n := len(w.places["p"].List()); n != 31 {
			t.Fatalf("%d of 31 records left after an answer about 30", n)
		}
		if got := w.asked(); !strings.HasPrefix(got, "p first ") {
			t.Errorf("asked %q", got)
		}
		w.say(ReplaceThat) // the question showed the plan of the held run
		if n := len(w.places["p"].List()); n != 0 {
			t.Errorf("%d records left", n)
		}
	})
}

// TestM121UnattendedAddsNeverWait: an item that nobody wants to look at syncs at once, both sides combined, and asks nothing.
func TestM121UnattendedAddsNeverWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "p")
		defer w.close()
		w.put("p", "8", card("c", "Carla"))
		w.start()
		w.add("phone", "p", "p", looked)
		if err := w.hub.RemoveItem(t.Context(), "p"); err != nil { // its question goes with it
			t.Fatal(err)
		}
		w.add("phone", "p", "p")
		time.Sleep(time.Minute)
		if n := w.live("p"); n != 1 || w.asked() != "" {
			t.Errorf("%d records; asked %q", n, w.asked())
		}
	})
}

// TestM073LeftOutIsTold: what a window, a limit, a pattern or a fault keeps out of the first sync is counted by reason, the most first, with what to do to get it.
func TestM073LeftOutIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		by := func(option, why string) error { return &provider.Outside{Option: option, Why: why} }
		hidden := map[tandem.ID]error{"1": by("days", "too old"), "2": by("days", "too old"), "3": by("days", "too old"), "4": by("max-size", "too large"), "5": by("ignore", "a pattern"),
			"6": errors.New("no card")}
		problems := map[tandem.ID]error{"7": tandem.Errorf(tandem.Unreadable, "torn")}
		w := newWorld(t, memory.Knobs{Hidden: hidden, Problems: problems}, "p")
		defer w.close()
		for i := range 9 {
			w.put("p", fmt.Sprint(i), card(fmt.Sprint("u", i), fmt.Sprint("N", i)))
		}
		w.add("phone", "p", "p", looked)
		f, err := w.hub.FirstSync(t.Context(), "p")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range f.LeftOut {
			got = append(got, fmt.Sprintf("%v %s %s %d %s %v: %s", l.There, l.Sort, l.Option, l.Count, l.Why, l.Records, l.More))
		}
		slices.Sort(got)
		want := []string{
			"true filter ignore 1 a pattern [5]: `tandem partner set p ignore=`",
			"true limit max-size 1 too large [4]: `tandem partner set p max-size=`",
			"true place  1 no card [6]: nothing to be set: it is not what this item syncs",
			"true problem  1 torn [7]: mend it, then sync again: it is looked at with every run",
			"true window days 3 too old [1 2 3]: `tandem partner set p days=0`",
		}
		if !slices.Equal(got, want) {
			t.Errorf("left out:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if f.LeftOut[0].Count != 3 || f.Records[1] != 2 {
			t.Errorf("%+v", f)
		}
	})
}
