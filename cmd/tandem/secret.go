package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/center"
	"tandem/internal/ui"
	"tandem/provider"
)

// hubKeeper keeps secrets with the hub of the data folder, in this process or another.
type hubKeeper struct{ s center.Service }

// Get implements provider.Keeper.
func (k hubKeeper) Get(ctx context.Context, name string) (string, error) {
	return k.s.Secret(ctx, name)
}

// Put implements provider.Keeper.
func (k hubKeeper) Put(ctx context.Context, name, secret string) error {
	return k.s.KeepSecret(ctx, name, secret)
}

// asking reads a secret from a person.
type asking func(ctx context.Context, name string) (string, error)

// secretSource hands out what is kept, and asks for what is not. ask is nil where nobody is there.
func secretSource(keep provider.Keeper, ask asking) func(ctx context.Context, name string) (string, error) {
	return func(ctx context.Context, name string) (string, error) {
		secret, err := keep.Get(ctx, name)
		switch {
		case err == nil:
			return secret, nil
		case !tandem.IsKind(err, tandem.NotFound):
			return "", err
		case ask == nil:
			return "", &tandem.Error{Kind: tandem.Denied, Op: "read the", Thing: name, Err: errors.New("it is not kept here, and nobody is there to ask"),
				Remedy: "run `tandem partner login PLACE` once, or give the place the option password-from"}
		}
		return ask(ctx, name)
	}
}

// asker at the terminal, nil where there is none.
func (a *app) askSecret() asking {
	in, ok := a.in.(*os.File)
	if !ok || !ui.Terminal(a.in) {
		return nil
	}
	return func(ctx context.Context, name string) (string, error) { return a.secret(ctx, in, "The "+name+": ") }
}

func (a *app) secretCommand() *cobra.Command {
	return noun("secret", "Passwords and logins of accounts elsewhere",
		`Passwords and logins of accounts elsewhere are kept sealed in the data folder. Their key
is the file secrets.key there. Only names are shown.`,
		a.secretList(), a.secretForget(), a.secretRotate())
}

func (a *app) secretList() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "list",
		Short:   "List what is kept, by name",
		Example: "  tandem secret list\n  tandem secret list --json",
		Args:    args(0, 0, "secret list takes no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				names, err := s.SecretNames(c.Context())
				if err != nil {
					return err
				}
				if a.json {
					return ui.JSON(a.out, ui.List(names))
				}
				for _, name := range names {
					fmt.Fprintln(a.out, clean(name))
				}
				if len(names) == 0 {
					fmt.Fprintln(a.out, "nothing is kept")
				}
				return nil
			})
		},
	})
}

func (a *app) secretForget() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:     "forget NAME... | --all",
		Short:   "Forget passwords and logins",
		Long:    "Forgets what is kept under the names, or everything. Accounts elsewhere are not touched; their\npasswords are asked for again.",
		Example: "  tandem secret forget \"password of anna at dav.example.org\"\n  tandem secret forget --all",
		RunE: func(c *cobra.Command, args []string) error {
			if (len(args) > 0) == all {
				return errUsage{errors.New("name what to forget, as `tandem secret list` shows it, or give --all")}
			}
			return a.with(c.Context(), func(s center.Service) error { return a.forgetSecrets(c.Context(), s, args, all) })
		},
	}
	c.Flags().BoolVar(&all, "all", false, "forget everything that is kept")
	return c
}

func (a *app) forgetSecrets(ctx context.Context, s center.Service, names []string, all bool) error {
	kept, err := s.SecretNames(ctx)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, name := range kept {
		known[name] = true
	}
	if all {
		names = kept
	}
	for _, name := range names {
		if !known[name] {
			return &tandem.Error{Kind: tandem.NotFound, Op: "forget secret", Thing: name, Remedy: "see `tandem secret list`"}
		}
	}
	for _, name := range names {
		if err := s.KeepSecret(ctx, name, ""); err != nil {
			return err
		}
	}
	fmt.Fprintf(a.out, "forgot %s\n", ui.Count(len(names), "secret"))
	return nil
}

func (a *app) secretRotate() *cobra.Command {
	return &cobra.Command{
		Use:     "rotate",
		Short:   "Seal everything with a new key",
		Example: "  tandem secret rotate",
		Long:    "Makes a new key, seals everything with it and forgets the old one. Backups of the key made before\nopen only backups of the database made before.",
		Args:    args(0, 0, "secret rotate takes no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				n, err := s.RotateSecrets(c.Context())
				if err == nil || n > 0 {
					fmt.Fprintf(a.out, "sealed %s with a new key\n", ui.Count(n, "secret"))
				}
				return err
			})
		},
	}
}
