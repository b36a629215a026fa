package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// nearest are those of some names that somebody who wrote word may have meant, the likeliest first: which begin with it, or differ in few letters.
func nearest(word string, names []string) []string {
	const most = 3
	type one struct {
		name string
		far  int
	}
	var found []one
	for _, name := range names {
		far := distance(strings.ToLower(word), name)
		switch {
		case len(word) > 1 && strings.HasPrefix(name, strings.ToLower(word)):
			far = 0
		case far > max(1, min(len(word), len(name))/3):
			continue
		}
		found = append(found, one{name, far})
	}
	slices.SortStableFunc(found, func(a, b one) int { return cmp.Compare(a.far, b.far) })
	var out []string
	for _, f := range found[:min(len(found), most)] {
		out = append(out, f.name)
	}
	return out
}

// distance is how many letters must be left out, put in, changed or exchanged with their neighbours to make one word of the other.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range y {
		rows[0][j+1] = j + 1
	}
	for i := range x {
		for j := range y {
			change := rows[i][j]
			if x[i] != y[j] {
				change++
			}
			rows[i+1][j+1] = min(change, rows[i][j+1]+1, rows[i+1][j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				rows[i+1][j+1] = min(rows[i+1][j+1], rows[i-1][j-1]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}

// meant is how a message ends whose word was none of some names: "; did you mean item?", or nothing.
func meant(word, before string, names []string) string {
	list := nearest(word, names)
	if len(list) == 0 {
		return ""
	}
	for i := range list {
		list[i] = before + list[i]
	}
	return "; did you mean " + strings.Join(list, " or ") + "?"
}

// unknownCommand says of a word that is no command what may have been meant.
func unknownCommand(root *cobra.Command, word string) error {
	if of := nounsWith(root, word); len(of) > 0 {
		return fmt.Errorf("unknown command %q: say first what it is about, as in `tandem %s %s`", word, strings.Join(of, " "+word+"`, `tandem "), word)
	}
	return fmt.Errorf("unknown command %q for %q%s", word, root.Name(), meant(word, "", subcommands(root)))
}

// nounsWith are a few of the nouns that have a verb.
func nounsWith(root *cobra.Command, verb string) (out []string) {
	const most = 3
	for _, noun := range root.Commands() {
		if len(out) < most && slices.Contains(subcommands(noun), verb) {
			out = append(out, noun.Name())
		}
	}
	return out
}

func subcommands(c *cobra.Command) (names []string) {
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	return names
}

// flagError says of a flag that there is none such which one may have been meant, of a value that a flag does not take what it does take.
func flagError(c *cobra.Command, err error) error {
	text := err.Error()
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	cut := func(at, want string) error {
		text, _, _ = strings.Cut(text, at)
		return errors.New(text + "; " + want)
	}
	switch {
	case strings.HasPrefix(text, "unknown flag: --"):
		return errors.New(text + meant(strings.TrimPrefix(text, "unknown flag: --"), "--", names))
	case strings.HasPrefix(text, "unknown shorthand flag: "):
		_, word, _ := strings.Cut(text, " in -")
		if len(word) > 1 {
			return errors.New(text + meant(word, "--", names))
		}
	case strings.HasPrefix(text, "flag needs an argument: --"):
		return errors.New(text + "; write its value behind it")
	case strings.Contains(text, "time: "):
		return cut(": time: ", "write a time such as 90s, 30m or 2h")
	case strings.Contains(text, "strconv.ParseInt"), strings.Contains(text, "strconv.Atoi"):
		return cut(": strconv.", "write a whole number")
	case strings.Contains(text, "strconv.ParseBool"):
		return cut(": strconv.", "write true or false")
	}
	return err
}

// given has the commands that cobra makes, help and completion, tell of wrong words as all others do.
func (a *app) given(root *cobra.Command) {
	root.DisableSuggestions = true // unknownCommand has better ones
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Run = nil
			c.RunE = func(_ *cobra.Command, args []string) error {
				about, rest, err := root.Find(args)
				switch {
				case about == root && len(args) > 0:
					return errUsage{unknownCommand(root, args[0])}
				case err != nil || len(rest) > 0 && about.HasSubCommands():
					return errUsage{unknownVerb(about, args[len(args)-1])}
				}
				about.InitDefaultHelpFlag() // as help itself shows it
				return about.Help()
			}
		case "completion":
			c.Args = cobra.ArbitraryArgs
			c.RunE = onlyVerbs
		}
	}
}

// onlyVerbs is what a command does that only groups others.
func onlyVerbs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return errUsage{unknownVerb(c, args[0])}
	}
	if err := c.Help(); err != nil {
		return err
	}
	return errExit(exitUsage)
}

// synonyms are verbs as other programs call them.
func synonyms() map[string]string {
	return map[string]string{"ls": "list", "rm": "remove", "del": "remove", "delete": "remove", "new": "add", "create": "add", "edit": "set", "change": "set", "get": "show", "info": "show", "verify": "check"}
}

func unknownVerb(c *cobra.Command, word string) error {
	has := subcommands(c)
	if same := synonyms()[word]; slices.Contains(has, same) {
		return fmt.Errorf("%s has no verb %q; it has %s; did you mean %s?", c.CommandPath(), word, strings.Join(has, ", "), same)
	}
	return fmt.Errorf("%s has no verb %q; it has %s%s", c.CommandPath(), word, strings.Join(has, ", "), meant(word, "", has))
}
