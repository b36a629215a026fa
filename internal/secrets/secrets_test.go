package secrets_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"tandem"
	"tandem/internal/secrets"
)

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "secrets")
	f := secrets.Folder(dir)
	if _, err := f.Get("password of anna"); !tandem.IsKind(err, tandem.NotFound) {
		t.Fatalf("%v, want not found", err)
	}
	for _, text := range []string{"one", "two"} {
		if err := f.Put("password of anna", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := f.Get("password of anna"); string(got) != text || err != nil {
			t.Errorf("%q, %v; want %q", got, err, text)
		}
	}
	if err := f.Put("../../outside", []byte("x")); err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d files (%v), want 2", len(list), err)
	}
	for _, e := range list {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", e.Name(), info.Mode())
		}
	}
	if err := f.Put("password of anna", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Get("password of anna"); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("a secret that was forgotten: %v", err)
	}
}
