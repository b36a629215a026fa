package session_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/engine"
	"tandem/provider"
	"tandem/provider/memory"
	"tandem/session"
	"tandem/store"
	"tandem/store/sqlite"
)

func cursors(k *memory.Knobs) { k.Cursor = true }

func TestCursors(t *testing.T) {
	w := newWorld(t, cursors)
	w.fill(10)
	var listed atomic.Int64
	for s := range w.side {
		w.side[s].Tune(func(k *memory.Knobs) {
			k.Hook = func(at string, _ tandem.ID) error {
				if at == "list" {
					listed.Add(1)
				}
				return nil
			}
		})
	}
	w.sync() // sees what the first run wrote
	listed.Store(0)
	w.put(a, "c3", "name=new\nuid=u3\n")
	w.remove(b, "c4")
	w.put(b, "c5", "name=N5\nphone=5\nuid=u5\n")
	w.put(a, "c5", "name=M5\nuid=u5\n")
	w.sync()
	if n := listed.Load(); n > 8 {
		t.Errorf("%d lines listed for 4 changes", n)
	}
	if got := w.dump(a)["c5"]; got != "name=M5\nphone=5\nuid=u5\n" {
		t.Errorf("merged to %q", got)
	}
	if w.dump(b)["c3"] != "name=new\nuid=u3\n" || len(w.dump(a)) != 9 || len(w.dump(b)) != 9 {
		t.Errorf("sides %q and %q", w.dump(a), w.dump(b))
	}
	w.quiet()
}

func TestCursorStaysWhileSomethingIsLeft(t *testing.T) {
	w := newWorld(t, cursors)
	w.fill(3)
	w.sync()
	w.side[b].Tune(func(k *memory.Knobs) {
		k.Fault = func(tandem.Write) memory.Fault { return memory.Fault{LostRequest: true} }
	})
	w.put(a, "c1", "name=new\nuid=u1\n")
	w.sync()
	w.side[b].Tune(func(k *memory.Knobs) { k.Fault = nil })
	w.sync()
	if got := w.dump(b)["c1"]; got != "name=new\nuid=u1\n" {
		t.Errorf("side B has %q", got)
	}
	w.quiet()
}

// eachCursor runs a test with cursors on both sides, and on either alone: then the other side lists everything.
func eachCursor(t *testing.T, test func(t *testing.T, w *world)) {
	for name, sides := range map[string][]tandem.Side{"both": {a, b}, "A": {a}, "B": {b}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, s := range sides {
				w.side[s].Tune(cursors)
			}
			test(t, w)
		})
	}
}

func TestSetAsideIsTriedAgainWithCursors(t *testing.T) {
	eachCursor(t, setAsideIsTriedAgain)
}

func setAsideIsTriedAgain(t *testing.T, w *world) {
	w.fill(3)
	w.side[b].Tune(func(k *memory.Knobs) {
		k.Fault = func(tandem.Write) memory.Fault { return memory.Fault{Later: 30} }
	})
	w.put(a, "c1", "name=new\nuid=u1\n")
	w.put(a, "c7", "name=N7\nuid=u7\n")
	w.sync()
	w.side[b].Tune(func(k *memory.Knobs) { k.Fault = nil })
	w.now += 29
	w.sync()
	if got := w.dump(b)["c1"]; got != "name=N1\nuid=u1\n" {
		t.Errorf("tried too early: %q", got)
	}
	w.now += 2
	w.sync()
	if got := w.dump(b); got["c1"] != "name=new\nuid=u1\n" || got["c7"] != "name=N7\nuid=u7\n" {
		t.Errorf("side B has %q", got)
	}
	w.quiet()
}

func TestDecisionIsCarriedOutWithCursors(t *testing.T) {
	eachCursor(t, decisionIsCarriedOut)
}

func decisionIsCarriedOut(t *testing.T, w *world) {
	w.fill(3)
	w.put(a, "c1", "name=A\nuid=u1\n")
	w.put(b, "c1", "name=B\nuid=u1\n")
	w.sync()
	w.quiet()
	w.decide(tandem.TakeB, "")
	w.sync()
	w.want("name=N0\nuid=u0\n", "name=B\nuid=u1\n", "name=N2\nuid=u2\n")
	w.quiet()
}

func TestCursorOfThePast(t *testing.T) {
	for _, gone := range []bool{false, true} {
		w := newWorld(t, cursors, func(k *memory.Knobs) { k.CursorGone = gone })
		w.rules.Guard.Off = true
		w.fill(3)
		w.sync()
		w.remove(a, "c1")
		w.put(a, "c9", "name=N9\nuid=u9\n")
		w.side[a].ForgetTombstones()
		w.sync()
		w.want("name=N0\nuid=u0\n", "name=N2\nuid=u2\n", "name=N9\nuid=u9\n")
		w.quiet()
	}
}

func TestOddPlaces(t *testing.T) {
	for name, tune := range map[string]func(*memory.Knobs){
		"plain":       func(*memory.Knobs) {},
		"reassigns":   func(k *memory.Knobs) { k.ReassignCreate = true },
		"rewrites":    func(k *memory.Knobs) { k.Rewrite = func(b []byte) []byte { return append([]byte("zz=\n"), b...) } },
		"no versions": func(k *memory.Knobs) { k.NoVersions = true },
		"flaky":       func(k *memory.Knobs) { k.FlakyVersions = true },
		"parks":       func(k *memory.Knobs) { k.Parks = true },
		"digester": func(k *memory.Knobs) {
			k.Digester = true
			k.Inspect = func(body []byte) (tandem.Digest, string) {
				info, _ := card{}.Inspect(body)
				return info.Digest, info.Index.UID
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tune)
			w.put(a, "1", "name=Anna\nphone=1\nuid=x\n")
			w.put(b, "2", "name=Bert\nuid=y\n")
			w.put(a, "4", "name=Dora\nuid=d\n")
			w.sync()
			w.sync()
			w.put(a, "1", "name=Anne\nphone=1\nuid=x\n")
			ids := idOf(w, b, "x")
			w.put(b, ids, "name=Anna\nphone=2\nuid=x\n")
			w.put(a, "3", "name=Cleo\nuid=z\n")
			w.remove(b, idOf(w, b, "d"))
			rep := w.sync()
			for s := a; s <= b; s++ {
				got := map[string]string{}
				for _, body := range w.bodies(s) {
					m := fields([]byte(body))
					got[m["uid"]] += m["name"] + m["phone"]
				}
				if fmt.Sprint(got) != "map[x:Anne2 y:Bert z:Cleo]" {
					t.Errorf("side %s holds %v", s, got)
				}
			}
			if t.Failed() {
				t.Logf("%+v", rep.Problems)
			}
			rep = w.sync()
			if rep.Done != [2]engine.Totals{} {
				t.Errorf("a further run did %+v", rep.Done)
			}
		})
	}
}

// idOf finds a card by its uid.
func idOf(w *world, s tandem.Side, uid string) string {
	for id, body := range w.dump(s) {
		if fields([]byte(body))["uid"] == uid {
			return id
		}
	}
	w.t.Fatalf("no card %s on %s", uid, s)
	return ""
}

func TestSameEditOnBothSidesIsTheNewBase(t *testing.T) {
	w := newWorld(t)
	w.put(a, "1", "name=Anna\nphone=1\nuid=x\n")
	w.sync()
	w.put(a, "1", "name=Anne\nphone=1\nuid=x\n")
	w.put(b, "1", "name=Anne\nphone=1\nuid=x\n")
	w.sync()
	w.quiet()
	w.put(a, "1", "name=Annelie\nphone=1\nuid=x\n")
	w.put(b, "1", "name=Anne\nphone=2\nuid=x\n")
	w.sync()
	w.want("name=Annelie\nphone=2\nuid=x\n")
	w.quiet()
}

func TestOtherFiltersHideAndDeleteNothing(t *testing.T) {
	for _, told := range []bool{true, false} {
		w := newWorld(t)
		w.rules.Guard.Off = true
		w.fill(6)
		w.side[b].Tune(func(k *memory.Knobs) {
			k.Hidden = map[tandem.ID]error{"c1": nil, "c4": nil}
			if !told {
				k.Hidden = nil
				k.Order = func(ids []tandem.ID) { ids[1], ids[4] = ids[0], ids[0] } // left out in silence
			}
		})
		w.scope = "fewer"
		w.sync()
		w.sync()
		if len(w.dump(a)) != 6 || len(w.dump(b)) != 6 {
			t.Errorf("told %v: %d and %d cards", told, len(w.dump(a)), len(w.dump(b)))
		}
		w.side[b].Tune(func(k *memory.Knobs) { k.Hidden, k.Order = nil, nil })
		w.scope = "all"
		w.sync()
		w.sync()
		if len(w.dump(a)) != 6 || len(w.dump(b)) != 6 {
			t.Errorf("told %v, shown again: %d and %d cards", told, len(w.dump(a)), len(w.dump(b)))
		}
	}
}

func TestRefusedRecordThatAppearsOnTheOtherSide(t *testing.T) {
	w := newWorld(t)
	w.side[a].Tune(func(k *memory.Knobs) {
		k.Fault = func(tandem.Write) memory.Fault {
			return memory.Fault{Reject: tandem.Errorf(tandem.Invalid, "not here")}
		}
	})
	w.put(b, "1", "name=Anna\nuid=x\n")
	w.sync()
	w.side[a].Tune(func(k *memory.Knobs) { k.Fault = nil })
	w.put(a, "9", "name=Anna\nphone=1\nuid=x\n")
	w.put(b, "2", "name=Bert\nuid=y\n")
	w.sync()
	w.want("name=Anna\nphone=1\nuid=x\n", "name=Bert\nuid=y\n")
	w.quiet()
}

func TestEditOfARecordWhoseAnswerWasLost(t *testing.T) {
	w := newWorld(t)
	w.put(a, "1", "name=Anna\nuid=x\n")
	w.side[b].Tune(func(k *memory.Knobs) {
		k.Fault = func(tandem.Write) memory.Fault { return memory.Fault{LostAnswer: true} }
		k.Hook = func(step string, _ tandem.ID) error {
			if step == "find" {
				w.put(b, "1", "name=Anne\nuid=x\n")
			}
			return nil
		}
	})
	w.sync()
	w.side[b].Tune(func(k *memory.Knobs) { k.Fault, k.Hook = nil, nil })
	w.sync()
	if len(w.conflicts()) != 1 { // both are new, and differ
		t.Errorf("sides hold %q and %q, and nobody was asked", w.dump(a), w.dump(b))
	}
}

func TestTrees(t *testing.T) {
	w := newTrees(t)
	w.put(a, "d/e/1", "one")
	w.put(a, "d/2", "two")
	w.put(b, "f/3", "three")
	w.put(b, "d/2", "two")
	w.sync()
	want := map[string]string{"d": "/", "d/e": "/", "d/e/1": "one", "d/2": "two", "f": "/", "f/3": "three"}
	w.wantSide(a, want)
	w.wantSide(b, want)
	w.quiet()
	w.rename(a, "d", "x")
	w.put(b, "d/2", "two, edited")
	w.remove(a, "f")
	w.sync()
	want = map[string]string{"x": "/", "x/e": "/", "x/e/1": "one", "x/2": "two, edited"}
	w.wantSide(a, want)
	w.wantSide(b, want)
	w.quiet()
}

func TestConflictOfFilesKeepsBothVersions(t *testing.T) {
	w := newTrees(t)
	w.put(a, "d/1", "one")
	w.sync()
	w.put(a, "d/1", "one of a")
	w.put(b, "d/1", "one of b")
	w.sync()
	for i, want := range []string{"one of a", "one of b"} {
		body, err := w.store.Blobs.Get(context.Background(), w.conflicts()[0].Versions[i].Body)
		if err != nil || string(body) != want {
			t.Errorf("version %d kept as %q, %v", i, body, err)
		}
	}
	w.quiet()
	w.decide(tandem.TakeB, "")
	w.sync()
	w.wantSide(a, map[string]string{"d": "/", "d/1": "one of b"})
	w.quiet()
}

func TestFolderStaysWhenSomethingBeneathStays(t *testing.T) {
	w := newTrees(t)
	w.rules.Guard.Off = true
	w.put(a, "d/1", "one")
	w.put(a, "d/2", "two")
	w.sync()
	w.remove(a, "d")
	w.side[b].Tune(func(k *memory.Knobs) {
		k.Fault = func(wr tandem.Write) memory.Fault {
			if wr.ID == "d/1" {
				return memory.Fault{LostRequest: true}
			}
			return memory.Fault{}
		}
	})
	w.sync()
	if got := w.dump(b); got["d/1"] != "one" || got["d"] != "/" {
		t.Errorf("side B holds %q", got)
	}
	w.side[b].Tune(func(k *memory.Knobs) { k.Fault = nil })
	w.sync()
	w.wantSide(a, nil)
	w.wantSide(b, nil)
	w.quiet()
}

func TestNothingIsMadeInAFolderThatFailed(t *testing.T) {
	w := newTrees(t)
	w.put(a, "d/e/1", "one")
	w.put(a, "2", "two")
	w.side[b].Tune(func(k *memory.Knobs) {
		k.Fault = func(wr tandem.Write) memory.Fault {
			if wr.ID == "d" {
				return memory.Fault{Reject: tandem.Errorf(tandem.Invalid, "no such name here")}
			}
			return memory.Fault{}
		}
	})
	rep := w.sync()
	w.wantSide(b, map[string]string{"2": "two"})
	if rep.Aside != 1 {
		t.Errorf("%d set aside, want the folder alone: %v", rep.Aside, rep.Problems)
	}
	w.side[b].Tune(func(k *memory.Knobs) { k.Fault = nil })
	w.now += 100
	w.sync()
	w.wantSide(b, w.dump(a))
	w.quiet()
}

func TestUnclean(t *testing.T) {
	w := newTrees(t)
	dir := t.TempDir()
	open := func(boot string) {
		t.Helper()
		st, err := sqlite.Open(dir, sqlite.Options{Boot: boot, Now: func() int64 { return w.now }})
		if err != nil {
			t.Fatal(err)
		}
		w.store = st
	}
	w.store.Close()
	open("an earlier boot")
	w.put(a, "1", "precious")
	w.put(a, "2", "good")
	w.sync()
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	open("")
	w.put(a, "1", "") // what a power cut leaves of a file
	w.sync()
	if got := w.dump(b)["1"]; got != "precious" {
		t.Fatalf("side B has %q", got)
	}
	if got := w.dump(a)["1"]; got != "precious" && len(w.conflicts()) == 0 {
		t.Errorf("side A has %q, and nobody was asked", got)
	}
}

func TestUndo(t *testing.T) {
	for _, parks := range []bool{false, true} {
		w := newWorld(t, func(k *memory.Knobs) { k.Parks = parks })
		w.put(a, "1", "name=Anna\nuid=x\n")
		w.put(a, "2", "name=Bert\nuid=y\n")
		w.put(a, "3", "name=Cleo\nuid=z\n")
		w.sync()
		w.put(a, "1", "name=Anne\nuid=x\n")
		w.put(a, "3", "name=Claire\nuid=z\n")
		w.remove(a, "2")
		w.sync()
		w.put(b, "3", "name=Clarissa\nuid=z\n")
		results := session.Undo(context.Background(), session.Deps{Store: w.store}, w.open, w.history())
		done := 0
		for _, r := range results {
			switch {
			case r.Done:
				done++
			case r.Past.Record != "3" || !strings.Contains(r.Why, "changed since"):
				t.Errorf("%s: %s", r.Past.Record, r.Why)
			}
		}
		if done != 2 {
			t.Errorf("%d put back: %+v", done, results)
		}
		w.sync()
		w.want("name=Anna\nuid=x\n", "name=Bert\nuid=y\n", "name=Clarissa\nuid=z\n")
		w.quiet()
	}
}

func TestUndoOfADeletedFolder(t *testing.T) {
	w := newTrees(t)
	w.rules.Guard.Off = true
	w.put(a, "d/e/1", "one")
	w.put(a, "d/2", "two")
	w.put(a, "3", "three")
	w.sync()
	want := w.dump(a)
	w.remove(a, "d")
	w.sync()
	w.wantSide(b, map[string]string{"3": "three"})
	for _, r := range session.Undo(context.Background(), session.Deps{Store: w.store}, w.open, w.history()) {
		if !r.Done {
			t.Errorf("%s: %s", r.Past.Record, r.Why)
		}
	}
	w.sync()
	w.wantSide(a, want)
	w.wantSide(b, want)
	w.quiet()
}

func (w *world) open(place string) (*provider.Opened, error) {
	for _, s := range w.side {
		if o := s.Open(); o.Place == place {
			return o, nil
		}
	}
	return nil, fmt.Errorf("no place %q", place)
}

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(k *memory.Knobs) { k.Batch = 10 })
		for i := range 100 {
			w.put(a, fmt.Sprint("c", i), fmt.Sprintf("name=N%d\nuid=u%d\n", i, i))
		}
		w.side[b].Tune(func(k *memory.Knobs) {
			k.Hook = func(at string, _ tandem.ID) error {
				if at == "apply" {
					time.Sleep(time.Second)
				}
				return nil
			}
		})
		var last session.Progress
		var told int
		var lastTime time.Time
		estimated := false
		w.sync(func(o *session.Options) {
			o.Progress = func(p session.Progress) {
				if told++; told > 1 && p.Phase != session.Finished && time.Since(lastTime) < 100*time.Millisecond {
					t.Errorf("told after %v", time.Since(lastTime))
				}
				lastTime, last = time.Now(), p
				estimated = estimated || p.Left > 0
			}
		})
		if last.Phase != session.Finished || last.Done != 100 || last.Total != 100 || last.Bytes == 0 || last.Seen[a] != 100 {
			t.Errorf("last progress %+v", last)
		}
		if told < 5 || !estimated {
			t.Errorf("told %d times, time left estimated: %v", told, estimated)
		}
	})
}

func TestRunsAndEventsAreRecorded(t *testing.T) {
	w := newWorld(t)
	w.put(a, "1", "name=Anna\nuid=x\n")
	var told []store.Event
	rep := w.sync(func(o *session.Options) { o.Event = func(e store.Event) { told = append(told, e) } })
	runs, err := w.store.Events.Runs(context.Background(), store.RunFilter{Limit: 10})
	if err != nil || len(runs) != 1 || runs[0].ID != rep.Session || runs[0].Result != "ok" || runs[0].Finished == 0 {
		t.Errorf("runs %+v, %v", runs, err)
	}
	events, err := w.store.Events.List(context.Background(), 0, "", 10)
	if err != nil || len(events) != 1 || events[0].Session != rep.Session || !strings.Contains(events[0].Text, "1 new") {
		t.Errorf("events %+v, %v", events, err)
	}
	if len(told) != 1 {
		t.Errorf("told %+v", told)
	}
}

func TestTwoRunsOfOnePair(t *testing.T) {
	w := newWorld(t)
	w.put(a, "1", "name=Anna\nuid=x\n")
	var second error
	w.side[b].Tune(func(k *memory.Knobs) {
		k.Hook = func(at string, _ tandem.ID) error {
			if at == "apply" {
				_, second = w.try()
			}
			return nil
		}
	})
	w.sync()
	if !tandem.IsKind(second, tandem.Busy) {
		t.Errorf("the second run ended in %v", second)
	}
	w.side[b].Tune(func(k *memory.Knobs) { k.Hook = nil })
	w.quiet()
}

// TestNewestByWhatBodiesSay: where a place tells no times, those in the bodies decide, with a merge by field and without; a time of one side alone decides nothing.
func TestNewestByWhatBodiesSay(t *testing.T) {
	for _, noMerge := range []bool{false, true} {
		for name, c := range map[string]struct{ a, b, want string }{
			"a is newer": {"rev=3\n", "rev=2\n", "uid=1\nname=of a\nrev=3\n"}, "b is newer": {"rev=3\n", "rev=4\n", "uid=1\nname=of b\nrev=4\n"}, "as old": {"rev=3\n", "rev=3\n", ""}, "one says nothing": {"rev=3\n", "", ""},
		} {
			w := newWorld(t)
			w.rules.Policy, w.rules.NoMerge = engine.Newest, noMerge
			w.put(a, "1", "uid=1\nname=x\n")
			w.sync()
			w.put(a, "1", "uid=1\nname=of a\n"+c.a)
			w.put(b, idOf(w, b, "1"), "uid=1\nname=of b\n"+c.b)
			w.sync()
			if c.want == "" {
				if len(w.conflicts()) != 1 {
					t.Errorf("%s, merge off %v: decided: %q %q", name, noMerge, w.bodies(a), w.bodies(b))
				}
				continue
			}
			for s := a; s <= b; s++ {
				if got := w.bodies(s); len(got) != 1 || !maps.Equal(fields([]byte(got[0])), fields([]byte(c.want))) {
					t.Errorf("%s, merge off %v: side %s holds %q", name, noMerge, s, got)
				}
			}
		}
	}
}
