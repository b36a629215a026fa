package files

import (
	"testing"

	"golang.org/x/sys/unix"
)

// mount puts a file system in memory at path, or skips the test where that is not allowed.
func mount(t *testing.T, path, options string) {
	t.Helper()
	if err := unix.Mount("tandem-test", path, "tmpfs", 0, options); err != nil {
		t.Skip("needs the right to mount: ", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}
