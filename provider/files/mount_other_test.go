//go:build unix && !linux

package files

import "testing"

// mount puts a file system in memory at path, or skips the test where that is not allowed.
func mount(t *testing.T, _, _ string) {
	t.Helper()
	t.Skip("needs Linux to mount a file system in memory")
}
