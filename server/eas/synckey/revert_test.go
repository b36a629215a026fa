package synckey

import (
	"slices"
	"testing"
)

func TestReverts(t *testing.T) {
	g := &Generation{}
	g.Revert(Revert{Number: 5, Has: Yes})
	g.Revert(Revert{Number: -7, Has: Yes})
	g.Revert(Revert{Number: 5, Has: No}) // what is said last counts
	if want := []Revert{{Number: -7, Has: Yes}, {Number: 5, Has: No}}; !slices.Equal(g.Reverts, want) {
		t.Fatalf("%+v, want %+v", g.Reverts, want)
	}
	if v, ok := g.RevertOf(5); !ok || v.Has != No {
		t.Errorf("of 5: %+v, %v", v, ok)
	}
	if _, ok := g.RevertOf(6); ok {
		t.Error("there is one of 6")
	}
	n := g.Next()
	n.Reverted(5)
	n.Reverted(6)
	if len(n.Reverts) != 1 || len(g.Reverts) != 2 {
		t.Errorf("%+v is left of %+v", n.Reverts, g.Reverts)
	}
	for i := range int64(maxReverts + 10) {
		n.Revert(Revert{Number: 100 + i})
	}
	if len(n.Reverts) != maxReverts || n.Reverts[0].Number == 100 {
		t.Errorf("%d entries, from %+v", len(n.Reverts), n.Reverts[0])
	}
}

// TestUndoReverts: a device that comes back to the key before is told what was refused since, and what it was told already, the answer having been lost.
func TestUndoReverts(t *testing.T) {
	was := &Generation{Reverts: []Revert{{Number: 1, Has: Yes}, {Number: 2, Has: No}}}
	now := &Generation{Reverts: []Revert{{Number: 2, Has: Yes}, {Number: 3, Has: No}}}
	if got, want := Undo(was, now).Reverts, []Revert{{1, Yes}, {2, No}, {3, No}}; !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestRevertsAreKept writes a document and reads it.
func TestRevertsAreKept(t *testing.T) {
	s := &State{Now: &Generation{Key: "k", Reverts: []Revert{{Number: -1 << 60, Has: Yes}, {Number: 2}}}}
	doc, err := s.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse(doc)
	if err != nil || !slices.Equal(back.Now.Reverts, s.Now.Reverts) {
		t.Errorf("%s: %+v, %v", doc, back.Now, err)
	}
}
