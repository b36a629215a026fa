package files

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"tandem"
)

// smallTree makes 200 directories with n/200 files of 4 KiB each.
func smallTree(b *testing.B, root string, n int) {
	b.Helper()
	data := noise(4096, 1)
	for d := range 200 {
		dir := filepath.Join(root, fmt.Sprintf("d%03d", d))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		for f := range n / 200 {
			data[0], data[1], data[2] = byte(d), byte(f), byte(f>>8)
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%04d.txt", f)), data, 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkScan(b *testing.B) {
	root := b.TempDir()
	smallTree(b, root, 40_000)
	p := openPlace(b, root)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		seq, _ := p.Changes(context.Background(), "")
		for _, err := range seq {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 40_200 {
			b.Fatal(n)
		}
	}
}

func BenchmarkDigest(b *testing.B) {
	root := b.TempDir()
	smallTree(b, root, 20_000)
	p := openPlace(b, root)
	var ids []tandem.ID
	for id := range p.list() {
		ids = append(ids, id)
	}
	b.ReportAllocs()
	for b.Loop() {
		for c := range p.Digest(context.Background(), ids) {
			if c.Digest.IsZero() {
				b.Fatal(c)
			}
		}
	}
}

func BenchmarkFirstCopy(b *testing.B) {
	root := b.TempDir()
	smallTree(b, root, 20_000)
	from := openPlace(b, root)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		to := openPlace(b, b.TempDir())
		b.StartTimer()
		out, err := to.Apply(context.Background(), from.copyAll())
		if err != nil {
			b.Fatal(err)
		}
		for _, o := range out {
			if o.Status != tandem.Applied {
				b.Fatal(o)
			}
		}
	}
}

// BenchmarkPatch brings a file of 256 MiB, of which one MiB in the middle changed, to a second place.
func BenchmarkPatch(b *testing.B) {
	from, to := newPlace(b), newPlace(b)
	data := noise(256<<20, 1)
	from.put("big", string(data))
	out, err := to.Apply(context.Background(), from.copyAll())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for round := 0; b.Loop(); round++ {
		b.StopTimer()
		f, err := os.OpenFile(from.path("big"), os.O_WRONLY, 0)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := f.WriteAt(noise(1<<20, byte(round+2)), 128<<20); err != nil {
			b.Fatal(err)
		}
		f.Close()
		rec := from.fetch("big")
		b.StartTimer()
		out, err = to.Apply(context.Background(), []tandem.Write{{Op: tandem.Update, ID: "big", If: out[0].Version, Record: rec}})
		if err != nil || out[0].Status != tandem.Applied {
			b.Fatal(err, out)
		}
	}
}
