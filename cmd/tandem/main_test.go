package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// usualGC sets the collector as it is where the environment says nothing of it, for the time of a test.
func usualGC(t *testing.T) {
	was := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(was) })
}

// gcPercent reads what the collector is set to.
func gcPercent() int {
	now := debug.SetGCPercent(100)
	debug.SetGCPercent(now)
	return now
}

func TestHasteEnds(t *testing.T) {
	usualGC(t)
	before := gcPercent()
	end := haste(func(string) string { return "" })
	if during := gcPercent(); during <= before {
		t.Errorf("%d during a run, %d before", during, before)
	}
	end()
	if after := gcPercent(); after != before {
		t.Errorf("%d after a run, %d before", after, before)
	}
}

// TestHasteWanes checks that garbage is looked for more often once it was looked for, and never after the run.
func TestHasteWanes(t *testing.T) {
	usualGC(t)
	before := gcPercent()
	end := haste(func(string) string { return "" })
	first := gcPercent()
	runtime.GC()
	for gcPercent() == first { // the collector calls when it is done
		runtime.Gosched()
	}
	if now := gcPercent(); now <= before {
		t.Errorf("%d later in a run, %d before", now, before)
	}
	end()
	end = haste(func(string) string { return "" })
	end()
	runtime.GC()
	runtime.GC()
	if after := gcPercent(); after != before {
		t.Errorf("%d after a run that ended before the collector came, %d before", after, before)
	}
}

func TestEnvironmentStands(t *testing.T) {
	before := gcPercent()
	limit := debug.SetMemoryLimit(-1)
	env := func(name string) string { return map[string]string{"GOGC": "50", "GOMEMLIMIT": "1GiB"}[name] }
	defer haste(env)()
	thrift(env)
	if now := gcPercent(); now != before {
		t.Errorf("%d although GOGC is set, %d before", now, before)
	}
	if now := debug.SetMemoryLimit(-1); now != limit {
		t.Errorf("the limit is %d although GOMEMLIMIT is set, %d before", now, limit)
	}
}
