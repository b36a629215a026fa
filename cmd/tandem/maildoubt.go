package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/partner/outgoing"
)

// mailDoubt answers about recipients of whom nobody knows whether they have a message.
func (a *app) mailDoubt() *cobra.Command {
	var again, drop bool
	c := &cobra.Command{
		Use:   "doubt ID [ADDRESS…]",
		Short: "Say what becomes of those who perhaps did not get a message",
		Long: `When a server was given a whole message and never answered, nobody knows whether it goes on
its way. It is not sent again by itself; its sender gets the notice "Perhaps not delivered",
and ` + "`tandem mail queue`" + ` names those whom it concerns. They get it once more (--again), or
count as reached (--drop): all of them, or those that are named.`,
		Example:           "  tandem mail doubt 12 --again\n  tandem mail doubt 12 anna@example.org --drop",
		Args:              args(1, 1<<16, "name one message, as `tandem mail queue` lists them: tandem mail doubt ID --again|--drop"),
		ValidArgsFunction: positions(none),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return errUsage{fmt.Errorf("%q is no message; `tandem mail queue` lists them", args[0])}
			}
			if again == drop {
				return errUsage{fmt.Errorf("say what becomes of them: --again sends it to them once more, --drop counts them as reached")}
			}
			return a.with(c.Context(), func(s center.Service) error {
				return s.AnswerDoubt(c.Context(), id, outgoing.DoubtAnswer{Again: again, To: args[1:]})
			})
		},
	}
	c.Flags().BoolVar(&again, "again", false, "send it to them once more")
	c.Flags().BoolVar(&drop, "drop", false, "count them as reached")
	return c
}
