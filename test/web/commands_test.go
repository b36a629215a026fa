package web

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"tandem/test/hubkit"
)

// TestEveryFormHasACommand: what a form does can be done on the command line: each command that doc/web.md names for one is there.
func TestEveryFormHasACommand(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("../../doc/web.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(body), "| form | API | command line |\n|---|---|---|\n")
	if !ok {
		t.Fatal("doc/web.md has no table of forms")
	}
	seen := map[string]bool{}
	for row := range strings.Lines(table) {
		cells := strings.Split(row, "|")
		if len(cells) < 5 {
			break
		}
		for _, c := range strings.Split(strings.ReplaceAll(strings.TrimSpace(cells[3]), "`", ""), ", ") {
			name, ok := strings.CutPrefix(c, "tandem ")
			if !ok || seen[name] {
				continue
			}
			seen[name] = true
			words := strings.Fields(name)
			out, err := exec.Command(hubkit.Program(t), append(words, "--help")...).CombinedOutput()
			if err != nil || !strings.Contains(string(out), name) {
				t.Errorf("%s: %v\n%s", c, err, out)
			}
		}
	}
	if len(seen) < 25 {
		t.Errorf("only %d commands", len(seen))
	}
}
