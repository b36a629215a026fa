package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/center/handler"
	"tandem/internal/ui"
)

func (a *app) handlerCommand() *cobra.Command {
	return noun("handler", "Handlers: whoever has something to sync",
		`A handler offers sync items: a partner, a phone, a program that reports what it syncs, or in
Sync Setup what could be set up. HANDLER is its id as listed; ITEM one of its items.`,
		a.handlerList(), a.handlerShow(),
		a.handlerOrder(handler.Enable, "Sync it again"),
		a.handlerOrder(handler.Disable, "Keep it, but sync nothing of it for now"),
		a.handlerOrder(handler.Activate, "Take it out of Sync Setup"),
		a.handlerOrder(handler.Deactivate, "Put it back into Sync Setup: nothing of it is synced"),
		a.handlerOrder(handler.Start, "Sync it now, without waiting for it"),
		a.handlerOrder(handler.Stop, "Stop what is being synced"),
		a.handlerOrder(handler.Hide, "List it only when asked for hidden ones"),
		a.handlerOrder(handler.Show, "List it again"),
		a.handlerOrder(handler.Delete, "Take an item out of what is synced"),
		a.handlerProposals(), a.handlerCommit(), a.handlerForget())
}

func (a *app) handlerList() *cobra.Command {
	var f center.HandlerFilter
	var sort string
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the handlers",
		Example: "  tandem handler list\n  tandem handler list --setup\n  tandem handler list --type device --json",
		Args:    args(0, 0, "handler list takes no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if f.Type = handler.Type(sort); sort != "" && !slices.Contains(handler.Types(), f.Type) {
				return errUsage{fmt.Errorf("--type is %s, not %q", strings.Join(handlerTypes(), ", "), sort)}
			}
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.ListHandlers(c.Context(), f)
				if err != nil {
					return err
				}
				if a.json {
					return ui.JSON(a.out, ui.List(list))
				}
				return a.handlerTable(list)
			})
		},
	}
	c.Flags().BoolVar(&f.Setup, "setup", false, "those that are not set up yet, instead")
	c.Flags().BoolVar(&f.Hidden, "hidden", false, "also the hidden ones")
	c.Flags().StringVar(&sort, "type", "", "only those of a type: "+strings.Join(handlerTypes(), ", "))
	words(c, "type", handlerTypes())
	userFlag(c, a, &f.User, "only those of this user, and the hub's own")
	return a.jsonFlag(c)
}

func handlerTypes() (out []string) {
	for _, t := range handler.Types() {
		out = append(out, string(t))
	}
	return out
}

func (a *app) handlerTable(list []handler.Handler) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(a.out, "no handlers; see what can be set up with `tandem handler list --setup`")
		return err
	}
	t := ui.NewTable("HANDLER", "NAME", "TYPE", "STATE", "ITEMS", "ERRORS", "CONFLICTS", "LAST SYNC")
	for _, x := range list {
		name, items := x.Name, ""
		if name == x.ID {
			name = x.Label
		}
		if x.Active {
			items = strconv.Itoa(len(x.Items))
		}
		t.Add(x.ID, ui.Cut(name, 40), string(x.Type), handlerState(x), items, some(x.Errors), some(x.Conflicts), ago(x.LastSync))
	}
	return t.Write(a.out)
}

func some(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func ago(unix int64) string {
	if unix == 0 {
		return ""
	}
	return ui.Ago(unix, now())
}

func handlerState(x handler.Handler) string {
	switch {
	case !x.Active:
		return "not set up"
	case !x.Enabled:
		return "disabled"
	case x.Syncing:
		return "syncing"
	case !x.Connected:
		return "not connected"
	case x.Hidden:
		return "hidden"
	}
	return "ready"
}

func itemState(it handler.Item) string {
	switch {
	case !it.Enabled:
		return "disabled"
	case it.Paused:
		return "paused"
	case it.Syncing && it.Progress.Max > 0:
		return fmt.Sprintf("%d of %d: %s", it.Progress.Step, it.Progress.Max, it.Progress.Text)
	case it.Syncing:
		return strings.TrimSuffix("syncing: "+it.Progress.Text, ": ")
	case !it.Connected:
		return "not connected"
	}
	return "ready"
}

func (a *app) handlerShow() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:               "info HANDLER",
		Short:             "Tell of a handler, its items and what can be done",
		Example:           "  tandem handler info phone",
		Args:              args(1, 1, "name one handler: tandem handler info HANDLER"),
		ValidArgsFunction: positions(a.handlerNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				x, err := s.FindHandler(c.Context(), args[0])
				if err != nil {
					return err
				}
				if a.json {
					return ui.JSON(a.out, x)
				}
				return a.showHandler(x)
			})
		},
	})
}

func (a *app) showHandler(x handler.Handler) error {
	t := ui.NewTable()
	for _, row := range [][2]string{{"handler", x.ID}, {"name", x.Name}, {"type", string(x.Type)}, {"sort", x.Label}, {"user", x.User}, {"place", x.Place}, {"state", handlerState(x)},
		{"why", x.Why}, {"last sync", ago(x.LastSync)}, {"errors", some(x.Errors)}, {"conflicts", some(x.Conflicts)}, {"content", x.Browse}, {"note", x.Comment}} {
		if row[1] != "" {
			t.Add(row[0], row[1])
		}
	}
	if err := t.Write(a.out); err != nil {
		return err
	}
	if len(x.Items) > 0 {
		fmt.Fprintln(a.out)
		items := ui.NewTable("ITEM", "NAME", "SORT", "STATE", "ERRORS", "CONFLICTS", "LAST SYNC", "NOTE")
		for _, it := range x.Items {
			name := it.Name
			if name == it.ID {
				name = ""
			}
			items.Add(it.ID, name, it.Label, itemState(it), some(it.Errors), some(it.Conflicts), ago(it.LastSync), it.Comment)
		}
		if err := items.Write(a.out); err != nil {
			return err
		}
	}
	fmt.Fprintln(a.out)
	tasks := ui.NewTable("TASK", "", "")
	for _, s := range x.Tasks {
		if s.How == handler.Offered {
			tasks.Add(string(s.Task), "")
			continue
		}
		tasks.Add(string(s.Task), withheld(s))
	}
	for _, it := range x.Items {
		for _, s := range it.Tasks {
			if s.How != handler.Offered && s.Why != x.Task(s.Task).Why { // what holds for the handler is told above
				tasks.Add(string(s.Task)+" "+it.ID, withheld(s))
			}
		}
	}
	return tasks.Write(a.out)
}

// withheld says why a task is not offered.
func withheld(s handler.TaskState) string {
	if s.How == handler.Hidden {
		return "cannot be done here: " + s.Why
	}
	return "not now: " + s.Why
}

// handlerVerbs says in the past what an order did.
func handlerVerbs() map[handler.Task]string {
	return map[handler.Task]string{handler.Enable: "enabled", handler.Disable: "disabled", handler.Activate: "set up", handler.Deactivate: "put back into Sync Setup", handler.Start: "started",
		handler.Stop: "stopping", handler.Hide: "hidden", handler.Show: "listed again", handler.Delete: "no longer synced; records stay where they are"}
}

func (a *app) handlerOrder(do handler.Task, short string) *cobra.Command {
	o := center.HandlerOrder{Do: do, By: byCommand}
	use, with, low, high := string(do)+" HANDLER [ITEM]", ", and at most one of its items", 1, 2
	switch do {
	case handler.Activate, handler.Deactivate, handler.Hide, handler.Show:
		use, with, high = string(do)+" HANDLER", "", 1
	case handler.Delete:
		use, with, low = string(do)+" HANDLER ITEM", " and one of its items", 2
	}
	c := &cobra.Command{
		Use:               use,
		Short:             short,
		Example:           "  tandem handler " + strings.NewReplacer("HANDLER", "phone", " [ITEM]", "", " ITEM", " contacts-phone").Replace(use),
		Args:              args(low, high, "name one handler"+with+": tandem handler "+use),
		ValidArgsFunction: positions(a.handlerNames, a.itemNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			o.Handler = args[0]
			if len(args) > 1 {
				o.Item = args[1]
			}
			return a.with(c.Context(), func(s center.Service) error {
				if _, running := s.(interface{ Process() int }); !running && (do == handler.Start || do == handler.Stop) {
					return errors.New("no hub is running; sync with `tandem sync`, or start the hub with `tandem serve`")
				}
				if _, err := s.OrderHandler(c.Context(), o); err != nil {
					return err
				}
				_, err := fmt.Fprintf(a.out, "%s: %s\n", strings.Join(args, " "), handlerVerbs()[do])
				return err
			})
		},
	}
	if do == handler.Deactivate || do == handler.Delete {
		c.Flags().BoolVarP(&o.Confirm, "yes", "y", false, "even if conflicts wait for a decision")
	}
	if do == handler.Activate {
		c.Flags().StringVar(&o.Place, "place", "", "where it is, for a provider")
	}
	return c
}

func (a *app) handlerForget() *cobra.Command {
	return &cobra.Command{
		Use:               "forget HANDLER",
		Short:             "Forget a program that reports; it comes back with its next report",
		Example:           "  tandem handler forget mailer",
		Args:              args(1, 1, "name one handler: tandem handler forget HANDLER"),
		ValidArgsFunction: positions(a.handlerNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error { return s.ForgetHandler(c.Context(), args[0]) })
		},
	}
}

func (a *app) handlerNames(ctx context.Context, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	_ = a.with(ctx, func(s center.Service) error { // without a hub there is nothing to offer
		for _, setup := range []bool{false, true} {
			list, err := s.ListHandlers(ctx, center.HandlerFilter{Hidden: true, Setup: setup})
			if err != nil {
				return err
			}
			for _, x := range list {
				names = append(names, x.ID+"\t"+x.Name)
			}
		}
		return nil
	})
	return names, cobra.ShellCompDirectiveNoFileComp
}
