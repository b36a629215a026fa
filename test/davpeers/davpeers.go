// Package davpeers starts real servers of contacts, calendars and files for one test: Radicale, Xandikos, SOGo with a database of its own, and rclone's WebDAV.
// They listen on loopback, keep their data in the test's folder, and are stopped with the test. Where a server is not installed the test is skipped with a
// notice.
package davpeers

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tandem/internal/need"
	"tandem/test/peer"
)

// Server is a server that runs until its test ends.
type Server struct {
	Name     string
	URL      string // of the root, with a slash at the end
	User     string
	Password string
	Dir      string // where it keeps its data
	Home     string // path of what belongs to User, with slashes around it
	PID      int    // of the process that serves
}

// Host is the server's address, without scheme and path.
func (s *Server) Host() string {
	return strings.TrimSuffix(strings.TrimPrefix(s.URL, "http://"), "/")
}

// Do sends one request as the user and returns status and body.
func (s *Server) Do(t testing.TB, method, path, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(s.URL, "/")+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Close = s.Name == "SOGo" // it resets connections that are to be kept
	if s.User != "" {
		req.SetBasicAuth(s.User, s.Password)
	}
	if strings.HasPrefix(body, "<") {
		req.Header.Set("Content-Type", "application/xml; charset=utf-8")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var out bytes.Buffer
	if _, err := out.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, out.String()
}

// must is Do for what has to work.
func (s *Server) must(t testing.TB, method, path, body string, header ...string) {
	t.Helper()
	if status, text := s.Do(t, method, path, body, header...); status/100 != 2 {
		t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
}

func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Radicale starts a Radicale with one user and no collections.
func Radicale(t testing.TB) *Server {
	t.Helper()
	program := need.Program(t, "radicale")
	dir, port := t.TempDir(), peer.FreePorts(t, 1)[0]
	s := &Server{Name: "Radicale", URL: fmt.Sprintf("http://127.0.0.1:%d/", port), User: "anna", Password: "secret words", Dir: filepath.Join(dir, "data"), Home: "/anna/"}
	users := write(t, filepath.Join(dir, "users"), s.User+":"+s.Password+"\n")
	conf := write(t, filepath.Join(dir, "config"), fmt.Sprintf("[server]\nhosts = 127.0.0.1:%d\nmax_connections = 64\n[auth]\ntype = htpasswd\nhtpasswd_filename = %s\n"+
		"htpasswd_encryption = plain\ndelay = 0\n[storage]\nfilesystem_folder = %s\n[logging]\nlevel = error\n", port, users, s.Dir))
	p := peer.Start(t, exec.Command(program, "--config", conf))
	p.Ready(t, peer.Answers("tcp", "127.0.0.1:"+strconv.Itoa(port)), nil)
	s.PID = p.Cmd.Process.Pid
	return s
}

// Xandikos starts a Xandikos with the address book and the calendar that it makes by itself. It asks for no password.
func Xandikos(t testing.TB) *Server {
	t.Helper()
	program := need.Program(t, "xandikos")
	dir, port := t.TempDir(), peer.FreePorts(t, 1)[0]
	s := &Server{Name: "Xandikos", URL: fmt.Sprintf("http://127.0.0.1:%d/", port), Dir: dir, Home: "/user/"}
	p := peer.Start(t, exec.Command(program, "-d", dir, "--defaults", "-l", "127.0.0.1", "-p", strconv.Itoa(port)))
	p.Ready(t, peer.Answers("tcp", "127.0.0.1:"+strconv.Itoa(port)), nil)
	s.PID = p.Cmd.Process.Pid
	return s
}

// Rclone serves an empty folder over WebDAV.
func Rclone(t testing.TB) *Server {
	t.Helper()
	program := need.Program(t, "rclone")
	dir, port := t.TempDir(), peer.FreePorts(t, 1)[0]
	s := &Server{Name: "rclone", URL: fmt.Sprintf("http://127.0.0.1:%d/", port), User: "anna", Password: "secret", Dir: dir, Home: "/"}
	p := peer.Start(t, exec.Command(program, "serve", "webdav", dir, "--addr", "127.0.0.1:"+strconv.Itoa(port), "--user", s.User, "--pass", s.Password, "--config", os.DevNull,
		"--etag-hash", "MD5", "--vfs-cache-mode", "off", "--dir-cache-time", "0s", "--poll-interval", "0"))
	p.Ready(t, peer.Answers("tcp", "127.0.0.1:"+strconv.Itoa(port)), nil)
	s.PID = p.Cmd.Process.Pid
	return s
}

// AddressBook makes an address book and returns its path.
func (s *Server) AddressBook(t testing.TB, name string) string {
	t.Helper()
	path := s.Home + "contacts/" + name + "/"
	switch s.Name {
	case "Radicale":
		path = s.Home + name + "/"
	case "SOGo":
		path = s.Home + "Contacts/" + name + "/"
		s.must(t, "MKCOL", path, "")
		return path
	}
	s.must(t, "MKCOL", path, `<?xml version="1.0"?><mkcol xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><set><prop><resourcetype><collection/><c:addressbook/></resourcetype>`+
		`<displayname>`+name+`</displayname></prop></set></mkcol>`)
	return path
}

// Calendar makes a calendar for components such as VEVENT, any without, and returns its path.
func (s *Server) Calendar(t testing.TB, name string, components ...string) string {
	t.Helper()
	path := s.Home + "calendars/" + name + "/"
	switch s.Name {
	case "Radicale":
		path = s.Home + name + "/"
	case "SOGo":
		path = s.Home + "Calendar/" + name + "/"
	}
	set := ""
	if len(components) > 0 {
		set = "<c:supported-calendar-component-set>"
		for _, c := range components {
			set += `<c:comp name="` + c + `"/>`
		}
		set += "</c:supported-calendar-component-set>"
	}
	s.must(t, "MKCALENDAR", path, `<?xml version="1.0"?><c:mkcalendar xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><set><prop><displayname>`+name+`</displayname>`+set+
		`</prop></set></c:mkcalendar>`)
	return path
}
