package sqlite

import (
	"archive/zip"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"tandem"
	"tandem/internal/atomicfile"
)

// Backup is what a backup says of itself.
type Backup struct {
	Format  int    `json:"format"`
	Version string `json:"version"` // of the program that made it
	Made    int64  `json:"made"`    // Unix seconds
	Bodies  int    `json:"bodies"`  // how many bodies are files of their own
	Missing int    `json:"missing"` // bodies that the store names and that were not there
}

const (
	backupFormat = 1
	backupNote   = "backup.json" // last in the file, so that it says that all the rest is there
	blobFolder   = "blobs"
	tlsFolder    = "tls"
)

// errNoBackup is the cause where a file is no backup that can be read.
var errNoBackup = errors.New("it is not a whole backup of tandem")

// WriteBackup writes a backup of the store in folder dir to a new file. Others may work with the store meanwhile: the backup is as the store stood at one moment. It holds the database, the bodies
// and the certificates, and not the key of secrets, which stay sealed in it.
func WriteBackup(ctx context.Context, dir, file, version string, now int64) (b Backup, err error) {
	const op = "write backup"
	if _, err := os.Lstat(file); err == nil {
		return b, &tandem.Error{Kind: tandem.Exists, Op: op, Thing: file, Err: errors.New("there is a file of this name"), Remedy: "name another"}
	}
	snap := filepath.Join(filepath.Dir(file), atomicfile.TempName())
	defer os.Remove(snap)
	if err := snapshot(ctx, dir, snap); err != nil {
		return b, &tandem.Error{Kind: tandem.Unreadable, Op: op, Thing: file, Err: err, Remedy: "see that the data folder can be read, and that there is room where the backup goes"}
	}
	part := filepath.Join(filepath.Dir(file), atomicfile.TempName())
	defer os.Remove(part)
	b = Backup{Format: backupFormat, Version: version, Made: now}
	if err := writeArchive(ctx, dir, snap, part, &b); err != nil {
		return b, &tandem.Error{Kind: tandem.Unreadable, Op: op, Thing: file, Err: err, Remedy: "see that there is room where the backup goes"}
	}
	if err := atomicfile.SyncFile(part); err != nil {
		return b, err
	}
	return b, atomicfile.RenameNew(part, file)
}

// snapshot writes the database as it stands at one moment to a new file.
func snapshot(ctx context.Context, dir, into string) error {
	db, err := openFile(filepath.Join(dir, FileName), "mode=rw&"+pragmas("busy_timeout(10000)"))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", into); err != nil {
		return err
	}
	return os.Chmod(into, 0o600)
}

// openFile opens a database that is there, as a stranger to it.
func openFile(name, how string) (*sql.DB, error) {
	p, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	if p = filepath.ToSlash(p); !strings.HasPrefix(p, "/") {
		p = "/" + p // a drive
	}
	return sql.Open("sqlite", (&url.URL{Scheme: "file", Path: p, RawQuery: how}).String())
}

// writeArchive packs a snapshot with the bodies and certificates of its data folder.
func writeArchive(ctx context.Context, dir, snap, part string, b *Backup) (err error) {
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z := zip.NewWriter(f)
	if err := pack(z, snap, FileName); err != nil {
		return err
	}
	have := map[string]bool{}
	for _, folder := range []string{blobFolder, tlsFolder} {
		err := filepath.WalkDir(filepath.Join(dir, folder), func(name string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // gone while it was listed: nothing names it
			}
			if err == nil && e.IsDir() && e.Name() == "tmp" {
				return filepath.SkipDir // bodies in the making
			}
			if err != nil || !e.Type().IsRegular() || atomicfile.IsTemp(e.Name()) {
				return errors.Join(err, ctx.Err())
			}
			rel, err := filepath.Rel(dir, name)
			if err != nil {
				return err
			}
			err = pack(z, name, filepath.ToSlash(rel))
			if errors.Is(err, fs.ErrNotExist) {
				return ctx.Err()
			}
			if have[filepath.ToSlash(rel)] = true; folder == blobFolder {
				b.Bodies++
			}
			return errors.Join(err, ctx.Err())
		})
		if err != nil {
			return err
		}
	}
	if b.Missing, err = missingIn(ctx, snap, have); err != nil {
		return err
	}
	w, err := z.Create(backupNote)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(w).Encode(b); err != nil {
		return err
	}
	return z.Close()
}

// pack adds a file to an archive.
func pack(z *zip.Writer, name, as string) error {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	w, err := z.CreateHeader(&zip.FileHeader{Name: as, Method: zip.Deflate})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, in)
	return err
}

// missingIn counts the bodies that a snapshot names and that are neither in it nor among the files.
func missingIn(ctx context.Context, snap string, have map[string]bool) (n int, err error) {
	db, err := openFile(snap, "mode=ro")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	one, err := db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer one.Close()
	c := &conn{conn: one, stmts: map[string]*sql.Stmt{}}
	defer func() {
		for _, s := range c.stmts {
			s.Close()
		}
	}()
	refs, err := references(c)
	if errors.Is(err, errPage) {
		return 0, nil // damaged already; verifying the backup tells of it
	}
	if err != nil {
		return 0, err
	}
	delete(refs, tandem.Digest{})
	err = c.each(func(s scanner) error {
		var sum []byte
		err := s.Scan(&sum)
		delete(refs, toDigest(sum))
		return err
	}, "SELECT sum FROM blob")
	for sum := range refs {
		if text := sum.String(); !have[path.Join(blobFolder, text[:2], text[2:])] {
			n++
		}
	}
	return n, err
}

// ReadNote is what a backup says of itself.
func ReadNote(file string) (b Backup, err error) {
	z, err := zip.OpenReader(file)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return b, &tandem.Error{Kind: tandem.Unreadable, Op: "read backup", Thing: file, Err: err, Remedy: "name a file that `tandem backup create` wrote, which you may read"}
	}
	if err != nil {
		return b, noBackup(file, err)
	}
	defer z.Close()
	return note(file, &z.Reader)
}

func note(file string, z *zip.Reader) (b Backup, err error) {
	f, err := z.Open(backupNote)
	if err != nil {
		return b, noBackup(file, err)
	}
	defer f.Close()
	if err := json.NewDecoder(io.LimitReader(f, 1<<20)).Decode(&b); err != nil {
		return b, noBackup(file, err)
	}
	if b.Format < 1 || b.Format > backupFormat {
		return b, &tandem.Error{Kind: tandem.Unreadable, Op: "read backup", Thing: file, Err: fmt.Errorf("it has format %d, and this is for %d", b.Format, backupFormat), Remedy: "use the newer tandem"}
	}
	return b, nil
}

func noBackup(file string, err error) error {
	return &tandem.Error{Kind: tandem.Unreadable, Op: "read backup", Thing: file, Err: fmt.Errorf("%w: %w", errNoBackup, err), Remedy: "name a file that `tandem backup create` wrote, and see that it was copied whole"}
}

// ReadBackup unpacks a backup into a folder, which must be there and empty. What it wrote is checked against the sums in the backup, and not yet as a store: Check does that.
func ReadBackup(ctx context.Context, file, dir string) (b Backup, err error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return b, noBackup(file, err)
	}
	defer z.Close()
	if b, err = note(file, &z.Reader); err != nil {
		return b, err
	}
	for _, f := range z.File {
		if err := ctx.Err(); err != nil {
			return b, err
		}
		top, _, _ := strings.Cut(f.Name, "/")
		switch {
		case f.Name == backupNote:
			continue
		case !filepath.IsLocal(filepath.FromSlash(f.Name)) || f.Name != FileName && top != blobFolder && top != tlsFolder:
			return b, noBackup(file, fmt.Errorf("it holds a file of a strange name, %q", f.Name))
		}
		if err := unpack(f, filepath.Join(dir, filepath.FromSlash(f.Name))); err != nil {
			return b, noBackup(file, err)
		}
	}
	return b, nil
}

// unpack writes a file of an archive. The sum is checked at its end.
func unpack(f *zip.File, to string) (err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// restoreGap is by how many numbers a restored store goes on later: what was written after the backup was made had some of them, and others may know those.
const restoreGap = 1_000_000

// Restored has the store in a folder go on as one that was put back to an earlier state: no number that was given out since the backup comes to mean something else, and whoever holds a cursor of
// that time looks at everything anew. What the hub and its partners agreed on holds as it did.
func Restored(ctx context.Context, dir string) (err error) {
	st, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	d, ok := st.Closer.(*db)
	if !ok {
		return errors.New("restore store: unexpected store")
	}
	epoch, err := d.token()
	if err != nil {
		return err
	}
	return d.write(ctx, "restore store", func(c *conn) error {
		for _, side := range []string{"a", "b"} {
			q := strings.ReplaceAll(`UPDATE pair SET %_cursor = replace(%_cursor, '@' || %_epoch, '@' || ?), %_epoch = ? WHERE EXISTS (SELECT 1 FROM collection WHERE uuid = %_store AND epoch = %_epoch)`, "%", side)
			if _, err := c.exec(q, epoch, epoch); err != nil {
				return err
			}
		}
		if _, err := c.exec("UPDATE collection SET epoch = ?, seq = seq + ?", epoch, restoreGap); err != nil {
			return err
		}
		_, err := c.exec("UPDATE sqlite_sequence SET seq = seq + ?", restoreGap)
		return err
	})
}
