package vdir

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	foldCaseDefault = false
	nfcDefault      = false
	nameRule        = ""
)

func printOf(info fs.FileInfo) print {
	p := print{size: info.Size(), mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		p.ctime, p.ino = syscall.TimespecToNsec(st.Ctim), st.Ino
	}
	return p
}

// stableInodes tells whether an inode number means the same file after the disk was mounted again.
func stableInodes(path string) bool {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return false
	}
	switch uint32(st.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.TMPFS_MAGIC, unix.F2FS_SUPER_MAGIC, 0x2fc12fc1: // ZFS
		return true
	}
	return false
}
