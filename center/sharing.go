package center

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"tandem"
	"tandem/partner/access"
	"tandem/store"
)

// Sharing is the part of Service about home collections, and who else than their owners may see them. Collections are named by their number.
type Sharing interface {
	// ListCollections lists what a user can reach, hidden or not; "": the collections of all users, as their owners have them.
	ListCollections(ctx context.Context, user string) ([]CollectionStatus, error)
	AddCollection(ctx context.Context, c tandem.Collection) (tandem.Collection, error)
	RenameCollection(ctx context.Context, id int64, name string) (tandem.Collection, error)
	// RemoveCollection removes a collection; Held while it has records, unless all is set, and Busy while a sync item uses it.
	RemoveCollection(ctx context.Context, id int64, all bool) error
	ShareCollection(ctx context.Context, id int64, with string, write bool) (store.Share, error)
	// UnshareCollection ends the share with a user, or, with "", the link of that number.
	UnshareCollection(ctx context.Context, id int64, with string, link int64) error
	// HideCollection takes what somebody else shares out of a user's list, or puts it back.
	HideCollection(ctx context.Context, id int64, user string, hidden bool) error
	// LinkCollection makes a link by which whoever knows it may look. Its secret is told this once.
	LinkCollection(ctx context.Context, id int64, label string) (Link, error)
}

// CollectionStatus is a home collection with what hangs on it.
type CollectionStatus struct {
	Collection tandem.Collection // as the user sees it
	Right      string            // "own", "write" or "read"
	Hidden     bool
	Records    int
	Users      []store.Share // whom its owner shares it with; only in the owner's list
	Links      []store.Share // likewise
	Items      []string      // sync items that use it
}

// Link is a new link.
type Link struct {
	Secret string
	Share  store.Share
}

func (h *Hub) access() *access.Service {
	return &access.Service{Home: h.cfg.Store.Home, Shares: h.cfg.Store.Shares, Now: h.cfg.Now}
}

// ListCollections implements Service.
func (h *Hub) ListCollections(ctx context.Context, user string) ([]CollectionStatus, error) {
	reach, err := h.reach(ctx, user)
	if err != nil {
		return nil, err
	}
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return nil, err
	}
	uses := map[int64][]string{}
	for _, it := range items {
		uses[it.Collection] = append(uses[it.Collection], it.Name)
	}
	list := make([]CollectionStatus, 0, len(reach))
	for _, r := range reach {
		s := CollectionStatus{Collection: r.Collection, Right: r.Right.String(), Hidden: r.Share.Hidden}
		if s.Records, _, err = h.cfg.Store.Lookup.Count(ctx, r.ID, r.Seq); err != nil {
			return nil, err
		}
		if r.Owned {
			s.Items = uses[r.ID]
			if err := h.shared(ctx, &s); err != nil {
				return nil, err
			}
		}
		list = append(list, s)
	}
	return list, nil
}

// reach is what a user can reach, or what there is.
func (h *Hub) reach(ctx context.Context, user string) ([]access.Reach, error) {
	if user != "" {
		if _, err := h.cfg.Store.Accounts.User(ctx, user); err != nil {
			return nil, err
		}
		return h.access().All(ctx, user)
	}
	users, err := h.cfg.Store.Accounts.Users(ctx)
	if err != nil {
		return nil, err
	}
	var out []access.Reach
	for _, u := range users {
		all, err := h.access().All(ctx, u.Name)
		if err != nil {
			return nil, err
		}
		for _, r := range all {
			if r.Owned {
				out = append(out, r)
			}
		}
	}
	return out, nil
}

// shared fills in who else sees a collection. What the store keeps instead of secrets stays in it.
func (h *Hub) shared(ctx context.Context, s *CollectionStatus) error {
	list, err := h.cfg.Store.Shares.SharesOf(ctx, s.Collection.ID)
	for _, sh := range list {
		if sh = bareShare(sh); sh.With != "" {
			s.Users = append(s.Users, sh)
		} else {
			s.Links = append(s.Links, sh)
		}
	}
	return err
}

func bareShare(sh store.Share) store.Share {
	sh.Token, sh.Of = "", tandem.Collection{}
	return sh
}

// AddCollection implements Service.
func (h *Hub) AddCollection(ctx context.Context, c tandem.Collection) (tandem.Collection, error) {
	if err := checkName("collection", c.Name); err != nil {
		return tandem.Collection{}, err
	}
	if _, ok := h.cfg.Kind(c.Kind); !ok {
		return tandem.Collection{}, &tandem.Error{Kind: tandem.Invalid, Op: "add collection", Thing: c.Name, Err: fmt.Errorf("kind %q is not known", c.Kind), Remedy: "name one such as contact, event, task, note, mail or file"}
	}
	user, err := h.user(ctx, c.User)
	if err != nil {
		return tandem.Collection{}, err
	}
	return h.cfg.Store.Home.PutCollection(ctx, tandem.Collection{User: user, Kind: c.Kind, Name: c.Name, Props: c.Props})
}

// owner finds a collection of whomever.
func (h *Hub) owner(ctx context.Context, id int64) (tandem.Collection, error) {
	all, err := h.cfg.Store.Home.Collections(ctx, "")
	if err != nil {
		return tandem.Collection{}, err
	}
	for _, c := range all {
		if c.ID == id {
			return c, nil
		}
	}
	return tandem.Collection{}, &tandem.Error{Kind: tandem.NotFound, Op: "find collection", Thing: fmt.Sprint(id), Remedy: "see them with `tandem collection list`"}
}

// RenameCollection implements Service.
func (h *Hub) RenameCollection(ctx context.Context, id int64, name string) (tandem.Collection, error) {
	if err := checkName("collection", name); err != nil {
		return tandem.Collection{}, err
	}
	c, err := h.owner(ctx, id)
	if err != nil {
		return c, err
	}
	r, err := h.access().Change(ctx, c.User, id, map[string]string{"name": name})
	return r.Collection, err
}

// RemoveCollection implements Service.
func (h *Hub) RemoveCollection(ctx context.Context, id int64, all bool) error {
	c, err := h.owner(ctx, id)
	if err != nil {
		return err
	}
	n, _, err := h.cfg.Store.Lookup.Count(ctx, id, c.Seq)
	if err != nil {
		return err
	}
	if n > 0 && !all {
		return &tandem.Error{Kind: tandem.Held, Op: "remove collection", Thing: c.User + "/" + c.Name, Err: errors.New("it has records"),
			Remedy: "confirm that they shall go, too; history keeps them for as long as it keeps everything"}
	}
	return h.cfg.Store.Home.RemoveCollection(ctx, id)
}

// ShareCollection implements Service.
func (h *Hub) ShareCollection(ctx context.Context, id int64, with string, write bool) (store.Share, error) {
	c, err := h.owner(ctx, id)
	if err != nil {
		return store.Share{}, err
	}
	sh, err := h.access().Share(ctx, c.User, id, with, write)
	return bareShare(sh), err
}

// UnshareCollection implements Service.
func (h *Hub) UnshareCollection(ctx context.Context, id int64, with string, link int64) error {
	c, err := h.owner(ctx, id)
	if err != nil {
		return err
	}
	if with == "" {
		return h.access().Unlink(ctx, c.User, id, link)
	}
	return h.access().Unshare(ctx, c.User, id, with)
}

// titleOf is what people call a collection, and its number if it is gone.
func (h *Hub) titleOf(ctx context.Context, id int64) string {
	c, err := h.owner(ctx, id)
	if err != nil {
		return number(id)
	}
	return c.User + "/" + c.Name
}

// HideCollection implements Service.
func (h *Hub) HideCollection(ctx context.Context, id int64, user string, hidden bool) error {
	err := h.access().Hide(ctx, user, id, hidden)
	if tandem.IsKind(err, tandem.NotFound) {
		return &tandem.Error{Kind: tandem.NotFound, Op: "hide collection", Thing: h.titleOf(ctx, id), Err: errors.New("it is not shared with " + cmp.Or(user, "nobody")),
			Remedy: "see what is with `tandem collection list --user " + user + "`"}
	}
	return err
}

// LinkCollection implements Service.
func (h *Hub) LinkCollection(ctx context.Context, id int64, label string) (Link, error) {
	c, err := h.owner(ctx, id)
	if err != nil {
		return Link{}, err
	}
	secret, sh, err := h.access().Link(ctx, c.User, id, label)
	return Link{secret, bareShare(sh)}, err
}
