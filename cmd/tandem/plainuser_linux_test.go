package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// canBePlain tells whether a program can be run here that no right spares the permission bits.
var canBePlain = sync.OnceValue(func() bool {
	if os.Getuid() != 0 {
		return true
	}
	self, err := os.Executable()
	if err != nil {
		return false
	}
	probe := exec.Command(self)
	probe.Args = []string{"plain"}
	return probe.Run() == nil
})

// plain [COMMAND...] becomes that command without the rights by which root reads and writes everything: files that root
// owns are then as closed to it as a plain user's are to him. Without a command it tells whether that can be done.
func plain() {
	err := func() error {
		runtime.LockOSThread() // rights belong to the thread, and the one that calls exec hands them on
		if os.Getuid() == 0 {
			for _, right := range []uintptr{unix.CAP_DAC_OVERRIDE, unix.CAP_DAC_READ_SEARCH} {
				if err := unix.Prctl(unix.PR_CAPBSET_DROP, right, 0, 0, 0); err != nil {
					return fmt.Errorf("give up the rights of root: %w", err)
				}
			}
		}
		if len(os.Args) < 2 {
			return nil
		}
		path, err := exec.LookPath(os.Args[1])
		if err != nil {
			return err
		}
		return syscall.Exec(path, os.Args[1:], os.Environ())
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, "plain:", err)
		os.Exit(1)
	}
	os.Exit(0)
}
