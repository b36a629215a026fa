package dav

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strings"

	"tandem"
	"tandem/internal/netguard"
	"tandem/provider"
	"tandem/provider/dav/conn"
	"tandem/wire/davxml"
)

// found is a collection on a server.
type found struct {
	at         *url.URL
	name       string
	components []string // of a calendar: VEVENT, VTODO, VJOURNAL; none named: any
	readOnly   bool
	resp       *davxml.Response // what the server said of it
}

// kinds are what a collection can hold of what the service knows.
func (f *found) kinds(s service) []tandem.Kind {
	if s.name != "caldav" {
		return s.kinds
	}
	var out []tandem.Kind
	for _, k := range s.kinds {
		if len(f.components) == 0 && k != tandem.Note || slices.Contains(f.components, componentOf(k)) {
			out = append(out, k)
		}
	}
	return out
}

func componentOf(k tandem.Kind) string {
	return map[tandem.Kind]string{tandem.Event: "VEVENT", tandem.Task: "VTODO", tandem.Note: "VJOURNAL", tandem.Contact: "VCARD"}[k]
}

// discoveryProps are what a look at a resource asks for: whether it is a collection of ours, or where these are.
func (s service) discoveryProps() []davxml.Name {
	props := append(stateProps(), davxml.D("displayname"), davxml.D("current-user-principal"), davxml.D("current-user-privilege-set"), s.homeSet())
	if s.name == "caldav" {
		props = append(props, davxml.C("supported-calendar-component-set"))
	}
	return props
}

func (s service) homeSet() davxml.Name {
	if s.name == "caldav" {
		return davxml.C("calendar-home-set")
	}
	return davxml.A("addressbook-home-set")
}

// isOurs tells whether a resource is a collection of the service.
func (s service) isOurs(r *davxml.Response) bool {
	t := r.Prop(davxml.D("resourcetype"))
	if s.name == "caldav" {
		return t.Has(davxml.C("calendar"))
	}
	return t.Has(davxml.A("addressbook"))
}

// describe tells what a response says of a collection.
func (s service) describe(at *url.URL, r *davxml.Response) found {
	f := found{at: asCollection(at), name: strings.TrimSpace(r.Prop(davxml.D("displayname")).Value()), readOnly: !mayWrite(r), resp: r}
	for c := range r.Prop(davxml.C("supported-calendar-component-set")).All(davxml.C("comp")) {
		f.components = append(f.components, strings.ToUpper(c.Attr("name")))
	}
	if f.name == "" {
		f.name = lastSegment(at)
	}
	return f
}

func lastSegment(u *url.URL) string {
	p := strings.TrimSuffix(u.Path, "/")
	return p[strings.LastIndexByte(p, '/')+1:]
}

// mayWrite tells whether the privileges that a server states allow to write. A server that states none is believed to allow it. RFC 3744 5.5
func mayWrite(r *davxml.Response) bool {
	set := r.Prop(davxml.D("current-user-privilege-set"))
	if set == nil || set.First() == nil {
		return true
	}
	for p := range set.All(davxml.D("privilege")) {
		for _, n := range []string{"all", "write", "write-content", "bind"} {
			if p.Has(davxml.D(n)) {
				return true
			}
		}
	}
	return false
}

// discover finds the collections at and below the place.
func (a *acct) discover(ctx context.Context, res Resolver) ([]found, error) {
	list, err := a.discoverAs(ctx, res)
	if local, _, _ := strings.Cut(a.user, "@"); errors.Is(err, errLogin) && a.mail && local != "" {
		// Some servers want the whole mail address as a user's name, others the part before the @. RFC 6764 6
		old := a.link.SwapUser(local)
		if again, err2 := a.discoverAs(ctx, res); err2 == nil {
			a.user = local
			return again, nil
		}
		a.link.SwapUser(old)
	}
	return list, err
}

func (a *acct) discoverAs(ctx context.Context, res Resolver) ([]found, error) {
	starts, err := a.starts(ctx, res)
	if err != nil {
		return nil, err
	}
	var first error
	for _, at := range starts {
		list, err := a.from(ctx, at)
		if err == nil && len(list) > 0 {
			return list, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if errors.Is(err, errLogin) || tandem.IsKind(err, tandem.Denied) && statusOf(err) == 0 && !errors.Is(err, conn.ErrRedirect) {
			return nil, err // a wrong password is no reason to look elsewhere
		}
		if first == nil {
			first = err
		}
	}
	if first != nil {
		return nil, first
	}
	return nil, &tandem.Error{Kind: tandem.NotFound, Op: "find collections at", Thing: a.base.Redacted(), Err: fmt.Errorf("the server shows none for %s", a.name),
		Remedy: "check the address, or make one there first"}
}

// starts are the addresses to look at, the likeliest first: the one that was given, what the domain's service records say, and the well-known one. RFC 6764 6
func (a *acct) starts(ctx context.Context, res Resolver) ([]*url.URL, error) {
	var out []*url.URL
	if !a.mail {
		out = append(out, a.base)
	}
	if strings.Trim(a.base.Path, "/") != "" {
		return out, nil
	}
	known := func(base *url.URL) *url.URL {
		u := *base
		u.Path, u.RawPath = "/.well-known/"+a.name, ""
		return &u
	}
	if a.base.Port() == "" {
		if at := a.service.srv(ctx, res, a.base); at != nil {
			// Service records can be forged: the password goes to another owner's server only if the person names it. RFC 6764 8
			if !netguard.SameOwner(a.base.Hostname(), at.Hostname()) {
				return nil, &tandem.Error{Kind: tandem.Denied, Op: "find the server of", Thing: a.base.Hostname(), Err: fmt.Errorf("its records lead to another owner's server, %s", at.Host),
					Remedy: fmt.Sprintf("if that is right, write %s://%s@%s%s", a.scheme(), url.User(a.user), at.Host, at.EscapedPath())}
			}
			a.link.Allow(at.Host)
			if strings.Trim(at.Path, "/") != "" {
				out = append(out, at)
			}
			out = append(out, known(at), at)
		}
	}
	out = append(out, known(a.base))
	if a.mail {
		out = append(out, a.base)
	}
	return out, nil
}

// srv asks the domain where its server is. nil: it does not say. RFC 6764 3, 4
func (s service) srv(ctx context.Context, res Resolver, base *url.URL) *url.URL {
	_, list, err := res.LookupSRV(ctx, s.scheme(), "tcp", base.Hostname())
	if err != nil || len(list) == 0 || list[0].Target == "." || list[0].Target == "" {
		return nil
	}
	host := strings.TrimSuffix(list[0].Target, ".")
	if want := map[bool]uint16{true: 443, false: 80}[s.secure]; list[0].Port != want {
		host = fmt.Sprintf("%s:%d", host, list[0].Port)
	}
	u := &url.URL{Scheme: base.Scheme, Host: host, Path: "/"}
	texts, err := res.LookupTXT(ctx, "_"+s.scheme()+"._tcp."+base.Hostname())
	if err != nil {
		return u
	}
	for _, t := range texts {
		if p, ok := strings.CutPrefix(t, "path="); ok && strings.HasPrefix(p, "/") {
			u.Path = p
			break
		}
	}
	return u
}

// from finds the collections by one address: itself one, a home, or something that knows the principal.
func (a *acct) from(ctx context.Context, at *url.URL) ([]found, error) {
	r, where, err := a.look(ctx, at)
	if err != nil {
		return nil, err
	}
	if a.isOurs(r) {
		return []found{a.describe(where, r)}, nil
	}
	homes := a.homes(where, r)
	if len(homes) == 0 {
		if p := r.Prop(davxml.D("current-user-principal")).Get(davxml.D("href")); p != "" {
			if u, err := where.Parse(p); err == nil && a.link.Trusts(u) {
				pr, pat, err := a.look(ctx, u)
				if err != nil {
					return nil, err
				}
				homes = a.homes(pat, pr)
			}
		}
	}
	if len(homes) == 0 {
		homes = []*url.URL{where}
	}
	var out []found
	for _, h := range homes {
		list, err := a.children(ctx, h)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].at.Path < out[j].at.Path })
	return out, nil
}

// look asks one resource what it is, and where it was found to be.
func (a *acct) look(ctx context.Context, at *url.URL) (*davxml.Response, *url.URL, error) {
	r, err := a.link.propfind(ctx, at, a.discoveryProps()...)
	if err != nil {
		return nil, nil, err
	}
	where := at
	if u, err := at.Parse(r.Href); err == nil && u.Path != "" && a.link.Trusts(u) {
		where = u
	}
	return r, where, nil
}

func (a *acct) homes(at *url.URL, r *davxml.Response) []*url.URL {
	var out []*url.URL
	for h := range r.Prop(a.homeSet()).All(davxml.D("href")) {
		if u, err := at.Parse(h.Value()); err == nil && a.link.Trusts(u) {
			out = append(out, asCollection(u))
		}
	}
	return out
}

// children lists the collections in a home.
func (a *acct) children(ctx context.Context, home *url.URL) ([]found, error) {
	var out []found
	seq, _ := a.link.listing(ctx, "PROPFIND", asCollection(home), "1", propfindBody(a.discoveryProps()), maxListing)
	for r, err := range seq {
		if err != nil {
			return nil, err
		}
		u, err := home.Parse(r.Href)
		if err != nil || !a.isOurs(r) || !a.link.Trusts(u) {
			continue
		}
		out = append(out, a.describe(u, r))
	}
	return out, nil
}

// choose is the one collection that the place means.
func (a *acct) choose(list []found) (*found, tandem.Kind, error) {
	name, kind := a.place.Options["collection"], tandem.Kind(a.place.Options["kind"])
	type choice struct {
		f *found
		k tandem.Kind
	}
	var all []choice
	for i := range list {
		f := &list[i]
		if name != "" && !strings.EqualFold(f.name, name) && lastSegment(f.at) != name {
			continue
		}
		ks := f.kinds(a.service)
		switch {
		case kind != "" && (slices.Contains(ks, kind) || len(f.components) == 0):
			all = append(all, choice{f, kind})
		case kind == "" && len(ks) > 0:
			all = append(all, choice{f, ks[0]})
		}
	}
	if len(all) == 1 {
		return all[0].f, all[0].k, nil
	}
	e := &tandem.Error{Kind: tandem.Invalid, Op: "open", Thing: a.place.Text}
	var names []string
	if len(all) == 0 {
		e.Kind, e.Err = tandem.NotFound, errors.New("there is no such collection")
		for i := range list {
			names = append(names, a.text(&list[i], ""))
		}
	} else {
		e.Err = fmt.Errorf("there are %d collections", len(all))
		for _, c := range all {
			names = append(names, fmt.Sprintf("%s (%s)", a.text(c.f, ""), c.f.name))
		}
	}
	e.Remedy = "name one of " + strings.Join(names, ", ")
	return nil, "", e
}

// text is a collection as a place.
func (a *acct) text(f *found, k tandem.Kind) string {
	user := ""
	if a.user != "" {
		user = url.User(a.user).String() + "@"
	}
	out := a.scheme() + "://" + user + f.at.Host + f.at.EscapedPath()
	q := url.Values{}
	for _, o := range a.options() {
		if v := a.place.Options[o.Name]; v != "" && v != o.Default && !o.Secret && o.Name != "collection" && o.Name != "kind" && o.Name != "user" {
			q.Set(o.Name, v)
		}
	}
	if k != "" {
		q.Set("kind", string(k))
	}
	if len(q) > 0 {
		out += "?" + q.Encode()
	}
	return out
}

// list implements provider.Provider.List.
func list(ctx context.Context, s service, res Resolver, place provider.Place, env provider.Env) ([]provider.Found, error) {
	a, err := s.parse(place, env)
	if err != nil {
		return nil, err
	}
	if err := a.connect(); err != nil {
		return nil, err
	}
	defer a.link.Close()
	if s.name == "webdav" {
		return a.folders(ctx)
	}
	all, err := a.discover(ctx, res)
	if err != nil {
		return nil, err
	}
	var out []provider.Found
	for i := range all {
		ks := all[i].kinds(s)
		for n, k := range ks {
			text := k
			if n == 0 && len(ks) == 1 || s.name == "carddav" {
				text = ""
			}
			out = append(out, provider.Found{Name: all[i].name, Place: a.text(&all[i], text), Kind: k, ReadOnly: all[i].readOnly})
		}
	}
	return out, nil
}
