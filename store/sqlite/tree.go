package sqlite

import (
	"errors"
	"fmt"
	"strings"

	"tandem"
	"tandem/store"
)

// mayHold tells why a tree cannot have a record of this id, nil if it can.
func (w *homeWriter) mayHold(id tandem.ID) (bad, err error) {
	if !store.IsTree(w.col.Kind) || id == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(string(id), "/") {
		if part == "" || part == "." || part == ".." {
			return fmt.Errorf("%q is no clean path", id), nil
		}
	}
	if strings.IndexByte(string(id), 0) >= 0 {
		return errors.New("the path holds a zero byte"), nil
	}
	i := strings.LastIndexByte(string(id), '/')
	if i < 0 {
		return nil, nil
	}
	parent, _, _, err := w.current(id[:i])
	switch {
	case err != nil:
		return nil, err
	case parent.ID == "" || parent.Deleted:
		return fmt.Errorf("there is no directory %q", id[:i]), nil
	case parent.Attrs.Get("type") != "dir":
		return fmt.Errorf("%q is no directory", id[:i]), nil
	}
	return nil, nil
}

// mayMove tells why a record of a tree cannot move there, nil if it can.
func (w *homeWriter) mayMove(id, to tandem.ID) (bad, err error) {
	if store.IsTree(w.col.Kind) && strings.HasPrefix(string(to), string(id)+"/") {
		return errors.New("a directory cannot move into itself"), nil
	}
	return w.mayHold(to)
}

// child is a record below a directory.
type child struct {
	id  tandem.ID
	row int64
}

// below lists what is in a directory of a tree, at any depth. '0' is the byte after '/', so that the range holds exactly
// the ids that begin with the directory's and a slash.
func (w *homeWriter) below(dir tandem.ID) (list []child, err error) {
	if !store.IsTree(w.col.Kind) {
		return nil, nil
	}
	err = w.conn.each(func(s scanner) error {
		var c child
		err := s.Scan(&c.id, &c.row)
		list = append(list, c)
		return err
	}, "SELECT id, row FROM record WHERE collection = ? AND id > ? AND id < ? AND deleted = 0 ORDER BY id", w.col.ID, string(dir)+"/", string(dir)+"0")
	return list, err
}

// filled reports whether anything is in a directory of a tree.
func (w *homeWriter) filled(dir tandem.ID) (bool, error) {
	if !store.IsTree(w.col.Kind) {
		return false, nil
	}
	var n int
	err := w.conn.row("SELECT EXISTS (SELECT 1 FROM record WHERE collection = ? AND id > ? AND id < ? AND deleted = 0)", w.col.ID,
		string(dir)+"/", string(dir)+"0").Scan(&n)
	return n != 0, err
}
