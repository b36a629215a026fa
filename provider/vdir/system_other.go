//go:build !linux && !darwin

package vdir

import (
	"io/fs"
	"runtime"
)

const (
	foldCaseDefault = runtime.GOOS == "windows"
	nfcDefault      = false
)

func printOf(info fs.FileInfo) print {
	return print{size: info.Size(), mtime: info.ModTime().UnixNano()}
}

// stableInodes tells whether an inode number means the same file after the disk was mounted again.
func stableInodes(string) bool { return false }
