package engine

import (
	"flag"
	"os"
	"testing"
)

// TestMain gives the random tests one seed and a few seconds' worth of trees, so that a run of the tests says the same every
// time. A longer run names its own: CONTRIBUTING.md has the command.
func TestMain(m *testing.M) {
	fixed := map[string]string{"rapid.seed": "1", "rapid.checks": "300", "rapid.nofailfile": "true"}
	flag.Parse()
	flag.Visit(func(f *flag.Flag) { delete(fixed, f.Name) })
	for name, value := range fixed {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
