package blob

import (
	"errors"

	"golang.org/x/sys/windows"
)

// IsFull reports whether err says that the disk or a quota is full.
func IsFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) || errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}

// SyncDir has nothing to do: NTFS keeps its folders in a journal of its own.
func SyncDir(string) error { return nil }
