package center

import (
	"context"
	"errors"
	"slices"
	"time"

	"tandem"
	"tandem/engine"
	"tandem/partner/access"
	"tandem/provider"
	"tandem/store"
)

// inward reports whether rules only bring records into the home collection.
func inward(r engine.Rules) bool {
	return r.Direction == engine.BToA || r.Direction == engine.MirrorBToA
}

// inward reports whether an item to be added only brings records in.
func (n NewItem) inward() bool {
	r, err := n.Rules.Rules()
	return err == nil && inward(r)
}

// checkReadOnly refuses a read-only collection that an item would carry changes out of: there are none to carry.
func checkReadOnly(n NewItem) error {
	switch {
	case !slices.Contains([]string{"", "yes", "no"}, n.ReadOnly):
		return tandem.Errorf(tandem.Invalid, "read-only is yes or no, not %q", n.ReadOnly)
	case n.ReadOnly == "yes" && !n.inward():
		return &tandem.Error{Kind: tandem.Invalid, Op: "add item", Thing: n.Home, Err: errors.New("only a collection that is filled from elsewhere can be read-only"),
			Remedy: "say --direction b-to-a or mirror-b-to-a, too"}
	}
	return nil
}

// homeCollection finds the home collection of a new item, or makes it. NewItem.ReadOnly says when it becomes read-only.
func (h *Hub) homeCollection(ctx context.Context, n NewItem, user string, kind tandem.Kind, place provider.Features) (tandem.Collection, error) {
	colls, err := h.cfg.Store.Home.Collections(ctx, user)
	if err != nil {
		return tandem.Collection{}, err
	}
	for _, c := range colls {
		if c.Name != n.Home || c.Kind != kind {
			continue
		}
		if n.ReadOnly == "yes" && c.Props[access.ReadOnly] != "1" {
			return h.setReadOnly(ctx, c, true)
		}
		return c, nil
	}
	if kind == tandem.SMS { // a person has one, whatever it is called: a phone may have made it, and shows no other
		for _, c := range colls {
			if c.Kind == kind && c.User == user {
				return c, nil
			}
		}
	}
	c := tandem.Collection{User: user, Kind: kind, Name: n.Home}
	if n.ReadOnly == "yes" || n.ReadOnly == "" && place.ReadOnly && n.inward() {
		c.Props = map[string]string{access.ReadOnly: "1"}
	}
	return h.cfg.Store.Home.PutCollection(ctx, c)
}

func (h *Hub) setReadOnly(ctx context.Context, c tandem.Collection, on bool) (tandem.Collection, error) {
	if c.Props == nil {
		c.Props = map[string]string{}
	}
	delete(c.Props, access.ReadOnly)
	if on {
		c.Props[access.ReadOnly] = "1"
	}
	return h.cfg.Store.Home.PutCollection(ctx, c)
}

// release gives a read-only collection back to its owner when nothing fills it any longer: what the removed item brought stays, and is theirs.
func (h *Hub) release(ctx context.Context, removed store.Item) error {
	c, err := h.collection(ctx, removed)
	if tandem.IsKind(err, tandem.NotFound) || err == nil && c.Props[access.ReadOnly] != "1" {
		return nil
	}
	if err != nil {
		return err
	}
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return err
	}
	for _, it := range items {
		rules, err := decodeRules(it.Rules)
		if it.Collection == c.ID && (err != nil || inward(rules)) {
			return nil
		}
	}
	_, err = h.setReadOnly(ctx, c, false)
	return err
}

// pollOf is how long a place wants to be left alone between two looks.
func (h *Hub) pollOf(p provider.Place) time.Duration {
	prov, err := h.cfg.Places.Provider(p.Provider)
	if err != nil {
		return 0
	}
	return prov.Poll
}
