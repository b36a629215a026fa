package providertest

import (
	"fmt"
	"reflect"

	"tandem"
	"tandem/provider"
)

func testEmpty(b *bench) {
	b.exactly()
	if n := len(b.apply()); n != 0 {
		b.Errorf("no writes gave %d outcomes", n)
	}
	for rec, err := range b.r.Fetch(b.Context(), nil) {
		b.Errorf("fetching nothing gave %v, %v", rec, err)
	}
}

func testIdentity(b *bench) {
	first, err := b.r.Identity(b.Context())
	if err != nil || first.Store == "" {
		b.Fatalf("identity %+v, %v", first, err)
	}
	b.must(b.create(1))
	for range 2 {
		again, err := b.open().Identity(b.Context())
		if err != nil || again != first {
			b.Errorf("identity %+v (%v) on reopening, want %+v", again, err, first)
		}
	}
	other, err := newBench(b.T, b.Factory).r.Identity(b.Context())
	if err != nil || other.Store == first.Store {
		b.Errorf("another place has identity %+v (%v), which is that of the first", other, err)
	}
}

func testCreate(b *bench) {
	var outs []tandem.Outcome
	for n := range 5 {
		outs = append(outs, b.must(b.create(n)))
	}
	noID := b.create(5)
	noID.ID = ""
	if !b.features.Tree {
		outs = append(outs, b.must(noID))
	}
	b.exactly(outs...)
	for n, o := range outs {
		b.holds(o.ID, n, 1, 0)
	}
	b.exactly(outs...) // reading changed nothing, and versions are stable
	b.r = b.open()
	b.exactly(outs...)
	for n, o := range outs {
		b.holds(o.ID, n, 1, 0)
		if rec, _ := b.fetch(o.ID); rec.Version != o.Version || rec.Attrs != o.Attrs {
			b.Errorf("%q is fetched at version %q with %q, want %q with %q", o.ID, rec.Version, rec.Attrs, o.Version, o.Attrs)
		}
	}
}

func testCreateTaken(b *bench) {
	o := b.must(b.create(1))
	b.needs(o.ID == b.ID(1), "wished ids")
	b.refused(b.createAs(2, o.ID), tandem.PreconditionFailed)
	b.untouched(o, 1, 1)
	b.exactly(o)
}

func testMarker(b *bench) {
	w := b.create(1)
	if _, found, err := b.r.Find(b.Context(), w); found || err != nil {
		b.Fatalf("found a record before it was created (%v)", err)
	}
	o := b.must(w)
	other := b.must(b.create(2))
	for range 2 {
		got, found, err := b.r.Find(b.Context(), w)
		if err != nil || !found || got.ID != o.ID || got.Version != o.Version {
			b.Errorf("find: %+v, %v, %v; want %q at %q", got, found, err, o.ID, o.Version)
		}
		b.r = b.open()
	}
	// A create that is repeated because its answer was lost makes no second record.
	if again := b.apply(w)[0]; again.Status == tandem.Applied && again.ID != o.ID {
		b.Errorf("the same create made %q and then %q", o.ID, again.ID)
	}
	b.exactly(o, other)

	b.must(tandem.Write{Op: tandem.Delete, ID: o.ID, If: o.Version})
	if got, found, err := b.r.Find(b.Context(), w); found || err != nil {
		b.Errorf("found %q after it was deleted (%v)", got.ID, err)
	}
}

func testUpdate(b *bench) {
	o, other := b.must(b.create(1)), b.must(b.create(2))
	for v := 2; v < 5; v++ {
		next := b.must(b.update(1, v, o))
		if next.Version == o.Version && next.Version != "" {
			b.Errorf("version %q stands for two contents", o.Version)
		}
		o = next
		b.holds(o.ID, 1, v, 0)
		b.exactly(o, other)
	}
	b.holds(other.ID, 2, 1, 0)
	b.r = b.open()
	b.exactly(o, other)
}

func testUpdateStale(b *bench) {
	first := b.must(b.create(1))
	b.needs(first.Version != "", "versions")
	o := b.must(b.update(1, 2, first))
	b.needs(o.ID == first.ID, "ids that survive an update")
	for name, version := range map[string]tandem.Version{"stale": first.Version, "empty": "", "foreign": "no such version"} {
		b.refused(tandem.Write{Op: tandem.Update, ID: o.ID, If: version, Record: b.record(1, 3, 0)}, tandem.PreconditionFailed)
		b.refused(tandem.Write{Op: tandem.Delete, ID: o.ID, If: version}, tandem.PreconditionFailed)
		if b.Failed() {
			b.Fatalf("a write with a %s version was not refused", name)
		}
		b.untouched(o, 1, 2)
	}
	b.exactly(o)
}

func testDelete(b *bench) {
	o, other := b.must(b.create(1)), b.must(b.create(2))
	del := tandem.Write{Op: tandem.Delete, ID: o.ID, If: o.Version}
	b.must(del)
	b.exactly(other)
	b.refused(del, tandem.PreconditionFailed)
	b.refused(b.update(1, 2, o), tandem.PreconditionFailed)
	b.exactly(other)
	b.r = b.open()
	b.exactly(other)
	b.holds(other.ID, 2, 1, 0)
}

// testOrder deletes and creates under one id in one go.
func testOrder(b *bench) {
	o := b.must(b.create(1))
	b.needs(o.ID == b.ID(1), "wished ids")
	again := b.create(1)
	again.Marker, again.Record = "another", b.record(1, 2, 0)
	outs := b.apply(tandem.Write{Op: tandem.Delete, ID: o.ID, If: o.Version}, again)
	for _, o := range outs {
		if o.Status != tandem.Applied {
			b.Fatalf("%s, %v", o.Status, o.Err)
		}
	}
	b.exactly(outs[1])
	b.holds(outs[1].ID, 1, 2, 0)
}

func testMany(b *bench) {
	const n = 200
	var writes []tandem.Write
	for i := range n {
		writes = append(writes, b.create(i))
	}
	outs := b.apply(writes...)
	b.exactly(outs...)
	if b.Failed() {
		return
	}
	writes = writes[:0]
	for i, o := range outs {
		b.holds(o.ID, i, 1, 0)
		if i%2 == 0 {
			writes = append(writes, b.update(i, 2, o))
		} else {
			writes = append(writes, tandem.Write{Op: tandem.Delete, ID: o.ID, If: o.Version})
		}
	}
	outs = b.apply(writes...)
	var left []tandem.Outcome
	for i, o := range outs {
		if o.Status != tandem.Applied {
			b.Fatalf("write %d: %s, %v", i, o.Status, o.Err)
		}
		if i%2 == 0 {
			left = append(left, o)
			b.holds(o.ID, i, 2, 0)
		}
	}
	b.exactly(left...)
}

func testBadRecord(b *bench) {
	gone := b.must(b.create(9))
	b.must(tandem.Write{Op: tandem.Delete, ID: gone.ID, If: gone.Version})
	outs := b.apply(b.create(1), b.update(9, 2, gone), b.create(2), tandem.Write{Op: tandem.Delete, ID: gone.ID, If: gone.Version}, b.create(3))
	for i, want := range []tandem.Status{tandem.Applied, tandem.PreconditionFailed, tandem.Applied, tandem.PreconditionFailed, tandem.Applied} {
		if outs[i].Status != want {
			b.Errorf("write %d: %s (%v), want %s", i, outs[i].Status, outs[i].Err, want)
		}
	}
	b.exactly(outs[0], outs[2], outs[4])
}

// testBrokenBody writes bodies that fail while they are read: nothing half may appear.
func testBrokenBody(b *bench) {
	o := b.must(b.create(1))
	whole := b.Body(1, 2, 0)
	create, update := b.create(2), b.update(1, 2, o)
	create.Record.Body = brokenBody{b.Body(2, 1, 0), int64(len(b.Body(2, 1, 0))) + 10}
	update.Record.Body = brokenBody{whole[:len(whole)/2], int64(len(whole))}
	outs := b.apply(create, b.create(3), update, b.create(4))
	for _, i := range []int{0, 2} {
		if outs[i].Status == tandem.Applied || outs[i].Status == tandem.Maybe {
			b.Errorf("write %d has a body that broke off: %s", i, outs[i].Status)
		}
	}
	b.exactly(o, outs[1], outs[3])
	b.holds(o.ID, 1, 1, 0)
}

func testBigBody(b *bench) {
	b.needs(b.Big > 0, "big bodies")
	sized, plain := b.create(1), b.create(2)
	sized.Record = b.record(1, 1, b.Big)
	plain.Record = b.record(2, 1, b.Big)
	plain.Record.Body = unsized{plain.Record.Body.(tandem.Bytes)}
	outs := b.apply(sized, plain)
	b.exactly(outs...)
	for i, o := range outs {
		if o.Status != tandem.Applied {
			b.Fatalf("%s, %v", o.Status, o.Err)
		}
		b.holds(o.ID, i+1, 1, b.Big)
	}
	shrunk := b.must(b.update(1, 2, outs[0]))
	b.holds(shrunk.ID, 1, 2, 0)
	b.exactly(shrunk, outs[1])
}

func testTooLarge(b *bench) {
	max := b.features.MaxSize
	b.needs(max > 0 && max <= 64<<20, "a size limit that a test can reach")
	w := b.create(1)
	w.Record = b.record(1, 1, int(max)+1)
	outs := b.apply(w, b.create(2))
	if outs[0].Status != tandem.Rejected || !tandem.IsKind(outs[0].Err, tandem.TooLarge) {
		b.Errorf("%s, %v; want rejected as too large", outs[0].Status, outs[0].Err)
	}
	b.exactly(outs[1])
}

func testOddIDs(b *bench) {
	probe := b.must(b.create(0))
	b.needs(probe.ID == b.ID(0), "wished ids")
	outs := []tandem.Outcome{probe}
	for n, id := range b.OddIDs {
		o := b.must(b.createAs(n+1, id))
		if o.ID != id {
			b.Errorf("%q was created as %q", id, o.ID)
		}
		outs = append(outs, o)
	}
	b.exactly(outs...)
	for n, o := range outs {
		b.holds(o.ID, n, 1, 0)
		next := b.must(b.update(n, 2, o))
		b.holds(next.ID, n, 2, 0)
		b.must(tandem.Write{Op: tandem.Delete, ID: next.ID, If: next.Version})
	}
	b.exactly()
}

func testNames(b *bench) {
	for i, c := range []struct {
		same     bool
		one, two string
		thing    string
	}{
		{b.features.FoldCase, "name-case", "NAME-case", "names that differ in case"},
		{b.features.NFC, "caf\u00e9", "cafe\u0301", "names in two normal forms"},
	} {
		suffix := string(b.ID(0)[len(cutSuffix(b.ID(0))):])
		first := b.must(b.createAs(2*i, tandem.ID(c.one+suffix)))
		if string(first.ID) != c.one+suffix {
			b.Skip("the place does not honour wished ids")
		}
		second := b.apply(b.createAs(2*i+1, tandem.ID(c.two+suffix)))[0]
		if got := second.Status == tandem.PreconditionFailed; got != c.same {
			b.Errorf("%s: the second was answered %s (%v), the features say that they are one: %v", c.thing, second.Status, second.Err, c.same)
		}
		if c.same {
			b.untouched(first, 2*i, 1)
		}
	}
}

// cutSuffix is an id without its file name extension.
func cutSuffix(id tandem.ID) string {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i] == '.' {
			return string(id[:i])
		}
	}
	return string(id)
}

func testMove(b *bench) {
	b.needs(b.features.Rename, "renaming")
	o, other := b.must(b.create(1)), b.must(b.create(2))
	b.refused(tandem.Write{Op: tandem.Move, ID: o.ID, To: other.ID, If: o.Version}, tandem.PreconditionFailed)
	b.untouched(o, 1, 1)
	b.untouched(other, 2, 1)
	moved := b.must(tandem.Write{Op: tandem.Move, ID: o.ID, To: b.ID(7), If: o.Version})
	if moved.ID != b.ID(7) {
		b.Errorf("moved to %q, want %q", moved.ID, b.ID(7))
	}
	b.exactly(moved, other)
	b.holds(moved.ID, 1, 1, 0)
	b.refused(tandem.Write{Op: tandem.Move, ID: o.ID, To: b.ID(8), If: o.Version}, tandem.PreconditionFailed)
	if moved.Version != "" {
		b.refused(tandem.Write{Op: tandem.Move, ID: moved.ID, To: b.ID(8), If: "no such version"}, tandem.PreconditionFailed)
	}
	b.r = b.open()
	b.exactly(moved, other)
	next := b.must(b.update(1, 2, moved))
	b.holds(next.ID, 1, 2, 0)
}

func testSetAttrs(b *bench) {
	b.needs(b.features.Attrs && b.Attrs != nil, "attributes")
	o := b.must(b.create(1))
	next := b.must(tandem.Write{Op: tandem.SetAttrs, ID: o.ID, If: o.Version, Record: tandem.Record{Meta: tandem.Meta{Attrs: b.Attrs(2)}}})
	if next.Attrs == o.Attrs {
		b.Errorf("attributes are still %q", o.Attrs)
	}
	b.exactly(next)
	b.holds(next.ID, 1, 1, 0)
	if next.Version != "" {
		b.refused(tandem.Write{Op: tandem.SetAttrs, ID: o.ID, If: "no such version", Record: tandem.Record{Meta: tandem.Meta{Attrs: b.Attrs(3)}}}, tandem.PreconditionFailed)
		b.untouched(next, 1, 1)
	}
	both := b.must(b.update(1, 3, next))
	if !reflect.DeepEqual(both.Attrs, b.record(1, 3, 0).Attrs) {
		b.Errorf("an update with attributes %q left %q", b.Attrs(3), both.Attrs)
	}
	b.exactly(both)
}

func testFetch(b *bench) {
	outs := b.apply(b.create(1), b.create(2), b.create(3))
	gone := outs[1]
	b.must(tandem.Write{Op: tandem.Delete, ID: gone.ID, If: gone.Version})
	ids := []tandem.ID{outs[2].ID, gone.ID, outs[0].ID}
	got := map[tandem.ID]error{}
	for rec, err := range b.r.Fetch(b.Context(), ids) {
		if _, twice := got[rec.ID]; twice {
			b.Errorf("%q is fetched twice", rec.ID)
		}
		got[rec.ID] = err
	}
	for _, id := range ids {
		err, there := got[id]
		switch {
		case !there:
			b.Errorf("%q was asked for and is not answered", id)
		case id == gone.ID && !tandem.IsKind(err, tandem.NotFound):
			b.Errorf("%q vanished and is answered with %v, want kind not found", id, err)
		case id != gone.ID && err != nil:
			b.Errorf("%q: %v", id, err)
		}
	}
	// Whoever has seen enough may stop.
	for range b.r.Fetch(b.Context(), ids) {
		break
	}
	seq, end := b.r.Changes(b.Context(), "")
	for range seq {
		break
	}
	if end().Complete {
		b.Error("a listing that was left early says that it is complete")
	}
	b.exactly(outs[0], outs[2])
}

func testCursor(b *bench) {
	o, other := b.must(b.create(1)), b.must(b.create(2))
	_, l := b.list("")
	if !b.features.Cursor {
		if got, again := b.list(l.Next); len(got) != 2 || !again.Full {
			b.Errorf("a place without cursors listed %d records of 2, full: %v", len(got), again.Full)
		}
		return
	}
	step := func(what string, want ...string) {
		b.Helper()
		got, next := b.list(l.Next)
		if next.Full {
			b.Errorf("%s: a fresh cursor was not honoured", what)
		}
		seen := map[string]bool{}
		for id, c := range got {
			seen[fmt.Sprint(id, " ", c.Presence)] = true
		}
		for _, w := range want {
			if !seen[w] {
				b.Errorf("%s: the listing lacks %s", what, w)
			}
			delete(seen, w)
		}
		for s := range seen {
			if !b.Repeats {
				b.Errorf("%s: the listing has %s", what, s)
			}
		}
		l = next
	}
	step("nothing happened")
	old := o.ID
	if o = b.must(b.update(1, 2, o)); o.ID == old {
		step("an update", string(o.ID)+" present")
	} else { // a place whose records never change makes a new one instead
		step("an update", string(o.ID)+" present", string(old)+" absent")
	}
	third := b.must(b.create(3))
	b.must(tandem.Write{Op: tandem.Delete, ID: other.ID, If: other.Version})
	before := l
	step("a create and a delete", string(third.ID)+" present", string(other.ID)+" absent")
	l = before
	step("asked again", string(third.ID)+" present", string(other.ID)+" absent")
	b.r = b.open()
	step("reopened")
	b.exactly(o, third)
	testResume(b, l.Next, o)
}

// testResume opens the place again and goes on where it was.
func testResume(b *bench, since tandem.Cursor, o tandem.Outcome) {
	was, err := b.r.Identity(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.r = b.open()
	x, ok := b.r.Replica.(provider.Resumer)
	if !ok {
		return
	}
	other := was
	other.Epoch += "?"
	if x.Resume(other, since) {
		b.Error("it goes on as a store that it never was")
	}
	if !x.Resume(was, since) {
		return
	}
	if id, err := b.r.Identity(b.Context()); err != nil || id != was {
		b.Errorf("resumed it is %+v (%v), want %+v", id, err, was)
	}
	if o = b.must(b.update(1, 3, o)); o.ID == "" {
		b.Fatal("the update has no id")
	}
	got, l := b.list(since)
	if c := got[o.ID]; l.Full || !l.Complete || c.Presence != tandem.Present {
		b.Errorf("resumed it lists %v, %+v; want the update of %s", got, l, o.ID)
	}
}

// testStrangeCursor asks with a cursor the place never gave: it must not take it for "nothing happened".
func testStrangeCursor(b *bench) {
	o := b.must(b.create(1))
	seq, end := b.r.Changes(b.Context(), "no such cursor")
	seen := map[tandem.ID]tandem.Change{}
	for c, err := range seq {
		if err != nil {
			if !tandem.IsKind(err, tandem.Gone) {
				b.Errorf("error %v, want kind gone or a full listing", err)
			}
			if end().Complete {
				b.Error("the listing ended with an error and says that it is complete")
			}
			return
		}
		seen[c.ID] = c
	}
	if l := end(); !l.Complete || !l.Full {
		b.Errorf("listing %+v, want kind gone or a full listing", l)
	}
	b.shows(seen[o.ID], o)
}
