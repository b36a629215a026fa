package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/store"
)

// Commit implements store.Bases. Only after success does it set links, history ids and conflict ids in the caller's slices.
func (b bases) Commit(ctx context.Context, pair int64, in store.Commit) error {
	small, err := b.stageBodies(ctx, in.Bodies)
	if err != nil {
		return b.fault("write base", err)
	}
	t := &commit{db: b.db, pair: pair, in: &in}
	err = b.write(ctx, "write base", func(c *conn) error {
		t.c = c
		if err := t.open(); err != nil {
			return err
		}
		if err := b.putSmall(c, small); err != nil {
			return err
		}
		for _, step := range []func() error{t.history, t.conflicts, t.rows, t.close} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return b.basePage(err)
	}
	t.tell()
	return nil
}

// commit is one Commit under way.
type commit struct {
	*db
	c    *conn
	pair int64
	in   *store.Commit

	count, next, number, durable int64 // of the pair: rows, next link, number of this commit, last durable one
	boot                         string
	fresh                        int64   // links from here on are of this commit
	pasts, inbox                 []int64 // ids given to new history entries and conflicts, by index
	links                        []int64 // of in.Put
}

func (t *commit) open() error {
	err := t.c.row("SELECT rows, next, commits, durable, boot FROM pair WHERE id = ?", t.pair).Scan(&t.count, &t.next, &t.number, &t.durable, &t.boot)
	if errors.Is(err, sql.ErrNoRows) {
		return notFound("write base", strconv.FormatInt(t.pair, 10))
	}
	t.number++
	t.fresh = t.next
	return err
}

func (t *commit) history() error {
	t.pasts = make([]int64, len(t.in.History))
	for i := range t.in.History {
		p := &t.in.History[i]
		t.pasts[i] = p.ID
		if p.ID != 0 {
			_, err := t.c.exec("UPDATE past SET after = ?, parked = ? WHERE id = ?", string(p.After), p.Parked, p.ID)
			if err != nil {
				return err
			}
			continue
		}
		id, err := insertPast(t.c, p)
		if err != nil {
			return err
		}
		t.pasts[i] = id
	}
	for _, id := range t.in.Retract {
		if _, err := t.c.exec("DELETE FROM past WHERE id = ?", id); err != nil {
			return err
		}
	}
	return nil
}

func (t *commit) conflicts() error {
	t.inbox = make([]int64, len(t.in.Conflicts))
	for i := range t.in.Conflicts {
		id, err := putConflict(t.c, t.pair, &t.in.Conflicts[i])
		if err != nil {
			return err
		}
		t.inbox[i] = id
	}
	for _, id := range t.in.Resolved {
		if _, err := t.c.exec("UPDATE conflict SET resolved = ? WHERE id = ? AND resolved = 0", t.opt.Now(), id); err != nil {
			return err
		}
	}
	return nil
}

// change is what happens to one row of the base. A nil put drops it.
type change struct {
	link int64
	put  *tandem.Row
}

func (t *commit) rows() error {
	changes, err := t.changes()
	if err != nil {
		return err
	}
	w := pageWriter{commit: t}
	for len(changes) > 0 {
		page, _ := pageOf(changes[0].link)
		n := 1
		for n < len(changes) && changes[n].link/pageRows == page {
			n++
		}
		if err := w.update(page, changes[:n]); err != nil {
			return err
		}
		changes = changes[n:]
	}
	return nil
}

// changes assigns links and orders what is to be done by link.
func (t *commit) changes() ([]change, error) {
	out := make([]change, 0, len(t.in.Put)+len(t.in.Drop))
	t.links = make([]int64, len(t.in.Put))
	for i := range t.in.Put {
		r := &t.in.Put[i]
		link := r.Link
		if link == 0 {
			link = t.next
			t.next++
		}
		t.links[i] = link
		if r.Clash != nil {
			named, err := t.named(r, link)
			if err != nil {
				return nil, err
			}
			r = named
		}
		out = append(out, change{link, r})
	}
	for _, link := range t.in.Drop {
		out = append(out, change{link, nil})
	}
	slices.SortFunc(out, func(a, b change) int { return int(a.link - b.link) })
	for i := 1; i < len(out); i++ {
		if out[i].link == out[i-1].link {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: "write base", Err: fmt.Errorf("row %d is named twice in one commit", out[i].link)}
		}
	}
	return out, nil
}

// named resolves a clash that names a conflict of this commit, and ties the conflict to the row.
func (t *commit) named(r *tandem.Row, link int64) (*tandem.Row, error) {
	id := r.Clash.Conflict
	if id < 0 {
		if -id > int64(len(t.inbox)) {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: "write base", Err: fmt.Errorf("row names conflict %d of %d", -id, len(t.inbox))}
		}
		id = t.inbox[-id-1]
	}
	if _, err := t.c.exec("UPDATE conflict SET link = ? WHERE id = ? AND link <> ?", link, id, link); err != nil {
		return nil, err
	}
	copied, clash := *r, *r.Clash
	clash.Conflict = id
	copied.Clash = &clash
	return &copied, nil
}

func (t *commit) close() error {
	set := []string{"rows = ?", "next = ?", "commits = ?"}
	args := []any{t.count, t.next, t.number}
	add := func(column string, value any) {
		set = append(set, column+" = ?")
		args = append(args, value)
	}
	// Rows of an earlier boot that are not known durable stay suspect until the caller says that all are: so the
	// boot moves on only when there are none.
	clean := t.durable == t.number-1
	if t.in.Durable || clean {
		t.boot = t.opt.Boot
	}
	add("boot", t.boot)
	if t.in.Durable || clean && allDurable(t.in.Put) {
		add("durable", t.number)
	}
	if t.in.Finished != 0 {
		add("last", t.in.Finished)
	}
	if t.in.Scope != nil {
		add("scope", *t.in.Scope)
	}
	if id := t.in.Identities; id != nil {
		add("a_store", id[0].Store)
		add("a_epoch", id[0].Epoch)
		add("b_store", id[1].Store)
		add("b_epoch", id[1].Epoch)
	}
	if cur := t.in.Cursors; cur != nil {
		add("a_cursor", string(cur[0]))
		add("b_cursor", string(cur[1]))
	}
	_, err := t.c.exec("UPDATE pair SET "+strings.Join(set, ", ")+" WHERE id = ?", append(args, t.pair)...)
	return err
}

func allDurable(rows []tandem.Row) bool {
	for i := range rows {
		if !rows[i].Durable {
			return false
		}
	}
	return true
}

// tell sets in the caller's slices what the store has assigned.
func (t *commit) tell() {
	for i, id := range t.pasts {
		t.in.History[i].ID = id
	}
	for i, id := range t.inbox {
		t.in.Conflicts[i].ID = id
	}
	for i, link := range t.links {
		r := &t.in.Put[i]
		r.Link = link
		if r.Clash != nil && r.Clash.Conflict < 0 {
			clash := *r.Clash
			clash.Conflict = t.inbox[-clash.Conflict-1]
			r.Clash = &clash
		}
	}
}

// pageWriter rewrites pages of a base.
type pageWriter struct {
	*commit
	entries         []entry
	row, keys, data []byte
}

// update applies changes, which are all of one page and in order.
func (w *pageWriter) update(page int64, changes []change) error {
	var old [pageRows]string
	existed := page*pageRows < w.fresh
	if existed {
		if err := w.load(page, &old); err != nil {
			return err
		}
	}
	for _, ch := range changes {
		_, slot := pageOf(ch.link)
		switch {
		case ch.put == nil && old[slot] != "":
			old[slot] = ""
			w.count--
		case ch.put != nil:
			if ch.link < w.fresh && old[slot] == "" {
				return &tandem.Error{Kind: tandem.NotFound, Op: "write base", Err: fmt.Errorf("there is no row %d to replace", ch.link)}
			}
			if ch.link >= w.next {
				return &tandem.Error{Kind: tandem.NotFound, Op: "write base", Err: fmt.Errorf("row %d was never assigned", ch.link)}
			}
			if old[slot] == "" {
				w.count++
			}
			w.row = appendRow(w.row[:0], ch.put, w.number)
			old[slot] = string(w.row)
		}
	}
	return w.store(page, existed, &old)
}

func (w *pageWriter) load(page int64, rows *[pageRows]string) error {
	return w.c.each(func(s scanner) error {
		var data []byte
		if err := s.Scan(&data); err != nil {
			return err
		}
		return decodePage(data, func(slot int, row string) error {
			rows[slot] = row
			return nil
		})
	}, "SELECT data FROM base WHERE pair = ? AND page = ?", w.pair, page)
}

func (w *pageWriter) store(page int64, existed bool, rows *[pageRows]string) error {
	w.entries, w.keys = w.entries[:0], w.keys[:0]
	pending := 0
	for slot, row := range rows {
		if row == "" {
			continue
		}
		w.entries = append(w.entries, entry{slot, row})
		k, err := rowKeys(row)
		if err != nil {
			return err
		}
		w.keys = k.append(w.keys)
		if k.pending {
			pending++
		}
	}
	if len(w.entries) == 0 {
		if !existed {
			return nil
		}
		_, err := w.c.exec("DELETE FROM base WHERE pair = ? AND page = ?", w.pair, page)
		return err
	}
	w.data = encodePage(w.data, w.entries)
	_, err := w.c.exec(`INSERT INTO base (pair, page, pending, keys, data) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (pair, page) DO UPDATE SET pending = excluded.pending, keys = excluded.keys, data = excluded.data`,
		w.pair, page, pending, w.keys, w.data)
	return err
}
