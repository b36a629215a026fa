package providertest

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"tandem"
	"tandem/provider"
)

func testReadOnly(b *bench) {
	b.needs(b.place.Edit != nil, "edits behind the replica's back (Place.Edit)")
	b.edit(b.ID(1), b.Body(1, 1, 0))
	c := b.all()[b.ID(1)]
	for _, w := range []tandem.Write{
		b.create(2),
		{Op: tandem.Update, ID: c.ID, If: c.Version, Record: b.record(1, 2, 0)},
		{Op: tandem.Delete, ID: c.ID, If: c.Version},
	} {
		b.refused(w, tandem.Rejected)
	}
	b.exactly(tandem.Outcome{ID: c.ID, Meta: c.Meta})
	if _, got := b.fetch(c.ID); !bytes.Equal(got, b.Body(1, 1, 0)) {
		b.Errorf("the record is now %s", shorten(got))
	}
}

func testCancelled(b *bench) {
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	var failed error
	seq, end := b.r.Changes(ctx, "")
	for _, err := range seq {
		failed = err
	}
	if failed == nil || end().Complete {
		b.Errorf("a cancelled listing ended with %v, complete: %v", failed, end().Complete)
	}
	if b.features.ReadOnly {
		return
	}
	outs, err := b.r.Apply(ctx, []tandem.Write{b.create(1), b.create(2)})
	if err == nil {
		b.Error("a cancelled apply ended without an error")
	}
	var done []tandem.Outcome
	for _, o := range outs {
		if o.Status == tandem.Applied {
			done = append(done, o)
		}
	}
	all := b.all()
	for _, o := range done {
		b.shows(all[o.ID], o)
	}
	// The replica is none the worse for it.
	o := b.must(b.create(3))
	b.holds(o.ID, 3, 1, 0)
}

func testClosed(b *bench) {
	r, err := b.place.Open(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	if err := r.Close(); err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	for name, call := range closedCalls(b, r) {
		if err := call(ctx); err == nil {
			b.Errorf("%s works on a closed replica", name)
		}
	}
	if err := r.Close(); err != nil {
		b.Errorf("closing again: %v", err)
	}
}

func closedCalls(b *bench, r *provider.Opened) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"identity": func(ctx context.Context) error { _, err := r.Identity(ctx); return err },
		"changes": func(ctx context.Context) (failed error) {
			seq, end := r.Changes(ctx, "")
			for _, err := range seq {
				failed = err
			}
			if end().Complete {
				b.Error("the listing of a closed replica is complete")
			}
			return failed
		},
		"fetch": func(ctx context.Context) (failed error) {
			for _, err := range r.Fetch(ctx, []tandem.ID{b.ID(1)}) {
				failed = err
			}
			return failed
		},
		"apply": func(ctx context.Context) error { _, err := r.Apply(ctx, []tandem.Write{b.create(1)}); return err },
		"find":  func(ctx context.Context) error { _, _, err := r.Find(ctx, b.create(1)); return err },
		"watch": func(ctx context.Context) error { _, err := r.Watch(ctx); return err },
	}
}

// testParallel uses one replica from many goroutines, as far as its features allow.
func testParallel(b *bench) {
	workers := max(b.features.Workers, 1)
	if b.features.Overlap {
		workers++
	}
	const each = 10
	outs := make([][]tandem.Outcome, workers)
	var wg sync.WaitGroup
	do := func(f func() error) {
		wg.Go(func() {
			if err := f(); err != nil {
				b.Error(err)
			}
		})
	}
	for w := range workers {
		do(func() error {
			var writes []tandem.Write
			for i := range each {
				writes = append(writes, b.create(w*each+i))
			}
			var err error
			outs[w], err = b.r.Apply(b.Context(), writes)
			return err
		})
	}
	for range 3 {
		do(func() error { _, err := b.r.Identity(b.Context()); return err })
		do(func() error { _, _, err := b.r.Find(b.Context(), b.create(1)); return err })
		do(func() error {
			for _, err := range b.r.Fetch(b.Context(), []tandem.ID{b.ID(1), b.ID(2)}) {
				if err != nil && !tandem.IsKind(err, tandem.NotFound) {
					return fmt.Errorf("fetch: %w", err)
				}
			}
			return nil
		})
	}
	wg.Wait()
	var all []tandem.Outcome
	for _, o := range outs {
		all = append(all, o...)
	}
	b.exactly(all...)
}

func testParks(b *bench) {
	b.needs(b.features.Parks, "keeping overwritten versions")
	parker, ok := b.r.Replica.(provider.Parker)
	if !ok {
		b.Fatal("the features promise kept versions and the replica is no Parker")
	}
	o := b.must(b.create(1))
	next := b.must(b.update(1, 2, o))
	gone := b.must(tandem.Write{Op: tandem.Delete, ID: next.ID, If: next.Version})
	check := func(v int, parked string) {
		b.Helper()
		if parked == "" {
			b.Fatalf("version %d was not kept", v)
		}
		rec, err := parker.Unpark(b.Context(), parked)
		if err != nil {
			b.Fatalf("version %d, kept as %q: %v", v, parked, err)
		}
		if got, err := tandem.ReadBody(rec.Body, 1<<30); err != nil || !b.Rewrites && !bytes.Equal(got, b.Body(1, v, 0)) {
			b.Errorf("version %d was kept as %s (%v)", v, shorten(got), err)
		}
	}
	check(1, next.Parked)
	check(2, gone.Parked)
	b.exactly() // what is kept is not listed
	b.r = b.open()
	parker = b.r.Replica.(provider.Parker)
	check(1, next.Parked)
	if _, err := parker.Purge(b.Context(), 1<<40); err != nil {
		b.Fatal(err)
	}
	for _, parked := range []string{next.Parked, gone.Parked, "no such version"} {
		if _, err := parker.Unpark(b.Context(), parked); !tandem.IsKind(err, tandem.NotFound) {
			b.Errorf("purged version %q: %v, want kind not found", parked, err)
		}
	}
}

func testDigests(b *bench) {
	d, ok := b.r.Replica.(provider.Digester)
	b.needs(ok, "digests on demand")
	same, twin := b.create(1), b.createAs(1, b.ID(2))
	outs := b.apply(same, twin, b.create(3))
	gone := b.must(b.create(4))
	b.must(tandem.Write{Op: tandem.Delete, ID: gone.ID, If: gone.Version})
	got := map[tandem.ID]tandem.Change{}
	for c := range d.Digest(b.Context(), []tandem.ID{outs[0].ID, outs[1].ID, outs[2].ID, gone.ID}) {
		got[c.ID] = c
	}
	all := b.all()
	for _, o := range outs {
		c := got[o.ID]
		b.shows(c, o)
		if c.Digest.IsZero() {
			b.Errorf("%q has no digest", o.ID)
		}
		if l := all[o.ID]; !l.Digest.IsZero() && l.Digest != c.Digest {
			b.Errorf("%q is listed with digest %s and digested to %s", o.ID, l.Digest, c.Digest)
		}
	}
	if got[outs[0].ID].Digest != got[outs[1].ID].Digest || got[outs[0].ID].Digest == got[outs[2].ID].Digest {
		b.Error("digests do not tell the same body from another")
	}
	if c, ok := got[gone.ID]; !ok || c.Presence == tandem.Present {
		b.Errorf("a deleted record is digested as %+v", c)
	}
}

func testFlush(b *bench) {
	f, ok := b.r.Replica.(provider.Flusher)
	b.needs(ok, "flushing")
	b.must(b.create(1))
	if b.place.Edit != nil {
		b.edit(b.ID(2), b.Body(2, 1, 0))
	}
	b.all()
	if err := f.Flush(b.Context()); err != nil {
		b.Error(err)
	}
}
