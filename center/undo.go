package center

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"strings"

	"tandem"
	"tandem/provider"
	"tandem/session"
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
	pairs, err := h.cfg.Store.Bases.Pairs(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]UndoResult, 0, len(list))
	for id, part := range byCollection(list, pairs) {
		open := func(text string) (*provider.Opened, error) {
			if id != 0 { // several users have a collection of this name
				c, err := h.owner(ctx, id)
				if err != nil {
					return nil, err
				}
				return h.cfg.OpenHome(c)
			}
			place, err := h.cfg.Places.ParsePlace(text)
			if err != nil {
				return nil, err
			}
			return h.openPlace(ctx, place, string(kindAt(part, text)))
		}
		for _, r := range session.Undo(ctx, session.Deps{Store: h.cfg.Store}, open, part) {
			r.Past = h.titled(ctx, []store.Past{r.Past})[0]
			out = append(out, UndoResult(r))
		}
	}
	h.kickAll()
	return out, ctx.Err()
}

// byCollection yields the entries of each home collection, and with 0 those of places elsewhere, in their order. What a run overwrote in a home collection
// names its pair, and that the collection.
func byCollection(list []store.Past, pairs []store.Pair) iter.Seq2[int64, []store.Past] {
	of := map[int64]int64{}
	for _, p := range pairs {
		of[p.ID], _ = PairCollection(p.Key)
	}
	return func(yield func(int64, []store.Past) bool) {
		parts, order := map[int64][]store.Past{}, []int64{}
		for _, p := range list {
			id := p.Collection
			if id == 0 && strings.HasPrefix(p.Place, "home:") {
				id = of[p.Pair]
			}
			if parts[id] == nil {
				order = append(order, id)
			}
			parts[id] = append(parts[id], p)
		}
		for _, id := range order {
			if !yield(id, parts[id]) {
				return
			}
		}
	}
}

// kindAt is the kind of what was overwritten at a place.
func kindAt(list []store.Past, place string) tandem.Kind {
	for _, p := range list {
		if p.Place == place {
			return p.Kind
		}
	}
	return ""
}

// undoable lists what an undo is about.
func (h *Hub) undoable(ctx context.Context, what string) ([]store.Past, error) {
	kind, digits := "s", what
	if len(what) > 1 && (what[0] == 's' || what[0] == 'h') {
		kind, digits = what[:1], what[1:]
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || id <= 0 {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "undo", Thing: what, Err: errors.New("this names neither a session nor a history entry"),
			Remedy: "name a session like s12 or an entry like h7, as `tandem history` shows them"}
	}
	if kind == "h" {
		past, err := h.cfg.Store.History.Past(ctx, id)
		if tandem.IsKind(err, tandem.NotFound) {
			err = &tandem.Error{Kind: tandem.NotFound, Op: "undo", Thing: what, Err: errors.New("there is no such entry in history"), Remedy: "see what can be put back with `tandem history`"}
		}
		return []store.Past{past}, err
	}
	list, err := h.cfg.Store.History.List(ctx, store.PastFilter{Session: id, Limit: maxUndo})
	if err == nil && len(list) == 0 {
		err = &tandem.Error{Kind: tandem.NotFound, Op: "undo", Thing: "s" + strconv.FormatInt(id, 10), Err: errors.New("this session overwrote and deleted nothing that is still kept"),
			Remedy: "see what can be put back with `tandem history`"}
	}
	return list, err
}

// kickAll asks all keepers to run soon.
func (h *Hub) kickAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, k := range h.keepers {
		k.kick()
	}
}
