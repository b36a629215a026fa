package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"tandem"
	"tandem/store"
)

func runLocks(t *testing.T, run runner) {
	run(t, "Lock", testLock)
	run(t, "Against", testLocksAgainst)
	run(t, "Over", testLocksOver)
	run(t, "Refresh", testRefresh)
	run(t, "Refused", testLocksRefused)
	run(t, "Race", testLockRace)
	run(t, "GoAway", testLocksGoAway)
}

func (k *kit) locks(c tandem.Collection, now int64) []store.Lock {
	k.Helper()
	list, err := k.st.Locks.Locks(k.ctx, c.ID, now)
	k.must(err)
	return list
}

func testLock(k *kit) {
	c, other := k.collection(tandem.File), k.collection(tandem.Picture)
	k.user("zoe")
	b := store.Lock{Token: "urn:uuid:2", User: "ann", Collection: c.ID, Path: "b", Deep: true, Owner: "<D:href>me</D:href>", Seconds: 600, Until: 700}
	a := store.Lock{Token: "urn:uuid:1", User: "zoe", Collection: c.ID, Path: "a", Shared: true, Seconds: 1 << 40, Until: 1 << 41}
	second := a
	second.Token, second.User = "urn:uuid:0", "ann"
	elsewhere := store.Lock{Token: "urn:uuid:3", User: "ann", Collection: other.ID, Deep: true, Until: 700}
	for _, l := range []store.Lock{b, a, second, elsewhere} {
		k.must(k.st.Locks.Lock(k.ctx, l, 100))
	}
	if got := k.locks(c, 100); !slices.Equal(got, []store.Lock{second, a, b}) {
		k.Fatalf("locks %+v", got)
	}
	if got := k.locks(other, 100); !slices.Equal(got, []store.Lock{elsewhere}) {
		k.Fatalf("locks elsewhere %+v", got)
	}
	k.must(k.st.Locks.Unlock(k.ctx, a.Token, "urn:uuid:none", b.Token))
	k.must(k.st.Locks.Unlock(k.ctx, a.Token))
	k.must(k.st.Locks.Unlock(k.ctx))
	if got := k.locks(c, 100); !slices.Equal(got, []store.Lock{second}) {
		k.Fatalf("left are %+v", got)
	}
}

// testLocksAgainst checks which locks stand beside which. RFC 4918 6.1, 7.4, 9.10
func testLocksAgainst(k *kit) {
	c := k.collection(tandem.File)
	other := k.collection(tandem.Picture)
	deep := func(path string) store.Lock { return store.Lock{Path: path, Deep: true} }
	flat := func(path string) store.Lock { return store.Lock{Path: path} }
	shared := func(l store.Lock) store.Lock { l.Shared = true; return l }
	for _, x := range []struct {
		a, b    store.Lock
		against bool
	}{
		{flat("a"), flat("a"), true},
		{flat("a"), flat("b"), false},
		{flat("a"), flat("ab"), false},
		{deep("a"), flat("ab"), false},
		{deep("a"), flat("a"), true},
		{deep("a"), flat("a/b"), true},
		{deep("a"), flat("a/b/c"), true},
		{flat("a"), flat("a/b"), false},
		{flat("a"), deep("a/b"), false},
		{deep("a/b"), flat("a"), false},
		{deep("a/b"), deep("a/c"), false},
		{deep(""), flat("a/b"), true},
		{deep(""), flat(""), true},
		{flat(""), flat("a"), false},
		{flat(""), deep("a"), false},
		{deep("a"), deep(""), true},
		{flat("a_"), deep("a%"), false}, // no patterns
		{shared(flat("a")), shared(flat("a")), false},
		{shared(flat("a")), flat("a"), true},
		{shared(deep("")), shared(flat("a")), false},
		{shared(deep("")), flat("a"), true},
	} {
		for _, order := range [][2]store.Lock{{x.a, x.b}, {x.b, x.a}} {
			var tokens []string
			for i := range order {
				l := &order[i]
				l.Token, l.User, l.Collection, l.Until = fmt.Sprint("urn:uuid:", i), "ann", c.ID, 200
				tokens = append(tokens, l.Token)
			}
			k.must(k.st.Locks.Lock(k.ctx, order[0], 100))
			err := k.st.Locks.Lock(k.ctx, order[1], 100)
			var held *store.LockHeld
			switch {
			case x.against && !(tandem.IsKind(err, tandem.Busy) && errors.As(err, &held) && held.Lock == order[0]):
				k.Errorf("%+v\nbeside %+v: %v", order[1], order[0], err)
			case !x.against && err != nil:
				k.Errorf("%+v\nbeside %+v: %v", order[1], order[0], err)
			case order[0].Against(order[1]) != x.against:
				k.Errorf("%+v\nagainst %+v: %v", order[0], order[1], !x.against)
			}
			order[1].Collection, order[1].Token = other.ID, "urn:uuid:other"
			k.must(k.st.Locks.Lock(k.ctx, order[1], 100)) // another collection is another matter
			k.must(k.st.Locks.Unlock(k.ctx, append(tokens, "urn:uuid:other")...))
		}
	}
}

func testLocksOver(k *kit) {
	c := k.collection(tandem.File)
	l := store.Lock{Token: "urn:uuid:1", User: "ann", Collection: c.ID, Until: 200, Deep: true}
	k.must(k.st.Locks.Lock(k.ctx, l, 100))
	if got := k.locks(c, 199); len(got) != 1 {
		k.Fatalf("a second before the end: %+v", got)
	}
	if got := k.locks(c, 200); len(got) != 0 {
		k.Fatalf("at the end: %+v", got)
	}
	if _, err := k.st.Locks.Refresh(k.ctx, l.Token, 100, 300, 200); !tandem.IsKind(err, tandem.NotFound) {
		k.Fatalf("refreshed at the end: %v", err)
	}
	next := l
	next.Token, next.Until = "urn:uuid:2", 300
	k.wantKind(k.st.Locks.Lock(k.ctx, next, 199), tandem.Busy)
	k.must(k.st.Locks.Lock(k.ctx, next, 200))
	l.Until = 400
	k.wantKind(k.st.Locks.Lock(k.ctx, l, 200), tandem.Busy)
	k.must(k.st.Locks.Lock(k.ctx, l, 300)) // its old token is free again
}

func testRefresh(k *kit) {
	c := k.collection(tandem.File)
	l := store.Lock{Token: "urn:uuid:1", User: "ann", Collection: c.ID, Path: "p", Owner: "o", Shared: true, Deep: true, Seconds: 50, Until: 150}
	k.must(k.st.Locks.Lock(k.ctx, l, 100))
	got, err := k.st.Locks.Refresh(k.ctx, l.Token, 60, 200, 140)
	k.must(err)
	l.Seconds, l.Until = 60, 200
	if got != l || !slices.Equal(k.locks(c, 199), []store.Lock{l}) {
		k.Fatalf("refreshed to %+v, there are %+v", got, k.locks(c, 199))
	}
	_, err = k.st.Locks.Refresh(k.ctx, "urn:uuid:none", 60, 200, 140)
	k.wantKind(err, tandem.NotFound)
}

func testLocksRefused(k *kit) {
	c := k.collection(tandem.File)
	k.must(k.st.Locks.Lock(k.ctx, store.Lock{Token: "t", User: "ann", Collection: c.ID, Path: "a", Until: 200}, 100))
	for _, bad := range []struct {
		l    store.Lock
		kind tandem.ErrorKind
	}{
		{store.Lock{User: "ann", Collection: c.ID, Path: "b", Until: 200}, tandem.Invalid},
		{store.Lock{Token: "t", User: "ann", Collection: c.ID, Path: "b", Until: 200}, tandem.Exists},
		{store.Lock{Token: "t", User: "ann", Collection: c.ID, Path: "a", Until: 200}, tandem.Exists},
		{store.Lock{Token: "u", User: "nobody", Collection: c.ID, Path: "b", Until: 200}, tandem.NotFound},
		{store.Lock{Token: "u", User: "ann", Collection: 9999, Path: "b", Until: 200}, tandem.NotFound},
	} {
		if err := k.st.Locks.Lock(k.ctx, bad.l, 100); !tandem.IsKind(err, bad.kind) {
			k.Errorf("%+v: %v, want kind %q", bad.l, err, bad.kind)
		}
	}
}

// testLockRace lets many take the same lock: one gets it.
func testLockRace(k *kit) {
	c := k.collection(tandem.File)
	got := make([]bool, 16)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			err := k.st.Locks.Lock(k.ctx, store.Lock{Token: fmt.Sprint("urn:uuid:", i), User: "ann", Collection: c.ID, Path: "a", Until: 200}, 100)
			if err != nil && !tandem.IsKind(err, tandem.Busy) {
				k.Error(err)
			}
			got[i] = err == nil
		})
	}
	wg.Wait()
	list := k.locks(c, 100)
	if len(list) != 1 || !got[slices.Index(got, true)] || list[0].Token != fmt.Sprint("urn:uuid:", slices.Index(got, true)) {
		k.Fatalf("%v got it, there are %+v", got, list)
	}
}

func testLocksGoAway(k *kit) {
	c, other := k.collection(tandem.File), k.collection(tandem.Picture)
	k.user("zoe")
	k.must(k.st.Locks.Lock(k.ctx, store.Lock{Token: "1", User: "zoe", Collection: c.ID, Path: "a", Until: 200}, 100))
	k.must(k.st.Locks.Lock(k.ctx, store.Lock{Token: "2", User: "ann", Collection: c.ID, Path: "b", Until: 200}, 100))
	k.must(k.st.Locks.Lock(k.ctx, store.Lock{Token: "3", User: "ann", Collection: other.ID, Path: "b", Until: 200}, 100))
	k.must(k.st.Accounts.RemoveUser(k.ctx, "zoe"))
	if got := k.locks(c, 100); len(got) != 1 || got[0].Token != "2" {
		k.Fatalf("after a user was removed: %+v", got)
	}
	k.must(k.st.Home.RemoveCollection(k.ctx, c.ID))
	if got := k.locks(c, 100); len(got) != 0 {
		k.Fatalf("after a collection was removed: %+v", got)
	}
	if got := k.locks(other, 100); len(got) != 1 {
		k.Fatalf("elsewhere: %+v", got)
	}
}
