//go:build unix

package datadir

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestReleasedWhileAProcessStarts: between its fork and its exec a process that is being started has all files open that we have; the folder is free all the same.
func TestReleasedWhileAProcessStarts(t *testing.T) {
	dir := t.TempDir()
	lock, err := Acquire(dir)
	if err != nil {
		t.Fatal(err)
	}
	forked, err := unix.Dup(int(lock.f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(forked) }()
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	if lock, err = Acquire(dir); err != nil {
		t.Fatalf("the folder is still taken: %v", err)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
}
