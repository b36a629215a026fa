// Package acl gives rights: the method ACL (RFC 3744 8.1), by which a program shares a collection of its user's with other users of the hub.
//
// There are two rights to give, to look and to write as well, and only for whole collections. What a client asks for must be one of them; anything between is refused rather
// than rounded. What it leaves out is taken back. Links are no users and stay.
package acl

import (
	"context"
	"net/http"
	"slices"

	"tandem"
	"tandem/partner/access"
	"tandem/server/dav/proto"
	"tandem/wire/davxml"
)

// Service gives rights. All fields must be set.
type Service struct {
	Tree   proto.Tree
	Access *access.Service
	Guard  proto.Guard
}

// maxEntries bounds the entries of one request.
const maxEntries = 1000

// Acl implements proto.Method.
func (s *Service) Acl(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	t := r.Target
	switch {
	case !t.There():
		return &tandem.Error{Kind: tandem.NotFound, Op: "share", Thing: t.Href()}
	case t.Sort != proto.Collection || t.Reach.Kind == tandem.Invitation:
		return davxml.Failf(http.StatusForbidden, "rights are given for whole collections, and %s is none", t.Href())
	case !t.Reach.Owned:
		return proto.Needs(t, access.Own, "write-acl")
	case !r.XML.Is(davxml.D("acl")):
		return davxml.Failf(http.StatusBadRequest, "the body is no DAV:acl")
	}
	if err := s.Guard.Permit(ctx, r, proto.Change{Resource: t}); err != nil {
		return err
	}
	wanted, err := s.read(ctx, r)
	if err != nil {
		return err
	}
	if err := s.give(ctx, r.User.Name, t.Reach.ID, wanted); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// give makes the shares of a collection what is wanted: who may write, by user.
func (s *Service) give(ctx context.Context, owner string, collection int64, wanted map[string]bool) error {
	now, err := s.Access.Users(ctx, owner, collection)
	if err != nil {
		return err
	}
	for _, sh := range now {
		if _, stays := wanted[sh.With]; !stays {
			if err := s.Access.Unshare(ctx, owner, collection, sh.With); err != nil && !tandem.IsKind(err, tandem.NotFound) {
				return err
			}
		}
	}
	for user, write := range wanted {
		if _, err := s.Access.Share(ctx, owner, collection, user, write); err != nil {
			return err
		}
	}
	return nil
}

func refuse(name string) error { return davxml.Fail(http.StatusForbidden, davxml.D(name)) }

// read reads what is asked for: who may write, by user. What the owner may do is theirs in any case. RFC 3744 8.1.1
func (s *Service) read(ctx context.Context, r *proto.Request) (map[string]bool, error) {
	out := map[string]bool{}
	n := 0
	for ace := range r.XML.All(davxml.D("ace")) {
		if n++; n > maxEntries {
			return nil, refuse("limited-number-of-aces")
		}
		switch {
		case ace.Has(davxml.D("invert")):
			return nil, refuse("no-invert")
		case ace.Has(davxml.D("deny")):
			return nil, refuse("grant-only")
		}
		user, err := s.principal(ctx, r, ace.Child(davxml.D("principal")))
		if err != nil {
			return nil, err
		}
		write, err := right(ace.Child(davxml.D("grant")))
		if user == r.User.Name {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[user] = out[user] || write
	}
	return out, nil
}

// principal is the user that an entry is about.
func (s *Service) principal(ctx context.Context, r *proto.Request, e *davxml.Element) (string, error) {
	switch {
	case e == nil:
		return "", davxml.Failf(http.StatusBadRequest, "an entry names no principal")
	case e.Has(davxml.D("self")), e.Child(davxml.D("property")).Has(davxml.D("owner")): // of a collection of the user's own
		return r.User.Name, nil
	case !e.Has(davxml.D("href")): // all, authenticated, unauthenticated, other properties
		return "", refuse("allowed-principal")
	}
	path, err := r.Path(e.Get(davxml.D("href")))
	if err != nil {
		return "", refuse("recognized-principal")
	}
	res, err := s.Tree.Resolve(ctx, r.User, path)
	if tandem.IsKind(err, tandem.NotFound) || err == nil && res.Sort != proto.Principal {
		return "", refuse("recognized-principal")
	}
	if err != nil {
		return "", err
	}
	return res.User, nil
}

// includes are the privileges that others have in them. RFC 3744 3.12
var includes = map[davxml.Name][]davxml.Name{
	davxml.D("read"):  {davxml.D("read-current-user-privilege-set"), davxml.C("read-free-busy")},
	davxml.D("write"): {davxml.D("write-content"), davxml.D("write-properties"), davxml.D("bind"), davxml.D("unbind")},
}

// right is which of the two rights these privileges are.
func right(grant *davxml.Element) (write bool, err error) {
	asked := map[davxml.Name]bool{}
	for p := range grant.All(davxml.D("privilege")) {
		for e := range p.Elements() {
			asked[e.Name] = true
			for _, part := range includes[e.Name] {
				asked[part] = true
			}
		}
	}
	if !asked[davxml.D("read")] { // who writes looks
		return false, refuse("not-supported-privilege")
	}
	for name := range asked {
		switch {
		case name == davxml.D("read"), name == davxml.D("unlock"), slices.Contains(includes[davxml.D("read")], name):
		case name == davxml.D("write"), slices.Contains(includes[davxml.D("write")], name):
			write = true
		default: // also those that are the owner's alone, and with them DAV:all
			return false, refuse("not-supported-privilege")
		}
	}
	for _, name := range []davxml.Name{davxml.D("write-content"), davxml.D("bind"), davxml.D("unbind")} {
		if write && !asked[name] {
			return false, refuse("not-supported-privilege")
		}
	}
	return write, nil
}
