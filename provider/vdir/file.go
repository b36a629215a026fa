package vdir

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"tandem"
	"tandem/wire/ical"
)

// file is one file as it was read at one moment.
type file struct {
	name    string
	path    string
	asOf    clock // from before it was looked at
	print   print
	data    []byte
	outline *outline
	records []record
	err     error // why there are no records: NotFound, or Unreadable
}

// record is one record of a file.
type record struct {
	key   string // in a file with several; "": the whole file is the record
	kind  tandem.Kind
	uid   string
	parts []int // of the outline
	at    int   // iCalendar: the VCALENDAR its first part is in
	body  []byte
}

var (
	errFolder  = errors.New("it is a folder, not a file")
	errIrregul = errors.New("it is not a regular file")
	errWriting = errors.New("it is being written to")
	errDead    = errors.New("it is a link to something that is not there")
)

// read reads a file and tells its records apart.
func (r *Replica) read(name string) *file {
	d, err := openDir(r.path)
	if err != nil {
		path := filepath.Join(r.path, name)
		if errors.Is(err, fs.ErrNotExist) {
			return &file{name: name, path: path, err: notThere(tandem.ID(name))}
		}
		return &file{name: name, path: path, err: unreadable(path, cause(err), "check that you may read it")}
	}
	defer d.close()
	return r.readInto(d, name, nil)
}

// readInto is read in an open folder, into a buffer that the caller may use again once done with the file.
func (r *Replica) readInto(d *dir, name string, buf []byte) *file {
	f := &file{name: name, path: d.join(name)}
	if f.err = f.load(r, d, buf); f.err != nil {
		return f
	}
	var err error
	if f.outline, err = outlineOf(f.data); err == nil {
		err = f.outline.fits(extOf(name))
	}
	if err == nil {
		err = f.tellApart()
	}
	if err != nil {
		f.err = torn(f.path, err)
	}
	return f
}

func unreadable(path string, err error, remedy string) error {
	return &tandem.Error{Kind: tandem.Unreadable, Op: "read", Thing: path, Err: err, Remedy: remedy}
}

// load reads the bytes, making sure that they are those of one moment.
func (f *file) load(r *Replica, d *dir, buf []byte) error {
	for range 3 {
		f.asOf = r.clock()
		// Asked before opening: opening some things that are no files does something to them.
		before, err := d.stat(f.name)
		if errors.Is(err, fs.ErrNotExist) {
			if _, err := os.Lstat(f.path); err == nil {
				return unreadable(f.path, errDead, "mend or remove the link")
			}
			return notThere(tandem.ID(f.name))
		}
		if err != nil {
			return unreadable(f.path, cause(err), "check that you may read it")
		}
		switch {
		case before.mode.IsDir():
			return unreadable(f.path, errFolder, "move it elsewhere or rename it")
		case !before.mode.IsRegular():
			return unreadable(f.path, errIrregul, "move it elsewhere")
		case before.size > maxSize:
			return &tandem.Error{Kind: tandem.TooLarge, Op: "read", Thing: f.path, Err: fmt.Errorf("it has %d bytes", before.size),
				Remedy: fmt.Sprintf("split it; files of up to %d bytes are read", maxSize)}
		}
		data, after, err := d.read(f.name, buf, before.size)
		if errors.Is(err, fs.ErrNotExist) {
			return notThere(tandem.ID(f.name))
		}
		if err != nil {
			remedy := "check the disk"
			if errors.Is(err, fs.ErrPermission) {
				remedy = "check that you may read it"
			}
			return unreadable(f.path, cause(err), remedy)
		}
		if after == before && int64(len(data)) == before.size {
			f.data, f.print = data, r.ofOurs(after).print
			return nil
		}
	}
	return &tandem.Error{Kind: tandem.Unreadable, Op: "read", Thing: f.path, Err: errWriting, Remedy: "the next run reads it"}
}

// tellApart finds the records of a file and their bodies.
func (f *file) tellApart() error {
	type identity struct {
		kind tandem.Kind
		uid  string
	}
	seen := map[identity]int{}
	for i, p := range f.outline.parts {
		kind := kindOf(p.name)
		if kind == "" || (kind == tandem.Contact) != (p.in < 0) {
			continue
		}
		id := identity{kind, p.uid}
		// Cards are records each; the components of an event are those with its UID.
		if at, there := seen[id]; there && p.uid != "" && kind != tandem.Contact {
			f.records[at].parts = append(f.records[at].parts, i)
			continue
		}
		seen[id] = len(f.records)
		f.records = append(f.records, record{kind: kind, uid: p.uid, parts: []int{i}, at: p.in})
	}
	switch {
	case len(f.records) == 1:
		f.records[0].body = f.data
	case len(f.records) > 1:
		if err := f.cutBodies(); err != nil {
			return err
		}
		f.nameKeys()
	}
	return nil
}

// cutBodies gives each record of a file with several its own body: its card, or a calendar object of its own.
func (f *file) cutBodies() error {
	if f.records[0].kind == tandem.Contact {
		for i := range f.records {
			rec := &f.records[i]
			rec.body = ended(f.outline.parts[rec.parts[0]].at.of(f.data))
		}
		return nil
	}
	entries, err := ical.Split(f.data)
	if err != nil {
		return err
	}
	if len(entries) != len(f.records) {
		return fmt.Errorf("its components cannot be told apart: %d or %d records", len(entries), len(f.records))
	}
	for i := range f.records {
		f.records[i].uid, f.records[i].body = entries[i].UID, entries[i].Body
	}
	return nil
}

// nameKeys gives the records of a file with several their keys: the UID where it names one record, with the kind where
// records of several kinds share it, with a part of the content's hash where that is not enough or there is no UID.
func (f *file) nameKeys() {
	type identity struct {
		kind tandem.Kind
		uid  string
	}
	byUID, byKind := map[string]int{}, map[identity]int{}
	for _, rec := range f.records {
		byUID[rec.uid]++
		byKind[identity{rec.kind, rec.uid}]++
	}
	taken := map[string]bool{}
	for i := range f.records {
		rec := &f.records[i]
		rec.key = rec.uid
		switch {
		case rec.uid != "" && byUID[rec.uid] == 1:
		case rec.uid != "" && byKind[identity{rec.kind, rec.uid}] == 1:
			rec.key += "~" + string(rec.kind)
		default:
			rec.key += "~" + contentHash(rec.body)[:12]
		}
		for base, n := rec.key, 2; taken[rec.key]; n++ {
			rec.key = base + "~" + strconv.Itoa(n)
		}
		taken[rec.key] = true
	}
}

func contentHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// find returns the record of a key.
func (f *file) find(key string) *record {
	for i := range f.records {
		if f.records[i].key == key {
			return &f.records[i]
		}
	}
	return nil
}

// id of a record.
func (f *file) id(rec *record) tandem.ID {
	if rec.key == "" {
		return tandem.ID(f.name)
	}
	return within(f.name, rec.key)
}

// meta is what a listing shows of a record.
func (f *file) meta(rec *record) tandem.Meta {
	m := tandem.Meta{UID: rec.uid, Modified: f.print.mtime}
	if rec.key == "" {
		m.Version, m.Size, m.Node = f.print.version(f.asOf), int64(len(f.data)), f.print.node()
		return m
	}
	m.Version, m.Size = versionOfPart(rec.body), int64(len(rec.body))
	return m
}

// versionOfPart is the version of a record in a file with several: its content.
func versionOfPart(body []byte) tandem.Version { return tandem.Version("content-" + contentHash(body)) }

// ended makes sure that a component that ended with the file, without a line break, has one.
func ended(data []byte) []byte {
	if len(data) == 0 || data[len(data)-1] == '\n' {
		return data[:len(data):len(data)]
	}
	return append(data[:len(data):len(data)], lineEnd(data)...)
}

// lineEnd is the line ending a text uses.
func lineEnd(data []byte) []byte {
	if i := bytes.IndexByte(data, '\n'); i >= 0 && (i == 0 || data[i-1] != '\r') {
		return []byte("\n")
	}
	return []byte("\r\n")
}

// inScope tells whether a record is of the replica's kind, else why not.
func (r *Replica) inScope(rec *record) error {
	if r.kind == "" || rec.kind == r.kind {
		return nil
	}
	return fmt.Errorf("it is %s, and the folder is opened for kind %s", article(rec.kind), r.kind)
}

// fetched is a record of a file as Fetch yields it.
func (r *Replica) fetched(f *file, key string) (tandem.Record, error) {
	if f.err != nil {
		return tandem.Record{}, f.err
	}
	rec := f.find(key)
	if rec == nil {
		if key == "" && len(f.records) > 1 {
			return tandem.Record{}, &tandem.Error{Kind: tandem.Changed, Op: "read", Thing: f.path, Err: errors.New("it holds several records now")}
		}
		if key == "" {
			return tandem.Record{}, unreadable(f.path, errors.New("it holds no record"), "remove it, or move it elsewhere")
		}
		return tandem.Record{}, notThere(within(f.name, key))
	}
	if err := r.inScope(rec); err != nil {
		return tandem.Record{}, unreadable(f.path, err, "open the folder with another kind for it")
	}
	return tandem.Record{Meta: f.meta(rec), Body: tandem.Bytes(rec.body)}, nil
}
