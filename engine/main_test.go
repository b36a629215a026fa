package engine

import (
	"flag"
	"os"
	"testing"
)

// TestMain gives the random tests one seed, so that a run of the tests says the same every time. A longer run names another:
// CONTRIBUTING.md has the command.
func TestMain(m *testing.M) {
	flag.Parse()
	named := false
	flag.Visit(func(f *flag.Flag) { named = named || f.Name == "rapid.seed" || f.Name == "rapid.failfile" })
	if !named && os.Getenv("RAPID_SEED") == "" {
		for name, value := range map[string]string{"rapid.seed": "1", "rapid.nofailfile": "true"} {
			if err := flag.Set(name, value); err != nil {
				panic(err)
			}
		}
	}
	os.Exit(m.Run())
}
