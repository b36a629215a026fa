package session_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/engine"
	"tandem/provider/memory"
	"tandem/session"
	"tandem/store"
)

const (
	a = tandem.SideA
	b = tandem.SideB
)

func TestFirstSyncIsTheUnion(t *testing.T) {
	w := newWorld(t)
	w.put(a, "1", "name=Anna\nuid=x\n")
	w.put(a, "2", "name=Bert\nuid=y\n")
	w.put(b, "7", "uid=x\nname=Anna\n") // the same card, written otherwise
	w.put(b, "8", "name=Bert\nphone=5\nuid=y\n")
	w.put(b, "9", "name=Cleo\nuid=z\n")
	w.sync()
	w.wantSide(a, map[string]string{"1": "name=Anna\nuid=x\n", "2": "name=Bert\nphone=5\nuid=y\n", "9": "name=Cleo\nuid=z\n"})
	w.wantSide(b, map[string]string{"7": "uid=x\nname=Anna\n", "8": "name=Bert\nphone=5\nuid=y\n", "9": "name=Cleo\nuid=z\n"})
	w.quiet()
}

func TestIDsThatClashOnFirstSync(t *testing.T) {
	w := newWorld(t)
	w.put(a, "1", "uid=x\n")
	w.put(b, "1", "uid=y\n")
	w.sync()
	w.want("uid=x\n", "uid=y\n")
	w.quiet()
}

func TestEditsTravelAndMerge(t *testing.T) {
	w := newWorld(t)
	w.put(a, "1", "name=Anna\nphone=1\nuid=x\n")
	w.put(a, "2", "name=Bert\nuid=y\n")
	w.put(a, "3", "name=Cleo\nuid=z\n")
	w.sync()
	w.put(a, "1", "name=Anne\nphone=1\nuid=x\n")
	w.put(b, "1", "name=Anna\nphone=2\nuid=x\n")
	w.put(b, "2", "name=Berta\nuid=y\n")
	w.remove(a, "3")
	rep := w.sync()
	w.want("name=Anne\nphone=2\nuid=x\n", "name=Berta\nuid=y\n")
	if got := rep.Done; got[a].Updates != 2 || got[b].Updates != 1 || got[b].Deletes != 1 || got[a].Merges != 1 {
		t.Errorf("done %+v", got)
	}
	w.quiet()
	if n := len(w.history()); n != 4 {
		t.Errorf("%d versions in history, want the 3 overwritten and the 1 deleted", n)
	}
}

func TestConflictWaitsAndIsNotMultiplied(t *testing.T) {
	w := newWorld(t)
	w.put(a, "1", "name=Anna\nphone=1\nuid=x\n")
	w.sync()
	w.put(a, "1", "name=Anne\nphone=1\nuid=x\n")
	w.put(b, "1", "name=Anja\nphone=1\nuid=x\n")
	rep := w.sync()
	list := w.conflicts()
	if len(list) != 1 || rep.Conflicts != 1 {
		t.Fatalf("%d conflicts, %d reported, want 1", len(list), rep.Conflicts)
	}
	c := list[0]
	if len(c.Fields) != 1 || c.Fields[0] != (store.ConflictField{Name: "name", Base: "Anna", A: "Anne", B: "Anja"}) {
		t.Errorf("fields %+v", c.Fields)
	}
	for i, want := range []string{"name=Anne\nphone=1\nuid=x\n", "name=Anja\nphone=1\nuid=x\n"} {
		body, err := w.store.Blobs.Get(context.Background(), c.Versions[i].Body)
		if err != nil || string(body) != want {
			t.Errorf("version %d kept as %q, %v", i, body, err)
		}
	}
	w.wantSide(a, map[string]string{"1": "name=Anne\nphone=1\nuid=x\n"})
	w.wantSide(b, map[string]string{"1": "name=Anja\nphone=1\nuid=x\n"})
	w.quiet()
	w.put(b, "1", "name=Anni\nphone=1\nuid=x\n")
	w.sync()
	if again := w.conflicts(); len(again) != 1 || again[0].ID != c.ID || again[0].Fields[0].B != "Anni" {
		t.Errorf("conflicts %+v, want conflict %d refreshed", again, c.ID)
	}
	w.put(a, "1", "name=Anni\nphone=1\nuid=x\n")
	w.sync()
	if again := w.conflicts(); len(again) != 0 {
		t.Errorf("both sides are equal and %+v is still open", again)
	}
	w.quiet()
}

func TestDecisions(t *testing.T) {
	const base, va, vb = "name=Anna\nuid=x\n", "name=Anne\nuid=x\n", "name=Anja\nuid=x\n"
	for _, tt := range []struct {
		name string
		d    tandem.Decision
		body string
		want []string
	}{
		{"a", tandem.TakeA, "", []string{va}},
		{"b", tandem.TakeB, "", []string{vb}},
		{"body", tandem.TakeBody, "name=Ann\nuid=x\n", []string{"name=Ann\nuid=x\n"}},
		{"both", tandem.TakeBoth, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.put(a, "1", base)
			w.sync()
			w.put(a, "1", va)
			w.put(b, "1", vb)
			w.sync()
			w.decide(tt.d, tt.body)
			w.sync()
			if tt.want != nil {
				w.want(tt.want...)
			} else {
				checkBoth(w)
			}
			if open := w.conflicts(); len(open) != 0 {
				t.Errorf("still open: %+v", open)
			}
			w.quiet()
		})
	}
}

// checkBoth checks that both sides hold both versions, one of them under another identity.
func checkBoth(w *world) {
	w.t.Helper()
	for s := a; s <= b; s++ {
		names, uids := map[string]bool{}, map[string]bool{}
		for _, body := range w.bodies(s) {
			m := fields([]byte(body))
			names[m["name"]], uids[m["uid"]] = true, true
		}
		if len(names) != 2 || !names["Anne"] || !names["Anja"] || len(uids) != 2 {
			w.t.Errorf("side %s holds %q, want both versions under two identities", s, w.bodies(s))
		}
	}
	if fmt.Sprint(w.bodies(a)) != fmt.Sprint(w.bodies(b)) {
		w.t.Errorf("sides differ: %q and %q", w.bodies(a), w.bodies(b))
	}
}

func TestPolicyKeepsTheLosersOtherFields(t *testing.T) {
	w := newWorld(t)
	w.rules.Policy = engine.PreferB
	w.put(a, "1", "name=Anna\nphone=1\nuid=x\n")
	w.sync()
	w.put(a, "1", "name=Anne\nphone=2\nuid=x\n")
	w.put(b, "1", "name=Anja\nphone=1\nuid=x\n")
	w.sync()
	w.want("name=Anja\nphone=2\nuid=x\n")
	w.quiet()
}

func TestPolicyBoth(t *testing.T) {
	w := newWorld(t)
	w.rules.Policy = engine.Both
	w.put(a, "1", "name=Anna\nuid=x\n")
	w.sync()
	w.put(a, "1", "name=Anne\nuid=x\n")
	w.put(b, "1", "name=Anja\nuid=x\n")
	w.sync()
	checkBoth(w)
	w.quiet()
}

func TestDeleteAgainstChange(t *testing.T) {
	for rule, want := range map[engine.DeleteRule][]string{engine.ChangeWins: {"name=Anne\nuid=x\n"}, engine.DeleteWins: nil} {
		w := newWorld(t)
		w.rules.DeleteVsChange = rule
		w.put(a, "1", "name=Anna\nuid=x\n")
		w.sync()
		w.put(a, "1", "name=Anne\nuid=x\n")
		w.remove(b, "1")
		w.sync()
		w.want(want...)
		w.quiet()
		if rule == engine.DeleteWins && len(w.history()) != 1 {
			t.Errorf("history %+v, want the edit that lost", w.history())
		}
	}
}

// fill puts n cards on side A and syncs.
func (w *world) fill(n int) {
	w.t.Helper()
	for i := range n {
		w.put(a, fmt.Sprint("c", i), fmt.Sprintf("name=N%d\nuid=u%d\n", i, i))
	}
	w.sync()
}

func TestGuardHoldsAnEmptiedSide(t *testing.T) {
	setup := func(t *testing.T) *world {
		w := newWorld(t)
		w.fill(30)
		for id := range w.dump(b) {
			w.remove(b, id)
		}
		return w
	}
	answer := func(what session.Answer) func(*session.Options) {
		return func(o *session.Options) {
			o.OnHeld = func(context.Context, *engine.Plan) (session.Answer, error) { return what, nil }
		}
	}
	t.Run("unattended", func(t *testing.T) {
		w := setup(t)
		rep, err := w.try()
		if !tandem.IsKind(err, tandem.Held) || !rep.Held {
			t.Fatalf("held %v, error %v", rep.Held, err)
		}
		var e *tandem.Error
		if !errors.As(err, &e) || e.Remedy == "" || !strings.Contains(err.Error(), "30") {
			t.Errorf("error %q does not say what and how to go on", err)
		}
		if len(w.dump(a)) != 30 {
			t.Errorf("%d cards left", len(w.dump(a)))
		}
	})
	t.Run("restore", func(t *testing.T) {
		w := setup(t)
		w.sync(answer(session.Restore))
		if len(w.dump(a)) != 30 || len(w.dump(b)) != 30 {
			t.Errorf("%d and %d cards", len(w.dump(a)), len(w.dump(b)))
		}
		w.quiet()
	})
	t.Run("go ahead", func(t *testing.T) {
		w := setup(t)
		w.sync(answer(session.GoAhead))
		if len(w.dump(a)) != 0 || len(w.history()) != 30 {
			t.Errorf("%d cards left, %d in history", len(w.dump(a)), len(w.history()))
		}
		w.quiet()
	})
	t.Run("approved", func(t *testing.T) {
		w := setup(t)
		rep, _ := w.try()
		w.rules.Approved = rep.Plan.Hash
		w.sync()
		if len(w.dump(a)) != 0 {
			t.Errorf("%d cards left", len(w.dump(a)))
		}
	})
}

func TestRestoredFromBackup(t *testing.T) {
	w := newWorld(t)
	w.rules.Guard.Off = true
	w.put(a, "1", "name=Anna\nuid=x\n")
	w.sync()
	snap := w.side[b].Snapshot()
	w.put(a, "2", "name=Bert\nuid=y\n")
	w.sync()
	w.side[b].Rollback(snap, true)
	w.sync()
	w.want("name=Anna\nuid=x\n", "name=Bert\nuid=y\n")
	w.quiet()
}

func TestReplacedStore(t *testing.T) {
	w := newWorld(t)
	w.rules.Guard.Off = true
	w.fill(5)
	w.side[b].Replace("other")
	w.sync()
	if len(w.dump(a)) != 5 || len(w.dump(b)) != 5 {
		t.Errorf("%d and %d cards", len(w.dump(a)), len(w.dump(b)))
	}
	w.quiet()
}

func TestLostBase(t *testing.T) {
	w := newWorld(t)
	w.put(a, "1", "name=Anna\nuid=x\n")
	w.put(a, "2", "name=Bert\nuid=y\n")
	w.sync()
	p, err := w.store.Bases.Open(context.Background(), w.pair().Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store.Bases.Remove(context.Background(), p.ID); err != nil {
		t.Fatal(err)
	}
	w.put(b, "1", "name=Anna\nphone=1\nuid=x\n")
	w.sync()
	w.want("name=Anna\nphone=1\nuid=x\n", "name=Bert\nuid=y\n")
	w.quiet()
}

func TestLostAnswers(t *testing.T) {
	for name, f := range map[string]memory.Fault{"answer": {LostAnswer: true}, "request": {LostRequest: true}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fill(3)
			w.put(a, "c0", "name=new\nuid=u0\n")
			w.put(a, "c9", "name=N9\nuid=u9\n")
			w.remove(a, "c1")
			w.side[b].Tune(func(k *memory.Knobs) { k.Fault = func(tandem.Write) memory.Fault { return f } })
			w.sync()
			w.side[b].Tune(func(k *memory.Knobs) { k.Fault = nil })
			w.sync()
			w.want("name=new\nuid=u0\n", "name=N2\nuid=u2\n", "name=N9\nuid=u9\n")
			w.quiet()
		})
	}
}

func TestPoisonedRecordIsSetAside(t *testing.T) {
	w := newWorld(t)
	tries := 0
	w.side[b].Tune(func(k *memory.Knobs) {
		k.Fault = func(wr tandem.Write) memory.Fault {
			if wr.Record.UID == "bad" {
				tries++
				return memory.Fault{Reject: tandem.Errorf(tandem.Invalid, "too odd")}
			}
			return memory.Fault{}
		}
	})
	w.put(a, "1", "name=Anna\nuid=bad\n")
	w.put(a, "2", "name=Bert\nuid=y\n")
	rep := w.sync()
	w.wantSide(b, map[string]string{"2": "name=Bert\nuid=y\n"})
	if rep.Aside != 1 || len(rep.Problems) != 1 || !strings.Contains(rep.Problems[0].Text, "too odd") {
		t.Errorf("aside %d, problems %+v", rep.Aside, rep.Problems)
	}
	w.quiet()
	for _, step := range []struct {
		after int64
		tries int
	}{{59, 1}, {2, 2}, {61, 2}, {240, 3}} {
		w.now += step.after
		w.sync()
		if tries != step.tries {
			t.Errorf("%d tries at %d, want %d", tries, w.now, step.tries)
		}
	}
	w.put(a, "1", "name=Anna\nuid=good\n")
	w.sync()
	w.want("name=Anna\nuid=good\n", "name=Bert\nuid=y\n")
	w.quiet()
}

func TestUnreadableBodyIsNoDeletion(t *testing.T) {
	w := newWorld(t)
	w.fill(3)
	w.put(a, "c1", "torn")
	rep := w.sync()
	if len(rep.Problems) != 1 || rep.Left != 1 || rep.Problems[0].Record != "c1" {
		t.Errorf("problems %+v, %d left", rep.Problems, rep.Left)
	}
	if got := w.dump(b)["c1"]; got != "name=N1\nuid=u1\n" {
		t.Errorf("side B has %q", got)
	}
	w.put(a, "c1", "name=fixed\nuid=u1\n")
	w.sync()
	w.want("name=N0\nuid=u0\n", "name=fixed\nuid=u1\n", "name=N2\nuid=u2\n")
}

func TestEditWhileSyncingSurvives(t *testing.T) {
	for _, step := range []string{"apply", "write"} {
		t.Run(step, func(t *testing.T) {
			w := newWorld(t)
			w.put(a, "1", "name=Anna\nphone=1\nuid=x\n")
			w.sync()
			w.put(a, "1", "name=Anne\nphone=1\nuid=x\n")
			done := false
			w.side[b].Tune(func(k *memory.Knobs) {
				k.Hook = func(at string, _ tandem.ID) error {
					if at == step && !done {
						done = true
						w.put(b, "1", "name=Anna\nphone=2\nuid=x\n")
					}
					return nil
				}
			})
			w.sync()
			w.want("name=Anne\nphone=2\nuid=x\n")
			w.quiet()
		})
	}
}

func TestSourceChangesWhileSyncing(t *testing.T) {
	w := newWorld(t, func(k *memory.Knobs) {
		k.Inspect = func(body []byte) (tandem.Digest, string) {
			info, _ := card{}.Inspect(body)
			return info.Digest, info.Index.UID
		}
	})
	w.put(a, "1", "name=Anna\nuid=x\n")
	done := false
	w.side[a].Tune(func(k *memory.Knobs) {
		k.Hook = func(at string, _ tandem.ID) error {
			if at == "fetch" && !done {
				done = true
				w.put(a, "1", "name=Anne\nuid=x\n")
			}
			return nil
		}
	})
	w.sync()
	w.want("name=Anne\nuid=x\n")
	w.quiet()
}

func TestHistoryIsWrittenBeforeTheWrite(t *testing.T) {
	w := newWorld(t)
	w.put(a, "1", "name=Anna\nuid=x\n")
	w.sync()
	w.put(a, "1", "name=Anne\nuid=x\n")
	w.side[b].Tune(func(k *memory.Knobs) {
		k.Hook = func(at string, _ tandem.ID) error {
			if at == "write" {
				list := w.history()
				if len(list) != 1 {
					return errors.New("nothing in history")
				}
				body, err := w.store.Blobs.Get(context.Background(), list[0].Body)
				if err != nil || string(body) != "name=Anna\nuid=x\n" {
					return fmt.Errorf("history has %q, %w", body, err)
				}
			}
			return nil
		}
	})
	w.sync()
	w.want("name=Anne\nuid=x\n")
	rec, _ := w.side[b].Get("1")
	if p := w.history()[0]; p.After != rec.Version || p.Title != "Anna" || p.Who != "tester" {
		t.Errorf("history %+v, want it replaced by version %s", p, rec.Version)
	}
}

func TestPreviewLeavesNoTrace(t *testing.T) {
	w := newWorld(t)
	w.put(a, "1", "name=Anna\nuid=x\n")
	rep := w.sync(func(o *session.Options) { o.Preview = true })
	if rep.Plan.Len() != 1 || rep.Plan.Do(0) != engine.Copy {
		t.Errorf("plan %+v", rep.Plan.Actions())
	}
	pairs, err := w.store.Bases.Pairs(context.Background())
	if err != nil || len(pairs) != 0 {
		t.Errorf("pairs %+v, %v", pairs, err)
	}
	runs, err := w.store.Events.Runs(context.Background(), store.RunFilter{Limit: 10})
	if err != nil || len(runs) != 0 {
		t.Errorf("runs %+v, %v", runs, err)
	}
	if len(w.dump(b)) != 0 {
		t.Error("the preview wrote")
	}
}

func TestReviewMayEditAndRefuse(t *testing.T) {
	w := newWorld(t)
	w.put(a, "1", "name=Anna\nuid=x\n")
	w.put(a, "2", "name=Bert\nuid=y\n")
	refused := errors.New("no")
	if _, err := w.try(func(o *session.Options) {
		o.Review = func(context.Context, *engine.Plan) error { return refused }
	}); !errors.Is(err, refused) || len(w.dump(b)) != 0 {
		t.Errorf("error %v, side B %v", err, w.dump(b))
	}
	w.sync(func(o *session.Options) {
		o.Review = func(_ context.Context, p *engine.Plan) error {
			for i, act := range p.All() {
				if act.A.ID == "1" {
					act.Do = engine.Nothing
					p.Set(i, act)
				}
			}
			return nil
		}
	})
	w.wantSide(b, map[string]string{"2": "name=Bert\nuid=y\n"})
	w.sync()
	w.want("name=Anna\nuid=x\n", "name=Bert\nuid=y\n")
}

func TestPlaceDown(t *testing.T) {
	w := newWorld(t)
	w.fill(3)
	w.side[b].Tune(func(k *memory.Knobs) { k.Down = tandem.Errorf(tandem.Unreadable, "not mounted") })
	if _, err := w.try(); !tandem.IsKind(err, tandem.Unreadable) {
		t.Errorf("error %v", err)
	}
	w.side[b].Tune(func(k *memory.Knobs) { k.Down = nil })
	w.quiet()
}

func TestFullPlaceKeepsWhatIsDone(t *testing.T) {
	w := newWorld(t)
	w.side[b].Tune(func(k *memory.Knobs) { k.Quota = 40 })
	for i := range 9 {
		w.put(a, fmt.Sprint(i), fmt.Sprintf("name=N%d\nuid=%d\n", i, i))
	}
	if _, err := w.try(); !tandem.IsKind(err, tandem.Full) {
		t.Fatalf("error %v", err)
	}
	if n := len(w.dump(b)); n == 0 || n != len(w.rows()) {
		t.Errorf("%d cards arrived, %d rows", n, len(w.rows()))
	}
	w.side[b].Tune(func(k *memory.Knobs) { k.Quota = 0 })
	w.sync()
	if len(w.dump(b)) != 9 {
		t.Errorf("%d cards", len(w.dump(b)))
	}
	w.quiet()
}

func TestIncompleteListingDeletesNothing(t *testing.T) {
	w := newWorld(t)
	w.rules.Guard.Off = true
	w.fill(6)
	w.side[b].Tune(func(k *memory.Knobs) { k.Cut, k.CutAfter = true, 2 })
	w.sync()
	w.side[b].Tune(func(k *memory.Knobs) { k.Cut = false })
	if len(w.dump(a)) != 6 || len(w.dump(b)) != 6 {
		t.Errorf("%d and %d cards", len(w.dump(a)), len(w.dump(b)))
	}
	w.quiet()
}

func TestOtherFiltersDeleteNothing(t *testing.T) {
	w := newWorld(t)
	w.rules.Guard.Off = true
	w.fill(6)
	w.side[b].Tune(func(k *memory.Knobs) { k.Cut, k.CutAfter = true, 2 })
	w.scope = "another"
	w.sync()
	w.side[b].Tune(func(k *memory.Knobs) { k.Cut = false })
	w.sync()
	if len(w.dump(a)) != 6 || len(w.dump(b)) != 6 {
		t.Errorf("%d and %d cards", len(w.dump(a)), len(w.dump(b)))
	}
	w.quiet()
}
