package center

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tandem"
	"tandem/provider"
	"tandem/store"
)

// maxUndo bounds how many versions one undo puts back.
const maxUndo = 100_000

// Undo implements Service.
func (h *Hub) Undo(ctx context.Context, what string) ([]UndoResult, error) {
	list, err := h.undoable(ctx, what)
	if err != nil {
		return nil, err
	}
	// Versions of one place are put back through one opening of it. Newest first, so that a folder comes back before
	// what was in it, and a record overwritten twice goes back step by step.
	open := map[string]*provider.Opened{}
	defer func() {
		for _, o := range open {
			o.Close()
		}
	}()
	out := make([]UndoResult, 0, len(list))
	for _, past := range list {
		o, err := h.openPast(ctx, past, open)
		if err == nil {
			err = h.putBack(ctx, o, past)
		}
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		r := UndoResult{Past: past, Done: err == nil}
		if err != nil {
			r.Why = err.Error()
		}
		out = append(out, r)
	}
	return out, nil
}

// undoable lists what an undo is about.
func (h *Hub) undoable(ctx context.Context, what string) ([]store.Past, error) {
	bad := &tandem.Error{Kind: tandem.Invalid, Op: "undo", Thing: what, Err: errors.New("this names neither a session nor a history entry"),
		Remedy: "name a session like s12 or an entry like h7, as `tandem history` shows them"}
	kind, digits := "s", what
	if len(what) > 1 && (what[0] == 's' || what[0] == 'h') {
		kind, digits = what[:1], what[1:]
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || id <= 0 {
		return nil, bad
	}
	if kind == "h" {
		past, err := h.cfg.Store.History.Past(ctx, id)
		return []store.Past{past}, err
	}
	list, err := h.cfg.Store.History.List(ctx, store.PastFilter{Session: id, Limit: maxUndo})
	if err == nil && len(list) == 0 {
		err = &tandem.Error{Kind: tandem.NotFound, Op: "undo", Thing: "session " + strconv.FormatInt(id, 10), Err: errors.New("it overwrote and deleted nothing that is still kept"),
			Remedy: "see what can be put back with `tandem history`"}
	}
	return list, err
}

func (h *Hub) openPast(ctx context.Context, past store.Past, open map[string]*provider.Opened) (*provider.Opened, error) {
	key := fmt.Sprintf("%d %s", past.Collection, past.Place)
	if o := open[key]; o != nil {
		return o, nil
	}
	o, err := h.openPastPlace(ctx, past)
	if err == nil {
		open[key] = o
	}
	return o, err
}

func (h *Hub) openPastPlace(ctx context.Context, past store.Past) (*provider.Opened, error) {
	if past.Collection == 0 {
		place, err := h.cfg.Places.ParsePlace(past.Place)
		if err != nil {
			return nil, err
		}
		return h.openPlace(ctx, place, string(past.Kind))
	}
	colls, err := h.cfg.Store.Home.Collections(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, c := range colls {
		if c.ID == past.Collection {
			return h.cfg.OpenHome(ctx, c)
		}
	}
	return nil, tandem.Errorf(tandem.NotFound, "the home collection is gone")
}

// putBack restores one version, if the record still is as the overwriting left it.
func (h *Hub) putBack(ctx context.Context, o *provider.Opened, past store.Past) error {
	rec, err := h.pastRecord(ctx, o, past)
	if err != nil {
		return err
	}
	w := tandem.Write{ID: past.Record, Record: rec}
	switch past.Op {
	case tandem.Delete:
		w.Op, w.Marker = tandem.Create, tandem.Marker(fmt.Sprintf("undo-%d-%d", past.ID, h.now()))
	case tandem.Update, tandem.SetAttrs:
		if past.After == "" {
			return tandem.Errorf(tandem.Changed, "it is not known what replaced it")
		}
		w.Op, w.If = past.Op, past.After
	default:
		return tandem.Errorf(tandem.Invalid, "a %s cannot be undone by itself", past.Op)
	}
	entry, err := h.keepCurrent(ctx, o, past, w)
	if err != nil {
		return err
	}
	outs, err := o.Apply(ctx, []tandem.Write{w})
	if len(outs) == 1 && outs[0].Status == tandem.Applied {
		return h.completeEntry(ctx, past, entry, outs[0])
	}
	h.retract(ctx, past, entry)
	switch {
	case err != nil:
		return err
	case len(outs) == 1 && outs[0].Status == tandem.PreconditionFailed && w.Op == tandem.Create:
		return tandem.Errorf(tandem.Changed, "there is a record of this name again")
	case len(outs) == 1 && outs[0].Status == tandem.PreconditionFailed:
		return tandem.Errorf(tandem.Changed, "it was changed since")
	case len(outs) == 1 && outs[0].Err != nil:
		return outs[0].Err
	}
	return tandem.Errorf(tandem.Transient, "the place gave no answer")
}

// pastRecord reads the version that was overwritten, from the store or from where the place keeps it.
func (h *Hub) pastRecord(ctx context.Context, o *provider.Opened, past store.Past) (tandem.Record, error) {
	rec := tandem.Record{ID: past.Record, Meta: tandem.Meta{Attrs: past.Attrs, Digest: past.Digest}}
	if past.Op == tandem.SetAttrs {
		return rec, nil
	}
	switch {
	case past.Parked != "":
		parker, ok := o.Replica.(provider.Parker)
		if !ok {
			return rec, tandem.Errorf(tandem.NotFound, "%s no longer keeps old versions", o.Place)
		}
		kept, err := parker.Unpark(ctx, past.Parked)
		if err != nil {
			return rec, err
		}
		rec.Body = kept.Body
	case !past.Body.IsZero():
		body, err := h.cfg.Store.Blobs.Open(ctx, past.Body)
		if err != nil {
			return rec, err
		}
		rec.Body = body
	case past.Attrs.Get("type") == "":
		return rec, tandem.Errorf(tandem.NotFound, "its content was not kept")
	}
	return rec, nil
}

// keepCurrent records what an undo is about to overwrite, so that it can itself be undone. Home collections and places
// that keep old versions do so themselves. It returns the entry to complete, 0 for none.
func (h *Hub) keepCurrent(ctx context.Context, o *provider.Opened, past store.Past, w tandem.Write) (int64, error) {
	if w.Op == tandem.Create || past.Collection != 0 || past.Pair == 0 {
		return 0, nil
	}
	entry := store.Past{When: h.now(), Pair: past.Pair, Place: past.Place, Kind: past.Kind, Record: past.Record, Op: w.Op, Who: past.Who, From: "undo", Title: past.Title}
	if w.Op == tandem.Update && !o.Features.Parks {
		body, attrs, err := current(ctx, o, w.ID)
		if err != nil {
			return 0, err
		}
		sum, _, err := h.cfg.Store.Blobs.Put(ctx, strings.NewReader(string(body)))
		if err != nil {
			return 0, err
		}
		entry.Body, entry.Attrs = sum, attrs
	}
	c := store.Commit{History: []store.Past{entry}}
	if err := h.cfg.Store.Bases.Commit(ctx, past.Pair, c); err != nil {
		return 0, err
	}
	return c.History[0].ID, nil
}

const maxUndoBody = 64 << 20

func current(ctx context.Context, o *provider.Opened, id tandem.ID) ([]byte, tandem.Attrs, error) {
	for rec, err := range o.Fetch(ctx, []tandem.ID{id}) {
		if err != nil {
			return nil, "", err
		}
		if rec.Body == nil {
			return nil, rec.Attrs, nil
		}
		body, err := tandem.ReadBody(rec.Body, maxUndoBody)
		return body, rec.Attrs, err
	}
	return nil, "", tandem.Errorf(tandem.NotFound, "it is gone")
}

func (h *Hub) completeEntry(ctx context.Context, past store.Past, entry int64, out tandem.Outcome) error {
	if entry == 0 {
		return nil
	}
	done := store.Past{ID: entry, After: out.Version, Parked: out.Parked}
	return h.cfg.Store.Bases.Commit(context.WithoutCancel(ctx), past.Pair, store.Commit{History: []store.Past{done}})
}

func (h *Hub) retract(ctx context.Context, past store.Past, entry int64) {
	if entry == 0 {
		return
	}
	if err := h.cfg.Store.Bases.Commit(context.WithoutCancel(ctx), past.Pair, store.Commit{Retract: []int64{entry}}); err != nil {
		h.cfg.Log.Error("cannot take back a history entry", "entry", entry, "error", err)
	}
}
