package props

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/partner/access"
	"tandem/server/dav/locks"
	"tandem/server/dav/proto"
	"tandem/wire/davxml"
)

// resourceType is RFC 4918 15.9, with what RFC 3744 4, RFC 4791 4.2, RFC 6352 5.2 and RFC 6638 2.1, 2.2 add.
func resourceType(_ *query, res *proto.Resource) *davxml.Element {
	e := davxml.New(davxml.D("resourcetype"))
	if res.Dir() {
		e.Add(davxml.New(davxml.D("collection")))
	}
	switch {
	case res.Sort == proto.Principal:
		e.Add(davxml.New(davxml.D("principal")))
	case res.Sort == proto.Outbox:
		e.Add(davxml.New(davxml.C("schedule-outbox")))
	case res.Sort != proto.Collection:
	case res.Reach.Kind == tandem.Invitation:
		e.Add(davxml.New(davxml.C("schedule-inbox")))
	case res.Branch == proto.Calendars:
		e.Add(davxml.New(davxml.C("calendar")))
	case res.Branch == proto.Contacts:
		e.Add(davxml.New(davxml.A("addressbook")))
	}
	return e
}

// displayName is RFC 4918 15.2.
func displayName(q *query, res *proto.Resource) *davxml.Element {
	text := ""
	switch res.Sort {
	case proto.Root:
		text = "Tandem"
	case proto.Principals:
		text = "Users"
	case proto.Principal:
		u := q.user(res.User)
		if text = u.Title; text == "" {
			text = u.Name
		}
	case proto.Homes, proto.Home:
		text = strings.ToUpper(string(res.Branch[:1])) + string(res.Branch[1:])
	case proto.Outbox:
		text = "Outbox"
	case proto.Collection:
		text = res.Reach.Title()
	case proto.Member:
		if !res.Tree() {
			return nil
		}
		text = string(res.ID[strings.LastIndexByte(string(res.ID), '/')+1:])
	}
	return davxml.NewText(davxml.D("displayname"), text)
}

func isFile(res *proto.Resource) bool {
	return res.Sort == proto.Member && res.Record != nil && !res.Dir()
}

// contentType is RFC 4918 15.5.
func contentType(_ *query, res *proto.Resource) *davxml.Element {
	if !isFile(res) {
		return nil
	}
	return davxml.NewText(davxml.D("getcontenttype"), proto.ContentType(res.Reach.Kind, res.ID))
}

// contentLength is RFC 4918 15.4.
func contentLength(_ *query, res *proto.Resource) *davxml.Element {
	if !isFile(res) {
		return nil
	}
	return davxml.NewText(davxml.D("getcontentlength"), strconv.FormatInt(res.Record.Size, 10))
}

// etag is RFC 4918 15.6.
func etag(_ *query, res *proto.Resource) *davxml.Element {
	if tag := res.ETag(); tag != "" {
		return davxml.NewText(davxml.D("getetag"), tag)
	}
	return nil
}

// lastModified is RFC 4918 15.7.
func lastModified(_ *query, res *proto.Resource) *davxml.Element {
	if res.Sort != proto.Member || res.Record == nil {
		return nil
	}
	return davxml.NewText(davxml.D("getlastmodified"), proto.Modified(res.Record).Format(http.TimeFormat))
}

// creationDate is RFC 4918 15.1: when the hub stored it first, where that was written down.
func creationDate(_ *query, res *proto.Resource) *davxml.Element {
	var made int64
	switch {
	case res.Sort == proto.Collection:
		made = res.Reach.Made
	case res.Sort == proto.Member && res.Record != nil:
		made = res.Record.Made
	}
	if made == 0 {
		return nil
	}
	return davxml.NewText(davxml.D("creationdate"), time.Unix(made, 0).UTC().Format(time.RFC3339))
}

// supportedLock is RFC 4918 15.10.
func supportedLock(_ *query, res *proto.Resource) *davxml.Element { return locks.Supported(res) }

// lockDiscovery is RFC 4918 15.8: the locks that hold for a resource, whoever took them. Their tokens are no secret: using one takes its user's password.
func lockDiscovery(q *query, res *proto.Resource) *davxml.Element {
	if res.Sort != proto.Collection && res.Sort != proto.Member {
		return locks.Discovery(res, nil, 0)
	}
	list, ok := q.locks[res.Reach.ID]
	if !ok {
		if list, q.err = q.Locks.Locks(q.ctx, res.Reach.ID, q.Now()); q.err != nil {
			return nil
		}
		q.locks[res.Reach.ID] = list
	}
	return locks.Discovery(res, list, q.Now())
}

// ReportsOf are the reports that a resource answers. RFC 3253 3.1.5
func ReportsOf(res *proto.Resource) []davxml.Name {
	var list []davxml.Name
	if res.Public == "" { // who knows a link learns nothing of users
		list = []davxml.Name{davxml.D("expand-property"), davxml.D("principal-property-search"), davxml.D("principal-search-property-set"), davxml.D("principal-match"),
			davxml.D("acl-principal-prop-set")}
	}
	switch {
	case res.Sort == proto.Collection && res.Branch == proto.Calendars && res.Reach.Kind != tandem.Invitation:
		list = append(list, davxml.C("calendar-query"), davxml.C("calendar-multiget"), davxml.C("free-busy-query"))
	case res.Sort == proto.Collection && res.Branch == proto.Calendars:
		list = append(list, davxml.C("calendar-query"), davxml.C("calendar-multiget"))
	case res.Sort == proto.Collection && res.Branch == proto.Contacts:
		list = append(list, davxml.A("addressbook-query"), davxml.A("addressbook-multiget"))
	}
	if res.Sort == proto.Collection || res.Tree() && res.Sort == proto.Member && res.Dir() {
		list = append(list, davxml.D("sync-collection"))
	}
	return list
}

func supportedReports(_ *query, res *proto.Resource) *davxml.Element {
	e := davxml.New(davxml.D("supported-report-set"))
	for _, name := range ReportsOf(res) {
		e.Add(davxml.New(davxml.D("supported-report"), davxml.New(davxml.D("report"), davxml.New(name))))
	}
	return e
}

// syncToken is RFC 6578 4.
func syncToken(_ *query, res *proto.Resource) *davxml.Element {
	if !slices.Contains(ReportsOf(res), davxml.D("sync-collection")) {
		return nil
	}
	return davxml.NewText(davxml.D("sync-token"), proto.SyncToken(res.Reach.Collection, res.Reach.Seq))
}

func ctag(_ *query, res *proto.Resource) *davxml.Element {
	if res.Sort != proto.Collection {
		return nil
	}
	return davxml.NewText(davxml.S("getctag"), proto.CTag(res.Reach.Collection))
}

// resourceID is RFC 5842 3.1.
func resourceID(_ *query, res *proto.Resource) *davxml.Element {
	uri := "urn:x-tandem:id:" + res.Reach.Identity.Store
	switch {
	case res.Sort == proto.Member && res.Record != nil:
		uri += ":" + strconv.FormatInt(res.Record.Number, 10)
	case res.Sort != proto.Collection:
		return nil
	}
	return davxml.New(davxml.D("resource-id"), davxml.Href(uri))
}

// parentSet is RFC 5842 3.2. Nothing is in two places.
func parentSet(_ *query, res *proto.Resource) *davxml.Element {
	if res.Sort != proto.Member && res.Sort != proto.Collection {
		return nil
	}
	href := strings.TrimSuffix(res.Href(), "/")
	at := strings.LastIndexByte(href, '/') + 1
	return davxml.New(davxml.D("parent-set"), davxml.New(davxml.D("parent"), davxml.Href(href[:at]), davxml.NewText(davxml.D("segment"), href[at:])))
}

// addMember is RFC 5995 3.2.1: records may be posted to the collection itself.
func addMember(_ *query, res *proto.Resource) *davxml.Element {
	if res.Sort != proto.Collection || res.Tree() || res.Reach.Kind == tandem.Invitation || res.Reach.Right < access.Write {
		return nil
	}
	return davxml.New(davxml.D("add-member"), davxml.Href(res.Href()))
}

// quota is RFC 4331 3, 4. Nobody has a quota of their own: what counts is the disk, and so what is used is all that is on it.
func quota(name davxml.Name, of func(*Service) func() (int64, error)) func(*query, *proto.Resource) *davxml.Element {
	return func(q *query, res *proto.Resource) *davxml.Element {
		count := of(q.Service)
		if !res.Dir() || count == nil || res.Public != "" {
			return nil
		}
		n, err := count()
		if err != nil {
			return nil
		}
		return davxml.NewText(name, strconv.FormatInt(n, 10))
	}
}
