package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"strconv"

	"tandem"
	"tandem/store"
)

type bases struct{ *db }

var _ store.Bases = bases{}

const pairColumns = "id, key, a_store, a_epoch, b_store, b_epoch, a_cursor, b_cursor, scope, rows, boot, last"

func scanPair(s scanner) (p store.Pair, err error) {
	err = s.Scan(&p.ID, &p.Key, &p.Identities[0].Store, &p.Identities[0].Epoch, &p.Identities[1].Store, &p.Identities[1].Epoch,
		&p.Cursors[0], &p.Cursors[1], &p.Scope, &p.Rows, &p.Boot, &p.Last)
	return p, err
}

// Open implements store.Bases.
func (b bases) Open(ctx context.Context, key string) (p store.Pair, err error) {
	const get = "SELECT " + pairColumns + " FROM pair WHERE key = ?"
	err = b.read(ctx, "open base", func(c *conn) (err error) {
		p, err = scanPair(c.row(get, key))
		return err
	})
	if !errors.Is(err, sql.ErrNoRows) {
		return p, err
	}
	err = b.write(ctx, "open base", func(c *conn) error {
		if _, err := c.exec("INSERT INTO pair (key, boot) VALUES (?, ?) ON CONFLICT DO NOTHING", key, b.opt.Boot); err != nil {
			return err
		}
		p, err = scanPair(c.row(get, key))
		return err
	})
	return p, err
}

// Pairs implements store.Bases.
func (b bases) Pairs(ctx context.Context) (list []store.Pair, err error) {
	err = b.read(ctx, "list bases", func(c *conn) error {
		return c.each(func(s scanner) error {
			p, err := scanPair(s)
			list = append(list, p)
			return err
		}, "SELECT "+pairColumns+" FROM pair ORDER BY id")
	})
	return list, err
}

// durableTo is the commit up to which the rows of a pair are backed by durable data.
func durableTo(c *conn, pair int64) (n int64, err error) {
	err = c.row("SELECT durable FROM pair WHERE id = ?", pair).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, notFound("read base", strconv.FormatInt(pair, 10))
	}
	return n, err
}

// scanPages is how many pages Rows reads at a time, some 500 KB.
const scanPages = 32

// Rows implements store.Bases. Rows that are committed while the sequence runs may or may not be in it.
func (b bases) Rows(ctx context.Context, pair int64) iter.Seq2[tandem.Row, error] {
	return func(yield func(tandem.Row, error) bool) {
		var rows []tandem.Row // grows with the base: most are small
		for next := int64(0); ; {
			rows = rows[:0]
			pages := 0
			err := b.read(ctx, "read base", func(c *conn) error {
				durable, err := durableTo(c, pair)
				if err != nil {
					return err
				}
				return c.each(func(s scanner) error {
					pages++
					var page int64
					rows, page, err = scanPage(s, rows, durable)
					next = page + 1
					return err
				}, "SELECT page, data FROM base WHERE pair = ? AND page >= ? ORDER BY page LIMIT ?", pair, next, scanPages)
			})
			if err != nil {
				yield(tandem.Row{}, b.basePage(err))
				return
			}
			for i := range rows {
				if !yield(rows[i], nil) {
					return
				}
			}
			if pages < scanPages {
				return
			}
		}
	}
}

// scanPage appends the rows of the page under s, which holds page and data.
func scanPage(s scanner, rows []tandem.Row, durable int64) ([]tandem.Row, int64, error) {
	var page int64
	var data sql.RawBytes
	rs, ok := s.(*sql.Rows)
	if !ok {
		return rows, 0, fmt.Errorf("scan page: not a query of many rows")
	}
	if err := rs.Scan(&page, &data); err != nil {
		return rows, 0, err
	}
	err := decodePage(data, func(slot int, row string) error {
		r := tandem.Row{Link: page*pageRows + int64(slot)}
		if err := decodeRow(row, durable, &r); err != nil {
			return err
		}
		rows = append(rows, r)
		return nil
	})
	return rows, page, err
}

// basePage gives a damaged page its kind and remedy.
func (d *db) basePage(err error) error {
	if errors.Is(err, errPage) {
		return &tandem.Error{Kind: tandem.Unreadable, Op: "read base", Thing: d.name, Err: err, Remedy: remedyDamaged}
	}
	return err
}

// RowsOf implements store.Bases.
func (b bases) RowsOf(ctx context.Context, pair int64, side tandem.Side, ids []tandem.ID) ([]tandem.Row, error) {
	wanted := make(map[tandem.ID]bool, len(ids))
	hashes := make(map[uint32]bool, len(ids))
	for _, id := range ids {
		if id != "" {
			wanted[id] = true
			hashes[hashID(id)] = true
		}
	}
	return b.some(ctx, pair, func(r *tandem.Row) bool { return wanted[r.Side(side).ID] }, func(s *sql.Rows) (page int64, hit bool, err error) {
		var keys sql.RawBytes
		if err := s.Scan(&page, &keys); err != nil {
			return 0, false, err
		}
		for ; len(keys) >= 4 && !hit; keys = keys[4:] {
			hit = hashes[binary.LittleEndian.Uint32(keys)]
		}
		return page, hit, nil
	}, "SELECT page, keys FROM base WHERE pair = ? ORDER BY page")
}

// Pending implements store.Bases.
func (b bases) Pending(ctx context.Context, pair int64) ([]tandem.Row, error) {
	return b.some(ctx, pair, func(r *tandem.Row) bool { return r.Clash != nil || r.Aside != nil }, func(s *sql.Rows) (page int64, hit bool, err error) {
		err = s.Scan(&page)
		return page, true, err
	}, "SELECT page FROM base WHERE pair = ? AND pending > 0 ORDER BY page")
}

// some reads those rows of a pair that want picks. query lists candidate pages and hit tells whether one is worth
// reading.
func (b bases) some(ctx context.Context, pair int64, want func(*tandem.Row) bool, hit func(*sql.Rows) (int64, bool, error), query string) ([]tandem.Row, error) {
	var out []tandem.Row
	err := b.read(ctx, "read base", func(c *conn) error {
		durable, err := durableTo(c, pair)
		if err != nil {
			return err
		}
		pages, err := pagesHit(c, pair, hit, query)
		if err != nil {
			return err
		}
		var rows []tandem.Row
		for _, page := range pages {
			rows = rows[:0]
			err := c.each(func(s scanner) (err error) {
				rows, _, err = scanPage(s, rows, durable)
				return err
			}, "SELECT page, data FROM base WHERE pair = ? AND page = ?", pair, page)
			if err != nil {
				return err
			}
			for i := range rows {
				if want(&rows[i]) {
					out = append(out, rows[i])
				}
			}
		}
		return nil
	})
	return out, b.basePage(err)
}

func pagesHit(c *conn, pair int64, hit func(*sql.Rows) (int64, bool, error), query string) (pages []int64, err error) {
	rows, err := c.query(query, pair)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		page, ok, err := hit(rows)
		if err != nil {
			return nil, err
		}
		if ok {
			pages = append(pages, page)
		}
	}
	return pages, rows.Err()
}

// Remove implements store.Bases. History of the pair stays.
func (b bases) Remove(ctx context.Context, pair int64) error {
	return b.write(ctx, "remove base", func(c *conn) error {
		for _, q := range []string{"DELETE FROM base WHERE pair = ?", "DELETE FROM conflict WHERE pair = ?", "DELETE FROM pair WHERE id = ?"} {
			if _, err := c.exec(q, pair); err != nil {
				return err
			}
		}
		return nil
	})
}

// Lease implements store.Bases. It lives in this process alone, which is the only one that may have the store open.
func (b bases) Lease(ctx context.Context, pair int64, owner string) (func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.leaseMu.Lock()
	defer b.leaseMu.Unlock()
	if holder, taken := b.leases[pair]; taken {
		return nil, &tandem.Error{Kind: tandem.Busy, Op: "sync pair", Thing: strconv.FormatInt(pair, 10),
			Err: fmt.Errorf("%s is syncing it now", holder), Remedy: "wait until that run is over"}
	}
	b.leases[pair] = owner
	released := false
	return func() {
		b.leaseMu.Lock()
		defer b.leaseMu.Unlock()
		if !released {
			released = true
			delete(b.leases, pair)
		}
	}, nil
}
