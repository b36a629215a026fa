package atomicfile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// RenameNew gives old the name new if that is free, else it fails with fs.ErrExist. Where the file system cannot test
// and rename in one step, files are moved by a hard link; directories are tested first.
func RenameNew(old, new string) error {
	err := retry(func() error { return unix.Renameat2(unix.AT_FDCWD, old, unix.AT_FDCWD, new, unix.RENAME_NOREPLACE) })
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return renameNewPortable(old, new)
	}
	return linkError("rename", old, new, err)
}

// Exchange swaps two existing names in one step. It fails with errors.ErrUnsupported where that is not possible.
func Exchange(a, b string) error {
	err := retry(func() error { return unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE) })
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return errors.ErrUnsupported
	}
	return linkError("exchange", a, b, err)
}

// SyncFS makes everything written to the file system of dir durable. It fails with errors.ErrUnsupported where the
// system has no such call.
func SyncFS(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return os.NewSyscallError("syncfs", retry(func() error { return unix.Syncfs(int(f.Fd())) }))
}

func linkError(op, old, new string, err error) error {
	if err == nil {
		return nil
	}
	return &os.LinkError{Op: op, Old: old, New: new, Err: err}
}

func retry(f func() error) error {
	for {
		if err := f(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
