package interop

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/internal/need"
)

// rclone runs rclone with the hub's files as "hub:", and returns what it said.
func rclone(t *testing.T, h *hub, args ...string) string {
	t.Helper()
	program := need.Program(t, "rclone")
	home := t.TempDir()
	pass, err := try(t, home, "", program, "obscure", h.password)
	if err != nil {
		t.Fatal(pass)
	}
	config := filepath.Join(home, "rclone.conf")
	write(t, config, "[hub]\ntype = webdav\nurl = "+h.url+"/dav/files/anna/Docs/\nvendor = owncloud\nuser = "+h.user+"\npass = "+strings.TrimSpace(pass)+"\n")
	out, err := try(t, home, "", program, append([]string{"--config", config, "--retries", "1", "--low-level-retries", "1", "-v"}, args...)...)
	if err != nil {
		t.Fatalf("rclone %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// folder is what is in a folder: contents by path, "/" for directories.
func folder(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, path)
		if err != nil || name == "." {
			return err
		}
		if d.IsDir() {
			all[name] = "/"
			return nil
		}
		data, err := os.ReadFile(path)
		all[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// sameFolders compares two folders; without their directories where a program leaves empty ones out.
func sameFolders(t *testing.T, a, b string, dirs bool) {
	t.Helper()
	left, right := folder(t, a), folder(t, b)
	if !dirs {
		for _, m := range []map[string]string{left, right} {
			maps.DeleteFunc(m, func(_, content string) bool { return content == "/" })
		}
	}
	for name, content := range left {
		if other, there := right[name]; !there || other != content {
			t.Errorf("%s: %.40q here, %.40q there (%v)", name, content, other, there)
		}
	}
	for name := range right {
		if _, there := left[name]; !there {
			t.Errorf("%s is only there", name)
		}
	}
}

// fill makes a folder with names and sizes of all sorts.
func fill(t *testing.T, dir string) {
	t.Helper()
	for name, content := range map[string]string{
		"plain.txt": "plain", "empty": "", "with space & more.txt": "x", "größe/名前.md": "deep", "a/b/c/d/e": "deeper", "100%.txt": "percent", "a?b#c+d.txt": "reserved",
		"large.bin": strings.Repeat("0123456789abcdef", 200_000),
	} {
		write(t, filepath.Join(dir, name), content)
	}
	if err := os.MkdirAll(filepath.Join(dir, "nothing", "in it"), 0o755); err != nil {
		t.Fatal(err)
	}
	when := time.Date(2021, 2, 3, 4, 5, 6, 0, time.UTC)
	if err := os.Chtimes(filepath.Join(dir, "plain.txt"), when, when); err != nil {
		t.Fatal(err)
	}
}

// TestRclone copies both ways, compares, and makes one side like the other.
func TestRclone(t *testing.T) {
	t.Parallel()
	need.Program(t, "rclone")
	h := startHub(t)
	h.do("MKCOL", "/dav/files/anna/Docs/")
	here, there := t.TempDir(), t.TempDir()
	fill(t, here)
	rclone(t, h, "copy", "--create-empty-src-dirs", here, "hub:")
	rclone(t, h, "check", "--download", here, "hub:")
	rclone(t, h, "copy", "--create-empty-src-dirs", "hub:", there)
	sameFolders(t, here, there, true)
	if fi, err := os.Stat(filepath.Join(there, "plain.txt")); err != nil || !fi.ModTime().Equal(time.Date(2021, 2, 3, 4, 5, 6, 0, time.UTC)) {
		t.Errorf("the time of plain.txt came back as %v, %v", fi.ModTime(), err)
	}
	if out := rclone(t, h, "copy", here, "hub:"); !strings.Contains(out, "Transferred:   \t          0 B") {
		t.Errorf("a second copy is not idle:\n%s", out)
	}
	write(t, filepath.Join(here, "plain.txt"), "edited")
	write(t, filepath.Join(here, "new/x"), "new")
	remove(t, filepath.Join(here, "a/b/c/d/e"))
	remove(t, filepath.Join(here, "a/b/c/d"))
	if err := os.Rename(filepath.Join(here, "large.bin"), filepath.Join(here, "größe/large.bin")); err != nil {
		t.Fatal(err)
	}
	rclone(t, h, "sync", "--create-empty-src-dirs", "--track-renames", "--track-renames-strategy", "modtime", here, "hub:")
	rclone(t, h, "sync", "--create-empty-src-dirs", "hub:", there)
	sameFolders(t, here, there, true)
	rclone(t, h, "moveto", "hub:größe", "hub:size")
	rclone(t, h, "copyto", "hub:plain.txt", "hub:size/copy.txt")
	rclone(t, h, "purge", "hub:new")
	rclone(t, h, "sync", "--create-empty-src-dirs", "hub:", there)
	got := folder(t, there)
	if got["size/copy.txt"] != "edited" || got["size/名前.md"] != "deep" || got["größe"] != "" || got["new"] != "" {
		t.Errorf("after a move, a copy and a purge: %q", got)
	}
}

// TestRcloneBisync keeps a folder and the hub in step, edits on either side.
func TestRcloneBisync(t *testing.T) {
	t.Parallel()
	need.Program(t, "rclone")
	h := startHub(t)
	h.do("MKCOL", "/dav/files/anna/Docs/")
	here, there, work := t.TempDir(), t.TempDir(), t.TempDir()
	fill(t, here)
	bisync := func(more ...string) {
		t.Helper()
		rclone(t, h, append([]string{"bisync", here, "hub:", "--workdir", work}, more...)...)
		rclone(t, h, "sync", "hub:", there)
		sameFolders(t, here, there, false)
	}
	rclone(t, h, "mkdir", "hub:only")
	bisync("--resync")
	write(t, filepath.Join(here, "plain.txt"), "edited here")
	write(t, filepath.Join(here, "new here.txt"), "new")
	edited := filepath.Join(t.TempDir(), "edited")
	write(t, edited, "edited there")
	later := time.Now().Add(time.Minute) // WebDAV tells whole seconds, and bisync goes by times
	for _, name := range []string{edited, filepath.Join(here, "plain.txt")} {
		if err := os.Chtimes(name, later, later); err != nil {
			t.Fatal(err)
		}
	}
	rclone(t, h, "copyto", edited, "hub:größe/名前.md")
	rclone(t, h, "copyto", edited, "hub:new there/x.txt")
	rclone(t, h, "deletefile", "hub:empty")
	bisync()
	got := folder(t, here)
	if got["plain.txt"] != "edited here" || got["größe/名前.md"] != "edited there" || got["new there/x.txt"] != "edited there" || got["new here.txt"] != "new" {
		t.Errorf("after edits on both sides: %q", got)
	}
	if _, there := got["empty"]; there {
		t.Error("what was deleted on the hub is still here")
	}
}
