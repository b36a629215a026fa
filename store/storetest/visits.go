package storetest

import (
	"slices"
	"testing"

	"tandem"
	"tandem/store"
)

func runVisits(t *testing.T, run runner) {
	run(t, "Visit", testVisit)
	run(t, "Over", testVisitsOver)
	run(t, "GoAway", testVisitsGoAway)
	run(t, "Owners", testOwners)
	run(t, "Factors", testFactors)
	run(t, "FactorsOnce", testFactorsOnce)
	run(t, "PastOf", testPastOf)
	run(t, "EventsFor", testEventsFor)
}

func (k *kit) visit(user string, token byte, added int64) store.Visit {
	k.Helper()
	v, err := k.st.Visits.AddVisit(k.ctx, store.Visit{User: user, Token: tandem.Digest{token}, Proof: tandem.Digest{9, token}, Agent: "Browser/1.0", From: "192.0.2.1",
		Added: added, Used: added, Until: added + 100})
	k.must(err)
	return v
}

func testVisit(k *kit) {
	k.user("ann")
	k.user("zoe")
	a, b, z := k.visit("ANN", 1, 10), k.visit("ann", 2, 11), k.visit("zoe", 3, 12)
	if a.User != "ann" || a.ID == 0 || a.ID == b.ID {
		k.Fatalf("visits %+v, %+v", a, b)
	}
	got, err := k.st.Visits.Visit(k.ctx, tandem.Digest{1})
	k.must(err)
	if got != a {
		k.Fatalf("visit %+v, want %+v", got, a)
	}
	list, err := k.st.Visits.Visits(k.ctx, "Ann")
	k.must(err)
	if !slices.Equal(list, []store.Visit{b, a}) {
		k.Fatalf("visits %+v", list)
	}
	k.must(k.st.Visits.UseVisit(k.ctx, z.ID, 50, "192.0.2.9"))
	if got, err = k.st.Visits.Visit(k.ctx, tandem.Digest{3}); err != nil || got.Used != 50 || got.From != "192.0.2.9" || got.Until != z.Until {
		k.Fatalf("visit %+v, %v", got, err)
	}
	_, err = k.st.Visits.AddVisit(k.ctx, store.Visit{User: "ann", Token: tandem.Digest{3}, Until: 99})
	k.wantKind(err, tandem.Exists)
	_, err = k.st.Visits.AddVisit(k.ctx, store.Visit{User: "nobody", Token: tandem.Digest{4}, Until: 99})
	k.wantKind(err, tandem.NotFound)

	k.must(k.st.Visits.RemoveVisit(k.ctx, a.ID))
	k.wantKind(k.st.Visits.RemoveVisit(k.ctx, a.ID), tandem.NotFound)
	k.wantKind(k.st.Visits.UseVisit(k.ctx, a.ID, 60, ""), tandem.NotFound)
	_, err = k.st.Visits.Visit(k.ctx, tandem.Digest{1})
	k.wantKind(err, tandem.NotFound)
	if c := k.visit("ann", 1, 13); c.ID <= z.ID {
		k.Fatalf("the number %d was given out before", c.ID)
	}
}

// testVisitsOver checks that a log-in forgets what is over, and nothing else.
func testVisitsOver(k *kit) {
	k.user("ann")
	k.user("zoe")
	k.visit("ann", 1, 10) // until 110
	k.visit("zoe", 2, 11)
	k.visit("ann", 3, 110)
	if list, err := k.st.Visits.Visits(k.ctx, "ann"); err != nil || len(list) != 1 || list[0].Token[0] != 3 {
		k.Fatalf("visits %+v, %v", list, err)
	}
	if list, err := k.st.Visits.Visits(k.ctx, "zoe"); err != nil || len(list) != 1 {
		k.Fatalf("visits %+v, %v", list, err)
	}
}

func testVisitsGoAway(k *kit) {
	k.user("ann")
	k.visit("ann", 1, 10)
	k.must(k.st.Settings.PutPartner(k.ctx, store.Partner{Name: "p", User: "Ann", Provider: "x", Place: "x:"}))
	k.must(k.st.Settings.PutPartner(k.ctx, store.Partner{Name: "own", User: "ann", Provider: "x", Place: "x:2", Bounded: true}))
	k.must(k.st.Accounts.RemoveUser(k.ctx, "ann"))
	_, err := k.st.Visits.Visit(k.ctx, tandem.Digest{1})
	k.wantKind(err, tandem.NotFound)
	list, err := k.st.Settings.Partners(k.ctx)
	k.must(err)
	if len(list) != 1 || list[0].Name != "p" || list[0].User != "" { // what she named herself went with her
		k.Fatalf("partners %+v", list)
	}
}

// testOwners checks that partners and log lines keep whose they are.
func testOwners(k *kit) {
	k.user("ann")
	p := store.Partner{Name: "p", User: "ann", Provider: "x", Place: "x:", Title: "X", Added: 5, Bounded: true}
	k.must(k.st.Settings.PutPartner(k.ctx, p))
	k.must(k.st.Settings.PutPartner(k.ctx, store.Partner{Name: "q", Provider: "x", Place: "x:2"}))
	list, err := k.st.Settings.Partners(k.ctx)
	k.must(err)
	if len(list) != 2 || list[0] != p || list[1].User != "" {
		k.Fatalf("partners %+v", list)
	}
	k.must(k.st.Events.Add(k.ctx, store.Event{User: "ann", Item: "i", Text: "one"}, store.Event{Text: "two"}))
	events, err := k.st.Events.List(k.ctx, 0, "", 0)
	k.must(err)
	if len(events) != 2 || events[0].User != "ann" || events[1].User != "" {
		k.Fatalf("events %+v", events)
	}
}

// testPastOf checks the parts of history that are listed.
func testPastOf(k *kit) {
	mine, other := k.collection(tandem.Contact), k.collection(tandem.Event)
	pair, err := k.st.Bases.Open(k.ctx, "one")
	k.must(err)
	foreign, err := k.st.Bases.Open(k.ctx, "two")
	k.must(err)
	keep := func(p store.Past) int64 {
		p.Op = tandem.Delete
		id, err := k.st.History.Keep(k.ctx, p)
		k.must(err)
		return id
	}
	home := keep(store.Past{Collection: mine.ID, Pair: pair.ID, Record: "1"})
	keep(store.Past{Collection: other.ID, Pair: pair.ID, Record: "2"})
	there := keep(store.Past{Pair: pair.ID, Place: "x:", Record: "3"})
	keep(store.Past{Pair: foreign.ID, Place: "x:", Record: "4"})
	for _, c := range []struct {
		filter store.PastFilter
		want   []int64
	}{
		{store.PastFilter{Of: &store.PastOf{Collections: []int64{mine.ID}, Pairs: []int64{pair.ID, 77}}}, []int64{there, home}},
		{store.PastFilter{Of: &store.PastOf{Collections: []int64{mine.ID}}}, []int64{home}},
		{store.PastFilter{Of: &store.PastOf{Pairs: []int64{pair.ID}}}, []int64{there}},
		{store.PastFilter{Of: &store.PastOf{}}, nil},
		{store.PastFilter{Before: there, Limit: 1, Of: &store.PastOf{Collections: []int64{mine.ID}, Pairs: []int64{pair.ID}}}, []int64{home}},
		{store.PastFilter{Before: home}, nil},
	} {
		list, err := k.st.History.List(k.ctx, c.filter)
		k.must(err)
		var got []int64
		for _, p := range list {
			got = append(got, p.ID)
		}
		if !slices.Equal(got, c.want) {
			k.Errorf("%+v lists %v, want %v", c.filter, got, c.want)
		}
	}
}

// testEventsFor checks which lines of the log are selected, and from which end.
func testEventsFor(k *kit) {
	add := func(user, item, text string) {
		k.must(k.st.Events.Add(k.ctx, store.Event{User: user, Item: item, Text: text}))
	}
	add("ann", "one", "1")
	add("zoe", "two", "2")
	add("", "", "3")
	add("zoe", "web:zoe", "4")
	add("zoe", "web", "5")
	add("ann", "two", "6")
	add("zoe", "Ünit x", "7")
	for _, c := range []struct {
		filter store.EventFilter
		want   string
	}{
		{store.EventFilter{}, "1234567"},
		{store.EventFilter{Limit: 2}, "12"},
		{store.EventFilter{Limit: 2, Newest: true}, "67"},
		{store.EventFilter{After: 3, Limit: 2}, "45"},
		{store.EventFilter{After: 6, Limit: 2, Newest: true}, "7"},
		{store.EventFilter{Items: []string{"two"}, Newest: true}, "26"},
		{store.EventFilter{For: &store.EventsFor{}}, ""},
		{store.EventFilter{For: &store.EventsFor{User: "Ann"}}, "16"},
		{store.EventFilter{For: &store.EventsFor{User: "ann"}, Limit: 1, Newest: true}, "6"},
		{store.EventFilter{For: &store.EventsFor{User: "ann", Hub: true}}, "136"},
		{store.EventFilter{For: &store.EventsFor{User: "ann", Hub: true, Prefixes: []string{"web:", "Ü"}}, Limit: 4, Newest: true}, "3467"},
		{store.EventFilter{For: &store.EventsFor{User: "ann", Prefixes: []string{"WEB:"}}}, "16"},
		{store.EventFilter{Items: []string{"two"}, For: &store.EventsFor{User: "zoe"}}, "2"},
	} {
		list, err := k.st.Results.Find(k.ctx, c.filter)
		k.must(err)
		got := ""
		for _, e := range list {
			got += e.Text
		}
		if got != c.want {
			k.Errorf("%+v (%+v) selects %q, want %q", c.filter, c.filter.For, got, c.want)
		}
	}
}
