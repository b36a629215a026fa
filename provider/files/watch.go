package files

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"tandem"
)

// quietTime is how long hints are gathered before they are given.
const quietTime = 100 * time.Millisecond

// manyHints is from how many changed paths on one hint about everything says as much.
const manyHints = 256

// Watch implements provider.Replica. Directories are watched one by one; where the system has too few watches for the
// tree, the place cannot be watched and the channel is nil.
func (r *Replica) Watch(ctx context.Context) (<-chan tandem.Hint, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.use.RUnlock()
	w := &watch{r: r, out: make(chan tandem.Hint), seen: map[tandem.ID]bool{}}
	if err := w.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		r.log.Warn("watching is not possible; the folder is looked through from time to time instead", "err", err)
		return nil, nil
	}
	go w.run(ctx)
	return w.out, nil
}

type watch struct {
	r      *Replica
	notify *fsnotify.Watcher
	out    chan tandem.Hint
	dirs   map[string]bool    // watched
	seen   map[tandem.ID]bool // gathered
	all    bool               // so much happened, or was missed, that only looking at everything tells
	stale  bool               // a watched directory has another name now, which its watch does not know
}

// start watches the whole tree, anew if it was watched before.
func (w *watch) start(ctx context.Context) error {
	if w.notify != nil {
		_ = w.notify.Close()
	}
	w.dirs, w.stale = map[string]bool{}, false
	var err error
	if w.notify, err = fsnotify.NewWatcher(); err != nil {
		return err
	}
	if err := w.add(ctx, ""); err != nil {
		_ = w.notify.Close()
		return err
	}
	return nil
}

// add watches a directory and those below it. Only running out of watches is an error: a directory that cannot be
// watched otherwise is left to the scan.
func (w *watch) add(ctx context.Context, rel string) error {
	todo := []string{rel}
	rules, err := w.r.currentRules()
	if err != nil {
		rules = w.r.rules
	}
	l := newLister()
	for len(todo) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		rel := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if err := w.notify.Add(filepath.Join(w.r.path, filepath.FromSlash(rel))); err != nil {
			if isFull(err) || tooManyFiles(err) || rel == "" {
				return err
			}
			continue
		}
		w.dirs[rel] = true
		f, err := w.r.root.sub(rel)
		if err != nil {
			continue
		}
		_ = f.list(l, func(name []byte, st *stat, err error) error {
			id := join(rel, string(name))
			if err != nil || st.kind != dir || isOurs(string(name)) {
				return nil
			}
			if _, out := rules.ignores(id, true); !out {
				todo = append(todo, id)
			}
			return nil
		})
		f.close()
	}
	return nil
}

// run gathers events and gives hints until ctx is done or the system stops telling.
func (w *watch) run(ctx context.Context) {
	defer close(w.out)
	defer func() { _ = w.notify.Close() }()
	timer := time.NewTimer(quietTime)
	timer.Stop()
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.notify.Events:
			if !ok {
				return
			}
			if w.event(ctx, e) {
				timer.Reset(quietTime)
			}
		case err, ok := <-w.notify.Errors:
			if !ok {
				return
			}
			// Events were lost; which, nobody knows.
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				w.r.log.Warn("watching", "err", err)
			}
			w.all = true
			timer.Reset(quietTime)
		case <-timer.C:
			if !w.give(ctx) {
				return
			}
		}
	}
}

// event notes what an event is about; false if it concerns nobody.
func (w *watch) event(ctx context.Context, e fsnotify.Event) bool {
	rel, err := filepath.Rel(w.r.path, e.Name)
	if err != nil {
		return false
	}
	id := filepath.ToSlash(rel)
	if id == "." {
		id = ""
	}
	for rest := id; rest != ""; {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		if isOurs(name) {
			return false
		}
	}
	switch {
	case e.Has(fsnotify.Rename) && w.dirs[id]:
		w.stale = true
	case e.Has(fsnotify.Remove):
		delete(w.dirs, id)
	}
	if e.Has(fsnotify.Create) && w.isFolder(id) {
		// What was made in it before it was watched gives no events.
		w.all = true
		if err := w.enterAnd(func() error { return w.add(ctx, id) }); err != nil {
			w.r.log.Warn("watching a new folder", "folder", id, "err", err)
		}
	}
	if len(w.seen) >= manyHints {
		w.all = true
	} else {
		w.seen[tandem.ID(id)] = true
	}
	return true
}

func (w *watch) enterAnd(do func() error) error {
	if err := w.r.enter(); err != nil {
		return err
	}
	defer w.r.use.RUnlock()
	return do()
}

func (w *watch) isFolder(id string) (yes bool) {
	_ = w.enterAnd(func() error {
		f, err := w.r.root.sub(id)
		if err == nil {
			yes = true
			f.close()
		}
		return nil
	})
	return yes
}

// give hands out what was gathered.
func (w *watch) give(ctx context.Context) bool {
	if w.stale {
		if err := w.enterAnd(func() error { return w.start(ctx) }); err != nil {
			if ctx.Err() == nil {
				w.r.log.Warn("watching ended; the folder is looked through from time to time instead", "err", err)
			}
			return false
		}
		w.all = true
	}
	if w.all || w.seen[""] {
		clear(w.seen)
		w.seen[""] = true
	}
	for id := range w.seen {
		select {
		case w.out <- tandem.Hint{ID: id}:
		case <-ctx.Done():
			return false
		}
	}
	clear(w.seen)
	w.all = false
	return true
}
