package sqlite

import (
	"context"
	"errors"
	"fmt"

	"tandem"
	"tandem/store"
)

// maxFound bounds how many problems Check lists; a damaged disk has no end of them.
const maxFound = 100

// Check reads everything in the store of folder dir and lists what is wrong with it: damaged pages and bodies, bodies
// that something names and that are not there, counts that do not add up. It changes nothing, but brings an older
// store to the present schema as Open does. An error means that the store could not be looked at.
func Check(ctx context.Context, dir string) ([]error, error) { return check(ctx, dir, false) }

// CheckRows is Check without a look into the bodies (store.Mending.Verify).
func CheckRows(ctx context.Context, dir string) ([]error, error) { return check(ctx, dir, true) }

func check(ctx context.Context, dir string, rowsOnly bool) ([]error, error) {
	st, err := Open(dir, Options{})
	if err != nil {
		return nil, err
	}
	defer st.Close()
	d, ok := st.Closer.(*db)
	if !ok {
		return nil, errors.New("check store: unexpected store")
	}
	k := &checker{db: d, ctx: ctx}
	for _, part := range []func(c *conn) error{k.structure, k.bases, k.counts, k.references} {
		if err := d.read(ctx, "check store", part); err != nil {
			if ctx.Err() != nil {
				return k.found, err
			}
			k.add(d.name, err) // a part that cannot even be read is a finding, and the others may still be readable
		}
	}
	if rowsOnly {
		return k.found, nil
	}
	return k.found, k.bodies()
}

type checker struct {
	*db
	ctx   context.Context
	found []error
}

func (k *checker) add(thing string, err error) {
	if len(k.found) < maxFound {
		k.found = append(k.found, &tandem.Error{Kind: tandem.Unreadable, Op: "check", Thing: thing, Err: err, Remedy: "put back a copy of the data folder from a backup"})
	}
}

// addMending adds what a repair may mend.
func (k *checker) addMending(err error) {
	if len(k.found) < maxFound {
		k.found = append(k.found, &tandem.Error{Kind: tandem.Unreadable, Op: "check", Thing: k.name, Err: err, Remedy: "fetch it from where it still is, or forget it, with `tandem doctor --repair`"})
	}
}

// structure asks SQLite itself.
func (k *checker) structure(c *conn) error {
	err := c.each(func(s scanner) error {
		var text string
		if err := s.Scan(&text); err != nil {
			return err
		}
		if text != "ok" {
			k.add(k.name, errors.New(text))
		}
		return k.ctx.Err()
	}, "PRAGMA integrity_check")
	if err != nil {
		return err
	}
	return c.each(func(s scanner) error {
		var table, parent string
		var row, key any
		if err := s.Scan(&table, &row, &parent, &key); err != nil {
			return err
		}
		k.add(k.name, fmt.Errorf("row %v of table %s names nothing in table %s", row, table, parent))
		return k.ctx.Err()
	}, "PRAGMA foreign_key_check")
}

// bases reads all pages and counts their rows.
func (k *checker) bases(c *conn) error {
	counted := map[int64]int64{}
	damaged := map[int64]bool{}
	err := c.each(func(s scanner) error {
		var pair, page int64
		var data []byte
		if err := s.Scan(&pair, &page, &data); err != nil {
			return err
		}
		err := decodePage(data, func(slot int, row string) error {
			counted[pair]++
			var r tandem.Row
			return decodeRow(row, 0, &r)
		})
		if err != nil {
			damaged[pair] = true
			k.add(k.name, fmt.Errorf("page %d of the base of pair %d: %w", page, pair, err))
		}
		return k.ctx.Err()
	}, "SELECT pair, page, data FROM base")
	if err != nil {
		return err
	}
	return c.each(func(s scanner) error {
		var pair, rows int64
		var key string
		if err := s.Scan(&pair, &key, &rows); err != nil {
			return err
		}
		if rows != counted[pair] && !damaged[pair] {
			k.add(k.name, fmt.Errorf("the base of %s has %d rows and should have %d", key, counted[pair], rows))
		}
		return nil
	}, "SELECT id, key, rows FROM pair")
}

// counts counts the records that the collections say they have.
func (k *checker) counts(c *conn) error {
	return c.each(func(s scanner) error {
		var name string
		var said, counted int64
		if err := s.Scan(&name, &said, &counted); err != nil {
			return err
		}
		if said != counted {
			k.add(k.name, fmt.Errorf("collection %s has %d records and should have %d", name, counted, said))
		}
		return k.ctx.Err()
	}, "SELECT name, live, (SELECT count(*) FROM record WHERE collection = collection.id AND deleted = 0) FROM collection")
}

// references looks for every body that something names.
func (k *checker) references(c *conn) error {
	refs, err := references(c)
	if errors.Is(err, errPage) {
		return nil // found by bases already; what the other pages name cannot be told in full
	}
	if err != nil {
		return err
	}
	delete(refs, tandem.Digest{})
	err = c.each(func(s scanner) error {
		var sum []byte
		err := s.Scan(&sum)
		delete(refs, toDigest(sum))
		return err
	}, "SELECT sum FROM blob")
	if err != nil {
		return err
	}
	for sum := range refs { // those that are files, and those that are lost
		switch _, err := k.file(sum); {
		case tandem.IsKind(err, tandem.NotFound):
			k.addMending(fmt.Errorf("body %s is named and not there", sum))
		case err != nil:
			return err
		}
		if err := k.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// bodies hashes them all.
func (k *checker) bodies() error {
	return mending{k.db}.verify(k.ctx, func(v store.Verified) {
		for _, b := range v.Damaged {
			k.addMending(fmt.Errorf("body %s of %d bytes is damaged: %s", b.Body, b.Size, b.Why))
		}
	})
}
