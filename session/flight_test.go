package session_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/provider/memory"
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

func (w *world) fillA(n int) (bodies []string) {
	for i := range n {
		body := fmt.Sprintf("name=N%d\nuid=u%d\n", i, i)
		w.put(a, fmt.Sprint("c", i), body)
		bodies = append(bodies, body)
	}
	return bodies
}

// TestBatchesOfCreatesOverlap where the place says that it takes them so, and nowhere else.
func TestBatchesOfCreatesOverlap(t *testing.T) {
	for _, overlap := range []bool{true, false} {
		t.Run(fmt.Sprint(overlap), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, func(k *memory.Knobs) { k.Batch, k.Workers, k.Overlap = 2, 1, overlap })
				bodies := w.fillA(9)
				var c crowd
				c.watch(w, b)
				began := time.Now()
				r := w.sync()
				want, took := int64(1), 5*time.Second
				if overlap {
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
