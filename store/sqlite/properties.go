package sqlite

import (
	"context"
	"encoding/json"
	"strconv"

	"tandem/store"
)

type properties struct{ *db }

var _ store.Properties = properties{}

// Properties implements store.Properties. It costs one look into an index per number.
func (p properties) Properties(ctx context.Context, collection int64, numbers ...int64) (map[int64]map[string]string, error) {
	out := map[int64]map[string]string{}
	if len(numbers) == 0 {
		return out, nil
	}
	list, err := json.Marshal(numbers)
	if err != nil {
		return nil, p.fault("read properties", err)
	}
	err = p.read(ctx, "read properties", func(c *conn) error {
		return c.each(func(s scanner) error {
			var number int64
			var name, value string
			if err := s.Scan(&number, &name, &value); err != nil {
				return err
			}
			if out[number] == nil {
				out[number] = map[string]string{}
			}
			out[number][name] = value
			return nil
		}, queryProperties, string(list), collection)
	})
	return out, err
}

// queryProperties goes through the numbers and looks each up: CROSS JOIN keeps this order.
const queryProperties = `SELECT p.number, p.name, p.value FROM json_each(?) n CROSS JOIN property p WHERE p.collection = ? AND p.number = n.value`

// SetProperties implements store.Properties.
func (p properties) SetProperties(ctx context.Context, collection, number int64, set map[string]string) error {
	const op = "save properties"
	return p.write(ctx, op, func(c *conn) error {
		if _, err := collectionByID(c, collection); err != nil {
			return err
		}
		if number != 0 {
			var n int
			if err := c.row("SELECT count(*) FROM record WHERE row = ? AND collection = ? AND deleted = 0", number, collection).Scan(&n); err != nil {
				return err
			}
			if n == 0 {
				return notFound(op, strconv.FormatInt(number, 10))
			}
		}
		for name, value := range set {
			if err := setProperty(c, collection, number, name, value); err != nil {
				return err
			}
		}
		return nil
	})
}

func setProperty(c *conn, collection, number int64, name, value string) error {
	if value == "" {
		_, err := c.exec("DELETE FROM property WHERE collection = ? AND number = ? AND name = ?", collection, number, name)
		return err
	}
	_, err := c.exec(`INSERT INTO property (collection, number, name, value) VALUES (?, ?, ?, ?)
		ON CONFLICT (collection, number, name) DO UPDATE SET value = excluded.value`, collection, number, name, value)
	return err
}

// forgetProperties removes what is kept of a record that is deleted.
func forgetProperties(c *conn, collection, number int64) error {
	_, err := c.exec("DELETE FROM property WHERE collection = ? AND number = ?", collection, number)
	return err
}
