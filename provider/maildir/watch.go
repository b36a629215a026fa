package maildir

import (
	"context"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"tandem"
)

const (
	quiet   = 50 * time.Millisecond  // events are gathered until so long nothing happens
	waiting = 500 * time.Millisecond // but no longer than this
)

// Watch implements provider.Replica. Messages that come and go in quick succession are one hint.
func (r *Replica) Watch(ctx context.Context) (<-chan tandem.Hint, error) {
	if err := r.enter(ctx); err != nil {
		return nil, err
	}
	w, err := fsnotify.NewWatcher()
	if err == nil {
		for _, sub := range subdirs() {
			if err = w.Add(r.dir(sub)); err != nil {
				w.Close()
				break
			}
		}
	}
	if err != nil {
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "watch Maildir", Thing: r.path, Err: err,
			Remedy: "raise the system's limit of watched folders; until then the schedule finds the changes"}
	}
	out := make(chan tandem.Hint, 1)
	go func() { // ends with ctx, with Close, or with the watcher
		defer close(out)
		defer w.Close()
		r.watch(ctx, w, func(base string) bool { return base[0] == '.' }, func() { hint(out) })
	}()
	return out, nil
}

// hint tells that something happened, unless who listens was told and has not looked yet.
func hint(out chan<- tandem.Hint) {
	select {
	case out <- tandem.Hint{}:
	default:
	}
}

// watch calls tell when something has happened and it is calm again. Names that are to be skipped are no event.
func (r *Replica) watch(ctx context.Context, w *fsnotify.Watcher, skip func(base string) bool, tell func()) {
	calm := time.NewTimer(time.Hour)
	calm.Stop()
	var since time.Time // of the first event not told yet
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.closed:
			return
		case e, ok := <-w.Events:
			if !ok {
				return
			}
			if skip(filepath.Base(e.Name)) || e.Op == fsnotify.Chmod {
				continue
			}
			if since.IsZero() {
				since = time.Now()
			}
			calm.Reset(max(0, min(quiet, waiting-time.Since(since))))
		case _, ok := <-w.Errors: // events were lost
			if !ok {
				return
			}
			since = time.Now()
			calm.Reset(0)
		case <-calm.C:
			since = time.Time{}
			tell()
		}
	}
}
