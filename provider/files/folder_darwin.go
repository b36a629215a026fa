package files

import (
	"errors"

	"golang.org/x/sys/unix"
)

// renameNew gives an entry another name, which must be free.
func (f *folder) renameNew(name string, to *folder, toName string) error {
	err := unix.RenameatxNp(f.fd, name, to.fd, toName, unix.RENAME_EXCL)
	if err == unix.ENOTSUP || err == unix.EINVAL || err == unix.ENOSYS {
		return f.renameNewPortable(name, to, toName)
	}
	return err
}

// exchange swaps two entries; errors.ErrUnsupported where that is not possible.
func (f *folder) exchange(name string, to *folder, toName string) error {
	err := unix.RenameatxNp(f.fd, name, to.fd, toName, unix.RENAME_SWAP)
	if err == unix.ENOTSUP || err == unix.EINVAL || err == unix.ENOSYS {
		return errors.ErrUnsupported
	}
	return err
}

// The defaults of this system's disks, where a place cannot be probed.
const (
	foldsByDefault = true
	nfcByDefault   = true
)
