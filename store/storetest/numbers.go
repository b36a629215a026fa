package storetest

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

	"tandem"
	"tandem/store"
)

func testNumbers(k *kit) {
	c, other := k.collection(tandem.Contact), k.collection(tandem.Event)
	k.applied(c, put(tandem.Create, "a", "", "one"))
	k.applied(c, put(tandem.Create, "b", "", "two"))
	k.applied(other, put(tandem.Create, "a", "", "elsewhere"))
	a, b, e := k.number(c, "a"), k.number(c, "b"), k.number(other, "a")
	if a == b || a == e || b == e {
		k.Fatalf("numbers %d, %d, %d", a, b, e)
	}
	k.update(c, "a", "three")
	k.move(c, "a", "z")
	if n := k.number(c, "z"); n != a {
		k.Fatalf("number %d after a move, before %d", n, a)
	}
	k.del(c, "b")
	got := k.all(k.st.Lookup.ByNumber(k.ctx, c.ID, []int64{b, 4711, e, a}))
	if len(got) != 2 || got[0].Number != b || !got[0].Deleted || got[0].Body != nil || got[0].ID != "b" {
		k.Fatalf("by number: %+v", got)
	}
	if r := got[1]; r.ID != "z" || r.Deleted || k.body(r.Body) != "three" || r.Kind != tandem.Contact {
		k.Fatalf("by number: %+v", r)
	}
	for range k.st.Lookup.ByNumber(k.ctx, c.ID, []int64{a, b}) {
		break // may be left at any time
	}
	many := make([]int64, 0, 300)
	for range 300 {
		many = append(many, a)
	}
	if n := len(k.all(k.st.Lookup.ByNumber(k.ctx, c.ID, many))); n != 300 {
		k.Fatalf("asked 300 times for one, got %d", n)
	}
}

// testNumbersAreNotReused forgets the tombstone with the highest number: what comes next must not be taken for it.
func testNumbersAreNotReused(k *kit) {
	c := k.collection(tandem.Contact)
	k.applied(c, put(tandem.Create, "a", "", "x"))
	old := k.number(c, "a")
	k.del(c, "a")
	_, err := k.st.History.Purge(k.ctx, 1<<40)
	k.must(err)
	k.applied(c, put(tandem.Create, "b", "", "x"))
	k.applied(c, put(tandem.Create, "a", "", "x"))
	if n, m := k.number(c, "b"), k.number(c, "a"); n <= old || m <= old {
		k.Fatalf("numbers %d and %d after %d was forgotten", n, m, old)
	}
	k.must(k.st.Home.RemoveCollection(k.ctx, c.ID))
	again := k.collection(tandem.Contact)
	k.applied(again, put(tandem.Create, "c", "", "x"))
	if n := k.number(again, "c"); n <= old+2 {
		k.Fatalf("number %d after a collection was removed", n)
	}
}

// testNumberOfAnOverwrittenTombstone moves a record to where another one was deleted: both pieces of news must arrive.
func testNumberOfAnOverwrittenTombstone(k *kit) {
	c := k.collection(tandem.Contact)
	k.applied(c, put(tandem.Create, "a", "", "x"))
	k.applied(c, put(tandem.Create, "b", "", "y"))
	a, b := k.number(c, "a"), k.number(c, "b")
	k.del(c, "b")
	k.move(c, "a", "b")
	news := map[int64]store.HomeRecord{}
	ids := map[tandem.ID]bool{}
	for _, r := range k.since(c, 2) {
		news[r.Number] = r
		if ids[r.ID] {
			k.Fatalf("%s is listed twice", r.ID)
		}
		ids[r.ID] = true
	}
	if r := news[b]; !r.Deleted || !r.ThereAt(2) || r.ThereAt(3) {
		k.Fatalf("the deleted record: %+v", r)
	}
	if r := news[a]; r.Deleted || r.ID != "b" || !r.ThereAt(2) {
		k.Fatalf("the moved record: %+v", r)
	}
	delete(news, a)
	delete(news, b)
	for _, r := range news {
		if !r.Deleted || r.ID != "a" || r.ThereAt(2) || r.ThereAt(r.Seq-1) || r.ThereAt(r.Seq) {
			k.Fatalf("the tombstone of the old id: %+v", r)
		}
	}
	if len(news) != 1 {
		k.Fatalf("besides, %+v", news)
	}
}

func testLives(k *kit) {
	c := k.collection(tandem.Contact)
	k.applied(c, put(tandem.Create, "r", "", "x")) // 1
	first := k.number(c, "r")
	k.update(c, "r", "y")                           // 2
	k.del(c, "r")                                   // 3
	k.applied(c, put(tandem.Create, "o", "", "x"))  // 4
	k.applied(c, put(tandem.Create, "r", "", "z"))  // 5
	k.applied(c, put(tandem.Create, "o2", "", "x")) // 6
	r := k.get(c, "r")["r"]
	if r.Number != first || r.Born != 5 || r.WasBorn != 1 || r.WasGone != 3 {
		k.Fatalf("second life: %+v", r)
	}
	for seq, want := range []bool{false, true, true, false, false, true, true} {
		if r.ThereAt(int64(seq)) != want {
			k.Errorf("there at %d: %v", seq, !want)
		}
	}
	k.del(c, "r")                                   // 7
	k.applied(c, put(tandem.Create, "r", "", "zz")) // 8
	third := k.get(c, "r")["r"]
	if third.Number == first || third.Born != 8 || third.WasBorn != 0 {
		k.Fatalf("third life: %+v", third)
	}
	dead := k.all(k.st.Lookup.ByNumber(k.ctx, c.ID, []int64{first}))
	if len(dead) != 1 || !dead[0].Deleted || dead[0].Seq != 7 || !dead[0].ThereAt(1) || dead[0].ThereAt(4) || !dead[0].ThereAt(6) || dead[0].ThereAt(7) {
		k.Fatalf("the first number: %+v", dead)
	}
}

// livesWrites is how long the random history of testLivesModel is. Its time grows with the square of it.
var livesWrites = flag.Int("storetest.writes", 150, "how many writes the random history of records has")

// testLivesModel writes at random and compares, for every point of the past, who was there by number with a model.
func testLivesModel(k *kit) {
	c := k.collection(tandem.Bookmark)
	rnd := rand.New(rand.NewPCG(1, 2))
	there := []map[int64]string{{}} // by sequence number: number → body
	writes := *livesWrites
	if testing.Short() {
		writes = min(writes, 75)
	}
	for i := range writes {
		id, to := tandem.ID(fmt.Sprint(rnd.IntN(5))), tandem.ID(fmt.Sprint(rnd.IntN(5)))
		old, alive := k.get(c, id)[id]
		_, taken := k.get(c, to)[to]
		body := fmt.Sprint("body ", i)
		switch {
		case !alive:
			k.applied(c, put(tandem.Create, id, "", body))
		case rnd.IntN(3) == 0:
			k.update(c, id, body)
		case rnd.IntN(3) == 0 && !taken:
			k.move(c, id, to)
		default:
			k.del(c, old.ID)
		}
		now := map[int64]string{}
		for n := range 5 {
			rid := tandem.ID(fmt.Sprint(n))
			if r, ok := k.get(c, rid)[rid]; ok {
				now[r.Number] = k.body(r.Body)
			}
		}
		list, err := k.st.Home.Collections(k.ctx, "ann")
		k.must(err)
		// A move takes two numbers; nobody sees the state between.
		for int64(len(there)) < list[0].Seq {
			there = append(there, nil)
		}
		there = append(there, now)
	}
	end := len(there) - 1
	all := k.since(c, 0)
	for seq, was := range there {
		if was == nil {
			continue
		}
		known := map[int64]bool{}
		for _, r := range all {
			body, alive := was[r.Number]
			if r.ThereAt(int64(seq)) != alive {
				k.Fatalf("%+v: there at %d is %v, it was %v", r, seq, !alive, alive)
			}
			past, err := k.st.Lookup.At(k.ctx, c.ID, r.Number, int64(seq))
			if !alive {
				k.wantKind(err, tandem.NotFound)
				continue
			}
			k.must(err)
			if got := k.body(past.Body); got != body || past.Number != r.Number {
				k.Fatalf("%d at %d of %d is %q, want %q", r.Number, seq, end, got, body)
			}
			known[r.Number] = true
		}
		for n := range was {
			if !known[n] {
				k.Fatalf("nothing is said any more of %d, which was there at %d", n, seq)
			}
		}
	}
	live, _, err := k.st.Lookup.Count(k.ctx, c.ID, 0)
	k.must(err)
	if live != len(there[end]) {
		k.Fatalf("%d records are counted, %d are there", live, len(there[end]))
	}
}
