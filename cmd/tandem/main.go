// Command tandem is a sync center: it brings places in step in one line, and keeps them so as a hub.
package main

import (
	"os"
	"runtime/debug"
	_ "time/tzdata" // zones of calendars must be known everywhere
)

func main() {
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
// little behind on its way, and looking for it takes a good part of the time of a short one. Where memory grows, the limit of
// thrift takes over. What the user's environment says stands.
func haste(env func(string) string) (end func()) {
	if env("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(300)
	return func() { debug.SetGCPercent(before) }
}
