package scope_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem"
	"tandem/center"
	"tandem/center/notify"
	"tandem/center/scope"
	"tandem/center/webhook"
	"tandem/internal/netguard"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/partner/account"
	"tandem/partner/away/sieve"
	"tandem/partner/device"
	"tandem/partner/outgoing"
	"tandem/partner/seal"
	"tandem/provider"
	"tandem/provider/home"
	"tandem/provider/memory"
	"tandem/session"
	"tandem/store"
	"tandem/store/sqlite"
)

// world is a hub with two users who have one of everything: anna, who administers it, and ben.
type world struct {
	*testing.T
	st       *store.Store
	hub      *center.Hub
	registry *provider.Registry
	devices  *device.Service
	places   map[string]*memory.Store
	things   map[string]things // by user

	mu     sync.Mutex     // guards opened
	opened map[string]int // how often a place in memory was
}

// things are what belongs to one user.
type things struct {
	partner, item string
	collection    int64
	link          int64
	conflict      int64
	session       string // overwrote something
	entry         string // of history, at the partner
	homeEntry     string // of history, in the home collection
	device        string
	message       int64
	passkey       int64
	browser       int64
	webhook       int64
	delivery      int64
}

func card(uid, name string) []byte {
	return []byte(strings.Join([]string{"BEGIN:VCARD", "VERSION:3.0", "UID:" + uid, "FN:" + name, "N:" + name + ";;;;", "END:VCARD", ""}, "\r\n"))
}

func newWorld(t *testing.T) *world {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, st: st, places: map[string]*memory.Store{}, opened: map[string]int{}, things: map[string]things{}}
	w.build()
	for _, user := range []string{"anna", "ben"} {
		w.furnish(user)
	}
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) build() {
	w.Helper()
	st := w.st
	keeper, err := seal.New(st.Secrets, make([]byte, 32), "a test")
	w.must(err)
	accounts, err := account.New(account.Config{Accounts: st.Accounts, Logins: st.Logins, Home: st.Home, Settings: st.Settings, Factors: st.Factors, Secrets: keeper, Cost: account.Cost{Memory: 16, Time: 1, Lanes: 1}})
	w.must(err)
	known := kinds.Kinds()
	handler := func(x tandem.Kind) (kind.Handler, bool) { h, ok := known[x]; return h, ok }
	opener := home.Opener{Store: st, Kinds: known}
	memories := &provider.Provider{Name: "mem", Title: "Memory", Help: "For tests.", Kinds: []tandem.Kind{tandem.Contact}, Features: provider.Features{Parks: true},
		Open: func(_ context.Context, p provider.Place, _ provider.Env) (*provider.Opened, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.opened[p.Path]++
			if s := w.places[p.Path]; s != nil {
				return s.Open(), nil
			}
			return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "open place", Thing: p.Text}
		}}
	w.registry = provider.NewRegistry(memories, w.server("net"), w.server("other"), home.Provider())
	base := func() string { return "" }
	push := &notify.Push{Notices: st.Notices, Secrets: keeper, Base: base, Client: netguard.Client(func(context.Context) bool { return false }, time.Second)}
	w.devices = device.New(device.Config{Devices: st.Devices, Settings: st.Settings, Events: st.Events, Secrets: keeper})
	w.hub = center.New(center.Config{
		Notify: notify.New(notify.Config{Accounts: st.Accounts, Notices: st.Notices, Channels: []notify.Channel{push}}), Push: push,
		Hooks: webhook.New(webhook.Config{Hooks: st.Hooks, Accounts: st.Accounts, Settings: st.Settings, Events: st.Events, Secrets: keeper, Client: push.Client}),
		Store: st, Places: w.registry, Kind: handler, Env: provider.Env{Home: opener, Keep: keeper, Kind: handler}, Accounts: accounts, Secrets: keeper,
		Devices:  w.devices,
		Outgoing: outgoing.New(outgoing.Service{Accounts: st.Accounts, Queue: st.Queue, Blobs: st.Blobs, Secrets: keeper}),
		Filters:  sieve.New(sieve.Service{Accounts: st.Accounts, Secrets: keeper, Log: slog.New(slog.DiscardHandler)}),
		OpenHome: func(c tandem.Collection) (*provider.Opened, error) {
			mine := opener
			mine.User = c.User
			return mine.Open(c)
		},
		Run: func(ctx context.Context, p session.Pair, o session.Options) (*session.Report, error) {
			return session.Run(ctx, session.Deps{Store: st}, p, o)
		},
	})
	w.must(w.hub.Start(context.Background()))
	w.Cleanup(func() {
		w.hub.Close()
		st.Close()
	})
}

// furnish gives a user one of everything.
func (w *world) furnish(user string) {
	w.Helper()
	ctx := w.Context()
	_, err := w.hub.AddUser(ctx, store.User{Name: user, Title: strings.ToUpper(user), Address: user + "@example.org"}, "correct horse")
	w.must(err)
	x := things{partner: user + "-partner", item: user + "-item", device: strings.ToUpper(user) + "PHONE"}
	_, err = w.st.Factors.AddFactor(ctx, store.Factor{User: user, Sort: store.CodeApp, Key: user})
	w.must(err)
	key, err := w.st.Factors.AddFactor(ctx, store.Factor{User: user, Sort: store.Passkey, Key: user, Label: "key of " + user})
	w.must(err)
	x.passkey = key.ID
	place := memory.New(user, memory.Knobs{})
	w.places[user] = place
	w.must(place.Put("1", card(user+"1", "Old"), ""))
	w.must(place.Put("2", card(user+"2", "Both"), ""))
	_, err = w.hub.AddPartner(ctx, user, x.partner, "mem:"+user)
	w.must(err)
	it, err := w.hub.AddItem(ctx, center.NewItem{Home: "contacts", Partner: x.partner, Name: x.item, User: user, Mode: center.Manual})
	w.must(err)
	x.collection = it.Collection
	w.sync(x.item)
	x.homeEntry, x.conflict = w.clash(user, x)
	x.session, x.entry = w.overwrite(user, x)
	sh, err := w.hub.LinkCollection(ctx, x.collection, "link of "+user)
	w.must(err)
	x.link = sh.Share.ID
	phone, err := w.st.Devices.ChangeDevice(ctx, user, x.device, func(d *store.Device) error { d.Access, d.Type = store.Allowed, "iPhone"; return nil })
	w.must(err)
	w.must(w.devices.KeepPassword(ctx, phone, "unlocks the phone of "+user))
	m, _, err := w.st.Queue.Enqueue(ctx, store.Outgoing{User: user, Key: "k", From: user + "@example.org", To: []string{"z@example.org"}, State: store.Waiting, Next: 1 << 40}, tandem.Bytes("mail of "+user))
	w.must(err)
	x.message = m.ID
	w.must(w.hub.SetKindRule(ctx, center.KindRule{User: user, Kind: tandem.Note, Policy: "newest"}))
	w.must(w.st.Events.Add(ctx, store.Event{User: user, Item: x.item, Text: "secret of " + user}))
	browser, err := w.hub.AddBrowser(ctx, user, subscription(user))
	w.must(err)
	x.browser = browser.ID
	made, err := w.hub.AddWebhook(ctx, store.Hook{User: user, URL: "https://hooks.example.org/" + user, Events: []string{webhook.DeviceWaits}})
	w.must(err)
	x.webhook = made.Webhook.ID
	_, err = w.st.Hooks.Deliver(ctx, []store.Delivery{{Hook: x.webhook, Key: "k", Event: webhook.DeviceWaits, Body: []byte(`{"user":"` + user + `"}`), Next: 1 << 40}})
	w.must(err)
	list, err := w.st.Hooks.Deliveries(ctx, x.webhook, 1)
	w.must(err)
	x.delivery = list[0].ID
	w.must(w.st.Notices.ChangeNotices(ctx, store.NoticeChange{Add: []store.Notice{{User: user, Key: "k", Title: "trouble of " + user}}}))
	w.things[user] = x
}

// subscription is what a browser of a user says.
func subscription(user string) notify.Subscription {
	s := notify.Subscription{Endpoint: "https://push.example.org/" + user, Agent: "Browser of " + user}
	s.Keys.P256dh, s.Keys.Auth = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "BTBZMqHH6r4Tts7J_aSIgg" // RFC 8291 5
	return s
}

func (w *world) sync(item string) *session.Report {
	w.Helper()
	var last center.SyncNews
	w.must(w.hub.Sync(w.Context(), []string{item}, center.SyncOptions{}, func(n center.SyncNews) { last = n }))
	if last.Report == nil {
		w.Fatalf("sync of %s: %v", item, last.Err.Err())
	}
	return last.Report
}

// write writes a card into a user's home collection.
func (w *world) write(user string, x things, uid, name string) {
	w.Helper()
	o, err := home.Opener{Store: w.st, Kinds: kinds.Kinds(), User: user}.Open(tandem.Collection{ID: x.collection, User: user, Kind: tandem.Contact, Name: "contacts"})
	w.must(err)
	defer o.Close()
	list, _, err := w.st.Home.Since(w.Context(), x.collection, 0, 0)
	w.must(err)
	for _, r := range list {
		if r.Index.UID == uid {
			out, err := o.Apply(w.Context(), []tandem.Write{{Op: tandem.Update, ID: r.ID, If: tandem.Version(r.Version), Record: tandem.Record{ID: r.ID, Body: tandem.Bytes(card(uid, name))}}})
			w.must(err)
			if out[0].Status != tandem.Applied {
				w.Fatalf("write: %+v", out[0])
			}
			return
		}
	}
	w.Fatalf("no card %s", uid)
}

// clash makes a conflict, and an entry in the history of the home collection.
func (w *world) clash(user string, x things) (entry string, conflict int64) {
	w.Helper()
	w.write(user, x, user+"2", "Here")
	w.must(w.places[user].Put("2", card(user+"2", "There"), ""))
	w.sync(x.item)
	list, err := w.hub.Conflicts(w.Context(), true)
	w.must(err)
	for _, c := range list {
		if c.Item == x.item {
			conflict = c.ID
		}
	}
	past, err := w.hub.History(w.Context(), store.PastFilter{Of: &store.PastOf{Collections: []int64{x.collection}}})
	w.must(err)
	if conflict == 0 || len(past) == 0 {
		w.Fatalf("conflict %d, history %+v", conflict, past)
	}
	return "h" + itoa(past[0].ID), conflict
}

// overwrite has a run overwrite something at the partner.
func (w *world) overwrite(user string, x things) (run, entry string) {
	w.Helper()
	w.write(user, x, user+"1", "New")
	rep := w.sync(x.item)
	past, err := w.hub.History(w.Context(), store.PastFilter{Session: rep.Session})
	w.must(err)
	if len(past) == 0 {
		w.Fatal("the run overwrote nothing")
	}
	return "s" + itoa(rep.Session), "h" + itoa(past[0].ID)
}

// as is the hub as somebody sees it.
func (w *world) as(user string, change ...func(*scope.Who)) *scope.Scope {
	who := scope.Who{User: user, Admin: user == "anna", From: "web"}
	for _, f := range change {
		f(&who)
	}
	return scope.New(scope.Config{Hub: w.hub, Store: w.st, Places: w.registry}, who)
}
