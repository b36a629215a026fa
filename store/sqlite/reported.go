package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/store"
)

type reported struct{ *db }

var _ store.ReportedConflicts = reported{}

const reportedColumns = "id, handler, own, owner, item, kind, at, title, reason, takes, versions, mark, size, answer, answered, name"

func scanReported(s scanner, more ...any) (r store.Reported, err error) {
	var takes, versions string
	err = s.Scan(append([]any{&r.ID, &r.Handler, &r.Own, &r.User, &r.Item, &r.Kind, &r.When, &r.Title, &r.Reason, &takes, &versions, &r.Mark, &r.Size, &r.Answer, &r.Answered, &r.Name}, more...)...)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(takes), &r.Takes); err != nil {
		return r, fmt.Errorf("answers of conflict %d: %w", r.ID, err)
	}
	if err := json.Unmarshal([]byte(versions), &r.Versions); err != nil {
		return r, fmt.Errorf("versions of conflict %d: %w", r.ID, err)
	}
	return r, nil
}

// Report implements store.ReportedConflicts.
func (d reported) Report(ctx context.Context, handler string, put []store.Reported, closed []string, most store.ReportLimits) (gone []store.Reported, err error) {
	const op = "report conflicts"
	err = d.write(ctx, op, func(c *conn) error {
		gone = nil
		for _, own := range closed {
			r, err := scanReported(c.row("DELETE FROM reported WHERE handler = ? AND own = ? RETURNING "+reportedColumns, handler, own))
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			gone = append(gone, r)
		}
		for i := range put {
			put[i].Handler = handler
			if err := putReported(c, &put[i]); err != nil {
				return err
			}
		}
		if len(put) == 0 {
			return nil
		}
		return withinLimits(c, op, handler, most)
	})
	return gone, err
}

// withinLimits refuses what is more than a handler may have.
func withinLimits(c *conn, op, handler string, most store.ReportLimits) error {
	var n int
	var bytes int64
	if err := c.row("SELECT count(*), ifnull(sum(size + ifnull(length(body), 0)), 0) FROM reported WHERE handler = ?", handler).Scan(&n, &bytes); err != nil {
		return err
	}
	if n > most.Conflicts || bytes > most.Bytes {
		return &tandem.Error{Kind: tandem.TooLarge, Op: op, Thing: handler, Err: fmt.Errorf("it would have %d conflicts with %d bytes; at most %d with %d are kept", n, bytes, most.Conflicts, most.Bytes),
			Remedy: "settle some first, or report them without bodies"}
	}
	return nil
}

// putReported adds a conflict of a program, or replaces the one with its own id.
func putReported(c *conn, r *store.Reported) error {
	takes, err := packTexts(r.Takes)
	if err != nil {
		return err
	}
	bare := slices.Clone(r.Versions)
	for i := range bare {
		bare[i].HasBody, bare[i].Body = len(bare[i].Body) > 0, nil
	}
	versions, err := json.Marshal(bare)
	if err != nil {
		return err
	}
	r.User, r.Size = strings.ToLower(r.User), 0
	for _, v := range r.Versions {
		r.Size += int64(len(v.Body))
	}
	var mark string
	err = c.row("SELECT id, at, mark FROM reported WHERE handler = ? AND own = ?", r.Handler, r.Own).Scan(&r.ID, &r.When, &mark)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		if r.ID, err = nextConflict(c); err != nil {
			return err
		}
		_, err = c.exec("INSERT INTO reported (id, handler, own, owner, item, kind, at, title, reason, takes, versions, mark, size) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			r.ID, r.Handler, r.Own, r.User, r.Item, string(r.Kind), r.When, r.Title, r.Reason, takes, string(versions), r.Mark, r.Size)
	case err == nil:
		_, err = c.exec("UPDATE reported SET owner = ?, item = ?, kind = ?, title = ?, reason = ?, takes = ?, versions = ?, mark = ?, size = ? WHERE id = ?",
			r.User, r.Item, string(r.Kind), r.Title, r.Reason, takes, string(versions), r.Mark, r.Size, r.ID)
	}
	if err == nil && mark != "" && mark != r.Mark {
		_, err = c.exec("UPDATE reported SET answer = '', answered = 0, name = '', body = NULL WHERE id = ?", r.ID)
	}
	if err != nil || mark == r.Mark { // equal versions have equal bodies
		return err
	}
	if _, err := c.exec("DELETE FROM reported_body WHERE conflict = ?", r.ID); err != nil {
		return err
	}
	for i, v := range r.Versions {
		if len(v.Body) == 0 {
			continue
		}
		if _, err := c.exec("INSERT INTO reported_body (conflict, version, body) VALUES (?, ?, ?)", r.ID, i, v.Body); err != nil {
			return err
		}
	}
	return nil
}

// nextConflict takes a number out of the sequence of table conflict, so that it means one conflict only. https://sqlite.org/autoinc.html: the table of sequences may be written.
func nextConflict(c *conn) (id int64, err error) {
	if err := c.row("SELECT ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'conflict'), 0) + 1").Scan(&id); err != nil {
		return 0, err
	}
	res, err := c.exec("UPDATE sqlite_sequence SET seq = ? WHERE name = 'conflict'", id)
	if err != nil {
		return 0, err
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return id, err
	}
	_, err = c.exec("INSERT INTO sqlite_sequence (name, seq) VALUES ('conflict', ?)", id)
	return id, err
}

// Reported implements store.ReportedConflicts.
func (d reported) Reported(ctx context.Context, id int64) (r store.Reported, err error) {
	const op = "read conflict"
	err = d.read(ctx, op, func(c *conn) (err error) {
		var body []byte
		r, err = scanReported(c.row("SELECT "+reportedColumns+", body FROM reported WHERE id = ?", id), &body)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound(op, strconv.FormatInt(id, 10))
		}
		if err != nil {
			return err
		}
		r.Body = body
		return c.each(func(s scanner) error {
			var n int
			var body []byte
			if err := s.Scan(&n, &body); err != nil {
				return err
			}
			if n < 0 || n >= len(r.Versions) {
				return fmt.Errorf("conflict %d has no version %d", id, n)
			}
			r.Versions[n].Body = append([]byte{}, body...)
			return nil
		}, "SELECT version, body FROM reported_body WHERE conflict = ?", id)
	})
	return r, err
}

// Reports implements store.ReportedConflicts.
func (d reported) Reports(ctx context.Context, handler string) ([]store.Reported, error) {
	query, args := "SELECT "+reportedColumns+" FROM reported", []any{}
	if handler != "" {
		query, args = query+" WHERE handler = ?", append(args, handler)
	}
	return allOf(ctx, d.db, "list conflicts", func(s scanner) (store.Reported, error) { return scanReported(s) }, query+" ORDER BY id", args...)
}

// Waiting implements store.ReportedConflicts.
func (d reported) Waiting(ctx context.Context) (out map[[2]string]int, err error) {
	err = d.read(ctx, "count conflicts", func(c *conn) error {
		out = map[[2]string]int{}
		return c.each(func(s scanner) error {
			var at [2]string
			var n int
			err := s.Scan(&at[0], &at[1], &n)
			out[at] = n
			return err
		}, "SELECT handler, item, count(*) FROM reported GROUP BY handler, item")
	})
	return out, err
}

// Answer implements store.ReportedConflicts.
func (d reported) Answer(ctx context.Context, r store.Reported, most store.ReportLimits) error {
	const op = "answer conflict"
	thing := strconv.FormatInt(r.ID, 10)
	return d.write(ctx, op, func(c *conn) error {
		var mark, handler string
		err := c.row("SELECT mark, handler FROM reported WHERE id = ?", r.ID).Scan(&mark, &handler)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound(op, thing)
		}
		if err != nil {
			return err
		}
		if mark != r.Mark {
			return &tandem.Error{Kind: tandem.Changed, Op: op, Thing: thing, Err: errors.New("its versions changed meanwhile"), Remedy: "look at `tandem conflict show " + thing + "`"}
		}
		var body any
		if r.Body != nil {
			body = r.Body
		}
		if _, err := c.exec("UPDATE reported SET answer = ?, answered = ?, name = ?, body = ? WHERE id = ?", r.Answer, r.Answered, r.Name, body, r.ID); err != nil {
			return err
		}
		return withinLimits(c, op, handler, most)
	})
}

// Forget implements store.ReportedConflicts.
func (d reported) Forget(ctx context.Context, handler, item string) (n int, err error) {
	err = d.write(ctx, "forget conflicts", func(c *conn) error {
		res, err := c.exec("DELETE FROM reported WHERE handler = ? AND ? IN ('', item)", handler, item)
		if err != nil {
			return err
		}
		gone, err := res.RowsAffected()
		n = int(gone)
		return err
	})
	return n, err
}
