package center

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"tandem"
	"tandem/provider"
	"tandem/store"
)

// Proposals is the part of Service about collections that partners have and no item syncs. ISyncMgrSyncCallback::ProposeItem, CommitItem
type Proposals interface {
	// Proposals looks at a partner and tells which of its collections could be synced and are not. Nothing is written.
	Proposals(ctx context.Context, partner string) ([]Proposal, error)
	// CommitProposal makes an item of a collection that was proposed. NotFound if it is not, or not any more.
	CommitProposal(ctx context.Context, c Commitment) (store.Item, error)
}

// Proposal is a collection that could be synced.
type Proposal struct {
	Partner  string
	Name     string // at the partner, which a Commitment names
	Place    string
	Sub      string // below the partner's place
	Kind     tandem.Kind
	ReadOnly bool
	Home     string // what its home collection would be called
	HomeIs   bool   // there is one of that name and kind, which it would be combined with
}

// Commitment has a proposed collection synced.
type Commitment struct {
	Partner string
	Name    string
	Home    string // "": as proposed
	User    string // as in NewItem
	When    string // likewise
	Look    bool   // likewise
	Within  bool   `json:",omitempty"` // only what lies at the partner's own place, not what it says is elsewhere
}

// Proposals implements Service.
func (h *Hub) Proposals(ctx context.Context, partner string) ([]Proposal, error) {
	p, err := h.partner(ctx, partner)
	if err != nil {
		return nil, err
	}
	found, err := h.LookAt(ctx, Look{Place: partner})
	if err != nil {
		return nil, err
	}
	synced, err := h.syncedPlaces(ctx)
	if err != nil {
		return nil, err
	}
	colls, err := h.cfg.Store.Home.Collections(ctx, p.User)
	if err != nil {
		return nil, err
	}
	out := []Proposal{}
	for _, f := range found {
		if synced[withoutOptions(f.Place)] {
			continue
		}
		x := Proposal{Partner: p.Name, Name: f.Name, Place: f.Place, Kind: f.Kind, ReadOnly: f.ReadOnly, Sub: below(p.Place, f.Place)}
		x.Home = cmp.Or(slug(path.Base("/"+f.Name)), slug(p.Name), string(f.Kind))
		x.HomeIs = slices.ContainsFunc(colls, func(c tandem.Collection) bool { return c.Name == x.Home && c.Kind == f.Kind })
		out = append(out, x)
	}
	return out, nil
}

// syncedPlaces are the places of all items, without their options.
func (h *Hub) syncedPlaces(ctx context.Context) (map[string]bool, error) {
	items, err := h.cfg.Store.Settings.Items(ctx)
	out := map[string]bool{}
	for _, it := range items {
		if place, err := h.itemPlace(ctx, it); err == nil { // one whose place cannot be read syncs nothing
			out[withoutOptions(place.Text)] = true
		}
	}
	return out, err
}

// below is the part of a place that leads from another to it; "" if it is the same, or elsewhere.
func below(top, place string) string {
	a, q, _ := strings.Cut(top, "?")
	b, r, _ := strings.Cut(place, "?")
	rest, ok := strings.CutPrefix(b, strings.TrimRight(a, "/")+"/")
	if !ok || q != r {
		return ""
	}
	return strings.Trim(rest, "/")
}

// CommitProposal implements Service.
func (h *Hub) CommitProposal(ctx context.Context, c Commitment) (store.Item, error) {
	const op = "sync proposed collection"
	list, err := h.Proposals(ctx, c.Partner)
	if err != nil {
		return store.Item{}, err
	}
	i := slices.IndexFunc(list, func(p Proposal) bool { return p.Name == c.Name })
	if i < 0 {
		return store.Item{}, &tandem.Error{Kind: tandem.NotFound, Op: op, Thing: c.Partner + ": " + c.Name, Err: errors.New("the partner has no such collection that is not synced"),
			Remedy: fmt.Sprintf("see what it has with `tandem handler proposals %s`", c.Partner)}
	}
	x := list[i]
	n := NewItem{Home: cmp.Or(c.Home, x.Home), Kind: string(x.Kind), Partner: c.Partner, Sub: x.Sub, User: c.User, When: c.When, Look: c.Look}
	if x.Sub == "" {
		partner, err := h.partner(ctx, c.Partner)
		if err != nil {
			return store.Item{}, err
		}
		if withoutOptions(partner.Place) != withoutOptions(x.Place) { // the partner finds it elsewhere, so it becomes a place of its own
			if c.Within {
				return store.Item{}, &tandem.Error{Kind: tandem.Denied, Op: op, Thing: x.Place, Err: errors.New("it is at another place than the partner"), Remedy: "ask an administrator of the hub to add that place"}
			}
			if n.Partner, err = h.boundAs(partner, x.Place); err != nil {
				return store.Item{}, err
			}
		}
	}
	return h.AddItem(ctx, n)
}

// boundAs is a place that was found at a partner, opened on behalf of the same user.
func (h *Hub) boundAs(p store.Partner, text string) (string, error) {
	place, err := h.cfg.Places.ParsePlace(text)
	if err != nil || !p.Bounded || place.Options[provider.OnBehalf] == p.User {
		return text, err
	}
	return h.cfg.Places.For(p.User, text)
}
