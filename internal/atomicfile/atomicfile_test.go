package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func put(t *testing.T, path, data string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

// onlyEntries fails unless dir holds exactly these names: nothing temporary may stay behind.
func onlyEntries(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if len(got) != len(want) {
		t.Fatalf("entries %q, want %q", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("entries %q, want %q", got, want)
		}
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	p := filepath.Join(dir, "f")
	for _, data := range []string{"first", "second", ""} {
		if err := Write(p, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := read(t, p); got != data {
			t.Fatalf("got %q, want %q", got, data)
		}
	}
	onlyEntries(t, dir, "f")
}

func TestWriteNewRefusesTakenName(t *testing.T) {
	dir := t.TempDir()
	p := filepath.Join(dir, "f")
	if err := WriteNew(p, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteNew(p, []byte("other"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("error %v, want fs.ErrExist", err)
	}
	if got := read(t, p); got != "mine" {
		t.Fatalf("got %q", got)
	}
	onlyEntries(t, dir, "f")
}

func TestReplaceIf(t *testing.T) {
	dir := t.TempDir()
	p := filepath.Join(dir, "f")
	refused := errors.New("refused")
	stage := func() *Staged {
		s, err := Stage(p, []byte("new"), 0o600)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	accept := func(string) error { return nil }
	if err := stage().ReplaceIf(accept); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("replacing a file that is not there: error %v, want fs.ErrNotExist", err)
	}
	onlyEntries(t, dir)
	put(t, p, "old")
	err := stage().ReplaceIf(func(displaced string) error {
		if got := read(t, displaced); got != "old" {
			t.Errorf("check saw %q, want the displaced version", got)
		}
		return refused
	})
	if !errors.Is(err, refused) {
		t.Fatalf("error %v", err)
	}
	if got := read(t, p); got != "old" {
		t.Fatalf("refused replace left %q", got)
	}
	onlyEntries(t, dir, "f")
	if err := stage().ReplaceIf(accept); err != nil {
		t.Fatal(err)
	}
	if got := read(t, p); got != "new" {
		t.Fatalf("got %q", got)
	}
	onlyEntries(t, dir, "f")
}

func TestRemoveIf(t *testing.T) {
	dir := t.TempDir()
	p := filepath.Join(dir, "f")
	put(t, p, "x")
	refused := errors.New("refused")
	if err := RemoveIf(p, func(string) error { return refused }); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	onlyEntries(t, dir, "f")
	err := RemoveIf(p, func(aside string) error {
		put(t, p, "somebody else's") // takes the name while the file is aside
		return refused
	})
	if !errors.Is(err, refused) || !errors.Is(err, fs.ErrExist) {
		t.Fatalf("error %v, want both the refusal and the taken name", err)
	}
	if got := read(t, p); got != "somebody else's" {
		t.Fatalf("got %q", got)
	}
	if err := RemoveIf(p, func(string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := RemoveIf(p, func(string) error { return nil }); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("error %v, want fs.ErrNotExist", err)
	}
}

func TestRenameNewKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	put(t, a, "a")
	put(t, b, "b")
	for name, f := range map[string]func(old, new string) error{"system": RenameNew, "portable": portable} {
		if err := f(a, b); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: error %v, want fs.ErrExist", name, err)
		}
	}
	if read(t, a) != "a" || read(t, b) != "b" {
		t.Fatal("a refused rename changed something")
	}
	sub := filepath.Join(dir, "d")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := portable(sub, filepath.Join(dir, "e")); err != nil {
		t.Fatal(err)
	}
	if err := portable(a, filepath.Join(dir, "c")); err != nil {
		t.Fatal(err)
	}
	onlyEntries(t, dir, "b", "c", "e")
}

func TestSyncFile(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a"), "a")
	if err := SyncFile(filepath.Join(dir, "a")); err != nil {
		t.Error(err)
	}
	if err := SyncFile(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want not exist", err)
	}
	if err := SyncFS(dir); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	onlyEntries(t, dir, "a")
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	old, err := Stage(filepath.Join(dir, "x"), nil, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	past := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(old.Temp(), past, past); err != nil {
		t.Fatal(err)
	}
	young, err := Stage(filepath.Join(dir, "x"), nil, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "kept.tmp"), "")
	if err := Sweep(dir, 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	onlyEntries(t, dir, filepath.Base(young.Temp()), "kept.tmp")
	if !IsTemp(filepath.Base(young.Temp())) || IsTemp("kept.tmp") {
		t.Fatal("IsTemp is wrong")
	}
}
