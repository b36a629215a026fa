//go:build !unix

package peer

import "os/exec"

func apart(*exec.Cmd)         {}
func terminate(cmd *exec.Cmd) { _ = cmd.Process.Kill() } // it may have ended already
func kill(cmd *exec.Cmd)      { _ = cmd.Process.Kill() }
