package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tandem/wire/davxml"
)

// davServer is a running server of calendars and address books.
type davServer struct {
	name, user, password string
	url                  string // without a slash at the end
	book, calendar       string // paths of the two collections, with a slash at the end
	cmd                  *exec.Cmd
	client               *http.Client
	answers              atomic.Int64                                                      // time from requests to the ends of their answers, in all
	fill                 func(path, ext string, from, to int, body func(int) string) error // puts records where the server finds them; nil: by PUT
}

// davServers times servers at what clients ask most: writing, the first look of a client, and a month of a calendar. All speak plain HTTP on loopback;
// ours and Radicale check a password.
func davServers(c config) ([]row, error) {
	b := &book{}
	for _, peer := range []struct {
		name  string
		start func(config) (*davServer, error)
	}{{"tandem", startTandemDAV}, {"radicale", startRadicale}, {"xandikos", startXandikos}} {
		if c.peer != "" && peer.name != "tandem" && peer.name != c.peer {
			continue
		}
		s, err := peer.start(c)
		if errors.Is(err, exec.ErrNotFound) {
			continue
		}
		if err == nil {
			err = errors.Join(s.measure(c, b), s.stop())
		}
		if err != nil {
			return nil, err
		}
	}
	return b.rows(), nil
}

func (s *davServer) stop() error {
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	_ = s.cmd.Wait() // error: it was told to stop
	return nil
}

// puts is how many records are written by request, and connections how many clients write at a time.
const (
	davPuts        = 1000
	davConnections = 8
)

func (s *davServer) measure(c config, b *book) error {
	cards, events := int(5000*c.scale), int(10_000*c.scale)
	puts := min(davPuts, cards)
	card := func(i int) string { return vcard(i, 0) }
	meeting := func(i int) string { return event(i, 0) }
	put := func() error { return s.putAll(s.book, ".vcf", 0, puts, card) }
	if err := s.time(b, fmt.Sprintf("dav: %d PUTs, %d at a time", puts, davConnections), put); err != nil {
		return err
	}
	fill := s.fill
	if fill == nil {
		fill = s.putAll
	}
	if cards > puts {
		if err := fill(s.book, ".vcf", puts, cards, card); err != nil {
			return err
		}
	}
	if err := fill(s.calendar, ".ics", 0, events, meeting); err != nil {
		return err
	}
	if err := errors.Join(s.holds(s.book, ".vcf", cards), s.holds(s.calendar, ".ics", events)); err != nil {
		return err
	}
	month := func() error {
		found, err := s.report(s.calendar, `<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/><c:calendar-data/></d:prop><c:filter>
			<c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:time-range start="20260301T000000Z" end="20260401T000000Z"/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`)
		if err == nil {
			err = monthWrong(found, events)
		}
		return err
	}
	look := func() error { return s.firstLook(cards) }
	for _, warm := range []func() error{look, month} { // so that nobody reads a cold disk, or makes a cache, on the clock
		start, before := time.Now(), cpuOf(s.cmd.Process.Pid)
		if err := warm(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintf(os.Stderr, "   not counted, to read it all once         %-10s %8.3f s, processor %.3f s\n", s.name, time.Since(start).Seconds(), (cpuOf(s.cmd.Process.Pid) - before).Seconds())
	}
	for range c.rounds {
		if err := s.timeAnswers(b, fmt.Sprintf("dav: first sync of %d contacts", cards), look); err != nil {
			return err
		}
		if err := s.timeAnswers(b, fmt.Sprintf("dav: a month of %d events", events), month); err != nil {
			return err
		}
	}
	return nil
}

// time notes what a scenario costs: wall time, and the processor time of the server.
func (s *davServer) time(b *book, scenario string, run func() error) error {
	return s.clock(b, scenario, run, func(whole, _ time.Duration) time.Duration { return whole })
}

// timeAnswers is time for requests that come one after another. What the client makes of an answer is not counted: it takes longer than our server does.
func (s *davServer) timeAnswers(b *book, scenario string, run func() error) error {
	return s.clock(b, scenario, run, func(_, answers time.Duration) time.Duration { return answers })
}

func (s *davServer) clock(b *book, scenario string, run func() error, counts func(whole, answers time.Duration) time.Duration) error {
	syncAll()
	before, err := spentBy(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	start, answers := time.Now(), s.answers.Load()
	if err := run(); err != nil {
		return fmt.Errorf("%s, %s: %w", s.name, scenario, err)
	}
	wall := counts(time.Since(start), time.Duration(s.answers.Load()-answers))
	f, err := spentBy(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	f.wall, f.user, f.system = wall, f.user-before.user, f.system-before.system
	fmt.Fprintf(os.Stderr, "   %-40s %-10s %8.3f s\n", scenario, s.name, wall.Seconds())
	b.add(scenario, s.name, f)
	return nil
}

// do sends a request, reads the answer, and has use look at it.
func (s *davServer) do(method, path, depth, body string, want int, use func(io.Reader) error) error {
	r, err := http.NewRequestWithContext(context.Background(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.SetBasicAuth(s.user, s.password)
	if depth != "" {
		r.Header.Set("Depth", depth)
	}
	switch {
	case strings.HasPrefix(body, "BEGIN:VCARD"):
		r.Header.Set("Content-Type", "text/vcard; charset=utf-8")
		r.Header.Set("If-None-Match", "*")
	case strings.HasPrefix(body, "BEGIN"):
		r.Header.Set("Content-Type", "text/calendar; charset=utf-8")
		r.Header.Set("If-None-Match", "*")
	case body != "":
		r.Header.Set("Content-Type", "application/xml; charset=utf-8")
	}
	start := time.Now()
	resp, err := s.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	s.answers.Add(int64(time.Since(start)))
	if err != nil {
		return err
	}
	if resp.StatusCode != want {
		return fmt.Errorf("%s %s: %s %s", method, path, resp.Status, answer[:min(len(answer), 500)])
	}
	if use != nil {
		return use(bytes.NewReader(answer))
	}
	return nil
}

// putAll writes records by PUT, on several connections.
func (s *davServer) putAll(path, ext string, from, to int, body func(int) string) error {
	next := make(chan int)
	failed := make(chan error, davConnections)
	var all sync.WaitGroup
	for range davConnections {
		all.Go(func() {
			for i := range next {
				if err := s.do(http.MethodPut, path+davName(i, ext), "", strings.ReplaceAll(body(i), "\n", "\r\n"), http.StatusCreated, nil); err != nil {
					failed <- err
					for range next { // nobody waits for us
					}
					return
				}
			}
		})
	}
	for i := from; i < to; i++ {
		next <- i
	}
	close(next)
	all.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// firstLook asks as vdirsyncer does: what is there, and then all of it.
func (s *davServer) firstLook(cards int) error {
	var hrefs bytes.Buffer
	n := 0
	err := s.do("PROPFIND", s.book, "1", `<?xml version="1.0" encoding="utf-8" ?><D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/><D:getcontenttype/><D:getetag/></D:prop></D:propfind>`,
		http.StatusMultiStatus, func(r io.Reader) error {
			list, _ := davxml.ReadMultistatus(r, davxml.Limits{Bytes: 1 << 30})
			for one, err := range list {
				if err != nil {
					return err
				}
				if strings.HasSuffix(one.Href, ".vcf") {
					fmt.Fprintf(&hrefs, "<D:href>%s</D:href>", one.Href)
					n++
				}
			}
			return nil
		})
	if err != nil {
		return err
	}
	got, err := s.report(s.book, `<?xml version="1.0" encoding="utf-8" ?><C:addressbook-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:prop><D:getetag/><C:address-data/></D:prop>`+
		hrefs.String()+`</C:addressbook-multiget>`)
	if err == nil && (n != cards || len(got) != cards) {
		err = fmt.Errorf("%d listed and %d read, of %d", n, len(got), cards)
	}
	return err
}

// report is the bodies that an answer holds.
func (s *davServer) report(path, body string) (bodies []string, err error) {
	err = s.do("REPORT", path, "1", body, http.StatusMultiStatus, func(r io.Reader) error {
		list, _ := davxml.ReadMultistatus(r, davxml.Limits{Bytes: 1 << 30})
		for one, err := range list {
			if err != nil {
				return err
			}
			for _, name := range []davxml.Name{davxml.A("address-data"), davxml.C("calendar-data")} {
				if text := one.Prop(name).Chars(); strings.HasPrefix(text, "BEGIN:") {
					bodies = append(bodies, text)
				}
			}
		}
		return nil
	})
	return bodies, err
}

// freePort is a port of loopback that nobody has at the moment.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

func plainClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: davConnections, DisableCompression: true}}
}

var plainAddress = regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+`)

func startTandemDAV(c config) (*davServer, error) {
	h, apps, err := newHub(c, "dav-hub", 1)
	if err != nil {
		return nil, err
	}
	s := &davServer{name: "tandem", user: "user0", password: apps[0], client: plainClient()}
	s.cmd = exec.Command(c.tandem, "serve", "--data", h.dir, "--listen", "http://127.0.0.1:0")
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if s.url = plainAddress.FindString(lines.Text()); s.url != "" {
			break
		}
	}
	go func() { // so that it is never held up
		for lines.Scan() {
		}
	}()
	if s.url == "" {
		return nil, errors.New("tandem serve said no address")
	}
	return s, s.make("/dav/contacts/user0/bench/", "/dav/calendars/user0/bench/")
}

// make makes the two collections.
func (s *davServer) make(book, calendar string) error {
	s.book, s.calendar = book, calendar
	return errors.Join(
		s.do("MKCOL", book, "", `<mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><set><prop><resourcetype><collection/><C:addressbook/></resourcetype><displayname>Bench</displayname></prop></set></mkcol>`,
			http.StatusCreated, nil),
		s.do("MKCALENDAR", calendar, "", `<C:mkcalendar xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop><displayname>Bench</displayname></prop></set></C:mkcalendar>`, http.StatusCreated, nil))
}

// await waits until a server answers.
func (s *davServer) await() error {
	var err error
	for range 200 {
		if err = s.do(http.MethodOptions, "/", "", "", http.StatusOK, nil); err == nil {
			return nil
		}
		var refused *net.OpError
		if !errors.As(err, &refused) {
			return nil // it answers, whatever it says
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

func startRadicale(c config) (*davServer, error) {
	program, err := exec.LookPath("radicale")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(c.dir, "radicale")
	config := fmt.Sprintf("[server]\nhosts = 127.0.0.1:%s\nmax_content_length = 100000000\n[auth]\ntype = htpasswd\nhtpasswd_filename = %s/users\nhtpasswd_encryption = plain\ndelay = 0\n[storage]\nfilesystem_folder = %s/data\n[logging]\nlevel = error\n", port, dir, dir)
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600), os.WriteFile(filepath.Join(dir, "users"), []byte("user0:secret\n"), 0o600)); err != nil {
		return nil, err
	}
	s := &davServer{name: "radicale", user: "user0", password: "secret", url: "http://127.0.0.1:" + port, client: plainClient()}
	s.cmd = exec.Command(program, "--config", filepath.Join(dir, "config"))
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.fill = func(path, ext string, from, to int, body func(int) string) error {
		return writeBodies(filepath.Join(dir, "data", "collection-root", path), ext, from, to, body)
	}
	if err := s.await(); err != nil {
		return nil, err
	}
	return s, s.make("/user0/book/", "/user0/calendar/")
}

func startXandikos(c config) (*davServer, error) {
	program, err := exec.LookPath("xandikos")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(c.dir, "xandikos")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &davServer{name: "xandikos", user: "user0", url: "http://127.0.0.1:" + port, client: plainClient()}
	s.cmd = exec.Command(program, "--listen-address", "127.0.0.1", "--port", port, "--directory", dir, "--defaults", "--current-user-principal", "/user0")
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.fill = func(path, ext string, from, to int, body func(int) string) error {
		repo := filepath.Join(dir, path)
		if err := writeBodies(repo, ext, from, to, body); err != nil {
			return err
		}
		for _, args := range [][]string{{"add", "-A"}, {"-c", "user.name=bench", "-c", "user.email=bench@example.org", "commit", "-q", "-m", "fill"}} {
			if out, err := exec.Command("git", append([]string{"-C", repo}, args...)...).CombinedOutput(); err != nil {
				return fmt.Errorf("git: %w: %s", err, tail(out))
			}
		}
		return nil
	}
	if err := s.await(); err != nil {
		return nil, err
	}
	s.book, s.calendar = "/user0/contacts/addressbook/", "/user0/calendars/calendar/"
	return s, nil
}

// writeBodies writes records as files into the folder of a server.
func writeBodies(dir, ext string, from, to int, body func(int) string) error {
	for i := from; i < to; i++ {
		if err := os.WriteFile(filepath.Join(dir, davName(i, ext)), []byte(strings.ReplaceAll(body(i), "\n", "\r\n")), 0o600); err != nil {
			return err
		}
	}
	return nil
}
