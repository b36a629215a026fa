package locks

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"tandem"
	"tandem/partner/access"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// How long locks last, in seconds. A client that is still there refreshes; one that is not shall not keep others out for long.
const (
	defaultTimeout = 600
	maxTimeout     = 3600
)

// maxLocks is how many locks a collection has at most: every write looks at all of them.
const maxLocks = 10_000

// maxOwner is the size in bytes of the longest text by which a client says who it is.
const maxOwner = 8 << 10

// Lock is the method LOCK. RFC 4918 9.10
func (s *Service) Lock(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	if r.XML == nil {
		return s.refresh(ctx, w, r)
	}
	res := r.Target
	path, ok := pathOf(res)
	switch {
	case !ok:
		return davxml.Failf(http.StatusForbidden, "only collections and what is in them can be locked")
	case r.Depth == 1: // RFC 4918 9.10.3
		return davxml.Failf(http.StatusBadRequest, "the depth of a lock is 0 or infinity")
	}
	if err := proto.Needs(res, access.Write, "write-content"); err != nil {
		return err
	}
	l, err := s.asked(r)
	if err != nil {
		return err
	}
	isNew := !res.There()
	if isNew && !res.Tree() {
		return davxml.Failf(http.StatusForbidden, "there is nothing to lock, and no empty record can be made here")
	}
	l.Path = path
	if err := s.permitLock(ctx, r, isNew); err != nil {
		return err
	}
	if list, err := s.Locks.Locks(ctx, l.Collection, s.Now()); err != nil {
		return err
	} else if len(list) >= maxLocks {
		return davxml.Failf(http.StatusInsufficientStorage, "there are %d locks in the collection", len(list))
	}
	if err := s.Locks.Lock(ctx, l, s.Now()); err != nil {
		return s.conflict(ctx, r, err)
	}
	status := http.StatusOK
	if isNew {
		if err := s.Create(ctx, r); err != nil {
			return errors.Join(err, s.Locks.Unlock(context.WithoutCancel(ctx), l.Token))
		}
		status = http.StatusCreated
	}
	w.Header().Set("Lock-Token", "<"+l.Token+">")
	return s.answer(ctx, w, r, status)
}

// permitLock holds a request for a lock to its conditions. What is locked already is found by the store; a new name must be permitted in the collection
// that it is to be in.
func (s *Service) permitLock(ctx context.Context, r *proto.Request, isNew bool) error {
	if !isNew {
		return s.Permit(ctx, r)
	}
	parent := *r.Target
	parent.Sort, parent.Record, parent.ID = proto.Collection, nil, ""
	if dir := parentOf(r.Target); dir != "" {
		parent.Sort, parent.ID = proto.Member, tandem.ID(dir)
	}
	return s.Permit(ctx, r, proto.Change{Resource: &parent})
}

// asked reads what lock a request is for. RFC 4918 14.11
func (s *Service) asked(r *proto.Request) (l store.Lock, err error) {
	if !r.XML.Is(davxml.D("lockinfo")) {
		return l, davxml.Failf(http.StatusBadRequest, "the request is no DAV:lockinfo")
	}
	scope := r.XML.Child(davxml.D("lockscope"))
	switch {
	case !r.XML.Child(davxml.D("locktype")).Has(davxml.D("write")):
		return l, davxml.Failf(http.StatusUnprocessableEntity, "there are only write locks")
	case scope.Has(davxml.D("shared")) == scope.Has(davxml.D("exclusive")):
		return l, davxml.Failf(http.StatusUnprocessableEntity, "a lock is either exclusive or shared")
	}
	l = store.Lock{Token: newToken(), User: r.User.Name, Collection: r.Target.Reach.ID, Deep: r.Depth == proto.Infinity, Shared: scope.Has(davxml.D("shared"))}
	if owner := r.XML.Child(davxml.D("owner")); owner != nil {
		if l.Owner = owner.String(); len(l.Owner) > maxOwner {
			return l, davxml.Failf(http.StatusRequestEntityTooLarge, "the owner of the lock takes more than %d bytes to tell", maxOwner)
		}
	}
	l.Seconds = timeout(r.Header, defaultTimeout)
	l.Until = s.Now() + l.Seconds
	return l, nil
}

// timeout reads the header Timeout: the first value that makes sense, within our bounds. RFC 4918 10.7
func timeout(h http.Header, otherwise int64) int64 {
	for one := range strings.SplitSeq(strings.Join(h.Values("Timeout"), ","), ",") {
		one = strings.ToLower(strings.TrimSpace(one))
		if one == "infinite" {
			return maxTimeout
		}
		digits, ok := strings.CutPrefix(one, "second-")
		n, err := strconv.ParseUint(digits, 10, 32)
		switch {
		case !ok:
		case errors.Is(err, strconv.ErrRange):
			return maxTimeout
		case err == nil && n > 0:
			return min(int64(n), maxTimeout)
		}
	}
	return otherwise
}

// conflict answers for a lock that another one stands against. RFC 4918 9.10.6
func (s *Service) conflict(ctx context.Context, r *proto.Request, err error) error {
	var held *store.LockHeld
	if !errors.As(err, &held) {
		return err
	}
	c := check{Service: s, r: r}
	href, failed := c.href(ctx, r.Target, held.Lock)
	if failed != nil {
		return failed
	}
	return locked("no-conflicting-lock", []string{href})
}

// refresh gives a lock that the request names in its header If a new time. RFC 4918 9.10.2
func (s *Service) refresh(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	header, err := ParseIf(strings.Join(r.Header.Values("If"), " "))
	if err != nil || len(header) == 0 {
		return davxml.Failf(http.StatusBadRequest, "a lock without a body is a refresh, and names its lock in the header If")
	}
	if err := s.Permit(ctx, r); err != nil {
		return err
	}
	own, err := s.owned(ctx, r, header.Tokens())
	if err != nil {
		return err
	}
	for _, l := range own {
		seconds := timeout(r.Header, l.Seconds)
		if _, err := s.Locks.Refresh(ctx, l.Token, seconds, s.Now()+seconds, s.Now()); tandem.IsKind(err, tandem.NotFound) {
			return noSuchLock()
		} else if err != nil {
			return err
		}
	}
	return s.answer(ctx, w, r, http.StatusOK)
}

// noSuchLock reports that no lock of this token covers the target. RFC 4918 9.11.1, 16
func noSuchLock() error {
	return davxml.Fail(http.StatusConflict, davxml.D("lock-token-matches-request-uri"))
}

// owned finds those of the locks with these tokens that cover the target. They must be the user's own.
func (s *Service) owned(ctx context.Context, r *proto.Request, tokens map[string]bool) (own []store.Lock, err error) {
	path, ok := pathOf(r.Target)
	if !ok {
		return nil, noSuchLock()
	}
	list, err := s.Locks.Locks(ctx, r.Target.Reach.ID, s.Now())
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		switch {
		case !tokens[l.Token] || !l.Covers(path):
		case l.User != r.User.Name:
			return nil, davxml.Failf(http.StatusForbidden, "the lock is somebody else's")
		default:
			own = append(own, l)
		}
	}
	if len(own) == 0 {
		return nil, noSuchLock()
	}
	return own, nil
}

// answer tells of the locks of the target.
func (s *Service) answer(ctx context.Context, w http.ResponseWriter, r *proto.Request, status int) error {
	list, err := s.Locks.Locks(ctx, r.Target.Reach.ID, s.Now())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", davxml.ContentType)
	w.WriteHeader(status)
	return davxml.Write(w, davxml.New(davxml.D("prop"), Discovery(r.Target, list, s.Now())))
}

// Unlock is the method UNLOCK. The owner of a collection may take away the locks of others in it. RFC 4918 9.11, RFC 3744 3.5
func (s *Service) Unlock(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	token, ok := strings.CutPrefix(strings.TrimSpace(r.Header.Get("Lock-Token")), "<")
	token, end := strings.CutSuffix(token, ">")
	if !ok || !end || token == "" {
		return davxml.Failf(http.StatusBadRequest, "the header Lock-Token names no lock")
	}
	path, ok := pathOf(r.Target)
	if !ok {
		return noSuchLock()
	}
	if err := s.Permit(ctx, r); err != nil {
		return err
	}
	list, err := s.Locks.Locks(ctx, r.Target.Reach.ID, s.Now())
	if err != nil {
		return err
	}
	for _, l := range list {
		switch {
		case l.Token != token || !l.Covers(path):
		case l.User != r.User.Name && !r.Target.Reach.Owned:
			return davxml.Failf(http.StatusForbidden, "the lock is somebody else's")
		default:
			if err := s.Locks.Unlock(ctx, token); err != nil {
				return err
			}
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
	}
	return noSuchLock()
}

// Forget removes the locks on resources that were deleted or moved away, and on what was below them. RFC 4918 7.5, 9.6
func (s *Service) Forget(ctx context.Context, gone ...*proto.Resource) error {
	var tokens []string
	for _, res := range gone {
		path, ok := pathOf(res)
		if !ok {
			continue
		}
		list, err := s.Locks.Locks(ctx, res.Reach.ID, s.Now())
		if err != nil {
			return err
		}
		for _, l := range list {
			if l.Path == path || (path == "" || res.Tree()) && below(l.Path, path) {
				tokens = append(tokens, l.Token)
			}
		}
	}
	if len(tokens) == 0 {
		return nil
	}
	return s.Locks.Unlock(ctx, tokens...)
}
