package maildir

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

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

// touched is when anything was last done with a file: it was read, written, or renamed.
func touched(info os.FileInfo) time.Time {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return info.ModTime()
	}
	at := max(syscall.TimespecToNsec(st.Atim), syscall.TimespecToNsec(st.Ctim), info.ModTime().UnixNano())
	return time.Unix(0, at)
}
