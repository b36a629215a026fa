package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/test/davpeers"
)

// davRun is the program with a data folder and a server.
type davRun struct {
	*testing.T
	dir    string
	server *davpeers.Server
}

func (d *davRun) path(name string) string { return filepath.Join(d.dir, name) }

// tandem runs the program and returns what it printed.
func (d *davRun) tandem(want int, args ...string) string {
	d.Helper()
	var out, errs bytes.Buffer
	if got := Main(append(args, "--data", d.path("data")), strings.NewReader(""), &out, &errs); got != want {
		d.Fatalf("tandem %s: status %d, want %d\n%s%s", strings.Join(args, " "), got, want, out.String(), errs.String())
	}
	return out.String() + errs.String()
}

func (d *davRun) write(name, text string) {
	d.Helper()
	if err := os.MkdirAll(filepath.Dir(d.path(name)), 0o755); err != nil {
		d.Fatal(err)
	}
	if err := os.WriteFile(d.path(name), []byte(text), 0o600); err != nil {
		d.Fatal(err)
	}
}

func (d *davRun) read(name string) string {
	d.Helper()
	data, err := os.ReadFile(d.path(name))
	if err != nil {
		d.Fatal(err)
	}
	return string(data)
}

func (d *davRun) has(what, text string, want ...string) {
	d.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			d.Errorf("%s lacks %q:\n%s", what, w, text)
		}
	}
}

func vcardOf(uid, name string, extra ...string) string {
	return strings.Join(append(append([]string{"BEGIN:VCARD", "VERSION:3.0", "UID:" + uid, "FN:" + name, "N:" + name + ";;;;"}, extra...), "END:VCARD", ""), "\r\n")
}

// A folder and an address book of a server, both ways: first sync, edits on both sides of one record, deletions, and nothing more to do afterwards.
func TestSyncWithServer(t *testing.T) {
	d := &davRun{T: t, dir: t.TempDir(), server: davpeers.Radicale(t)}
	s := d.server
	book := s.AddressBook(t, "book")
	s.AddressBook(t, "other")
	d.write("password", s.Password+"\n")
	account := fmt.Sprintf("carddav://%s@%s", s.User, s.Host())
	place := account + book

	d.has("an account without a password", d.tandem(1, "sync", "vdir:"+d.path("x"), place), "partner login")
	out := d.tandem(0, "partner", "login", account+"/", "--password-file", d.path("password"))
	d.has("partner login", out, "book", "other", place)
	d.has("partner show", d.tandem(0, "partner", "show", account+"/"), place)
	d.has("an account with two collections", d.tandem(1, "sync", "vdir:"+d.path("x"), account+"/"), "2 collections", place)

	d.write("x/anna.vcf", vcardOf("a", "Anna", "TEL:1", "NOTE:old"))
	s.Do(t, "PUT", book+"bert.vcf", vcardOf("b", "Bert", "TEL:2"))
	d.tandem(0, "sync", "vdir:"+d.path("x"), place)
	d.has("the folder", d.read("x/bert.vcf"), "FN:Bert")
	_, text := s.Do(t, "GET", book+"anna.vcf", "")
	d.has("the server", text, "FN:Anna", "TEL:1")

	// One record, one field on either side.
	d.write("x/anna.vcf", vcardOf("a", "Anna", "TEL:11", "NOTE:old"))
	if status, text := s.Do(t, "PUT", book+"anna.vcf", vcardOf("a", "Anna", "TEL:1", "NOTE:new")); status/100 != 2 {
		t.Fatal(status, text)
	}
	d.tandem(0, "sync", "vdir:"+d.path("x"), place)
	_, text = s.Do(t, "GET", book+"anna.vcf", "")
	d.has("the server after a merge", text, "TEL:11", "NOTE:new")
	d.has("the folder after a merge", d.read("x/anna.vcf"), "TEL:11", "NOTE:new")

	d.has("a run without news", d.tandem(0, "sync", "vdir:"+d.path("x"), place), "in step")
	if err := os.Remove(d.path("x/bert.vcf")); err != nil {
		t.Fatal(err)
	}
	d.tandem(0, "sync", "vdir:"+d.path("x"), place)
	if status, _ := s.Do(t, "GET", book+"bert.vcf", ""); status != 404 {
		t.Errorf("a contact that was deleted in the folder: %d", status)
	}
	s.Do(t, "DELETE", book+"anna.vcf", "")
	s.Do(t, "PUT", book+"carl.vcf", vcardOf("c", "Carl"))
	d.tandem(0, "sync", "vdir:"+d.path("x"), place)
	d.has("the folder", d.read("x/carl.vcf"), "FN:Carl")
	if _, err := os.Stat(d.path("x/anna.vcf")); err == nil {
		t.Error("a contact that was deleted on the server is still in the folder")
	}
}

// A folder of files and one of a server, both ways.
func TestSyncFilesWithServer(t *testing.T) {
	d := &davRun{T: t, dir: t.TempDir(), server: davpeers.Rclone(t)}
	d.write("password", d.server.Password+"\n")
	place := fmt.Sprintf("webdav://%s@%s/?password-from=file:%s", d.server.User, d.server.Host(), d.path("password"))
	sync := func() string {
		t.Helper()
		return d.tandem(0, "sync", "files:"+d.path("x"), place)
	}
	remote := func(name string) string { return filepath.Join(d.server.Dir, filepath.FromSlash(name)) }
	d.write("x/a/b/one.txt", "one")
	d.write("x/ümlaut %41.txt", "two")
	if err := os.MkdirAll(remote("c"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(remote("c/three.txt"), []byte("three"), 0o600); err != nil {
		t.Fatal(err)
	}
	sync()
	for name, want := range map[string]string{"a/b/one.txt": "one", "ümlaut %41.txt": "two"} {
		if got, err := os.ReadFile(remote(name)); string(got) != want {
			t.Errorf("%s on the server: %q, %v", name, got, err)
		}
	}
	d.has("the folder", d.read("x/c/three.txt"), "three")
	d.has("a run without news", sync(), "in step")

	d.write("x/a/b/one.txt", "one, edited")
	if err := os.Rename(remote("c/three.txt"), remote("c/four.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(d.path("x/ümlaut %41.txt")); err != nil {
		t.Fatal(err)
	}
	sync()
	if got, err := os.ReadFile(remote("a/b/one.txt")); string(got) != "one, edited" {
		t.Errorf("an edited file on the server: %q, %v", got, err)
	}
	d.has("the folder", d.read("x/c/four.txt"), "three")
	for _, gone := range []string{remote("ümlaut %41.txt"), d.path("x/c/three.txt")} {
		if _, err := os.Stat(gone); err == nil {
			t.Errorf("%s is still there", gone)
		}
	}
	list, err := os.ReadDir(d.server.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if strings.HasPrefix(e.Name(), ".tandem-upload") {
			t.Errorf("a file in the making was left: %s", e.Name())
		}
	}
}
