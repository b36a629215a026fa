//go:build unix && !linux && !darwin

package atomicfile

import "errors"

// RenameNew gives old the name new if that is free, else it fails with fs.ErrExist. Files are moved by a hard link;
// directories are tested first.
func RenameNew(old, new string) error { return renameNewPortable(old, new) }

// Exchange swaps two existing names in one step. It fails with errors.ErrUnsupported where that is not possible.
func Exchange(a, b string) error { return errors.ErrUnsupported }

// SyncFS makes everything written to the file system of dir durable. It fails with errors.ErrUnsupported where the
// system has no such call.
func SyncFS(string) error { return errors.ErrUnsupported }
