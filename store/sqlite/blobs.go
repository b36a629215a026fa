package sqlite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"time"

	"tandem"
	"tandem/store"
)

type blobs struct{ *db }

var _ store.Blobs = blobs{}

// smallBody is a body that goes into the database.
type smallBody struct {
	sum  tandem.Digest
	data []byte
}

// isSmall reports whether a body of n bytes lies in the database.
func (d *db) isSmall(n int) bool { return n <= inlineMax || d.files == nil }

// stageBody reads a body to its end. A large one is durable as a file afterwards; a small one is returned to be put with putSmall.
func (d *db) stageBody(ctx context.Context, r io.Reader) (sum tandem.Digest, n int64, small []byte, err error) {
	limit := int64(inlineMax) + 1
	if d.files == nil {
		limit = 1 << 30 // SQLite's own limit for a value
	}
	head, err := io.ReadAll(io.LimitReader(r, limit))
	if err != nil {
		return sum, 0, nil, err
	}
	if d.isSmall(len(head)) {
		return sha256.Sum256(head), int64(len(head)), head, nil
	}
	sum, n, err = d.files.Put(ctx, io.MultiReader(bytes.NewReader(head), r))
	return sum, n, nil, err
}

// stageBodies makes the large ones of bodies durable and returns the small ones.
func (d *db) stageBodies(ctx context.Context, bodies []tandem.Bytes) ([]smallBody, error) {
	small := make([]smallBody, 0, len(bodies))
	for _, b := range bodies {
		if d.isSmall(len(b)) {
			small = append(small, smallBody{sha256.Sum256(b), b})
			continue
		}
		if _, _, err := d.files.Put(ctx, bytes.NewReader(b)); err != nil {
			return nil, err
		}
	}
	return small, nil
}

// renewAfter is how old, in seconds, the time of a blob may be before putting it again writes a new one.
const renewAfter = 3600

// putSmall stores small bodies within a transaction, also over ones that are damaged.
func (d *db) putSmall(c *conn, list []smallBody) error {
	now := d.opt.Now()
	for _, b := range list {
		_, err := c.exec(`INSERT INTO blob (sum, at, data) VALUES (?, ?, ?)
			ON CONFLICT (sum) DO UPDATE SET at = excluded.at, data = excluded.data WHERE at < excluded.at - ? OR data <> excluded.data`, b.sum[:], now, nonNil(b.data), renewAfter)
		if err != nil {
			return err
		}
	}
	return nil
}

// nonNil keeps an empty body from becoming NULL.
func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Put implements store.Blobs.
func (b blobs) Put(ctx context.Context, r io.Reader) (tandem.Digest, int64, error) {
	sum, n, small, err := b.stageBody(ctx, r)
	if err != nil {
		return tandem.Digest{}, 0, b.fault("store body", err)
	}
	if small == nil && n > 0 {
		return sum, n, nil
	}
	err = b.write(ctx, "store body", func(c *conn) error { return b.putSmall(c, []smallBody{{sum, small}}) })
	return sum, n, err
}

// Get implements store.Blobs.
func (b blobs) Get(ctx context.Context, sum tandem.Digest) ([]byte, error) {
	body, err := b.Open(ctx, sum)
	if err != nil {
		return nil, err
	}
	return tandem.ReadBody(body, 1<<30)
}

// Open implements store.Blobs.
func (b blobs) Open(ctx context.Context, sum tandem.Digest) (body tandem.Body, err error) {
	err = b.read(ctx, "open body", func(c *conn) (err error) {
		body, err = b.body(c, sum)
		return err
	})
	return body, err
}

// body finds a body by its sum; NotFound.
func (d *db) body(c *conn, sum tandem.Digest) (tandem.Body, error) {
	var data []byte
	err := c.row("SELECT data FROM blob WHERE sum = ?", sum[:]).Scan(&data)
	switch {
	case err == nil:
		return tandem.Bytes(nonNil(data)), nil
	case !errors.Is(err, sql.ErrNoRows):
		return nil, err
	}
	return d.file(sum)
}

// file finds a body that is not in the database; NotFound.
func (d *db) file(sum tandem.Digest) (tandem.Body, error) {
	if d.files == nil {
		return nil, notFound("open body", sum.String())
	}
	return d.files.Open(sum)
}

// Sweep implements store.Blobs. What was put within the grace period stays, as somebody may be about to refer to it.
func (b blobs) Sweep(ctx context.Context) (freed int64, err error) {
	before := b.opt.Now() - int64(b.opt.Grace/time.Second)
	var refs map[tandem.Digest]bool
	err = b.write(ctx, "sweep bodies", func(c *conn) error {
		if refs, err = references(c); err != nil {
			return err
		}
		freed, err = sweepRows(c, before, refs)
		return err
	})
	if err != nil || b.files == nil {
		return freed, b.basePage(err)
	}
	// A file that becomes referred to from here on has just been put, and so has its grace.
	n, err := b.files.Sweep(ctx, time.Unix(before, 0), func(sum tandem.Digest) bool { return refs[sum] })
	return freed + n, b.fault("sweep bodies", err)
}

func sweepRows(c *conn, before int64, refs map[tandem.Digest]bool) (freed int64, err error) {
	var doomed []int64
	err = c.each(func(s scanner) error {
		var row, size int64
		var raw []byte
		if err := s.Scan(&row, &raw, &size); err != nil {
			return err
		}
		if !refs[toDigest(raw)] {
			doomed = append(doomed, row)
			freed += size
		}
		return nil
	}, "SELECT row, sum, length(data) FROM blob WHERE at < ?", before)
	if err != nil {
		return 0, err
	}
	for _, row := range doomed {
		if _, err := c.exec("DELETE FROM blob WHERE row = ?", row); err != nil {
			return 0, err
		}
	}
	return freed, nil
}

// references collects every sum that a table names.
func references(c *conn) (map[tandem.Digest]bool, error) {
	refs := map[tandem.Digest]bool{}
	for _, q := range []string{
		"SELECT body FROM record WHERE body IS NOT NULL",
		"SELECT body FROM past WHERE body IS NOT NULL",
		"SELECT body FROM conflict WHERE body IS NOT NULL",
		"SELECT body FROM outgoing",
	} {
		err := c.each(func(s scanner) error {
			var raw []byte
			err := s.Scan(&raw)
			refs[toDigest(raw)] = true
			return err
		}, q)
		if err != nil {
			return nil, err
		}
	}
	err := c.each(func(s scanner) error {
		var text []byte
		if err := s.Scan(&text); err != nil {
			return err
		}
		var versions []store.ConflictVersion
		if err := json.Unmarshal(text, &versions); err != nil {
			return err
		}
		for _, v := range versions {
			refs[v.Body] = true
		}
		return nil
	}, "SELECT versions FROM conflict")
	if err != nil {
		return nil, err
	}
	var rows []tandem.Row
	err = c.each(func(s scanner) (err error) {
		if rows, _, err = scanPage(s, rows[:0], 0); err != nil {
			return err
		}
		for i := range rows {
			refs[rows[i].Body] = true
			if rows[i].Clash != nil {
				refs[rows[i].Clash.Body] = true
			}
		}
		return nil
	}, "SELECT page, data FROM base")
	return refs, err
}

// toDigest reads a digest column; NULL is the zero digest.
func toDigest(raw []byte) (d tandem.Digest) {
	copy(d[:], raw)
	return d
}

// ofDigest is the value for a digest column.
func ofDigest(d tandem.Digest) any {
	if d.IsZero() {
		return nil
	}
	return d[:]
}
