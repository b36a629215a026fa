package sqlite

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	moderncsqlite "modernc.org/sqlite"
)

var write = flag.Bool("sqlite.write", false, "write the image of an empty store anew")

// The image of an empty store is what the migrations make.
func TestImage(t *testing.T) {
	want, err := madeImage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if *write {
		var b bytes.Buffer
		w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(want); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("fresh.db.gz", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := freshImage()
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the image is not what the migrations make (%d bytes, %v): go generate ./store/sqlite", len(got), err)
	}
}

// madeImage is the file of an empty store at the newest version, as the migrations make it.
func madeImage(ctx context.Context) (image []byte, err error) {
	schema, err := upSections()
	if err != nil {
		return nil, err
	}
	connector, err := moderncsqlite.NewConnector(":memory:?" + pragmas("temp_store(memory)"))
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(connector)
	defer pool.Close()
	c, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "BEGIN;"+schema); err != nil {
		return nil, err
	}
	if err := noteMigrations(ctx, c); err != nil {
		return nil, err
	}
	if _, err := c.ExecContext(ctx, "COMMIT"); err != nil {
		return nil, err
	}
	err = c.Raw(func(driver any) error {
		s, ok := driver.(interface{ Serialize() ([]byte, error) })
		if !ok {
			return fmt.Errorf("the driver %T cannot hand over a database", driver)
		}
		image, err = s.Serialize()
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(image) < walAt+2 {
		return nil, fmt.Errorf("the driver handed over %d bytes", len(image))
	}
	image[walAt], image[walAt+1] = 2, 2
	return image, nil
}

// upSections is the text of all migrations upwards, which makes a fresh schema in one go.
func upSections() (string, error) {
	names, err := migrationNames()
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, name := range names {
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			return "", err
		}
		_, up, _ := strings.Cut(string(text), "-- +goose Up")
		up, _, _ = strings.Cut(up, "-- +goose Down")
		all.WriteString(up)
	}
	return all.String(), nil
}

// noteMigrations notes all migrations as made, where the migration library looks for them.
func noteMigrations(ctx context.Context, c *sql.Conn) error {
	s, err := database.NewStore(goose.DialectSQLite3, goose.DefaultTablename)
	if err != nil {
		return err
	}
	if err := s.CreateVersionTable(ctx, c); err != nil {
		return err
	}
	versions, err := migrationVersions()
	if err != nil {
		return err
	}
	for _, v := range append([]int64{0}, versions...) {
		if err := s.Insert(ctx, c, database.InsertRequest{Version: v}); err != nil {
			return err
		}
	}
	_, err = c.ExecContext(ctx, "UPDATE "+goose.DefaultTablename+" SET tstamp = '2026-01-01 00:00:00'") // the same image each time
	return err
}
