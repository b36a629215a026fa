package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"tandem"
	"tandem/store"
)

type accounts struct{ *db }

var _ store.Accounts = accounts{}

// AddUser implements store.Accounts. The name is folded to lower case.
func (a accounts) AddUser(ctx context.Context, u store.User) error {
	name := strings.ToLower(u.Name)
	if name == "" {
		return &tandem.Error{Kind: tandem.Invalid, Op: "add user", Err: errors.New("a user needs a name")}
	}
	return a.write(ctx, "add user", func(c *conn) error {
		_, err := c.exec("INSERT INTO user (name, title, address, props) VALUES (?, ?, ?, ?)", name, u.Title, u.Address, string(u.Props))
		if isConstraint(err) {
			return &tandem.Error{Kind: tandem.Exists, Op: "add user", Thing: name}
		}
		return err
	})
}

// User implements store.Accounts.
func (a accounts) User(ctx context.Context, name string) (u store.User, err error) {
	err = a.read(ctx, "find user", func(c *conn) error {
		err := c.row("SELECT name, title, address, props FROM user WHERE name = ?", strings.ToLower(name)).Scan(&u.Name, &u.Title, &u.Address, &u.Props)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("find user", name)
		}
		return err
	})
	return u, err
}

// UserByAddress implements store.Accounts. Where several users have the address, it is the first one's by name.
func (a accounts) UserByAddress(ctx context.Context, address string) (u store.User, err error) {
	const op = "find user"
	err = a.read(ctx, op, func(c *conn) error {
		err := c.row(queryUserByAddress, strings.ToLower(address)).Scan(&u.Name, &u.Title, &u.Address, &u.Props)
		if errors.Is(err, sql.ErrNoRows) {
			err = c.row("SELECT name, title, address, props FROM user WHERE name = ?", strings.ToLower(address)).Scan(&u.Name, &u.Title, &u.Address, &u.Props)
		}
		if errors.Is(err, sql.ErrNoRows) {
			return notFound(op, address)
		}
		return err
	})
	return u, err
}

// queryUserByAddress says what the partial index user_by_address wants to hear. Names are in lower case anyway.
const queryUserByAddress = "SELECT name, title, address, props FROM user WHERE lower(address) = ? AND address <> '' ORDER BY name LIMIT 1"

// Users implements store.Accounts, by name.
func (a accounts) Users(ctx context.Context) (list []store.User, err error) {
	err = a.read(ctx, "list users", func(c *conn) error {
		return c.each(func(s scanner) error {
			var u store.User
			err := s.Scan(&u.Name, &u.Title, &u.Address, &u.Props)
			list = append(list, u)
			return err
		}, "SELECT name, title, address, props FROM user ORDER BY name")
	})
	return list, err
}

// PutUser implements store.Accounts.
func (a accounts) PutUser(ctx context.Context, u store.User) error {
	const op = "save user"
	return a.write(ctx, op, func(c *conn) error {
		res, err := c.exec("UPDATE user SET title = ?, address = ? WHERE name = ?", u.Title, u.Address, strings.ToLower(u.Name))
		if err != nil {
			return err
		}
		return mustAffect(res, op, u.Name)
	})
}

// SetProps implements store.Accounts.
func (a accounts) SetProps(ctx context.Context, name string, set map[string]string) error {
	const op = "save user"
	name = strings.ToLower(name)
	return a.write(ctx, op, func(c *conn) error {
		var props tandem.Attrs
		err := c.row("SELECT props FROM user WHERE name = ?", name).Scan(&props)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound(op, name)
		}
		if err != nil {
			return err
		}
		all := props.Map()
		for k, v := range set {
			all[k] = v
		}
		_, err = c.exec("UPDATE user SET props = ? WHERE name = ?", string(tandem.MakeAttrs(all)), name)
		return err
	})
}

// RemoveUser implements store.Accounts.
func (a accounts) RemoveUser(ctx context.Context, name string) error {
	name = strings.ToLower(name)
	var lost []store.Share
	err := a.write(ctx, "remove user", func(c *conn) (err error) {
		if err := unused(c, "remove user", name, "SELECT name FROM collection WHERE owner = ? ORDER BY name", name); err != nil {
			return err
		}
		if lost, err = listShares(c, whereSharedWith, name); err != nil {
			return err
		}
		for _, q := range []string{"DELETE FROM login WHERE owner = ?", "DELETE FROM state WHERE device IN (SELECT number FROM device WHERE owner = ?)",
			"DELETE FROM device WHERE owner = ?", "DELETE FROM share WHERE grantee = ?", "DELETE FROM lock WHERE holder = ?",
			"DELETE FROM outgoing WHERE owner = ?", "DELETE FROM visit WHERE owner = ?", "DELETE FROM factor WHERE owner = ?", "DELETE FROM notice WHERE owner = ?",
			"DELETE FROM push WHERE owner = ?", "DELETE FROM reported WHERE owner = ?", "DELETE FROM delivery WHERE webhook IN (SELECT id FROM webhook WHERE owner = ?)", "DELETE FROM webhook WHERE owner = ?",
			"DELETE FROM partner WHERE owner = ? AND bounded", "UPDATE partner SET owner = '' WHERE owner = ?"} {
			if _, err := c.exec(q, name); err != nil {
				return err
			}
		}
		res, err := c.exec("DELETE FROM user WHERE name = ?", name)
		if err != nil {
			return err
		}
		return mustAffect(res, "remove user", name)
	})
	if err == nil {
		for _, v := range lost {
			a.tellOf(v)
		}
	}
	return err
}
