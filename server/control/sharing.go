package control

import (
	"context"
	"net/http"

	"tandem"
	"tandem/center"
	"tandem/store"
)

// sharingArg are the arguments of the methods about collections, as they travel: each uses some of them.
type sharingArg struct {
	ID         int64             `json:",omitempty"`
	User       string            `json:",omitempty"`
	Name       string            `json:",omitempty"`
	On         bool              `json:",omitempty"`
	Link       int64             `json:",omitempty"`
	Collection tandem.Collection `json:",omitzero"`
}

func handleSharing(mux *http.ServeMux, s center.Sharing) {
	handle(mux, "ListCollections", func(ctx context.Context, a sharingArg) ([]center.CollectionStatus, error) {
		return s.ListCollections(ctx, a.User)
	})
	handle(mux, "AddCollection", func(ctx context.Context, a sharingArg) (tandem.Collection, error) {
		return s.AddCollection(ctx, a.Collection)
	})
	handle(mux, "RenameCollection", func(ctx context.Context, a sharingArg) (tandem.Collection, error) {
		return s.RenameCollection(ctx, a.ID, a.Name)
	})
	handle(mux, "RemoveCollection", func(ctx context.Context, a sharingArg) (nothing, error) {
		return nothing{}, s.RemoveCollection(ctx, a.ID, a.On)
	})
	handle(mux, "ShareCollection", func(ctx context.Context, a sharingArg) (store.Share, error) {
		return s.ShareCollection(ctx, a.ID, a.User, a.On)
	})
	handle(mux, "UnshareCollection", func(ctx context.Context, a sharingArg) (nothing, error) {
		return nothing{}, s.UnshareCollection(ctx, a.ID, a.User, a.Link)
	})
	handle(mux, "HideCollection", func(ctx context.Context, a sharingArg) (nothing, error) {
		return nothing{}, s.HideCollection(ctx, a.ID, a.User, a.On)
	})
	handle(mux, "LinkCollection", func(ctx context.Context, a sharingArg) (center.Link, error) {
		return s.LinkCollection(ctx, a.ID, a.Name)
	})
}

// ListCollections implements center.Service.
func (c *Client) ListCollections(ctx context.Context, user string) ([]center.CollectionStatus, error) {
	return call[[]center.CollectionStatus](ctx, c, "ListCollections", sharingArg{User: user})
}

// AddCollection implements center.Service.
func (c *Client) AddCollection(ctx context.Context, col tandem.Collection) (tandem.Collection, error) {
	return call[tandem.Collection](ctx, c, "AddCollection", sharingArg{Collection: col})
}

// RenameCollection implements center.Service.
func (c *Client) RenameCollection(ctx context.Context, id int64, name string) (tandem.Collection, error) {
	return call[tandem.Collection](ctx, c, "RenameCollection", sharingArg{ID: id, Name: name})
}

// RemoveCollection implements center.Service.
func (c *Client) RemoveCollection(ctx context.Context, id int64, all bool) error {
	return do(ctx, c, "RemoveCollection", sharingArg{ID: id, On: all})
}

// ShareCollection implements center.Service.
func (c *Client) ShareCollection(ctx context.Context, id int64, with string, write bool) (store.Share, error) {
	return call[store.Share](ctx, c, "ShareCollection", sharingArg{ID: id, User: with, On: write})
}

// UnshareCollection implements center.Service.
func (c *Client) UnshareCollection(ctx context.Context, id int64, with string, link int64) error {
	return do(ctx, c, "UnshareCollection", sharingArg{ID: id, User: with, Link: link})
}

// HideCollection implements center.Service.
func (c *Client) HideCollection(ctx context.Context, id int64, user string, hidden bool) error {
	return do(ctx, c, "HideCollection", sharingArg{ID: id, User: user, On: hidden})
}

// LinkCollection implements center.Service.
func (c *Client) LinkCollection(ctx context.Context, id int64, label string) (center.Link, error) {
	return call[center.Link](ctx, c, "LinkCollection", sharingArg{ID: id, Name: label})
}
