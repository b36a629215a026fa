package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"

	"tandem"
	"tandem/store"
)

type queue struct{ *db }

var _ store.Queue = queue{}

const outgoingColumns = "id, owner, key, sender, recipients, body, saved, state, added, next, tries, error, doubt, refused, reached"

func scanOutgoing(s scanner) (m store.Outgoing, err error) {
	var to, doubt, refused string
	var body []byte
	if err := s.Scan(&m.ID, &m.User, &m.Key, &m.From, &to, &body, &m.Saved, &m.State, &m.Added, &m.Next, &m.Tries, &m.Error, &doubt, &refused, &m.Reached); err != nil {
		return m, err
	}
	m.Body = toDigest(body)
	if doubt != "" {
		err = json.Unmarshal([]byte(doubt), &m.Doubt)
	}
	if refused != "" {
		err = errors.Join(err, json.Unmarshal([]byte(refused), &m.Refused))
	}
	return m, errors.Join(err, json.Unmarshal([]byte(to), &m.To))
}

// listColumn is a list as its column has it: nothing for none.
func listColumn(list []string) (string, error) {
	if len(list) == 0 {
		return "", nil
	}
	text, err := json.Marshal(list)
	return string(text), err
}

// Enqueue implements store.Queue. The body is made durable before the transaction that names it.
func (q queue) Enqueue(ctx context.Context, m store.Outgoing, body tandem.Body) (out store.Outgoing, added bool, err error) {
	const op = "queue message"
	r, err := body.Open()
	if err != nil {
		return out, false, err
	}
	defer r.Close()
	sum, _, small, err := q.stageBody(ctx, r)
	if err != nil {
		return out, false, q.fault(op, err)
	}
	to, err := json.Marshal(m.To)
	if err != nil {
		return out, false, q.fault(op, err)
	}
	err = q.write(ctx, op, func(c *conn) error {
		out, err = scanOutgoing(c.row("SELECT "+outgoingColumns+" FROM outgoing WHERE owner = ? AND key = ?", m.User, m.Key))
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if small != nil {
			if err := q.putSmall(c, []smallBody{{sum, small}}); err != nil {
				return err
			}
		}
		m.Body, m.State, m.Added = sum, store.Waiting, q.opt.Now()
		if m.Next == 0 {
			m.Next = m.Added
		}
		res, err := c.exec("INSERT INTO outgoing (owner, key, sender, recipients, body, saved, state, added, next, tries, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			m.User, m.Key, m.From, string(to), ofDigest(sum), m.Saved, string(m.State), m.Added, m.Next, m.Tries, m.Error)
		if err != nil {
			return err
		}
		out, added = m, true
		out.ID, err = res.LastInsertId()
		return err
	})
	return out, added && err == nil, err
}

// Due implements store.Queue.
func (q queue) Due(ctx context.Context, now int64, limit int) (list []store.Outgoing, next int64, err error) {
	err = q.read(ctx, "read queue", func(c *conn) error {
		list, err = eachOutgoing(c, "WHERE state = 'waiting' AND next <= ? ORDER BY next, id LIMIT ?", now, limit)
		if err != nil {
			return err
		}
		return c.row("SELECT coalesce(min(next), 0) FROM outgoing WHERE state = 'waiting' AND next > ?", now).Scan(&next)
	})
	return list, next, err
}

func eachOutgoing(c *conn, where string, args ...any) (list []store.Outgoing, err error) {
	err = c.each(func(s scanner) error {
		m, err := scanOutgoing(s)
		list = append(list, m)
		return err
	}, "SELECT "+outgoingColumns+" FROM outgoing "+where, args...)
	return list, err
}

// ChangeOutgoing implements store.Queue.
func (q queue) ChangeOutgoing(ctx context.Context, id int64, change func(m *store.Outgoing) error) (m store.Outgoing, err error) {
	const op = "change queued message"
	err = q.write(ctx, op, func(c *conn) error {
		m, err = scanOutgoing(c.row("SELECT "+outgoingColumns+" FROM outgoing WHERE id = ?", id))
		if errors.Is(err, sql.ErrNoRows) {
			return notFound(op, strconv.FormatInt(id, 10))
		}
		if err != nil {
			return err
		}
		if err := change(&m); err != nil {
			return err
		}
		to, err := json.Marshal(m.To)
		if err != nil {
			return err
		}
		doubt, err := listColumn(m.Doubt)
		if err != nil {
			return err
		}
		refused, err := listColumn(m.Refused)
		if err != nil {
			return err
		}
		_, err = c.exec("UPDATE outgoing SET sender = ?, recipients = ?, saved = ?, state = ?, next = ?, tries = ?, error = ?, doubt = ?, refused = ?, reached = ? WHERE id = ?", m.From, string(to), m.Saved,
			string(m.State), m.Next, m.Tries, m.Error, doubt, refused, m.Reached, id)
		return err
	})
	return m, err
}

// Outgoing implements store.Queue.
func (q queue) Outgoing(ctx context.Context, user string, limit int) (list []store.Outgoing, err error) {
	err = q.read(ctx, "read queue", func(c *conn) error {
		list, err = eachOutgoing(c, "WHERE ? IN ('', owner) ORDER BY id DESC LIMIT ?", user, limitOf(limit))
		return err
	})
	return list, err
}

// RemoveOutgoing implements store.Queue.
func (q queue) RemoveOutgoing(ctx context.Context, id int64) error {
	const op = "remove queued message"
	return q.write(ctx, op, func(c *conn) error {
		res, err := c.exec("DELETE FROM outgoing WHERE id = ?", id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); n == 0 || err != nil {
			return errors.Join(err, notFound(op, strconv.FormatInt(id, 10)))
		}
		return nil
	})
}

type secrets struct{ *db }

var _ store.Secrets = secrets{}

// PutSecret implements store.Secrets.
func (q secrets) PutSecret(ctx context.Context, name string, sealed []byte) error {
	return q.write(ctx, "keep secret", func(c *conn) (err error) {
		if len(sealed) == 0 {
			_, err = c.exec("DELETE FROM secret WHERE name = ?", name)
		} else {
			_, err = c.exec("INSERT OR REPLACE INTO secret (name, sealed) VALUES (?, ?)", name, sealed)
		}
		return err
	})
}

// Secret implements store.Secrets.
func (q secrets) Secret(ctx context.Context, name string) (sealed []byte, err error) {
	const op = "read secret"
	err = q.read(ctx, op, func(c *conn) error {
		err := c.row("SELECT sealed FROM secret WHERE name = ?", name).Scan(&sealed)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound(op, name)
		}
		return err
	})
	return sealed, err
}

// SecretNames implements store.Secrets.
func (q secrets) SecretNames(ctx context.Context) (names []string, err error) {
	err = q.read(ctx, "list secrets", func(c *conn) error {
		return c.each(func(s scanner) error {
			var name string
			err := s.Scan(&name)
			names = append(names, name)
			return err
		}, "SELECT name FROM secret ORDER BY name")
	})
	return names, err
}
