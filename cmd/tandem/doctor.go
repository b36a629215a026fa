package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/center"
	"tandem/internal/disk"
	"tandem/internal/sysevents"
	"tandem/internal/ui"
)

func (a *app) doctorCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "doctor",
		Short: "Look for trouble, and say what helps",
		Long: `Checks the data folder and its rights, the lock, the store, free space, the clock, who
tells of sleep, networks and power, and whether the places of all sync items can be reached. Of a running hub also whether phones
find it: its ports, its certificate, its public address, and the names in DNS by which a
mail address alone leads to it. Exit status 1 if anything failed.`,
		Example: "  tandem doctor\n  tandem doctor --json",
		Args:    args(0, 0, "doctor takes no arguments"),
		RunE:    func(c *cobra.Command, _ []string) error { return a.doctor(c.Context()) },
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
	checks, err := s.Checks(ctx)
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
