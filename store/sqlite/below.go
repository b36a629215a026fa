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

// The numbers of records that are asked for at a time: few at first and after each directory that is leapt over, for what is read behind one is for
// nothing; then twice as many each time. Up to belowMost are held before they are yielded.
const (
	belowFirst = 4
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
		w := walk{kind: col.Kind, collection: collection, end: []byte{}, flat: deep || !tree} // blobs come after every text
		if dir != "" {
			w.prefix, w.end = string(dir)+"/", string(dir)+"0" // '0' is the byte after '/'
		}
		for w.from = w.prefix; !w.done; {
			var recs []store.HomeRecord
			err := l.read(ctx, op, func(c *conn) (err error) {
				recs, err = w.page(c)
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
		}
	}
}

// walk goes through a directory.
type walk struct {
	collection int64
	kind       tandem.Kind
	prefix     string // of the ids of what is in the directory
	end        any
	flat       bool   // nothing is leapt over
	from       string // the first id that was not looked at
	done       bool
}

// page reads on, up to belowMost records.
func (w *walk) page(c *conn) (recs []store.HomeRecord, err error) {
	for n := belowFirst; !w.done && len(recs) < belowMost; n = min(2*n, belowMost) {
		begin := len(recs)
		err := c.each(func(s scanner) error {
			r, _, err := scanRecord(s, w.kind)
			recs = append(recs, r)
			return err
		}, queryBelow, w.collection, w.from, w.end, n)
		if err != nil {
			return nil, err
		}
		if w.done = len(recs) < begin+n; !w.done {
			w.from = string(recs[len(recs)-1].ID) + "\x00"
		}
		for i := begin; i < len(recs) && !w.flat; i++ {
			if name, _, in := strings.Cut(string(recs[i].ID[len(w.prefix):]), "/"); in {
				recs, w.from, w.done, n = recs[:i], w.prefix+name+"0", false, belowFirst/2
			}
		}
	}
	return recs, nil
}
