package props

import (
	"net/http"

	"tandem/wire/davxml"
)

// Asked is what a client wants to know of each resource. RFC 4918 9.1
type Asked struct {
	All   bool          // what a client that asks for all gets: the properties of RFC 4918 and those that clients left
	Names bool          // only which there are
	Props []davxml.Name // these, in this order; with All, these as well
	Prop  *davxml.Element
}

// ParseAsked reads a DAV:propfind; nil, a request without a body, asks for all. RFC 4918 9.1, 14.20
func ParseAsked(root *davxml.Element) (Asked, error) {
	if root == nil {
		return Asked{All: true}, nil
	}
	if !root.Is(davxml.D("propfind")) {
		return Asked{}, davxml.Failf(http.StatusBadRequest, "PROPFIND takes a DAV:propfind, not %s", root.Name.Local)
	}
	return ParseChoice(root)
}

// ParseChoice reads the DAV:prop, DAV:allprop or DAV:propname of a request.
func ParseChoice(e *davxml.Element) (a Asked, err error) {
	n := 0
	for c := range e.Elements() {
		switch c.Name {
		case davxml.D("allprop"):
			a.All, n = true, n+1
		case davxml.D("propname"):
			a.Names, n = true, n+1
		case davxml.D("prop"):
			a.Prop, n = c, n+1
		}
	}
	if n != 1 {
		return a, davxml.Failf(http.StatusBadRequest, "ask for one of DAV:prop, DAV:allprop and DAV:propname")
	}
	seen := map[davxml.Name]bool{}
	add := func(prop *davxml.Element) {
		for p := range prop.Elements() {
			if !seen[p.Name] {
				seen[p.Name] = true
				a.Props = append(a.Props, p.Name)
			}
		}
	}
	add(a.Prop)
	if a.All {
		add(e.Child(davxml.D("include")))
	}
	return a, nil
}
