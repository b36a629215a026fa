//go:build unix

package plugin_test

import (
	"os/exec"
	"syscall"
)

// apart starts a program in a session of its own, which outlives the group of whoever starts it.
func apart(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
