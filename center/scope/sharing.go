package scope

import (
	"context"
	"slices"
	"strconv"

	"tandem"
	"tandem/center"
	"tandem/store"
)

// ListCollections implements center.Service: what the person can reach.
func (s *Scope) ListCollections(ctx context.Context, user string) ([]center.CollectionStatus, error) {
	if user != "" && !s.mine(user) {
		return nil, missing("user", user)
	}
	return s.cfg.Hub.ListCollections(ctx, s.who.User)
}

// collection checks that a home collection is one's own.
func (s *Scope) collection(ctx context.Context, id int64) error {
	list, err := s.Collections(ctx)
	if err == nil && !slices.ContainsFunc(list, func(c tandem.Collection) bool { return c.ID == id }) {
		err = missing("collection", strconv.FormatInt(id, 10))
	}
	return err
}

// AddCollection implements center.Service. Properties that mean rights are not taken over.
func (s *Scope) AddCollection(ctx context.Context, c tandem.Collection) (tandem.Collection, error) {
	if c.User != "" && !s.mine(c.User) {
		return tandem.Collection{}, missing("user", c.User)
	}
	return s.cfg.Hub.AddCollection(ctx, tandem.Collection{User: s.who.User, Kind: c.Kind, Name: c.Name})
}

// RenameCollection implements center.Service.
func (s *Scope) RenameCollection(ctx context.Context, id int64, name string) (tandem.Collection, error) {
	if err := s.collection(ctx, id); err != nil {
		return tandem.Collection{}, err
	}
	return s.cfg.Hub.RenameCollection(ctx, id, name)
}

// RemoveCollection implements center.Service.
func (s *Scope) RemoveCollection(ctx context.Context, id int64, all bool) error {
	if err := s.collection(ctx, id); err != nil {
		return err
	}
	err := s.cfg.Hub.RemoveCollection(ctx, id, all)
	if err == nil {
		s.audit(ctx, s.who.User, "removed collection %d", id)
	}
	return err
}

// ShareCollection implements center.Service.
func (s *Scope) ShareCollection(ctx context.Context, id int64, with string, write bool) (store.Share, error) {
	if err := s.collection(ctx, id); err != nil {
		return store.Share{}, err
	}
	sh, err := s.cfg.Hub.ShareCollection(ctx, id, with, write)
	if err == nil {
		s.audit(ctx, s.who.User, "shared collection %d with %s", id, with)
	}
	return sh, err
}

// UnshareCollection implements center.Service.
func (s *Scope) UnshareCollection(ctx context.Context, id int64, with string, link int64) error {
	if err := s.collection(ctx, id); err != nil {
		return err
	}
	err := s.cfg.Hub.UnshareCollection(ctx, id, with, link)
	if err == nil && with != "" {
		s.audit(ctx, s.who.User, "no longer shares collection %d with %s", id, with)
	} else if err == nil {
		s.audit(ctx, s.who.User, "removed link %d of collection %d", link, id)
	}
	return err
}

// HideCollection implements center.Service.
func (s *Scope) HideCollection(ctx context.Context, id int64, user string, hidden bool) error {
	if user != "" && !s.mine(user) {
		return missing("user", user)
	}
	err := s.cfg.Hub.HideCollection(ctx, id, s.who.User, hidden)
	if tandem.IsKind(err, tandem.NotFound) {
		err = missing("shared collection", strconv.FormatInt(id, 10))
	}
	return err
}

// LinkCollection implements center.Service.
func (s *Scope) LinkCollection(ctx context.Context, id int64, label string) (center.Link, error) {
	if err := s.collection(ctx, id); err != nil {
		return center.Link{}, err
	}
	l, err := s.cfg.Hub.LinkCollection(ctx, id, label)
	if err == nil {
		s.audit(ctx, s.who.User, "made a link to collection %d", id)
	}
	return l, err
}
