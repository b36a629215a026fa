package synckey_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/server/eas/synckey"
)

func TestKeys(t *testing.T) {
	secret, other := []byte("0123456789abcdef"), []byte("0123456789abcdeg")
	seen := map[string]bool{}
	for i, p := range []synckey.Position{
		{},
		{Count: 1},
		{Count: 2, From: 5, Cursor: 5},
		{Count: 3, From: 5, Cursor: 7},
		{Count: 4, Window: synckey.Window{Limited: true, Cutoff: synckey.Floor(1_800_000_000)}},
		{Count: 5, Window: synckey.Window{Limited: true, Cutoff: synckey.Floor(-1_800_000_000)}},
		{Count: 6, Window: synckey.Window{Open: true}},
		{Count: math.MaxUint32, From: 1 << 40, Cursor: 1<<40 + 1<<30, Window: synckey.Window{Limited: true, Cutoff: synckey.Floor(1 << 40), Open: true}},
	} {
		k := synckey.Seal(secret, 7, p)
		if seen[k] || len(k) > synckey.MaxLen || k == synckey.Zero {
			t.Errorf("%d: key %q", i, k)
		}
		seen[k] = true
		if got, ok := synckey.Open(secret, 7, k); !ok || got != p {
			t.Errorf("%d: %+v became %+v, %v", i, p, got, ok)
		}
		if got, ok := synckey.Open(secret, 7, strings.ToUpper(k)); !ok || got != p {
			t.Errorf("%d: case counts", i)
		}
		for what, foreign := range map[string]func() (synckey.Position, bool){
			"another collection": func() (synckey.Position, bool) { return synckey.Open(secret, 8, k) },
			"another secret":     func() (synckey.Position, bool) { return synckey.Open(other, 7, k) },
			"cut":                func() (synckey.Position, bool) { return synckey.Open(secret, 7, k[:len(k)-2]) },
			"longer":             func() (synckey.Position, bool) { return synckey.Open(secret, 7, k+"aa") },
			"one letter changed": func() (synckey.Position, bool) { return synckey.Open(secret, 7, "z"+k[1:]) },
		} {
			if got, ok := foreign(); ok && !(what == "one letter changed" && k[0] == 'z') {
				t.Errorf("%d: %s: opened as %+v", i, what, got)
			}
		}
	}
	for _, k := range []string{"", "0", "1", "600959277", "{uuid}1", strings.Repeat("a", 64), strings.Repeat("a", 65), "ääää"} {
		if p, ok := synckey.Open(secret, 7, k); ok {
			t.Errorf("%q opened as %+v", k, p)
		}
	}
}

func FuzzOpen(f *testing.F) {
	secret := []byte("secret")
	f.Add(synckey.Seal(secret, 1, synckey.Position{Count: 3, From: 9, Cursor: 12}))
	f.Add("0")
	f.Fuzz(func(t *testing.T, key string) {
		if p, ok := synckey.Open(secret, 1, key); ok && !strings.EqualFold(synckey.Seal(secret, 1, p), key) {
			// Only what Seal writes has the right code; another spelling of the last bits may remain.
			if q, ok := synckey.Open(secret, 1, synckey.Seal(secret, 1, p)); !ok || q != p {
				t.Errorf("%q opened as %+v", key, p)
			}
		}
	})
}

func TestState(t *testing.T) {
	st := &synckey.State{Secret: []byte("s"), Options: synckey.Options{Filter: 5, Clients: true, Bodies: []eas.BodyPreference{{Type: eas.HTML, Truncation: -1, Preview: 9}}},
		Supported: []uint16{1, 2}, Limit: 3, Tries: 2}
	g := &synckey.Generation{From: 3, Cursor: 9, Settled: []synckey.Settled{{At: 12, Upto: 9}}, Window: synckey.Window{Limited: true, Cutoff: 86400,
		Sweep: &synckey.Sweep{Open: true, End: 5, Number: 6}}, Own: []synckey.Own{{Number: 1, Seq: 2, Has: synckey.Yes}}, Results: []synckey.Result{{Op: 'a', Client: "c", Status: 1}}}
	st.Now, st.Was = g, g.Next()
	st.Issue(4, st.Now)
	doc, err := st.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	got, err := synckey.Parse(doc)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := got.Bytes(); !bytes.Equal(again, doc) {
		t.Errorf("%s became %s", doc, again)
	}
	if _, err := synckey.Parse([]byte(`{"v":2}`)); !tandem.IsKind(err, tandem.TooNew) {
		t.Errorf("a newer format: %v", err)
	}
	if _, err := synckey.Parse([]byte(`{"v":`)); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("a torn document: %v", err)
	}
	// A copy shares nothing that is changed.
	n := st.Now.Next()
	n.Window.Sweep.Number = 99
	n.Did(synckey.Own{Number: 1, Seq: 50})
	n.Advance(10, 12)
	if st.Now.Window.Sweep.Number != 6 || st.Now.Own[0].Seq != 2 || st.Now.Settled[0].Upto != 9 {
		t.Error("a copy changed what it was made of")
	}
}

func TestGenerations(t *testing.T) {
	g := &synckey.Generation{}
	g.Advance(5, 20)
	g.Advance(8, 20) // nothing was written in between: one entry
	g.Advance(11, 25)
	if fmt.Sprint(g.Settled) != "[{20 8} {25 11}]" || g.Cursor != 11 {
		t.Errorf("%+v", g)
	}
	for i := range int64(100) {
		g.Advance(12+i, 30+i)
	}
	if len(g.Settled) > 64 {
		t.Errorf("%d entries", len(g.Settled))
	}
	g.AddOwn(synckey.Own{Number: 1, Seq: 50, Has: synckey.Yes})
	g.AddOwn(synckey.Own{Number: 2, Seq: 500, Has: synckey.No})
	g.AddOwn(synckey.Own{Number: 1, Seq: 60, Has: synckey.No})
	if o, ok := g.OwnOf(1); !ok || o.Seq != 60 || len(g.Own) != 2 {
		t.Errorf("%+v", g.Own)
	}
	g.Finish(100)
	if _, ok := g.OwnOf(1); ok || g.From != 100 || g.Cursor != 100 || g.Settled != nil {
		t.Errorf("%+v", g)
	}
	if _, ok := g.OwnOf(2); !ok {
		t.Error("what is not passed was forgotten")
	}

	many := &synckey.Generation{}
	for i := range int64(5100) {
		many.AddOwn(synckey.Own{Number: i, Seq: i})
	}
	if _, ok := many.OwnOf(5099); !ok || len(many.Own) > 5000 {
		t.Errorf("%d entries", len(many.Own))
	}

	now := g.Next()
	now.Did(synckey.Own{Number: 2, Seq: 501, Has: synckey.Yes})
	now.Did(synckey.Own{Number: 3, Seq: 502, Has: synckey.Yes, Merged: true})
	back := synckey.Undo(g, now)
	if o, _ := back.OwnOf(2); o != (synckey.Own{Number: 2, Seq: 501, Has: synckey.No, Told: true}) {
		t.Errorf("%+v", o)
	}
	if o, _ := back.OwnOf(3); o != (synckey.Own{Number: 3, Seq: 502, Told: true, Merged: true}) {
		t.Errorf("%+v", o)
	}
}

func TestAside(t *testing.T) {
	const day = 86400
	g := &synckey.Generation{}
	for i, want := range []int64{1, 2, 4, 8, 16, 32, 32} {
		if n := g.SetAside(synckey.Aside{Number: 1, Seq: 5}, 1000); n != i+1 {
			t.Errorf("time %d", n)
		}
		if a, _ := g.AsideOf(1); a.Again != 1000+want*day {
			t.Errorf("%d: again after %d days", i, (a.Again-1000)/day)
		}
	}
	if n := g.SetAside(synckey.Aside{Number: 1, Seq: 6}, 1000); n != 1 { // it changed: a new count
		t.Errorf("time %d", n)
	}
	if _, due := g.Due(1000 + day - 1); due {
		t.Error("due too soon")
	}
	if a, due := g.Due(1000 + day); !due || a.Number != 1 {
		t.Error("not due")
	}
	g.Release(1)
	if _, ok := g.AsideOf(1); ok {
		t.Error("not released")
	}
	for i := range int64(600) {
		g.SetAside(synckey.Aside{Number: i}, 0)
	}
	if len(g.Aside) > 500 {
		t.Errorf("%d entries", len(g.Aside))
	}
}

func TestWindow(t *testing.T) {
	const day = 86400
	at := func(days, number int64) synckey.Facts {
		return synckey.Facts{Start: days*day - 3600, End: days * day, Number: number, Seq: number}
	}
	all := synckey.Window{}
	ten := synckey.Window{Limited: true, Cutoff: 10 * day}
	twenty := synckey.Window{Limited: true, Cutoff: 20 * day}
	open := synckey.Window{Open: true}
	done := synckey.Facts{Number: 3, Seq: 3, Finished: true}
	narrowing := ten.Toward(twenty)
	narrowing.Sweep.End, narrowing.Sweep.Number = 15*day, 7
	widening := twenty.Toward(ten)
	widening.Sweep.End, widening.Sweep.Number = 15*day, 7
	closing := all.Toward(open)
	closing.Sweep.Seq = 3
	opening := open.Toward(all)
	opening.Sweep.Seq = 3
	for i, c := range []struct {
		w    synckey.Window
		f    synckey.Facts
		want bool
	}{
		{all, at(-5, 1), true}, {all, done, true},
		{ten, at(9, 1), false}, {ten, at(10, 1), true}, {ten, synckey.Facts{}, true}, {ten, synckey.Facts{End: math.MaxInt64, Start: 1}, true},
		{open, done, false}, {open, synckey.Facts{}, true},
		{ten.Toward(twenty), at(15, 1), true}, {twenty.Toward(ten), at(15, 1), false}, // not begun yet
		{narrowing, at(9, 1), false}, {narrowing, at(14, 1), false}, {narrowing, at(15, 7), false}, {narrowing, at(15, 8), true}, {narrowing, at(16, 1), true},
		{narrowing, at(20, 1), true}, {narrowing, synckey.Facts{}, true},
		{widening, at(9, 1), false}, {widening, at(14, 1), true}, {widening, at(15, 7), true}, {widening, at(15, 8), false}, {widening, at(20, 1), true},
		{closing, done, false}, {closing, synckey.Facts{Seq: 4, Finished: true}, true}, {closing, synckey.Facts{Seq: 2}, true},
		{opening, done, true}, {opening, synckey.Facts{Seq: 4, Finished: true}, false}, {opening, synckey.Facts{Seq: 9}, true},
	} {
		if got := c.w.Has(c.f); got != c.want {
			t.Errorf("%d: %+v has %+v: %v", i, c.w, c.f, got)
		}
	}
	if !narrowing.Narrows() || widening.Narrows() || !all.Toward(ten).Narrows() || ten.Toward(all).Narrows() || !closing.Narrows() || opening.Narrows() {
		t.Error("the ways are taken for each other")
	}
	if from, to := narrowing.Bounds(); from != 10*day || to != 20*day {
		t.Errorf("%d to %d", from, to)
	}
	if !narrowing.Target().Same(twenty) || !ten.Target().Same(ten) || ten.Same(twenty) || !closing.AsksFinished() || ten.AsksFinished() || !all.Plain() || open.Plain() || closing.Plain() {
		t.Error("what a window is")
	}
	for _, c := range [][2]int64{{0, 0}, {day - 1, 0}, {day, day}, {-1, -day}, {-day, -day}} {
		if got := synckey.Floor(c[0]); got != c[1] {
			t.Errorf("Floor(%d) = %d", c[0], got)
		}
	}
}
