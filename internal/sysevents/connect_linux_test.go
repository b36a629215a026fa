package sysevents

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"tandem"
)

const activePart = netman + ".Connection.Active"

// netmanager is NetworkManager's stand-in with a device and a connection of this name.
func (m *mocks) netmanager(name string) {
	m.t.Helper()
	m.service("networkmanager", netman)
	m.call(netman, netmanPath, "AddEthernetDevice", "dev0", "eth0", int32(100))
	set := map[string]map[string]dbus.Variant{"connection": {"id": dbus.MakeVariant(name), "type": dbus.MakeVariant("vpn"), "uuid": dbus.MakeVariant("5f3d2d4e-0000-4000-8000-000000000001")}}
	if err := m.conn.Object(netman, netmanSettings).Call(netman+".Settings.AddConnection", 0, set).Err; err != nil {
		m.t.Fatal(err)
	}
}

// up lists the names of connections in use.
func (m *mocks) up() []string {
	list, _ := get[[]dbus.ObjectPath](m.conn, netman, netmanPath, netman+".ActiveConnections")
	var out []string
	for _, path := range list {
		id, _ := get[string](m.conn, netman, path, activePart+".Id")
		out = append(out, id)
	}
	return out
}

// slowly has connections come up only when the test says so: it is handed the path of each.
func (m *mocks) slowly() <-chan dbus.ObjectPath {
	m.t.Helper()
	m.call(netman, netmanPath, "AddMethod", netman, "ActivateConnection", "ooo", "o",
		"ret = self.activate_connection(self, args[0], args[1], args[2]); o = objects[str(ret)]; o.props['"+activePart+"']['State'] = dbus.UInt32(1); self.EmitSignal('test.Test', 'Begun', 'o', [ret])")
	signals := make(chan *dbus.Signal, 16)
	m.conn.Signal(signals)
	if err := m.conn.AddMatchSignal(dbus.WithMatchInterface("test.Test")); err != nil {
		m.t.Fatal(err)
	}
	begun := make(chan dbus.ObjectPath, 16)
	go func() { // ends with the connection
		for s := range signals {
			if path, ok := first[dbus.ObjectPath](s); ok && s.Name == "test.Test.Begun" {
				begun <- path
			}
		}
	}()
	return begun
}

// TestSM13Connect: a connection that is named is brought up before it is used, and taken down after; one that somebody else brought up stays.
func TestSM13Connect(t *testing.T) {
	m := newMocks(t)
	m.netmanager("Office VPN")
	opt := Options{Bus: m.address}
	for _, name := range []string{"Office VPN", "5f3d2d4e-0000-4000-8000-000000000001"} {
		letGo, err := Connect(t.Context(), opt, name)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.up(); !slices.Equal(got, []string{"Office VPN"}) {
			t.Errorf("%s: up %v", name, got)
		}
		again, err := Connect(t.Context(), opt, name) // it is up already
		if err != nil {
			t.Fatal(err)
		}
		if err := again(t.Context()); err != nil || len(m.up()) != 1 {
			t.Errorf("%s: what somebody else brought up was taken down: %v, %v", name, m.up(), err)
		}
		if err := letGo(t.Context()); err != nil || len(m.up()) != 0 {
			t.Errorf("%s: still up %v, %v", name, m.up(), err)
		}
	}
}

// TestSM13ConnectWaits until the connection is there, and says so when it does not come.
func TestSM13ConnectWaits(t *testing.T) {
	m := newMocks(t)
	m.netmanager("Office VPN")
	begun := m.slowly()
	type result struct {
		letGo func(context.Context) error
		err   error
	}
	connect := func(ctx context.Context) <-chan result {
		out := make(chan result, 1)
		go func() {
			letGo, err := Connect(ctx, Options{Bus: m.address}, "Office VPN")
			out <- result{letGo, err}
		}()
		return out
	}
	beginning := func(ended <-chan result) dbus.ObjectPath {
		t.Helper()
		select {
		case path := <-begun:
			return path
		case r := <-ended:
			t.Fatalf("it ended before it began: %v", r.err)
			return ""
		}
	}
	coming := connect(t.Context())
	path := beginning(coming)
	select {
	case r := <-coming:
		t.Fatalf("it did not wait: %+v", r)
	default:
	}
	m.set(netman, path, activePart, map[string]any{"State": uint32(2)})
	r := <-coming
	if r.err != nil {
		t.Fatal(r.err)
	}
	if err := r.letGo(t.Context()); err != nil || len(m.up()) != 0 {
		t.Errorf("%v, %v", err, m.up())
	}

	failing := connect(t.Context())
	m.set(netman, beginning(failing), activePart, map[string]any{"State": uint32(4)})
	if r := <-failing; !tandem.IsKind(r.err, tandem.Transient) || !strings.Contains(r.err.Error(), "nmcli connection up") {
		t.Errorf("%v", r.err)
	}
	for _, p := range m.paths() { // the stand-in keeps what failed
		m.call(netman, netmanPath, "RemoveActiveConnection", "/org/freedesktop/NetworkManager/Devices/dev0", string(p))
	}

	ctx, stop := context.WithCancel(t.Context())
	stopped := connect(ctx)
	beginning(stopped)
	stop()
	if r := <-stopped; !errors.Is(r.err, context.Canceled) || len(m.up()) != 0 {
		t.Errorf("%v; up %v", r.err, m.up())
	}
}

func (m *mocks) paths() []dbus.ObjectPath {
	list, _ := get[[]dbus.ObjectPath](m.conn, netman, netmanPath, netman+".ActiveConnections")
	return list
}

// TestSM13ConnectRefused: what cannot be brought up says why, and what to do.
func TestSM13ConnectRefused(t *testing.T) {
	m := newMocks(t)
	for text, opt := range map[string]Options{"no system bus": {Bus: "none"}, "NetworkManager does not answer": {Bus: m.address}} {
		if _, err := Connect(t.Context(), opt, "Office VPN"); !tandem.IsKind(err, tandem.Invalid) || !strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), "command before the run") {
			t.Error(err)
		}
	}
	m.netmanager("Office VPN")
	if _, err := Connect(t.Context(), Options{Bus: m.address}, "Home"); !tandem.IsKind(err, tandem.Invalid) || !strings.Contains(err.Error(), `"Office VPN"`) {
		t.Error(err)
	}
}
