package sqlite_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/store/sqlite"
)

// A new database is a whole one from its first instant: sound, with a write-ahead log, and nothing else lies beside it.
func TestFreshFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "some", "data")
	st, err := sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	must(t, st.Close())
	list, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range list {
		if e.Name() != sqlite.FileName && e.Name() != "blobs" {
			t.Errorf("%s lies there", e.Name())
		}
	}
	db := raw(t, dir)
	var sound, mode string
	must(t, db.QueryRow("PRAGMA integrity_check").Scan(&sound))
	must(t, db.QueryRow("PRAGMA journal_mode").Scan(&mode))
	if sound != "ok" || mode != "wal" {
		t.Errorf("integrity %q, journal %q", sound, mode)
	}
}

// What a process that died left of a database that was never put into place is removed; what somebody else keeps there stays.
func TestFreshFileBesideALeftOne(t *testing.T) {
	dir := t.TempDir()
	left, own := filepath.Join(dir, sqlite.FileName+".new-LEFT"), filepath.Join(dir, "tandem.db.copy")
	for _, name := range []string{left, own} {
		must(t, os.WriteFile(name, []byte("half a database"), 0o600))
	}
	st, err := sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	must(t, st.Close())
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("what was left is still there: %v", err)
	}
	if _, err := os.Stat(own); err != nil {
		t.Error(err)
	}
}

// A database was removed, but not its log: nothing of that gets into the new one.
func TestFreshFileBesideAnOldLog(t *testing.T) {
	dir := t.TempDir()
	st, err := sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	name := filepath.Join(dir, sqlite.FileName)
	_, err = st.Bases.Open(t.Context(), "old pair")
	must(t, err)
	log, err := os.ReadFile(name + "-wal")
	must(t, err)
	must(t, st.Close())
	must(t, os.Remove(name))
	must(t, os.WriteFile(name+"-wal", log, 0o600))
	if len(log) == 0 {
		t.Fatal("the log is empty")
	}
	st, err = sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	defer st.Close()
	pairs, err := st.Bases.Pairs(t.Context())
	must(t, err)
	if len(pairs) > 0 {
		t.Errorf("the new database knows %+v", pairs)
	}
	if found, err := sqlite.Check(t.Context(), dir); err != nil || len(found) > 0 {
		t.Errorf("found %v, %v", found, err)
	}
}

// An empty file, as a process leaves it that died before it could fill it, becomes a database.
func TestFreshFileWhereAnEmptyOneIs(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, sqlite.FileName), nil, 0o600))
	st, err := sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	must(t, st.Close())
	if strings.Join(schema(t, dir), "\n") != strings.Join(sqlite.FreshSchema(t), "\n") {
		t.Error("the schema is another")
	}
}
