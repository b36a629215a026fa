//go:build unix

package command

import (
	"context"
	"os/exec"
	"syscall"
)

// shell runs a line as the system's shell does.
func shell(ctx context.Context, line string) *exec.Cmd {
	return exec.CommandContext(ctx, "/bin/sh", "-c", line)
}

// alone gives a command a process group of its own, so that all of it can be killed.
func alone(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
}
