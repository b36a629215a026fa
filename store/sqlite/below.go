package sqlite

import (
	"context"
	"iter"
	"strings"

	"tandem"
	"tandem/store"
)

// queryBelow is a range of ids. It is asked again and again, so it stops soon by itself.
const queryBelow = "SELECT " + recordColumns + " FROM record WHERE collection = ? AND id >= ? AND id < ? AND deleted = 0 ORDER BY id LIMIT ?"

// The numbers of records that Below reads at a time: few at first and after each directory that it leaps over, for what is read behind one is for
// nothing; then twice as many each time.
const (
	belowFirst = 16
	belowMost  = 1024
)

// Below implements store.Lookup.
func (l lookup) Below(ctx context.Context, collection int64, dir tandem.ID, deep bool) iter.Seq2[store.HomeRecord, error] {
	return func(yield func(store.HomeRecord, error) bool) {
		const op = "list directory"
		col, err := l.collection(ctx, op, collection)
		if err != nil {
			yield(store.HomeRecord{}, err)
			return
		}
		tree := store.IsTree(col.Kind)
		if !tree && dir != "" {
			return
		}
		prefix, end := "", any([]byte{}) // blobs come after every text
		if dir != "" {
			prefix, end = string(dir)+"/", string(dir)+"0" // '0' is the byte after '/'
		}
		from, n := prefix, belowFirst
		for {
			recs, err := l.idRange(ctx, op, col, from, end, n)
			if err != nil {
				yield(store.HomeRecord{}, err)
				return
			}
			next := ""
			if len(recs) == n {
				next, n = string(recs[n-1].ID)+"\x00", min(2*n, belowMost)
			}
			for i := range recs {
				id := string(recs[i].ID)
				if name, _, in := strings.Cut(id[len(prefix):], "/"); tree && !deep && in {
					next, n = prefix+name+"0", belowFirst
					break
				}
				if !yield(recs[i], nil) {
					return
				}
			}
			if from = next; next == "" {
				return
			}
		}
	}
}

// idRange reads the live records with ids from from to before end, at most n.
func (l lookup) idRange(ctx context.Context, op string, col tandem.Collection, from string, end any, n int) (recs []store.HomeRecord, err error) {
	err = l.read(ctx, op, func(c *conn) error {
		recs = recs[:0]
		return c.each(func(s scanner) error {
			r, _, err := scanRecord(s, col.Kind)
			recs = append(recs, r)
			return err
		}, queryBelow, col.ID, from, end, n)
	})
	return recs, err
}
