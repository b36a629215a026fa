// Package atomicfile writes files so that a crash leaves the old or the new content, never a mixture, and so that a
// concurrent edit by somebody else is noticed instead of overwritten.
//
// A new version is first staged beside its destination under a temporary name, then made durable (one file at a time,
// or many in one go with SyncFS), then installed by a rename under a condition, and at last SyncDir makes the rename
// itself durable. Write does all of it for one file.
package atomicfile

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Temporary names are hidden on Unix and end in ".tmp", which programs that watch folders of records pass over.
const (
	tempPrefix = ".tandem-"
	tempSuffix = ".tmp"
)

// IsTemp reports whether a base name is one that this package gives to a file in the making.
func IsTemp(name string) bool {
	return strings.HasPrefix(name, tempPrefix) && strings.HasSuffix(name, tempSuffix)
}

// Staged is a complete new version of a file that waits under a temporary name in the same directory.
// It must end in one of Create, Replace, ReplaceIf or Discard.
type Staged struct {
	path string
	temp string
	done bool // installed, or removed: the temporary name is free
}

// Stage writes data beside path. Permissions are perm less the umask. It does not wait for the disk.
func Stage(path string, data []byte, perm fs.FileMode) (*Staged, error) {
	f, err := createTemp(filepath.Dir(path), perm)
	if err != nil {
		return nil, err
	}
	s := &Staged{path: path, temp: f.Name()}
	_, err = f.Write(data)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		s.Discard()
		return nil, err
	}
	return s, nil
}

// Temp is the temporary path, for setting times or permissions before installing.
func (s *Staged) Temp() string { return s.temp }

// Path is the destination.
func (s *Staged) Path() string { return s.path }

// Sync makes the staged bytes durable.
func (s *Staged) Sync() error { return SyncFile(s.temp) }

// SyncFile makes the bytes of a file durable.
func SyncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// Create installs the file if nothing has its name, else it fails with an error that is fs.ErrExist and discards it.
func (s *Staged) Create() error {
	if err := RenameNew(s.temp, s.path); err != nil {
		s.Discard()
		return err
	}
	s.done = true
	return nil
}

// Replace installs the file over whatever has its name.
func (s *Staged) Replace() error {
	if err := rename(s.temp, s.path); err != nil {
		s.Discard()
		return err
	}
	s.done = true
	return nil
}

// ReplaceIf installs the file in place of an existing one that check accepts. Where the system can exchange two names,
// check is called with the path of the version that was displaced, when nobody can slip in any more, and a refusal puts
// it back; elsewhere it is called on the destination right before the rename. Fails with fs.ErrNotExist if there is
// no file to replace, with check's error if it refuses.
func (s *Staged) ReplaceIf(check func(displaced string) error) error {
	old, err := s.Swap(check)
	if old != nil {
		old.done = true
		return os.Remove(old.temp)
	}
	return err
}

// Swap is ReplaceIf, but keeps the version that was displaced, staged for the same path. It is nil where the system cannot exchange two names, and with an error.
func (s *Staged) Swap(check func(displaced string) error) (*Staged, error) {
	err := Exchange(s.temp, s.path)
	if errors.Is(err, errors.ErrUnsupported) {
		if err = check(s.path); err == nil {
			err = rename(s.temp, s.path)
		}
		if err != nil {
			s.Discard()
		}
		s.done = true
		return nil, err
	}
	if err != nil {
		s.Discard()
		return nil, err
	}
	if err := check(s.temp); err != nil {
		if back := Exchange(s.temp, s.path); back != nil {
			return nil, fmt.Errorf("%w; putting the displaced version %s back failed: %w", err, s.temp, back)
		}
		s.Discard()
		return nil, err
	}
	s.done = true
	return &Staged{path: s.path, temp: s.temp}, nil
}

// Discard removes the staged file. It may be called after it was installed; it then does nothing.
func (s *Staged) Discard() {
	if !s.done {
		s.done = true
		_ = os.Remove(s.temp)
	}
}

// RemoveIf removes a file that check accepts. It is set aside under a temporary name first, so that check sees the very
// version that will be removed; a refusal puts it back unless something else has taken its name meanwhile, in which
// case the error says where it is.
func RemoveIf(path string, check func(aside string) error) error {
	temp := filepath.Join(filepath.Dir(path), TempName())
	if err := RenameNew(path, temp); err != nil {
		return err
	}
	if err := check(temp); err != nil {
		if back := RenameNew(temp, path); back != nil {
			return fmt.Errorf("%w; putting %s back failed: %w", err, temp, back)
		}
		return err
	}
	return os.Remove(temp)
}

// Write replaces path by data and returns once that is durable.
func Write(path string, data []byte, perm fs.FileMode) error {
	return write(path, data, perm, (*Staged).Replace)
}

// WriteNew creates path with data and returns once that is durable. It fails with fs.ErrExist if path is taken.
func WriteNew(path string, data []byte, perm fs.FileMode) error {
	return write(path, data, perm, (*Staged).Create)
}

func write(path string, data []byte, perm fs.FileMode, install func(*Staged) error) error {
	s, err := Stage(path, data, perm)
	if err != nil {
		return err
	}
	if err := s.Sync(); err != nil {
		s.Discard()
		return err
	}
	if err := install(s); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// Sweep removes temporary files in dir that were left by a process that died, that is, older than age.
func Sweep(dir string, age time.Duration) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	limit := time.Now().Add(-age)
	for _, e := range entries {
		if !IsTemp(e.Name()) {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || info.ModTime().After(limit) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// TempName is a new name for a file in the making. Sweep knows it again.
func TempName() string {
	var r [8]byte
	_, _ = rand.Read(r[:]) // never fails
	return tempPrefix + hex.EncodeToString(r[:]) + tempSuffix
}

func createTemp(dir string, perm fs.FileMode) (*os.File, error) {
	for {
		f, err := os.OpenFile(filepath.Join(dir, TempName()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}
