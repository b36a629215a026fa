package sqlite

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"tandem/store"
)

type hooks struct{ *db }

var _ store.Hooks = hooks{}

// packTexts packs a list for a column.
func packTexts(list []string) (string, error) {
	if list == nil {
		list = []string{}
	}
	b, err := json.Marshal(list)
	return string(b), err
}

// PutHook implements store.Hooks.
func (s hooks) PutHook(ctx context.Context, h store.Hook) (store.Hook, error) {
	const op = "save webhook"
	h.User = strings.ToLower(h.User)
	events, err := packTexts(h.Events)
	if err != nil {
		return store.Hook{}, s.fault(op, err)
	}
	items, err := packTexts(h.Items)
	if err != nil {
		return store.Hook{}, s.fault(op, err)
	}
	err = s.write(ctx, op, func(c *conn) error {
		if h.ID != 0 {
			res, err := c.exec("UPDATE webhook SET owner = ?, url = ?, events = ?, items = ?, enabled = ?, added = ? WHERE id = ?", h.User, h.URL, events, items, h.Enabled, h.Added, h.ID)
			if err != nil {
				return err
			}
			return mustAffect(res, op, strconv.FormatInt(h.ID, 10))
		}
		res, err := c.exec("INSERT INTO webhook (owner, url, events, items, enabled, added) VALUES (?, ?, ?, ?, ?, ?)", h.User, h.URL, events, items, h.Enabled, h.Added)
		if err != nil {
			return err
		}
		h.ID, err = res.LastInsertId()
		return err
	})
	if err != nil {
		return store.Hook{}, err
	}
	return h, nil
}

// Hooks implements store.Hooks.
func (s hooks) Hooks(ctx context.Context, user string) (list []store.Hook, err error) {
	err = s.read(ctx, "list webhooks", func(c *conn) error {
		return c.each(func(s scanner) error {
			var h store.Hook
			var events, items string
			if err := s.Scan(&h.ID, &h.User, &h.URL, &events, &items, &h.Enabled, &h.Added); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(events), &h.Events); err != nil {
				return err
			}
			err := json.Unmarshal([]byte(items), &h.Items)
			list = append(list, h)
			return err
		}, "SELECT id, owner, url, events, items, enabled, added FROM webhook WHERE ? IN ('*', owner) ORDER BY id", strings.ToLower(user))
	})
	return list, err
}

// RemoveHook implements store.Hooks.
func (s hooks) RemoveHook(ctx context.Context, id int64) error {
	const op = "remove webhook"
	return s.write(ctx, op, func(c *conn) error {
		if _, err := c.exec("DELETE FROM delivery WHERE webhook = ?", id); err != nil {
			return err
		}
		res, err := c.exec("DELETE FROM webhook WHERE id = ?", id)
		if err != nil {
			return err
		}
		return mustAffect(res, op, strconv.FormatInt(id, 10))
	})
}

// deliver adds deliveries within a transaction.
func deliver(c *conn, list []store.Delivery) (n int, err error) {
	for _, d := range list {
		res, err := c.exec(`INSERT INTO delivery (webhook, key, event, body, state, added, next, tries, status, error)
			SELECT id, ?, ?, ?, ?, ?, ?, 0, 0, '' FROM webhook WHERE id = ? ON CONFLICT (webhook, key) DO NOTHING`, d.Key, d.Event, d.Body, string(store.Waiting), d.Added, d.Next, d.Hook)
		if err != nil {
			return n, err
		}
		added, err := res.RowsAffected()
		if err != nil {
			return n, err
		}
		n += int(added)
	}
	return n, nil
}

// Deliver implements store.Hooks.
func (s hooks) Deliver(ctx context.Context, list []store.Delivery) (n int, err error) {
	err = s.write(ctx, "queue webhook delivery", func(c *conn) (err error) {
		n, err = deliver(c, list)
		return err
	})
	return n, err
}

func eachDelivery(c *conn, where string, args ...any) (list []store.Delivery, err error) {
	err = c.each(func(s scanner) error {
		var d store.Delivery
		err := s.Scan(&d.ID, &d.Hook, &d.Key, &d.Event, &d.Body, &d.State, &d.Added, &d.Next, &d.Tries, &d.Status, &d.Error)
		list = append(list, d)
		return err
	}, "SELECT id, webhook, key, event, body, state, added, next, tries, status, error FROM delivery "+where, args...)
	return list, err
}

// DueDeliveries implements store.Hooks.
func (s hooks) DueDeliveries(ctx context.Context, now int64, limit int) (list []store.Delivery, next int64, err error) {
	err = s.read(ctx, "read webhook queue", func(c *conn) error {
		if list, err = eachDelivery(c, "WHERE state = 'waiting' AND next <= ? ORDER BY next, id LIMIT ?", now, limit); err != nil {
			return err
		}
		return c.row("SELECT coalesce(min(next), 0) FROM delivery WHERE state = 'waiting' AND next > ?", now).Scan(&next)
	})
	return list, next, err
}

// PutDelivery implements store.Hooks.
func (s hooks) PutDelivery(ctx context.Context, d store.Delivery) error {
	const op = "note webhook delivery"
	return s.write(ctx, op, func(c *conn) error {
		res, err := c.exec("UPDATE delivery SET state = ?, next = ?, tries = ?, status = ?, error = ? WHERE id = ?", string(d.State), d.Next, d.Tries, d.Status, d.Error, d.ID)
		if err != nil {
			return err
		}
		return mustAffect(res, op, strconv.FormatInt(d.ID, 10))
	})
}

// Deliveries implements store.Hooks.
func (s hooks) Deliveries(ctx context.Context, hook int64, limit int) (list []store.Delivery, err error) {
	err = s.read(ctx, "list webhook deliveries", func(c *conn) error {
		list, err = eachDelivery(c, "WHERE webhook = ? ORDER BY id DESC LIMIT ?", hook, limitOf(limit))
		return err
	})
	return list, err
}

// PurgeDeliveries implements store.Hooks.
func (s hooks) PurgeDeliveries(ctx context.Context, before int64) (n int, err error) {
	err = s.write(ctx, "forget webhook deliveries", func(c *conn) error {
		res, err := c.exec("DELETE FROM delivery WHERE state <> 'waiting' AND added < ?", before)
		if err != nil {
			return err
		}
		gone, err := res.RowsAffected()
		n = int(gone)
		return err
	})
	return n, err
}
