package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/center"
	"tandem/internal/disk"
	"tandem/internal/sysevents"
	"tandem/internal/ui"
	"tandem/server/control"
	"tandem/store"
)

func (a *app) doctorCommand() *cobra.Command {
	var repair bool
	var bundle string
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Look for trouble, and say what helps",
		Long: `Checks the data folder and its rights, the lock, the store and every body in it, free space, the clock, who
tells of sleep, networks and power, and whether the places of all sync items can be reached. Of a running hub also whether phones
find it: its ports, its certificate, its public address, and the names in DNS by which a
mail address alone leads to it. Exit status 1 if anything failed.

--repair mends what was left over or leads nowhere: bases of items that are gone, what
devices were told of collections that are gone, bodies that nothing names, deletions that
are too old, cursors that cannot be right, secrets and settings of what is gone, files in
the making, the socket of a hub that was killed. What a fault of the disk has damaged is
put aside, in blobs/damaged in the data folder. A record whose body is gone or damaged
gets it back from a partner or from history, at once or with the next run that reaches
one. It asks nothing, removes nothing that people wrote, says
what it did, and notes it in the log; a second run finds nothing more.

--bundle writes a ZIP file for whoever is to find out why something does not work:
versions, settings, results, the last log lines, checks and traces, without secrets and
without names.`,
		Example: "  tandem doctor\n  tandem doctor --json\n  tandem doctor --repair\n  tandem doctor --bundle trouble.zip",
		Args:    args(0, 0, "doctor takes no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case repair && bundle != "":
				return errUsage{errors.New("--repair and --bundle do not go together: take the bundle first")}
			case repair:
				return a.repair(c.Context())
			case bundle != "":
				return a.bundle(c.Context(), bundle)
			}
			return a.doctor(c.Context())
		},
	}
	c.Flags().BoolVar(&repair, "repair", false, "mend what was left over or leads nowhere")
	c.Flags().StringVar(&bundle, "bundle", "", "write what helps to find out why something does not work to this file")
	return a.jsonFlag(c)
}

// progress shows a person who looks on how far something is.
func (a *app) progress() ui.Progress {
	if a.json || !ui.Terminal(a.err) {
		return ui.Silent{}
	}
	return ui.NewBars(a.err)
}

// goesOn is how often it is shown that something goes on that cannot tell how far it is.
const goesOn = 500 * time.Millisecond

// during shows that something goes on, and for how long.
func during(bars ui.Progress, every time.Duration, name, step string, f func()) {
	began, over := time.Now(), make(chan struct{})
	var showing sync.WaitGroup
	showing.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			bars.Show(ui.State{Name: name, Step: step, Left: -1, Thing: fmt.Sprintf("%.0f s", time.Since(began).Seconds())})
			select {
			case <-tick.C:
			case <-over:
				return
			}
		}
	})
	f()
	close(over)
	showing.Wait()
	bars.Close()
}

// verify has all bodies read, and shows how far that has come where a person looks on.
func (a *app) verify(ctx context.Context, s center.Service) error {
	bars := a.progress()
	defer bars.Close()
	return s.Verify(ctx, func(v store.Verified) {
		bars.Show(ui.State{Name: "bodies", Step: "reading", Seen: v.Done, Done: v.Done, Total: v.Total, Left: -1, Thing: ui.Size(v.Bytes) + " read"})
	})
}

// repair mends what dangles, and says what it did.
func (a *app) repair(ctx context.Context) error {
	return a.with(ctx, func(s center.Service) error {
		if err := a.verify(ctx, s); err != nil {
			return err
		}
		var list []center.Repair
		var err error
		during(a.progress(), goesOn, "repair", "mending", func() { list, err = s.Repair(ctx, true) })
		if err != nil {
			return err
		}
		if a.json {
			if err := ui.JSON(a.out, list); err != nil {
				return err
			}
		} else if len(list) == 0 {
			fmt.Fprintln(a.out, "nothing is left over; there is nothing to mend")
		}
		failed := false
		for _, r := range list {
			failed = failed || !r.Mended
			if a.json {
				continue
			}
			level, remedy := "ok", ""
			if !r.Mended {
				level, remedy = "fail", r.Error
			}
			a.checkLine(level, strings.TrimSpace(r.Sort+" "+ui.Clean(r.Thing)), repairText(r.Text, r.Count, r.Bytes), remedy)
		}
		if failed {
			return errExit(exitFailed)
		}
		return nil
	})
}

// leftSocket finds the control socket of a process that died. Whoever asks owns the data folder, so that nobody is about to answer at it.
func leftSocket(ctx context.Context, dir string) ([]center.Leftover, error) {
	path, err := control.Stale(ctx, dir)
	if err != nil || path == "" {
		return nil, err
	}
	return []center.Leftover{{Dangling: store.Dangling{Sort: "leftover", Thing: path, Text: "the socket of a hub that was killed; it is removed", Count: 1}, Mend: func() error { return os.Remove(path) }}}, nil
}

// leftLines has the check of what is left over say each finding by itself.
func leftLines(checks []center.Check) []center.Check {
	var out []center.Check
	for _, c := range checks {
		for _, p := range c.Parts {
			out = append(out, center.Check{Name: c.Name + ": " + p.Name, User: c.User, Level: c.Level, Text: repairText(p.Text, p.Count, p.Bytes), Remedy: c.Remedy})
		}
		if len(c.Parts) == 0 {
			out = append(out, c)
		}
	}
	return out
}

// repairText says what is wrong, how often, and how much room it takes.
func repairText(text string, count int, bytes int64) string {
	if count > 1 {
		text = fmt.Sprintf("%d %s", count, text)
	}
	if bytes > 0 {
		text += " (" + ui.Size(bytes) + ")"
	}
	return text
}

// bundle writes a bundle to a new file that only we may read.
func (a *app) bundle(ctx context.Context, path string) error {
	return a.with(ctx, func(s center.Service) error {
		b, err := s.Bundle(ctx)
		if err != nil {
			return err
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if os.IsExist(err) {
			return &tandem.Error{Kind: tandem.Exists, Op: "write bundle", Thing: path, Err: errors.New("there is a file of this name"), Remedy: "name another"}
		}
		if err != nil {
			return &tandem.Error{Kind: tandem.Denied, Op: "write bundle", Thing: path, Err: cause(err), Remedy: "name a file in a folder that is there and that you may write to"}
		}
		_, err = f.Write(b.Data)
		if err = errors.Join(err, f.Close()); err != nil {
			return errors.Join(err, os.Remove(path))
		}
		if a.json {
			return ui.JSON(a.out, map[string]any{"file": path, "bytes": len(b.Data)})
		}
		_, err = fmt.Fprintf(a.out, "%s: %s, without secrets and names; look it over before you send it\n", ui.Clean(path), ui.Size(int64(len(b.Data))))
		return err
	})
}

func (a *app) doctor(ctx context.Context) error {
	dir, err := a.dir()
	if err != nil {
		return err
	}
	checks := []center.Check{checkFolder(dir), checkSpace(dir), checkClock(dir, now())}
	checks = append(checks, checkSystem(sysevents.Sources(ctx, sysevents.Options{}))...)
	if _, err := os.Stat(dir); !os.IsNotExist(err) { // looking must not make it
		checks = append(checks, a.checkHub(ctx)...)
	}
	if a.json {
		err = ui.JSON(a.out, checks)
	} else {
		for _, c := range checks {
			a.checkLine(c.Level, c.Name, c.Text, c.Remedy)
		}
	}
	for _, c := range checks {
		if c.Level == "fail" {
			return errExit(exitFailed)
		}
	}
	return err
}

// checkLine writes one line of a check-up.
func (a *app) checkLine(level, name, text, remedy string) {
	line := fmt.Sprintf("%-4s  %s: %s", level, name, ui.Clean(text))
	if remedy != "" {
		line += "; " + ui.Clean(remedy)
	}
	fmt.Fprintln(a.out, line)
}

// checkHub reaches the running hub or opens the store, and lets it look itself over.
func (a *app) checkHub(ctx context.Context) []center.Check {
	s, done, err := a.service(ctx)
	if err != nil {
		c := center.Check{Name: "hub", Level: "fail"}
		f := center.FailureOf(err)
		c.Remedy, f.Remedy = strings.TrimPrefix(f.Remedy, "look with `tandem doctor`; "), ""
		c.Text = f.Err().Error()
		if tandem.IsKind(err, tandem.Busy) {
			c.Level = "warn" // somebody works; the store cannot be looked over meanwhile
		}
		return []center.Check{c}
	}
	defer done()
	state := center.Check{Name: "hub", Level: "ok", Text: "not running; the data folder is free"}
	if p, ok := s.(interface {
		Process() int
		Version() string
	}); ok {
		state.Text = fmt.Sprintf("running as process %d", p.Process())
		if p.Version() != version() {
			state.Level, state.Remedy = "warn", "restart `tandem serve`"
			state.Text += fmt.Sprintf(", version %s, while this is %s", p.Version(), version())
		}
	}
	_ = a.verify(ctx, s) // it shows how far it is; the checks tell what it found, or why it could not look
	var checks []center.Check
	during(a.progress(), goesOn, "checks", "looking", func() { checks, err = s.Checks(ctx, "") })
	checks = leftLines(checks)
	if err != nil {
		checks = append(checks, center.Check{Name: "store", Level: "fail", Text: err.Error()})
	}
	return append([]center.Check{state}, checks...)
}

func checkFolder(dir string) center.Check {
	c := center.Check{Name: "data folder", Level: "ok", Text: dir}
	fi, err := os.Stat(dir)
	switch {
	case os.IsNotExist(err):
		c.Text += " is not there yet; it is made when needed"
		return c
	case err != nil:
		c.Level, c.Text, c.Remedy = "fail", err.Error(), "name another folder with --data"
		return c
	case !fi.IsDir():
		c.Level, c.Text, c.Remedy = "fail", dir+" is not a folder", "move it away, or name another folder with --data"
		return c
	}
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		c.Level, c.Text, c.Remedy = "fail", "cannot write to "+dir+": "+err.Error(), "give yourself the right to write to it, or name another folder with --data"
		return c
	}
	f.Close()
	os.Remove(f.Name())
	if open := fi.Mode().Perm() & 0o077; open != 0 && filepath.Separator == '/' {
		c.Level, c.Text, c.Remedy = "warn", fmt.Sprintf("%s can be entered by others (mode %o)", dir, fi.Mode().Perm()), "close it with `chmod 700 "+dir+"`"
	}
	return c
}

// checkSystem says who tells of sessions, networks and power, and what is done where nobody does.
func checkSystem(list []sysevents.Source) []center.Check {
	var out []center.Check
	for _, s := range list {
		c := center.Check{Name: "events of " + s.Name, Level: "ok", Text: s.Text}
		if s.Gone != "" {
			c.Text = s.Gone + "; " + s.Text
		}
		out = append(out, c)
	}
	return out
}

const (
	spaceFail = 64 << 20
	spaceWarn = 1 << 30
)

func checkSpace(dir string) center.Check {
	free, err := disk.Free(existing(dir))
	if err != nil {
		return center.Check{Name: "disk space", Level: "warn", Text: "cannot be told: " + err.Error()}
	}
	return spaceCheck(free)
}

// spaceCheck judges the room that is left for the data folder, in bytes.
func spaceCheck(free int64) center.Check {
	c := center.Check{Name: "disk space", Level: "ok", Text: ui.Size(free) + " free for the data folder"}
	switch {
	case free < spaceFail:
		c.Level, c.Remedy = "fail", "make room, or move the data folder"
	case free < spaceWarn:
		c.Level, c.Remedy = "warn", "make room soon"
	}
	return c
}

// existing is the nearest folder on the way up that is there.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return dir
		}
		dir = parent
	}
}

// checkClock compares the clock with what it cannot be behind: the time this program was written, and when the data
// folder was last written to.
func checkClock(dir string, now time.Time) center.Check {
	c := center.Check{Name: "clock", Level: "ok", Text: now.Format("2006-01-02 15:04:05 MST")}
	newest := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if entries, err := os.ReadDir(dir); err == nil {
		for _, e := range entries {
			if fi, err := e.Info(); err == nil && fi.ModTime().After(newest) && !strings.HasPrefix(e.Name(), ".doctor") {
				newest = fi.ModTime()
			}
		}
	}
	if now.Before(newest.Add(-time.Minute)) {
		c.Level, c.Remedy = "warn", "set the clock; syncing does not hang on it, but history, schedules and the policy newest do"
		c.Text += ", but it has been " + newest.Format("2006-01-02 15:04:05") + " before"
	}
	return c
}
