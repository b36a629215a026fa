package sqlite_test

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
)

// backed is a store with two records, one of them with a body that is a file, the standing of a pair, and a backup of it while it is open.
func backed(t *testing.T) (st *store.Store, c tandem.Collection, dir, file string) {
	t.Helper()
	dir, file = t.TempDir(), filepath.Join(t.TempDir(), "b.zip")
	st, err := sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	t.Cleanup(func() { st.Close() })
	must(t, st.Accounts.AddUser(t.Context(), store.User{Name: "anna"}))
	c, err = st.Home.PutCollection(t.Context(), tandem.Collection{User: "anna", Kind: tandem.Contact, Name: "people"})
	must(t, err)
	create(t, st, c.ID, "small", "a small body")
	create(t, st, c.ID, "large", strings.Repeat("a large body ", 4000))
	p, err := st.Bases.Open(t.Context(), "a pair")
	must(t, err)
	must(t, st.Bases.Commit(t.Context(), p.ID, store.Commit{Identities: &[2]tandem.Identity{c.Identity, {Store: "elsewhere", Epoch: "e"}},
		Cursors: &[2]tandem.Cursor{tandem.Cursor("2@" + c.Identity.Epoch), tandem.Cursor("token@e")}}))
	b, err := sqlite.WriteBackup(t.Context(), dir, file, "test", 1_800_000_000)
	must(t, err)
	if b.Bodies != 1 || b.Missing != 0 {
		t.Fatalf("%+v", b)
	}
	return st, c, dir, file
}

func create(t *testing.T, st *store.Store, coll int64, id tandem.ID, body string) tandem.Version {
	t.Helper()
	out, err := st.Home.Write(t.Context(), coll, store.Author{User: "anna"}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Create, ID: id, Record: tandem.Record{Body: tandem.Bytes(body)}}}})
	must(t, err)
	must(t, out[0].Err)
	return out[0].Version
}

// TestBackup: what was there when the backup was made comes back, byte for byte and nothing else; what is between the hub and its partners holds, and no number is given out twice.
func TestBackup(t *testing.T) {
	st, c, _, file := backed(t)
	lost := create(t, st, c.ID, "later", "after the backup")
	if note, err := sqlite.ReadNote(file); err != nil || note.Made != 1_800_000_000 || note.Version != "test" {
		t.Errorf("%+v, %v", note, err)
	}
	if fi, err := os.Stat(file); err != nil || fi.Mode().Perm()&0o077 != 0 && filepath.Separator == '/' {
		t.Errorf("others may read it: %v, %v", fi, err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*")); err != nil || len(left) != 1 {
		t.Errorf("beside the backup: %q, %v", left, err)
	}
	to := t.TempDir()
	_, err := sqlite.ReadBackup(t.Context(), file, to)
	must(t, err)
	if damage, err := sqlite.Check(t.Context(), to); err != nil || len(damage) != 0 {
		t.Fatalf("%v, %v", damage, err)
	}
	must(t, sqlite.Restored(t.Context(), to))
	back, err := sqlite.Open(to, sqlite.Options{})
	must(t, err)
	defer back.Close()
	got := map[tandem.ID]int64{}
	for r, err := range back.Home.Get(t.Context(), c.ID, []tandem.ID{"small", "large", "later"}) {
		must(t, err)
		body, err := tandem.ReadBody(r.Body, 1<<20)
		must(t, err)
		got[r.ID] = int64(len(body))
	}
	if len(got) != 2 || got["small"] != 12 || got["large"] != 52000 {
		t.Errorf("it holds %v", got)
	}
	colls, err := back.Home.Collections(t.Context(), "anna")
	must(t, err)
	if colls[0].Identity.Store != c.Identity.Store || colls[0].Identity.Epoch == c.Identity.Epoch {
		t.Errorf("the collection is %+v, was %+v", colls[0].Identity, c.Identity)
	}
	pairs, err := back.Bases.Pairs(t.Context())
	must(t, err)
	if p := pairs[0]; p.Identities[0] != colls[0].Identity || p.Cursors != [2]tandem.Cursor{tandem.Cursor("2@" + colls[0].Identity.Epoch), "token@e"} || p.Identities[1].Epoch != "e" {
		t.Errorf("the pair is at %+v", p)
	}
	if recs, _, err := back.Home.Since(t.Context(), c.ID, 2, 0); err != nil || len(recs) != 0 {
		t.Errorf("since the backup: %+v, %v", recs, err)
	}
	if v := create(t, back, c.ID, "new", "another"); v == lost || len(v) < 7 {
		t.Errorf("a number of a lost version is given out again: %s, %s", lost, v)
	}
}

// TestBackupMissing: a store that lacks a body is backed up all the same, and the backup says so.
func TestBackupMissing(t *testing.T) {
	_, _, dir, _ := backed(t)
	must(t, os.RemoveAll(filepath.Join(dir, "blobs")))
	file := filepath.Join(t.TempDir(), "b.zip")
	if b, err := sqlite.WriteBackup(t.Context(), dir, file, "test", 1); err != nil || b.Missing != 1 || b.Bodies != 0 {
		t.Errorf("%+v, %v", b, err)
	}
	if _, err := sqlite.WriteBackup(t.Context(), dir, file, "test", 1); !tandem.IsKind(err, tandem.Exists) {
		t.Errorf("over one that is there: %v", err)
	}
	if _, err := sqlite.WriteBackup(t.Context(), t.TempDir(), filepath.Join(t.TempDir(), "c.zip"), "test", 1); !tandem.IsKind(err, tandem.Unreadable) {
		t.Errorf("of a folder without data: %v", err)
	}
}

// TestBackupSealed: the key of secrets is in no backup, and neither is what is in clear beside the database.
func TestBackupSealed(t *testing.T) {
	_, _, dir, _ := backed(t)
	must(t, os.WriteFile(filepath.Join(dir, "secrets.key"), []byte("the key"), 0o600))
	must(t, os.Mkdir(filepath.Join(dir, "tls"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "tls", "ca.pem"), []byte("a certificate"), 0o600))
	file := filepath.Join(t.TempDir(), "b.zip")
	_, err := sqlite.WriteBackup(t.Context(), dir, file, "test", 1)
	must(t, err)
	z, err := zip.OpenReader(file)
	must(t, err)
	defer z.Close()
	names := map[string]bool{}
	for _, f := range z.File {
		names[f.Name] = true
	}
	if names["secrets.key"] || !names["tls/ca.pem"] || !names["tandem.db"] || len(names) != 4 {
		t.Errorf("it holds %v", names)
	}
}

// TestBadBackups: what is no whole backup, or leads out of the folder, is refused.
func TestBadBackups(t *testing.T) {
	_, _, _, good := backed(t)
	whole, err := os.ReadFile(good)
	must(t, err)
	made := func(files ...string) string {
		name := filepath.Join(t.TempDir(), "x.zip")
		f, err := os.Create(name)
		must(t, err)
		z := zip.NewWriter(f)
		for i := 0; i < len(files); i += 2 {
			w, err := z.Create(files[i])
			must(t, err)
			_, err = w.Write([]byte(files[i+1]))
			must(t, err)
		}
		must(t, z.Close())
		must(t, f.Close())
		return name
	}
	bytes := func(b []byte) string {
		name := filepath.Join(t.TempDir(), "x.zip")
		must(t, os.WriteFile(name, b, 0o600))
		return name
	}
	flipped := append([]byte(nil), whole...)
	flipped[len(flipped)/3] ^= 0x55
	for name, file := range map[string]string{
		"not there":     filepath.Join(t.TempDir(), "none.zip"),
		"cut":           bytes(whole[:len(whole)/2]),
		"another ZIP":   made("a.txt", "x"),
		"newer":         made("backup.json", `{"format": 99}`),
		"out of it":     made("../evil", "x", "backup.json", `{"format": 1}`),
		"a strange one": made("secrets.key", "x", "backup.json", `{"format": 1}`),
		"damaged":       bytes(flipped),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := sqlite.ReadBackup(t.Context(), file, filepath.Join(dir, "in")); !tandem.IsKind(err, tandem.Unreadable) || !strings.Contains(err.Error(), ";") {
				t.Errorf("%v", err)
			}
			if _, err := os.Stat(filepath.Join(dir, "evil")); err == nil {
				t.Error("it wrote outside of its folder")
			}
		})
	}
}
