package notify

import (
	"context"
	"errors"
	"html"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"tandem"
	"tandem/store"
)

// Names on the session bus. Desktop Notifications Specification 1.2
const (
	notifications     = "org.freedesktop.Notifications"
	notificationsPath = dbus.ObjectPath("/org/freedesktop/Notifications")
	openAction        = "default" // what a click on the notification itself does
)

// Desktop tells the person at the hub's computer.
type Desktop struct {
	Address string           // of the session bus; "": the one that the hub's environment names
	Base    func() string    // the address of the page, "" if there is none
	Open    func(url string) // opens a page; nil: as the desktop does

	group sync.WaitGroup // who listens

	mu    sync.Mutex // guards what follows
	conn  *dbus.Conn
	shown map[uint32]shown // notifications that may still be seen
}

// shown is a notification on the desktop.
type shown struct {
	url   string
	about []int64
}

var _ Channel = (*Desktop)(nil)

// Name implements Channel.
func (d *Desktop) Name() string { return "desktop" }

// Twice implements Channel: a desktop shows what it is sent.
func (d *Desktop) Twice() bool { return false }

// Ready implements Channel.
func (d *Desktop) Ready(ctx context.Context, _ store.User, s Settings) (bool, string) {
	if !s.Desktop {
		return false, "not wanted"
	}
	conn, err := d.connect(ctx)
	if err != nil {
		return false, "no desktop: " + err.Error()
	}
	ctx, cancel := context.WithTimeout(ctx, desktopLimit)
	defer cancel()
	var names []string
	for _, list := range []string{"ListNames", "ListActivatableNames"} {
		if err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus."+list, 0).Store(&names); err == nil && slices.Contains(names, notifications) {
			return true, ""
		}
	}
	return false, "nothing on the desktop shows notifications"
}

// desktopLimit is how long the desktop may take to answer.
const desktopLimit = 10 * time.Second

// connect reaches the session bus. A connection that broke is replaced.
func (d *Desktop) connect(context.Context) (*dbus.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != nil && d.conn.Connected() {
		return d.conn, nil
	}
	address := d.Address
	if address == "" {
		var err error
		if address, err = sessionBus(); err != nil {
			return nil, err
		}
	}
	conn, err := dbus.Connect(address)
	if err != nil {
		return nil, err
	}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	if err := conn.AddMatchSignal(dbus.WithMatchInterface(notifications), dbus.WithMatchObjectPath(notificationsPath)); err != nil {
		conn.Close()
		return nil, err
	}
	d.conn, d.shown = conn, map[uint32]shown{}
	d.group.Go(func() { d.listen(signals) }) // ends with the connection, which closes the channel
	return conn, nil
}

// sessionBus is where the session bus is, if there is one; none is started for this. systemd, pam_systemd(8)
func sessionBus() (string, error) {
	if runtime.GOOS != "linux" && runtime.GOOS != "freebsd" {
		return "", errors.New("not asked on " + runtime.GOOS)
	}
	if address := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" {
		return address, nil
	}
	path := filepath.Join("/run/user", strconv.Itoa(os.Getuid()), "bus")
	if _, err := os.Stat(path); err != nil {
		return "", errors.New("the hub runs in no session of a person")
	}
	return "unix:path=" + path, nil
}

// listen hears what becomes of notifications.
func (d *Desktop) listen(signals <-chan *dbus.Signal) {
	for s := range signals {
		if len(s.Body) < 2 {
			continue
		}
		id, ok := s.Body[0].(uint32)
		if !ok {
			continue
		}
		d.mu.Lock()
		n, ours := d.shown[id]
		if s.Name == notifications+".NotificationClosed" {
			delete(d.shown, id)
		}
		d.mu.Unlock()
		if action, _ := s.Body[1].(string); ours && n.url != "" && s.Name == notifications+".ActionInvoked" && action == openAction {
			d.open(n.url)
		}
	}
}

func (d *Desktop) open(address string) {
	if d.Open != nil {
		d.Open(address)
		return
	}
	d.mu.Lock()
	conn := d.conn
	d.mu.Unlock()
	if conn == nil {
		return
	}
	// XDG Desktop Portal, org.freedesktop.portal.OpenURI version 1
	portal := conn.Object("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop")
	if portal.Call("org.freedesktop.portal.OpenURI.OpenURI", 0, "", address, map[string]dbus.Variant{}).Err == nil {
		return
	}
	c := exec.Command("xdg-open", address)
	if c.Start() == nil {
		go func() { _ = c.Wait() }() // what it says is for nobody
	}
}

// Send implements Channel.
func (d *Desktop) Send(ctx context.Context, _ store.User, m Message) error {
	conn, err := d.connect(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, desktopLimit)
	defer cancel()
	obj := conn.Object(notifications, notificationsPath)
	var can []string
	if err := obj.CallWithContext(ctx, notifications+".GetCapabilities", 0).Store(&can); err != nil {
		return &tandem.Error{Kind: tandem.Transient, Op: "show notification", Err: err}
	}
	text := m.Text
	if len(m.About) > 1 {
		text = strings.Join(append([]string{m.Text}, m.Lines[:min(3, len(m.Lines))]...), "\n")
	}
	if slices.Contains(can, "body-markup") {
		text = html.EscapeString(text)
	}
	actions, address := []string{}, d.address(m.Link)
	if address != "" && slices.Contains(can, "actions") {
		actions = []string{openAction, m.Open}
	}
	hints := map[string]dbus.Variant{"urgency": dbus.MakeVariant(byte(1)), "category": dbus.MakeVariant("transfer.error"), "desktop-entry": dbus.MakeVariant("tandem")}
	var id uint32
	d.mu.Lock() // so that a click that comes at once finds it
	defer d.mu.Unlock()
	err = obj.CallWithContext(ctx, notifications+".Notify", 0, "Tandem", uint32(0), "", cut(m.Title, 200), cut(text, 1000), actions, hints, int32(-1)).Store(&id)
	if err != nil {
		return &tandem.Error{Kind: tandem.Transient, Op: "show notification", Err: err}
	}
	d.shown[id] = shown{url: address, about: slices.Clone(m.About)}
	return nil
}

// address is where a path of the page is.
func (d *Desktop) address(link string) string {
	if d.Base == nil || link == "" {
		return ""
	}
	base, err := url.Parse(d.Base())
	if err != nil || base.Host == "" {
		return ""
	}
	at, err := base.Parse(link)
	if err != nil || at.Host != base.Host {
		return ""
	}
	return at.String()
}

// Solved implements Channel: what is solved needs nobody any more.
func (d *Desktop) Solved(ids []int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, n := range d.shown {
		had := len(n.about)
		n.about = slices.DeleteFunc(n.about, func(id int64) bool { return slices.Contains(ids, id) })
		d.shown[id] = n
		if had > 0 && len(n.about) == 0 && d.conn != nil {
			delete(d.shown, id)
			d.conn.Object(notifications, notificationsPath).Go(notifications+".CloseNotification", dbus.FlagNoReplyExpected, nil, id)
		}
	}
}

// Close ends the connection to the desktop.
func (d *Desktop) Close() error {
	d.mu.Lock()
	conn := d.conn
	d.conn = nil
	d.mu.Unlock()
	if conn == nil {
		return nil
	}
	err := conn.Close()
	d.group.Wait()
	return err
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
