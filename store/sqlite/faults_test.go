package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks that the folder cannot be opened, with an error that names the file and a remedy.
func refused(t *testing.T, dir string, kind tandem.ErrorKind) error {
	t.Helper()
	st, err := sqlite.Open(dir, sqlite.Options{})
	if err == nil {
		st.Close()
		t.Fatal("opened")
	}
	var e *tandem.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Remedy == "" || !strings.Contains(err.Error(), filepath.Join(dir, sqlite.FileName)) {
		t.Fatalf("error %v of kind %q, want kind %q naming the file and a remedy", err, tandem.KindOf(err), kind)
	}
	return err
}

// raw opens the database itself.
func raw(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, sqlite.FileName))
	must(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// filled makes a store with something in it and closes it.
func filled(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	st, err := sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	ctx := context.Background()
	must(t, st.Accounts.AddUser(ctx, store.User{Name: "ann"}))
	c, err := st.Home.PutCollection(ctx, tandem.Collection{User: "ann", Kind: tandem.Contact, Name: "c"})
	must(t, err)
	for i := range 50 {
		body := bytes.Repeat([]byte(fmt.Sprint("body ", i, " ")), 1+i*100)
		outs, err := st.Home.Write(ctx, c.ID, store.Author{}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Create, ID: tandem.ID(fmt.Sprint(i)), Record: tandem.Record{Body: tandem.Bytes(body)}}}})
		must(t, err)
		if outs[0].Status != tandem.Applied {
			t.Fatal(outs)
		}
	}
	p, err := st.Bases.Open(ctx, "pair")
	must(t, err)
	must(t, st.Bases.Commit(ctx, p.ID, store.Commit{Put: fileRows(500)}))
	must(t, st.Close())
	return dir
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := filled(t)
	db := raw(t, dir)
	_, err := db.Exec("PRAGMA user_version = 4711")
	must(t, err)
	must(t, db.Close())
	before, err := os.ReadFile(filepath.Join(dir, sqlite.FileName))
	must(t, err)
	if err := refused(t, dir, tandem.TooNew); !strings.Contains(err.Error(), "4711") {
		t.Fatalf("%v does not name the version", err)
	}
	after, err := os.ReadFile(filepath.Join(dir, sqlite.FileName))
	must(t, err)
	if !bytes.Equal(before, after) {
		t.Fatal("refused and changed")
	}
}

func TestForeignDatabaseIsRefused(t *testing.T) {
	for name, setup := range map[string]string{
		"tables":      "CREATE TABLE theirs (x)",
		"version":     "PRAGMA user_version = 1",
		"application": "PRAGMA application_id = 7",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			db := raw(t, dir)
			_, err := db.Exec(setup)
			must(t, err)
			must(t, db.Close())
			refused(t, dir, tandem.Invalid)
		})
	}
}

func TestDamagedFileIsRefused(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"NoDatabase": func(b []byte) []byte { return []byte(strings.Repeat("this is no database. ", 300)) },
		"Header":     func(b []byte) []byte { copy(b, "XXXXXXXX"); return b },
		"Truncated":  func(b []byte) []byte { return b[:len(b)/2] },
		"Schema":     func(b []byte) []byte { clear(b[100:4096]); return b },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filled(t)
			file := filepath.Join(dir, sqlite.FileName)
			data, err := os.ReadFile(file)
			must(t, err)
			must(t, os.WriteFile(file, damage(data), 0o600))
			err = refused(t, dir, tandem.Unreadable)
			if !strings.Contains(err.Error(), "tandem doctor") || !strings.Contains(err.Error(), "backup") {
				t.Fatalf("%v does not say what to do", err)
			}
		})
	}
}

func TestFolderInTheWay(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, sqlite.FileName), 0o700))
	if _, err := sqlite.Open(dir, sqlite.Options{}); err == nil || !strings.Contains(err.Error(), dir) {
		t.Fatalf("a folder in place of the file: %v", err)
	}
	must(t, os.WriteFile(filepath.Join(t.TempDir(), "blobs"), nil, 0o600))
	dir = t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "blobs"), nil, 0o600))
	if _, err := sqlite.Open(dir, sqlite.Options{}); err == nil || !strings.Contains(err.Error(), "blobs") {
		t.Fatalf("a file in place of the blobs: %v", err)
	}
}

func TestCheck(t *testing.T) {
	check := func(t *testing.T, dir string) []error {
		t.Helper()
		found, err := sqlite.Check(t.Context(), dir)
		must(t, err)
		return found
	}
	t.Run("Good", func(t *testing.T) {
		if found := check(t, filled(t)); len(found) != 0 {
			t.Fatal(found)
		}
	})
	for name, damage := range map[string]func(t *testing.T, dir string) string{
		"BasePage": func(t *testing.T, dir string) string {
			return execRaw(t, dir, "UPDATE base SET data = zeroblob(900) WHERE page = 2", "page 2")
		},
		"Count": func(t *testing.T, dir string) string {
			return execRaw(t, dir, "UPDATE pair SET rows = 7", "500 rows and should have 7")
		},
		"InlineBody": func(t *testing.T, dir string) string {
			return execRaw(t, dir, "UPDATE blob SET data = x'00' WHERE row = 3", "is damaged")
		},
		"LostBody": func(t *testing.T, dir string) string {
			return execRaw(t, dir, "DELETE FROM blob WHERE row = 3", "not there")
		},
		"Reference": func(t *testing.T, dir string) string {
			return execRaw(t, dir, "UPDATE record SET collection = 99 WHERE id = '4'; UPDATE collection SET live = live - 1", "names nothing")
		},
		"Live": func(t *testing.T, dir string) string {
			return execRaw(t, dir, "UPDATE collection SET live = 51", "has 50 records and should have 51")
		},
		"LargeBody": func(t *testing.T, dir string) string {
			files, err := filepath.Glob(filepath.Join(dir, "blobs", "??", "*"))
			must(t, err)
			must(t, os.WriteFile(files[0], []byte("rot"), 0o600))
			return filepath.Base(files[0])
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filled(t)
			want := damage(t, dir)
			found := check(t, dir)
			if len(found) != 1 || !strings.Contains(found[0].Error(), want) {
				t.Fatalf("found %v, want one thing that says %q", found, want)
			}
		})
	}
}

func execRaw(t *testing.T, dir, query, want string) string {
	t.Helper()
	db := raw(t, dir)
	res, err := db.Exec(query)
	must(t, err)
	if n, err := res.RowsAffected(); n == 0 || err != nil {
		t.Fatal("nothing was damaged", err)
	}
	must(t, db.Close())
	return want
}

// TestDamagedPageOfABase meets a damaged page in use: an error that says so, never rows that are missing in silence.
func TestDamagedPageOfABase(t *testing.T) {
	dir := filled(t)
	execRaw(t, dir, "UPDATE base SET data = substr(data, 1, length(data) - 40) WHERE page = 2", "")
	st, err := sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	defer st.Close()
	ctx := t.Context()
	p, err := st.Bases.Open(ctx, "pair")
	must(t, err)
	var failed error
	for _, err := range st.Bases.Rows(ctx, p.ID) {
		failed = err
	}
	want := func(what string, err error) {
		t.Helper()
		if !tandem.IsKind(err, tandem.Unreadable) || !strings.Contains(err.Error(), "tandem doctor") {
			t.Errorf("%s: %v", what, err)
		}
	}
	want("rows", failed)
	rows := fileRows(500)
	_, err = st.Bases.RowsOf(ctx, p.ID, tandem.SideA, []tandem.ID{rows[150].A.ID})
	want("rows of", err)
	rows[150].Link = 151
	want("commit", st.Bases.Commit(ctx, p.ID, store.Commit{Put: rows[150:151]}))
}

// TestFullDisk fills a store up. Nothing is half written, what was acknowledged stays, and the store works again.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	st, err := sqlite.Open(dir, sqlite.Options{MaxSize: 600 << 10})
	must(t, err)
	ctx := t.Context()
	must(t, st.Accounts.AddUser(ctx, store.User{Name: "ann"}))
	c, err := st.Home.PutCollection(ctx, tandem.Collection{User: "ann", Kind: tandem.Contact, Name: "c"})
	must(t, err)
	p, err := st.Bases.Open(ctx, "pair")
	must(t, err)
	written, rows := 0, 0
	write := func(n int) error {
		var batch []store.HomeWrite
		for i := range 10 {
			id := fmt.Sprint(n, "-", i)
			batch = append(batch, store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: tandem.ID(id), Record: tandem.Record{Body: tandem.Bytes(strings.Repeat(id, 300))}}})
		}
		outs, err := st.Home.Write(ctx, c.ID, store.Author{}, batch)
		for _, o := range outs {
			if (o.Status == tandem.Applied) != (err == nil) || err != nil && o.Status != tandem.RetryAfter {
				t.Fatalf("%s beside error %v", o.Status, err)
			}
		}
		return err
	}
	var homeErr, baseErr error
	for n := 0; homeErr == nil || baseErr == nil; n++ {
		if homeErr == nil {
			if homeErr = write(n); homeErr == nil {
				written += 10
			}
		}
		if baseErr == nil {
			put := fileRows(200)
			if baseErr = st.Bases.Commit(ctx, p.ID, store.Commit{Put: put, Bodies: []tandem.Bytes{tandem.Bytes(fmt.Sprint(n))}}); baseErr == nil {
				rows += 200
			} else if put[0].Link != 0 {
				t.Fatal("a failed commit gave out links")
			}
		}
	}
	for _, err := range []error{homeErr, baseErr} {
		var e *tandem.Error
		if !errors.As(err, &e) || e.Kind != tandem.Full || e.Remedy == "" || !strings.Contains(err.Error(), dir) {
			t.Fatalf("error %v of kind %q", err, tandem.KindOf(err))
		}
	}
	verify := func(st *store.Store) {
		t.Helper()
		recs, _, err := st.Home.Since(ctx, c.ID, 0, 0)
		must(t, err)
		count := 0
		for _, err := range st.Bases.Rows(ctx, p.ID) {
			must(t, err)
			count++
		}
		if len(recs) != written || count != rows || written == 0 || rows == 0 {
			t.Fatalf("%d records and %d rows, acknowledged were %d and %d", len(recs), count, written, rows)
		}
	}
	verify(st)
	must(t, st.Close())
	st, err = sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	verify(st)
	must(t, write(1000))
	written += 10
	verify(st)
	must(t, st.Close())
	if found, err := sqlite.Check(ctx, dir); len(found) != 0 || err != nil {
		t.Fatal(found, err)
	}
}
