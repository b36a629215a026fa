// Command tandem is a sync center: it brings places in step in one line, and keeps them so as a hub.
package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	_ "time/tzdata" // zones of calendars must be known everywhere
)

func main() {
	runtime.MemProfileRate = 0 // nothing here asks for that profile
	thrift(os.Getenv)
	os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// thrift has the garbage collector work harder before memory grows beyond what a small computer has to spare: a run over
// hundreds of thousands of records should fit there. It is a soft limit, never a failure, and what the user's
// environment says stands.
func thrift(env func(string) string) {
	if env("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(224 << 20)
	}
}

// haste has the garbage collector look less often, until the returned function is called: a run that ends by itself leaves
// little behind on its way, and looking for it takes a good part of the time of a short one. The first look comes at some
// 40 MiB, more than a short run takes, the later ones earlier, so that a longer run does not take much more than it needs. What
// the user's environment says stands.
func haste(env func(string) string) (end func()) {
	if env("GOGC") != "" {
		return func() {}
	}
	var mu sync.Mutex
	ended := false
	before := debug.SetGCPercent(1000)
	runtime.AddCleanup(&struct{ itself any }{}, func(bool) { // nobody holds it: it goes at the first look
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			debug.SetGCPercent(300)
		}
	}, true)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		ended = true
		debug.SetGCPercent(before)
	}
}
