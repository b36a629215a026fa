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

// thrift lets the garbage collector spend time rather than memory: a run over hundreds of thousands of records should
// fit into a small computer. What the user's environment says about it stands.
func thrift(env func(string) string) {
	if env("GOGC") == "" {
		debug.SetGCPercent(40)
	}
	if env("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(224 << 20) // from here on collect harder still; a soft limit, never a failure
	}
}
