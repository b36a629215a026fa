package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
	kinds "tandem/kind/all"
	"tandem/provider"
)

// remotePlace is a place at which there may be several collections, and what it takes to look at it.
type remotePlace struct {
	provider *provider.Provider
	place    provider.Place
	env      provider.Env
	keep     provider.Keeper
}

// remotePlace resolves a partner's name or a place.
func (a *app) remotePlace(ctx context.Context, s center.Service, arg string) (*remotePlace, error) {
	text := arg
	if !strings.Contains(arg, ":") {
		list, err := s.ListPartners(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			if p.Name == arg {
				text = p.Place
			}
		}
		if text == arg {
			return nil, errUsage{fmt.Errorf("there is no partner %q; see them with `tandem partner list`, or name a place in full, such as vdir:./folder", arg)}
		}
	}
	reg := a.registry()
	place, err := reg.ParsePlace(text)
	if err != nil {
		return nil, asUsage(err)
	}
	p, err := reg.Provider(place.Provider)
	if err != nil {
		return nil, err
	}
	acc := &remotePlace{provider: p, place: place, keep: hubKeeper{s}}
	acc.env = provider.Env{Keep: acc.keep, Kind: kindLookup(kinds.Kinds()), Secret: secretSource(acc.keep, a.askSecret())}
	return acc, nil
}

// list tells which collections there are. A place that is always one is asked whether it opens.
func (acc *remotePlace) list(ctx context.Context) ([]provider.Found, error) {
	if acc.provider.List != nil {
		return acc.provider.List(ctx, acc.place, acc.env)
	}
	o, err := acc.provider.Open(ctx, acc.place, acc.env)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	return []provider.Found{{Name: acc.place.Text, Place: acc.place.Text, Kind: o.Kind, ReadOnly: o.Features.ReadOnly}}, nil
}

func (a *app) partnerShow() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "show PARTNER|PLACE",
		Short: "Look at a place and list the collections there",
		Long: `Looks at a place, such as the account of a server, and lists its collections. Each is a
place of its own that can be synced.`,
		Example: `  tandem partner show carddavs://anna@dav.example.org/
  tandem partner show work`,
		Args:              args(1, 1, "name one partner or place: tandem partner show PLACE"),
		ValidArgsFunction: positions(a.partnerNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				acc, err := a.remotePlace(c.Context(), s, args[0])
				if err != nil {
					return err
				}
				found, err := acc.list(c.Context())
				if err != nil {
					return err
				}
				return a.showFound(found)
			})
		},
	})
}

func (a *app) showFound(found []provider.Found) error {
	if a.json {
		if found == nil {
			found = []provider.Found{}
		}
		return ui.JSON(a.out, found)
	}
	if len(found) == 0 {
		_, err := fmt.Fprintln(a.out, "there are no collections")
		return err
	}
	t := ui.NewTable("COLLECTION", "KIND", "PLACE", "")
	for _, f := range found {
		note := ""
		if f.ReadOnly {
			note = "read only"
		}
		t.Add(f.Name, string(f.Kind), f.Place, note)
	}
	return t.Write(a.out)
}

func (a *app) partnerLogin() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "login PARTNER|PLACE",
		Short: "Log in to a place and keep the login",
		Long: `Asks for what a place needs to be opened (a password, or your consent in a browser), tries
it, and keeps it sealed in the data folder. A hub that runs there uses it from then on.`,
		Example: `  tandem partner login carddavs://anna@dav.example.org/
  tandem partner login work --password-file ./password`,
		Args:              args(1, 1, "name one partner or place: tandem partner login PLACE"),
		ValidArgsFunction: positions(a.partnerNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error { return a.login(c.Context(), s, args[0], file) })
		},
	}
	c.Flags().StringVar(&file, "password-file", "", "read the password from a file, - for the standard input")
	return a.jsonFlag(c)
}

// login tries a place, and keeps what it took to open it.
func (a *app) login(ctx context.Context, s center.Service, place, file string) error {
	acc, err := a.remotePlace(ctx, s, place)
	if err != nil {
		return err
	}
	got := &gathered{secrets: map[string]string{}}
	acc.env.Tell = func(_ context.Context, text string) { fmt.Fprintln(a.err, text) }
	acc.env.Secret = func(ctx context.Context, name string) (string, error) { return got.ask(ctx, a, name, file) }
	found, err := acc.list(ctx)
	if err != nil {
		return err
	}
	for name, secret := range got.secrets {
		if err := acc.keep.Put(ctx, name, secret); err != nil {
			return err
		}
	}
	return a.showFound(found)
}

// gathered are the secrets that a login came to use. They are kept once it has worked.
type gathered struct {
	mu      sync.Mutex
	secrets map[string]string
}

func (g *gathered) ask(ctx context.Context, a *app, name, file string) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s, ok := g.secrets[name]; ok {
		return s, nil
	}
	var secret string
	var err error
	switch ask := a.askSecret(); {
	case file != "" && strings.HasPrefix(name, "password "):
		secret, err = a.passwordFrom(file)
	case ask != nil:
		secret, err = ask(ctx, name)
	default:
		err = errUsage{errors.New("there is no terminal to ask at for the " + name + ": name a file that holds it with --password-file FILE")}
	}
	if err == nil {
		g.secrets[name] = secret
	}
	return secret, err
}
