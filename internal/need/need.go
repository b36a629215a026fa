// Package need lets tests name the outside programs they drive. Where one is missing the test is skipped with a
// notice, unless TANDEM_REQUIRE=all demands that everything runs.
package need

import (
	"os"
	"os/exec"
	"testing"
)

// Program returns the path of a program, or skips the test. pkg, when given, is the Debian package that brings it.
func Program(t testing.TB, name string, pkg ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	deb := name
	if len(pkg) > 0 {
		deb = pkg[0]
	}
	Missing(t, "the program "+name+", from the Debian package "+deb)
	return ""
}

// Browser returns the path of Chromium, or skips the test. Its build without windows of its own is asked for first: pages look the same in it, and it does less beside them.
func Browser(t testing.TB) string {
	t.Helper()
	const windowless = "chromium-headless-shell"
	for _, name := range []string{windowless, "chromium"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return Program(t, windowless)
}

// Missing skips the test for want of a thing, or fails it where everything is required.
func Missing(t testing.TB, thing string) {
	t.Helper()
	if os.Getenv("TANDEM_REQUIRE") == "all" {
		t.Fatalf("this test needs %s", thing)
	}
	t.Skipf("skipped: this test needs %s", thing)
}
