package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"tandem"
	"tandem/store"
)

type home struct{ *db }

var _ store.Home = home{}

const recordColumns = "row, id, seq, deleted, digest, body, size, attrs, modified, title, uid, starts, ends, name, keys, born, was_born, was_gone, at, made"

// scanRecord reads a record without its body, whose sum it returns, and more columns that stand behind its own.
func scanRecord(s scanner, kind tandem.Kind, more ...any) (r store.HomeRecord, body tandem.Digest, err error) {
	var digest, sum sql.RawBytes
	var rawDigest, rawSum []byte
	var keys string
	dest := []any{&r.Number, &r.ID, &r.Seq, &r.Deleted, &digest, &sum, &r.Size, &r.Attrs, &r.Modified, &r.Title, &r.Index.UID, &r.Index.Start, &r.Index.End,
		&r.Index.Name, &keys, &r.Born, &r.WasBorn, &r.WasGone, &r.Written, &r.Made}
	if _, ok := s.(*sql.Row); ok { // which refuses RawBytes
		dest[4], dest[5] = &rawDigest, &rawSum
	}
	if err := s.Scan(append(dest, more...)...); err != nil {
		return r, body, err
	}
	copy(r.Digest[:], digest)
	copy(r.Digest[:], rawDigest)
	copy(body[:], sum)
	copy(body[:], rawSum)
	r.Version = versionOf(r.Seq)
	r.Kind = kind
	if r.Deleted {
		return store.HomeRecord{Record: tandem.Record{ID: r.ID}, Seq: r.Seq, Deleted: true, Number: r.Number, Born: r.Born, WasBorn: r.WasBorn, WasGone: r.WasGone},
			body, nil
	}
	r.Made = madeAt(&r)
	r.UID, r.Node = r.Index.UID, nodeOf(r.Number)
	if keys != "" {
		r.Index.Keys = strings.Split(keys, "\n")
	}
	return r, body, nil
}

// madeAt is when a record was made. Before the store wrote it down it is known of those only that were never written again.
func madeAt(r *store.HomeRecord) int64 {
	if r.Made == 0 && r.Born == r.Seq {
		return r.Written
	}
	return r.Made
}

// versionOf is the version of a record written with sequence number seq.
func versionOf(seq int64) tandem.Version { return tandem.Version(strconv.FormatInt(seq, 10)) }

// nodeOf is a record's identity below its id: its row, which a move keeps.
func nodeOf(row int64) string { return strconv.FormatInt(row, 10) }

// Since implements store.Home.
func (h home) Since(ctx context.Context, collection, seq int64, limit int) ([]store.HomeRecord, bool, error) {
	return h.since(ctx, collection, seq, limit, querySince, func(s scanner, kind tandem.Kind) (store.HomeRecord, error) {
		r, _, err := scanRecord(s, kind)
		return r, err
	})
}

const querySince = "SELECT " + recordColumns + " FROM record WHERE collection = ? AND seq > ? ORDER BY seq LIMIT ?"

// since lists records by a query for collection, sequence number and limit.
func (h home) since(ctx context.Context, collection, seq int64, limit int, query string, scan func(scanner, tandem.Kind) (store.HomeRecord, error)) (
	recs []store.HomeRecord, more bool, err error) {
	ahead := false
	err = h.read(ctx, "list collection", func(c *conn) error {
		col, err := collectionByID(c, collection)
		if err != nil {
			return err
		}
		var floor int64
		if err := c.row("SELECT floor FROM collection WHERE id = ?", collection).Scan(&floor); err != nil {
			return err
		}
		if ahead = seq > col.Seq; ahead || seq < 0 || seq > 0 && seq < floor {
			return &tandem.Error{Kind: tandem.Gone, Op: "list collection", Thing: col.Name,
				Err: fmt.Errorf("changes since %d are not known (kept from %d to %d)", seq, floor, col.Seq), Remedy: "look at everything"}
		}
		n := limit
		if limit > 0 {
			n++ // one more, to know whether there are more
		}
		err = c.each(func(s scanner) error {
			r, err := scan(s, col.Kind)
			recs = append(recs, r)
			return err
		}, query, collection, seq, limitOf(n))
		if err != nil {
			return err
		}
		if limit > 0 && len(recs) > limit {
			recs, more = recs[:limit], true
		}
		return nil
	})
	if ahead && seq < maxSkip {
		err = errors.Join(err, h.renewEpoch(ctx, collection, seq))
	}
	if err != nil {
		return nil, false, err
	}
	return recs, more, nil
}

// maxSkip bounds how far ahead a number is believed to be one of ours. Beyond, it is nonsense, and following it would
// use up the numbers.
const maxSkip = 1 << 40

// renewEpoch records that the collection's history is not continuous: somebody knows of a number that it never gave
// out, so it was put back to an earlier state.
func (h home) renewEpoch(ctx context.Context, collection, seq int64) error {
	epoch, err := h.token()
	if err != nil {
		return err
	}
	return h.write(ctx, "renew epoch", func(c *conn) error {
		// The number is passed over, so that the same one does not come to mean something else.
		_, err := c.exec("UPDATE collection SET epoch = ?, seq = ? WHERE id = ? AND seq < ?", epoch, seq, collection, seq)
		return err
	})
}

// getChunk is how many records Get reads at a time.
const getChunk = 64

// Get implements store.Home. Tombstones count as missing.
func (h home) Get(ctx context.Context, collection int64, ids []tandem.ID) iter.Seq2[store.HomeRecord, error] {
	return func(yield func(store.HomeRecord, error) bool) {
		recs := make([]store.HomeRecord, 0, min(getChunk, len(ids)))
		for len(ids) > 0 {
			n := min(getChunk, len(ids))
			recs = recs[:0]
			err := h.read(ctx, "read records", func(c *conn) (err error) {
				recs, err = h.getSome(c, recs, collection, ids[:n])
				return err
			})
			if err != nil {
				yield(store.HomeRecord{}, err)
				return
			}
			for _, r := range recs {
				if !yield(r, nil) {
					return
				}
			}
			ids = ids[n:]
		}
	}
}

func (h home) getSome(c *conn, recs []store.HomeRecord, collection int64, ids []tandem.ID) ([]store.HomeRecord, error) {
	col, err := collectionByID(c, collection)
	if err != nil {
		return recs, err
	}
	if len(ids) >= manyFrom {
		found := map[tandem.ID]store.HomeRecord{}
		args := []any{collection}
		for _, id := range ids {
			args = append(args, string(id))
		}
		err := h.many(c, queryIDs, args, func(r store.HomeRecord) { found[r.ID] = r })
		for _, id := range ids {
			if r, ok := found[id]; ok && !r.Deleted {
				recs = append(recs, r)
			}
		}
		return recs, err
	}
	for _, id := range ids {
		r, sum, err := scanRecord(c.row("SELECT "+recordColumns+" FROM record WHERE collection = ? AND id = ?", collection, string(id)), col.Kind)
		if errors.Is(err, sql.ErrNoRows) || err == nil && r.Deleted {
			continue
		}
		if err != nil {
			return recs, err
		}
		if r.Body, err = h.bodyOf(c, r.ID, sum); err != nil {
			return recs, err
		}
		recs = append(recs, r)
	}
	return recs, nil
}

// kindColumn is the kind of a record.
const kindColumn = "(SELECT kind FROM collection WHERE collection.id = record.collection)"

// manyFrom is from how many records on one query for getChunk of them is cheaper than two for each.
const manyFrom = 6

// queryIDs and queryRows read as many as getChunk records with their small bodies.
var (
	queryIDs  = "SELECT " + recordColumns + ", " + kindColumn + ", (SELECT data FROM blob WHERE sum = body) FROM record WHERE collection = ? AND id IN (?" + strings.Repeat(",?", getChunk-1) + ")"
	queryRows = "SELECT " + recordColumns + ", " + kindColumn + ", (SELECT data FROM blob WHERE sum = body) FROM record WHERE (collection = ?1 OR ?1 = 0) AND row IN (?" + strings.Repeat(",?", getChunk-1) + ")"
)

// many reads records with their bodies, in no certain order. Args are a collection and what names the records; the last of these is repeated until there are enough.
func (d *db) many(c *conn, query string, args []any, found func(store.HomeRecord)) error {
	for len(args) < getChunk+1 {
		args = append(args, args[len(args)-1])
	}
	type late struct {
		rec store.HomeRecord
		sum tandem.Digest
	}
	var elsewhere []late // large bodies; read when the query is over, for it holds the connection
	err := c.each(func(s scanner) error {
		var data []byte
		var kind tandem.Kind
		r, sum, err := scanRecord(s, "", &kind, &data)
		if !r.Deleted {
			r.Kind = kind
		}
		switch {
		case err != nil:
			return err
		case data != nil:
			r.Body = tandem.Bytes(data)
		case !sum.IsZero():
			elsewhere = append(elsewhere, late{r, sum})
			return nil
		}
		found(r)
		return nil
	}, query, args...)
	for _, l := range elsewhere {
		if err != nil {
			return err
		}
		if l.rec.Body, err = d.bodyOf(c, l.rec.ID, l.sum); err == nil {
			found(l.rec)
		}
	}
	return err
}

// bodyOf opens the body that a record names, nil for none.
func (d *db) bodyOf(c *conn, id tandem.ID, sum tandem.Digest) (tandem.Body, error) {
	if sum.IsZero() {
		return nil, nil
	}
	body, err := d.body(c, sum)
	if err != nil {
		return nil, lostBody(id, err)
	}
	return body, nil
}

// lostBody says that a body which a record names is not there: never to be taken for a missing record.
func lostBody(id tandem.ID, err error) error {
	if !tandem.IsKind(err, tandem.NotFound) {
		return err
	}
	return &tandem.Error{Kind: tandem.Unreadable, Op: "read record", Thing: string(id), Err: err,
		Remedy: "`tandem doctor --repair` fetches what it says from a partner that has it, or from history; else restore it from a backup"}
}

// Find implements store.Home.
func (h home) Find(ctx context.Context, collection int64, m tandem.Marker) (r store.HomeRecord, err error) {
	err = h.read(ctx, "find create", func(c *conn) (err error) {
		col, err := collectionByID(c, collection)
		if err != nil {
			return err
		}
		if r, err = findMarker(c, collection, m); err != nil {
			return err
		}
		r.Kind = col.Kind
		return nil
	})
	return r, err
}

// findMarker reads what a marked create made; NotFound.
func findMarker(c *conn, collection int64, m tandem.Marker) (r store.HomeRecord, err error) {
	var digest []byte
	err = c.row(`SELECT id, seq, digest, size, attrs, uid, modified, ifnull((SELECT row FROM record
		WHERE record.collection = marker.collection AND record.id = marker.id), 0), NOT EXISTS (SELECT 1 FROM record
		WHERE record.collection = marker.collection AND record.id = marker.id AND deleted = 0) FROM marker WHERE collection = ? AND marker = ?`, collection, string(m)).
		Scan(&r.ID, &r.Seq, &digest, &r.Size, &r.Attrs, &r.UID, &r.Modified, &r.Number, &r.Deleted)
	if errors.Is(err, sql.ErrNoRows) {
		return r, notFound("find create", string(m))
	}
	r.Digest = toDigest(digest)
	r.Version, r.Node = versionOf(r.Seq), nodeOf(r.Number)
	return r, err
}
