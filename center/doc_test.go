package center

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTableNamesTests holds doc/center.md to tests that there are, and to every row of the two systems.
func TestTableNamesTests(t *testing.T) {
	doc, err := os.ReadFile("../doc/center.md")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	err = filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, "_test.go") {
			return err
		}
		text, err := os.ReadFile(p)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
			have[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(string(doc), -1) {
		if !have[name] {
			t.Errorf("there is no %s", name)
		}
	}
	for _, script := range regexp.MustCompile(`test/script/\w+\.txtar`).FindAllString(string(doc), -1) {
		if _, err := os.Stat("../" + script); err != nil {
			t.Error(err)
		}
	}
	for _, row := range strings.Fields("SM-01 SM-02 SM-03 SM-04 SM-09 SM-10 SM-11 SM-12 SM-13 SM-14 SM-15 SM-16 SM-17 SM-18 SM-30 SM-31 SM-32 SM-33 SM-34 " +
		"SC-01 SC-02 SC-03 SC-04 SC-05 SC-06 SC-07 SC-08 SC-09 SC-10 SC-11 SC-12 SC-13 SC-14 SC-15 SC-16 SC-17 SC-18 SC-19 SC-20 " +
		"SC-30 SC-31 SC-32 SC-33 SC-34 SC-35 SC-36 SC-37 SC-38 SC-39 SC-40 SC-41 SC-42 SC-43 SC-44") {
		if !strings.Contains(string(doc), "\n| "+row+" ") {
			t.Errorf("%s is left out", row)
		}
	}
}
