package main

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestEveryActionEverywhere: whatever can be done by one of page, API and command line can be done by the others, or doc/web.md says why not. Operations come from the description of
// the API, commands from the tree of commands, forms from the routes of the pages; nothing that doc/web.md names is missing there.
func TestEveryActionEverywhere(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../doc/web.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(text), "## Every action, in the API and on the command line")
	if !ok {
		t.Fatal("doc/web.md does not tell of actions")
	}
	part, _, _ = strings.Cut(part, "\n## ")
	var commands, operations, forms []string
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(part, -1) {
		switch word := m[1]; {
		case strings.HasPrefix(word, "tandem "):
			commands = append(commands, strings.TrimPrefix(word, "tandem "))
		case strings.HasPrefix(word, "/"):
			forms = append(forms, word)
		case !strings.Contains(word, "/"):
			operations = append(operations, word)
		}
	}
	bothTold(t, "operation", operationsThere(t), operations)
	bothTold(t, "command", leaves((&app{out: &bytes.Buffer{}, err: &bytes.Buffer{}}).root(), ""), commands)
	bothTold(t, "form", formsThere(t), forms)
	for _, row := range strings.Split(part, "\n") { // a row without a way on the command line gives its reason in words
		cells := strings.Split(strings.Trim(row, "|"), "|")
		if strings.HasPrefix(row, "| `") && len(cells) == 3 && !strings.HasPrefix(row, "| `/") && len(strings.Fields(cells[2])) < 3 {
			t.Errorf("no reason: %s", row)
		}
	}
}

// bothTold reports what is there and not told of, and what is told of and not there.
func bothTold(t *testing.T, what string, there, told []string) {
	t.Helper()
	if len(there) < 30 {
		t.Fatalf("only %d of %s were found", len(there), what)
	}
	for _, x := range there {
		if !slices.Contains(told, x) {
			t.Errorf("doc/web.md does not tell of the %s %s", what, x)
		}
	}
	for _, x := range told {
		if !slices.Contains(there, x) {
			t.Errorf("doc/web.md tells of the %s %s, which there is not", what, x)
		}
	}
}

// operationsThere are the operations that the API describes.
func operationsThere(t *testing.T) (out []string) {
	t.Helper()
	body, err := os.ReadFile("../../doc/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var api struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(body, &api); err != nil {
		t.Fatal(err)
	}
	for _, methods := range api.Paths {
		for _, raw := range methods {
			var op struct {
				OperationID string `json:"operationId"`
			}
			if json.Unmarshal(raw, &op) == nil && op.OperationID != "" { // what all methods share is none
				out = append(out, op.OperationID)
			}
		}
	}
	return out
}

// formsThere are the paths that pages register for forms.
func formsThere(t *testing.T) (out []string) {
	t.Helper()
	body, err := os.ReadFile("../../server/web/page/page.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"POST (/[^"]*)": +p\.`).FindAllStringSubmatch(string(body), -1) {
		out = append(out, m[1])
	}
	return out
}

// leaves are the commands that do something themselves, by the words behind the program's name.
func leaves(c *cobra.Command, name string) (out []string) {
	for _, sub := range c.Commands() {
		if sub.Name() == "help" || sub.Name() == "completion" || sub.Hidden {
			continue
		}
		out = append(out, leaves(sub, strings.TrimSpace(name+" "+sub.Name()))...)
	}
	if name != "" && len(out) == 0 {
		out = append(out, name)
	}
	return out
}
