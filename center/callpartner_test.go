package center

import (
	"strings"
	"testing"

	"tandem"
	"tandem/provider/memory"
)

// TestCallPartner: what a partner is called is shown wherever it is, can be changed and taken back, outlives changes of its place, and changes nothing of what was agreed on.
func TestCallPartner(t *testing.T) {
	w := newWorld(t, memory.Knobs{}, "book")
	defer w.close()
	ctx := t.Context()
	it := w.add("contacts", "book", "book")
	w.sync("book")
	before, err := w.store.Bases.Pairs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	is := func(want string) {
		t.Helper()
		st, err := w.hub.Status(ctx, []string{it.Name})
		if err != nil || len(st) != 1 || st[0].PartnerCalled != want {
			t.Errorf("its item says %+v, %v; want %q", st, err, want)
		}
		x, err := w.hub.FindHandler(ctx, it.Partner)
		if err != nil || x.Name != want || x.ID != it.Partner {
			t.Errorf("as a handler it is %q %q, %v; want %q", x.ID, x.Name, err, want)
		}
	}
	is(it.Partner)
	p, err := w.hub.CallPartner(ctx, it.Partner, "  Büro \u263a ")
	if err != nil || p.Name != it.Partner || p.Call() != "Büro \u263a" {
		t.Fatalf("%+v, %v", p, err)
	}
	is("Büro \u263a")
	if p, err = w.hub.SetPartner(ctx, it.Partner, nil); err != nil || p.Call() != "Büro \u263a" {
		t.Errorf("%+v, %v", p, err)
	}
	for _, bad := range []string{"two\nlines", strings.Repeat("x", 81), "\xff"} {
		if _, err := w.hub.CallPartner(ctx, it.Partner, bad); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := w.hub.CallPartner(ctx, "nobody", "x"); !tandem.IsKind(err, tandem.NotFound) {
		t.Error(err)
	}
	is("Büro \u263a")
	for _, none := range []string{"", it.Partner} {
		if p, err = w.hub.CallPartner(ctx, it.Partner, none); err != nil || p.Called != "" {
			t.Errorf("%+v, %v", p, err)
		}
		is(it.Partner)
	}
	w.sync("book")
	after, err := w.store.Bases.Pairs(ctx)
	if err != nil || len(after) != len(before) || after[0].Key != before[0].Key || after[0].ID != before[0].ID {
		t.Errorf("%+v became %+v, %v", before, after, err)
	}
}
