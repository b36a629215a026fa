//go:build unix

// Package disk tells how much room a file system has left.
package disk

import "golang.org/x/sys/unix"

// Free is the number of bytes that this user may still write to the file system that path lies on.
func Free(path string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, err
	}
	return int64(uint64(st.Bavail) * uint64(st.Bsize)), nil
}

// Used is the number of bytes that everything on the file system that path lies on takes.
func Used(path string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, err
	}
	return int64((uint64(st.Blocks) - uint64(st.Bfree)) * uint64(st.Bsize)), nil
}
