package storetest

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"tandem"
	"tandem/store"
)

func runLookup(t *testing.T, run runner) {
	run(t, "Numbers", testNumbers)
	run(t, "NumbersAreNotReused", testNumbersAreNotReused)
	run(t, "NumberOfAnOverwrittenTombstone", testNumberOfAnOverwrittenTombstone)
	run(t, "Lives", testLives)
	run(t, "LivesModel", testLivesModel)
	run(t, "ByUID", testByUID)
	run(t, "During", testDuring)
	run(t, "DuringModel", testDuringModel)
	run(t, "Ended", testEnded)
	run(t, "Filled", testFilled)
	run(t, "At", testAt)
	run(t, "Match", testMatch)
	run(t, "Below", testBelow)
	run(t, "BelowModel", testBelowModel)
	run(t, "Count", testCount)
	run(t, "LookupOfNothing", testLookupOfNothing)
}

func (k *kit) del(c tandem.Collection, id tandem.ID) tandem.Outcome {
	k.Helper()
	return k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: id, If: k.get(c, id)[id].Version}})
}

func (k *kit) move(c tandem.Collection, id, to tandem.ID) tandem.Outcome {
	k.Helper()
	return k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Move, ID: id, To: to, If: k.get(c, id)[id].Version}})
}

func (k *kit) update(c tandem.Collection, id tandem.ID, body string) tandem.Outcome {
	k.Helper()
	return k.applied(c, put(tandem.Update, id, k.get(c, id)[id].Version, body))
}

func (k *kit) number(c tandem.Collection, id tandem.ID) int64 {
	k.Helper()
	n := k.get(c, id)[id].Number
	if n == 0 {
		k.Fatalf("%s has no number", id)
	}
	return n
}

// all collects what a look-up yields.
func (k *kit) all(seq iter.Seq2[store.HomeRecord, error]) (list []store.HomeRecord) {
	k.Helper()
	for r, err := range seq {
		k.must(err)
		list = append(list, r)
	}
	return list
}

func idsOf(list []store.HomeRecord) (ids []string) {
	for _, r := range list {
		ids = append(ids, string(r.ID))
	}
	return ids
}

func (k *kit) wantIDs(seq iter.Seq2[store.HomeRecord, error], want ...string) {
	k.Helper()
	if got := idsOf(k.all(seq)); !slices.Equal(got, want) {
		k.Fatalf("got %v, want %v", got, want)
	}
}

func testByUID(k *kit) {
	c, events := k.collection(tandem.Contact), k.collection(tandem.Event)
	second, err := k.st.Home.PutCollection(k.ctx, tandem.Collection{User: "ann", Kind: tandem.Event, Name: "second"})
	k.must(err)
	k.must(k.st.Accounts.AddUser(k.ctx, store.User{Name: "bob"}))
	bobs, err := k.st.Home.PutCollection(k.ctx, tandem.Collection{User: "bob", Kind: tandem.Event, Name: "bobs"})
	k.must(err)
	for i, col := range []tandem.Collection{c, events, second, bobs} {
		w := put(tandem.Create, tandem.ID(fmt.Sprint(i)), "", "body")
		w.Index.UID = "the-uid"
		k.applied(col, w)
	}
	k.wantIDs(k.st.Lookup.ByUID(k.ctx, "ann", tandem.Event, "the-uid"), "1", "2")
	k.wantIDs(k.st.Lookup.ByUID(k.ctx, "ann", tandem.Contact, "the-uid"), "0")
	k.wantIDs(k.st.Lookup.ByUID(k.ctx, "bob", tandem.Event, "the-uid"), "3")
	k.wantIDs(k.st.Lookup.ByUID(k.ctx, "ann", tandem.Event, "THE-UID"))
	k.wantIDs(k.st.Lookup.ByUID(k.ctx, "ann", tandem.Event, ""))
	k.wantIDs(k.st.Lookup.ByUID(k.ctx, "nobody", tandem.Event, "the-uid"))
	k.del(events, "1")
	got := k.all(k.st.Lookup.ByUID(k.ctx, "ann", tandem.Event, "the-uid"))
	if len(got) != 1 || k.body(got[0].Body) != "body" || got[0].Kind != tandem.Event {
		k.Fatalf("by UID: %+v", got)
	}
}

func timed(id string, start, end int64) store.HomeWrite {
	w := put(tandem.Create, tandem.ID(id), "", "body of "+id)
	w.Index.Start, w.Index.End = start, end
	return w
}

const day = 86400

func testDuring(k *kit) {
	c := k.collection(tandem.Event)
	for _, w := range []store.HomeWrite{
		timed("none", 0, 0), timed("before", 1*day, 10*day), timed("until", 9*day, 10*day+1), timed("inside", 11*day, 11*day+3600), timed("around", 5*day, 500*day),
		timed("years", -4000*day, 4000*day), timed("endless", 2*day, math.MaxInt64), timed("later", 20*day, 21*day), timed("last", 20*day-1, 30*day),
		timed("instant", 10*day, 10*day), timed("instant later", 20*day, 20*day), timed("always", math.MinInt64, math.MaxInt64),
	} {
		k.applied(c, w)
	}
	k.wantIDs(k.st.Lookup.During(k.ctx, c.ID, 10*day, 20*day), "always", "years", "endless", "around", "until", "instant", "inside", "last")
	k.wantIDs(k.st.Lookup.During(k.ctx, c.ID, 10*day, 10*day))
	k.wantIDs(k.st.Lookup.During(k.ctx, c.ID, 40000*day, 40001*day), "always", "endless")
	if n := len(k.all(k.st.Lookup.During(k.ctx, c.ID, math.MinInt64, math.MaxInt64))); n != 11 {
		k.Fatalf("%d records at any time, want 11", n)
	}
	k.del(c, "inside")
	got := k.all(k.st.Lookup.During(k.ctx, c.ID, 10*day+2, 20*day-1))
	if ids := idsOf(got); !slices.Equal(ids, []string{"always", "years", "endless", "around"}) || k.body(got[3].Body) != "body of around" {
		k.Fatalf("after a deletion: %v", ids)
	}
}

// testDuringModel compares with looking at everything.
func testDuringModel(k *kit) {
	c := k.collection(tandem.Event)
	rnd := rand.New(rand.NewPCG(3, 4))
	var writes []store.HomeWrite
	for i := range 300 {
		start := rnd.Int64N(40000*day) - 20000*day
		writes = append(writes, timed(fmt.Sprint(i), start, start+rnd.Int64N(1<<rnd.IntN(33))))
	}
	k.write(c, writes...)
	for range 100 {
		from := rnd.Int64N(40000*day) - 20000*day
		to := from + rnd.Int64N(1<<rnd.IntN(30))
		var want []string
		for _, w := range writes {
			if from < to && w.Index.Start < to && (w.Index.End > from || w.Index.Start >= from) {
				want = append(want, string(w.ID))
			}
		}
		got := k.all(k.st.Lookup.During(k.ctx, c.ID, from, to))
		if !slices.IsSortedFunc(got, func(a, b store.HomeRecord) int { return int(min(1, max(-1, a.Index.Start-b.Index.Start))) }) {
			k.Fatalf("not in order of start: %v", idsOf(got))
		}
		ids := idsOf(got)
		slices.Sort(ids)
		slices.Sort(want)
		if !slices.Equal(ids, want) {
			k.Fatalf("[%d, %d): %v, want %v", from, to, ids, want)
		}
	}
}

func testEnded(k *kit) {
	c := k.collection(tandem.Event)
	for i, end := range []int64{100, 200, 200, 200, 300, 400, 0} {
		w := timed(fmt.Sprint(i), 50, end)
		if end == 0 {
			w = timed("none", 0, 0)
		}
		k.applied(c, w)
	}
	k.del(c, "3")
	ended := func(seq, from, to, afterEnd, afterNumber int64, limit int) []store.HomeRecord {
		k.Helper()
		list, err := k.st.Lookup.Ended(k.ctx, c.ID, seq, from, to, afterEnd, afterNumber, limit)
		k.must(err)
		for _, r := range list {
			if r.Body != nil || r.Deleted || r.Number == 0 {
				k.Fatalf("ended: %+v", r)
			}
		}
		return list
	}
	for _, test := range []struct {
		seq, from, to int64
		want          []string
	}{
		{9, 100, 400, []string{"0", "1", "2", "4"}}, {9, 101, 401, []string{"1", "2", "4", "5"}}, {2, 100, 400, []string{"0", "1"}}, {0, 100, 400, nil},
		{9, 200, 200, nil}, {9, math.MinInt64, math.MaxInt64, []string{"0", "1", "2", "4", "5"}},
	} {
		if got := idsOf(ended(test.seq, test.from, test.to, 0, 0, 0)); !slices.Equal(got, test.want) {
			k.Errorf("%+v: %v", test, got)
		}
	}
	var got []string
	for end, number := int64(0), int64(0); ; {
		page := ended(9, 100, 401, end, number, 1)
		if len(page) == 0 {
			break
		}
		if len(page) != 1 {
			k.Fatalf("a page of %d", len(page))
		}
		got = append(got, string(page[0].ID))
		end, number = page[0].Index.End, page[0].Number
	}
	if !slices.Equal(got, []string{"0", "1", "2", "4", "5"}) {
		k.Fatalf("page by page: %v", got)
	}
	k.update(c, "0", "edited") // which puts its end at 200, and is after 8
	if got := idsOf(ended(8, 100, 400, 0, 0, 0)); !slices.Equal(got, []string{"1", "2", "4"}) {
		k.Fatalf("after an edit: %v", got)
	}
}

func testAt(k *kit) {
	c := k.collection(tandem.Contact)
	k.applied(c, put(tandem.Create, "r", "", "one")) // 1
	n := k.number(c, "r")
	k.applied(c, put(tandem.Create, "x", "", "x")) // 2
	k.update(c, "r", "two")                        // 3
	k.move(c, "r", "moved")                        // 4, 5
	attrs := tandem.MakeAttrs(map[string]string{"flags": "new"})
	at := k.get(c, "moved")["moved"].Version
	k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.SetAttrs, ID: "moved", If: at, Record: tandem.Record{Meta: tandem.Meta{Attrs: attrs}}}}) // 6
	k.del(c, "moved")                                                                                                                                    // 7
	for _, test := range []struct {
		seq  int64
		body string
		attr string
	}{{0, "", ""}, {1, "one", "one"}, {2, "one", "one"}, {3, "two", "two"}, {5, "two", "two"}, {6, "two", "new"}, {7, "", ""}, {8, "", ""}} {
		r, err := k.st.Lookup.At(k.ctx, c.ID, n, test.seq)
		if test.body == "" {
			k.wantKind(err, tandem.NotFound)
			continue
		}
		k.must(err)
		if got := k.body(r.Body); got != test.body || r.Attrs.Get("flags") != test.attr || r.Number != n || r.Deleted || r.Kind != tandem.Contact ||
			r.Title != "title of "+test.body || r.Digest.IsZero() || r.Seq > test.seq || !r.ThereAt(test.seq) {
			k.Fatalf("at %d: %+v with body %q", test.seq, r, got)
		}
	}
	_, err := k.st.Lookup.At(k.ctx, c.ID, 4711, 3)
	k.wantKind(err, tandem.NotFound)
	_, err = k.st.Lookup.At(k.ctx, c.ID, k.number(c, "x"), 2)
	k.must(err)

	k.update(c, "x", "edited")
	_, err = k.st.History.Purge(k.ctx, 1<<40)
	k.must(err)
	_, err = k.st.Lookup.At(k.ctx, c.ID, k.number(c, "x"), 2)
	k.wantKind(err, tandem.Gone)
	_, err = k.st.Lookup.At(k.ctx, c.ID, n, 2)
	k.wantKind(err, tandem.Gone)
}

func testMatch(k *kit) {
	c := k.collection(tandem.Contact)
	second, err := k.st.Home.PutCollection(k.ctx, tandem.Collection{User: "ann", Kind: tandem.Contact, Name: "second"})
	k.must(err)
	person := func(col tandem.Collection, id, name string, keys ...string) {
		w := put(tandem.Create, tandem.ID(id), "", "body of "+name)
		w.Index.Name, w.Index.Keys = name, keys
		k.applied(col, w)
	}
	person(c, "anna", "Müller, Anna", "anna.mueller@example.org", "491701234567")
	person(c, "andi", "Andreas Muller", "andi@example.net")
	person(c, "zoe", "Zoë O'Brien-Åberg", "zoe@example.org")
	person(c, "50%", "100%_sure", "x@example.com")
	person(second, "anna2", "ANNA Karenina")
	for text, want := range map[string][]string{
		"anna": {"anna", "anna2"}, "ANNA": {"anna", "anna2"}, "an mul": {"andi", "anna"}, "müll": {"andi", "anna"}, "anna@": {"anna", "anna2"}, "example.org": {"anna", "zoe"},
		"mueller@exam": {"anna"}, "49170": {"anna"}, "170": nil, "zoe aberg": {"zoe"}, "brien": {"zoe"}, "rien": nil, "": nil, "  ,": nil, "100": {"50%"}, "%": nil, "anna zoe": nil,
		"anna anna": {"anna", "anna2"}, "a": {"andi", "anna", "anna2", "zoe"}, "\xff": nil,
	} {
		got := idsOf(k.all(k.st.Lookup.Match(k.ctx, "ann", tandem.Contact, text, 10)))
		slices.Sort(got)
		if !slices.Equal(got, want) {
			k.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	if got := k.all(k.st.Lookup.Match(k.ctx, "ann", tandem.Contact, "a", 2)); len(got) != 2 || k.body(got[0].Body) == "" {
		k.Fatalf("with a limit: %+v", got)
	}
	k.wantIDs(k.st.Lookup.Match(k.ctx, "ann", tandem.Event, "anna", 10))
	k.wantIDs(k.st.Lookup.Match(k.ctx, "bob", tandem.Contact, "anna", 10))

	renamed := put(tandem.Update, "anna", k.get(c, "anna")["anna"].Version, "x")
	renamed.Index.Name, renamed.Index.Keys = "Berta Müller", nil
	k.applied(c, renamed)
	k.wantIDs(k.st.Lookup.Match(k.ctx, "ann", tandem.Contact, "anna", 10), "anna2")
	k.wantIDs(k.st.Lookup.Match(k.ctx, "ann", tandem.Contact, "berta mul", 10), "anna")
	k.move(c, "anna", "berta")
	k.wantIDs(k.st.Lookup.Match(k.ctx, "ann", tandem.Contact, "berta", 10), "berta")
	k.del(c, "berta")
	k.wantIDs(k.st.Lookup.Match(k.ctx, "ann", tandem.Contact, "berta", 10))
	k.must(k.st.Home.RemoveCollection(k.ctx, second.ID))
	k.wantIDs(k.st.Lookup.Match(k.ctx, "ann", tandem.Contact, "anna", 10))
}

func testCount(k *kit) {
	c := k.collection(tandem.Contact)
	count := func(seq int64, live, changed int) {
		k.Helper()
		l, n, err := k.st.Lookup.Count(k.ctx, c.ID, seq)
		k.must(err)
		if l != live || n != changed {
			k.Fatalf("%d live, %d changed since %d; want %d and %d", l, n, seq, live, changed)
		}
	}
	count(0, 0, 0)
	for i := range 5 {
		k.applied(c, put(tandem.Create, tandem.ID(fmt.Sprint(i)), "", "x"))
	}
	count(0, 5, 5)
	k.del(c, "2")
	k.update(c, "0", "y")
	count(5, 4, 2)
	count(0, 4, 5)
	k.applied(c, put(tandem.Create, "2", "", "again"))
	count(7, 5, 1)
	k.move(c, "1", "9")
	count(8, 5, 2)
	k.refused(c, put(tandem.Create, "9", "", "x"), tandem.PreconditionFailed)
	count(10, 5, 0)
	_, _, err := k.st.Lookup.Count(k.ctx, 4711, 0)
	k.wantKind(err, tandem.NotFound)
}

func testLookupOfNothing(k *kit) {
	for name, seq := range map[string]iter.Seq2[store.HomeRecord, error]{
		"numbers": k.st.Lookup.ByNumber(k.ctx, 4711, []int64{1}), "during": k.st.Lookup.During(k.ctx, 4711, 0, 10),
	} {
		n := 0
		for _, err := range seq {
			k.wantKind(err, tandem.NotFound)
			n++
		}
		if n != 1 {
			k.Errorf("%s: %d answers", name, n)
		}
	}
	_, err := k.st.Lookup.Ended(k.ctx, 4711, 1, 0, 1, 0, 0, 1)
	k.wantKind(err, tandem.NotFound)
	_, err = k.st.Lookup.At(k.ctx, 4711, 1, 1)
	k.wantKind(err, tandem.NotFound)
}
