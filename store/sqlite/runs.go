package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"tandem/store"
)

const runColumns = "id, pair, item, started, finished, result, detail"

// Runs implements store.Events. Of several items the runs are merged by reading no more of each than can be among the newest of all, so that a page takes as long for many phones as for few.
func (e events) Runs(ctx context.Context, f store.RunFilter) (list []store.Run, err error) {
	err = e.read(ctx, "list runs", func(c *conn) error {
		if f.Of == nil {
			cond, args := runsBefore(f.Item, f.Before)
			list, err = findRuns(c, cond+" ORDER BY id DESC LIMIT ?", append(args, limitOf(f.Limit))...)
			return err
		}
		items := slices.Clone(f.Of.Items)
		for _, phone := range f.Of.Phones {
			synced, err := itemsBelow(c, "device/"+strconv.FormatInt(phone, 10)+"/")
			if err != nil {
				return err
			}
			items = append(items, synced...)
		}
		ids, err := newest(c, f, items)
		if err != nil {
			return err
		}
		list, err = findRuns(c, "id IN (SELECT value FROM json_each(?)) ORDER BY id DESC", numbers(ids))
		return err
	})
	return list, err
}

// runsBefore is a condition for runs, of one item or, with "", of all.
func runsBefore(item string, before int64) (cond string, args []any) {
	parts := []string{"TRUE"}
	if item != "" {
		parts, args = append(parts, "item = ?"), append(args, item)
	}
	if before > 0 {
		parts, args = append(parts, "id < ?"), append(args, before)
	}
	return strings.Join(parts, " AND "), args
}

func findRuns(c *conn, rest string, args ...any) (list []store.Run, err error) {
	err = c.each(func(s scanner) error {
		var r store.Run
		err := s.Scan(&r.ID, &r.Pair, &r.Item, &r.Started, &r.Finished, &r.Result, &r.Detail)
		list = append(list, r)
		return err
	}, "SELECT "+runColumns+" FROM run WHERE "+rest, args...)
	return list, err
}

const queryItemBelow = "SELECT min(item) FROM run WHERE item > ? AND item < ?"

// itemsBelow are the items with runs whose names begin so, one look into the index for each.
func itemsBelow(c *conn, prefix string) (items []string, err error) {
	end := prefix[:len(prefix)-1] + string(prefix[len(prefix)-1]+1)
	for at := prefix; ; {
		var next sql.NullString
		if err := c.row(queryItemBelow, at, end).Scan(&next); err != nil || !next.Valid {
			return items, err
		}
		items, at = append(items, next.String), next.String
	}
}

// newest are the numbers of the newest runs of some items, newest first.
func newest(c *conn, f store.RunFilter, items []string) (ids []int64, err error) {
	slices.Sort(items)
	for _, item := range slices.Compact(items) {
		if f.Item != "" && item != f.Item {
			continue
		}
		cond, args := runsBefore(item, f.Before)
		if f.Limit > 0 && len(ids) == f.Limit {
			cond, args = cond+" AND id > ?", append(args, ids[len(ids)-1])
		}
		if slices.Contains(f.Of.Items, item) {
			cond, args = cond+" AND pair IN (SELECT value FROM json_each(?))", append(args, numbers(f.Of.Pairs))
		}
		err := c.each(func(s scanner) error {
			var id int64
			err := s.Scan(&id)
			ids = append(ids, id)
			return err
		}, "SELECT id FROM run WHERE "+cond+" ORDER BY id DESC LIMIT ?", append(args, limitOf(f.Limit))...)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(ids, func(a, b int64) int { return cmp.Compare(b, a) })
		if f.Limit > 0 && len(ids) > f.Limit {
			ids = ids[:f.Limit]
		}
	}
	return ids, nil
}
