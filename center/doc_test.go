package center

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTableNamesTests holds doc/center.md to tests that there are, and to every row of the two systems.
func TestTableNamesTests(t *testing.T) {
	doc, err := os.ReadFile("../doc/center.md")
	if err != nil {
		t.Fatal(err)
	}
	namesTests(t, string(doc))
	for _, row := range rowsOfInventory(t) {
		if !strings.Contains(string(doc), "\n| "+row+" ") {
			t.Errorf("%s is left out", row)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^\| (S[MCE]-\d+|OF-\d+) [^|]*\| ([^|]*) \| ([^|]*) \|$`).FindAllStringSubmatch(string(doc), -1) {
		named := strings.Contains(m[3], "Test") || strings.Contains(m[3], "test/script/") || strings.Contains(m[3], "providertest")
		if m[2] == "Yes" && !named {
			t.Errorf("%s names no test", m[1])
		}
		if m[2] != "Yes" && len(strings.Fields(m[3])) < 4 {
			t.Errorf("%s gives no reason", m[1])
		}
	}
}

// TestFeaturesNameTests holds doc/features.md to the rows of sections C, E, F and H of the list of features, each with where it is and a test that there is.
func TestFeaturesNameTests(t *testing.T) {
	doc, err := os.ReadFile("../doc/features.md")
	if err != nil {
		t.Fatal(err)
	}
	namesTests(t, string(doc))
	rows := map[string][]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| (M\d+) ([^|]+)\| ([^|]*) \| ([^|]*) \|$`).FindAllStringSubmatch(string(doc), -1) {
		if rows[m[1]] != nil {
			t.Errorf("%s is there twice", m[1])
		}
		rows[m[1]] = m
		if !strings.Contains(m[4], "Test") && !strings.Contains(m[4], "test/script/") {
			t.Errorf("%s names no test", m[1])
		}
		if len(strings.Fields(m[3])) < 4 {
			t.Errorf("%s does not say where it is", m[1])
		}
	}
	text, err := os.ReadFile("../../shared/FEATURES.md")
	if err != nil {
		t.Skip("the list of features is not beside this checkout: that every row of it is there is not looked at")
	}
	asked := 0
	for _, section := range strings.Split(string(text), "\n### ") {
		if !strings.Contains("CEFH", section[:1]) || section[1] != '.' {
			continue
		}
		for _, m := range regexp.MustCompile(`(?m)^\| (M\d+) `).FindAllStringSubmatch(section, -1) {
			asked++
			if rows[m[1]] == nil {
				t.Errorf("%s is left out", m[1])
			}
		}
	}
	if asked < 50 || asked != len(rows) {
		t.Errorf("%d rows are asked for, and %d are there", asked, len(rows))
	}
}

// namesTests reports tests that a page names and that are not there.
func namesTests(t *testing.T, doc string) {
	t.Helper()
	have := map[string]bool{}
	err := filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
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
	for _, name := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(doc, -1) {
		if !have[name] {
			t.Errorf("there is no %s", name)
		}
	}
	for _, script := range regexp.MustCompile(`test/script/\w+\.txtar`).FindAllString(doc, -1) {
		if _, err := os.Stat("../" + script); err != nil {
			t.Error(err)
		}
	}
}

// rowsOfInventory are the ids of the rows of the inventory's sections 3 and 4. Beside a checkout without it, the ranges stand for the list.
func rowsOfInventory(t *testing.T) (out []string) {
	t.Helper()
	text, err := os.ReadFile("../../shared/reference/inventory.md")
	if err == nil {
		_, part, _ := strings.Cut(string(text), "\n## 3. ")
		for _, m := range regexp.MustCompile(`(?m)^\| ((?:SM|SC|SE|OF)-\d+) `).FindAllStringSubmatch(part, -1) {
			out = append(out, m[1])
		}
	}
	for _, r := range []struct {
		name     string
		from, to int
	}{{"SM", 1, 18}, {"SM", 30, 34}, {"SC", 1, 20}, {"SC", 30, 44}, {"SE", 1, 9}, {"OF", 1, 34}} {
		for n := r.from; n <= r.to; n++ {
			if row := fmt.Sprintf("%s-%02d", r.name, n); !slices.Contains(out, row) {
				if out = append(out, row); err == nil {
					t.Errorf("the inventory has no %s", row)
				}
			}
		}
	}
	return out
}
