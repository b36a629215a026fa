package sqlite

import (
	"context"
	"errors"
	"strings"

	"tandem"
	"tandem/store"
)

type settings struct{ *db }

var _ store.Settings = settings{}

// Values implements store.Settings.
func (s settings) Values(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	err := s.read(ctx, "read settings", func(c *conn) error {
		return c.each(func(s scanner) error {
			var name, text string
			err := s.Scan(&name, &text)
			out[name] = text
			return err
		}, "SELECT name, text FROM value")
	})
	return out, err
}

// PutValues implements store.Settings.
func (s settings) PutValues(ctx context.Context, v map[string]string) error {
	return s.write(ctx, "save settings", func(c *conn) error {
		for name, text := range v {
			query, args := "INSERT INTO value (name, text) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET text = excluded.text", []any{name, text}
			if text == "" {
				query, args = "DELETE FROM value WHERE name = ?", []any{name}
			}
			if _, err := c.exec(query, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// PutPartner implements store.Settings: it adds or replaces.
func (s settings) PutPartner(ctx context.Context, p store.Partner) error {
	return s.write(ctx, "save partner", func(c *conn) error {
		_, err := c.exec(`INSERT INTO partner (name, owner, provider, place, title, called, added, bounded) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, provider = excluded.provider, place = excluded.place, title = excluded.title, called = excluded.called, added = excluded.added, bounded = excluded.bounded`,
			p.Name, strings.ToLower(p.User), p.Provider, p.Place, p.Title, p.Called, p.Added, p.Bounded)
		return err
	})
}

// Partners implements store.Settings, by name.
func (s settings) Partners(ctx context.Context) (list []store.Partner, err error) {
	err = s.read(ctx, "list partners", func(c *conn) error {
		return c.each(func(s scanner) error {
			var p store.Partner
			err := s.Scan(&p.Name, &p.User, &p.Provider, &p.Place, &p.Title, &p.Called, &p.Added, &p.Bounded)
			list = append(list, p)
			return err
		}, "SELECT name, owner, provider, place, title, called, added, bounded FROM partner ORDER BY name")
	})
	return list, err
}

// RemovePartner implements store.Settings.
func (s settings) RemovePartner(ctx context.Context, name string) error {
	return s.write(ctx, "remove partner", func(c *conn) error {
		if err := unused(c, "remove partner", name, "SELECT name FROM item WHERE partner = ? ORDER BY name", name); err != nil {
			return err
		}
		res, err := c.exec("DELETE FROM partner WHERE name = ?", name)
		if err != nil {
			return err
		}
		return mustAffect(res, "remove partner", name)
	})
}

// unused is Busy, naming them, if query finds items that use a thing.
func unused(c *conn, op, thing, query string, arg any) error {
	var users []string
	err := c.each(func(s scanner) error {
		var name string
		err := s.Scan(&name)
		users = append(users, name)
		return err
	}, query, arg)
	if err != nil || len(users) == 0 {
		return err
	}
	return &tandem.Error{Kind: tandem.Busy, Op: op, Thing: thing, Err: errors.New("in use by " + strings.Join(users, ", ")),
		Remedy: "remove what uses it first"}
}

// PutItem implements store.Settings: it adds or replaces. A partner or collection that does not exist is NotFound.
func (s settings) PutItem(ctx context.Context, it store.Item) error {
	return s.write(ctx, "save item", func(c *conn) error {
		var n int
		if err := c.row("SELECT count(*) FROM partner WHERE name = ?", it.Partner).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return notFound("save item "+it.Name+": find partner", it.Partner)
		}
		if _, err := collectionByID(c, it.Collection); err != nil {
			return err
		}
		_, err := c.exec(`INSERT INTO item (name, owner, collection, partner, sub, enabled, mode, schedule, rules, added, commands) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, collection = excluded.collection, partner = excluded.partner, sub = excluded.sub,
			enabled = excluded.enabled, mode = excluded.mode, schedule = excluded.schedule, rules = excluded.rules, added = excluded.added, commands = excluded.commands`,
			it.Name, it.User, it.Collection, it.Partner, it.Sub, it.Enabled, it.Mode, it.Schedule, it.Rules, it.Added, it.Commands)
		return err
	})
}

// Items implements store.Settings, by name.
func (s settings) Items(ctx context.Context) (list []store.Item, err error) {
	err = s.read(ctx, "list items", func(c *conn) error {
		return c.each(func(s scanner) error {
			var it store.Item
			err := s.Scan(&it.Name, &it.User, &it.Collection, &it.Partner, &it.Sub, &it.Enabled, &it.Mode, &it.Schedule, &it.Rules, &it.Added, &it.Commands)
			list = append(list, it)
			return err
		}, "SELECT name, owner, collection, partner, sub, enabled, mode, schedule, rules, added, commands FROM item ORDER BY name")
	})
	return list, err
}

// RemoveItem implements store.Settings.
func (s settings) RemoveItem(ctx context.Context, name string) error {
	return s.write(ctx, "remove item", func(c *conn) error {
		res, err := c.exec("DELETE FROM item WHERE name = ?", name)
		if err != nil {
			return err
		}
		return mustAffect(res, "remove item", name)
	})
}
