package sysevents

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
)

// Names on the bus.
const (
	login  = "org.freedesktop.login1"
	netman = "org.freedesktop.NetworkManager"
	upower = "org.freedesktop.UPower"
	props  = "org.freedesktop.DBus.Properties"

	loginPath   = dbus.ObjectPath("/org/freedesktop/login1")
	netmanPath  = dbus.ObjectPath("/org/freedesktop/NetworkManager")
	upowerPath  = dbus.ObjectPath("/org/freedesktop/UPower")
	displayPath = dbus.ObjectPath("/org/freedesktop/UPower/devices/DisplayDevice")
)

// bus is a connection to the message bus. Its methods run in the goroutine that reads signals.
type bus struct {
	conn     *dbus.Conn
	post     func(func(*watcher)) // does something with the watcher, in its goroutine, and in order
	inhibit  int                  // file descriptor whose closing lets the computer sleep; -1: none
	sessions map[dbus.ObjectPath]bool
	state    State
	has      parts
}

// followBus connects to the bus and follows it, again and again, until ctx is done.
func (w *watcher) followBus(ctx context.Context, signals chan<- func()) {
	post := func(f func(*watcher)) {
		select {
		case signals <- func() { f(w) }:
		case <-ctx.Done():
		}
	}
	for w.opt.Bus != "none" && ctx.Err() == nil {
		if conn, err := connect(ctx, w.opt.Bus); err == nil {
			b := &bus{conn: conn, post: post, inhibit: -1, sessions: map[dbus.ObjectPath]bool{}}
			b.follow(ctx)
			b.letSleep()
			conn.Close()
			post(func(w *watcher) { w.has = parts{}; w.look() })
		}
		select {
		case <-ctx.Done():
		case <-time.After(w.opt.Retry):
		}
	}
}

func connect(ctx context.Context, address string) (*dbus.Conn, error) {
	if address == "" {
		return dbus.ConnectSystemBus(dbus.WithContext(ctx))
	}
	return dbus.Connect(address, dbus.WithContext(ctx))
}

// follow reads signals until the connection ends.
func (b *bus) follow(ctx context.Context) {
	signals := make(chan *dbus.Signal, 64)
	b.conn.Signal(signals)
	for _, m := range [][]dbus.MatchOption{
		{dbus.WithMatchSender(login), dbus.WithMatchInterface(login + ".Manager")},
		{dbus.WithMatchSender(login), dbus.WithMatchInterface(login + ".Session")},
		{dbus.WithMatchSender(login), dbus.WithMatchInterface(props), dbus.WithMatchObjectPath(loginPath)},
		{dbus.WithMatchSender(netman), dbus.WithMatchInterface(netman)},
		{dbus.WithMatchSender(netman), dbus.WithMatchInterface(props)},
		{dbus.WithMatchSender(upower), dbus.WithMatchInterface(props)},
		{dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg0Namespace("org.freedesktop")},
	} {
		if err := b.conn.AddMatchSignalContext(ctx, m...); err != nil {
			return
		}
	}
	b.readAll()
	b.takeInhibitor()
	for {
		select {
		case <-ctx.Done():
			return
		case s, ok := <-signals:
			if !ok {
				return
			}
			b.signal(s)
		}
	}
}

// signal takes one signal in.
func (b *bus) signal(s *dbus.Signal) {
	switch s.Name {
	case login + ".Manager.PrepareForSleep":
		b.prepare(Suspend, s)
	case login + ".Manager.PrepareForShutdown":
		b.prepare(LogOff, s)
	case login + ".Manager.SessionNew":
		if path, ok := pathOf(s); ok && b.ofUser(path) {
			b.sessions[path] = true
			b.event(LogOn)
		}
	case login + ".Manager.SessionRemoved":
		if path, ok := pathOf(s); ok && b.sessions[path] {
			delete(b.sessions, path)
			b.event(LogOff)
		}
	case login + ".Session.Lock":
		b.event(Lock)
	case login + ".Session.Unlock":
		b.event(Unlock)
	case "org.freedesktop.DBus.NameOwnerChanged":
		if name, ok := first[string](s); ok && slices.Contains([]string{login, netman, upower}, name) {
			b.readAll()
			if name == login {
				b.letSleep() // the one that was held is of no use any more
				b.takeInhibitor()
			}
		}
	case netman + ".StateChanged", props + ".PropertiesChanged":
		b.read(s.Path)
	}
}

// read reads anew what a signal from an object may have changed.
func (b *bus) read(path dbus.ObjectPath) {
	switch {
	case path == loginPath:
		b.readLogin()
	case path == upowerPath || path == displayPath:
		b.readPower()
	default:
		b.readNetwork()
	}
	b.postState()
}

func (b *bus) readAll() {
	b.readLogin()
	b.readPower()
	b.readNetwork()
	if b.has.logind {
		b.readSessions()
	}
	b.postState()
}

func (b *bus) postState() {
	state, has := b.state, b.has
	state.Networks = slices.Clone(state.Networks)
	b.post(func(w *watcher) {
		w.has = has
		if !has.network {
			state.Offline = !w.opt.Online()
		}
		w.become(state)
	})
}

func (b *bus) event(k Kind) { b.post(func(w *watcher) { w.emit(Event{Kind: k}) }) }

// get reads a property; false where it is not there or of another type.
func get[T any](conn *dbus.Conn, name string, path dbus.ObjectPath, property string) (T, bool) {
	var zero T
	v, err := conn.Object(name, path).GetProperty(property)
	if err != nil {
		return zero, false
	}
	x, ok := v.Value().(T)
	return x, ok
}

func first[T any](s *dbus.Signal) (T, bool) {
	var zero T
	if len(s.Body) == 0 {
		return zero, false
	}
	x, ok := s.Body[0].(T)
	return x, ok
}

func pathOf(s *dbus.Signal) (dbus.ObjectPath, bool) {
	if len(s.Body) < 2 {
		return "", false
	}
	p, ok := s.Body[1].(dbus.ObjectPath)
	return p, ok
}

func (b *bus) readLogin() {
	b.state.Idle, b.has.logind = get[bool](b.conn, login, loginPath, login+".Manager.IdleHint")
	b.state.IdleKnown = b.has.logind
}

func (b *bus) readPower() {
	b.state.OnBattery, b.has.power = get[bool](b.conn, upower, upowerPath, upower+".OnBattery")
	percent, ok := get[float64](b.conn, upower, displayPath, upower+".Device.Percentage")
	if b.state.Percent = int(percent); !ok {
		b.state.Percent = 100
	}
	if !b.state.OnBattery {
		b.state.Percent = 0
	}
}

// The states of NetworkManager (NMState) and of a connection, and its words for metered (NMMetered).
const (
	nmUnknown        = 0
	nmDisconnecting  = 30
	nmLocal          = 50
	nmActivated      = 2
	nmMeteredYes     = 1
	nmMeteredGuessed = 3
)

func (b *bus) readNetwork() {
	state, ok := get[uint32](b.conn, netman, netmanPath, netman+".State")
	b.has.network = ok && state != nmUnknown
	b.state.Networks, b.state.Named, b.state.Metered, b.state.Leaving = nil, false, false, false
	if !b.has.network {
		return
	}
	// While connections are being taken down they still work, and that is when what is to be sent before must be sent.
	b.state.Leaving = state == nmDisconnecting
	b.state.Offline, b.state.Named = state < nmLocal && !b.state.Leaving, true
	metered, _ := get[uint32](b.conn, netman, netmanPath, netman+".Metered")
	b.state.Metered = metered == nmMeteredYes || metered == nmMeteredGuessed
	active, _ := get[[]dbus.ObjectPath](b.conn, netman, netmanPath, netman+".ActiveConnections")
	if primary, ok := get[dbus.ObjectPath](b.conn, netman, netmanPath, netman+".PrimaryConnection"); ok && primary != "/" && !slices.Contains(active, primary) {
		active = append(active, primary)
	}
	for _, path := range active {
		if st, ok := get[uint32](b.conn, netman, path, netman+".Connection.Active.State"); ok && st != nmActivated && (st != nmDeactivating || !b.state.Leaving) {
			continue
		}
		if kind, _ := get[string](b.conn, netman, path, netman+".Connection.Active.Type"); kind == "loopback" {
			continue
		}
		if id, ok := get[string](b.conn, netman, path, netman+".Connection.Active.Id"); ok && id != "" {
			b.state.Networks = append(b.state.Networks, id)
		}
	}
	slices.Sort(b.state.Networks)
}

// readSessions notes the sessions of people that are there.
func (b *bus) readSessions() {
	var list []struct {
		ID   string
		UID  uint32
		User string
		Seat string
		Path dbus.ObjectPath
	}
	if err := b.conn.Object(login, loginPath).Call(login+".Manager.ListSessions", 0).Store(&list); err != nil {
		return
	}
	for _, s := range list {
		if b.ofUser(s.Path) {
			b.sessions[s.Path] = true
		}
	}
}

// ofUser reports whether a session is that of a person, rather than of a greeter or a job.
func (b *bus) ofUser(path dbus.ObjectPath) bool {
	class, ok := get[string](b.conn, login, path, login+".Session.Class")
	return !ok || class == "user" || class == "user-early"
}

// takeInhibitor asks logind to wait before the computer sleeps or is switched off.
func (b *bus) takeInhibitor() {
	if !b.has.logind || b.inhibit >= 0 {
		return
	}
	var fd dbus.UnixFD
	err := b.conn.Object(login, loginPath).Call(login+".Manager.Inhibit", 0, "sleep:shutdown", "Tandem", "items that are set so are synced first", "delay").Store(&fd)
	if err == nil {
		b.inhibit = int(fd)
	}
}

// letSleep gives the computer free.
func (b *bus) letSleep() {
	if b.inhibit >= 0 {
		closeFD(b.inhibit)
		b.inhibit = -1
	}
}

func closeFD(fd int) { _ = os.NewFile(uintptr(fd), "inhibitor").Close() }

// prepare tells that the computer is about to sleep or to be switched off, which waits until Done; or that it woke up, or stayed on after all.
func (b *bus) prepare(k Kind, s *dbus.Signal) {
	begins, ok := first[bool](s)
	if !ok {
		return
	}
	if !begins {
		b.takeInhibitor()
		if k == Suspend {
			b.event(Resume)
		}
		return
	}
	e := Event{Kind: k, Within: 5 * time.Second} // logind's own default
	if usec, ok := get[uint64](b.conn, login, loginPath, login+".Manager.InhibitDelayMaxUSec"); ok {
		e.Within = min(time.Duration(usec)*time.Microsecond, time.Minute)
	}
	if fd := b.inhibit; fd >= 0 {
		b.inhibit = -1
		e.Done = sync.OnceFunc(func() { closeFD(fd) })
	}
	b.post(func(w *watcher) { w.emit(e) })
}

// Sources tells where events come from, and what is done without what is not there.
func Sources(ctx context.Context, opt Options) []Source {
	list := looking()
	conn, err := connect(ctx, opt.Bus)
	if opt.Bus == "none" {
		err = errors.New("it is not asked")
	}
	if err != nil {
		for i := range list {
			list[i].Gone = fmt.Sprintf("no system bus: %v", err)
		}
		return list
	}
	defer conn.Close()
	b := &bus{conn: conn}
	b.readLogin()
	b.readPower()
	b.readNetwork()
	for i, x := range []struct {
		has  bool
		text string
	}{{b.has.logind, "tells of log-on, log-off, lock, idleness and suspend"}, {b.has.network, "tells of networks, their names and whether they are metered"}, {b.has.power, "tells of power and battery"}} {
		if x.has {
			list[i].Text = x.text
		} else {
			list[i].Gone = "it does not answer on the system bus"
		}
	}
	return list
}
