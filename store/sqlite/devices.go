package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"strconv"
	"strings"

	"tandem"
	"tandem/store"
)

type devices struct{ *db }

var _ store.Devices = devices{}

const deviceColumns = `number, owner, id, type, agent, speaks, info, access, reason, offer, policy_key, policy_pending, policy, wipe, wipe_account,
	added, seen, address`

func scanDevice(s scanner) (d store.Device, err error) {
	var info []byte
	err = s.Scan(&d.Number, &d.User, &d.ID, &d.Type, &d.Agent, &d.Speaks, &info, &d.Access, &d.Reason, &d.Offer, &d.PolicyKey, &d.PolicyPending,
		&d.Policy, &d.Wipe, &d.WipeAccount, &d.Added, &d.Seen, &d.Address)
	if err != nil {
		return d, err
	}
	return d, json.Unmarshal(info, &d.Info)
}

func deviceByID(c *conn, op, user, id string) (store.Device, error) {
	d, err := scanDevice(c.row("SELECT "+deviceColumns+" FROM device WHERE owner = ? AND id = ?", user, id))
	if errors.Is(err, sql.ErrNoRows) {
		return d, notFound(op, id)
	}
	return d, err
}

// Device implements store.Devices.
func (s devices) Device(ctx context.Context, user, id string) (d store.Device, err error) {
	err = s.read(ctx, "find device", func(c *conn) (err error) {
		d, err = deviceByID(c, "find device", strings.ToLower(user), id)
		return err
	})
	return d, err
}

// Devices implements store.Devices, by user and in order of first contact.
func (s devices) Devices(ctx context.Context, user string) (list []store.Device, err error) {
	query, args := "SELECT "+deviceColumns+" FROM device", []any{}
	if user != "" {
		query, args = query+" WHERE owner = ?", append(args, strings.ToLower(user))
	}
	err = s.read(ctx, "list devices", func(c *conn) error {
		return c.each(func(s scanner) error {
			d, err := scanDevice(s)
			list = append(list, d)
			return err
		}, query+" ORDER BY owner, number", args...)
	})
	return list, err
}

// ChangeDevice implements store.Devices. Name, owner and number of a device never change. A change of the time and address of
// its last request only is not written if the last one is less than a minute old, and not durable at once otherwise.
func (s devices) ChangeDevice(ctx context.Context, user, id string, change func(d *store.Device) error) (out store.Device, err error) {
	const op = "save device"
	user = strings.ToLower(user)
	if id == "" {
		return out, &tandem.Error{Kind: tandem.Invalid, Op: op, Err: errors.New("a device needs an id")}
	}
	var seen bool
	err = s.write(ctx, op, func(c *conn) error {
		old, err := deviceByID(c, op, user, id)
		if tandem.IsKind(err, tandem.NotFound) {
			var n int
			if err := c.row("SELECT count(*) FROM user WHERE name = ?", user).Scan(&n); err != nil {
				return err
			}
			if n == 0 {
				return notFound(op+": find user", user)
			}
			err = nil
		}
		if err != nil {
			return err
		}
		out = old
		out.Info = maps.Clone(old.Info)
		out.User, out.ID = user, id
		if err := change(&out); err != nil {
			return err
		}
		out.Number, out.User, out.ID = old.Number, user, id
		if seen = sightingOnly(old, out); seen {
			if fresh(old.Seen, out.Seen) {
				out, seen = old, false
			}
			return errNothing
		}
		out.Number, err = putDevice(c, out)
		return err
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	if err == nil && seen {
		err = s.writeSoft(ctx, op, func(c *conn) error {
			_, err := c.exec("UPDATE device SET seen = ?, address = ? WHERE number = ?", out.Seen, out.Address, out.Number)
			return err
		})
	}
	if err != nil {
		return store.Device{}, err
	}
	return out, nil
}

// errNothing ends a transaction in which nothing was to be written.
var errNothing error = &tandem.Error{Op: "save", Err: errors.New("nothing changed")}

// sightingOnly reports whether a known device differs in the time and address of its last request at most.
func sightingOnly(old, now store.Device) bool {
	if old.Number == 0 {
		return false
	}
	now.Seen, now.Address = old.Seen, old.Address
	if len(now.Info) == 0 && len(old.Info) == 0 {
		now.Info = old.Info
	}
	return reflect.DeepEqual(old, now)
}

func putDevice(c *conn, d store.Device) (int64, error) {
	if d.Info == nil {
		d.Info = map[string]string{}
	}
	info, err := json.Marshal(d.Info)
	if err != nil {
		return 0, err
	}
	args := []any{d.Type, d.Agent, d.Speaks, string(info), string(d.Access), d.Reason, d.Offer, int64(d.PolicyKey), int64(d.PolicyPending), d.Policy,
		string(d.Wipe), d.WipeAccount, d.Added, d.Seen, d.Address}
	if d.Number != 0 {
		_, err := c.exec(`UPDATE device SET type = ?, agent = ?, speaks = ?, info = ?, access = ?, reason = ?, offer = ?, policy_key = ?, policy_pending = ?,
			policy = ?, wipe = ?, wipe_account = ?, added = ?, seen = ?, address = ? WHERE number = ?`, append(args, d.Number)...)
		return d.Number, err
	}
	res, err := c.exec(`INSERT INTO device (type, agent, speaks, info, access, reason, offer, policy_key, policy_pending, policy, wipe, wipe_account, added,
		seen, address, owner, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, append(args, d.User, d.ID)...)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// RemoveDevice implements store.Devices.
func (s devices) RemoveDevice(ctx context.Context, user, id string) error {
	return s.write(ctx, "remove device", func(c *conn) error {
		d, err := deviceByID(c, "remove device", strings.ToLower(user), id)
		if err != nil {
			return err
		}
		if _, err := c.exec("DELETE FROM state WHERE device = ?", d.Number); err != nil {
			return err
		}
		_, err = c.exec("DELETE FROM device WHERE number = ?", d.Number)
		return err
	})
}

// State implements store.Devices.
func (s devices) State(ctx context.Context, device int64, names ...string) (map[string][]byte, error) {
	out := map[string][]byte{}
	err := s.read(ctx, "read device state", func(c *conn) error {
		if len(names) == 0 {
			return c.each(func(s scanner) error {
				var name string
				var data []byte
				err := s.Scan(&name, &data)
				out[name] = data
				return err
			}, "SELECT name, data FROM state WHERE device = ?", device)
		}
		for _, name := range names {
			data, err := document(c, device, name)
			if err != nil {
				return err
			}
			if data != nil {
				out[name] = data
			}
		}
		return nil
	})
	return out, err
}

// document reads one document, nil if there is none.
func document(c *conn, device int64, name string) (data []byte, err error) {
	err = c.row("SELECT data FROM state WHERE device = ? AND name = ?", device, name).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if data == nil {
		data = []byte{}
	}
	return data, err
}

// SwapState implements store.Devices.
func (s devices) SwapState(ctx context.Context, device int64, swaps ...store.Swap) error {
	const op = "save device state"
	thing := strconv.FormatInt(device, 10)
	return s.write(ctx, op, func(c *conn) error {
		var n int
		if err := c.row("SELECT count(*) FROM device WHERE number = ?", device).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return notFound(op, thing)
		}
		for _, w := range swaps {
			have, err := document(c, device, w.Name)
			if err != nil {
				return err
			}
			if (have == nil) != (w.Old == nil) || !bytes.Equal(have, w.Old) {
				return &tandem.Error{Kind: tandem.Changed, Op: op, Thing: w.Name, Remedy: "read it again"}
			}
			if err := putDocument(c, device, w, s.opt.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

func putDocument(c *conn, device int64, w store.Swap, now int64) error {
	if w.New == nil {
		_, err := c.exec("DELETE FROM state WHERE device = ? AND name = ?", device, w.Name)
		return err
	}
	_, err := c.exec("INSERT INTO state (device, name, data, at) VALUES (?, ?, ?, ?) ON CONFLICT (device, name) DO UPDATE SET data = excluded.data, at = excluded.at", device, w.Name, w.New, now)
	return err
}

// Written implements store.Devices.
func (s devices) Written(ctx context.Context, device int64) (list []store.WrittenState, err error) {
	err = s.read(ctx, "read device state", func(c *conn) error {
		return c.each(func(s scanner) error {
			var w store.WrittenState
			err := s.Scan(&w.Name, &w.When)
			list = append(list, w)
			return err
		}, "SELECT name, at FROM state WHERE device = ? ORDER BY name", device)
	})
	return list, err
}
