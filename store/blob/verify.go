package blob

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"tandem"
)

// chunk is how much of a file is read at once.
const chunk = 256 << 10

// walk calls f with the sum of every blob.
func (d *Dir) walk(ctx context.Context, f func(sum tandem.Digest) error) error {
	return filepath.WalkDir(d.path, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || e.IsDir() {
			return err
		}
		if sum, ok := sumOf(name); ok && filepath.Base(filepath.Dir(name)) != tempDir {
			err = f(sum)
		}
		return errors.Join(err, ctx.Err())
	})
}

// Count tells how many blobs there are.
func (d *Dir) Count(ctx context.Context) (n int, err error) {
	err = d.walk(ctx, func(tandem.Digest) error { n++; return nil })
	return n, err
}

// Each calls f for every blob, one call after another, with its size and the error that reading it whole gave, nil for a good one. Several are read at once, in no order; one that is removed
// meanwhile is passed over. read, which is called concurrently, tells of bytes as they are read.
func (d *Dir) Each(ctx context.Context, read func(bytes int), f func(sum tandem.Digest, err error) error) error {
	type one struct {
		sum tandem.Digest
		err error
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	todo, seen := make(chan tandem.Digest), make(chan one)
	var walked error
	var readers sync.WaitGroup
	readers.Go(func() {
		defer close(todo)
		walked = d.walk(ctx, func(sum tandem.Digest) error {
			select {
			case todo <- sum:
			case <-ctx.Done():
			}
			return nil
		})
	})
	for range max(2, runtime.GOMAXPROCS(0)) {
		readers.Go(func() {
			buf := make([]byte, chunk)
			for sum := range todo {
				seen <- one{sum, d.verify(ctx, sum, buf, read)}
			}
		})
	}
	go func() { readers.Wait(); close(seen) }()
	var failed error
	for o := range seen {
		if failed != nil || tandem.IsKind(o.err, tandem.NotFound) || o.err != nil && ctx.Err() != nil {
			continue
		}
		if failed = f(o.sum, o.err); failed != nil {
			stop()
		}
	}
	if failed != nil {
		return failed
	}
	return walked
}

// verify reads a blob whole.
func (d *Dir) verify(ctx context.Context, sum tandem.Digest, buf []byte, read func(bytes int)) error {
	b, err := d.Open(sum)
	if err != nil {
		return err
	}
	r, err := b.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	in := &cancelReader{ctx, r}
	for n := 0; err == nil; read(n) {
		n, err = in.Read(buf)
	}
	if err == io.EOF {
		return nil
	}
	return err
}

// compare tells whether a file of this name is there, and whether it holds what f holds. One that cannot be read does not.
func compare(f *os.File, name string) (there, same bool) {
	old, err := os.Open(name)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist), false
	}
	defer old.Close()
	mine, err := f.Stat()
	if err != nil {
		return true, false
	}
	his, err := old.Stat()
	if err != nil || mine.Size() != his.Size() {
		return true, false
	}
	a, b := make([]byte, min(chunk, mine.Size()+1)), make([]byte, min(chunk, mine.Size()+1))
	for at := int64(0); at < mine.Size(); {
		n, err := f.ReadAt(a, at)
		m, errOld := old.ReadAt(b[:n], at)
		if n == 0 || err != nil && err != io.EOF || errOld != nil && errOld != io.EOF || m != n || !bytes.Equal(a[:n], b[:n]) {
			return true, false
		}
		at += int64(n)
	}
	return true, true
}

// SetAside takes a blob out of the way whose bytes are wrong, and returns where they are kept: "" if it is whole or gone. One that cannot be read stays: the next time it may be.
func (d *Dir) SetAside(ctx context.Context, sum tandem.Digest) (file string, err error) {
	name := d.file(sum)
	before, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	err = d.verify(ctx, sum, make([]byte, chunk), func(int) {})
	if err == nil || tandem.IsKind(err, tandem.NotFound) {
		return "", nil
	}
	if !Wrong(err) {
		return "", err
	}
	d.placing.Lock()
	defer d.placing.Unlock()
	if now, err := os.Stat(name); err != nil || !os.SameFile(before, now) {
		return "", nil // it was replaced, or swept
	}
	if file, err = d.aside(name, sum); err != nil {
		return "", err
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return file, SyncDir(filepath.Dir(name))
}

// Wrong reports whether an error of a reader says that the bytes were read, and are not those that were stored.
func Wrong(err error) bool { return errors.Is(err, errWrong) }

var errWrong = errors.New("the bytes on the disk are not those that were stored")

// keepAside is aside for a damaged file that is about to be replaced.
func (d *Dir) keepAside(name string, sum tandem.Digest) error {
	_, err := d.aside(name, sum)
	return err
}

// aside gives a damaged file a second name out of the way, durably.
func (d *Dir) aside(name string, sum tandem.Digest) (string, error) {
	return d.asideAs(sum, func(to string) error {
		err := os.Link(name, to)
		if err == nil || errors.Is(err, fs.ErrExist) {
			return err
		}
		if _, there := os.Lstat(to); !errors.Is(there, fs.ErrNotExist) {
			return fs.ErrExist
		}
		return os.Rename(name, to) // the file system has no links
	})
}

// KeepAside keeps the bytes of a damaged body that was no file.
func (d *Dir) KeepAside(sum tandem.Digest, data []byte) (file string, err error) {
	if err := d.mkdir(d.path); err != nil {
		return "", err
	}
	return d.asideAs(sum, func(to string) error {
		f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = f.Write(data)
		return errors.Join(err, f.Sync(), f.Close())
	})
}

// maxAside bounds how many damaged copies of one blob are kept.
const maxAside = 1000

// asideAs makes a file among the damaged ones that is not there yet.
func (d *Dir) asideAs(sum tandem.Digest, make func(to string) error) (file string, err error) {
	dir := filepath.Join(d.path, asideDir)
	if err := d.mkdir(dir); err != nil {
		return "", err
	}
	for n := range maxAside {
		to := filepath.Join(dir, hex.EncodeToString(sum[:]))
		if n > 0 {
			to += fmt.Sprintf(".%d", n)
		}
		switch err := make(to); {
		case errors.Is(err, fs.ErrExist):
			continue
		case err != nil:
			return "", err
		}
		return to, SyncDir(dir)
	}
	return "", &tandem.Error{Kind: tandem.Full, Op: "keep damaged body", Thing: dir, Err: fmt.Errorf("there are %d copies of it", maxAside), Remedy: "remove those that you do not need"}
}
