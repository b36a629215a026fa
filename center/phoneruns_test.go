package center

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/center/handler"
	"tandem/center/progress"
	"tandem/center/webhook"
	"tandem/engine"
	"tandem/provider/memory"
	"tandem/store"
)

// TestPhoneRan: what a phone synced is a run of its item, a line of the log that leads to the phone, and told to webhooks, each once; a phone that is gone has none.
func TestPhoneRan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		ctx := t.Context()
		w.hub.cfg.Hooks = hooksOf(w.store, nil)
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		check(w.store.Accounts.AddUser(ctx, store.User{Name: "anna"}))
		book, err := w.store.Home.PutCollection(ctx, tandem.Collection{User: "anna", Kind: tandem.Contact, Name: "contacts"})
		check(err)
		d, err := w.store.Devices.ChangeDevice(ctx, "anna", "PHONE", func(d *store.Device) error { d.Access, d.Type = store.Allowed, "iPhone"; return nil })
		check(err)
		check(w.store.Devices.SwapState(ctx, d.Number, store.Swap{Name: "sync/" + number(book.ID), New: []byte("{}")}))
		hook, err := w.hub.AddWebhook(ctx, store.Hook{URL: "https://example.org/", Events: []string{webhook.RunEnded}})
		check(err)
		began := time.Now()
		time.Sleep(7 * time.Second)
		check(w.hub.PhoneRan(ctx, PhoneRun{User: "anna", DeviceID: "PHONE", Collection: book.ID, Began: began, Ended: time.Now(),
			Done: [2]engine.Totals{{Creates: 2, Moves: 1}, {Creates: 4, Updates: 1, Deletes: 3}}, Beyond: 5, Refused: 1, InStep: true}))
		check(w.hub.PhoneRan(ctx, PhoneRun{User: "anna", DeviceID: "GONE", Collection: book.ID, Began: began, Ended: time.Now(), Done: [2]engine.Totals{{Creates: 1}}}))

		x, err := w.hub.FindHandler(ctx, "device/"+number(d.Number))
		check(err)
		item := x.Items[0].ID
		list, err := w.hub.Runs(ctx, store.RunFilter{Item: item})
		check(err)
		if len(list) != 1 || list[0].Started != began.Unix() || list[0].Finished != began.Unix()+7 || list[0].Result != "ok" {
			t.Fatalf("%+v", list)
		}
		var detail phoneCounts
		check(json.Unmarshal([]byte(list[0].Detail), &detail))
		if detail.Done[0].Creates != 2 || detail.Done[1].Updates != 1 || detail.Problems != 1 || detail.Beyond != 5 || !detail.InStep || detail.Seconds != 7 {
			t.Errorf("%+v", detail)
		}
		lines, err := w.hub.FindEvents(ctx, EventFilter{Handler: x.ID})
		check(err)
		const says = "to the phone: 4 new, 1 changed, 3 deleted, 5 beyond its window; from the phone: 2 new, 1 moved; 1 refused; in step"
		if len(lines) != 1 || lines[0].Text != says || lines[0].User != "anna" || lines[0].Item != item || lines[0].Session != list[0].ID || lines[0].LinkText != "iPhone: contacts" {
			t.Fatalf("%+v", lines)
		}
		if links := LinksOf(lines[0]); len(links) != 1 || links[0].Sort != LinkDevice || links[0].Name != "PHONE" {
			t.Errorf("it leads to %+v", links)
		}
		sent, err := w.store.Hooks.Deliveries(ctx, hook.Webhook.ID, 0)
		check(err)
		if len(sent) != 1 {
			t.Fatalf("%d deliveries", len(sent))
		}
		var p struct{ Data webhook.RunTold }
		check(json.Unmarshal([]byte(sent[0].Body), &p))
		if r := p.Data; r.Item != item || r.Partner != x.ID || r.User != "anna" || r.By != "iPhone" || r.Run != list[0].ID || r.Home != (webhook.Written{Created: 2, Moved: 1}) ||
			r.There != (webhook.Written{Created: 4, Changed: 1, Deleted: 3}) || r.Problems != 1 || r.Seconds != 7 || r.Result != "ok" {
			t.Errorf("%+v", r)
		}
	})
}

// TestSC33PhonesShow: what a phone syncs shows while it goes on as any other sync does, to those who follow, too; nobody is offered to stop it, and to stop all leaves it alone.
func TestSC33PhonesShow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		w.start()
		ctx := t.Context()
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		check(w.store.Accounts.AddUser(ctx, store.User{Name: "anna"}))
		book, err := w.store.Home.PutCollection(ctx, tandem.Collection{User: "anna", Kind: tandem.Contact, Name: "contacts"})
		check(err)
		d, err := w.store.Devices.ChangeDevice(ctx, "anna", "PHONE", func(d *store.Device) error { d.Access, d.Type = store.Allowed, "iPhone"; return nil })
		check(err)
		check(w.store.Devices.SwapState(ctx, d.Number, store.Swap{Name: "sync/" + number(book.ID), New: []byte("{}")}))
		news := w.heard()
		run := PhoneRun{User: "anna", DeviceID: "PHONE", Collection: book.ID, Began: time.Now(), Done: [2]engine.Totals{{}, {Creates: 4}}}
		check(w.hub.PhoneGoes(ctx, run, false))
		run.Done[0].Creates = 2
		check(w.hub.PhoneGoes(ctx, run, false))
		check(w.hub.PhoneGoes(ctx, PhoneRun{User: "anna", DeviceID: "GONE", Collection: book.ID}, false))
		synctest.Wait()
		const says = "to the phone: 4 new; from the phone: 2 new"
		st, err := w.hub.Progress(ctx)
		check(err)
		if len(st.Sessions) != 1 || st.Sessions[0].Who != "iPhone" || len(st.Items) != 1 || st.Items[0].Name != "contacts" || st.Items[0].Text != says || st.Items[0].Status != progress.Indeterminate {
			t.Errorf("%+v", st)
		}
		x, err := w.hub.FindHandler(ctx, PhoneID(d))
		check(err)
		if !x.Syncing || !x.Items[0].Syncing || x.Items[0].Progress.Text != says || x.Task(handler.Stop).How != handler.Hidden {
			t.Errorf("%+v", x)
		}
		stopped, err := w.hub.Stop(ctx, nil)
		check(err)
		if st, _ := w.hub.Progress(ctx); len(stopped) != 0 || st.Items[0].Stopping {
			t.Errorf("a phone is stopped: %v, %+v", stopped, st)
		}
		if err := w.hub.CloseSession(ctx, st.Sessions[0].ID); !tandem.IsKind(err, tandem.Denied) {
			t.Error(err)
		}
		check(w.hub.PhoneGoes(ctx, run, true))
		check(w.hub.PhoneGoes(ctx, run, true))
		if st, _ = w.hub.Progress(ctx); len(st.Sessions) != 0 {
			t.Errorf("%+v", st)
		}
		var what []string
		for _, n := range news() {
			if n.Item == x.Items[0].ID && n.Handler == x.ID && n.User == "anna" {
				what = append(what, n.What)
			}
		}
		if got := strings.Join(what, " "); got != "started progress ended" {
			t.Error(got)
		}
	})
}

// TestPhoneText: what is not there is not said.
func TestPhoneText(t *testing.T) {
	for want, p := range map[string]PhoneRun{
		"to the phone: 4 new; in step":                         {Done: [2]engine.Totals{{}, {Creates: 4}}, InStep: true},
		"from the phone: 1 deleted; in step":                   {Done: [2]engine.Totals{{Deletes: 1}}, InStep: true},
		"to the phone: 100 new; it has not fetched everything": {Done: [2]engine.Totals{{}, {Creates: 100}}},
		"to the phone: 2 beyond its window; in step":           {Beyond: 2, InStep: true},
		"1 refused; in step":                                   {Refused: 1, InStep: true},
	} {
		if got := phoneText(p); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestPhoneOf: what a phone syncs names the phone, and nothing else does.
func TestPhoneOf(t *testing.T) {
	for item, want := range map[string]string{"device/3/17": "device/3", "device/3": "", "device/": "", "device//7": "", "device/3/": "", "contacts": "", "device 3/17": "", "": ""} {
		if got, ok := PhoneOf(item); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", item, got, ok)
		}
	}
}
