package home_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"tandem"
	"tandem/store/sqlite"
)

// TestOF33LostBodyHoldsUpNobody: a record whose body is lost is yielded by its id with an error that says so, never as one that is not there, and all others are yielded.
func TestOF33LostBodyHoldsUpNobody(t *testing.T) {
	for _, n := range []int{3, 40} { // few records and many are read in different ways
		dir := t.TempDir()
		st, err := sqlite.Open(dir, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, st, tandem.Contact)
		var ids []tandem.ID
		for i := range n {
			size := 100
			if i == 1 {
				size = 1 << 20 // a file of its own
			}
			ids = append(ids, tandem.ID(fmt.Sprintf("r%02d", i)))
			if err := w.edit(ids[i], sample(i, 1, size)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.RemoveAll(filepath.Join(dir, "blobs")); err != nil {
			t.Fatal(err)
		}
		r, err := w.open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		got := map[tandem.ID]error{}
		for rec, err := range r.Fetch(t.Context(), ids) {
			got[rec.ID] = err
		}
		for i, id := range ids {
			err, told := got[id]
			if !told || (err != nil) != (i == 1) || i == 1 && !tandem.IsKind(err, tandem.Unreadable) {
				t.Errorf("%d records: %s: told %v, %v", n, id, told, err)
			}
		}
		if len(got) != n {
			t.Errorf("%d of %d records: %v", len(got), n, got)
		}
	}
}
