package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"tandem"
	"tandem/store"
)

func shown(id string, version int) tandem.Shown {
	s := tandem.Shown{ID: tandem.ID(id), Version: tandem.Version(fmt.Sprint(version)), Size: int64(version)}
	s.Digest[0] = byte(version)
	return s
}

func row(id string, version int) tandem.Row {
	return tandem.Row{A: shown(id, version), B: shown("b-"+id, version), UID: id}
}

func (k *kit) pair(key string) store.Pair {
	k.Helper()
	p, err := k.st.Bases.Open(k.ctx, key)
	k.must(err)
	return p
}

func (k *kit) rows(pair int64) []tandem.Row {
	k.Helper()
	var out []tandem.Row
	for r, err := range k.st.Bases.Rows(k.ctx, pair) {
		k.must(err)
		out = append(out, r)
	}
	return out
}

func (k *kit) commit(pair int64, c store.Commit) {
	k.Helper()
	k.must(k.st.Bases.Commit(k.ctx, pair, c))
}

func testPairs(k *kit) {
	p := k.pair("one")
	if p.ID == 0 || p.Key != "one" || p.Rows != 0 || p.Last != 0 || p.Cursors != [2]tandem.Cursor{} {
		k.Fatalf("new pair %+v", p)
	}
	if again := k.pair("one"); again != p {
		k.Fatalf("opened again: %+v, first %+v", again, p)
	}
	other := k.pair("two")
	ids := [2]tandem.Identity{{Store: "a", Epoch: "1"}, {Store: "b", Epoch: "2"}}
	cursors := [2]tandem.Cursor{"ca", "cb"}
	scope := "all"
	k.commit(p.ID, store.Commit{Put: []tandem.Row{row("x", 1), row("y", 1)}, Identities: &ids, Cursors: &cursors, Scope: &scope, Finished: 77})
	got := k.pair("one")
	want := store.Pair{ID: p.ID, Key: "one", Identities: ids, Cursors: cursors, Scope: "all", Rows: 2, Boot: p.Boot, Last: 77}
	if got != want {
		k.Fatalf("pair %+v, want %+v", got, want)
	}
	k.commit(p.ID, store.Commit{})
	if got := k.pair("one"); got != want {
		k.Fatalf("an empty commit changed %+v into %+v", want, got)
	}
	list, err := k.st.Bases.Pairs(k.ctx)
	k.must(err)
	if !slices.Equal(list, []store.Pair{want, other}) {
		k.Fatalf("pairs %+v", list)
	}
	k.must(k.st.Bases.Remove(k.ctx, p.ID))
	if got := k.pair("one"); got.Rows != 0 || got.Last != 0 || got.ID == p.ID {
		k.Fatalf("after removal: %+v", got)
	}
	k.wantKind(k.st.Bases.Commit(k.ctx, p.ID, store.Commit{}), tandem.NotFound)
	for _, err := range k.st.Bases.Rows(k.ctx, p.ID) {
		k.wantKind(err, tandem.NotFound)
	}
}

func testRows(k *kit) {
	p := k.pair("p")
	put := make([]tandem.Row, 200)
	for i := range put {
		put[i] = row(fmt.Sprint(i), i)
	}
	put[3].B = tandem.Shown{}
	put[4].A = tandem.Shown{}
	put[5].Aside = &tandem.Aside{Reason: "bad", Tries: 2, Until: 99, A: "va", B: "vb"}
	k.commit(p.ID, store.Commit{Put: put})
	seen := map[int64]bool{}
	for _, r := range put {
		if r.Link == 0 || seen[r.Link] {
			k.Fatalf("link %d of a new row", r.Link)
		}
		seen[r.Link] = true
	}
	k.sameRows(k.rows(p.ID), put)

	put[10].A.Version = "changed"
	put[199].UID = "changed"
	k.commit(p.ID, store.Commit{Put: []tandem.Row{put[10], put[199]}, Drop: []int64{put[0].Link, put[150].Link, 1 << 40}})
	left := slices.Concat(put[1:150], put[151:])
	k.sameRows(k.rows(p.ID), left)
	if got := k.pair("p").Rows; got != 198 {
		k.Fatalf("%d rows counted", got)
	}
	all := make([]int64, 0, len(left))
	for _, r := range left {
		all = append(all, r.Link)
	}
	k.commit(p.ID, store.Commit{Drop: all})
	if n := len(k.rows(p.ID)); n != 0 || k.pair("p").Rows != 0 {
		k.Fatalf("%d rows after dropping all", n)
	}
	fresh := []tandem.Row{row("fresh", 1)}
	k.commit(p.ID, store.Commit{Put: fresh})
	if seen[fresh[0].Link] {
		k.Fatal("the link of a dropped row was given out again")
	}
}

func (k *kit) sameRows(got, want []tandem.Row) {
	k.Helper()
	byLink := func(a, b tandem.Row) int { return int(a.Link - b.Link) }
	got, want = slices.Clone(got), slices.Clone(want)
	slices.SortFunc(got, byLink)
	slices.SortFunc(want, byLink)
	if len(got) != len(want) {
		k.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range got {
		if !reflect.DeepEqual(got[i], want[i]) {
			k.Fatalf("row %d:\n got %+v\nwant %+v", got[i].Link, got[i], want[i])
		}
	}
}

func testBadCommits(k *kit) {
	p := k.pair("p")
	put := []tandem.Row{row("x", 1)}
	k.commit(p.ID, store.Commit{Put: put})
	before := k.rows(p.ID)
	unknown := row("y", 1)
	unknown.Link = put[0].Link + 500
	cursors := [2]tandem.Cursor{"new", "new"}
	fresh := row("z", 1)
	bad := store.Commit{Put: []tandem.Row{fresh, unknown}, Cursors: &cursors, History: []store.Past{{Title: "none"}}, Conflicts: []store.Conflict{{Title: "none"}}}
	k.wantKind(k.st.Bases.Commit(k.ctx, p.ID, bad), tandem.NotFound)
	k.wantKind(k.st.Bases.Commit(k.ctx, p.ID, store.Commit{Put: put, Drop: []int64{put[0].Link}, Cursors: &cursors}), tandem.Invalid)
	nameless := row("n", 1)
	nameless.Clash = &tandem.Clash{Conflict: -1}
	k.wantKind(k.st.Bases.Commit(k.ctx, p.ID, store.Commit{Put: []tandem.Row{nameless}}), tandem.Invalid)
	if bad.Put[0].Link != 0 || bad.History[0].ID != 0 || bad.Conflicts[0].ID != 0 {
		k.Fatal("a failed commit handed out ids")
	}
	k.sameRows(k.rows(p.ID), before)
	if got := k.pair("p"); got.Cursors != [2]tandem.Cursor{} || got.Rows != 1 {
		k.Fatalf("a failed commit left %+v", got)
	}
	if list, err := k.st.History.List(k.ctx, store.PastFilter{}); err != nil || len(list) != 0 {
		k.Fatalf("a failed commit left history %+v (%v)", list, err)
	}
	if list, err := k.st.Conflicts.List(k.ctx, 0, false); err != nil || len(list) != 0 {
		k.Fatalf("a failed commit left conflicts %+v (%v)", list, err)
	}
}

func testRowsOf(k *kit) {
	p, other := k.pair("p"), k.pair("other")
	put := make([]tandem.Row, 500)
	for i := range put {
		put[i] = row(fmt.Sprint(i), i)
	}
	put[7].B = tandem.Shown{}
	k.commit(p.ID, store.Commit{Put: put})
	k.commit(other.ID, store.Commit{Put: []tandem.Row{row("3", 9)}})
	find := func(side tandem.Side, ids ...tandem.ID) []tandem.Row {
		k.Helper()
		rows, err := k.st.Bases.RowsOf(k.ctx, p.ID, side, ids)
		k.must(err)
		return rows
	}
	k.sameRows(find(tandem.SideA, "3", "499", "none", ""), []tandem.Row{put[3], put[499]})
	k.sameRows(find(tandem.SideB, "b-3", "b-250"), []tandem.Row{put[3], put[250]})
	k.sameRows(find(tandem.SideB, "3"), nil)
	k.sameRows(find(tandem.SideA), nil)
	put[3].A.ID = "renamed"
	k.commit(p.ID, store.Commit{Put: []tandem.Row{put[3]}})
	k.sameRows(find(tandem.SideA, "3"), nil)
	k.sameRows(find(tandem.SideA, "renamed"), []tandem.Row{put[3]})

	put[9].Aside = &tandem.Aside{Reason: "r"}
	put[8].Clash = &tandem.Clash{A: shown("q", 1)}
	k.commit(p.ID, store.Commit{Put: put[8:10]})
	pending, err := k.st.Bases.Pending(k.ctx, p.ID)
	k.must(err)
	k.sameRows(pending, put[8:10])
	put[9].Aside = nil
	k.commit(p.ID, store.Commit{Put: put[9:10], Drop: []int64{put[8].Link}})
	pending, err = k.st.Bases.Pending(k.ctx, p.ID)
	k.must(err)
	k.sameRows(pending, nil)
}

func testDurable(k *kit) {
	p := k.pair("p")
	put := []tandem.Row{row("a", 1), row("b", 1)}
	put[1].Durable = true
	k.commit(p.ID, store.Commit{Put: put})
	durable := func() (list []bool) {
		for _, r := range k.rows(p.ID) {
			list = append(list, r.Durable)
		}
		return list
	}
	if got := durable(); !slices.Equal(got, []bool{false, true}) {
		k.Fatalf("durable %v", got)
	}
	k.commit(p.ID, store.Commit{Put: []tandem.Row{row("c", 1)}, Durable: true})
	if got := durable(); !slices.Equal(got, []bool{true, true, true}) {
		k.Fatalf("after a durable commit: %v", got)
	}
	k.commit(p.ID, store.Commit{Put: []tandem.Row{put[0]}})
	if got := durable(); !slices.Equal(got, []bool{false, true, true}) {
		k.Fatalf("after a change that is not: %v", got)
	}
}

func testLease(k *kit) {
	p, other := k.pair("p"), k.pair("other")
	release, err := k.st.Bases.Lease(k.ctx, p.ID, "first run")
	k.must(err)
	_, err = k.st.Bases.Lease(k.ctx, p.ID, "second run")
	k.wantKind(err, tandem.Busy)
	k.wantText(err, "first run")
	release2, err := k.st.Bases.Lease(k.ctx, other.ID, "second run")
	k.must(err)
	release()
	release()
	third, err := k.st.Bases.Lease(k.ctx, p.ID, "third run")
	k.must(err)
	release()
	_, err = k.st.Bases.Lease(k.ctx, p.ID, "fourth run")
	k.wantKind(err, tandem.Busy)
	third()
	release2()
}

func runBases(t *testing.T, run runner) {
	run(t, "Pairs", testPairs)
	run(t, "Rows", testRows)
	run(t, "BadCommits", testBadCommits)
	run(t, "RowsOf", testRowsOf)
	run(t, "Durable", testDurable)
	run(t, "Lease", testLease)
}
