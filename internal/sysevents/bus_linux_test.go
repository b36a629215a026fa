package sysevents

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"tandem/internal/need"
)

// mocks is a private message bus with stand-ins for services on it, by python-dbusmock.
type mocks struct {
	t       *testing.T
	address string
	conn    *dbus.Conn
}

func newMocks(t *testing.T) *mocks {
	t.Helper()
	daemon := need.Program(t, "dbus-daemon")
	if err := exec.Command("/usr/bin/python3", "-c", "import dbusmock").Run(); err != nil {
		need.Missing(t, "the module dbusmock, from the Debian package python3-dbusmock")
	}
	dir := t.TempDir()
	m := &mocks{t: t, address: "unix:path=" + filepath.Join(dir, "bus")}
	conf := filepath.Join(dir, "bus.conf")
	text := `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>` + m.address + `</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m.run(exec.Command(daemon, "--nofork", "--print-address=1", "--config-file="+conf), true)
	conn, err := dbus.Connect(m.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	m.conn = conn
	return m
}

// run starts a program, which ends with the test, and waits for its first line if that is wanted.
func (m *mocks) run(c *exec.Cmd, line bool) {
	m.t.Helper()
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	if line {
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			m.t.Fatal(err)
		}
	}
}

// service starts a stand-in and waits until it owns its name.
func (m *mocks) service(template, name string) {
	m.t.Helper()
	signals := make(chan *dbus.Signal, 16)
	m.conn.Signal(signals)
	defer m.conn.RemoveSignal(signals)
	if err := m.conn.AddMatchSignal(dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged")); err != nil {
		m.t.Fatal(err)
	}
	c := exec.Command("/usr/bin/python3", "-m", "dbusmock", "--template", template)
	c.Env = append(os.Environ(), "DBUS_SYSTEM_BUS_ADDRESS="+m.address, "DBUS_SESSION_BUS_ADDRESS="+m.address)
	c.Stderr = os.Stderr
	m.run(c, false)
	limit := time.After(time.Minute)
	for {
		select {
		case s := <-signals:
			if len(s.Body) > 0 && s.Body[0] == name {
				return
			}
		case <-limit:
			m.t.Fatalf("%s did not come up", name)
		}
	}
}

func (m *mocks) call(name string, path dbus.ObjectPath, method string, args ...any) []any {
	m.t.Helper()
	call := m.conn.Object(name, path).Call("org.freedesktop.DBus.Mock."+method, 0, args...)
	if call.Err != nil {
		m.t.Fatalf("%s: %v", method, call.Err)
	}
	return call.Body
}

func (m *mocks) signal(name string, path dbus.ObjectPath, iface, signal, signature string, args ...any) {
	m.t.Helper()
	list := make([]dbus.Variant, len(args))
	for i, a := range args {
		list[i] = dbus.MakeVariant(a)
	}
	m.call(name, path, "EmitSignal", iface, signal, signature, list)
}

func (m *mocks) set(name string, path dbus.ObjectPath, iface string, values map[string]any) {
	m.t.Helper()
	set := map[string]dbus.Variant{}
	for k, v := range values {
		set[k] = dbus.MakeVariant(v)
	}
	m.call(name, path, "UpdateProperties", iface, set)
}

// watch follows the bus from now on.
func (m *mocks) watch() *diary {
	d := newDiary()
	ctx, stop := context.WithCancel(m.t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		Run(ctx, Options{Bus: m.address, Online: func() bool { return true }, Retry: 50 * time.Millisecond}, d.add)
	})
	m.t.Cleanup(func() { stop(); group.Wait() })
	return d
}

// until waits for an event that fits.
func (d *diary) until(t *testing.T, what string, fits func(Event) bool) Event {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		d.mu.Lock()
		for i, e := range d.list {
			if fits(e) {
				d.list = d.list[i+1:] // what comes next comes after it
				d.mu.Unlock()
				return e
			}
		}
		d.mu.Unlock()
		select {
		case <-d.more:
		case <-limit:
			t.Fatalf("no %s; there were %v", what, d.kinds())
		}
	}
}

func (d *diary) next(t *testing.T, k Kind) Event {
	t.Helper()
	return d.until(t, string(k), func(e Event) bool { return e.Kind == k })
}

func (m *mocks) inhibitors() string {
	var list []struct {
		What, Who, Why, Mode string
		UID, PID             uint32
	}
	if err := m.conn.Object(login, loginPath).Call(login+".Manager.ListInhibitors", 0).Store(&list); err != nil {
		m.t.Fatal(err)
	}
	var out []string
	for _, i := range list {
		out = append(out, i.What+" "+i.Who+" "+i.Mode)
	}
	return strings.Join(out, ", ")
}

// TestSE06SE07LogindSessions: sessions of people begin and end, are locked and unlocked; somebody goes away and comes back.
func TestSE06SE07LogindSessions(t *testing.T) {
	m := newMocks(t)
	m.service("logind", login)
	d := m.watch()
	d.until(t, "logind", func(e Event) bool { return e.State.IdleKnown })
	path := m.call(login, loginPath, "AddSession", "c7", "seat0", uint32(1000), "anna", true)[0].(string)
	m.signal(login, loginPath, login+".Manager", "SessionNew", "so", "c7", dbus.ObjectPath(path))
	d.next(t, LogOn)
	m.signal(login, dbus.ObjectPath(path), login+".Session", "Lock", "")
	d.next(t, Lock)
	m.signal(login, dbus.ObjectPath(path), login+".Session", "Unlock", "")
	d.next(t, Unlock)
	m.set(login, loginPath, login+".Manager", map[string]any{"IdleHint": true})
	if e := d.next(t, Idle); !e.State.Idle {
		t.Errorf("idle, but %+v", e.State)
	}
	m.set(login, loginPath, login+".Manager", map[string]any{"IdleHint": false})
	d.until(t, "end of idleness", func(e Event) bool { return !e.State.Idle })
	m.signal(login, loginPath, login+".Manager", "SessionRemoved", "so", "c7", dbus.ObjectPath(path))
	d.next(t, LogOff)
}

// TestOF27LogindSuspend: the computer waits before it sleeps until what is to be done is done, and the next time again.
func TestOF27LogindSuspend(t *testing.T) {
	m := newMocks(t)
	m.service("logind", login)
	d := m.watch()
	d.until(t, "logind", func(e Event) bool { return e.State.IdleKnown })
	const held = "sleep:shutdown Tandem delay"
	for range 2 {
		m.waitInhibitors(held)
		m.signal(login, loginPath, login+".Manager", "PrepareForSleep", "b", true)
		e := d.next(t, Suspend)
		if e.Done == nil || e.Within <= 0 || e.Within > time.Minute {
			t.Fatalf("%+v", e)
		}
		m.waitInhibitors(held) // until Done
		e.Done()
		m.waitInhibitors("")
		m.signal(login, loginPath, login+".Manager", "PrepareForSleep", "b", false)
		d.next(t, Resume)
	}
	m.waitInhibitors(held)
	m.signal(login, loginPath, login+".Manager", "PrepareForShutdown", "b", true)
	if e := d.next(t, LogOff); e.Done == nil {
		t.Error("the computer does not wait before it is switched off")
	} else {
		e.Done()
	}
}

// waitInhibitors asks until the list is as wanted: logind's stand-in learns of a closed file by its own loop.
func (m *mocks) waitInhibitors(want string) {
	m.t.Helper()
	limit := time.Now().Add(time.Minute)
	for m.inhibitors() != want {
		if time.Now().After(limit) {
			m.t.Fatalf("inhibitors %q, want %q", m.inhibitors(), want)
		}
	}
}

// TestSE05UPower: battery and its charge are told, and that power came.
func TestSE05UPower(t *testing.T) {
	m := newMocks(t)
	m.service("upower", upower)
	d := m.watch()
	m.call(upower, upowerPath, "SetupDisplayDevice", int32(2), uint32(2), 15.0, 1.0, 10.0, 1.0, int64(3600), int64(0), true, "battery", uint32(3))
	m.set(upower, upowerPath, upower, map[string]any{"OnBattery": true})
	d.until(t, "battery at 15 %", func(e Event) bool { return e.State.OnBattery && e.State.Percent == 15 })
	m.set(upower, displayPath, upower+".Device", map[string]any{"Percentage": 12.0})
	d.until(t, "battery at 12 %", func(e Event) bool { return e.State.Percent == 12 })
	m.set(upower, upowerPath, upower, map[string]any{"OnBattery": false})
	if e := d.next(t, Power); e.State.OnBattery {
		t.Errorf("%+v", e.State)
	}
}

// TestSE01SE02NetworkManager: networks come and go, have names and may be metered.
func TestSE01SE02NetworkManager(t *testing.T) {
	m := newMocks(t)
	m.service("networkmanager", netman)
	m.call(netman, netmanPath, "AddProperty", netman, "Metered", dbus.MakeVariant(uint32(0))) // the stand-in has none of its own
	d := m.watch()
	d.until(t, "NetworkManager", func(e Event) bool { return e.State.Named && !e.State.Offline })
	m.set(netman, netmanPath, netman, map[string]any{"Metered": uint32(1)})
	d.until(t, "metered", func(e Event) bool { return e.State.Metered })
	m.set(netman, netmanPath, netman, map[string]any{"Metered": uint32(4)})
	d.until(t, "not metered", func(e Event) bool { return !e.State.Metered })
	m.call(netman, netmanPath, "SetGlobalConnectionState", uint32(30))
	if e := d.next(t, NetworkDown); e.State.Offline || !e.State.Leaving {
		t.Errorf("told of after it went: %+v", e.State)
	}
	m.call(netman, netmanPath, "SetGlobalConnectionState", uint32(20))
	if e := d.until(t, "no network", func(e Event) bool { return e.State.Offline }); e.Kind != Changed {
		t.Errorf("told of %s once more", e.Kind)
	}
	m.call(netman, netmanPath, "SetGlobalConnectionState", uint32(70))
	d.next(t, NetworkUp)

	active := netmanPath + "/ActiveConnection/home"
	m.call(netman, netmanPath, "AddObject", string(active), netman+".Connection.Active", map[string]dbus.Variant{
		"Id": dbus.MakeVariant("Home Sweet Home"), "State": dbus.MakeVariant(uint32(2)), "Type": dbus.MakeVariant("802-11-wireless"),
	}, [][4]string{})
	m.set(netman, netmanPath, netman, map[string]any{"ActiveConnections": []dbus.ObjectPath{active}})
	if e := d.next(t, NetworkUp); !slices.Equal(e.State.Networks, []string{"Home Sweet Home"}) {
		t.Errorf("networks %q", e.State.Networks)
	}
	m.set(netman, active, netman+".Connection.Active", map[string]any{"State": uint32(nmDeactivating)})
	m.call(netman, netmanPath, "SetGlobalConnectionState", uint32(30))
	if e := d.until(t, "leaving", func(e Event) bool { return e.State.Leaving }); !slices.Equal(e.State.Networks, []string{"Home Sweet Home"}) {
		t.Errorf("networks %q while it is left", e.State.Networks)
	}
	m.call(netman, netmanPath, "SetGlobalConnectionState", uint32(20))
	m.set(netman, netmanPath, netman, map[string]any{"ActiveConnections": []dbus.ObjectPath{}})
	d.until(t, "no network", func(e Event) bool { return len(e.State.Networks) == 0 })
}

// TestServicesComeLate: a service that starts after Tandem is heard from then on, and what is missing is told of.
func TestServicesComeLate(t *testing.T) {
	m := newMocks(t)
	d := m.watch()
	d.until(t, "beginning", func(e Event) bool { return !e.State.IdleKnown })
	m.service("logind", login)
	d.until(t, "logind", func(e Event) bool { return e.State.IdleKnown })
	var gone []string
	for _, s := range Sources(t.Context(), Options{Bus: m.address}) {
		if s.Gone != "" {
			gone = append(gone, s.Name)
		}
	}
	if !slices.Equal(gone, []string{"NetworkManager", "UPower"}) {
		t.Errorf("missing: %v", gone)
	}
}
