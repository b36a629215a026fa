package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
)

// oneOf reads the row that a query finds; NotFound where it finds none. What was looked for is not named: it may be a secret.
func oneOf[T any](ctx context.Context, d *db, op string, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	var out T
	err := d.read(ctx, op, func(c *conn) (err error) {
		out, err = scan(c.row(query, args...))
		if errors.Is(err, sql.ErrNoRows) {
			return notFound(op, "")
		}
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return out, nil
}

// allOf reads the rows that a query finds.
func allOf[T any](ctx context.Context, d *db, op string, scan func(scanner) (T, error), query string, args ...any) (list []T, err error) {
	err = d.read(ctx, op, func(c *conn) error {
		list = nil
		return c.each(func(s scanner) error {
			one, err := scan(s)
			list = append(list, one)
			return err
		}, query, args...)
	})
	return list, err
}

// changeOne makes a statement whose last argument is the id of the row it is about; NotFound where there is none.
func changeOne(ctx context.Context, d *db, op, query string, id int64, args ...any) error {
	return d.write(ctx, op, func(c *conn) error {
		res, err := c.exec(query, append(args[:len(args):len(args)], id)...)
		if err != nil {
			return err
		}
		return mustAffect(res, op, strconv.FormatInt(id, 10))
	})
}
