package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"tandem"
	"tandem/center"
	"tandem/internal/datadir"
	"tandem/internal/sysevents"
	"tandem/internal/ui"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/kind/object"
	"tandem/partner/account"
	"tandem/partner/arrival"
	"tandem/partner/away/sieve"
	"tandem/partner/device"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/partner/recipients"
	"tandem/partner/schedule"
	"tandem/partner/seal"
	"tandem/partner/trace"
	"tandem/provider"
	"tandem/provider/all"
	"tandem/provider/home"
	"tandem/server/control"
	desktops "tandem/server/dav/all"
	"tandem/session"
	"tandem/store"
	"tandem/store/sqlite"
)

func clean(s string) string { return ui.Clean(s) }

// dir is the data folder, as an absolute path.
func (a *app) dir() (string, error) {
	if a.data != "" {
		return filepath.Abs(a.data)
	}
	return datadir.Default()
}

// with runs f with the hub of the data folder: the running one, or one opened for this command alone.
func (a *app) with(ctx context.Context, f func(center.Service) error) error {
	s, done, err := a.service(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f(s), done())
}

// comingUp is how long a hub that has the data folder is waited for until it can be reached: it is about to start.
const comingUp = 15 * time.Second

// service reaches the hub that runs on the data folder, or opens the folder itself.
func (a *app) service(ctx context.Context) (center.Service, func() error, error) {
	dir, err := a.dir()
	if err != nil {
		return nil, nil, err
	}
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	patience, cancel := context.WithTimeout(ctx, comingUp)
	defer cancel()
	for {
		s, done, err := a.reach(ctx, dir)
		var taken *datadir.InUse
		if !errors.As(err, &taken) || taken.By.PID != 0 && !strings.HasSuffix(taken.By.Command, " serve") { // who names nobody is just coming or going
			return s, done, err
		}
		select {
		case <-again.C:
		case <-patience.Done():
			return nil, nil, err
		}
	}
}

func (a *app) reach(ctx context.Context, dir string) (center.Service, func() error, error) {
	client, err := control.Dial(ctx, dir)
	if err == nil {
		return client, client.Close, nil
	}
	if !tandem.IsKind(err, tandem.NotFound) {
		return nil, nil, err
	}
	if err := a.dataThere(dir); err != nil {
		return nil, nil, err
	}
	h, err := openHub(dir, hubOptions{ask: a.askSecret()})
	if err != nil {
		return nil, nil, err
	}
	return h, h.Close, nil
}

// dataThere refuses a folder that holds no data to commands that are about what is in one: a mistyped --data would make another, empty one. The system's
// folder is always the right one.
func (a *app) dataThere(dir string) error {
	if a.makes || a.data == "" {
		return nil
	}
	// A hub that starts for the first time has but the lock yet.
	for _, name := range []string{sqlite.FileName, datadir.LockName, seal.OldFolder} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, os.ErrNotExist) {
			return nil // what is wrong with it is said by whoever opens it
		}
	}
	return &tandem.Error{Kind: tandem.NotFound, Op: "open data folder", Thing: dir, Err: errors.New("there is no data of tandem in it"), Remedy: "name the right one with --data; `tandem serve`, `tandem item add` and `tandem user add` make a new one"}
}

// registry knows the providers that come with the program, and those that are registered in the data folder.
func (a *app) registry() *provider.Registry {
	dir, err := a.dir()
	if err != nil { // whoever needs the folder says so
		return all.Registry()
	}
	return all.With(dir)
}

// kindLookup is what bodies mean, also those of kinds that others made up.
func kindLookup(known map[tandem.Kind]kind.Handler) func(tandem.Kind) (kind.Handler, bool) {
	return func(k tandem.Kind) (kind.Handler, bool) {
		if h, ok := known[k]; ok {
			return h, true
		}
		return object.For(k)
	}
}

// hub is a center on a data folder of which this process is the owner.
type hub struct {
	*center.Hub
	store    *store.Store
	places   *provider.Registry
	dir      string
	env      provider.Env // of the places
	accounts *account.Service
	devices  *device.Service
	meetings *schedule.Service // one for all doors
	boxes    *mailbox.Service  // likewise
	outgoing *outgoing.Service // likewise
	filters  *sieve.Service    // tells mail servers who is away
	arrivals *arrival.Watcher  // looks at what comes into inboxes
	index    *mailbox.Reindexer
	mail     *mailDoor   // where mail is received; nil: nowhere
	doors    *doors      // open front doors; nil: none
	watch    *watch      // how it is watched; nil: it does not serve
	close    []io.Closer // in the order of opening
}

// Close ends everything, the folder's lock last.
func (h *hub) Close() error {
	err := h.Hub.Close()
	for i := len(h.close) - 1; i >= 0; i-- {
		err = errors.Join(err, h.close[i].Close())
	}
	return err
}

type hubOptions struct {
	log  *slog.Logger
	news func(center.SyncNews)
	ask  asking // for secrets of places; nil: nobody is there

	domains []string // whose mail is for users of the hub by name
	watch   *watch   // nil: it does not serve
}

type closer func() error

func (c closer) Close() error { return c() }

// openHub takes a data folder and builds the house on it. This is the one place where implementations are chosen.
func openHub(dir string, opt hubOptions) (*hub, error) {
	lock, err := datadir.Acquire(dir)
	if err != nil {
		return nil, err
	}
	st, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	log := opt.log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	sealed, err := seal.Open(st.Secrets, dir)
	if err != nil {
		return nil, errors.Join(err, st.Close(), lock.Release())
	}
	whole := &hub{store: st, dir: dir}
	accounts, err := account.New(account.Config{Accounts: st.Accounts, Logins: st.Logins, Home: st.Home, Settings: st.Settings, Factors: st.Factors, Secrets: sealed, Ended: whole.lockedOut})
	if err != nil {
		return nil, errors.Join(err, st.Close(), lock.Release())
	}
	if _, err := sealed.TakeOver(context.Background(), dir); err != nil { // what works without goes on
		log.Error("secrets of an earlier version are not sealed yet", "error", err)
	}
	boxes := mailbox.New(st)
	var h *center.Hub // asked only once it is there
	guard := func(ctx context.Context, user, address string) (net.Conn, error) {
		return h.GuardedDial(ctx, user, "tcp", address)
	}
	out := outgoing.New(outgoing.Service{Accounts: st.Accounts, Queue: st.Queue, Blobs: st.Blobs, Boxes: boxes, Secrets: sealed, Domains: opt.domains, Name: hostName(), Log: log,
		Guard: guard, Wrote: (&recipients.Service{Home: st.Home}).Wrote})
	devices := device.New(device.Config{Devices: st.Devices, Settings: st.Settings, Events: st.Events, Secrets: sealed, Seen: func(d store.Device) { h.DeviceSeen(d); whole.decided(d) }, Policy: whole.policyChanged})
	if err := devices.SealPasswords(context.Background()); err != nil { // the devices go on syncing
		log.Error("recovery passwords of an earlier version are not sealed yet", "error", err)
	}
	known := kinds.Kinds()
	handler, places := kindLookup(known), all.With(dir)
	meetings := desktops.Meetings(st, known, time.Now, log)
	filters := sieve.New(sieve.Service{Accounts: st.Accounts, Secrets: sealed, Guard: guard, Domains: opt.domains, Log: log})
	st.Home = meetings.Calendars(st.Home) // for whatever removes a calendar, except with its user
	arrivals := byMail(st, meetings, out, boxes, opt.domains, filters, log)
	opener := home.Opener{Store: st, Kinds: known}
	env := provider.Env{Log: log, Home: opener, Keep: sealed, Kind: handler, Secret: secretSource(sealed, opt.ask)}
	var ran func(center.Ran)
	var traces *trace.Book
	if opt.watch != nil {
		ran, traces = opt.watch.metrics.Ran, opt.watch.traces
	}
	tell := whole.tellers(out, sealed, log)
	near := thisComputer()
	h = center.New(center.Config{
		Notify: tell.people, Push: tell.push, Hooks: tell.hooks,
		Ran: ran, Traces: traces, Version: version(),
		Store: st, Places: places, Log: log, News: opt.news,
		Discover: near.find, Query: near.query,
		Connect: func(ctx context.Context, name string) (func(context.Context) error, error) {
			return sysevents.Connect(ctx, sysevents.Options{}, name)
		},
		System: func(ctx context.Context, tell func(sysevents.Event)) { sysevents.Run(ctx, sysevents.Options{}, tell) },
		Kind:   handler,
		Env:    env,
		Dir:    dir, Accounts: accounts, Devices: devices, Outgoing: out, Filters: filters, Secrets: sealed,
		Verify: func(ctx context.Context) error {
			damage, err := sqlite.CheckRows(ctx, dir) // bodies are looked at by Mending.Verify
			return errors.Join(append(damage, err)...)
		},
		Doors: whole.lookAtDoors,
		Left:  func(ctx context.Context) ([]center.Leftover, error) { return leftSocket(ctx, dir) },
		OpenHome: func(c tandem.Collection) (*provider.Opened, error) {
			mine := opener
			mine.User = c.User
			return mine.Open(c)
		},
		Run: func(ctx context.Context, p session.Pair, o session.Options) (*session.Report, error) {
			return session.Run(ctx, session.Deps{Store: st}, p, o)
		},
	})
	*whole = hub{Hub: h, store: st, places: places, dir: dir, env: env, accounts: accounts, devices: devices, meetings: meetings, boxes: boxes, outgoing: out, arrivals: arrivals, filters: filters,
		index: &mailbox.Reindexer{Home: st.Home, Lookup: st.Lookup, Texts: st.Texts, Props: st.Props, Log: log},
		close: []io.Closer{closer(lock.Release), st, tell.desktop}}
	if whole.watch = opt.watch; whole.watch != nil {
		whole.watch.hub = whole
	}
	return whole, nil
}

// version is the program's, from how it was built.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v, changed := info.Main.Version, ""
	for _, s := range info.Settings {
		if s.Key == "vcs.modified" && s.Value == "true" {
			changed = "+changes"
		}
	}
	if v == "" || v == "(devel)" {
		v = "development"
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				v += " " + s.Value[:12] + changed
			}
		}
	}
	return v
}
