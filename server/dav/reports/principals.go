package reports

import (
	"context"
	"net/http"
	"strings"

	"tandem/server/dav/props"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// maxFound is how many users a search finds at most.
const maxFound = 200

// fields are the properties by which users are found, and what is searched of each.
var fields = []struct {
	name  davxml.Name
	title string
	value func(u store.User) []string
}{
	{davxml.D("displayname"), "Name", func(u store.User) []string { return []string{u.Title, u.Name} }},
	{davxml.S("email-address-set"), "Mail address", func(u store.User) []string { return []string{proto.Address(u)} }},
	{davxml.C("calendar-user-address-set"), "Calendar address", func(u store.User) []string { return []string{"mailto:" + proto.Address(u)} }},
	{davxml.C("calendar-user-type"), "Sort of user", func(store.User) []string { return []string{"INDIVIDUAL"} }},
}

// search is one DAV:property-search: any of the properties has the text.
type search struct {
	names []davxml.Name
	text  string
	how   string // match-type: contains, starts-with, ends-with, equals
}

// principalSearch finds users by what is known of them. RFC 3744 9.4
func (s *Service) principalSearch(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	var list []search
	for e := range r.XML.All(davxml.D("property-search")) {
		match := e.Child(davxml.D("match"))
		one := search{text: strings.ToLower(match.Value()), how: match.Attr("match-type")}
		for p := range e.Child(davxml.D("prop")).Elements() {
			one.names = append(one.names, p.Name)
		}
		list = append(list, one)
	}
	if len(list) == 0 {
		return davxml.Failf(http.StatusBadRequest, "a principal-property-search holds a DAV:property-search")
	}
	if r.Target.Sort != proto.Principals && !r.XML.Has(davxml.D("apply-to-principal-collection-set")) {
		return s.tell(ctx, w, r, nil)
	}
	users, err := s.Accounts.Users(ctx)
	if err != nil {
		return err
	}
	var found []*proto.Resource
	for _, u := range users {
		if len(found) < maxFound && matches(u, list, r.XML.Attr("test") == "anyof") {
			found = append(found, principal(u.Name))
		}
	}
	return s.tell(ctx, w, r, found)
}

// matches reports whether all searches find a user, or any.
func matches(u store.User, list []search, any bool) bool {
	for _, one := range list {
		if one.finds(u) == any {
			return any
		}
	}
	return !any
}

func (one search) finds(u store.User) bool {
	for _, name := range one.names {
		for _, f := range fields {
			if f.name != name {
				continue
			}
			for _, v := range f.value(u) {
				if one.in(strings.ToLower(v)) {
					return true
				}
			}
		}
	}
	return false
}

func (one search) in(v string) bool {
	switch one.how {
	case "starts-with":
		return strings.HasPrefix(v, one.text)
	case "ends-with":
		return strings.HasSuffix(v, one.text)
	case "equals":
		return v == one.text
	}
	return strings.Contains(v, one.text)
}

func principal(user string) *proto.Resource {
	return &proto.Resource{Sort: proto.Principal, User: user}
}

// tell answers with the properties that were asked for of these resources.
func (s *Service) tell(ctx context.Context, w http.ResponseWriter, r *proto.Request, list []*proto.Resource) error {
	var asked props.Asked
	if r.XML.Has(davxml.D("prop")) {
		var err error
		if asked, err = props.ParseChoice(davxml.New(davxml.D("propfind"), r.XML.Child(davxml.D("prop")))); err != nil {
			return err
		}
	}
	out := props.NewStream(w, r, s.Props.Query(ctx, r, asked, nil))
	for _, res := range list {
		if err := out.Add(res); err != nil {
			return err
		}
	}
	return out.Close()
}

// searchable lists the properties by which users are found. RFC 3744 9.5
func (s *Service) searchable(_ context.Context, w http.ResponseWriter, _ *proto.Request) error {
	root := davxml.New(davxml.D("principal-search-property-set"))
	for _, f := range fields {
		text := davxml.NewText(davxml.D("description"), f.title)
		text.Attrs = append(text.Attrs, davxml.Attr{Name: davxml.Name{Space: "http://www.w3.org/XML/1998/namespace", Local: "lang"}, Value: "en"})
		root.Add(davxml.New(davxml.D("principal-search-property"), davxml.New(davxml.D("prop"), davxml.New(f.name)), text))
	}
	w.Header().Set("Content-Type", davxml.ContentType)
	w.WriteHeader(http.StatusOK)
	return davxml.Write(w, root)
}

// principalMatch finds what is the one who asks, or names them in a property. RFC 3744 9.3
func (s *Service) principalMatch(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	var found []*proto.Resource
	me := proto.PrincipalHref(r.User.Name)
	by := r.XML.Child(davxml.D("principal-property")).First()
	switch {
	case r.XML.Has(davxml.D("self")):
		if s := r.Target.Sort; r.User.Name != "" && (s == proto.Root || s == proto.Principals || r.Target.Href() == me) {
			found = append(found, principal(r.User.Name))
		}
	case by != nil:
		for c, err := range s.Tree.Children(ctx, r.User, r.Target, false) {
			if err != nil {
				return err
			}
			stats, err := s.Props.Query(ctx, r, props.Asked{Props: []davxml.Name{by.Name}}, nil).Propstats(c)
			if err != nil {
				return err
			}
			resp := davxml.Response{Propstats: stats}
			for h := range resp.Prop(by.Name).All(davxml.D("href")) {
				if h.Value() == me {
					found = append(found, c)
					break
				}
			}
		}
	default:
		return davxml.Failf(http.StatusBadRequest, "a principal-match holds DAV:self or DAV:principal-property")
	}
	return s.tell(ctx, w, r, found)
}

// aclPrincipals tells of those whom the access control list of a resource names. RFC 3744 9.2
func (s *Service) aclPrincipals(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	stats, err := s.Props.Query(ctx, r, props.Asked{Props: []davxml.Name{davxml.D("acl")}}, nil).Propstats(r.Target)
	if err != nil {
		return err
	}
	resp := davxml.Response{Propstats: stats}
	var found []*proto.Resource
	seen := map[string]bool{}
	for ace := range resp.Prop(davxml.D("acl")).All(davxml.D("ace")) {
		href := ace.Path(davxml.D("principal"), davxml.D("href")).Value()
		if href == "" || seen[href] {
			continue
		}
		seen[href] = true
		res, err := s.Tree.Resolve(ctx, r.User, href)
		if err == nil {
			found = append(found, res)
		}
	}
	return s.tell(ctx, w, r, found)
}
