package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"tandem"
	"tandem/store"
)

type conflicts struct{ *db }

var _ store.Conflicts = conflicts{}

const conflictColumns = "id, pair, item, kind, at, title, reason, versions, fields, resolved, decision, body"

func scanConflict(s scanner) (f store.Conflict, err error) {
	var versions, fields, body []byte
	err = s.Scan(&f.ID, &f.Pair, &f.Item, &f.Kind, &f.When, &f.Title, &f.Reason, &versions, &fields, &f.Resolved, &f.Decision, &body)
	if err != nil {
		return f, err
	}
	f.Body = toDigest(body)
	if err := json.Unmarshal(versions, &f.Versions); err != nil {
		return f, fmt.Errorf("versions of conflict %d: %w", f.ID, err)
	}
	if err := json.Unmarshal(fields, &f.Fields); err != nil {
		return f, fmt.Errorf("fields of conflict %d: %w", f.ID, err)
	}
	return f, nil
}

// putConflict adds a conflict of a pair, or replaces the one with its ID, which must be of that pair.
func putConflict(c *conn, pair int64, f *store.Conflict) (int64, error) {
	versions, err := json.Marshal(f.Versions)
	if err != nil {
		return 0, err
	}
	fields, err := json.Marshal(f.Fields)
	if err != nil {
		return 0, err
	}
	args := []any{f.Item, string(f.Kind), f.When, f.Title, f.Reason, string(versions), string(fields), f.Resolved, int64(f.Decision), ofDigest(f.Body), pair}
	if f.ID == 0 {
		res, err := c.exec(`INSERT INTO conflict (item, kind, at, title, reason, versions, fields, resolved, decision, body, pair, link)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`, args...)
		if err != nil {
			return 0, err
		}
		return res.LastInsertId()
	}
	res, err := c.exec(`UPDATE conflict SET item = ?, kind = ?, at = ?, title = ?, reason = ?, versions = ?, fields = ?, resolved = ?,
		decision = ?, body = ? WHERE pair = ? AND id = ?`, append(args, f.ID)...)
	if err != nil {
		return 0, err
	}
	return f.ID, mustAffect(res, "write conflict", strconv.FormatInt(f.ID, 10))
}

// mustAffect is NotFound if a statement found nothing to change.
func mustAffect(res sql.Result, op, thing string) error {
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		return notFound(op, thing)
	}
	return err
}

// Conflict implements store.Conflicts.
func (f conflicts) Conflict(ctx context.Context, id int64) (out store.Conflict, err error) {
	err = f.read(ctx, "read conflict", func(c *conn) (err error) {
		out, err = scanConflict(c.row("SELECT "+conflictColumns+" FROM conflict WHERE id = ?", id))
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("read conflict", strconv.FormatInt(id, 10))
		}
		return err
	})
	return out, err
}

// List implements store.Conflicts, oldest first.
func (f conflicts) List(ctx context.Context, pair int64, open bool) (list []store.Conflict, err error) {
	query, args := "SELECT "+conflictColumns+" FROM conflict WHERE 1", []any{}
	if pair != 0 {
		query += " AND pair = ?"
		args = append(args, pair)
	}
	if open {
		query += " AND resolved = 0 AND decision <> ?"
		args = append(args, int64(tandem.LeaveOut))
	}
	err = f.read(ctx, "list conflicts", func(c *conn) error {
		return c.each(func(s scanner) error {
			one, err := scanConflict(s)
			list = append(list, one)
			return err
		}, query+" ORDER BY id", args...)
	})
	return list, err
}

// Name implements store.Conflicts. A conflict that is over is Changed.
func (f conflicts) Name(ctx context.Context, id int64, names []string) error {
	return f.write(ctx, "name versions of conflict", func(c *conn) error {
		k, err := scanConflict(c.row("SELECT "+conflictColumns+" FROM conflict WHERE id = ?", id))
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("name versions of conflict", strconv.FormatInt(id, 10))
		}
		if err != nil {
			return err
		}
		if k.Resolved != 0 {
			return &tandem.Error{Kind: tandem.Changed, Op: "name versions of conflict", Thing: strconv.FormatInt(id, 10), Err: errors.New("it is resolved already"),
				Remedy: "look at `tandem conflict list`"}
		}
		for i := range k.Versions {
			if k.Versions[i].Keep = ""; i < len(names) {
				k.Versions[i].Keep = names[i]
			}
		}
		versions, err := json.Marshal(k.Versions)
		if err != nil {
			return err
		}
		_, err = c.exec("UPDATE conflict SET versions = ? WHERE id = ?", string(versions), id)
		return err
	})
}

// Decide implements store.Conflicts. A conflict that is over is Changed.
func (f conflicts) Decide(ctx context.Context, id int64, decision tandem.Decision, body tandem.Bytes) error {
	if (decision == tandem.TakeBody) != (body != nil) {
		return &tandem.Error{Kind: tandem.Invalid, Op: "decide conflict", Thing: strconv.FormatInt(id, 10),
			Err: errors.New("a version written by hand goes with that decision, and only with it")}
	}
	var sum tandem.Digest
	var small []smallBody
	if body != nil {
		var data []byte
		var err error
		if sum, _, data, err = f.stageBody(ctx, bytes.NewReader(body)); err != nil {
			return f.fault("decide conflict", err)
		}
		if data != nil {
			small = append(small, smallBody{sum, data})
		}
	}
	err := f.write(ctx, "decide conflict", func(c *conn) error {
		if err := f.putSmall(c, small); err != nil {
			return err
		}
		return f.decide(c, id, decision, sum)
	})
	return f.basePage(err)
}

func (f conflicts) decide(c *conn, id int64, decision tandem.Decision, body tandem.Digest) error {
	var pair, link, resolved int64
	err := c.row("SELECT pair, link, resolved FROM conflict WHERE id = ?", id).Scan(&pair, &link, &resolved)
	if errors.Is(err, sql.ErrNoRows) {
		return notFound("decide conflict", strconv.FormatInt(id, 10))
	}
	if err != nil {
		return err
	}
	if resolved != 0 {
		return &tandem.Error{Kind: tandem.Changed, Op: "decide conflict", Thing: strconv.FormatInt(id, 10), Err: errors.New("it is resolved already"),
			Remedy: "look at `tandem conflict list`"}
	}
	if _, err := c.exec("UPDATE conflict SET decision = ?, body = ? WHERE id = ?", int64(decision), ofDigest(body), id); err != nil {
		return err
	}
	if link == 0 {
		return nil
	}
	return f.decideRow(c, pair, link, id, decision, body)
}

// decideRow writes the decision into the row that carries the conflict, if it still does. It is no commit of the
// pair: the row says nothing new about either side, and stays as durable as it was.
func (f conflicts) decideRow(c *conn, pair, link, id int64, decision tandem.Decision, body tandem.Digest) error {
	w := pageWriter{commit: &commit{db: f.db, c: c, pair: pair}}
	page, slot := pageOf(link)
	var rows [pageRows]string
	if err := w.load(page, &rows); err != nil {
		return err
	}
	if rows[slot] == "" {
		return nil
	}
	stamp, err := rowStamp(rows[slot])
	if err != nil {
		return err
	}
	var r tandem.Row
	if err := decodeRow(rows[slot], -1, &r); err != nil {
		return err
	}
	if r.Clash == nil || r.Clash.Conflict != id {
		return nil
	}
	r.Clash.Decision, r.Clash.Body = decision, body
	rows[slot] = string(appendRow(nil, &r, stamp))
	return w.store(page, true, &rows)
}
