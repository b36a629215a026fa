package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	moderncsqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"tandem"
	"tandem/internal/disk"
	"tandem/store/blob"
)

// fault gives an error of the database its kind and remedy. Errors that have a kind already pass unchanged.
func (d *db) fault(op string, err error) error {
	var known *tandem.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	out := &tandem.Error{Op: op, Thing: d.name, Err: err}
	out.Kind, out.Remedy = d.diagnose(err)
	return out
}

func (d *db) diagnose(err error) (tandem.ErrorKind, string) {
	if blob.IsFull(err) {
		return tandem.Full, remedyFull
	}
	var e *moderncsqlite.Error
	if !errors.As(err, &e) {
		if errors.Is(err, fs.ErrPermission) {
			return tandem.Denied, "give yourself the right to read and write it"
		}
		return tandem.Internal, ""
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return tandem.Full, remedyFull
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return tandem.Unreadable, remedyDamaged
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return tandem.Busy, "close the other program that has it open"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return tandem.Denied, "give yourself the right to write to it and its folder"
	case sqlite3.SQLITE_CANTOPEN:
		return tandem.Unreadable, "check that the folder exists and that you may read and write it"
	case sqlite3.SQLITE_IOERR:
		// Files that are mapped into memory fail so on a full disk.
		if free, err := disk.Free(filepath.Dir(d.name)); err == nil && free < fullBelow {
			return tandem.Full, remedyFull
		}
		return tandem.Unreadable, "check the disk it is on"
	case sqlite3.SQLITE_TOOBIG:
		return tandem.TooLarge, ""
	}
	return tandem.Internal, ""
}

// fullBelow is the room in bytes under which the disk is to blame for whatever fails on it.
const fullBelow = 1 << 20

const (
	remedyFull    = "free some space on that disk and run again; nothing was half written"
	remedyDamaged = "look with `tandem doctor`; put back a copy of the data folder from a backup, or move it away: the next sync then pairs anew what both sides hold, without history"
)

// isConstraint reports whether err is a violated constraint (unique, foreign key) of the schema.
func isConstraint(err error) bool {
	var e *moderncsqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_CONSTRAINT
}

func isFull(err error) bool {
	var e *moderncsqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_FULL
}

func notFound(op, thing string) error {
	return &tandem.Error{Kind: tandem.NotFound, Op: op, Thing: thing}
}
