// Package tree finds what a path leads to: the one place that knows how users, collections and records are laid out below /dav/. See package proto.
package tree

import (
	"context"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"tandem"
	"tandem/partner/access"
	"tandem/server/dav/proto"
	"tandem/store"
)

// Access tells which collections a user can reach. access.Service implements it.
type Access interface {
	Reachable(ctx context.Context, user string) ([]access.Reach, error)
	ByLink(ctx context.Context, secret string) (access.Reach, error) // NotFound
}

// Service resolves paths.
type Service struct {
	Home     store.Home
	Lookup   store.Lookup
	Accounts store.Accounts
	Access   Access
	Inbox    func(ctx context.Context, u store.User) (tandem.Collection, error) // makes a user's inbox; nil: nobody has one
}

var _ proto.Tree = (*Service)(nil)

func notFound(path string) error {
	return &tandem.Error{Kind: tandem.NotFound, Op: "find", Thing: path}
}

// segments splits an escaped path below proto.Path. Empty segments, but for the last, and those that climb are refused: a client that writes them does
// not mean what it says.
func segments(path string) (parts []string, slash, ok bool) {
	rest, ok := strings.CutPrefix(path, proto.Path)
	if !ok {
		return nil, false, path+"/" == proto.Path
	}
	if rest == "" {
		return nil, true, true
	}
	rest, slash = strings.CutSuffix(rest, "/")
	for raw := range strings.SplitSeq(rest, "/") {
		s, err := url.PathUnescape(raw)
		inTree := len(parts) > 2 && parts[0] == string(proto.Files) // what a folder holds is reached, however it is spelled
		if err != nil || s == "" || s == "." || s == ".." || strings.Contains(s, "\x00") || !inTree && !plain(s) {
			return nil, false, false
		}
		parts = append(parts, s)
	}
	return parts, slash, true
}

// plain reports whether a name is text without signs that steer terminals.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// Resolve implements proto.Tree.
func (s *Service) Resolve(ctx context.Context, user store.User, path string) (*proto.Resource, error) {
	parts, slash, ok := segments(path)
	if !ok {
		return nil, notFound(path)
	}
	if len(parts) == 0 {
		return &proto.Resource{Sort: proto.Root}, nil
	}
	branch := proto.Branch(parts[0])
	if branch == proto.Files && slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(p, "/") }) { // an escaped slash is part of no file's name
		return nil, notFound(path)
	}
	switch {
	case parts[0] == "public" && len(parts) > 1:
		return s.public(ctx, path, parts, slash)
	case parts[0] == "attachments" && len(parts) == 4 && !slash:
		return s.attachment(ctx, path)
	case parts[0] == "principals":
		return s.principal(ctx, user, path, parts)
	case branch != proto.Calendars && branch != proto.Contacts && branch != proto.Files:
		return nil, notFound(path)
	case len(parts) == 1:
		return &proto.Resource{Sort: proto.Homes, Branch: branch}, nil
	case !strings.EqualFold(parts[1], user.Name): // a user's list is nobody else's to see; what is shared is in the list of whom it is shared with
		return nil, notFound(path)
	case len(parts) == 2:
		return &proto.Resource{Sort: proto.Home, Branch: branch, User: user.Name}, nil
	case branch == proto.Calendars && len(parts) == 3 && parts[2] == "outbox":
		return &proto.Resource{Sort: proto.Outbox, Branch: branch, User: user.Name}, nil
	}
	c, err := s.collection(ctx, user.Name, branch, parts[2])
	if err == nil && c == nil && branch == proto.Calendars && parts[2] == "inbox" && s.Inbox != nil { // clients know its path before there is anything in it
		if _, err = s.Inbox(ctx, user); err == nil {
			c, err = s.collection(ctx, user.Name, branch, parts[2])
		}
	}
	if err != nil {
		return nil, err
	}
	switch {
	case c == nil && len(parts) == 3:
		return &proto.Resource{Sort: proto.Missing, Branch: branch, User: user.Name, Segment: parts[2], Slash: slash}, nil
	case c == nil:
		return nil, notFound(path)
	case len(parts) == 3:
		return c, nil
	}
	return s.member(ctx, c, parts[3:], slash)
}

// attachment resolves the path of something that is attached to an event or task: for whoever knows it, to look at.
func (s *Service) attachment(ctx context.Context, path string) (*proto.Resource, error) {
	owner, id, ok := proto.ParseAttachment(path)
	if !ok {
		return nil, notFound(path)
	}
	all, err := s.Home.Collections(ctx, owner)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if proto.IsAttachments(c) {
			reach := access.Reach{Collection: c, Right: access.Read}
			return s.member(ctx, &proto.Resource{Branch: proto.Files, User: owner, Reach: reach, Segment: Segment(reach)}, []string{string(id)}, false)
		}
	}
	return nil, notFound(path)
}

// public resolves what a link leads to.
func (s *Service) public(ctx context.Context, path string, parts []string, slash bool) (*proto.Resource, error) {
	secret := parts[1]
	if len(parts) == 2 { // some programs subscribe to files only
		secret = strings.TrimSuffix(strings.TrimSuffix(secret, ".ics"), ".vcf")
	}
	reach, err := s.Access.ByLink(ctx, secret)
	if err != nil {
		return nil, err
	}
	c := &proto.Resource{Sort: proto.Collection, Branch: proto.BranchOf(reach.Kind), Reach: reach, Segment: Segment(reach), Public: secret}
	switch {
	case c.Branch == "":
		return nil, notFound(path)
	case len(parts) == 2:
		return c, nil
	}
	return s.member(ctx, c, parts[2:], slash)
}

// member makes a collection the record in it that a path leads to.
func (s *Service) member(ctx context.Context, c *proto.Resource, parts []string, slash bool) (*proto.Resource, error) {
	c.Sort, c.ID, c.Slash = proto.Member, tandem.ID(strings.Join(parts, "/")), slash
	ids := []tandem.ID{c.ID}
	if bare, ok := strings.CutSuffix(string(c.ID), proto.Ext(c.Reach.Kind)); ok && bare != "" && bare != string(c.ID) {
		ids = append(ids, tandem.ID(bare)) // see proto.MemberHref
	}
	for rec, err := range s.Home.Get(ctx, c.Reach.ID, ids) {
		if err != nil {
			return nil, err
		}
		if !rec.Deleted && (c.Record == nil || rec.ID == ids[0]) {
			c.Record = &rec
		}
	}
	if c.Record != nil {
		c.ID = c.Record.ID
	}
	return c, nil
}

// principal resolves users. Users of one hub may know each other's names: they share and invite.
func (s *Service) principal(ctx context.Context, user store.User, path string, parts []string) (*proto.Resource, error) {
	switch len(parts) {
	case 1:
		return &proto.Resource{Sort: proto.Principals}, nil
	case 2:
		name := strings.ToLower(parts[1])
		if name != user.Name {
			if _, err := s.Accounts.User(ctx, name); err != nil {
				return nil, err
			}
		}
		return &proto.Resource{Sort: proto.Principal, User: name}, nil
	}
	return nil, notFound(path)
}

// collection finds a collection by its segment, nil if there is none.
func (s *Service) collection(ctx context.Context, user string, b proto.Branch, segment string) (*proto.Resource, error) {
	all, err := s.Collections(ctx, user, b)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if c.Segment == segment {
			return c, nil
		}
	}
	return nil, nil
}

// Collections implements proto.Tree.
func (s *Service) Collections(ctx context.Context, user string, b proto.Branch) ([]*proto.Resource, error) {
	all, err := s.Access.Reachable(ctx, user)
	if err != nil {
		return nil, err
	}
	var out []*proto.Resource
	for _, c := range all {
		if proto.BranchOf(c.Kind) == b {
			out = append(out, &proto.Resource{Sort: proto.Collection, Branch: b, User: user, Reach: c, Segment: Segment(c)})
		}
	}
	return out, nil
}

// Segment names a collection in paths: what a client called it when it made it, or else its number, which a new name leaves as it is. Trees of files
// are for people to walk through, and have their names.
func Segment(c access.Reach) string {
	if proto.BranchOf(c.Kind) == proto.Files {
		return c.Name
	}
	if href := c.Collection.Props[proto.HrefProp]; href != "" && c.Owned {
		return href
	}
	return strconv.FormatInt(c.ID, 10)
}

// Member implements proto.Tree.
func (s *Service) Member(c *proto.Resource, rec store.HomeRecord) *proto.Resource {
	return memberOf(c, &rec)
}

func memberOf(c *proto.Resource, rec *store.HomeRecord) *proto.Resource {
	return &proto.Resource{Sort: proto.Member, Branch: c.Branch, User: c.User, Reach: c.Reach, Segment: c.Segment, Public: c.Public, ID: rec.ID, Record: rec}
}

// page is how many records are read at a time.
const page = 1000

// Children implements proto.Tree.
func (s *Service) Children(ctx context.Context, user store.User, r *proto.Resource, deep bool) iter.Seq2[*proto.Resource, error] {
	return func(yield func(*proto.Resource, error) bool) {
		switch r.Sort {
		case proto.Root:
			for _, c := range []*proto.Resource{{Sort: proto.Principals}, {Sort: proto.Homes, Branch: proto.Calendars}, {Sort: proto.Homes, Branch: proto.Contacts}, {Sort: proto.Homes, Branch: proto.Files}} {
				if !yield(c, nil) {
					return
				}
			}
		case proto.Principals:
			yield(&proto.Resource{Sort: proto.Principal, User: user.Name}, nil)
		case proto.Homes:
			yield(&proto.Resource{Sort: proto.Home, Branch: r.Branch, User: user.Name}, nil)
		case proto.Home:
			all, err := s.Collections(ctx, r.User, r.Branch)
			if err != nil {
				yield(nil, err)
				return
			}
			if r.Branch == proto.Calendars {
				all = append(all, &proto.Resource{Sort: proto.Outbox, Branch: r.Branch, User: r.User})
			}
			for _, c := range all {
				if !yield(c, nil) {
					return
				}
			}
		case proto.Collection, proto.Member:
			if r.Tree() {
				s.files(ctx, r, deep, yield)
			} else {
				s.records(ctx, r, yield)
			}
		}
	}
}

// files yields what is in a directory of a tree.
func (s *Service) files(ctx context.Context, r *proto.Resource, deep bool, yield func(*proto.Resource, error) bool) {
	if !r.Dir() {
		return
	}
	for rec, err := range s.Lookup.Below(ctx, r.Reach.ID, r.ID, deep) {
		if err != nil {
			yield(nil, err)
			return
		}
		if !yield(s.Member(r, rec), nil) {
			return
		}
	}
}

// records yields the records of a collection that is no tree.
func (s *Service) records(ctx context.Context, r *proto.Resource, yield func(*proto.Resource, error) bool) {
	if r.Sort == proto.Member {
		return
	}
	for seq, more := int64(0), true; more; {
		var recs []store.HomeRecord
		var err error
		if recs, more, err = s.Home.Since(ctx, r.Reach.ID, seq, page); err != nil {
			yield(nil, err)
			return
		}
		for i := range recs {
			rec := &recs[i]
			if seq = rec.Seq; !rec.Deleted && !yield(memberOf(r, rec), nil) {
				return
			}
		}
	}
}
