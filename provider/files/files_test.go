package files

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tandem"
	"tandem/provider"
)

func TestDeclaration(t *testing.T) {
	r := provider.NewRegistry(Provider())
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
}

func TestCopyTree(t *testing.T) {
	a, b := newPlace(t), newPlace(t)
	a.put("top.txt", "top")
	a.put("d/one", "1")
	a.put("d/e/two", "22")
	a.put("d/empty-file", "")
	a.put("large", string(noise(3<<20+5, 1)))
	if err := os.Mkdir(a.path("d/empty"), 0o555); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(a.path("d/one"), 0o400); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../nowhere", a.path("d/link")); err != nil {
		t.Fatal(err)
	}
	out := b.applied(a.copyAll()...)
	for _, o := range out {
		if o.Digest.IsZero() {
			t.Errorf("%q has no digest", o.ID)
		}
	}
	la, lb := a.list(), b.list()
	if len(la) != len(lb) {
		t.Fatalf("%d records here, %d there", len(la), len(lb))
	}
	for id, ca := range la {
		if cb := lb[id]; ca.Attrs != cb.Attrs || ca.Size != cb.Size {
			t.Errorf("%q: %+v here, %+v there", id, ca, cb)
		}
	}
	for _, id := range []string{"top.txt", "d/e/two", "large"} {
		if a.get(id) != b.get(id) {
			t.Errorf("%q differs", id)
		}
	}
	if entries, err := os.ReadDir(b.path(".tandem/tmp")); err != nil || len(entries) != 0 {
		t.Errorf("left in tmp: %v, %v", entries, err)
	}
	want := []string{"d", "d/e", "d/e/two", "d/empty", "d/empty-file", "d/link", "d/one", "large", "top.txt"}
	if got := b.ids(); !slices.Equal(got, want) {
		t.Errorf("ids %q, want %q", got, want)
	}
}

func TestUpdateMoveDelete(t *testing.T) {
	p := newPlace(t)
	p.put("f", "old")
	p.put("g", "go")
	p.put("d/x", "x")
	u := p.applied(tandem.Write{Op: tandem.Update, ID: "f", If: p.version("f"), Record: text("f", "new", "mode=600&mtime=1000000001")})[0]
	if p.get("f") != "new" || p.unparked(u.Parked) != "old" || u.Attrs != "mode=600&mtime=1000000001" {
		t.Errorf("updated to %q %q, kept %q", p.get("f"), u.Attrs, p.unparked(u.Parked))
	}
	s := p.applied(tandem.Write{Op: tandem.SetAttrs, ID: "f", If: u.Version, Record: text("f", "", "mode=644&mtime=5")})[0]
	if s.Attrs != "mode=644&mtime=5" {
		t.Errorf("attributes %q", s.Attrs)
	}
	m := p.applied(tandem.Write{Op: tandem.Move, ID: "f", To: "d/moved", If: s.Version})[0]
	if m.ID != "d/moved" || p.get("d/moved") != "new" || m.Node != u.Node {
		t.Errorf("moved: %+v", m)
	}
	d := p.applied(
		tandem.Write{Op: tandem.Move, ID: "d", To: "e", If: p.version("d")},
		tandem.Write{Op: tandem.Delete, ID: "e/x", If: p.version("d/x")},
		tandem.Write{Op: tandem.Delete, ID: "e/moved", If: m.Version},
		tandem.Write{Op: tandem.Delete, ID: "e", If: p.version("d")},
	)
	if got := p.unparked(d[1].Parked); got != "x" {
		t.Errorf("kept %q", got)
	}
	if got := p.ids(); !slices.Equal(got, []string{"g"}) {
		t.Errorf("ids %q", got)
	}
}

// TestFetchOfMany fetches more than one worker looks at, of many directories, some of it gone, and ends when told to.
func TestFetchOfMany(t *testing.T) {
	root := t.TempDir()
	var ids []tandem.ID
	for i := range 2*fetchBlock + 100 {
		id := fmt.Sprintf("d%d/f%d", i%70, i)
		ids = append(ids, tandem.ID(id))
		if i%70 == i {
			if err := os.Mkdir(filepath.Join(root, fmt.Sprintf("d%d", i)), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if i%50 == 0 {
			continue // not there
		}
		if err := os.WriteFile(filepath.Join(root, id), []byte(id), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p := openPlace(t, root)
	n := 0
	for rec, err := range p.Fetch(t.Context(), ids) {
		switch {
		case rec.ID != ids[n]:
			t.Fatalf("record %d is %q, want %q", n, rec.ID, ids[n])
		case n%50 == 0:
			if !tandem.IsKind(err, tandem.NotFound) {
				t.Errorf("%s: error %v, want not found", rec.ID, err)
			}
		case err != nil || rec.Size != int64(len(rec.ID)):
			t.Errorf("%s: %d bytes (%v)", rec.ID, rec.Size, err)
		}
		n++
	}
	if n != len(ids) {
		t.Errorf("%d records, want %d", n, len(ids))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n = 0
	var last error
	for _, err := range p.Fetch(ctx, ids) {
		if n++; n == 100 {
			cancel()
		}
		last = err
	}
	if n != 101 || !errors.Is(last, context.Canceled) {
		t.Errorf("cancelled after 100, %d records came, the last with %v", n, last)
	}
	for range p.Fetch(t.Context(), ids) {
		break // whoever stops early leaves nothing behind
	}
}
