//go:build !unix

package plugin

import "os/exec"

func alone(*exec.Cmd) {}

func (p *process) kill() { _ = p.cmd.Process.Kill() } // it may be gone
