package storetest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

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
