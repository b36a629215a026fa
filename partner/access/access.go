// Package access knows which home collections a user may see and change: their own, and what others share with them. Every front door asks here, so that
// a desktop and a phone of the same person see the same collections.
//
// A user never learns that a collection exists which they cannot reach: asked for it by number, this package answers NotFound, as for one that does not
// exist, and never Denied.
package access

import (
	"context"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

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

func (r Right) String() string {
	return [...]string{"nothing", "read", "write", "own"}[min(r, Own)]
}

// ReadOnly is the property of a collection that nobody changes through a front door: a subscription that is filled from elsewhere. Its value is "1".
const ReadOnly = "readonly"

// Reach is a collection that a user can reach.
type Reach struct {
	// Collection has Name and Props as this user sees them; its User is the owner. The name of what somebody else shares is different from all others of
	// its kind that the user can reach: "Family (anna)".
	tandem.Collection
	Right Right       // Read at most if the collection is ReadOnly, but an owner may still rename and remove it: see Owned
	Owned bool        // the user is the owner
	Share store.Share // what lets the user at it, unless Owned
}

// Service answers who may what. The zero values of Now and Random are the clock and crypto/rand.
type Service struct {
	Home   store.Home
	Shares store.Shares
	Now    func() time.Time
	Random io.Reader // for the secrets of links
}

// Reachable lists what a user can reach: own collections first, by kind and name, then shared ones that are not hidden, in the order in which they were shared.
func (s *Service) Reachable(ctx context.Context, user string) ([]Reach, error) {
	all, err := s.All(ctx, user)
	return slices.DeleteFunc(all, func(r Reach) bool { return r.Share.Hidden }), err
}

// All is Reachable with what the user has hidden.
func (s *Service) All(ctx context.Context, user string) ([]Reach, error) {
	user = strings.ToLower(user)
	if user == "" { // Collections would list those of everybody
		return nil, nil
	}
	own, err := s.Home.Collections(ctx, user)
	if err != nil {
		return nil, err
	}
	shared, err := s.Shares.SharedWith(ctx, user)
	if err != nil {
		return nil, err
	}
	out := make([]Reach, 0, len(own)+len(shared))
	taken := names{}
	for _, c := range own {
		out = append(out, owned(c))
		taken.take(c.Kind, c.Name)
	}
	for _, sh := range shared {
		r := reached(sh)
		r.Name = taken.free(r.Kind, r.Name)
		out = append(out, r)
	}
	return out, nil
}

// Find returns a collection that the user can reach, hidden or not. NotFound.
func (s *Service) Find(ctx context.Context, user string, collection int64) (Reach, error) {
	all, err := s.All(ctx, user)
	if err != nil {
		return Reach{}, err
	}
	for _, r := range all {
		if r.ID == collection {
			return r, nil
		}
	}
	return Reach{}, unreachable(collection)
}

func unreachable(collection int64) error {
	return &tandem.Error{Kind: tandem.NotFound, Op: "find collection", Thing: strconv.FormatInt(collection, 10)}
}

func owned(c tandem.Collection) Reach {
	return Reach{Collection: c, Right: limited(Own, c), Owned: true}
}

// limited is the right that is left of one where nobody may change anything.
func limited(r Right, c tandem.Collection) Right {
	if c.Props[ReadOnly] == "1" {
		return min(r, Read)
	}
	return r
}

// titleProp is the property with the name of a collection as shown, where a front door wanted one that the store does not allow.
const titleProp = "title"

// reached is a shared collection as the one it is shared with sees it.
func reached(sh store.Share) Reach {
	c := sh.Of
	title := c.Name
	if t := c.Props[titleProp]; t != "" {
		title = t
	}
	c.Name = title + " (" + c.User + ")"
	c.Props = maps.Clone(c.Props)
	delete(c.Props, titleProp)
	for k, v := range sh.Props {
		switch {
		case v == "" || !ownProps[k]:
		case k == nameProp:
			c.Name = v
		case c.Props == nil:
			c.Props = map[string]string{k: v}
		default:
			c.Props[k] = v
		}
	}
	right := Read
	if sh.Write {
		right = Write
	}
	return Reach{Collection: c, Right: limited(right, c), Share: sh}
}

// names are those that are taken, by kind. Case does not make a difference: a tree of files may be shown where it does not, either.
type names map[string]bool

func (n names) take(k tandem.Kind, name string) bool {
	key := string(k) + "/" + strings.ToLower(name)
	was := n[key]
	n[key] = true
	return !was
}

// free is the name, or the next one like it that nothing has, and takes it.
func (n names) free(k tandem.Kind, name string) string {
	for i, try := 2, name; ; i++ {
		if n.take(k, try) {
			return try
		}
		try = name + " " + strconv.Itoa(i)
	}
}
