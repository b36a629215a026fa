package center

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/center/progress"
	"tandem/center/when"
	"tandem/provider/memory"
	"tandem/session"
)

// line is a computer whose connections come up as a test lets them, with a diary.
type line struct {
	mu    sync.Mutex
	diary []string
	fail  error
	let   chan struct{} // nil: they come up at once
}

func (l *line) note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.diary = append(l.diary, text)
}

// read is the diary since it was last read.
func (l *line) read() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := strings.Join(l.diary, ", ")
	l.diary = nil
	return out
}

func (l *line) connect(ctx context.Context, name string) (func(context.Context) error, error) {
	l.note("up " + name)
	if l.let != nil {
		select {
		case <-ctx.Done():
			l.note("given up")
			return nil, ctx.Err()
		case <-l.let:
		}
	}
	if l.fail != nil {
		return nil, l.fail
	}
	return func(ctx context.Context) error {
		l.note("down " + name)
		return ctx.Err()
	}, nil
}

// dialWorld is a world whose items a and b, of two collections, need the connection Office.
func dialWorld(t *testing.T) (*world, *line) {
	w, l := newWorld(t, memory.Knobs{}, "a", "b"), &line{}
	w.hub.cfg.Connect = l.connect
	for _, p := range []string{"a", "b"} {
		w.add("c"+p, p, p)
		w.set(p, "when", "at 12:00; connect Office; zone UTC; spread 0")
	}
	run := w.hub.cfg.Run
	w.hub.cfg.Run = func(ctx context.Context, p session.Pair, o session.Options) (*session.Report, error) {
		l.note("run")
		return run(ctx, p, o)
	}
	return w, l
}

// TestSM13RunBringsUpItsConnection before it, by hand and by itself, and takes it down after it; without it there is no run.
func TestSM13RunBringsUpItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, l := dialWorld(t)
		defer w.close()
		w.sync("a")
		if got := l.read(); got != "up Office, run, down Office" {
			t.Errorf("by hand: %s", got)
		}
		if err := w.hub.RemoveItem(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		w.start()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if got := l.read(); got != "up Office, run, down Office" {
			t.Errorf("by itself: %s", got)
		}
		l.fail = &tandem.Error{Kind: tandem.Transient, Op: "bring up connection", Thing: "Office", Err: errors.New("no answer")}
		res, err := w.hub.Result(t.Context(), []int64{w.begin(SyncOptions{}, "a")[0].Run})
		if err != nil || res.Items[0].Status != progress.Disconnected || !strings.Contains(res.Items[0].Text, "Office") || l.read() != "up Office" {
			t.Errorf("%+v, %v", res, err)
		}
		l.fail = nil
		w.sync("a")
		if got := l.read(); !strings.HasPrefix(got, "up Office, run, down Office") {
			t.Errorf("after a failure: %s", got)
		}
		w.hub.cfg.Connect = nil
		if res, err := w.hub.Result(t.Context(), []int64{w.begin(SyncOptions{}, "a")[0].Run}); err != nil || res.Status != progress.Failed || !strings.Contains(res.Items[0].Text, "cannot bring up any") {
			t.Errorf("%+v, %v", res, err)
		}
	})
}

// TestSM13SharedAndStopped: runs at the same time share a connection, which goes down after the last; one that is stopped while it comes up ends at once, and the attempt
// with the last that waits.
func TestSM13SharedAndStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, l := dialWorld(t)
		defer w.close()
		w.start()
		l.let = make(chan struct{})
		w.begin(SyncOptions{}, "a")
		w.begin(SyncOptions{}, "b")
		synctest.Wait()
		if got := l.read(); got != "up Office" {
			t.Errorf("two runs: %s", got)
		}
		if got, err := w.hub.Stop(t.Context(), []string{"a"}); err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
		synctest.Wait()
		if got := l.read(); got != "" {
			t.Errorf("one of two stopped: %s", got)
		}
		close(l.let)
		synctest.Wait()
		if got := l.read(); got != "run, down Office" {
			t.Errorf("let: %s", got)
		}
		l.let = make(chan struct{})
		run := w.begin(SyncOptions{}, "a")[0].Run
		synctest.Wait()
		if _, err := w.hub.Stop(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if res, err := w.hub.Result(t.Context(), []int64{run}); err != nil || res.Status != progress.Cancelled {
			t.Errorf("%+v, %v", res, err)
		}
		synctest.Wait()
		if got := l.read(); got != "up Office, given up" {
			t.Errorf("stopped: %s", got)
		}
		l.let = make(chan struct{})
		w.begin(SyncOptions{}, "a")
		w.begin(SyncOptions{}, "b")
		synctest.Wait()
		close(l.let)
		synctest.Wait()
		if got := l.read(); got != "up Office, run, run, down Office" {
			t.Errorf("shared: %s", got)
		}
	})
}

// What a run brings itself is not waited for.
func TestSM13NoWaitForWhatIsBroughtUp(t *testing.T) {
	p, err := when.Parse("continuous; only on network Office VPN; connect Office VPN")
	if err != nil || p.Connect != "Office VPN" {
		t.Fatalf("%+v, %v", p, err)
	}
	for _, s := range []when.State{{Networks: []string{}}, {Network: true, Offline: true, Networks: []string{"Home"}}} {
		if d := p.Decide(time.Unix(0, 0), time.UTC, s); !d.Go {
			t.Errorf("%+v waits for %s", s, d.Why)
		}
	}
}
