// Package locks keeps one client from overwriting what another does: LOCK and UNLOCK (RFC 4918 6, 7, 9.10, 9.11), and the headers under which a write is
// made (If, RFC 4918 10.4; If-Match and its kin, RFC 9110 13.1).
//
// A lock is taken by a user and named by a token. Whoever changes what it covers must send the token and be that user. Locks do not outlive their time,
// an hour at most, and they bind this door only: phones and synced folders know of none, and what they change meanwhile shows in entity tags.
package locks

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"tandem"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// Service answers LOCK and UNLOCK and is the door's Guard. All fields must be set.
type Service struct {
	Tree  proto.Tree
	Locks store.Locks
	Now   func() int64 // Unix seconds
	// Create makes an empty file at the target of a request that locks a name under which nothing is yet. RFC 4918 7.3
	Create func(ctx context.Context, r *proto.Request) error
}

var _ proto.Guard = (*Service)(nil)

// pathOf is a resource as locks name it. ok is false for what cannot be locked.
func pathOf(r *proto.Resource) (path string, ok bool) {
	switch r.Sort {
	case proto.Collection:
		return "", true
	case proto.Member:
		return string(r.ID), true
	}
	return "", false
}

// parentOf is the path of the collection, in the words of WebDAV, that a member is in.
func parentOf(r *proto.Resource) string {
	if i := strings.LastIndexByte(string(r.ID), '/'); i >= 0 && r.Tree() {
		return string(r.ID[:i])
	}
	return ""
}

// below reports whether path is under top.
func below(path, top string) bool {
	return path != "" && (top == "" || strings.HasPrefix(path, top+"/"))
}

// newToken makes the URI of a new lock: a random UUID. RFC 4918 6.5, RFC 9562 5.4
func newToken() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// rootHref is the path of what was locked, as who asks for res knows it. What lies above res is a directory.
func rootHref(res *proto.Resource, l store.Lock) string {
	if path, ok := pathOf(res); ok && path == l.Path {
		return res.Href()
	}
	root := *res
	root.Sort, root.ID, root.Record = proto.Collection, "", nil
	if l.Path == "" {
		return root.Href()
	}
	return proto.MemberHref(root.Href(), res.Reach.Kind, tandem.ID(l.Path), below(string(res.ID), l.Path))
}

// Discovery is the property DAV:lockdiscovery of a resource: those of its collection's locks that cover it. Tokens are no secret: to use one takes
// its user's password. RFC 4918 15.8
func Discovery(res *proto.Resource, list []store.Lock, now int64) *davxml.Element {
	e := davxml.New(davxml.D("lockdiscovery"))
	path, ok := pathOf(res)
	if !ok {
		return e
	}
	for _, l := range list {
		if l.Covers(path) {
			e.Add(active(res, l, now))
		}
	}
	return e
}

// active tells of one lock. RFC 4918 14.1
func active(res *proto.Resource, l store.Lock, now int64) *davxml.Element {
	scope, depth := "exclusive", "0"
	if l.Shared {
		scope = "shared"
	}
	if l.Deep {
		depth = "infinity"
	}
	e := davxml.New(davxml.D("activelock"), davxml.New(davxml.D("lockscope"), davxml.New(davxml.D(scope))),
		davxml.New(davxml.D("locktype"), davxml.New(davxml.D("write"))), davxml.NewText(davxml.D("depth"), depth))
	if l.Owner != "" {
		if owner, err := davxml.Parse(strings.NewReader(l.Owner), davxml.Limits{}); err == nil {
			e.Add(owner)
		}
	}
	return e.Add(davxml.NewText(davxml.D("timeout"), fmt.Sprint("Second-", max(l.Until-now, 0))),
		davxml.New(davxml.D("locktoken"), davxml.Href(l.Token)), davxml.New(davxml.D("lockroot"), davxml.Href(rootHref(res, l))))
}

// Supported is the property DAV:supportedlock of a resource. RFC 4918 15.10
func Supported(res *proto.Resource) *davxml.Element {
	e := davxml.New(davxml.D("supportedlock"))
	if _, ok := pathOf(res); !ok {
		return e
	}
	for _, scope := range []string{"exclusive", "shared"} {
		e.Add(davxml.New(davxml.D("lockentry"), davxml.New(davxml.D("lockscope"), davxml.New(davxml.D(scope))),
			davxml.New(davxml.D("locktype"), davxml.New(davxml.D("write")))))
	}
	return e
}
