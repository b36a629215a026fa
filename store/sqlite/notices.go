package sqlite

import (
	"context"
	"strconv"
	"strings"

	"tandem/store"
)

type notices struct{ *db }

var _ store.Notices = notices{}

// Notices implements store.Notices.
func (s notices) Notices(ctx context.Context, user string) (list []store.Notice, err error) {
	err = s.read(ctx, "list notices", func(c *conn) error {
		return c.each(func(s scanner) error {
			var n store.Notice
			err := s.Scan(&n.ID, &n.User, &n.Key, &n.Sort, &n.Item, &n.Code, &n.Title, &n.Text, &n.Link, &n.Since, &n.Told)
			list = append(list, n)
			return err
		}, "SELECT id, owner, key, sort, item, code, title, text, link, since, told FROM notice WHERE ? IN ('', owner) ORDER BY id", strings.ToLower(user))
	})
	return list, err
}

// ChangeNotices implements store.Notices.
func (s notices) ChangeNotices(ctx context.Context, change store.NoticeChange) error {
	return s.write(ctx, "note causes", func(c *conn) error {
		for _, id := range change.Solved {
			if _, err := c.exec("DELETE FROM notice WHERE id = ?", id); err != nil {
				return err
			}
		}
		for _, n := range change.Add {
			if _, err := c.exec(`INSERT INTO notice (owner, key, sort, item, code, title, text, link, since)
				SELECT name, ?, ?, ?, ?, ?, ?, ?, ? FROM user WHERE name = ? ON CONFLICT (owner, key) DO NOTHING`,
				n.Key, n.Sort, n.Item, n.Code, n.Title, n.Text, n.Link, n.Since, strings.ToLower(n.User)); err != nil {
				return err
			}
		}
		for _, ids := range []struct {
			list []int64
			told int64
		}{{change.Telling, -change.When}, {change.Told, change.When}} {
			for _, id := range ids.list {
				if _, err := c.exec("UPDATE notice SET told = ? WHERE id = ?", ids.told, id); err != nil {
					return err
				}
			}
		}
		_, err := deliver(c, change.Deliveries)
		return err
	})
}

// AddPush implements store.Notices.
func (s notices) AddPush(ctx context.Context, p store.Push) (store.Push, error) {
	const op = "add push subscription"
	p.User = strings.ToLower(p.User)
	err := s.write(ctx, op, func(c *conn) error {
		if err := userThere(c, op, p.User); err != nil {
			return err
		}
		if _, err := c.exec("DELETE FROM push WHERE endpoint = ?", p.Endpoint); err != nil {
			return err
		}
		res, err := c.exec("INSERT INTO push (owner, endpoint, key, auth, agent, added) VALUES (?, ?, ?, ?, ?, ?)", p.User, p.Endpoint, p.Key, p.Auth, p.Agent, p.Added)
		if err != nil {
			return err
		}
		p.ID, err = res.LastInsertId()
		return err
	})
	if err != nil {
		return store.Push{}, err
	}
	return p, nil
}

// Pushes implements store.Notices.
func (s notices) Pushes(ctx context.Context, user string) (list []store.Push, err error) {
	err = s.read(ctx, "list push subscriptions", func(c *conn) error {
		return c.each(func(s scanner) error {
			var p store.Push
			err := s.Scan(&p.ID, &p.User, &p.Endpoint, &p.Key, &p.Auth, &p.Agent, &p.Added)
			list = append(list, p)
			return err
		}, "SELECT id, owner, endpoint, key, auth, agent, added FROM push WHERE ? IN ('', owner) ORDER BY id", strings.ToLower(user))
	})
	return list, err
}

// RemovePush implements store.Notices.
func (s notices) RemovePush(ctx context.Context, id int64) error {
	const op = "remove push subscription"
	return s.write(ctx, op, func(c *conn) error {
		res, err := c.exec("DELETE FROM push WHERE id = ?", id)
		if err != nil {
			return err
		}
		return mustAffect(res, op, strconv.FormatInt(id, 10))
	})
}
