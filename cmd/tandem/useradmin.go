package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tandem/center"
)

func (a *app) userAdmin() *cobra.Command {
	var off bool
	c := &cobra.Command{
		Use:   "admin NAME",
		Short: "Make a user an administrator of the hub",
		Long: `An administrator sees, in a browser and over the API, the people and devices of all and the
hub's health, names places and decides about phones. What other people's records say is
not shown to administrators. The first user of a hub is one.`,
		Example:           "  tandem user admin anna\n  tandem user admin ben --off",
		Args:              args(1, 1, "name one user: tandem user admin NAME"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				if err := s.SetAdmin(c.Context(), args[0], !off); err != nil {
					return asUsage(err)
				}
				if a.json {
					return nil
				}
				text := "%s administers the hub\n"
				if off {
					text = "%s no longer administers the hub\n"
				}
				_, err := fmt.Fprintf(a.out, text, clean(args[0]))
				return err
			})
		},
	}
	c.Flags().BoolVar(&off, "off", false, "take the rights of an administrator away")
	return c
}
