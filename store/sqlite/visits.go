package sqlite

import (
	"context"
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
func (s visits) Visit(ctx context.Context, token tandem.Digest) (store.Visit, error) {
	return oneOf(ctx, s.db, "find visit", scanVisit, "SELECT "+visitColumns+" FROM visit WHERE token = ?", token[:])
}

// Visits implements store.Visits.
func (s visits) Visits(ctx context.Context, user string) ([]store.Visit, error) {
	return allOf(ctx, s.db, "list visits", scanVisit, "SELECT "+visitColumns+" FROM visit WHERE owner = ? ORDER BY id DESC", strings.ToLower(user))
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
	return changeOne(ctx, s.db, "end visit", "DELETE FROM visit WHERE id = ?", id)
}
