package storetest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem"
	"tandem/store"
)

func runRest(t *testing.T, run runner) {
	run(t, "Accounts", testAccounts)
	run(t, "Blobs", testBlobs)
	run(t, "Sweep", testSweep)
	run(t, "History", testHistory)
	run(t, "HistoryOfCommits", testHistoryOfCommits)
	run(t, "Keep", testKeep)
	run(t, "Conflicts", testConflicts)
	run(t, "Decide", testDecide)
	run(t, "LeaveOut", testLeaveOut)
	run(t, "Runs", testRuns)
	run(t, "RunsOf", testRunsOf)
	run(t, "Claim", testClaim)
	run(t, "Events", testEvents)
	run(t, "EventsSubscribe", testEventsSubscribe)
	run(t, "Settings", testSettings)
	run(t, "Values", testValues)
	run(t, "Parallel", testParallel)
	run(t, "Closed", testClosed)
}

// unsized is a body that does not know its size.
type unsized struct{ tandem.Bytes }

func (unsized) Size() int64 { return -1 }

// broken is a body that fails after n bytes.
type broken struct{ n int }

var errBroken = errors.New("the line broke")

func (b broken) Open() (io.ReadCloser, error) {
	return io.NopCloser(io.MultiReader(bytes.NewReader(make([]byte, b.n)), failing{})), nil
}
func (b broken) Size() int64 { return int64(b.n) + 1 }

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }

func testAccounts(k *kit) {
	k.must(k.st.Accounts.AddUser(k.ctx, store.User{Name: "Bob", Title: "Bob B."}))
	k.must(k.st.Accounts.AddUser(k.ctx, store.User{Name: "ann"}))
	k.wantKind(k.st.Accounts.AddUser(k.ctx, store.User{Name: "BOB"}), tandem.Exists)
	k.wantKind(k.st.Accounts.AddUser(k.ctx, store.User{}), tandem.Invalid)
	u, err := k.st.Accounts.User(k.ctx, "bob")
	k.must(err)
	if u != (store.User{Name: "bob", Title: "Bob B."}) {
		k.Fatalf("%+v", u)
	}
	_, err = k.st.Accounts.User(k.ctx, "carl")
	k.wantKind(err, tandem.NotFound)
	list, err := k.st.Accounts.Users(k.ctx)
	k.must(err)
	if len(list) != 2 || list[0].Name != "ann" {
		k.Fatalf("%+v", list)
	}
	k.collection(tandem.Contact)
	err = k.st.Accounts.RemoveUser(k.ctx, "ann")
	k.wantKind(err, tandem.Busy)
	k.wantText(err, "c-contact")
	k.must(k.st.Accounts.RemoveUser(k.ctx, "bob"))
	k.wantKind(k.st.Accounts.RemoveUser(k.ctx, "bob"), tandem.NotFound)
}

func testBlobs(k *kit) {
	for _, n := range []int{0, 1, 8192, 8193, 1 << 20} {
		data := bytes.Repeat([]byte{byte(n), 7}, n/2+1)[:n]
		want := tandem.Digest(sha256.Sum256(data))
		_, err := k.st.Blobs.Open(k.ctx, want)
		k.wantKind(err, tandem.NotFound)
		_, err = k.st.Blobs.Get(k.ctx, want)
		k.wantKind(err, tandem.NotFound)
		for range 2 {
			sum, size, err := k.st.Blobs.Put(k.ctx, bytes.NewReader(data))
			k.must(err)
			if sum != want || size != int64(n) {
				k.Fatalf("put %d bytes: %s, %d", n, sum, size)
			}
		}
		got, err := k.st.Blobs.Get(k.ctx, want)
		k.must(err)
		b, err := k.st.Blobs.Open(k.ctx, want)
		k.must(err)
		if !bytes.Equal(got, data) || k.body(b) != string(data) || b.Size() != int64(n) {
			k.Fatalf("%d bytes came back as %d, size %d", n, len(got), b.Size())
		}
	}
	for _, n := range []int{5, 50_000} {
		r, err := broken{n}.Open()
		k.must(err)
		if _, _, err := k.st.Blobs.Put(k.ctx, r); !errors.Is(err, errBroken) {
			k.Fatalf("put of a broken body: %v", err)
		}
	}
}

// testSweep checks that nothing which anything names is ever swept. What is swept depends on the grace period and is
// tested with the implementation.
func testSweep(k *kit) {
	c := k.collection(tandem.Contact)
	p := k.pair("p")
	bodies := map[string]tandem.Digest{}
	sum := func(s string) tandem.Digest {
		bodies[s] = sha256.Sum256([]byte(s))
		return bodies[s]
	}
	long := strings.Repeat("long ", 4000)
	o := k.applied(c, put(tandem.Create, "a", "", "overwritten"+long))
	k.applied(c, put(tandem.Update, "a", o.Version, "current"))
	sum("overwritten" + long)
	sum("current")
	r := row("x", 1)
	r.Body = sum("row")
	r.Clash = &tandem.Clash{Conflict: -1, New: true, Body: sum("by hand")}
	var list []tandem.Bytes
	for _, s := range []string{"row", "by hand", "a's version" + long, "past"} {
		list = append(list, tandem.Bytes(s))
	}
	k.commit(p.ID, store.Commit{Put: []tandem.Row{r}, Bodies: list, History: []store.Past{{Body: sum("past")}},
		Conflicts: []store.Conflict{{Versions: []store.ConflictVersion{{Body: sum("a's version" + long)}, {Deleted: true}}}}})
	_, err := k.st.Blobs.Sweep(k.ctx)
	k.must(err)
	for s, d := range bodies {
		got, err := k.st.Blobs.Get(k.ctx, d)
		if err != nil || string(got) != s {
			k.Errorf("%.20q after a sweep: %v", s, err)
		}
	}
}

func testHistory(k *kit) {
	p := k.pair("p")
	all := []store.Past{
		{When: 10, Session: 1, Pair: p.ID, Place: "files:a", Kind: tandem.File, Record: "dir/one.txt", Op: tandem.Update, Who: "ann", From: "files:b", Title: "one 100%",
			Attrs: "mode=644", Digest: tandem.Digest{1}, Body: tandem.Digest{2}, After: "v2"},
		{When: 20, Session: 1, Pair: p.ID, Place: "files:b", Record: "two", Op: tandem.Delete, Parked: "trash/2"},
		{When: 30, Session: 2, Pair: p.ID, Place: "files:a", Record: "two", Op: tandem.SetAttrs, Title: "ONE_more"},
	}
	k.commit(p.ID, store.Commit{History: all})
	list := func(f store.PastFilter) (ids []int64) {
		k.Helper()
		got, err := k.st.History.List(k.ctx, f)
		k.must(err)
		for _, p := range got {
			ids = append(ids, p.ID)
		}
		return ids
	}
	a, b, c := all[0].ID, all[1].ID, all[2].ID
	for _, test := range []struct {
		f    store.PastFilter
		want []int64
	}{
		{store.PastFilter{}, []int64{c, b, a}}, {store.PastFilter{Limit: 2}, []int64{c, b}}, {store.PastFilter{Session: 1}, []int64{b, a}},
		{store.PastFilter{Record: "two"}, []int64{c, b}}, {store.PastFilter{Place: "files:a"}, []int64{c, a}}, {store.PastFilter{Text: "one"}, []int64{c, a}},
		{store.PastFilter{Text: "100%"}, []int64{a}}, {store.PastFilter{Text: "_"}, []int64{c}}, {store.PastFilter{Text: "dir/"}, []int64{a}},
		{store.PastFilter{Session: 1, Record: "two", Place: "files:b"}, []int64{b}}, {store.PastFilter{Session: 9}, nil},
	} {
		if got := list(test.f); !slices.Equal(got, test.want) {
			k.Errorf("%+v: %v, want %v", test.f, got, test.want)
		}
	}
	got, err := k.st.History.Past(k.ctx, a)
	k.must(err)
	if got != all[0] {
		k.Fatalf("got  %+v\nwant %+v", got, all[0])
	}
	n, err := k.st.History.Purge(k.ctx, 20)
	k.must(err)
	if n != 1 || !slices.Equal(list(store.PastFilter{}), []int64{c, b}) {
		k.Fatalf("purged %d", n)
	}
	_, err = k.st.History.Past(k.ctx, a)
	k.wantKind(err, tandem.NotFound)
}

func testHistoryOfCommits(k *kit) {
	c := k.collection(tandem.Contact)
	p := k.pair("p")
	ahead := []store.Past{{Record: "r", Title: "kept"}, {Record: "s", Title: "did not happen"}}
	k.commit(p.ID, store.Commit{History: ahead})
	o := k.applied(c, put(tandem.Create, "r", "", "x"))
	o = k.applied(c, put(tandem.Update, "r", o.Version, "y"))
	parked, err := k.st.History.List(k.ctx, store.PastFilter{Record: "r"})
	k.must(err)
	if len(parked) != 2 {
		k.Fatalf("%+v", parked)
	}
	done := store.Past{ID: ahead[0].ID, After: o.Version, Parked: o.Parked, Title: "not changed by this"}
	k.commit(p.ID, store.Commit{History: []store.Past{done}, Retract: []int64{ahead[1].ID}})
	got, err := k.st.History.Past(k.ctx, ahead[0].ID)
	k.must(err)
	if got.After != o.Version || got.Parked != o.Parked || got.Title != "kept" || got.Record != "r" {
		k.Fatalf("%+v", got)
	}
	_, err = k.st.History.Past(k.ctx, ahead[1].ID)
	k.wantKind(err, tandem.NotFound)
	// The same version parked by a home collection and recorded by a run is one line.
	run := []store.Past{{Record: "r", Place: parked[0].Place, Parked: o.Parked, Session: 5, Title: "of the run"}}
	k.commit(p.ID, store.Commit{History: run})
	list, err := k.st.History.List(k.ctx, store.PastFilter{Place: parked[0].Place})
	k.must(err)
	if len(list) != 1 || list[0].Title != "of the run" {
		k.Fatalf("%+v", list)
	}
}

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

func testSettings(k *kit) {
	c := k.collection(tandem.Contact)
	s := k.st.Settings
	it := store.Item{Name: "contacts-phone", User: "ann", Collection: c.ID, Partner: "phone", Sub: "book", Enabled: true, Mode: "continuous", Schedule: "@daily", Rules: "{}", Added: 5}
	k.wantKind(s.PutItem(k.ctx, it), tandem.NotFound)
	p := store.Partner{Name: "phone", Provider: "vdir", Place: "vdir:~/x", Title: "Phone", Added: 3}
	k.must(s.PutPartner(k.ctx, p))
	k.must(s.PutPartner(k.ctx, store.Partner{Name: "desk"}))
	p.Title = "My phone"
	k.must(s.PutPartner(k.ctx, p))
	partners, err := s.Partners(k.ctx)
	k.must(err)
	if !slices.Equal(partners, []store.Partner{{Name: "desk"}, p}) {
		k.Fatalf("%+v", partners)
	}
	nowhere := it
	nowhere.Collection = 9999
	k.wantKind(s.PutItem(k.ctx, nowhere), tandem.NotFound)
	k.must(s.PutItem(k.ctx, it))
	it.Enabled, it.Mode = false, "manual"
	k.must(s.PutItem(k.ctx, it))
	items, err := s.Items(k.ctx)
	k.must(err)
	if !slices.Equal(items, []store.Item{it}) {
		k.Fatalf("%+v", items)
	}
	err = s.RemovePartner(k.ctx, "phone")
	k.wantKind(err, tandem.Busy)
	k.wantText(err, "contacts-phone")
	k.wantKind(k.st.Home.RemoveCollection(k.ctx, c.ID), tandem.Busy)
	k.must(s.RemoveItem(k.ctx, it.Name))
	k.wantKind(s.RemoveItem(k.ctx, it.Name), tandem.NotFound)
	k.must(s.RemovePartner(k.ctx, "phone"))
	k.wantKind(s.RemovePartner(k.ctx, "phone"), tandem.NotFound)

	// An item of an account goes with its collection.
	it.Mode, it.Partner = store.OfAccount, "desk"
	k.must(s.PutItem(k.ctx, it))
	k.must(k.st.Home.RemoveCollection(k.ctx, c.ID))
	if items, err := s.Items(k.ctx); err != nil || len(items) != 0 {
		k.Fatalf("%+v, %v", items, err)
	}
}

func testValues(k *kit) {
	s := k.st.Settings
	for _, step := range []struct{ put, want map[string]string }{
		{nil, map[string]string{}},
		{map[string]string{"a": "1", "b": "two\nlines"}, map[string]string{"a": "1", "b": "two\nlines"}},
		{map[string]string{"a": "", "b": "3", "never": ""}, map[string]string{"b": "3"}},
	} {
		k.must(s.PutValues(k.ctx, step.put))
		got, err := s.Values(k.ctx)
		k.must(err)
		if !maps.Equal(got, step.want) {
			k.Fatalf("put %v: %v, want %v", step.put, got, step.want)
		}
	}
}

// testParallel uses everything at once, for the race detector and for deadlocks.
func testParallel(k *kit) {
	c := k.collection(tandem.Contact)
	p := k.pair("p")
	var wg sync.WaitGroup
	do := func(n int, f func(i int) error) {
		wg.Go(func() {
			for i := range n {
				if err := f(i); err != nil {
					k.Error(err)
					return
				}
			}
		})
	}
	do(20, func(i int) error {
		return k.st.Bases.Commit(k.ctx, p.ID, store.Commit{Put: []tandem.Row{row(fmt.Sprint(i), i)}, Bodies: []tandem.Bytes{tandem.Bytes(fmt.Sprint(i))}})
	})
	do(20, func(i int) error {
		_, err := k.st.Home.Write(k.ctx, c.ID, author, []store.HomeWrite{put(tandem.Create, tandem.ID(fmt.Sprint(i)), "", "x")})
		return err
	})
	do(20, func(i int) error { _, err := k.st.Blobs.Sweep(k.ctx); return err })
	do(20, func(i int) error { return k.st.Events.Add(k.ctx, store.Event{Text: "x"}) })
	do(20, func(i int) error {
		_, _, err := k.st.Blobs.Put(k.ctx, strings.NewReader(fmt.Sprint("blob", i)))
		return err
	})
	for range 4 {
		do(20, func(i int) error {
			for r, err := range k.st.Bases.Rows(k.ctx, p.ID) {
				if err != nil {
					return err
				}
				// Using the store while iterating must not hang.
				if _, err := k.st.Bases.RowsOf(k.ctx, p.ID, tandem.SideA, []tandem.ID{r.A.ID}); err != nil {
					return err
				}
			}
			return nil
		})
		do(20, func(i int) error { _, err := k.st.Home.Collections(k.ctx, ""); return err })
	}
	wg.Wait()
	if n := len(k.rows(p.ID)); n != 20 || len(k.since(c, 0)) != 20 {
		k.Fatalf("%d rows, %d records", n, len(k.since(c, 0)))
	}
}

func testClosed(k *kit) {
	c := k.collection(tandem.Contact)
	ch := k.st.Home.Subscribe(k.ctx)
	k.must(k.st.Close())
	for range ch {
		k.Fatal("a wake-up of a closed store")
	}
	if _, err := k.st.Bases.Open(k.ctx, "p"); err == nil {
		k.Error("a closed store opens a base")
	}
	if _, err := k.st.Home.Write(k.ctx, c.ID, author, []store.HomeWrite{put(tandem.Create, "x", "", "x")}); err == nil {
		k.Error("a closed store writes")
	}
	k.must(k.st.Close())
}
