// Package sqlite keeps a store in one SQLite file, with large bodies as files beside it. Nothing else needs to run.
//
// # Connections
//
// One connection writes; everything that writes waits for it in turn, and each waits only for whole transactions. A
// few others read, and see the last committed state without waiting (write-ahead log). Commits are synchronous=FULL:
// they return when the bytes are on the disk. A write, once begun, is not interrupted by its caller's context, so
// that nobody is left without an answer about its fate.
//
// # How a base is packed
//
// A base has one row per record of a pair: 20,000 files, 200,000 messages. Every run that looks at a whole tree reads
// all of it, and a first run writes all of it. One SQL row per base row costs several microseconds of SQL machinery
// each, on every run. So 64 rows, neighbours by link, share one SQL row, a page of about 16 KB, in a binary encoding
// (rowcode.go) where side B names only what differs from side A. Reading is then bound by memory, not by SQL. Changing
// one row rewrites its page, which costs little more than the SQLite page it would have dirtied anyway. Looking rows
// up by id needs no index that every insert would pay for: a page carries a 4-byte hash of each id in it, and a scan
// over the hashes of 200,000 rows takes a few milliseconds. Every page carries a checksum, as SQLite has none.
//
// # Bodies
//
// Bodies are content-addressed and shared by home records, history, bases and conflicts: up to 32 KiB in the database,
// larger ones as files under blobs/. Sweep removes what nothing names.
package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"io"
	"path/filepath"
	"sync"
	"time"

	"tandem"
	"tandem/internal/boot"
	"tandem/store"
	"tandem/store/blob"
)

// FileName is the database's name in the data folder.
const FileName = "tandem.db"

// inlineMax is the size in bytes up to which a body lies in the database, where it is written and made durable together with all else of its
// transaction. A file of its own costs two calls of fsync, one for it and one for its folder: 5,000 messages of 8 KiB took three times as long as files. Larger bodies
// are files, so that the database stays small enough to copy: most messages are below this size, and most of the bytes of a mailbox are not in them.
const inlineMax = 32 << 10

// Options are the knobs of a store. The zero value is right for everything but tests.
type Options struct {
	Now     func() int64  // Unix seconds; nil: the clock
	Random  io.Reader     // for identities and ids; nil: crypto/rand
	Boot    string        // boot id of the machine; "": ask the system
	Grace   time.Duration // how long a blob is kept that nothing refers to yet; 0: a day
	Readers int           // connections that read; 0: 4
	MaxSize int64         // of the database in bytes; 0: no limit
}

// db is what all parts of an opened store stand on.
type db struct {
	name    string // for messages: the file's path, or "memory"
	opt     Options
	sql     *sql.DB
	writer  pool
	readers pool      // the same as writer in memory, where there is only one connection
	soft    pool      // writes what need not be durable at once; used by who holds the writer; the writer itself in memory
	files   *blob.Dir // nil in memory: everything is inline
	wake    *hub
	logged  *bell // rings when something was added to the results log

	random sync.Mutex // guards opt.Random

	leaseMu sync.Mutex
	leases  map[int64]string // guarded by leaseMu: who syncs a pair

	closing sync.Once
}

// Open opens the store in folder dir, creating it where there is none. The caller makes sure that no other process
// has it open (package datadir). Errors: TooNew, Unreadable for a damaged file, Denied, Full.
func Open(dir string, opt Options) (*store.Store, error) {
	d := newDB(filepath.Join(dir, FileName), opt)
	files, err := blob.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		return nil, d.fault("open store", err)
	}
	d.files = files
	if err := d.openFile(context.Background()); err != nil {
		d.Close()
		return nil, err
	}
	return d.store(), nil
}

// OpenMemory makes an empty store that lives in memory until it is closed. It is made for tests and simulations: it
// costs about a millisecond, and keeps every other promise but durability.
func OpenMemory(opt Options) (*store.Store, error) {
	d := newDB("memory", opt)
	if err := d.openMemory(context.Background()); err != nil {
		d.Close()
		return nil, err
	}
	return d.store(), nil
}

func newDB(name string, opt Options) *db {
	if opt.Now == nil {
		opt.Now = func() int64 { return time.Now().Unix() }
	}
	if opt.Random == nil {
		opt.Random = rand.Reader
	}
	if opt.Boot == "" {
		opt.Boot = boot.ID()
	}
	if opt.Grace == 0 {
		opt.Grace = 24 * time.Hour
	}
	if opt.Readers <= 0 {
		opt.Readers = 4
	}
	return &db{name: name, opt: opt, wake: newHub(), logged: newBell(), leases: map[int64]string{}}
}

func (d *db) store() *store.Store {
	return &store.Store{
		Accounts:  accounts{d},
		Home:      home{d},
		Lookup:    lookup{d},
		Listing:   lookup{d},
		Logins:    logins{d},
		Devices:   devices{d},
		Shares:    shares{d},
		Props:     properties{d},
		Locks:     locks{d},
		Visits:    visits{d},
		Factors:   factors{d},
		Texts:     texts{d},
		Queue:     queue{d},
		Secrets:   secrets{d},
		Bases:     bases{d},
		Blobs:     blobs{d},
		History:   history{d},
		Conflicts: conflicts{d},
		Events:    events{d},
		Results:   results{d},
		Settings:  settings{d},
		Counts:    figures{d},
		Mending:   mending{d},
		Notices:   notices{d},
		Hooks:     hooks{d},
		Reported:  reported{d},
		Closer:    d,
	}
}

// Close ends all subscriptions and closes the database. It waits for writes under way.
func (d *db) Close() error {
	var err error
	d.closing.Do(func() {
		d.wake.close()
		d.logged.close()
		err = d.closeSQL()
	})
	return err
}

// token returns a fresh random name of 128 bits.
func (d *db) token() (string, error) {
	var b [16]byte
	d.random.Lock()
	defer d.random.Unlock()
	if _, err := io.ReadFull(d.opt.Random, b[:]); err != nil {
		return "", &tandem.Error{Op: "draw random number", Err: err}
	}
	return hex.EncodeToString(b[:]), nil
}
