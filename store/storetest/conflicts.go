package storetest

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"tandem"
	"tandem/store"
)

func testConflicts(k *kit) {
	p, other := k.pair("p"), k.pair("other")
	full := store.Conflict{Item: "contacts", Kind: tandem.Contact, When: 5, Title: "Anna", Reason: "both changed", Versions: []store.ConflictVersion{
		{Place: "vdir:a", ID: "a", Version: "1", Digest: tandem.Digest{1}, Body: tandem.Digest{2}, Attrs: "flags=x", Title: "Anna A", Modified: 9}, {Place: "vdir:b", Deleted: true}},
		Fields: []store.ConflictField{{Name: "phone", Base: "1", A: "2", B: "3"}}}
	put := []tandem.Row{row("x", 1), row("y", 1), row("z", 1)}
	put[0].Clash = &tandem.Clash{Conflict: -2, A: shown("x", 2), B: shown("x", 3)}
	put[2].Clash = &tandem.Clash{Conflict: -1}
	add := []store.Conflict{full, {Title: "second"}}
	k.commit(p.ID, store.Commit{Put: put, Conflicts: add})
	k.commit(other.ID, store.Commit{Conflicts: []store.Conflict{{Title: "elsewhere"}}})
	if add[0].ID == 0 || add[0].ID == add[1].ID || put[0].Clash.Conflict != add[1].ID || put[2].Clash.Conflict != add[0].ID {
		k.Fatalf("conflicts %d and %d, rows say %d and %d", add[0].ID, add[1].ID, put[0].Clash.Conflict, put[2].Clash.Conflict)
	}
	k.sameRows(k.rows(p.ID), put)
	got, err := k.st.Conflicts.Conflict(k.ctx, add[0].ID)
	k.must(err)
	full.ID, full.Pair = add[0].ID, p.ID
	if !reflect.DeepEqual(got, full) {
		k.Fatalf("got  %+v\nwant %+v", got, full)
	}
	titles := func(pair int64, open bool) (list []string) {
		k.Helper()
		got, err := k.st.Conflicts.List(k.ctx, pair, open)
		k.must(err)
		for _, c := range got {
			list = append(list, c.Title)
		}
		return list
	}
	if got := titles(0, true); !slices.Equal(got, []string{"Anna", "second", "elsewhere"}) {
		k.Fatalf("all: %v", got)
	}
	if got := titles(p.ID, false); !slices.Equal(got, []string{"Anna", "second"}) {
		k.Fatalf("of the pair: %v", got)
	}
	refreshed := full
	refreshed.Title, refreshed.Versions = "Anna again", full.Versions[:1]
	k.commit(p.ID, store.Commit{Conflicts: []store.Conflict{refreshed}, Resolved: []int64{add[1].ID}})
	got, err = k.st.Conflicts.Conflict(k.ctx, full.ID)
	k.must(err)
	if !reflect.DeepEqual(got, refreshed) {
		k.Fatalf("refreshed to %+v", got)
	}
	if got := titles(p.ID, true); !slices.Equal(got, []string{"Anna again"}) {
		k.Fatalf("open: %v", got)
	}
	if got := titles(p.ID, false); len(got) != 2 {
		k.Fatalf("all of the pair: %v", got)
	}
	over, err := k.st.Conflicts.Conflict(k.ctx, add[1].ID)
	k.must(err)
	if over.Resolved == 0 {
		k.Fatalf("%+v is not resolved", over)
	}
	k.wantKind(k.st.Conflicts.Decide(k.ctx, over.ID, tandem.TakeA, nil), tandem.Changed)
	k.wantKind(k.st.Bases.Commit(k.ctx, other.ID, store.Commit{Conflicts: []store.Conflict{refreshed}}), tandem.NotFound)
	_, err = k.st.Conflicts.Conflict(k.ctx, 9999)
	k.wantKind(err, tandem.NotFound)
	k.must(k.st.Bases.Remove(k.ctx, p.ID))
	if got := titles(0, false); !slices.Equal(got, []string{"elsewhere"}) {
		k.Fatalf("after the pair's removal: %v", got)
	}
}

// testLeaveOut: what was left out is no open conflict, and names for versions go with the conflict until it is over.
func testLeaveOut(k *kit) {
	p := k.pair("p")
	versions := []store.ConflictVersion{{Place: "a", ID: "1"}, {Place: "b", ID: "2"}}
	add := []store.Conflict{{Title: "one", Versions: versions}, {Title: "two", Versions: versions}}
	k.commit(p.ID, store.Commit{Conflicts: add})
	k.must(k.st.Conflicts.Decide(k.ctx, add[0].ID, tandem.LeaveOut, nil))
	open, err := k.st.Conflicts.List(k.ctx, p.ID, true)
	k.must(err)
	all, err := k.st.Conflicts.List(k.ctx, p.ID, false)
	k.must(err)
	if len(open) != 1 || open[0].ID != add[1].ID || len(all) != 2 || all[0].Decision != tandem.LeaveOut || all[0].Resolved != 0 {
		k.Fatalf("open %+v, all %+v", open, all)
	}
	k.must(k.st.Conflicts.Decide(k.ctx, add[0].ID, tandem.Undecided, nil))
	if open, err = k.st.Conflicts.List(k.ctx, 0, true); err != nil || len(open) != 2 {
		k.Fatalf("open %+v, %v", open, err)
	}
	keep := func(want ...string) {
		k.Helper()
		c, err := k.st.Conflicts.Conflict(k.ctx, add[0].ID)
		k.must(err)
		for i, v := range c.Versions {
			if v.Keep != want[i] || v.ID != versions[i].ID {
				k.Errorf("version %d: %+v", i, v)
			}
		}
	}
	k.must(k.st.Conflicts.Name(k.ctx, add[0].ID, []string{"", "second"}))
	keep("", "second")
	k.must(k.st.Conflicts.Name(k.ctx, add[0].ID, []string{"first"}))
	keep("first", "")
	k.wantKind(k.st.Conflicts.Name(k.ctx, 9999, nil), tandem.NotFound)
	k.commit(p.ID, store.Commit{Resolved: []int64{add[0].ID}, Finished: 5})
	k.wantKind(k.st.Conflicts.Name(k.ctx, add[0].ID, nil), tandem.Changed)
}

func testDecide(k *kit) {
	p := k.pair("p")
	put := make([]tandem.Row, 100)
	for i := range put {
		put[i] = row(fmt.Sprint(i), 1)
	}
	put[70].Clash = &tandem.Clash{Conflict: -1, A: shown("70", 2), B: shown("b-70", 3)}
	add := []store.Conflict{{Title: "c"}}
	k.commit(p.ID, store.Commit{Put: put, Conflicts: add, Durable: true})
	id := add[0].ID
	check := func(d tandem.Decision, body tandem.Digest) {
		k.Helper()
		c, err := k.st.Conflicts.Conflict(k.ctx, id)
		k.must(err)
		if c.Decision != d || c.Body != body {
			k.Fatalf("conflict has %v, %v", c.Decision, c.Body)
		}
		for i := range put {
			put[i].Durable = true
		}
		put[70].Clash.Decision, put[70].Clash.Body = d, body
		k.sameRows(k.rows(p.ID), put)
	}
	k.must(k.st.Conflicts.Decide(k.ctx, id, tandem.TakeB, nil))
	check(tandem.TakeB, tandem.Digest{})
	for _, text := range []string{"by hand", strings.Repeat("by hand ", 5000)} {
		k.must(k.st.Conflicts.Decide(k.ctx, id, tandem.TakeBody, tandem.Bytes(text)))
		sum := tandem.Digest(sha256.Sum256([]byte(text)))
		check(tandem.TakeBody, sum)
		got, err := k.st.Blobs.Get(k.ctx, sum)
		k.must(err)
		if string(got) != text {
			k.Fatal("the version written by hand is another")
		}
	}
	k.must(k.st.Conflicts.Decide(k.ctx, id, tandem.Undecided, nil))
	check(tandem.Undecided, tandem.Digest{})
	k.wantKind(k.st.Conflicts.Decide(k.ctx, id, tandem.TakeBody, nil), tandem.Invalid)
	k.wantKind(k.st.Conflicts.Decide(k.ctx, id, tandem.TakeA, tandem.Bytes("x")), tandem.Invalid)
	k.wantKind(k.st.Conflicts.Decide(k.ctx, 9999, tandem.TakeA, nil), tandem.NotFound)
	// A row that has moved on is left alone.
	put[70].Clash = nil
	k.commit(p.ID, store.Commit{Put: put[70:71], Durable: true})
	k.must(k.st.Conflicts.Decide(k.ctx, id, tandem.TakeA, nil))
	put[70].Durable = true
	k.sameRows(k.rows(p.ID), put)
	k.commit(p.ID, store.Commit{Drop: []int64{put[70].Link}})
	k.must(k.st.Conflicts.Decide(k.ctx, id, tandem.TakeB, nil))
}
