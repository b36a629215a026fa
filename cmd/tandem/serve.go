package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
	"tandem/server/control"
)

const serveHelp = `Runs the hub: it owns the data folder, keeps all enabled sync items in step, and answers
the other commands, which find it by the folder. Continuous items are synced within
a second of a change, on either side; all are looked over every few minutes besides.

What was overwritten or deleted, and the log, is kept for 30 days. --keep-history 90d
keeps it longer, up to 366 days; the hub remembers that until told otherwise.

Phones and mail programs reach the hub at the addresses of --listen, by Exchange
ActiveSync; a browser that opens the same address is told how to connect them. Add
people with ` + "`tandem user add`" + `. Without a certificate of your own the hub makes an
authority of its own on first run, which phones are given by that page. With --acme NAME
it gets one from Let's Encrypt, which phones trust already, and renews it: ports 443 or
80 of that name must lead to the hub. Asking agrees to the authority's terms of service.

Stop it with Ctrl-C; whatever it was doing goes on when it starts again.`

func (a *app) serveCommand() *cobra.Command {
	var keep string
	var at doorFlags
	var post mailFlags
	var watched watchFlags
	c := &cobra.Command{
		Use:     "serve",
		Short:   "Run the hub, which keeps its sync items in step",
		Long:    serveHelp,
		Example: "  tandem serve\n  tandem serve --listen https://:443 --tls-cert chain.pem --tls-key key.pem\n  tandem serve --listen https://:443 --acme sync.example.org --acme-email admin@example.org\n  tandem serve --listen http://127.0.0.1:8080 --public https://sync.example.org --trust-proxy 127.0.0.1\n  tandem serve --listen none --keep-history 90d",
		Args:    args(0, 0, "serve takes no arguments; the data folder is --data DIR"),
		RunE:    func(c *cobra.Command, _ []string) error { return a.serve(c.Context(), keep, at, post, watched) },
	}
	at.add(c)
	post.add(c)
	watched.add(c)
	c.Flags().StringVar(&keep, "keep-history", "", "how long to keep what was overwritten or deleted: 30d, 8w (default: as the last time, at first 30d)")
	return a.jsonFlag(c)
}

// serve runs the hub; keep is the span for which history is kept, "" as before.
func (a *app) serve(ctx context.Context, keep string, at doorFlags, post mailFlags, watched watchFlags) error {
	plan, err := at.parse()
	if err != nil {
		return err
	}
	if err := post.check(); err != nil {
		return err
	}
	var span time.Duration
	if keep != "" {
		if span, err = center.ParseDays(keep); err != nil {
			return asUsage(err)
		}
		if span < center.KeepMin || span > center.KeepMax {
			return errUsage{fmt.Errorf("--keep-history takes 1 to 366 days, not %s", keep)}
		}
	}
	dir, err := a.dir()
	if err != nil {
		return err
	}
	var one sync.Mutex // news come from several items
	show := a.printer(center.SyncOptions{Watch: true}, labels{a: "home", b: "partner", items: true})
	show.progress = ui.Silent{}
	news := func(n center.SyncNews) {
		one.Lock()
		defer one.Unlock()
		a.serveNews(show, n)
	}
	log := slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	w, err := newWatch(watched, log)
	if err != nil {
		return err
	}
	h, err := openHub(dir, hubOptions{log: log, news: news, domains: post.domains, watch: w})
	if err != nil {
		return errors.Join(err, w.close())
	}
	if span != 0 {
		err = h.KeepHistory(ctx, span)
	}
	var d *doors
	if err == nil {
		d, err = h.openDoors(plan, log)
	}
	if err == nil {
		if err = h.openMail(post, d, log); err != nil {
			err = errors.Join(err, d.close())
		}
	}
	if err == nil {
		err = a.serveHub(ctx, h, d)
	}
	return errors.Join(err, w.close(), h.Close())
}

// serveHub says what an opened hub does, and runs it and its doors until ctx is done.
func (a *app) serveHub(ctx context.Context, h *hub, d *doors) error {
	items, err := h.Status(ctx, nil)
	if err == nil && !a.json {
		err = a.banner(h, items, d)
	}
	if err == nil {
		err = a.serveQuietly(ctx, h, d)
	} else {
		err = errors.Join(err, d.close(), h.mail.close())
	}
	if err == nil && !a.json {
		_, err = fmt.Fprintln(a.out, "stopped")
	}
	return err
}

// serveQuietly runs an opened hub and its doors until ctx is done, or one of them fails.
func (a *app) serveQuietly(ctx context.Context, h *hub, d *doors) error {
	l, err := control.Listen(h.dir)
	if err != nil {
		return errors.Join(err, d.close(), h.mail.close())
	}
	if err := h.Start(ctx); err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			err = nil // told to stop before it began, which is no failure
		}
		return errors.Join(err, l.Close(), d.close(), h.mail.close())
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	quiet := func(run func(context.Context)) func(context.Context) error {
		return func(ctx context.Context) error { run(ctx); return nil }
	}
	serves := []func(context.Context) error{d.serve, h.mail.serve, h.watch.serve, quiet(h.outgoing.Run), quiet(h.arrivals.Run), quiet(h.filters.Run), once(h.index.Run)}
	ended := make(chan error, len(serves))
	for _, serve := range serves {
		go func() {
			defer stop()
			ended <- serve(ctx)
		}()
	}
	err = control.Serve(ctx, l, h, version())
	stop()
	for range serves {
		err = errors.Join(err, <-ended)
	}
	return err
}

// once is work that comes to an end, and is no reason for the others to stop then.
func once(run func(context.Context)) func(context.Context) error {
	return func(ctx context.Context) error {
		run(ctx)
		<-ctx.Done()
		return nil
	}
}

// banner says what the hub does, where its data are, and what can be done next.
func (a *app) banner(h *hub, items []center.ItemStatus, d *doors) error {
	fmt.Fprintf(a.out, "Tandem %s keeps your sync items in step. Data: %s\n", version(), h.dir)
	if err := a.addresses(d); err != nil {
		return err
	}
	if err := a.firstLink(d); err != nil {
		return err
	}
	if err := a.mailAddresses(h.mail); err != nil {
		return err
	}
	fmt.Fprint(a.out, h.watch.banner())
	if byGoRun(os.Executable()) {
		fmt.Fprintln(a.out, "\nWhere tandem is called below, say `go run ./cmd/tandem`, or make it a command of your\nown with `go install ./cmd/tandem`.")
	}
	if len(items) == 0 {
		_, err := fmt.Fprint(a.out, `
There are no sync items yet. From another terminal, pair a home collection with the
places that shall hold the same, one command each:

  tandem item add contacts vdir:~/phone-book
  tandem item add contacts vdir:~/laptop-book

From then on they are kept in step here. Stop with Ctrl-C.

`)
		return err
	}
	fmt.Fprintln(a.out)
	if err := a.statusTable(items); err != nil {
		return err
	}
	_, err := fmt.Fprint(a.out, "\nFrom another terminal: tandem status, tandem log --follow, tandem conflict list. Stop with Ctrl-C.\n\n")
	return err
}

// byGoRun tells that a program is one that go run has built for this once, so that nobody can call it by its name.
func byGoRun(program string, err error) bool {
	return err == nil && strings.Contains(filepath.ToSlash(program), "/go-build") && filepath.Base(filepath.Dir(program)) == "exe"
}

// serveNews tells of a run that changed something or failed, in one line.
func (a *app) serveNews(p *printer, n center.SyncNews) {
	if a.json {
		if n.Progress == nil && (n.Report == nil || !quietReport(n.Report)) {
			p.json(n)
		}
		return
	}
	stamp := now().Format("15:04:05")
	switch {
	case n.Err != nil:
		fmt.Fprintf(a.err, "%s  %s: %s\n", stamp, n.Item, oneLine(n.Err.Err()))
	case n.Report == nil || quietReport(n.Report):
	case n.Report.Held:
		why := "the guard holds the plan"
		if n.Planned != nil && len(n.Planned.Held) > 0 {
			why = n.Planned.Held[0]
		}
		fmt.Fprintf(a.out, "%s  %s: held: %s; look with `tandem sync %s --preview`, go on with --yes or --restore\n", stamp, n.Item, ui.Clean(why), n.Item)
	default:
		fmt.Fprintf(a.out, "%s  %s: %s\n", stamp, n.Item, runLine(n))
		problems(a.out, n.Report.Problems, false)
	}
}

// runLine is what a run did, in one line.
func runLine(n center.SyncNews) string {
	text := ""
	for i, name := range []string{"home", "partner"} {
		if t := totals(n.Report.Done[i]); t != "" {
			if text != "" {
				text += "; "
			}
			text += "to " + name + ": " + t
		}
	}
	if text == "" {
		text = "nothing moved"
	}
	if n.Report.Conflicts > 0 {
		text += "; " + ui.Count(n.Report.Conflicts, "conflict") + " open"
	}
	return text
}
