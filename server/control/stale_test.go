package control

import (
	"net"
	"os"
	"runtime"
	"testing"
)

// TestStale: a socket is stale when nobody answers at it, and only then.
func TestStale(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a socket is no file of its own sort there")
	}
	dir, err := os.MkdirTemp("", "stale")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	check := func(when string, want bool) {
		t.Helper()
		path, err := Stale(t.Context(), dir)
		if err != nil || (path != "") != want {
			t.Errorf("%s: %q, %v", when, path, err)
		}
	}
	check("without a socket", false)
	l, err := Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	check("while somebody listens", false)
	l.(*net.UnixListener).SetUnlinkOnClose(false) // as when its process is killed
	l.Close()
	check("after its process died", true)
	path, _ := Stale(t.Context(), dir)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	check("with a file that is no socket", false)
}
