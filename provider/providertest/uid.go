package providertest

import "tandem"

// testOneUID tries to give a second record the UID of one that is there, by every way there is.
func testOneUID(b *bench) {
	b.needs(b.features.OneUID, "one record per UID")
	one, two := b.must(b.create(1)), b.must(b.create(2))
	taken := func(w tandem.Write) {
		b.Helper()
		if o := b.refused(w, tandem.PreconditionFailed); !tandem.IsKind(o.Err, tandem.Exists) {
			b.Errorf("%s %q with a UID that is taken: error %v, want one of kind %q", w.Op, w.ID, o.Err, tandem.Exists)
		}
	}
	second := b.createAs(1, b.ID(3))
	second.Record = b.record(1, 2, 0)
	taken(second)
	unnamed := second
	unnamed.ID, unnamed.Marker = "", "unnamed"
	taken(unnamed)
	taken(b.update(1, 2, two))
	b.exactly(one, two)
	b.untouched(one, 1, 1)
	b.untouched(two, 2, 1)

	// Within one batch, order decides; the rest of it goes on.
	third := b.createAs(4, b.ID(5))
	outs := b.apply(b.create(4), third, b.create(6), tandem.Write{Op: tandem.Delete, ID: one.ID, If: one.Version}, second)
	for i, want := range []tandem.Status{tandem.Applied, tandem.PreconditionFailed, tandem.Applied, tandem.Applied, tandem.Applied} {
		if outs[i].Status != want {
			b.Fatalf("write %d: %s (%v), want %s", i, outs[i].Status, outs[i].Err, want)
		}
	}
	b.exactly(two, outs[0], outs[2], outs[4])
	b.holds(outs[4].ID, 1, 2, 0)
	kept := b.must(b.update(1, 3, outs[4])) // its own UID is no other's
	b.holds(kept.ID, 1, 3, 0)
	moved := b.must(b.update(7, 1, two)) // a UID that is free
	b.must(b.create(2))                  // and the one given up
	b.holds(moved.ID, 7, 1, 0)
}
