package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/center/progress"
	"tandem/internal/ui"
)

// syncFlags are the switches of sync.
type syncFlags struct {
	opt         center.SyncOptions
	words       center.RuleWords
	kind        string
	interactive bool
	ifIdle      bool
}

const syncHelp = `Brings places in step. With two places, A and B, no set-up is needed: what both last
agreed on is kept in the data folder, so that the next sync knows what was changed
and what was deleted. It is the same pair whichever is named first.

With names of sync items, or none, it runs those items of the hub now (none named:
all that are enabled). One that is being synced already, here or as another program
reports it, is synced once more afterwards; with --if-idle it is left alone.

Before anything is written the plan is checked: if a side was emptied, or much would
be deleted or overwritten at once, the plan is held. On a terminal you are asked;
otherwise nothing is done, the exit status is 3, and --yes or --restore go on.`

const syncExamples = `  tandem sync vdir:./phone-book vdir:./laptop-book
  tandem sync files:./papers files:/media/stick/papers --preview
  tandem sync vdir:./work vdir:./backup --direction mirror-a-to-b
  tandem sync contacts-phone --interactive
  tandem sync --full`

func (a *app) syncCommand() *cobra.Command {
	f := &syncFlags{}
	c := &cobra.Command{
		Use:               "sync A B | sync [ITEM...]",
		Short:             "Bring two places, or the hub's sync items, in step now",
		Long:              syncHelp,
		Example:           syncExamples,
		ValidArgsFunction: positions(either(a.itemNames, a.places)),
		RunE:              func(c *cobra.Command, args []string) error { return a.sync(c, f, args) },
	}
	fl := c.Flags()
	fl.BoolVarP(&f.opt.Preview, "preview", "n", false, "show what would be done, write nothing")
	fl.BoolVarP(&f.interactive, "interactive", "i", false, "choose for each step: do it, skip it, or the other direction")
	fl.BoolVarP(&f.opt.Approve, "yes", "y", false, "let a plan go ahead that the guard would hold")
	fl.BoolVar(&f.opt.Restore, "restore", false, "where the guard holds the plan, put back what was deleted or emptied instead")
	fl.BoolVar(&f.opt.Full, "full", false, "look at everything, not only at what places say has changed")
	fl.BoolVar(&f.ifIdle, "if-idle", false, "leave sync items alone that are being synced already")
	fl.BoolVarP(&f.opt.Watch, "watch", "w", false, "stay, and sync again whenever something changes")
	fl.StringVar(&f.kind, "kind", "", "what the records are, where the places do not tell (contact, event, task, note)")
	ruleFlags(c, &f.words)
	a.jsonFlag(c)
	c.MarkFlagsMutuallyExclusive("yes", "restore")
	c.MarkFlagsMutuallyExclusive("preview", "interactive", "watch")
	c.MarkFlagsMutuallyExclusive("json", "interactive")
	return c
}

// ruleFlags gives a command the flags for the rules of a pair.
func ruleFlags(c *cobra.Command, w *center.RuleWords) {
	choices := center.RuleChoices()
	flag := func(target *string, name, help string) {
		c.Flags().StringVar(target, name, "", help+": "+strings.Join(choices[name], ", ")+" (default "+choices[name][0]+")")
		words(c, name, choices[name])
	}
	flag(&w.Policy, "policy", "who wins what cannot be merged")
	flag(&w.Direction, "direction", "which way changes travel")
	flag(&w.DeleteVsChange, "delete-vs-change", "what survives when one side deleted what the other changed")
	flag(&w.First, "first", "how two filled places meet the first time")
	c.Flags().BoolVar(&w.NoMerge, "no-merge", false, "do not merge by field: the policy decides every double change")
}

// sync runs two places or items.
func (a *app) sync(c *cobra.Command, f *syncFlags, args []string) error {
	if f.interactive && !ui.Terminal(a.in) {
		return errUsage{errors.New("--interactive needs a terminal to ask at")}
	}
	run, labels, err := a.syncRun(c, f, args)
	if err != nil {
		return err
	}
	if !f.opt.Watch {
		defer haste(os.Getenv)()
	}
	return a.with(c.Context(), func(s center.Service) error {
		return a.syncWith(c.Context(), s, f, run, labels)
	})
}

// syncFunc starts a run with the given options.
type syncFunc func(ctx context.Context, s center.Service, opt center.SyncOptions, tell func(center.SyncNews)) error

// syncRun settles from the arguments what is to be run.
func (a *app) syncRun(c *cobra.Command, f *syncFlags, args []string) (syncFunc, labels, error) {
	rules, err := f.words.Rules()
	if err != nil {
		return nil, labels{}, errUsage{err}
	}
	if !anyPlace(args) {
		for _, flag := range []string{"kind", "policy", "direction", "delete-vs-change", "first", "no-merge"} {
			if c.Flags().Changed(flag) {
				return nil, labels{}, errUsage{fmt.Errorf("--%s is for two places; a sync item has its own, see `tandem item set --help`", flag)}
			}
		}
		return func(ctx context.Context, s center.Service, opt center.SyncOptions, tell func(center.SyncNews)) error {
			names := args
			if f.ifIdle {
				var err error
				if names, err = a.idle(ctx, s, args); err != nil || len(names) == 0 {
					return err
				}
			}
			return s.Sync(ctx, names, opt, tell)
		}, labels{a: "home", b: "partner", items: true}, nil
	}
	if f.ifIdle {
		return nil, labels{}, errUsage{errors.New("--if-idle is for sync items, and these are places")}
	}
	if len(args) != 2 {
		return nil, labels{}, errUsage{fmt.Errorf("sync takes two places, or names of sync items; got %s", strings.Join(args, " "))}
	}
	p := center.Places{Kind: f.kind, Rules: rules}
	for i, target := range []*string{&p.A, &p.B} {
		place, err := a.registry().ParsePlace(args[i])
		if err != nil {
			return nil, labels{}, asUsage(err)
		}
		*target = place.Text
	}
	return func(ctx context.Context, s center.Service, opt center.SyncOptions, tell func(center.SyncNews)) error {
		return s.SyncPlaces(ctx, p, opt, tell)
	}, labels{a: args[0], b: args[1]}, nil
}

// idle are those of the items named, or of all that run when none is, that nobody is syncing; it says which others there are.
func (a *app) idle(ctx context.Context, s center.Service, names []string) ([]string, error) {
	state, err := s.Progress(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.Status(ctx, names)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, st := range list {
		name := st.Item.Name
		busy := slices.ContainsFunc(state.Items, func(r progress.ItemRow) bool { return r.Item == name && r.Status.Going() })
		switch {
		case busy && !a.json:
			fmt.Fprintf(a.out, "%s is being synced already, and is left alone\n", name)
		case !busy && (len(names) > 0 || st.Item.Enabled && !st.Paused):
			out = append(out, name)
		}
	}
	return out, nil
}

// anyPlace tells places from names of items, which hold no colon. A folder without a provider counts as a place, so
// that the message about it says what is missing.
func anyPlace(args []string) bool {
	for _, arg := range args {
		if fi, err := os.Stat(arg); strings.ContainsAny(arg, ":/\\") || (err == nil && fi.IsDir() && len(args) == 2) {
			return true
		}
	}
	return false
}

// syncWith runs, asks where a person can be asked, and runs again with the answer.
func (a *app) syncWith(ctx context.Context, s center.Service, f *syncFlags, run syncFunc, names labels) error {
	opt := f.opt
	if f.interactive {
		opt.Preview = true
	}
	end, err := a.syncOnce(ctx, s, opt, run, names, f.interactive)
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil && opt.Watch:
		return nil // that is how watching ends
	case ctx.Err() != nil && end.runs == 0:
		return ctx.Err()
	case ctx.Err() != nil || !ui.Terminal(a.in) || a.json:
		return end.exit()
	}
	q := a.asker(ctx)
	if f.interactive && end.failed == 0 {
		var any bool
		if opt, any = q.askSteps(end, f.opt); !any {
			fmt.Fprintln(a.out, "nothing chosen, nothing was written")
			return ctx.Err()
		}
		if end, err = a.syncOnce(ctx, s, opt, run, names, false); err != nil {
			return err
		}
	}
	if !opt.Preview && len(end.held) == 1 && !opt.Approve && !opt.Restore {
		again, goOn := q.askGuard(end.held[0], opt)
		if goOn {
			if end, err = a.syncOnce(ctx, s, again, run, names, false); err != nil {
				return err
			}
		}
	}
	return end.exit()
}

// syncOnce runs once and shows what happens.
func (a *app) syncOnce(ctx context.Context, s center.Service, opt center.SyncOptions, run syncFunc, names labels, interactive bool) (*ending, error) {
	p := a.printer(opt, names)
	p.interactive = interactive
	err := run(ctx, s, opt, p.news)
	p.progress.Close()
	if err != nil {
		return nil, asUsage(err)
	}
	return &p.end, p.err
}

// ending is what is known when all runs are over.
type ending struct {
	runs    int // that ended
	failed  int
	left    int // runs after which something waits
	preview []center.SyncNews
	held    []center.SyncNews
}

func (e *ending) exit() error {
	switch {
	case e.failed > 0:
		return errExit(exitFailed)
	case e.left > 0:
		return errExit(exitLeft)
	}
	return nil
}
