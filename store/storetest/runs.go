package storetest

import (
	"slices"
	"time"

	"tandem"
	"tandem/store"
)

func testRuns(k *kit) {
	var ids []int64
	for i, item := range []string{"a", "b", "a"} {
		id, err := k.st.Events.StartRun(k.ctx, store.Run{Pair: 4, Item: item, Started: int64(i + 1)})
		k.must(err)
		ids = append(ids, id)
	}
	done := store.Run{ID: ids[0], Pair: 4, Item: "a", Started: 1, Finished: 9, Result: "ok", Detail: "{}"}
	h := k.hook(store.Hook{URL: "https://example.org/"})
	tell := store.Delivery{Hook: h.ID, Key: "run/1", Event: "run.ended", Body: []byte("{}"), Added: 9, Next: 9}
	last := []store.Event{{When: 9, Session: ids[0], Item: "a", Level: store.Warning, Text: "one was left"}, {When: 9, Session: ids[0], Item: "a", Text: "in step"}}
	news := k.st.Events.Subscribe(k.ctx)
	k.must(k.st.Events.EndRun(k.ctx, done, last, tell, tell))
	select {
	case <-news:
	case <-time.After(time.Minute):
		k.Fatal("nobody was told of the lines with which a run ended")
	}
	k.must(k.st.Events.EndRun(k.ctx, done, nil, tell))
	other := tell
	other.Key = "run/9999"
	k.wantKind(k.st.Events.EndRun(k.ctx, store.Run{ID: 9999}, last, other), tandem.NotFound)
	if queued, err := k.st.Hooks.Deliveries(k.ctx, h.ID, 0); err != nil || len(queued) != 1 || queued[0].Key != "run/1" {
		k.Errorf("of a run that ended, and one that is none, are queued: %+v, %v", queued, err)
	}
	if lines, err := k.st.Events.List(k.ctx, 0, "a", 0); err != nil || len(lines) != 2 || lines[0].Text != "one was left" || lines[1].Text != "in step" || lines[1].Session != ids[0] {
		k.Errorf("of a run that ended, and one that is none, the log has: %+v, %v", lines, err)
	}
	list, err := k.st.Events.Runs(k.ctx, store.RunFilter{Item: "a"})
	k.must(err)
	if len(list) != 2 || list[0].ID != ids[2] || list[1] != done {
		k.Fatalf("%+v", list)
	}
	list, err = k.st.Events.Runs(k.ctx, store.RunFilter{Limit: 2})
	k.must(err)
	if len(list) != 2 || list[0].ID != ids[2] || list[1].ID != ids[1] {
		k.Fatalf("%+v", list)
	}
}

// testRunsOf: runs of some items and phones come merged, newest first, page by page, and nobody else's with them.
func testRunsOf(k *kit) {
	var ids []int64
	for _, r := range []store.Run{{Item: "a", Pair: 1}, {Item: "device/3/7"}, {Item: "a", Pair: 2}, {Item: "device/30/7"}, {Item: "b", Pair: 1}, {Item: "device/3/8"}, {Item: "device/3"}, {Item: "c", Pair: 1},
		{Item: "device/3/7"}, {Item: "a", Pair: 1}} {
		id, err := k.st.Events.StartRun(k.ctx, r)
		k.must(err)
		ids = append(ids, id)
	}
	of := &store.RunsOf{Items: []string{"a", "b", "a", "none"}, Pairs: []int64{1, 9}, Phones: []int64{3, 4}}
	check := func(f store.RunFilter, want ...int) {
		k.Helper()
		list, err := k.st.Events.Runs(k.ctx, f)
		k.must(err)
		var got []int
		for _, r := range list {
			got = append(got, slices.Index(ids, r.ID))
		}
		if !slices.Equal(got, want) {
			k.Errorf("%+v: %v, want %v", f, got, want)
		}
	}
	check(store.RunFilter{Of: of}, 9, 8, 5, 4, 1, 0)
	check(store.RunFilter{Of: of, Limit: 2}, 9, 8)
	check(store.RunFilter{Of: of, Limit: 2, Before: ids[8]}, 5, 4)
	check(store.RunFilter{Of: of, Limit: 9, Before: ids[4]}, 1, 0)
	check(store.RunFilter{Of: of, Before: ids[0]})
	check(store.RunFilter{Of: of, Item: "a"}, 9, 0)
	check(store.RunFilter{Of: of, Item: "c"})
	check(store.RunFilter{Of: &store.RunsOf{}})
	check(store.RunFilter{Item: "a", Before: ids[9], Limit: 1}, 2)
	check(store.RunFilter{Before: ids[2]}, 1, 0)
}

// testClaim: a session claims what its author overwrote and deleted in its collection and time, what belongs to no session yet, and nothing that was refused.
func testClaim(k *kit) {
	c, other := k.collection(tandem.Contact), k.collection(tandem.Note)
	phone := store.Author{User: "ann", Via: "eas:iPhone/P1"}
	write := func(c tandem.Collection, who store.Author, w store.HomeWrite) tandem.Outcome {
		k.Helper()
		outs, err := k.st.Home.Write(k.ctx, c.ID, who, []store.HomeWrite{w})
		k.must(err)
		if outs[0].Status != tandem.Applied {
			k.Fatalf("%+v", outs[0])
		}
		return outs[0]
	}
	both := func(c tandem.Collection, who store.Author, id tandem.ID) { // two entries
		k.Helper()
		o := write(c, who, put(tandem.Create, id, "", "one"))
		o = write(c, who, put(tandem.Update, id, o.Version, "two"))
		write(c, who, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: id, If: o.Version}})
	}
	both(c, phone, "mine")
	both(other, phone, "elsewhere")
	both(c, store.Author{User: "ann", Via: "eas:iPhone/P2"}, "another's")
	both(c, store.Author{User: "ann", Via: phone.Via, Session: 5}, "claimed")
	_, err := k.st.History.Keep(k.ctx, store.Past{When: 1, Collection: c.ID, Record: "mine", Op: tandem.Delete, Who: phone.User, From: phone.Via})
	k.must(err)
	all, err := k.st.History.List(k.ctx, store.PastFilter{Record: "mine"})
	k.must(err)
	for _, p := range all {
		if p.Op == tandem.Update {
			refused := p
			refused.ID, refused.After = 0, p.After
			_, err = k.st.History.Keep(k.ctx, refused)
			k.must(err)
		}
	}
	now := all[len(all)-1].When
	claim := func(since, until int64) int {
		k.Helper()
		n, err := k.st.History.Claim(k.ctx, 7, store.Claim{Collection: c.ID, User: "Ann", Via: phone.Via, Since: since, Until: until})
		k.must(err)
		return n
	}
	if n := claim(0, now-100) + claim(now+100, now+200); n != 0 {
		k.Errorf("of another time %d are claimed", n)
	}
	if n := claim(now-100, now+100); n != 2 {
		k.Errorf("%d are claimed, want 2", n)
	}
	if n := claim(now-100, now+100); n != 0 {
		k.Errorf("once more %d are claimed", n)
	}
	list, err := k.st.History.List(k.ctx, store.PastFilter{Session: 7})
	k.must(err)
	if len(list) != 2 || list[0].Record != "mine" || list[0].Op != tandem.Delete || list[1].Record != "mine" || list[1].Op != tandem.Update {
		k.Errorf("claimed are %+v", list)
	}
	if list, err = k.st.History.List(k.ctx, store.PastFilter{Session: 5}); err != nil || len(list) != 2 {
		k.Errorf("another session has %+v, %v", list, err)
	}
}

func testEvents(k *kit) {
	k.must(k.st.Events.Add(k.ctx))
	in := []store.Event{
		{When: 1, Session: 2, Item: "a", Level: store.Warning, Text: "one", Record: "r", Remedy: "do this"},
		{When: 2, Item: "b", Level: store.Error, Text: "two"}, {When: 3, Item: "a", Text: "three"},
	}
	k.must(k.st.Events.Add(k.ctx, in...))
	list, err := k.st.Events.List(k.ctx, 0, "", 0)
	k.must(err)
	if len(list) != 3 || list[0].ID == 0 || list[1].ID <= list[0].ID || list[2].ID <= list[1].ID {
		k.Fatalf("%+v", list)
	}
	for i := range in {
		in[i].ID = list[i].ID
	}
	if !slices.Equal(list, in) {
		k.Fatalf("got  %+v\nwant %+v", list, in)
	}
	list, err = k.st.Events.List(k.ctx, in[0].ID, "a", 5)
	k.must(err)
	if !slices.Equal(list, in[2:]) {
		k.Fatalf("%+v", list)
	}
	list, err = k.st.Events.List(k.ctx, 0, "", 1)
	k.must(err)
	if !slices.Equal(list, in[:1]) {
		k.Fatalf("%+v", list)
	}
	n, err := k.st.Events.Purge(k.ctx, 3)
	k.must(err)
	list, err = k.st.Events.List(k.ctx, 0, "", 0)
	k.must(err)
	if n != 2 || !slices.Equal(list, in[2:]) {
		k.Fatalf("purged %d, left %+v", n, list)
	}
}
