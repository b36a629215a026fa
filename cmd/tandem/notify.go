package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/center"
	"tandem/center/notify"
	"tandem/center/shape"
	"tandem/internal/ui"
)

func (a *app) notifyCommand() *cobra.Command {
	return noun("notify", "What people are told, how and when",
		`The hub tells people what needs them: failures, conflicts, questions, devices that wait to
be let in. Each cause is told once, and again only after it was solved and came back.
What comes together is told together, and nothing in quiet hours.`,
		a.notifyList(), a.notifyShow(), a.notifySet(), a.notifyTest(), a.notifyForget())
}

// oneUser is the user of a command that may leave the name out where there is only one.
func oneUser(ctx context.Context, s center.Service, args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	users, err := s.ListUsers(ctx)
	if err != nil {
		return "", err
	}
	if len(users) == 1 {
		return users[0].User.Name, nil
	}
	if len(users) == 0 {
		return "", &tandem.Error{Kind: tandem.NotFound, Op: "choose user", Err: errors.New("there are no users yet"), Remedy: "add one with `tandem user add`, or an item with `tandem item add`"}
	}
	return "", errUsage{errors.New("there are several users; name one with --user NAME")}
}

// userFlag gives a command the flag --user.
func (a *app) userFlag(c *cobra.Command, user *string) *cobra.Command {
	c.Flags().StringVar(user, "user", "", "whose (default: the only user)")
	return c
}

func named1(user string) []string {
	if user == "" {
		return nil
	}
	return []string{user}
}

func (a *app) notifyList() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use:     "list",
		Short:   "List what needs people now, and whether they know",
		Example: "  tandem notify list\n  tandem notify list --user anna --json",
		Args:    args(0, 0, "notify list takes no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.ListNotices(c.Context(), user)
				if err != nil {
					return err
				}
				if a.json {
					return ui.JSON(a.out, shape.List(list, shape.OfNotice))
				}
				if len(list) == 0 {
					_, err := fmt.Fprintln(a.out, "nothing needs anybody")
					return err
				}
				t := ui.NewTable("SINCE", "WHO", "WHAT", "WHY", "TOLD")
				for _, n := range list {
					told := "not yet"
					if n.Told != 0 {
						told = since(n.Told)
					}
					t.Add(since(n.Since), n.User, n.Title, ui.Cut(n.Text, 80), told)
				}
				return t.Write(a.out)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "only what needs this user")
	return a.jsonFlag(c)
}

func (a *app) notifyShow() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use:     "show",
		Short:   "Show what a user is told, how and when",
		Example: "  tandem notify show\n  tandem notify show --user anna",
		Args:    args(0, 0, "notify show takes no arguments; name a user with --user"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				name, err := oneUser(c.Context(), s, named1(user))
				if err != nil {
					return err
				}
				set, err := s.NotifySettings(c.Context(), name)
				if err != nil {
					return err
				}
				return a.showNotify(set)
			})
		},
	}
	return a.userFlag(a.jsonFlag(c), &user)
}

func (a *app) showNotify(s center.NotifySettings) error {
	if a.json {
		return ui.JSON(a.out, shape.OfNotifySettings(s))
	}
	for _, k := range notify.Keys() {
		value := s.Values[k.Name]
		if value == "" {
			value = "none"
		}
		for _, w := range s.Ways {
			if w.Channel == k.Name && value == "on" && !w.Done {
				value += ", but " + w.Why
			}
		}
		fmt.Fprintf(a.out, "%-10s %s\n", k.Name, clean(value))
	}
	for _, b := range s.Browsers {
		fmt.Fprintf(a.out, "%-10s %d: %s, since %s\n", "browser", b.ID, clean(b.Agent), since(b.Added))
	}
	return nil
}

func notifyKeysHelp() string {
	var b strings.Builder
	for _, k := range notify.Keys() {
		text := k.Help
		if k.Words != nil {
			text += ": " + strings.Join(k.Words, ", ")
		}
		fmt.Fprintf(&b, "  %-10s %s\n", k.Name, text)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (a *app) notifySet() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use:   "set KEY=VALUE...",
		Short: "Change what a user is told, how and when",
		Long: `Changes what a user is told. An empty value means the default.

` + notifyKeysHelp(),
		Example: `  tandem notify set mail=on quiet=22:00-07:00
  tandem notify set every=1h after=2h --user anna
  tandem notify set conflicts=off desktop=`,
		Args: args(1, -1, "say what to set: tandem notify set KEY=VALUE..."),
		ValidArgsFunction: positions(func(_ context.Context, typed string) ([]string, cobra.ShellCompDirective) {
			var out []string
			for _, k := range notify.Keys() {
				if !strings.HasPrefix(typed, k.Name+"=") {
					out = append(out, k.Name+"=\t"+k.Help)
				}
				for _, w := range k.Words {
					out = append(out, k.Name+"="+w)
				}
			}
			return out, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
		}),
		RunE: func(c *cobra.Command, words []string) error {
			set := map[string]string{}
			for _, word := range words {
				key, value, ok := strings.Cut(word, "=")
				if _, twice := set[key]; twice {
					return errUsage{fmt.Errorf("%s is set twice; say once what it is to be", key)}
				}
				if !ok {
					return errUsage{fmt.Errorf("%q is not of the form KEY=VALUE; write such as mail=on or quiet=22:00-07:00", word)}
				}
				set[key] = value
			}
			return a.with(c.Context(), func(s center.Service) error {
				name, err := oneUser(c.Context(), s, named1(user))
				if err != nil {
					return err
				}
				now, err := s.SetNotify(c.Context(), name, set)
				if err != nil {
					return asUsage(err)
				}
				return a.showNotify(now)
			})
		},
	}
	return a.userFlag(a.jsonFlag(c), &user)
}

func (a *app) notifyTest() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use:     "test",
		Short:   "Tell a user something by each way, to see that it comes",
		Example: "  tandem notify test\n  tandem notify test --user anna",
		Args:    args(0, 0, "notify test takes no arguments; name a user with --user"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				name, err := oneUser(c.Context(), s, named1(user))
				if err != nil {
					return err
				}
				sent, err := s.TestNotify(c.Context(), name)
				if err != nil {
					return err
				}
				if a.json {
					return ui.JSON(a.out, ui.List(sent))
				}
				for _, w := range sent {
					text := "told"
					if !w.Done {
						text = w.Why
					}
					fmt.Fprintf(a.out, "%-10s %s\n", w.Channel, clean(text))
				}
				if !slices.ContainsFunc(sent, func(w notify.Sent) bool { return w.Done }) {
					return &tandem.Error{Kind: tandem.NotFound, Op: "tell", Thing: name, Err: errors.New("no way leads there"), Remedy: "switch one on with `tandem notify set`"}
				}
				return nil
			})
		},
	}
	return a.userFlag(a.jsonFlag(c), &user)
}

func (a *app) notifyForget() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use:     "forget BROWSER",
		Short:   "No longer tell a browser",
		Example: "  tandem notify forget 3",
		Args:    args(1, 1, "name one browser, as `tandem notify show` lists them: tandem notify forget BROWSER"),
		RunE: func(c *cobra.Command, words []string) error {
			id, err := strconv.ParseInt(words[0], 10, 64)
			if err != nil {
				return errUsage{fmt.Errorf("%q is no browser; `tandem notify show` lists them", words[0])}
			}
			return a.with(c.Context(), func(s center.Service) error {
				name, err := oneUser(c.Context(), s, named1(user))
				if err != nil {
					return err
				}
				return s.RemoveBrowser(c.Context(), name, id)
			})
		},
	}
	return a.userFlag(c, &user)
}
