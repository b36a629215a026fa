package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/internal/netguard"
	"tandem/store"
	"tandem/store/sqlite"
)

// box keeps secrets in memory.
type box struct {
	mu sync.Mutex // guards what follows
	m  map[string]string
}

func (b *box) Get(_ context.Context, name string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s, ok := b.m[name]; ok {
		return s, nil
	}
	return "", tandem.Errorf(tandem.NotFound, "no secret %s", name)
}

func (b *box) Put(_ context.Context, name, secret string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.m[name] = secret; secret == "" {
		delete(b.m, name)
	}
	return nil
}

// receiver answers deliveries, in place of the network.
type receiver struct {
	mu     sync.Mutex // guards what follows
	got    []*http.Request
	bodies []string
	at     []time.Time
	answer func(n int) (status int, header http.Header, err error)
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got, r.bodies, r.at = append(r.got, req), append(r.bodies, string(body)), append(r.at, time.Now())
	status, header := 204, http.Header{}
	if r.answer != nil {
		if status, header, err = r.answer(len(r.got)); err != nil {
			return nil, err
		}
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: header, Body: io.NopCloser(strings.NewReader("said")), Request: req}, nil
}

type bench struct {
	*testing.T
	st      *store.Store
	s       *Service
	r       *receiver
	secrets *box
}

func newBench(t *testing.T) *bench {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{Now: func() int64 { return time.Now().Unix() }})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, st: st, r: &receiver{}, secrets: &box{m: map[string]string{}}}
	b.s = New(Config{Hooks: st.Hooks, Accounts: st.Accounts, Settings: st.Settings, Events: st.Events, Secrets: b.secrets, Client: &http.Client{Transport: b.r}, Version: "1"})
	for _, u := range []string{"anna", "ben"} {
		b.must(st.Accounts.AddUser(t.Context(), store.User{Name: u}))
	}
	b.must(st.Accounts.SetProps(t.Context(), "anna", map[string]string{"admin": "1"}))
	return b
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) add(h store.Hook) (store.Hook, string) {
	b.Helper()
	h, secret, err := b.s.Add(b.Context(), h)
	b.must(err)
	return h, secret
}

// run sends until the function that it returns is called.
func (b *bench) run() func() {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { b.s.Run(ctx) })
	return func() { cancel(); group.Wait() }
}

func (b *bench) deliveries(hook int64) []store.Delivery {
	b.Helper()
	list, err := b.st.Hooks.Deliveries(b.Context(), hook, 0)
	b.must(err)
	return list
}

// TestSign compares with the example of Standard Webhooks 1.0.0 as its libraries have it.
func TestSign(t *testing.T) {
	t.Parallel()
	got, err := sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := sign("whsec_ä", "", 0, nil); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("%v", err)
	}
}

// TestDelivery: what happened is sent once to each hook that wants it, signed, with an id that stays.
func TestDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.st.Close()
		all, secret := b.add(store.Hook{URL: "https://example.org/all"})
		hers, _ := b.add(store.Hook{User: "anna", URL: "https://example.org/anna", Events: []string{RunEnded}, Items: []string{"a"}})
		b.add(store.Hook{User: "ben", URL: "https://example.org/ben"})
		stop := b.run()
		defer stop()
		x := Happening{Key: "run/1", Event: RunEnded, User: "anna", Item: "a", Data: RunTold{Item: "a", Result: "ok"}}
		for range 2 { // the second time it is known
			b.must(b.s.Tell(t.Context(), x, Happening{Key: "run/2", Event: RunEnded, User: "anna", Item: "b"}, Happening{Key: "p", Event: ProblemBegan, User: "anna", Item: "a"}))
		}
		synctest.Wait()
		if got := len(b.r.got); got != 4 || len(b.deliveries(all.ID)) != 3 || len(b.deliveries(hers.ID)) != 1 {
			t.Fatalf("%d requests, %+v", got, b.r.bodies)
		}
		i := slices.IndexFunc(b.r.bodies, func(s string) bool { return strings.Contains(s, `"result":"ok"`) })
		req, body := b.r.got[i], b.r.bodies[i]
		var p struct {
			ID, Type  string
			Timestamp time.Time
			Data      struct{ Item string }
		}
		b.must(json.Unmarshal([]byte(body), &p))
		if p.Type != RunEnded || p.Data.Item != "a" || p.ID != req.Header.Get("webhook-id") || !p.Timestamp.Equal(time.Now()) || req.Header.Get("Content-Type") != "application/json" || req.Method != "POST" {
			t.Errorf("%s with %v", body, req.Header)
		}
		if req.URL.Path == "/all" {
			if want, err := sign(secret, p.ID, time.Now().Unix(), []byte(body)); err != nil || req.Header.Get("webhook-signature") != want || req.Header.Get("webhook-timestamp") != fmt.Sprint(time.Now().Unix()) {
				t.Errorf("signed %v", req.Header)
			}
		}
		if d := b.deliveries(hers.ID)[0]; d.State != store.Sent || d.Status != 204 || d.Tries != 1 || d.Error != "" {
			t.Errorf("%+v", d)
		}
	})
}

// TestAgain: what did not arrive is sent again, later each time, under the same id, also after a restart; after three days it is given up, and the log says so.
func TestAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.st.Close()
		h, _ := b.add(store.Hook{User: "ben", URL: "https://example.org/"})
		b.r.answer = func(n int) (int, http.Header, error) {
			switch n {
			case 1:
				return 0, nil, errors.New("no route")
			case 2:
				return 503, http.Header{"Retry-After": {"600"}}, nil
			}
			return 302, http.Header{"Location": {"https://example.org/elsewhere"}}, nil
		}
		stop := b.run()
		b.must(b.s.Tell(t.Context(), Happening{Key: "x", Event: ProblemBegan, User: "ben"}))
		time.Sleep(time.Minute)
		stop()
		stop = b.run()
		time.Sleep(5 * 24 * time.Hour)
		synctest.Wait()
		stop()
		var gaps []string
		for i := 1; i < len(b.r.at); i++ {
			gaps = append(gaps, b.r.at[i].Sub(b.r.at[i-1]).String())
			if b.r.got[i].Header.Get("webhook-id") != b.r.got[0].Header.Get("webhook-id") || b.r.bodies[i] != b.r.bodies[0] || b.r.got[i].URL.Path != "/" {
				t.Errorf("the repeat is another message: %s", b.r.bodies[i])
			}
		}
		if want := "5s 10m0s 5m0s 30m0s 2h0m0s 5h0m0s 10h0m0s 14h0m0s 20h0m0s 24h0m0s"; strings.Join(gaps, " ") != want {
			t.Errorf("tried after %q", gaps)
		}
		d := b.deliveries(h.ID)[0]
		if d.State != store.Failed || d.Tries != 11 || d.Status != 302 || !strings.Contains(d.Error, "the receiver answered 302") {
			t.Errorf("%+v", d)
		}
		events, err := b.st.Events.List(t.Context(), 0, "", 0)
		b.must(err)
		if len(events) != 1 || events[0].User != "ben" || events[0].Level != store.Warning || !strings.Contains(events[0].Remedy, fmt.Sprintf("tandem webhook retry %d %d", h.ID, d.ID)) {
			t.Errorf("%+v", events)
		}
		b.r.answer = nil
		stop = b.run()
		defer stop()
		b.must(b.s.Retry(t.Context(), h.ID, d.ID))
		synctest.Wait()
		if d := b.deliveries(h.ID)[0]; d.State != store.Sent {
			t.Errorf("%+v", d)
		}
		time.Sleep(31 * 24 * time.Hour)
		b.s.Poke()
		synctest.Wait()
		if list := b.deliveries(h.ID); len(list) != 0 {
			t.Errorf("after a month: %+v", list)
		}
	})
}

// TestGone: a receiver that is gone for good switches its hook off; a hook that is off is sent nothing but tests.
func TestGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.st.Close()
		h, _ := b.add(store.Hook{User: "ben", URL: "https://example.org/"})
		stop := b.run()
		defer stop()
		b.r.answer = func(int) (int, http.Header, error) { return 410, http.Header{}, nil }
		b.must(b.s.Tell(t.Context(), Happening{Key: "x", Event: ProblemBegan, User: "ben"}))
		synctest.Wait()
		if h, err := b.s.Find(t.Context(), h.ID); err != nil || h.Enabled {
			t.Errorf("%+v, %v", h, err)
		}
		b.must(b.s.Tell(t.Context(), Happening{Key: "y", Event: ProblemBegan, User: "ben"}))
		b.r.answer = nil
		d, err := b.s.Try(t.Context(), h.ID)
		b.must(err)
		synctest.Wait()
		list := b.deliveries(h.ID)
		if len(list) != 2 || list[0].ID != d.ID || list[0].Event != Test || list[0].State != store.Sent || list[1].State != store.Failed || len(b.r.got) != 2 {
			t.Errorf("%+v", list)
		}
		// One that was on its way when its hook was switched off is not sent.
		h.Enabled = true
		_, err = b.s.Set(t.Context(), h)
		b.must(err)
		b.r.answer = func(int) (int, http.Header, error) { return 500, http.Header{}, nil }
		b.must(b.s.Tell(t.Context(), Happening{Key: "z", Event: ProblemBegan, User: "ben"}))
		synctest.Wait()
		h.Enabled = false
		_, err = b.s.Set(t.Context(), h)
		b.must(err)
		time.Sleep(time.Minute)
		synctest.Wait()
		if d := b.deliveries(h.ID)[0]; d.State != store.Failed || d.Error != "the webhook is switched off" || len(b.r.got) != 3 {
			t.Errorf("%+v after %d", d, len(b.r.got))
		}
	})
}

// TestPrivateAddresses: a member's hook does not reach into the hub's network, unless an administrator allows that; what is there is not told.
func TestPrivateAddresses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	defer b.st.Close()
	asked := make(chan string, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	defer srv.Close()
	b.s.cfg.Client = netguard.Client(Private, 10*time.Second)
	try := func(user string) store.Delivery {
		t.Helper()
		h, _ := b.add(store.Hook{User: user, URL: srv.URL + "/" + user})
		_, err := b.s.Try(t.Context(), h.ID)
		b.must(err)
		_, err = b.s.once(t.Context())
		b.must(err)
		return b.deliveries(h.ID)[0]
	}
	if d := try("ben"); d.State != store.Failed || !strings.Contains(d.Error, "not on the public Internet") || strings.Contains(d.Error, "127.0.0.1") || len(asked) != 0 {
		t.Errorf("%+v", d)
	}
	for _, user := range []string{"anna", ""} {
		if d := try(user); d.State != store.Sent || <-asked != "/"+user {
			t.Errorf("%q: %+v", user, d)
		}
	}
	b.must(b.s.SetPrivate(t.Context(), true))
	if d := try("ben"); d.State != store.Sent {
		t.Errorf("%+v", d)
	}
	b.must(b.s.SetPrivate(t.Context(), false))
	if on, err := b.s.MembersPrivate(t.Context()); on || err != nil {
		t.Errorf("%v, %v", on, err)
	}
}

func TestWrongHooks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	defer b.st.Close()
	for url, want := range map[string]string{"ftp://example.org/": "no http address", "https:///x": "no http address", "://": "no address", "https://a:secret@example.org/": "a password in an address", "/x": "no http address"} {
		_, _, err := b.s.Add(t.Context(), store.Hook{URL: url})
		if !tandem.IsKind(err, tandem.Invalid) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret@") {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, _, err := b.s.Add(t.Context(), store.Hook{URL: "https://example.org/", Events: []string{"x"}}); !tandem.IsKind(err, tandem.Invalid) || !strings.Contains(err.Error(), "choose of run.ended") {
		t.Errorf("%v", err)
	}
	if _, _, err := b.s.Add(t.Context(), store.Hook{User: "nobody", URL: "https://example.org/"}); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("%v", err)
	}
	for range maxHooks {
		b.add(store.Hook{User: "ben", URL: "https://example.org/"})
	}
	if _, _, err := b.s.Add(t.Context(), store.Hook{User: "ben", URL: "https://example.org/"}); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("one too many: %v", err)
	}
	h, secret := b.add(store.Hook{URL: "https://example.org/"})
	if again, err := b.s.Renew(t.Context(), h.ID); err != nil || again == secret || len(again) != len("whsec_")+44 {
		t.Errorf("%q, %v", again, err)
	}
	b.must(b.s.Remove(t.Context(), h.ID))
	if _, kept := b.secrets.m[secretName(h.ID)]; kept {
		t.Error("its key is still there")
	}
	for what, err := range map[string]error{"remove": b.s.Remove(t.Context(), h.ID), "retry": b.s.Retry(t.Context(), h.ID, 1)} {
		if !tandem.IsKind(err, tandem.NotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
