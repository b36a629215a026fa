package sysevents

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/godbus/dbus/v5"

	"tandem"
)

// The states of a connection that is used (NMActiveConnectionState), besides nmActivated.
const (
	nmDeactivating = 3
	nmDeactivated  = 4
)

const netmanSettings = dbus.ObjectPath("/org/freedesktop/NetworkManager/Settings")

// Connect brings up a connection of NetworkManager by its name or UUID, such as a VPN, and waits until it is there (inventory SM-13). letGo takes it down again; one that
// was up already stays so. Errors are Transient where the connection did not come up, and Invalid where nobody can bring it up.
func Connect(ctx context.Context, opt Options, name string) (letGo func(context.Context) error, err error) {
	const op = "bring up connection"
	conn, err := connect(context.WithoutCancel(ctx), opt.Bus)
	if opt.Bus == "none" || err != nil {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: name, Err: fmt.Errorf("there is no system bus to ask NetworkManager: %w", cmpErr(err)), Remedy: noConnect}
	}
	d := dialer{conn: conn}
	active, ours, err := d.bringUp(ctx, name)
	if err == nil && ours {
		if err = d.await(ctx, active); err != nil {
			err = errors.Join(err, d.takeDown(context.WithoutCancel(ctx), active))
		}
	}
	var known *tandem.Error
	switch {
	case errors.As(err, &known):
		known.Op, known.Thing = op, name
	case err != nil:
		err = &tandem.Error{Kind: tandem.Transient, Op: op, Thing: name, Err: err, Remedy: "try it by hand with `nmcli connection up id " + fmt.Sprintf("%q", name) + "`, which says what is wrong"}
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return func(ctx context.Context) error {
		defer conn.Close()
		if !ours {
			return nil
		}
		return d.takeDown(ctx, active)
	}, nil
}

// noConnect is what to do where connections cannot be brought up.
const noConnect = "bring it up in another way, such as a command before the run, and leave connect out of when the item runs"

func cmpErr(err error) error {
	if err == nil {
		return errors.New("it is not asked")
	}
	return err
}

// dialer speaks to NetworkManager.
type dialer struct {
	conn *dbus.Conn
}

// bringUp finds a connection, and activates it unless it is in use. ours says that this was done.
func (d dialer) bringUp(ctx context.Context, name string) (active dbus.ObjectPath, ours bool, err error) {
	list, ok := get[[]dbus.ObjectPath](d.conn, netman, netmanPath, netman+".ActiveConnections")
	if !ok {
		return "", false, &tandem.Error{Kind: tandem.Invalid, Err: errors.New("NetworkManager does not answer on the system bus"), Remedy: noConnect}
	}
	for _, path := range list {
		id, _ := get[string](d.conn, netman, path, netman+".Connection.Active.Id")
		uuid, _ := get[string](d.conn, netman, path, netman+".Connection.Active.Uuid")
		if id != name && uuid != name {
			continue
		}
		if state, _ := get[uint32](d.conn, netman, path, netman+".Connection.Active.State"); state < nmDeactivating {
			return path, false, d.await(ctx, path) // somebody else brings it up, perhaps
		}
	}
	settings, err := d.find(ctx, name)
	if err != nil {
		return "", false, err
	}
	// Answered at once; not knowing the answer, nobody could take the connection down again.
	err = d.conn.Object(netman, netmanPath).CallWithContext(context.WithoutCancel(ctx), netman+".ActivateConnection", 0, settings, dbus.ObjectPath("/"), dbus.ObjectPath("/")).Store(&active)
	return active, err == nil, err
}

// find is the settings of a connection.
func (d dialer) find(ctx context.Context, name string) (dbus.ObjectPath, error) {
	var list []dbus.ObjectPath
	if err := d.conn.Object(netman, netmanSettings).CallWithContext(ctx, netman+".Settings.ListConnections", 0).Store(&list); err != nil {
		return "", err
	}
	var names []string
	for _, path := range list {
		var all map[string]map[string]dbus.Variant
		if err := d.conn.Object(netman, path).CallWithContext(ctx, netman+".Settings.Connection.GetSettings", 0).Store(&all); err != nil {
			continue // it went meanwhile, or is not ours to see
		}
		id, _ := all["connection"]["id"].Value().(string)
		uuid, _ := all["connection"]["uuid"].Value().(string)
		if id == name || uuid == name {
			return path, nil
		}
		names = append(names, fmt.Sprintf("%q", id))
	}
	slices.Sort(names)
	return "", &tandem.Error{Kind: tandem.Invalid, Err: fmt.Errorf("NetworkManager has no such connection; it has %v", names), Remedy: "name one of `nmcli connection`, or leave connect out of when the item runs"}
}

// await waits until a connection is there.
func (d dialer) await(ctx context.Context, active dbus.ObjectPath) error {
	signals := make(chan *dbus.Signal, 64)
	d.conn.Signal(signals)
	defer d.conn.RemoveSignal(signals)
	for _, m := range [][]dbus.MatchOption{
		{dbus.WithMatchSender(netman), dbus.WithMatchObjectPath(active)},
		{dbus.WithMatchSender(netman), dbus.WithMatchObjectPath(netmanPath), dbus.WithMatchInterface(props)},
	} {
		if err := d.conn.AddMatchSignalContext(ctx, m...); err != nil {
			return err
		}
	}
	for {
		state, ok := get[uint32](d.conn, netman, active, netman+".Connection.Active.State")
		switch {
		case !ok || state >= nmDeactivating:
			return errors.New("NetworkManager could not bring it up")
		case state == nmActivated:
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it did not come up: %w", ctx.Err())
		case _, ok := <-signals:
			if !ok {
				return errors.New("the system bus went away")
			}
		}
	}
}

func (d dialer) takeDown(ctx context.Context, active dbus.ObjectPath) error {
	if state, ok := get[uint32](d.conn, netman, active, netman+".Connection.Active.State"); !ok || state >= nmDeactivating {
		return nil // somebody took it down
	}
	return d.conn.Object(netman, netmanPath).CallWithContext(ctx, netman+".DeactivateConnection", 0, active).Err
}
