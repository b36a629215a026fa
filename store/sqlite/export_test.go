package sqlite

import (
	"io/fs"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pressly/goose/v3"

	"tandem/store"
)

// FreshSchema lists what a store in memory is made of.
func FreshSchema(t *testing.T) (list []string) {
	t.Helper()
	st, err := OpenMemory(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	err = st.Closer.(*db).read(t.Context(), "read schema", func(c *conn) error {
		return c.each(func(s scanner) error {
			var text string
			err := s.Scan(&text)
			list = append(list, text)
			return err
		}, "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'")
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// Newest is the number of the last migration.
func Newest(t *testing.T) int64 {
	t.Helper()
	v, err := newestVersion()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// MakeOld makes a database as the migrations up to a version leave it.
func MakeOld(t *testing.T, dir string, version int64) {
	t.Helper()
	d := newDB(filepath.Join(dir, FileName), Options{})
	defer d.Close()
	if err := d.connect(fileDSN(d.name)); err != nil {
		t.Fatal(err)
	}
	sub, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, d.sql, sub, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}

// SoftSync reports how the connections for durable and for soft writes wait for the disk.
func SoftSync(t *testing.T, st *store.Store) (durable, soft int) {
	t.Helper()
	d := st.Closer.(*db)
	ask := func(mode *int) func(c *conn) error {
		return func(c *conn) error { return c.row("PRAGMA synchronous").Scan(mode) }
	}
	if err := d.writeSoft(t.Context(), "ask", ask(&soft)); err != nil {
		t.Fatal(err)
	}
	if err := d.write(t.Context(), "ask", ask(&durable)); err != nil {
		t.Fatal(err)
	}
	return durable, soft
}

// Connections counts the connections that are open.
func Connections(st *store.Store) int { return st.Closer.(*db).sql.Stats().OpenConnections }
