package interop

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem/internal/need"
)

const vdirsyncerConfig = `[general]
status_path = "%[1]s/status/"

[pair contacts]
a = "here_contacts"
b = "there_contacts"
collections = ["from b"]
conflict_resolution = "a wins"
metadata = ["displayname"]

[storage here_contacts]
type = "filesystem"
path = "%[1]s/contacts/"
fileext = ".vcf"

[storage there_contacts]
type = "carddav"
url = "%[2]s/"
username = "%[3]s"
password = "%[4]s"

[pair calendars]
a = "here_calendars"
b = "there_calendars"
collections = ["from b"]
metadata = ["color", "displayname"]

[storage here_calendars]
type = "filesystem"
path = "%[1]s/calendars/"
fileext = ".ics"

[storage there_calendars]
type = "caldav"
url = "%[2]s/"
username = "%[3]s"
password = "%[4]s"
item_types = ["VEVENT", "VTODO"]
`

// desk is a computer that syncs with vdirsyncer.
type desk struct {
	*hub
	home string
	vds  string
}

func newDesk(t *testing.T, h *hub) *desk {
	d := &desk{hub: h, home: t.TempDir(), vds: need.Program(t, "vdirsyncer")}
	write(t, filepath.Join(d.home, "config"), fmt.Sprintf(vdirsyncerConfig, d.home, h.url, h.user, h.password))
	run(t, d.home, strings.Repeat("y\n", 20), d.vds, "-c", filepath.Join(d.home, "config"), "discover")
	run(t, d.home, "", d.vds, "-c", filepath.Join(d.home, "config"), "metasync")
	return d
}

func (d *desk) sync() {
	d.Helper()
	run(d.T, d.home, "", d.vds, "-c", filepath.Join(d.home, "config"), "sync")
}

// folder is the one folder of records with files that end so.
func (d *desk) folder(sort, name string) string {
	d.Helper()
	dirs, err := filepath.Glob(filepath.Join(d.home, sort, "*"))
	if err != nil {
		d.Fatal(err)
	}
	for _, dir := range dirs {
		if b := glob(d.T, filepath.Join(dir, "displayname")); strings.TrimSpace(b["displayname"]) == name {
			return dir
		}
	}
	d.Fatalf("vdirsyncer found no %s %q in %q", sort, name, dirs)
	return ""
}

func same(t *testing.T, what string, a, b map[string]string) {
	t.Helper()
	if !slices.Equal(slices.Sorted(maps.Values(a)), slices.Sorted(maps.Values(b))) {
		t.Errorf("%s: one side has %q, the other %q", what, a, b)
	}
}

// TestVdirsyncer: two computers that sync with vdirsyncer see each other's contacts, events and tasks, byte for byte; khal and todoman read what arrived.
func TestVdirsyncer(t *testing.T) {
	t.Parallel()
	need.Program(t, "vdirsyncer")
	h := startHub(t)
	one, two := newDesk(t, h), newDesk(t, h)
	one.sync()
	two.sync()
	friends, work, chores := one.folder("contacts", "contacts"), one.folder("calendars", "calendar"), one.folder("calendars", "tasks")
	friends2, work2, chores2 := two.folder("contacts", "contacts"), two.folder("calendars", "calendar"), two.folder("calendars", "tasks")

	write(t, filepath.Join(friends, "a.vcf"), card("v-1", "Adams", "1"))
	write(t, filepath.Join(friends, "b ö+.vcf"), card("v/2 ü", "Bauer", "2"))
	write(t, filepath.Join(work, "e.ics"), event("v-e1", "Stand-up", "20260302T090000Z"))
	write(t, filepath.Join(chores, "t.ics"), todo("v-t1", "Water the plants"))
	one.sync()
	two.sync()
	for _, p := range [][2]string{{friends, friends2}, {work, work2}, {chores, chores2}} {
		same(t, "after the first sync", glob(t, p[0]+"/*.[vi]c[fs]"), glob(t, p[1]+"/*.[vi]c[fs]"))
	}

	khal := filepath.Join(two.home, "khal")
	write(t, khal, fmt.Sprintf("[calendars]\n[[work]]\npath = %s\n[locale]\nlocal_timezone = Europe/Berlin\ndefault_timezone = Europe/Berlin\ntimeformat = %%H:%%M\ndateformat = %%Y-%%m-%%d\nlongdateformat = %%Y-%%m-%%d\ndatetimeformat = %%Y-%%m-%%d %%H:%%M\nlongdatetimeformat = %%Y-%%m-%%d %%H:%%M\n", work2))
	if out := run(t, two.home, "", need.Program(t, "khal"), "-c", khal, "list", "2026-03-02", "2026-03-03"); !strings.Contains(out, "Stand-up") || !strings.Contains(out, "10:00") {
		t.Errorf("khal sees %q", out)
	}
	run(t, two.home, "", need.Program(t, "khal"), "-c", khal, "new", "-a", "work", "2026-03-03 14:00", "2026-03-03 15:00", "Made by khal")
	todoman := filepath.Join(two.home, "todoman.py")
	write(t, todoman, fmt.Sprintf("path = %q\ndate_format = \"%%Y-%%m-%%d\"\ntime_format = \"%%H:%%M\"\ndefault_list = %q\n", filepath.Dir(chores2)+"/*", filepath.Base(chores2)))
	if out := run(t, two.home, "", need.Program(t, "todoman"), "-c", todoman, "list"); !strings.Contains(out, "Water the plants") {
		t.Errorf("todoman sees %q", out)
	}
	run(t, two.home, "", need.Program(t, "todoman"), "-c", todoman, "done", "1")

	for name, text := range glob(t, friends2+"/*.vcf") {
		write(t, filepath.Join(friends2, name), strings.Replace(text, "CELL:1", "CELL:11", 1))
	}
	two.sync()
	one.sync()
	if all := strings.Join(slices.Collect(maps.Values(glob(t, work+"/*.ics"))), ""); !strings.Contains(all, "Made by khal") {
		t.Errorf("the event made with khal did not arrive: %q", all)
	}
	if all := strings.Join(slices.Collect(maps.Values(glob(t, chores+"/*.ics"))), ""); !strings.Contains(all, "STATUS:COMPLETED") {
		t.Errorf("the task done in todoman is still open: %q", all)
	}
	if all := glob(t, friends+"/*.vcf"); !strings.Contains(all["a.vcf"], "CELL:11") || len(all) != 2 {
		t.Errorf("the changed card did not arrive: %q", all)
	}

	for name := range glob(t, friends+"/b*.vcf") {
		remove(t, filepath.Join(friends, name))
	}
	one.sync()
	two.sync()
	if all := glob(t, friends2+"/*.vcf"); len(all) != 1 {
		t.Errorf("the removed card is still there: %q", all)
	}
	if out := run(t, one.home, "", one.vds, "-c", filepath.Join(one.home, "config"), "sync"); strings.Contains(out, "Copying") || strings.Contains(out, "Deleting") {
		t.Errorf("a further run is no rest: %s", out)
	}
}
