package web

import (
	"context"
	"io"
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

// recordShown is how much of a body is read to show a record, in bytes.
const recordShown = 4 << 20

// record reads one record of a home collection. Whose it is was checked by whoever found the collection.
func (d *Door) record(ctx context.Context, c tandem.Collection, id tandem.ID) (page.Record, []byte, error) {
	for r, err := range d.cfg.Store.Home.Get(ctx, c.ID, []tandem.ID{id}) {
		if err != nil || r.Deleted || r.ID != id || r.Body == nil {
			if err != nil {
				return page.Record{}, nil, err
			}
			continue
		}
		in, err := r.Body.Open()
		if err != nil {
			return page.Record{}, nil, err
		}
		defer in.Close()
		body, err := io.ReadAll(io.LimitReader(in, recordShown))
		return page.Record{ID: r.ID, Title: r.Title, Size: r.Size, Changed: r.Written}, body, err
	}
	return page.Record{}, nil, &tandem.Error{Kind: tandem.NotFound, Op: "show record", Thing: string(id)}
}
