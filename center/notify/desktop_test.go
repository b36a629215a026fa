package notify

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"tandem/internal/need"
	"tandem/store"
)

// startBus starts a session bus of its own, which ends with the test, and returns its address.
func startBus(t *testing.T) string {
	t.Helper()
	daemon := need.Program(t, "dbus-daemon")
	dir := t.TempDir()
	address := "unix:path=" + filepath.Join(dir, "bus")
	conf := filepath.Join(dir, "bus.conf")
	text := `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>` + address + `</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(daemon, "--nofork", "--print-address=1", "--config-file="+conf)
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return address
}

// screen is a stand-in for a desktop that shows notifications, by python-dbusmock.
type screen struct {
	*testing.T
	conn    *dbus.Conn
	signals chan *dbus.Signal
}

// showNotifications starts the stand-in on a bus. capabilities are words with spaces between them.
func showNotifications(t *testing.T, address, capabilities string) *screen {
	t.Helper()
	if err := exec.Command("/usr/bin/python3", "-c", "import dbusmock").Run(); err != nil {
		need.Missing(t, "the module dbusmock, from the Debian package python3-dbusmock")
	}
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	s := &screen{T: t, conn: conn, signals: make(chan *dbus.Signal, 64)}
	conn.Signal(s.signals)
	for _, m := range [][]dbus.MatchOption{{dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged")}, {dbus.WithMatchInterface("org.freedesktop.DBus.Mock")}, {dbus.WithMatchInterface(notifications)}} {
		if err := conn.AddMatchSignal(m...); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command("/usr/bin/python3", "-m", "dbusmock", "--template", "notification_daemon", "--parameters", `{"capabilities": "`+capabilities+`"}`)
	c.Env = append(os.Environ(), "DBUS_SYSTEM_BUS_ADDRESS="+address, "DBUS_SESSION_BUS_ADDRESS="+address)
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	s.until("the stand-in", func(x *dbus.Signal) bool {
		return strings.HasSuffix(x.Name, "NameOwnerChanged") && len(x.Body) > 0 && x.Body[0] == notifications
	})
	return s
}

func (s *screen) until(what string, is func(*dbus.Signal) bool) *dbus.Signal {
	s.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case x := <-s.signals:
			if is(x) {
				return x
			}
		case <-limit:
			s.Fatalf("%s did not come", what)
		}
	}
}

// called waits for a call of a method, and returns its arguments.
func (s *screen) called(method string) []dbus.Variant {
	s.Helper()
	x := s.until(method, func(x *dbus.Signal) bool {
		return x.Name == "org.freedesktop.DBus.Mock.MethodCalled" && len(x.Body) == 2 && x.Body[0] == method
	})
	args, _ := x.Body[1].([]dbus.Variant)
	return args
}

// click does what a person does who clicks on a notification.
func (s *screen) click(id uint32, action string) {
	s.Helper()
	args := []dbus.Variant{dbus.MakeVariant(id), dbus.MakeVariant(action)}
	if err := s.conn.Object(notifications, notificationsPath).Call("org.freedesktop.DBus.Mock.EmitSignal", 0, notifications, "ActionInvoked", "us", args).Err; err != nil {
		s.Fatal(err)
	}
}

func text(v dbus.Variant) string { return fmt.Sprint(v.Value()) }

// TestDesktop: a notification is shown with what is the matter, a click leads to the page, and it goes when all it tells of is solved.
func TestDesktop(t *testing.T) {
	t.Parallel()
	address := startBus(t)
	opened := make(chan string, 10)
	d := &Desktop{Address: address, Base: func() string { return "https://sync.example.org:8443" }, Open: func(url string) { opened <- url }}
	defer d.Close()
	on := Settings{Desktop: true}
	if ok, why := d.Ready(t.Context(), store.User{}, on); ok || why == "" {
		t.Errorf("a bare bus: %v, %q", ok, why)
	}
	s := showNotifications(t, address, "body body-markup actions")
	if ok, why := d.Ready(t.Context(), store.User{}, on); !ok {
		t.Errorf("not ready: %s", why)
	}
	if ok, why := d.Ready(t.Context(), store.User{}, Settings{}); ok || why != "not wanted" {
		t.Errorf("not wanted: %v, %q", ok, why)
	}
	m := Message{Title: "contacts fails", Text: "wrong <b>password</b> & more", Lines: []string{"x"}, Link: "/items/a%2Fb?x=1", About: []int64{4}, Open: "Öffnen"}
	if err := d.Send(t.Context(), store.User{}, m); err != nil {
		t.Fatal(err)
	}
	args := s.called("Notify")
	if len(args) != 8 || text(args[0]) != "Tandem" || text(args[3]) != m.Title || text(args[4]) != "wrong &lt;b&gt;password&lt;/b&gt; &amp; more" || text(args[5]) != "[default Öffnen]" {
		t.Errorf("%v", args)
	}
	s.click(77, openAction) // somebody else's
	s.click(1, openAction)
	if got := <-opened; got != "https://sync.example.org:8443/items/a%2Fb?x=1" {
		t.Errorf("opened %q", got)
	}
	many := Message{Title: "2 things need you", Text: "2 conflicts", Lines: []string{"one", "two"}, Link: "//evil.example.org/", About: []int64{5, 6}}
	if err := d.Send(t.Context(), store.User{}, many); err != nil {
		t.Fatal(err)
	}
	if args = s.called("Notify"); text(args[4]) != "2 conflicts\none\ntwo" || text(args[5]) != "[]" {
		t.Errorf("%v", args)
	}
	d.Solved([]int64{5, 99})
	d.Solved([]int64{4})
	if args = s.called("CloseNotification"); text(args[0]) != "1" {
		t.Errorf("closed %v", args)
	}
	d.Solved([]int64{6})
	if args = s.called("CloseNotification"); text(args[0]) != "2" {
		t.Errorf("closed %v", args)
	}
	if len(opened) > 0 {
		t.Errorf("opened %q", <-opened)
	}
}

// TestPlainDesktop: what a desktop cannot do is not asked of it.
func TestPlainDesktop(t *testing.T) {
	t.Parallel()
	address := startBus(t)
	s := showNotifications(t, address, "body")
	d := &Desktop{Address: address, Base: func() string { return "" }}
	defer d.Close()
	if err := d.Send(t.Context(), store.User{}, Message{Title: "t", Text: "a < b", Link: "/x"}); err != nil {
		t.Fatal(err)
	}
	if args := s.called("Notify"); text(args[4]) != "a < b" || text(args[5]) != "[]" {
		t.Errorf("%v", args)
	}
}

// TestNoDesktop: a hub that runs in nobody's session says so, and starts none.
func TestNoDesktop(t *testing.T) {
	d := &Desktop{}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none"))
	if ok, why := d.Ready(t.Context(), store.User{}, Settings{Desktop: true}); ok || !strings.HasPrefix(why, "no desktop: ") {
		t.Errorf("%v, %q", ok, why)
	}
	if err := d.Send(t.Context(), store.User{}, Message{}); err == nil {
		t.Error("sent to nobody")
	}
	d.Solved([]int64{1})
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
