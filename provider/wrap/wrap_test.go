package wrap_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem"
	"tandem/provider"
	"tandem/provider/memory"
	"tandem/provider/providertest"
	"tandem/provider/wrap"
)

// clock is a clock that passes only by being slept on.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	return nil
}

func (c *clock) sleeps() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint(c.slept)
}

func create(id string) tandem.Write {
	return tandem.Write{Op: tandem.Create, ID: tandem.ID(id), Marker: tandem.Marker("m" + id), Record: tandem.Record{Body: tandem.Bytes(id)}}
}

func sample(n, v, size int) []byte {
	head := fmt.Sprintf("record %d version %d", n, v)
	return []byte(head + strings.Repeat(".", max(0, size-len(head))))
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// Every wrapper, and all of them on top of each other, keep the contract.
func TestWrappersConform(t *testing.T) {
	for name, around := range map[string]func(*provider.Opened) *provider.Opened{
		"Retry": func(o *provider.Opened) *provider.Opened { return wrap.Retry(o, wrap.Patience{}, &clock{}) },
		"RateLimit": func(o *provider.Opened) *provider.Opened {
			return wrap.RateLimit(o, wrap.Rate{PerSecond: 50}, &clock{})
		},
		"Trace":  func(o *provider.Opened) *provider.Opened { return wrap.Trace(o, discard(), &clock{}) },
		"DryRun": wrap.DryRun,
		"All": func(o *provider.Opened) *provider.Opened {
			c := &clock{}
			return wrap.Trace(wrap.Retry(wrap.RateLimit(o, wrap.Rate{PerSecond: 1000, Burst: 7}, c), wrap.Patience{}, c), discard(), c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			providertest.Run(t, providertest.Factory{Kind: tandem.Contact, Body: sample, New: func(t *testing.T) *providertest.Place {
				s := memory.New(t.TempDir(), memory.Knobs{Parks: true, Cursor: true, Watch: true, Digester: true,
					Inspect: func(b []byte) (tandem.Digest, string) { return sha256.Sum256(b), "" }})
				return &providertest.Place{
					Open: func(context.Context) (*provider.Opened, error) { return around(s.Open()), nil },
					Edit: func(id tandem.ID, body []byte) error {
						if body == nil {
							s.Remove(id)
							return nil
						}
						return s.Put(id, body, "")
					},
				}
			}})
		})
	}
}

// plain, and the like below, have some of the optional interfaces.
type plain struct{ provider.Replica }

type flushing struct{ plain }

func (flushing) Flush(context.Context) error { return nil }

type parking struct{ plain }

func (parking) Unpark(context.Context, string) (tandem.Record, error) {
	return tandem.Record{ID: "kept"}, nil
}
func (parking) Purge(context.Context, int64) (int64, error) { return 7, nil }

type flushingParking struct {
	plain
	flushing1
	parking1
}
type flushing1 struct{}

func (flushing1) Flush(context.Context) error { return nil }

type parking1 struct{}

func (parking1) Unpark(context.Context, string) (tandem.Record, error) { return tandem.Record{}, nil }
func (parking1) Purge(context.Context, int64) (int64, error)           { return 0, nil }

// advancing moves cursors, as plain does not.
type advancing struct{ plain }

func (advancing) Advance(next tandem.Cursor) tandem.Cursor { return next + "+" }

// goingOn goes on from one cursor.
type goingOn struct{ provider.Replica }

func (goingOn) Resume(_ tandem.Identity, since tandem.Cursor) bool { return since == "c" }

// TestResumesThroughWrappers: what can go on from a cursor can do so through every wrapper, and nothing else can.
func TestResumesThroughWrappers(t *testing.T) {
	for can, inner := range map[bool]*provider.Opened{true: memory.New("a", memory.Knobs{}).Open(), false: memory.New("b", memory.Knobs{}).Open()} {
		if can {
			inner.Replica = goingOn{inner.Replica}
		}
		o := wrap.Retry(wrap.RateLimit(wrap.Trace(wrap.DryRun(inner), discard(), &clock{}), wrap.Rate{PerSecond: 1}, &clock{}), wrap.Patience{}, &clock{})
		x := o.Replica.(provider.Resumer)
		if got := x.Resume(tandem.Identity{}, "c"); got != can {
			t.Errorf("it can: %v, it does: %v", can, got)
		}
		if x.Resume(tandem.Identity{}, "d") {
			t.Error("it goes on from any cursor")
		}
	}
}

// A cursor goes through any number of wrappers to the replica that can advance it, and stays what it is for one that cannot.
func TestCursorsAdvanceThroughWrappers(t *testing.T) {
	inner := plain{memory.New("x", memory.Knobs{}).Open().Replica}
	for want, r := range map[tandem.Cursor]provider.Replica{"c+": advancing{inner}, "c": inner} {
		o := &provider.Opened{Replica: r}
		o = wrap.Retry(wrap.RateLimit(wrap.Trace(wrap.DryRun(o), discard(), &clock{}), wrap.Rate{PerSecond: 1}, &clock{}), wrap.Patience{}, &clock{})
		if got := o.Replica.(provider.Advancer).Advance("c"); got != want {
			t.Errorf("%T: the cursor became %q, want %q", r, got, want)
		}
	}
}

func skills(r provider.Replica) string {
	_, d := r.(provider.Digester)
	_, p := r.(provider.Parker)
	_, f := r.(provider.Flusher)
	return fmt.Sprintf("digester %v, parker %v, flusher %v", d, p, f)
}

func TestOptionalInterfacesAreKept(t *testing.T) {
	digesting := memory.New("x", memory.Knobs{Digester: true}).Open().Replica // a parker too
	inner := memory.New("x", memory.Knobs{}).Open().Replica
	for _, r := range []provider.Replica{plain{inner}, flushing{plain{inner}}, parking{plain{inner}}, flushingParking{plain: plain{inner}}, digesting, inner} {
		o := &provider.Opened{Replica: r}
		for name, w := range map[string]*provider.Opened{
			"retry": wrap.Retry(o, wrap.Patience{}, &clock{}), "rate": wrap.RateLimit(o, wrap.Rate{PerSecond: 1}, &clock{}),
			"trace": wrap.Trace(o, discard(), &clock{}), "dry run": wrap.DryRun(o),
		} {
			if got, want := skills(w.Replica), skills(r); got != want {
				t.Errorf("%s of %T has %s, want %s", name, r, got, want)
			}
		}
	}
	if rec, err := wrap.DryRun(&provider.Opened{Replica: parking{plain{inner}}}).Replica.(provider.Parker).Unpark(t.Context(), "x"); err != nil || rec.ID != "kept" {
		t.Errorf("unpark: %v, %v", rec, err)
	}
	if _, err := wrap.DryRun(&provider.Opened{Replica: parking{plain{inner}}}).Replica.(provider.Parker).Purge(t.Context(), 1); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("a dry run purges: %v", err)
	}
}

func TestRetryOfWrites(t *testing.T) {
	fails := map[tandem.ID]int{"twice": 2, "always": 100}
	s := memory.New("x", memory.Knobs{Fault: func(w tandem.Write) memory.Fault {
		if fails[w.ID]--; fails[w.ID] >= 0 {
			return memory.Fault{Later: 2}
		}
		return memory.Fault{LostAnswer: w.ID == "lost"}
	}})
	c := &clock{}
	o := wrap.Retry(s.Open(), wrap.Patience{Tries: 4, First: time.Second, Longest: 3 * time.Second}, c)
	out, err := o.Apply(t.Context(), []tandem.Write{create("once"), create("twice"), create("always"), create("lost")})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []tandem.Status{tandem.Applied, tandem.Applied, tandem.RetryAfter, tandem.Maybe} {
		if out[i].Status != want {
			t.Errorf("write %d: %v, want %v", i, out[i].Status, want)
		}
	}
	if got := c.sleeps(); got != "[2s 2s 3s]" {
		t.Errorf("waited %s", got)
	}
	if s.Len() != 3 {
		t.Errorf("%d records, want 3", s.Len())
	}
}

func TestRetryLeavesLongWaitsToALaterRun(t *testing.T) {
	s := memory.New("x", memory.Knobs{Fault: func(tandem.Write) memory.Fault { return memory.Fault{Later: 3600} }})
	c := &clock{}
	out, err := wrap.Retry(s.Open(), wrap.Patience{}, c).Apply(t.Context(), []tandem.Write{create("a")})
	if err != nil || out[0].Status != tandem.RetryAfter || out[0].Wait != 3600 || c.sleeps() != "[]" {
		t.Errorf("%+v, %v, waited %s", out, err, c.sleeps())
	}
}

func TestRetryOfListingsAndFetches(t *testing.T) {
	fails := map[string]int{}
	s := memory.New("x", memory.Knobs{})
	for _, id := range []tandem.ID{"a", "b", "c"} {
		if err := s.Put(id, []byte(id), ""); err != nil {
			t.Fatal(err)
		}
	}
	s.Tune(func(k *memory.Knobs) {
		k.Hook = func(step string, id tandem.ID) error {
			if key := step + " " + string(id); fails[key] > 0 {
				fails[key]--
				return tandem.Errorf(tandem.Transient, "not now: %s", key)
			}
			return nil
		}
	})
	c := &clock{}
	o := wrap.Retry(s.Open(), wrap.Patience{Tries: 3}, c)
	list := func() (string, error, bool) {
		seq, end := o.Changes(t.Context(), "")
		var ids []string
		for ch, err := range seq {
			if err != nil {
				return strings.Join(ids, ""), err, end().Complete
			}
			ids = append(ids, string(ch.ID))
		}
		return strings.Join(ids, ""), nil, end().Complete
	}
	fails["changes "] = 2
	if ids, err, complete := list(); ids != "abc" || err != nil || !complete {
		t.Errorf("listed %q, %v, complete: %v", ids, err, complete)
	}
	fails["changes "] = 3
	if ids, err, complete := list(); ids != "" || !tandem.IsKind(err, tandem.Transient) || complete {
		t.Errorf("listed %q, %v, complete: %v", ids, err, complete)
	}
	fails["list b"] = 1 // something was listed already
	if ids, err, complete := list(); ids != "a" || !tandem.IsKind(err, tandem.Transient) || complete {
		t.Errorf("listed %q, %v, complete: %v", ids, err, complete)
	}

	fetch := func() string {
		var got []string
		for rec, err := range o.Fetch(t.Context(), []tandem.ID{"a", "gone", "b", "c"}) {
			if err == nil {
				got = append(got, string(rec.ID)+" ok")
			} else {
				got = append(got, fmt.Sprint(rec.ID, " ", tandem.KindOf(err)))
			}
		}
		return strings.Join(got, ", ")
	}
	fails["fetch b"] = 1
	want := "a ok, gone not found, b ok, c ok"
	if got := fetch(); got != want {
		t.Errorf("fetched %s, want %s", got, want)
	}
	fails["fetch b"] = 3
	if got := fetch(); !strings.Contains(got, "b temporary failure") {
		t.Errorf("fetched %s", got)
	}
	s.Tune(func(k *memory.Knobs) { k.Down = tandem.Errorf(tandem.Denied, "no") })
	before := c.sleeps()
	if _, err := o.Identity(t.Context()); !tandem.IsKind(err, tandem.Denied) || c.sleeps() != before {
		t.Errorf("identity: %v, waited %s", err, c.sleeps())
	}
}

func TestRateLimit(t *testing.T) {
	s := memory.New("x", memory.Knobs{})
	c := &clock{}
	o := wrap.RateLimit(s.Open(), wrap.Rate{PerSecond: 10, Burst: 5}, c)
	var writes []tandem.Write
	for i := range 25 {
		writes = append(writes, create(fmt.Sprint(i)))
	}
	out, err := o.Apply(t.Context(), writes)
	if err != nil || len(out) != 25 || s.Len() != 25 {
		t.Fatalf("%d outcomes, %d records, %v", len(out), s.Len(), err)
	}
	if took := c.Now().Sub(time.Time{}); took != 2*time.Second {
		t.Errorf("25 writes took %v at 10 per second after a burst of 5, want 2s", took)
	}
	if o.Features.Batch != 5 {
		t.Errorf("batch %d", o.Features.Batch)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out, err = o.Apply(ctx, writes)
	if !errors.Is(err, context.Canceled) || len(out) != 25 || out[24].Status != tandem.RetryAfter {
		t.Errorf("%d outcomes, %v", len(out), err)
	}
	if same := s.Open(); wrap.RateLimit(same, wrap.Rate{}, c) != same {
		t.Error("no limit wraps")
	}
}

func TestTrace(t *testing.T) {
	var buf bytes.Buffer
	log := slog.New(slog.NewTextHandler(&buf, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := memory.New("x", memory.Knobs{})
	o := wrap.Trace(s.Open(), log, &clock{})
	if _, err := o.Apply(t.Context(), []tandem.Write{create("secret-body")}); err != nil {
		t.Fatal(err)
	}
	s.Tune(func(k *memory.Knobs) { k.Down = tandem.Errorf(tandem.Unreadable, "unplugged") })
	_, _ = o.Identity(t.Context())
	for _, want := range []string{"call=apply", "records=1", "place=memory:x", "call=identity", "error=unplugged"} {
		if !strings.Contains(buf.String(), want) {
			t.Errorf("the trace lacks %s: %s", want, buf.String())
		}
	}
	if strings.Contains(buf.String(), "secret-body") {
		t.Error("the trace has a body in it")
	}
}

func TestSystemClock(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	if err := (wrap.SystemClock{}).Sleep(ctx, time.Nanosecond); err != nil {
		t.Error(err)
	}
	cancel()
	if err := (wrap.SystemClock{}).Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := (wrap.SystemClock{}).Sleep(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
