package blob

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"tandem"
)

func damagedFiles(t *testing.T, d *Dir) (out []string) {
	t.Helper()
	list, err := os.ReadDir(filepath.Join(d.path, asideDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range list {
		b, err := os.ReadFile(filepath.Join(d.path, asideDir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	return out
}

// TestPutHeals: what is stored again replaces a damaged blob of its name, and the damaged one is kept aside.
func TestPutHeals(t *testing.T) {
	good := bytes.Repeat([]byte("what was stored "), 40_000)
	for name, bad := range map[string][]byte{"other bytes": append(bytes.Clone(good[:len(good)-1]), 'X'), "cut short": good[:1000], "empty": {}, "longer": append(bytes.Clone(good), 'X')} {
		t.Run(name, func(t *testing.T) {
			d, err := Open(filepath.Join(t.TempDir(), "blobs"))
			if err != nil {
				t.Fatal(err)
			}
			put := func() tandem.Digest {
				t.Helper()
				sum, _, err := d.Put(t.Context(), bytes.NewReader(good))
				if err != nil {
					t.Fatal(err)
				}
				return sum
			}
			sum := put()
			if put(); len(damagedFiles(t, d)) != 0 {
				t.Error("a whole blob was put aside")
			}
			for range 2 {
				if err := os.WriteFile(d.file(sum), bad, 0o600); err != nil {
					t.Fatal(err)
				}
				put()
			}
			if got, err := os.ReadFile(d.file(sum)); err != nil || !bytes.Equal(got, good) {
				t.Errorf("it holds %d bytes, %v", len(got), err)
			}
			if got := damagedFiles(t, d); len(got) != 2 || got[0] != string(bad) || got[1] != string(bad) {
				t.Errorf("%d damaged ones are kept", len(got))
			}
			if n, err := d.Count(t.Context()); n != 1 || err != nil {
				t.Errorf("%d blobs are counted, %v", n, err)
			}
		})
	}
}

// TestSetAside: only a blob whose bytes are wrong is taken out of the way; it is no blob any more, and its bytes are kept.
func TestSetAside(t *testing.T) {
	d, err := Open(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	var sums []tandem.Digest
	for _, text := range []string{"whole", "damaged"} {
		sum, _, err := d.Put(t.Context(), bytes.NewReader([]byte(text)))
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, sum)
	}
	if err := os.WriteFile(d.file(sums[1]), []byte("DAMAGED"), 0o600); err != nil {
		t.Fatal(err)
	}
	if file, err := d.SetAside(t.Context(), sums[0]); file != "" || err != nil {
		t.Errorf("a whole one: %q, %v", file, err)
	}
	if file, err := d.SetAside(t.Context(), tandem.Digest{1}); file != "" || err != nil {
		t.Errorf("one that is not there: %q, %v", file, err)
	}
	file, err := d.SetAside(t.Context(), sums[1])
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "DAMAGED" {
		t.Errorf("kept is %q, %v", got, err)
	}
	if _, err := d.Open(sums[1]); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("it is still there: %v", err)
	}
	seen, read := 0, atomic.Int64{}
	err = d.Each(t.Context(), func(n int) { read.Add(int64(n)) }, func(sum tandem.Digest, err error) error {
		if seen++; sum != sums[0] || err != nil {
			t.Errorf("%s: %v", sum, err)
		}
		return nil
	})
	if err != nil || seen != 1 || read.Load() != 5 {
		t.Errorf("%d seen, %d bytes, %v", seen, read.Load(), err)
	}
}

// BenchmarkPutAgain is what it costs to store what is there already, which is compared with what is there.
func BenchmarkPutAgain(b *testing.B) {
	for name, size := range map[string]int{"16k": 16 << 10, "1M": 1 << 20, "64M": 64 << 20} {
		b.Run(name, func(b *testing.B) {
			d, err := Open(filepath.Join(b.TempDir(), "blobs"))
			if err != nil {
				b.Fatal(err)
			}
			data := make([]byte, size)
			_, _ = rand.Read(data)
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, _, err := d.Put(b.Context(), bytes.NewReader(data)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
