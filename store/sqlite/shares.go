package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"tandem"
	"tandem/store"
)

type shares struct{ *db }

var _ store.Shares = shares{}

// selectShares reads shares with their collections, in the order of collectionColumns.
const selectShares = `SELECT s.id, ifnull(s.grantee, ''), ifnull(s.token, ''), s.label, s.writes, s.hidden, s.props, s.added,
	c.id, c.owner, c.kind, c.name, c.props, c.seq, c.made, c.uuid, c.epoch FROM share s JOIN collection c ON c.id = s.collection`

func scanShare(s scanner) (v store.Share, err error) {
	var own, props []byte
	c := &v.Of
	err = s.Scan(&v.ID, &v.With, &v.Token, &v.Label, &v.Write, &v.Hidden, &own, &v.Added,
		&c.ID, &c.User, &c.Kind, &c.Name, &props, &c.Seq, &c.Made, &c.Identity.Store, &c.Identity.Epoch)
	if err != nil {
		return v, err
	}
	v.Collection = c.ID
	return v, errors.Join(json.Unmarshal(own, &v.Props), json.Unmarshal(props, &c.Props))
}

func shareByID(c *conn, op string, id int64) (store.Share, error) {
	v, err := scanShare(c.row(selectShares+" WHERE s.id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return v, notFound(op, strconv.FormatInt(id, 10))
	}
	return v, err
}

// PutShare implements store.Shares.
func (s shares) PutShare(ctx context.Context, in store.Share) (out store.Share, err error) {
	const op = "save share"
	if in.Props == nil {
		in.Props = map[string]string{}
	}
	in.With = strings.ToLower(in.With)
	props, err := json.Marshal(in.Props)
	if err != nil {
		return out, s.fault(op, err)
	}
	err = s.write(ctx, op, func(c *conn) (err error) {
		id := in.ID
		if id == 0 {
			id, err = addShare(c, op, in, string(props))
		} else {
			err = changeShare(c, op, in, string(props))
		}
		if err != nil {
			return err
		}
		out, err = shareByID(c, op, id)
		return err
	})
	if err != nil {
		return store.Share{}, err
	}
	s.tellOf(out)
	return out, nil
}

func addShare(c *conn, op string, in store.Share, props string) (int64, error) {
	bad := func(text string) (int64, error) {
		return 0, &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: in.With, Err: errors.New(text), Remedy: "name another user, or make a link with `tandem collection link`"}
	}
	col, err := collectionByID(c, in.Collection)
	switch {
	case err != nil:
		return 0, err
	case in.With == col.User:
		return bad("it is the user's own collection")
	case (in.With == "") == (in.Token == ""):
		return bad("a share is either with a user or a link")
	case in.With == "" && in.Write:
		return bad("links are for reading only")
	}
	if in.With != "" {
		if err := userThere(c, op, in.With); err != nil {
			return 0, err
		}
	}
	res, err := c.exec(`INSERT INTO share (collection, grantee, token, label, writes, hidden, props, added) VALUES (?, nullif(?, ''), nullif(?, ''), ?, ?, ?, ?, ?)`,
		in.Collection, in.With, in.Token, in.Label, in.Write, in.Hidden, props, in.Added)
	if isConstraint(err) {
		return 0, &tandem.Error{Kind: tandem.Exists, Op: op, Thing: col.Name, Err: errors.New("it is shared already"), Remedy: "change the share that is there"}
	}
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// userThere is NotFound if there is no such user.
func userThere(c *conn, op, name string) error {
	var n int
	if err := c.row("SELECT count(*) FROM user WHERE name = ?", name).Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		return &tandem.Error{Kind: tandem.NotFound, Op: op + ": find user", Thing: name, Remedy: "add the user first"}
	}
	return nil
}

func changeShare(c *conn, op string, in store.Share, props string) error {
	old, err := shareByID(c, op, in.ID)
	if err != nil {
		return err
	}
	if old.With == "" && in.Write {
		return &tandem.Error{Kind: tandem.Invalid, Op: op, Err: errors.New("links are for reading only")}
	}
	_, err = c.exec("UPDATE share SET label = ?, writes = ?, hidden = ?, props = ? WHERE id = ?", in.Label, in.Write, in.Hidden, props, in.ID)
	return err
}

// tellOf wakes the two that a share is between.
func (d *db) tellOf(v store.Share) { d.tellListed(v.Of, v.With) }

// tellListed says that a collection itself changed, to its owner and to the users it is shared with.
func (d *db) tellListed(col tandem.Collection, with ...string) {
	for _, user := range append([]string{col.User}, with...) {
		if user != "" {
			d.wake.tell(store.Wakeup{User: user, Collection: col.ID, Seq: col.Seq, Listed: true})
		}
	}
}

// sharees lists the users that a collection is shared with.
func sharees(c *conn, collection int64) (users []string, err error) {
	err = c.each(func(s scanner) error {
		var name string
		err := s.Scan(&name)
		users = append(users, name)
		return err
	}, "SELECT grantee FROM share WHERE collection = ? AND grantee IS NOT NULL ORDER BY grantee", collection)
	return users, err
}

func (s shares) list(ctx context.Context, where string, arg any) (list []store.Share, err error) {
	err = s.read(ctx, "list shares", func(c *conn) (err error) {
		list, err = listShares(c, where, arg)
		return err
	})
	return list, err
}

func listShares(c *conn, where string, arg any) (list []store.Share, err error) {
	err = c.each(func(s scanner) error {
		v, err := scanShare(s)
		list = append(list, v)
		return err
	}, selectShares+where, arg)
	return list, err
}

// SharesOf implements store.Shares.
func (s shares) SharesOf(ctx context.Context, collection int64) ([]store.Share, error) {
	return s.list(ctx, " WHERE s.collection = ? ORDER BY s.grantee IS NULL, s.grantee, s.id", collection)
}

const whereSharedWith = " WHERE s.grantee = ? ORDER BY s.id"

// SharedWith implements store.Shares.
func (s shares) SharedWith(ctx context.Context, user string) ([]store.Share, error) {
	return s.list(ctx, whereSharedWith, strings.ToLower(user))
}

// ShareByToken implements store.Shares.
func (s shares) ShareByToken(ctx context.Context, token string) (v store.Share, err error) {
	const op = "find share"
	err = s.read(ctx, op, func(c *conn) (err error) {
		v, err = scanShare(c.row(selectShares+" WHERE s.token = ?", token))
		if errors.Is(err, sql.ErrNoRows) {
			return notFound(op, "link")
		}
		return err
	})
	return v, err
}

// RemoveShare implements store.Shares.
func (s shares) RemoveShare(ctx context.Context, id int64) error {
	const op = "remove share"
	var v store.Share
	err := s.write(ctx, op, func(c *conn) (err error) {
		if v, err = shareByID(c, op, id); err != nil {
			return err
		}
		_, err = c.exec("DELETE FROM share WHERE id = ?", id)
		return err
	})
	if err == nil {
		s.tellOf(v)
	}
	return err
}
