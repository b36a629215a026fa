package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/center/shape"
	"tandem/internal/ui"
)

func (a *app) handlerProposals() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "proposals PARTNER",
		Short: "Look which collections of a partner could be synced and are not",
		Example: `  tandem handler proposals work
  tandem handler commit work Birthdays`,
		Args:              args(1, 1, "name one partner: tandem handler proposals PARTNER"),
		ValidArgsFunction: positions(a.partnerNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.Proposals(c.Context(), args[0])
				if err != nil {
					return err
				}
				if a.json {
					return ui.JSON(a.out, shape.List(list, shape.OfProposal))
				}
				if len(list) == 0 {
					_, err := fmt.Fprintf(a.out, "everything that %s has is synced\n", args[0])
					return err
				}
				t := ui.NewTable("COLLECTION", "KIND", "WOULD BE", "")
				for _, p := range list {
					note := "new"
					if p.HomeIs {
						note = "combined with the one that is there"
					}
					if p.ReadOnly {
						note += ", read-only there"
					}
					t.Add(p.Name, string(p.Kind), p.Home, note)
				}
				return t.Write(a.out)
			})
		},
	})
}

func (a *app) handlerCommit() *cobra.Command {
	var o center.Commitment
	c := &cobra.Command{
		Use:     "commit PARTNER COLLECTION",
		Short:   "Have a proposed collection synced",
		Long:    `Makes a sync item of a collection that tandem handler proposals shows.`,
		Example: "  tandem handler commit work Birthdays --look",
		Args:    args(2, 2, "name one partner and one collection of it, as `tandem handler proposals` lists them: tandem handler commit PARTNER COLLECTION"),
		RunE: func(c *cobra.Command, args []string) error {
			o.Partner, o.Name = args[0], args[1]
			return a.with(c.Context(), func(s center.Service) error {
				it, err := s.CommitProposal(c.Context(), o)
				if err != nil {
					return asUsage(err)
				}
				if a.json {
					return ui.JSON(a.out, toItem(it))
				}
				if o.Look {
					return a.first(c.Context(), s, it.Name, "", false)
				}
				_, running := s.(interface{ Process() int })
				_, err = fmt.Fprintf(a.out, "added %s; %s\n", it.Name, nextStep(it, running))
				return err
			})
		},
		ValidArgsFunction: positions(a.partnerNames, none),
	}
	c.Flags().StringVar(&o.Home, "home", "", "name of the home collection (default: as proposed)")
	c.Flags().StringVar(&o.When, "when", "", "when it runs by itself, in words; see tandem item set")
	c.Flags().StringVar(&o.User, "user", "", "owner of the home collection, where there are several users")
	c.Flags().BoolVar(&o.Look, "look", false, "look at the first sync before it is done: the item waits for your word")
	return a.jsonFlag(c)
}
