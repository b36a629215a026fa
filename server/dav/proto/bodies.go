package proto

import (
	"context"
	"iter"

	"tandem"
	"tandem/store"
)

// bodiesAt is how many records are read at a time.
const bodiesAt = 256

// Bodies yields the records of a collection with their bodies, a few at a time, in the order in which they were written.
func Bodies(ctx context.Context, home store.Home, collection int64) iter.Seq2[store.HomeRecord, error] {
	return func(yield func(store.HomeRecord, error) bool) {
		for seq, more := int64(0), true; more; {
			var recs []store.HomeRecord
			var err error
			if recs, more, err = home.Since(ctx, collection, seq, bodiesAt); err != nil {
				yield(store.HomeRecord{}, err)
				return
			}
			ids := make([]tandem.ID, 0, len(recs))
			for _, r := range recs {
				if seq = r.Seq; !r.Deleted {
					ids = append(ids, r.ID)
				}
			}
			for rec, err := range home.Get(ctx, collection, ids) {
				if !yield(rec, err) || err != nil {
					return
				}
			}
		}
	}
}
