package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	moderncsqlite "modernc.org/sqlite"

	"tandem"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// applicationID marks our files; see the first migration.
const applicationID = 0x54414e44

// pageSize is SQLite's own page size in bytes.
const pageSize = 4096

func (d *db) openFile(ctx context.Context) error {
	if err := d.create(); err != nil {
		return d.fault("open store", err)
	}
	if err := d.connect(fileDSN(d.name)); err != nil {
		return d.fault("open store", err)
	}
	d.writer = newPool(1, d.connectWriter)
	d.soft = newPool(1, d.connectSoft)
	d.readers = newPool(d.opt.Readers, d.connectReader)
	have, err := d.version(ctx)
	if err != nil {
		return d.fault("open store", err)
	}
	want, err := newestVersion()
	if err != nil {
		return err
	}
	switch {
	case have > want:
		return &tandem.Error{Kind: tandem.TooNew, Op: "open store", Thing: d.name,
			Err:    fmt.Errorf("it has format %d, this program knows formats up to %d", have, want),
			Remedy: "use the newer tandem that wrote it, or put back a backup made before that"}
	case have < want:
		if err := d.migrate(ctx); err != nil {
			return d.fault("open store", err)
		}
	}
	return d.fault("open store", d.finish(ctx))
}

func (d *db) openMemory(ctx context.Context) error {
	if err := d.connect(":memory:?" + pragmas("foreign_keys(1)", "temp_store(memory)")); err != nil {
		return d.fault("open store", err)
	}
	d.writer = newPool(1, d.connectWriter)
	d.readers, d.soft = d.writer, d.writer
	c, err := d.writer.get(ctx)
	if err != nil {
		return d.fault("open store", err)
	}
	defer d.writer.put(c)
	err = fillMemory(ctx, c)
	if err == nil {
		err = d.bound(ctx, c.conn) // an image brings bounds of its own
	}
	return d.fault("open store", err)
}

// fillMemory makes an empty store in memory, from the image of one: running the migrations takes a hundred times as long.
func fillMemory(ctx context.Context, c *conn) error {
	image, err := memoryImage()
	if err != nil {
		return err
	}
	err = c.conn.Raw(func(driver any) error {
		d, ok := driver.(interface{ Deserialize([]byte) error })
		if !ok {
			return fmt.Errorf("%T cannot take an image", driver)
		}
		return d.Deserialize(image)
	})
	if err != nil {
		return err
	}
	var have int64
	if err := c.row("PRAGMA user_version").Scan(&have); err != nil {
		return err
	}
	want, err := newestVersion()
	if err != nil || have == want {
		return err
	}
	return fmt.Errorf("fresh.db.gz holds version %d and not %d: run go generate ./store/sqlite", have, want)
}

func (d *db) connect(dsn string) error {
	connector, err := moderncsqlite.NewConnector(dsn)
	if err != nil {
		return err
	}
	d.sql = sql.OpenDB(connector)
	return nil
}

// fileDSN names the file to the driver, with what every connection is set to. The log is brought into the file when it has 16 MiB and not 4, as usual: whoever writes waits for it, and a first sync
// writes 4 MiB with each transaction.
func fileDSN(name string) string {
	if abs, err := filepath.Abs(name); err == nil {
		name = abs
	}
	p := filepath.ToSlash(name)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // a drive letter
	}
	u := url.URL{Scheme: "file", Path: p, RawQuery: pragmas("busy_timeout(10000)", "journal_mode(wal)", "synchronous(full)",
		"foreign_keys(1)", "temp_store(memory)", "cache_size(-8000)", "wal_autocheckpoint(4000)", "journal_size_limit(67108864)")}
	return u.String()
}

func pragmas(list ...string) string {
	for i, p := range list {
		list[i] = "_pragma=" + url.QueryEscape(p)
	}
	return strings.Join(list, "&")
}

// version reads the number of the last migration, 0 for an empty file. A file that is not ours is refused. The tables of
// the migration library do not count: a process may have died between them and the first migration.
func (d *db) version(ctx context.Context) (int64, error) {
	var app, version, tables int64
	err := d.write0(ctx, func(c *conn) error {
		if err := c.row("PRAGMA application_id").Scan(&app); err != nil {
			return err
		}
		if err := c.row("PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		return c.row("SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name NOT LIKE 'goose!_%' ESCAPE '!'").Scan(&tables)
	})
	if err != nil {
		return 0, err
	}
	if app != applicationID && (app != 0 || version != 0 || tables > 0) {
		return 0, &tandem.Error{Kind: tandem.Invalid, Op: "open store", Thing: d.name,
			Err: fmt.Errorf("it is the database of another program"), Remedy: "name another data folder with --data"}
	}
	return version, nil
}

// migrate brings the file to the newest version. Each migration is one transaction.
func (d *db) migrate(ctx context.Context) error {
	sub, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, d.sql, sub, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// migrationNames lists the migrations in order.
func migrationNames() ([]string, error) { return fs.Glob(migrationFiles, "migrations/*.sql") }

// migrationVersions are the numbers of the migrations that this program knows, in order.
func migrationVersions() ([]int64, error) {
	names, err := migrationNames()
	if err != nil {
		return nil, err
	}
	list := make([]int64, len(names))
	for i, name := range names {
		number, _, _ := strings.Cut(path.Base(name), "_")
		if list[i], err = strconv.ParseInt(number, 10, 64); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// newestVersion is the number of the last migration this program knows.
func newestVersion() (int64, error) {
	list, err := migrationVersions()
	if err != nil {
		return 0, err
	}
	return list[len(list)-1], nil
}
