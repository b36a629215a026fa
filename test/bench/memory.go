package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// The runs after all of a place in step was changed; over two places that hold the same, of which nothing is known any more; over two whose files all have other times; and over two
// that have nothing in common.
const (
	first   = ", first sync"
	still   = ", no change"
	modes   = ", in step, then all modes changed"
	edits   = ", in step, then all edited in one place"
	lost    = ", both filled, base lost"
	dated   = ", both filled, base lost, all times different"
	foreign = ", both filled, none the same"
)

// memory shows the peak of large jobs; there is no peer for these, only a limit.
func memory(c config) ([]row, error) {
	var b book
	base := filepath.Join(c.dir, "memory")
	defer os.RemoveAll(base)
	count := int(200000 * c.scale)
	sets := []struct {
		name, place string
		make        func(dir string) error
		steps       []string
	}{
		{fmt.Sprintf("memory: %d small files", count), "files:", func(dir string) error { return makeTree(dir, count/100, 100, 64, 9) }, []string{first, still, modes, lost, dated}},
		{fmt.Sprintf("memory: %d contacts", count), "vdir:", func(dir string) error { return writeRecords(dir, ".vcf", count, 1, 0, vcard) }, []string{first, still, lost, edits, foreign}},
	}
	if c.huge {
		sets = append(sets, struct {
			name, place string
			make        func(dir string) error
			steps       []string
		}{"memory: one file of 10 GiB", "files:", func(dir string) error { return makeBig(dir, 10<<30, 9) }, []string{first, still, lost}})
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
		t.ok = []int{3} // where all is edited at once the guard holds the plan, which is as large as any
		for _, step := range s.steps {
			if err := upset(step, a, data, count); err != nil {
				return nil, err
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

// upset makes of the first place, and of what is known of both, what a step begins with.
func upset(step, a, data string, count int) error {
	switch step {
	case modes:
		return remode(a, 0o700)
	case edits:
		return writeRecords(a, ".vcf", count, 1, 1, vcard)
	case lost:
		return os.RemoveAll(data)
	case dated:
		return errors.Join(os.RemoveAll(data), redate(a))
	case foreign:
		other := func(i, edit int) string { return vcard(i+count, edit) }
		return errors.Join(os.RemoveAll(data), os.RemoveAll(a), writeRecords(a, ".vcf", count, 1, 0, other))
	}
	return nil
}

// remode gives each file and folder below root a mode.
func remode(root string, mode fs.FileMode) error {
	return filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		return os.Chmod(path, mode)
	})
}

// redate gives each file below root a time of its own.
func redate(root string) error {
	at := time.Unix(1_700_000_000, 0)
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		at = at.Add(7*time.Second + 1234567)
		return os.Chtimes(path, at, at)
	})
}
