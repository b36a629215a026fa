package session

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sort"
	"time"

	"tandem"
	"tandem/provider"
	"tandem/store"
)

// UndoResult tells of one version put back, or why not.
type UndoResult struct {
	Past store.Past
	Done bool
	Why  string
}

// Undo puts back what history entries say was overwritten or deleted, newest first, wherever nothing changed since. What
// it overwrites itself goes to history before, so that an undo can be undone. open opens a place by its text.
// The next sync carries the result to the other side as any edit. There is one result per entry, in the order given.
func Undo(ctx context.Context, deps Deps, open func(place string) (*provider.Opened, error), pasts []store.Past) []UndoResult {
	out := make([]UndoResult, len(pasts))
	order := make([]int, len(pasts))
	for i := range pasts {
		out[i].Past, order[i] = pasts[i], i
	}
	sort.SliceStable(order, func(i, j int) bool {
		a, b := &pasts[order[i]], &pasts[order[j]]
		if a.When != b.When {
			return a.When > b.When
		}
		return a.ID > b.ID
	})
	u := &undoer{deps: deps, open: open, places: map[string]*provider.Opened{}}
	defer u.close()
	for _, i := range order {
		if err := u.undo(ctx, &pasts[i]); err != nil {
			out[i].Why = err.Error()
			continue
		}
		out[i].Done = true
	}
	return out
}

type undoer struct {
	deps   Deps
	open   func(place string) (*provider.Opened, error)
	places map[string]*provider.Opened
}

func (u *undoer) close() {
	for _, o := range u.places {
		_ = o.Close() // everything written was durable before; there is nobody to tell
	}
}

func (u *undoer) place(name string) (*provider.Opened, error) {
	if o := u.places[name]; o != nil {
		return o, nil
	}
	o, err := u.open(name)
	if err == nil {
		u.places[name] = o
	}
	return o, err
}

func (u *undoer) undo(ctx context.Context, p *store.Past) error {
	o, err := u.place(p.Place)
	if err != nil {
		return err
	}
	rec, err := u.version(ctx, o, p)
	if err != nil {
		return err
	}
	w := tandem.Write{ID: p.Record, Record: rec}
	var kept *store.Past
	switch p.Op {
	case tandem.Delete:
		w.Op = tandem.Create
		w.Marker = tandem.Marker("undo-" + rand.Text()) // a second undo of one entry is a create of its own
	case tandem.Update:
		if p.After == "" {
			return errors.New("it is not known what replaced it, since the session died")
		}
		w.Op, w.If = tandem.Update, p.After
		if kept, err = u.park(ctx, o, p); err != nil {
			return err
		}
	default:
		return fmt.Errorf("history does not keep what was there before (%s)", p.Op)
	}
	outs, err := o.Apply(ctx, []tandem.Write{w})
	if err != nil {
		return err
	}
	if len(outs) != 1 {
		return errors.New("the place gave no answer")
	}
	if err := u.settle(ctx, p, kept, &outs[0]); err != nil {
		return err
	}
	switch outs[0].Status {
	case tandem.Applied:
		return nil
	case tandem.PreconditionFailed:
		return errors.New("it changed since")
	}
	return fmt.Errorf("%s: %w", outs[0].Status, reason(outs[0].Err))
}

// version is the record as it was.
func (u *undoer) version(ctx context.Context, o *provider.Opened, p *store.Past) (tandem.Record, error) {
	rec := tandem.Record{ID: p.Record, Meta: tandem.Meta{Digest: p.Digest, Attrs: p.Attrs}}
	switch {
	case p.Parked != "":
		k, ok := o.Replica.(provider.Parker)
		if !ok {
			return rec, fmt.Errorf("%s no longer keeps old versions", p.Place)
		}
		kept, err := k.Unpark(ctx, p.Parked)
		if err != nil {
			return rec, err
		}
		rec.Body, rec.Size = kept.Body, kept.Size
		if rec.Attrs == "" {
			rec.Attrs = kept.Attrs
		}
	case !p.Body.IsZero():
		body, err := u.deps.Store.Blobs.Open(ctx, p.Body)
		if err != nil {
			return rec, err
		}
		rec.Body, rec.Size = body, body.Size()
	case !bodiless(p.Attrs):
		return rec, errors.New("its content was not kept")
	}
	return rec, nil
}

// park keeps what the undo will overwrite, unless the place does so itself.
func (u *undoer) park(ctx context.Context, o *provider.Opened, p *store.Past) (*store.Past, error) {
	if o.Features.Parks || p.Pair == 0 {
		return nil, nil
	}
	kept := undone(p)
	found := false
	for rec, err := range o.Fetch(ctx, []tandem.ID{p.Record}) {
		if tandem.IsKind(err, tandem.NotFound) {
			return nil, errors.New("it changed since: it was deleted")
		}
		if err != nil {
			return nil, err
		}
		if rec.Version != p.After {
			return nil, errors.New("it changed since")
		}
		found = true
		kept.Attrs, kept.Digest = rec.Attrs, rec.Digest
		if rec.Body == nil {
			continue
		}
		r, err := rec.Body.Open()
		if err != nil {
			return nil, err
		}
		kept.Body, _, err = u.deps.Store.Blobs.Put(ctx, r)
		if cerr := r.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return nil, err
		}
	}
	if !found {
		return nil, errors.New("it changed since: it was deleted")
	}
	list := []store.Past{kept}
	if err := u.deps.Store.Bases.Commit(ctx, p.Pair, store.Commit{History: list}); err != nil {
		return nil, err
	}
	return &list[0], nil
}

// undone is the history entry of what an undo overwrites.
func undone(p *store.Past) store.Past {
	return store.Past{When: time.Now().Unix(), Pair: p.Pair, Place: p.Place, Kind: p.Kind, Record: p.Record, Op: tandem.Update,
		Who: p.Who, From: "undo", Title: p.Title}
}

// settle notes in history what became of one undo.
func (u *undoer) settle(ctx context.Context, p, kept *store.Past, out *tandem.Outcome) error {
	var c store.Commit
	switch {
	case kept != nil && out.Status == tandem.Applied:
		kept.After = out.Version
		c.History = []store.Past{*kept}
	case kept != nil && out.Status != tandem.Maybe:
		c.Retract = []int64{kept.ID}
	case kept == nil && out.Status == tandem.Applied && out.Parked != "" && p.Pair != 0:
		past := undone(p)
		past.Parked, past.After = out.Parked, out.Version
		c.History = []store.Past{past}
	default:
		return nil
	}
	return u.deps.Store.Bases.Commit(ctx, p.Pair, c)
}
