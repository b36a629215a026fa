package vdir

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tandem"
	"tandem/internal/need"
)

// run runs a program in an environment without the user's own settings.
func (f *folder) run(home, program string, args ...string) string {
	f.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		f.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// A folder of ours is one of vdirsyncer's, and the other way round.
func TestVdirsyncer(t *testing.T) {
	vdirsyncer := need.Program(t, "vdirsyncer")
	home := t.TempDir()
	ours := open1(t, tandem.Contact, nil)
	theirs := &folder{T: t, dir: t.TempDir()}
	config := filepath.Join(home, "config")
	text := fmt.Sprintf(`[general]
status_path = %q
[pair book]
a = "ours"
b = "theirs"
collections = null
[storage ours]
type = "filesystem"
path = %q
fileext = ".vcf"
[storage theirs]
type = "filesystem"
path = %q
fileext = ".vcf"
`, filepath.Join(home, "status"), ours.dir, theirs.dir)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	sync := func() { t.Helper(); ours.run(home, vdirsyncer, "-c", config, "sync") }
	ours.run(home, vdirsyncer, "-c", config, "discover")

	a := ours.write(tandem.Write{Op: tandem.Create, ID: "a.vcf", Record: tandem.Record{Body: tandem.Bytes(aCard("a", "Anna"))}})
	theirs.put("b.vcf", aCard("b", "Bert"))
	id, _ := ours.Identity(t.Context())
	sync()
	before := ours.list()
	if len(before) != 2 || before["a.vcf"].Version != a.Version {
		t.Errorf("after a sync: %v, want a.vcf as it was and one more", before)
	}
	if again, err := ours.Identity(t.Context()); err != nil || again != id {
		t.Errorf("identity %v (%v), want %v", again, err, id)
	}
	if entries, err := os.ReadDir(theirs.dir); err != nil || len(entries) != 2 {
		t.Errorf("their folder holds %v (%v), want two cards", entries, err)
	}
	theirs.reopen(tandem.Contact)
	if len(theirs.list()) != 2 {
		t.Error("their folder is not read as two records")
	}

	// What we change and delete, they carry on.
	for id, c := range before {
		if c.UID == "b" {
			ours.write(tandem.Write{Op: tandem.Delete, ID: id, If: c.Version})
		}
	}
	ours.write(tandem.Write{Op: tandem.Update, ID: "a.vcf", If: a.Version, Record: tandem.Record{Body: tandem.Bytes(aCard("a", "Anna changed"))}})
	sync()
	left := theirs.list()
	if len(left) != 1 {
		t.Fatalf("their folder lists %v, want one record", left)
	}
	for id := range left {
		if body, err := theirs.body(id); err != nil || body != aCard("a", "Anna changed") {
			t.Errorf("their record is %q (%v)", body, err)
		}
	}
}

// khal shows the events of a folder of ours.
func TestKhal(t *testing.T) {
	khal := need.Program(t, "khal")
	home := t.TempDir()
	ours := open1(t, tandem.Event, nil)
	body := head + plainEvent("one", "Breakfast") + tail
	if o := ours.write(tandem.Write{Op: tandem.Create, Record: tandem.Record{Body: tandem.Bytes(body)}}); o.Status != tandem.Applied {
		t.Fatal(o.Err)
	}
	config := filepath.Join(home, "config")
	text := fmt.Sprintf("[calendars]\n[[ours]]\npath = %s\ntype = calendar\n[sqlite]\npath = %s\n[locale]\ntimeformat = %%H:%%M\ndateformat = %%Y-%%m-%%d\n"+
		"longdateformat = %%Y-%%m-%%d\ndatetimeformat = %%Y-%%m-%%d %%H:%%M\nlongdatetimeformat = %%Y-%%m-%%d %%H:%%M\n", ours.dir, filepath.Join(home, "khal.db"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := ours.run(home, khal, "-c", config, "list", "2026-03-01", "1d"); !strings.Contains(out, "Breakfast") {
		t.Errorf("khal lists %q", out)
	}
	ours.run(home, khal, "-c", config, "new", "-a", "ours", "2026-03-02", "09:00", "Lunch")
	all := ours.list()
	if len(all) != 2 {
		t.Errorf("after khal made an event: %v", all)
	}
	for id, c := range all {
		if c.Presence != tandem.Present {
			t.Errorf("%s is %s: %v", id, c.Presence, c.Err)
		}
	}
}
