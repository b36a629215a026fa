//go:build unix

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// SyncDir makes the names in dir durable. File systems that cannot sync a directory are taken to need no such thing.
func SyncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func rename(old, new string) error { return os.Rename(old, new) }

// renameNewPortable relies on link, which never replaces. Directories cannot be linked; rename refuses to put one over a
// file or a directory with entries, so at worst an empty directory is replaced by it.
func renameNewPortable(old, new string) error {
	info, err := os.Lstat(old)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		err := os.Link(old, new)
		if err == nil {
			return os.Remove(old)
		}
		if errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if _, err := os.Lstat(new); err == nil {
		return &os.LinkError{Op: "rename", Old: old, New: new, Err: fs.ErrExist}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(old, new)
}
