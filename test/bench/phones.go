package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

// hub is a running tandem serve, and how to reach it.
type hub struct {
	dir, url string
	tandem   string
	cmd      *exec.Cmd
	client   *http.Client
	more     []string // further flags of serve
	lmtp     string   // the socket for mail, where more opens one
}

// newHub makes a hub with users, whose app passwords it returns, in order.
func newHub(c config, name string, users int) (*hub, []string, error) {
	h := &hub{dir: filepath.Join(c.dir, name), tandem: c.tandem}
	password := filepath.Join(c.dir, name+"-password")
	if err := os.WriteFile(password, []byte("correct horse battery staple\n"), 0o600); err != nil {
		return nil, nil, err
	}
	var apps []string
	for i := range users {
		user := fmt.Sprint("user", i)
		if _, err := h.run("user", "add", user, "--password-file", password); err != nil {
			return nil, nil, err
		}
		out, err := h.run("user", "app-password", "add", user, "phone", "--json")
		if err != nil {
			return nil, nil, err
		}
		var made struct{ Password string }
		if err := json.Unmarshal(out, &made); err != nil {
			return nil, nil, fmt.Errorf("app password: %w: %s", err, out)
		}
		apps = append(apps, made.Password)
	}
	return h, apps, nil
}

// run runs a verb on the hub's data.
func (h *hub) run(args ...string) ([]byte, error) {
	out, err := exec.Command(h.tandem, append(args, "--data", h.dir)...).Output()
	if e, ok := err.(*exec.ExitError); ok {
		err = fmt.Errorf("tandem %s: %w\n%s", strings.Join(args, " "), err, tail(e.Stderr))
	}
	return out, err
}

var address = regexp.MustCompile(`(https://[^/ ]+)/setup`)

// start runs tandem serve.
func (h *hub) start() error {
	h.cmd = exec.Command(h.tandem, append([]string{"serve", "--data", h.dir, "--listen", "https://127.0.0.1:0"}, h.more...)...)
	h.cmd.Stderr = os.Stderr
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := h.cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := address.FindStringSubmatch(lines.Text()); m != nil {
			h.url = m[1]
			break
		}
	}
	if h.url == "" {
		return fmt.Errorf("tandem serve said no address: %w", lines.Err())
	}
	go func() { // so that it is never held up
		for lines.Scan() {
		}
	}()
	ca, err := os.ReadFile(filepath.Join(h.dir, "tls", "ca.pem"))
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	h.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, MaxIdleConnsPerHost: 100, WriteBufferSize: 1024, ReadBufferSize: 1024}}
	return nil
}

// startCalm starts, and waits until what is to be done at a start is done.
func (h *hub) startCalm() error {
	if err := h.start(); err != nil {
		return err
	}
	last, calm := time.Duration(-1), 0
	for range 100 {
		f, err := h.spent()
		if err != nil {
			return err
		}
		if calm++; f.user+f.system != last {
			last, calm = f.user+f.system, 0
		}
		if calm == 4 {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("the hub does not come to rest")
}

func (h *hub) stop() error {
	if err := h.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return h.cmd.Wait()
}

func (h *hub) phone(user int, app, id string) *easclient.Phone {
	return easclient.NewPhone(&easclient.Client{HTTP: h.client, Base: h.url, User: fmt.Sprint("user", user), Password: app, DeviceID: id, DeviceType: "iPhone",
		Agent: "Apple-iPhone15C2/2101.303", Version: "16.1"})
}

// spent is what the hub's process used so far: processor time, and its memory now, in KiB.
func (h *hub) spent() (figures, error) { return spentBy(h.cmd.Process.Pid) }

func spentBy(pids ...int) (sum figures, err error) {
	for _, pid := range pids {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return sum, err
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
		ticks := func(i int) time.Duration {
			n, _ := strconv.ParseInt(fields[i], 10, 64)
			return time.Duration(n) * time.Second / 100
		}
		sum.user, sum.system = sum.user+ticks(11), sum.system+ticks(12)
		pages, err := strconv.ParseInt(fields[21], 10, 64)
		if err != nil {
			return sum, err
		}
		sum.peak += pages * int64(os.Getpagesize()) / 1024
	}
	return sum, nil
}

// contactsVersion is the newest version that both servers of the first sync speak.
const contactsVersion = "14.1"

// firstSync times the first sync of 5,000 contacts in windows of 100 by a user's first phone and by the next one, against servers in PHP where
// there are any. Those speak plain HTTP, which costs them less than ours; and ours begins each round anew, so that it remembers nothing
// that it showed before, while those run on.
func firstSync(c config) ([]row, error) {
	count := int(5000 * c.scale)
	cards := filepath.Join(c.dir, "phone-contacts")
	if err := writeRecords(cards, ".vcf", count, 1, 0, vcard); err != nil {
		return nil, err
	}
	h, apps, err := newHub(c, "phones-first", 1)
	if err != nil {
		return nil, err
	}
	if _, err := h.run("item", "add", "contacts", "vdir:"+cards); err != nil {
		return nil, err
	}
	if _, err := h.run("sync"); err != nil {
		return nil, err
	}
	ctx := context.Background()
	servers := []phoneServer{{name: "tandem", phone: func(id string) *easclient.Phone {
		p := h.phone(0, apps[0], id)
		p.Version = contactsVersion
		return p
	}, spent: h.spent, begin: h.startCalm, end: h.stop}}
	peers, stop, err := phpServers(ctx, c.dir, cards)
	if err != nil {
		return nil, err
	}
	defer stop()
	servers = append(servers, peers...)
	var b book
	var seen []string
	for round := range c.rounds {
		for i := range servers {
			s := servers[(i+round)%len(servers)]
			if err := s.begin(); err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			for _, which := range []string{"first phone", "second phone"} {
				f, got, err := s.firstSync(ctx, fmt.Sprint(which[:1], round))
				if err != nil {
					return nil, fmt.Errorf("%s: %w", s.name, err)
				}
				if len(got) != count || seen != nil && !slices.Equal(got, seen) {
					return nil, fmt.Errorf("%s: the phone has %d of %d contacts, or others than the other server's", s.name, len(got), count)
				}
				seen = got
				b.add(fmt.Sprintf("phone: first sync of %d contacts, WindowSize 100, of a user's %s (server's CPU)", count, which), s.name, f)
			}
			if err := s.end(); err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	return b.rows(), nil
}

// phoneServer is a server that phones sync with.
type phoneServer struct {
	name  string
	phone func(id string) *easclient.Phone
	spent func() (figures, error)

	begin, end func() error // of a round
}

// firstSync measures the first sync of a new phone's contacts, and tells what the phone has of each.
func (s phoneServer) firstSync(ctx context.Context, id string) (f figures, got []string, err error) {
	syncAll()
	p := s.phone(id)
	p.Window, p.Body = 100, 1
	if err := p.FolderSync(ctx); err != nil {
		return f, nil, err
	}
	folder := p.FolderOf(9)
	before, err := s.spent()
	if err != nil {
		return f, nil, err
	}
	start := time.Now()
	if err := p.Sync(ctx, folder); err != nil {
		return f, nil, err
	}
	f.wall = time.Since(start)
	after, err := s.spent()
	if err != nil {
		return f, nil, err
	}
	f.user, f.system, f.peak = after.user-before.user, after.system-before.system, after.peak
	fmt.Fprintf(os.Stderr, "   %-17s %8.3f s  server user %7.3f  sys %7.3f  %7.1f MiB\n", s.name, f.wall.Seconds(), f.user.Seconds(), f.system.Seconds(), float64(f.peak)/1024)
	for _, item := range p.Stores[folder].Items {
		data := wbxml.New(wbxml.AirSyncApplicationData, item.Data...)
		var has []string
		for _, tag := range []wbxml.Tag{wbxml.ContactsFileAs, wbxml.ContactsLastName, wbxml.ContactsFirstName, wbxml.ContactsCompanyName, wbxml.ContactsDepartment,
			wbxml.ContactsJobTitle, wbxml.ContactsBusinessPhoneNumber, wbxml.ContactsMobilePhoneNumber, wbxml.ContactsEmail1Address,
			wbxml.ContactsBusinessAddressStreet, wbxml.ContactsBusinessAddressCity, wbxml.ContactsBusinessAddressPostalCode, wbxml.ContactsBusinessAddressCountry} {
			has = append(has, data.Get(tag))
		}
		for category := range data.Child(wbxml.ContactsCategories).All(wbxml.ContactsCategory) {
			has = append(has, category.String())
		}
		note := data.Child(wbxml.AirSyncBaseBody).Get(wbxml.AirSyncBaseData)
		got = append(got, strings.Join(append(has, strings.ReplaceAll(note, "\r\n", "\n")), "|"))
	}
	slices.Sort(got)
	return f, got, nil
}
