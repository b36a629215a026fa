package shape

import (
	"tandem"
	"tandem/center"
)

// Proposal is a collection at a partner that could be synced.
type Proposal struct {
	Partner  string      `json:"partner"`
	Name     string      `json:"name" doc:"at the partner"`
	Place    string      `json:"place"`
	Kind     tandem.Kind `json:"kind"`
	ReadOnly bool        `json:"read_only,omitempty"`
	Home     string      `json:"home" doc:"what its home collection would be called"`
	HomeIs   bool        `json:"home_exists,omitempty" doc:"there is one, which it would be combined with"`
}

// OfProposal is a collection that could be synced.
func OfProposal(p center.Proposal) Proposal {
	return Proposal{p.Partner, p.Name, p.Place, p.Kind, p.ReadOnly, p.Home, p.HomeIs}
}
