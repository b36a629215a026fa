package plugin

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/provider"
)

// misbehaving is a place of a program that does what its name says, under narrow bounds.
func misbehaving(t *testing.T, how string, env provider.Env) (*provider.Opened, error) {
	t.Helper()
	r, err := Ask(t.Context(), []string{os.Args[0], "misbehave", how})
	if err != nil {
		t.Fatal(err)
	}
	r.bounds = bounds{patience: 200 * time.Millisecond, silence: 500 * time.Millisecond, held: 4 << 20, wants: 8}
	if how == "leaves somebody" || how == "leaves somebody and dies" {
		r.bounds.silence = time.Hour
	}
	return r.Provider().Open(t.Context(), provider.Place{Provider: "bad", Path: "x", Text: "bad:x"}, env)
}

func misbehavingWell(t *testing.T, how string) *provider.Opened {
	t.Helper()
	o, err := misbehaving(t, how, provider.Env{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	return o
}

// soon fails where something does not return long before what a program left behind ends.
func soon(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { f(); close(done) }()
	select {
	case <-done:
	case <-time.After(15 * time.Second):
		t.Fatalf("%s hangs", what)
	}
}

// TestLeftBehind: what a program started may hold the end of its output, and holds up nothing.
func TestLeftBehind(t *testing.T) {
	o := misbehavingWell(t, "leaves somebody")
	if _, err := o.Identity(t.Context()); err != nil {
		t.Fatal(err)
	}
	soon(t, "closing", func() { _ = o.Close() })
	o = misbehavingWell(t, "leaves somebody and dies")
	soon(t, "a question", func() {
		if _, err := o.Identity(t.Context()); !tandem.IsKind(err, tandem.Unreadable) || !strings.Contains(err.Error(), "ended") {
			t.Error(err)
		}
	})
}

// TestSaysNothing: a program that hangs is ended, and its place is unreadable.
func TestSaysNothing(t *testing.T) {
	o := misbehavingWell(t, "says nothing")
	soon(t, "a question", func() {
		for range 2 {
			if _, err := o.Identity(t.Context()); !tandem.IsKind(err, tandem.Unreadable) || !strings.Contains(err.Error(), "says nothing any more") {
				t.Error(err)
			}
		}
	})
}

// TestTalksOn: a program that says more than anybody takes does not fill the hub's memory.
func TestTalksOn(t *testing.T) {
	for how, want := range map[string]string{"talks on": "more than anybody takes", "wants on": "things of the hub at once"} {
		o, err := misbehaving(t, how, provider.Env{Keep: slow{t.Context()}})
		if err != nil {
			t.Fatal(err)
		}
		seq, _ := o.Changes(t.Context(), "")
		first, last := true, error(nil)
		soon(t, how, func() {
			for _, err := range seq {
				if last = err; first {
					first = false
					<-o.Replica.(*replica).p.over // a reader that is slow
				}
			}
		})
		if !tandem.IsKind(last, tandem.Unreadable) || !strings.Contains(last.Error(), want) {
			t.Errorf("%s: %v", how, last)
		}
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}
}

// slow keeps what it is asked for until the test is over.
type slow struct{ ctx context.Context }

// Get implements provider.Keeper.
func (s slow) Get(ctx context.Context, _ string) (string, error) {
	select {
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
	return "", errors.New("too late")
}

// Put implements provider.Keeper.
func (slow) Put(context.Context, string, string) error { return nil }

// TestLies: what does not keep the contract is an error of the place, and nothing is concluded from it.
func TestLies(t *testing.T) {
	if _, err := misbehaving(t, "another kind", provider.Env{}); err == nil || !strings.Contains(err.Error(), "did not declare") {
		t.Error(err)
	}
	for _, how := range []string{"fetches nothing", "fetches others"} {
		o, n := misbehavingWell(t, how), 0
		if f := o.Features; f.Workers != maxWorkers || f.Batch != 0 {
			t.Errorf("%+v", f)
		}
		for rec, err := range o.Fetch(t.Context(), []tandem.ID{"a", "b"}) {
			if n++; !tandem.IsKind(err, tandem.Unreadable) {
				t.Errorf("%s: %s: %v", how, rec.ID, err)
			}
		}
		if n == 0 {
			t.Errorf("%s: silence is not told", how)
		}
	}
	for _, how := range []string{"lists no version", "lists no id"} {
		o, last := misbehavingWell(t, how), error(nil)
		seq, end := o.Changes(t.Context(), "")
		for _, err := range seq {
			last = err
		}
		if !tandem.IsKind(last, tandem.Unreadable) || end().Complete {
			t.Errorf("%s: %v, %+v", how, last, end())
		}
	}
	o := misbehavingWell(t, "names nothing")
	outs, err := o.Apply(t.Context(), []tandem.Write{{Op: tandem.Create, Record: tandem.Record{Body: tandem.Bytes("{}")}}})
	if err == nil || outs[0].Status != tandem.Maybe {
		t.Errorf("%+v %v", outs, err)
	}
	outs, err = o.Apply(t.Context(), []tandem.Write{{Op: tandem.Create, ID: "a", Record: tandem.Record{Body: torn{}}}})
	if err != nil || outs[0].Status != tandem.RetryAfter {
		t.Errorf("of a body that cannot be read now: %+v %v", outs, err)
	}
}

type torn struct{ tandem.Bytes }

// Open implements tandem.Body.
func (torn) Open() (io.ReadCloser, error) {
	return nil, tandem.Errorf(tandem.Unreadable, "not now")
}

// TestManyHints: hints that nobody takes are no more than a few.
func TestManyHints(t *testing.T) {
	told := make(chan string, 1)
	o, err := misbehaving(t, "hints", provider.Env{Tell: func(_ context.Context, text string) { told <- text }})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	hints, err := o.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	<-told
	p := o.Replica.(*replica).p
	for p.owed() > 0 { // until the answers before that were taken
		runtime.Gosched()
	}
	if len(hints) == 0 || len(hints) > 16 {
		t.Errorf("%d hints wait", len(hints))
	}
}

// owed is how many bytes of answers nobody took.
func (p *process) owed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held
}
