package props

import (
	"tandem"
	"tandem/partner/access"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

func hrefs(name davxml.Name, list ...string) *davxml.Element {
	e := davxml.New(name)
	for _, h := range list {
		e.Add(davxml.Href(h))
	}
	return e
}

// currentUser is RFC 5397 3.
func currentUser(q *query, _ *proto.Resource) *davxml.Element {
	if q.req.User.Name == "" {
		return davxml.New(davxml.D("current-user-principal"), davxml.New(davxml.D("unauthenticated")))
	}
	return hrefs(davxml.D("current-user-principal"), proto.PrincipalHref(q.req.User.Name))
}

// ownerOf is the user that a resource belongs to, "" for what belongs to the hub.
func ownerOf(res *proto.Resource) string {
	switch res.Sort {
	case proto.Root, proto.Principals, proto.Homes:
		return ""
	case proto.Collection, proto.Member:
		return res.Reach.User
	}
	return res.User
}

// owner is RFC 3744 5.1.
func owner(_ *query, res *proto.Resource) *davxml.Element {
	if o := ownerOf(res); o != "" && res.Public == "" {
		return hrefs(davxml.D("owner"), proto.PrincipalHref(o))
	}
	return davxml.New(davxml.D("owner"))
}

// Privileges are what the one who asks may do with a resource. RFC 3744 3, RFC 4791 6.1.1, RFC 6638 6
func Privileges(res *proto.Resource, user string) []davxml.Name {
	list := []davxml.Name{davxml.D("read"), davxml.D("read-current-user-privilege-set")}
	calendar := res.Branch == proto.Calendars && (res.Sort == proto.Collection || res.Sort == proto.Member)
	if calendar {
		list = append(list, davxml.C("read-free-busy"))
	}
	switch res.Sort {
	case proto.Home: // collections are made and removed in it
		if res.User == user {
			list = append(list, davxml.D("bind"), davxml.D("unbind"), davxml.D("write-properties"))
		}
	case proto.Principal:
		if res.User == user {
			list = append(list, davxml.D("write-properties"))
		}
	case proto.Outbox:
		list = append(list, davxml.C("schedule-send"), davxml.C("schedule-send-invite"), davxml.C("schedule-send-reply"), davxml.C("schedule-send-freebusy"))
	case proto.Collection, proto.Member:
		if res.Reach.Right >= access.Write {
			list = append(list, davxml.D("write"), davxml.D("write-content"), davxml.D("bind"), davxml.D("unbind"))
		}
		if res.Reach.Right >= access.Write || res.Sort == proto.Collection { // one's own name and color for what others share
			list = append(list, davxml.D("write-properties"))
		}
		if res.Reach.Right >= access.Write {
			list = append(list, davxml.D("unlock"))
		}
		if res.Reach.Owned {
			list = append(list, davxml.D("read-acl"))
			if res.Reach.Right >= access.Own {
				list = append(list, davxml.D("write-acl"), davxml.D("all"))
			}
		}
		if res.Reach.Kind == tandem.Invitation {
			list = append(list, davxml.C("schedule-deliver"), davxml.C("schedule-deliver-invite"), davxml.C("schedule-deliver-reply"), davxml.C("schedule-query-freebusy"))
		}
	}
	return list
}

func privilegeList(e *davxml.Element, list []davxml.Name) *davxml.Element {
	for _, p := range list {
		e.Add(davxml.New(davxml.D("privilege"), davxml.New(p)))
	}
	return e
}

// privileges is RFC 3744 5.5.
func privileges(q *query, res *proto.Resource) *davxml.Element {
	return privilegeList(davxml.New(davxml.D("current-user-privilege-set")), Privileges(res, q.req.User.Name))
}

// privilege is one of RFC 3744 5.3, with those that it includes.
func privilege(name davxml.Name, text string, parts ...*davxml.Element) *davxml.Element {
	description := davxml.NewText(davxml.D("description"), text)
	description.Attrs = append(description.Attrs, davxml.Attr{Name: davxml.Name{Space: xmlSpace, Local: "lang"}, Value: "en"})
	return davxml.New(davxml.D("supported-privilege"), davxml.New(davxml.D("privilege"), davxml.New(name)), description).Add(parts...)
}

const xmlSpace = "http://www.w3.org/XML/1998/namespace"

// supportedPrivileges is RFC 3744 5.3.
func supportedPrivileges(_ *query, res *proto.Resource) *davxml.Element {
	d, c := davxml.D, davxml.C
	read := privilege(d("read"), "read", privilege(d("read-current-user-privilege-set"), "read one's own rights"))
	all := privilege(d("all"), "everything", read,
		privilege(d("write"), "change", privilege(d("write-content"), "change content"), privilege(d("write-properties"), "change properties"),
			privilege(d("bind"), "add"), privilege(d("unbind"), "remove")),
		privilege(d("unlock"), "remove locks"), privilege(d("read-acl"), "see who may what"), privilege(d("write-acl"), "say who may what"))
	switch {
	case res.Branch == proto.Calendars && res.Sort == proto.Outbox:
		all.Add(privilege(c("schedule-send"), "send", privilege(c("schedule-send-invite"), "invite"), privilege(c("schedule-send-reply"), "reply"),
			privilege(c("schedule-send-freebusy"), "ask for free and busy times")))
	case res.Branch == proto.Calendars && res.Reach.Kind == tandem.Invitation:
		all.Add(privilege(c("schedule-deliver"), "deliver", privilege(c("schedule-deliver-invite"), "deliver invitations"),
			privilege(c("schedule-deliver-reply"), "deliver replies"), privilege(c("schedule-query-freebusy"), "ask for free and busy times")))
	case res.Branch == proto.Calendars:
		read.Add(privilege(c("read-free-busy"), "see free and busy times"))
	}
	return davxml.New(davxml.D("supported-privilege-set"), all)
}

// acl is RFC 3744 5.5: what the owner and, as far as the one who asks may know, others may do.
func acl(q *query, res *proto.Resource) *davxml.Element {
	e := davxml.New(davxml.D("acl"))
	given := func(principal *davxml.Element, list []davxml.Name) *davxml.Element {
		one := davxml.New(davxml.D("ace"), davxml.New(davxml.D("principal"), principal), privilegeList(davxml.New(davxml.D("grant")), list))
		e.Add(one)
		return one
	}
	ace := func(principal *davxml.Element, list []davxml.Name) {
		given(principal, list).Add(davxml.New(davxml.D("protected")))
	}
	o := ownerOf(res)
	switch {
	case o == "":
		ace(davxml.New(davxml.D("authenticated")), []davxml.Name{davxml.D("read")})
		return e
	case o == q.req.User.Name && (res.Sort != proto.Collection && res.Sort != proto.Member || res.Reach.Right == access.Own):
		ace(davxml.Href(proto.PrincipalHref(o)), []davxml.Name{davxml.D("all")})
	case q.req.User.Name != "":
		ace(davxml.Href(proto.PrincipalHref(q.req.User.Name)), Privileges(res, q.req.User.Name))
	}
	if res.Sort == proto.Collection && res.Reach.Owned {
		var shares []store.Share
		if shares, q.err = q.Shares.SharesOf(q.ctx, res.Reach.ID); q.err != nil {
			return nil
		}
		for _, s := range shares {
			list := []davxml.Name{davxml.D("read")}
			if s.Write {
				list = append(list, davxml.D("write"))
			}
			if s.With != "" {
				given(davxml.Href(proto.PrincipalHref(s.With)), list) // the method ACL changes it
			}
		}
	}
	return e
}

// aclRestrictions is RFC 3744 5.6.
func aclRestrictions(*query, *proto.Resource) *davxml.Element {
	return davxml.New(davxml.D("acl-restrictions"), davxml.New(davxml.D("grant-only")), davxml.New(davxml.D("no-invert")))
}

// principalCollections is RFC 3744 5.8.
func principalCollections(*query, *proto.Resource) *davxml.Element {
	return hrefs(davxml.D("principal-collection-set"), proto.Path+"principals/")
}

// principalURL is RFC 3744 4.2.
func principalURL(_ *query, res *proto.Resource) *davxml.Element {
	if res.Sort != proto.Principal {
		return nil
	}
	return hrefs(davxml.D("principal-URL"), res.Href())
}

// alternateURIs is RFC 3744 4.1.
func alternateURIs(q *query, res *proto.Resource) *davxml.Element {
	if res.Sort != proto.Principal {
		return nil
	}
	e := davxml.New(davxml.D("alternate-URI-set"))
	if a := proto.Address(q.user(res.User)); a != "" {
		e.Add(davxml.Href("mailto:" + a))
	}
	return e
}

// groupMembership is RFC 3744 4.4. There are no groups.
func groupMembership(_ *query, res *proto.Resource) *davxml.Element {
	if res.Sort != proto.Principal {
		return nil
	}
	return davxml.New(davxml.D("group-membership"))
}
