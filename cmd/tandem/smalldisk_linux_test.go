package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// canMount tells whether this process may mount disks.
var canMount = sync.OnceValue(func() bool {
	dir, err := os.MkdirTemp("", "tandem-mount-*")
	if err != nil {
		return false
	}
	defer os.Remove(dir)
	if unix.Mount("none", dir, "tmpfs", 0, "size=1m") != nil {
		return false
	}
	return unix.Unmount(dir, 0) == nil
})

// smallDisk DIR MIB mounts a disk of that size on a folder, until the script ends.
func smallDisk(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: smalldisk DIR MIB")
	}
	dir := ts.MkAbs(args[0])
	_, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(unix.Mount("none", dir, "tmpfs", 0, fmt.Sprintf("size=%sm,mode=700", args[1])))
	ts.Defer(func() {
		if err := unix.Unmount(filepath.Clean(dir), unix.MNT_DETACH); err != nil {
			ts.Logf("cannot unmount %s: %v", dir, err)
		}
	})
}
