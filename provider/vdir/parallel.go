package vdir

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// inParallel runs a few of work at the same time. Each asks part for the numbers below n, until there are none left.
func inParallel(n int, work func(part func() (int, bool)) error) error {
	var next atomic.Int64
	part := func() (int, bool) {
		i := int(next.Add(1)) - 1
		return i, i < n
	}
	workers := min(n/16+1, runtime.GOMAXPROCS(0), 8)
	errs := make([]error, workers)
	var all sync.WaitGroup
	for w := 1; w < workers; w++ {
		all.Go(func() { errs[w] = work(part) })
	}
	errs[0] = work(part)
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
