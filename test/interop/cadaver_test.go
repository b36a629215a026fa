package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/internal/need"
)

// TestCadaver drives cadaver by a script through all that it can do with files.
func TestCadaver(t *testing.T) {
	t.Parallel()
	program := need.Program(t, "cadaver")
	h := startHub(t)
	h.do("MKCOL", "/dav/files/anna/Docs/")
	home := t.TempDir()
	write(t, filepath.Join(home, ".netrc"), "machine 127.0.0.1 login "+h.user+" password \""+h.password+"\"\n")
	if err := os.Chmod(filepath.Join(home, ".netrc"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(home, "one.txt"), "one")
	write(t, filepath.Join(home, "two words.txt"), "two")
	run := func(script string) string {
		t.Helper()
		out, err := try(t, home, script, program, h.url+"/dav/files/anna/Docs/")
		if err != nil || strings.Contains(out, "failed") {
			t.Fatalf("%v\n%s", err, out)
		}
		return out
	}
	has := func(out string, parts ...string) {
		t.Helper()
		for _, p := range parts {
			if !strings.Contains(out, p) {
				t.Fatalf("there is no %q in\n%s", p, out)
			}
		}
	}
	has(run("mkcol sub\nput one.txt\nput \"two words.txt\" \"sub/two words.txt\"\nls\nls sub\n"), "Coll:   sub", "one.txt", "two words.txt")
	has(run("copy one.txt sub/copy.txt\nmove \"sub/two words.txt\" moved.txt\nget sub/copy.txt got.txt\nget moved.txt\nls\n"), "moved.txt")
	for name, want := range map[string]string{"got.txt": "one", "moved.txt": "two"} {
		if data, err := os.ReadFile(filepath.Join(home, name)); err != nil || string(data) != want {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	has(run("set namespace urn:x\npropset one.txt mine \"some value\"\npropget one.txt mine\n"), "some value")
	has(run("chexec + one.txt\nls\nchexec - one.txt\n"), "*one.txt")
	out := run("lock one.txt\ndiscover one.txt\nshowlocks\nput one.txt\nunlock one.txt\ndiscover one.txt\n")
	has(out, "Lock token", "urn:uuid:", "no locks found")
	has(run("set lockdepth 0\nlock sub\nput one.txt sub/locked.txt\nunlock sub\n"), "sub/locked.txt")
	has(run("delete moved.txt\nrmcol sub\nls\nquit\n"), "one.txt")
	if out := run("ls\n"); strings.Contains(out, "sub") || strings.Contains(out, "moved") {
		t.Errorf("after deletions there is\n%s", out)
	}
}
