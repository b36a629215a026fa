// Package corpus finds the collections of real-world data that tests run over. They are no part of the source tree;
// a test that needs them is skipped with a notice where they are absent.
package corpus

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A File is one file of a corpus.
type File struct {
	Name string // slash-separated path below the corpora folder, for messages
	Path string
	Data []byte
}

// Dir returns the folder of the corpora: $TANDEM_CORPORA, or ../shared/reference/corpora beside the module's root. It
// skips the test, or fails it where TANDEM_REQUIRE is "all", if there is none.
func Dir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("TANDEM_CORPORA")
	if dir == "" {
		dir = filepath.Join(moduleRoot(t), "..", "shared", "reference", "corpora")
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		if os.Getenv("TANDEM_REQUIRE") == "all" {
			t.Fatalf("no corpora at %s", dir)
		}
		t.Skipf("no corpora at %s; set TANDEM_CORPORA to their folder", dir)
	}
	return dir
}

// Files reads all files with this ending (".vcf", case ignored) below a folder of the corpora, in the order of their
// names.
func Files(t testing.TB, folder, ending string) []File {
	t.Helper()
	root := Dir(t)
	var files []File
	err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.EqualFold(filepath.Ext(path), ending) {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		files = append(files, File{Name: filepath.ToSlash(name), Path: path, Data: data})
		return err
	})
	if err != nil {
		t.Fatalf("read corpus %s: %v", folder, err)
	}
	if len(files) == 0 {
		t.Fatalf("corpus %s has no files ending in %s", folder, ending)
	}
	return files
}

// moduleRoot walks up from the test's folder to go.mod.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = parent
	}
}
