package session

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sort"
	"strings"
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
// Of several entries of one record, with none of anybody else between them, the oldest says what is put back.
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
	for _, chain := range u.chains(ctx, pasts, order) {
		list := make([]*store.Past, len(chain))
		for n, i := range chain {
			list[n] = &pasts[i]
		}
		err := u.undo(ctx, list)
		for _, i := range chain {
			if out[i].Done = err == nil; err != nil {
				out[i].Why = err.Error()
			}
		}
	}
	return out
}

// thing is a record at a place, as history names it.
type thing struct {
	pair, collection int64
	place            string
	record           tandem.ID
}

func thingOf(p *store.Past) thing { return thing{p.Pair, p.Collection, p.Place, p.Record} }

// chains puts together the entries that are undone at once: those of one record that follow one another, each chain newest first, at the place of its newest entry. A phone may write a
// record again and again in one run, and each of these writes holds only against what the one before has made.
func (u *undoer) chains(ctx context.Context, pasts []store.Past, order []int) (out [][]int) {
	of := map[thing][]int{}
	for _, i := range order {
		t := thingOf(&pasts[i])
		of[t] = append(of[t], i)
	}
	for _, i := range order {
		t := thingOf(&pasts[i])
		switch list := of[t]; {
		case len(list) == 0: // in the chain of a newer one
		case len(list) > 1 && u.follow(ctx, pasts, list):
			out = append(out, list)
			of[t] = nil
		default:
			out = append(out, []int{i})
		}
	}
	return out
}

// follow reports whether entries of one record, newest first, follow one another. If it cannot be told, each is undone by itself.
func (u *undoer) follow(ctx context.Context, pasts []store.Past, list []int) bool {
	newest, oldest := &pasts[list[0]], &pasts[list[len(list)-1]]
	mine := map[int64]bool{}
	for _, i := range list {
		if mine[pasts[i].ID] = true; pasts[i].Op == tandem.Move {
			return false
		}
	}
	all, err := u.deps.Store.History.List(ctx, store.PastFilter{Record: newest.Record, Before: newest.ID, Limit: maxBetween})
	if err != nil || len(all) == maxBetween {
		return false
	}
	for n := range all {
		if p := &all[n]; p.ID > oldest.ID && !mine[p.ID] && thingOf(p) == thingOf(newest) {
			return false
		}
	}
	return true
}

// maxBetween bounds how much of a record's history is looked through for what others did to it.
const maxBetween = 10_000

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

// undo takes back what the entries of one record say, newest first.
func (u *undoer) undo(ctx context.Context, list []*store.Past) error {
	p, first := list[0], list[len(list)-1]
	o, err := u.place(p.Place)
	if err != nil {
		return err
	}
	rec, err := u.version(ctx, o, first)
	if err != nil {
		return err
	}
	w := tandem.Write{ID: p.Record, Record: rec, Op: undoing(list)}
	var kept *store.Past
	switch {
	case w.Op == tandem.Create:
		w.Marker = tandem.Marker("undo-" + rand.Text()) // a second undo of one entry is a create of its own
	case w.Op == tandem.Update || w.Op == tandem.SetAttrs && strings.HasPrefix(p.Place, "home:"): // what home collections keep has the attributes
		if p.After == "" {
			return errors.New("it is not known what replaced it, since the session died")
		}
		w.If = p.After
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

// undoing is the write that takes entries of one record back, newest first; the write is none if history does not keep enough.
func undoing(list []*store.Past) (op tandem.Op) {
	if list[0].Op == tandem.Delete {
		return tandem.Create
	}
	for _, p := range list {
		switch {
		case p.Op == tandem.Delete, p.Op == tandem.Update:
			op = tandem.Update
		case p.Op != tandem.SetAttrs:
			return p.Op
		case op == 0:
			op = tandem.SetAttrs
		}
	}
	return op
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
