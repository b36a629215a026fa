package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// lost is the run over two places that hold the same, of which nothing is known any more.
const lost = ", both filled, base lost"

// memory shows the peak of large jobs; there is no peer for these, only a limit.
func memory(c config) ([]row, error) {
	var b book
	base := filepath.Join(c.dir, "memory")
	defer os.RemoveAll(base)
	count := int(200000 * c.scale)
	sets := []struct {
		name, place string
		make        func(dir string) error
	}{
		{fmt.Sprintf("memory: %d small files", count), "files:", func(dir string) error { return makeTree(dir, count/100, 100, 64, 9) }},
		{fmt.Sprintf("memory: %d contacts", count), "vdir:", func(dir string) error { return writeRecords(dir, ".vcf", count, 1, 0, vcard) }},
	}
	if c.huge {
		sets = append(sets, struct {
			name, place string
			make        func(dir string) error
		}{"memory: one file of 10 GiB", "files:", func(dir string) error { return makeBig(dir, 10<<30, 9) }})
	}
	for i, s := range sets {
		a, other := filepath.Join(base, fmt.Sprint(i), "a"), filepath.Join(base, fmt.Sprint(i), "b")
		if err := s.make(a); err != nil {
			return nil, err
		}
		if err := os.MkdirAll(other, 0o755); err != nil {
			return nil, err
		}
		data := filepath.Join(base, fmt.Sprint(i), "data")
		t := tool{name: "tandem", args: []string{c.tandem, "sync", s.place + a, s.place + other, "--data", data}}
		for _, step := range []string{", first sync", ", no change", lost} {
			if step == lost {
				if err := os.RemoveAll(data); err != nil {
					return nil, err
				}
			}
			f, err := t.once()
			if err != nil {
				return nil, err
			}
			b.add(s.name+step, t.name, f)
		}
		if err := os.RemoveAll(filepath.Join(base, fmt.Sprint(i))); err != nil {
			return nil, err
		}
	}
	return b.rows(), nil
}
