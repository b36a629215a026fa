// Package blob keeps bodies as files named by the SHA-256 of their bytes, below one folder: "ab/cdef…". A file is there
// whole or not at all, whatever happens, and durable once Put returns.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"tandem"
)

// asideDir holds damaged blobs, which nothing reads any more.
const asideDir = "damaged"

// tempDir holds files being written. It is on the same file system, so that a rename puts them in place.
const tempDir = "tmp"

// Dir is a folder of blobs. It is safe for concurrent use by one process.
type Dir struct {
	path string

	// placing guards the moment in which a blob is found to exist, or put in place, against Sweep removing it.
	placing sync.RWMutex

	// making guards the making of folders: who finds one may rely on it being durable.
	making sync.Mutex
}

// Open uses the folder path, which is created, for its owner only, when the first blob comes. Its parent must exist by then.
func Open(path string) (*Dir, error) {
	fi, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case !fi.IsDir():
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "open blobs", Thing: path, Err: errors.New("it is not a folder"),
			Remedy: "move that file away"}
	}
	return &Dir{path: path}, nil
}

func (d *Dir) file(sum tandem.Digest) string {
	name := hex.EncodeToString(sum[:])
	return filepath.Join(d.path, name[:2], name[2:])
}

// Put stores what r yields. Putting what is there already renews its grace before Sweep; if what is there is damaged, it is kept aside and replaced.
func (d *Dir) Put(ctx context.Context, r io.Reader) (sum tandem.Digest, n int64, err error) {
	tmp := filepath.Join(d.path, tempDir)
	for _, dir := range []string{d.path, tmp} {
		if err := d.mkdir(dir); err != nil {
			return sum, 0, err
		}
	}
	f, err := os.CreateTemp(tmp, "put-*")
	if err != nil {
		return sum, 0, err
	}
	defer func() {
		f.Close()           // a second time after success: an error that means nothing
		os.Remove(f.Name()) // gone after the rename; left over otherwise, and Sweep removes it then
	}()
	h := sha256.New()
	n, err = io.Copy(io.MultiWriter(f, h), &cancelReader{ctx, r})
	if err != nil {
		return sum, n, err
	}
	h.Sum(sum[:0])
	return sum, n, d.place(f, sum)
}

// place makes f durable under its final name.
func (d *Dir) place(f *os.File, sum tandem.Digest) error {
	d.placing.RLock()
	defer d.placing.RUnlock()
	name := d.file(sum)
	dir := filepath.Dir(name)
	there, whole := compare(f, name)
	now := time.Now()
	if whole {
		if err := os.Chtimes(name, now, now); err == nil {
			return SyncDir(dir) // whoever put it may not have come that far yet
		}
	}
	if there && !whole {
		if err := d.keepAside(name, sum); err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := d.mkdir(dir); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return SyncDir(dir)
}

// mkdir makes a folder durable, if it is not there.
func (d *Dir) mkdir(dir string) error {
	d.making.Lock()
	defer d.making.Unlock()
	switch err := os.Mkdir(dir, 0o700); {
	case err == nil:
		return SyncDir(filepath.Dir(dir))
	case errors.Is(err, fs.ErrExist):
		return nil
	default:
		return err
	}
}

// Renew renews the grace of a blob that Open of this folder returned, as putting it again would, and returns its sum. ok is false for any other body.
func (d *Dir) Renew(b tandem.Body) (sum tandem.Digest, ok bool, err error) {
	own, ok := b.(*body)
	if !ok || own.dir != d {
		return sum, false, nil
	}
	d.placing.RLock()
	defer d.placing.RUnlock()
	now := time.Now()
	err = os.Chtimes(d.file(own.sum), now, now)
	if errors.Is(err, fs.ErrNotExist) {
		err = &tandem.Error{Kind: tandem.NotFound, Op: "open blob", Thing: own.sum.String()}
	}
	if err != nil {
		return sum, true, err
	}
	return own.sum, true, SyncDir(filepath.Dir(d.file(own.sum))) // whoever put it may not have come that far yet
}

// Open finds a blob; NotFound. Its readers end with an error of kind Unreadable if the bytes are not what they were.
func (d *Dir) Open(sum tandem.Digest) (tandem.Body, error) {
	fi, err := os.Stat(d.file(sum))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &tandem.Error{Kind: tandem.NotFound, Op: "open blob", Thing: sum.String()}
	}
	if err != nil {
		return nil, err
	}
	return &body{dir: d, sum: sum, size: fi.Size()}, nil
}

// Sweep removes the blobs that keep does not want and that were last put before the given time, and left-overs of
// interrupted puts. It returns the bytes freed.
func (d *Dir) Sweep(ctx context.Context, before time.Time, keep func(tandem.Digest) bool) (freed int64, err error) {
	err = filepath.WalkDir(d.path, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || e.IsDir() {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if filepath.Base(filepath.Dir(name)) != tempDir {
			sum, ok := sumOf(name)
			if !ok || keep(sum) {
				return nil // not ours to remove, or wanted
			}
		}
		n, err := d.remove(name, before)
		freed += n
		return err
	})
	return freed, err
}

// Unwanted counts what Sweep would remove.
func (d *Dir) Unwanted(ctx context.Context, before time.Time, keep func(tandem.Digest) bool) (n int, bytes int64, err error) {
	err = filepath.WalkDir(d.path, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || e.IsDir() {
			return err
		}
		if filepath.Base(filepath.Dir(name)) != tempDir {
			if sum, ok := sumOf(name); !ok || keep(sum) {
				return ctx.Err()
			}
		}
		fi, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && fi.ModTime().Before(before) {
			n, bytes = n+1, bytes+fi.Size()
		}
		return err
	})
	return n, bytes, err
}

func sumOf(name string) (tandem.Digest, bool) {
	text := filepath.Base(filepath.Dir(name)) + filepath.Base(name)
	sum, err := tandem.ParseDigest(strings.ToLower(text))
	return sum, err == nil && !sum.IsZero()
}

// remove deletes the file if it was last put before the given time, looking once more under the lock.
func (d *Dir) remove(name string, before time.Time) (int64, error) {
	d.placing.Lock()
	defer d.placing.Unlock()
	fi, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil || !fi.ModTime().Before(before) {
		return 0, err
	}
	if err := os.Remove(name); err != nil {
		return 0, err
	}
	return fi.Size(), nil
}

// body is a blob as a Body.
type body struct {
	dir  *Dir
	sum  tandem.Digest
	size int64
}

// Size implements tandem.Body.
func (b *body) Size() int64 { return b.size }

// Open implements tandem.Body. What it returns is an io.Seeker, too.
func (b *body) Open() (io.ReadCloser, error) {
	f, err := os.Open(b.dir.file(b.sum))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &tandem.Error{Kind: tandem.NotFound, Op: "open blob", Thing: b.sum.String()}
	}
	if err != nil {
		return nil, err
	}
	return &reader{f: f, h: sha256.New(), want: b.sum, size: b.size}, nil
}

// reader checks that what was read is what was put, if it is read from the beginning to the end. The last bytes are held back until that is known, so
// that who reads no further than to the end, as one who was told the size, does not take damage for the whole.
type reader struct {
	f      *os.File
	h      hash.Hash
	want   tandem.Digest
	size   int64
	pos    int64
	hashed int64 // how many bytes from the beginning are in h
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.f.Read(p)
	if r.pos == r.hashed {
		r.h.Write(p[:n])
		r.hashed += int64(n)
	}
	r.pos += int64(n)
	whole := err == io.EOF || r.pos >= r.size && n > 0
	if !whole || r.hashed != r.pos {
		return n, err
	}
	var got tandem.Digest
	if r.h.Sum(got[:0]); got != r.want {
		return 0, &tandem.Error{Kind: tandem.Unreadable, Op: "read blob", Thing: r.f.Name(), Err: errWrong,
			Remedy: "check the disk, and have `tandem doctor --repair` fetch it from where it still is, or put the file back from a backup"}
	}
	return n, err
}

// Seek implements io.Seeker. What is read after a jump cannot be checked.
func (r *reader) Seek(offset int64, whence int) (int64, error) {
	pos, err := r.f.Seek(offset, whence)
	if err != nil {
		return pos, err
	}
	if r.pos = pos; pos == 0 {
		r.h.Reset()
		r.hashed = 0
	}
	return pos, nil
}

func (r *reader) Close() error { return r.f.Close() }

// cancelReader fails once its context is done.
type cancelReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
