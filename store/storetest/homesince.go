package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"tandem"
	"tandem/store"
)

func testSince(k *kit) {
	c, other := k.collection(tandem.Contact), k.collection(tandem.Event)
	k.applied(other, put(tandem.Create, "elsewhere", "", "x"))
	for i := range 10 {
		k.applied(c, put(tandem.Create, tandem.ID(fmt.Sprint(i)), "", "x"))
	}
	k.applied(c, put(tandem.Update, "3", "4", "y"))
	k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: "5", If: "6"}})
	seqs := func(recs []store.HomeRecord) (list []int64) {
		for _, r := range recs {
			list = append(list, r.Seq)
			if r.Body != nil {
				k.Fatalf("listed with a body: %+v", r)
			}
		}
		return list
	}
	if got := seqs(k.since(c, 0)); !slices.Equal(got, []int64{1, 2, 3, 5, 7, 8, 9, 10, 11, 12}) {
		k.Fatalf("all: %v", got)
	}
	if got := k.since(c, 10); len(got) != 2 || got[0].ID != "3" || !got[1].Deleted || got[1].ID != "5" {
		k.Fatalf("since 10: %+v", got)
	}
	if got := k.since(c, 12); len(got) != 0 {
		k.Fatalf("since the end: %+v", got)
	}
	var all []int64
	for seq, more := int64(0), true; more; {
		var recs []store.HomeRecord
		var err error
		recs, more, err = k.st.Home.Since(k.ctx, c.ID, seq, 3)
		k.must(err)
		if len(recs) == 0 || len(recs) > 3 || len(recs) < 3 && more {
			k.Fatalf("a page of %d, more %v", len(recs), more)
		}
		all = append(all, seqs(recs)...)
		seq = recs[len(recs)-1].Seq
	}
	if !slices.Equal(all, seqs(k.since(c, 0))) {
		k.Fatalf("page by page: %v", all)
	}
	if _, more, err := k.st.Home.Since(k.ctx, c.ID, 0, 10); err != nil || more {
		k.Fatalf("a page that holds all: more %v, %v", more, err)
	}
	if _, _, err := k.st.Home.Since(k.ctx, c.ID, -1, 0); !tandem.IsKind(err, tandem.Gone) {
		k.Fatalf("since -1: %v", err)
	}
}

func testTombstones(k *kit) {
	c := k.collection(tandem.Contact)
	o := k.applied(c, put(tandem.Create, "r", "", "x"))
	k.applied(c, put(tandem.Create, "kept", "", "x"))
	k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: "r", If: o.Version}})
	n, err := k.st.History.Purge(k.ctx, 1)
	k.must(err)
	if n != 0 || len(k.since(c, 0)) != 2 {
		k.Fatalf("purged %d, left %+v; nothing is that old", n, k.since(c, 0))
	}
	n, err = k.st.History.Purge(k.ctx, 1<<40)
	k.must(err)
	if got := k.since(c, 0); n != 1 || len(got) != 1 || got[0].ID != "kept" {
		k.Fatalf("purged %d, left %+v", n, got)
	}
	for _, seq := range []int64{1, 2} {
		_, _, err := k.st.Home.Since(k.ctx, c.ID, seq, 0)
		k.wantKind(err, tandem.Gone)
	}
	if got := k.since(c, 3); len(got) != 0 {
		k.Fatalf("since the end: %+v", got)
	}
	// A number from a future that was undone: history is not continuous, and numbers are not used twice.
	_, _, err = k.st.Home.Since(k.ctx, c.ID, 50, 0)
	k.wantKind(err, tandem.Gone)
	list, err := k.st.Home.Collections(k.ctx, "ann")
	k.must(err)
	if list[0].Identity.Store != c.Identity.Store || list[0].Identity.Epoch == c.Identity.Epoch {
		k.Fatalf("identity %+v, before %+v", list[0].Identity, c.Identity)
	}
	if o := k.applied(c, put(tandem.Create, "next", "", "x")); o.Version != "51" {
		k.Fatalf("the next version is %s", o.Version)
	}
}

func testSubscribe(k *kit) {
	c, other := k.collection(tandem.Contact), k.collection(tandem.Event)
	ctx, cancel := context.WithCancel(k.ctx)
	ch := k.st.Home.Subscribe(ctx)
	slow := k.st.Home.Subscribe(ctx)
	k.applied(c, put(tandem.Create, "a", "", "x"))
	if w := <-ch; w != (store.Wakeup{User: "ann", Collection: c.ID, Seq: 1}) {
		k.Fatalf("wake-up %+v", w)
	}
	k.refused(c, put(tandem.Create, "a", "", "x"), tandem.PreconditionFailed)
	for i := range 50 {
		k.applied(c, put(tandem.Create, tandem.ID(fmt.Sprint(i)), "", "x"))
	}
	k.applied(other, put(tandem.Create, "a", "", "x"))
	// Coalesced: however slow the listener, it hears little more than the last number of each collection.
	for name, ch := range map[string]<-chan store.Wakeup{"reader": ch, "sleeper": slow} {
		last := map[int64]int64{}
		n := 0
		for last[c.ID] != 51 || last[other.ID] != 1 {
			w := <-ch
			if w.Seq <= last[w.Collection] {
				k.Fatalf("%s: wake-up for %d after %d", name, w.Seq, last[w.Collection])
			}
			last[w.Collection] = w.Seq
			n++
		}
		if name == "sleeper" && n > 4 {
			k.Fatalf("a sleeping listener got %d wake-ups", n)
		}
	}
	cancel()
	for range ch {
		k.Fatal("a wake-up without a write")
	}
	for range slow {
		k.Fatal("a wake-up without a write")
	}
}

// testManyWriters lets writers and a reader that follows by sequence number race: the reader must not miss anything.
func testManyWriters(k *kit) {
	const writers, each = 4, 50
	c := k.collection(tandem.Contact)
	ctx, cancel := context.WithCancel(k.ctx)
	defer cancel()
	wake := k.st.Home.Subscribe(ctx)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				id := tandem.ID(fmt.Sprint(w, "-", i))
				outs, err := k.st.Home.Write(ctx, c.ID, author, []store.HomeWrite{put(tandem.Create, id, "", "x"), put(tandem.Create, id+"b", "", "x")})
				if err != nil || outs[0].Status != tandem.Applied {
					k.Errorf("%+v, %v", outs, err)
				}
			}
		})
	}
	seen := map[int64]tandem.ID{}
	for at := int64(0); len(seen) < writers*each*2; {
		<-wake
		for more := true; more; {
			var recs []store.HomeRecord
			var err error
			recs, more, err = k.st.Home.Since(ctx, c.ID, at, 7)
			k.must(err)
			for _, r := range recs {
				if r.Seq != at+1 {
					k.Fatalf("number %d came after %d: there was a gap when it was read", r.Seq, at)
				}
				at = r.Seq
				seen[r.Seq] = r.ID
			}
		}
	}
	wg.Wait()
}

// testReadersSeeWholeBatches checks that a batch is seen whole or not at all.
func testReadersSeeWholeBatches(k *kit) {
	const size, rounds = 20, 15
	c := k.collection(tandem.Contact)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for stop := false; !stop; {
				select {
				case <-done:
					stop = true
				default:
				}
				recs, _, err := k.st.Home.Since(k.ctx, c.ID, 0, 0)
				if err != nil || len(recs)%size != 0 {
					k.Errorf("%d records seen, %v", len(recs), err)
					return
				}
			}
		})
	}
	for r := range rounds {
		var batch []store.HomeWrite
		for i := range size {
			batch = append(batch, put(tandem.Create, tandem.ID(fmt.Sprint(r, "-", i)), "", "x"))
		}
		k.write(c, batch...)
	}
	close(done)
	wg.Wait()
}
