package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/center"
	"tandem/internal/qrcode"
	"tandem/internal/ui"
)

func (a *app) totpBegin() *cobra.Command {
	var hub string
	c := a.jsonFlag(&cobra.Command{
		Use:   "begin NAME",
		Short: "Make what an app needs to make codes",
		Long: `Makes a key for an app on a phone: as a code to be looked at by the phone's camera, where
this is a terminal, and to be typed. Codes are asked for once one was given to
tandem user totp confirm; until then nothing changes.`,
		Example:           "  tandem user totp begin anna",
		Args:              args(1, 1, "name one user: tandem user totp begin NAME"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				set, err := s.BeginCodes(c.Context(), args[0], hub)
				if err != nil {
					return err
				}
				if a.json {
					return ui.JSON(a.out, struct {
						Secret string `json:"secret"`
						URI    string `json:"uri"`
					}{set.Secret, set.URI})
				}
				if ui.Terminal(a.out) {
					if drawn, err := qrcode.Text(set.URI); err == nil { // what is too long for a code can be typed
						fmt.Fprintln(a.out, drawn)
					}
				}
				_, err = fmt.Fprintf(a.out, "key    %s\nas URI %s\n\nadd it to the app, and say what the app shows: tandem user totp confirm %s CODE\n", inFours(set.Secret), set.URI, clean(args[0]))
				return err
			})
		},
	})
	c.Flags().StringVar(&hub, "hub", "", "how the app calls the hub, such as its address")
	return c
}

// inFours writes a key as people type it.
func inFours(key string) string {
	var parts []string
	for ; len(key) > 4; key = key[4:] {
		parts = append(parts, key[:4])
	}
	return strings.Join(append(parts, key), " ")
}

func (a *app) totpConfirm() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "confirm NAME CODE",
		Short: "Ask for codes from now on, given the one that the app shows",
		Long: `Asks for codes besides the password from now on, and shows the recovery codes, each of which
works once instead of a code. Browsers in which the user is logged in are logged out, and
programs need an app password of their own: tandem user app-password add.`,
		Example:           "  tandem user totp confirm anna 123456",
		Args:              args(2, 2, "name the user, and the code that the app shows: tandem user totp confirm NAME CODE"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.ConfirmCodes(c.Context(), args[0], args[1])
				if err != nil {
					return err
				}
				return a.recoveryCodes(list)
			})
		},
	})
}

func (a *app) totpRecovery() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:               "recovery NAME",
		Short:             "Make other recovery codes; those there were are worth nothing",
		Example:           "  tandem user totp recovery anna",
		Args:              args(1, 1, "name one user: tandem user totp recovery NAME"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.NewRecoveryCodes(c.Context(), args[0])
				if err != nil {
					return err
				}
				return a.recoveryCodes(list)
			})
		},
	})
}

// recoveryCodes shows recovery codes, this once.
func (a *app) recoveryCodes(list []string) error {
	if a.json {
		return ui.JSON(a.out, struct {
			Codes []string `json:"codes"`
		}{list})
	}
	fmt.Fprintln(a.err, "recovery codes, shown this once; each works once instead of a code:")
	_, err := fmt.Fprintln(a.out, strings.Join(list, "\n"))
	return err
}

func (a *app) passkeyRename() *cobra.Command {
	return &cobra.Command{
		Use:               "rename NAME NUMBER LABEL",
		Short:             "Call a passkey something else",
		Example:           `  tandem user passkey rename anna 3 "the blue stick"`,
		Args:              args(3, 3, "name the user, the passkey's number and what to call it: tandem user passkey rename NAME NUMBER LABEL"),
		ValidArgsFunction: positions(a.userNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := passkeyNumber("rename passkey", args)
			if err != nil {
				return err
			}
			return a.with(c.Context(), func(s center.Service) error {
				return asUsage(s.RenamePasskey(c.Context(), args[0], id, args[2]))
			})
		},
	}
}

// passkeyNumber reads the number of a passkey, which stands behind the user's name.
func passkeyNumber(op string, args []string) (int64, error) {
	id, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return 0, errUsage{&tandem.Error{Kind: tandem.Invalid, Op: op, Thing: args[1], Err: errors.New("this is no number"), Remedy: "see `tandem user passkey list " + args[0] + "`"}}
	}
	return id, nil
}
