package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
	"tandem/store"
)

type factorJSON struct {
	ID    int64  `json:"id"`
	Sort  string `json:"sort"` // totp, recovery or passkey
	Label string `json:"label"`
	Added int64  `json:"added"`
	Used  int64  `json:"used"`
	From  string `json:"from"`
}

func toFactor(f store.Factor) factorJSON {
	return factorJSON{f.ID, string(f.Sort), f.Label, f.Added, f.Used, f.From}
}

// factorLines tell what is asked for besides passwords.
func (a *app) factorLines(list []store.Factor) error {
	recovery, codes := 0, false
	t := ui.NewTable("PASSKEY", "NAME", "ADDED", "LAST USED", "FROM")
	keys := 0
	for _, f := range list {
		switch f.Sort {
		case store.Recovery:
			recovery++
		case store.CodeApp:
			codes = true
		case store.Passkey:
			keys++
			t.Add(strconv.FormatInt(f.ID, 10), clean(f.Label), since(f.Added), since(f.Used), f.From)
		}
	}
	if codes {
		fmt.Fprintf(a.out, "\ncodes are asked for besides the password; %s left\n", ui.Count(recovery, "recovery code"))
	}
	if keys == 0 {
		return nil
	}
	fmt.Fprintln(a.out)
	return t.Write(a.out)
}

func (a *app) totpCommand() *cobra.Command {
	return noun("totp", "Codes that are asked for besides the password",
		`An app on a phone makes a code every half minute (TOTP, RFC 6238), which the pages then
ask for after the password. Users set it up under Settings, or with begin and confirm.`,
		a.totpShow(), a.totpBegin(), a.totpConfirm(), a.totpRecovery(), a.totpRemove())
}

func (a *app) totpShow() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:               "show NAME",
		Short:             "Say whether codes are asked for, and how many recovery codes are left",
		Example:           "  tandem user totp show anna",
		Args:              args(1, 1, "name one user: tandem user totp show NAME"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withUser(c.Context(), args[0], func(u center.UserStatus) error {
				var d struct {
					On       bool  `json:"on"`
					Added    int64 `json:"added"`
					Used     int64 `json:"used"`
					Recovery int   `json:"recovery"`
				}
				for _, f := range u.Factors {
					switch f.Sort {
					case store.CodeApp:
						d.On, d.Added, d.Used = true, f.Added, f.Used
					case store.Recovery:
						d.Recovery++
					}
				}
				if a.json {
					return ui.JSON(a.out, d)
				}
				if !d.On {
					_, err := fmt.Fprintln(a.out, "no codes are asked for")
					return err
				}
				_, err := fmt.Fprintf(a.out, "codes are asked for since %s, last used %s; %s left\n", since(d.Added), since(d.Used), ui.Count(d.Recovery, "recovery code"))
				return err
			})
		},
	})
}

func (a *app) totpRemove() *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME",
		Short: "Ask for no codes any longer, for a user who lost the phone",
		Long: `Asks for no codes any longer. The password alone lets the user in again, until they set up
another app. Browsers in which they are logged in are logged out.`,
		Example:           "  tandem user totp remove anna",
		Args:              args(1, 1, "name one user: tandem user totp remove NAME"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				if err := s.RemoveCodes(c.Context(), args[0]); err != nil {
					return err
				}
				_, err := fmt.Fprintf(a.out, "no codes are asked for from %s\n", clean(args[0]))
				return err
			})
		},
	}
}

func (a *app) passkeyCommand() *cobra.Command {
	return noun("passkey", "Passkeys, with which users log in without a password",
		"A passkey is kept by a browser, a phone or a stick. Users add them themselves, under Settings.",
		a.passkeyList(), a.passkeyRename(), a.passkeyRemove())
}

func (a *app) passkeyList() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:               "list NAME",
		Short:             "List a user's passkeys",
		Example:           "  tandem user passkey list anna",
		Args:              args(1, 1, "name one user: tandem user passkey list NAME"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withUser(c.Context(), args[0], func(u center.UserStatus) error {
				out := []factorJSON{}
				t := ui.NewTable("NUMBER", "NAME", "ADDED", "LAST USED", "FROM")
				for _, f := range u.Factors {
					if f.Sort == store.Passkey {
						out = append(out, toFactor(f))
						t.Add(strconv.FormatInt(f.ID, 10), clean(f.Label), since(f.Added), since(f.Used), f.From)
					}
				}
				if a.json {
					return ui.JSON(a.out, out)
				}
				if len(out) == 0 {
					_, err := fmt.Fprintln(a.out, "no passkeys")
					return err
				}
				return t.Write(a.out)
			})
		},
	})
}

func (a *app) passkeyRemove() *cobra.Command {
	return &cobra.Command{
		Use:               "remove NAME NUMBER",
		Short:             "Remove a passkey, and log the user's browsers out",
		Example:           "  tandem user passkey remove anna 3",
		Args:              args(2, 2, "name the user and the passkey's number: tandem user passkey remove NAME NUMBER"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := passkeyNumber("remove passkey", args)
			if err != nil {
				return err
			}
			return a.with(c.Context(), func(s center.Service) error { return s.RemovePasskey(c.Context(), args[0], id) })
		},
	}
}
