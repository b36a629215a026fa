package command

import (
	"context"
	"os"
	"os/exec"
	"syscall"
)

// shell runs a line as the system's shell does. Its own quoting is not that of other programs, so the line is passed on as it is.
func shell(ctx context.Context, line string) *exec.Cmd {
	name := os.Getenv("ComSpec")
	if name == "" {
		name = "cmd.exe"
	}
	c := exec.CommandContext(ctx, name)
	c.SysProcAttr = &syscall.SysProcAttr{CmdLine: `/S /C "` + line + `"`}
	return c
}

// alone does nothing: the command is killed alone.
func alone(*exec.Cmd) {}
