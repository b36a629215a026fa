package api

import (
	"context"

	"tandem/center"
	"tandem/center/shape"
)

// Commitment has a proposed collection synced.
type Commitment struct {
	Name string `json:"name" doc:"of the collection, as it was proposed"`
	Home string `json:"home,omitempty" doc:"absent: as proposed"`
	When string `json:"when,omitempty" doc:"as of a new item"`
	Look bool   `json:"look,omitempty" doc:"do not sync before a person said how the sides meet: see first-sync"`
}

func (a *API) addProposals() {
	const tag = "handlers"
	get(a, op{id: "proposals", method: "GET", path: "/api/partners/{name}/proposals", tag: tag, summary: "Look which collections of a partner could be synced and are not"},
		func(ctx context.Context, s center.Service, in *Named) ([]shape.Proposal, error) {
			list, err := s.Proposals(ctx, in.Name)
			return shape.List(list, shape.OfProposal), err
		})
	get(a, op{id: "commit-proposal", method: "POST", path: "/api/partners/{name}/proposals", tag: tag, summary: "Have a proposed collection synced", status: created},
		func(ctx context.Context, s center.Service, in *struct {
			Named
			Body Commitment
		}) (shape.Item, error) {
			b := in.Body
			it, err := s.CommitProposal(ctx, center.Commitment{Partner: in.Name, Name: b.Name, Home: b.Home, When: b.When, Look: b.Look})
			return shape.OfItem(it), err
		})
}
