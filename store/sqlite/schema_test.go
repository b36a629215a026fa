package sqlite_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
)

// schema lists what a database is made of.
func schema(t *testing.T, dir string) (list []string) {
	t.Helper()
	rows, err := raw(t, dir).Query("SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'")
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var s string
		must(t, rows.Scan(&s))
		list = append(list, s)
	}
	must(t, rows.Err())
	slices.Sort(list)
	return list
}

// TestFreshSchemaIsMigratedSchema compares the schemas that OpenMemory and Open make in one go with the migrated one.
func TestFreshSchemaIsMigratedSchema(t *testing.T) {
	old := t.TempDir()
	sqlite.MakeOld(t, old, sqlite.Newest(t))
	migrated := schema(t, old)
	dir := filled(t)
	for name, fresh := range map[string][]string{"memory": sqlite.FreshSchema(t), "file": schema(t, dir)} {
		if !slices.Equal(migrated, fresh) || len(fresh) < 20 {
			t.Fatalf("migrated:\n%s\n\nfresh in %s:\n%s", strings.Join(migrated, "\n"), name, strings.Join(fresh, "\n"))
		}
	}
	if a, b := goose(t, old), goose(t, dir); a != b || a == "" {
		t.Errorf("the migration library is told %s, after migrations it is %s", b, a)
	}
	var version, app, want int64
	db := raw(t, dir)
	must(t, db.QueryRow("PRAGMA user_version").Scan(&version))
	must(t, db.QueryRow("PRAGMA application_id").Scan(&app))
	must(t, db.QueryRow("SELECT max(version_id) FROM goose_db_version").Scan(&want))
	if version != want || app == 0 {
		t.Fatalf("version %d of application %x, the last migration is %d", version, app, want)
	}
}

// goose is what the migration library keeps for itself, but the times.
func goose(t *testing.T, dir string) (text string) {
	t.Helper()
	must(t, raw(t, dir).QueryRow("SELECT (SELECT group_concat(sql, ';') FROM sqlite_schema WHERE name LIKE 'goose%') || "+
		"(SELECT group_concat(id || ':' || version_id || ':' || is_applied, ' ') FROM goose_db_version)").Scan(&text))
	return text
}

func TestDataFolderIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes on Windows")
	}
	dir := filepath.Join(t.TempDir(), "data")
	st, err := sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	defer st.Close()
	_, _, err = st.Blobs.Put(t.Context(), strings.NewReader(strings.Repeat("x", 40_000)))
	must(t, err)
	must(t, filepath.Walk(dir, func(name string, fi os.FileInfo, err error) error {
		if err == nil && fi.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", name, fi.Mode())
		}
		return err
	}))
}

// TestSweepKeepsToTheGrace moves the clock over a store with bodies that nothing names.
func TestSweepKeepsToTheGrace(t *testing.T) {
	dir := t.TempDir()
	now := time.Now().Unix()
	st, err := sqlite.Open(dir, sqlite.Options{Now: func() int64 { return now }, Grace: time.Hour})
	must(t, err)
	defer st.Close()
	ctx := t.Context()
	put := func(s string) tandem.Digest {
		t.Helper()
		sum, _, err := st.Blobs.Put(ctx, strings.NewReader(s))
		must(t, err)
		return sum
	}
	there := func(sum tandem.Digest) bool {
		t.Helper()
		_, err := st.Blobs.Get(ctx, sum)
		if err != nil && !tandem.IsKind(err, tandem.NotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	small, large := "small", strings.Repeat("large", 10_000)
	sums := []tandem.Digest{put(small), put(large)}
	if freed, err := st.Blobs.Sweep(ctx); err != nil || freed != 0 {
		t.Fatalf("freed %d within the grace, %v", freed, err)
	}
	now += 7200
	sums[0] = put(small) // put again: its grace begins anew
	freed, err := st.Blobs.Sweep(ctx)
	if err != nil || freed != int64(len(large)) || !there(sums[0]) || there(sums[1]) {
		t.Fatalf("freed %d, %v; small is there: %v, large is there: %v", freed, err, there(sums[0]), there(sums[1]))
	}
	now += 7200
	if freed, err := st.Blobs.Sweep(ctx); err != nil || freed != int64(len(small)) || there(sums[0]) {
		t.Fatalf("freed %d, %v", freed, err)
	}

	// What is named stays, however old.
	p, err := st.Bases.Open(ctx, "p")
	must(t, err)
	row := tandem.Row{A: tandem.Shown{ID: "a"}, B: tandem.Shown{ID: "b"}, Body: put(large)}
	must(t, st.Bases.Commit(ctx, p.ID, store.Commit{Put: []tandem.Row{row}}))
	now += 1 << 20
	if freed, err := st.Blobs.Sweep(ctx); err != nil || freed != 0 || !there(row.Body) {
		t.Fatalf("freed %d, %v", freed, err)
	}
	must(t, st.Bases.Remove(ctx, p.ID))
	if freed, err := st.Blobs.Sweep(ctx); err != nil || freed != int64(len(large)) {
		t.Fatalf("freed %d, %v", freed, err)
	}
}

// TestBootStaysWithUndurableRows restarts the machine twice: rows not known durable stay suspect until they are.
func TestBootStaysWithUndurableRows(t *testing.T) {
	dir := t.TempDir()
	ctx := t.Context()
	run := func(boot string, commits ...store.Commit) store.Pair {
		t.Helper()
		st, err := sqlite.Open(dir, sqlite.Options{Boot: boot})
		must(t, err)
		defer st.Close()
		p, err := st.Bases.Open(ctx, "p")
		must(t, err)
		for _, c := range commits {
			must(t, st.Bases.Commit(ctx, p.ID, c))
		}
		p, err = st.Bases.Open(ctx, "p")
		must(t, err)
		return p
	}
	put := func() store.Commit { return store.Commit{Put: fileRows(1)} }
	if p := run("one", put()); p.Boot != "one" {
		t.Fatalf("written in boot one: %q", p.Boot)
	}
	if p := run("two", put()); p.Boot != "one" {
		t.Fatalf("with rows of boot one that are not durable: %q", p.Boot)
	}
	if p := run("two", store.Commit{Durable: true}); p.Boot != "two" {
		t.Fatalf("after a durable commit: %q", p.Boot)
	}
	durable := put()
	durable.Put[0].Durable = true
	for _, boot := range []string{"three", "four"} {
		if p := run(boot, durable, store.Commit{Finished: 1}); p.Boot != boot {
			t.Fatalf("with durable rows only, in boot %s: %q", boot, p.Boot)
		}
		durable.Put[0].Link = 0
	}
	if p := run("five", put()); p.Boot != "five" {
		t.Fatalf("all was durable, and then: %q", p.Boot)
	}
	if p := run("six", durable); p.Boot != "five" {
		t.Fatalf("with one row of boot five that is not durable: %q", p.Boot)
	}
}

// TestRandomIsTheCallers makes two stores of one seed, which must draw the same ids.
func TestRandomIsTheCallers(t *testing.T) {
	id := func() tandem.Identity {
		st, err := sqlite.OpenMemory(sqlite.Options{Random: io.LimitReader(zeros{}, 1<<20)})
		must(t, err)
		defer st.Close()
		must(t, st.Accounts.AddUser(context.Background(), store.User{Name: "ann"}))
		c, err := st.Home.PutCollection(context.Background(), tandem.Collection{User: "ann", Kind: tandem.Contact, Name: "c"})
		must(t, err)
		return c.Identity
	}
	if a, b := id(), id(); a != b {
		t.Fatalf("%+v and %+v of one seed", a, b)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
