package sqlite

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"tandem/store"
)

type results struct{ *db }

var _ store.Results = results{}

const eventColumns = "id, at, session, owner, item, level, text, record, remedy, code, link, link_text"

func scanEvent(s scanner) (v store.Event, err error) {
	err = s.Scan(&v.ID, &v.When, &v.Session, &v.User, &v.Item, &v.Level, &v.Text, &v.Record, &v.Remedy, &v.Code, &v.Link, &v.LinkText)
	return v, err
}

// where writes a filter as a condition.
func where(f store.EventFilter) (cond string, args []any) {
	parts := []string{"id > ?"}
	args = append(args, f.After)
	add := func(part string, more ...any) {
		parts = append(parts, part)
		args = append(args, more...)
	}
	if f.Before > 0 {
		add("id < ?", f.Before)
	}
	if f.Level > store.Info {
		add("level > 0") // lets the index of trouble be used
		add("level >= ?", int64(f.Level))
	}
	if len(f.Items) > 0 {
		var list []any
		for _, it := range f.Items {
			list = append(list, it)
		}
		add("item IN (?"+strings.Repeat(", ?", len(list)-1)+")", list...)
	}
	if f.User != nil {
		add("owner = ?", *f.User)
	}
	if f.For != nil {
		part, more := "owner = ? AND owner <> ''", []any{strings.ToLower(f.For.User)}
		if f.For.Hub {
			part += " OR owner = ''"
		}
		for _, p := range f.For.Prefixes {
			part += " OR substr(item, 1, ?) = ?"
			more = append(more, utf8.RuneCountInString(p), p)
		}
		add("("+part+")", more...)
	}
	if f.Since > 0 {
		add("at >= ?", f.Since)
	}
	if f.Until > 0 {
		add("at < ?", f.Until)
	}
	if f.Code != "" {
		add("code = ?", f.Code)
	}
	if f.Text != "" {
		like := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(f.Text) + "%"
		add(`(text LIKE ? ESCAPE '\' OR record LIKE ? ESCAPE '\')`, like, like)
	}
	return strings.Join(parts, " AND "), args
}

// Find implements store.Results.
func (r results) Find(ctx context.Context, f store.EventFilter) (list []store.Event, err error) {
	cond, args := where(f)
	order := ""
	if f.Newest {
		order = " DESC"
	}
	err = r.read(ctx, "find events", func(c *conn) error {
		return c.each(func(s scanner) error {
			v, err := scanEvent(s)
			list = append(list, v)
			return err
		}, "SELECT "+eventColumns+" FROM event WHERE "+cond+" ORDER BY id"+order+" LIMIT ?", append(args, limitOf(f.Limit))...)
	})
	if f.Newest {
		slices.Reverse(list)
	}
	return list, err
}

// Clear implements store.Results.
func (r results) Clear(ctx context.Context, f store.EventFilter) (n int, err error) {
	cond, args := where(f)
	err = r.write(ctx, "clear events", func(c *conn) error {
		res, err := c.exec("DELETE FROM event WHERE "+cond, args...)
		if err != nil {
			return err
		}
		count, err := res.RowsAffected()
		n = int(count)
		return err
	})
	return n, err
}
