package sqlite

import (
	"context"

	"tandem"
	"tandem/store"
)

type figures struct{ *db }

var _ store.Counts = figures{}

// Figures implements store.Counts.
func (d figures) Figures(ctx context.Context) (store.Figures, error) {
	f := store.Figures{Records: map[tandem.Kind]int{}, Outgoing: map[string]int{}}
	err := d.read(ctx, "count", func(c *conn) error {
		var records, pages, size int
		for _, q := range []struct {
			to    *int
			query string
		}{
			{&f.Users, "SELECT count(*) FROM user"}, {&f.Devices, "SELECT count(*) FROM device"}, {&f.Collections, "SELECT count(*) FROM collection"},
			{&f.Partners, "SELECT count(*) FROM partner"}, {&f.Items, "SELECT count(*) FROM item"}, {&records, "SELECT count(*) FROM record"},
			{&f.Pairs, "SELECT count(*) FROM pair"}, {&f.BaseRows, "SELECT ifnull(sum(rows), 0) FROM pair"}, {&f.Past, "SELECT count(*) FROM past"},
			{&f.Events, "SELECT count(*) FROM event"}, {&f.Conflicts, "SELECT (SELECT count(*) FROM conflict WHERE resolved = 0) + (SELECT count(*) FROM reported)"},
			{&pages, "PRAGMA page_count"}, {&size, "PRAGMA page_size"},
		} {
			if err := c.row(q.query).Scan(q.to); err != nil {
				return err
			}
		}
		f.Bytes = int64(pages) * int64(size)
		if err := c.row("PRAGMA user_version").Scan(&f.Format); err != nil {
			return err
		}
		f.Tombstones = records
		err := c.each(func(s scanner) error {
			var kind tandem.Kind
			var n int
			err := s.Scan(&kind, &n)
			f.Records[kind] = n
			f.Tombstones -= n
			return err
		}, "SELECT kind, sum(live) FROM collection GROUP BY kind")
		if err != nil {
			return err
		}
		return c.each(func(s scanner) error {
			var state string
			var n int
			err := s.Scan(&state, &n)
			f.Outgoing[state] = n
			return err
		}, "SELECT state, count(*) FROM outgoing GROUP BY state")
	})
	return f, err
}
