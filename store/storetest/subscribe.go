package storetest

import (
	"context"

	"tandem/store"
)

// testEventsSubscribe follows the results log by listening.
func testEventsSubscribe(k *kit) {
	ctx, cancel := context.WithCancel(k.ctx)
	first, second := k.st.Events.Subscribe(ctx), k.st.Events.Subscribe(k.ctx)
	add := func(text string) {
		k.Helper()
		k.must(k.st.Events.Add(k.ctx, store.Event{When: 1, Text: text}))
	}
	next := func(ch <-chan struct{}, after int64, want int) int64 {
		k.Helper()
		<-ch
		list, err := k.st.Events.List(k.ctx, after, "", 0)
		k.must(err)
		if len(list) != want {
			k.Fatalf("%d events after %d once told, want %d", len(list), after, want)
		}
		return list[len(list)-1].ID
	}
	add("one")
	at := next(first, 0, 1)
	add("two")
	add("three")
	next(first, at, 2) // coalesced: one hint may stand for both
	next(second, 0, 3)
	k.must(k.st.Events.Add(k.ctx)) // nothing added, nothing told
	select {
	case <-second:
		k.Fatal("told twice of what was heard")
	default:
	}
	cancel()
	for range first { // closed, after what was still to be heard
	}
	add("four")
	next(second, 0, 4)
	k.must(k.st.Close())
	if _, more := <-second; more {
		k.Fatal("told of something by a closed store")
	}
	if _, more := <-k.st.Events.Subscribe(k.ctx); more {
		k.Fatal("a closed store tells something")
	}
}
