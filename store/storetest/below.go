package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"tandem"
	"tandem/store"
)

func directory(id tandem.ID) store.HomeWrite {
	return store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: id, Record: tandem.Record{Meta: tandem.Meta{Attrs: "type=dir"}}}}
}

func testBelow(k *kit) {
	c := k.collection(tandem.File)
	for _, id := range []tandem.ID{"d", "d/e", "d/e/f", "d!", "d.txt", "d0", "\xff", "\xff/\xff", "empty"} {
		k.applied(c, directory(id))
	}
	for _, id := range []tandem.ID{"a", "d/e/f/deep", "d/e!", "d/e.txt", "d/e0", "d/x", "d0/y", "z", "\xff/\xff/\xff"} {
		k.applied(c, put(tandem.Create, id, "", "body"))
	}
	k.applied(c, put(tandem.Create, "d/gone", "", "body"))
	k.del(c, "d/gone")
	below := func(dir tandem.ID, deep bool, want ...string) {
		k.Helper()
		k.wantIDs(k.st.Lookup.Below(k.ctx, c.ID, dir, deep), want...)
	}
	below("", false, "a", "d", "d!", "d.txt", "d0", "empty", "z", "\xff")
	below("d", false, "d/e", "d/e!", "d/e.txt", "d/e0", "d/x")
	below("d", true, "d/e", "d/e!", "d/e.txt", "d/e/f", "d/e/f/deep", "d/e0", "d/x")
	below("d/e", false, "d/e/f")
	below("\xff", true, "\xff/\xff", "\xff/\xff/\xff")
	below("empty", false)
	below("a", false)
	below("none", true)
	if n := len(k.all(k.st.Lookup.Below(k.ctx, c.ID, "", true))); n != 18 {
		k.Fatalf("%d records in all, want 18", n)
	}
	for r := range k.st.Lookup.Below(k.ctx, c.ID, "", true) {
		if r.ID != "a" || r.Body != nil || r.Size != 4 || r.Number == 0 || r.Kind != tandem.File {
			k.Fatalf("the first one is %+v", r)
		}
		break // and that ends it
	}
	flat := k.collection(tandem.Contact)
	k.applied(flat, put(tandem.Create, "a/b", "", "one"))
	k.applied(flat, put(tandem.Create, "a", "", "two"))
	for _, deep := range []bool{false, true} {
		k.wantIDs(k.st.Lookup.Below(k.ctx, flat.ID, "", deep), "a", "a/b")
		k.wantIDs(k.st.Lookup.Below(k.ctx, flat.ID, "a", deep))
	}
	for _, err := range k.st.Lookup.Below(k.ctx, 9999, "", true) {
		k.wantKind(err, tandem.NotFound)
	}
}

// testBelowModel compares with a look at every record, in a tree large enough for many reads.
func testBelowModel(k *kit) {
	c := k.collection(tandem.File)
	r := rand.New(rand.NewPCG(1, 2))
	dirs, ids := []string{""}, []string{}
	var writes []store.HomeWrite
	for i := range 3000 {
		id := dirs[r.IntN(len(dirs))] + fmt.Sprint(r.IntN(50), ".", i)
		ids = append(ids, id)
		if i%60 == 0 {
			writes = append(writes, directory(tandem.ID(id)))
			dirs = append(dirs, id+"/")
		} else {
			writes = append(writes, put(tandem.Create, tandem.ID(id), "", "x"))
		}
	}
	for _, o := range k.write(c, writes...) {
		if o.Status != tandem.Applied {
			k.Fatal(o.Err)
		}
	}
	slices.Sort(ids)
	for _, dir := range dirs {
		for _, deep := range []bool{false, true} {
			var want []string
			for _, id := range ids {
				if name, in := strings.CutPrefix(id, dir); in && (deep || !strings.Contains(name, "/")) {
					want = append(want, id)
				}
			}
			k.wantIDs(k.st.Lookup.Below(k.ctx, c.ID, tandem.ID(strings.TrimSuffix(dir, "/")), deep), want...)
		}
	}
}

// testWhole writes lists of which all is done or nothing.
func testWhole(k *kit) {
	c := k.collection(tandem.File)
	k.applied(c, directory("d"))
	o := k.applied(c, put(tandem.Create, "d/x", "", "x"))
	before := k.since(c, 0)
	past, err := k.st.History.List(k.ctx, store.PastFilter{})
	k.must(err)
	whole := func(w store.HomeWrite) store.HomeWrite {
		w.Whole = true
		return w
	}
	del := func(id tandem.ID, at tandem.Version) store.HomeWrite {
		return store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: id, If: at}}
	}
	dir := k.get(c, "d")["d"].Version
	out := k.write(c, put(tandem.Create, "n", "", "n"), whole(del("d/x", o.Version)), whole(del("d", "77")), whole(put(tandem.Create, "later", "", "n")))
	for i, want := range []tandem.Status{tandem.RetryAfter, tandem.RetryAfter, tandem.PreconditionFailed, tandem.RetryAfter} {
		if out[i].Status != want || out[i].Err == nil || out[i].ID == "" {
			k.Fatalf("write %d of a list that was not done: %+v, want %s", i, out[i], want)
		}
	}
	now, err := k.st.History.List(k.ctx, store.PastFilter{})
	k.must(err)
	if after := k.since(c, 0); len(after) != len(before) || len(now) != len(past) || k.get(c, "d/x")["d/x"].Version != o.Version {
		k.Fatalf("something was done: %+v", after)
	}
	out = k.write(c, whole(del("d/x", o.Version)), put(tandem.Create, "none/x", "", "n"), whole(del("d", dir)))
	if out[0].Status != tandem.Applied || out[1].Status != tandem.Rejected || out[2].Status != tandem.Applied {
		k.Fatalf("a failure of a write that is not Whole: %+v", out)
	}
}

// testStill writes to a collection only if it stands where the writer saw it, also when others write at the same moment.
func testStill(k *kit) {
	c := k.collection(tandem.Contact)
	still := func(w store.HomeWrite, seq int64) store.HomeWrite {
		w.Still = &seq
		return w
	}
	k.applied(c, still(put(tandem.Create, "a", "", "a"), 0))
	out := k.write(c, still(put(tandem.Create, "b", "", "b"), 1), still(put(tandem.Create, "c", "", "c"), 1), still(put(tandem.Create, "d", "", "d"), 0), put(tandem.Create, "e", "", "e"))
	for i, want := range []tandem.Status{tandem.Applied, tandem.Applied, tandem.PreconditionFailed, tandem.Applied} {
		if out[i].Status != want || want != tandem.Applied && !tandem.IsKind(out[i].Err, tandem.Changed) {
			k.Fatalf("write %d: %+v, want %s", i, out[i], want)
		}
	}
	const writers = 8
	done := make(chan bool, writers)
	for i := range writers {
		go func() {
			w := still(put(tandem.Create, tandem.ID(fmt.Sprint("w", i)), "", fmt.Sprint(i)), 4)
			out, err := k.st.Home.Write(k.ctx, c.ID, store.Author{}, []store.HomeWrite{w})
			done <- err == nil && out[0].Status == tandem.Applied
		}()
	}
	won := 0
	for range writers {
		if <-done {
			won++
		}
	}
	if won != 1 {
		k.Fatalf("%d of those who saw the same state wrote", won)
	}
}

// testOwnBody writes a body that came from the store, small and large, and one that is swept meanwhile.
func testOwnBody(k *kit) {
	c := k.collection(tandem.File)
	for i, text := range []string{"", "small", strings.Repeat("large ", 20000)} {
		from, to := tandem.ID(fmt.Sprint("from", i)), tandem.ID(fmt.Sprint("to", i))
		k.applied(c, put(tandem.Create, from, "", text))
		w := put(tandem.Create, to, "", text)
		w.Record.Body = k.get(c, from)[from].Body
		if o := k.applied(c, w); o.Size != int64(len(text)) {
			k.Fatalf("copied %d bytes, want %d", o.Size, len(text))
		}
		sum, _, err := k.st.Blobs.Put(k.ctx, strings.NewReader(text+"!"))
		k.must(err)
		body, err := k.st.Blobs.Open(k.ctx, sum)
		k.must(err)
		w = put(tandem.Update, to, k.get(c, to)[to].Version, text+"!")
		w.Record.Body = body
		k.applied(c, w)
		if got := k.body(k.get(c, to)[to].Body); got != text+"!" || k.body(k.get(c, from)[from].Body) != text {
			k.Fatalf("after an update there are %d bytes", len(got))
		}
	}
}

// testFrom makes records with the bodies of others.
func testFrom(k *kit) {
	c, other := k.collection(tandem.File), k.collection(tandem.Contact)
	large := strings.Repeat("large ", 20000)
	for i, text := range []string{"", "small", large} {
		id := tandem.ID(fmt.Sprint("from", i))
		k.applied(c, put(tandem.Create, id, "", text))
		from := k.get(c, id)[id]
		for _, to := range []tandem.Collection{c, other} {
			w := put(tandem.Create, id+"-copy", "", text)
			w.Record.Body, w.From, w.FromSeq = nil, from.Number, from.Seq
			if o := k.applied(to, w); o.Size != int64(len(text)) || o.Digest != from.Digest {
				k.Fatalf("copied %+v", o)
			}
			if got := k.body(k.get(to, w.ID)[w.ID].Body); got != text {
				k.Fatalf("the copy has %d bytes, want %d", len(got), len(text))
			}
			w.Op, w.If = tandem.Update, k.get(to, w.ID)[w.ID].Version
			w.FromSeq++
			k.refused(to, w, tandem.PreconditionFailed)
		}
	}
	dir := k.applied(c, directory("d"))
	w := directory("e")
	w.From, w.FromSeq = k.number(c, "d"), k.get(c, "d")["d"].Seq
	if k.applied(c, w); k.get(c, "e")["e"].Body != nil {
		k.Fatal("the copy of what has no body has one")
	}
	w.ID = "f"
	k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: "d", If: dir.Version}})
	k.refused(c, w, tandem.PreconditionFailed)
}

// testTake moves records from one collection into another, with nothing in between.
func testTake(k *kit) {
	inbox, files := k.collection(tandem.Mail), k.collection(tandem.File)
	archive, err := k.st.Home.PutCollection(k.ctx, tandem.Collection{User: inbox.User, Kind: tandem.Mail, Name: "archive"})
	k.must(err)
	k.applied(inbox, put(tandem.Create, "a", "", "text"))
	k.applied(inbox, put(tandem.Create, "b", "", "other"))
	k.applied(files, put(tandem.Create, "f", "", "text"))
	from := k.get(inbox, "a")["a"]
	move := func(id tandem.ID, marker tandem.Marker) store.HomeWrite {
		w := put(tandem.Create, id, "", "text")
		w.Record.Body, w.From, w.FromSeq, w.Take, w.Marker = nil, from.Number, from.Seq, true, marker
		return w
	}
	w := move("a", "once")
	w.FromSeq++
	k.refused(archive, w, tandem.PreconditionFailed)
	if k.refused(files, move("x", ""), tandem.Rejected); len(k.get(files, "x")) != 0 || len(k.get(inbox, "a")) != 1 {
		k.Fatal("what was refused was done")
	}
	failing := put(tandem.Delete, "nothing", "1", "")
	failing.Whole = true
	if k.write(archive, move("a", "once"), failing); len(k.get(archive, "a")) != 0 || len(k.get(inbox, "a")) != 1 {
		k.Fatal("what was taken back was done")
	}
	ctx, cancel := context.WithCancel(k.ctx)
	defer cancel()
	wakeups := k.st.Home.Subscribe(ctx)
	k.applied(archive, move("a", "once"))
	told := map[int64]bool{}
	for len(told) < 2 {
		told[(<-wakeups).Collection] = true
	}
	if !told[inbox.ID] || !told[archive.ID] {
		k.Errorf("told of %v", told)
	}
	if got := k.get(archive, "a")["a"]; k.body(got.Body) != "text" || len(k.get(inbox, "a")) != 0 || len(k.get(inbox, "b")) != 1 {
		k.Errorf("it did not move: %+v", got)
	}
	if l := k.since(inbox, from.Seq+1); len(l) != 1 || !l[0].Deleted || l[0].ID != "a" {
		k.Errorf("the collection it left tells %+v", l)
	}
	for _, c := range []tandem.Collection{inbox, archive} {
		if n, _, err := k.st.Lookup.Count(k.ctx, c.ID, 0); n != 1 || err != nil {
			k.Errorf("%d records are left, %v", n, err)
		}
	}
	k.refused(archive, move("c", ""), tandem.PreconditionFailed)
	from = k.get(archive, "a")["a"]
	if k.applied(archive, move("d", "")); len(k.get(archive, "a")) != 0 || len(k.get(archive, "d")) != 1 {
		k.Error("it did not move within its collection")
	}
}
