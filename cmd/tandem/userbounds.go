package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
)

// boundsFlags are what is said of bounds on the command line.
type boundsFlags struct {
	providers, private string
	everybody          bool
}

func (a *app) userBounds() *cobra.Command {
	var f boundsFlags
	c := &cobra.Command{
		Use:   "bounds [NAME]",
		Short: "Show or set what users may reach through the hub who do not administer it",
		Long: `Users who do not administer the hub may add places of the sorts that are allowed here, at
servers on the internet. With --private yes, servers in the hub's own network are
allowed, too, but never the hub's computer itself. Places that they added and that are no
longer allowed are not opened any longer. Their servers for outgoing mail and for filters
have the same bounds. With the name of a user, it is about that one alone; --everybody has
them do again what everybody may.`,
		Example: `  tandem user bounds
  tandem user bounds --providers carddavs,caldavs,imaps
  tandem user bounds --providers none
  tandem user bounds --private yes
  tandem user bounds anna --providers imaps
  tandem user bounds anna --everybody`,
		Args:              args(0, 1, "name at most one user: tandem user bounds [NAME]"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				user := ""
				if len(args) == 1 {
					user = args[0]
				}
				if err := a.setBounds(c, s, user, f); err != nil {
					return err
				}
				return a.showBounds(c.Context(), s, user)
			})
		},
	}
	c.Flags().StringVar(&f.providers, "providers", "", "the sorts of places, in a row with commas, or none")
	c.Flags().StringVar(&f.private, "private", "", "servers in the hub's own network: yes or no")
	c.Flags().BoolVar(&f.everybody, "everybody", false, "what everybody may, instead of bounds of the user's own")
	return a.jsonFlag(c)
}

// setBounds sets what the flags say, of one user or of everybody; the rest stays as it is.
func (a *app) setBounds(c *cobra.Command, s center.Service, user string, f boundsFlags) error {
	ctx, providers, private := c.Context(), c.Flags().Changed("providers"), c.Flags().Changed("private")
	switch {
	case f.everybody && (user == "" || providers || private):
		return errUsage{fmt.Errorf("--everybody goes with the name of a user, and with nothing else")}
	case f.everybody:
		return asUsage(s.SetBoundsOf(ctx, user, nil))
	case !providers && !private:
		return nil
	case private && f.private != "yes" && f.private != "no":
		return errUsage{fmt.Errorf("--private is %q and neither yes nor no", f.private)}
	}
	b, _, err := boundsNow(ctx, s, user)
	if err != nil {
		return err
	}
	if providers {
		b.Providers = nil
		if f.providers != "none" && f.providers != "" {
			b.Providers = strings.Split(f.providers, ",")
		}
	}
	if private {
		b.Private = f.private == "yes"
	}
	if user == "" {
		return asUsage(s.SetMemberBounds(ctx, b))
	}
	return asUsage(s.SetBoundsOf(ctx, user, &b))
}

// boundsNow are the bounds of a user, and whether they are their own; or of everybody.
func boundsNow(ctx context.Context, s center.Service, user string) (center.Bounds, bool, error) {
	if user == "" {
		b, err := s.MemberBounds(ctx)
		return b, false, err
	}
	b, err := s.BoundsOf(ctx, user)
	return b.Bounds, b.Own, err
}

func (a *app) showBounds(ctx context.Context, s center.Service, user string) error {
	b, own, err := boundsNow(ctx, s, user)
	if err != nil {
		return err
	}
	b.Providers = ui.List(b.Providers)
	if a.json && user != "" {
		return ui.JSON(a.out, center.PersonBounds{Bounds: b, Own: own})
	}
	if a.json {
		return ui.JSON(a.out, b)
	}
	where := "on the internet"
	if b.Private {
		where = "on the internet and in the hub's own network"
	}
	list := strings.Join(b.Providers, ", ")
	if list == "" {
		list = "none"
	}
	whose := ""
	if user != "" {
		whose = "said for           everybody\n"
		if own {
			whose = "said for           " + user + " alone\n"
		}
		whose = strings.Replace(whose, "           ", "         ", 1)
	}
	_, err = fmt.Fprintf(a.out, "%ssorts of places  %s\nservers          %s\n", whose, list, where)
	return err
}
