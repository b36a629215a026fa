package access

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/store"
)

// ownProps are the properties of a collection that everybody who can reach it has of their own.
var ownProps = map[string]bool{nameProp: true, "color": true, "order": true}

const nameProp = "name"

// ownedBy returns a collection that the user owns. NotFound if the user cannot reach it, Denied if it is somebody else's.
func (s *Service) ownedBy(ctx context.Context, op, user string, collection int64) (Reach, error) {
	r, err := s.Find(ctx, user, collection)
	if err != nil {
		return r, err
	}
	if !r.Owned {
		return r, &tandem.Error{Kind: tandem.Denied, Op: op, Thing: r.Name, Err: errors.New("it belongs to " + r.User), Remedy: "ask " + r.User}
	}
	return r, nil
}

func (s *Service) now() int64 {
	if s.Now != nil {
		return s.Now().Unix()
	}
	return time.Now().Unix()
}

// Share lets another user at a collection of the user's: to look, or to write, too. Shared already, the right becomes this one. NotFound if there is no
// such user, Denied if the collection is somebody else's.
func (s *Service) Share(ctx context.Context, user string, collection int64, with string, write bool) (store.Share, error) {
	const op = "share collection"
	r, err := s.ownedBy(ctx, op, user, collection)
	if err != nil {
		return store.Share{}, err
	}
	with = strings.ToLower(with)
	if with == "" {
		return store.Share{}, &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: r.Name, Err: errors.New("with whom?"), Remedy: "name a user"}
	}
	for range 2 {
		sh, err := s.Shares.PutShare(ctx, store.Share{Collection: collection, With: with, Write: write, Added: s.now()})
		if !tandem.IsKind(err, tandem.Exists) {
			return sh, err
		}
		old, err := s.with(ctx, collection, with)
		if err != nil || old.ID != 0 && old.Write == write {
			return old, err
		}
		if old.ID == 0 {
			continue // gone meanwhile
		}
		old.Write = write
		if sh, err = s.Shares.PutShare(ctx, old); !tandem.IsKind(err, tandem.NotFound) {
			return sh, err
		}
	}
	return store.Share{}, &tandem.Error{Kind: tandem.Busy, Op: op, Thing: r.Name, Remedy: "try again"}
}

// with is the share of a collection with a user, ID 0 if there is none.
func (s *Service) with(ctx context.Context, collection int64, user string) (store.Share, error) {
	list, err := s.Shares.SharesOf(ctx, collection)
	if err != nil {
		return store.Share{}, err
	}
	i := slices.IndexFunc(list, func(sh store.Share) bool { return sh.With == user })
	if i < 0 {
		return store.Share{}, nil
	}
	return list[i], nil
}

// Unshare takes the right away that with has. It is for the owner to ask and for with. NotFound if it is not shared so.
func (s *Service) Unshare(ctx context.Context, user string, collection int64, with string) error {
	const op = "unshare collection"
	user, with = strings.ToLower(user), strings.ToLower(with)
	r, err := s.Find(ctx, user, collection)
	if err != nil {
		return err
	}
	sh := r.Share
	if user != with || r.Owned {
		if r, err = s.ownedBy(ctx, op, user, collection); err != nil {
			return err
		}
		if sh, err = s.with(ctx, collection, with); err != nil {
			return err
		}
	}
	if with == "" || sh.ID == 0 {
		return &tandem.Error{Kind: tandem.NotFound, Op: op, Thing: r.Name, Err: errors.New("it is not shared with " + cmp.Or(with, "nobody")), Remedy: "see with whom it is where collections are listed"}
	}
	return s.Shares.RemoveShare(ctx, sh.ID)
}

// Users lists whom the user shares a collection with. Denied if it is somebody else's.
func (s *Service) Users(ctx context.Context, user string, collection int64) ([]store.Share, error) {
	return s.list(ctx, "list shares", user, collection, func(sh store.Share) bool { return sh.With != "" })
}

func (s *Service) list(ctx context.Context, op, user string, collection int64, keep func(store.Share) bool) ([]store.Share, error) {
	if _, err := s.ownedBy(ctx, op, user, collection); err != nil {
		return nil, err
	}
	list, err := s.Shares.SharesOf(ctx, collection)
	return slices.DeleteFunc(list, func(sh store.Share) bool { return !keep(sh) }), err
}

// Hide takes a collection that somebody else shares out of the user's list, or puts it back. It stays reachable. Denied for one's own.
func (s *Service) Hide(ctx context.Context, user string, collection int64, hidden bool) error {
	r, err := s.Find(ctx, user, collection)
	if err != nil {
		return err
	}
	if r.Owned {
		return &tandem.Error{Kind: tandem.Denied, Op: "hide collection", Thing: r.Name, Err: errors.New("it is the user's own")}
	}
	if r.Share.Hidden == hidden {
		return nil
	}
	r.Share.Hidden = hidden
	_, err = s.Shares.PutShare(ctx, r.Share)
	return err
}

// Change gives a collection another name ("name") and other properties, for the user only if it is somebody else's: then these are name, color and
// order, and an empty value goes back to the owner's. Others are Denied there. Of an own collection an empty value removes a property.
func (s *Service) Change(ctx context.Context, user string, collection int64, set map[string]string) (Reach, error) {
	const op = "change collection"
	r, err := s.Find(ctx, user, collection)
	if err != nil {
		return r, err
	}
	if r.Owned {
		return s.changeOwn(ctx, r, set)
	}
	props := map[string]string{}
	for k, v := range r.Share.Props {
		props[k] = v
	}
	for k, v := range set {
		if !ownProps[k] {
			return r, &tandem.Error{Kind: tandem.Denied, Op: op, Thing: r.Name, Err: errors.New(k + " is for its owner to change"), Remedy: "ask " + r.User}
		}
		props[k] = v
		if v == "" {
			delete(props, k)
		}
	}
	r.Share.Props = props
	if _, err := s.Shares.PutShare(ctx, r.Share); err != nil {
		return r, err
	}
	return s.Find(ctx, user, collection)
}

func (s *Service) changeOwn(ctx context.Context, r Reach, set map[string]string) (Reach, error) {
	c := r.Collection
	if c.Props == nil {
		c.Props = map[string]string{}
	}
	for k, v := range set {
		switch {
		case k == nameProp:
			c.Name = v
			delete(c.Props, titleProp)
		case v == "":
			delete(c.Props, k)
		default:
			c.Props[k] = v
		}
	}
	c, err := s.Home.PutCollection(ctx, c)
	return owned(c), err
}
