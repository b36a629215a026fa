package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
)

func (a *app) partnerSet() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "set PARTNER OPTION=VALUE...",
		Short: "Change options of a partner's place, such as a window or a limit",
		Long: `Changes options of a partner's place, as tandem provider show lists them. An empty value
means the default. The items of the partner follow at once: what comes into sight is
synced; what leaves it stays where it is, on both sides.`,
		Example: `  tandem partner set work days=90
  tandem partner set stick max-size=1GiB ignore=`,
		Args:              args(2, -1, "name a partner and what to set: tandem partner set PARTNER OPTION=VALUE..."),
		ValidArgsFunction: positions(a.partnerNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			set, err := settings(args[1:], "path=./folder")
			if err != nil {
				return err
			}
			return a.with(c.Context(), func(s center.Service) error { return a.setPartner(c.Context(), s, args[0], set) })
		},
	})
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
