//go:build !unix

package mailkit

import "os/exec"

func (s *Server) identity()     {}
func (s *Server) own()          {}
func apart(*exec.Cmd, int, int) {}
func terminate(cmd *exec.Cmd)   { _ = cmd.Process.Kill() } // it may have ended already
func kill(cmd *exec.Cmd)        { _ = cmd.Process.Kill() }
