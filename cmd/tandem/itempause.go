package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/center/handler"
)

func (a *app) itemPause() *cobra.Command {
	var span time.Duration
	c := &cobra.Command{
		Use:   "pause ITEM",
		Short: "Have an item rest, and go on later where it was",
		Long: `Stops a run of the item that is going on, and begins none by itself until the item is resumed.
Then the run goes on where it was, and times that were missed are made up for by one run. An
item that is to be left alone for good is disabled instead.`,
		Example:           "  tandem item pause contacts-phone\n  tandem item pause contacts-phone --for 2h",
		Args:              args(1, 1, "name one item: tandem item pause ITEM"),
		ValidArgsFunction: positions(a.itemNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			o := center.HandlerOrder{Item: args[0], Do: handler.Pause}
			if span < 0 || c.Flags().Changed("for") && span == 0 {
				return errUsage{errors.New("--for takes a time such as 30m or 2h")}
			}
			if span > 0 {
				o.Until = now().Add(span).Unix()
			}
			return a.orderItem(c, o, "paused")
		},
	}
	c.Flags().DurationVar(&span, "for", 0, "how long: 30m, 2h; without it until `tandem item resume`")
	return c
}

func (a *app) itemResume() *cobra.Command {
	return &cobra.Command{
		Use:               "resume ITEM",
		Short:             "Have a paused item go on",
		Example:           "  tandem item resume contacts-phone",
		Args:              args(1, 1, "name one item: tandem item resume ITEM"),
		ValidArgsFunction: positions(a.itemNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.orderItem(c, center.HandlerOrder{Item: args[0], Do: handler.Resume}, "goes on")
		},
	}
}

// orderItem orders something of an item, whose partner need not be named.
func (a *app) orderItem(c *cobra.Command, o center.HandlerOrder, said string) error {
	o.By = byCommand
	return a.with(c.Context(), func(s center.Service) error {
		list, err := s.Status(c.Context(), []string{o.Item})
		if err != nil {
			return err
		}
		if o.Do == handler.Resume && !list[0].Paused {
			_, err := fmt.Fprintf(a.out, "%s is not paused\n", o.Item)
			return err
		}
		o.Handler = list[0].Item.Partner
		if _, err := s.OrderHandler(c.Context(), o); err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.out, "%s: %s\n", o.Item, said)
		return err
	})
}
