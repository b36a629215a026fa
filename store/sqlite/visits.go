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

type visits struct{ *db }

var _ store.Visits = visits{}

const visitColumns = "id, owner, token, proof, agent, origin, added, used, until"

func scanVisit(s scanner) (v store.Visit, err error) {
	var token, proof []byte
	err = s.Scan(&v.ID, &v.User, &token, &proof, &v.Agent, &v.From, &v.Added, &v.Used, &v.Until)
	v.Token, v.Proof = toDigest(token), toDigest(proof)
	return v, err
}

// AddVisit implements store.Visits.
func (s visits) AddVisit(ctx context.Context, v store.Visit) (store.Visit, error) {
	const op = "log in"
	v.User = strings.ToLower(v.User)
	err := s.write(ctx, op, func(c *conn) error {
		if err := userThere(c, op, v.User); err != nil {
			return err
		}
		if _, err := c.exec("DELETE FROM visit WHERE until <= ?", v.Added); err != nil {
			return err
		}
		res, err := c.exec("INSERT INTO visit (owner, token, proof, agent, origin, added, used, until) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			v.User, v.Token[:], v.Proof[:], v.Agent, v.From, v.Added, v.Used, v.Until)
		if isConstraint(err) {
			return &tandem.Error{Kind: tandem.Exists, Op: op, Err: errors.New("the token is in use")}
		}
		if err != nil {
			return err
		}
		v.ID, err = res.LastInsertId()
		return err
	})
	if err != nil {
		return store.Visit{}, err
	}
	return v, nil
}

// Visit implements store.Visits.
func (s visits) Visit(ctx context.Context, token tandem.Digest) (v store.Visit, err error) {
	const op = "find visit"
	err = s.read(ctx, op, func(c *conn) (err error) {
		v, err = scanVisit(c.row("SELECT "+visitColumns+" FROM visit WHERE token = ?", token[:]))
		if errors.Is(err, sql.ErrNoRows) {
			return notFound(op, "")
		}
		return err
	})
	if err != nil {
		return store.Visit{}, err
	}
	return v, nil
}

// Visits implements store.Visits.
func (s visits) Visits(ctx context.Context, user string) (list []store.Visit, err error) {
	err = s.read(ctx, "list visits", func(c *conn) error {
		return c.each(func(s scanner) error {
			v, err := scanVisit(s)
			list = append(list, v)
			return err
		}, "SELECT "+visitColumns+" FROM visit WHERE owner = ? ORDER BY id DESC", strings.ToLower(user))
	})
	return list, err
}

// UseVisit implements store.Visits.
func (s visits) UseVisit(ctx context.Context, id int64, when int64, from string) error {
	const op = "note visit"
	return s.writeSoft(ctx, op, func(c *conn) error {
		res, err := c.exec("UPDATE visit SET used = ?, origin = ? WHERE id = ?", when, from, id)
		if err != nil {
			return err
		}
		return mustAffect(res, op, strconv.FormatInt(id, 10))
	})
}

// RemoveVisit implements store.Visits.
func (s visits) RemoveVisit(ctx context.Context, id int64) error {
	const op = "end visit"
	return s.write(ctx, op, func(c *conn) error {
		res, err := c.exec("DELETE FROM visit WHERE id = ?", id)
		if err != nil {
			return err
		}
		return mustAffect(res, op, strconv.FormatInt(id, 10))
	})
}
