// Package proto is what the packages of the desktops' door share: what a path leads to, what a request is, and what a method is.
//
// # Paths
//
//	/dav/                                       the root; clients are sent here by /.well-known/caldav and /.well-known/carddav
//	/dav/principals/USER/                       a user
//	/dav/calendars/USER/COLLECTION/RECORD       events, tasks and notes; also inbox/ and outbox/
//	/dav/contacts/USER/COLLECTION/RECORD        address books
//	/dav/files/USER/COLLECTION/DIR/…/FILE       trees of files
//	/dav/public/SECRET/…                        one collection, to look at, for whoever knows the link
//
// USER is the one whose list of collections is looked at; what is shared with a user is in their own list. A record's segment is its id in the home
// collection, percent-encoded, so that a name that a client chose is a record's id and stays.
package proto

import (
	"net/url"
	"strings"

	"tandem"
	"tandem/partner/access"
	"tandem/store"
)

// Path is where the door is.
const Path = "/dav/"

// Sort says what is at a path.
type Sort uint8

// The sorts. All but Member and Missing are collections in the words of WebDAV; a Member is one if it is a directory.
const (
	Root       Sort = iota // /dav/
	Principals             // /dav/principals/
	Principal              // /dav/principals/USER/
	Homes                  // /dav/calendars/ and the like, which list the one user who asks
	Home                   // /dav/calendars/USER/ and the like
	Collection             // a home collection
	Member                 // a record of one, or a name in one under which nothing is yet
	Outbox                 // /dav/calendars/USER/outbox/
	Missing                // a name in a Home under which nothing is yet
)

// Branch is one of the lists of collections.
type Branch string

// The branches.
const (
	Calendars Branch = "calendars"
	Contacts  Branch = "contacts"
	Files     Branch = "files"
)

// BranchOf is where collections of a kind are, "" for kinds that this door does not show.
func BranchOf(k tandem.Kind) Branch {
	switch k {
	case tandem.Event, tandem.Task, tandem.Note, "invitation":
		return Calendars
	case tandem.Contact:
		return Contacts
	case tandem.File:
		return Files
	}
	return ""
}

// HrefProp is the property of a collection that keeps the segment which a client chose when it made the collection.
const HrefProp = "href"

// Resource is what is at a path.
type Resource struct {
	Sort   Sort
	Branch Branch // Homes and below
	User   string // Principal, Home and below: whose

	Public  string       // the secret of the link by which a Collection or Member was reached; "": the one who asks is a user
	Reach   access.Reach // Collection, Member: the home collection, and what the one who asks may do with it
	Segment string       // Collection, Member: the collection's segment; Missing: the name

	ID     tandem.ID         // Member: the record's id
	Record *store.HomeRecord // Member: the record, with its body unread; nil: nothing is there
	Slash  bool              // Member, Missing: the path was written with a slash at its end
}

// There reports whether there is anything at the path.
func (r *Resource) There() bool {
	return r.Sort != Missing && (r.Sort != Member || r.Record != nil)
}

// Dir reports whether the resource is a collection in the words of WebDAV.
func (r *Resource) Dir() bool {
	switch r.Sort {
	case Missing:
		return false
	case Member:
		return r.Record != nil && r.Record.Attrs.Get("type") == "dir"
	}
	return true
}

// Tree reports whether the resource is in, or is, a tree of files.
func (r *Resource) Tree() bool { return r.Branch == Files }

// Href is the path in canonical form: percent-encoded, with a slash at the end of collections.
func (r *Resource) Href() string {
	switch r.Sort {
	case Root:
		return Path
	case Principals:
		return Path + "principals/"
	case Principal:
		return PrincipalHref(r.User)
	case Homes:
		return Path + string(r.Branch) + "/"
	case Home:
		return HomeHref(r.Branch, r.User)
	case Outbox:
		return HomeHref(r.Branch, r.User) + "outbox/"
	case Missing:
		return HomeHref(r.Branch, r.User) + Escape(r.Segment)
	}
	h := HomeHref(r.Branch, r.User) + Escape(r.Segment) + "/"
	if r.Public != "" {
		h = PublicPath + Escape(r.Public) + "/"
	}
	if r.Sort == Collection {
		return h
	}
	return MemberHref(h, r.Reach.Kind, r.ID, r.Dir())
}

// Ext is how the names of records of a kind end: some clients take no others for cards and calendar objects. "" for files.
func Ext(k tandem.Kind) string {
	switch BranchOf(k) {
	case Calendars:
		return ".ics"
	case Contacts:
		return ".vcf"
	}
	return ""
}

// MemberHref is the path of a record of the collection at href, which holds records of a kind. An id that does not end as names of the kind do gets the
// ending; tree.Service finds the record under either name.
func MemberHref(href string, k tandem.Kind, id tandem.ID, dir bool) string {
	if ext := Ext(k); ext != "" {
		if len(id) <= len(ext) || !strings.EqualFold(string(id[len(id)-len(ext):]), ext) {
			return href + Escape(string(id)) + ext
		}
		return href + Escape(string(id))
	}
	var b strings.Builder
	b.WriteString(href)
	for i, part := range strings.Split(string(id), "/") {
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(Escape(part))
	}
	if dir {
		b.WriteByte('/')
	}
	return b.String()
}

// PublicPath is where links lead.
const PublicPath = Path + "public/"

// PrincipalHref is the path of a user.
func PrincipalHref(user string) string { return Path + "principals/" + Escape(user) + "/" }

// HomeHref is the path of a user's list of collections.
func HomeHref(b Branch, user string) string { return Path + string(b) + "/" + Escape(user) + "/" }

// Escape writes a segment of a path. RFC 3986 3.3
func Escape(s string) string {
	return url.PathEscape(s)
}
