//go:build !linux

package main

import (
	"fmt"
	"os"
	"os/exec"
)

// canBePlain tells whether this process is no root, whom permission bits do not concern.
func canBePlain() bool { return os.Getuid() > 0 }

// plain COMMAND... runs a command, with the rights that this process has.
func plain() {
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, "plain:", err)
		os.Exit(1)
	}
	os.Exit(cmd.ProcessState.ExitCode())
}
