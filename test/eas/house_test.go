// Package eas drives the whole phones' door over HTTPS: real accounts, a real store and the client of test/easclient.
package eas_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tandem"
	"tandem/center/notify"
	"tandem/internal/easschema"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/partner/account"
	"tandem/partner/device"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/partner/schedule"
	"tandem/partner/seal"
	"tandem/provider/home"
	"tandem/server/eas/all"
	"tandem/store"
	"tandem/store/sqlite"
	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// house is a hub with the phones' door, and what its users have.
type house struct {
	testing.TB
	st       *store.Store
	accounts *account.Service
	devices  *device.Service
	kinds    map[tandem.Kind]kind.Handler
	srv      *httptest.Server

	out   *outgoing.Service          // sends mail; nil: none is sent
	moved func(*http.Request) string // where phones are sent; nil: nowhere
	far   mailbox.Far                // mail beyond the windows of accounts; nil: there is none

	ahead atomic.Int64 // how far the hub's clock is ahead, in seconds

	mu      sync.Mutex
	door    *all.Door
	stop    func()
	answers map[string][][]byte // by command, as XML; for the schemas
	checked map[string]bool     // those that were held to them
	schemas *easschema.Schemas  // nil until the first is
}

// newHouse opens a hub in memory with the user ann.
func newHouse(t testing.TB) *house {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return newHouseOn(t, st)
}

// newHouseOn is newHouse on a store, which is closed with it.
func newHouseOn(t testing.TB, st *store.Store) *house {
	t.Helper()
	h := &house{TB: t, kinds: kinds.Kinds(), answers: map[string][][]byte{}, checked: map[string]bool{}}
	h.furnish(st)
	h.open()
	h.srv = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.now().ServeHTTP(w, r)
	}))
	h.srv.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that hang up are no news
	h.srv.StartTLS()
	t.Cleanup(func() {
		h.stop()
		h.must(h.st.Close())
	})
	t.Cleanup(func() { // before that, and by itself: without the schemas it skips
		h.srv.Close()
		h.schemas = nil // what the test made of them is gone by now
		if !h.Failed() {
			h.valid() // whatever the test asked, whether it thinks of that or not
		}
	})
	h.user("ann")
	return h
}

// furnish puts what stands on a store into the house.
func (h *house) furnish(st *store.Store) {
	h.Helper()
	var err error
	h.accounts, err = account.New(account.Config{Accounts: st.Accounts, Logins: st.Logins, Home: st.Home, Settings: st.Settings, Ended: func(user string) { h.now().LockedOut(user) },
		Cost: account.Cost{Memory: 16, Time: 1, Lanes: 1}})
	h.must(err)
	keeper, err := seal.New(st.Secrets, bytes.Repeat([]byte{7}, 32), "the house")
	h.must(err)
	h.devices = device.New(device.Config{Devices: st.Devices, Settings: st.Settings, Events: st.Events, Secrets: keeper, Seen: func(d store.Device) { h.now().Decided(d) }, Policy: func(d store.Device) { h.now().PolicyChanged(d) }})
	h.st = st
}

// now is the door that is open.
func (h *house) now() *all.Door {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.door
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// open puts a fresh door before the store, as a restart does: nothing that the old one remembered is there any longer.
func (h *house) open() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stop != nil {
		h.stop()
	}
	cfg := all.Config{Store: h.st, Kinds: h.kinds, Views: kinds.Views(), Accounts: h.accounts, Devices: h.devices, Log: slog.New(strict{h}),
		Meetings: schedule.New(h.st, h.kinds), Elsewhere: h.moved, Language: notify.Language, Far: h.far,
		Now: func() time.Time { return time.Now().Add(time.Duration(h.ahead.Load()) * time.Second) }}
	if h.out != nil {
		cfg.Outgoing = h.out
	}
	h.door = all.New(cfg)
	h.stop = h.door.Start(context.Background())
}

// strict is a log in which nothing may stand that is the server's fault: whatever clients send, it is none.
type strict struct{ h *house }

func (strict) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }

func (s strict) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool {
		text += " " + a.String()
		return true
	})
	s.h.Errorf("log: %s", text)
	return nil
}

func (s strict) WithAttrs([]slog.Attr) slog.Handler { return s }
func (s strict) WithGroup(string) slog.Handler      { return s }

// password is the app password of a user, cheap to verify.
var passwords sync.Map // user → app password; written once per house and user

func (h *house) user(name string) {
	h.Helper()
	_, err := h.accounts.Add(context.Background(), store.User{Name: name, Title: strings.ToUpper(name[:1]) + name[1:], Address: name + "@example.org"}, "correct horse "+name)
	h.must(err)
	app, _, err := h.accounts.NewAppPassword(context.Background(), name, "phone")
	h.must(err)
	passwords.Store(h.key(name), app)
}

func (h *house) key(user string) string { return fmt.Sprintf("%p/%s", h, user) }

// client makes a client of a user, whose answers are kept for the schemas.
func (h *house) client(user, deviceID, version string) *easclient.Client {
	h.Helper()
	app, ok := passwords.Load(h.key(user))
	if !ok {
		h.Fatalf("no user %s", user)
	}
	return &easclient.Client{HTTP: h.srv.Client(), Base: h.srv.URL, User: user, Password: app.(string), DeviceID: deviceID, DeviceType: "iPhone",
		Agent: "Apple-iPhone15C2/2101.303", Version: version, Seen: h.saw}
}

func (h *house) saw(command string, doc *wbxml.Element) {
	var b strings.Builder
	if err := wbxml.ToXML(&b, doc); err != nil {
		h.Error(err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answers[command] = append(h.answers[command], []byte(b.String()))
}

// phone makes a phone that has its folders.
func (h *house) phone(user, deviceID, version string) *easclient.Phone {
	h.Helper()
	p := easclient.NewPhone(h.client(user, deviceID, version))
	h.must(p.FolderSync(context.Background()))
	return p
}

// collection is the user's first collection of a kind.
func (h *house) collection(user string, k tandem.Kind) tandem.Collection {
	h.Helper()
	list, err := h.st.Home.Collections(context.Background(), user)
	h.must(err)
	for _, c := range list {
		if c.Kind == k {
			return c
		}
	}
	h.Fatalf("%s has no %s collection", user, k)
	return tandem.Collection{}
}

// put writes bodies into a collection as a partner's session does, and returns their ids.
func (h *house) put(c tandem.Collection, bodies ...string) []tandem.ID {
	h.Helper()
	opened, err := home.Opener{Store: h.st, User: c.User, Kinds: h.kinds}.Open(c)
	h.must(err)
	defer opened.Replica.Close()
	writes := make([]tandem.Write, len(bodies))
	for i, b := range bodies {
		writes[i] = tandem.Write{Op: tandem.Create, Record: tandem.Record{Body: tandem.Bytes(b)}}
	}
	out, err := opened.Replica.Apply(context.Background(), writes)
	h.must(err)
	ids := make([]tandem.ID, len(out))
	for i, o := range out {
		if o.Status != tandem.Applied {
			h.Fatalf("put: %+v", o)
		}
		ids[i] = o.ID
	}
	return ids
}

// edit replaces a record's body by what f makes of it.
func (h *house) edit(c tandem.Collection, id tandem.ID, f func(string) string) {
	h.Helper()
	opened, err := home.Opener{Store: h.st, User: c.User, Kinds: h.kinds}.Open(c)
	h.must(err)
	defer opened.Replica.Close()
	for rec, err := range h.st.Home.Get(context.Background(), c.ID, []tandem.ID{id}) {
		h.must(err)
		out, err := opened.Replica.Apply(context.Background(), []tandem.Write{{Op: tandem.Update, ID: id, If: rec.Version,
			Record: tandem.Record{Body: tandem.Bytes(f(h.body(rec)))}}})
		h.must(err)
		if out[0].Status != tandem.Applied {
			h.Fatalf("edit: %+v", out[0])
		}
	}
}

func (h *house) drop(c tandem.Collection, id tandem.ID) {
	h.Helper()
	for rec, err := range h.st.Home.Get(context.Background(), c.ID, []tandem.ID{id}) {
		h.must(err)
		out, err := h.st.Home.Write(context.Background(), c.ID, store.Author{User: c.User}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Delete, ID: id, If: rec.Version}}})
		h.must(err)
		if out[0].Status != tandem.Applied {
			h.Fatalf("drop: %+v", out[0])
		}
	}
}

func (h *house) body(rec store.HomeRecord) string {
	h.Helper()
	b, err := tandem.ReadBody(rec.Body, 1<<26)
	h.must(err)
	return string(b)
}

// bodies are all bodies of a collection, sorted.
func (h *house) bodies(c tandem.Collection) []string {
	h.Helper()
	recs, _, err := h.st.Home.Since(context.Background(), c.ID, 0, 0)
	h.must(err)
	var ids []tandem.ID
	for _, r := range recs {
		if !r.Deleted {
			ids = append(ids, r.ID)
		}
	}
	var out []string
	for rec, err := range h.st.Home.Get(context.Background(), c.ID, ids) {
		h.must(err)
		out = append(out, h.body(rec))
	}
	slices.Sort(out)
	return out
}

// valid holds everything that was answered to the schemas. Answers of one command are validated together where that is allowed.
func (h *house) valid() {
	h.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for command, docs := range h.answers {
		var fresh [][]byte
		for _, doc := range docs {
			if !h.checked[command+string(doc)] {
				h.checked[command+string(doc)] = true
				fresh = append(fresh, doc)
			}
		}
		if len(fresh) == 0 {
			continue
		}
		if h.schemas == nil {
			h.schemas = easschema.New(h)
		}
		for i, err := range h.schemas.ValidateAll(command+"Response", fresh...) {
			if err != nil {
				h.Errorf("%s: %v\n%s", command, err, fresh[i])
			}
		}
	}
}

// card is a small vCard.
func card(uid, name, phone string) string {
	return "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + uid + "\r\nFN:" + name + "\r\nN:" + name + ";;;;\r\nTEL;TYPE=CELL:" + phone + "\r\nX-ODD;X-P=1:kept\r\nEND:VCARD\r\n"
}

// text is the content of an element of an item, "" if it has none.
func text(it *easclient.Item, tag wbxml.Tag) string {
	if it == nil {
		return ""
	}
	return wbxml.New(wbxml.AirSyncApplicationData, it.Data...).Get(tag)
}
