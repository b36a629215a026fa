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

const collectionColumns = "id, owner, kind, name, props, seq, made, uuid, epoch"

func scanCollection(s scanner) (c tandem.Collection, err error) {
	var props []byte
	err = s.Scan(&c.ID, &c.User, &c.Kind, &c.Name, &props, &c.Seq, &c.Made, &c.Identity.Store, &c.Identity.Epoch)
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(props, &c.Props)
}

func collectionByID(c *conn, id int64) (tandem.Collection, error) {
	col, err := scanCollection(c.row("SELECT "+collectionColumns+" FROM collection WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return col, notFound("find collection", strconv.FormatInt(id, 10))
	}
	return col, err
}

// Collections implements store.Home, by user, kind and name.
func (h home) Collections(ctx context.Context, user string) (list []tandem.Collection, err error) {
	err = h.read(ctx, "list collections", func(c *conn) error {
		return c.each(func(s scanner) error {
			col, err := scanCollection(s)
			list = append(list, col)
			return err
		}, "SELECT "+collectionColumns+" FROM collection WHERE owner = ? OR ? = '' ORDER BY owner, kind, name", user, user)
	})
	return list, err
}

// PutCollection implements store.Home. The owner must exist; owner and kind of a collection never change.
func (h home) PutCollection(ctx context.Context, in tandem.Collection) (out tandem.Collection, err error) {
	const op = "save collection"
	if in.Name == "" {
		return out, &tandem.Error{Kind: tandem.Invalid, Op: op, Err: errors.New("a collection needs a name")}
	}
	if in.Props == nil {
		in.Props = map[string]string{}
	}
	props, err := json.Marshal(in.Props)
	if err != nil {
		return out, h.fault(op, err)
	}
	var with []string
	err = h.write(ctx, op, func(c *conn) (err error) {
		if in.ID == 0 {
			in.ID, err = h.addCollection(c, in, string(props))
		} else {
			var res sql.Result
			if res, err = c.exec("UPDATE collection SET name = ?, props = ? WHERE id = ?", in.Name, string(props), in.ID); err == nil {
				err = mustAffect(res, op, in.Name)
			}
		}
		if isConstraint(err) {
			return &tandem.Error{Kind: tandem.Exists, Op: op, Thing: in.Name, Remedy: "choose another name"}
		}
		if err != nil {
			return err
		}
		if out, err = collectionByID(c, in.ID); err != nil {
			return err
		}
		with, err = sharees(c, in.ID)
		return err
	})
	if err == nil {
		h.tellListed(out, with...)
	}
	return out, err
}

func (h home) addCollection(c *conn, in tandem.Collection, props string) (int64, error) {
	var n int
	if err := c.row("SELECT count(*) FROM user WHERE name = ?", in.User).Scan(&n); err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, &tandem.Error{Kind: tandem.NotFound, Op: "save collection " + in.Name + ": find user", Thing: in.User, Remedy: "add the user first"}
	}
	uuid, err := h.token()
	if err != nil {
		return 0, err
	}
	epoch, err := h.token()
	if err != nil {
		return 0, err
	}
	res, err := c.exec("INSERT INTO collection (owner, kind, name, props, uuid, epoch, made) VALUES (?, ?, ?, ?, ?, ?, ?)",
		in.User, string(in.Kind), in.Name, props, uuid, epoch, h.opt.Now())
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// RemoveCollection implements store.Home. Busy while a sync item uses it that does not go with it.
func (h home) RemoveCollection(ctx context.Context, id int64) error {
	const op = "remove collection"
	var col tandem.Collection
	var with []string
	err := h.write(ctx, op, func(c *conn) (err error) {
		if col, err = collectionByID(c, id); err != nil {
			return err
		}
		if err := unused(c, op, col.Name, "SELECT name FROM item WHERE collection = ? AND mode <> '"+store.OfAccount+"' ORDER BY name", id); err != nil {
			return err
		}
		if with, err = sharees(c, id); err != nil {
			return err
		}
		_, err = c.exec(`INSERT INTO past (at, session, pair, collection, place, kind, record, op, who, origin, title, attrs, digest, body, parked, after)
			SELECT ?, 0, 0, collection, ?, ?, id, ?, ?, 'collection removed', title, attrs, digest, body, '', '' FROM record
			WHERE collection = ? AND deleted = 0 ORDER BY seq`,
			h.opt.Now(), homePlace(col.Name, col.Kind), string(col.Kind), int64(tandem.Delete), col.User, id)
		if err != nil {
			return err
		}
		for _, q := range []string{"DELETE FROM record WHERE collection = ?", "DELETE FROM marker WHERE collection = ?", "DELETE FROM word WHERE collection = ?",
			"DELETE FROM item WHERE collection = ?", "DELETE FROM share WHERE collection = ?", "DELETE FROM property WHERE collection = ?", "DELETE FROM lock WHERE collection = ?",
			"DELETE FROM collection WHERE id = ?"} {
			if _, err := c.exec(q, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		h.tellListed(col, with...)
	}
	return err
}
