package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
)

func (a *app) partnerSet() *cobra.Command {
	var title string
	c := &cobra.Command{
		Use:   "set PARTNER OPTION=VALUE...",
		Short: "Change what a partner is called, or options of its place, such as a window or a limit",
		Long: `Changes options of a partner's place, as tandem provider show lists them. An empty value
means the default. The items of the partner follow at once: what comes into sight is
synced; what leaves it stays where it is, on both sides.

--title says what people call the partner, on the pages and in lists. Its name stays, since
commands, programs and what was agreed on with it hang on that; --title "" shows it again.`,
		Example: `  tandem partner set work days=90
  tandem partner set stick max-size=1GiB ignore=
  tandem partner set wrok --title "Work"`,
		Args:              args(1, -1, "name a partner and what to set: tandem partner set PARTNER OPTION=VALUE..."),
		ValidArgsFunction: positions(a.partnerNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			set, err := settings(args[1:], "path=./folder")
			if err != nil {
				return err
			}
			titled := c.Flags().Changed("title")
			if len(set) == 0 && !titled {
				return errUsage{errors.New("say what to set: tandem partner set PARTNER OPTION=VALUE..., or --title")}
			}
			return a.with(c.Context(), func(s center.Service) error {
				if titled {
					if err := a.callPartner(c.Context(), s, args[0], title, len(set) == 0); err != nil || len(set) == 0 {
						return err
					}
				}
				return a.setPartner(c.Context(), s, args[0], set)
			})
		},
	}
	c.Flags().StringVar(&title, "title", "", "what people call it; empty: its name")
	return a.jsonFlag(c)
}

// callPartner sets what a partner is called, and says so where nothing else is said.
func (a *app) callPartner(ctx context.Context, s center.Service, name, title string, tell bool) error {
	p, err := s.CallPartner(ctx, name, title)
	if err != nil || !tell {
		return err
	}
	if a.json {
		return ui.JSON(a.out, toPartner(p))
	}
	_, err = fmt.Fprintf(a.out, "%s is called %s now\n", p.Name, ui.Clean(p.Call()))
	return err
}

func (a *app) setPartner(ctx context.Context, s center.Service, name string, set map[string]string) error {
	p, err := s.SetPartner(ctx, name, set)
	if err != nil {
		return asUsage(err)
	}
	if a.json {
		return ui.JSON(a.out, toPartner(p))
	}
	_, err = fmt.Fprintf(a.out, "%s is %s now\n", p.Name, ui.Clean(p.Place))
	return err
}

// settings reads KEY=VALUE words, one of which could be the example.
func settings(words []string, example string) (map[string]string, error) {
	set := map[string]string{}
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if !ok {
			return nil, errUsage{fmt.Errorf("%q is not of the form KEY=VALUE; write such as %s", word, example)}
		}
		if _, twice := set[key]; twice {
			return nil, errUsage{fmt.Errorf("%s is set twice; say once what it is to be", key)}
		}
		set[key] = strings.TrimSpace(value)
	}
	return set, nil
}
