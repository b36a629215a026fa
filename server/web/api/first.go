package api

import (
	"context"

	"tandem/center"
	"tandem/center/shape"
)

func (a *API) addFirst() {
	get(a, op{id: "first-sync", method: "GET", path: "/api/items/{name}/first", tag: "items", summary: "How the sides of a sync item would meet the first time: each way with its counts, and what is left out of all of them",
		about: "Nothing is written. An item that was added with look waits for an answer: /api/questions/{name}/answer. A preview of /api/sync with first shows a way record by record."},
		func(ctx context.Context, s center.Service, in *Named) (shape.First, error) {
			f, err := s.FirstSync(ctx, in.Name)
			return shape.OfFirst(f), err
		})
}
