package dav_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tandem"
	"tandem/internal/need"
	"tandem/test/davkit"
)

// run runs a program in a folder.
func run(t *testing.T, dir string, env []string, in, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = dir, append(os.Environ(), env...), strings.NewReader(in)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out.String())
	}
	return out.String()
}

// TestVdirsyncer: folders of calendar objects and cards, both ways, with collections that it makes itself.
func TestVdirsyncer(t *testing.T) {
	t.Parallel()
	program := need.Program(t, "vdirsyncer")
	k := davkit.New(t)
	dir := t.TempDir()
	var config strings.Builder
	fmt.Fprintf(&config, "[general]\nstatus_path = %q\n", filepath.Join(dir, "status"))
	for name, ext := range map[string]string{"caldav": ".ics", "carddav": ".vcf"} {
		fmt.Fprintf(&config, "[pair %s]\na = \"%s_local\"\nb = \"%s_hub\"\ncollections = [\"from a\", \"from b\"]\nmetadata = [\"displayname\"]\n", name, name, name)
		fmt.Fprintf(&config, "[storage %s_local]\ntype = \"filesystem\"\npath = %q\nfileext = %q\n", name, filepath.Join(dir, name), ext)
		fmt.Fprintf(&config, "[storage %s_hub]\ntype = %q\nurl = %q\nusername = \"ann\"\npassword = %q\n", name, name, k.Server.URL+"/dav/", davkit.Password)
	}
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, name)
		k.Must(os.MkdirAll(filepath.Dir(name), 0o700))
		k.Must(os.WriteFile(name, []byte(text), 0o600))
	}
	write("config", config.String())
	env := []string{"VDIRSYNCER_CONFIG=" + filepath.Join(dir, "config"), "HOME=" + dir}
	write("caldav/office/one.ics", davkit.Event("one", "One", "20260520T100000Z", "20260520T110000Z"))
	write("carddav/friends/zoe.vcf", davkit.Card("zoe", "Zoe"))
	write("carddav/friends/yan.vcf", davkit.Card("yan", "Yan"))
	contacts := k.Collection("ann", tandem.Contact)
	k.Put(contacts, map[string]string{"old": davkit.Card("old", "Old")})
	run(t, dir, env, strings.Repeat("y\n", 20), program, "discover")
	run(t, dir, env, "", program, "sync")
	run(t, dir, env, "", program, "metasync")

	at := func(p string) string { return k.Do("ann", "GET", p, "").Body }
	if !strings.Contains(at("/dav/calendars/ann/office/one.ics"), "SUMMARY:One") || !strings.Contains(at("/dav/contacts/ann/friends/zoe.vcf"), "FN:Zoe") {
		t.Error("what is in the folders did not reach the hub")
	}
	number := fmt.Sprint(contacts.ID)
	if data, err := os.ReadFile(filepath.Join(dir, "carddav", number, "old.vcf")); err != nil || !strings.Contains(string(data), "FN:Old") {
		t.Errorf("what is in the hub did not reach the folder: %s, %v", data, err)
	}
	write("carddav/friends/zoe.vcf", davkit.Card("zoe", "Zoë"))
	k.Must(os.Remove(filepath.Join(dir, "carddav/friends/yan.vcf")))
	k.Do("ann", "PUT", path(contacts)+"old.vcf", davkit.Card("old", "Older")).Is(204)
	k.Do("ann", "PUT", "/dav/calendars/ann/office/two.ics", davkit.Event("two", "Two", "20260520T100000Z", "20260520T110000Z")).Is(201)
	run(t, dir, env, "", program, "sync")
	if !strings.Contains(at("/dav/contacts/ann/friends/zoe.vcf"), "FN:Zoë") {
		t.Error("an edit in a folder did not reach the hub")
	}
	k.Do("ann", "GET", "/dav/contacts/ann/friends/yan.vcf", "").Is(404)
	for name, want := range map[string]string{"carddav/" + number + "/old.vcf": "FN:Older", "caldav/office/two.ics": "SUMMARY:Two"} {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s: %s, %v", name, data, err)
		}
	}
	if out := run(t, dir, env, "", program, "sync"); strings.Contains(out, "Copying") || strings.Contains(out, "Deleting") {
		t.Errorf("nothing changed, and yet:\n%s", out)
	}
}
