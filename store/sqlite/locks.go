package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"tandem"
	"tandem/store"
)

type locks struct{ *db }

var _ store.Locks = locks{}

const lockColumns = "token, holder, collection, path, deep, shared, owner, seconds, until"

func scanLock(s scanner) (l store.Lock, err error) {
	err = s.Scan(&l.Token, &l.User, &l.Collection, &l.Path, &l.Deep, &l.Shared, &l.Owner, &l.Seconds, &l.Until)
	return l, err
}

func locksOf(c *conn, collection, now int64) (list []store.Lock, err error) {
	err = c.each(func(s scanner) error {
		l, err := scanLock(s)
		list = append(list, l)
		return err
	}, "SELECT "+lockColumns+" FROM lock WHERE collection = ? AND until > ? ORDER BY path, token", collection, now)
	return list, err
}

// Locks implements store.Locks.
func (s locks) Locks(ctx context.Context, collection, now int64) (list []store.Lock, err error) {
	err = s.read(ctx, "list locks", func(c *conn) (err error) {
		list, err = locksOf(c, collection, now)
		return err
	})
	return list, err
}

// Lock implements store.Locks. It also removes locks that are over.
func (s locks) Lock(ctx context.Context, l store.Lock, now int64) error {
	const op = "lock"
	l.User = strings.ToLower(l.User)
	if l.Token == "" {
		return &tandem.Error{Kind: tandem.Invalid, Op: op, Err: errors.New("a lock needs a token")}
	}
	return s.write(ctx, op, func(c *conn) error {
		col, err := collectionByID(c, l.Collection)
		if err != nil {
			return err
		}
		if err := userThere(c, op, l.User); err != nil {
			return err
		}
		if _, err := c.exec("DELETE FROM lock WHERE until <= ?", now); err != nil {
			return err
		}
		list, err := locksOf(c, l.Collection, now)
		if err != nil {
			return err
		}
		for _, o := range list {
			if o.Against(l) && o.Token != l.Token {
				return &tandem.Error{Kind: tandem.Busy, Op: op, Thing: thingOf(l.Path, col.Name), Err: &store.LockHeld{Lock: o}, Remedy: "wait until it is given back"}
			}
		}
		_, err = c.exec("INSERT INTO lock ("+lockColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", l.Token, l.User, l.Collection, l.Path, l.Deep, l.Shared, l.Owner, l.Seconds, l.Until)
		if isConstraint(err) {
			return &tandem.Error{Kind: tandem.Exists, Op: op, Thing: l.Token}
		}
		return err
	})
}

func thingOf(path, collection string) string {
	if path == "" {
		return collection
	}
	return path
}

// Refresh implements store.Locks.
func (s locks) Refresh(ctx context.Context, token string, seconds, until, now int64) (l store.Lock, err error) {
	const op = "refresh lock"
	err = s.write(ctx, op, func(c *conn) (err error) {
		l, err = scanLock(c.row("SELECT "+lockColumns+" FROM lock WHERE token = ? AND until > ?", token, now))
		if errors.Is(err, sql.ErrNoRows) {
			return notFound(op, token)
		}
		if err != nil {
			return err
		}
		l.Seconds, l.Until = seconds, until
		_, err = c.exec("UPDATE lock SET seconds = ?, until = ? WHERE token = ?", seconds, until, token)
		return err
	})
	if err != nil {
		return store.Lock{}, err
	}
	return l, nil
}

// Unlock implements store.Locks.
func (s locks) Unlock(ctx context.Context, tokens ...string) error {
	return s.write(ctx, "unlock", func(c *conn) error {
		for _, t := range tokens {
			if _, err := c.exec("DELETE FROM lock WHERE token = ?", t); err != nil {
				return err
			}
		}
		return nil
	})
}
