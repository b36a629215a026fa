package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/center/when"
	"tandem/internal/ui"
	"tandem/store"
)

func (a *app) itemSet() *cobra.Command {
	c := &cobra.Command{
		Use:   "set ITEM KEY=VALUE...",
		Short: "Change when an item runs and by which rules",
		Long: `Changes settings of an item. An empty value means the default, which is the first named here.
In rules, A is the home collection and B the place. The hub follows at once.

` + itemKeysHelp() + `

When an item runs is said in words: ` + when.Help() + `

Commands are lines for the shell and run with the rights of the hub, so they are set here,
on its machine, and nowhere else. They are told in variables: TANDEM_PHASE (before, after),
TANDEM_ITEM, TANDEM_USER, TANDEM_PARTNER, TANDEM_HOME, TANDEM_KIND, and TANDEM_PREVIEW=1 if
nothing will be written; the one after the run also TANDEM_RESULT (ok, conflicts, held,
failed, cancelled), TANDEM_ERROR, TANDEM_CODE, TANDEM_SECONDS, TANDEM_RUN, TANDEM_CONFLICTS,
TANDEM_PROBLEMS, TANDEM_ASIDE, and how many records were written to each side:
TANDEM_HOME_ and TANDEM_PARTNER_ with CREATED, CHANGED, MOVED, DELETED.`,
		Example: `  tandem item set contacts-phone policy=newest
  tandem item set papers when="at 02:30 on mon-fri"
  tandem item set papers when="continuous; quiet 22:00-07:00; not on battery below 20%; not metered"
  tandem item set papers when="peak mon-fri 08:00-18:00 every 5m; off-peak every 2h"
  tandem item set papers mode=manual schedule="30 2 * * *"
  tandem item set papers guard=off direction=a-to-b
  tandem item set papers before="mountpoint -q /media/stick" after='logger "tandem: $TANDEM_RESULT"'
  tandem item set papers schedule=`,
		Args:              args(2, -1, "name an item and what to set: tandem item set ITEM KEY=VALUE..."),
		ValidArgsFunction: positions(a.itemNames, itemSettings),
		RunE:              func(c *cobra.Command, args []string) error { return a.setItem(c.Context(), args[0], args[1:]) },
	}
	return a.jsonFlag(c)
}

func (a *app) setItem(ctx context.Context, name string, words []string) error {
	set, err := settings(words, "policy=newest")
	if err != nil {
		return err
	}
	return a.with(ctx, func(s center.Service) error {
		it, err := s.SetItem(ctx, name, set)
		if err != nil {
			return asUsage(err)
		}
		if a.json {
			return ui.JSON(a.out, toItem(it))
		}
		_, err = fmt.Fprintf(a.out, "%s: %s\n", it.Name, settingsText(it))
		return err
	})
}

// settingsText is how an item is set, defaults left out.
func settingsText(it store.Item) string {
	parts := []string{it.Mode}
	if it.Schedule != "" {
		parts = append(parts, "schedule "+it.Schedule)
	}
	if rules := rulesText(it); rules != "" {
		parts = append(parts, rules)
	}
	if commands := center.CommandsText(it); commands != "" {
		parts = append(parts, commands)
	}
	return strings.Join(parts, ", ")
}

func itemKeysHelp() string {
	var b strings.Builder
	for _, k := range center.ItemKeys() {
		if k.Words == nil {
			fmt.Fprintf(&b, "  %-17s %s\n", k.Name, k.Help)
			continue
		}
		fmt.Fprintf(&b, "  %-17s %s: %s\n", k.Name, k.Help, strings.Join(k.Words, ", "))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// itemSettings completes KEY=VALUE.
func itemSettings(_ context.Context, typed string) ([]string, cobra.ShellCompDirective) {
	var out []string
	for _, k := range center.ItemKeys() {
		if !strings.HasPrefix(typed, k.Name+"=") {
			out = append(out, k.Name+"=\t"+k.Help)
			continue
		}
		for _, w := range k.Words {
			out = append(out, k.Name+"="+w)
		}
	}
	return out, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}
