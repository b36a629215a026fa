//go:build unix

package main

import (
	"runtime"
	"syscall"
	"time"

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

// cpu is what this process has used so far.
func cpu() (user, system time.Duration) {
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		return 0, 0
	}
	return time.Duration(ru.Utime.Nano()), time.Duration(ru.Stime.Nano())
}
