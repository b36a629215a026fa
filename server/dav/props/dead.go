package props

import (
	"maps"
	"slices"
	"strings"

	"tandem/server/dav/proto"
	"tandem/wire/davxml"
)

// key is the name under which the store keeps a property.
func key(n davxml.Name) string { return "{" + n.Space + "}" + n.Local }

// keeps reports whether the store knows a resource, so that properties are kept with it: home collections and records.
func keeps(res *proto.Resource) bool {
	return res.There() && (res.Sort == proto.Collection || res.Sort == proto.Member)
}

// number is what a resource's dead properties are kept under.
func number(res *proto.Resource) int64 {
	if res.Sort == proto.Member {
		return res.Record.Number
	}
	return 0
}

// mind reports whether a request can meet dead properties at all, so that the others do not read any.
func (q *query) mind() bool {
	if q.asked.All || q.asked.Names {
		return true
	}
	for _, c := range q.plan {
		if c.live == nil || c.live.kept {
			return true
		}
	}
	return false
}

// load reads the dead properties of a page of resources.
func (q *query) load(page []*proto.Resource) error {
	q.dead = nil
	if !q.mind() {
		return nil
	}
	for len(page) > 0 {
		if !keeps(page[0]) {
			if err := q.loadHome(page[0]); err != nil {
				return err
			}
			page = page[1:]
			continue
		}
		col := page[0].Reach.ID
		var numbers []int64
		for len(page) > 0 && keeps(page[0]) && page[0].Reach.ID == col {
			numbers = append(numbers, number(page[0]))
			page = page[1:]
		}
		got, err := q.Props.Properties(q.ctx, col, numbers...)
		if err != nil {
			return err
		}
		if q.dead == nil {
			q.dead = map[place]map[string]string{}
		}
		for n, values := range got {
			q.dead[place{col, n}] = values
		}
	}
	return nil
}

// place names what has dead properties.
type place struct{ collection, number int64 }

func (q *query) kept(res *proto.Resource) map[string]string {
	switch {
	case isHome(res, q.req.User.Name):
		return q.homes[homeKey(res)]
	case !keeps(res):
		return nil
	}
	return q.dead[place{res.Reach.ID, number(res)}]
}

// deadNamed is a property that a client left, nil if there is none of that name.
func (q *query) deadNamed(res *proto.Resource, name davxml.Name) *davxml.Element {
	text := q.kept(res)[key(name)]
	if text == "" {
		return nil
	}
	return parseDead(text)
}

// deadOf are all that clients left which are not live as well, by name.
func (q *query) deadOf(res *proto.Resource) []*davxml.Element {
	values := q.kept(res)
	var out []*davxml.Element
	for _, k := range slices.Sorted(maps.Keys(values)) {
		if !strings.HasPrefix(k, "{") { // of a home
			continue
		}
		if e := parseDead(values[k]); e != nil && liveNamed(e.Name) == nil {
			out = append(out, e)
		}
	}
	return out
}

// parseDead reads a property as the store keeps it. One that cannot be read is as if it were not there.
func parseDead(text string) *davxml.Element {
	e, err := davxml.Parse(strings.NewReader(text), davxml.Limits{})
	if err != nil {
		return nil
	}
	return e
}

// Kept is one of the properties that the store keeps for a resource, nil if it is not there.
func Kept(values map[string]string, name davxml.Name) *davxml.Element {
	if text := values[key(name)]; text != "" {
		return parseDead(text)
	}
	return nil
}
