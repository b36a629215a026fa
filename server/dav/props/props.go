// Package props keeps what is known of resources beside their content: PROPFIND and PROPPATCH (RFC 4918 9.1, 9.2), and for the reports, the properties of the
// resources that they find.
//
// Live properties are computed, each by a function in a table; see live.go. Dead ones are kept in the store as clients left them. Those of a collection that
// phones show as well (its name, color, order and description) are the collection's own.
package props

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"tandem/server/dav/attach"
	"tandem/server/dav/check"
	"tandem/server/dav/proto"
	"tandem/server/dav/schedule"
	"tandem/store"
	"tandem/wire/davxml"
)

// Service answers PROPFIND and PROPPATCH. All fields without a remark must be set.
type Service struct {
	Tree     proto.Tree
	Home     store.Home
	Lookup   store.Lookup
	Accounts store.Accounts
	Shares   store.Shares
	Props    store.Properties
	Locks    store.Locks
	Guard    proto.Guard
	Limits   check.Limits // of what may be stored, to be told
	Now      func() int64 // Unix seconds
	Attached attach.Limits
	Free     func() (int64, error) // bytes left for files; nil: not known
	Used     func() (int64, error) // bytes taken of the same; nil: not known
	Meet     *schedule.Service

	patching sync.Mutex // from reading a collection until it is written
}

// Extra gives further properties of a resource, for a report: a name that it does not know is nil. A *davxml.Condition says why one cannot be given; other
// errors end the request.
type Extra func(res *proto.Resource, name davxml.Name) (*davxml.Element, error)

// query is one request for properties of many resources.
type query struct {
	*Service
	ctx   context.Context
	req   *proto.Request
	asked Asked
	extra Extra
	plan  []column
	err   error // of a live property; ends the request

	users map[string]store.User        // those that were looked up
	locks map[int64][]store.Lock       // by collection
	dead  map[place]map[string]string  // of the page
	homes map[string]map[string]string // by homeKey
}

// column is one of the properties that were asked for.
type column struct {
	name davxml.Name
	live *live // nil: not one of ours
}

// Query prepares answers for many resources. It is for one goroutine.
func (s *Service) Query(ctx context.Context, r *proto.Request, asked Asked, extra Extra) *Query {
	q := &query{Service: s, ctx: ctx, req: r, asked: asked, extra: extra, users: map[string]store.User{}, locks: map[int64][]store.Lock{}}
	for _, name := range asked.Props {
		q.plan = append(q.plan, column{name, liveNamed(name)})
	}
	return &Query{q}
}

// Query answers for resources.
type Query struct{ *query }

// answer yields the answers for resources whose dead properties were loaded.
func (q *query) answer(page []*proto.Resource, yield func(davxml.Response)) error {
	for _, res := range page {
		r := davxml.Response{Href: res.Href()}
		if q.asked.Names {
			r.Propstats = q.names(res)
		} else {
			r.Propstats = q.values(res)
		}
		if q.err != nil {
			return q.err
		}
		yield(r)
	}
	return nil
}

// Propstats are what is known of one resource.
func (q *Query) Propstats(res *proto.Resource) ([]davxml.Propstat, error) {
	if err := q.load([]*proto.Resource{res}); err != nil {
		return nil, err
	}
	var out []davxml.Propstat
	err := q.answer([]*proto.Resource{res}, func(r davxml.Response) { out = r.Propstats })
	return out, err
}

// values are the properties that were asked for.
func (q *query) values(res *proto.Resource) []davxml.Propstat {
	var found, missing []*davxml.Element
	if q.asked.All {
		for i := range table {
			if l := &table[i]; l.all {
				if e := q.live(l, res); e != nil {
					found = append(found, e)
				}
			}
		}
		found = append(found, q.deadOf(res)...)
	} else {
		found = make([]*davxml.Element, 0, len(q.plan))
	}
	var out []davxml.Propstat
	for _, c := range q.plan {
		e, refused := q.value(c, res)
		switch {
		case refused != nil:
			out = append(out, davxml.Propstat{Status: refused.Status, Props: []*davxml.Element{davxml.New(c.name)}, Error: refused.Element()})
		case e != nil && q.asked.All && has(found, c.name):
		case e != nil:
			found = append(found, e)
		case !q.req.Prefer.Minimal:
			missing = append(missing, davxml.New(c.name))
		}
	}
	if len(found) > 0 || len(missing)+len(out) == 0 {
		out = append(out, davxml.Propstat{Status: http.StatusOK, Props: found})
	}
	if len(missing) > 0 {
		out = append(out, davxml.Propstat{Status: http.StatusNotFound, Props: missing})
	}
	return out
}

func has(list []*davxml.Element, name davxml.Name) bool {
	for _, e := range list {
		if e.Name == name {
			return true
		}
	}
	return false
}

// value is one property, nil where it is not there, or why it cannot be given.
func (q *query) value(c column, res *proto.Resource) (*davxml.Element, *davxml.Condition) {
	if q.extra != nil {
		e, err := q.extra(res, c.name)
		var refused *davxml.Condition
		switch {
		case errors.As(err, &refused):
			return nil, refused
		case err != nil:
			q.err = err
			return nil, nil
		case e != nil:
			return e, nil
		}
	}
	if c.live != nil {
		return q.live(c.live, res), nil
	}
	return q.deadNamed(res, c.name), nil
}

// live is a live property, nil where it is not there.
func (q *query) live(l *live, res *proto.Resource) *davxml.Element {
	if q.err != nil {
		return nil
	}
	return l.value(q, res)
}

// names are the names of what is there.
func (q *query) names(res *proto.Resource) []davxml.Propstat {
	var list []*davxml.Element
	for i := range table {
		if e := q.live(&table[i], res); e != nil {
			list = append(list, davxml.New(e.Name))
		}
	}
	for _, e := range q.deadOf(res) {
		list = append(list, davxml.New(e.Name))
	}
	return []davxml.Propstat{{Status: http.StatusOK, Props: list}}
}

// user looks a user up; one who is gone has only a name.
func (q *query) user(name string) store.User {
	if name == q.req.User.Name {
		return q.req.User
	}
	u, ok := q.users[name]
	if !ok {
		var err error
		if u, err = q.Accounts.User(q.ctx, name); err != nil {
			u = store.User{Name: name}
		}
		q.users[name] = u
	}
	return u
}
