//go:build unix && !darwin

package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tandem"
)

// discard moves an entry to the desktop's trash (freedesktop.org Trash Specification 1.0): the home trash where that is
// on the same file system, else the one of the disk's own top directory. errors.ErrUnsupported: there is none.
func (a *apply) discard(from *folder, name, id string, old *stat) (string, error) {
	trash, err := a.r.openTrash()
	if err != nil {
		return "", errors.ErrUnsupported
	}
	defer trash.close()
	info, err := trash.makeAll("info", 0o700)
	if err != nil {
		return "", errors.ErrUnsupported
	}
	defer info.close()
	files, err := trash.makeAll("files", 0o700)
	if err != nil {
		return "", errors.ErrUnsupported
	}
	defer files.close()
	where := (&url.URL{Path: filepath.Join(a.r.path, id)}).EscapedPath()
	text := fmt.Sprintf("[Trash Info]\nPath=%s\nDeletionDate=%s\n", where, time.Now().Format("2006-01-02T15:04:05"))
	for n := 1; ; n++ {
		free := base(id)
		if n > 1 {
			free += "." + strconv.Itoa(n)
		}
		err := info.writeNew(free+".trashinfo", []byte(text))
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", errors.ErrUnsupported
		}
		err = from.renameNew(name, files, free)
		if err == nil {
			var now stat
			if now, err = files.stat(free); err == nil && !now.sameFile(old) {
				err = errChanged
			}
			if err == nil {
				return trashName + "/" + free, files.sync()
			}
			if back := files.renameNew(free, from, name); back != nil {
				return "", tandem.Errorf(tandem.Changed, "it changed meanwhile, and putting it back failed (%v); it is in the trash as %s", back, free)
			}
		}
		_ = info.unlink(free + ".trashinfo")
		switch {
		case errors.Is(err, fs.ErrExist):
			continue
		case isCrossDevice(err):
			return "", errors.ErrUnsupported
		}
		return "", err
	}
}

// openTrash opens the trash on the file system of the root.
func (r *Replica) openTrash() (*folder, error) {
	data := os.Getenv("XDG_DATA_HOME")
	if home, err := os.UserHomeDir(); data == "" && err == nil {
		data = filepath.Join(home, ".local", "share")
	}
	if data != "" {
		if err := os.MkdirAll(filepath.Join(data, "Trash"), 0o700); err == nil {
			if f := r.onDevice(filepath.Join(data, "Trash")); f != nil {
				return f, nil
			}
		}
	}
	top := r.path
	for up := filepath.Dir(top); up != top; up = filepath.Dir(up) {
		f := r.onDevice(up)
		if f == nil {
			break
		}
		f.close()
		top = up
	}
	if top == r.path {
		return nil, fs.ErrNotExist // a trash in the tree itself would be synced
	}
	own := filepath.Join(top, ".Trash-"+strconv.Itoa(os.Getuid()))
	if err := os.Mkdir(own, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if f := r.onDevice(own); f != nil {
		return f, nil
	}
	return nil, fs.ErrNotExist
}

// onDevice opens a directory if it is on the root's file system.
func (r *Replica) onDevice(path string) *folder {
	f, err := openFolder(path)
	if err != nil {
		return nil
	}
	if st, err := f.self(); err != nil || st.dev != r.rootStat.dev {
		f.close()
		return nil
	}
	return f
}

// unparkTrash opens an entry of the trash, unless it was emptied or restored since.
func (r *Replica) unparkTrash(name string) (tandem.Record, error) {
	if strings.ContainsRune(name, '/') {
		return tandem.Record{}, fs.ErrNotExist
	}
	trash, err := r.openTrash()
	if err != nil {
		return tandem.Record{}, fs.ErrNotExist
	}
	defer trash.close()
	text, err := readIn(trash, "info", name+".trashinfo")
	if err != nil {
		return tandem.Record{}, err
	}
	_, rest, _ := strings.Cut(string(text), "\nPath=")
	where, _, _ := strings.Cut(rest, "\n")
	if where, err = url.PathUnescape(where); err != nil {
		return tandem.Record{}, fs.ErrNotExist
	}
	id, ok := strings.CutPrefix(where, strings.TrimSuffix(r.path, "/")+"/")
	if !ok {
		return tandem.Record{}, fs.ErrNotExist
	}
	files, err := trash.child("files")
	if err != nil {
		return tandem.Record{}, err
	}
	defer files.close()
	rec, err := r.parkedRecord(files, name, "", id)
	if err != nil || rec.Body == nil {
		return rec, err
	}
	rec.Body = &trashBody{r: r, name: name, size: rec.Size}
	return rec, nil
}

// trashBody is a file in the trash.
type trashBody struct {
	r    *Replica
	name string
	size int64
}

// Size implements tandem.Body.
func (b *trashBody) Size() int64 { return b.size }

// Open implements tandem.Body.
func (b *trashBody) Open() (io.ReadCloser, error) {
	if err := b.r.enter(); err != nil {
		return nil, err
	}
	defer b.r.use.RUnlock()
	trash, err := b.r.openTrash()
	if err != nil {
		return nil, classify("open", tandem.ID(b.name), err)
	}
	defer trash.close()
	files, err := trash.child("files")
	if err != nil {
		return nil, classify("open", tandem.ID(b.name), err)
	}
	defer files.close()
	f, err := files.open(b.name)
	return f, classify("open", tandem.ID(b.name), err)
}

func readIn(f *folder, sub, name string) ([]byte, error) {
	dir, err := f.child(sub)
	if err != nil {
		return nil, err
	}
	defer dir.close()
	return dir.readAll(name, 1<<16)
}
