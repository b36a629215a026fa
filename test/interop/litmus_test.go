package interop

import (
	"os/exec"
	"regexp"
	"testing"

	"tandem/internal/need"
	"tandem/test/davkit"
)

// TestLitmus runs litmus, the test suite of neon's author for WebDAV servers, against a tree of files: every test of every suite passes, without a warning.
func TestLitmus(t *testing.T) {
	t.Parallel()
	program := need.Program(t, "litmus")
	for _, suite := range []string{"basic", "copymove", "props", "locks", "http"} {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			k := davkit.New(t)
			cmd := exec.CommandContext(t.Context(), program, "-k", k.Server.URL+"/dav/files/ann/files/", "ann", davkit.Password)
			cmd.Dir = t.TempDir() // it leaves logs behind
			cmd.Env = append(cmd.Environ(), "TESTS="+suite)
			out, err := cmd.CombinedOutput()
			sum := litmusSum.FindStringSubmatch(string(out))
			if err != nil || sum == nil || sum[1] != sum[2] || litmusBad.Match(out) {
				t.Fatalf("%v\n%s", err, out)
			}
			t.Logf("%s: %s tests pass", suite, sum[1])
		})
	}
}

var (
	litmusSum = regexp.MustCompile(`of (\d+) tests run: (\d+) passed, 0 failed`)
	litmusBad = regexp.MustCompile(`WARNING|SKIPPED|FAIL|skipped`)
)
