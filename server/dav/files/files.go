// Package files serves what is in home collections as files: GET and HEAD of anything, and for trees PUT, the directories that MKCOL makes and the
// empty file that a LOCK makes (RFC 4918 9.3, 9.4, 9.7, 7.3).
//
// A file that is put goes into the store's blobs as it arrives, so that memory does not follow its size, and takes the place of the former one in one
// transaction, once it is whole. A connection that breaks leaves everything as it was. The former version is in history.
//
// # What is not served
//
// An upload that broke off begins again. Nextcloud's uploads in chunks are made of a directory of temporary files per upload, which is state that this
// door does not keep, and its clients ask for much more that only Nextcloud has; the PATCH of SabreDAV is spoken by hardly any client. A PUT of a part
// (Content-Range) is refused, as RFC 9110 14.5 wants it, and never taken for the whole. Downloads are resumed by Range and If-Range.
package files

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"tandem"
	"tandem/kind"
	"tandem/partner/access"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// Service answers GET, HEAD and PUT, and makes directories. Everything without a remark must be set.
type Service struct {
	Tree   proto.Tree
	Home   store.Home
	Blobs  store.Blobs
	Guard  proto.Guard
	Digest kind.Streamer // of the kind file
	Now    func() time.Time
	Free   func() (int64, error) // bytes left for bodies; nil: not known
}

// The longest names that file systems take, in bytes: a file must be able to leave the hub as well.
const (
	maxName = 255
	maxPath = 4000
)

// CheckName refuses a new name that no folder could hold, or that is no text.
func CheckName(res *proto.Resource) error {
	id := string(res.ID)
	if !utf8.ValidString(id) || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return davxml.Failf(http.StatusForbidden, "the name is not UTF-8, or has control characters in it")
	}
	if len(id) > maxPath {
		return davxml.Failf(http.StatusRequestURITooLong, "the path is longer than %d bytes", maxPath)
	}
	if !res.Tree() && strings.Contains(id, "/") {
		return davxml.Failf(http.StatusForbidden, "the name has a slash in it")
	}
	for part := range strings.SplitSeq(id, "/") {
		if len(part) > maxName {
			return davxml.Failf(http.StatusRequestURITooLong, "a name in the path is longer than %d bytes", maxName)
		}
	}
	return nil
}

// Parent refuses a new name whose directory is not there: 409. RFC 4918 9.3.1, 9.7.1, 9.8.5
func Parent(ctx context.Context, home store.Home, res *proto.Resource) error {
	i := strings.LastIndexByte(string(res.ID), '/')
	if i < 0 || !res.Tree() {
		return nil
	}
	dir := res.ID[:i]
	for rec, err := range home.Get(ctx, res.Reach.ID, []tandem.ID{dir}) {
		if err != nil {
			return err
		}
		if rec.Attrs.Get("type") == "dir" {
			return nil
		}
		return davxml.Failf(http.StatusConflict, "%s is no directory", dir)
	}
	return davxml.Failf(http.StatusConflict, "there is no directory %s", dir)
}

// mayMake refuses to make or replace what is at the target of a request.
func (s *Service) mayMake(ctx context.Context, r *proto.Request) error {
	if err := proto.Needs(r.Target, access.Write, "bind"); err != nil {
		return err
	}
	if r.Target.There() {
		return nil
	}
	if err := CheckName(r.Target); err != nil {
		return err
	}
	return Parent(ctx, s.Home, r.Target)
}

// mostTries is how often a write is tried when others write at the same moment.
const mostTries = 5

// Retry carries out a request that others' writes may come in between. do looks at the target, holds the request to its conditions and writes under the
// version that it looked at; if that is no more, the target is looked at again, so that an unconditional request prevails and a conditional one fails.
func Retry(ctx context.Context, tree proto.Tree, r *proto.Request, do func() error) error {
	for range mostTries {
		err := do()
		if !tandem.IsKind(err, tandem.Changed) {
			return err
		}
		if r.Target, err = tree.Resolve(ctx, r.User, r.URL.EscapedPath()); err != nil {
			return err
		}
	}
	return &tandem.Error{Kind: tandem.Busy, Op: "write", Thing: r.URL.Path, Remedy: "try again"}
}

// Write performs writes of which all are done or none, and returns the first reason for none. What the store will never take is 409. What else the request does to the
// collection after them rests on them.
func Write(ctx context.Context, home store.Home, r *proto.Request, collection int64, writes []store.HomeWrite) ([]tandem.Outcome, error) {
	for i := range writes {
		writes[i].Whole = true
	}
	out, err := home.Write(ctx, collection, r.Author, r.Under(collection, writes))
	if err != nil {
		return out, err
	}
	if _, conditional := r.Standing[collection]; conditional && out[0].Status == tandem.Applied {
		delete(r.Standing, collection)
	}
	var failed error
	for _, o := range out {
		switch o.Status {
		case tandem.Applied:
		case tandem.Rejected:
			return out, davxml.Failf(http.StatusConflict, "%v", o.Err)
		case tandem.PreconditionFailed:
			return out, o.Err
		default:
			if failed == nil || tandem.IsKind(failed, tandem.Changed) { // only taken back with another one
				failed = o.Err
			}
		}
	}
	return out, failed
}

// MakeDir makes a directory at the target, which must be free: 405.
func (s *Service) MakeDir(ctx context.Context, r *proto.Request) error {
	return s.makeNew(ctx, r, store.HomeWrite{Write: tandem.Write{Op: tandem.Create, Record: tandem.Record{Meta: tandem.Meta{Attrs: "type=dir"}}}})
}

func (s *Service) makeNew(ctx context.Context, r *proto.Request, w store.HomeWrite) error {
	return Retry(ctx, s.Tree, r, func() error {
		if r.Target.Sort != proto.Member || !r.Target.Tree() || r.Target.There() {
			return davxml.Failf(http.StatusMethodNotAllowed, "there is something at %s", r.Target.Href())
		}
		if err := s.mayMake(ctx, r); err != nil {
			return err
		}
		if err := s.Guard.Permit(ctx, r, proto.Change{Resource: r.Target, Binds: true}); err != nil {
			return err
		}
		w.ID, w.Title = r.Target.ID, string(r.Target.ID)
		_, err := Write(ctx, s.Home, r, r.Target.Reach.ID, []store.HomeWrite{w})
		return err
	})
}

// Touch makes an empty file at the target of a request, which holds the lock on it already. RFC 4918 7.3
func (s *Service) Touch(ctx context.Context, r *proto.Request) error {
	if err := s.mayMake(ctx, r); err != nil {
		return err
	}
	w, err := s.stage(ctx, http.NoBody)
	if err != nil {
		return err
	}
	w.Op, w.ID, w.Title = tandem.Create, r.Target.ID, string(r.Target.ID)
	now := s.Now().UnixNano()
	w.Record.Attrs, w.Record.Modified = attrs("", now), now
	if _, err := Write(ctx, s.Home, r, r.Target.Reach.ID, []store.HomeWrite{w}); err != nil {
		return err
	}
	return s.look(ctx, r)
}

// look sees what is at the target now.
func (s *Service) look(ctx context.Context, r *proto.Request) (err error) {
	r.Target, err = s.Tree.Resolve(ctx, r.User, r.URL.EscapedPath())
	return err
}
