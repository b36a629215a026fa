package dav

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"tandem"
	"tandem/wire/davxml"
)

// Changes implements provider.Replica. The tree is walked folder by folder, several at a time, and yielded once all of it has arrived.
func (t *tree) Changes(ctx context.Context, _ tandem.Cursor) (iter.Seq2[tandem.Change, error], func() tandem.Listing) {
	var listing tandem.Listing
	return func(yield func(tandem.Change, error) bool) {
		listing = tandem.Listing{}
		ctx, done, err := t.enter(ctx)
		if err != nil {
			yield(tandem.Change{}, err)
			return
		}
		defer done()
		w := &walk{tree: t, seen: map[tandem.ID]bool{}}
		if err := w.all(ctx); err != nil {
			yield(tandem.Change{}, err)
			return
		}
		for i := range w.list {
			if !yield(w.list[i], nil) {
				return
			}
		}
		listing = tandem.Listing{Complete: true, Full: true}
	}, func() tandem.Listing { return listing }
}

// walk is one look at the tree.
type walk struct {
	*tree
	mu   sync.Mutex // guards what follows
	list []tandem.Change
	seen map[tandem.ID]bool
}

// all lists level by level; each level's folders are asked at the same time.
func (w *walk) all(ctx context.Context) error {
	level := []tandem.ID{""}
	for depth := 0; len(level) > 0; depth++ {
		if depth > maxDepth {
			return &tandem.Error{Kind: tandem.Unreadable, Op: "list", Thing: w.at.Redacted(), Err: fmt.Errorf("there are folders more than %d deep", maxDepth)}
		}
		next := make([][]tandem.ID, len(level))
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(workers)
		for i, dir := range level {
			g.Go(func() (err error) {
				next[i], err = w.folder(gctx, dir)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		level = level[:0:0]
		for _, dirs := range next {
			level = append(level, dirs...)
		}
	}
	return nil
}

// folder lists one folder and returns the folders in it. A folder that cannot be read is a Problem, with all below it.
func (w *walk) folder(ctx context.Context, dir tandem.ID) ([]tandem.ID, error) {
	at := w.at
	if dir != "" {
		at = asCollection(w.url(string(dir)))
	}
	var dirs []tandem.ID
	var found []tandem.Change
	self := false
	seq, _ := w.link.listing(ctx, "PROPFIND", at, "1", propfindBody(treeProps()), maxListing)
	for r, err := range seq {
		if err != nil {
			return nil, w.trouble(dir, err)
		}
		segment, isSelf := member(at, r.Href)
		switch {
		case isSelf:
			self = true
			continue
		case segment == "":
			return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "list", Thing: at.Redacted(), Err: fmt.Errorf("the server names %q, which is not in the folder", r.Href),
				Remedy: "give the address by which the server itself calls the folder"}
		}
		name := string(idOf(segment))
		id := tandem.ID(strings.TrimPrefix(string(dir)+"/"+name, "/"))
		if ours(string(id)) {
			continue
		}
		c := tandem.Change{ID: id, Presence: tandem.Present}
		e := entryOf(r)
		switch {
		case strings.HasPrefix(name, rawMark) || !sound(id):
			c.Presence, c.Err = tandem.Problem, errors.New("its name cannot be kept")
		case r.Status == http.StatusNotFound || r.Status == http.StatusGone:
			c.Presence = tandem.Unknown
		case r.Status >= 300:
			c.Presence, c.Err = tandem.Problem, w.link.refused(&davxml.Condition{Status: r.Status}, "read", string(id), 0, w.at.Host)
		default:
			c.Meta = e.Meta
			if e.dir {
				dirs = append(dirs, id)
			}
		}
		found = append(found, c)
	}
	if !self && len(found) == 0 { // a listing names the folder itself: one without anything is none
		return nil, w.trouble(dir, &tandem.Error{Kind: tandem.Unreadable, Op: "list", Thing: at.Redacted(), Err: errors.New("the server's listing is empty")})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range found {
		if !w.seen[c.ID] {
			w.seen[c.ID] = true
			w.list = append(w.list, c)
		}
	}
	return dirs, nil
}

// trouble makes a Problem of a folder that cannot be read. The root, and what is wrong with the server, is trouble with the whole tree.
func (w *walk) trouble(dir tandem.ID, err error) error {
	if dir == "" || down(err) && !tandem.IsKind(err, tandem.Unreadable) || statusOf(err) == 0 {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.list {
		if w.list[i].ID != dir {
			continue
		}
		w.list[i].Meta = tandem.Meta{}
		if status := statusOf(err); status == http.StatusNotFound || status == http.StatusGone {
			w.list[i].Presence = tandem.Unknown // it went away while we looked
			return nil
		}
		w.list[i].Presence, w.list[i].Err = tandem.Problem, err
	}
	return nil
}
