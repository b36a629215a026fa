// Package collections makes collections: MKCOL (RFC 4918 9.3), the extended MKCOL (RFC 5689) and MKCALENDAR (RFC 4791 5.3.1).
//
// A calendar here holds one sort of component, for phones know no others: the first one that a client asks for. What was made says so in
// CALDAV:supported-calendar-component-set.
package collections

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"tandem"
	"tandem/partner/access"
	"tandem/server/dav/props"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// Service makes collections. All fields must be set.
type Service struct {
	Tree  proto.Tree
	Home  store.Home
	Props *props.Service
	Guard proto.Guard
	// MakeDir makes a directory in a tree of files at the target of a request.
	MakeDir func(ctx context.Context, r *proto.Request) error

	making sync.Mutex // from seeing that a name is free until it is taken
}

// wish is what a client asks for.
type wish struct {
	types []davxml.Name     // DAV:resourcetype without DAV:collection
	comps []string          // components of a calendar
	props []*davxml.Element // all that are to be set
}

// read reads the properties of a request. RFC 5689 3, RFC 4791 5.3.1
func read(root *davxml.Element) (w wish, err error) {
	for set := range root.All(davxml.D("set")) {
		for p := range set.Child(davxml.D("prop")).Elements() {
			w.props = append(w.props, p)
			switch p.Name {
			case davxml.D("resourcetype"):
				if !p.Has(davxml.D("collection")) {
					return w, davxml.Fail(http.StatusForbidden, davxml.D("valid-resourcetype"))
				}
				for t := range p.Elements() {
					if t.Name != davxml.D("collection") {
						w.types = append(w.types, t.Name)
					}
				}
			case davxml.C("supported-calendar-component-set"):
				for c := range p.All(davxml.C("comp")) {
					w.comps = append(w.comps, strings.ToUpper(strings.TrimSpace(c.Attr("name"))))
				}
			}
		}
	}
	return w, nil
}

// Mkcol implements proto.Method.
func (s *Service) Mkcol(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	if r.XML != nil && !r.XML.Is(davxml.D("mkcol")) {
		return davxml.Failf(http.StatusUnsupportedMediaType, "MKCOL takes a DAV:mkcol, not %s", r.XML.Name.Local)
	}
	asked, err := read(r.XML)
	if err != nil {
		return err
	}
	if r.XML != nil && len(asked.props) > 0 && !hasType(asked) {
		return davxml.Fail(http.StatusForbidden, davxml.D("valid-resourcetype")) // RFC 5689 3
	}
	if r.Target.Tree() && r.Target.Sort == proto.Member {
		return s.directory(ctx, w, r, asked)
	}
	k, err := kindOf(r.Target, asked)
	if err != nil {
		return err
	}
	return s.collection(ctx, w, r, k, asked, davxml.D("mkcol-response"))
}

func hasType(w wish) bool {
	for _, p := range w.props {
		if p.Name == davxml.D("resourcetype") {
			return true
		}
	}
	return false
}

// Mkcalendar implements proto.Method. RFC 4791 5.3.1
func (s *Service) Mkcalendar(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	if r.XML != nil && !r.XML.Is(davxml.C("mkcalendar")) {
		return davxml.Failf(http.StatusUnsupportedMediaType, "MKCALENDAR takes a CALDAV:mkcalendar, not %s", r.XML.Name.Local)
	}
	asked, err := read(r.XML)
	if err != nil {
		return err
	}
	if r.Target.Sort == proto.Missing && r.Target.Branch != proto.Calendars || r.Target.Sort == proto.Member {
		return davxml.Fail(http.StatusForbidden, davxml.C("calendar-collection-location-ok"))
	}
	k, err := kindOf(r.Target, wish{types: []davxml.Name{davxml.C("calendar")}, comps: asked.comps})
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-cache") // RFC 4791 5.3.1
	return s.collection(ctx, w, r, k, asked, davxml.C("mkcalendar-response"))
}

// kindOf is the kind of what is to be made at a name in a home.
func kindOf(t *proto.Resource, asked wish) (tandem.Kind, error) {
	typ := map[proto.Branch]davxml.Name{proto.Calendars: davxml.C("calendar"), proto.Contacts: davxml.A("addressbook")}[t.Branch]
	for _, name := range asked.types {
		if name != typ {
			return "", davxml.Fail(http.StatusForbidden, davxml.D("valid-resourcetype"))
		}
	}
	switch t.Branch {
	case proto.Contacts:
		return tandem.Contact, nil
	case proto.Files:
		return tandem.File, nil
	}
	if len(asked.comps) == 0 {
		return tandem.Event, nil
	}
	for _, c := range asked.comps {
		if k := proto.KindOf(c); k != "" {
			return k, nil
		}
	}
	return "", davxml.Fail(http.StatusForbidden, davxml.C("supported-calendar-component"))
}

// free reports why nothing can be made at a path, nil if it can. RFC 4918 9.3.1
func free(r *proto.Request) error {
	switch t := r.Target; {
	case t.There():
		return davxml.Fail(http.StatusMethodNotAllowed, davxml.D("resource-must-be-null"))
	case t.Sort == proto.Member && t.Branch == proto.Calendars: // RFC 4791 4.2: no collections in calendars
		return davxml.Fail(http.StatusForbidden, davxml.C("calendar-collection-location-ok"))
	case t.Sort == proto.Member && t.Branch == proto.Contacts: // RFC 6352 5.2
		return davxml.Fail(http.StatusForbidden, davxml.A("addressbook-collection-location-ok"))
	}
	return nil
}

// reserved reports whether a name in a home is not for clients to choose: numbers are those of collections, present or to come.
func reserved(t *proto.Resource) bool {
	name := t.Segment
	if t.Branch == proto.Calendars && (name == "inbox" || name == "outbox") || strings.Contains(name, "/") {
		return true
	}
	return !t.Tree() && strings.Trim(name, "0123456789") == ""
}

// collection makes a home collection.
func (s *Service) collection(ctx context.Context, w http.ResponseWriter, r *proto.Request, k tandem.Kind, asked wish, answer davxml.Name) error {
	if err := free(r); err != nil {
		return err
	}
	if reserved(r.Target) {
		return davxml.Failf(http.StatusForbidden, "the name %q is taken; choose another", r.Target.Segment)
	}
	if err := s.Guard.Permit(ctx, r, proto.Change{Resource: r.Target, Binds: true}); err != nil {
		return err
	}
	s.making.Lock()
	defer s.making.Unlock()
	again, err := s.Tree.Resolve(ctx, r.User, r.URL.EscapedPath())
	if err != nil {
		return err
	}
	if again.There() {
		return davxml.Fail(http.StatusMethodNotAllowed, davxml.D("resource-must-be-null"))
	}
	c, err := s.put(ctx, again, k, asked)
	if err != nil {
		return err
	}
	made := *again
	made.Sort, made.Reach = proto.Collection, access.Reach{Collection: c, Right: access.Own, Owned: true}
	results, err := s.Props.Set(ctx, &made, settable(asked.props))
	if err != nil || results.Failed() {
		if gone := s.Home.RemoveCollection(context.WithoutCancel(ctx), c.ID); err == nil {
			err = gone
		}
	}
	if err != nil {
		return err
	}
	if results.Failed() {
		return refused(w, answer, results)
	}
	w.Header().Set("Location", r.Base+made.Href())
	w.WriteHeader(http.StatusCreated)
	return nil
}

// refused says which properties kept a collection from being made. RFC 5689 3.3
func refused(w http.ResponseWriter, answer davxml.Name, results props.Results) error {
	w.Header().Set("Content-Type", davxml.ContentType)
	w.WriteHeader(http.StatusForbidden)
	e := davxml.New(answer)
	for _, p := range results.Propstats() {
		e.Add(davxml.New(davxml.D("propstat"), davxml.New(davxml.D("prop"), p.Props...), davxml.NewText(davxml.D("status"), davxml.StatusLine(p.Status))).Add(p.Error))
	}
	return davxml.Write(w, e)
}

// settable are the properties that are set after a collection was made; the others say what is made.
func settable(list []*davxml.Element) (out []*davxml.Element) {
	for _, p := range list {
		if p.Name != davxml.D("resourcetype") && p.Name != davxml.C("supported-calendar-component-set") {
			out = append(out, p)
		}
	}
	return out
}

// put makes the collection, under the name by which people know it.
func (s *Service) put(ctx context.Context, t *proto.Resource, k tandem.Kind, asked wish) (tandem.Collection, error) {
	c := tandem.Collection{User: t.User, Kind: k, Name: t.Segment, Props: map[string]string{}}
	if !t.Tree() {
		c.Props[proto.HrefProp] = t.Segment
		for _, p := range asked.props {
			if name := props.CleanName(p.Value()); p.Name == davxml.D("displayname") && name != "" {
				c.Name = name
			}
		}
	}
	return props.PutNamed(ctx, s.Home, c)
}

// directory makes a directory in a tree of files. Clients that send properties along set them on what was made.
func (s *Service) directory(ctx context.Context, w http.ResponseWriter, r *proto.Request, asked wish) error {
	if len(asked.types) > 0 {
		return davxml.Fail(http.StatusForbidden, davxml.D("valid-resourcetype"))
	}
	if err := s.MakeDir(ctx, r); err != nil {
		return err
	}
	if list := settable(asked.props); len(list) > 0 {
		made, err := s.Tree.Resolve(ctx, r.User, r.URL.EscapedPath())
		if err != nil {
			return err
		}
		results, err := s.Props.Set(ctx, made, list)
		if err == nil && results.Failed() {
			_, err = s.Home.Write(ctx, made.Reach.ID, r.Author, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Delete, ID: made.ID, If: made.Record.Version}}})
		}
		if err != nil {
			return err
		}
		if results.Failed() {
			return refused(w, davxml.D("mkcol-response"), results)
		}
	}
	w.WriteHeader(http.StatusCreated)
	return nil
}
