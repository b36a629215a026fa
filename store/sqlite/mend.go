package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"tandem"
	"tandem/store"
)

type mending struct{ *db }

var _ store.Mending = mending{}

// orphan is a sort of rows whose other end is gone.
type orphan struct {
	sort, text, table, where string
	name                     string // the column that names one, "" where none does
	with                     string // what goes with such a row, as a statement that is made before
}

// orphans are rows whose other end is gone. A store that is whole has none: its foreign keys see to it. They come from copies and repairs by other programs, and from faults of the disk.
func orphans() []orphan {
	const noUser, noCollection = "owner NOT IN (SELECT name FROM user)", "collection NOT IN (SELECT id FROM collection)"
	const noHook, noText = "owner <> '' AND " + noUser, "row NOT IN (SELECT row FROM record WHERE deleted = 0)"
	return []orphan{
		{sort: "base", text: "pages of the base of a pair that is gone; they are removed", table: "base", where: "pair NOT IN (SELECT id FROM pair)"},
		{sort: "device", text: "devices of a user who is gone; they are removed, and are new when they come again", table: "device", where: noUser, name: "id", with: "DELETE FROM state WHERE device IN (SELECT number FROM device WHERE " + noUser + ")"},
		{sort: "device state", text: "what a device was told, of one that is gone; it is removed", table: "state", where: "device NOT IN (SELECT number FROM device)"},
		{sort: "setting", text: "shares of a collection or with a user that is gone; they are removed", table: "share", where: noCollection + " OR grantee NOT IN (SELECT name FROM user)"},
		{sort: "setting", text: "properties in a collection that is gone; they are removed", table: "property", where: noCollection},
		{sort: "setting", text: "locks in a collection or of a user that is gone; they are removed", table: "lock", where: noCollection + " OR holder NOT IN (SELECT name FROM user)"},
		{sort: "setting", text: "visits of a user who is gone; they are removed", table: "visit", where: noUser},
		{sort: "setting", text: "log-ins of a user who is gone; they are removed", table: "login", where: noUser},
		{sort: "setting", text: "passkeys and codes of a user who is gone; they are removed", table: "factor", where: noUser},
		{sort: "setting", text: "browsers that are told, of a user who is gone; they are removed", table: "push", where: noUser},
		{sort: "setting", text: "notices for a user who is gone; they are removed", table: "notice", where: noUser},
		{sort: "setting", text: "webhooks of a user who is gone; they are removed", table: "webhook", where: noHook, name: "url", with: "DELETE FROM delivery WHERE webhook IN (SELECT id FROM webhook WHERE " + noHook + ")"},
		{sort: "setting", text: "deliveries of a webhook that is gone; they are removed", table: "delivery", where: "webhook NOT IN (SELECT id FROM webhook)"},
		{sort: "conflict", text: "conflicts that a program reported for a user who is gone; they are removed", table: "reported", where: noHook, name: "title", with: "DELETE FROM reported_body WHERE conflict IN (SELECT id FROM reported WHERE " + noHook + ")"},
		{sort: "conflict", text: "versions of a program's conflict that is gone; they are removed", table: "reported_body", where: "conflict NOT IN (SELECT id FROM reported)"},
		{sort: "setting", text: "marks of creates in a collection that is gone; they are removed", table: "marker", where: noCollection},
		{sort: "history", text: "marks of versions that history has no longer; they are removed", table: "version", where: "past NOT IN (SELECT id FROM past)"},
		{sort: "index", text: "words of records that are gone; they are removed", table: "word", where: "record NOT IN (SELECT row FROM record WHERE deleted = 0)"},
		{sort: "index", text: "words of texts of records that are gone; they are removed", table: "texted", where: noText, with: "DELETE FROM fulltext WHERE rowid IN (SELECT row FROM texted WHERE " + noText + ")"},
		{sort: "index", text: "sketches of records that are gone; they are removed", table: "sketch", where: noText},
	}
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
		for _, part := range []func(*conn) error{m.owners, m.items, m.conflicts, m.collections, m.messages, m.orphans, m.locks, m.tombstones, m.lostBodies} {
			if err := part(c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, d.basePage(err)
	}
	if err := m.rows(ctx); err != nil {
		return nil, err
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
		for _, p := range m.kept(f, "a conflict whose pair is gone") {
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

// owners finds users who are gone while collections of theirs are there. They come back without any way to log in: what is in the collections is not lost for that.
func (m *mender) owners(c *conn) error {
	const who = "SELECT DISTINCT owner FROM collection WHERE owner NOT IN (SELECT name FROM user) ORDER BY owner"
	err := c.each(func(s scanner) error {
		var name string
		err := s.Scan(&name)
		m.add("user", name, "a user who is gone, and whose collections are there; the user is there again, and logs in with a new password (`tandem user password "+name+"`)", 1)
		return err
	}, who)
	if err != nil || !m.do {
		return err
	}
	if _, err := c.exec("INSERT INTO user (name, title) SELECT DISTINCT owner, '' FROM collection WHERE owner NOT IN (SELECT name FROM user)"); err != nil {
		return err
	}
	return nil
}

// collections finds records of collections that are gone, which go to history, and partners of users who are, which become the hub's as when a user is removed.
func (m *mender) collections(c *conn) error {
	var n, partners int
	if err := c.row("SELECT count(*) FROM record WHERE collection NOT IN (SELECT id FROM collection)").Scan(&n); err != nil {
		return err
	}
	if err := c.row("SELECT count(*) FROM partner WHERE owner <> '' AND owner NOT IN (SELECT name FROM user)").Scan(&partners); err != nil {
		return err
	}
	var run []string
	if n > 0 {
		m.add("record", "", "records of a collection that is gone; they go to history", n)
		run = append(run, `INSERT INTO past (at, session, pair, collection, place, kind, record, op, who, origin, title, attrs, digest, body, parked, after)
			SELECT `+strconv.FormatInt(m.opt.Now(), 10)+`, 0, 0, collection, 'home', ifnull((SELECT max(kind) FROM past WHERE collection = record.collection), ''), id, `+strconv.Itoa(int(tandem.Delete))+`, 'repair', 'a collection that is gone', title, attrs,
				digest, body, '', '' FROM record WHERE deleted = 0 AND collection NOT IN (SELECT id FROM collection)`,
			"DELETE FROM record WHERE collection NOT IN (SELECT id FROM collection)")
	}
	if partners > 0 {
		m.add("partner", "", "partners of a user who is gone; they belong to the hub from now on", partners)
		run = append(run, "UPDATE partner SET owner = '' WHERE owner <> '' AND owner NOT IN (SELECT name FROM user)")
	}
	for i := 0; m.do && i < len(run); i++ {
		if _, err := c.exec(run[i]); err != nil {
			return err
		}
	}
	return nil
}

// messages finds what users who are gone were sending. It goes to history.
func (m *mender) messages(c *conn) error {
	const which = " FROM outgoing WHERE owner NOT IN (SELECT name FROM user)"
	var n int
	if err := c.row("SELECT count(*)" + which).Scan(&n); err != nil || n == 0 {
		return err
	}
	m.add("message", "", "messages on their way out, of a user who is gone; they are not sent, and go to history", n)
	if !m.do {
		return nil
	}
	_, err := c.exec(`INSERT INTO past (at, session, pair, collection, place, kind, record, op, who, origin, title, attrs, digest, body, parked, after)
		SELECT ?, 0, 0, 0, 'outgoing', ?, key, ?, 'repair', 'a user who is gone', 'to ' || recipients, '', NULL, body, '', ''`+which, m.opt.Now(), string(tandem.Mail), int64(tandem.Delete))
	if err == nil {
		_, err = c.exec("DELETE" + which)
	}
	return err
}

// lockGrace is how long, in seconds, a lock that is over may stay until somebody takes the next one.
const lockGrace = 24 * 60 * 60

// locks finds those that ended long ago, of programs that never came back.
func (m *mender) locks(c *conn) error {
	var n int
	limit := m.opt.Now() - lockGrace
	if err := c.row("SELECT count(*) FROM lock WHERE until < ?", limit).Scan(&n); err != nil || n == 0 {
		return err
	}
	m.add("lock", "", "locks that ended, of programs that never gave them back; they are removed", n)
	if !m.do {
		return nil
	}
	_, err := c.exec("DELETE FROM lock WHERE until < ?", limit)
	return err
}

func (m *mender) orphans(c *conn) error {
	for _, o := range orphans() {
		var n int
		if err := c.row("SELECT count(*) FROM " + o.table + " WHERE " + o.where).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		names, err := o.names(c)
		if err != nil {
			return err
		}
		m.add(o.sort, names, o.text, n)
		for _, q := range []string{o.with, "DELETE FROM " + o.table + " WHERE " + o.where} {
			if !m.do || q == "" {
				continue
			}
			if _, err := c.exec(q); err != nil {
				return err
			}
		}
	}
	return nil
}

// names are what the rows are called.
func (o orphan) names(c *conn) (string, error) {
	if o.name == "" {
		return "", nil
	}
	var list []string
	err := c.each(func(s scanner) error {
		var name string
		err := s.Scan(&name)
		list = append(list, name)
		return err
	}, "SELECT "+o.name+" FROM "+o.table+" WHERE "+o.where)
	return named(list), err
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
