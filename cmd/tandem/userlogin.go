package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
	"tandem/partner/account"
)

func (a *app) appPasswordCommand() *cobra.Command {
	return noun("app-password", "Passwords for single apps and devices",
		"An app password is for one app or device, and can be revoked alone.",
		a.appPasswordAdd(), a.appPasswordList(), a.appPasswordRevoke())
}

func (a *app) appPasswordAdd() *cobra.Command {
	var doors []string
	var limits account.Limits
	c := &cobra.Command{
		Use:   "add NAME LABEL",
		Short: "Make a password for one app or device, and show it this once",
		Long: `Makes a password for one app or device, and shows it this once. --for names what it opens:
phones (ActiveSync), calendars (also address books), files (WebDAV), api; without, all of it.
With --read-only it changes nothing. What it is used for otherwise is refused, and logged.`,
		Example:           "  tandem user app-password add anna \"anna's phone\"\n  tandem user app-password add anna \"the wall\" --for calendars --read-only",
		Args:              args(2, 2, "name the user, and what the password is for: tandem user app-password add NAME LABEL"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				limits.Doors = nil
				for _, d := range doors {
					limits.Doors = append(limits.Doors, account.Door(d))
				}
				p, err := s.AddAppPassword(c.Context(), args[0], args[1], limits)
				if err != nil {
					return asUsage(err)
				}
				if a.json {
					return ui.JSON(a.out, struct {
						loginJSON
						Password string `json:"password"`
					}{toLogin(p.Login), p.Password})
				}
				fmt.Fprintln(a.err, "the password, shown this once:")
				_, err = fmt.Fprintln(a.out, p.Password)
				return err
			})
		},
	}
	var names []string
	for _, d := range account.Doors() {
		names = append(names, string(d))
	}
	c.Flags().StringSliceVar(&doors, "for", nil, "what it opens: "+strings.Join(names, ", "))
	words(c, "for", names)
	c.Flags().BoolVar(&limits.ReadOnly, "read-only", false, "it changes nothing")
	return a.jsonFlag(c)
}

func (a *app) appPasswordList() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:               "list NAME",
		Short:             "List a user's passwords, without showing them",
		Example:           "  tandem user app-password list anna",
		Args:              args(1, 1, "name one user: tandem user app-password list NAME"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withUser(c.Context(), args[0], func(u center.UserStatus) error {
				if a.json {
					return ui.JSON(a.out, toUser(u).Logins)
				}
				return a.loginTable(u.Logins)
			})
		},
	})
}

func (a *app) appPasswordRevoke() *cobra.Command {
	return &cobra.Command{
		Use:               "revoke NAME LABEL",
		Short:             "End an app password at once",
		Example:           "  tandem user app-password revoke anna \"anna's phone\"",
		Args:              args(2, 2, "name the user and the label: tandem user app-password revoke NAME LABEL"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error { return s.RevokeAppPassword(c.Context(), args[0], args[1]) })
		},
	}
}
