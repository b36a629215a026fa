package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"tandem"
	"tandem/store"
)

type history struct{ *db }

var _ store.History = history{}

const pastColumns = "id, at, session, pair, collection, place, kind, record, op, who, origin, title, attrs, digest, body, parked, after"

func scanPast(s scanner) (p store.Past, err error) {
	var digest, body []byte
	err = s.Scan(&p.ID, &p.When, &p.Session, &p.Pair, &p.Collection, &p.Place, &p.Kind, &p.Record, &p.Op, &p.Who, &p.From, &p.Title, &p.Attrs,
		&digest, &body, &p.Parked, &p.After)
	p.Digest, p.Body = toDigest(digest), toDigest(body)
	return p, err
}

func insertPast(c *conn, p *store.Past) (int64, error) {
	res, err := c.exec(`INSERT INTO past (at, session, pair, collection, place, kind, record, op, who, origin, title, attrs, digest, body, parked, after)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, p.When, p.Session, p.Pair, p.Collection, p.Place, string(p.Kind), string(p.Record),
		int64(p.Op), p.Who, p.From, p.Title, string(p.Attrs), ofDigest(p.Digest), ofDigest(p.Body), p.Parked, string(p.After))
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// Past implements store.History.
func (h history) Past(ctx context.Context, id int64) (p store.Past, err error) {
	err = h.read(ctx, "read history", func(c *conn) (err error) {
		p, err = scanPast(c.row("SELECT "+pastColumns+" FROM past WHERE id = ?", id))
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("read history", strconv.FormatInt(id, 10))
		}
		return err
	})
	return p, err
}

// List implements store.History.
func (h history) List(ctx context.Context, f store.PastFilter) (list []store.Past, err error) {
	// A run that keeps its own entry of what a home collection has parked leaves two entries of one version.
	where, args := []string{`NOT EXISTS (SELECT 1 FROM past AS other WHERE other.record = past.record AND other.parked = CAST(past.id AS TEXT)
		AND other.place = past.place AND past.collection <> 0)`}, []any{}
	add := func(cond string, values ...any) {
		where = append(where, cond)
		args = append(args, values...)
	}
	if f.Session != 0 {
		add("session = ?", f.Session)
	}
	if f.Record != "" {
		add("record = ?", string(f.Record))
	}
	if f.Place != "" {
		add("place = ?", f.Place)
	}
	if f.Text != "" {
		like := likePart(f.Text)
		add(`(title LIKE ? ESCAPE '\' OR record LIKE ? ESCAPE '\')`, like, like)
	}
	if f.Before != 0 {
		add("id < ?", f.Before)
	}
	if f.Of != nil { // as JSON lists: SQLite bounds how many parameters a statement has
		add(`(collection IN (SELECT value FROM json_each(?)) OR collection = 0 AND pair IN (SELECT value FROM json_each(?)))`, numbers(f.Of.Collections), numbers(f.Of.Pairs))
	}
	query := "SELECT " + pastColumns + " FROM past WHERE " + strings.Join(where, " AND ") + " ORDER BY id DESC LIMIT ?"
	err = h.read(ctx, "list history", func(c *conn) error {
		return c.each(func(s scanner) error {
			p, err := scanPast(s)
			list = append(list, p)
			return err
		}, query, append(args, limitOf(f.Limit))...)
	})
	return list, err
}

// numbers is a JSON list.
func numbers(list []int64) string {
	out := []byte{'['}
	for i, n := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendInt(out, n, 10)
	}
	return string(append(out, ']'))
}

// likePart is the LIKE pattern for text anywhere.
func likePart(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
}

// limitOf turns "0: all" into SQL's word for it.
func limitOf(n int) int {
	if n <= 0 {
		return -1
	}
	return n
}

// Purge implements store.History. It also forgets the tombstones of that age, after which older cursors are Gone, and what
// became of creates of that age.
func (h history) Purge(ctx context.Context, before int64) (n int, err error) {
	err = h.write(ctx, "purge history", func(c *conn) error {
		res, err := c.exec("DELETE FROM past WHERE at < ?", before)
		if err != nil {
			return err
		}
		count, err := res.RowsAffected()
		if err != nil {
			return err
		}
		n = int(count)
		for _, q := range []string{
			`UPDATE collection SET floor = max(floor, ifnull((SELECT max(seq) FROM record
				WHERE collection = collection.id AND deleted = 1 AND at < ?), 0))`,
			"DELETE FROM record WHERE deleted = 1 AND at < ?",
			"DELETE FROM marker WHERE at < ?",
			"DELETE FROM outgoing WHERE state <> 'waiting' AND added < ?",
		} {
			if _, err := c.exec(q, before); err != nil {
				return err
			}
		}
		if n == 0 {
			return nil
		}
		_, err = c.exec("DELETE FROM version WHERE past NOT IN (SELECT id FROM past)")
		return err
	})
	return n, err
}

// queryClaim finds what a record of the collection was before, as the table of versions has it: that leaves out what was kept because it was refused.
const queryClaim = `SELECT p.id FROM past AS p WHERE p.at >= ? AND p.at <= ? AND +p.session = 0 AND p.collection = ? AND lower(p.who) = lower(?) AND p.origin = ? AND EXISTS (SELECT 1 FROM record AS r
	JOIN version AS v ON v.number = r.row AND v.past = p.id WHERE r.collection = p.collection AND r.id = p.record)`

// Claim implements store.History.
func (h history) Claim(ctx context.Context, session int64, f store.Claim) (n int, err error) {
	err = h.write(ctx, "note what a run overwrote", func(c *conn) error {
		res, err := c.exec("UPDATE past SET session = ? WHERE id IN ("+queryClaim+")", session, f.Since, f.Until, f.Collection, f.User, f.Via)
		if err != nil {
			return err
		}
		count, err := res.RowsAffected()
		n = int(count)
		return err
	})
	return n, err
}

// Keep implements store.History.
func (h history) Keep(ctx context.Context, p store.Past) (id int64, err error) {
	err = h.write(ctx, "keep version", func(c *conn) (err error) {
		if p.Collection != 0 {
			col, err := collectionByID(c, p.Collection)
			if err != nil {
				return err
			}
			p.Place, p.Kind = homePlace(col.Name, col.Kind), col.Kind
		}
		id, err = insertPast(c, &p)
		return err
	})
	return id, err
}

// homePlace is the place of a home collection, as history names it.
func homePlace(name string, kind tandem.Kind) string { return "home:" + name + "?kind=" + string(kind) }
