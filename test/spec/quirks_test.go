package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestQuirks holds doc/quirks.md to the field notes and to the tests: each note has its row and a test named after it, and every test that is named exists.
func TestQuirks(t *testing.T) {
	const file = "doc/quirks.md"
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	f, rows := &finder{root: root}, map[string]bool{}
	name := regexp.MustCompile("`((?:[a-z]+(?:/[a-z]+)+\\.)?(?:Test|Fuzz)[^`]*)`")
	for i, line := range strings.Split(string(text), "\n") {
		cells := splitCells(line)
		if len(cells) != 4 || cells[0] == "no" || strings.HasPrefix(cells[0], "--") {
			continue
		}
		no, tests := cells[0], cells[3]
		if rows[no] {
			t.Errorf("%s:%d: a second row of note %s", file, i+1, no)
		}
		rows[no] = true
		for _, m := range name.FindAllStringSubmatch(tests, -1) {
			test := m[1]
			if strings.HasPrefix(test, "Test") {
				test = "test/eas." + test
			}
			if err := f.find(test); err != nil {
				t.Errorf("%s:%d: %v", file, i+1, err)
			}
		}
		own := fmt.Sprintf("TestFieldNote%02s", no)
		switch no {
		case "1.8":
			own = "TestFieldNoteConnectivityAnalyzer"
		case "35": // a fault of the phone's own, which no answer touches
			own = ""
		}
		if !strings.Contains(tests, own) {
			t.Errorf("%s:%d: note %s has no test %s…", file, i+1, no, own)
		}
	}
	for i := 1; i <= 60; i++ {
		if !rows[fmt.Sprint(i)] {
			t.Errorf("%s: note %d has no row", file, i)
		}
	}
}
