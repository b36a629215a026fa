package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tandem"
)

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitLeft   = 3 // done, but conflicts or left-overs wait, or the guard holds the plan
)

// errUsage marks an error as wrong usage of the command line.
type errUsage struct{ error }

func (e errUsage) Unwrap() error { return e.error }

// errExit ends the program with a status when everything has been said already.
type errExit int

func (e errExit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// app is what all commands share.
type app struct {
	in      io.Reader
	out     io.Writer
	err     io.Writer
	data    string // --data
	json    bool   // --json
	started bool   // arguments were understood and the command has begun
	path    string // the command in full: "tandem user add"
	makes   bool   // the command makes a data folder where none is
}

// Main runs the program and returns its exit status.
func Main(args []string, in io.Reader, out, errw io.Writer) int {
	a := &app{in: in, out: out, err: errw}
	ctx, stop := interruptible(errw)
	defer stop()
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errw)
	c, err := root.ExecuteContextC(ctx)
	if word := strings.Split(fmt.Sprint(err), `"`); c == root && len(word) > 1 && word[0] == "unknown command " { // as cobra writes it
		err = unknownCommand(root, word[1])
	}
	a.path = c.CommandPath()
	return a.status(err)
}

// interruptible is done at the first Ctrl-C; the second ends the program where it stands, which loses nothing.
func interruptible(errw io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for n := 0; ; n++ {
			if _, ok := <-signals; !ok {
				return
			}
			if n > 0 {
				fmt.Fprintln(errw, "tandem: stopped at once")
				os.Exit(exitFailed)
			}
			cancel()
		}
	}()
	return ctx, func() { signal.Stop(signals); close(signals); cancel() }
}

// status turns how a command ended into the exit status, and says what went wrong.
func (a *app) status(err error) int {
	var exit errExit
	var usage errUsage
	err = remedied(err)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &exit):
		return int(exit)
	case errors.As(err, &usage) || !a.started:
		fmt.Fprintf(a.err, "tandem: %s\n", oneLine(err))
		fmt.Fprintf(a.err, "see `%s --help`\n", a.path)
		return exitUsage
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(a.err, "tandem: stopped before the end; run it again to go on")
		return exitFailed
	}
	fmt.Fprintf(a.err, "tandem: %s\n", oneLine(err))
	return exitFailed
}

// remedied adds what helps here to an error of a part that knows no commands.
func remedied(err error) error {
	var e *tandem.Error
	if !errors.As(err, &e) || e.Remedy != "" || err.Error() != e.Error() { // one of several, or one that somebody said more of
		return err
	}
	with := *e
	switch {
	case e.Op == "find user" && e.Kind == tandem.NotFound:
		with.Remedy = "see them with `tandem user list`"
	case (e.Op == "change queued message" || e.Op == "remove queued message") && e.Kind == tandem.NotFound:
		with.Remedy = "see them with `tandem mail queue`"
	case e.Op == "add user" && e.Kind == tandem.Exists:
		with.Remedy = "choose another name; `tandem user password " + e.Thing + "` gives that one a new password"
	default:
		return err
	}
	return &with
}

// oneLine keeps an error message on its line, and safe for a terminal.
func oneLine(err error) string {
	return strings.TrimSpace(clean(strings.ReplaceAll(err.Error(), "\n", "; ")))
}

const rootHelp = `Tandem keeps contacts, calendars, tasks, notes and files in step.

Two places, no set-up: name them, and both hold the same afterwards. What changed
on both sides is merged field by field; what clashes waits as a conflict and keeps
both versions. A place is written PROVIDER:PATH, such as vdir:~/contacts (a folder
of vCards or .ics files) or files:~/papers (any folder with what is in it).

  tandem sync vdir:./phone-book vdir:./laptop-book
  tandem sync files:./papers files:/media/stick/papers --preview

A hub keeps places in step all the time, through collections of its own. Each
sync item pairs one of those with one place:

  tandem item add contacts vdir:~/phone-book
  tandem item add contacts vdir:~/laptop-book
  tandem serve

Nothing is ever lost: what is overwritten or deleted goes to history and can be
put back with tandem undo. A plan that would delete or overwrite much is held until
you say go on. Stop it at any moment; to go on, run it again.

Exit status: 0 all done, 1 failed, 2 wrong usage, 3 done but conflicts or left-overs
wait (or the guard holds the plan).`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:               "tandem",
		Short:             "A sync center you own",
		Long:              rootHelp,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
	}
	root.PersistentFlags().StringVar(&a.data, "data", "", "data folder (default: the system's folder for application data)")
	_ = root.MarkPersistentFlagDirname("data") // fails only for a flag that does not exist
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return errUsage{flagError(c, err)} })
	group := func(id, title string, cmds ...*cobra.Command) {
		root.AddGroup(&cobra.Group{ID: id, Title: title})
		for _, c := range cmds {
			c.GroupID = id
			root.AddCommand(c)
		}
	}
	group("run", "Keep in step:", a.syncCommand(), a.serveCommand(), a.demoCommand(), a.exportCommand(), a.importCommand())
	group("set", "Set up the hub:", a.itemCommand(), a.partnerCommand(), a.handlerCommand(), a.providerCommand(), a.userCommand(), a.mailCommand(), a.secretCommand(), a.collectionCommand(), a.deviceCommand(), a.phoneCommand(), a.notifyCommand(), a.webhookCommand())
	group("see", "See and solve:", a.statusCommand(), a.logCommand(), a.conflictCommand(), a.historyCommand(), a.undoCommand(), a.backupCommand(), a.doctorCommand())
	root.AddCommand(a.wbxmlCommand(), a.versionCommand(), a.manCommand())
	a.given(root)
	a.noteStart(root)
	return root
}

// noteStart makes all commands note that they have begun: what fails before is wrong usage.
func (a *app) noteStart(c *cobra.Command) {
	if run := c.RunE; run != nil {
		c.RunE = func(c *cobra.Command, args []string) error {
			a.started, a.makes = true, makesData(c)
			if f := c.Flag("data"); f != nil && f.Changed && a.data == "" {
				return errUsage{errors.New("--data is empty: name a folder, or leave it out for the system's folder for application data")}
			}
			return run(c, args)
		}
	}
	for _, sub := range c.Commands() {
		a.noteStart(sub)
	}
}

// makesData reports whether a command is one that people begin with: it may make a data folder. All others are about what is in one.
func makesData(c *cobra.Command) bool {
	_, words, _ := strings.Cut(c.CommandPath(), " ")
	switch words {
	case "sync", "serve", "demo", "item add", "partner add", "partner login", "partner show", "user add", "user bounds", "collection add", "device rule add", "device policy set", "mail server", "webhook add", "webhook private":
		return true
	}
	return false
}

// noun makes a command that only groups others.
func noun(use, short, long string, verbs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Long: long}
	c.RunE = onlyVerbs
	c.AddCommand(verbs...)
	return c
}

// args checks the number of arguments and says in words what is expected.
func args(low, high int, want string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < low || (high >= 0 && len(args) > high) {
			return errUsage{fmt.Errorf("%s", want)}
		}
		return nil
	}
}

// jsonFlag gives a command the flag --json.
func (a *app) jsonFlag(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&a.json, "json", false, "write JSON, for programs")
	return c
}

// asUsage marks the errors of arguments that a command itself had to look at.
func asUsage(err error) error {
	if tandem.IsKind(err, tandem.Invalid) {
		return errUsage{err}
	}
	return err
}

func now() time.Time { return time.Now() }
