package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpuOf is the processor time that a process has used, of threads that ended too, to the nanosecond: /proc tells hundredths of a second only, which is a
// tenth of what we measure. The clock of a process is named by its number. clock_getcpuclockid(3)
func cpuOf(pid int) time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid)<<3|2, &ts); err != nil { // CPUCLOCK_SCHED
		return 0
	}
	return time.Duration(ts.Nano())
}
