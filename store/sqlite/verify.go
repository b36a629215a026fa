package sqlite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"tandem"
	"tandem/store"
	"tandem/store/blob"
)

const (
	verifyChunk = 256                    // how many small bodies are read in one transaction
	verifyTold  = 100 * time.Millisecond // how often it is told how far a look has come
)

// Verify implements store.Mending.
func (d mending) Verify(ctx context.Context, tell func(store.Verified)) error {
	return d.fault("verify bodies", d.verify(ctx, tell))
}

func (d mending) verify(ctx context.Context, tell func(store.Verified)) error {
	v := &verifier{db: d.db, tell: tell, every: verifyTold}
	return v.all(ctx)
}

func (v *verifier) all(ctx context.Context) error {
	if err := v.count(ctx); err != nil {
		return err
	}
	if err := v.rows(ctx); err != nil {
		return err
	}
	if v.files != nil {
		if err := v.files.Each(ctx, v.haveRead, v.fileSeen); err != nil {
			return err
		}
	}
	if err := v.uses(ctx); err != nil {
		return err
	}
	v.now.Over = true
	v.tell(v.now)
	return nil
}

type verifier struct {
	*db
	every time.Duration // how often it is told at most

	mu   sync.Mutex // guards what follows; held while it is told
	tell func(store.Verified)
	now  store.Verified
	last time.Time
}

func (v *verifier) count(ctx context.Context) error {
	err := v.read(ctx, "count bodies", func(c *conn) error { return c.row("SELECT count(*) FROM blob").Scan(&v.now.Total) })
	if err != nil || v.files == nil {
		return err
	}
	n, err := v.files.Count(ctx)
	v.now.Total += n
	return err
}

// haveRead takes in that bytes were read. It is called concurrently.
func (v *verifier) haveRead(bytes int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now.Bytes += int64(bytes)
	if now := time.Now(); now.Sub(v.last) >= v.every {
		v.last = now
		v.tell(store.Verified{Done: v.now.Done, Total: v.now.Total, Bytes: v.now.Bytes})
	}
}

// fileSeen takes one body in that is a file. The error that reading it gave is no error of the look.
func (v *verifier) fileSeen(sum tandem.Digest, err error) error {
	if err == nil {
		v.seen(nil)
		return nil
	}
	one := &store.Damaged{Body: sum, Wrong: blob.Wrong(err), Why: wrongBytes, Uses: []string{}}
	if !one.Wrong {
		one.Why = "it cannot be read: " + err.Error()
	}
	if b, err := v.file(sum); err == nil {
		one.Size = b.Size()
	}
	v.seen(one)
	return nil
}

const wrongBytes = "its bytes are not those that were stored"

// seen takes one body in; damage is nil if it is whole.
func (v *verifier) seen(damage *store.Damaged) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now.Done++
	v.now.Total = max(v.now.Total, v.now.Done)
	switch {
	case damage == nil:
	case len(v.now.Damaged) < store.MaxDamaged:
		v.now.Damaged = append(v.now.Damaged, *damage)
	default:
		v.now.More++
	}
}

// rows reads the bodies in the database, a few at a time, so that no snapshot of it is held for long.
func (v *verifier) rows(ctx context.Context) error {
	for after, more := int64(0), true; more; {
		err := v.read(ctx, "verify bodies", func(c *conn) error {
			more = false
			return c.each(func(s scanner) error {
				var sum, data []byte
				if err := s.Scan(&after, &sum, &data); err != nil {
					return err
				}
				more = true
				var damage *store.Damaged
				if want := toDigest(sum); sha256.Sum256(data) != want {
					damage = &store.Damaged{Body: want, Size: int64(len(data)), Wrong: true, Why: wrongBytes, Uses: []string{}}
				}
				v.seen(damage)
				v.haveRead(len(data))
				return ctx.Err()
			}, "SELECT row, sum, data FROM blob WHERE row > ? ORDER BY row LIMIT ?", after, verifyChunk)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// uses finds what says what the damaged bodies held.
func (v *verifier) uses(ctx context.Context) error {
	if len(v.now.Damaged) == 0 {
		return nil
	}
	at := map[tandem.Digest]*store.Damaged{}
	var sums []string
	for i := range v.now.Damaged {
		d := &v.now.Damaged[i]
		at[d.Body], sums = d, append(sums, hex.EncodeToString(d.Body[:]))
	}
	list, err := json.Marshal(sums)
	if err != nil {
		return err
	}
	return v.read(ctx, "verify bodies", func(c *conn) error {
		for _, q := range []struct{ text, query string }{
			{"the record %s in %s of %s", "SELECT r.body, coalesce(nullif(r.title, ''), r.id), c.name, c.owner FROM record AS r JOIN collection AS c ON c.id = r.collection WHERE r.deleted = 0 AND"},
			{"an earlier version of %s in %s by %s", "SELECT r.body, coalesce(nullif(r.title, ''), r.record), r.place, r.who FROM past AS r WHERE"},
			{"the message %s of %s on its way out (%s)", "SELECT r.body, r.key, r.owner, r.state FROM outgoing AS r WHERE"},
		} {
			err := c.each(func(s scanner) error {
				var sum []byte
				var a, b, e string
				if err := s.Scan(&sum, &a, &b, &e); err != nil {
					return err
				}
				if d := at[toDigest(sum)]; d != nil && len(d.Uses) < maxNamed {
					d.Uses = append(d.Uses, fmt.Sprintf(q.text, a, b, e))
				}
				return ctx.Err()
			}, q.query+" r.body IS NOT NULL AND lower(hex(r.body)) IN (SELECT value FROM json_each(?))", string(list))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// SetAside implements store.Mending.
func (d mending) SetAside(ctx context.Context, sum tandem.Digest) (file string, err error) {
	var data []byte
	err = d.read(ctx, "read body", func(c *conn) error {
		return c.each(func(s scanner) error { return s.Scan(&data) }, "SELECT data FROM blob WHERE sum = ?", sum[:])
	})
	switch {
	case err != nil:
		return "", err
	case d.files == nil:
		return "", &tandem.Error{Kind: tandem.Invalid, Op: "put damaged body aside", Thing: d.name, Err: errors.New("a store in memory has no place for it")}
	case data == nil:
		file, err = d.files.SetAside(ctx, sum)
		return file, d.fault("put damaged body aside", err)
	case sha256.Sum256(data) == sum:
		return "", nil
	}
	if file, err = d.files.KeepAside(sum, bytes.Clone(data)); err != nil {
		return "", d.fault("put damaged body aside", err)
	}
	return file, d.write(ctx, "put damaged body aside", func(c *conn) error {
		_, err := c.exec("DELETE FROM blob WHERE sum = ? AND data = ?", sum[:], data)
		return err
	})
}
