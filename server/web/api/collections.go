package api

import (
	"context"
	"net/url"

	"tandem"
	"tandem/center"
	"tandem/center/shape"
)

func itemQuery(item string) string {
	if item == "" {
		return ""
	}
	return "&item=" + url.QueryEscape(item)
}

// NewLink is a new link to a collection.
type NewLink struct {
	shape.Link
	Secret string `json:"secret" doc:"the end of its address, told this once"`
}

type Everything struct {
	All bool `query:"all" doc:"with all records; history keeps them for as long as it keeps everything"`
}

func (a *API) addCollections() {
	const tag = "collections"
	serve(a, op{id: "list-collections", method: "GET", path: "/api/collections", tag: tag, summary: "List the home collections that one can reach"}, func(ctx context.Context, in *Paging) (*list[shape.Collection], error) {
		all, err := a.cfg.Service(ctx).ListCollections(ctx, "")
		return pageOf(in, shape.List(all, shape.OfCollection)), err
	})
	get(a, op{id: "add-collection", method: "POST", path: "/api/collections", tag: tag, summary: "Add a home collection", status: created}, func(ctx context.Context, s center.Service, in *one[NewCollection]) (Home, error) {
		c, err := s.AddCollection(ctx, tandem.Collection{Name: in.Body.Name, Kind: tandem.Kind(in.Body.Kind)})
		return homeOf(c), err
	})
	get(a, op{id: "rename-collection", method: "PATCH", path: "/api/collections/{id}", tag: tag, summary: "Rename a home collection"}, func(ctx context.Context, s center.Service, in *struct {
		ByNumber
		Body struct {
			Name string `json:"name"`
		}
	}) (Home, error) {
		c, err := s.RenameCollection(ctx, in.ID, in.Body.Name)
		return homeOf(c), err
	})
	do(a, op{id: "remove-collection", method: "DELETE", path: "/api/collections/{id}", tag: tag, summary: "Remove a home collection"}, func(ctx context.Context, s center.Service, in *struct {
		ByNumber
		Everything
	}) error {
		return s.RemoveCollection(ctx, in.ID, in.All)
	})
	get(a, op{id: "share-collection", method: "PUT", path: "/api/collections/{id}/shares/{user}", tag: tag, summary: "Share a home collection with a user"}, func(ctx context.Context, s center.Service, in *struct {
		ByNumber
		User string `path:"user"`
		Body struct {
			Write bool `json:"write" doc:"they may change it"`
		}
	}) (shape.Share, error) {
		sh, err := s.ShareCollection(ctx, in.ID, in.User, in.Body.Write)
		return shape.OfShare(sh), err
	})
	do(a, op{id: "unshare-collection", method: "DELETE", path: "/api/collections/{id}/shares/{user}", tag: tag, summary: "End a share"}, func(ctx context.Context, s center.Service, in *struct {
		ByNumber
		User string `path:"user" minLength:"1"`
	}) error {
		return s.UnshareCollection(ctx, in.ID, in.User, 0)
	})
	get(a, op{id: "link-collection", method: "POST", path: "/api/collections/{id}/links", tag: tag, summary: "Make a link by which whoever knows it may look", status: created}, func(ctx context.Context, s center.Service, in *struct {
		ByNumber
		Body struct {
			Label string `json:"label,omitempty"`
		}
	}) (NewLink, error) {
		l, err := s.LinkCollection(ctx, in.ID, in.Body.Label)
		return NewLink{shape.OfLink(l.Share), l.Secret}, err
	})
	do(a, op{id: "unlink-collection", method: "DELETE", path: "/api/collections/{id}/links/{link}", tag: tag, summary: "Remove a link"}, func(ctx context.Context, s center.Service, in *struct {
		ByNumber
		Link int64 `path:"link"`
	}) error {
		return s.UnshareCollection(ctx, in.ID, "", in.Link)
	})
	do(a, op{id: "hide-collection", method: "PUT", path: "/api/collections/{id}/hidden", tag: tag, summary: "Take what somebody else shares out of one's own list, or put it back"}, func(ctx context.Context, s center.Service, in *struct {
		ByNumber
		Body struct {
			Hidden bool `json:"hidden"`
		}
	}) error {
		return s.HideCollection(ctx, in.ID, "", in.Body.Hidden)
	})
}

// Home is a home collection by itself.
type Home struct {
	ID   int64  `json:"id"`
	User string `json:"user"`
	Name string `json:"name"`
	Kind string `json:"kind"`
}

func homeOf(c tandem.Collection) Home { return Home{c.ID, c.User, c.Name, string(c.Kind)} }

// NewCollection is a home collection to be added.
type NewCollection struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}
