//go:build !linux

package vdir

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"tandem/internal/atomicfile"
)

// dir is the folder, whose files are reached by name.
type dir struct{ path string }

func openDir(path string) (*dir, error) { return &dir{path}, nil }

func (d *dir) close() {}

func (d *dir) stat(name string) (entry, error) {
	info, err := os.Stat(d.join(name))
	if err != nil {
		return entry{}, err
	}
	return entry{printOf(info), info.Mode().Type()}, nil
}

// statOf looks at the file behind a name that was given to a new file.
func (d *dir) statOf(_ *fresh, name string) (entry, error) { return d.stat(name) }

func (d *dir) read(name string, buf []byte, size int64) ([]byte, entry, error) {
	h, err := os.Open(d.join(name))
	if err != nil {
		return nil, entry{}, err
	}
	defer h.Close()
	buf = room(buf, size)
	n, err := h.ReadAt(buf, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, entry{}, err
	}
	info, err := h.Stat()
	if err != nil {
		return nil, entry{}, err
	}
	return buf[:n], entry{printOf(info), info.Mode().Type()}, nil
}

func (d *dir) stage(data []byte, perm fs.FileMode, _ bool) (fresh, entry, error) {
	temp := atomicfile.TempName()
	f, err := os.OpenFile(d.join(temp), os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return fresh{}, entry{}, err
	}
	_, err = f.Write(data)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	var e entry
	if err == nil {
		e, err = d.stat(temp) // only once it is closed are its times final everywhere
	}
	if err != nil {
		_ = os.Remove(d.join(temp))
		return fresh{}, entry{}, err
	}
	return fresh{temp: temp}, e, nil
}

func (d *dir) install(f *fresh, name string) error {
	err := atomicfile.RenameNew(d.join(f.temp), d.join(name))
	if err == nil {
		f.temp = ""
	}
	return err
}

func (d *dir) discard(f *fresh) {
	if f.temp != "" {
		_ = os.Remove(d.join(f.temp))
		f.temp = ""
	}
}

func (d *dir) syncAll() error { return atomicfile.SyncFS(d.path) }

func (d *dir) sync(f *fresh) error { return atomicfile.SyncFile(d.join(f.temp)) }

// timesOf tells how a file system gives files their times.
func timesOf(string) times { return vague }

func coarseNow() time.Time { return time.Now().Add(-tick) }

// namelessFiles is how many files in the making may be held open without a name at a time.
func namelessFiles(string) int { return 0 }
