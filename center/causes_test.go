package center

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/center/notify"
	"tandem/center/webhook"
	"tandem/partner/device"
	"tandem/provider/memory"
	"tandem/store"
)

// ear is a way to tell people that keeps what it is told, and stands for the receiver of webhooks.
type ear struct {
	mu    sync.Mutex // guards what follows
	heard []string
	hooks []string
}

func (e *ear) Name() string                                                      { return "ear" }
func (e *ear) Ready(context.Context, store.User, notify.Settings) (bool, string) { return true, "" }
func (e *ear) Twice() bool                                                       { return false }
func (e *ear) Solved([]int64)                                                    {}

func (e *ear) Send(_ context.Context, u store.User, m notify.Message) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, u.Name+": "+m.Title+" ["+m.Link+"]")
	return nil
}

func (e *ear) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var p struct {
		Type string
		Data struct {
			Item, Result, Title, Error string
			Home                       webhook.Written
		}
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	text := p.Type + " " + p.Data.Item
	if p.Data.Result != "" {
		text += " " + p.Data.Result
	}
	e.hooks = append(e.hooks, text)
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

func (e *ear) take() (heard, hooks string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	slices.Sort(e.hooks)
	e.hooks = slices.Compact(e.hooks) // how often something is tried is not the point
	heard, hooks = strings.Join(e.heard, "; "), strings.Join(e.hooks, "; ")
	e.heard, e.hooks = nil, nil
	return heard, hooks
}

type pocket map[string]string

func (p pocket) Get(_ context.Context, name string) (string, error) { return p[name], nil }
func (p pocket) Put(_ context.Context, name, s string) error        { p[name] = s; return nil }

// telling is a hub that runs and tells people, with a webhook for everything.
func telling(t *testing.T, places ...string) (*world, *ear) {
	t.Helper()
	w, e := newWorld(t, plain, places...), &ear{}
	st := w.store
	w.hub.cfg.Hooks = webhook.New(webhook.Config{Hooks: st.Hooks, Accounts: st.Accounts, Settings: st.Settings, Events: st.Events, Secrets: pocket{}, Client: &http.Client{Transport: e}})
	w.hub.cfg.Notify = notify.New(notify.Config{Accounts: st.Accounts, Notices: st.Notices, Channels: []notify.Channel{e}, Queued: w.hub.cfg.Hooks.Poke,
		Told: func(ctx context.Context, began, solved []store.Notice) ([]store.Delivery, error) {
			return w.hub.cfg.Hooks.Compose(ctx, NoticeEvents(began, solved))
		}})
	w.hub.cfg.Devices = device.New(device.Config{Devices: st.Devices, Settings: st.Settings, Events: st.Events, Seen: w.hub.DeviceSeen})
	if _, err := w.hub.AddWebhook(t.Context(), store.Hook{URL: "https://example.org/"}); err != nil {
		t.Fatal(err)
	}
	w.start()
	return w, e
}

// expect compares what people and webhooks were told until now.
func (w *world) expect(e *ear, after time.Duration, heard, hooks string) {
	w.t.Helper()
	time.Sleep(after)
	synctest.Wait()
	h, x := e.take()
	if h != heard {
		w.t.Errorf("people were told %q, want %q", h, heard)
	}
	if x != hooks {
		w.t.Errorf("webhooks were told %q, want %q", x, hooks)
	}
}

// TestFailuresAreTold: a failure that nobody but a person can mend is told once, however often it is tried, and again after it was solved.
func TestFailuresAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, e := telling(t, "a")
		defer w.close()
		w.put("a", "1", card("1", "Anna"))
		w.add("contacts", "a", "item")
		w.expect(e, time.Minute, "", "run.ended item ok")
		denied := &tandem.Error{Kind: tandem.Denied, Op: "log in", Thing: "a", Err: errors.New("wrong password"), Remedy: "give another"}
		w.setFail("a", denied)
		w.expect(e, 2*time.Minute, "me: item fails [/items/item]", "problem.began item; run.ended item failed")
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if heard, _ := e.take(); heard != "" {
			t.Errorf("told again: %q", heard)
		}
		list, err := w.hub.ListNotices(t.Context(), "")
		if err != nil || len(list) != 1 || list[0].Code != "denied" || !strings.Contains(list[0].Text, "wrong password") || !strings.Contains(list[0].Text, "give another") || list[0].Told == 0 {
			t.Errorf("%+v, %v", list, err)
		}
		w.setFail("a", nil)
		w.put("a", "2", card("2", "Ben"))
		w.expect(e, time.Hour, "", "problem.solved item; run.ended item ok")
		w.setFail("a", denied)
		time.Sleep(time.Hour)
		synctest.Wait()
		if heard, hooks := e.take(); heard != "me: item fails [/items/item]" || !strings.Contains(hooks, "problem.began item") {
			t.Errorf("%q, %q", heard, hooks)
		}
		if err := w.hub.EnableItem(t.Context(), "item", false); err != nil {
			t.Fatal(err)
		}
		w.expect(e, time.Minute, "", "problem.solved item")
	})
}

// TestPassingFaultsAreNotTold: what mends itself soon is nobody's business.
func TestPassingFaultsAreNotTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, e := telling(t, "a")
		defer w.close()
		w.add("contacts", "a", "item")
		w.setFail("a", &tandem.Error{Kind: tandem.Transient, Op: "reach", Thing: "a"})
		time.Sleep(20 * time.Minute)
		w.setFail("a", nil)
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		if heard, hooks := e.take(); heard != "" || !strings.Contains(hooks, "problem.began item; problem.solved item") {
			t.Errorf("%q, %q", heard, hooks)
		}
		w.setFail("a", &tandem.Error{Kind: tandem.Transient, Op: "reach", Thing: "a"})
		time.Sleep(time.Hour)
		synctest.Wait()
		if heard, _ := e.take(); heard != "me: item fails [/items/item]" {
			t.Errorf("%q", heard)
		}
	})
}

// TestConflictsAndQuestionsAreTold, together where they come together, and a device that waits.
func TestConflictsAndQuestionsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, e := telling(t, "a", "b")
		defer w.close()
		w.places["b"] = memory.New("b", plain)
		for _, id := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"} {
			w.put("a", id, card(id, "Person "+id))
		}
		w.add("contacts", "a", "first", func(n *NewItem) { n.Mode = Manual })
		w.add("contacts", "b", "second", func(n *NewItem) { n.Mode = Manual })
		sync := func(names ...string) {
			t.Helper()
			if err := w.hub.Sync(t.Context(), names, SyncOptions{}, func(SyncNews) {}); err != nil {
				t.Fatal(err)
			}
		}
		sync("first")
		sync("second")
		w.expect(e, time.Minute, "", "run.ended first ok; run.ended second ok")
		for id := range 12 {
			w.places["a"].Remove(tandem.ID(number(int64(id + 1))))
		}
		sync("first")
		w.expect(e, time.Minute, "me: first is held [/conflicts]", "question.asked first; run.ended first held")
		if err := w.hub.AnswerQuestion(t.Context(), "first", Leave, nil); err != nil {
			t.Fatal(err)
		}
		w.expect(e, time.Hour, "", "question.answered first")
		if _, err := w.store.Devices.ChangeDevice(t.Context(), "me", "PHONE1", func(d *store.Device) error { d.Access, d.Type = store.Held, "iPhone"; return nil }); err != nil {
			t.Fatal(err)
		}
		w.hub.DeviceSeen(store.Device{User: "me", ID: "PHONE1"})
		w.expect(e, time.Hour, "me: A device of me waits to be let in [/devices/me/PHONE1]", "device.waits device PHONE1")
		if _, err := w.hub.OrderDevice(t.Context(), DeviceOrder{User: "me", ID: "PHONE1", Do: DeviceAllow}); err != nil {
			t.Fatal(err)
		}
		w.expect(e, time.Hour, "", "device.decided device PHONE1")
	})
}

// TestConflictsAreTold: one by one to webhooks, at once to people, until they are decided.
func TestConflictsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, e := telling(t, "a", "b")
		defer w.close()
		w.add("contacts", "a", "first", func(n *NewItem) { n.Mode = Manual })
		w.add("contacts", "b", "second", func(n *NewItem) { n.Mode = Manual })
		sync := func(names ...string) {
			t.Helper()
			if err := w.hub.Sync(t.Context(), names, SyncOptions{}, func(SyncNews) {}); err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range []string{"1", "2"} {
			w.put("a", id, card(id, "Person "+id))
		}
		sync("first")
		sync("second")
		time.Sleep(time.Minute)
		e.take()
		for _, id := range []string{"1", "2"} {
			w.put("a", id, card(id, "Here "+id))
			for _, r := range w.places["b"].List() {
				body, err := tandem.ReadBody(r.Body, 1<<20)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(body), "UID:"+id+"\r\n") {
					w.put("b", string(r.ID), card(id, "There "+id))
				}
			}
		}
		sync("first")
		sync("second")
		w.expect(e, time.Minute, "me: 2 things need you [/conflicts]", "conflict.found second; run.ended first ok; run.ended second conflicts")
		open, err := w.hub.Conflicts(t.Context(), true)
		if err != nil || len(open) != 2 {
			t.Fatalf("%+v, %v", open, err)
		}
		for _, c := range open {
			if err := w.hub.Decide(t.Context(), c.ID, "a", nil); err != nil {
				t.Fatal(err)
			}
		}
		w.expect(e, time.Hour, "", "conflict.solved second")
	})
}

// TestLoggedErrors: an error that only the log tells of is told once, and counts as solved a day after it was last seen.
func TestLoggedErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, e := telling(t, "a")
		defer w.close()
		w.add("contacts", "a", "item", func(n *NewItem) { n.Mode = Manual })
		log := func() {
			t.Helper()
			if err := w.store.Events.Add(t.Context(), store.Event{When: time.Now().Unix(), User: "me", Item: "device PHONE1", Level: store.Error, Text: "could not wipe it", Remedy: "ask again"}); err != nil {
				t.Fatal(err)
			}
			w.hub.stir()
		}
		log()
		w.expect(e, time.Hour, "me: device PHONE1 has a problem [/log?item=device+PHONE1]", "problem.began device PHONE1")
		log()
		w.expect(e, 23*time.Hour+30*time.Minute, "", "")
		w.expect(e, 2*time.Hour, "", "problem.solved device PHONE1")
	})
}

// TestCausesOutliveTheHub: a hub that starts anew tells nothing again, and knows what is solved once it has tried.
func TestCausesOutliveTheHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, e := telling(t, "a")
		defer w.close()
		w.add("contacts", "a", "item", func(n *NewItem) { n.Mode = Manual })
		w.setFail("a", &tandem.Error{Kind: tandem.Denied, Op: "log in", Thing: "a"})
		if err := w.hub.Sync(t.Context(), []string{"item"}, SyncOptions{}, func(SyncNews) {}); err != nil {
			t.Fatal(err)
		}
		w.expect(e, time.Minute, "me: item fails [/items/item]", "problem.began item; run.ended item failed")
		if err := w.hub.Close(); err != nil {
			t.Fatal(err)
		}
		again := New(w.hub.cfg)
		w.hub = again
		w.start()
		w.expect(e, 24*time.Hour, "", "")
		w.setFail("a", nil)
		if err := w.hub.Sync(t.Context(), []string{"item"}, SyncOptions{}, func(SyncNews) {}); err != nil {
			t.Fatal(err)
		}
		w.expect(e, time.Minute, "", "problem.solved item")
	})
}
