//go:build unix

package plugin

import (
	"os/exec"
	"syscall"
)

// alone gives a program a process group of its own, so that all of it can be ended.
func alone(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func (p *process) kill() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) } // it may be gone
