package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// everyCommand calls f for each command that does something.
func everyCommand(t *testing.T, f func(t *testing.T, c *cobra.Command)) {
	t.Helper()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if len(c.Commands()) == 0 {
			t.Run(strings.ReplaceAll(c.CommandPath(), " ", "_"), func(t *testing.T) { f(t, c) })
		}
		for _, sub := range c.Commands() {
			if sub.Name() != "completion" && sub.Name() != "help" { // of the library
				walk(sub)
			}
		}
	}
	walk((&app{}).root())
}

// TestEveryCommandIsShown: each command says in a line what it does, and shows how it is called; each list can be had as JSON.
func TestEveryCommandIsShown(t *testing.T) {
	lists := []string{"list", "show", "status", "log", "history", "queue", "deliveries", "questions", "proposals", "info", "folders", "rules"}
	everyCommand(t, func(t *testing.T, c *cobra.Command) {
		if c.Short == "" {
			t.Error("it does not say what it does")
		}
		if !strings.Contains(c.Example, "tandem "+strings.TrimPrefix(c.CommandPath(), "tandem ")) {
			t.Errorf("its examples do not show it: %q", c.Example)
		}
		if slices.Contains(lists, c.Name()) && c.CommandPath() != "tandem handler show" && c.Flags().Lookup("json") == nil { // handler show is the opposite of hide
			t.Error("it has no --json")
		}
		if c.Args == nil && c.Use == c.Name() {
			t.Error("it takes arguments that it does not name")
		}
	})
}

// TestEveryWrongCall: a command with arguments that cannot be right says in one line what it wants and where to look, with status 2, and makes nothing.
func TestEveryWrongCall(t *testing.T) {
	everyCommand(t, func(t *testing.T, c *cobra.Command) {
		dir := t.TempDir()
		words := strings.Fields(c.CommandPath())[1:]
		for _, wrong := range [][]string{{"--no-such-flag"}, slices.Repeat([]string{"too-many"}, 40)} {
			if len(wrong) > 1 && c.Args == nil {
				continue // it takes any number
			}
			if len(wrong) > 1 && c.Args(c, wrong) == nil {
				continue
			}
			var out, errs bytes.Buffer
			status := Main(slices.Concat(words, wrong, []string{"--data", dir + "/none"}), strings.NewReader(""), &out, &errs)
			lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
			if status != exitUsage || len(lines) != 2 || !strings.HasPrefix(lines[0], "tandem: ") || !strings.HasPrefix(lines[1], "see `tandem ") || out.Len() != 0 {
				t.Errorf("%v: status %d, %q, %q", wrong[0], status, out.String(), errs.String())
			}
		}
	})
}
