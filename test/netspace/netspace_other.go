//go:build !linux

package netspace

import "testing"

// Enter skips: only Linux has network namespaces.
func Enter(t *testing.T) bool {
	t.Helper()
	t.Skip("network namespaces are Linux's")
	return false
}
