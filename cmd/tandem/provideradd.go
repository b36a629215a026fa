package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/center"
	"tandem/internal/ui"
	kinds "tandem/kind/all"
	"tandem/provider"
	"tandem/provider/all"
	"tandem/provider/plugin"
)

func (a *app) providerAdd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "add PROGRAM [ARGUMENT...]",
		Short: "Register a program as a provider",
		Long: `Registers a program that speaks the protocol of doc/plugins.md as a provider, under the
name that it declares. A hub that runs knows it at once. Arguments that name files which
are there are kept as whole paths, since the hub starts it elsewhere. Registering it again, such as
after an update, reads anew what it declares. The program runs with the rights of the
hub, so only who may open the data folder registers one.`,
		Example: "  tandem provider add ./stocks\n  tandem provider add python3 /opt/jots/jots.py",
		Args:    args(1, -1, "name a program: tandem provider add PROGRAM [ARGUMENT...]"),
		RunE: func(c *cobra.Command, args []string) error {
			r, err := askProgram(c.Context(), args)
			if err != nil {
				return err
			}
			name := r.Declaration.Name
			if _, err := all.Registry().Provider(name); err == nil {
				return &tandem.Error{Kind: tandem.Exists, Op: "add provider", Thing: name, Err: errors.New("a provider of this name comes with tandem"), Remedy: "have the program declare another name"}
			}
			a.makes = true
			var where string
			if err := a.with(c.Context(), func(center.Service) error { // makes the data folder, and says what is wrong with it
				where, err = a.dir()
				return err
			}); err != nil {
				return err
			}
			if err := plugin.Register(where, r); err != nil {
				return err
			}
			if a.json {
				return ui.JSON(a.out, r.Provider().Describe())
			}
			example := ""
			if len(r.Declaration.Examples) > 0 {
				example = ", such as " + r.Declaration.Examples[0]
			}
			_, err = fmt.Fprintf(a.out, "added %s (%s); name its places in `tandem partner add`%s\n", name, ui.Clean(r.Declaration.Title), ui.Clean(example))
			return err
		},
	})
}

// askProgram starts a program that a person named, and has it declare itself.
func askProgram(ctx context.Context, command []string) (plugin.Registered, error) {
	path, err := exec.LookPath(command[0])
	if err == nil || errors.Is(err, exec.ErrDot) {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return plugin.Registered{}, &tandem.Error{Kind: tandem.NotFound, Op: "start provider", Thing: command[0], Err: err, Remedy: "name a program that can be run"}
	}
	whole := []string{path}
	for _, arg := range command[1:] {
		if _, err := os.Stat(arg); err == nil && !filepath.IsAbs(arg) { // the hub starts it from where it is itself
			if arg, err = filepath.Abs(arg); err != nil {
				return plugin.Registered{}, err
			}
		}
		whole = append(whole, arg)
	}
	return plugin.Ask(ctx, whole)
}

func (a *app) providerRemove() *cobra.Command {
	return &cobra.Command{
		Use:               "remove PROVIDER",
		Short:             "Forget a program that is registered as a provider",
		Long:              "Forgets a program that is registered as a provider. Its partners have to go first; records stay where they are.",
		Example:           "  tandem provider remove stocks",
		Args:              args(1, 1, "name one provider: tandem provider remove PROVIDER"),
		ValidArgsFunction: positions(a.providerNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			name := args[0]
			if _, err := all.Registry().Provider(name); err == nil {
				return &tandem.Error{Kind: tandem.Denied, Op: "remove provider", Thing: name, Err: errors.New("it comes with tandem"), Remedy: "remove its partners instead: tandem partner remove NAME"}
			}
			return a.with(c.Context(), func(s center.Service) error {
				partners, err := s.ListPartners(c.Context())
				if err != nil {
					return err
				}
				for _, p := range partners {
					if p.Provider == name {
						return &tandem.Error{Kind: tandem.Busy, Op: "remove provider", Thing: name, Err: fmt.Errorf("the partner %s uses it", p.Name), Remedy: "remove that first: tandem partner remove " + p.Name}
					}
				}
				dir, err := a.dir()
				if err == nil {
					err = plugin.Unregister(dir, name)
				}
				if err == nil {
					_, err = fmt.Fprintf(a.out, "removed %s\n", name)
				}
				return err
			})
		},
	}
}

func (a *app) providerCheck() *cobra.Command {
	var place string
	c := &cobra.Command{
		Use:   "check PROVIDER|PROGRAM [ARGUMENT...]",
		Short: "Try a program that is to be a provider",
		Long: `Starts a program, registered or not, and looks at what it declares; with --place it opens
that place, too, and reads what is there. Nothing is written. The whole suite that every
provider is held to, which writes to places made for it, is in doc/plugins.md.`,
		Example:           "  tandem provider check stocks --place ~/portfolio\n  tandem provider check python3 ./jots.py",
		Args:              args(1, -1, "name a provider or a program: tandem provider check PROVIDER"),
		ValidArgsFunction: positions(a.providerNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			r, err := a.programOf(c.Context(), args)
			if err != nil {
				return err
			}
			d := r.Provider().Describe()
			fmt.Fprintf(a.out, "%s: %s\n  program   %s\n  kinds     %s\n", d.Name, ui.Clean(d.Title), ui.Clean(strings.Join(r.Command, " ")), kindList(d))
			if place == "" {
				_, err = fmt.Fprintln(a.out, "it declares itself as it should; try a place of it with --place")
				return err
			}
			return a.tryPlace(c.Context(), r, place)
		},
	}
	c.Flags().StringVar(&place, "place", "", "the path or address of a place to open and read")
	return c
}

// programOf is the registered program of a name, asked anew, or the program that is named.
func (a *app) programOf(ctx context.Context, args []string) (plugin.Registered, error) {
	if dir, err := a.dir(); err == nil && len(args) == 1 {
		known, _ := plugin.Load(dir) // what cannot be read is told by `tandem doctor`
		for _, r := range known {
			if r.Declaration.Name == args[0] {
				return plugin.Ask(ctx, r.Command)
			}
		}
	}
	return askProgram(ctx, args)
}

// tryPlace opens a place and reads all that is there.
func (a *app) tryPlace(ctx context.Context, r plugin.Registered, where string) error {
	reg := provider.NewRegistry(r.Provider())
	if !strings.HasPrefix(where, r.Declaration.Name+":") {
		where = r.Declaration.Name + ":" + where
	}
	handler := kindLookup(kinds.Kinds())
	o, err := reg.Open(ctx, where, provider.Env{Kind: handler})
	if err != nil {
		return err
	}
	defer o.Close()
	id, err := o.Identity(ctx)
	if err != nil {
		return err
	}
	seq, end := o.Changes(ctx, "")
	var ids []tandem.ID
	trouble := 0
	for c, err := range seq {
		if err != nil {
			return err
		}
		if c.Presence == tandem.Present {
			ids = append(ids, c.ID)
		} else if c.Presence == tandem.Problem {
			trouble++
			fmt.Fprintf(a.out, "  ! %s: %s\n", ui.Clean(string(c.ID)), ui.Clean(c.Err.Error()))
		}
	}
	if l := end(); !l.Complete || !l.Full {
		return &tandem.Error{Kind: tandem.Invalid, Op: "list place", Thing: where, Err: errors.New("the listing of everything is not complete, or does not say so"), Remedy: "have the program end it with complete and full"}
	}
	h, known := handler(o.Kind)
	for rec, err := range o.Fetch(ctx, ids) {
		if err == nil && known && rec.Body != nil {
			var body []byte
			if body, err = tandem.ReadBody(rec.Body, plugin.MaxBody); err == nil {
				_, err = h.Inspect(body)
			}
		}
		if err != nil {
			trouble++
			fmt.Fprintf(a.out, "  ! %s: %s\n", ui.Clean(string(rec.ID)), ui.Clean(err.Error()))
		}
	}
	fmt.Fprintf(a.out, "  place     %s\n  identity  %s\n  records   %d of kind %s\n", ui.Clean(where), ui.Clean(id.Store), len(ids), o.Kind)
	if trouble > 0 {
		return errExit(exitLeft)
	}
	return nil
}
