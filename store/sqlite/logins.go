package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"tandem"
	"tandem/store"
)

type logins struct{ *db }

var _ store.Logins = logins{}

// PutLogin implements store.Logins. With an ID it replaces that login's label and hash.
func (l logins) PutLogin(ctx context.Context, in store.Login) (store.Login, error) {
	const op = "save login"
	in.User = strings.ToLower(in.User)
	err := l.write(ctx, op, func(c *conn) error {
		if in.ID == 0 && in.Label == "" {
			err := c.row("SELECT id FROM login WHERE owner = ? AND label = ''", in.User).Scan(&in.ID)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
		}
		if in.ID != 0 {
			res, err := c.exec("UPDATE login SET label = ?, hash = ?, added = ?, only_for = ?, reads = ? WHERE id = ? AND owner = ?", in.Label, in.Hash, in.Added, in.Only, in.ReadOnly, in.ID, in.User)
			if isConstraint(err) {
				return &tandem.Error{Kind: tandem.Exists, Op: op, Thing: in.Label, Remedy: "choose another name"}
			}
			if err != nil {
				return err
			}
			return mustAffect(res, op, strconv.FormatInt(in.ID, 10))
		}
		var n int
		if err := c.row("SELECT count(*) FROM user WHERE name = ?", in.User).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return notFound(op+": find user", in.User)
		}
		res, err := c.exec("INSERT INTO login (owner, label, hash, added, used, origin, only_for, reads) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", in.User, in.Label, in.Hash, in.Added, in.Used, in.From, in.Only, in.ReadOnly)
		if isConstraint(err) {
			return &tandem.Error{Kind: tandem.Exists, Op: op, Thing: in.Label, Remedy: "choose another name"}
		}
		if err != nil {
			return err
		}
		in.ID, err = res.LastInsertId()
		return err
	})
	if err != nil {
		return store.Login{}, err
	}
	return in, nil
}

// Logins implements store.Logins: the account's own password first, then by label.
func (l logins) Logins(ctx context.Context, user string) (list []store.Login, err error) {
	err = l.read(ctx, "list logins", func(c *conn) error {
		return c.each(func(s scanner) error {
			var v store.Login
			err := s.Scan(&v.ID, &v.User, &v.Label, &v.Hash, &v.Added, &v.Used, &v.From, &v.Only, &v.ReadOnly)
			list = append(list, v)
			return err
		}, "SELECT id, owner, label, hash, added, used, origin, only_for, reads FROM login WHERE owner = ? ORDER BY label", strings.ToLower(user))
	})
	return list, err
}

// UseLogin implements store.Logins. A use from the same place less than a minute after the last one is not written down.
func (l logins) UseLogin(ctx context.Context, id, when int64, from string) error {
	const op = "note log-in"
	var used int64
	var origin string
	err := l.read(ctx, op, func(c *conn) error {
		err := c.row("SELECT used, origin FROM login WHERE id = ?", id).Scan(&used, &origin)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound(op, strconv.FormatInt(id, 10))
		}
		return err
	})
	if err != nil || origin == from && fresh(used, when) {
		return err
	}
	return l.writeSoft(ctx, op, func(c *conn) error {
		_, err := c.exec("UPDATE login SET used = ?, origin = ? WHERE id = ?", when, from, id)
		return err
	})
}

// fresh reports whether a time of last use need not be written again.
func fresh(last, now int64) bool { return last <= now && now-last < 60 }

// RemoveLogin implements store.Logins.
func (l logins) RemoveLogin(ctx context.Context, id int64) error {
	return changeOne(ctx, l.db, "remove login", "DELETE FROM login WHERE id = ?", id)
}
