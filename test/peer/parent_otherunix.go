//go:build unix && !linux

package peer

import "syscall"

func dieWithParent(*syscall.SysProcAttr) {}
