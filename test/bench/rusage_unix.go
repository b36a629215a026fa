//go:build unix

package main

import (
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxRSS is the peak resident memory in KiB.
func maxRSS(ru *syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" {
		return int64(ru.Maxrss) / 1024
	}
	return int64(ru.Maxrss)
}

func syncAll() { unix.Sync() }
