// Package transfer serves DELETE, COPY and MOVE (RFC 4918 9.6, 9.8, 9.9) of records, directories and whole collections.
//
// Within a collection each is one transaction: it is done as a whole or not at all, so that no answer has to tell of parts (207). A move keeps what a record
// has beside its body and its number; a copy gets both anew. What is overwritten or deleted is in history.
//
// From one collection to another a move is a copy and then a deletion of exactly what was copied. If something changed in between, the copy is taken back.
package transfer

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"tandem"
	"tandem/partner/access"
	"tandem/server/dav/files"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// Locks is what is asked of locks. locks.Service implements it.
type Locks interface {
	proto.Guard
	// Forget removes the locks on a resource that was deleted or moved away, and on what was below it.
	Forget(ctx context.Context, gone ...*proto.Resource) error
}

// Service answers DELETE, COPY and MOVE. All fields must be set.
type Service struct {
	Tree   proto.Tree
	Home   store.Home
	Lookup store.Lookup
	Props  store.Properties
	Locks  Locks
}

// Delete is the method DELETE. RFC 4918 9.6
func (s *Service) Delete(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	if r.Target.Dir() && r.Depth != proto.Infinity { // RFC 4918 9.6.1
		return davxml.Failf(http.StatusBadRequest, "a collection is deleted with all that is in it")
	}
	err := files.Retry(ctx, s.Tree, r, func() error {
		res := r.Target
		switch {
		case !res.There():
			return &tandem.Error{Kind: tandem.NotFound, Op: "delete", Thing: res.Href()}
		case res.Sort == proto.Collection:
			return s.deleteCollection(ctx, r)
		case res.Sort != proto.Member:
			return davxml.Failf(http.StatusForbidden, "%s cannot be deleted", res.Href())
		}
		if err := proto.Needs(res, access.Write, "unbind"); err != nil {
			return err
		}
		if err := s.Locks.Permit(ctx, r, proto.Change{Resource: res, Deep: true, Binds: true}); err != nil {
			return err
		}
		recs, err := s.records(ctx, res, true)
		if err != nil {
			return err
		}
		_, err = files.Write(ctx, s.Home, r, res.Reach.ID, deletes(recs))
		return err
	})
	if err != nil {
		return err
	}
	if err := s.Locks.Forget(ctx, r.Target); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Service) deleteCollection(ctx context.Context, r *proto.Request) error {
	res := r.Target
	if !res.Reach.Owned {
		return proto.Needs(res, access.Own, "unbind")
	}
	if res.Reach.Kind == tandem.Invitation { // RFC 6638 2.2
		return davxml.Failf(http.StatusForbidden, "the inbox stays")
	}
	if err := s.Locks.Permit(ctx, r, proto.Change{Resource: res, Deep: true}); err != nil {
		return err
	}
	err := s.Home.RemoveCollection(ctx, res.Reach.ID)
	if tandem.IsKind(err, tandem.Busy) { // and will be until somebody removes what uses it
		return davxml.Failf(http.StatusConflict, "%v", err)
	}
	return err
}

// records lists a record and, if it is a directory and all is asked for, what is in it, parents first, without bodies.
func (s *Service) records(ctx context.Context, res *proto.Resource, all bool) ([]store.HomeRecord, error) {
	recs := []store.HomeRecord{*res.Record}
	if !all || !res.Dir() {
		return recs, nil
	}
	for rec, err := range s.Lookup.Below(ctx, res.Reach.ID, res.ID, true) {
		if err != nil {
			return nil, err
		}
		recs = append(recs, rec)
	}
	return recs, nil
}

// deletes deletes records that were listed parents first: children go first.
func deletes(recs []store.HomeRecord) (writes []store.HomeWrite) {
	for _, rec := range slices.Backward(recs) {
		writes = append(writes, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: rec.ID, If: rec.Version}})
	}
	return writes
}

// uidTaken answers for a record whose UID another one of the collection has. RFC 4791 5.3.2.1, RFC 6352 6.3.2.1
func uidTaken(err error, in *proto.Resource) error {
	var taken *store.UIDTaken
	if !errors.As(err, &taken) {
		return err
	}
	name := davxml.C("no-uid-conflict")
	if in.Branch == proto.Contacts {
		name = davxml.A("no-uid-conflict")
	}
	by := *in
	by.Sort, by.ID, by.Record = proto.Member, taken.By, &store.HomeRecord{}
	return davxml.Fail(http.StatusConflict, name, davxml.Href(by.Href()))
}
