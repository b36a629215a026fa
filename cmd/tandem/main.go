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
