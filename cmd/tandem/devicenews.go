package main

import (
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
)

func (a *app) deviceNews() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use:   "news DEVICE WHEN",
		Short: "Say when a device is told of news",
		Long: `Says when a device that waits for news is told of them: in peak and off-peak hours at
intervals, not in quiet hours, at times of day, or never (manual). "always" is at once, as
at first. What somebody syncs by hand on the device comes at once all the same, and what
is sent from it goes out at once.`,
		Example: `  tandem device news APPL1234 "peak mon-fri 08:00-18:00 on change; off-peak every 2h"
  tandem device news APPL1234 "quiet 22:00-07:00"
  tandem device news APPL1234 always`,
		Args:              args(2, 2, "name the device and when: tandem device news DEVICE WHEN"),
		ValidArgsFunction: positions(a.deviceNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			text := strings.TrimSpace(args[1])
			how := "is told of news: " + text
			if text == "always" {
				text, how = "", "is told of news at once"
			}
			return a.with(c.Context(), func(s center.Service) error {
				d, err := a.order(c.Context(), s, user, args[0], center.DeviceOrder{Do: center.DeviceTell, News: text}, nil)
				if err != nil {
					return err
				}
				return a.done(d, how)
			})
		},
	}
	userFlag(c, a, &user, "whose device, where two have one id")
	return a.jsonFlag(c)
}
