package maildir

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/windows"
)

// infoSep is what stands before "2," in new names, which cannot have a colon here.
const infoSep = ';'

func printOf(info fs.FileInfo) print {
	return print{size: info.Size(), mtime: info.ModTime().UnixNano()}
}

// writable tells whether files can be made in a folder. Permissions of folders say little here; writing finds out.
func writable(string) bool { return true }

// inherit gives a file the owner of another. Here files inherit from their folder.
func inherit(string, fs.FileInfo) {}

// isFull tells whether a disk or a quota is used up.
func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) || errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}
