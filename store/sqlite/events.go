package sqlite

import (
	"context"
	"strconv"

	"tandem/store"
)

type events struct{ *db }

var _ store.Events = events{}

// StartRun implements store.Events.
func (e events) StartRun(ctx context.Context, r store.Run) (id int64, err error) {
	err = e.write(ctx, "log run", func(c *conn) error {
		res, err := c.exec("INSERT INTO run (pair, item, started, finished, result, detail) VALUES (?, ?, ?, ?, ?, ?)",
			r.Pair, r.Item, r.Started, r.Finished, r.Result, r.Detail)
		if err != nil {
			return err
		}
		id, err = res.LastInsertId()
		return err
	})
	return id, err
}

// EndRun implements store.Events.
func (e events) EndRun(ctx context.Context, r store.Run, last []store.Event, tell ...store.Delivery) error {
	err := e.write(ctx, "log run", func(c *conn) error {
		res, err := c.exec("UPDATE run SET pair = ?, item = ?, started = ?, finished = ?, result = ?, detail = ? WHERE id = ?",
			r.Pair, r.Item, r.Started, r.Finished, r.Result, r.Detail, r.ID)
		if err != nil {
			return err
		}
		if err := mustAffect(res, "log run", strconv.FormatInt(r.ID, 10)); err != nil {
			return err
		}
		if err := addEvents(c, last); err != nil {
			return err
		}
		_, err = deliver(c, tell)
		return err
	})
	if err == nil && len(last) > 0 {
		e.logged.ring()
	}
	return err
}

// Add implements store.Events.
func (e events) Add(ctx context.Context, list ...store.Event) error {
	if len(list) == 0 {
		return nil
	}
	err := e.write(ctx, "log events", func(c *conn) error { return addEvents(c, list) })
	if err == nil {
		e.logged.ring()
	}
	return err
}

func addEvents(c *conn, list []store.Event) error {
	for i := range list {
		v := &list[i]
		_, err := c.exec("INSERT INTO event (at, session, owner, item, level, text, record, remedy, code, link, link_text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			v.When, v.Session, v.User, v.Item, int64(v.Level), v.Text, string(v.Record), v.Remedy, v.Code, v.Link, v.LinkText)
		if err != nil {
			return err
		}
	}
	return nil
}

// Subscribe implements store.Events. Closing the store closes the channel, too.
func (e events) Subscribe(ctx context.Context) <-chan struct{} { return e.logged.listen(ctx) }

// List implements store.Events.
func (e events) List(ctx context.Context, after int64, item string, limit int) (list []store.Event, err error) {
	query, args := "SELECT "+eventColumns+" FROM event WHERE id > ?", []any{after}
	if item != "" {
		query += " AND item = ?"
		args = append(args, item)
	}
	err = e.read(ctx, "list events", func(c *conn) error {
		return c.each(func(s scanner) error {
			v, err := scanEvent(s)
			list = append(list, v)
			return err
		}, query+" ORDER BY id LIMIT ?", append(args, limitOf(limit))...)
	})
	return list, err
}

// Purge implements store.Events. Runs of that age go with their events; n counts events.
func (e events) Purge(ctx context.Context, before int64) (n int, err error) {
	err = e.write(ctx, "purge events", func(c *conn) error {
		res, err := c.exec("DELETE FROM event WHERE at < ?", before)
		if err != nil {
			return err
		}
		count, err := res.RowsAffected()
		if err != nil {
			return err
		}
		n = int(count)
		_, err = c.exec("DELETE FROM run WHERE started < ? AND finished < ?", before, before)
		return err
	})
	return n, err
}
