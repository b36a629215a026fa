package page

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tableOf are the rows of a table of doc/web.md, by their first cell.
func tableOf(t *testing.T, header string) map[string][]string {
	t.Helper()
	body, err := os.ReadFile("../../../doc/web.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(body), header+"\n|---|---|---|\n")
	if !ok {
		t.Fatalf("doc/web.md has no table %s", header)
	}
	out := map[string][]string{}
	for row := range strings.Lines(rest) {
		if !strings.HasPrefix(row, "|") {
			break
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(row), "|"), "|")
		for i := range cells {
			cells[i] = strings.ReplaceAll(strings.TrimSpace(cells[i]), "`", "")
		}
		out[cells[0]] = cells[1:]
	}
	return out
}

// routes are the paths that pages are registered under.
func routes(t *testing.T, method string) []string {
	t.Helper()
	var out []string
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	route := regexp.MustCompile(`"` + method + ` (/[^"]*)": +p\.`)
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range route.FindAllStringSubmatch(string(body), -1) {
			out = append(out, strings.Replace(m[1], "/{$}", "/", 1))
		}
	}
	if len(out) < 20 {
		t.Fatalf("only %d routes were found", len(out))
	}
	return out
}

// TestEveryPageHasATest: each page is in the table of doc/web.md, with tests that there are.
func TestEveryPageHasATest(t *testing.T) {
	t.Parallel()
	var tests strings.Builder
	files, err := filepath.Glob("../../../test/web/*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(body)
	}
	table, parts := tableOf(t, "| page | task | test |"), []string{"/center/list", "/center/sum", "/center/waiting", "/items/{item}/row", "/phone/seen", "/live"} // of pages
	for _, path := range routes(t, "GET") {
		if table[path] == nil && !slices.Contains(parts, path) {
			t.Errorf("doc/web.md does not tell of the page %s", path)
		}
	}
	for path, row := range table {
		if !slices.Contains(routes(t, "GET"), path) {
			t.Errorf("doc/web.md tells of the page %s, which there is not", path)
		}
		for _, name := range strings.Split(row[1], ", ") {
			if !strings.Contains(tests.String(), "func "+name+"(t *testing.T)") {
				t.Errorf("%s: there is no test %s", path, name)
			}
		}
	}
}

// TestEveryFormHasAnOperation: what a form does can be done by the API, too. That the commands are there is for test/web, which has the program.
func TestEveryFormHasAnOperation(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("../../../doc/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var api struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(body, &api); err != nil {
		t.Fatal(err)
	}
	operations := map[string]bool{"–": true}
	for _, methods := range api.Paths {
		for _, raw := range methods {
			var op struct {
				OperationID string `json:"operationId"`
			}
			if json.Unmarshal(raw, &op) == nil { // what all methods share is none
				operations[op.OperationID] = true
			}
		}
	}
	table := tableOf(t, "| form | API | command line |")
	for _, path := range routes(t, "POST") {
		if table[path] == nil {
			t.Errorf("doc/web.md does not tell of the form %s", path)
		}
	}
	for path, row := range table {
		if !slices.Contains(routes(t, "POST"), path) {
			t.Errorf("doc/web.md tells of the form %s, which there is not", path)
		}
		for _, op := range strings.Split(row[0], ", ") {
			if !operations[op] {
				t.Errorf("%s: there is no operation %s", path, op)
			}
		}
	}
}
