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

type factors struct{ *db }

var _ store.Factors = factors{}

const factorColumns = "id, owner, sort, key, label, data, count, added, used, origin"

func scanFactor(s scanner) (f store.Factor, err error) {
	err = s.Scan(&f.ID, &f.User, &f.Sort, &f.Key, &f.Label, &f.Data, &f.Count, &f.Added, &f.Used, &f.From)
	return f, err
}

// AddFactor implements store.Factors.
func (s factors) AddFactor(ctx context.Context, f store.Factor) (store.Factor, error) {
	const op = "add factor"
	f.User = strings.ToLower(f.User)
	if f.Data == nil {
		f.Data = []byte{}
	}
	err := s.write(ctx, op, func(c *conn) error {
		if err := userThere(c, op, f.User); err != nil {
			return err
		}
		res, err := c.exec("INSERT INTO factor (owner, sort, key, label, data, count, added, used, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			f.User, f.Sort, f.Key, f.Label, f.Data, f.Count, f.Added, f.Used, f.From)
		if isConstraint(err) {
			return &tandem.Error{Kind: tandem.Exists, Op: op, Thing: f.Label, Err: errors.New("it is there already"), Remedy: "remove the one that is there first"}
		}
		if err != nil {
			return err
		}
		f.ID, err = res.LastInsertId()
		return err
	})
	if err != nil {
		return store.Factor{}, err
	}
	return f, nil
}

// Factors implements store.Factors.
func (s factors) Factors(ctx context.Context, user string) ([]store.Factor, error) {
	return allOf(ctx, s.db, "list factors", scanFactor, "SELECT "+factorColumns+" FROM factor WHERE owner = ? ORDER BY id", strings.ToLower(user))
}

// FactorByKey implements store.Factors.
func (s factors) FactorByKey(ctx context.Context, sort store.FactorSort, key string) (store.Factor, error) {
	return oneOf(ctx, s.db, "find factor", scanFactor, "SELECT "+factorColumns+" FROM factor WHERE sort = ? AND key = ?", sort, key)
}

// LabelFactor implements store.Factors.
func (s factors) LabelFactor(ctx context.Context, id int64, label string) error {
	return changeOne(ctx, s.db, "name factor", "UPDATE factor SET label = ? WHERE id = ?", id, label)
}

// UseFactor implements store.Factors.
func (s factors) UseFactor(ctx context.Context, id, count, when int64, from string, data []byte) error {
	const op = "use factor"
	if data == nil {
		data = []byte{}
	}
	return s.write(ctx, op, func(c *conn) error {
		var have int64
		err := c.row("SELECT count FROM factor WHERE id = ?", id).Scan(&have)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return notFound(op, strconv.FormatInt(id, 10))
		case err != nil:
			return err
		case count <= have && (count != 0 || have != 0):
			return &tandem.Error{Kind: tandem.Exists, Op: op, Err: errors.New("it was used already")}
		}
		_, err = c.exec("UPDATE factor SET count = ?, used = ?, origin = ?, data = ? WHERE id = ?", count, when, from, data, id)
		return err
	})
}

// RemoveFactor implements store.Factors.
func (s factors) RemoveFactor(ctx context.Context, id int64) error {
	return changeOne(ctx, s.db, "remove factor", "DELETE FROM factor WHERE id = ?", id)
}
