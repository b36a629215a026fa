package sqlite

import (
	"errors"
	"fmt"

	"tandem"
	"tandem/store"
)

// lives are the lives of a record that is written over old under the present sequence number.
func (w *homeWriter) lives(old store.HomeRecord) store.HomeRecord {
	life := store.HomeRecord{Born: old.Born, WasBorn: old.WasBorn, WasGone: old.WasGone}
	switch {
	case old.Number == 0:
		life.Born = w.col.Seq
	case old.Deleted:
		life.Born = w.col.Seq
		if old.Born < old.Seq {
			life.WasBorn, life.WasGone = old.Born, old.Seq
		}
	}
	return life
}

// bury turns a record into a tombstone under the next sequence number.
func (w *homeWriter) bury(old store.HomeRecord) error {
	w.col.Seq++
	w.live--
	w.texts.drop(old.Number)
	_, err := w.conn.exec(`UPDATE record SET seq = ?, at = ?, deleted = 1, digest = NULL, body = NULL, size = 0, attrs = '', modified = 0, title = '',
		uid = '', starts = 0, ends = 0, name = '', keys = '' WHERE row = ?`, w.col.Seq, w.now, old.Number)
	if err != nil {
		return err
	}
	if err := forgetProperties(w.conn, w.col.ID, old.Number); err != nil {
		return err
	}
	return w.words.set(w.conn, w.col.ID, old.Number, old.Index, tandem.Index{}, nil)
}

// displace frees the id of a tombstone. Its number may be known to somebody who has not heard of the deletion yet, so it stays,
// under an id that nothing has; one that never stood for a record goes.
func (w *homeWriter) displace(grave store.HomeRecord) error {
	if grave.Born == grave.Seq && grave.WasBorn == 0 {
		_, err := w.conn.exec("DELETE FROM record WHERE row = ?", grave.Number)
		return err
	}
	name, err := w.token()
	if err != nil {
		return err
	}
	_, err = w.conn.exec("UPDATE record SET id = ? WHERE row = ?", name, grave.Number)
	return err
}

func (w *homeWriter) move(s *staged, old store.HomeRecord, row int64) (tandem.Outcome, error) {
	if s.To == "" {
		return rejected(s.ID, errors.New("the move names no new id")), nil
	}
	there, _, _, err := w.current(s.To)
	if err != nil {
		return tandem.Outcome{}, err
	}
	if there.ID != "" && !there.Deleted {
		return failed412(s.ID, fmt.Errorf("there is a record %s", s.To)), nil
	}
	if bad, err := w.mayMove(s.ID, s.To); bad != nil || err != nil {
		return rejected(s.ID, bad), err
	}
	below, err := w.below(s.ID)
	if err != nil {
		return tandem.Outcome{}, err
	}
	if err := w.rename(s.ID, s.To, row); err != nil {
		return tandem.Outcome{}, err
	}
	meta := old.Meta
	meta.Version = versionOf(w.col.Seq)
	for _, child := range below {
		if err := w.rename(child.id, s.To+child.id[len(s.ID):], child.row); err != nil {
			return tandem.Outcome{}, err
		}
	}
	return tandem.Outcome{Status: tandem.Applied, ID: s.To, Meta: meta}, nil
}

// rename gives the record in row another id, which is free, and leaves a tombstone at the old one.
func (w *homeWriter) rename(id, to tandem.ID, row int64) error {
	grave, _, there, err := w.current(to)
	if err == nil && there != 0 {
		err = w.displace(grave)
	}
	if err != nil {
		return err
	}
	w.col.Seq += 2
	if _, err := w.conn.exec("UPDATE record SET id = ?, seq = ?, at = ? WHERE row = ?", string(to), w.col.Seq, w.now, row); err != nil {
		return err
	}
	// It tells of the id only: what lived there lives on under its number.
	_, err = w.conn.exec(`INSERT INTO record (collection, id, seq, deleted, at, born, was_born, was_gone, wrote, size, attrs, modified, title, uid, starts, ends,
		name, keys) VALUES (?, ?, ?, 1, ?, ?, 0, 0, 0, 0, '', 0, '', '', 0, 0, '', '')`, w.col.ID, string(id), w.col.Seq-1, w.now, w.col.Seq-1)
	return err
}
