package session_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/kind/mail"
	"tandem/provider/memory"
	"tandem/session"
)

// crowd counts how many calls of Apply are under way on a side at a time; each takes a second.
type crowd struct{ now, most atomic.Int64 }

func (c *crowd) watch(w *world, s tandem.Side) {
	w.side[s].Tune(func(k *memory.Knobs) {
		k.Hook = func(at string, _ tandem.ID) error {
			if at == "apply" {
				n := c.now.Add(1)
				for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); most = c.most.Load() {
				}
				time.Sleep(time.Second)
				c.now.Add(-1)
			}
			return nil
		}
	})
}

// newMails makes two empty mailboxes: their kind is one whose bodies may be too large for memory.
func newMails(t *testing.T, knobs ...func(*memory.Knobs)) *world {
	w := makeWorld(t, mail.Handler{}, memory.Knobs{Kind: tandem.Mail, Attrs: true}, knobs)
	w.rules.Guard.Off = true
	return w
}

func (w *world) fillA(n int) (bodies []string) {
	for i := range n {
		body := fmt.Sprintf("name=N%d\nuid=u%d\n", i, i)
		if w.kind.Kind() == tandem.Mail {
			body = fmt.Sprintf("Message-ID: <u%d@example.org>\n\nNews %d\n", i, i)
		}
		w.put(a, fmt.Sprint("c", i), body)
		bodies = append(bodies, body)
	}
	return bodies
}

// TestBatchesOfCreatesOverlap where the place says that it takes them so, and nowhere else.
func TestBatchesOfCreatesOverlap(t *testing.T) {
	for name, make := range map[string]func(*testing.T, ...func(*memory.Knobs)) *world{"cards": newWorld, "mail": newMails, "files": newTrees} {
		for _, overlap := range []bool{true, false} {
			t.Run(fmt.Sprint(name, overlap), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := make(t, func(k *memory.Knobs) { k.Batch, k.Workers, k.Overlap = 2, 1, overlap })
					bodies := w.fillA(9)
					var c crowd
					c.watch(w, b)
					began := time.Now()
					r := w.sync()
					want, took := int64(1), 5*time.Second
					if overlap && name != "files" {
						want, took = 2, 3*time.Second
					}
					if got := c.most.Load(); got != want {
						t.Errorf("%d at a time, want %d", got, want)
					}
					if got := time.Since(began).Truncate(time.Second); got != took {
						t.Errorf("it took %v, want %v", got, took)
					}
					if r.Done[b].Creates != 9 || r.Left != 0 {
						t.Errorf("report %+v", r.Done[b])
					}
					w.want(bodies...)
					w.quiet()
				})
			})
		}
	}
}

// afloat counts the records that were fetched on A and are not written on B yet, and those that were fetched at all.
type afloat struct {
	mu               sync.Mutex
	now, most, total int
}

func (f *afloat) watch(w *world, apply func()) {
	count := func(step string, by int) func(*memory.Knobs) {
		return func(k *memory.Knobs) {
			k.Hook = func(at string, _ tandem.ID) error {
				if at == "apply" {
					apply()
				}
				if at == step {
					f.mu.Lock()
					defer f.mu.Unlock()
					f.now += by
					f.most = max(f.most, f.now)
					f.total += max(by, 0)
				}
				return nil
			}
		}
	}
	w.side[a].Tune(count("fetch", 1))
	w.side[b].Tune(count("written", -1))
}

// TestBatchesAreBoundedByBytes: what is on its way at a time is bounded by the bytes of a batch, also of a kind whose large bodies are passed on by reference: a place may
// hold the smaller ones in memory.
func TestBatchesAreBoundedByBytes(t *testing.T) {
	for _, overlap := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := newMails(t, func(k *memory.Knobs) { k.Batch, k.Workers, k.Overlap = 100, 1, overlap })
			for i := range 60 {
				w.put(a, fmt.Sprint("m", i), fmt.Sprintf("Message-ID: <u%d@example.org>\n\n%s", i, strings.Repeat("x", 10<<10)))
			}
			var f afloat
			f.watch(w, func() { time.Sleep(time.Second) })
			w.sync(func(o *session.Options) { o.Batch = 55 << 10 })
			if want := 5 * 4; f.most > want || f.most < 5 {
				t.Errorf("%d messages were on their way at a time, want at most %d", f.most, want)
			}
			if got := len(w.bodies(b)); got != 60 {
				t.Errorf("%d messages", got)
			}
			w.quiet()
		})
	}
}

// TestWhatCannotBeWrittenIsNotFetched: once a place fails as a whole, the other one is not read to its end for nothing; the next run makes up for it.
func TestWhatCannotBeWrittenIsNotFetched(t *testing.T) {
	for _, overlap := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := newMails(t, func(k *memory.Knobs) { k.Batch, k.Workers, k.Overlap = 2, 1, overlap })
			bodies := w.fillA(60)
			var f afloat
			f.watch(w, func() { time.Sleep(time.Second) })
			w.side[b].Tune(func(k *memory.Knobs) { k.Quota = 200 })
			r, err := w.try()
			if !tandem.IsKind(err, tandem.Full) {
				t.Errorf("error %v", err)
			}
			if made := len(w.bodies(b)); made == 0 || made != len(w.rows()) || r.Left != 60-made {
				t.Errorf("%d made, %d recorded, %d left", made, len(w.rows()), r.Left)
			}
			if f.total > 20 {
				t.Errorf("%d of 60 messages were fetched, %d written", f.total, len(w.bodies(b)))
			}
			w.side[b].Tune(func(k *memory.Knobs) { k.Quota = 0 })
			w.sync()
			w.want(bodies...)
			w.quiet()
		})
	}
}

// TestOtherBatchesDoNotOverlap: what changes or removes records waits for what was begun before it.
func TestOtherBatchesDoNotOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(k *memory.Knobs) { k.Batch, k.Workers, k.Overlap = 1, 1, true })
		w.rules.Guard.Off = true
		w.fillA(6)
		w.sync()
		for i := range 3 {
			w.put(a, fmt.Sprint("c", i), fmt.Sprintf("name=Other%d\nuid=u%d\n", i, i))
		}
		w.remove(a, "c3", "c4")
		var c crowd
		c.watch(w, b)
		w.sync()
		if got := c.most.Load(); got != 1 {
			t.Errorf("%d at a time", got)
		}
		w.want("name=Other0\nuid=u0\n", "name=Other1\nuid=u1\n", "name=Other2\nuid=u2\n", "name=N5\nuid=u5\n")
		w.quiet()
	})
}

// TestAPlaceFillsUpWhileBatchesOverlap: what was made is recorded, what was not is made by the next run, and nothing twice.
func TestAPlaceFillsUpWhileBatchesOverlap(t *testing.T) {
	for quota := int64(0); quota < 150; quota += 13 {
		w := newWorld(t, func(k *memory.Knobs) { k.Batch, k.Workers, k.Overlap = 2, 1, true })
		bodies := w.fillA(9)
		w.side[b].Tune(func(k *memory.Knobs) { k.Quota = quota + 1 })
		if _, err := w.try(); !tandem.IsKind(err, tandem.Full) && len(w.bodies(b)) < 9 {
			t.Errorf("quota %d: error %v", quota, err)
		}
		if made, rows := len(w.bodies(b)), len(w.rows()); made != rows {
			t.Errorf("quota %d: %d made and %d recorded", quota, made, rows)
		}
		w.side[b].Tune(func(k *memory.Knobs) { k.Quota = 0 })
		w.sync()
		w.want(bodies...)
		w.quiet()
	}
}

// TestLostAnswersWhileBatchesOverlap: each is asked for by its marker while the next batch is being written.
func TestLostAnswersWhileBatchesOverlap(t *testing.T) {
	for n := range 3 {
		w := newWorld(t, func(k *memory.Knobs) { k.Batch, k.Workers, k.Overlap = 2, 1, true })
		bodies := w.fillA(9)
		var writes atomic.Int64
		w.side[b].Tune(func(k *memory.Knobs) {
			k.Fault = func(tandem.Write) memory.Fault { return memory.Fault{LostAnswer: writes.Add(1)%3 == int64(n)} }
		})
		w.sync()
		w.side[b].Tune(func(k *memory.Knobs) { k.Fault = nil })
		w.want(bodies...)
		if rows := len(w.rows()); rows != 9 {
			t.Errorf("%d rows", rows)
		}
		w.quiet()
	}
}
