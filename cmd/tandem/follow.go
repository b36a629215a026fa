package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"tandem"
	"tandem/center"
	"tandem/internal/datadir"
	"tandem/internal/ui"
	"tandem/server/control"
	"tandem/store"
	"tandem/store/sqlite"
)

// lookAgain is how often the files of the data folder are looked at where nothing tells of changes to them.
const lookAgain = time.Second

// follower prints the results log as it grows.
type follower struct {
	*app
	dir   string
	after int64 // id of the last event printed; negative at first: how many of the newest to begin with
	item  string
	paths []string          // only lines about these records, and what is below them; none: all
	watch *fsnotify.Watcher // nil where folders cannot be watched
	left  string            // the store's file as the last look had it
	waits bool              // it was said that there is no log yet
}

// followLog prints the log from after on, and then what happens, until ctx is done. A running hub tells of each event. Where
// none runs, the data folder is watched and only opened when it changed, so that other commands can work.
func (a *app) followLog(ctx context.Context, after int64, item string, paths []string) error {
	dir, err := a.dir()
	if err != nil {
		return err
	}
	f := &follower{app: a, dir: dir, after: after, item: item, paths: paths}
	if f.watch, err = fsnotify.NewWatcher(); err == nil {
		defer f.watch.Close()
	} else {
		f.watch = nil
	}
	for ctx.Err() == nil {
		if err := f.listen(ctx); err != nil {
			return err
		}
		busy, err := f.look(ctx)
		if err != nil {
			return err
		}
		f.wait(ctx, busy)
	}
	return nil
}

// listen prints what the running hub tells until it stops. Where none runs it returns at once.
func (f *follower) listen(ctx context.Context) error {
	client, err := control.Dial(ctx, f.dir)
	if err != nil {
		if ctx.Err() != nil || tandem.IsKind(err, tandem.NotFound) || tandem.IsKind(err, tandem.Transient) || tandem.IsKind(err, tandem.Gone) {
			return nil // none, or one that stops just now
		}
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var bad error
	err = client.FollowLog(ctx, f.after, f.item, func(e store.Event) {
		if bad == nil {
			if bad = f.print(e); bad != nil {
				cancel() // nobody reads any more
			}
		}
	})
	if bad == nil && !tandem.IsKind(err, tandem.Transient) && !tandem.IsKind(err, tandem.Gone) { // else it stopped in the middle
		bad = err
	}
	return bad
}

// look opens the data folder and prints what is new. It reports whether somebody else has the folder.
func (f *follower) look(ctx context.Context) (busy bool, err error) {
	if ctx.Err() != nil {
		return false, nil
	}
	if missing := f.dataThere(f.dir); missing != nil { // a log that nobody has written to yet can be followed
		if !f.waits {
			fmt.Fprintf(f.err, "there is no data of tandem in %s yet; waiting for some\n", ui.Clean(f.dir))
		}
		f.waits, f.left = true, ""
		return false, nil
	}
	err = f.with(ctx, func(s center.Service) error {
		for {
			const most = 1000
			events, err := s.Log(ctx, f.after, f.item, most)
			if err != nil {
				return err
			}
			for _, e := range events {
				if err := f.print(e); err != nil {
					return err
				}
			}
			f.after = max(f.after, 0)
			if len(events) < most {
				f.left = f.fileState(sqlite.FileName)
				return nil
			}
		}
	})
	switch {
	case ctx.Err() != nil:
		return false, nil
	case tandem.IsKind(err, tandem.Busy), tandem.IsKind(err, tandem.Transient): // the latter: a hub that stops just now
		return true, nil
	}
	return false, err
}

// print shows one event.
func (f *follower) print(e store.Event) error {
	f.after = e.ID
	if !e.Below(f.paths) {
		return nil
	}
	return f.printEvent(e)
}

// wait waits for another state of the data folder than the last look left. Where somebody else has the folder, it waits for that one to let go. What was written
// between that look and now is in the present state already, and tells by the store's file not being as it was.
func (f *follower) wait(ctx context.Context, busy bool) {
	var events chan fsnotify.Event
	var errs chan error
	if f.watch != nil && f.watch.Add(f.dir) == nil {
		events, errs = f.watch.Events, f.watch.Errors
	}
	was := f.state()
	if !busy && f.fileState(sqlite.FileName) != f.left {
		return
	}
	again := time.NewTimer(lookAgain)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-events:
			if busy && filepath.Base(e.Name) == datadir.LockName || !busy && f.state() != was {
				return
			}
		case <-errs: // some events were lost
			if f.state() != was {
				return
			}
		case <-again.C:
			if busy || f.state() != was {
				return
			}
			again.Reset(lookAgain)
		}
	}
}

// state tells one state of the data folder from another: of the store, and of the socket of a hub.
func (f *follower) state() string {
	text := ""
	for _, name := range []string{sqlite.FileName, sqlite.FileName + "-wal", control.SocketName} {
		text += f.fileState(name)
	}
	return text
}

// fileState tells one state of a file of the data folder from another, "" where it is not there.
func (f *follower) fileState(name string) string {
	fi, err := os.Stat(filepath.Join(f.dir, name))
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s %d %d\n", name, fi.Size(), fi.ModTime().UnixNano())
}
