package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/center"
	"tandem/server/listen"
	"tandem/store"
	"tandem/test/easclient"
)

// watched is a hub that serves and is watched, with an administrator anna and a user ben.
type watched struct {
	*testing.T
	h          *hub
	base, self string // the hub's address, and that of its metrics
	app        string // an app password of anna's
}

const watchToken = "a token of nobody's own"

func startWatched(t *testing.T) *watched {
	t.Helper()
	k := &watched{T: t}
	dir := t.TempDir()
	token := filepath.Join(dir, "token")
	k.must(os.WriteFile(token, []byte(strings.ReplaceAll(watchToken, " ", "-")+"\n"), 0o600))
	log := slog.New(slog.DiscardHandler)
	w, err := newWatch(watchFlags{listen: "http://127.0.0.1:0", token: token}, log)
	k.must(err)
	k.h, err = openHub(filepath.Join(dir, "hub"), hubOptions{watch: w})
	k.must(err)
	for _, name := range []string{"anna", "ben"} {
		_, err := k.h.AddUser(t.Context(), store.User{Name: name}, "correct horse")
		k.must(err)
	}
	made, err := k.h.AddAppPassword(t.Context(), "anna", "script")
	k.must(err)
	k.app = made.Password
	d, err := k.h.openDoors(doorPlan{addresses: []listen.Address{{Host: "127.0.0.1", Port: "0"}}}, log)
	k.must(err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	a := &app{in: strings.NewReader(""), out: io.Discard, err: io.Discard}
	go func() { done <- a.serveQuietly(ctx, k.h, d) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-done, k.h.Close()); err != nil {
			t.Error(err)
		}
	})
	k.base, k.self = d.srv.Addresses()[0].String(), w.srv.Addresses()[0].String()
	return k
}

func (k *watched) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *watched) get(url string, change ...func(*http.Request)) (int, string) {
	k.Helper()
	req, err := http.NewRequestWithContext(k.Context(), http.MethodGet, url, nil)
	k.must(err)
	for _, f := range change {
		f(req)
	}
	resp, err := http.DefaultClient.Do(req)
	k.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	k.must(err)
	return resp.StatusCode, string(body)
}

// TestWatched checks who is told what about a hub that serves.
func TestWatched(t *testing.T) {
	k := startWatched(t)
	as := func(name, password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(name, password) }
	}
	bearer := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	}
	right := strings.ReplaceAll(watchToken, " ", "-")
	for name, c := range map[string]struct {
		url  string
		with func(*http.Request)
		code int
		says string
	}{
		"live":                      {k.base + "/healthz", func(*http.Request) {}, 200, "ok\n"},
		"ready":                     {k.base + "/readyz", func(*http.Request) {}, 200, `{"ready":true,"checks":{"addresses":"ok","store":"ok"}}`},
		"ready, here":               {k.self + "/readyz", func(*http.Request) {}, 200, `"ready":true`},
		"metrics, here":             {k.self + "/metrics", func(*http.Request) {}, 200, "tandem_ready 1\n"},
		"metrics, by another name":  {k.self + "/metrics", func(r *http.Request) { r.Host = "evil.example:9464" }, 403, ""},
		"metrics, nobody":           {k.base + "/metrics", func(*http.Request) {}, 401, ""},
		"metrics, an administrator": {k.base + "/metrics", as("anna", "correct horse"), 200, "tandem_store_rows{sort=\"users\"} 2\n"},
		"metrics, a user":           {k.base + "/metrics", as("ben", "correct horse"), 403, ""},
		"metrics, an app password":  {k.base + "/metrics", as("anna", k.app), 403, ""},
		"metrics, the token":        {k.base + "/metrics", bearer(right), 200, "tandem_build_info"},
		"metrics, another token":    {k.base + "/metrics", bearer(right + "x"), 401, ""},
		"metrics, an empty token":   {k.base + "/metrics", bearer(""), 401, ""},
		"items, with the token":     {k.base + "/api/items", bearer(right), 401, ""},
		"nothing else here":         {k.self + "/api/items", func(*http.Request) {}, 404, ""},
	} {
		code, body := k.get(c.url, c.with)
		if code != c.code || !strings.Contains(body, c.says) {
			t.Errorf("%s: %d %.300s", name, code, body)
		}
		if code != 200 && strings.Contains(body, "tandem_") {
			t.Errorf("%s: it tells metrics all the same", name)
		}
	}
	checks, err := k.h.Checks(t.Context(), "")
	k.must(err)
	found := 0
	for _, c := range checks {
		if strings.HasPrefix(c.Name, "ready: ") && c.Level == "ok" {
			found++
		}
	}
	if found != 2 {
		t.Errorf("the Health page does not show them: %+v", checks)
	}
}

// TestCounted checks that a run and a phone's requests are counted, and that nobody's name is among the metrics.
func TestCounted(t *testing.T) {
	k := startWatched(t)
	book := filepath.Join(t.TempDir(), "zoes-book")
	k.must(os.Mkdir(book, 0o700))
	k.must(os.WriteFile(filepath.Join(book, "1.vcf"), []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u1\r\nFN:Zoe Zebra\r\nN:Zebra;Zoe;;;\r\nEND:VCARD\r\n"), 0o600))
	_, err := k.h.AddItem(t.Context(), center.NewItem{Home: "contacts", Partner: "vdir:" + book, User: "ben", Mode: center.Manual, Name: "zoes-item"})
	k.must(err)
	k.must(k.h.Sync(t.Context(), []string{"zoes-item"}, center.SyncOptions{Preview: true}, func(center.SyncNews) {}))
	k.must(k.h.Sync(t.Context(), []string{"zoes-item"}, center.SyncOptions{}, func(center.SyncNews) {}))
	p := k.phone("ZOESPHONE")
	k.must(p.FolderSync(t.Context()))
	_, text := k.get(k.self + "/metrics")
	for _, want := range []string{`tandem_runs_total{kind="contact",result="ok"} 1`, `tandem_records_written_total{kind="contact",op="create",side="home"} 1`,
		`tandem_store_records{kind="contact"} 1`, `tandem_eas_requests_total{code="200",command="FolderSync",status="1"} 1`, `tandem_http_requests_total{code="2xx",door="eas",method="POST"}`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	for _, name := range []string{"zoe", "Zoe", "ZOE", "ben", "anna", "contacts", book} {
		for _, line := range strings.Split(text, "\n") {
			if strings.Contains(line, name) && !strings.HasPrefix(line, "#") {
				t.Errorf("%q is told: %s", name, line)
			}
		}
	}
}

func (k *watched) phone(id string) *easclient.Phone {
	return easclient.NewPhone(&easclient.Client{HTTP: http.DefaultClient, Base: k.base, User: "ben", Password: "correct horse", DeviceID: id, DeviceType: "iPhone", Agent: "Apple-iPhone15C2/2101.44", Version: "16.1"})
}

// TestTraced has a phone traced while it syncs, and looks at what was written down.
func TestTraced(t *testing.T) {
	k := startWatched(t)
	p := k.phone("BENSPHONE")
	k.must(p.FolderSync(t.Context()))
	none, err := k.h.DeviceTrace(t.Context(), "", "BENSPHONE")
	if err != nil || none.On || len(none.Exchanges) != 0 {
		t.Fatalf("before: %+v, %v", none, err)
	}
	st, err := k.h.TraceDevice(t.Context(), center.TraceOrder{ID: "BENSPHONE", Seconds: 600})
	if err != nil || !st.On || st.Until-st.Begun != 600 {
		t.Fatalf("%+v, %v", st, err)
	}
	k.must(p.FolderSync(t.Context()))
	got, err := k.h.DeviceTrace(t.Context(), "ben", "BENS")
	k.must(err)
	if len(got.Exchanges) != 1 {
		t.Fatalf("%+v", got)
	}
	e := got.Exchanges[0]
	if e.Command != "FolderSync" || e.HTTP != 200 || !strings.Contains(e.Asked, "<SyncKey>") || !strings.Contains(e.Answered, "<Status>1</Status>") {
		t.Errorf("%+v", e)
	}
	if all := e.Asked + e.Answered + strings.Join(e.Head, "\n"); strings.Contains(all, "Calendar") && strings.Contains(all, "DisplayName>Cal") || strings.Contains(all, "correct") || strings.Contains(all, "Authorization") {
		t.Errorf("it tells too much: %s", all)
	}
	if st, err = k.h.TraceDevice(t.Context(), center.TraceOrder{ID: "BENSPHONE", Off: true}); err != nil || st.On {
		t.Errorf("off: %+v, %v", st, err)
	}
	k.must(p.FolderSync(t.Context()))
	if got, _ := k.h.DeviceTrace(t.Context(), "ben", "BENSPHONE"); len(got.Exchanges) != 1 {
		t.Errorf("after its end: %+v", got)
	}
}

// TestWatchFlags checks what the flags take.
func TestWatchFlags(t *testing.T) {
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range []watchFlags{{listen: "http://:9464"}, {listen: "http://192.0.2.1:9464"}, {listen: "https://127.0.0.1:9464"}, {listen: "9464"}, {token: short}, {token: short + "-missing"}} {
		if w, err := newWatch(f, nil); !errors.As(err, &errUsage{}) {
			t.Errorf("%+v: %v, %v", f, w, err)
		}
	}
	for _, f := range []watchFlags{{listen: "http://[::1]:9464"}, {listen: "http://localhost:9464"}} {
		if _, _, err := f.parse(); err != nil {
			t.Errorf("%+v: %v", f, err)
		}
	}
}
