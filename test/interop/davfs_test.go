//go:build linux

package interop

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"tandem/internal/need"
)

// TestDavfs mounts a tree of files with davfs2. Mounting needs root and a kernel that lets it; where it does not, the test is left out also where everything
// is required.
func TestDavfs(t *testing.T) {
	t.Parallel()
	need.Program(t, "mount.davfs", "davfs2")
	if os.Geteuid() != 0 {
		t.Skip("skipped: mounting needs root")
	}
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skip("skipped: this kernel has no FUSE")
	}
	h := startHub(t)
	h.do("MKCOL", "/dav/files/anna/Docs/")
	home := t.TempDir()
	mnt := filepath.Join(home, "mnt")
	write(t, filepath.Join(home, "davfs.conf"), "ask_auth 0\nsecrets "+home+"/secrets\ndelay_upload 0\n")
	write(t, filepath.Join(home, "secrets"), h.url+"/dav/files/anna/Docs/ "+h.user+" \""+h.password+"\"\n")
	write(t, filepath.Join(mnt, ".keep"), "")
	remove(t, filepath.Join(mnt, ".keep"))
	mount := func() error {
		out, err := try(t, home, "", "mount", "-t", "davfs", "-o", "conf="+home+"/davfs.conf", h.url+"/dav/files/anna/Docs/", mnt)
		if err != nil {
			return errors.New(out)
		}
		return nil
	}
	unmount := func() {
		t.Helper()
		if out, err := exec.Command("umount", mnt).CombinedOutput(); err != nil {
			t.Fatalf("umount: %v\n%s", err, out)
		}
	}
	if err := mount(); err != nil {
		t.Skipf("skipped: this system does not mount davfs: %v", err)
	}
	write(t, filepath.Join(mnt, "ümlaut.txt"), "hello")
	write(t, filepath.Join(mnt, "deep/er/b.txt"), "below")
	if err := os.Rename(filepath.Join(mnt, "deep/er/b.txt"), filepath.Join(mnt, "deep/c.txt")); err != nil {
		t.Error(err)
	}
	unmount()
	if err := mount(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"ümlaut.txt": "hello", "deep/c.txt": "below"} {
		if b, err := os.ReadFile(filepath.Join(mnt, name)); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	list, err := os.ReadDir(mnt)
	if errors.Is(err, syscall.EINVAL) {
		t.Log("this kernel does not list what davfs2 mounts")
	} else if err != nil || len(list) < 2 {
		t.Errorf("the mounted folder lists %v, %v", list, err)
	}
	unmount()
}
