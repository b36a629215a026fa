package web

import (
	"context"
	"slices"

	"tandem"
	"tandem/server/web/page"
	"tandem/store"
)

// records lists what a home collection holds, the newest first. Whose it is was checked by whoever found the collection.
func (d *Door) records(ctx context.Context, c tandem.Collection, limit int) ([]page.Record, error) {
	var newest []store.HomeRecord
	for seq, more := int64(0), true; more; {
		var recs []store.HomeRecord
		var err error
		if recs, more, err = d.cfg.Store.Home.Since(ctx, c.ID, seq, 1000); err != nil {
			return nil, err
		}
		for _, r := range recs {
			seq = r.Seq
			if !r.Deleted {
				newest = append(newest, r)
			}
		}
		if len(recs) == 0 {
			break
		}
		newest = newest[max(0, len(newest)-limit):]
	}
	slices.Reverse(newest)
	out := make([]page.Record, len(newest))
	for i, r := range newest {
		out[i] = page.Record{ID: r.ID, Title: r.Title, Size: r.Size, Changed: r.Written}
	}
	return out, nil
}
