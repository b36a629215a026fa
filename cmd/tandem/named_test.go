package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// shellWords splits a command line as a shell does, up to what a shell would not pass on.
func shellWords(line string) (out []string) {
	var w strings.Builder
	var quote rune
	begun := false
	end := func() {
		if begun {
			out = append(out, w.String())
		}
		w.Reset()
		begun = false
	}
	for _, c := range line {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			w.WriteRune(c)
		case c == '\'' || c == '"':
			quote, begun = c, true
		case c == '|' || c == '>' || c == '<' || c == ';' || c == '&' || c == '#' && !begun:
			end()
			return out
		case c == ' ' || c == '\t':
			end()
		default:
			begun = true
			w.WriteRune(c)
		}
	}
	end()
	return out
}

// resolve finds the command that words name, with its arguments, or tells what there is none of.
func resolve(root *cobra.Command, words []string) (c *cobra.Command, args []string, err error) {
	c = root
	for i := 0; i < len(words); i++ {
		w := words[i]
		if name, isFlag := strings.CutPrefix(w, "--"); isFlag && name != "" {
			name, _, given := strings.Cut(strings.TrimRight(name, "]),."), "=")
			f := flagOf(c, name)
			if f == nil {
				return c, args, fmt.Errorf("%s has no flag --%s", c.CommandPath(), name)
			}
			if !given && f.NoOptDefVal == "" && f.Value.Type() != "bool" {
				i++
			}
			continue
		}
		if len(args) == 0 && c.HasSubCommands() {
			sub := verbOf(c, w)
			switch {
			case sub != nil:
				c = sub
				continue
			case verbWord.MatchString(w):
				return c, args, fmt.Errorf("%s has no command %s", c.CommandPath(), w)
			}
		}
		args = append(args, w)
	}
	return c, args, nil
}

var verbWord = regexp.MustCompile(`^[a-z][a-z-]*$`)

func verbOf(c *cobra.Command, name string) *cobra.Command {
	for _, sub := range c.Commands() {
		if sub.Name() == name || sub.HasAlias(name) {
			return sub
		}
	}
	return nil
}

func flagOf(c *cobra.Command, name string) *pflag.Flag {
	c.InitDefaultHelpFlag()
	if f := c.Flags().Lookup(name); f != nil {
		return f
	}
	return c.InheritedFlags().Lookup(name)
}

// program is the whole command line, as the binary has it.
func program() *cobra.Command {
	root := (&app{out: &bytes.Buffer{}, err: &bytes.Buffer{}}).root()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd("x")
	root.SetOut(&bytes.Buffer{})
	return root
}

// every calls f with each command that does something.
func every(c *cobra.Command, f func(*cobra.Command)) {
	if c.Hidden || c.Name() == "completion" || c.Name() == "help" {
		return
	}
	if !c.HasSubCommands() {
		f(c)
	}
	for _, sub := range c.Commands() {
		every(sub, f)
	}
}

// takes reports what is wrong with a call by its command's own judgement.
func takes(call []string) error {
	c, rest, err := program().Find(call)
	if err == nil {
		err = c.ParseFlags(rest)
	}
	if err == nil {
		err = c.ValidateArgs(c.Flags().Args())
	}
	return err
}

// TestExamples: every command tells in a line and in examples what it is for; each example is one that it takes, with flags and arguments it has; and
// whatever lists or shows something can be had as JSON.
func TestExamples(t *testing.T) {
	root := program()
	n := 0
	every(root, func(c *cobra.Command) {
		n++
		if c.Short == "" || c.Example == "" {
			t.Errorf("%s: short help %q, examples %q", c.CommandPath(), c.Short, c.Example)
		}
		if slices.Contains([]string{"list", "show", "info", "queue", "status", "log", "history", "folders"}, c.Name()) && flagOf(c, "json") == nil && c.CommandPath() != "tandem handler show" { // which ends hiding
			t.Errorf("%s has no --json", c.CommandPath())
		}
		own := false
		for line := range strings.Lines(c.Example) {
			_, call, ok := strings.Cut(strings.TrimSpace(line), "tandem ")
			if !ok {
				continue
			}
			got, _, err := resolve(root, shellWords(call))
			own = own || got == c
			if err == nil {
				err = takes(shellWords(call))
			}
			if err != nil {
				t.Errorf("%s: the example %q: %v", c.CommandPath(), strings.TrimSpace(line), err)
			}
		}
		if !own && c.Example != "" {
			t.Errorf("%s: no example of it: %q", c.CommandPath(), c.Example)
		}
	})
	if n < 60 {
		t.Errorf("only %d commands", n)
	}
}

// quotedText are commands in the text of documents and of messages; lines those that stand by themselves.
var (
	quotedText = regexp.MustCompile("`tandem ([^`\n]+)`")
	lineText   = regexp.MustCompile(`(?m)^(?: {4}|\$ |)(?:\$ )?(?:go run \./cmd/)?tandem ((?:-|[a-z]).*)$`)
	flagText   = regexp.MustCompile("`--([a-z][a-z-]+)[^`]*`")
)

// TestNamedCommands: every command and flag that a document or a message of the program names is there.
func TestNamedCommands(t *testing.T) {
	root := program()
	any := map[string]bool{"help": true}
	every(root, func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) { any[f.Name] = true })
		c.InheritedFlags().VisitAll(func(f *pflag.Flag) { any[f.Name] = true })
	})
	n := 0
	look := func(file, call string) {
		n++
		call, _, _ = strings.Cut(call, `" +`) // in a program: the rest is put in when it runs
		if _, _, err := resolve(root, shellWords(strings.Trim(call, `"`))); err != nil {
			t.Errorf("%s: tandem %s: %v", file, call, err)
		}
	}
	files, err := filepath.Glob("../../doc/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../../README.md", "../../CONTRIBUTING.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range quotedText.FindAllStringSubmatch(string(text), -1) {
			look(file, m[1])
		}
		for _, m := range lineText.FindAllStringSubmatch(string(text), -1) {
			look(file, m[1])
		}
		for _, m := range flagText.FindAllStringSubmatch(string(text), -1) {
			if !any[m[1]] {
				t.Errorf("%s: no command has a flag --%s", file, m[1])
			}
		}
	}
	for _, dir := range []string{"cmd", "center", "engine", "partner", "provider", "server", "session", "store"} {
		err := filepath.WalkDir("../../"+dir, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return err
			}
			text, err := os.ReadFile(file)
			for _, m := range quotedText.FindAllStringSubmatch(string(text), -1) {
				look(file, m[1])
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n < 200 {
		t.Errorf("only %d commands are named", n)
	}
}
