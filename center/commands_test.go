package center

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/center/command"
	"tandem/store"
)

// shell stands for the system's.
type shell struct {
	mu     sync.Mutex // guards what follows
	ran    []command.Job
	answer func(ctx context.Context, j command.Job) (string, error)
}

func (s *shell) run(ctx context.Context, j command.Job) (string, error) {
	s.mu.Lock()
	s.ran = append(s.ran, j)
	answer := s.answer
	s.mu.Unlock()
	if answer == nil {
		return "", nil
	}
	return answer(ctx, j)
}

func (s *shell) lines() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, j := range s.ran {
		out = append(out, j.Line)
	}
	s.ran = nil
	return strings.Join(out, " ")
}

// commanded is a hub with one item that runs commands.
func commanded(t *testing.T) (*world, *shell) {
	t.Helper()
	w, s := newWorld(t, plain, "a"), &shell{}
	w.hub.cfg.Command = s.run
	w.put("a", "1", card("1", "Anna"))
	w.add("contacts", "a", "item", func(n *NewItem) { n.Mode = Manual })
	it, err := w.hub.SetItem(t.Context(), "item", map[string]string{"before": "B", "after": "A", "command-timeout": "90s"})
	if err != nil {
		t.Fatal(err)
	}
	if got := CommandsText(it); got != "before: B; after: A (90s each at most)" {
		t.Errorf("%q", got)
	}
	return w, s
}

func (w *world) syncItem(opt SyncOptions) SyncNews {
	w.t.Helper()
	var last SyncNews
	if err := w.hub.Sync(w.t.Context(), []string{"item"}, opt, func(n SyncNews) { last = n }); err != nil {
		w.t.Fatal(err)
	}
	return last
}

func (w *world) logged(part string) (list []store.Event) {
	w.t.Helper()
	all, err := w.hub.FindEvents(w.t.Context(), EventFilter{EventFilter: store.EventFilter{Text: part}})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// home lists the records of a home collection.
func (w *world) home(name string) []store.HomeRecord {
	w.t.Helper()
	colls, err := w.store.Home.Collections(w.t.Context(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range colls {
		if c.Name == name {
			list, _, err := w.store.Home.Since(w.t.Context(), c.ID, 0, 0)
			if err != nil {
				w.t.Fatal(err)
			}
			return list
		}
	}
	return nil
}

// TestCommandsAroundARun: both run, and the second is told how the run ended.
func TestCommandsAroundARun(t *testing.T) {
	w, s := commanded(t)
	defer w.close()
	var env []string
	first := true
	s.answer = func(_ context.Context, j command.Job) (string, error) {
		if j.Time != 90*time.Second {
			t.Errorf("it may take %s", j.Time)
		}
		if j.Line == "A" {
			env = j.Env
			return "all\nsaid", nil
		}
		if first && len(w.home("contacts")) != 0 {
			t.Error("the run began before the command")
		}
		first = false
		return "", nil
	}
	if got := done(w.syncItem(SyncOptions{})); !strings.HasPrefix(got, "A +1") {
		t.Fatal(got)
	}
	if got := s.lines(); got != "B A" {
		t.Errorf("ran %q", got)
	}
	for _, want := range []string{"TANDEM_PHASE=after", "TANDEM_ITEM=item", "TANDEM_USER=me", "TANDEM_HOME=contacts", "TANDEM_KIND=contact", "TANDEM_RESULT=ok", "TANDEM_HOME_CREATED=1", "TANDEM_PARTNER_CREATED=0", "TANDEM_CONFLICTS=0"} {
		if !slices.Contains(env, want) {
			t.Errorf("%q lacks %s", env, want)
		}
	}
	if list := w.logged("the command after the run wrote: all; said"); len(list) != 1 || list[0].Session == 0 || list[0].Item != "item" || list[0].User != "me" {
		t.Errorf("%+v", list)
	}
	w.syncItem(SyncOptions{})
	if list := w.logged("wrote"); len(list) != 1 {
		t.Errorf("the same output is told %d times", len(list))
	}
	s.lines()
	w.syncItem(SyncOptions{Preview: true})
	if got := s.lines(); got != "B A" || !slices.Contains(env, "TANDEM_PREVIEW=1") {
		t.Errorf("a preview ran %q with %q", got, env)
	}
}

// TestFailingCommandStopsTheRun: nothing is read or written, the error says why, and is told once as long as it stays the same.
func TestFailingCommandStopsTheRun(t *testing.T) {
	w, s := commanded(t)
	defer w.close()
	s.answer = func(context.Context, command.Job) (string, error) {
		return "looking\nno disk", errors.New("it ended with exit status 3: no disk")
	}
	for range 2 {
		n := w.syncItem(SyncOptions{})
		if n.Err == nil || n.Err.Kind != tandem.Transient || n.Err.Op != "run the command before" || n.Err.Thing != "item" || !strings.Contains(n.Err.Text, "no disk") || !strings.Contains(n.Err.Remedy, "tandem item set item before=") {
			t.Fatalf("%+v", n.Err)
		}
	}
	if got := s.lines(); got != "B B" {
		t.Errorf("ran %q", got)
	}
	if a, b := w.logged("run the command before"), w.logged("looking; no disk"); len(a) != 1 || a[0].Level != store.Error || len(b) != 1 {
		t.Errorf("%+v\n%+v", a, b)
	}
	st, err := w.hub.Status(t.Context(), []string{"item"})
	if err != nil || st[0].Failing == "" || st[0].Last == nil || st[0].Last.Result != "failed" {
		t.Errorf("%+v, %v", st, err)
	}
	s.answer = nil
	if got := done(w.syncItem(SyncOptions{})); !strings.HasPrefix(got, "A +1") {
		t.Error(got)
	}
}

// TestCommandAfterAFailure is told of it; that it fails itself is a warning.
func TestCommandAfterAFailure(t *testing.T) {
	w, s := commanded(t)
	defer w.close()
	w.setFail("a", &tandem.Error{Kind: tandem.Denied, Op: "log in", Thing: "a"})
	var env []string
	s.answer = func(_ context.Context, j command.Job) (string, error) {
		if env = j.Env; j.Line == "A" {
			return "", errors.New("it ended with exit status 1")
		}
		return "", nil
	}
	if n := w.syncItem(SyncOptions{}); n.Err == nil || n.Err.Kind != tandem.Denied {
		t.Fatalf("%+v", n)
	}
	if !slices.Contains(env, "TANDEM_RESULT=failed") || !slices.Contains(env, "TANDEM_CODE=denied") || !slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, "TANDEM_ERROR=log in a") }) {
		t.Errorf("%q", env)
	}
	if list := w.logged("the command after the run failed"); len(list) != 1 || list[0].Level != store.Warning {
		t.Errorf("%+v", list)
	}
}

// TestStoppedCommands: a run that is stopped does not wait for its command, and the one after it has a moment.
func TestStoppedCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := commanded(t)
		defer w.close()
		ended := map[string]time.Duration{}
		stuck := "B"
		var begun time.Time
		s.answer = func(ctx context.Context, j command.Job) (string, error) {
			if j.Line != stuck {
				return "", nil
			}
			begun = time.Now()
			<-ctx.Done()
			ended[j.Line] = time.Since(begun)
			return "", ctx.Err()
		}
		for _, stuck = range []string{"B", "A"} {
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				time.Sleep(10 * time.Second)
				cancel()
			}()
			var last SyncNews
			err := w.hub.Sync(ctx, []string{"item"}, SyncOptions{}, func(n SyncNews) { last = n })
			if err != nil || stuck == "B" && last.Err == nil {
				t.Errorf("%s: %+v, %v", stuck, last, err)
			}
		}
		if ended["B"] != 10*time.Second || ended["A"] != 10*time.Second+commandGrace {
			t.Errorf("%v", ended)
		}
	})
}

func TestSetCommands(t *testing.T) {
	w, _ := commanded(t)
	defer w.close()
	for set, want := range map[string]string{"command-timeout=x": "set time limit", "before=" + strings.Repeat("x", 5000): "put it into a script"} {
		key, value, _ := strings.Cut(set, "=")
		if _, err := w.hub.SetItem(t.Context(), "item", map[string]string{key: value}); !tandem.IsKind(err, tandem.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", key, err)
		}
	}
	it, err := w.hub.SetItem(t.Context(), "item", map[string]string{"before": "", "after": "", "command-timeout": ""})
	if err != nil || it.Commands != "" {
		t.Errorf("%+v, %v", it, err)
	}
}
