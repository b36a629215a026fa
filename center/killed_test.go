package center

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/center/webhook"
	"tandem/provider/memory"
	"tandem/session"
	"tandem/store"
	"tandem/store/sqlite"
)

// TestMain is also a hub that is killed, if its environment says so.
func TestMain(m *testing.M) {
	if dir := os.Getenv("CENTER_TEST_KILLED"); dir != "" {
		step, _ := strconv.Atoi(os.Getenv("CENTER_TEST_STEP"))
		if err := killedHub(dir, step, os.Getenv("CENTER_TEST_FAIL") != ""); err != nil {
			fmt.Println(err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// hooksOf makes a service for webhooks over a store.
func hooksOf(st *store.Store, to http.RoundTripper) *webhook.Service {
	return webhook.New(webhook.Config{Hooks: st.Hooks, Accounts: st.Accounts, Settings: st.Settings, Events: st.Events, Secrets: pocket{}, Client: &http.Client{Transport: to}})
}

// killedHub runs one item whose run has something to do, or fails before it begins, and kills its own process at a step of it: between any two steps of the session,
// and at the latest when the session has ended and the hub has not yet done anything more.
func killedHub(dir string, step int, fail bool) error {
	st, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		return err
	}
	var steps int
	die := func() {
		if steps++; steps == step {
			p, _ := os.FindProcess(os.Getpid())
			_ = p.Kill()
			select {}
		}
	}
	st.Events = dying{st.Events, die}
	w := overStore(st, memory.Knobs{}, "a")
	w.hub.cfg.Hooks = hooksOf(st, nil)
	w.hub.cfg.Run = func(ctx context.Context, p session.Pair, o session.Options) (*session.Report, error) {
		o.Fault = func(string) error { die(); return nil }
		rep, err := session.Run(ctx, session.Deps{Store: st}, p, o)
		die()
		return rep, err
	}
	if fail {
		w.fail["a"] = &tandem.Error{Kind: tandem.Denied, Op: "log in", Thing: "a", Err: errors.New("wrong password")}
	}
	if err := w.places["a"].Put("1", card("1", "Anna"), ""); err != nil {
		return err
	}
	err = w.hub.Sync(context.Background(), []string{"item"}, SyncOptions{}, func(SyncNews) {})
	return errors.Join(err, w.hub.Close(), st.Close())
}

// dying are events of a hub that dies around the end of a run.
type dying struct {
	store.Events
	die func()
}

func (d dying) EndRun(ctx context.Context, r store.Run, last []store.Event, tell ...store.Delivery) error {
	d.die()
	err := d.Events.EndRun(ctx, r, last, tell...)
	d.die()
	return err
}

// counter takes deliveries, and counts them by their id.
type counter struct {
	mu   sync.Mutex // guards what follows
	runs []webhook.RunTold
	ids  map[string]int
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var p struct {
		ID   string
		Data webhook.RunTold
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs = append(c.runs, p.Data)
	c.ids[p.ID]++
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// TestRunEndedSurvivesKills kills a hub at each step of a run, the end included. Whenever the store says that the run ended, a hub that starts afterwards tells
// webhooks so, once; and nothing is told of a run that did not end.
func TestRunEndedSurvivesKills(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]bool{"works": false, "fails": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := 0
			for step := 1; ; step++ {
				if step > 60 {
					t.Fatal("it is killed for ever")
				}
				dir := t.TempDir()
				prepare(t, dir)
				child := exec.Command(os.Args[0], "-test.run=^$")
				child.Env = append(os.Environ(), "CENTER_TEST_KILLED="+dir, "CENTER_TEST_STEP="+strconv.Itoa(step))
				if fail {
					child.Env = append(child.Env, "CENTER_TEST_FAIL=1")
				}
				out, err := child.CombinedOutput()
				var exit *exec.ExitError
				if err != nil && (!errors.As(err, &exit) || exit.ExitCode() == 3) {
					t.Fatalf("step %d: %v: %s", step, err, out)
				}
				var told, finished int
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(time.Until(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))) // what the child queued is due
					told, finished = afterwards(t, dir)
				})
				if told != finished {
					t.Errorf("killed at step %d: %d runs ended, and webhooks were told of %d", step, finished, told)
				}
				if err != nil {
					ended += finished
					continue
				}
				if finished != 1 {
					t.Errorf("the last run is not recorded")
				}
				if ended == 0 {
					t.Error("the hub was never killed after the run had ended")
				}
				return
			}
		})
	}
}

func prepare(t *testing.T, dir string) {
	t.Helper()
	st, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := overStore(st, memory.Knobs{}, "a")
	w.t = t
	defer w.close()
	w.hub.cfg.Hooks = hooksOf(st, nil)
	w.add("contacts", "a", "item", func(n *NewItem) { n.Mode = Manual })
	if _, err := w.hub.AddWebhook(t.Context(), store.Hook{URL: "https://example.org/", Events: []string{webhook.RunEnded}}); err != nil {
		t.Fatal(err)
	}
}

// afterwards starts the part of a hub that sends, twice, and says how many runs webhooks were told of, and how many the store says have ended.
func afterwards(t *testing.T, dir string) (told, finished int) {
	t.Helper()
	st, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	c := &counter{ids: map[string]int{}}
	for range 2 {
		s := hooksOf(st, c)
		hooks, err := st.Hooks.Hooks(t.Context(), "*")
		if err != nil || len(hooks) != 1 {
			t.Fatal(hooks, err)
		}
		if _, err := s.Renew(t.Context(), hooks[0].ID); err != nil { // its keys are in memory
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() { s.Run(ctx) })
		synctest.Wait()
		cancel()
		group.Wait()
	}
	runs, err := st.Events.Runs(t.Context(), store.RunFilter{Item: "item"})
	if err != nil {
		t.Fatal(err)
	}
	byID := map[int64]string{}
	for _, r := range runs {
		if r.Finished != 0 {
			byID[r.ID] = r.Result
		}
	}
	for _, r := range c.runs {
		if byID[r.Run] != r.Result || r.Item != "item" || r.Ended.IsZero() {
			t.Errorf("told of %+v, but the store has %v", r, byID)
		}
	}
	for id, n := range c.ids {
		if n != 1 {
			t.Errorf("%s was sent %d times", id, n)
		}
	}
	return len(c.runs), len(byID)
}
