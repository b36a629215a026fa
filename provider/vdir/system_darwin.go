package vdir

import (
	"io/fs"
	"syscall"
)

const (
	foldCaseDefault = true
	nfcDefault      = true
	nameRule        = ""
)

func printOf(info fs.FileInfo) print {
	p := print{size: info.Size(), mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		p.ctime, p.ino = syscall.TimespecToNsec(st.Ctimespec), st.Ino
	}
	return p
}

// stableInodes tells whether an inode number means the same file after the disk was mounted again.
func stableInodes(string) bool { return true }
