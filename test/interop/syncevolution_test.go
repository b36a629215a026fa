package interop

import (
	"path/filepath"
	"strings"
	"testing"

	"tandem/internal/need"
)

// TestSyncEvolution: SyncEvolution keeps a folder of vCards and one of events in step with the hub, both ways.
func TestSyncEvolution(t *testing.T) {
	t.Parallel()
	prog := need.Program(t, "syncevolution")
	h := startHub(t)
	home := t.TempDir()
	se := func(args ...string) string {
		t.Helper()
		return run(t, home, "", prog, append([]string{"--daemon=no"}, args...)...)
	}
	local := map[string]string{}
	for _, s := range []struct{ name, backend, format, ext string }{{"book", "carddav", "text/vcard", "vcf"}, {"work", "caldav", "text/calendar", "ics"}} {
		list := se("--print-databases", "keyring=no", "username="+h.user, "password="+h.password, "syncURL="+h.url+"/", "backend="+s.backend)
		where := ""
		for line := range strings.Lines(list) {
			if i := strings.Index(line, "("+h.url); i >= 0 && (strings.HasPrefix(line, "   contacts") || strings.HasPrefix(line, "   calendar")) {
				where = strings.TrimSuffix(strings.Fields(line[i+1:])[0], ")")
			}
		}
		if where == "" {
			t.Fatalf("SyncEvolution finds no %s: %s", s.backend, list)
		}
		local[s.name] = filepath.Join(home, s.name)
		write(t, filepath.Join(local[s.name], "first"), map[string]string{"book": card("se-1", "Adams", "77"), "work": event("se-e1", "Stand-up", "20260302T090000Z")}[s.name])
		se("--configure", "--template", "none", "keyring=no", "username="+h.user, "password="+h.password, "backend="+s.backend, "database="+where, "target-config@hub", s.name)
		se("--configure", "--template", "SyncEvolution_Client", "keyring=no", "sync=none", "syncURL=local://@hub", "username=", "password=", "hub")
		se("--configure", "backend=file", "database=file://"+local[s.name], "databaseFormat="+s.format, "sync=two-way", "hub", s.name)
		se("--sync", "slow", "hub", s.name)
	}
	d := newDesk(t, h) // what is there is looked at with another client
	d.sync()
	friends, work := d.folder("contacts", "contacts"), d.folder("calendars", "calendar")
	for dir, want := range map[string]string{friends + "/*.vcf": "77", work + "/*.ics": "Stand-up"} {
		if all := glob(t, dir); len(all) != 1 || !strings.Contains(text(all), want) {
			t.Errorf("what SyncEvolution put is not there: %q", all)
		}
	}
	write(t, filepath.Join(friends, "b.vcf"), card("se-2", "Bauer", "88"))
	write(t, filepath.Join(work, "b.ics"), event("se-e2", "Dentist", "20260303T090000Z"))
	d.sync()
	for name, want := range map[string]string{"book": "88", "work": "Dentist"} {
		se("--run", "hub", name)
		if all := glob(t, local[name]+"/*"); len(all) != 2 || !strings.Contains(text(all), want) {
			t.Errorf("SyncEvolution did not get %s: %q", want, all)
		}
	}
}

// text is all texts one after another.
func text(all map[string]string) string {
	var b strings.Builder
	for _, s := range all {
		b.WriteString(s)
	}
	return b.String()
}
