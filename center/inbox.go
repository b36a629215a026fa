package center

import (
	"context"
	"fmt"
	"strings"

	"tandem"
	"tandem/store"
)

// Conflicts implements Service.
func (h *Hub) Conflicts(ctx context.Context, open bool) ([]store.Conflict, error) {
	return h.allConflicts(ctx, open)
}

// Conflict implements Service.
func (h *Hub) Conflict(ctx context.Context, id int64) (store.Conflict, []string, error) {
	c, err := h.cfg.Store.Conflicts.Conflict(ctx, id)
	if tandem.IsKind(err, tandem.NotFound) {
		return h.reportedConflict(ctx, id)
	}
	if err != nil {
		return c, nil, err
	}
	bodies := make([]string, len(c.Versions))
	for i, v := range c.Versions {
		if v.Body.IsZero() {
			continue
		}
		body, err := h.cfg.Store.Blobs.Get(ctx, v.Body)
		if err != nil {
			return c, nil, fmt.Errorf("read version %d of conflict %d: %w", i+1, id, err)
		}
		bodies[i] = string(body)
	}
	return c, bodies, nil
}

// reportedConflict is Conflict of one that a program reported.
func (h *Hub) reportedConflict(ctx context.Context, id int64) (store.Conflict, []string, error) {
	r, err := h.cfg.Store.Reported.Reported(ctx, id)
	if err != nil {
		return store.Conflict{}, nil, conflictError(err, id)
	}
	bodies := make([]string, len(r.Versions))
	for i, v := range r.Versions {
		bodies[i] = string(v.Body)
	}
	return ofReported(r), bodies, nil
}

func conflictError(err error, id int64) error {
	if tandem.IsKind(err, tandem.NotFound) {
		return &tandem.Error{Kind: tandem.NotFound, Op: "find conflict", Thing: fmt.Sprint(id), Remedy: "see the open ones with `tandem conflict list`"}
	}
	return err
}

// decisions are the words for a person's answer.
func decisions() map[string]tandem.Decision {
	return map[string]tandem.Decision{"a": tandem.TakeA, "b": tandem.TakeB, "both": tandem.TakeBoth, "body": tandem.TakeBody}
}

// Decide implements Service.
func (h *Hub) Decide(ctx context.Context, id int64, decision string, body []byte) error {
	d, ok := decisions()[strings.ToLower(decision)]
	if !ok {
		return &tandem.Error{Kind: tandem.Invalid, Op: "resolve conflict", Thing: fmt.Sprint(id), Err: fmt.Errorf("%q is not an answer", decision), Remedy: "answer a, b or both, or give a version of your own"}
	}
	c, err := h.cfg.Store.Conflicts.Conflict(ctx, id)
	if tandem.IsKind(err, tandem.NotFound) {
		_, err := h.Resolve(ctx, Resolution{ID: id, Take: strings.ToLower(decision), Body: body})
		return err
	}
	if err != nil {
		return err
	}
	if d == tandem.TakeBoth && c.Resolved == 0 {
		_, err := h.Resolve(ctx, Resolution{ID: id, Take: "both"})
		return err
	}
	if c.Resolved != 0 {
		return &tandem.Error{Kind: tandem.Changed, Op: "resolve conflict", Thing: fmt.Sprint(id), Err: fmt.Errorf("it is over already")}
	}
	if d == tandem.TakeBody {
		if err := h.checkBody(c, body); err != nil {
			return err
		}
	}
	if err := h.cfg.Store.Conflicts.Decide(ctx, id, d, body); err != nil {
		return err
	}
	h.kickPair(ctx, c.Pair)
	h.news.tell(News{What: ConflictsNews, Item: c.Item, User: h.userOf(ctx, c.Pair)})
	return nil
}

// checkBody refuses a version written by hand that is not of the conflict's kind.
func (h *Hub) checkBody(c store.Conflict, body []byte) error {
	handler, ok := h.cfg.Kind(c.Kind)
	if !ok {
		return tandem.Errorf(tandem.Invalid, "kind %q is not known", c.Kind)
	}
	if _, err := handler.Inspect(body); err != nil {
		return &tandem.Error{Kind: tandem.Invalid, Op: "read the version for conflict", Thing: fmt.Sprint(c.ID), Err: err, Remedy: "correct the file and try again"}
	}
	return nil
}

// kickPair asks the keeper of the item behind a pair to run soon, if there is one.
func (h *Hub) kickPair(ctx context.Context, pair int64) {
	pairs, err := h.cfg.Store.Bases.Pairs(ctx)
	if err != nil {
		return // the rescan will carry the answer out
	}
	for _, p := range pairs {
		if p.ID != pair {
			continue
		}
		h.mu.Lock()
		for _, k := range h.keepers {
			if itemKey(k.work.item) == p.Key {
				k.kick()
			}
		}
		h.mu.Unlock()
	}
}

// History implements Service.
func (h *Hub) History(ctx context.Context, f store.PastFilter) ([]store.Past, error) {
	list, err := h.cfg.Store.History.List(ctx, f)
	return h.titled(ctx, list), err
}
