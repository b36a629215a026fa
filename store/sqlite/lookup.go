package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/store"
)

type lookup struct{ *db }

var (
	_ store.Lookup  = lookup{}
	_ store.Listing = lookup{}
)

// The look-ups. Each is a range of an index; see TestQueriesUseTheirIndexes.
const (
	queryNumber = "SELECT " + recordColumns + " FROM record WHERE row = ? AND collection = ?"
	queryRow    = "SELECT " + recordColumns + ", " + kindColumn + " FROM record WHERE row = ?1 AND (collection = ?2 OR ?2 = 0)"
	queryUID    = "SELECT row FROM record WHERE collection = ? AND uid = ? AND uid <> ''"
	queryDuring = `SELECT starts, row FROM record WHERE collection = ? AND span = ? AND starts >= ? AND starts < ? AND (ends > ? OR starts >= ?)
		AND (starts <> 0 OR ends <> 0)`
	queryEnded = "SELECT " + recordColumns + ` FROM record WHERE collection = ? AND ends >= ? AND ends < ? AND (starts <> 0 OR ends <> 0) AND (ends > ? OR row > ?)
		AND seq <= ? ORDER BY ends, row LIMIT ?`
	queryPast    = "SELECT past, wrote FROM version WHERE number = ? AND until > ? ORDER BY until LIMIT 1"
	queryWord    = "SELECT record FROM word WHERE collection = ? AND word >= ? AND word < ? ORDER BY word, record"
	queryChanged = "SELECT count(*) FROM record WHERE collection = ? AND seq > ?"
)

// spanDays are the most days that a record of each class lasts; the last class has no bound. The schema has the same.
var spanDays = [...]int64{2, 16, 128, 1024, 8192, math.MaxInt64}

// each yields the records of these rows with their bodies, a few at a time, so that no connection is held while the caller works.
// What does not pass keep is left out, and so is what is in another collection than the given one; 0: any.
func (l lookup) each(ctx context.Context, op string, rows []int64, collection int64, keep func(store.HomeRecord) bool, yield func(store.HomeRecord, error) bool) {
	for some := range slices.Chunk(rows, getChunk) {
		found := make(map[int64]store.HomeRecord, len(some))
		err := l.read(ctx, op, func(c *conn) error { return l.some(c, some, collection, found) })
		if err != nil {
			yield(store.HomeRecord{}, err)
			return
		}
		for _, row := range some {
			if r, ok := found[row]; ok && keep(r) && !yield(r, nil) {
				return
			}
		}
	}
}

// some reads records by number.
func (l lookup) some(c *conn, rows []int64, collection int64, found map[int64]store.HomeRecord) error {
	if len(rows) < manyFrom {
		for _, row := range rows {
			var kind tandem.Kind
			r, sum, err := scanRecord(c.row(queryRow, row, collection), "", &kind)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err == nil {
				if !r.Deleted {
					r.Kind = kind
				}
				r.Body, err = l.bodyOf(c, r.ID, sum)
			}
			if err != nil {
				return err
			}
			found[row] = r
		}
		return nil
	}
	args := make([]any, 1, getChunk+1)
	args[0] = collection
	for _, row := range rows {
		args = append(args, row)
	}
	return l.many(c, queryRows, args, func(r store.HomeRecord) { found[r.Number] = r })
}

func (l lookup) collection(ctx context.Context, op string, id int64) (col tandem.Collection, err error) {
	err = l.read(ctx, op, func(c *conn) (err error) {
		col, err = collectionByID(c, id)
		return err
	})
	return col, err
}

func alive(r store.HomeRecord) bool { return !r.Deleted }

// ByNumber implements store.Lookup, in the order of numbers.
func (l lookup) ByNumber(ctx context.Context, collection int64, numbers []int64) iter.Seq2[store.HomeRecord, error] {
	return func(yield func(store.HomeRecord, error) bool) {
		const op = "find records"
		col, err := l.collection(ctx, op, collection)
		if err != nil {
			yield(store.HomeRecord{}, err)
			return
		}
		l.each(ctx, op, numbers, col.ID, func(store.HomeRecord) bool { return true }, yield)
	}
}

// collectionsOf lists the collections of a user and kind.
func collectionsOf(c *conn, user string, kind tandem.Kind) (ids []int64, err error) {
	err = c.each(func(s scanner) error {
		var id int64
		err := s.Scan(&id)
		ids = append(ids, id)
		return err
	}, "SELECT id FROM collection WHERE owner = ? AND kind = ?", user, string(kind))
	slices.Sort(ids)
	return ids, err
}

// ByUID implements store.Lookup, by collection.
func (l lookup) ByUID(ctx context.Context, user string, kind tandem.Kind, uid string) iter.Seq2[store.HomeRecord, error] {
	return func(yield func(store.HomeRecord, error) bool) {
		const op = "find record by UID"
		var rows []int64
		err := l.read(ctx, op, func(c *conn) error {
			ids, err := collectionsOf(c, user, kind)
			for _, id := range ids {
				err = errors.Join(err, c.each(func(s scanner) error {
					var row int64
					err := s.Scan(&row)
					rows = append(rows, row)
					return err
				}, queryUID, id, uid))
			}
			return err
		})
		if err != nil {
			yield(store.HomeRecord{}, err)
			return
		}
		l.each(ctx, op, rows, 0, func(r store.HomeRecord) bool { return alive(r) && r.UID == uid }, yield)
	}
}

// overlaps reports whether a record's time touches [from, to). One that takes no time is there at its instant.
func overlaps(ix tandem.Index, from, to int64) bool {
	return from < to && (ix.Start != 0 || ix.End != 0) && ix.Start < to && (ix.End > from || ix.Start >= from)
}

// During implements store.Lookup. What changes while it yields is yielded as it is then, or left out if it overlaps no more.
func (l lookup) During(ctx context.Context, collection, from, to int64) iter.Seq2[store.HomeRecord, error] {
	return func(yield func(store.HomeRecord, error) bool) {
		const op = "list records in time"
		type found struct{ start, row int64 }
		var list []found
		col, err := l.collection(ctx, op, collection)
		if err == nil && from < to {
			err = l.read(ctx, op, func(c *conn) error {
				for span, days := range spanDays {
					// Whatever lasts at most so long and begins earlier has ended before from.
					first := int64(math.MinInt64)
					if days != math.MaxInt64 && from > math.MinInt64+days*86400 {
						first = from - days*86400
					}
					err := c.each(func(s scanner) error {
						var f found
						err := s.Scan(&f.start, &f.row)
						list = append(list, f)
						return err
					}, queryDuring, collection, span, first, to, from, from)
					if err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err != nil {
			yield(store.HomeRecord{}, err)
			return
		}
		slices.SortFunc(list, func(a, b found) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.row, b.row)) })
		rows := make([]int64, len(list))
		for i, f := range list {
			rows[i] = f.row
		}
		l.each(ctx, op, rows, col.ID, func(r store.HomeRecord) bool { return alive(r) && overlaps(r.Index, from, to) }, yield)
	}
}

// Ended implements store.Lookup.
func (l lookup) Ended(ctx context.Context, collection, seq, from, to, afterEnd, afterNumber int64, limit int) (list []store.HomeRecord, err error) {
	start := from
	if afterEnd != 0 || afterNumber != 0 {
		start = max(from, afterEnd)
	}
	err = l.read(ctx, "list ended records", func(c *conn) error {
		col, err := collectionByID(c, collection)
		if err != nil {
			return err
		}
		pastEnd, pastRow := int64(math.MinInt64), int64(0)
		if start == afterEnd && (afterEnd != 0 || afterNumber != 0) {
			pastEnd, pastRow = afterEnd, afterNumber
		}
		return c.each(func(s scanner) error {
			r, _, err := scanRecord(s, col.Kind)
			list = append(list, r)
			return err
		}, queryEnded, collection, start, to, pastEnd, pastRow, seq, limitOf(limit))
	})
	return list, err
}

// At implements store.Lookup. A version of the past has no index, and the id that the record had when it was overwritten.
func (l lookup) At(ctx context.Context, collection, number, seq int64) (r store.HomeRecord, err error) {
	const op = "read record of the past"
	thing := strconv.FormatInt(number, 10)
	err = l.read(ctx, op, func(c *conn) error {
		col, err := collectionByID(c, collection)
		if err != nil {
			return err
		}
		var floor, wrote int64
		var sum tandem.Digest
		if err := c.row("SELECT floor FROM collection WHERE id = ?", collection).Scan(&floor); err != nil {
			return err
		}
		gone := &tandem.Error{Kind: tandem.Gone, Op: op, Thing: thing, Err: fmt.Errorf("history does not reach back to %d", seq)}
		r, sum, err = scanRecord(c.row(queryNumber, number, collection), col.Kind)
		switch {
		case errors.Is(err, sql.ErrNoRows) && seq < floor:
			return gone // its tombstone may have been purged
		case errors.Is(err, sql.ErrNoRows):
			return notFound(op, thing)
		case err != nil:
			return err
		case !r.ThereAt(seq):
			return notFound(op, thing)
		}
		if err := c.row("SELECT wrote FROM record WHERE row = ?", number).Scan(&wrote); err != nil {
			return err
		}
		if r.Deleted || wrote > seq {
			life := r
			if r, sum, wrote, err = l.past(c, number, seq); errors.Is(err, sql.ErrNoRows) || err == nil && wrote > seq {
				return gone
			}
			if err != nil {
				return err
			}
			r.Kind, r.Born, r.WasBorn, r.WasGone = col.Kind, life.Born, life.WasBorn, life.WasGone
		}
		r.Body, err = l.bodyOf(c, r.ID, sum)
		return err
	})
	if err != nil {
		return store.HomeRecord{}, err
	}
	return r, nil
}

// past finds the version of a record that was in force at seq and is so no more.
func (l lookup) past(c *conn, number, seq int64) (r store.HomeRecord, body tandem.Digest, wrote int64, err error) {
	var id int64
	if err := c.row(queryPast, number, seq).Scan(&id, &wrote); err != nil {
		return r, body, 0, err
	}
	p, err := scanPast(c.row("SELECT "+pastColumns+" FROM past WHERE id = ?", id))
	if err != nil {
		return r, body, 0, err
	}
	r.ID, r.Attrs, r.Digest, r.Title = p.Record, p.Attrs, p.Digest, p.Title
	r.Number, r.Node, r.Seq, r.Version = number, nodeOf(number), wrote, versionOf(wrote)
	return r, p.Body, wrote, nil
}

// queryFilled reads record and body in one go: a query of its own for each of them takes several times as long.
const queryFilled = `SELECT record.row, id, seq, deleted, born, was_born, was_gone, record.at, record.made, size, starts, ends, body, blob.row IS NOT NULL, data
	FROM record LEFT JOIN blob ON blob.sum = record.body
	WHERE collection = ? AND seq > ? ORDER BY seq LIMIT ?`

// Filled implements store.Listing.
func (l lookup) Filled(ctx context.Context, collection, seq int64, limit int) ([]store.HomeRecord, bool, error) {
	var r store.HomeRecord
	var sum, data sql.RawBytes
	var here bool
	dest := []any{&r.Number, &r.ID, &r.Seq, &r.Deleted, &r.Born, &r.WasBorn, &r.WasGone, &r.Written, &r.Made, &r.Size, &r.Index.Start, &r.Index.End, &sum, &here, &data}
	return home(l).since(ctx, collection, seq, limit, queryFilled, func(s scanner, kind tandem.Kind) (store.HomeRecord, error) {
		if err := s.Scan(dest...); err != nil {
			return r, err
		}
		if r.Deleted {
			return store.HomeRecord{Record: tandem.Record{ID: r.ID}, Seq: r.Seq, Deleted: true, Number: r.Number, Born: r.Born, WasBorn: r.WasBorn, WasGone: r.WasGone}, nil
		}
		out := r
		out.Made = madeAt(&r)
		out.Kind, out.Version, out.Node = kind, versionOf(r.Seq), nodeOf(r.Number)
		switch {
		case here:
			out.Body = tandem.Bytes(nonNil(bytes.Clone(data)))
		case sum != nil:
			body, err := l.file(toDigest(sum))
			if err != nil {
				return r, lostBody(r.ID, err)
			}
			out.Body = body
		}
		return out, nil
	})
}

// Match implements store.Lookup, by collection and then in order of the word that was found. The longest word of text is
// looked up, the others are compared.
func (l lookup) Match(ctx context.Context, user string, kind tandem.Kind, text string, limit int) iter.Seq2[store.HomeRecord, error] {
	return func(yield func(store.HomeRecord, error) bool) {
		const op = "search records"
		prefixes := wordsOf(text)
		if len(prefixes) == 0 || limit <= 0 {
			return
		}
		longest := slices.MaxFunc(prefixes, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
		var rows []int64
		err := l.read(ctx, op, func(c *conn) error {
			ids, err := collectionsOf(c, user, kind)
			for _, id := range ids {
				if err == nil && len(rows) < limit {
					rows, err = matchIn(c, rows, id, longest, prefixes, limit)
				}
			}
			return err
		})
		if err != nil {
			yield(store.HomeRecord{}, err)
			return
		}
		l.each(ctx, op, rows, 0, func(r store.HomeRecord) bool { return alive(r) && matches(wordsOfIndex(r.Index), prefixes) }, yield)
	}
}

// matchIn adds to rows what matches in one collection, up to limit.
func matchIn(c *conn, rows []int64, collection int64, longest string, prefixes []string, limit int) ([]int64, error) {
	found, err := c.query(queryWord, collection, longest, longest+"\U0010ffff")
	if err != nil {
		return rows, err
	}
	defer found.Close()
	seen := map[int64]bool{}
	for len(rows) < limit && found.Next() {
		var row int64
		if err := found.Scan(&row); err != nil {
			return rows, err
		}
		if seen[row] {
			continue
		}
		seen[row] = true
		if len(prefixes) > 1 {
			var name, keys string
			if err := c.row("SELECT name, keys FROM record WHERE row = ?", row).Scan(&name, &keys); err != nil {
				return rows, err
			}
			if !matches(wordsOf(name, strings.ReplaceAll(keys, "\n", " ")), prefixes) {
				continue
			}
		}
		rows = append(rows, row)
	}
	return rows, found.Err()
}

// Count implements store.Lookup.
func (l lookup) Count(ctx context.Context, collection, seq int64) (live, changed int, err error) {
	const op = "count records"
	err = l.read(ctx, op, func(c *conn) error {
		err := c.row("SELECT live FROM collection WHERE id = ?", collection).Scan(&live)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound(op, strconv.FormatInt(collection, 10))
		}
		if err != nil {
			return err
		}
		return c.row(queryChanged, collection, seq).Scan(&changed)
	})
	return live, changed, err
}
