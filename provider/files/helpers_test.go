package files

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/provider"
)

// testPlace is an open tree for a test.
type testPlace struct {
	*Replica
	t   testing.TB
	dir string
}

func openPlace(t testing.TB, root string, options ...string) *testPlace {
	t.Helper()
	p, err := tryOpen(root, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return &testPlace{Replica: p, t: t, dir: root}
}

func tryOpen(root string, options ...string) (*Replica, error) {
	place := provider.Place{Provider: "files", Path: root, Options: map[string]string{}, Text: "files:" + root}
	for _, o := range options {
		k, v, _ := strings.Cut(o, "=")
		place.Options[k] = v
	}
	o, err := Provider().Open(context.Background(), place, provider.Env{})
	if err != nil {
		return nil, err
	}
	return o.Replica.(*Replica), nil
}

func newPlace(t testing.TB, options ...string) *testPlace {
	t.Helper()
	return openPlace(t, t.TempDir(), options...)
}

func (p *testPlace) path(id string) string { return filepath.Join(p.dir, filepath.FromSlash(id)) }

func (p *testPlace) put(id, data string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path(id)), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.path(id), []byte(data), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func (p *testPlace) get(id string) string {
	p.t.Helper()
	data, err := os.ReadFile(p.path(id))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(data)
}

// list is a complete listing by id.
func (p *testPlace) list() map[tandem.ID]tandem.Change {
	p.t.Helper()
	out := map[tandem.ID]tandem.Change{}
	seq, end := p.Changes(context.Background(), "")
	for c, err := range seq {
		if err != nil {
			p.t.Fatal(err)
		}
		if _, twice := out[c.ID]; twice {
			p.t.Fatalf("%q is listed twice", c.ID)
		}
		out[c.ID] = c
	}
	if l := end(); !l.Complete || !l.Full {
		p.t.Fatalf("listing is %+v", l)
	}
	return out
}

func (p *testPlace) ids() []string {
	var ids []string
	for id := range p.list() {
		ids = append(ids, string(id))
	}
	slices.Sort(ids)
	return ids
}

// listed is the version in a listing.
func (p *testPlace) listed(id string) tandem.Version {
	p.t.Helper()
	c, ok := p.list()[tandem.ID(id)]
	if !ok {
		p.t.Fatalf("%q is not listed", id)
	}
	return c.Version
}

// version is one that a write can rely on, also where clocks are coarse and the file is new.
func (p *testPlace) version(id string) tandem.Version {
	p.t.Helper()
	for c := range p.Digest(context.Background(), []tandem.ID{tandem.ID(id)}) {
		if c.Presence == tandem.Present {
			return c.Version
		}
		p.t.Fatalf("%q is %v: %v", id, c.Presence, c.Err)
	}
	p.t.Fatalf("%q was not yielded", id)
	return ""
}

func (p *testPlace) apply(writes ...tandem.Write) []tandem.Outcome {
	p.t.Helper()
	out, err := p.Apply(context.Background(), writes)
	if err != nil {
		p.t.Fatal(err)
	}
	if len(out) != len(writes) {
		p.t.Fatalf("%d outcomes for %d writes", len(out), len(writes))
	}
	return out
}

// applied is apply for writes that must all be done, and whose outcomes must be what the next listing shows.
func (p *testPlace) applied(writes ...tandem.Write) []tandem.Outcome {
	p.t.Helper()
	out := p.apply(writes...)
	for i, o := range out {
		if o.Status != tandem.Applied {
			p.t.Fatalf("%v %q: %v: %v", writes[i].Op, writes[i].ID, o.Status, o.Err)
		}
	}
	now := p.list()
	last := map[tandem.ID]int{}
	for i, o := range out {
		last[o.ID] = i
	}
	for id, i := range last {
		c, there := now[id]
		if writes[i].Op == tandem.Delete {
			if there {
				p.t.Errorf("%q is there after it was deleted", id)
			}
			continue
		}
		clean, _, _ := strings.Cut(string(c.Version), racyMark)
		o := out[i]
		if clean != string(o.Version) || c.Attrs != o.Attrs || c.Node != o.Node || c.Size != o.Size {
			p.t.Errorf("%v %q: outcome %+v, listed %+v", writes[i].Op, id, o.Meta, c.Meta)
		}
	}
	return out
}

func text(id, data string, attrs ...string) tandem.Record {
	return tandem.Record{ID: tandem.ID(id), Meta: tandem.Meta{Attrs: tandem.Attrs(strings.Join(attrs, "&"))}, Body: tandem.Bytes(data)}
}

func create(id, data string, attrs ...string) tandem.Write {
	return tandem.Write{Op: tandem.Create, ID: tandem.ID(id), Record: text(id, data, attrs...)}
}

func mkdir(id string) tandem.Write {
	return tandem.Write{Op: tandem.Create, ID: tandem.ID(id), Record: tandem.Record{ID: tandem.ID(id), Meta: tandem.Meta{Attrs: "mode=755&type=dir"}}}
}

// copyAll makes the writes that create everything of p elsewhere, parents first.
func (p *testPlace) copyAll() []tandem.Write {
	p.t.Helper()
	var ids []tandem.ID
	for id, c := range p.list() {
		if c.Presence == tandem.Present {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	writes := make([]tandem.Write, 0, len(ids))
	for rec, err := range p.Fetch(context.Background(), ids) {
		if err != nil {
			p.t.Fatal(err)
		}
		writes = append(writes, tandem.Write{Op: tandem.Create, ID: rec.ID, Record: rec})
	}
	return writes
}

func readBody(t testing.TB, b tandem.Body) []byte {
	t.Helper()
	r, err := b.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (p *testPlace) fetch(id string) tandem.Record {
	p.t.Helper()
	for rec, err := range p.Fetch(context.Background(), []tandem.ID{tandem.ID(id)}) {
		if err != nil {
			p.t.Fatal(err)
		}
		return rec
	}
	p.t.Fatalf("%q was not yielded", id)
	return tandem.Record{}
}

// unparked is the content of a kept version.
func (p *testPlace) unparked(parked string) string {
	p.t.Helper()
	rec, err := p.Unpark(context.Background(), parked)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(readBody(p.t, rec.Body))
}

// noise is n bytes that do not compress, different per seed.
func noise(n int, seed byte) []byte {
	out := make([]byte, 0, n+64)
	x := uint64(seed)*0x9e3779b97f4a7c15 + 1
	for len(out) < n {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		for i := range 8 {
			out = append(out, byte(x>>(8*i)))
		}
	}
	return bytes.Clone(out[:n])
}
