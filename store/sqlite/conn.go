package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"tandem"
)

// conn is one connection with its prepared statements. It is used by one goroutine at a time: whoever took it from its
// pool. Statements run without the caller's context; see the package comment.
type conn struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func (c *conn) prepare(query string) (*sql.Stmt, error) {
	if s := c.stmts[query]; s != nil {
		return s, nil
	}
	s, err := c.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	c.stmts[query] = s
	return s, nil
}

func (c *conn) exec(query string, args ...any) (sql.Result, error) {
	s, err := c.prepare(query)
	if err != nil {
		return nil, err
	}
	return s.Exec(args...)
}

func (c *conn) query(query string, args ...any) (*sql.Rows, error) {
	s, err := c.prepare(query)
	if err != nil {
		return nil, err
	}
	return s.Query(args...)
}

// row runs a query for one row; the error, also of preparing it, comes from Scan.
func (c *conn) row(query string, args ...any) scanner {
	s, err := c.prepare(query)
	if err != nil {
		return failed{err}
	}
	return s.QueryRow(args...)
}

// each runs a query and calls f for each row.
func (c *conn) each(f func(s scanner) error, query string, args ...any) error {
	rows, err := c.query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// insertMost is how many rows one statement inserts: what a statement costs by itself is then little beside its rows.
const insertMost = 64

// insert runs an INSERT, written up to its values, for rows of so many values each, in their order.
func (c *conn) insert(into string, width int, values []any) error {
	row := "(?" + strings.Repeat(", ?", width-1) + ")"
	one, many := into+row, into+row+strings.Repeat(", "+row, insertMost-1)
	for len(values) > 0 {
		query, n := one, width
		if len(values) >= insertMost*width {
			query, n = many, insertMost*width
		}
		if _, err := c.exec(query, values[:n]...); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}

// scanner is a row to be read: *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }

// pool hands out connections that are opened when first needed. One that is open already goes first: each costs a look at the whole schema and statements of its own, so
// that whoever reads one thing after the other does so with one of them.
type pool struct {
	idle   chan *conn    // open, and not in use
	unmade chan struct{} // one for each that may still be opened
	open   func(context.Context) (*conn, error)
}

func newPool(n int, open func(context.Context) (*conn, error)) pool {
	p := pool{idle: make(chan *conn, n), unmade: make(chan struct{}, n), open: open}
	for range n {
		p.unmade <- struct{}{}
	}
	return p
}

func (p pool) get(ctx context.Context) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case c, ok := <-p.idle:
		return c, closedUnless(ok)
	default:
	}
	select {
	case c, ok := <-p.idle:
		return c, closedUnless(ok)
	case _, ok := <-p.unmade:
		if !ok {
			return nil, errClosed
		}
		c, err := p.open(context.WithoutCancel(ctx))
		if err != nil {
			p.unmade <- struct{}{}
			return nil, err
		}
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func closedUnless(ok bool) error {
	if !ok {
		return errClosed
	}
	return nil
}

func (p pool) put(c *conn) { p.idle <- c }

// is tells whether two pools are one.
func (p pool) is(q pool) bool { return p.idle == q.idle }

// drain takes all connections back, waiting for those in use, and lets later takers fail.
func (p pool) drain() []*conn {
	var all []*conn
	for range cap(p.idle) {
		select {
		case c := <-p.idle:
			all = append(all, c)
		case <-p.unmade:
		}
	}
	close(p.idle)
	close(p.unmade)
	return all
}

var errClosed error = &tandem.Error{Op: "use store", Err: fmt.Errorf("it is closed")}

func (d *db) connectWriter(ctx context.Context) (*conn, error) {
	c, err := d.sql.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.bound(ctx, c); err != nil {
		c.Close()
		return nil, err
	}
	return &conn{conn: c, stmts: map[string]*sql.Stmt{}}, nil
}

// bound keeps the database of a connection to the size that it may have.
func (d *db) bound(ctx context.Context, c *sql.Conn) error {
	if d.opt.MaxSize <= 0 {
		return nil
	}
	_, err := c.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", d.opt.MaxSize/pageSize))
	return err
}

// connectSoft connects for writes whose commit need not wait for the disk.
func (d *db) connectSoft(ctx context.Context) (*conn, error) {
	c, err := d.connectWriter(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := c.conn.ExecContext(ctx, "PRAGMA synchronous = NORMAL"); err != nil {
		c.conn.Close()
		return nil, err
	}
	return c, nil
}

func (d *db) connectReader(ctx context.Context) (*conn, error) {
	c, err := d.sql.Conn(ctx)
	if err != nil {
		return nil, err
	}
	// Readers go through what they read once; keeping it would cost each of them what the writer needs.
	if _, err := c.ExecContext(ctx, "PRAGMA query_only = 1; PRAGMA cache_size = -2000"); err != nil {
		c.Close()
		return nil, err
	}
	return &conn{conn: c, stmts: map[string]*sql.Stmt{}}, nil
}

func (d *db) closeSQL() error {
	if d.sql == nil {
		return nil
	}
	conns := d.writer.drainIfOpen()
	if !d.readers.is(d.writer) {
		conns = append(conns, d.soft.drainIfOpen()...)
		conns = append(conns, d.readers.drainIfOpen()...)
	}
	for _, c := range conns {
		for _, s := range c.stmts {
			s.Close()
		}
		c.conn.Close()
	}
	return d.fault("close store", d.sql.Close())
}

func (p pool) drainIfOpen() []*conn {
	if p.idle == nil {
		return nil
	}
	return p.drain()
}

// write0 runs f with the writing connection, without a transaction.
func (d *db) write0(ctx context.Context, f func(c *conn) error) error {
	c, err := d.writer.get(ctx)
	if err != nil {
		return err
	}
	defer d.writer.put(c)
	return f(c)
}

// errCommit marks the one failure after which nobody knows whether the transaction happened.
type errCommit struct{ error }

func (e errCommit) Unwrap() error { return e.error }

// write runs f in a transaction and commits it durably. If f or anything else fails, nothing happened, unless the error
// is an errCommit. f must use only the connection it is given.
func (d *db) write(ctx context.Context, op string, f func(c *conn) error) error {
	return d.fault(op, d.write0(ctx, func(c *conn) error { return transact(c, f) }))
}

// writeSoft is write for what may be lost in a crash of the machine: it commits without waiting for the disk. Nobody else
// writes meanwhile, and the next durable commit makes it durable, too.
func (d *db) writeSoft(ctx context.Context, op string, f func(c *conn) error) error {
	return d.fault(op, d.write0(ctx, func(c *conn) error {
		if d.soft.is(d.writer) {
			return transact(c, f)
		}
		soft, err := d.soft.get(ctx)
		if err != nil {
			return err
		}
		defer d.soft.put(soft)
		return transact(soft, f)
	}))
}

func transact(c *conn, f func(c *conn) error) error {
	if _, err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			// An error of the rollback adds nothing: SQLite has rolled back itself on a full disk, and a
			// transaction that was never committed is void in any case.
			_, _ = c.exec("ROLLBACK")
		}
	}()
	if err := f(c); err != nil {
		return err
	}
	if _, err := c.exec("COMMIT"); err != nil {
		if isFull(err) { // certain: the log had no room for it
			return err
		}
		return errCommit{err}
	}
	done = true
	return nil
}

// read runs f with a connection that sees one committed state throughout. f must not hand control to the store's user:
// in memory there is only this connection.
func (d *db) read(ctx context.Context, op string, f func(c *conn) error) error {
	c, err := d.readers.get(ctx)
	if err != nil {
		return d.fault(op, err)
	}
	defer d.readers.put(c)
	if d.readers.is(d.writer) {
		return d.fault(op, f(c)) // nobody else can write meanwhile
	}
	if _, err := c.exec("BEGIN"); err != nil {
		return d.fault(op, err)
	}
	err = f(c)
	if _, end := c.exec("ROLLBACK"); err == nil {
		err = end
	}
	return d.fault(op, err)
}
