package reports

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tandem"
	"tandem/server/dav/props"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// multigetPage is how many records are read at a time.
const multigetPage = 200

// multiget gives records by their paths. The header Depth does not matter. RFC 4791 7.9, RFC 6352 8.7
func (s *Service) multiget(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	env, err := s.env(ctx, r)
	if err != nil {
		return err
	}
	asked, wants, err := s.asked(r, env)
	if err != nil {
		return err
	}
	hrefs := slices.Collect(r.XML.All(davxml.D("href")))
	if len(hrefs) == 0 {
		return davxml.Failf(http.StatusBadRequest, "a multiget names at least one DAV:href")
	}
	out := props.NewStream(w, r, s.Props.Query(ctx, r, asked, wants.extra))
	for page := range slices.Chunk(hrefs, multigetPage) {
		if err := s.some(ctx, r, page, out); err != nil {
			return err
		}
	}
	return out.Close()
}

// some answers for some paths, in their order. A path that leads elsewhere, or to what the user cannot reach, is as one to nothing.
func (s *Service) some(ctx context.Context, r *proto.Request, hrefs []*davxml.Element, out *props.Stream) error {
	at := *r.Target
	at.Sort, at.Record, at.ID = proto.Collection, nil, ""
	prefix := at.Href()
	names := make([][2]tandem.ID, len(hrefs))
	for i, h := range hrefs {
		names[i] = recordOf(r, prefix, h.Value())
	}
	found := make(map[tandem.ID]*store.HomeRecord, len(hrefs))
	for which := range 2 { // most are found under the first name
		var ids []tandem.ID
		for _, n := range names {
			if n[which] != "" && found[n[0]] == nil {
				ids = append(ids, n[which])
			}
		}
		for rec, err := range s.Home.Get(ctx, r.Target.Reach.ID, ids) {
			if err != nil {
				return err
			}
			found[rec.ID] = &rec
		}
	}
	for i, h := range hrefs {
		rec := found[names[i][0]]
		if rec == nil {
			rec = found[names[i][1]]
		}
		if rec == nil {
			if err := out.Response(davxml.Response{Href: h.Value(), Status: http.StatusNotFound}); err != nil {
				return err
			}
			continue
		}
		if err := out.Add(s.Tree.Member(&at, *rec)); err != nil {
			return err
		}
	}
	return nil
}

// recordOf are the ids that a path in a collection can stand for, "" for none; see proto.MemberHref.
func recordOf(r *proto.Request, prefix, href string) (ids [2]tandem.ID) {
	path, err := r.Path(href)
	if err != nil {
		return ids
	}
	rest, ok := cutPath(path, prefix)
	if !ok || rest == "" || strings.Contains(rest, "/") {
		return ids
	}
	name, err := url.PathUnescape(rest)
	if err != nil {
		return ids
	}
	ids[0] = tandem.ID(name)
	if bare, ok := strings.CutSuffix(name, proto.Ext(r.Target.Reach.Kind)); ok && bare != "" && bare != name {
		ids[1] = tandem.ID(bare)
	}
	return ids
}

// cutPath cuts the path of a collection off, however it is escaped.
func cutPath(path, prefix string) (string, bool) {
	if rest, ok := strings.CutPrefix(path, prefix); ok {
		return rest, true
	}
	i := strings.LastIndexByte(path, '/') + 1
	a, err1 := url.PathUnescape(path[:i])
	b, err2 := url.PathUnescape(prefix)
	return path[i:], err1 == nil && err2 == nil && a == b
}
