package center

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/center/handler"
	"tandem/partner/device"
	"tandem/provider/memory"
	"tandem/store"
)

func (w *world) handlers(f HandlerFilter) string {
	w.t.Helper()
	list, err := w.hub.ListHandlers(w.t.Context(), f)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, x := range list {
		if err := x.Check(); err != nil {
			w.t.Errorf("%s: %v", x.ID, err)
		}
		out = append(out, x.ID)
	}
	return strings.Join(out, " ")
}

func (w *world) order(o HandlerOrder) handler.Handler {
	w.t.Helper()
	x, err := w.hub.OrderHandler(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return x
}

// TestSC01EveryPartnershipHasAHandler: a partner is a handler from the moment it is added until it is removed, and its sync items are the handler's.
func TestSC01EveryPartnershipHasAHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a")
		defer w.close()
		w.start()
		if _, err := w.hub.AddPartner(t.Context(), "", "bare", "mem:a"); err != nil {
			t.Fatal(err)
		}
		if got := w.handlers(HandlerFilter{}); got != "bare" {
			t.Error(got)
		}
		w.put("a", "1", card("1", "Anna"))
		if _, err := w.hub.AddItem(t.Context(), NewItem{Home: "friends", Partner: "bare", Name: "book"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		x, err := w.hub.FindHandler(t.Context(), "bare")
		if err != nil || len(x.Items) != 1 || x.Label != "Memory" || x.Place != "mem:a" || !x.Active || !x.Enabled || !x.Connected {
			t.Fatalf("%+v, %v", x, err)
		}
		it := x.Items[0]
		if it.Label != "address book" || it.Home != "friends" || it.Kind != tandem.Contact || it.LastSync == 0 || x.LastSync != it.LastSync || it.User != "me" {
			t.Errorf("%+v", it)
		}
		if err := w.hub.RemoveItem(t.Context(), "book"); err != nil {
			t.Fatal(err)
		}
		if err := w.hub.RemovePartner(t.Context(), "bare"); err != nil {
			t.Fatal(err)
		}
		if got := w.handlers(HandlerFilter{}); got != "" {
			t.Error(got)
		}
	})
}

// TestSC02SyncSetup: what is not set up yet is in Sync Setup; activating moves it to the Center, deactivating moves it back.
func TestSC02SyncSetup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a", "stick")
		defer w.close()
		var found []Discovered
		w.hub.cfg.Discover = func(context.Context) ([]Discovered, error) { return found, nil }
		w.start()
		if got := w.handlers(HandlerFilter{Setup: true}); got != "setup/mem" {
			t.Error(got)
		}
		found = []Discovered{{ID: "usb-1", Name: "USB stick", Type: handler.Folder, Place: "mem:stick"}}
		if got := w.handlers(HandlerFilter{Setup: true}); got != "setup/mem setup/usb-1" {
			t.Error(got)
		}
		if _, err := w.hub.OrderHandler(t.Context(), HandlerOrder{Handler: "setup/mem", Do: handler.Activate}); !tandem.IsKind(err, tandem.Invalid) {
			t.Error(err)
		}
		w.order(HandlerOrder{Handler: "setup/mem", Do: handler.Activate, Place: "mem:a"})
		w.order(HandlerOrder{Handler: "setup/usb-1", Do: handler.Activate})
		if got := w.handlers(HandlerFilter{}) + "; " + w.handlers(HandlerFilter{Setup: true}); got != "a stick; setup/mem" {
			t.Error(got)
		}
		x := w.order(HandlerOrder{Handler: "stick", Do: handler.Deactivate})
		if x.Active || len(x.Tasks) != 1 || x.Task(handler.Activate).How != handler.Offered {
			t.Errorf("%+v", x)
		}
		if got := w.handlers(HandlerFilter{}) + "; " + w.handlers(HandlerFilter{Setup: true}); got != "a; setup/mem stick" {
			t.Error(got)
		}
		if x := w.order(HandlerOrder{Handler: "stick", Do: handler.Activate}); !x.Active {
			t.Errorf("%+v", x)
		}
	})
}

// TestSC03DisabledIsVisibleAndDoesNotSync, for a handler: its items are seen and can be set, and nothing of them is synced, whatever happens.
func TestSC03DisabledIsVisibleAndDoesNotSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a")
		defer w.close()
		it := w.add("c", "a", "one")
		w.start()
		time.Sleep(time.Minute)
		x := w.order(HandlerOrder{Handler: it.Partner, Do: handler.Disable})
		if x.Enabled || x.Task(handler.Enable).How != handler.Offered || x.Task(handler.Disable).How != handler.Hidden || x.Task(handler.Start).How != handler.Greyed || x.Items[0].Task(handler.Start).Why != "it is disabled" {
			t.Errorf("%+v", x)
		}
		if got := w.handlers(HandlerFilter{}); got != it.Partner {
			t.Errorf("not seen: %q", got)
		}
		before := len(w.news())
		w.put("a", "1", card("1", "Anna"))
		if _, err := w.hub.SetItem(t.Context(), "one", map[string]string{"policy": "newest"}); err != nil {
			t.Error(err)
		}
		if err := w.hub.EnableItem(t.Context(), "one", true); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		if n := len(w.news()); n != before {
			t.Errorf("%d runs", n-before)
		}
		if err := w.hub.Sync(t.Context(), []string{"one"}, SyncOptions{}, func(SyncNews) {}); !tandem.IsKind(err, tandem.Denied) {
			t.Error(err)
		}
		// It is remembered.
		again := New(w.hub.cfg)
		if err := again.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		time.Sleep(time.Hour)
		if n := len(w.news()); n != before {
			t.Errorf("%d runs after the hub was started anew", n-before)
		}
		if got, err := again.Begin(t.Context(), nil, SyncOptions{}); err != nil || states(got) != "one skipped: its handler is disabled" {
			t.Error(states(got), err)
		}
		w.order(HandlerOrder{Handler: it.Partner, Do: handler.Enable})
		time.Sleep(time.Minute)
		if got, err := w.hub.Status(t.Context(), []string{"one"}); err != nil || got[0].Last == nil || len(w.news()) == before {
			t.Errorf("%+v, %v", got, err)
		}
		x = w.order(HandlerOrder{Handler: it.Partner, Item: "one", Do: handler.Disable})
		if x.Items[0].Enabled || x.Items[0].Task(handler.Enable).How != handler.Offered {
			t.Errorf("%+v", x)
		}
	})
}

// TestSC12HiddenByDefaultCountsOnce: a handler that asks for it is hidden when it first appears; what a person says then stays.
func TestSC12HiddenByDefaultCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		n := mailer(handler.Item{ID: "mailer-in"})
		n.Handler.Shy = true
		open := func() {
			if err := w.hub.CloseSession(t.Context(), w.openSession(n)); err != nil {
				t.Fatal(err)
			}
		}
		open()
		if got := w.handlers(HandlerFilter{}) + "; " + w.handlers(HandlerFilter{Hidden: true}); got != "; mailer" {
			t.Error(got)
		}
		w.order(HandlerOrder{Handler: "mailer", Do: handler.Show})
		open()
		if got := w.handlers(HandlerFilter{}); got != "mailer" {
			t.Error(got)
		}
		w.order(HandlerOrder{Handler: "mailer", Do: handler.Hide})
		n.Handler.Shy = false
		open()
		if got := w.handlers(HandlerFilter{}); got != "" {
			t.Error(got)
		}
	})
}

// TestSC31HandlersAppearAndVanish without a restart, and it is told.
func TestSC31HandlersAppearAndVanish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		w.start()
		news := w.heard()
		id := w.openSession(mailer(handler.Item{ID: "mailer-in"}))
		if got := w.handlers(HandlerFilter{}); got != "mailer" {
			t.Error(got)
		}
		if err := w.hub.ForgetHandler(t.Context(), "mailer"); !tandem.IsKind(err, tandem.Busy) {
			t.Error(err)
		}
		if err := w.hub.CloseSession(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if err := w.hub.ForgetHandler(t.Context(), "mailer"); err != nil {
			t.Error(err)
		}
		if got := w.handlers(HandlerFilter{Hidden: true}); got != "" {
			t.Error(got)
		}
		told := 0
		for _, n := range news() {
			if n.What == HandlersNews && n.Handler == "mailer" {
				told++
			}
		}
		if told != 2 {
			t.Errorf("%+v", news())
		}
		for id, kind := range map[string]tandem.ErrorKind{"mailer": tandem.NotFound, "setup/mem": tandem.Invalid} {
			if err := w.hub.ForgetHandler(t.Context(), id); !tandem.IsKind(err, kind) {
				t.Errorf("%s: %v", id, err)
			}
		}
	})
}

// TestSC43QueryBefore: whoever is to be asked before an order can refuse it, and open conflicts make the hub itself ask.
func TestSC43QueryBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a")
		defer w.close()
		it := w.add("c", "a", "one", manual)
		var asked []string
		veto := ""
		w.hub.cfg.Query = func(_ context.Context, o HandlerOrder) error {
			asked = append(asked, strings.TrimSpace(string(o.Do)+" "+o.Item))
			if string(o.Do) == veto {
				return tandem.Errorf(tandem.Denied, "not now")
			}
			return nil
		}
		for _, do := range []handler.Task{handler.Disable, handler.Enable, handler.Deactivate, handler.Activate} {
			veto = string(do)
			if x, err := w.hub.OrderHandler(t.Context(), HandlerOrder{Handler: it.Partner, Do: do}); !tandem.IsKind(err, tandem.Denied) || x.Task(do).How != handler.Offered {
				t.Errorf("%s was done: %v", do, err)
			}
			veto = ""
			w.order(HandlerOrder{Handler: it.Partner, Do: do})
		}
		for _, do := range []handler.Task{handler.Disable, handler.Enable, handler.Delete} {
			veto = string(do)
			if _, err := w.hub.OrderHandler(t.Context(), HandlerOrder{Handler: it.Partner, Item: "one", Do: do}); !tandem.IsKind(err, tandem.Denied) {
				t.Errorf("%s of the item was done: %v", do, err)
			}
			if veto = ""; do != handler.Delete {
				w.order(HandlerOrder{Handler: it.Partner, Item: "one", Do: do})
			}
		}
		want := "disable disable enable enable deactivate deactivate activate activate disable one disable one enable one enable one delete one"
		if got := strings.Join(asked, " "); got != want {
			t.Errorf("asked %q", got)
		}
		w.conflict("a", "one")
		del := HandlerOrder{Handler: it.Partner, Item: "one", Do: handler.Delete}
		if _, err := w.hub.OrderHandler(t.Context(), del); !tandem.IsKind(err, tandem.Held) {
			t.Error(err)
		}
		del.Confirm = true
		if x := w.order(del); len(x.Items) != 0 {
			t.Errorf("%+v", x)
		}
	})
}

// conflict makes a conflict about Anna between the home collection of an item and its place in memory.
func (w *world) conflict(place, item string) {
	w.t.Helper()
	sync := func() {
		if err := w.hub.Sync(w.t.Context(), []string{item}, SyncOptions{}, func(n SyncNews) {
			if n.Err != nil {
				w.t.Error(n.Err.Err())
			}
		}); err != nil {
			w.t.Fatal(err)
		}
	}
	it, err := w.hub.item(w.t.Context(), item)
	if err != nil {
		w.t.Fatal(err)
	}
	w.put(place, "anna", card("anna", "Anna", "TEL:1"))
	sync()
	w.edit(it.Collection, "Anna", "TEL:1", "TEL:2")
	w.put(place, "anna", card("anna", "Anna", "TEL:3"))
	sync()
}

// edit replaces a text in a record of a home collection.
func (w *world) edit(collection int64, title, old, now string) {
	w.t.Helper()
	ctx := w.t.Context()
	recs, _, err := w.store.Home.Since(ctx, collection, 0, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range recs {
		if r.Deleted || !strings.Contains(r.Title, title) {
			continue
		}
		for full, err := range w.store.Home.Get(ctx, collection, []tandem.ID{r.ID}) {
			if err != nil {
				w.t.Fatal(err)
			}
			body, err := tandem.ReadBody(full.Body, 1<<20)
			if err != nil {
				w.t.Fatal(err)
			}
			text := strings.Replace(string(body), old, now, 1)
			h, _ := w.hub.cfg.Kind(full.Kind)
			info, err := h.Inspect([]byte(text))
			if err != nil {
				w.t.Fatal(err)
			}
			rec := full.Record
			rec.Body = tandem.Bytes(text)
			out, err := w.store.Home.Write(ctx, collection, store.Author{User: "me"}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Update, ID: full.ID, If: full.Version, Record: rec}, Digest: info.Digest, Index: info.Index, Title: info.Summary.String()}})
			if err != nil || out[0].Status != tandem.Applied {
				w.t.Fatal(out, err)
			}
			return
		}
	}
	w.t.Fatalf("no %s", title)
}

// TestSC32OutOfReachIsSaid: an item that could not be reached is shown as not connected, with the reason, until it was.
func TestSC32OutOfReachIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "a")
		defer w.close()
		it := w.add("c", "a", "one", manual)
		sync := func() handler.Handler {
			if err := w.hub.Sync(t.Context(), []string{"one"}, SyncOptions{}, func(SyncNews) {}); err != nil {
				t.Fatal(err)
			}
			x, err := w.hub.FindHandler(t.Context(), it.Partner)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		w.setFail("a", &tandem.Error{Kind: tandem.Transient, Op: "dial", Thing: "mem:a", Err: errors.New("no route to host")})
		x := sync()
		if x.Connected || !strings.Contains(x.Why, "no route") || x.Items[0].Errors != 1 || x.Errors != 1 || x.Items[0].Task(handler.Start).How != handler.Greyed || !strings.Contains(x.Items[0].Task(handler.Start).Why, "no route") {
			t.Errorf("%+v", x)
		}
		w.setFail("a", nil)
		if x := sync(); !x.Connected || x.Why != "" || x.Errors != 0 || x.Items[0].Task(handler.Start).How != handler.Offered {
			t.Errorf("%+v", x)
		}
	})
}

// TestSC17PhonesAreDevices: a phone is a handler of the type device; the folders it syncs are its items, with when they were last synced. It is connected while it
// asks, cannot be started from here, waits in Sync Setup until it is let in, and can be disabled.
func TestSC17PhonesAreDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		ctx := t.Context()
		devices := device.New(device.Config{Devices: w.store.Devices, Settings: w.store.Settings, Events: w.store.Events})
		w.hub.cfg.Devices = devices
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		check(w.store.Accounts.AddUser(ctx, store.User{Name: "anna"}))
		book, err := w.store.Home.PutCollection(ctx, tandem.Collection{User: "anna", Kind: tandem.Contact, Name: "contacts"})
		check(err)
		_, err = devices.AddRule(ctx, device.Rule{Access: store.Held}, 0)
		check(err)
		_, err = devices.Meet(ctx, "anna", device.Sighting{ID: "abc", Type: "iPhone", Agent: "iOS/17", Protocol: "16.1"})
		check(err)
		if got := w.handlers(HandlerFilter{}) + "; " + w.handlers(HandlerFilter{Setup: true, Type: handler.Device}); got != "; device/1" {
			t.Error(got)
		}
		x := w.order(HandlerOrder{Handler: "device/1", Do: handler.Activate, By: "boss"})
		if !x.Active || !x.Enabled || !x.Connected || x.Type != handler.Device || x.Name != "iPhone" || x.User != "anna" {
			t.Errorf("%+v", x)
		}
		d, err := devices.Find(ctx, "anna", "abc")
		check(err)
		check(w.store.Devices.SwapState(ctx, d.Number, store.Swap{Name: fmt.Sprintf("sync/%d", book.ID), New: []byte("{}")}, store.Swap{Name: "folders", New: []byte("{}")}, store.Swap{Name: "sync/999", New: []byte("{}")}))
		x, err = w.hub.FindHandler(ctx, "device/1")
		check(err)
		if len(x.Items) != 1 || x.Items[0].Name != "contacts" || x.Items[0].Label != "address book" || x.LastSync == 0 || x.Items[0].LastSync != x.LastSync {
			t.Errorf("%+v", x)
		}
		for _, task := range []TaskWant{{handler.Start, handler.Hidden}, {handler.Stop, handler.Hidden}, {handler.Disable, handler.Offered}} {
			if got := x.Task(task.task); got.How != task.how {
				t.Errorf("%+v", got)
			}
		}
		if got := x.Items[0].Task(handler.Disable); got.How != handler.Hidden || got.Why == "" {
			t.Errorf("%+v", got)
		}
		time.Sleep((awake + 1) * time.Second)
		if x, _ = w.hub.FindHandler(ctx, "device/1"); x.Connected || x.Items[0].Connected || x.Why == "" {
			t.Errorf("%+v", x)
		}
		if x = w.order(HandlerOrder{Handler: "device/1", Do: handler.Disable}); x.Enabled || !x.Active {
			t.Errorf("%+v", x)
		}
		if d, _ := devices.Find(ctx, "anna", "abc"); d.Access != store.Blocked {
			t.Errorf("%+v", d)
		}
		x = w.order(HandlerOrder{Handler: "device/1", Do: handler.Enable})
		if x = w.order(HandlerOrder{Handler: "device/1", Do: handler.Deactivate}); x.Active {
			t.Errorf("%+v", x)
		}
		check(devices.Remove(ctx, "anna", "abc", "boss"))
		if got := w.handlers(HandlerFilter{Setup: true, Type: handler.Device}); got != "" {
			t.Error(got)
		}
	})
}

// TaskWant is how a task should be shown.
type TaskWant struct {
	task handler.Task
	how  handler.How
}
