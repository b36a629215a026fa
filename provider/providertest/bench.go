package providertest

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"tandem"
	"tandem/provider"
)

// bench is one place under test, opened.
type bench struct {
	*testing.T
	Factory
	place    *Place
	r        *provider.Opened
	features provider.Features
}

func newBench(t *testing.T, f Factory) *bench {
	t.Helper()
	b := &bench{T: t, Factory: f, place: f.New(t)}
	b.r = b.open()
	b.features = b.r.Features
	return b
}

// open opens the place; it is closed when the test ends.
func (b *bench) open() *provider.Opened {
	b.Helper()
	r, err := b.place.Open(b.Context())
	if err != nil {
		b.Fatalf("open: %v", err)
	}
	if r.Kind != b.Kind && r.Kind != "" {
		b.Errorf("kind %q, want %q", r.Kind, b.Kind)
	}
	b.Cleanup(func() {
		if err := r.Close(); err != nil {
			b.Errorf("close: %v", err)
		}
	})
	return r
}

// list reads a whole listing that must be complete and free of trouble.
func (b *bench) list(since tandem.Cursor) (map[tandem.ID]tandem.Change, tandem.Listing) {
	b.Helper()
	seq, end := b.r.Changes(b.Context(), since)
	out := map[tandem.ID]tandem.Change{}
	for c, err := range seq {
		if err != nil {
			b.Fatalf("list: %v", err)
		}
		if _, twice := out[c.ID]; twice {
			b.Errorf("listing has %q twice", c.ID)
		}
		if c.ID == "" {
			b.Errorf("listing has an empty id: %+v", c)
		}
		if (c.Presence == tandem.Problem || c.Presence == tandem.OutOfScope) && c.Err == nil {
			b.Errorf("%q is listed as %s without a reason", c.ID, c.Presence)
		}
		out[c.ID] = c
	}
	l := end()
	if !l.Complete {
		b.Errorf("listing ended without an error and is not complete")
	}
	if l.Full {
		for id, c := range out {
			if c.Presence == tandem.Absent {
				b.Errorf("full listing has %q as absent", id)
			}
		}
	}
	return out, l
}

// all lists everything there is.
func (b *bench) all() map[tandem.ID]tandem.Change {
	b.Helper()
	out, l := b.list("")
	if !l.Full {
		b.Errorf("a listing of everything does not say that it is full")
	}
	return out
}

// apply performs writes that are no reason for the place as a whole to fail.
func (b *bench) apply(writes ...tandem.Write) []tandem.Outcome {
	b.Helper()
	out, err := b.r.Apply(b.Context(), writes)
	if err != nil {
		b.Fatalf("apply: %v", err)
	}
	if len(out) != len(writes) {
		b.Fatalf("apply: %d outcomes for %d writes", len(out), len(writes))
	}
	for i, o := range out {
		if o.Status != tandem.Applied && o.Err == nil {
			b.Errorf("%s %q: %s without a reason", writes[i].Op, writes[i].ID, o.Status)
		}
		if o.Status == tandem.Applied && o.ID == "" {
			b.Errorf("%s %q: applied, and the outcome names no id", writes[i].Op, writes[i].ID)
		}
	}
	return out
}

// must performs one write that has to succeed.
func (b *bench) must(w tandem.Write) tandem.Outcome {
	b.Helper()
	o := b.apply(w)[0]
	if o.Status != tandem.Applied {
		b.Fatalf("%s %q: %s (%v), want applied", w.Op, w.ID, o.Status, o.Err)
	}
	return o
}

// refused performs one write that must be refused with the given status.
func (b *bench) refused(w tandem.Write, want tandem.Status) tandem.Outcome {
	b.Helper()
	o := b.apply(w)[0]
	if o.Status != want {
		b.Errorf("%s %q: %s (%v), want %s", w.Op, w.ID, o.Status, o.Err, want)
	}
	return o
}

func (b *bench) record(n, v, size int) tandem.Record {
	rec := tandem.Record{Body: tandem.Bytes(b.Body(n, v, size))}
	if b.features.Attrs && b.Attrs != nil {
		rec.Attrs = b.Attrs(v)
	}
	return rec
}

// create is the write that makes sample n.
func (b *bench) create(n int) tandem.Write {
	return tandem.Write{Op: tandem.Create, ID: b.ID(n), Marker: marker(b.ID(n)), Record: b.record(n, 1, 0)}
}

// marker is one as a session might choose it.
func marker(id tandem.ID) tandem.Marker { return "0123456789abcdef-" + tandem.Marker(id) }

func (b *bench) createAs(n int, id tandem.ID) tandem.Write {
	w := b.create(n)
	w.ID, w.Marker = id, marker(id)
	return w
}

func (b *bench) update(n, v int, o tandem.Outcome) tandem.Write {
	return tandem.Write{Op: tandem.Update, ID: o.ID, If: o.Version, Record: b.record(n, v, 0)}
}

// fetch reads one record that has to be there.
func (b *bench) fetch(id tandem.ID) (tandem.Record, []byte) {
	b.Helper()
	n := 0
	var rec tandem.Record
	for got, err := range b.r.Fetch(b.Context(), []tandem.ID{id}) {
		if err != nil {
			b.Fatalf("fetch %q: %v", id, err)
		}
		rec, n = got, n+1
	}
	if n != 1 || rec.ID != id {
		b.Fatalf("fetch %q: %d records, the last is %q", id, n, rec.ID)
	}
	if rec.Body == nil {
		return rec, nil
	}
	data, err := tandem.ReadBody(rec.Body, 1<<30)
	if err != nil {
		b.Fatalf("read %q: %v", id, err)
	}
	if size := rec.Body.Size(); size >= 0 && size != int64(len(data)) {
		b.Errorf("%q says it has %d bytes and has %d", id, size, len(data))
	}
	return rec, data
}

// holds checks that a record has version v of sample n as its body.
func (b *bench) holds(id tandem.ID, n, v, size int) {
	b.Helper()
	if _, got := b.fetch(id); !b.Rewrites && !bytes.Equal(got, b.Body(n, v, size)) {
		b.Errorf("%q holds %s, want %s", id, shorten(got), shorten(b.Body(n, v, size)))
	}
}

func shorten(data []byte) string {
	if len(data) > 200 {
		return string(data[:200]) + "…"
	}
	return string(data)
}

// shows checks that the listing shows what the outcome promised, so that the next run has no news.
func (b *bench) shows(c tandem.Change, o tandem.Outcome) {
	b.Helper()
	if c.Presence != tandem.Present {
		b.Errorf("%q is %s (%v), want present", o.ID, c.Presence, c.Err)
		return
	}
	if c.Version != o.Version {
		b.Errorf("%q: the write answered version %q, the listing shows %q", o.ID, o.Version, c.Version)
	}
	if c.Attrs != o.Attrs {
		b.Errorf("%q: the write answered attributes %q, the listing shows %q", o.ID, o.Attrs, c.Attrs)
	}
	if !c.Digest.IsZero() && !o.Digest.IsZero() && c.Digest != o.Digest {
		b.Errorf("%q: the write answered digest %s, the listing shows %s", o.ID, o.Digest, c.Digest)
	}
	if c.Node != "" && o.Node != "" && c.Node != o.Node {
		b.Errorf("%q: the write answered node %q, the listing shows %q", o.ID, o.Node, c.Node)
	}
	if c.Size != 0 && o.Size != 0 && c.Size != o.Size {
		b.Errorf("%q: the write answered %d bytes, the listing shows %d", o.ID, o.Size, c.Size)
	}
	if c.UID != "" && o.UID != "" && c.UID != o.UID {
		b.Errorf("%q: the write answered UID %q, the listing shows %q", o.ID, o.UID, c.UID)
	}
}

// exactly checks that the place holds these records as their last outcomes say, and nothing else.
func (b *bench) exactly(outcomes ...tandem.Outcome) {
	b.Helper()
	all := b.all()
	for _, o := range outcomes {
		c, there := all[o.ID]
		if !there {
			b.Errorf("%q is not listed", o.ID)
			continue
		}
		b.shows(c, o)
		delete(all, o.ID)
	}
	for id, c := range all {
		b.Errorf("%q is listed as %s and should not be there", id, c.Presence)
	}
}

// untouched checks that a record is as its outcome says, by version and by body.
func (b *bench) untouched(o tandem.Outcome, n, v int) {
	b.Helper()
	b.shows(b.all()[o.ID], o)
	b.holds(o.ID, n, v, 0)
}

// needs skips the test unless the place can do a thing.
func (b *bench) needs(can bool, thing string) {
	b.Helper()
	if !can {
		b.Skipf("the place does not offer this: %s", thing)
	}
}

// brokenBody fails while it is read.
type brokenBody struct {
	data []byte
	size int64
}

var errBroken = errors.New("the line broke")

func (b brokenBody) Open() (io.ReadCloser, error) {
	return io.NopCloser(io.MultiReader(bytes.NewReader(b.data), failing{})), nil
}
func (b brokenBody) Size() int64 { return b.size }

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }

// unsized is a body that does not know its size.
type unsized struct{ tandem.Bytes }

func (unsized) Size() int64 { return -1 }
