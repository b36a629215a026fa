package reports

import (
	"context"
	"net/http"

	"tandem"
	"tandem/server/dav/props"
	"tandem/server/dav/proto"
	"tandem/wire/davxml"
)

// maxExpanded is how many resources one request may be led to.
const maxExpanded = 1000

// expanding is one expand-property report.
type expanding struct {
	*Service
	ctx  context.Context
	r    *proto.Request
	left int
}

// expand tells properties, and, of those that hold paths, properties of what these lead to. RFC 3253 3.8
func (s *Service) expand(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	x := &expanding{Service: s, ctx: ctx, r: r, left: maxExpanded}
	list := []*proto.Resource{r.Target}
	if r.Depth == 1 {
		for c, err := range s.Tree.Children(ctx, r.User, r.Target, false) {
			if err != nil {
				return err
			}
			list = append(list, c)
		}
	}
	var out []davxml.Response
	for _, res := range list {
		resp, err := x.of(res, r.XML)
		if err != nil {
			return err
		}
		out = append(out, resp)
	}
	w.Header().Set("Content-Type", davxml.ContentType)
	w.WriteHeader(http.StatusMultiStatus)
	ms := davxml.NewMultistatus(w)
	for _, resp := range out {
		ms.Response(resp)
	}
	return ms.Close()
}

// of tells of one resource what the DAV:property elements in e ask for.
func (x *expanding) of(res *proto.Resource, e *davxml.Element) (davxml.Response, error) {
	if x.left--; x.left < 0 {
		return davxml.Response{}, davxml.Fail(http.StatusForbidden, davxml.D("number-of-matches-within-limits"))
	}
	inner := map[davxml.Name]*davxml.Element{}
	var asked props.Asked
	for p := range e.All(davxml.D("property")) {
		name := davxml.Name{Space: davxml.DAV, Local: p.Attr("name")}
		if space, ok := p.Lookup("namespace"); ok {
			name.Space = space
		}
		if name.Local == "" {
			return davxml.Response{}, davxml.Failf(http.StatusBadRequest, "a DAV:property has a name")
		}
		if inner[name] == nil {
			asked.Props = append(asked.Props, name)
		}
		inner[name] = p
	}
	stats, err := x.Props.Query(x.ctx, x.r, asked, nil).Propstats(res)
	if err != nil {
		return davxml.Response{}, err
	}
	for _, stat := range stats {
		for i, p := range stat.Props {
			if inner[p.Name].Has(davxml.D("property")) {
				if stat.Props[i], err = x.follow(p, inner[p.Name]); err != nil {
					return davxml.Response{}, err
				}
			}
		}
	}
	return davxml.Response{Href: res.Href(), Propstats: stats}, nil
}

// follow puts responses in the place of the paths in a property.
func (x *expanding) follow(p, inner *davxml.Element) (*davxml.Element, error) {
	out := *p
	out.Children = nil
	for _, c := range p.Children {
		if !c.Is(davxml.D("href")) {
			out.Children = append(out.Children, c)
			continue
		}
		path, err := x.r.Path(c.Value())
		if err != nil { // such as mailto:
			out.Children = append(out.Children, c)
			continue
		}
		resp := davxml.Response{Href: c.Value(), Status: http.StatusNotFound}
		res, err := x.Tree.Resolve(x.ctx, x.r.User, path)
		switch {
		case tandem.IsKind(err, tandem.NotFound) || err == nil && !res.There():
		case err != nil:
			return nil, err
		default:
			if resp, err = x.of(res, inner); err != nil {
				return nil, err
			}
		}
		out.Children = append(out.Children, resp.Element())
	}
	return &out, nil
}
