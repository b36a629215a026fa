// Package doors has one calendar edited through all doors at once: by a phone, by a desktop and in a folder of files that is kept in step with it. However their
// edits fall together, none is lost.
package doors

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/engine"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/partner/account"
	"tandem/partner/device"
	"tandem/partner/schedule"
	"tandem/provider/home"
	"tandem/provider/vdir"
	desktops "tandem/server/dav/all"
	phones "tandem/server/eas/all"
	"tandem/session"
	"tandem/store"
	"tandem/store/sqlite"
	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

// hub is a hub with one user, whose one calendar is open on three sides.
type hub struct {
	testing.TB
	st    *store.Store
	kinds map[tandem.Kind]kind.Handler
	col   tandem.Collection
	dir   string // of the folder

	base   string // of the calendar on the desktops' door
	auth   string
	phone  *easclient.Phone
	folder string // the phone's name of the calendar
	policy engine.Policy
	seen   map[string]seen
}

// seen is an event as the desktop last saw it.
type seen struct{ tag, body string }

func newHub(t testing.TB) *hub {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{TB: t, st: st, kinds: kinds.Kinds(), dir: t.TempDir(), seen: map[string]seen{}}
	accounts, err := account.New(account.Config{Accounts: st.Accounts, Logins: st.Logins, Home: st.Home, Settings: st.Settings,
		Cost: account.Cost{Memory: 16, Time: 1, Lanes: 1}})
	h.must(err)
	_, err = accounts.Add(context.Background(), store.User{Name: "ann", Title: "Ann", Address: "ann@example.org"}, "correct horse ann")
	h.must(err)
	password, _, err := accounts.NewAppPassword(context.Background(), "ann", "all")
	h.must(err)
	meetings := schedule.New(st, h.kinds)
	log := slog.New(slog.DiscardHandler)
	eas := phones.New(phones.Config{Store: st, Kinds: h.kinds, Views: kinds.Views(), Accounts: accounts, Meetings: meetings, Log: log,
		Devices: device.New(device.Config{Devices: st.Devices, Settings: st.Settings, Events: st.Events})})
	stop := eas.Start(context.Background())
	dav := desktops.New(desktops.Config{Store: st, Kinds: h.kinds, Accounts: accounts, Meetings: meetings, Log: log, Base: func(r *http.Request) string { return "http://" + r.Host }})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/dav/") {
			dav.ServeHTTP(w, r)
			return
		}
		eas.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		srv.Close()
		stop()
		h.must(st.Close())
	})
	list, err := st.Home.Collections(context.Background(), "ann")
	h.must(err)
	h.col = list[slices.IndexFunc(list, func(c tandem.Collection) bool { return c.Kind == tandem.Event })]
	h.base = fmt.Sprintf("%s/dav/calendars/ann/%d/", srv.URL, h.col.ID)
	h.auth = "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:"+password))
	h.phone = easclient.NewPhone(&easclient.Client{HTTP: srv.Client(), Base: srv.URL, User: "ann", Password: password, DeviceID: "phone1", DeviceType: "iPhone", Agent: "Apple-iPhone15C2/2101.303", Version: "16.1"})
	h.must(h.phone.FolderSync(context.Background()))
	h.folder = h.phone.FolderOf(8)
	return h
}

func (h *hub) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// do sends a request of the desktop.
func (h *hub) do(method, name, body string, header ...string) (*http.Response, string, error) {
	r, err := http.NewRequest(method, h.base+name, strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	r.Header.Set("Authorization", h.auth)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp, string(data), err
}

// desktopReads has the desktop look at an event.
func (h *hub) desktopReads(name string) error {
	resp, body, err := h.do("GET", name+".ics", "")
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", name, resp.Status)
	}
	if err == nil {
		h.seen[name] = seen{resp.Header.Get("ETag"), body}
	}
	return err
}

// desktopEdits sets a property of an event as the desktop last saw it. If that was refused, since it is another meanwhile, it looks and does the same to that.
func (h *hub) desktopEdits(name, property, value string) (again int, err error) {
	for again = range 50 {
		s := h.seen[name]
		resp, _, err := h.do("PUT", name+".ics", with(s.body, property, value), "If-Match", s.tag)
		if err != nil {
			return again, err
		}
		switch {
		case resp.StatusCode/100 == 2:
			return again, h.desktopReads(name)
		case resp.StatusCode != http.StatusPreconditionFailed:
			return again, fmt.Errorf("PUT %s: %s", name, resp.Status)
		}
		if err := h.desktopReads(name); err != nil {
			return again, err
		}
	}
	return again, errors.New("the desktop is never heard")
}

// phoneEdits has the phone set an event's subject; it is sent with the next sync.
func (h *hub) phoneEdits(name, value string) {
	items := h.phone.Stores[h.folder].Items
	for _, id := range slices.Sorted(maps.Keys(items)) {
		if item(items[id]).Get(wbxml.CalendarUID) == name {
			h.phone.Change(h.folder, id, wbxml.Text(wbxml.CalendarSubject, value))
		}
	}
}

func item(it *easclient.Item) *wbxml.Element {
	return wbxml.New(wbxml.AirSyncApplicationData, it.Data...)
}

func (h *hub) phoneSyncs() error { return h.phone.Sync(context.Background(), h.folder) }

// files are the events of the folder, by UID: their paths and texts.
func (h *hub) files() (paths, texts map[string]string, err error) {
	paths, texts = map[string]string{}, map[string]string{}
	names, err := filepath.Glob(filepath.Join(h.dir, "*.ics"))
	for _, path := range names {
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) { // replaced while we look
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		uid := value(string(data), "UID")
		paths[uid], texts[uid] = path, string(data)
	}
	return paths, texts, err
}

// folderEdits sets a property of an event's file, as an editor does: the file is replaced by another.
func (h *hub) folderEdits(name, property, value string) error {
	paths, texts, err := h.files()
	if err != nil || paths[name] == "" {
		return err
	}
	aside := filepath.Join(filepath.Dir(h.dir), "aside-"+name)
	if err := os.WriteFile(aside, []byte(with(texts[name], property, value)), 0o600); err != nil {
		return err
	}
	return os.Rename(aside, paths[name])
}

// folderSyncs runs the session between the folder and the calendar.
func (h *hub) folderSyncs() error {
	_, err := h.run()
	return err
}

// run is folderSyncs, and tells how many records the next run must look at again.
func (h *hub) run() (left int, err error) {
	a, err := home.Opener{Store: h.st, User: "ann", Kinds: h.kinds}.Open(h.col)
	if err != nil {
		return 0, err
	}
	defer a.Close()
	b, err := vdir.Open(context.Background(), h.dir, tandem.Event)
	if err != nil {
		return 0, err
	}
	defer b.Close()
	rep, err := session.Run(context.Background(), session.Deps{Store: h.st}, session.Pair{Key: session.PairKey(tandem.Event, a.Place, b.Place), Name: "folder", A: a, B: b, Kind: h.kinds[tandem.Event], Rules: engine.Rules{Policy: h.policy}},
		session.Options{Now: func() int64 { return time.Now().Unix() }})
	return rep.Left, err
}

// told is what the hub says of the runs, for a test that failed.
func (h *hub) told() {
	if !h.Failed() {
		return
	}
	ctx := context.Background()
	conflicts, _ := h.st.Conflicts.List(ctx, 0, false) // error: there is no more to say
	for _, c := range conflicts {
		h.Logf("conflict %d, resolved %d, %v: %+v", c.ID, c.Resolved, c.Decision, c.Fields)
	}
	past, _ := h.st.History.List(ctx, store.PastFilter{Limit: 1 << 20}) // error: as above
	for _, p := range slices.Backward(past) {
		b, _ := h.st.Blobs.Get(ctx, p.Body) // error: none is kept here
		h.Logf("%d %s %s %v by %s from %s, parked %q, after %s: %s", p.ID, p.Place, p.Record, p.Op, p.Who, p.From, p.Parked, p.After, value(string(b), "SUMMARY"))
	}
}

// decide answers all conflicts that wait, and reports whether there were any.
func (h *hub) decide(d tandem.Decision) (any bool, err error) {
	list, err := h.st.Conflicts.List(context.Background(), 0, true)
	for _, c := range list {
		if err = h.st.Conflicts.Decide(context.Background(), c.ID, d, tandem.Bytes(nil)); err != nil {
			break
		}
	}
	return len(list) > 0, err
}

// event is an event as the desktop makes it.
func event(name string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\nBEGIN:VEVENT\r\nUID:" + name + "\r\nDTSTAMP:20300101T000000Z\r\nDTSTART:20300304T100000Z\r\nDTEND:20300304T110000Z\r\n" +
		"SUMMARY:first\r\nX-ODD;X-P=1:kept\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

// value is the value of a property in a body, "" if it is not there.
func value(body, property string) string {
	for line := range strings.Lines(strings.ReplaceAll(body, "\r\n ", "")) {
		name, v, ok := strings.Cut(strings.TrimSpace(line), ":")
		if name, _, _ = strings.Cut(name, ";"); ok && name == property {
			return v
		}
	}
	return ""
}

// with is a body with another value of a property.
func with(body, property, value string) string {
	var out strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(body, "\r\n ", "")) {
		name, _, _ := strings.Cut(line, ":")
		if name, _, _ = strings.Cut(name, ";"); name == property {
			continue
		}
		if strings.TrimSpace(line) == "END:VEVENT" {
			out.WriteString(property + ":" + value + "\r\n")
		}
		out.WriteString(line)
	}
	return out.String()
}

// versions are all bodies that anybody can get back: those in history and those in conflicts.
func (h *hub) versions() string {
	h.Helper()
	ctx := context.Background()
	var out strings.Builder
	add := func(d tandem.Digest) {
		if d.IsZero() {
			return
		}
		b, err := h.st.Blobs.Get(ctx, d)
		h.must(err)
		out.Write(b)
	}
	past, err := h.st.History.List(ctx, store.PastFilter{Limit: 1 << 20})
	h.must(err)
	for _, p := range past {
		if id, err := strconv.ParseInt(p.Parked, 10, 64); err == nil && p.Body.IsZero() { // the calendar's own entry, which stands for this one
			p, err = h.st.History.Past(ctx, id)
			h.must(err)
		}
		add(p.Body)
	}
	conflicts, err := h.st.Conflicts.List(ctx, 0, false)
	h.must(err)
	for _, c := range conflicts {
		for _, v := range c.Versions {
			add(v.Body)
		}
	}
	return out.String()
}
