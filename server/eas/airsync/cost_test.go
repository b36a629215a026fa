package airsync_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"testing"

	"tandem"
	"tandem/server/eas/synckey"
	"tandem/store"
	"tandem/wire/wbxml"
)

// meter counts what is asked of a store, and what it yields and takes.
type meter struct{ calls, records, bytes int }

type (
	homeMeter struct {
		store.Home
		*meter
	}
	lookupMeter struct {
		store.Lookup
		*meter
	}
	listingMeter struct {
		store.Listing
		*meter
	}
	deviceMeter struct {
		devices
		*meter
	}
)

func (m homeMeter) Collections(ctx context.Context, user string) ([]tandem.Collection, error) {
	m.calls++
	return m.Home.Collections(ctx, user)
}

func (m homeMeter) Since(ctx context.Context, collection, seq int64, limit int) ([]store.HomeRecord, bool, error) {
	recs, more, err := m.Home.Since(ctx, collection, seq, limit)
	m.calls++
	m.records += len(recs)
	return recs, more, err
}

func (m listingMeter) Filled(ctx context.Context, collection, seq int64, limit int) ([]store.HomeRecord, bool, error) {
	recs, more, err := m.Listing.Filled(ctx, collection, seq, limit)
	m.calls++
	for _, r := range recs {
		m.records++
		if r.Body != nil {
			m.bytes += int(r.Body.Size())
		}
	}
	return recs, more, err
}

func (m homeMeter) Get(ctx context.Context, collection int64, ids []tandem.ID) iter.Seq2[store.HomeRecord, error] {
	return m.count(m.Home.Get(ctx, collection, ids))
}

func (m *meter) count(seq iter.Seq2[store.HomeRecord, error]) iter.Seq2[store.HomeRecord, error] {
	m.calls++
	return func(yield func(store.HomeRecord, error) bool) {
		for r, err := range seq {
			m.records++
			if r.Body != nil {
				m.bytes += int(r.Body.Size())
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func (m homeMeter) Write(ctx context.Context, collection int64, who store.Author, writes []store.HomeWrite) ([]tandem.Outcome, error) {
	m.calls++
	m.records += len(writes)
	return m.Home.Write(ctx, collection, who, writes)
}

func (m lookupMeter) ByNumber(ctx context.Context, collection int64, numbers []int64) iter.Seq2[store.HomeRecord, error] {
	return m.count(m.Lookup.ByNumber(ctx, collection, numbers))
}

func (m lookupMeter) Ended(ctx context.Context, collection, seq, from, to, afterEnd, afterNumber int64, limit int) ([]store.HomeRecord, error) {
	recs, err := m.Lookup.Ended(ctx, collection, seq, from, to, afterEnd, afterNumber, limit)
	m.calls++
	m.records += len(recs)
	return recs, err
}

func (m lookupMeter) At(ctx context.Context, collection, number, seq int64) (store.HomeRecord, error) {
	m.calls++
	m.records++
	return m.Lookup.At(ctx, collection, number, seq)
}

func (m lookupMeter) Count(ctx context.Context, collection, seq int64) (live, changed int, err error) {
	m.calls++
	return m.Lookup.Count(ctx, collection, seq)
}

func (m deviceMeter) State(ctx context.Context, device int64, names ...string) (map[string][]byte, error) {
	docs, err := m.devices.State(ctx, device, names...)
	m.calls++
	for _, d := range docs {
		m.bytes += len(d)
	}
	return docs, err
}

func (m deviceMeter) SwapState(ctx context.Context, device int64, swaps ...store.Swap) error {
	m.calls++
	for _, s := range swaps {
		m.bytes += len(s.New)
	}
	return m.devices.SwapState(ctx, device, swaps...)
}

// metered puts meters between the service and the store.
func (k *kit) metered() *meter {
	m := &meter{}
	k.svc.Home, k.svc.Lookup, k.svc.Devices = homeMeter{k.st.Home, m}, lookupMeter{k.st.Lookup, m}, deviceMeter{k.st.Devices, m}
	k.svc.Listing, k.folders.Home = listingMeter{k.st.Listing, m}, k.svc.Home
	return m
}

// crowd makes n events of yesterday.
func (k *kit) crowd(c tandem.Collection, n int) {
	k.Helper()
	writes := make([]store.HomeWrite, 0, 1000)
	for i := range n {
		id := fmt.Sprint("e", i)
		body := vevent(id, "Event", "20260519T090000Z", "20260519T100000Z")
		w := store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: tandem.ID(id)}, Digest: sha256.Sum256([]byte(body)), Title: id,
			Index: tandem.Index{UID: id, Start: 1779181200, End: 1779184800}}
		w.Record.Body, w.Record.UID = tandem.Bytes(body), id
		if writes = append(writes, w); len(writes) == cap(writes) || i == n-1 {
			_, err := k.st.Home.Write(k.ctx, c.ID, store.Author{}, writes)
			k.must(err)
			writes = writes[:0]
		}
	}
}

// caughtUp makes a device that was begun one that has everything, without sending it, and returns its key.
func (k *kit) caughtUp(c tandem.Collection) string {
	k.Helper()
	doc := "sync/" + id(c)
	docs, err := k.st.Devices.State(k.ctx, k.device.Number, doc)
	k.must(err)
	st, err := synckey.Parse(docs[doc])
	k.must(err)
	recs, _, err := k.st.Home.Since(k.ctx, c.ID, 0, 0)
	k.must(err)
	st.Now.Finish(recs[len(recs)-1].Seq)
	st.Issue(c.ID, st.Now)
	now, err := st.Bytes()
	k.must(err)
	k.must(k.st.Devices.SwapState(k.ctx, k.device.Number, store.Swap{Name: doc, Old: docs[doc], New: now}))
	return st.Now.Key
}

// With 100,000 records and one change, a Sync reads and writes no more than with 100.
func TestCost(t *testing.T) {
	large := 100_000
	if testing.Short() {
		large = 2000
	}
	measure := func(n int) map[string]meter {
		k := newKit(t)
		k.crowd(k.calendar, n)
		k.sync(k.calendar, "0", options(filter(5)))
		at := k.caughtUp(k.calendar)
		one := k.serverID(k.calendar, "e5")
		out := map[string]meter{}
		step := func(name string, f func()) {
			m := k.metered()
			f()
			out[name] = *m
			k.restart()
		}
		sync := func(more ...*wbxml.Element) {
			if col := k.sync(k.calendar, at, more...); col != nil {
				at = key(col)
			}
		}
		step("nothing", func() { sync() })
		k.write(k.calendar, tandem.Update, "e3", vevent("e3", "Changed", "20260519T090000Z", "20260519T100000Z"))
		step("estimate", func() { k.estimate(id(k.calendar), at) })
		before := at
		step("a change", func() { sync() })
		step("the same again", func() { k.sync(k.calendar, before) })
		step("the client changes", func() { sync(commands(edit(one, wbxml.Text(wbxml.CalendarSubject, "Mine")))) })
		step("the client adds", func() { sync(commands(add("n", wbxml.Text(wbxml.CalendarSubject, "New")))) })
		step("the client deletes", func() { sync(commands(drop(one))) })
		k.write(k.calendar, tandem.Delete, "e7", "")
		step("a deletion", func() { sync() })
		step("pending", func() { _, _, err := k.svc.Pending(k.ctx, k.device.Number, k.calendar); k.must(err) })
		k.clock = k.clock.AddDate(0, 0, 1)
		step("a day later", func() { sync() })
		k.clock = k.clock.AddDate(0, 3, 0)
		step("the window moves", func() { sync(window(10)) })
		step("the window moves on", func() { sync(window(10)) })
		step("start over", func() { k.sync(k.calendar, "0") })
		return out
	}
	small, big := measure(100), measure(large)
	for name, s := range small {
		b := big[name]
		t.Logf("%-20s with 100: %+v, with %d: %+v", name, s, large, b)
		// Bytes may grow by the digits of larger numbers.
		if b.calls > s.calls || b.records > s.records || b.bytes > s.bytes+s.bytes/5+64 {
			t.Errorf("%s: %+v with 100 records, %+v with %d", name, s, b, large)
		}
	}
}
