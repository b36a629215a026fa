package sim

import (
	"flag"
	"runtime"
	"sync"
	"testing"
	"time"

	"tandem"
	"tandem/kind"
	"tandem/kind/all"
)

var (
	count   = flag.Int("sim.n", 300, "histories to run")
	first   = flag.Uint64("sim.first", 1, "first seed")
	oneSeed = flag.Uint64("sim.seed", 0, "run only this seed, telling everything")
)

// play runs one history on a store of its own, and some of those between two places a second and third time for the check
// of order.
func play(h history, m mutant, kinds map[tandem.Kind]kind.Handler, log func(string, ...any)) error {
	if _, _, err := playOnce(h, false, m, kinds, log); err != nil || h.shape != direct || h.seed%3 != 0 {
		return err
	}
	return playBothWays(h, m, kinds, log)
}

// TestHistories plays random histories and checks the invariants at every quiet point.
func TestHistories(t *testing.T) {
	kinds := all.Kinds()
	if *oneSeed != 0 {
		h := makeHistory(*oneSeed)
		t.Log(h.script())
		if err := play(h, mutant{}, kinds, t.Logf); err != nil {
			small := shrink(h, func(h history) bool { return class(play(h, mutant{}, kinds, nil)) == class(err) })
			t.Logf("the shortest script that still fails:\n%s", small.script())
			t.Fatalf("%v\n\nplayed again, shortest: %v", err, play(small, mutant{}, kinds, t.Logf))
		}
		return
	}
	n := *count
	if testing.Short() {
		n = min(n, 60)
	}
	start := time.Now()
	for _, f := range failures(*first, n, mutant{}, kinds, 3) {
		small := shrink(makeHistory(f.seed), func(h history) bool { return class(play(h, mutant{}, kinds, nil)) == class(f.err) })
		t.Errorf("seed %d: %v\nthe shortest script that still fails (%d steps): %v\n%s\nagain with: go test ./test/sim -run TestHistories -sim.seed=%d -v",
			f.seed, f.err, len(small.steps), play(small, mutant{}, kinds, nil), small.script(), f.seed)
	}
	t.Logf("%d histories from seed %d in %s", n, *first, time.Since(start).Round(time.Millisecond))
}

type failure struct {
	seed uint64
	err  error
}

// failures plays n histories on all cores and returns the first few that fail, in the order of their seeds.
func failures(first uint64, n int, m mutant, kinds map[tandem.Kind]kind.Handler, most int) []failure {
	var mu sync.Mutex
	var found []failure
	var wg sync.WaitGroup
	seeds := make(chan uint64)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for seed := range seeds {
				if err := play(makeHistory(seed), m, kinds, nil); err != nil {
					mu.Lock()
					found = append(found, failure{seed, err})
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		mu.Lock()
		enough := len(found) >= most
		mu.Unlock()
		if enough {
			break
		}
		seeds <- first + uint64(i)
	}
	close(seeds)
	wg.Wait()
	return found
}

// TestMutants plants every known bug and requires that a history catches it.
func TestMutants(t *testing.T) {
	kinds := all.Kinds()
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			n := m.seeds
			if n == 0 {
				n = 400
			}
			found := failures(max(m.first, 1), n, m, kinds, 1)
			if len(found) == 0 {
				t.Fatalf("%d histories did not catch it", n)
			}
			t.Logf("caught by seed %d: %.300v", found[0].seed, found[0].err)
		})
	}
}
