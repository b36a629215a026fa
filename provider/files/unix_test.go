//go:build unix

package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tandem"
)

// nobody is who tests run as that need somebody without special rights.
const nobody = 65534

// asUser runs the calling test again as an ordinary user if it runs as root, and reports whether that was done.
func asUser(t *testing.T) bool {
	t.Helper()
	if os.Getuid() != 0 {
		return false
	}
	dir, err := os.MkdirTemp("", "files-user")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Skip("the test cannot find its own program: ", err)
	}
	program := filepath.Join(dir, "test")
	if err := os.WriteFile(program, self, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, uid := range map[string]int{dir: nobody, program: nobody} {
		if err := os.Chown(path, uid, uid); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TMPDIR="+dir, "HOME="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("as an ordinary user: %v\n%s", err, out)
	}
	return true
}

func chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(path, 0o755) })
}

func TestUnreadable(t *testing.T) {
	if asUser(t) {
		return
	}
	p := newPlace(t)
	p.put("closed/f", "x")
	p.put("blind/f", "x")
	p.put("secret", "x")
	p.put("open/f", "x")
	if err := os.Chtimes(p.path("secret"), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	chmod(t, p.path("closed"), 0)
	chmod(t, p.path("blind"), 0o400) // names can be read, states cannot
	chmod(t, p.path("secret"), 0)
	got := p.presence()
	want := map[string]tandem.Presence{"closed": tandem.Problem, "blind": tandem.Present, "blind/f": tandem.Problem,
		"secret": tandem.Present, "open": tandem.Present, "open/f": tandem.Present}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	for c := range p.Digest(context.Background(), []tandem.ID{"secret", "closed/f"}) {
		if c.Presence != tandem.Problem || !tandem.IsKind(c.Err, tandem.Denied) {
			t.Errorf("%q: %v, %v", c.ID, c.Presence, c.Err)
		}
	}
	out := p.apply(create("closed/new", "x"), create("open/new", "x"))
	notDone(t, out[0], tandem.Rejected, tandem.Denied)
	if out[1].Status != tandem.Applied {
		t.Errorf("%v: %v", out[1].Status, out[1].Err)
	}
	// Permissions of what cannot be read can still be set.
	p.applied(tandem.Write{Op: tandem.SetAttrs, ID: "secret", If: p.listed("secret"), Record: text("", "", "mode=600")})
}

func TestReadOnlyRoot(t *testing.T) {
	if asUser(t) {
		return
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	chmod(t, dir, 0o555)
	p := openPlace(t, dir)
	id, err := p.Identity(context.Background())
	if again, _ := openPlace(t, dir).Identity(context.Background()); err != nil || id != again || id.Store == "" {
		t.Errorf("identities %+v and %+v (%v)", id, again, err)
	}
	if len(p.ids()) != 1 {
		t.Errorf("ids %q", p.ids())
	}
	notDone(t, p.apply(create("g", "x"))[0], tandem.Rejected, tandem.Denied)
}

func TestSpecialFiles(t *testing.T) {
	p := newPlace(t)
	if err := unix.Mkfifo(p.path("pipe"), 0o600); err != nil {
		t.Skip("pipes cannot be made here: ", err)
	}
	p.put("f", "x")
	rec := p.fetch("f")
	if got := p.list()["pipe"]; got.Presence != tandem.OutOfScope || got.Err == nil {
		t.Errorf("a pipe is %v (%v)", got.Presence, got.Err)
	}
	if err := os.Remove(p.path("f")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(p.path("pipe"), p.path("f")); err != nil {
		t.Fatal(err)
	}
	// Nobody waits for the other end of a pipe.
	if _, err := rec.Body.Open(); err == nil {
		t.Error("a pipe was opened as a file")
	}
	w := tandem.Write{Op: tandem.Delete, ID: "f", If: rec.Version}
	notDone(t, p.apply(w)[0], tandem.PreconditionFailed, tandem.Changed)
	for c := range p.Digest(context.Background(), []tandem.ID{"f"}) {
		if c.Presence != tandem.OutOfScope {
			t.Errorf("a pipe is digested as %v", c.Presence)
		}
	}
}

func TestMetaIsALink(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, ".tandem")); err != nil {
		t.Fatal(err)
	}
	if _, err := tryOpen(dir); !tandem.IsKind(err, tandem.Unreadable) {
		t.Errorf("opened with %v", err)
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) > 0 {
		t.Errorf("outside there is %v (%v)", entries, err)
	}
}

// TestWithoutExchange goes the way of file systems that cannot exchange two names.
func TestReplaceWithoutExchange(t *testing.T) {
	p := newPlace(t)
	p.put("f", "old")
	old, err := p.root.stat("f")
	if err != nil {
		t.Fatal(err)
	}
	w := tandem.Write{Op: tandem.Update, ID: "f", If: old.version("")}
	a := &apply{r: p.Replica, ctx: context.Background(), jobs: make([]job, 1), touched: map[string]bool{}}
	if err := a.begin(); err != nil {
		t.Fatal(err)
	}
	defer a.end()
	j := &job{w: &w, out: &tandem.Outcome{}}
	if err := a.run.writeNew("s", []byte("new")); err != nil {
		t.Fatal(err)
	}
	if err := a.replace(j, a.run, "s", p.root, "f", &old); err != nil {
		t.Fatal(err)
	}
	if p.get("f") != "new" || p.unparked(j.out.Parked) != "old" {
		t.Error("not replaced")
	}
	if err := a.run.writeNew("s", []byte("newer")); err != nil {
		t.Fatal(err)
	}
	if err := a.replace(j, a.run, "s", p.root, "f", &old); !tandem.IsKind(err, tandem.Changed) || p.get("f") != "new" {
		t.Errorf("replaced what it should not: %v", err)
	}
	for _, name := range []string{"d", "l"} {
		if name == "d" {
			err = p.root.mkdir(name, 0o755)
		} else {
			err = p.root.symlink("x", name)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := p.root.renameNewPortable(name, p.root, "f"); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s over a file: %v", name, err)
		}
		if err := p.root.renameNewPortable(name, p.root, name+"2"); err != nil {
			t.Error(err)
		}
	}
}

func TestOtherFileSystemInside(t *testing.T) {
	p := newPlace(t)
	if err := os.Mkdir(p.path("m"), 0o755); err != nil {
		t.Fatal(err)
	}
	mount(t, p.path("m"), "size=64m")
	p.put("f", "outside")
	a := newPlace(t)
	a.put("sub/x", "deep")
	out := p.applied(mkdir("m/d"), create("m/d/f", "new"), mkdir("m/d/e"), create("m/d/e/g", "g"), create("m/top", "t", "mtime=5"),
		tandem.Write{Op: tandem.Create, ID: "m/l", Record: text("", "", "target=x", "type=link")})
	if p.get("m/d/e/g") != "g" || out[4].Attrs.Get("mtime") != "5" {
		t.Errorf("not as it should be: %+v", out[4])
	}
	up := p.applied(tandem.Write{Op: tandem.Update, ID: "m/d/f", If: out[1].Version, Record: text("", "newer")})[0]
	if p.get("m/d/f") != "newer" || p.unparked(up.Parked) != "new" {
		t.Error("update across file systems")
	}
	del := p.applied(tandem.Write{Op: tandem.Delete, ID: "m/d/f", If: up.Version}, tandem.Write{Op: tandem.Delete, ID: "m/l", If: out[5].Version})
	if p.unparked(del[0].Parked) != "newer" {
		t.Error("delete across file systems")
	}
	o := p.apply(tandem.Write{Op: tandem.Move, ID: "f", To: "m/f", If: p.version("f")})[0]
	if o.Status == tandem.Applied || p.get("f") != "outside" {
		t.Errorf("moved across file systems: %v", o.Status)
	}
	for id, c := range p.list() {
		if c.Presence != tandem.Present {
			t.Errorf("%q is %v", id, c.Presence)
		}
	}
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	mount(t, dir, "size=1m")
	p := openPlace(t, dir)
	p.put("old", "stays")
	var writes []tandem.Write
	for i := range 40 {
		writes = append(writes, create(fmt.Sprintf("f%02d", i), strings.Repeat("x", 64<<10)))
	}
	out, err := p.Apply(context.Background(), writes)
	if !tandem.IsKind(err, tandem.Full) || !strings.Contains(err.Error(), "make room") {
		t.Errorf("error %v", err)
	}
	done := 0
	for _, o := range out {
		switch {
		case o.Status == tandem.Applied:
			done++
			if len(p.get(string(o.ID))) != 64<<10 {
				t.Errorf("%q is torn", o.ID)
			}
		case o.Status != tandem.RetryAfter || !tandem.IsKind(o.Err, tandem.Full):
			t.Errorf("%q: %v, %v", o.ID, o.Status, o.Err)
		}
	}
	if done == 0 || done == len(out) {
		t.Errorf("%d of %d were done", done, len(out))
	}
	if n := len(p.ids()); n != done+1 {
		t.Errorf("%d files, want %d", n, done+1)
	}
	left, err := os.ReadDir(p.path(".tandem/tmp"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

func TestTrash(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_DATA_HOME", filepath.Join(home, "data"))
	p := newPlace(t, "trash=true")
	p.put("d/my file.txt", "first")
	p.put("e/my file.txt", "second")
	out := p.applied(
		tandem.Write{Op: tandem.Delete, ID: "d/my file.txt", If: p.version("d/my file.txt")},
		tandem.Write{Op: tandem.Delete, ID: "e/my file.txt", If: p.version("e/my file.txt")},
	)
	if p.unparked(out[0].Parked) != "first" || p.unparked(out[1].Parked) != "second" {
		t.Error("the trash does not give back what it was given")
	}
	if rec, err := p.Unpark(context.Background(), out[1].Parked); err != nil || rec.ID != "e/my file.txt" {
		t.Errorf("%q, %v", rec.ID, err)
	}
	info, err := os.ReadFile(filepath.Join(home, "data/Trash/info/my file.txt.trashinfo"))
	if err != nil || !strings.HasPrefix(string(info), "[Trash Info]\nPath="+p.dir+"/d/my%20file.txt\nDeletionDate=2") {
		t.Errorf("info %q (%v)", info, err)
	}
	p.put("f", "old")
	o := p.applied(tandem.Write{Op: tandem.Update, ID: "f", If: p.version("f"), Record: text("f", "new")})[0]
	if p.unparked(o.Parked) != "old" || !strings.HasPrefix(o.Parked, historyName) {
		t.Errorf("what is overwritten is kept as %q", o.Parked)
	}
}
