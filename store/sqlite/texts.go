package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"

	"tandem"
	"tandem/store"
)

type texts struct{ *db }

var _ store.Texts = texts{}

// setSketch keeps what a kind wants to see of a record's body.
func setSketch(c *conn, row int64, ix tandem.Index) error {
	if len(ix.Sketch) == 0 {
		return nil
	}
	_, err := c.exec("INSERT OR REPLACE INTO sketch (row, data) VALUES (?, ?)", row, ix.Sketch)
	return err
}

// rowTexts are the texts to search in of records that a transaction wrote, by row. They go into the index together, when all else of the transaction is done: FTS5 collects what it is told in memory, and
// writes it out as a part of its own, to be merged with others later, before each statement that can be undone by itself, and whenever a row comes that is not above the one before.
type rowTexts map[int64]string

// add takes the text of a record; one without a text keeps what it had.
func (t *rowTexts) add(row int64, ix tandem.Index) {
	if ix.Text == "" {
		return
	}
	if *t == nil {
		*t = rowTexts{}
	}
	(*t)[row] = ix.Text
}

// drop forgets the text of a record that is no more.
func (t rowTexts) drop(row int64) { delete(t, row) }

// put writes the texts into the index.
func (t rowTexts) put(c *conn) error {
	rows := slices.Sorted(maps.Keys(t))
	for _, row := range rows {
		if _, err := c.exec("INSERT OR REPLACE INTO fulltext (rowid, text) VALUES (?, ?)", row, t[row]); err != nil {
			return err
		}
	}
	texted := make([]any, len(rows))
	for i, row := range rows {
		texted[i] = row
	}
	return c.insert("INSERT OR IGNORE INTO texted (row) VALUES ", 1, texted) // apart, for each of these has the index write out what it holds
}

// Sketches implements store.Texts.
func (t texts) Sketches(ctx context.Context, collection int64, numbers ...int64) (map[int64][]byte, error) {
	out := map[int64][]byte{}
	if len(numbers) == 0 {
		return out, nil
	}
	list, err := json.Marshal(numbers)
	if err != nil {
		return nil, t.fault("read sketches", err)
	}
	err = t.read(ctx, "read sketches", func(c *conn) error {
		return c.each(func(s scanner) error {
			var number int64
			var data []byte
			err := s.Scan(&number, &data)
			out[number] = data
			return err
		}, querySketches, string(list), collection)
	})
	return out, err
}

const querySketches = `SELECT s.row, s.data FROM json_each(?) n CROSS JOIN sketch s ON s.row = n.value CROSS JOIN record r ON r.row = s.row WHERE r.collection = ?`

// Reindex implements store.Texts.
func (t texts) Reindex(ctx context.Context, collection int64, list []store.Indexed) error {
	return t.write(ctx, "make index anew", func(c *conn) error {
		col, err := collectionByID(c, collection)
		if err != nil {
			return err
		}
		var later rowTexts
		var words rowWords
		for _, in := range list {
			old, _, err := scanRecord(c.row(queryNumber, in.Number, collection), col.Kind)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			if old.Deleted || old.Version != in.At {
				continue // written since, with an index as it is made today
			}
			later.drop(old.Number)
			later.add(old.Number, in.Index)
			if err := reindex(c, &words, collection, old, in.Index); err != nil {
				return err
			}
		}
		if err := words.put(c, collection); err != nil {
			return err
		}
		return later.put(c)
	})
}

// reindex does it for one record, but for what is to be put in later: the text to search in, and new words.
func reindex(c *conn, words *rowWords, collection int64, old store.HomeRecord, now tandem.Index) error {
	for _, q := range []string{"DELETE FROM sketch WHERE row = ?", "DELETE FROM fulltext WHERE rowid = ?", "DELETE FROM texted WHERE row = ?"} {
		if _, err := c.exec(q, old.Number); err != nil {
			return err
		}
	}
	if err := setSketch(c, old.Number, now); err != nil {
		return err
	}
	if _, err := c.exec("UPDATE record SET name = ?, keys = ? WHERE row = ?", now.Name, strings.Join(now.Keys, "\n"), old.Number); err != nil {
		return err
	}
	return words.set(c, collection, old.Number, old.Index, now, nil)
}

// Search implements store.Texts.
func (t texts) Search(ctx context.Context, collections []int64, query string, from, to int64, skip, limit int) iter.Seq2[store.HomeRecord, error] {
	return func(yield func(store.HomeRecord, error) bool) {
		const op = "search texts"
		match := matchOf(query)
		if match == "" || limit <= 0 || len(collections) == 0 {
			return
		}
		if to == 0 {
			to = math.MaxInt64
		}
		list, err := json.Marshal(collections)
		if err != nil {
			yield(store.HomeRecord{}, t.fault(op, err))
			return
		}
		var rows []int64
		err = t.read(ctx, op, func(c *conn) error {
			return c.each(func(s scanner) error {
				var row int64
				err := s.Scan(&row)
				rows = append(rows, row)
				return err
			}, querySearch, match, string(list), from, to, limit, skip)
		})
		if err != nil {
			yield(store.HomeRecord{}, err)
			return
		}
		l := lookup(t)
		l.each(ctx, op, rows, 0, func(r store.HomeRecord) bool { return !r.Deleted }, yield)
	}
}

const querySearch = `SELECT r.row FROM fulltext f JOIN record r ON r.row = f.rowid WHERE fulltext MATCH ? AND r.collection IN (SELECT value FROM json_each(?))
	AND r.deleted = 0 AND r.ends >= ? AND r.ends < ? ORDER BY r.ends DESC, r.row DESC LIMIT ? OFFSET ?`

// Latest implements store.Texts.
func (t texts) Latest(ctx context.Context, collections []int64, from, to int64, skip, limit int) iter.Seq2[store.HomeRecord, error] {
	return func(yield func(store.HomeRecord, error) bool) {
		const op = "list latest records"
		if limit <= 0 || skip < 0 {
			return
		}
		if to == 0 {
			to = math.MaxInt64
		}
		type place struct{ row, end int64 }
		var found []place
		err := t.read(ctx, op, func(c *conn) error {
			for _, id := range collections {
				err := c.each(func(s scanner) error {
					var p place
					err := s.Scan(&p.row, &p.end)
					found = append(found, p)
					return err
				}, queryLatest, id, from, to, skip+limit)
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			yield(store.HomeRecord{}, err)
			return
		}
		slices.SortFunc(found, func(a, b place) int { return cmp.Or(cmp.Compare(b.end, a.end), cmp.Compare(b.row, a.row)) })
		found = found[min(skip, len(found)):min(skip+limit, len(found))]
		rows := make([]int64, len(found))
		for i, p := range found {
			rows[i] = p.row
		}
		l := lookup(t)
		l.each(ctx, op, rows, 0, func(r store.HomeRecord) bool { return !r.Deleted }, yield)
	}
}

const queryLatest = `SELECT row, ends FROM record WHERE collection = ? AND ends >= ? AND ends < ? AND (starts <> 0 OR ends <> 0) AND deleted = 0 ORDER BY ends DESC, row DESC LIMIT ?`

// The kin of records: the keys of what is late, and what else has them.
const (
	queryLateKeys = "SELECT keys FROM record WHERE collection = ? AND ends >= ? AND (starts <> 0 OR ends <> 0) AND deleted = 0"
	queryOneWord  = "SELECT record FROM word WHERE collection = ? AND word = ?"
)

// Kin implements store.Texts.
func (t texts) Kin(ctx context.Context, collection int64, prefix string, from int64, limit int) (list []store.HomeRecord, err error) {
	err = t.read(ctx, "list records of the same key", func(c *conn) error {
		col, err := collectionByID(c, collection)
		if err != nil {
			return err
		}
		keys := map[string]bool{}
		err = c.each(func(s scanner) error {
			var all string
			err := s.Scan(&all)
			for key := range strings.SplitSeq(all, "\n") {
				if strings.HasPrefix(key, prefix) {
					keys[key] = true
				}
			}
			return err
		}, queryLateKeys, collection, from)
		if err != nil {
			return err
		}
		rows, err := sharing(c, collection, keys)
		for row := range rows {
			r, _, serr := scanRecord(c.row(queryNumber, row, collection), col.Kind)
			if errors.Is(serr, sql.ErrNoRows) {
				continue
			}
			if serr != nil {
				return serr
			}
			if !r.Deleted && r.Index.End < from && (r.Index.Start != 0 || r.Index.End != 0) && slices.ContainsFunc(r.Index.Keys, func(k string) bool { return keys[k] }) {
				list = append(list, r)
			}
		}
		return err
	})
	slices.SortFunc(list, func(a, b store.HomeRecord) int {
		return cmp.Or(cmp.Compare(b.Index.End, a.Index.End), cmp.Compare(b.Number, a.Number))
	})
	return list[:min(len(list), max(limit, 0))], err
}

// sharing are the rows of a collection that may have one of some keys.
func sharing(c *conn, collection int64, keys map[string]bool) (rows map[int64]bool, err error) {
	rows = map[int64]bool{}
	for key := range keys {
		words := wordsOf(key)
		if len(words) == 0 {
			continue
		}
		longest := slices.MaxFunc(words, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
		err := c.each(func(s scanner) error {
			var row int64
			err := s.Scan(&row)
			rows[row] = true
			return err
		}, queryOneWord, collection, longest)
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// matchOf writes a query in the language of FTS5: every word, or the beginning of one, and phrases as they are. "" for a query without a word.
func matchOf(query string) string {
	var out []string
	add := func(words string, phrase bool) {
		list := strings.FieldsFunc(words, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) })
		if phrase && len(list) > 0 {
			out = append(out, `"`+strings.Join(list, " ")+`"`)
			return
		}
		for _, w := range list {
			out = append(out, `"`+w+`"*`)
		}
	}
	for query != "" {
		before, rest, quoted := strings.Cut(query, `"`)
		add(before, false)
		if !quoted {
			break
		}
		phrase, after, closed := strings.Cut(rest, `"`)
		add(phrase, closed)
		query = after
	}
	return strings.Join(out, " ")
}
