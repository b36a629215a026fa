package center

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"tandem"
	"tandem/provider"
	"tandem/provider/memory"
	"tandem/store"
)

// sync runs items, or all, and fails on errors.
func (w *world) sync(names ...string) {
	w.t.Helper()
	if err := w.hub.Sync(w.t.Context(), names, SyncOptions{}, func(n SyncNews) {
		if n.Err != nil {
			w.t.Errorf("%s: %v", n.Item, n.Err.Err())
		}
	}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) open() []store.Conflict {
	w.t.Helper()
	list, err := w.hub.Conflicts(w.t.Context(), true)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *world) compare(id int64) Comparison {
	w.t.Helper()
	c, err := w.hub.Compare(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) resolve(r Resolution) Resolved {
	w.t.Helper()
	out, err := w.hub.Resolve(w.t.Context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// phones lists the phone numbers at a place, by name.
func (w *world) phones(place string) string {
	w.t.Helper()
	var out []string
	for _, rec := range w.places[place].List() {
		body, err := tandem.ReadBody(rec.Body, 1<<20)
		if err != nil {
			w.t.Fatal(err)
		}
		name, tel := "", ""
		for line := range strings.Lines(string(body)) {
			line = strings.TrimSpace(line)
			if v, ok := strings.CutPrefix(line, "FN:"); ok {
				name = v
			}
			if v, ok := strings.CutPrefix(line, "TEL:"); ok {
				tel = v
			}
		}
		out = append(out, name+" "+tel)
	}
	return strings.Join(out, ", ")
}

// pairWorld is a home collection with the places a and, if several, b and so on, all holding Anna with the number 1.
func pairWorld(t *testing.T, places ...string) *world {
	w := newWorld(t, memory.Knobs{}, places...)
	for _, p := range places {
		w.add("c", p, p, manual)
		w.put(p, "anna", card("anna", "Anna", "TEL:1"))
	}
	w.sync()
	w.sync()
	return w
}

// clash makes Anna's number 2 at home and another one at each place.
func (w *world) clash(places ...string) {
	w.t.Helper()
	it, err := w.hub.item(w.t.Context(), places[0])
	if err != nil {
		w.t.Fatal(err)
	}
	w.edit(it.Collection, "Anna", "TEL:1", "TEL:2")
	for i, p := range places {
		w.put(p, "anna", card("anna", "Anna", fmt.Sprintf("TEL:%d", 3+i)))
	}
	for _, p := range places {
		w.sync(p)
	}
}

// TestSC38AllVersionsSideBySide: three versions of one record are one comparison, field by field, with place, time and what each says.
func TestSC38AllVersionsSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := pairWorld(t, "a", "b")
		defer w.close()
		w.clash("a", "b")
		list := w.open()
		if len(list) != 2 {
			t.Fatalf("%+v", list)
		}
		c := w.compare(list[0].ID)
		var got []string
		for _, v := range c.Versions {
			got = append(got, fmt.Sprintf("%s %s %s %v", v.Take, withoutOptions(v.Place), v.Title, v.Kept))
		}
		if text := strings.Join(got, ", "); text != "a home:c Anna true, b mem:a Anna true, c mem:b Anna true" {
			t.Error(text)
		}
		if text := fmt.Sprint(c.Fields); text != "[{name  [Anna Anna Anna] false false true a} {name in parts  [Anna Anna Anna] false false true a} {phone 1 [2 3 4] true true true a}]" {
			t.Error(text)
		}
		if strings.Join(c.Takes, " ") != "a b c both fields body skip out" || c.Same != 1 || c.Versions[0].By == "" || c.Versions[0].Written == 0 || c.Versions[1].By != "" || c.Versions[1].Written != 0 {
			t.Errorf("%v, %d of the sort, written by %q", c.Takes, c.Same, c.Versions[0].By)
		}
		if c.Versions[1].Keep != "Anna (a)" || c.Versions[2].Keep != "Anna (b)" {
			t.Errorf("names %+v", c.Versions)
		}
	})
}

// TestSC38OneAnswerForAllPlaces: whichever of three versions is kept, all places hold it afterwards.
func TestSC38OneAnswerForAllPlaces(t *testing.T) {
	for take, want := range map[string]string{"a": "2", "b": "3", "c": "4", "body": "9"} {
		t.Run(take, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := pairWorld(t, "a", "b")
				defer w.close()
				w.clash("a", "b")
				r := Resolution{ID: w.open()[0].ID, Take: take}
				if take == "body" {
					r.Body = card("anna", "Anna", "TEL:9")
				}
				w.resolve(r)
				for range 3 {
					w.sync()
				}
				if left := w.open(); len(left) != 0 {
					t.Errorf("open: %+v", left)
				}
				for _, p := range []string{"a", "b"} {
					if got := w.phones(p); got != "Anna "+want {
						t.Errorf("%s holds %s", p, got)
					}
				}
			})
		})
	}
}

// TestSC38DeletedVersion: a version that is a deletion is shown as one, and can be chosen.
func TestSC38DeletedVersion(t *testing.T) {
	for take, want := range map[string]string{"a": "Anna 2", "b": ""} {
		synctest.Test(t, func(t *testing.T) {
			w := pairWorld(t, "a")
			defer w.close()
			if _, err := w.hub.SetItem(t.Context(), "a", map[string]string{"delete-vs-change": "ask"}); err != nil {
				t.Fatal(err)
			}
			it, _ := w.hub.item(t.Context(), "a")
			w.edit(it.Collection, "Anna", "TEL:1", "TEL:2")
			if !w.places["a"].Remove("anna") {
				t.Fatal("not there")
			}
			w.put("a", "zoe", card("zoe", "Zoe", "TEL:7")) // a place that is not empty
			w.sync()
			c := w.compare(w.open()[0].ID)
			if !c.Versions[1].Deleted || c.Versions[0].Deleted || strings.Join(c.Takes, " ") != "a b body skip out" {
				t.Errorf("%+v", c)
			}
			w.resolve(Resolution{ID: c.Conflict.ID, Take: take})
			w.sync()
			if got := strings.Trim(strings.ReplaceAll(w.phones("a"), "Zoe 7", ""), ", "); got != want || len(w.open()) != 0 {
				t.Errorf("%s: %q; %d open", take, got, len(w.open()))
			}
		})
	}
}

// TestSC39MergedThirdVersion: a version of one's own is accepted if it is of the kind.
func TestSC39MergedThirdVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := pairWorld(t, "a")
		defer w.close()
		w.clash("a")
		id := w.open()[0].ID
		for name, r := range map[string]Resolution{
			"no card":           {ID: id, Take: "body", Body: []byte("hello")},
			"for all":           {ID: id, Take: "body", Body: card("anna", "Anna"), All: true},
			"no such answer":    {ID: id, Take: "z"},
			"both versions lie": {ID: id, Take: "newest"}, // neither says when it was changed
			"a name for one":    {ID: id, Take: "a", Name: "x"},
		} {
			if _, err := w.hub.Resolve(t.Context(), r); !tandem.IsKind(err, tandem.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.resolve(Resolution{ID: id, Take: "body", Body: card("anna", "Anna", "TEL:5")})
		w.sync()
		if got := w.phones("a"); got != "Anna 5" || len(w.open()) != 0 {
			t.Error(got)
		}
		if _, err := w.hub.Resolve(t.Context(), Resolution{ID: id, Take: "a"}); !tandem.IsKind(err, tandem.Changed) {
			t.Error(err)
		}
		if _, err := w.hub.Resolve(t.Context(), Resolution{ID: 99, Take: "a"}); !tandem.IsKind(err, tandem.NotFound) {
			t.Error(err)
		}
	})
}

// TestSC42OpenUntilTheStoreSaysSo: an answer alone does not end a conflict; the run that carries it out does.
func TestSC42OpenUntilTheStoreSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := pairWorld(t, "a")
		defer w.close()
		w.clash("a")
		w.resolve(Resolution{ID: w.open()[0].ID, Take: "b"})
		if list := w.open(); len(list) != 1 || list[0].Decision != tandem.TakeB || list[0].Resolved != 0 {
			t.Errorf("%+v", list)
		}
		w.sync()
		if len(w.open()) != 0 {
			t.Error("still open")
		}
	})
}

// TestM094KeepBothUnderAName: the second version gets the name that was given it, once, on both sides.
func TestM094KeepBothUnderAName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := pairWorld(t, "a")
		defer w.close()
		w.clash("a")
		id := w.open()[0].ID
		for _, name := range []string{"two\nlines", strings.Repeat("x", 200), "bad\xff"} {
			if _, err := w.hub.Resolve(t.Context(), Resolution{ID: id, Take: "both", Name: name}); !tandem.IsKind(err, tandem.Invalid) {
				t.Errorf("%q: %v", name, err)
			}
		}
		w.resolve(Resolution{ID: id, Take: "both", Name: "Anna, old"})
		w.sync()
		w.sync()
		if got := w.names("a"); got != `Anna Anna\, old` || len(w.open()) != 0 {
			t.Errorf("%s; %d open", got, len(w.open()))
		}
	})
}

// TestM094KeepAllVersions: of a record with more than two versions every one is kept, each under a name of its own, at all places; what was deleted at one place comes back
// there as it is at home.
func TestM094KeepAllVersions(t *testing.T) {
	for name, c := range map[string]struct {
		places []string
		name   string // of the version that is answered about
		change func(w *world)
		want   string
	}{
		"three":        {[]string{"a", "b"}, "", nil, "Anna (a) 3, Anna (b) 4, Anna 2"},
		"three, named": {[]string{"a", "b"}, "Anna, old", nil, `Anna (b) 4, Anna 2, Anna\, old 3`},
		"named alike":  {[]string{"a", "b"}, "Anna (b)", nil, "Anna (b) 2 4, Anna (b) 3, Anna 2"},
		"four":         {[]string{"a", "b", "d"}, "", nil, "Anna (a) 3, Anna (b) 4, Anna (d) 5, Anna 2"},
		"one deleted": {[]string{"a", "b", "d"}, "", func(w *world) {
			if !w.places["d"].Remove("anna") {
				w.t.Fatal("it was not there")
			}
			w.sync("d")
		}, "Anna (a) 3, Anna (b) 4, Anna 2"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := pairWorld(t, c.places...)
				defer w.close()
				w.clash(c.places...)
				if c.change != nil {
					c.change(w)
				}
				list := w.open()
				i := slices.IndexFunc(list, func(o store.Conflict) bool { return o.Item == "a" })
				w.resolve(Resolution{ID: list[i].ID, Take: "both", Name: c.name})
				for range 3 { // each place's version goes to the hub, and from there to the others
					w.sync()
				}
				for _, p := range c.places {
					if got := sortedNames(w.phones(p)); got != c.want {
						t.Errorf("%s holds %s, want %s", p, got, c.want)
					}
				}
				if n := len(w.open()); n != 0 {
					t.Errorf("%d conflicts are open", n)
				}
			})
		})
	}
}

func sortedNames(list string) string {
	names := strings.Split(list, ", ")
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// TestSC40ApplyToAll: an answer for one is applied to all of the same sort; the rest is counted, and what changed meanwhile stops it.
func TestSC40ApplyToAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a")
		defer w.close()
		it := w.add("c", "a", "a", manual)
		names := []string{"Anna", "Bert", "Carla", "Doro"}
		for _, n := range names {
			w.put("a", n, card(n, n, "TEL:1"))
		}
		w.sync()
		for _, n := range names {
			w.edit(it.Collection, n, "TEL:1", "TEL:2")
			w.put("a", n, card(n, n, "TEL:3"))
		}
		w.sync()
		list := w.open()
		c := w.compare(list[0].ID)
		if c.Same != 4 {
			t.Fatalf("%d of the sort", c.Same)
		}
		if got := w.resolve(Resolution{ID: list[0].ID, Take: "skip"}); len(got.Done) != 0 || got.Left != 4 {
			t.Errorf("skip: %+v", got)
		}
		// One is decided elsewhere before the person answers: nothing more is done.
		w.resolve(Resolution{ID: list[3].ID, Take: "a"})
		if got := w.resolve(Resolution{ID: list[0].ID, Take: "b", All: true, Stamp: c.Stamp}); !got.Refresh || len(got.Done) != 0 || got.Why == "" {
			t.Errorf("out of date: %+v", got)
		}
		c = w.compare(list[0].ID)
		if got := w.resolve(Resolution{ID: list[0].ID, Take: "b", All: true, Stamp: c.Stamp}); got.Refresh || len(got.Done) != 3 || got.Left != 0 {
			t.Errorf("%+v", got)
		}
		w.sync()
		if got := w.phones("a"); got != "Anna 3, Bert 3, Carla 3, Doro 2" || len(w.open()) != 0 {
			t.Error(got)
		}
	})
}

// meddler is a store in which somebody else decides as soon as the first answer is written down.
type meddler struct {
	store.Conflicts
	meddle func()
}

func (m *meddler) Decide(ctx context.Context, id int64, d tandem.Decision, body tandem.Bytes) error {
	err := m.Conflicts.Decide(ctx, id, d, body)
	if f := m.meddle; f != nil {
		m.meddle = nil
		f()
	}
	return err
}

// TestSC40StopsAtWhatChangedMeanwhile: what somebody else decided while an answer was applied to all is not decided over, and the rest is left to another look.
func TestSC40StopsAtWhatChangedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a")
		defer w.close()
		it := w.add("c", "a", "a", manual)
		for _, n := range []string{"Anna", "Bert", "Carla"} {
			w.put("a", n, card(n, n, "TEL:1"))
		}
		w.sync()
		for _, n := range []string{"Anna", "Bert", "Carla"} {
			w.edit(it.Collection, n, "TEL:1", "TEL:2")
			w.put("a", n, card(n, n, "TEL:3"))
		}
		w.sync()
		list := w.open()
		kept := w.store.Conflicts
		w.store.Conflicts = &meddler{kept, func() {
			if err := kept.Decide(t.Context(), list[1].ID, tandem.TakeA, nil); err != nil {
				t.Error(err)
			}
		}}
		got := w.resolve(Resolution{ID: list[0].ID, Take: "b", All: true})
		if !got.Refresh || len(got.Done) != 1 || got.Left != 2 || got.Why == "" {
			t.Errorf("%+v", got)
		}
		var decided []tandem.Decision
		for _, c := range w.open() {
			decided = append(decided, c.Decision)
		}
		if want := []tandem.Decision{tandem.TakeB, tandem.TakeA, tandem.Undecided}; !slices.Equal(decided, want) {
			t.Errorf("decided %v, want %v", decided, want)
		}
	})
}

// TestM097LeaveOutOfTheSet: a record that is taken out is no conflict any more, both sides keep and change what they have, and it can be taken back.
func TestM097LeaveOutOfTheSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := pairWorld(t, "a")
		defer w.close()
		w.clash("a")
		id := w.open()[0].ID
		w.resolve(Resolution{ID: id, Take: "out"})
		w.sync()
		it, _ := w.hub.item(t.Context(), "a")
		w.edit(it.Collection, "Anna", "TEL:2", "TEL:22")
		w.put("a", "anna", card("anna", "Anna", "TEL:33"))
		w.sync()
		st, err := w.hub.Status(t.Context(), nil)
		if err != nil || len(w.open()) != 0 || st[0].Conflicts != 0 || w.phones("a") != "Anna 33" {
			t.Errorf("%+v, %v; %s", st, err, w.phones("a"))
		}
		c := w.compare(id)
		if c.Conflict.Resolved != 0 || strings.Join(c.Takes, " ") != "ask" {
			t.Errorf("%+v", c)
		}
		w.resolve(Resolution{ID: id, Take: "ask"})
		w.sync()
		list := w.open()
		if len(list) != 1 {
			t.Fatalf("%+v", list)
		}
		if c := w.compare(list[0].ID); c.Fields[2].Values[0] != "22" || c.Fields[2].Values[1] != "33" {
			t.Errorf("%+v", c.Fields)
		}
		w.resolve(Resolution{ID: list[0].ID, Take: "a"})
		w.sync()
		if got := w.phones("a"); got != "Anna 22" || len(w.open()) != 0 {
			t.Error(got)
		}
	})
}

// TestM091NewestAsked: "newest" takes the version that claims the later change.
func TestM091NewestAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := pairWorld(t, "a")
		defer w.close()
		it, _ := w.hub.item(t.Context(), "a")
		w.edit(it.Collection, "Anna", "TEL:1", "TEL:2\r\nREV:20260101T000000Z")
		w.put("a", "anna", card("anna", "Anna", "TEL:3", "REV:20260201T000000Z"))
		w.sync()
		c := w.compare(w.open()[0].ID)
		if strings.Join(c.Takes, " ") != "a b both newest fields body skip out" || c.Versions[0].Modified == 0 {
			t.Fatalf("%+v", c)
		}
		w.resolve(Resolution{ID: c.Conflict.ID, Take: "newest"})
		w.sync()
		if got := w.phones("a"); got != "Anna 3" {
			t.Error(got)
		}
	})
}

// TestGuardIsAQuestion: a held plan is listed with counts and answers, survives a restart, and each answer does what it says.
func TestGuardIsAQuestion(t *testing.T) {
	for answer, want := range map[string]string{GoAhead: "", Restore: "Anna Bert Carla", Leave: ""} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, memory.Knobs{}, "a")
			defer w.close()
			w.add("c", "a", "a", manual)
			for _, n := range []string{"Anna", "Bert", "Carla"} {
				w.put("a", n, card(n, n))
			}
			w.sync()
			for _, n := range []string{"Anna", "Bert", "Carla"} {
				if !w.places["a"].Remove(tandem.ID(n)) {
					t.Fatal("not there")
				}
			}
			w.sync()
			ask := func(h *Hub) []Question {
				list, err := h.Questions(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return list
			}
			list := ask(New(w.hub.cfg))
			if len(list) != 1 || list[0].Item != "a" || list[0].Sort != GuardQuestion || list[0].Totals[0].Deletes != 3 || list[0].Records[0] != 3 || len(list[0].Why) == 0 || list[0].User != "me" {
				t.Fatalf("%+v", list)
			}
			if err := w.hub.AnswerQuestion(t.Context(), "a", Combine, func(SyncNews) {}); !tandem.IsKind(err, tandem.Invalid) {
				t.Error(err)
			}
			if err := w.hub.AnswerQuestion(t.Context(), "a", answer, func(SyncNews) {}); err != nil {
				t.Fatal(err)
			}
			w.sync()
			if got := w.names("a"); got != want {
				t.Errorf("%s: %q", answer, got)
			}
			list = ask(w.hub)
			if answer == Leave {
				if len(list) != 1 || !list[0].Left {
					t.Errorf("%+v", list)
				}
				if err := w.hub.RemoveItem(t.Context(), "a"); err != nil || len(ask(w.hub)) != 0 {
					t.Error(err)
				}
			} else if len(list) != 0 {
				t.Errorf("%s: still asked: %+v", answer, list)
			}
			if err := w.hub.AnswerQuestion(t.Context(), "a", GoAhead, func(SyncNews) {}); answer != Leave && !tandem.IsKind(err, tandem.NotFound) {
				t.Error(err)
			}
		})
	}
}

// TestM098FirstSyncIsAQuestion: two filled places that never met ask how, with counts, if the item is to ask; each answer does what it says.
func TestM098FirstSyncIsAQuestion(t *testing.T) {
	for answer, want := range map[string]string{Combine: "Anna Bert Zoe", ReplaceHere: "Bert Zoe", ReplaceThat: "Anna Bert"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, memory.Knobs{}, "x", "a")
			defer w.close()
			w.add("c", "x", "x", manual)
			w.put("x", "anna", card("anna", "Anna"))
			w.put("x", "bert", card("bert", "Bert"))
			w.sync()
			if err := w.hub.RemoveItem(t.Context(), "x"); err != nil {
				t.Fatal(err)
			}
			w.put("a", "bert", card("bert", "Bert"))
			w.put("a", "zoe", card("zoe", "Zoe"))
			w.add("c", "a", "a", manual)
			if _, err := w.hub.SetItem(t.Context(), "a", map[string]string{"first": "ask"}); err != nil {
				t.Fatal(err)
			}
			w.sync()
			list, err := w.hub.Questions(t.Context())
			if err != nil || len(list) != 1 || list[0].Sort != FirstQuestion || list[0].Records != [2]int{2, 2} || w.names("a") != "Bert Zoe" {
				t.Fatalf("%+v, %v", list, err)
			}
			if err := w.hub.AnswerQuestion(t.Context(), "a", answer, func(n SyncNews) {
				if n.Err != nil {
					t.Error(n.Err.Err())
				}
			}); err != nil {
				t.Fatal(err)
			}
			if got := w.names("a"); got != want {
				t.Errorf("%s: %q, want %q", answer, got, want)
			}
			if list, _ := w.hub.Questions(t.Context()); len(list) != 0 {
				t.Errorf("%s: still asked: %+v", answer, list)
			}
		})
	}
}

// TestM094KeepBothFilesUnderAName does so for files in folders: the second version lies beside the first under the name that was given, on both sides, and no other.
func TestM094KeepBothFilesUnderAName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{Tree: true}, "a", "b")
		defer w.close()
		w.hub.cfg.Places = provider.NewRegistry(w.fileProvider())
		sync := func() SyncNews { return w.syncPlaces("a", "b", SyncOptions{}) }
		put := func(place, text string) {
			t.Helper()
			if err := w.places[place].Put("d/report.txt", []byte(text), ""); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.places["a"].Put("d", nil, "type=dir"); err != nil {
			t.Fatal(err)
		}
		put("a", "one")
		sync()
		put("a", "two")
		put("b", "three")
		sync()
		list := w.open()
		if len(list) != 1 {
			t.Fatalf("%+v", list)
		}
		if c := w.compare(list[0].ID); c.Versions[0].Keep != "report (a).txt" || c.Versions[1].Keep != "report (b).txt" {
			t.Errorf("%+v", c.Versions)
		}
		for _, name := range []string{"x/y", "..", "report.txt"} {
			if _, err := w.hub.Resolve(t.Context(), Resolution{ID: list[0].ID, Take: "both", Name: name}); !tandem.IsKind(err, tandem.Invalid) {
				t.Errorf("%q: %v", name, err)
			}
		}
		w.resolve(Resolution{ID: list[0].ID, Take: "both", Name: "report of Bert.txt"})
		sync()
		sync()
		for _, p := range []string{"a", "b"} {
			var ids []string
			for _, r := range w.places[p].List() {
				ids = append(ids, string(r.ID))
			}
			slices.Sort(ids)
			if got := strings.Join(ids, " "); got != "d d/report of Bert.txt d/report.txt" {
				t.Errorf("%s holds %s", p, got)
			}
		}
		if len(w.open()) != 0 {
			t.Error("still open")
		}
	})
}

// fileProvider opens the world's places as trees of files.
func (w *world) fileProvider() *provider.Provider {
	p := w.provider()
	p.Kinds, p.Options = []tandem.Kind{tandem.File}, nil
	open := p.Open
	p.Open = func(ctx context.Context, place provider.Place, env provider.Env) (*provider.Opened, error) {
		o, err := open(ctx, place, env)
		if err == nil {
			o.Kind = tandem.File
		}
		return o, err
	}
	return p
}

// TestFileBeside: a name that is proposed for a copy tells where it is from, keeps what the file is, and fits file systems and the bounds of names.
func TestFileBeside(t *testing.T) {
	for _, c := range [][3]string{
		{"report.txt", " (laptop)", "report (laptop).txt"},
		{"report (laptop).txt", " (laptop)", "report (laptop) 2.txt"},
		{".profile", " (laptop)", ".profile (laptop)"},
		{"notes", " (laptop)", "notes (laptop)"},
	} {
		if got := fileBeside(c[0], c[1]); got != c[2] {
			t.Errorf("%s: %s, want %s", c[0], got, c[2])
		}
	}
	for _, base := range []string{strings.Repeat("é", 120) + ".txt", strings.Repeat("字", 80) + ".txt", strings.Repeat("a", 250), strings.Repeat("a", 120) + " (laptop).txt", "a." + strings.Repeat("b", 250)} {
		for _, mark := range []string{" (laptop)", " (" + strings.Repeat("字", 80) + ")"} {
			got := fileBeside(base, mark)
			if len(got) > 240 || utf8.RuneCountInString(got) > maxKeepName || !utf8.ValidString(got) || got == base || !strings.Contains(got, " (") {
				t.Errorf("%s: %d bytes, %s", base, len(got), got)
			}
		}
	}
}
