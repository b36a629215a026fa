package main

import (
	"os"
	"runtime"
	"testing"
)

// TestProcessClock: the clock of a process goes on as it works, and there is none of one that is not.
func TestProcessClock(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("measured on Linux only")
	}
	before := cpuOf(os.Getpid())
	work := 0
	for i := range 5_000_000 {
		work += i % 7
	}
	if after := cpuOf(os.Getpid()); before <= 0 || after <= before || work == 0 {
		t.Errorf("from %v to %v", before, after)
	}
	if got := cpuOf(1 << 28); got != 0 {
		t.Errorf("nobody has worked for %v", got)
	}
}
