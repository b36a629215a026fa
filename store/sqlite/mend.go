package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tandem"
	"tandem/store"
)

type mending struct{ *db }

var _ store.Mending = mending{}

// orphans are rows whose other end is gone. A store that is whole has none: its foreign keys see to it. They come from copies and repairs by other programs, and from faults of the disk.
var orphans = [...]struct{ sort, text, table, where string }{
	{"base", "pages of the base of a pair that is gone; they are removed", "base", "pair NOT IN (SELECT id FROM pair)"},
	{"device state", "what a device was told, of one that is gone; it is removed", "state", "device NOT IN (SELECT number FROM device)"},
	{"setting", "shares of a collection or with a user that is gone; they are removed", "share", "collection NOT IN (SELECT id FROM collection) OR grantee NOT IN (SELECT name FROM user)"},
	{"setting", "properties in a collection that is gone; they are removed", "property", "collection NOT IN (SELECT id FROM collection)"},
	{"setting", "locks in a collection or of a user that is gone; they are removed", "lock", "collection NOT IN (SELECT id FROM collection) OR holder NOT IN (SELECT name FROM user)"},
	{"setting", "visits of a user who is gone; they are removed", "visit", "owner NOT IN (SELECT name FROM user)"},
	{"setting", "log-ins of a user who is gone; they are removed", "login", "owner NOT IN (SELECT name FROM user)"},
	{"history", "marks of versions that history has no longer; they are removed", "version", "past NOT IN (SELECT id FROM past)"},
	{"index", "words of records that are gone; they are removed", "word", "record NOT IN (SELECT row FROM record WHERE deleted = 0)"},
	{"index", "sketches of records that are gone; they are removed", "sketch", "row NOT IN (SELECT row FROM record WHERE deleted = 0)"},
}

// Mend implements store.Mending.
func (d mending) Mend(ctx context.Context, before int64, do bool) ([]store.Dangling, error) {
	m := &mender{db: d.db, before: before, do: do}
	in := d.read
	if do {
		in = d.write
	}
	err := in(ctx, "mend store", func(c *conn) error {
		m.found = nil
		for _, part := range []func(*conn) error{m.items, m.conflicts, m.orphans, m.tombstones} {
			if err := part(c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, d.basePage(err)
	}
	return m.found, m.bodies(ctx) // last: what was removed may have been all that named them
}

type mender struct {
	*db
	before int64
	do     bool
	found  []store.Dangling
}

func (m *mender) add(sort, thing, text string, n int) {
	m.found = append(m.found, store.Dangling{Sort: sort, Thing: thing, Text: text, Count: n})
}

// items finds sync items whose partner or collection is gone. They cannot run, and hold nothing but settings.
func (m *mender) items(c *conn) error {
	const where = " FROM item WHERE partner NOT IN (SELECT name FROM partner) OR collection NOT IN (SELECT id FROM collection)"
	var names []string
	err := c.each(func(s scanner) error {
		var name, partner, rules string
		err := s.Scan(&name, &partner, &rules)
		m.add("item", name, fmt.Sprintf("it names the partner %s or a collection that is gone; it is removed, records stay where they are (its rules were %s)", partner, rules), 1)
		names = append(names, name)
		return err
	}, "SELECT name, partner, rules"+where)
	if err != nil || !m.do {
		return err
	}
	for _, n := range names {
		if _, err := c.exec("DELETE FROM item WHERE name = ?", n); err != nil {
			return err
		}
	}
	return nil
}

// conflicts finds those whose pair is gone. Their versions go to history before they do.
func (m *mender) conflicts(c *conn) error {
	var list []store.Conflict
	err := c.each(func(s scanner) error {
		f, err := scanConflict(s)
		list = append(list, f)
		return err
	}, "SELECT "+conflictColumns+" FROM conflict WHERE pair NOT IN (SELECT id FROM pair)")
	if err != nil {
		return err
	}
	for _, f := range list {
		m.add("conflict", fmt.Sprint(f.ID), "its pair is gone; its versions go to history, and it is removed", 1)
		if !m.do {
			continue
		}
		for _, v := range f.Versions {
			if v.Deleted || v.Body.IsZero() {
				continue
			}
			p := store.Past{When: m.opt.Now(), Place: v.Place, Kind: f.Kind, Record: v.ID, Op: tandem.Delete, Who: "repair", From: "a conflict whose pair is gone", Title: v.Title,
				Attrs: v.Attrs, Digest: v.Digest, Body: v.Body}
			if _, err := insertPast(c, &p); err != nil {
				return err
			}
		}
		if _, err := c.exec("DELETE FROM conflict WHERE id = ?", f.ID); err != nil {
			return err
		}
	}
	return nil
}

func (m *mender) orphans(c *conn) error {
	for _, o := range orphans {
		var n int
		if err := c.row("SELECT count(*) FROM " + o.table + " WHERE " + o.where).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		m.add(o.sort, "", o.text, n)
		if m.do {
			if _, err := c.exec("DELETE FROM " + o.table + " WHERE " + o.where); err != nil {
				return err
			}
		}
	}
	return nil
}

// tombstones finds those that are kept no longer, as History.Purge forgets them.
func (m *mender) tombstones(c *conn) error {
	var n int
	if err := c.row("SELECT count(*) FROM record WHERE deleted = 1 AND at < ?", m.before).Scan(&n); err != nil || n == 0 {
		return err
	}
	m.add("tombstone", "", "deletions that are older than history is kept; they are forgotten, and who was last here before them looks at everything", n)
	if !m.do {
		return nil
	}
	for _, q := range []string{
		`UPDATE collection SET floor = max(floor, ifnull((SELECT max(seq) FROM record WHERE collection = collection.id AND deleted = 1 AND at < ?), 0))`,
		"DELETE FROM record WHERE deleted = 1 AND at < ?",
	} {
		if _, err := c.exec(q, m.before); err != nil {
			return err
		}
	}
	return nil
}

// bodies finds those that nothing names. What was put lately stays: somebody may be about to name it.
func (m *mender) bodies(ctx context.Context) error {
	limit := m.opt.Now() - int64(m.opt.Grace/time.Second)
	var refs map[tandem.Digest]bool
	n, bytes := 0, int64(0)
	err := m.read(ctx, "mend store", func(c *conn) (err error) {
		if refs, err = references(c); err != nil {
			return err
		}
		return c.each(func(s scanner) error {
			var sum []byte
			var size int64
			err := s.Scan(&sum, &size)
			if !refs[toDigest(sum)] {
				n, bytes = n+1, bytes+size
			}
			return err
		}, "SELECT sum, length(data) FROM blob WHERE at < ?", limit)
	})
	if errors.Is(err, errPage) {
		return nil // a damaged page may name any of them; Check tells of it
	}
	if err != nil {
		return err
	}
	if m.files != nil {
		files, size, err := m.files.Unwanted(ctx, time.Unix(limit, 0), func(sum tandem.Digest) bool { return refs[sum] })
		if err != nil {
			return m.fault("mend store", err)
		}
		n, bytes = n+files, bytes+size
	}
	if n == 0 {
		return nil
	}
	m.found = append(m.found, store.Dangling{Sort: "body", Text: "bodies and unfinished files that nothing names; they are removed", Count: n, Bytes: bytes})
	if !m.do {
		return nil
	}
	_, err = blobs{m.db}.Sweep(ctx)
	return err
}
