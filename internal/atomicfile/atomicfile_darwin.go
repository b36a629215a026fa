package atomicfile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// RenameNew gives old the name new if that is free, else it fails with fs.ErrExist. Where the file system cannot test
// and rename in one step, files are moved by a hard link; directories are tested first.
func RenameNew(old, new string) error {
	err := unix.RenamexNp(old, new, unix.RENAME_EXCL)
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return renameNewPortable(old, new)
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: old, New: new, Err: err}
	}
	return nil
}

// Exchange swaps two existing names in one step. It fails with errors.ErrUnsupported where that is not possible.
func Exchange(a, b string) error {
	err := unix.RenamexNp(a, b, unix.RENAME_SWAP)
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return errors.ErrUnsupported
	}
	if err != nil {
		return &os.LinkError{Op: "exchange", Old: a, New: b, Err: err}
	}
	return nil
}

// SyncFS makes everything written to the file system of dir durable. It fails with errors.ErrUnsupported where the
// system has no such call.
func SyncFS(string) error { return errors.ErrUnsupported }
