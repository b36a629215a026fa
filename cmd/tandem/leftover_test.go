package main

import (
	"bytes"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"

	"tandem/server/control"
)

// TestDoctorMendsSocket: the socket of a hub that was killed is named with its remedy, removed by a repair, and not found again.
func TestDoctorMendsSocket(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a socket is no file of its own sort there")
	}
	dir := shortDir(t)
	run := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if got := Main(append(args, "--data", dir), strings.NewReader(""), &out, &errs); got != want {
			t.Fatalf("%v: status %d\n%s%s", args, got, &out, &errs)
		}
		return out.String()
	}
	run(0, "user", "bounds")
	l, err := control.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // as when its process is killed
	l.Close()
	path, err := control.Address(dir)
	if err != nil {
		t.Fatal(err)
	}
	if out := run(0, "doctor"); !strings.Contains(out, "left over: leftover "+path) || !strings.Contains(out, "the socket of a hub that was killed") || !strings.Contains(out, "tandem doctor --repair") {
		t.Errorf("doctor says\n%s", out)
	}
	if out := run(0, "doctor", "--repair"); !strings.Contains(out, path) {
		t.Errorf("the repair says\n%s", out)
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the socket: %v", err)
	}
	if out := run(0, "doctor", "--repair"); !strings.Contains(out, "nothing to mend") {
		t.Errorf("the second repair says\n%s", out)
	}
	if out := run(0, "doctor"); !strings.Contains(out, "left over: nothing") {
		t.Errorf("afterwards doctor says\n%s", out)
	}
}
