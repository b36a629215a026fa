package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
)

func (a *app) deviceUnlock() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use:   "unlock DEVICE",
		Short: "Show the recovery password that a device left",
		Long: `Shows the password by which a device can be unlocked whose own password was forgotten. A
device leaves one where its policy says PasswordRecoveryEnabled, when its password is set
the next time. The results log notes that it was shown.`,
		Example: `  tandem device policy set PasswordRecoveryEnabled=yes --user anna
  tandem device unlock APPL1234`,
		Args:              args(1, 1, "name one device: tandem device unlock DEVICE"),
		ValidArgsFunction: positions(a.deviceNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				d, err := s.FindDevice(c.Context(), user, args[0])
				if err != nil {
					return asUsage(err)
				}
				password, err := s.UnlockPassword(c.Context(), d.Device.User, d.Device.ID, byCommand)
				if err != nil {
					return err
				}
				if a.json {
					return ui.JSON(a.out, struct {
						Password string `json:"password"`
					}{password})
				}
				_, err = fmt.Fprintln(a.out, clean(password))
				return err
			})
		},
	}
	userFlag(c, a, &user, "whose device, where two have one id")
	return a.jsonFlag(c)
}
