package sqlite

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	_ "embed"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"tandem/store/blob"
)

// A new store is written beside its place, flushed once and put there whole. Migration by migration, a file
// is flushed more than ten times before anything can be kept in it. A process that dies meanwhile leaves no database or a
// complete one; from there on, migrations take it further as they take any other.

// create makes, durably, a database that nobody else may read where there is none.
func (d *db) create() error {
	dir := filepath.Dir(d.name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if _, err := os.Lstat(d.name); err == nil {
		return nil
	}
	for _, left := range []string{"-wal", "-journal"} { // of a database that somebody removed: SQLite knows what to do with it
		if _, err := os.Lstat(d.name + left); err == nil {
			return createPrivate(d.name)
		}
	}
	image, err := freshImage()
	if err != nil {
		return err
	}
	removeLeft(d.name)
	return putWhole(d.name, image)
}

// createPrivate makes, durably, an empty file that nobody else may read, where there is none; SQLite would create it with
// the umask's rights. The migrations fill it.
func createPrivate(name string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return syncNew(filepath.Dir(name))
}

// syncNew makes durable that something was made in a folder that may be new as well.
func syncNew(dir string) error {
	if err := blob.SyncDir(dir); err != nil {
		return err
	}
	// A parent that one may pass through but not read was not made by us.
	if err := blob.SyncDir(filepath.Dir(dir)); !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// besideName is what the name of a file goes on with while it is written.
const besideName = ".new-"

// removeLeft removes what processes that died left beside the place of a database.
func removeLeft(name string) {
	list, err := os.ReadDir(filepath.Dir(name))
	if err != nil {
		return // nothing but litter hangs on it
	}
	for _, e := range list {
		if strings.HasPrefix(e.Name(), filepath.Base(name)+besideName) {
			_ = os.Remove(filepath.Join(filepath.Dir(name), e.Name()))
		}
	}
}

// putWhole makes the file with this content, durably. Nobody else makes one meanwhile: see Open.
func putWhole(name string, content []byte) error {
	beside := name + besideName + rand.Text()
	f, err := os.OpenFile(beside, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(beside) // gone by then, if all went well
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if err := os.Rename(beside, name); err != nil {
		return err
	}
	return syncNew(filepath.Dir(name))
}

// packed is the file of an empty store at the newest version, as the migrations make it, packed with gzip. Running the migrations takes ten
// times as long as unpacking what they lead to.
//
//go:generate go test -run ^TestImage$ -sqlite.write .
//go:embed fresh.db.gz
var packed []byte

// freshImage is the file of an empty store. Should it be older than the newest migration, opening it makes up for that.
func freshImage() ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// walAt is where the header says how the file is written and read: 2 for a write-ahead log, which a database in memory has
// not (SQLite's file format, 1.3.3).
const walAt = 18

// memoryImage is freshImage for a store in memory, which has no write-ahead log.
var memoryImage = sync.OnceValues(func() ([]byte, error) {
	image, err := freshImage()
	if err == nil {
		image[walAt], image[walAt+1] = 1, 1
	}
	return image, err
})
