package providertest

import (
	"bytes"
	"context"
	"time"

	"tandem"
)

// patience is how long the suite waits for what should happen at once.
const patience = time.Minute

func (b *bench) edit(id tandem.ID, body []byte) {
	b.Helper()
	if err := b.place.Edit(id, body); err != nil {
		b.Fatalf("edit %q behind the replica's back: %v", id, err)
	}
}

// testForeign edits the place behind the replica's back.
func testForeign(b *bench) {
	b.needs(b.place.Edit != nil, "edits behind the replica's back (Place.Edit)")
	b.edit(b.ID(1), b.Body(1, 1, 0))
	b.edit(b.ID(2), b.Body(2, 1, 0))
	before := b.all()
	if len(before) != 2 {
		b.Fatalf("%d records are listed, want 2", len(before))
	}
	if _, got := b.fetch(b.ID(1)); !b.Rewrites && !bytes.Equal(got, b.Body(1, 1, 0)) {
		b.Errorf("a record made by another program is fetched as %s", shorten(got))
	}
	b.edit(b.ID(1), b.Body(1, 2, 0))
	after := b.all()
	if c := after[b.ID(1)]; c.Version != "" && c.Version == before[b.ID(1)].Version {
		b.Errorf("an edited record still has version %q", c.Version)
	}
	if _, got := b.fetch(b.ID(1)); !b.Rewrites && !bytes.Equal(got, b.Body(1, 2, 0)) {
		b.Errorf("an edited record is fetched as %s", shorten(got))
	}
	if b.features.ReadOnly {
		return
	}
	old := tandem.Outcome{ID: b.ID(1), Meta: before[b.ID(1)].Meta}
	if old.Version != "" {
		b.refused(b.update(1, 3, old), tandem.PreconditionFailed)
		b.refused(tandem.Write{Op: tandem.Delete, ID: old.ID, If: old.Version}, tandem.PreconditionFailed)
		if b.features.Rename {
			b.refused(tandem.Write{Op: tandem.Move, ID: old.ID, To: b.ID(5), If: old.Version}, tandem.PreconditionFailed)
		}
	}
	b.holds(b.ID(1), 1, 2, 0)

	b.edit(b.ID(2), nil)
	if c, listed := b.all()[b.ID(2)]; listed {
		b.Errorf("a removed record is listed as %s", c.Presence)
	}
	gone := tandem.Outcome{ID: b.ID(2), Meta: before[b.ID(2)].Meta}
	b.refused(b.update(2, 2, gone), tandem.PreconditionFailed)

	if w := b.create(3); b.must(w).ID == w.ID {
		b.edit(b.ID(4), b.Body(4, 1, 0))
		b.refused(b.createAs(5, b.ID(4)), tandem.PreconditionFailed)
		b.holds(b.ID(4), 4, 1, 0)
	}
}

// testForeignQuick edits records right after the replica wrote and listed them, keeping their length: clocks are too
// coarse to tell.
func testForeignQuick(b *bench) {
	b.needs(b.place.Edit != nil, "edits behind the replica's back (Place.Edit)")
	for round := range 20 {
		o := b.must(b.create(round))
		b.needs(o.Version != "" && o.ID == b.ID(round), "versions and wished ids")
		b.edit(o.ID, b.Body(round, 2, 0))
		if c := b.all()[o.ID]; c.Version == o.Version {
			b.Fatalf("round %d: an edit right after a write is not seen: version %q", round, o.Version)
		}
		before := b.all()[o.ID]
		b.edit(o.ID, b.Body(round, 3, 0))
		if c := b.all()[o.ID]; c.Version == before.Version {
			b.Fatalf("round %d: an edit right after a listing is not seen: version %q", round, before.Version)
		}
		b.refused(tandem.Write{Op: tandem.Update, ID: o.ID, If: before.Version, Record: b.record(round, 4, 0)}, tandem.PreconditionFailed)
		b.holds(o.ID, round, 3, 0)
	}
}

// testSpoiled makes one record unreadable: it is a problem, not an absence, and the others are listed.
func testSpoiled(b *bench) {
	b.needs(b.place.Spoil != nil, "spoiling a record (Place.Spoil)")
	outs := b.apply(b.create(1), b.create(2), b.create(3))
	if err := b.place.Spoil(outs[1].ID); err != nil {
		b.Fatal(err)
	}
	all := b.all()
	c, listed := all[outs[1].ID]
	if !listed {
		b.Fatalf("an unreadable record is left out of a complete listing, which means deleted")
	}
	if c.Presence == tandem.Present {
		// A listing need not read bodies; then fetching finds out.
		for _, err := range b.r.Fetch(b.Context(), []tandem.ID{outs[1].ID}) {
			if err == nil || tandem.IsKind(err, tandem.NotFound) {
				b.Errorf("a spoiled record is listed as present and fetched with %v", err)
			}
		}
	} else if c.Presence != tandem.Problem {
		b.Errorf("an unreadable record is listed as %s", c.Presence)
	}
	for _, i := range []int{0, 2} {
		b.shows(all[outs[i].ID], outs[i])
	}
}

// testVanished takes the place away: that is trouble, never an empty place.
func testVanished(b *bench) {
	b.needs(b.place.Vanish != nil, "taking the place away (Place.Vanish)")
	var outs []tandem.Outcome
	if !b.features.ReadOnly {
		outs = b.apply(b.create(1), b.create(2))
	}
	id, err := b.r.Identity(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	back, err := b.place.Vanish()
	if err != nil {
		b.Fatal(err)
	}
	trouble := func(what string, err error) {
		b.Helper()
		if !tandem.IsKind(err, tandem.Unreadable) && !tandem.IsKind(err, tandem.Gone) {
			b.Errorf("%s of a vanished place: %v, want kind unreadable", what, err)
		}
	}
	var failed error
	seq, end := b.r.Changes(b.Context(), "")
	for c, err := range seq {
		if failed = err; err == nil {
			b.Errorf("a vanished place lists %q", c.ID)
		}
	}
	trouble("listing", failed)
	if end().Complete {
		b.Error("the listing of a vanished place is complete, which means that everything was deleted")
	}
	if !b.features.ReadOnly {
		out, err := b.r.Apply(b.Context(), []tandem.Write{b.create(3), {Op: tandem.Delete, ID: outs[0].ID, If: outs[0].Version}})
		trouble("writing", err)
		for i, o := range out {
			if o.Status == tandem.Applied {
				b.Errorf("write %d to a vanished place was applied", i)
			}
		}
	}
	if r, err := b.place.Open(b.Context()); err == nil {
		_, err = r.Identity(b.Context())
		trouble("identity", err)
		r.Close()
	} else {
		trouble("opening", err)
	}
	back()
	b.r = b.open()
	if again, err := b.r.Identity(b.Context()); err != nil || again != id {
		b.Errorf("identity %+v (%v) after coming back, want %+v", again, err, id)
	}
	b.exactly(outs...)
}

func testWatch(b *bench) {
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	ch, err := b.r.Watch(ctx)
	if err != nil {
		b.Fatal(err)
	}
	if !b.features.Watch {
		if ch != nil {
			b.Error("a place that cannot watch does")
		}
		return
	}
	if ch == nil {
		b.Fatal("the features promise a watch and there is none")
	}
	if b.place.Edit != nil {
		b.edit(b.ID(1), b.Body(1, 1, 0))
		if _, open := <-ch; !open {
			b.Fatalf("no hint of an edit: the watch ended (%v)", ctx.Err())
		}
		if len(b.all()) != 1 {
			b.Error("a hint came before its record is listed")
		}
	}
	cancel()
	timeout := time.After(patience)
	for {
		select {
		case _, open := <-ch:
			if !open {
				return
			}
		case <-timeout:
			b.Fatal("the watch does not end with its context")
		}
	}
}
