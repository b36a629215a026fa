package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestNamed holds pages beside the specifications to the tests: every one that they name exists.
func TestNamed(t *testing.T) {
	name := regexp.MustCompile("`([a-z]+(?:/[a-z]+)*\\.(?:Test|Fuzz)[^`]*|test/script/[^`]*)`")
	f := &finder{root: root}
	for _, file := range []string{"doc/desktops.md"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for i, line := range strings.Split(string(text), "\n") {
			for _, m := range name.FindAllStringSubmatch(line, -1) {
				found++
				if err := f.find(m[1]); err != nil {
					t.Errorf("%s:%d: %v", file, i+1, err)
				}
			}
		}
		if found < 50 {
			t.Errorf("%s names %d tests", file, found)
		}
	}
}
