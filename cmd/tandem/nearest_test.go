package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// said runs the program and returns its exit status and what it said on stderr.
func said(args ...string) (int, string) {
	var errs bytes.Buffer
	status := Main(args, strings.NewReader(""), &bytes.Buffer{}, &errs)
	return status, errs.String()
}

// eachCommand calls f for each command, with the words that name it.
func eachCommand(f func(c *cobra.Command, words []string)) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if !c.Hidden {
			f(c, strings.Fields(c.CommandPath())[1:])
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk((&app{}).root())
}

// mistyped is a word with two of its letters exchanged.
func mistyped(word string) string {
	return word[:len(word)-2] + word[len(word)-1:] + word[len(word)-2:len(word)-1]
}

// TestMistypedCommands: whatever the word, the status is that of wrong usage, and the nearest is named; nothing else is said on stdout that a program would read.
func TestMistypedCommands(t *testing.T) {
	eachCommand(func(c *cobra.Command, words []string) {
		if !c.HasSubCommands() {
			return
		}
		for _, name := range subcommands(c) {
			wrong := mistyped(name)
			if len(name) < 3 || wrong == name || slices.Contains(subcommands(c), wrong) {
				continue
			}
			status, says := said(append(slices.Clone(words), wrong)...)
			if status != exitUsage || !strings.Contains(says, "did you mean ") || !strings.Contains(says, name) || !strings.Contains(says, "see `") {
				t.Errorf("tandem %s %s: %d: %s", strings.Join(words, " "), wrong, status, says)
			}
		}
	})
}

// TestMistypedFlags: a flag that a command does not have is answered with the nearest that it has.
func TestMistypedFlags(t *testing.T) {
	eachCommand(func(c *cobra.Command, words []string) {
		if c.HasSubCommands() || c.Name() == "help" {
			return
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			wrong := "--" + mistyped(f.Name)
			if len(f.Name) < 3 || wrong == "--"+f.Name || c.Flags().Lookup(wrong[2:]) != nil {
				return
			}
			status, says := said(append(slices.Clone(words), wrong)...)
			if status != exitUsage || !strings.Contains(says, "did you mean --") || !strings.Contains(says, "--"+f.Name) {
				t.Errorf("tandem %s %s: %d: %s", strings.Join(words, " "), wrong, status, says)
			}
		})
	})
}

// TestTooManyWords: a command that takes so many words at most says which ones, with its own name, and does nothing.
func TestTooManyWords(t *testing.T) {
	eachCommand(func(c *cobra.Command, words []string) {
		many := strings.Fields("z1 z2 z3 z4 z5 z6 z7")
		if c.HasSubCommands() || c.Name() == "help" || strings.HasPrefix(c.CommandPath(), "tandem completion") || c.Args == nil || c.Args(c, many) == nil {
			return
		}
		status, says := said(append(slices.Clone(words), many...)...)
		if status != exitUsage || !strings.Contains(says, strings.Join(words, " ")) || !strings.Contains(says, "see `"+c.CommandPath()+" --help`") || strings.HasPrefix(says, "tandem: tandem ") {
			t.Errorf("%d: %s", status, says)
		}
	})
}

func TestNearest(t *testing.T) {
	names := []string{"item", "list", "mail", "partner", "status", "sync", "preview", "password-file"}
	for word, want := range map[string]string{"itme": "item", "lsit": "list", "statsu": "status", "pair": "", "x": "", "prevew": "preview", "part": "partner", "PARTNER": "partner", "passwrd-file": "password-file", "": "", "zzzz": ""} {
		if got := strings.Join(nearest(word, names), " "); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
	if got := unknownCommand((&app{}).root(), "rename"); !strings.Contains(got.Error(), "tandem collection rename") {
		t.Error(got)
	}
}
