package web

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/test/hubkit"
)

var large = flag.Int("web.large", 0, "how many records TestLargeRun syncs while pages are open; 0: it is not run")

// watcher follows the stream of what happens as a browser does: when the line breaks, it comes back.
type watcher struct {
	url, password string

	mu    sync.Mutex // guards what follows
	came  []time.Time
	seen  int    // records that the last progress told of
	ended string // the result of the last run
	wake  chan struct{}
	lines int // how often the stream was begun
}

// follow reads the stream until ctx is done.
func (w *watcher) follow(ctx context.Context) {
	for ctx.Err() == nil {
		w.once(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond): // the hub asks browsers to wait two seconds
		}
	}
}

func (w *watcher) once(ctx context.Context) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/api/events?types=progress,run", nil)
	if err != nil {
		return
	}
	req.SetBasicAuth(user, w.password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		return // the hub is not there just now
	}
	defer resp.Body.Close()
	w.note(func() { w.lines++ })
	event := ""
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		switch name, value, _ := strings.Cut(lines.Text(), ": "); name {
		case "event":
			event = value
		case "data":
			w.heard(event, value)
		}
	}
}

// heard notes a message.
func (w *watcher) heard(event, data string) {
	var m struct {
		Progress struct {
			Home    int `json:"home"`
			Partner int `json:"partner"`
			Done    int `json:"done"`
		}
		Report *struct{}
		Error  any
	}
	if json.Unmarshal([]byte(data), &m) != nil {
		return
	}
	w.note(func() {
		switch event {
		case "progress":
			w.came, w.seen = append(w.came, time.Now()), w.seen+1
		case "run":
			if w.ended = "ok"; m.Report == nil || m.Error != nil {
				w.ended = "failed"
			}
		}
	})
}

func (w *watcher) note(f func()) {
	w.mu.Lock()
	f()
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// until waits until what was heard is as wanted.
func (w *watcher) until(t *testing.T, what string, is func() bool) {
	t.Helper()
	after := time.After(patience)
	for {
		w.mu.Lock()
		ok := is()
		w.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-w.wake:
		case <-after:
			t.Fatalf("waited too long for %s: %d messages, %d streams, ended %q", what, len(w.came), w.lines, w.ended)
		}
	}
}

// patience is how long TestLargeRun waits for anything.
const patience = 15 * time.Minute

// gaps are how long it took from one progress to the next, the longest last.
func gaps(came []time.Time) (out []time.Duration) {
	for i := 1; i < len(came); i++ {
		out = append(out, came[i].Sub(came[i-1]))
	}
	slices.Sort(out)
	return out
}

// TestLargeRun syncs as many records as -web.large says while a page is asked for again and again and the stream is open: progress is at most a second old, give or take what
// a busy computer takes, pages answer meanwhile, and both go on after the hub was ended in the middle and came back.
func TestLargeRun(t *testing.T) {
	if *large == 0 {
		t.Skip("give -web.large=100000")
	}
	h := startHub(t)
	h.cli(password+"\n", "user", "add", user, "--password-file", "-")
	if err := os.MkdirAll(h.dir("book"), 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range *large {
		if err := os.WriteFile(filepath.Join(h.dir("book"), fmt.Sprintf("%d.vcf", i)), []byte(card(fmt.Sprintf("u%d", i), fmt.Sprintf("Name %d", i))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	h.cli("", "item", "add", "contacts", "vdir:"+h.dir("book"), "--name", "book", "--mode", "manual", "--user", user)
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	w := &watcher{url: h.url, password: password, wake: make(chan struct{}, 1)}
	all.Go(func() { w.follow(ctx) })
	w.until(t, "the stream", func() bool { return w.lines == 1 })
	p := &asker{t: t, base: h.url}
	p.logIn()

	begin := func() (*exec.Cmd, time.Time) {
		t.Helper()
		cmd := exec.Command(hubkit.Program(t), "sync", "book", "--data", h.data)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd, time.Now()
	}
	one, _ := begin()
	w.until(t, "some progress", func() bool { return len(w.came) >= 2 || w.ended != "" })
	h.restart()
	_ = one.Wait() // its hub went
	w.until(t, "the stream to come back", func() bool { return w.lines >= 2 })
	w.note(func() { w.came, w.ended = nil, "" })

	two, began := begin()
	asked := make(chan struct{})
	all.Go(func() { p.ask(ctx, asked) })
	w.until(t, "the end of the run", func() bool { return w.ended != "" })
	took := time.Since(began)
	close(asked)
	if err := two.Wait(); err != nil {
		t.Errorf("the sync: %v", err)
	}
	stop()
	all.Wait()
	list := gaps(w.came)
	if w.ended != "ok" || len(list) < 3 {
		t.Fatalf("the run ended %s after %d messages", w.ended, len(list))
	}
	slices.Sort(p.took)
	t.Logf("%d records, the rest after a restart in %s: %d messages of progress, the median after %s, the longest after %s; the page was asked for %d times: median %s, slowest %s", *large, took.Round(time.Second),
		len(list)+1, list[len(list)/2].Round(time.Millisecond), list[len(list)-1].Round(time.Millisecond), len(p.took), p.took[len(p.took)/2].Round(time.Millisecond), p.took[len(p.took)-1].Round(time.Millisecond))
	if worst := list[len(list)*95/100]; worst > time.Second {
		t.Errorf("progress is %s old", worst)
	}
	if worst := p.took[len(p.took)*95/100]; worst > time.Second {
		t.Errorf("the page takes %s", worst)
	}
	if said := h.cli("", "collection", "list", "--json"); !strings.Contains(said, fmt.Sprintf(`"records": %d`, *large)) {
		t.Errorf("not all of them came: %s", said)
	}
}

// asker is somebody who asks for the Sync Center again and again.
type asker struct {
	t      *testing.T
	base   string
	client http.Client
	took   []time.Duration
}

func (a *asker) logIn() {
	a.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		a.t.Fatal(err)
	}
	a.client.Jar = jar
	resp, err := a.client.PostForm(a.base+"/login", url.Values{"name": {user}, "password": {password}})
	if err != nil {
		a.t.Fatal(err)
	}
	if text := body(a.t, resp); !strings.Contains(text, `id="board"`) {
		a.t.Fatalf("log in: %d %s", resp.StatusCode, text)
	}
}

// ask asks until it is told to stop.
func (a *asker) ask(ctx context.Context, done <-chan struct{}) {
	again := time.NewTicker(250 * time.Millisecond)
	defer again.Stop()
	for {
		began := time.Now()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+"/", nil)
		if err != nil {
			a.t.Error(err)
			return
		}
		resp, err := a.client.Do(req)
		if err != nil {
			a.t.Errorf("the page is not answered: %v", err)
			return
		}
		if text := body(a.t, resp); resp.StatusCode != http.StatusOK || !strings.Contains(text, "book") {
			a.t.Errorf("the page: %d", resp.StatusCode)
		}
		a.took = append(a.took, time.Since(began))
		select {
		case <-done:
			return
		case <-again.C:
		}
	}
}
