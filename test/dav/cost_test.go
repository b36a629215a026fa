package dav_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"testing"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
	"tandem/test/davkit"
)

// countedHome counts what is read of records.
type countedHome struct {
	store.Home
	calls, records, bodies atomic.Int64
}

func (h *countedHome) Since(ctx context.Context, collection, seq int64, limit int) ([]store.HomeRecord, bool, error) {
	recs, more, err := h.Home.Since(ctx, collection, seq, limit)
	h.calls.Add(1)
	h.records.Add(int64(len(recs)))
	return recs, more, err
}

func (h *countedHome) Get(ctx context.Context, collection int64, ids []tandem.ID) iter.Seq2[store.HomeRecord, error] {
	return func(yield func(store.HomeRecord, error) bool) {
		h.calls.Add(1)
		for rec, err := range h.Home.Get(ctx, collection, ids) {
			h.bodies.Add(1)
			if !yield(rec, err) {
				return
			}
		}
	}
}

// countedProps counts how often properties are read.
type countedProps struct {
	inner store.Properties
	calls atomic.Int64
}

func (p *countedProps) Properties(ctx context.Context, collection int64, numbers ...int64) (map[int64]map[string]string, error) {
	p.calls.Add(1)
	return p.inner.Properties(ctx, collection, numbers...)
}

func (p *countedProps) SetProperties(ctx context.Context, collection, number int64, set map[string]string) error {
	return p.inner.SetProperties(ctx, collection, number, set)
}

// counted is a hub whose reads are counted, with n contacts.
func counted(t *testing.T, n int) (*davkit.Kit, *countedHome, *countedProps, string) {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	home, props := &countedHome{Home: st.Home}, &countedProps{inner: st.Props}
	st.Home, st.Props = home, props
	k := davkit.On(t, st)
	c := k.Collection("ann", tandem.Contact)
	writes := make([]store.HomeWrite, n) // past the kind, which would take most of the time
	for i := range writes {
		body := davkit.Card(fmt.Sprint("u", i), "P")
		writes[i] = store.HomeWrite{Index: tandem.Index{UID: fmt.Sprint("u", i)}, Write: tandem.Write{Op: tandem.Create, ID: tandem.ID(fmt.Sprintf("c%d.vcf", i))}}
		if i < 10 {
			writes[i].Record.Body = tandem.Bytes(body)
		}
	}
	_, err = st.Home.Write(t.Context(), c.ID, store.Author{User: "ann"}, writes)
	k.Must(err)
	return k, home, props, path(c)
}

// TestSyncCost: what changed since a token costs the same whether 100 records are there or 100,000.
func TestSyncCost(t *testing.T) {
	t.Parallel()
	large := 100_000
	if testing.Short() {
		large = 5000
	}
	var cost [2][3]int64
	for i, n := range []int{100, large} {
		k, home, props, at := counted(t, n)
		token := k.Do("ann", "PROPFIND", at, prop("d:sync-token"), "Depth", "0").Of(at).Propstats[0].Props[0].Value()
		for j := range 10 {
			k.Do("ann", "PUT", fmt.Sprintf("%sc%d.vcf", at, j), davkit.Card(fmt.Sprint("u", j), "new"))
		}
		home.calls.Store(0)
		home.records.Store(0)
		props.calls.Store(0)
		if got, _ := changes(k.Do("ann", "REPORT", at, syncBody(token))); len(got) != 10 {
			t.Fatalf("%d changes", len(got))
		}
		cost[i] = [3]int64{home.calls.Load(), home.records.Load(), home.bodies.Load()}
	}
	if cost[0][0] != cost[1][0] || cost[0][1] != cost[1][1] || cost[0][1] != 10 {
		t.Errorf("%d calls and %d records of 100, %d and %d of %d", cost[0][0], cost[0][1], cost[1][0], cost[1][1], large)
	}
}

// TestPropfindCost: a listing reads pages and no body, and looks for properties of clients only where it is asked for some.
func TestPropfindCost(t *testing.T) {
	t.Parallel()
	k, home, props, at := counted(t, 3000)
	ask := func(body string) (calls, bodies, looked int64) {
		home.calls.Store(0)
		home.bodies.Store(0)
		props.calls.Store(0)
		if n := len(k.Do("ann", "PROPFIND", at, body, "Depth", "1").Hrefs()); n != 3001 {
			t.Fatalf("%d resources", n)
		}
		return home.calls.Load(), home.bodies.Load(), props.calls.Load()
	}
	if calls, bodies, looked := ask(prop("d:getetag", "d:resourcetype", "d:getcontentlength", "d:getlastmodified")); calls > 4 || bodies != 0 || looked != 0 {
		t.Errorf("%d calls, %d bodies, %d looks for properties", calls, bodies, looked)
	}
	if calls, bodies, looked := ask(strings.Replace(prop("d:getetag", "x:own"), "xmlns:d", `xmlns:x="urn:x" xmlns:d`, 1)); calls > 4 || bodies != 0 || looked > 13 {
		t.Errorf("%d calls, %d bodies, %d looks for properties", calls, bodies, looked)
	}
}
