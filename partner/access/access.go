// Package access knows which home collections a user may see and change: their own, and what others share with them. Every front door asks here, so that
// a desktop and a phone of the same person see the same collections.
package access

import (
	"context"

	"tandem"
	"tandem/store"
)

// Right is how far somebody may go. A greater one includes the smaller.
type Right uint8

const (
	None  Right = iota
	Read        // look
	Write       // change records, not the collection itself
	Own         // everything
)

// ReadOnly is the property of a collection that nobody changes through a front door: a subscription that is filled from elsewhere. Its value is "1".
const ReadOnly = "readonly"

// Reach is a collection that a user can reach.
type Reach struct {
	tandem.Collection       // Name and Props as this user sees them; User is the owner
	Right             Right // Read at most if the collection is ReadOnly, but an owner may still rename and remove it: see Owned
	Owned             bool  // the user is the owner
	Share             store.Share
}

// Service answers who may what.
type Service struct {
	Home   store.Home
	Shares store.Shares
}

// Reachable lists what a user can reach: own collections first, then shared ones that are not hidden.
func (s *Service) Reachable(ctx context.Context, user string) ([]Reach, error) {
	own, err := s.Home.Collections(ctx, user)
	if err != nil {
		return nil, err
	}
	var out []Reach
	for _, c := range own {
		out = append(out, owned(c))
	}
	return out, nil
}

func owned(c tandem.Collection) Reach {
	r := Reach{Collection: c, Right: Own, Owned: true}
	if c.Props[ReadOnly] == "1" {
		r.Right = Read
	}
	return r
}
