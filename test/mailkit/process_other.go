//go:build !unix

package mailkit

import "os/exec"

func (s *Server) identity()  {}
func (s *Server) own()       {}
func as(*exec.Cmd, int, int) {}
