package blob

import (
	"errors"

	"golang.org/x/sys/windows"
)

// IsFull reports whether err says that the disk or a quota is full.
func IsFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) || errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}

// syncDir has nothing to do: NTFS keeps its folders in a journal of its own.
func syncDir(string) error { return nil }
