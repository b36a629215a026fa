// Package disk tells how much room a file system has left.
package disk

import "golang.org/x/sys/windows"

// Free is the number of bytes that this user may still write to the file system that path lies on.
func Free(path string) (int64, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, err
	}
	return int64(min(free, 1<<62)), nil
}

// Used is the number of bytes that everything on the file system that path lies on takes.
func Used(path string) (int64, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	var free, total, empty uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, &total, &empty); err != nil {
		return 0, err
	}
	return int64(min(total-min(empty, total), 1<<62)), nil
}
