package vdir

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/windows"
)

const nameRule = "windows"

// writable tells whether files can be made in a folder. Permissions of folders say little here; writing finds out.
func writable(string) bool { return true }

// inherit gives a file the owner of the one it will replace. Here files inherit from their folder.
func inherit(string, fs.FileInfo) {}

// isFull tells whether a disk or a quota is used up.
func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) || errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}
