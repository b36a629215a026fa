package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
)

func (a *app) userBounds() *cobra.Command {
	var providers, private string
	c := &cobra.Command{
		Use:   "bounds",
		Short: "Show or set what users may reach through the hub who do not administer it",
		Long: `Users who do not administer the hub may add places of the sorts that are allowed here, at
servers on the internet. With --private yes, servers in the hub's own network are
allowed, too, but never the hub's computer itself. Places that they added and that are no
longer allowed are not opened any longer. Their servers for outgoing mail and for filters
have the same bounds.`,
		Example: `  tandem user bounds
  tandem user bounds --providers carddavs,caldavs,imaps
  tandem user bounds --providers none
  tandem user bounds --private yes`,
		Args: args(0, 0, "user bounds takes no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				b, err := s.MemberBounds(c.Context())
				if err != nil {
					return err
				}
				set := c.Flags().Changed("providers") || c.Flags().Changed("private")
				if c.Flags().Changed("providers") {
					b.Providers = nil
					if providers != "none" && providers != "" {
						b.Providers = strings.Split(providers, ",")
					}
				}
				switch {
				case !c.Flags().Changed("private"):
				case private == "yes" || private == "no":
					b.Private = private == "yes"
				default:
					return errUsage{fmt.Errorf("--private is %q and neither yes nor no", private)}
				}
				if set {
					if err := s.SetMemberBounds(c.Context(), b); err != nil {
						return asUsage(err)
					}
				}
				if a.json {
					return ui.JSON(a.out, center.Bounds{Providers: ui.List(b.Providers), Private: b.Private})
				}
				where := "on the internet"
				if b.Private {
					where = "on the internet and in the hub's own network"
				}
				list := strings.Join(b.Providers, ", ")
				if list == "" {
					list = "none"
				}
				_, err = fmt.Fprintf(a.out, "sorts of places  %s\nservers          %s\n", list, where)
				return err
			})
		},
	}
	c.Flags().StringVar(&providers, "providers", "", "the sorts of places, in a row with commas, or none")
	c.Flags().StringVar(&private, "private", "", "servers in the hub's own network: yes or no")
	return a.jsonFlag(c)
}
