package vdir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"tandem"
)

// TestAFileThatMayHaveNoName has the system refuse a name to an open file: it is made once more, under one.
func TestAFileThatMayHaveNoName(t *testing.T) {
	f := open1(t, tandem.Contact, nil)
	r := f.Replica.(*Replica)
	d, err := openDir(f.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	f.put("removed.tmp", "")
	fd, err := unix.Open(filepath.Join(f.dir, "removed.tmp"), unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(f.dir, "removed.tmp")); err != nil {
		t.Fatal(err)
	}
	j := &job{names: []string{"a.vcf"}, body: []byte(aCard("a", "A")), fresh: &fresh{fd: fd}}
	if err := r.installNew(d, j); err != nil {
		t.Fatal(err)
	}
	if got := f.get("a.vcf"); got != aCard("a", "A") || j.name != "a.vcf" {
		t.Errorf("%q under %q", got, j.name)
	}
	d.discard(j.fresh)
	f.shows("a.vcf present")
}

func TestOddThingsInAFolder(t *testing.T) {
	f := open1(t, tandem.Contact, nil)
	if err := unix.Mkfifo(filepath.Join(f.dir, "pipe.vcf"), 0o600); err != nil {
		t.Skip("skipped: no pipes here")
	}
	d, err := openDir(f.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	if e, err := d.stat("pipe.vcf"); err != nil || e.mode.IsRegular() {
		t.Errorf("a pipe shows as %v (%v)", e.mode, err)
	}
	if _, e, err := d.read("pipe.vcf", nil, 0); err == nil && e.mode.IsRegular() {
		t.Error("a pipe is read like a file")
	}
	if _, err := d.stat("none.vcf"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	if _, err := openDir(filepath.Join(f.dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	f.shows("pipe.vcf problem")
}

func TestKernelFrom(t *testing.T) {
	if !kernelFrom(2, 6) || !kernelFrom(1, 99) || kernelFrom(99, 0) {
		t.Error("versions are compared wrongly")
	}
}
