package storetest

import (
	"context"

	"tandem"
	"tandem/store"
)

// testSubscribeLists: a wake-up also tells that a collection itself changed.
func testSubscribeLists(k *kit) {
	k.collection(tandem.Event) // and the user
	ctx, cancel := context.WithCancel(k.ctx)
	defer cancel()
	ch := k.st.Home.Subscribe(ctx)
	next := func(want store.Wakeup) {
		k.Helper()
		if w := <-ch; w != want {
			k.Fatalf("wake-up %+v, want %+v", w, want)
		}
	}
	c := k.collection(tandem.Contact)
	next(store.Wakeup{User: "ann", Collection: c.ID, Listed: true})
	c.Name = "friends"
	_, err := k.st.Home.PutCollection(k.ctx, c)
	k.must(err)
	next(store.Wakeup{User: "ann", Collection: c.ID, Listed: true})
	if _, err := k.st.Home.PutCollection(k.ctx, tandem.Collection{User: "ann", Kind: tandem.Contact, Name: "friends"}); !tandem.IsKind(err, tandem.Exists) {
		k.Fatalf("a second one of the name: %v", err)
	}
	k.applied(c, put(tandem.Create, "a", "", "x"))
	next(store.Wakeup{User: "ann", Collection: c.ID, Seq: 1})
	k.must(k.st.Home.RemoveCollection(k.ctx, c.ID))
	next(store.Wakeup{User: "ann", Collection: c.ID, Seq: 1, Listed: true})
}
